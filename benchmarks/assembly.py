"""Our gateway with parts left out, as a process of its own: `python -m benchmarks.assembly CONFIG [option…]`.

What runs is the product's own code; only the wiring is different, because the product has no switch to turn a check or the
pipeline off, and should have none.

    --no-checks     nobody asks who sent a mail: the evidence is a constant
    --no-pipeline   what is accepted stays accepted: no ticket, nothing leaves
    --no-relay      notifications stay queued
    --no-store      the answer is 250 and nothing is kept: the handler that does nothing
"""

import argparse
import asyncio
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from gateway.app import Gateway, open_gateway, utc_now
from gateway.config import load_config
from gateway.daemon import Daemon
from gateway.desk import tune_interpreter
from gateway.desk_keeper import DeskKeeper
from gateway.logs import configure_logging
from gateway.mail import (
    ArcEvidence,
    ArcResult,
    Assurance,
    Content,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Envelope,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
)
from gateway.smtp_in.committer import Committer
from gateway.smtp_in.intake import Intake
from gateway.smtp_in.listeners import open_listeners
from gateway.smtp_in.server import Server
from gateway.storage.received import Acceptance

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


class Parts(Daemon):
    """The daemon, with parts left out."""

    def __init__(self, gateway: Gateway, options: argparse.Namespace) -> None:
        """Wire like the daemon, but for what the options leave out."""
        config = gateway.config
        listeners = open_listeners(config.listen, passed={})
        super().__init__(gateway, listeners, desk=DeskKeeper(does_send=not options.no_relay))
        self._has_pipeline = not options.no_pipeline
        accept = _keep_nothing if options.no_store else gateway.database.accept
        self.committer = Committer(accept=accept, on_received=lambda: None)
        intake = Intake(
            route=gateway.route,
            serves=gateway.serves,
            observe=_ask_nobody if options.no_checks else gateway.observe,
            judge=gateway.judge,
            committer=self.committer,
            ids=gateway.ids,
            clock=utc_now,
        )
        self.server = Server(
            listeners=listeners, intake=intake, limits=config.limits, hostname=config.hostname, spool_folder=gateway.spool
        )

    async def start(self) -> None:
        """Begin to take mail."""
        if self._has_pipeline:
            await super().start()
        else:
            await self.server.start()
        tune_interpreter()


async def _run(options: argparse.Namespace) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    async with open_gateway(load_config(options.config)) as gateway:
        parts = Parts(gateway, options)
        await parts.start()
        await ending.wait()
        await parts.drain()


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    for name in ("--no-checks", "--no-pipeline", "--no-relay", "--no-store"):
        parser.add_argument(name, action="store_true")
    configure_logging("info", for_good=True)
    asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
