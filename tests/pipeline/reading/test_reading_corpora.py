"""Mail that nobody here wrote is read without a fault, without losing a line, and nothing quoted ever counts as certain."""

import importlib.util
import re
import time
from collections import Counter
from pathlib import Path

from gateway.mail.reading import Kind, Reading
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message
from tests.needs import miss, spam_assassin_mails

_QUOTED = re.compile(r"^>|^-+ ?Original Message ?-+|^On .{8,80} wrote:$", re.MULTILINE)


def words_of(lines: str) -> Counter[str]:
    return Counter(line for line in lines.split("\n") if line.strip())


def read_files(files: list[Path]) -> list[tuple[Path, Reading]]:
    read: list[tuple[Path, Reading]] = []
    for file in files:
        message = parse_message(file.read_bytes())
        begun = time.process_time()
        reading = read_message(message)
        assert time.process_time() - begun < 1, file.name
        reply = reading.reply
        assert words_of(message.text) == words_of(reply.visible) + words_of(reply.quoted) + words_of(reply.signature), file.name
        assert not (reply.is_certain and _QUOTED.search(message.text)), file.name
        read.append((file, reading))
    return read


def test_six_thousand_real_mails_are_read() -> None:
    read = read_files(spam_assassin_mails())
    kinds = Counter(reading.kind for _, reading in read)
    assert len(read) > 6000
    assert kinds[Kind.BOUNCE] == 6
    assert kinds[Kind.MAILING_LIST] > 3000
    assert kinds[Kind.ORDINARY] > 2000
    assert sum(kinds[kind] for kind in (Kind.LOOP, Kind.FORWARDING_CONFIRMATION)) == 0
    assert all(reading.respond is False for _, reading in read if reading.kind is not Kind.ORDINARY)
    split = [reading for _, reading in read if reading.reply.quoted]
    assert len(split) > 1500
    assert sum(not reading.reply.visible.strip() for reading in split) < len(split) / 50


def test_mails_of_the_interpreter_are_read() -> None:
    found = importlib.util.find_spec("test.test_email")
    if found is None or found.origin is None:
        miss("this interpreter comes without its tests")
    files = sorted((Path(found.origin).parent / "data").glob("*.txt"))
    assert len(read_files(files)) > 40
