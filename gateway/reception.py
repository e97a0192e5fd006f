"""What takes mail in one process, in the front as in a porter: the listeners, the way of a mail to its 250, and the committer."""

from gateway.app import Gateway, utc_now
from gateway.config.model import Config
from gateway.smtp_in.committer import Accept, Committer
from gateway.smtp_in.intake import Intake, Observe
from gateway.smtp_in.listeners import Listener
from gateway.smtp_in.server import Server
from gateway.smtp_in.shared_counts import SharedCounts


class Reception:
    """`start` begins to take mail; `drain` ends it."""

    def __init__(
        self,
        gateway: Gateway,
        listeners: tuple[Listener, ...],
        *,
        shared: SharedCounts | None = None,
        observe: Observe | None = None,
        accept: Accept | None = None,
    ) -> None:
        """Take a gateway and bound listeners, and in `shared` what is counted with other processes.

        `observe` and `accept` are the gateway's own but for measures that leave one of them out.
        """
        config = gateway.config
        self.committer = Committer(accept=accept or gateway.database.accept, on_received=_nothing)
        intake = Intake(
            route=gateway.route,
            serves=gateway.serves,
            observe=observe or gateway.observe,
            judge=gateway.judge,
            committer=self.committer,
            ids=gateway.ids,
            clock=utc_now,
        )
        self.server = Server(
            listeners=listeners,
            intake=intake,
            limits=config.limits,
            hostname=config.hostname,
            spool_folder=gateway.spool,
            shared=shared,
        )

    async def start(self) -> None:
        """Begin to take mail. Raises OSError when there can be no spool folder."""
        await self.server.start()

    async def reconfigure(self, config: Config) -> None:
        """Use another configuration from the next command on."""
        self.server.reconfigure(limits=config.limits, hostname=config.hostname)
        await self.server.refresh_certificates()

    async def drain(self, seconds: float) -> None:
        """Take no more mail, and finish what is under way within so many seconds."""
        await self.server.drain(seconds)
        await self.committer.drain()


def _nothing() -> None:
    """Nobody has to be woken: the database wakes the pipeline after the commit."""
