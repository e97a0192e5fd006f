"""Conditions on what is known around a mail or a ticket: evidence, kind, people, the ticket, the time."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from typing_extensions import override

from gateway.pipeline.rules.arguments import Assurances, Kinds, TicketArgument, Words
from gateway.pipeline.rules.condition import Condition, Match, OneOf, YesOrNo
from gateway.pipeline.rules.situation import Situation, Stage
from gateway.pipeline.rules.spam import read_spam_score
from gateway.tickets import Ticket


class Channel(OneOf):
    """It belongs to one of these channels."""

    stage = Stage.ENVELOPE
    argument = Words

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        return (situation.channel,)


class AssuranceIs(OneOf):
    """How sure we are of the author's domain: `proven`, `vouched`, `unproven` or `contradicted`."""

    stage = Stage.EVIDENCE
    argument = Assurances

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        return (situation.assurance,) if situation.assurance is not None else ()


class KindIs(OneOf):
    """What sort of mail it is, such as `ordinary`, `mailing_list` or `auto_generated`."""

    stage = Stage.CONTENT
    argument = Kinds

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        return (situation.kind,) if situation.kind is not None else ()


@dataclass(frozen=True, slots=True)
class SpamScore(Condition):
    """The company's spam filter gave it at least so many points.

    They stand in X-Spam-Score, X-Spam-Status, X-Rspamd-Score or X-Spamd-Result. Only mail that a declared forwarder or our own
    mail server handed over counts, of that only what this last hop wrote, and of several fields the worst.
    """

    stage: ClassVar[Stage] = Stage.HEADER
    argument: ClassVar[Any] = float
    least: float

    @classmethod
    @override
    def is_early(cls) -> bool:
        return False  # what a forwarder brings is never refused

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(float(argument))

    @override
    def holds(self, situation: Situation) -> Match | None:
        if situation.message is None or not situation.is_from_forwarder:
            return None
        score = read_spam_score(situation.message)
        return Match(f"the spam filter gave it {score:g}") if score is not None and score >= self.least else None

    @override
    def describe(self) -> str:
        return f"the spam filter gave it {self.least:g} or more"


class ContactKnown(YesOrNo):
    """`true`: the author is among the contacts already."""

    stage = Stage.DATABASE

    @override
    def is_so(self, situation: Situation) -> bool:
        return situation.contact is not None


class ContactType(OneOf):
    """The author, or the author's organisation, is of one of these types, such as `customer`."""

    stage = Stage.DATABASE
    argument = Words

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        known = (situation.contact, situation.organisation)
        return (each.type.casefold() for each in known if each is not None and each.type is not None)


class ContactVip(YesOrNo):
    """`true`: the author, or the author's organisation, is a VIP."""

    stage = Stage.DATABASE

    @override
    def is_so(self, situation: Situation) -> bool:
        return any(each.is_vip for each in (situation.contact, situation.organisation) if each is not None)


class ContactOrganisation(OneOf):
    """The author belongs to one of these organisations, by name or by one of its mail domains."""

    stage = Stage.DATABASE
    argument = Words

    @override
    def values(self, situation: Situation) -> Iterable[str]:
        organisation = situation.organisation
        return (organisation.name.casefold(), *organisation.domains) if organisation is not None else ()


@dataclass(frozen=True, slots=True)
class TicketHas(Condition):
    """The ticket has this queue, status, priority, tag, category or assignee.

    It is looked at as it will be with what the rules before this one said. A mail that begins a matter has a ticket, too: the one
    it is about to open.
    """

    stage: ClassVar[Stage] = Stage.DATABASE
    argument: ClassVar[Any] = TicketArgument
    wanted: TicketArgument

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(argument)

    @override
    def holds(self, situation: Situation) -> Match | None:
        ticket = situation.ticket
        if ticket is None:
            return None
        said = self.wanted.model_dump(exclude_none=True)
        found = {name: next((v for v in _values(ticket, name) if v in _folded(said[name])), None) for name in said}
        if None in found.values():
            return None
        return Match("the ticket has " + " and ".join(f"{name} {value}" for name, value in found.items()))

    @override
    def describe(self) -> str:
        said = self.wanted.model_dump(exclude_none=True)
        return "the ticket has " + " and ".join(f"{name} {' or '.join(map(str, values))}" for name, values in said.items())


def _values(ticket: Ticket, name: str) -> tuple[str, ...]:
    values = ticket.tags if name == "tag" else (getattr(ticket, name),)
    return tuple(str(value).casefold() for value in values if value is not None)


def _folded(words: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(word).casefold() for word in words)


@dataclass(frozen=True, slots=True)
class BusinessHours(Condition):
    """It is now `inside` or `outside` of business hours. Where no hours are configured, it is always inside."""

    stage: ClassVar[Stage] = Stage.ENVELOPE
    argument: ClassVar[Any] = Literal["inside", "outside"]
    inside: bool

    @classmethod
    @override
    def of(cls, argument: Any) -> Self:
        return cls(argument == "inside")

    @override
    def holds(self, situation: Situation) -> Match | None:
        return Match(self.describe()) if situation.is_open is self.inside else None

    @override
    def describe(self) -> str:
        return f"it is {'inside' if self.inside else 'outside'} of business hours"
