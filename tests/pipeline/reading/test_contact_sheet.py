"""People as a table: whatever a spreadsheet or a stranger puts into it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.addresses import Address
from gateway.people import Contact
from gateway.pipeline.contact_sheet import COLUMNS, read_sheet, write_sheet

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=20).map(str.strip)
LOCALS = st.from_regex(r"[a-z0-9=+_-]{1,10}", fullmatch=True)
ADDRESSES = st.lists(LOCALS.map(lambda local: Address(local, "kunde.example")), min_size=1, max_size=3, unique=True)


@given(st.binary(max_size=200))
def test_any_bytes_are_people_or_mistakes_and_never_a_fault(octets: bytes) -> None:
    sheet = read_sheet(octets)
    assert sheet.mistakes or all(line.person.addresses for line in sheet.lines)
    last = octets.count(b"\n") + octets.count(b"\r") + 1
    assert all(1 <= line <= last for line, _ in sheet.mistakes)


@given(name=WORDS, addresses=ADDRESSES, kind=WORDS, notes=WORDS, is_vip=st.booleans(), delimiter=st.sampled_from([",", ";"]))
def test_whoever_is_exported_comes_back_the_same(
    *, name: str, addresses: list[Address], kind: str, notes: str, is_vip: bool, delimiter: str
) -> None:
    contact = Contact(
        id=1,
        name=name or None,
        addresses=tuple(addresses),
        created_at=datetime(2026, 11, 2, tzinfo=UTC),
        organisation_id=7,
        type=kind or None,
        is_vip=is_vip,
        notes=notes,
        language="de",
    )
    text = "".join(write_sheet([contact], {7: "Kunde GmbH"}, delimiter=delimiter))
    sheet = read_sheet(text.encode())
    assert sheet.mistakes == ()
    (line,) = sheet.lines
    person = line.person
    assert (line.line, person.addresses, person.organisation) == (2, contact.addresses, "Kunde GmbH")
    assert (person.name, person.type, person.notes or "", person.is_vip) == (contact.name, contact.type, notes, is_vip)


@pytest.mark.parametrize("name", ["=1+1", "+49 30 1234", "-1", "@SUM(A1)", "'=1+1"])
def test_no_spreadsheet_takes_a_name_of_a_stranger_for_a_formula(name: str) -> None:
    contact = Contact(id=1, name=name, addresses=(Address("a", "b.example"),), created_at=datetime(2026, 11, 2, tzinfo=UTC))
    header, line = write_sheet([contact], {})
    assert header == ",".join(COLUMNS) + "\r\n"
    assert line.startswith(f"'{name}")
    assert read_sheet((header + line).encode()).lines[0].person.name == name


def test_a_mistake_names_the_line_its_row_begins_in() -> None:
    sheet = read_sheet(b'name,address\n"two\nlines",a@b.example\n\nKim,nobody\n')
    assert [line.line for line in sheet.lines] == [2]
    assert [line for line, _ in sheet.mistakes] == [5]
