"""People on the command line: contacts, organisations, blocks, agents and channels, on a real database."""

import asyncio
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.exits import Exit
from gateway.ids import format_id
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    Evidence,
)
from gateway.mail.received import ReceivedMail
from gateway.states import ReceivedState, TicketStatus
from gateway.storage.accepting import Acceptance
from gateway.storage.database import Database
from gateway.tickets import Changes, Part, Participant, Post, Priority, ReceivedChange, Side, StoredAttachment, Ticket, Visibility
from tests.cli.conftest import Command

CONFIG = """
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, security: none}}}}
agents:
  anna: {{name: Anna Arndt, addresses: [anna@firma.example]}}
  bert: {{name: Bert Brandt, addresses: [bert@firma.example]}}
queues: {{support: {{agents: [anna, bert]}}}}
channels:
  support:
    {{address: support@firma.example, also: [hilfe@firma.example], display_name: Support, queue: support, smarthosts: [main]}}
  alt:
    {{address: a@alt.example, display_name: Alt, queue: support, smarthosts: [main], active: false, intake_policy: contacts}}
"""
NOW = datetime.now(UTC)
EVIDENCE = Evidence.unobserved(because="given")


def received(number: int, author: str, channel: str = "support") -> Acceptance:
    recipient = Recipient(address=Address.of("support@firma.example"), channel=channel, kind=RouteKind.CHANNEL)
    mail = ReceivedMail(
        id=number,
        channel=channel,
        envelope=Envelope(reverse_path=None, recipients=(recipient,), received_at=NOW, door=Door.SMTP),
        content=Content.of(f"From: {author}\r\nSubject: Hello {number}\r\n\r\nHello.\r\n".encode()),
        evidence=EVIDENCE,
    )
    return Acceptance(mail=mail, delivery_key=f"key {number}", author_key=author, message_id=f"{number}@x")


async def fill(folder: Path, *acceptances: Acceptance, reason: str = "loop", changes: Changes | None = None) -> None:
    database = await Database.open(data=folder)
    if acceptances:
        await database.accept(acceptances)
    await database.apply(
        Changes(
            received=tuple(
                ReceivedChange(
                    id=a.mail.id, old=ReceivedState.RECEIVED, new=ReceivedState.SUSPENDED, reason=reason, because="given"
                )
                for a in acceptances
            )
        )
    )
    if changes is not None:
        await database.apply(changes)
    await database.close()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG.format(folder=folder), "utf-8")
    asyncio.run(fill(folder))
    return path


def test_a_person_is_written_down_changed_and_merged(command: Command, config: Path) -> None:
    assert command("-c", config, "organisations", "add", "Kunde GmbH", "kunde.example", "--vip").code == Exit.OK
    added = command("-c", config, "contacts", "add", "kim@kunde.example", "--name", "Kim Kunde", "--type", "customer", "--json")
    assert (added.code, added.answers[0]["error"]) == (Exit.OK, None)
    assert command("-c", config, "contacts", "add", "k@privat.example", "--notes", "ruft an", "--language", "de").code == Exit.OK
    merged = command("-c", config, "contacts", "merge", "kim@kunde.example", "k@privat.example")
    assert merged.out == "kim@kunde.example and k@privat.example are one person\n"
    edited = command(
        "-c", config, "contacts", "edit", "k@privat.example", "--vip", "--type", "", "--add-address", "kim@b.example"
    )
    assert edited.code == Exit.OK
    (kim,) = command("-c", config, "contacts", "show", "KIM@kunde.example", "--json").answers
    assert kim["addresses"] == ["kim@kunde.example", "k@privat.example", "kim@b.example"]
    facts = kim["name"], kim["organisation"], kim["type"], kim["is_vip"], kim["notes"], kim["language"]
    assert facts == ("Kim Kunde", "Kunde GmbH", None, True, "ruft an", "de")
    assert kim["verified_at"] is not None
    assert len(command("-c", config, "contacts", "list", "--vip", "--json").answers) == 1
    assert command("-c", config, "contacts", "list", "--organisation", "none", "--json").answers == []
    assert "Kim Kunde" in command("-c", config, "contacts", "list", "kun").out
    again = command("-c", config, "contacts", "edit", "kim@kunde.example", "--vip")
    assert "it is so already" in again.out


