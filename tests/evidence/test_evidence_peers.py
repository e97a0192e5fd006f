"""What rspamd, opendkim, pyspf and dkimpy say of the same mails: every difference has its reason, or is a defect."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import dkim
import pytest
from cryptography.hazmat.primitives import serialization

from gateway.evidence.headers import HeaderBlock
from gateway.evidence.settings import ForwarderSettings
from gateway.mail.evidence import ArcResult, Assurance, DkimResult, Evidence
from tests.evidence.conftest import FetchSource
from tests.evidence.test_evidence_scenarios import DECLARED, MX, ROWS, arrive
from tests.evidence.world import DIRECT, EVIL_IP, KUNDE_IP, LIST_IP, NOW, World, key_record, rsa_pem, sealed, signer, timed
from tests.needs import program
from tests.ports import is_open

RSPAMD = """
options {{ pidfile="{folder}/pid"; tempdir="{folder}"; hs_cache_dir="{folder}"; filters="spf,dkim"; local_addrs=[];
  url_tld="/usr/share/rspamd/effective_tld_names.dat"; disable_monitoring=true; disable_hyperscan=true;
  control_socket="{folder}/control mode=0600";
  rrd="{folder}/rrd"; history_file="{folder}/history";
  dns {{ nameserver=["127.0.0.1:{dns}:1"]; timeout=1s; retransmits=2; }} }}
logging {{ type="file"; filename="{folder}/log"; level="error"; }}
worker "normal" {{ bind_socket="127.0.0.1:{port}"; count=1; mime=true; enabled=true; }}
modules {{ path="/usr/share/rspamd/plugins/spf.lua"; path="/usr/share/rspamd/plugins/arc.lua";
  path="/usr/share/rspamd/plugins/dmarc.lua"; }}
actions {{ reject=1000; }}
spf {{ }}
dkim {{ trusted_only=false; }}
arc {{ sign_authenticated=false; sign_inbound=true; use_domain="recipient"; allow_hdrfrom_mismatch=true;
  allow_username_mismatch=true; domain {{ "firma.example" {{ path="{folder}/arc.pem"; selector="arc"; }} }} }}
