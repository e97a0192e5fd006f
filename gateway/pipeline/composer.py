"""Preparing what decisions write (`prepare_changes`) in a process of its own, so that the desk's interpreter is free to decide.

The composer makes mails from values only and never reads one: that is what the workers are for, which it waits for in no way. It
has what a `Desk` has, keys included, from one configuration to the next; each batch brings its scenes, the time, and reserved
ids. Whatever goes wrong with it (it dies, it takes too long), the batch is prepared here after all.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import structlog

from gateway.evidence.signing import DkimSigner
from gateway.ids import IdSource, format_id
from gateway.pickling import learn
from gateway.pipeline import apply, effects, facts, tokens
from gateway.pipeline.apply import Scene, prepare_changes
from gateway.pipeline.effects import Decision
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.policy import Policy
from gateway.pipeline.settings import ParseSettings
from gateway.pipeline.spooling import HELD, discard_held
from gateway.pipeline.templates import Templates
from gateway.pipeline.tokens import KeyRing
from gateway.pipeline.worker import Failure, WorkerFailed, Workers, settle_memory
from gateway.tickets import Changes

log: Final = structlog.get_logger()

Task = tuple[Scene, Decision]
PrepareAll = Callable[[Sequence[Task], Desk, Callable[[], Awaitable[None]]], Awaitable[list[Changes]]]

_IDS_OF_A_TASK: Final = 1000
"""More than any decision uses; one that wants more is prepared where there is no end to them."""

learn(apply, effects, facts, tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outfit:
    """What a desk needs that stays the same from batch to batch."""

    policy: Policy
    keys: KeyRing
    templates: Templates
    signers: Mapping[str, DkimSigner]
    spool: Path | None

    def is_for(self, desk: Desk) -> bool:
        mine = (self.policy, self.keys, self.templates, self.signers)
        return all(one is other for one, other in zip(mine, (desk.policy, desk.keys, desk.templates, desk.signers), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered:
    """An outfit, and the number by which the composer knows it."""

    number: int
    outfit: _Outfit


async def prepare_here(tasks: Sequence[Task], desk: Desk, pause: Callable[[], Awaitable[None]]) -> list[Changes]:
    """Return what each decision writes; `pause` is awaited after each."""
    changes = []
    for scene, decision in tasks:
        changes.append(prepare_changes(scene, decision, desk))
        await pause()
    return changes


class Composer:
    """The other process. Use as an asynchronous context manager, or call `start` and `stop`."""

    def __init__(self, settings: ParseSettings, *, spool: Path | None = None) -> None:
        """Take the limits, which are those of a worker, and where large mails are put; without it they are held in memory."""
        self._process = Workers(settings.model_copy(update={"workers": 1}), prepare=_warm_up, title="composer")
        self._spool = spool
        self._numbered: _Numbered | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the process. Raises WorkerFailed."""
        await self._process.start()

    async def stop(self) -> None:
        """End it."""
        await self._process.stop()

    async def prepare_all(self, tasks: Sequence[Task], desk: Desk, pause: Callable[[], Awaitable[None]]) -> list[Changes]:
        """Return what each decision writes; what is wrong with templates is added to the desk's problems."""
        if not tasks:
            return []
        ids = desk.ids.reserve(_IDS_OF_A_TASK * len(tasks))
        held_as = f"{HELD}{format_id(desk.ids.next())}-"
        try:
            prepared = await self._ask(tasks, desk.now, self._outfit_for(desk), ids, held_as)
        except WorkerFailed as failure:
            log.warning("composer.failed", error=str(failure), mails=len(tasks))
            try:
                return await prepare_here(tasks, replace(desk, spool=self._spool), pause)
            finally:
                if self._spool is not None:  # by now it is dead, or has done with this batch
                    await asyncio.to_thread(discard_held, self._spool, held_as)
        desk.problems.extend(prepared.problems)
        return prepared.changes

    def _outfit_for(self, desk: Desk) -> _Numbered:
        known = self._numbered
        if known is None or not known.outfit.is_for(desk):
            outfit = _Outfit(
                policy=desk.policy, keys=desk.keys, templates=desk.templates, signers=desk.signers, spool=self._spool
            )
            known = self._numbered = _Numbered(number=known.number + 1 if known is not None else 1, outfit=outfit)
        return known

    async def _ask(self, tasks: Sequence[Task], now: datetime, outfit: _Numbered, ids: IdSource, held_as: str) -> "_Prepared":
        """Let the composer prepare a batch. Raises WorkerFailed."""
        job = (tuple(tasks), now, ids, held_as)
        prepared = await self._process.run(_prepare_there, outfit.number, None, *job)
        if prepared is None:  # it is new, or the configuration is
            prepared = await self._process.run(_prepare_there, outfit.number, outfit.outfit, *job)
        if prepared is None:
            raise WorkerFailed(Failure.RAISED, "it does not know what it was just told")
        return prepared


# ------------------------------------------------------------------------------------------------------- in the other process


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    changes: list[Changes]
    problems: tuple[str, ...]


_OUTFITS: Final[dict[int, _Outfit]] = {}
"""The last one that was brought, by its number."""


def _warm_up() -> None:
    """Do nothing but what comes with it: this module is imported, and everything that it needs."""
    settle_memory()


def _prepare_there(
    number: int, outfit: _Outfit | None, tasks: tuple[Task, ...], now: datetime, ids: IdSource, held_as: str
) -> _Prepared | None:
    """Prepare a batch; None where the outfit of that number has not been brought."""
    if outfit is not None:
        _OUTFITS.clear()
        _OUTFITS[number] = outfit
    known = _OUTFITS.get(number)
    if known is None:
        return None
    desk = Desk(
        policy=known.policy,
        keys=known.keys,
        ids=ids,
        templates=known.templates,
        now=now,
        signers=known.signers,
        spool=known.spool,
        held_as=held_as,
    )
    changes = [prepare_changes(scene, decision, desk) for scene, decision in tasks]
    return _Prepared(changes=changes, problems=tuple(desk.problems))