@pytest.mark.parametrize(
    ("arguments", "code", "because"),
    [
        (("contacts", "add", "anna@firma.example"), Exit.USAGE, "is an agent's: anna"),
        (("contacts", "add", "hilfe@firma.example"), Exit.USAGE, "is our own address"),
        (("contacts", "add", "nobody"), Exit.USAGE, "is not a mail address"),
        (("contacts", "add", "a@b.example", "--language", "fr"), Exit.USAGE, "there is no language fr"),
        (("contacts", "add", "a@b.example", "--organisation", "Kunda"), Exit.USAGE, "did you mean Kunde?"),
        (("contacts", "add", "kim@kunde.example"), Exit.USAGE, "is known already"),
        (("contacts", "edit", "a@b.example", "--vip"), Exit.NO_SUCH, "nobody is known by a@b.example"),
        (("contacts", "edit", "kim@kunde.example", "--remove-address", "kim@kunde.example"), Exit.USAGE, "one address at least"),
        (("contacts", "show", "a@b.example"), Exit.NO_SUCH, "nobody is known"),
        (("contacts", "merge", "kim@kunde.example", "KIM@kunde.example"), Exit.USAGE, "one person already"),
        (("organisations", "add", "Post", "gmx.de"), Exit.USAGE, "anybody can have an address at gmx.de"),
        (("organisations", "add", "Wir", "firma.example"), Exit.USAGE, "is our own domain"),
        (("organisations", "add", "kunde"), Exit.USAGE, "is known already"),
        (("organisations", "add", "Zwei", "kunde.example"), Exit.USAGE, "is a domain of Kunde"),
        (("organisations", "edit", "Kunde", "--remove-domain", "x.example"), Exit.USAGE, "is no domain of Kunde"),
        (("organisations", "remove", "Kunda"), Exit.NO_SUCH, "did you mean Kunde?"),
        (("suspended", "block", "anna@firma.example"), Exit.USAGE, "is our own"),
        (("suspended", "block", "firma.example"), Exit.USAGE, "is our own"),
        (("suspended", "block", "0.0.0.0/0"), Exit.USAGE, "is everybody"),
        (("suspended", "block", "what?"), Exit.USAGE, "is no address, no domain and no network"),
        (("suspended", "unblock", "a@b.example"), Exit.NO_SUCH, "is not blocked"),
        (("suspended", "accept"), Exit.USAGE, "--all"),
        (("suspended", "accept", "0000000000001", "--all"), Exit.USAGE, "--all"),
        (("suspended", "accept", "--all", "--reason", "lop"), Exit.USAGE, "did you mean loop?"),
        (("agents", "away", "ana"), Exit.NO_SUCH, "did you mean anna?"),
        (("agents", "away", "anna", "--until", "soon"), Exit.USAGE, "soon"),
    ],
)
def test_what_makes_no_sense_is_refused_and_says_why(
    command: Command, config: Path, arguments: tuple[str, ...], code: Exit, because: str
) -> None:
    command("-c", config, "organisations", "add", "Kunde", "kunde.example")
    command("-c", config, "contacts", "add", "kim@kunde.example")
    ran = command("-c", config, *arguments)
    assert because in ran.err
    assert (ran.code, ran.out) == (code, "")


