"""What `doctor` looks at: each function examines one thing from outside, as others meet it, and says what it found."""

import asyncio
import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from aiosmtplib import SMTPException
from cryptography import x509

from gateway.cli.output import counted
from gateway.config.dns_records import DnsRecord, HowTo
from gateway.config.model import Config
from gateway.errors import GatewayError
from gateway.evidence.answers import Answer, AnswerStatus, RecordType
from gateway.evidence.resolver import Dns
from gateway.relay.connection import Connection, make_tls_context
from gateway.relay.settings import SmarthostSettings
from gateway.smtp_in.settings import ListenSettings, TlsMode
from gateway.states import ReceivedState
from gateway.storage.database import Database
from gateway.storage.journal import count_records, segments, set_aside_files
from gateway.storage.journal_reader import waits_since
from gateway.storage.settings import SQLITE

_SECONDS: Final = 10.0
_LOW_OCTETS: Final = 1_000_000_000
_FULL_OCTETS: Final = 100_000_000
_STUCK_SECONDS: Final = 300.0
_SOON: Final = timedelta(days=14)
_EVERYWHERE: Final = {"": "127.0.0.1", "*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 whom to ask instead
_CREDENTIAL: Final = "${credential:"


class Health(StrEnum):
    """How something is."""

    WELL = "well"
    DOUBTFUL = "doubtful"
    """It may be meant so, or will be a fault soon."""
    ILL = "ill"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found of one thing."""

    subject: str
    health: Health
    says: str


async def examine_storage(config: Config, *, now: datetime) -> list[Finding]:
    """Look at the data folder, at the room on its disk, at the database, and at what waits before it."""
    folder = await asyncio.to_thread(_examine_folder, config.data)
    journal = await asyncio.to_thread(examine_journal, config.data, now=now) if config.database == SQLITE else []
    return [*folder, await _examine_database(config), *journal]


def _examine_folder(folder: Path) -> list[Finding]:
    subject = f"folder {folder}"
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return [Finding(subject=subject, health=Health.ILL, says=f"cannot be looked at: {error.strerror}")]
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return [Finding(subject=subject, health=Health.ILL, says="this account cannot write there")]
    room = disk.f_bavail * disk.f_frsize
    health = Health.ILL if room < _FULL_OCTETS else Health.DOUBTFUL if room < _LOW_OCTETS else Health.WELL
    return [Finding(subject=subject, health=health, says=f"{room / 1_000_000_000:.1f} GB free")]


async def _examine_database(config: Config) -> Finding:
    try:
        database = await Database.open(data=config.data, database=config.database, migrate=False, read_only=True)
        try:
            counts = dict(await database.read(lambda tx: tx.received.counts()))
        finally:
            await database.close()
    except GatewayError as error:
        return Finding(subject="database", health=Health.ILL, says=str(error))
    failed = counts.get(ReceivedState.FAILED, 0)
    if failed:
        says = f"{counted(failed, 'mail')} failed by a fault of ours: see `ticket-gateway failed list`"
        return Finding(subject="database", health=Health.DOUBTFUL, says=says)
    return Finding(subject="database", health=Health.WELL, says=f"{counted(sum(counts.values()), 'received mail')}")


def examine_journal(folder: Path, *, now: datetime) -> list[Finding]:
    """Look at the intake journal: what lies there for long does not get into the database, and nobody sees it."""
    subject = "intake journal"
    try:
        is_stuck = waits_since(folder, now.timestamp() - _STUCK_SECONDS)
        count = count_records(segments(folder)) if is_stuck else 0
        aside = set_aside_files(folder)
    except OSError as error:
        return [Finding(subject=subject, health=Health.ILL, says=f"cannot be looked at: {error.strerror}")]
    findings: list[Finding] = []
    if is_stuck:
        says = (
            f"{counted(count, 'mail')} with a 250 cannot be seen yet, some for more than five minutes: is the gateway running, "
            "and what do desk.failed and journal.deferred say in its log?"
        )
        findings.append(Finding(subject=subject, health=Health.DOUBTFUL, says=says))
    if aside:
        says = (
            f"{counted(len(aside), 'file')} with mail that could not be read or stored, such as {aside[0].name}: "
            "see docs/admins.md, What was set aside"
        )
        findings.append(Finding(subject=subject, health=Health.DOUBTFUL, says=says))
    return findings or [Finding(subject=subject, health=Health.WELL, says="nothing waits for long")]


async def examine_listener(listener: ListenSettings, *, hostname: str, now: datetime) -> list[Finding]:
    """Knock at a door of the running gateway, and look at its certificate."""
    subject = f"listen {listener.address}"
    findings = [await _knock(listener, subject)]
    if listener.certificate is not None:
        findings.append(await asyncio.to_thread(_examine_certificate, listener.certificate, hostname, now))
    return findings


async def _knock(listener: ListenSettings, subject: str) -> Finding:
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(_SECONDS):
            reader, writer = await _connect(listener)
            if listener.proxy_networks:
                return Finding(
                    subject=subject, health=Health.WELL, says="somebody listens; a greeting comes to load balancers only"
                )
            greeting = (await reader.readline()).decode("ascii", "replace").strip()
    except TimeoutError:
        return Finding(subject=subject, health=Health.ILL, says=f"no greeting within {_SECONDS:.0f} seconds")
    except (OSError, ValueError) as error:
        says = f"nobody answers, so is the gateway running? {getattr(error, 'strerror', None) or error}"
        return Finding(subject=subject, health=Health.ILL, says=says)
    finally:
        if writer is not None:
            writer.close()
    health = Health.WELL if greeting.startswith("220") else Health.ILL
    return Finding(subject=subject, health=health, says=greeting or "the connection was closed without a greeting")


async def _connect(listener: ListenSettings) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if listener.address.startswith("unix:"):
        return await asyncio.open_unix_connection(listener.address.removeprefix("unix:"))
    host, _, port = listener.address.rpartition(":")
    host = host.strip("[]")
    context: ssl.SSLContext | None = None
    if listener.tls_mode is TlsMode.IMPLICIT:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the certificate is looked at by itself
    return await asyncio.open_connection(_EVERYWHERE.get(host, host), int(port), ssl=context)


def _examine_certificate(path: Path, hostname: str, now: datetime) -> Finding:
    subject = f"certificate {path}"
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        return Finding(subject=subject, health=Health.ILL, says=f"cannot be read: {error}")
    ends = certificate.not_valid_after_utc
    if ends < now:
        return Finding(subject=subject, health=Health.ILL, says=f"has expired on {ends:%Y-%m-%d}")
    if hostname not in found and f"*.{hostname.partition('.')[2]}" not in found:
        return Finding(subject=subject, health=Health.DOUBTFUL, says=f"is for {', '.join(found)}, not for {hostname}")
    return Finding(subject=subject, health=Health.DOUBTFUL if ends < now + _SOON else Health.WELL, says=f"until {ends:%Y-%m-%d}")


async def examine_smarthost(name: str, settings: SmarthostSettings, *, hostname: str) -> Finding:
    """Greet a smarthost and log in, and send nothing."""
    subject = f"smarthost {name}"
    can_log_in = settings.password is None or not settings.password.get_secret_value().startswith(_CREDENTIAL)
    changes: dict[str, object] = {} if can_log_in else {"username": None, "password": None}
    settings = settings.model_copy(update={"timeout": min(settings.timeout, _SECONDS), **changes})
    try:
        context = await asyncio.to_thread(make_tls_context, settings) if settings.security != "none" else None
        connection = Connection(settings, hostname=hostname, tls_context=context)
    except OSError as error:
        return Finding(subject=subject, health=Health.ILL, says=f"cannot read the trusted authorities: {error}")
    try:
        await connection.open()
        await connection.quit()
    except (SMTPException, OSError) as error:
        connection.close()
        says = f"{settings.host}:{settings.effective_port}, at {connection.stage}: {str(error) or type(error).__name__}"
        return Finding(subject=subject, health=Health.ILL, says=" ".join(says.split()))
    secured = connection.tls or "without TLS"
    if not can_log_in:
        says = f"answers, {secured}; the login was not tried, because only the running service can read the password"
        return Finding(subject=subject, health=Health.DOUBTFUL, says=says)
    return Finding(subject=subject, health=Health.WELL, says=f"answers, {secured}{', login taken' if settings.username else ''}")


async def examine_record(record: DnsRecord, dns: Dns) -> Finding:
    """Ask the DNS for a record that it must have."""
    return judge_record(record, await dns.ask(record.name, RecordType(record.type)))


def judge_record(record: DnsRecord, answer: Answer) -> Finding:
    """Compare a record with what the DNS says."""
    subject = f"DNS {record.type} {record.name}"
    if answer.status in {AnswerStatus.TEMPORARY, AnswerStatus.INVALID}:
        return Finding(subject=subject, health=Health.DOUBTFUL, says="the DNS does not answer")
    if record.type != RecordType.TXT:
        return _judge_hosts(record, answer.hosts, subject)
    texts = [text.decode("ascii", "replace") for text in answer.texts]
    kind = record.value.partition(" ")[0].rstrip(";")
    found = [
        text for text in texts if text.replace(" ", "").lower().startswith(kind.lower()) or (kind == "v=DKIM1" and "p=" in text)
    ]
    is_optional = record.how is HowTo.EXTEND or kind == "v=DMARC1"
    if not found:
        health = Health.DOUBTFUL if is_optional else Health.ILL
        return Finding(subject=subject, health=health, says=f"there is none; `{record.value}` is wanted")
    if len(found) > 1:
        return Finding(
            subject=subject, health=Health.ILL, says=f"there are {len(found)} records that begin with {kind}, so none counts"
        )
    missing = _missing_words(kind, record.value, found[0])
    if missing:
        health = Health.ILL if kind == "v=DKIM1" else Health.DOUBTFUL
        unless = ", unless an include covers it" if kind == "v=spf1" else ""
        return Finding(subject=subject, health=health, says=f"`{_short(found[0])}` lacks {_short(' '.join(missing))}{unless}")
    return Finding(subject=subject, health=Health.WELL, says=f"`{_short(found[0])}`")


def _judge_hosts(record: DnsRecord, hosts: Sequence[str], subject: str) -> Finding:
    if not hosts:
        return Finding(subject=subject, health=Health.ILL, says=f"there is none: {record.because}")
    wanted = record.value.rpartition(" ")[2].rstrip(".")
    if record.how is HowTo.COMPLETE or wanted in hosts:
        return Finding(subject=subject, health=Health.WELL, says=", ".join(hosts))
    return Finding(
        subject=subject, health=Health.DOUBTFUL, says=f"{', '.join(hosts)} and not {wanted}: is that a server before us?"
    )


def _missing_words(kind: str, wanted: str, found: str) -> list[str]:
    """Return what a record must say and does not: words of SPF, the key of DKIM. What DMARC says is the admin's own."""
    if kind == "v=spf1":
        return [word for word in wanted.split()[1:-1] if word.lower() not in found.lower().split()]
    key = wanted.partition("p=")[2]
    return ["the key that we sign with"] if kind == "v=DKIM1" and key not in found.replace(" ", "") else []


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}…"  # noqa: PLR2004 a line of a screen
