"""`explain`: why would this mail become that? Reads mails, changes nothing, prints one answer per mail, in order.

Several mails are under way at once, each with a DNS cache of its own; the answers are printed in the order of the questions.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.app import Gateway, open_gateway, utc_now
from gateway.cli.exits import Exit
from gateway.cli.explain_jobs import Job
from gateway.cli.explain_json import describe_decision, describe_mail, describe_refusal
from gateway.cli.explain_mail import Explained, Explainer
from gateway.cli.explain_story import tell_story
from gateway.cli.output import print_error, print_text, to_json
from gateway.config import Config, load_config, sample_config
from gateway.errors import StorageUnavailable
from gateway.evidence.observe import Observer
from gateway.evidence.resolver import NoDns

_AT_ONCE: Final = 6
"""Mails under way; most of the time each of them waits for the DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to explain."""

    config: Path | None
    """None: the built-in sample."""
    as_json: bool
    uses_dns: bool


def explain_jobs(jobs: Iterator[Job], wishes: Wishes) -> Exit:
    """Explain every mail. Raises ConfigError before anything is printed."""
    config = load_config(wishes.config, needs_secrets=False) if wishes.config else sample_config()
    return asyncio.run(_explain_all(jobs, config, wishes))


async def _explain_all(jobs: Iterator[Job], config: Config, wishes: Wishes) -> Exit:
    code = Exit.OK
    async with AsyncExitStack() as stack:
        gateway = await _open(config, stack, is_sample=wishes.config is None)
        await gateway.workers.start()
        explainer = Explainer(gateway, observer_of=_observers(config, uses_dns=wishes.uses_dns), clock=utc_now)
        async for explained in _in_order(jobs, explainer):
            _show(explained, as_json=wishes.as_json)
            code = code or explained.exit_code
    return code


async def _open(config: Config, stack: AsyncExitStack, *, is_sample: bool) -> Gateway:
    """Open the configured database read-only, or an empty one where there is none yet."""
    if not is_sample:
        try:
            return await stack.enter_async_context(open_gateway(config, read_only=True))
        except StorageUnavailable as error:
            print_error(f"explaining without the database: {error}")
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ticket-gateway-"))
    empty = config.model_copy(update={"data": Path(folder), "database": "sqlite"})
    return await stack.enter_async_context(open_gateway(empty))


def _observers(config: Config, *, uses_dns: bool) -> Callable[[Job], Observer]:
    """Return a maker of observers that remember nothing."""

    def make(job: Job) -> Observer:
        settings = config.resolver
        if job.resolver is not None:
            settings = settings.model_copy(update={"servers": [job.resolver]})
        return Observer(settings, dns=None if uses_dns else NoDns())

    return make


async def _in_order(jobs: Iterator[Job], explainer: Explainer) -> AsyncIterator[Explained]:
    """Yield the answers in the order of the questions, each as soon as it is there, with a few mails under way at once."""
    under_way: asyncio.Queue[asyncio.Task[Explained] | None] = asyncio.Queue(_AT_ONCE)

    async def ask() -> None:
        while (
            job := await asyncio.to_thread(next, jobs, None)
        ) is not None:  # the next question may be typed only after an answer
            await under_way.put(asyncio.create_task(_explain_one(job, explainer)))
        await under_way.put(None)

    asking = asyncio.create_task(ask())
    while (task := await under_way.get()) is not None:
        yield await task
    await asking


async def _explain_one(job: Job, explainer: Explainer) -> Explained:
    if not job.file:
        return Explained(job=job, error=job.error, exit_code=Exit.DATA)
    try:
        return await explainer.explain(job)
    except OSError as error:
        return Explained(job=job, error=f"cannot be read: {error.strerror or error}", exit_code=Exit.NO_INPUT)


def _show(explained: Explained, *, as_json: bool) -> None:
    if not as_json:
        tell_story(explained)
        return
    decision = None
    if explained.decision is not None:
        decision = describe_decision(explained.decision)
    elif explained.refusal is not None:
        decision = describe_refusal(reason=explained.refusal.reason, because=explained.refusal.because)
    answer = describe_mail(
        explained.job.file, reading=explained.reading, evidence=explained.evidence, decision=decision, error=explained.error
    )
    print_text(to_json(answer) + "\n")
