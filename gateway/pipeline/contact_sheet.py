"""People as a table that spreadsheets read and write (CSV, RFC 4180): `;` or `,`, UTF-8 with or without a byte order mark. Pure.

Names come from mail of strangers, and a spreadsheet takes what begins with `=` for a formula: such cells leave behind an
apostrophe, which reading takes away again.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address
from gateway.people import Contact
from gateway.pipeline.wishes import Person, PersonLine

COLUMNS: Final = ("name", "address", "more addresses", "organisation", "type", "vip", "notes", "language")
_ALSO: Final = {
    "adresse": "address",
    "e-mail": "address",
    "email": "address",
    "weitere adressen": "more addresses",
    "firma": "organisation",
    "organization": "organisation",
    "typ": "type",
    "notizen": "notes",
    "sprache": "language",
}
_YES: Final = frozenset({"yes", "y", "ja", "j", "true", "1", "x"})
_NO: Final = frozenset({"no", "n", "nein", "false", "0"})
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_MARK: Final = "\ufeff"
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What stands in a file."""

    lines: tuple[PersonLine, ...]
    mistakes: tuple[tuple[int, str], ...]
    """With the line each stands in, counted from 1."""


def read_sheet(octets: bytes) -> Sheet:
    """Read a file of people; never raises, whatever it is."""
    try:
        text = octets.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        return Sheet(lines=(), mistakes=((line, "not UTF-8; save the table as `CSV UTF-8`"),))
    rows = _rows(text)
    lines: list[PersonLine] = []
    mistakes: list[tuple[int, str]] = []
    columns: Sequence[str] | None = None
    for line, cells, wrong in rows:
        if wrong is not None:
            mistakes.append((line, wrong))
        elif columns is None:
            columns, wrong_columns = _read_header(cells)
            mistakes += [(line, why) for why in wrong_columns]
            if wrong_columns:
                break
        else:
            person, wrong_cells = _read_person(dict(zip(columns, cells, strict=False)), spare=len(cells) - len(columns))
            mistakes += [(line, why) for why in wrong_cells]
            lines += [PersonLine(line=line, person=person)] if person is not None else []
    if columns is None and not mistakes:
        mistakes.append((1, "the file is empty; its first line names the columns: " + ", ".join(COLUMNS)))
    return Sheet(lines=tuple(lines), mistakes=tuple(mistakes))


def _rows(text: str) -> Iterator[tuple[int, list[str], str | None]]:
    """Yield the line each row begins in, its cells, and what is wrong with it; empty rows are passed over."""
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, [], f"no CSV: {error}"
            return
        if any(cell.strip() for cell in cells):
            yield line, [_plain(cell) for cell in cells], None


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(("'", *_FORMULA)) else cell


def _read_header(cells: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    names = tuple(_ALSO.get(cell.casefold(), cell.casefold()) for cell in cells)
    wrong = [f"there is no column {name!r}; there are: {', '.join(COLUMNS)}" for name in names if name and name not in COLUMNS]
    wrong += [f"the column {name!r} stands there twice" for name in COLUMNS if names.count(name) > 1]
    if "address" not in names:
        wrong.append("there is no column `address`")
    return names, wrong


def _read_person(cells: Mapping[str, str], *, spare: int) -> tuple[Person | None, list[str]]:
    """Read a row; an empty cell says nothing."""
    wrong = ["more cells than columns"] if spare > 0 else []
    wrong += [f"{name}: too long" for name, cell in cells.items() if len(cell) > _LONGEST]
    written = [cells.get("address", ""), *_split(cells.get("more addresses", ""))]
    addresses: list[Address] = []
    for text in written:
        try:
            addresses.append(Address.parse(text))
        except InvalidAddress:
            wrong.append(f"{text[:80]!r} is not a mail address" if text else "no address")
    vip = cells.get("vip", "").casefold()
    if vip and vip not in _YES | _NO:
        wrong.append(f"vip: {vip[:20]!r} is neither yes nor no")
    if wrong:
        return None, wrong
    person = Person(
        addresses=tuple(addresses),
        name=cells.get("name") or None,
        organisation=cells.get("organisation") or None,
        type=cells.get("type") or None,
        is_vip=(vip in _YES) if vip else None,
        notes=cells.get("notes") or None,
        language=(cells.get("language") or "").casefold() or None,
    )
    return person, []


def _split(cell: str) -> list[str]:
    return cell.replace(",", " ").replace(";", " ").split()


def write_sheet(contacts: Iterable[Contact], organisations: Mapping[int, str], *, delimiter: str = ",") -> Iterator[str]:
    """Yield the lines of a file of people, the header first; `organisations` are names by id."""
    yield _line(COLUMNS, delimiter)
    for contact in contacts:
        first, *more = map(str, contact.addresses)
        organisation = organisations.get(contact.organisation_id, "") if contact.organisation_id is not None else ""
        vip = "yes" if contact.is_vip else "no"
        cells = (contact.name or "", first, " ".join(more), organisation, contact.type or "", vip, contact.notes)
        yield _line([_harmless(cell) for cell in (*cells, contact.language or "")], delimiter)


def _harmless(cell: str) -> str:
    quoted = cell.startswith("'") and cell[1:].startswith(("'", *_FORMULA))
    return f"'{cell}" if quoted or cell.startswith(_FORMULA) else cell


def _line(cells: Sequence[str], delimiter: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
