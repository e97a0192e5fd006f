"""The contract of `explain --json`: one object per mail, in order, whatever the mails are."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.demo.names import Domain, serve_names
from gateway.storage.sqlite import FILE_NAME
from tests.cli.conftest import MAIL, Command

KEYS = {
    "": "file error message reply forwarded original_recipients kind kind_because respond bounce evidence decision",
    "message": "message_id in_reply_to references date subject from sender reply_to to cc text html attachments",
    "reply": "visible quoted signature",
    "evidence": "spf dkim arc dmarc through assurance because",
    "evidence.spf": "result domain scope",
    "evidence.arc": "result sealer",
    "evidence.dmarc": "result policy domain",
    "decision": "outcome reason because ticket queue effects trace",
}
ATTACHED = b"""\
From: a@kunde.example\r
To: support@firma.example\r
Subject: x\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
Siehe Anhang\r
--b\r
Content-Type: application/pdf; name="../a.pdf"\r
Content-Disposition: attachment; filename="../a.pdf"\r
Content-Transfer-Encoding: base64\r
\r
JVBERi0xLjQK\r
--b--\r
"""


def at(answer: dict[str, Any], path: str) -> dict[str, Any]:
    for key in filter(None, path.split(".")):
        answer = answer[key]
    return answer


def test_an_answer_has_exactly_the_keys_of_the_contract(command: Command, mail: Path) -> None:
    (answer,) = command("explain", "--json", "--no-dns", mail).answers
    for path, keys in KEYS.items():
        assert set(at(answer, path)) == set(keys.split()), path


def test_an_ordinary_mail_opens_a_ticket_and_every_step_left_a_line(command: Command, mail: Path) -> None:
    (answer,) = command("explain", "--json", "--no-dns", mail).answers
    assert answer["file"] == str(mail)
    assert answer["error"] is None
    assert answer["message"]["from"] == [{"name": "Jürgen Kunde", "address": "Juergen@kunde.example"}]
    assert answer["message"]["date"] == "2026-11-21T10:00:00+01:00"
    assert answer["message"]["message_id"] == "one@kunde.example"
    assert (answer["decision"]["outcome"], answer["decision"]["queue"]) == ("open", "support")
    *looked, decided, hushed = answer["decision"]["trace"]
    assert not any(line["hit"] for line in looked)
    assert (decided["step"], decided["hit"]) == ("open_new_ticket", True)
    assert (hushed["step"], hushed["hit"]) == ("hush", False)


def test_without_dns_every_result_that_needs_it_is_a_temporary_error(command: Command, mail: Path) -> None:
    ran = command("explain", "--json", "--no-dns", "--client-ip", "192.0.2.1", "--mail-from", "a@kunde.example", mail)
    evidence = ran.answers[0]["evidence"]
    assert (evidence["spf"]["result"], evidence["dmarc"]["result"]) == ("temperror", "temperror")
    assert evidence["assurance"] == "unproven"


def test_attachments_are_described_by_their_decoded_bytes(command: Command, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(ATTACHED)
    (answer,) = command("explain", "--json", "--no-dns", tmp_path / "a.eml").answers
    (attachment,) = answer["message"]["attachments"]
    assert attachment["size"] == 9
    assert attachment["sha256"] == hashlib.sha256(b"%PDF-1.4\n").hexdigest()
    assert (attachment["original_filename"], "/" in attachment["filename"]) == ("../a.pdf", False)
    assert (attachment["content_type"], attachment["detected_type"], attachment["part"]) == (
        "application/pdf",
        "application/pdf",
        "2",
    )


def test_many_files_and_folders_are_answered_in_order(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    (folder / "below").mkdir(parents=True)
    paths = [folder / f"{number:02}.eml" for number in range(12)]
    paths.append(folder / "below" / "last.eml")
    for number, path in enumerate(paths):
        path.write_text(MAIL.replace("Rechnung", f"Rechnung {number}"), encoding="utf-8")
    answers = command("explain", "--json", "--no-dns", folder, paths[3]).answers
    assert [answer["file"] for answer in answers] == [str(path) for path in [*paths, paths[3]]]
    assert [answer["message"]["subject"] for answer in answers] == [f"Rechnung {n}" for n in [*range(13), 3]]


def test_bare_line_feeds_count_as_line_ends(command: Command, tmp_path: Path) -> None:
    (tmp_path / "lf.eml").write_bytes(ATTACHED.replace(b"\r\n", b"\n"))
    (tmp_path / "crlf.eml").write_bytes(ATTACHED)
    one, other = command("explain", "--json", "--no-dns", tmp_path / "lf.eml", tmp_path / "crlf.eml").answers
    assert one["message"] == other["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"\r\n\r\n",
        b"From: \xff\xfe\xed\xa0\x80\r\nSubject: =?utf-8?q?=ED=A0=80?= \xed\xa0\x80\r\n\r\n\xed\xa0\x80",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 20_000,
        b"Subject: " + b"a" * 300_000 + b"\r\n\r\nx",
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 30_000,
        b"From: a@b.example\r\n" * 3000 + b"\r\n",
        b"DKIM-Signature: v=1; a=rsa-sha256; d=" + b"a." * 5000 + b"\r\n\r\nx",
        os.urandom(50_000),
    ],
    ids=["empty", "nul", "no-header", "surrogates", "parts", "long-subject", "deep-html", "froms", "dkim", "noise"],
)
def test_no_mail_stops_the_ones_after_it(command: Command, tmp_path: Path, mail: Path, content: bytes) -> None:
    (tmp_path / "hostile").write_bytes(content)
    ran = command("explain", "--json", "--no-dns", tmp_path / "hostile", mail)
    hostile, ordinary = ran.answers
    assert ran.code == 0
    assert hostile["message"] is not None
    assert hostile["decision"] is not None
    assert ordinary["decision"]["outcome"] == "open"


def test_a_file_that_cannot_be_read_is_said_and_ends_with_66(command: Command, tmp_path: Path, mail: Path) -> None:
    ran = command("explain", "--json", "--no-dns", tmp_path / "none", mail)
    assert ran.code == 66
    missing, ordinary = ran.answers
    assert missing["error"] == "cannot be read: No such file or directory"
    assert ordinary["error"] is None


def test_a_batch_gives_each_mail_its_own_circumstances(command: Command, tmp_path: Path, mail: Path) -> None:
    lines: list[Any] = [
        {"file": str(mail), "mail_from": "", "rcpt_to": ["support-firma@gw.firma.example"]},
        {"file": str(mail), "rcpt_to": ["nobody@firma.example"]},
        {"file": str(mail), "client_ip": "not an address", "at": "2026-11-21T10:00:00Z"},
        {"file": str(mail), "channel": "nowhere"},
        {"nothing": 1},
        {"file": str(mail), "helo": None, "tomorrow": "a key that is not known yet"},
    ]
    batch = tmp_path / "batch.ndjson"
    batch.write_text("\n".join(json.dumps(line) for line in lines) + "\nthis is not JSON\n", encoding="utf-8")
    ran = command("explain", "--json", "--no-dns", "--batch", batch)
    null, unknown, odd, nowhere, empty, plain, broken = ran.answers
    assert ran.code == 65
    assert null["decision"]["outcome"] == "open"
    assert null["evidence"]["spf"]["scope"] == "helo"
    assert (unknown["decision"]["outcome"], unknown["decision"]["reason"]) == ("refuse", "unknown_recipient")
    assert (odd["error"][:10], odd["decision"]["outcome"]) == ("client_ip:", "open")
    assert nowhere["error"] == "channel: there is no channel nowhere"
    assert "not an object with a file" in empty["error"]
    assert (plain["error"], plain["decision"]["outcome"]) == (None, "open")
    assert "not JSON" in broken["error"]


def test_a_missing_batch_is_noticed_before_any_output(command: Command, tmp_path: Path) -> None:
    ran = command("explain", "--json", "--batch", tmp_path / "none")
    assert (ran.code, ran.out) == (66, "")


def test_people_get_a_story(command: Command, mail: Path) -> None:
    ran = command("explain", "--no-dns", mail)
    assert ran.code == 0
    assert "unproven" in ran.out
    assert "open new ticket" in ran.out


def test_a_configuration_without_a_database_serves_and_is_not_given_one(command: Command, tmp_path: Path, mail: Path) -> None:
    text = f"""
