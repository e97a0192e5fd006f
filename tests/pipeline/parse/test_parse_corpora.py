"""Mail that nobody here wrote: every one becomes a message, quickly, and no part of it is lost.

The first corpus is fetched when the test runs and kept outside of the repository; the second one comes with CPython, where the
interpreter on this machine brings its tests along.
"""

import email
import email.message
import hashlib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.mail.message import Message
from gateway.pipeline.reading.charsets import decode_text
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.stubs import is_stub
from tests.needs import miss, spam_assassin_mails

_WORD = re.compile(r"[^\W_]{4,}")
_TAG = re.compile(r"<[^<>]*>")
_FILE = re.compile(r"^begin 6\d\d .*?^end$", re.MULTILINE | re.DOTALL)
_FRAME = {"BEGIN", "SIGNED", "MESSAGE", "Hash", "SHA1", "begin"}
"""The frame of PGP armour and uuencode, which the text is shown without."""


@pytest.fixture(scope="module")
def spam_assassin() -> list[Path]:
    return spam_assassin_mails()


def leaves(part: email.message.Message) -> Iterator[email.message.Message]:
    """Yield the leaves as the standard library sees them: an implementation that is not ours."""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list):
        for child in payload:
            assert isinstance(child, email.message.Message)
            yield from leaves(child)
    else:
        yield part


def lost_leaves(content: bytes, message: Message) -> Iterator[str]:
    """Name every leaf of a mail that is neither attached nor in the text or HTML of the message."""
    digests = {a.content.sha256 for a in message.attachments}
    types = {a.content_type for a in message.attachments}
    attached = b"\n".join(a.content.read() for a in message.attachments)
    words = set(_WORD.findall(f"{message.text} {message.html or ''} {decode_text(attached)}")) | _FRAME
    for leaf in leaves(email.message_from_bytes(content)):
        body = leaf.get_payload(decode=True)
        kind = leaf.get_content_type()
        if not isinstance(body, bytes) or not body.strip() or hashlib.sha256(body).hexdigest() in digests:
            continue
        if kind.startswith("multipart/") or (kind == "application/ms-tnef" and (message.text or message.attachments)):
            continue  # broken so that the library does not split it; winmail.dat was opened
        if not kind.startswith("text/"):
            if kind not in types:  # base64 so broken that the library leaves it as it is
                yield kind
            continue
        text = decode_text(body, str(leaf.get_param("charset", "")))
        if message.html is not None and (kind == "text/html" or text.lstrip().startswith("<") or is_stub(text)):
            continue
        missing = set(_WORD.findall(_TAG.sub(" ", _FILE.sub("", text)))) - words
        if len(missing) > 2:  # parameters of enriched text; octets that two readers decode in two ways
            yield f"{kind}: {sorted(missing)[:5]}"


def check_mails(files: list[Path]) -> None:
    faults: list[str] = []
    for file in files:
        content = file.read_bytes()
        begun = time.process_time()
        message = parse_message(content)
        seconds = time.process_time() - begun
        if message.error is not None:
            faults.append(f"{file.name}: {message.error}")
        if seconds > 2:
            faults.append(f"{file.name}: {seconds:.1f} s")
        faults += [f"{file.name}: lost {lost}" for lost in lost_leaves(content, message)]
        f"{message.text}{message.subject}{message.html}".encode()
    assert not faults, "\n".join(faults)


def test_six_thousand_real_mails_are_read_and_nothing_is_lost(spam_assassin: list[Path]) -> None:
    assert len(spam_assassin) == 6046
    check_mails(spam_assassin)


def test_mails_of_the_interpreters_own_tests_are_read() -> None:
    folder = Path(os.__file__).parent / "test" / "test_email" / "data"
    mails = sorted(folder.glob("*.txt"))
    if not mails:
        miss("this interpreter comes without its tests")
    check_mails(mails)