def test_an_organisation_goes_and_its_people_stay(command: Command, config: Path) -> None:
    command("-c", config, "organisations", "add", "Kunde GmbH", "kunde.example")
    command("-c", config, "contacts", "add", "kim@sales.kunde.example")
    edit = ("--rename", "Kunde AG", "--add-domain", "ag.example", "--remove-domain", "kunde.example", "--notes", "neu")
    assert command("-c", config, "organisations", "edit", "kunde gmbh", *edit).code == Exit.OK
    (listed,) = command("-c", config, "organisations", "list", "--json").answers
    assert (listed["name"], listed["domains"], listed["notes"], listed["contacts"]) == ("Kunde AG", ["ag.example"], "neu", 1)
    assert command("-c", config, "organisations", "remove", "Kunde AG").code == Exit.OK
    assert command("-c", config, "organisations", "list", "--json").answers == []
    assert command("-c", config, "contacts", "show", "kim@sales.kunde.example", "--json").answers[0]["organisation"] is None


def test_a_table_of_people_goes_in_and_comes_out_again(command: Command, config: Path, tmp_path: Path) -> None:
    command("-c", config, "organisations", "add", "Kunde GmbH", "kunde.example")
    command("-c", config, "contacts", "add", "old@kunde.example", "--name", "Old", "--notes", "stays")
    table = tmp_path / "people.csv"
    table.write_text(
        "\ufeffName;Adresse;weitere Adressen;Organisation;Typ;VIP;Notizen;Sprache\r\n"
        'Kim "K";kim@kunde.example;k@privat.example kim@b.example;;customer;ja;"eine; zwei\r\nZeilen";de\r\n'
        "\r\n"
        "New name;old@kunde.example;;Kunde GmbH;;;;\r\n"
        "'=1+1;formula@b.example;;;;nein;;\r\n",
        "utf-8",
    )
    ran = command("-c", config, "contacts", "import", table)
    assert (ran.code, ran.out, ran.err) == (Exit.OK, "3 contacts imported\n", "")
    (kim,) = command("-c", config, "contacts", "show", "k@privat.example", "--json").answers
    assert (kim["name"], kim["organisation"], kim["notes"]) == ('Kim "K"', "Kunde GmbH", "eine; zwei\r\nZeilen")
    (old,) = command("-c", config, "contacts", "show", "old@kunde.example", "--json").answers
    assert (old["name"], old["notes"]) == ("New name", "stays")
    for delimiter in ",;":
        exported = tmp_path / "exported.csv"
        exported.write_bytes(command("-c", config, "contacts", "export", "--delimiter", delimiter).out.encode())
        assert "'=1+1" in exported.read_text("utf-8"), "no spreadsheet takes a name for a formula"
        again = command("-c", config, "contacts", "import", exported, "--json")
        assert again.answers == [{"file": str(exported), "imported": 3, "changed": 0, "mistakes": []}]


def test_one_mistake_in_a_table_imports_nothing_and_every_mistake_has_its_line(
    command: Command, config: Path, tmp_path: Path
) -> None:
    command("-c", config, "contacts", "add", "one@b.example")
    command("-c", config, "contacts", "add", "two@b.example")
    table = tmp_path / "people.csv"
    table.write_text(
        "address,more addresses,vip,organisation\n"
        "good@b.example,,,\n"
        "bad,,,\n"
        "maybe@b.example,,maybe,\n"
        "lost@b.example,,,Nowhere\n"
        "GOOD@b.example,,,\n"
        "one@b.example,two@b.example,,\n"
        "anna@firma.example,,,\n"
        ",x@b.example,,\n"
        "long@b.example,,,,,,\n",
        "utf-8",
    )
    ran = command("-c", config, "contacts", "import", table)
    assert (ran.code, ran.out) == (Exit.DATA, "")
    wrong = [line.removeprefix(f"ticket-gateway: {table}:") for line in ran.err.splitlines()]
    assert [line.partition(":")[0] for line in wrong[:-1]] == ["3", "4", "5", "6", "7", "8", "9", "10"]
    assert "GOOD@b.example stands in line 2, too" in ran.err
    assert "contacts merge one@b.example two@b.example" in ran.err
    assert wrong[-1] == "ticket-gateway: 8 mistakes; nothing was imported"
    assert command("-c", config, "contacts", "list", "good", "--json").answers == []
    skipped = command("-c", config, "contacts", "import", table, "--skip-bad")
    assert (skipped.code, skipped.out) == (Exit.DATA, "1 contact imported; 8 lines left out\n")


