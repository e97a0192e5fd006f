"""Suspended mail, worked by mail: the list that goes out, and what is made of an answer to it.

Whenever a mail is suspended, a timer for the list and one for the expiry are set; the timers do the rest (`timers.py`). Numbers
in an answer mean what they mean on that list alone. Accepting takes the mail up again with its own evidence and date.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final, assert_never
from zoneinfo import ZoneInfo

from gateway.mail.outbound import Purpose
from gateway.people import Block, BlockKind, Timer, TimerKind
from gateway.pipeline import sayings_suspended
from gateway.pipeline.agents import hold_for_agent
from gateway.pipeline.case import Case, Hit, Miss
from gateway.pipeline.effects import BlockSender, Effect, RejectMail, ReleaseMail, SetTimer, TellAgent
from gateway.pipeline.facts import is_same_person
from gateway.pipeline.gate import accepted_on_list, find_doubt, is_confirmed_by
from gateway.pipeline.policy import Policy
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.received_line import ReceivedLine
from gateway.pipeline.said import Said
from gateway.pipeline.settings import ChannelSettings, DigestInterval
from gateway.states import ReceivedState

DIGEST_KEY: Final = "digest"
EXPIRY_KEY: Final = "expiry"
_MOST_NUMBERS: Final = 1000
_ALL: Final = frozenset({"all", "alle", "alles"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One word and the numbers behind it."""

    verb: str
    """`accept`, `reject`, `block` or `spam`."""
    number: int


_VERBS: Final = {
    "accept": "accept",
    "annehmen": "accept",
    "reject": "reject",
    "ablehnen": "reject",
    "verwerfen": "reject",
    "block": "block",
    "sperren": "block",
    "spam": "spam",
}


def work_suspended(case: Case) -> Hit | Miss:
    """Do what an agent answers to a list of suspended mail; if one line is wrong, nothing is done."""
    token, agent = case.facts.token, case.facts.agent
    if token is None or token.outbound.purpose is not Purpose.DIGEST:
        return Miss("it does not answer a list of suspended mail")
    if agent is None or not is_same_person(token.outbound.recipient, case.requester.address, case.policy):
        return Miss("the list went to somebody else")
    if agent not in case.policy.suspended.to:
        because = f"{agent} works suspended mail no more"
        return _tell(case, agent, (sayings_suspended.works_no_more(),), is_done=False, because=because)
    doubt = None if is_confirmed_by(case, agent) else find_doubt(case, agent)
    if doubt is not None:
        return hold_for_agent(case, agent, Reason.AGENT_UNCONFIRMED, doubt)
    listed = case.facts.listed
    orders, wrong = read_orders(case.reading.reply.visible, listed)
    if wrong:
        return _tell(case, agent, wrong, is_done=False, because=wrong[0].en)
    effects: list[Effect] = []
    told: list[Said] = []
    for order in orders:
        mail = listed[order.number]
        if mail.state is not ReceivedState.SUSPENDED:
            told.append(sayings_suspended.no_longer_waits(order.number, mail.state))
            continue
        effects += _carry_out(order, mail, agent, case)
        told.append(sayings_suspended.worked(order.number, order.verb))
    because = f"{agent} worked the list: {', '.join(f'{o.verb} {o.number}' for o in orders)}"
    return _tell(case, agent, told, is_done=True, because=because, effects=tuple(effects))


def read_orders(text: str, listed: Mapping[int, ReceivedLine]) -> tuple[tuple[Order, ...], tuple[Said, ...]]:
    """Read `accept 3 5`, `reject 4-6`, `spam all` line by line, down to the first line that is none of these."""
    orders: dict[int, Order] = {}
    wrong: list[Said] = []
    for line in text.split("\n"):
        words = line.replace(",", " ").replace(";", " ").strip(" \t.*_").casefold().split()
        if not words:
            continue
        verb = _VERBS.get(words[0].rstrip(":"))
        if verb is None:
            if not orders and not wrong:
                wrong.append(sayings_suspended.unknown_order(line.strip()[:60]))
            break
        numbers, bad = _numbers(words[1:], listed)
        wrong += bad
        for number in numbers:
            if number in orders and orders[number].verb != verb:
                wrong.append(sayings_suspended.two_orders(number))
            orders[number] = Order(verb=verb, number=number)
    if not orders and not wrong:
        wrong.append(sayings_suspended.unknown_order(""))
    return tuple(orders.values()), tuple(wrong)


