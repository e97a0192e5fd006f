"""The life of the daemon: bind, give up privileges, run, reload on SIGHUP, drain on SIGTERM.

This process is the front: it takes mail, finds out about its sender, and is the only one that writes SQLite. All that comes after
the 250 is done by another process, the desk (`desk.py`), which it starts and keeps (`desk_keeper.py`).

Order matters. Everything that could be wrong is found before a single mail is taken: configuration, database, certificates,
addresses. At the end it is the other way round: first no new mail comes in, then what is under way arrives, then the rest stops.
"""

import asyncio
import contextlib
import os
import pwd
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from gateway.app import Gateway, open_gateway, utc_now
from gateway.config.load import load_config, load_file
from gateway.config.model import Config
from gateway.config.text_checks import require_templates
from gateway.config.trial import require_tests
from gateway.desk import bound_memory, tune_interpreter
from gateway.desk_keeper import DeskKeeper
from gateway.errors import ConfigError, GatewayError, PermanentError, StorageUnavailable
from gateway.pipeline.notices import config_refused
from gateway.smtp_in.committer import Committer
from gateway.smtp_in.intake import Intake
from gateway.smtp_in.listeners import Listener, open_listeners, passed_sockets
from gateway.smtp_in.server import Server
from gateway.storage.folder import remove_stale_files
from gateway.storage.settings import SQLITE
from gateway.supervisor import Supervisor

log: Final = structlog.get_logger()

_DRAIN_SECONDS: Final = 30.0


class RefusesRoot(PermanentError):
    """Started as root, and no account is named that it could become after binding."""


