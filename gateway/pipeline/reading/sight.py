"""What the checks of `kind` look at in a mail: its header fields, subject and text, each brought into shape once."""

import re
from functools import cached_property
from typing import Final

from gateway.mail.message import Message
from gateway.mail.reading import Bounce
from gateway.pipeline.reading import phrases_automatic as phrases
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.header_index import HeaderIndex
from gateway.pipeline.reading.lines import plain_line

_READ_TEXT: Final = 3000


class Sight:
    """What the checks look at, each thing brought into shape once."""

    def __init__(self, message: Message, circumstances: Circumstances, bounces: tuple[Bounce, ...]) -> None:
        self.message = message
        self.circumstances = circumstances
        self.bounces = bounces
        self.headers = HeaderIndex(message)

    def header(self, name: str) -> str:
        """Return a field in lower case, empty where there is none."""
        value = self.headers.first(name.lower())
        return value.strip().lower() if value else ""

    @cached_property
    def subject(self) -> str:
        """The subject in plain form."""
        return plain_line((self.message.subject or "")[:1000])

    @cached_property
    def text(self) -> str:
        """The beginning of the text in plain form."""
        return plain_line(self.message.text[:_READ_TEXT])

    @cached_property
    def report_type(self) -> str:
        """Of a multipart/report its type (RFC 6522), empty for anything else."""
        value = self.header("Content-Type")
        if not value.startswith("multipart/report"):
            return ""
        match = re.search(r"report-type\s{0,4}=\s{0,4}\"?([\w-]{1,60})", value[:2000])
        return match[1] if match else "unknown"

    @cached_property
    def local_part(self) -> str:
        """The author's local part, without what follows a plus sign."""
        mailboxes = self.message.from_
        return mailboxes[0].address.local.casefold().partition("+")[0].strip("\"' ") if mailboxes else ""

    @cached_property
    def has_null_reverse_path(self) -> bool:
        """The envelope says so, or the front MTA wrote it down."""
        known = self.circumstances
        return known.reverse_path_is_null or (known.reverse_path is None and self.header("Return-Path") == "<>")

    @cached_property
    def speaks_of_absence(self) -> bool:
        """Subject, text or the program itself say that somebody is away."""
        says = starts_with_phrase(self.subject, phrases.ABSENCE_SUBJECTS) or "vacation" in self.header("Auto-Submitted")
        return bool(says) or self.tells_of_absence

    @cached_property
    def tells_of_absence(self) -> bool:
        """The text says that somebody is away."""
        text = self.text.replace("out of office hours", "").replace("out-of-office hours", "")
        return any(phrase in text for phrase in phrases.ABSENCE_TEXTS)

    def has_part(self, *types: str) -> bool:
        """Tell whether an attachment claims one of some types."""
        return any(a.content_type.lower() in types for a in self.message.attachments)


def starts_with_phrase(subject: str, starts: tuple[str, ...]) -> str:
    """Return the phrase a subject begins with, before a sign or its end; empty where it goes on with more words."""
    bare = subject.lstrip("[(*# ")
    if not bare.startswith(starts):
        return ""
    for phrase in starts:
        if bare.startswith(phrase):
            tail = bare[len(phrase) :]
            rest = tail.lstrip()
            if not rest or rest[0] in ":|]):：,!*." or tail.startswith((" -", " –", " —")) or rest.startswith(("re:", "aw:")):  # noqa: RUF001
                return phrase
    return ""
