"""Which mails `explain` is asked about, and what is said of each: files, folders, standard input, or a batch.

A batch is one JSON object per line with the circumstances of one mail. A line that is wrong is a job with an `error`: the batch
goes on, and the answers stay in step with the questions.
"""

import ipaddress
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.evidence.settings import parse_server
from gateway.mail.addresses import Address

STDIN: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One mail to explain, and the circumstances in which it came."""

    file: str = ""
    """As given; `-` is standard input."""
    client_ip: str | None = None
    helo: str | None = None
    mail_from: Address | None = None
    is_mail_from_known: bool = False
    """False: nobody said anything about the reverse-path; with `mail_from` None it is the null reverse-path."""
    rcpt_to: tuple[Address, ...] = ()
    resolver: str | None = None
    at: datetime | None = None
    channel: str | None = None
    error: str | None = None
    """What is wrong with the question itself."""

    def read(self) -> bytes:
        """Return the mail's bytes. Raises OSError."""
        if self.file == STDIN:
            return sys.stdin.buffer.read()
        return Path(self.file).read_bytes()


def jobs_of_files(files: Iterable[str], circumstances: Job) -> Iterator[Job]:
    """Yield a job for each file; a folder stands for every file below it, in the order of their names."""
    for file in files:
        if file != STDIN and Path(file).is_dir():
            for folder, folders, names in os.walk(file):
                folders.sort()
                yield from (replace(circumstances, file=str(Path(folder, name))) for name in sorted(names))
        else:
            yield replace(circumstances, file=file)


def jobs_of_batch(lines: Iterable[bytes], circumstances: Job) -> Iterator[Job]:
    """Yield a job for each line that is not blank; what a line does not say is taken from `circumstances`."""
    for line in lines:
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield replace(circumstances, error=f"the line is not JSON: {error}")
            continue
        if not isinstance(value, dict) or not isinstance(value.get("file"), str):
            yield replace(circumstances, error="the line is not an object with a file")
            continue
        yield read_circumstances(value, circumstances)


def read_circumstances(said: Mapping[str, object], start: Job) -> Job:
    """Return `start` with what is said; what cannot be understood is left out and named in `error`."""
    job, problems = start, []
    for key, value in said.items():
        if value is None:
            continue
        reader = _READERS.get(key)
        if reader is None:
            continue  # the contract only grows: a key of tomorrow is not wrong
        try:
            job = replace(job, **reader(value))
        except (ValueError, TypeError, OverflowError) as error:
            problems.append(f"{key}: {error}")
    return replace(job, error="; ".join(problems) or None)


def _text(value: object) -> str:
    if not isinstance(value, str):
        message = "must be text"
        raise TypeError(message)
    return value


def read_client_ip(text: object) -> dict[str, Any]:
    """Read an IP address. Raises ValueError."""
    return {"client_ip": str(ipaddress.ip_address(_text(text).strip().removeprefix("[").removesuffix("]")))}


def read_mail_from(text: object) -> dict[str, Any]:
    """Read a reverse-path; the empty string and `<>` are the null reverse-path."""
    bare = _text(text).strip().removeprefix("<").removesuffix(">")
    return {"mail_from": Address.of(bare) if bare else None, "is_mail_from_known": True}


def read_recipients(value: object) -> dict[str, Any]:
    """Read one recipient or several."""
    texts = value if isinstance(value, list) else [value]
    return {"rcpt_to": tuple(Address.of(_text(text).strip().removeprefix("<").removesuffix(">")) for text in texts)}


def read_resolver(text: object) -> dict[str, Any]:
    """Read `IP` or `IP:PORT`. Raises ValueError."""
    parse_server(_text(text))
    return {"resolver": text}


def read_moment(text: object) -> dict[str, Any]:
    """Read a date and time of ISO 8601; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(_text(text).strip())
    return {"at": (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)}


_READERS: Final[dict[str, Callable[[object], dict[str, Any]]]] = {
    "file": lambda value: {"file": _text(value)},
    "client_ip": read_client_ip,
    "helo": lambda value: {"helo": _text(value).strip() or None},
    "mail_from": read_mail_from,
    "rcpt_to": read_recipients,
    "resolver": read_resolver,
    "at": read_moment,
    "channel": lambda value: {"channel": _text(value)},
}
"""How each circumstance is read."""
