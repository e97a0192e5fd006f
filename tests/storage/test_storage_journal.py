"""The records and the files of the intake journal."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.storage.journal import (
    FOLDER,
    Damaged,
    count_records,
    find_record,
    held,
    is_torn,
    keep_record,
    make_folder,
    pack,
    read_piece,
    remove_unfinished,
    segments,
    set_aside,
    set_aside_files,
)
from gateway.storage.journal_reader import waits_since
from gateway.storage.sqlite_accepting import NAMES, AcceptedRow
from tests.storage.journal_world import packed, write_segment

PIECE = 4 << 20


def row(number: int = 1, **values: object) -> AcceptedRow:
    """Return a row as the columns hold it."""
    usual: dict[str, object] = {
        "id": number,
        "delivery_key": f"delivery-{number}",
        "channel": "support",
        "state": "received",
        "received_at": "2026-03-04 05:06:07.000089",
        "content_sha256": "ab" * 32,
        "envelope": '{"reverse_path": null}',
        "evidence": "{}",
        "author_key": "kunde@kunde.example",
        "message_id": f"{number}@kunde.example",
        "subject": "Hallo",
        "deliveries": 0,
        "size": 5,
        "body": b"Hallo",
    }
    values = usual | values
    return tuple(values[name] for name in NAMES)


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
BODIES = st.none() | st.binary(max_size=60) | st.builds(lambda body: pack(row(body=body))[:-1], st.binary(max_size=20))
ROWS = st.builds(
    row,
    st.integers(1, 2**62),
    delivery_key=TEXTS,
    channel=TEXTS,
    envelope=TEXTS,
    evidence=TEXTS,
    author_key=st.none() | TEXTS,
    message_id=st.none() | TEXTS,
    subject=st.none() | TEXTS,
    size=st.integers(0, 2**40),
    body=BODIES,
)


def read_all(path: Path) -> list[AcceptedRow]:
    """Return every whole record, also behind damaged places."""
    rows: list[AcceptedRow] = []
    place = 0
    while True:
        try:
            piece = read_piece(path, place)
        except Damaged:
            piece = None
        if piece is not None and piece.rows:
            rows += piece.rows
            place = piece.end
            continue
        following = find_record(path, place)
        if following is None:
            return rows
        place = following


@pytest.mark.parametrize(
    "values",
    [
        {"author_key": None, "message_id": None, "subject": None},
        {"author_key": "", "message_id": "", "subject": ""},
        {"subject": "="},
        {"body": b"", "size": 0},
        {"body": None, "size": 100_000},
        {"body": b"\0" * 1000},
        {"body": pack(row(99)) * 3},
        {"body": bytes(range(256))},
        {"body": b"\0tg\0tg0\0tg00\0tg1\0t\0tg"},
        {"subject": "Grüße, 日本語, 🔥, \u2028, \ufffd", "channel": "büro"},
        {"subject": 'a "quoted" \\ word,\r\n\tand {another}'},
        {"id": 2**63 - 1, "deliveries": 7},
    ],
    ids="-".join,
)
def test_row_comes_back_as_it_was_written(values: dict[str, object], tmp_path: Path) -> None:
    written = [row(1, **values), row(2)]
    path = write_segment(tmp_path, packed(written))
    piece = read_piece(path, 0)
    assert list(piece.rows) == written
    assert piece.end == path.stat().st_size
    assert read_piece(path, piece.end).rows == ()


def test_record_larger_than_a_piece_comes_back_whole_and_so_does_what_follows(tmp_path: Path) -> None:
    written = [row(1), row(2, envelope="x" * (PIECE + 1)), row(3)]
    path = write_segment(tmp_path, packed(written))
    first = read_piece(path, 0)
    rest = read_piece(path, first.end)
    assert [*first.rows, *rest.rows] == written


def test_long_segment_is_read_in_pieces_without_a_gap(tmp_path: Path) -> None:
    written = [row(number, body=b"%d" % number * 10_000) for number in range(1000, 1250)]
    path = write_segment(tmp_path, packed(written))
    assert path.stat().st_size > 2 * PIECE
    read: list[AcceptedRow] = []
    place = 0
    while (piece := read_piece(path, place)).rows:
        assert piece.end - place <= PIECE
        read += piece.rows
        place = piece.end
    assert read == written
    assert count_records([path]) == len(written)


@settings(max_examples=150)
@given(rows=st.lists(ROWS, min_size=1, max_size=4), data=st.data())
def test_cut_segment_gives_the_whole_records_before_the_cut_and_nothing_else(
    rows: list[AcceptedRow], data: st.DataObject
) -> None:
    octets = packed(rows)
    cut = data.draw(st.integers(0, len(octets)))
    whole, end = [], 0
    for each in rows:
        if end + len(pack(each)) > cut:
            break
        whole.append(each)
        end += len(pack(each))
    with TemporaryDirectory() as name:
        path = write_segment(Path(name), octets[:cut])
        piece = read_piece(path, 0)
        assert (list(piece.rows), piece.end) == (whole, end)
        assert is_torn(path, end), "it is the beginning of a record"
        assert count_records([path]) == len(whole)


@settings(max_examples=150)
@given(rows=st.lists(ROWS, min_size=1, max_size=4), zeros=st.integers(1, 100))
def test_zeros_at_the_end_are_a_torn_end(rows: list[AcceptedRow], zeros: int) -> None:
    octets = packed(rows)
    with TemporaryDirectory() as name:
        path = write_segment(Path(name), octets + bytes(zeros))
        assert list(read_piece(path, 0).rows) == rows
        assert is_torn(path, len(octets))
        assert find_record(path, len(octets)) is None


@settings(max_examples=300)
@given(rows=st.lists(ROWS, min_size=1, max_size=4), data=st.data())
def test_changed_octet_never_makes_a_row_that_was_not_written(rows: list[AcceptedRow], data: st.DataObject) -> None:
    octets = bytearray(packed(rows))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    ends = [sum(len(pack(each)) for each in rows[: number + 1]) for number in range(len(rows))]
    victim = next(number for number, end in enumerate(ends) if place < end)
    with TemporaryDirectory() as name:
        path = write_segment(Path(name), bytes(octets))
        assert read_all(path) == [each for number, each in enumerate(rows) if number != victim]


@settings(max_examples=300)
@given(octets=st.binary(max_size=200))
@example(pack(row())[:4] + b"\xff" * 40)
@example(pack(row())[:3])
def test_any_octets_are_read_or_called_damaged(octets: bytes) -> None:
    with TemporaryDirectory() as name:
        path = write_segment(Path(name), octets)
        assert read_all(path) == []
        assert count_records([path]) == 0
        is_torn(path, 0)


def test_record_that_stands_in_the_body_of_a_damaged_one_is_no_mail(tmp_path: Path) -> None:
    forged = row(66, evidence='{"assurance": "proven"}')
    octets = bytearray(packed([row(1, body=b"Subject: x\r\n\r\n" + pack(forged) + b"\r\n"), row(2)]))
    octets[20] ^= 1
    assert read_all(write_segment(tmp_path, bytes(octets))) == [row(2)]


# -------------------------------------------------------------------------------------------------------- files


def test_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    assert make_folder(tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert make_folder(tmp_path / "data") == tmp_path / "data" / FOLDER


def test_where_no_folder_is_there_are_no_segments(tmp_path: Path) -> None:
    assert (segments(tmp_path), set_aside_files(tmp_path)) == ((), ())
    assert not waits_since(tmp_path, 2e10)


def test_segments_are_listed_oldest_first_and_nothing_else_is(tmp_path: Path) -> None:
    paths = [write_segment(tmp_path, b"", number=number) for number in (10**12, 9, 100)]
    (tmp_path / FOLDER / "1-1-1.beginning").touch()
    set_aside(write_segment(tmp_path, b"", number=3))
    assert segments(tmp_path) == (paths[1], paths[2], paths[0])
    assert [path.suffix for path in set_aside_files(tmp_path)] == [".aside"]


def test_held_segment_is_nobody_elses(tmp_path: Path) -> None:
    path = write_segment(tmp_path, b"12345")
    with held(path) as size:
        assert size == 5
        with held(path) as again:
            assert again is None
    with held(path) as size:
        assert size == 5


def test_mail_that_no_table_takes_can_be_read_from_its_file_and_displaces_no_other(tmp_path: Path) -> None:
    rows = [row(5), row(5, delivery_key="another/with\nodd characters"), row(6)]
    kept = [keep_record(tmp_path, each) for each in (*rows, rows[0])]
    assert kept[3] == kept[0], "the same mail once more is the same file"
    assert set(set_aside_files(tmp_path)) == set(kept)
    assert sorted(read_piece(path, 0).rows[0] for path in set(kept)) == sorted(rows)


def test_segments_that_are_removed_meanwhile_hold_no_mail(tmp_path: Path) -> None:
    path = write_segment(tmp_path, packed([row(1), row(2)]))
    assert count_records([path, path.with_name("gone.segment")]) == 2


def test_what_was_begun_by_a_process_that_died_is_removed_and_nothing_else(tmp_path: Path) -> None:
    left, segment = make_folder(tmp_path) / "1-1-1.beginning", write_segment(tmp_path, packed([row()]))
    left.touch()
    remove_unfinished(tmp_path, older_than_seconds=3600)
    assert left.exists(), "somebody may just be at it"
    remove_unfinished(tmp_path, older_than_seconds=-1)
    assert not left.exists()
    assert segment.exists()


def test_mail_waits_as_long_as_its_segment_gets_none(tmp_path: Path) -> None:
    path = write_segment(tmp_path, packed([row()]))
    changed = path.stat().st_ctime
    assert not waits_since(tmp_path, changed - 1)
    assert waits_since(tmp_path, changed + 1)
    path.unlink()
    assert not waits_since(tmp_path, changed + 1)