@pytest.mark.parametrize(
    ("octets", "line", "because"),
    [
        (b"", 1, "empty"),
        (b"name,address\nKim,kim@b.example\nJ\xfcrgen,j@b.example\n", 3, "not UTF-8"),
        (b"name\nKim\n", 1, "no column `address`"),
        (b"address,colour\nk@b.example,red\n", 1, "no column 'colour'"),
        (b"address,address\nk@b.example,red\n", 1, "twice"),
        (b'address\n"k@b.example\n', 2, "no CSV"),
        (b"address\nk@b.example\0\n", 2, ""),
    ],
)
def test_a_table_that_is_none_is_refused(
    command: Command, config: Path, tmp_path: Path, octets: bytes, line: int, because: str
) -> None:
    table = tmp_path / "people.csv"
    table.write_bytes(octets)
    ran = command("-c", config, "contacts", "import", table, "--json")
    (mistake, *_) = ran.answers[0]["mistakes"]
    assert (ran.code, mistake["line"]) == (Exit.DATA, line)
    assert because in mistake["because"]
    assert command("-c", config, "contacts", "import", tmp_path / "none.csv").code == Exit.USAGE


def test_mail_of_an_address_a_domain_or_a_network_is_held_and_taken_again(command: Command, config: Path) -> None:
    for value in ("Chef@Bank.example", "@laut.example", "198.51.100.7/24", "2001:db8::1"):
        assert command("-c", config, "suspended", "block", value, "--why", "spam").code == Exit.OK
    blocks = command("-c", config, "suspended", "blocks", "--json").answers
    assert {(b["kind"], b["value"]) for b in blocks} == {
        ("address", "chef@bank.example"),
        ("domain", "laut.example"),
        ("network", "198.51.100.0/24"),
        ("network", "2001:db8::1/128"),
    }
    assert all(b["by"].startswith("operator ") and b["why"] == "spam" for b in blocks)
    for block in blocks:
        assert command("-c", config, "suspended", "unblock", block["value"]).code == Exit.OK
    assert command("-c", config, "suspended", "blocks").out == "Nobody is blocked.\n"


