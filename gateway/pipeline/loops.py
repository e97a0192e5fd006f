"""The breaker between machines: how much automatic mail goes out in an hour, whoever decided that it should.

Who sends too much, or the same on one ticket, is held (`senders.calm_flood`); who sends the same as new matters is taken, but not
answered (`steps.why_no_answer`). Beyond that every decision about a mail passes `hush`, about a timer `hush_timer`; they take
away the automatic mail beyond the caps. A cap that is reached opens a breaker for an hour: one note on the ticket, one line to
the admins, then silence. So two gateways, or a gateway and an autoresponder without any marker, come to rest.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.mail.addresses import Address
from gateway.people import Timer, TimerKind
from gateway.pipeline.case import Case
from gateway.pipeline.effects import (
    AUTOMATIC,
    AddNote,
    AskToConfirm,
    Effect,
    OpenTicket,
    SendVerification,
    SendWelcome,
    SetTimer,
    TellAgent,
)
from gateway.pipeline.facts import TOLD_PURPOSES, Facts, Traffic, whom_to_ask
from gateway.pipeline.freemail import FREE_MAIL_DOMAINS
from gateway.pipeline.notices import automatic_mail_stops
from gateway.pipeline.policy import Policy
from gateway.tickets import TraceLine

BREAKER_TIME: Final = timedelta(hours=1)


def flood_key(author: str) -> str:
    """Return the key of the breaker that opens when somebody writes too much; `author` is an `Address.key`."""
    return f"breaker flood {author}"


def breaker_keys(recipient: Address, channel: str) -> dict[str, str]:
    """Return the key of each breaker that stands before an automatic mail, by what it counts."""
    keys = {"correspondent": f"breaker correspondent {recipient.key}", "channel": f"breaker channel {channel}"}
    if recipient.domain not in FREE_MAIL_DOMAINS:
        keys["domain"] = f"breaker domain {recipient.domain}"
    return keys


def hush(case: Case, effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects without automatic mail beyond the caps, and a line of the trace where there was such mail."""
    way = way_of(case, effects)
    if way is None:
        loud = tuple(effect for effect in effects if not isinstance(effect, AUTOMATIC))
        because = "no automatic mail: an agent opened the ticket for somebody else, who hears from that agent"
        return loud, (TraceLine(step="hush", hit=True, because=because),) if len(loud) < len(effects) else ()
    has_ticket = case.facts.ticket is not None or any(isinstance(effect, OpenTicket) for effect in effects)
    return _hush(effects, way, case.policy, case.facts.now, has_ticket=has_ticket)