hostname: gw.other.example
data: {tmp_path}/data
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: smtp.other.example}}}}
agents: {{}}
queues: {{help: {{}}}}
channels: {{help: {{address: help@other.example, display_name: Help, queue: help, smarthosts: [main]}}}}
"""
    (tmp_path / "gateway.yaml").write_text(text, encoding="utf-8")
    ran = command("explain", "--json", "--no-dns", "--config", tmp_path / "gateway.yaml", mail)
    assert ran.answers[0]["decision"]["queue"] == "help"
    assert not (tmp_path / "data" / FILE_NAME).exists()


@pytest.fixture
async def customer() -> AsyncIterator[tuple[Domain, int]]:
    domain = Domain.make("kunde.example", "192.0.2.10")
    transport, port = await serve_names(domain)
    yield domain, port
    transport.close()


async def start_explain(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "explain", "--json", *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_a_batch_is_answered_line_by_line_and_asks_only_the_given_dns(tmp_path: Path, customer: tuple[Domain, int]) -> None:
    domain, port = customer
    good, forged = tmp_path / "good.eml", tmp_path / "forged.eml"
    content = MAIL.replace("\n", "\r\n").encode()
    good.write_bytes(domain.sign(content))
    forged.write_bytes(domain.sign(content).replace(b"Wo ist", b"Wer ist"))
    process = await start_explain("--resolver", f"127.0.0.1:{port}", "--batch", "-")
    assert process.stdin is not None
    assert process.stdout is not None
    assurances = []
    for file in (good, forged):
        question = {"file": str(file), "client_ip": "198.51.100.7", "mail_from": "a@kunde.example", "helo": "mx.example"}
        process.stdin.write(json.dumps(question).encode() + b"\n")
        answer = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
        assert answer["evidence"]["spf"]["result"] == "fail"
        assurances.append((answer["evidence"]["dkim"][0]["result"], answer["evidence"]["assurance"]))
    process.stdin.close()
    assert await process.wait() == 0
    assert assurances == [("pass", "proven"), ("fail", "contradicted")]
