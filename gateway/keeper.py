"""Keeps a child process: starts it, gives it its orders, starts another when it dies, and ends it.

The front goes on accepting whatever happens to its children. One that does not answer for a minute is as good as dead. Between
two starts there is a pause, which grows while they keep dying young. Start with `Keeper`; what is special about the desk and the
porters is in `desk_keeper.py` and `porter_keeper.py`.
"""

import asyncio
import contextlib
import os
import socket
import sys
import time
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from collections.abc import Sequence
from typing import Final

from gateway.app import Gateway
from gateway.config.model import Config
from gateway.errors import GatewayError, StorageUnavailable
from gateway.line import FaultOverThere, Line, LineClosed, Subject
from gateway.pickling import dumps

_BEGINNING_SECONDS: Final = 180.0
_PING_SECONDS: Final = 20.0
_PATIENCE_SECONDS: Final = 60.0
_ENDING_SECONDS: Final = 5.0
_DYING_SECONDS: Final = 1.0
PAUSES: Final = (0.2, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds before the next one begins: at once after a first death, a minute after many early ones."""
YOUNG_SECONDS: Final = 1.0
"""Who dies so soon after it has begun, or never begins, makes the next pause longer."""


def command_of(module: str) -> tuple[str, ...]:
    """Return how to start the process that a module's `serve` is.

    structlog imports rich wherever it finds it, to draw tracebacks on terminals: 5 MB that a child has no use for.
    """
    return (sys.executable, "-c", f"import sys; sys.modules['rich'] = None; from {module} import serve; serve()")


class _Employment:
    """One child process and the line to it."""

    def __init__(self, process: Process, line: Line) -> None:
        self.process = process
        self.line = line
        self.begun_at: float | None = None

    @property
    def has_begun(self) -> bool:
        """Tell whether it has taken up work."""
        return self.begun_at is not None

    @property
    def age(self) -> float:
        """For how many seconds it has worked."""
        return 0.0 if self.begun_at is None else time.monotonic() - self.begun_at

    async def end(self) -> None:
        """Let go of a process that has ended or is not worth waiting for."""
        if self.line.closed.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_DYING_SECONDS):
                    await self.process.wait()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.line.close()
        await self.process.wait()


class Keeper(ABC):
    """Keeps one child for a front. `hire` as early as you like, `start`, `run` in a task, `drain` at the end."""

    name: str
    """What its kind is called in messages."""

    def __init__(self, *, log_level: str, command: Sequence[str], own_session: bool, descriptors: Sequence[int] = ()) -> None:
        """Take how to start one, which gets the descriptor of its line and the level of its log as arguments.

        `own_session` says whether the scheduler shall count it apart from the front; it inherits `descriptors`.
        """
        self._log_level = log_level
        self._command = tuple(command)
        self._own_session = own_session
        self._descriptors = tuple(descriptors)
        self._employment: _Employment | None = None
        self._dismissed = asyncio.Event()
        """Nobody is to take the place of one who dies."""
        self._gateway: Gateway | None = None
        self._config: Config | None = None

    # --------------------------------------------------------------------------------------------- what kinds differ in

    @abstractmethod
    def orders(self, gateway: Gateway, config: Config) -> object:
        """Return what a new process is told."""

    @abstractmethod
    def attend(self, line: Line) -> None:
        """Hear what a new process has to say."""

    @abstractmethod
    async def clear_away(self, gateway: Gateway) -> None:
        """Tidy up after a process that is dead."""

    @abstractmethod
    def note_death(self, *, code: int | None, age: float, again_in: float) -> None:
        """Log that a process died."""

    @abstractmethod
    def note_failure(self, error: StorageUnavailable) -> None:
        """Log that a process cannot begin."""

    @abstractmethod
    def note_replacement(self) -> None:
        """Log that another process has begun."""

    # ------------------------------------------------------------------------------------------------------------- life

    @property
    def pid(self) -> int | None:
        """The number of the process that runs now, or the last one."""
        return None if self._employment is None else self._employment.process.pid

    async def hire(self) -> None:
        """Start a process, which imports what it needs while we go on. Raises StorageUnavailable."""
        ours, theirs = socket.socketpair()
        with theirs:
            line = Line()
            await line.connect(ours)
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
            try:
                process = await asyncio.create_subprocess_exec(
                    *self._command, str(theirs.fileno()), self._log_level,
                    stdin=asyncio.subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), *self._descriptors),
                    env=environment,
                    start_new_session=self._own_session,
                    process_group=None if self._own_session else 0,
                )  # fmt: skip
            except OSError as error:
                await line.close()
                message = f"the {self.name} process cannot be started: {error}"
                raise StorageUnavailable(message) from error
        self._employment = _Employment(process, line)

    async def start(self, gateway: Gateway) -> None:
        """Give the process its orders and return when it has begun to work.

        Raises:
            StorageUnavailable: it cannot.
        """
        self._dismissed.clear()
        self._gateway = gateway
        self._config = self._config or gateway.config
        if self._employment is None:
            await self.hire()
        try:
            await self._begin()
        except BaseException:
            await self.dismiss()
            raise

    async def _begin(self) -> None:
        employment, gateway, config = self._employment, self._gateway, self._config
        assert employment is not None  # noqa: S101 hired before
        assert gateway is not None  # noqa: S101 `start` comes first
        assert config is not None  # noqa: S101 likewise
        self.attend(employment.line)
        try:
            async with asyncio.timeout(_BEGINNING_SECONDS):
                await employment.line.ask(Subject.BEGIN, dumps(self.orders(gateway, config)))
                while config is not self._config:  # another one came meanwhile
                    config = self._config
                    await employment.line.ask(Subject.RECONFIGURE, dumps(config))
        except (FaultOverThere, TimeoutError, GatewayError) as error:
            message = f"the {self.name} process does not begin: {str(error) or type(error).__name__}"
            raise StorageUnavailable(message) from error
        employment.begun_at = time.monotonic()

    async def run(self) -> None:
        """Start another process whenever one dies, until cancelled or dismissed."""
        deaths = 0
        while not self._dismissed.is_set():
            employment = self._employment
            if employment is not None:
                await self._watch(employment)
                if self._dismissed.is_set():
                    return
                age = employment.age
                await employment.end()
                deaths = deaths + 1 if age < YOUNG_SECONDS else 0
                pause = PAUSES[min(deaths, len(PAUSES) - 1)]
                self.note_death(code=employment.process.returncode, age=round(age, 1), again_in=pause)
                self._employment = None
                await self._clear_away()
                await asyncio.sleep(pause)
            try:
                await self.hire()
                if self._dismissed.is_set():
                    await self.dismiss()
                    return
                await self._begin()
            except StorageUnavailable as error:
                self.note_failure(error)
                if self._employment is None:
                    await asyncio.sleep(PAUSES[-1])
            else:
                self.note_replacement()

    async def _clear_away(self) -> None:
        if self._gateway is not None:
            await self.clear_away(self._gateway)

    async def _watch(self, employment: _Employment) -> None:
        """Return when the process has hung up, or does not answer."""
        closed = employment.line.closed
        while employment.has_begun and not closed.is_set():
            with contextlib.suppress(TimeoutError):
                # Not `wait_for`, which before Python 3.12 loses a cancellation that comes together with what it waits for.
                async with asyncio.timeout(_PING_SECONDS):
                    await closed.wait()
                return
            try:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await employment.line.ask(Subject.PING)
            except (TimeoutError, LineClosed):
                return

    async def ask(self, subject: Subject, question: bytes) -> bytes:
        """Ask the process that works now.

        Raises:
            LineClosed: there is none, or it dies over the question.
            GatewayError: it raised that.
        """
        employment = self._employment
        if employment is None or not employment.has_begun:
            message = f"there is no {self.name} process at this moment"
            raise LineClosed(message)
        return await employment.line.ask(subject, question)

    def tell(self, subject: Subject) -> None:
        """Tell the process that works now, if there is one."""
        employment = self._employment
        if employment is not None and employment.has_begun:
            with contextlib.suppress(LineClosed):
                employment.line.tell(subject)

    async def reconfigure(self, config: Config) -> None:
        """Have the process use another configuration; one that is not there now gets it when it begins.

        Raises:
            GatewayError: it cannot use it, and goes on with the old one.
        """
        employment = self._employment
        if employment is not None and employment.has_begun and not employment.line.closed.is_set():
            try:
                await employment.line.ask(Subject.RECONFIGURE, dumps(config))
            except LineClosed:
                pass  # the next one begins with it
            except FaultOverThere as fault:
                message = f"the {self.name} process cannot use the configuration: {fault}"
                raise StorageUnavailable(message) from fault
        self._config = config

    async def drain(self, seconds: float) -> None:
        """Let the process finish what is under way, and end it. `run` must have been cancelled before."""
        employment = self._employment
        if employment is not None and employment.has_begun:
            with contextlib.suppress(TimeoutError, GatewayError, FaultOverThere):
                async with asyncio.timeout(seconds + _ENDING_SECONDS):
                    await employment.line.ask(Subject.DRAIN, str(seconds).encode())
                    await employment.process.wait()
        await self.dismiss()

    async def dismiss(self) -> None:
        """End the process at once, if there is one; nobody takes its place."""
        self._dismissed.set()
        employment, self._employment = self._employment, None
        if employment is not None:
            await employment.end()
