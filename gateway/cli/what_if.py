"""`what-if`: what would have become of stored mail under another configuration? Changes nothing.

Each mail is decided twice, under the configuration that is in force and under the other one, with its stored bytes and evidence
and the same facts: what differs is due to the configuration alone. `docs/rules.md` says what it cannot know.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.app import Gateway, open_gateway, utc_now
from gateway.cli.exits import Exit
from gateway.cli.output import counted, print_json, print_rows, print_text, progress_bar
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import NotFound, WrongCommand
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.decide import decide
from gateway.pipeline.ended import Ended, ended_at_the_door
from gateway.pipeline.facts import Facts
from gateway.pipeline.gather import gather_facts
from gateway.pipeline.journey import ReadMail, make_case
from gateway.pipeline.policy import Policy
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.understand import circumstances_of, give_up_reading, understand
from gateway.pipeline.worker import WorkerFailed
from gateway.section import parse_seconds
from gateway.states import ReceivedState
from gateway.storage.received import ReceivedSummary
from gateway.storage.transaction import Reader

_PAGE: Final = 200
_COMPARED: Final = ("outcome", "reason", "queue", "priority", "category", "tags", "status", "assignee", "notify", "answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One mail that would have gone differently."""

    mail: ReceivedSummary
    before: Ended
    after: Ended

    @property
    def words(self) -> tuple[str, ...]:
        """What differs, such as `queue: support → accounting`."""
        pairs = ((key, getattr(self.before, key), getattr(self.after, key)) for key in _COMPARED)
        return tuple(f"{key}: {_say(old)} → {_say(new)}" for key, old, new in pairs if old != new)


def what_if(path: Path, other: Path, *, since: str, as_json: bool) -> Exit:
    """Print every mail of that time that would have gone differently.

    Raises:
        ConfigError: one of the configurations is wrong.
        WrongCommand: `since` is no duration.
    """
    try:
        seconds = parse_seconds(since)
    except ValueError as error:
        raise WrongCommand(str(error)) from None
    if not isinstance(seconds, float):
        message = f"{since!r} is not a duration; write one such as 7d"
        raise WrongCommand(message)
    config, new = load_config(path, needs_secrets=False), load_config(other, needs_secrets=False)
    replayed, differences = asyncio.run(_compare(config, new, since=utc_now() - timedelta(seconds=seconds)))
    if as_json:
        for difference in differences:
            print_json(_describe(difference))
        return Exit.OK
    columns = ("received", "from", "subject", "would differ", "because")
    rows = [
        (
            f"{each.mail.received_at:%Y-%m-%d %H:%M}",
            each.mail.author or "nobody",
            each.mail.subject or "",
            "\n".join(each.words),
            each.after.because,
        )
        for each in differences
    ]
    print_rows(
        "What would have gone differently", columns, rows, empty="Nothing would have gone differently.", spare=("because",)
    )
    print_text(f"{counted(replayed, 'mail')} replayed, {len(rows)} would have gone differently. Nothing was changed.\n")
    return Exit.OK


async def _compare(config: Config, new: Config, *, since: datetime) -> tuple[int, list[Difference]]:
    differences: list[Difference] = []
    async with open_gateway(config, read_only=True) as gateway:
        await gateway.workers.start()
        policy = new.policy()
        summaries = [summary async for summary in _received(gateway, since)]
        with progress_bar() as bar:
            task = bar.add_task("replaying", total=len(summaries))
            for summary in reversed(summaries):
                difference = await _replay(summary, gateway, policy)
                differences += [difference] if difference is not None else []
                bar.advance(task)
    return len(summaries), differences


async def _received(gateway: Gateway, since: datetime) -> AsyncIterator[ReceivedSummary]:
    """Yield all mail since then, newest first; what operators released or rejected is part of it."""
    before: int | None = None

    def read_page(tx: Reader) -> tuple[ReceivedSummary, ...]:
        return tx.received.list(limit=_PAGE, before=before)

    while page := await gateway.database.read(read_page):
        for summary in page:
            if summary.received_at < since:
                return
            yield summary
        before = page[-1].id


async def _replay(summary: ReceivedSummary, gateway: Gateway, new: Policy) -> Difference | None:
    try:
        stored = await gateway.database.read(lambda tx: tx.received.get(summary.id))
    except (NotFound, OSError):
        return None  # erased in the meantime
    mail = replace(stored, state=ReceivedState.RECEIVED, waiver=None)
    if mail.channel not in gateway.policy.channels:
        return None
    before = await _decide(mail, gateway, gateway.policy)
    if mail.channel in new.channels:
        after = await _decide(mail, gateway, new)
    else:
        after = Ended(outcome="refuse", reason="unknown_recipient", because=f"there is no channel {mail.channel} any more")
    difference = Difference(mail=summary, before=before, after=after)
    return difference if difference.words else None


async def _decide(mail: ReceivedMail, gateway: Gateway, policy: Policy) -> Ended:
    refused = ended_at_the_door(mail, policy)
    if refused is not None:
        return refused
    circumstances = circumstances_of(mail, policy)
    reading = await _read(mail, circumstances, gateway)
    now = mail.envelope.received_at

    def gather(tx: Reader) -> Facts:
        return as_of_then(gather_facts(tx, mail, reading, policy=policy, keys=gateway.keys, now=now))

    facts = await gateway.database.read(gather)
    case = await make_case(ReadMail(mail=mail, reading=reading), facts, replace(gateway.road(), policy=policy))
    return Ended.of(decide(case), ticket=facts.ticket, channel=mail.channel, policy=policy, now=now)


async def _read(mail: ReceivedMail, circumstances: Circumstances, gateway: Gateway) -> Reading:
    try:
        return await gateway.workers.run(understand, mail.content, circumstances, gateway.keys, None)
    except WorkerFailed as failure:
        return give_up_reading(mail, str(failure))


def as_of_then(facts: Facts) -> Facts:
    """Take out of today's facts what the mail itself, or something after it, brought: its ticket, its contact, counters."""
    ticket = facts.ticket
    if ticket is not None and ticket.created_at >= facts.now:
        facts = replace(facts, ticket=None, part=None, posts=(), is_only_open=False, is_matched_by_token=False)
    if facts.contact is not None and facts.contact.created_at >= facts.now:
        facts = replace(facts, contact=None)
    return replace(
        facts,
        newer_answer=None,
        to_author=None,
        to_requester=None,
        mails_in_last_hour=0,
        alike_in_last_hour=0,
        alike_on_ticket_in_last_day=0,
        alike_in_last_week=0,
        questions_in_last_hour=0,
        notices_in_last_hour=0,
    )


def _say(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _describe(difference: Difference) -> dict[str, Any]:
    mail = difference.mail
    return {
        "id": mail.id,
        "received_at": mail.received_at.isoformat(),
        "channel": mail.channel,
        "author": mail.author,
        "subject": mail.subject,
        "differs": list(difference.words),
        "before": asdict(difference.before),
        "after": asdict(difference.after),
    }