def _numbers(words: list[str], listed: Mapping[int, ReceivedLine]) -> tuple[list[int], list[Said]]:
    if not words:
        return [], [sayings_suspended.order_without_number()]
    numbers: list[int] = []
    wrong: list[Said] = []
    for word in words[:_MOST_NUMBERS]:
        if word in _ALL:
            numbers += listed
            continue
        first, dash, last = word.partition("-")
        if not _is_number(first) or (dash and not _is_number(last)):
            wrong.append(sayings_suspended.no_number(word[:20]))
            continue
        wanted = range(int(first), int(last if dash else first) + 1)
        if not wanted or wanted[0] not in listed or wanted[-1] not in listed:
            wrong.append(sayings_suspended.not_on_list(word[:20]))
            continue
        numbers += (number for number in wanted if number in listed)
    return numbers, wrong


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= len(str(_MOST_NUMBERS))


def _carry_out(order: Order, mail: ReceivedLine, agent: str, case: Case) -> Iterator[Effect]:
    match order.verb:
        case "accept":
            yield ReleaseMail(received_id=mail.id, by=accepted_on_list(agent))
        case "reject":
            yield RejectMail(received_id=mail.id, by=agent, old=mail.state)
        case "spam":
            yield RejectMail(received_id=mail.id, by=f"{agent}: spam", old=mail.state)
        case "block":
            yield RejectMail(received_id=mail.id, by=agent, old=mail.state)
            if mail.author is not None:
                why = f"number {order.number} on a list"
                yield BlockSender(block=Block(kind=BlockKind.ADDRESS, value=mail.author, at=case.facts.now, by=agent, why=why))
        case _:
            message = f"no verb {order.verb}"
            raise AssertionError(message)


def _tell(case: Case, agent: str, said: Sequence[Said], *, is_done: bool, because: str, effects: tuple[Effect, ...] = ()) -> Hit:
    language = case.language_of(agent)
    hint = "\n".join(sentence.to(language) for sentence in said)
    tell = TellAgent(agent=agent, reason=Reason.SUSPENDED_WORKED, hint=hint, is_done=is_done)
    return Hit(outcome=Outcome.RECORD, reason=Reason.SUSPENDED_WORKED, because=because, effects=(*effects, tell))


# ---------------------------------------------------------------------------------------------------------- the timers


def timers_of_suspension(reason: Reason, channel: ChannelSettings, policy: Policy, now: datetime) -> tuple[SetTimer, ...]:
    """Return what must fall due because a mail is suspended now: the next list, and the end of this day's mail.

    For mail of a blocked sender alone no list goes out: whoever blocked them does not want to hear of them. Nor does one for mail
    of a channel that stands on no list.
    """
    settings = policy.suspended
    timers = []
    is_news = reason is not Reason.BLOCKED_SENDER and channel.sends(Purpose.DIGEST)
    if settings.to and is_news and settings.digest is not DigestInterval.OFF:
        due = next_digest(settings.digest, settings.at, ZoneInfo(policy.texts.timezone), now)
        timers.append(Timer(key=DIGEST_KEY, kind=TimerKind.DIGEST, due_at=due))
    if settings.expire_days:
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        due = day + timedelta(days=settings.expire_days + 1)
        timers.append(Timer(key=f"{EXPIRY_KEY} {day:%Y-%m-%d}", kind=TimerKind.EXPIRY, due_at=due))
    return tuple(SetTimer(timer=timer) for timer in timers)


def next_digest(interval: DigestInterval, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return when the list goes out that a mail suspended now stands on."""
    match interval:
        case DigestInterval.AT_ONCE | DigestInterval.OFF:
            return now
        case DigestInterval.HOURLY:
            return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        case DigestInterval.DAILY:
            local = now.astimezone(zone)
            due = local.replace(hour=at.hour, minute=at.minute, second=0, microsecond=0)
            return (due if due > local else due + timedelta(days=1)).astimezone(now.tzinfo)
        case _:
            assert_never(interval)