class Daemon:
    """The running parts around a gateway: listeners, committer, and the desk process."""

    def __init__(self, gateway: Gateway, listeners: tuple[Listener, ...], *, desk: DeskKeeper | None = None) -> None:
        """Take a gateway, its bound listeners, and perhaps a desk process that was hired before."""
        config = gateway.config
        self.gateway = gateway
        self.committer = Committer(accept=gateway.database.accept, on_received=_nothing)
        intake = Intake(
            route=gateway.route,
            serves=gateway.serves,
            observe=gateway.observe,
            judge=gateway.judge,
            committer=self.committer,
            ids=gateway.ids,
            clock=utc_now,
        )
        self.server = Server(
            listeners=listeners, intake=intake, limits=config.limits, hostname=config.hostname, spool_folder=gateway.spool
        )
        self.desk = desk or DeskKeeper()
        self._keeping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up what a dead process left, then begin to take mail.

        Raises:
            StorageUnavailable: the desk process cannot begin.
        """
        gateway = self.gateway
        if gateway.config.database == SQLITE:
            # Nobody else has this folder, and no mail is arriving yet: whatever lies there belongs to the dead, however young.
            await asyncio.to_thread(remove_stale_files, gateway.spool, older_than_seconds=0)
        await self.desk.start(gateway)
        self._keeping = asyncio.create_task(self.desk.run(), name="desk")
        await self.server.start()

    async def reload(self, config: Config) -> None:
        """Use another configuration from the next mail on; other listeners need a restart.

        Raises:
            GatewayError: the desk cannot use it; both processes go on with the old one.
        """
        old = self.gateway.config
        await self.desk.reconfigure(config)
        await self.gateway.reconfigure(config)
        self.server.reconfigure(limits=config.limits, hostname=config.hostname)
        await self.server.refresh_certificates()
        kept = [name for name in ("listen", "data", "database", "parse") if getattr(old, name) != getattr(config, name)]
        log.info("config.reloaded", needs_restart=kept)

    async def wait(self) -> None:
        """Wait for ever; an error of the desk's keeper is raised."""
        assert self._keeping is not None  # noqa: S101 after `start`
        await asyncio.shield(self._keeping)

    async def drain(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Take no more mail, finish what is under way, stop."""
        await self.server.drain(seconds)
        await self.committer.drain()
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self.desk.drain(seconds)


async def run_daemon(path: Path, *, as_root: bool = False, log_level: str = "info") -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        ConfigError: the file is wrong.
        RefusesRoot: started as root with no account to become.
        StorageUnavailable: the database or an address cannot be had now.
    """
    config = load_config(path)
    supervisor = Supervisor.of_environment()
    listeners = _bind(config)
    drop_privileges(config, as_root=as_root)
    signals = _Signals.listen()
    bound_memory()
    desk = DeskKeeper(log_level=log_level)
    try:
        await desk.hire()
        async with open_gateway(config) as gateway:
            daemon = Daemon(gateway, listeners, desk=desk)
            await daemon.start()
            tune_interpreter()
            supervisor.ready(f"taking mail on {', '.join(daemon.server.addresses)}")
            log.info(
                "gateway.started", hostname=config.hostname, addresses=daemon.server.addresses, channels=list(config.channels)
            )
            try:
                await _live(daemon, path, supervisor, signals)
            finally:
                supervisor.stopping("finishing what is under way")
                log.info("gateway.stopping")
                await daemon.drain()
                log.info("gateway.stopped")
    finally:
        await desk.dismiss()


@dataclass(frozen=True, slots=True)
class _Signals:
    """What was asked for from outside; also before somebody looks, such as a reload in the moment of `READY=1`."""

    ending: asyncio.Event
    reloading: asyncio.Event

    @classmethod
    def listen(cls) -> Self:
        """Note signals from now on, instead of ending at once."""
        asked = cls(asyncio.Event(), asyncio.Event())
        loop = asyncio.get_running_loop()
        for number, event in ((signal.SIGTERM, asked.ending), (signal.SIGINT, asked.ending), (signal.SIGHUP, asked.reloading)):
            loop.add_signal_handler(number, event.set)
        return asked


async def _live(daemon: Daemon, path: Path, supervisor: Supervisor, signals: _Signals) -> None:
    """Answer signals and feed the watchdog until it is time to end."""
    tasks = [
        asyncio.create_task(signals.ending.wait()),
        asyncio.create_task(daemon.wait()),
        asyncio.create_task(_reload_when_asked(daemon, path, supervisor, signals.reloading)),
        asyncio.create_task(_feed_watchdog(supervisor)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reload_when_asked(daemon: Daemon, path: Path, supervisor: Supervisor, asked: asyncio.Event) -> None:
    """Read the file again on every SIGHUP; a wrong one changes nothing and is said in the log."""
    while True:
        await asyncio.sleep(0)
        await asked.wait()
        asked.clear()
        supervisor.reloading()
        status = "taking mail"
        try:
            await daemon.reload(await asyncio.to_thread(_load_tested, path))
        except ConfigError as error:
            status = "taking mail with the configuration from before: the new one is wrong"
            log.error("config.refused", problems=error.problems)  # noqa: TRY400 the problems are the whole story
            await _tell_operators(daemon.gateway, error)
        except GatewayError as error:
            log.error("config.refused", problems=(str(error),))  # noqa: TRY400 likewise
        supervisor.ready(status)


def _load_tested(path: Path) -> Config:
    """Read a configuration, try its texts and run its own tests. Raises ConfigError."""
    loaded = load_file(path)
    require_templates(loaded.config)
    require_tests(loaded)
    return loaded.config


async def _tell_operators(gateway: Gateway, error: ConfigError) -> None:
    """Mail the admins why the new configuration is not used; where that cannot be written either, the log has said it."""
    with contextlib.suppress(GatewayError):
        await gateway.tell_operators(config_refused(error.problems))


async def _feed_watchdog(supervisor: Supervisor) -> None:
    """Say that the event loop still turns, three times in the time that systemd allows."""
    if supervisor.watchdog_seconds is None:
        await asyncio.Event().wait()
        return
    while True:
        supervisor.keep_alive()
        await asyncio.sleep(supervisor.watchdog_seconds / 3)


def _bind(config: Config) -> tuple[Listener, ...]:
    try:
        passed = passed_sockets(os.environ, pid=os.getpid())
        return open_listeners(config.listen, passed=passed, owner=_owner_of_sockets(config))
    except OSError as error:
        message = f"cannot listen: {error}"
        raise StorageUnavailable(message) from error


def _owner_of_sockets(config: Config) -> tuple[int, int] | None:
    """Return whom our unix sockets belong to: the account that we shall become, so that it can remove them at the end."""
    if os.geteuid() != 0 or config.user is None:
        return None
    with contextlib.suppress(KeyError):
        account = pwd.getpwnam(config.user)
        return account.pw_uid, account.pw_gid
    return None


def drop_privileges(config: Config, *, as_root: bool, geteuid: Callable[[], int] = os.geteuid) -> None:
    """Become the configured account for good; root stays root only where that was asked for (a container's own root).

    Raises:
        RefusesRoot: nothing was asked for, or the account does not exist.
    """
    if geteuid() != 0:
        return
    if as_root:
        log.warning("privileges.kept", user="root")
        return
    if config.user is None:
        message = "refusing to run as root: name an account with `user:`, or let systemd start it as one"
        raise RefusesRoot(message)
    try:
        account = pwd.getpwnam(config.user)
    except KeyError:
        message = f"there is no account {config.user}"
        raise RefusesRoot(message) from None
    os.initgroups(account.pw_name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    log.info("privileges.dropped", user=config.user)


def _nothing() -> None:
    """Nobody has to be woken: the database wakes the pipeline after the commit."""