def test_suspended_mail_is_worked_by_what_it_has_in_common(command: Command, config: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    asyncio.run(fill(folder, received(1, "a@b.example"), received(2, "b@b.example", "alt")))
    asyncio.run(fill(folder, received(3, "c@b.example"), received(4, "d@b.example"), reason="over_limit"))
    assert command("-c", config, "suspended", "accept", "--all", "--reason", "over_limit", "--channel", "alt").out == (
        "Nothing like that waits.\n"
    )
    some = command("-c", config, "suspended", "reject", "--all", "--channel", "alt", "--json").answers
    assert [each["id"] for each in some] == [format_id(2)]
    assert len(command("-c", config, "suspended", "accept", "--all", "--reason", "over_limit", "--json").answers) == 2
    assert command("-c", config, "suspended", "block", format_id(1)).code == Exit.OK
    assert command("-c", config, "suspended", "blocks", "--json").answers[0]["value"] == "a@b.example"
    assert command("-c", config, "suspended", "list", "--json").answers == []
    assert "not suspended" in command("-c", config, "suspended", "block", format_id(1)).err


def test_agents_go_away_and_come_back(command: Command, config: Path) -> None:
    assert command("-c", config, "agents", "away", "anna", "--until", "2d").code == Exit.OK
    assert command("-c", config, "agents", "away", "bert").code == Exit.OK
    assert command("-c", config, "agents", "back", "bert").code == Exit.OK
    anna, bert = command("-c", config, "agents", "--json").answers
    assert (anna["agent"], anna["away"], bert["away"], anna["open_tickets"]) == ("anna", True, False, 0)
    assert anna["by"].startswith("operator ")
    assert "away until" in command("-c", config, "agents").out


def test_channels_say_who_gets_what(command: Command, config: Path) -> None:
    support, old = command("-c", config, "channels", "--json").answers
    assert support["intake"] == "support-firma@gw.firma.example"
    assert (support["also"], support["agents"], support["active"]) == (["hilfe@firma.example"], ["anna", "bert"], True)
    assert (old["policy"], old["active"]) == ("contacts", False)
    assert "hilfe@firma.example" in command("-c", config, "channels").out


def test_everything_about_a_person_is_handed_out_and_taken_away(command: Command, config: Path, tmp_path: Path) -> None:
    kim = Mailbox("Kim", Address.parse("kim@kunde.example"))
    picture = Content.of(b"a picture")
    ticket = Ticket(
        id=7,
        number="2026-000007",
        subject="Mein Drucker",
        status=TicketStatus.OPEN,
        priority=Priority.NORMAL,
        queue="support",
        channel="support",
        requester=kim,
        answer_from=Address.parse("support@firma.example"),
        language="de",
        created_at=NOW,
        updated_at=NOW,
        participants=(Participant(mailbox=kim, part=Part.REQUESTER, added_by="author"),),
    )
    attachment = StoredAttachment(filename="../../bild.png", content_type="image/png", size=9, sha256=picture.sha256)
    post = Post(
        id=8,
        ticket_id=7,
        visibility=Visibility.PUBLIC,
        side=Side.CUSTOMER,
        author=kim,
        text="Er brennt",
        created_at=NOW,
        attachments=(attachment,),
    )
    changes = Changes(new_tickets=(ticket,), posts=(post,), contents=(picture,))
    asyncio.run(fill(tmp_path / "data", received(5, "kim@kunde.example"), changes=changes))
    command("-c", config, "contacts", "add", "kim@kunde.example")
    handed = command("-c", config, "contacts", "dump", "kim@kunde.example", "--to", tmp_path / "kim.zip")
    assert (handed.code, handed.err) == (Exit.OK, "")
    with zipfile.ZipFile(tmp_path / "kim.zip") as archive:
        names = archive.namelist()
        person = json.loads(archive.read("person.json"))
        assert archive.read(f"received/{format_id(5)}.eml").endswith(b"Hello.\r\n")
        (picture_name,) = (name for name in names if name.startswith("attachments/"))
        assert archive.read(picture_name) == b"a picture"
        assert ".." not in picture_name.split("/")[1].split("-")[-1][:2]
        assert picture_name.count("/") == 1
    assert (person["tickets"][0]["subject"], person["posts"][0]["text"]) == ("Mein Drucker", "Er brennt")
    assert command("-c", config, "contacts", "dump", "kim@kunde.example", "--to", tmp_path / "kim.zip").code == Exit.CANNOT_WRITE
    assert command("-c", config, "contacts", "dump", "x@y.example", "--to", tmp_path / "x.zip").code == Exit.NO_SUCH
    assert not (tmp_path / "x.zip").exists()
    erased = command("-c", config, "contacts", "erase", "kim@kunde.example", "--yes", "--json").answers[0]
    assert (erased["tickets"], erased["posts"], erased["received"], erased["undecided"]) == (1, 1, 1, 0)
    assert command("-c", config, "contacts", "dump", "kim@kunde.example").code == Exit.NO_SUCH
    assert command("-c", config, "contacts", "erase", "kim@kunde.example", "--yes").code == Exit.NO_SUCH
    (stub,) = command("-c", config, "tickets", "list", "--json").answers
    assert (stub["number"], stub["subject"]) == ("2026-000007", "erased")


def test_nothing_is_erased_before_somebody_is_sure(command: Command, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command("-c", config, "contacts", "add", "kim@kunde.example")
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    ran = command("-c", config, "contacts", "erase", "kim@kunde.example")
    assert (ran.code, ran.err) == (Exit.FAILED, "ticket-gateway: nothing was erased\n")
    assert command("-c", config, "contacts", "show", "kim@kunde.example").code == Exit.OK