def hush_timer(
    way: Traffic | None, effects: Sequence[Effect], policy: Policy, now: datetime
) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Do the same with what a timer does; its automatic mail goes to the requester of its ticket, who is at the end of `way`."""
    return (tuple(effects), ()) if way is None else _hush(effects, way, policy, now, has_ticket=True)


def hush_mailbox(case: Case, effects: Sequence[Effect]) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    """Return the effects without one more word to an agent whose mailbox seems to answer by itself."""
    token, cap = case.facts.token, case.policy.loops.replies_per_agent_and_day
    if token is None or token.outbound.purpose not in TOLD_PURPOSES or case.facts.told_in_last_day < cap:
        return tuple(effects), ()
    kept = tuple(effect for effect in effects if not _goes_back(effect, case.facts.agent))
    because = f"{case.facts.agent} is not told: {case.facts.told_in_last_day} such mails in the last day, and {cap} are allowed"
    return kept, (TraceLine(step="hush_mailbox", hit=True, because=because),) if len(kept) < len(effects) else ()


def _goes_back(effect: Effect, agent: str | None) -> bool:
    is_refusal = isinstance(effect, TellAgent) and not effect.is_done
    return is_refusal or (isinstance(effect, AskToConfirm) and effect.agent == agent)


def way_of(case: Case, effects: Sequence[Effect]) -> Traffic | None:
    """Return where the automatic mail of a decision goes: on a ticket that there was to its requester, else to the author.

    None where an agent begins a ticket for somebody else: they hear from the agent, and nobody counted what else they got.
    """
    author = case.facts.to_author or Traffic(to=case.requester.address, channel=case.mail.channel)
    opened = next((effect for effect in effects if isinstance(effect, OpenTicket)), None)
    if opened is not None:
        return author if opened.requester.address.key == author.to.key else None
    if any(isinstance(effect, SendVerification | SendWelcome) for effect in effects):
        return author
    return case.facts.to_requester or author


def _hush(
    effects: Sequence[Effect], way: Traffic, policy: Policy, now: datetime, *, has_ticket: bool
) -> tuple[tuple[Effect, ...], tuple[TraceLine, ...]]:
    wanted = sum(isinstance(effect, AUTOMATIC) for effect in effects)
    if not wanted:
        return tuple(effects), ()
    full = _full_cap(way, policy, wanted)
    if full is None:
        return tuple(effects), (TraceLine(step="hush", hit=False, because="no cap on automatic mail is reached"),)
    loud = tuple(effect for effect in effects if not isinstance(effect, AUTOMATIC))
    line = TraceLine(step="hush", hit=True, because=f"no automatic mail: {full.because}")
    return (*loud, *_open_breaker(way, policy, full, now, has_ticket=has_ticket)), (line,)


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


def _full_cap(way: Traffic, policy: Policy, wanted: int) -> _FullCap | None:
    loops = policy.loops
    caps = {
        "correspondent": (way.to_correspondent, loops.per_correspondent_and_hour, str(way.to)),
        "domain": (way.to_domain, loops.per_domain_and_hour, way.to.domain),
        "channel": (way.on_channel, loops.per_channel_and_hour, way.channel),
    }
    for scope in breaker_keys(way.to, way.channel):
        count, cap, name = caps[scope]
        if count + wanted > cap:
            return _FullCap(scope=scope, name=name, count=count, cap=cap)
    return None


def _open_breaker(way: Traffic, policy: Policy, full: _FullCap, now: datetime, *, has_ticket: bool) -> tuple[Effect, ...]:
    """Say it once: further mails while the breaker is open are silent about it."""
    key = breaker_keys(way.to, way.channel)[full.scope]
    if key in way.open_breakers:
        return ()
    notice = automatic_mail_stops(full.scope, full.name, count=full.count, cap=full.cap)
    note = (AddNote(text=notice.text.to(policy.channels[way.channel].language), by="gateway"),) if has_ticket else ()
    timer = Timer(key=key, kind=TimerKind.BREAKER, due_at=now + BREAKER_TIME)
    return (*note, notice.to(policy.operators_language(way.channel)), SetTimer(timer=timer))


@dataclass(slots=True, kw_only=True)
class Tally:
    """What mails decided just before, in the same batch, will have sent: their rows are not written yet."""

    sent: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    """Questions by agent."""
    breakers: set[str] = field(default_factory=set)

    def with_earlier(self, case: Case) -> Facts:
        """Return the facts of a case as they will be once the earlier ones are written."""
        facts = case.facts
        return replace(
            facts,
            to_author=self._add_earlier(facts.to_author),
            to_requester=self._add_earlier(facts.to_requester),
            questions_in_last_hour=facts.questions_in_last_hour
            + max((self.asked[agent] for agent in whom_to_ask(facts.agent, facts.ticket, case.policy)), default=0),
        )

    def _add_earlier(self, way: Traffic | None) -> Traffic | None:
        if way is None:
            return None
        keys = breaker_keys(way.to, way.channel)
        return replace(
            way,
            to_correspondent=way.to_correspondent + self.sent[keys["correspondent"]],
            to_domain=way.to_domain + self.sent[keys.get("domain", "")],
            on_channel=way.on_channel + self.sent[keys["channel"]],
            open_breakers=way.open_breakers | self.breakers,
        )

    def add(self, case: Case, effects: Sequence[Effect]) -> None:
        """Count what a decision sends."""
        number = sum(isinstance(effect, AUTOMATIC) for effect in effects)
        way = way_of(case, effects)
        if way is not None:
            self.sent.update(dict.fromkeys(breaker_keys(way.to, way.channel).values(), number))
        self.asked.update(effect.agent for effect in effects if isinstance(effect, AskToConfirm))
        self.breakers |= {e.timer.key for e in effects if isinstance(e, SetTimer) and e.timer.kind is TimerKind.BREAKER}