dmarc {{ reporting {{ enabled=false; }} }}
"""
DAY = timedelta(days=1)
SPF = {"ALLOW": "pass", "FAIL": "fail", "SOFTFAIL": "softfail", "NEUTRAL": "neutral", "NA": "none", "DNSFAIL": "temperror"}
DKIM = {"+": "pass", "-": "fail", "?": "temperror", "~": "permerror"}
DMARC = {"ALLOW": "pass", "REJECT": "fail", "QUARANTINE": "fail", "SOFTFAIL": "fail", "NA": "none", "DNSFAIL": "temperror"}
ARC = {"ALLOW": "pass", "REJECT": "fail", "INVALID": "fail", "NA": "none", "DNSFAIL": "temperror"}


@dataclass(frozen=True)
class Verdict:
    """What one program says of the last hop."""

    spf: str
    dkim: tuple[tuple[str | None, str], ...]
    dmarc: str
    arc: str


@dataclass
class Rspamd:
    port: int

    async def judge(self, mail: bytes, *, client_ip: str, helo: str | None, mail_from: str) -> Verdict:
        headers = {"IP": client_ip, "Helo": helo or "", "From": mail_from}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", data=mail, headers=headers)
        found = await asyncio.to_thread(_fetch, request)
        symbols: Mapping[str, Any] = found["symbols"]
        traces: Sequence[str] = symbols.get("DKIM_TRACE", {}).get("options", [])
        return Verdict(
            spf=_word(symbols, "R_SPF_", SPF),
            dkim=tuple((t.rpartition(":")[0], DKIM[t.rpartition(":")[2]]) for t in traces),
            dmarc=_word(symbols, "DMARC_POLICY_", DMARC),
            arc=_word(symbols, "ARC_", ARC),
        )

    async def seal(self, mail: bytes, *, client_ip: str, mail_from: str) -> bytes:
        """Return the mail as it goes on from firma.example, whose server runs this rspamd."""
        headers = {"IP": client_ip, "Helo": "mail.kunde.example", "From": mail_from, "Rcpt": "support@firma.example"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", data=mail, headers={**headers, "Milter": "yes"})
        found = await asyncio.to_thread(_fetch, request)
        added: Mapping[str, Any] = found["milter"]["add_headers"]
        names = ("ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results")
        return "".join(f"{name}: {added[name]['value']}\n" for name in names).replace("\n", "\r\n").encode() + mail


def _fetch(request: urllib.request.Request) -> Mapping[str, Any]:
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 our own rspamd on loopback
        return cast("Mapping[str, Any]", json.load(response))


def _word(symbols: Mapping[str, Any], prefix: str, words: Mapping[str, str]) -> str:
    return next((word for name, word in words.items() if prefix + name in symbols), "none")


@pytest.fixture
async def rspamd(world: World, tmp_path: Path) -> AsyncIterator[Rspamd]:
    path = program("rspamd")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path / "rspamd"
    folder.mkdir(mode=0o777)
    key = serialization.load_pem_private_key(rsa_pem(), None)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "arc.pem").write_bytes(key.private_bytes(*form))
    (folder / "rspamd.conf").write_text(RSPAMD.format(folder=folder, dns=world.dns.port, port=port))
    process = await asyncio.create_subprocess_exec(
        *(path, "-f", "-i", "-c", str(folder / "rspamd.conf")), stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        async with asyncio.timeout(150):
            while not await is_open(port):  # noqa: ASYNC110 another program, which tells nobody
                await asyncio.sleep(0.05)
        yield Rspamd(port)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def ours(evidence: Evidence) -> Verdict:
    words = {DkimResult.POLICY: "fail", DkimResult.NEUTRAL: "permerror"}
    return Verdict(
        spf=evidence.spf.result.value,
        dkim=tuple((d.domain, words.get(d.result, d.result.value)) for d in evidence.dkim),
        dmarc=evidence.dmarc.result.value,
        arc=evidence.arc.result.value,
    )


async def _compare_the_matrix(rspamd: Rspamd, world: World) -> None:
    different: list[str] = []
    compared = 0
    for row in ROWS:
        arrival = arrive(row)
        if arrival.client_ip is None:
            continue
        compared += 1
        ip, helo, path = arrival.client_ip, arrival.helo, arrival.mail_from
        theirs = await rspamd.judge(arrival.content, client_ip=ip, helo=helo, mail_from=path)
        declared = DECLARED.get(row.route, [MX])
        evidence = await world.observe(arrival.content, client_ip=ip, helo=helo, mail_from=path, forwarders=declared)
        if ours(evidence) != theirs:
            different.append(f"{row}: we {ours(evidence)}, rspamd {theirs}")
    assert not different, "\n".join(different)
    assert compared > 90


@dataclass(frozen=True)
class Special:
    """A mail of which programs may differ; `theirs` is what they say where it is not what we say, and why."""

    mail: bytes
    ours: str
    rspamd: str | None
    opendkim: str | None
    why: str = ""


def specials() -> dict[str, Special]:
    signed = signer().sign(DIRECT)
    narrow = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), include_headers=[b"from", b"subject"])
    long = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"relaxed", b"relaxed"), length=True)
    simple = dkim.sign(DIRECT, b"s1", b"kunde.example", rsa_pem(), canonicalize=(b"simple", b"simple"))
    return {
        "as signed": Special(signed, "pass", "pass", "pass"),
        "simple": Special(simple + DIRECT, "pass", "pass", "pass"),
        "folded anew": Special(signed.replace(b"Kurt Kunde <", b"Kurt\r\n  Kunde <"), "pass", "pass", "pass"),
        "simple, folded anew": Special(simple + DIRECT.replace(b"Kurt Kunde <", b"Kurt\r\n  Kunde <"), "fail", "fail", "fail"),
        "spaces at line ends": Special(signed.replace(b"Kurt\r\n\r\n", b"Kurt \t \r\n\r\n\r\n\r\n"), "pass", "pass", "pass"),
        "body changed": Special(signed.replace(b"Frage", b"Farge"), "fail", "fail", "fail"),
        "subject changed": Special(signed.replace(b"4711", b"4712"), "fail", "fail", "fail"),
        "no selector": Special(signed.replace(b"s=s1", b"s=s9"), "permerror", "permerror", None),
        "expired": Special(
            timed(DIRECT, made=NOW - DAY * 9, until=NOW - DAY), "permerror", None, "permerror", "rspamd leaves it out"
        ),
        "made in the future": Special(
            timed(DIRECT, made=NOW + DAY, until=NOW + DAY * 9), "permerror", None, "permerror", "rspamd leaves it out"
        ),
        "length, appended": Special(
            long + DIRECT + b"Pay here\r\n", "policy", "pass", "pass", "what l= leaves out would be shown, and is not signed"
        ),
        "length, whole": Special(long + DIRECT, "pass", "pass", "pass"),
        "second subject": Special(
            b"Subject: Lies\r\n" + narrow + DIRECT, "policy", "fail", "pass", "it would be shown, and is not signed"
        ),
        "second from": Special(
            b"From: x@evil.example\r\n" + narrow + DIRECT, "policy", "fail", "pass", "it would be shown, and is not signed"
        ),
    }


def agreement_table() -> str:
    """Return the table of agreement as `docs/evidence.md` shows it."""
    lines = ["| mail | here | rspamd | opendkim | why |", "|---|---|---|---|---|"]
    for name, special in specials().items():
        others = f"{special.rspamd or '-'} | {special.opendkim or '-'}"
        lines.append(f"| {name} | {special.ours} | {others} | {special.why} |")
    return "\n".join(lines)


def test_the_documentation_shows_the_table_of_agreement() -> None:
    assert agreement_table() in (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()


async def _compare_special_mails(rspamd: Rspamd, world: World) -> None:
    for name, special in specials().items():
        (found,) = (await world.observe(special.mail, client_ip=EVIL_IP)).dkim
        assert found.result == special.ours, (name, found)
        theirs = await rspamd.judge(special.mail, client_ip=KUNDE_IP, helo="x.example", mail_from="kurt@kunde.example")
        assert [word for _, word in theirs.dkim] == ([special.rspamd] if special.rspamd else []), (name, theirs)
        assert special.ours == special.rspamd or special.why


async def test_opendkim_agrees_on_signatures_except_where_we_know_why(world: World, tmp_path: Path) -> None:
    path = program("opendkim")
    (tmp_path / "keys").write_text(f"s1._domainkey.kunde.example {key_record(rsa_pem())}\n")
    (tmp_path / "conf").write_text(f"TestPublicKeys {tmp_path}/keys\nMode v\nSocket local:{tmp_path}/socket\n")
    for name, special in specials().items():
        if special.opendkim is None:
            continue
        (tmp_path / "mail").write_bytes(special.mail)
        command = [path, "-x", str(tmp_path / "conf"), "-t", str(tmp_path / "mail"), "-v", "-v"]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, check=False, timeout=60)
        said = done.stdout.decode().partition("dkim=")[2].split()[0]
        assert said == special.opendkim, (name, done.stdout)
        (found,) = (await world.observe(special.mail, client_ip=EVIL_IP)).dkim
        assert found.result == special.ours, (name, found)


async def _compare_chains(rspamd: Rspamd, world: World) -> None:
    chain = sealed(sealed(DIRECT, "siegel.example", "dmarc=pass"), "evil.example", "arc=pass")
    mails = [
        sealed(DIRECT, "siegel.example", "dmarc=pass"),
        chain,
        chain.replace(b"Frage", b"Farge"),
        chain.replace(b"i=1; siegel.example", b"i=1; liegel.example"),
        chain.replace(b"cv=none", b"cv=pass"),
        chain.replace(b"i=2;", b"i=3;"),
    ]
    for mail in mails:
        theirs = await rspamd.judge(mail, client_ip=EVIL_IP, helo="x.example", mail_from="x@evil.example")
        found = (await world.observe(mail, client_ip=EVIL_IP, mail_from="x@evil.example")).arc
        assert found.result == theirs.arc, (found, theirs)


FIRMA = ForwarderSettings(arc_sealers=["firma.example"])


async def _read_its_seals(rspamd: Rspamd, world: World) -> None:
    """Read what rspamd sealed: alone, on top of another seal, over a forgery, and touched afterwards."""
    world.set("arc._domainkey.firma.example", {"TXT": [key_record(rsa_pem())]})
    path = "kurt@kunde.example"

    async def judge(mail: bytes) -> tuple[ArcResult, str | None, Assurance]:
        found = await world.observe(mail, client_ip=LIST_IP, mail_from=path, forwarders=[FIRMA])
        return found.arc.result, found.arc.trusted_sealer, found.assurance

    plain = await rspamd.seal(DIRECT, client_ip=KUNDE_IP, mail_from=path)
    assert await judge(plain) == (ArcResult.PASS, "firma.example", Assurance.VOUCHED)
    second = await rspamd.seal(sealed(DIRECT, "siegel.example", "dmarc=pass"), client_ip=KUNDE_IP, mail_from=path)
    assert b"i=2" in second
    assert b"cv=pass" in second
    assert await judge(second) == (ArcResult.PASS, "firma.example", Assurance.VOUCHED)
    third = sealed(second, "siegel.example", "arc=pass")
    assert await judge(third) == (ArcResult.PASS, "firma.example", Assurance.VOUCHED)
    forged = await rspamd.seal(DIRECT, client_ip=EVIL_IP, mail_from=path)
    assert await judge(forged) == (ArcResult.PASS, "firma.example", Assurance.CONTRADICTED)
    for old, new in ((b"dmarc=fail", b"dmarc=pass"), (b"Frage", b"Farge"), (b"cv=none", b"cv=pass")):
        assert old in forged
        assert await judge(forged.replace(old, new)) == (ArcResult.FAIL, None, Assurance.CONTRADICTED)


async def test_rspamd_says_the_same_except_where_we_know_why_and_its_seals_hold(rspamd: Rspamd, world: World) -> None:
    # One test, because this program takes half a minute to start.
    await _compare_the_matrix(rspamd, world)
    await _compare_special_mails(rspamd, world)
    await _compare_chains(rspamd, world)
    await _read_its_seals(rspamd, world)


async def test_mails_of_dkimpys_own_suite_are_judged_as_dkimpy_judges_them(fetch_source: FetchSource, world: World) -> None:
    folder = fetch_source("dkimpy", "1.1.8") / "dkim" / "tests" / "data"
    key = (folder / "test.txt").read_text().strip()
    private = (folder / "test.private").read_bytes()
    world.set("test._domainkey.example.com", {"TXT": [key]})
    world.set("test._domainkey.football.example.com", {"TXT": [key]})
    world.set(
        "brisbane._domainkey.football.example.com",
        {"TXT": ["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]},
    )
    verified = 0
    for file in sorted(folder.glob("*me*sage*")) + sorted(folder.glob("*.msg")):
        mail = file.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        if len(HeaderBlock.read(mail).all("from")) != 1:
            continue
        for forms in ((b"simple", b"simple"), (b"relaxed", b"relaxed"), (b"relaxed", b"simple"), (b"simple", b"relaxed")):
            signed = dkim.sign(mail, b"test", b"example.com", private, canonicalize=forms) + mail
            expected = dkim.verify(signed, dnsfunc=lambda *_, **__: key.encode(), minkey=1024)
            found = (await world.observe(signed)).dkim[0]
            assert (found.result is DkimResult.PASS) is bool(expected), (file.name, forms, found)
            verified += expected
    assert verified >= 20
    signed = (folder / "rfc6376.signed.msg").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert [d.result for d in (await world.observe(signed)).dkim] == [DkimResult.PASS, DkimResult.PASS]
