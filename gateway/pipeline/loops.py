"""The breaker between machines: how much automatic mail goes out in an hour, whoever decided that it should.

Every decision passes `hush`, which takes away the automatic mail beyond the caps. A cap that is reached opens a breaker for an
hour: one note on the ticket, one line to the admins, then silence. So two gateways, or a gateway and an autoresponder without any
marker, come to rest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from gateway.mail import Address
from gateway.people import Timer, TimerKind
from gateway.pipeline.case import Case
from gateway.pipeline.effects import AUTOMATIC, AddNote, Effect, OpenTicket, SetTimer
from gateway.pipeline.facts import Facts
from gateway.pipeline.freemail import FREE_MAIL_DOMAINS
from gateway.pipeline.notices import automatic_mail_stops
from gateway.tickets import TraceLine

BREAKER_TIME: Final = timedelta(hours=1)


def breaker_keys(recipient: Address, channel: str) -> dict[str, str]:
    """Return the key of each breaker that stands before an automatic mail, by what it counts."""
    keys = {"correspondent": f"breaker correspondent {recipient.key}", "channel": f"breaker channel {channel}"}
    if recipient.domain not in FREE_MAIL_DOMAINS:
        keys["domain"] = f"breaker domain {recipient.domain}"
    return keys


def hush(case: Case, effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects without automatic mail beyond the caps, and a line of the trace where there was such mail."""
    wanted = sum(isinstance(effect, AUTOMATIC) for effect in effects)
    if not wanted:
        return tuple(effects), ()
    full = _full_cap(case, wanted)
    if full is None:
        return tuple(effects), (TraceLine(step="hush", hit=False, because="no cap on automatic mail is reached"),)
    key = breaker_keys(case.requester.address, case.mail.channel)[full.scope]
    loud = tuple(effect for effect in effects if not isinstance(effect, AUTOMATIC))
    line = TraceLine(step="hush", hit=True, because=f"no automatic mail: {full.because}")
    return (*loud, *_open_breaker(case, key, full, loud)), (line,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FullCap:
    """A cap that is reached: on what, how much there was, how much there may be."""

    scope: str
    name: str
    count: int
    cap: int

    @property
    def because(self) -> str:
        name = f"the channel {self.name}" if self.scope == "channel" else self.name
        return f"{name} had {self.count} in the last hour, and {self.cap} are allowed"


def _full_cap(case: Case, wanted: int) -> _FullCap | None:
    facts, loops = case.facts, case.policy.loops
    address = case.requester.address
    caps = {
        "correspondent": (facts.automatic_mails_in_last_hour, loops.per_correspondent_and_hour, str(address)),
        "domain": (facts.automatic_to_domain_in_last_hour, loops.per_domain_and_hour, address.domain),
        "channel": (facts.automatic_on_channel_in_last_hour, loops.per_channel_and_hour, case.mail.channel),
    }
    for scope in breaker_keys(address, case.mail.channel):
        count, cap, name = caps[scope]
        if count + wanted > cap:
            return _FullCap(scope=scope, name=name, count=count, cap=cap)
    return None


def _open_breaker(case: Case, key: str, full: _FullCap, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """Say it once: further mails while the breaker is open are silent about it."""
    if key in case.facts.open_breakers:
        return ()
    notice = automatic_mail_stops(full.scope, full.name, count=full.count, cap=full.cap)
    has_ticket = case.facts.ticket is not None or any(isinstance(effect, OpenTicket) for effect in effects)
    note = (AddNote(text=notice.text.to(case.channel.language), by="gateway"),) if has_ticket else ()
    timer = Timer(key=key, kind=TimerKind.BREAKER, due_at=case.facts.now + BREAKER_TIME)
    return (*note, notice.to(case.policy.operators_language(case.mail.channel)), SetTimer(timer=timer))


@dataclass(slots=True)
class Tally:
    """What mails decided just before, in the same batch, will have sent: their rows are not written yet."""

    sent: Counter[str] = field(default_factory=Counter)
    breakers: set[str] = field(default_factory=set)

    def with_earlier(self, facts: Facts, recipient: Address, channel: str) -> Facts:
        """Return the facts as they will be once the earlier ones are written."""
        keys = breaker_keys(recipient, channel)
        return replace(
            facts,
            automatic_mails_in_last_hour=facts.automatic_mails_in_last_hour + self.sent[keys["correspondent"]],
            automatic_to_domain_in_last_hour=facts.automatic_to_domain_in_last_hour + self.sent[keys.get("domain", "")],
            automatic_on_channel_in_last_hour=facts.automatic_on_channel_in_last_hour + self.sent[keys["channel"]],
            open_breakers=facts.open_breakers | self.breakers,
        )

    def add(self, effects: Sequence[Effect], recipient: Address, channel: str) -> None:
        """Count what a decision sends."""
        number = sum(isinstance(effect, AUTOMATIC) for effect in effects)
        self.sent.update(dict.fromkeys(breaker_keys(recipient, channel).values(), number))
        self.breakers |= {e.timer.key for e in effects if isinstance(e, SetTimer) and e.timer.kind is TimerKind.BREAKER}
