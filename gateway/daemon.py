"""The life of the daemon: bind, give up privileges, run, reload on SIGHUP, drain on SIGTERM.

This process is the front: it has the sockets and takes mail, with porters beside it (`porter.py`) where `listen_processes` asks
for them. All that comes after the 250 is done by another process, the desk (`desk.py`), which is the only one that writes SQLite.
The front keeps them all (`keeper.py`).

Order matters. Everything that could be wrong is found before a single mail is taken: configuration, database, certificates,
addresses. At the end it is the other way round: first no new mail comes in, then what is under way arrives, then the rest stops.
"""

import asyncio
import contextlib
import errno
import os
import pwd
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import structlog

from gateway.app import Gateway, attach_gateway, prepare_database
from gateway.child import bound_memory, tune_interpreter
from gateway.config.load import load_config, load_file
from gateway.config.model import Config
from gateway.config.text_checks import require_templates
from gateway.config.trial import require_tests
from gateway.desk_keeper import DeskKeeper
from gateway.errors import ConfigError, GatewayError, PermanentError, StorageUnavailable
from gateway.keeper import Keeper
from gateway.pipeline.notices import config_refused
from gateway.porter_keeper import Porters
from gateway.reception import Reception
from gateway.smtp_in.listeners import Listener, open_listeners, passed_sockets
from gateway.smtp_in.server import Server
from gateway.smtp_in.shared_counts import SharedCounts
from gateway.storage.folder import remove_stale_files
from gateway.storage.journal import prepare_folder
from gateway.storage.settings import SQLITE
from gateway.supervisor import Supervisor

log: Final = structlog.get_logger()

_DRAIN_SECONDS: Final = 30.0
_BIND_SECONDS: Final = 2.0
_BIND_AGAIN_SECONDS: Final = 0.05
_RESTARTING: Final = ("listen", "listen_processes", "data", "database", "parse")
"""The sections that are used from the start only."""


class RefusesRoot(PermanentError):
    """Started as root, and no account is named that it could become after binding."""


class Daemon:
    """The running parts around a gateway: what takes mail here, the porters beside it, and the desk process."""

    def __init__(
        self,
        gateway: Gateway,
        listeners: tuple[Listener, ...],
        *,
        desk: DeskKeeper,
        porters: Porters | None = None,
    ) -> None:
        """Take the gateway of a front, its bound listeners, and its child processes, hired or not."""
        self.gateway = gateway
        self.porters = porters or Porters(())
        self.reception = self.make_reception(gateway, listeners, self.porters.shared)
        self.desk = desk
        self._keeping: asyncio.Task[None] | None = None

    def make_reception(self, gateway: Gateway, listeners: tuple[Listener, ...], shared: SharedCounts | None) -> Reception:
        """Return what takes mail in this process; measures leave parts of it out."""
        return Reception(gateway, listeners, shared=shared)

    @property
    def server(self) -> Server:
        """What talks to clients in this process."""
        return self.reception.server

    async def start(self) -> None:
        """Take up what a dead process left, then begin to take mail.

        Raises:
            StorageUnavailable: the desk process or a porter cannot begin.
        """
        gateway = self.gateway
        if gateway.config.database == SQLITE:
            # Nobody else has this folder, and no mail is arriving yet: whatever lies there belongs to the dead, however young.
            await asyncio.to_thread(remove_stale_files, gateway.spool, older_than_seconds=0)
            await asyncio.to_thread(prepare_folder, gateway.config.data)
        await self.desk.start(gateway)
        self._keeping = asyncio.create_task(self.desk.run(), name="desk")
        try:
            await self.porters.start(gateway)
            await self.reception.start()
        except BaseException:
            await self.porters.dismiss()
            await self.desk.dismiss()
            raise

    async def reload(self, config: Config) -> None:
        """Use another configuration from the next mail on; other listeners need a restart.

        Raises:
            GatewayError: a process cannot use it; all of them go on with the old one.
        """
        old = self.gateway.config
        told: list[Keeper] = []
        try:
            for keeper in (self.desk, *self.porters.keepers):
                await keeper.reconfigure(config)
                told.append(keeper)
        except GatewayError:
            for keeper in told:
                await keeper.reconfigure(old)
            raise
        await self.gateway.reconfigure(config)
        await self.reception.reconfigure(config)
        kept = [name for name in _RESTARTING if getattr(old, name) != getattr(config, name)]
        log.info("config.reloaded", needs_restart=kept)

    async def wait(self) -> None:
        """Wait for ever; an error of a keeper is raised."""
        assert self._keeping is not None  # noqa: S101 after `start`
        await asyncio.gather(asyncio.shield(self._keeping), self.porters.wait())

    async def drain(self, seconds: float = _DRAIN_SECONDS) -> None:
        """Take no more mail, finish what is under way, stop."""
        await asyncio.gather(self.porters.drain(seconds), self.reception.drain(seconds))
        await self.gateway.database.close()  # so that the desk finds all that was accepted, and nobody who would add to it
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        await self.desk.drain(seconds)


@contextlib.asynccontextmanager
async def open_front(config: Config, desk: DeskKeeper) -> AsyncIterator[Gateway]:
    """Bring the database up to date, and build the gateway of a front around it, whose desk writes it.

    Raises:
        StorageUnavailable: the database cannot be opened.
    """
    await prepare_database(config)
    async with attach_gateway(config, ask=desk.ask, on_accepted=desk.tell_of_mail) as gateway:
        yield gateway


async def run_daemon(path: Path, *, as_root: bool = False, log_level: str = "info") -> None:
    """Run until SIGTERM or SIGINT.

    Raises:
        ConfigError: the file is wrong.
        RefusesRoot: started as root with no account to become.
        StorageUnavailable: the database or an address cannot be had now.
    """
    config = load_config(path)
    supervisor = Supervisor.of_environment()
    listeners = await _bind(config)
    drop_privileges(config, as_root=as_root)
    signals = _Signals.listen()
    bound_memory()
    desk = DeskKeeper(log_level=log_level)
    porters = Porters.of(listeners, processes=config.listen_processes, on_accepted=desk.tell_of_mail, log_level=log_level)
    try:
        await desk.hire()
        await porters.hire()
        async with open_front(config, desk) as gateway:
            daemon = Daemon(gateway, listeners, desk=desk, porters=porters)
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
        await porters.dismiss()
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


async def _bind(config: Config) -> tuple[Listener, ...]:
    """Bind the addresses; the porters of a front that was killed may have them for a moment longer than it."""
    patient_until = time.monotonic() + (_BIND_SECONDS if config.listen_processes > 1 else 0)
    while True:
        try:
            passed = passed_sockets(os.environ, pid=os.getpid())
            return open_listeners(config.listen, passed=passed, owner=_owner_of_sockets(config))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > patient_until:
                raise StorageUnavailable(_why_not_listen(config, error)) from error
        await asyncio.sleep(_BIND_AGAIN_SECONDS)


def _why_not_listen(config: Config, error: OSError) -> str:
    """Name the folder that a unix socket lacks; of anything else at least the addresses that there are to try."""
    for address in (entry.address for entry in config.listen):
        folder = Path(address.removeprefix("unix:")).parent
        if error.errno == errno.ENOENT and address.startswith("unix:") and not folder.exists():
            return f"cannot listen on {address}: there is no folder {folder}; make it, for the account that the gateway runs as"
    return f"cannot listen on {', '.join(entry.address for entry in config.listen)}: {error}"


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
