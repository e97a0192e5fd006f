"""Our gateway with parts left out, as a process of its own: `python -m benchmarks.assembly CONFIG [option…]`.

What runs is the product's own code, with as many processes that take mail as the daemon would have; only the wiring is different,
because the product has no switch to turn a check or the pipeline off, and should have none.

    --no-checks     nobody asks who sent a mail: the evidence is a constant
    --no-pipeline   what is accepted gets into the tables and stays there: no ticket, nothing leaves
    --no-relay      notifications stay queued
    --no-store      the answer is 250 and nothing is kept: the handler that does nothing
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.app import Gateway
from gateway.child import bound_memory, end_with_parent, serve_child, tune_interpreter
from gateway.config import load_config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.line import Line
from gateway.logs import configure_logging
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    ArcEvidence,
    ArcResult,
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
)
from gateway.porter import PorterProcess
from gateway.porter_keeper import Porters
from gateway.reception import Reception
from gateway.smtp_in.listeners import Listener, open_listeners
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.storage.accepting import Acceptance

_NOT_ASKED: Final = Evidence(
    spf=SpfEvidence(result=SpfResult.NONE, domain=None, scope=SpfScope.MFROM),
    dkim=(),
    arc=ArcEvidence(result=ArcResult.NONE, sealer=None),
    dmarc=DmarcEvidence(result=DmarcResult.NONE, policy=DmarcPolicy.NONE, domain=None),
    through=None,
    assurance=Assurance.UNPROVEN,
    because="nobody asked",
)


async def _ask_nobody(envelope: Envelope, _content: Content) -> Mapping[str, Evidence]:
    return dict.fromkeys((recipient.channel for recipient in envelope.recipients), _NOT_ASKED)


async def _keep_nothing(acceptances: Sequence[Acceptance]) -> tuple[int, ...]:
    return tuple(acceptance.mail.id for acceptance in acceptances)


def _make_reception(
    options: argparse.Namespace, gateway: Gateway, listeners: tuple[Listener, ...], shared: SharedCounts | None
) -> Reception:
    """Wire like the product, but for what the options leave out."""
    return Reception(
        gateway,
        listeners,
        shared=shared,
        observe=_ask_nobody if options.no_checks else None,
        accept=_keep_nothing if options.no_store else None,
    )


class PartsPorter(PorterProcess):
    """A porter, with parts left out."""

    def __init__(self, line: Line, options: argparse.Namespace) -> None:
        """Take what to leave out."""
        super().__init__(line)
        self._options = options

    def make_reception(self, gateway: Gateway, listeners: tuple[Listener, ...], shared: SharedCounts) -> Reception:
        """Leave out what is to be left out."""
        return _make_reception(self._options, gateway, listeners, shared)


def serve_porter(*options: str) -> None:
    """Be a porter; the product's own but for the options."""
    end_with_parent()
    parsed = _parser().parse_args(["porter", *options])
    serve_child(lambda line: PartsPorter(line, parsed), event="porter.failed")


class Parts(Daemon):
    """The daemon, with parts left out."""

    def __init__(self, gateway: Gateway, desk: DeskKeeper, options: argparse.Namespace) -> None:
        """Wire like the daemon, but for what the options leave out."""
        config = gateway.config
        self._options = options
        listeners = open_listeners(config.listen, passed={})
        words = [f"--{name.replace('_', '-')}" for name, is_set in vars(options).items() if is_set is True]
        command = (sys.executable, "-c", f"from benchmarks.assembly import serve_porter; serve_porter(*{words!r})")
        porters = Porters.of(
            listeners,
            processes=options.processes or config.listen_processes,
            on_accepted=desk.tell_of_mail,
            command=command,
        )
        super().__init__(gateway, listeners, desk=desk, porters=porters)

    def make_reception(self, gateway: Gateway, listeners: tuple[Listener, ...], shared: SharedCounts | None) -> Reception:
        """Leave out what is to be left out."""
        return _make_reception(self._options, gateway, listeners, shared)


async def _run(options: argparse.Namespace) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    desk = DeskKeeper(does_process=not options.no_pipeline, does_send=not (options.no_relay or options.no_pipeline))
    async with open_front(load_config(options.config), desk) as gateway:
        parts = Parts(gateway, desk, options)
        await parts.start()
        tune_interpreter()
        await ending.wait()
        await parts.drain()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    for name in ("--no-checks", "--no-pipeline", "--no-relay", "--no-store"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--processes", type=int, help="how many take mail; as many as the configuration says")
    return parser


def main() -> None:
    """Run until SIGTERM."""
    configure_logging("info", for_good=True)
    bound_memory()
    asyncio.run(_run(_parser().parse_args()))


if __name__ == "__main__":
    main()
