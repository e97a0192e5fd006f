"""Conditions on what a mail says and who wrote it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from typing_extensions import override

from gateway.mail.addresses import Address
from gateway.mail.message import Attachment
from gateway.pipeline.rules.arguments import Addresses, AttachmentArgument, DomainNames, HeaderArgument, Words
from gateway.pipeline.rules.condition import Condition, Contains, Match, Matches, OneOf, short
from gateway.pipeline.rules.patterns import Pattern
from gateway.pipeline.rules.situation import Situation, Stage
from gateway.pipeline.rules.words import comparable

_MOST_LABELS: Final = 20


class SubjectContains(Contains):
    """One of these texts stands in the subject. Upper and lower case, kinds of blanks and line breaks make no difference."""

    stage = Stage.HEADER

    @override
    def texts(self, situation: Situation) -> Iterable[str]:
        return (situation.subject,)


class SubjectMatches(Matches):
    """One of these patterns occurs in the subject. Its groups may fill fields: `{1}`, or `{name}` of `(?P<name>…)`."""

    stage = Stage.HEADER

    @override
    def text(self, situation: Situation) -> str:
        return situation.subject


class BodyContains(Contains):
    """One of these texts stands in what the author wrote; what is quoted below it does not count."""

    stage = Stage.CONTENT

    @override
    def texts(self, situation: Situation) -> Iterable[str]:
        return (situation.body,)


class BodyMatches(Matches):
    """One of these patterns occurs in what the author wrote. Its groups may fill fields."""

    stage = Stage.CONTENT

    @override
    def text(self, situation: Situation) -> str:
        return situation.body


@dataclass(frozen=True, slots=True)
class HasAttachment(Condition):
    """`true`: something is attached; pictures inside the text do not count. Or what one of the attachments must be like."""

    stage: ClassVar[Stage] = Stage.CONTENT
    argument: ClassVar[Any] = bool | AttachmentArgument
    wanted: bool
    like: AttachmentArgument | None = None

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(argument) if isinstance(argument, bool) else cls(True, argument)

    @override
    def holds(self, situation: Situation) -> Match | None:
        attached = [each for each in situation.attachments if not each.inline]
        found = next((each for each in attached if self._is_like(each)), None)
        if found is not None and self.wanted:
            return Match(f"{found.filename or found.detected_type} is attached")
        return None if found is not None or self.wanted else Match("nothing is attached")

    @override
    def describe(self) -> str:
        if self.like is None:
            return "something is attached" if self.wanted else "nothing is attached"
        said = [f"type {' or '.join(self.like.type)}"] if self.like.type else []
        said += [f"name {' or '.join(self.like.name)}"] if self.like.name else []
        said += [f"more than {self.like.larger_than} octets"] if self.like.larger_than is not None else []
        return f"an attachment has {' and '.join(said)}"

    def _is_like(self, attachment: Attachment) -> bool:
        like = self.like
        if like is None:
            return True
        types = {attachment.detected_type.lower(), attachment.detected_type.lower().partition("/")[0] + "/*"}
        name = (attachment.filename or "").casefold()
        return (
            (like.type is None or any(each.lower() in types for each in like.type))
            and (like.name is None or any(name.endswith(each.casefold()) for each in like.name))
            and (like.larger_than is None or attachment.content.size > like.larger_than)
        )


@dataclass(frozen=True, slots=True)
class HeaderIs(Condition):
    """A header field is there, has this value, contains this text, or matches this pattern, whose groups may fill fields."""

    stage: ClassVar[Stage] = Stage.HEADER
    argument: ClassVar[Any] = HeaderArgument
    wanted: HeaderArgument
    pattern: Pattern | None = None

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(argument, Pattern.of(argument.matches) if argument.matches is not None else None)

    @override
    def holds(self, situation: Situation) -> Match | None:
        values = situation.message.all_headers(self.wanted.name) if situation.message is not None else ()
        for value in values:
            captured = self._captured(value, situation)
            if captured is not None:
                return Match(self.describe(), captured)
        return None

    def _captured(self, value: str, situation: Situation) -> Mapping[str, str] | None:
        """Return what the groups hold; None where the value is another one."""
        if self.pattern is not None:
            return self.pattern.search(value)
        said = situation.comparable.of(value)
        if self.wanted.value is not None and said != comparable(self.wanted.value):
            return None
        return None if self.wanted.contains is not None and comparable(self.wanted.contains) not in said else {}

    @override
    def describe(self) -> str:
        wanted = self.wanted
        how = (("is", wanted.value), ("contains", wanted.contains), ("matches", wanted.matches))
        said = next((f" {verb} `{short(text)}`" for verb, text in how if text is not None), " is there")
        return f"header {wanted.name}{said}"


class Language(OneOf):
    """The language, such as `de`: what the mail's Content-Language says, else the ticket's, else the channel's."""

    stage = Stage.HEADER
    argument = Words

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        said = situation.message.header("content-language") if situation.message is not None else None
        return (((said or situation.language).split(",")[0].split("-")[0]).strip().casefold(),)


class AuthorIs(OneOf):
    """The author is one of these addresses. Whoever filled in a declared form counts, too; nothing here is proof of who it is."""

    stage = Stage.HEADER
    argument = Addresses

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        return (author.address.key for author in situation.authors)


class AuthorContains(Contains):
    """One of these texts stands in the author's name or address."""

    stage = Stage.HEADER

    @override
    def texts(self, situation: Situation) -> Iterable[str]:
        return (str(author) for author in situation.authors)


class AuthorDomain(OneOf):
    """The author's address lies in one of these domains, or below it."""

    stage = Stage.HEADER
    argument = DomainNames

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        for author in situation.authors:
            labels = author.address.key.rpartition("@")[2].split(".")[-_MOST_LABELS:]
            yield from (".".join(labels[start:]) for start in range(len(labels)))


class RecipientIs(OneOf):
    """It came to one of these addresses: the envelope's, or the one it was sent to before it was forwarded."""

    stage = Stage.HEADER
    argument = Addresses

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        return (address.key for address in (*_envelope_recipients(situation), *situation.original_recipients[:1]))


class AnyRecipientIs(OneOf):
    """One of these addresses is among all recipients that can be seen: To, Cc and the envelope's."""

    stage = Stage.HEADER
    argument = Addresses

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        message = situation.message
        seen = (*message.to, *message.cc) if message is not None else ()
        return (address.key for address in (*_envelope_recipients(situation), *(mailbox.address for mailbox in seen)))


def _envelope_recipients(situation: Situation) -> Iterable[Address]:
    return (recipient.address for recipient in situation.envelope.recipients) if situation.envelope is not None else ()
