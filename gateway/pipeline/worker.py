"""Bounded worker processes for work on hostile bytes: a limit on time and memory, and a stuck one is killed.

A worker is a fresh interpreter that takes pickled jobs on its standard input and answers on its standard output, one at a time.
It lives in a session of its own, ignores SIGINT and SIGTERM, and ends when its standard input does, so also when we die.
Start with `Workers`; `serve` is the other side.
"""

import asyncio
import contextlib
import errno
import gc
import os
import pickle
import queue
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, Final, Self, TypeVar, TypeVarTuple

from gateway.errors import GatewayError
from gateway.mail.content import Content
from gateway.mail.message import Message
from gateway.pickling import dumps, loads
from gateway.pipeline.settings import ParseSettings

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

_LENGTH_OCTETS: Final = 8
_BIG_OCTETS: Final = 262_144
_STREAM_LIMIT: Final = 1 << 20
_START_SECONDS: Final = 60.0
_DISK_ERRORS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS})
_COMMAND: Final = "from gateway.pipeline.worker import serve; serve()"


class Failure(StrEnum):
    """Why a worker did not bring a result."""

    TIME = "time"
    """The job took longer than allowed; its worker was killed."""
    MEMORY = "memory"
    """The job needed more memory than allowed."""
    DIED = "died"
    """The worker ended in the middle of the job."""
    RAISED = "raised"
    """The job raised: a fault of ours."""
    DISK = "disk"
    """There is no room, or the disk fails: that says nothing about the job."""
    STOPPED = "stopped"
    """The workers are stopped, or could not be started."""


class WorkerFailed(GatewayError):
    """A job brought no result; `failure` says why, `is_transient` whether the same job may be tried again."""

    def __init__(self, failure: Failure, detail: str) -> None:
        super().__init__(f"{failure}: {detail}")
        self.failure = failure
        self.detail = detail

    @property
    def is_transient(self) -> bool:
        """Tell whether trying again can help: the limits do not change, but a dead worker may have been somebody else's doing."""
        return self.failure in {Failure.DIED, Failure.STOPPED}


def read_stored_mail(content: Content, spool: Path | None) -> Message:
    """Read a stored mail inside a worker, so that big bytes travel as a path and not through the pipe.

    Raises:
        OSError: the content's file is gone, or the spool cannot be written.
    """
    from gateway.pipeline.reading.parse import parse_message  # noqa: PLC0415 only workers need it

    return parse_message(content.read(), spool=spool)


_SAMPLE: Final = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <a@example.test>\r\nTo: b@example.test\r\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
    b"Date: Mon, 1 Jan 2024 10:00:00 +0100\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\nHallo\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>\r\n--b--\r\n"
)


def warm_up() -> None:
    """Import and use what reading a mail needs, so that the first mail is not slow."""
    read_stored_mail(Content.of(_SAMPLE), None)
    settle_memory()


def settle_memory() -> None:
    """Tell the collector that what has been imported is here to stay: it never looks at it again."""
    gc.collect()
    gc.freeze()


class Workers:
    """A fixed number of worker processes; a job waits until one is free.

    Use as an asynchronous context manager, or call `start` and `stop`.
    """

    def __init__(self, settings: ParseSettings, *, prepare: Callable[[], object] = warm_up, title: str = "reader") -> None:
        """Take the limits, and the title in `ps`; `prepare` runs once in each new worker; a module's function like every job."""
        self._settings = settings
        self._prepare = prepare
        self._all = [_Worker(settings, title) for _ in range(settings.workers)]
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._is_stopped = True

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start all workers and wait until each one is warm.

        Raises:
            WorkerFailed: a worker cannot be started at all.
        """
        self._is_stopped = False
        self._idle = asyncio.Queue()
        try:
            await asyncio.gather(*(self._start_worker(worker) for worker in self._all))
        except BaseException:
            await self.stop()
            raise
        for worker in self._all:
            self._idle.put_nowait(worker)

    async def stop(self) -> None:
        """End all workers; jobs that still run fail as stopped."""
        self._is_stopped = True
        await asyncio.gather(*(worker.stop() for worker in self._all))

    async def run(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Run a module's function in a worker and return what it returns; waiting for a free worker has no limit.

        Raises:
            WorkerFailed: see `Failure`.
        """
        self._refuse_when_stopped()
        idle = self._idle
        worker = await idle.get()
        try:
            self._refuse_when_stopped()
            if not worker.is_alive:
                await self._start_worker(worker)
            return await self._exchange(worker, function, *arguments)
        finally:
            idle.put_nowait(worker)

    def _refuse_when_stopped(self) -> None:
        if self._is_stopped:
            raise WorkerFailed(Failure.STOPPED, "the workers are not running")

    async def _start_worker(self, worker: "_Worker") -> None:
        try:
            async with asyncio.timeout(_START_SECONDS):
                await worker.start()
                await worker.call(self._prepare)
        except (OSError, EOFError, TimeoutError) as fault:
            await worker.stop()
            raise WorkerFailed(Failure.STOPPED, f"a worker cannot be started: {fault!r}") from fault
        except BaseException:  # what it would answer would be taken for the answer to the next job
            worker.kill()
            raise

    async def _exchange(self, worker: "_Worker", function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        is_done = False
        try:
            async with asyncio.timeout(self._settings.seconds):
                result = await worker.call(function, *arguments)
            is_done = True
        except TimeoutError:
            raise WorkerFailed(Failure.TIME, f"not done after {self._settings.seconds:g} s") from None
        except (EOFError, OSError):
            failure = Failure.STOPPED if self._is_stopped else Failure.DIED
            raise WorkerFailed(failure, f"the worker ended with {await worker.wait()}") from None
        except WorkerFailed as failed:
            is_done = failed.failure in {Failure.RAISED, Failure.DISK}
            raise
        finally:
            if not is_done:  # a timeout, a cancellation, a crash: whatever it would answer belongs to nobody
                worker.kill()
        return result


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, settings: ParseSettings, title: str) -> None:
        self._settings = settings
        self._title = title
        self._process: asyncio.subprocess.Process | None = None

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "MALLOC_ARENA_MAX": "1"}
        limits = str(self._settings.memory), str(self._settings.seconds)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _COMMAND, *limits, self._title,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
            start_new_session=True,
            limit=_STREAM_LIMIT,
        )  # fmt: skip

    async def call(self, function: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
        """Hand over a job and wait for its result. Raises EOFError or OSError when the process ends, WorkerFailed otherwise."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EOFError
        job = _translated(dumps, (function, arguments))  # big contents travel as paths
        process.stdin.write(len(job).to_bytes(_LENGTH_OCTETS, "big") + job)
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(_LENGTH_OCTETS), "big")
        answer = await process.stdout.readexactly(length)
        if length > _BIG_OCTETS:
            failure, result = await asyncio.to_thread(_translated, loads, answer)
        else:
            failure, result = _translated(loads, answer)
        if failure is not None:
            raise WorkerFailed(failure, result)
        return result  # type: ignore[no-any-return]  # what the function returned

    def kill(self) -> None:
        """End the process at once; it is replaced before the next job."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def wait(self) -> str:
        """Return how the process ended, in words."""
        if self._process is None:
            return "nothing"
        code = await self._process.wait()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"

    async def stop(self) -> None:
        """Close its standard input and wait for its end; a busy one is killed."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await process.wait()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _translated(pickle_: Callable[[Any], Any], value: object) -> Any:  # noqa: ANN401 octets, or what they mean
    """Pickle or unpickle; the other side may be of another version of us. Raises WorkerFailed."""
    try:
        return pickle_(value)
    except (pickle.PickleError, AttributeError, ImportError, LookupError, TypeError, ValueError) as fault:
        raise WorkerFailed(Failure.RAISED, f"{type(fault).__name__}: {fault}") from fault


# ------------------------------------------------------------------------------------------------------- inside the worker


def serve() -> None:
    """Take jobs from standard input until it ends."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_take_jobs, args=(sys.stdin.buffer, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        _limit_cpu(seconds)
        failure, answer = _run_job(job)
        del job
        answers.write(len(answer).to_bytes(_LENGTH_OCTETS, "big"))
        answers.write(answer)
        answers.flush()
        del answer
        if failure is Failure.MEMORY:
            os._exit(1)


def _take_jobs(stream: BinaryIO, jobs: "queue.SimpleQueue[bytes]") -> None:
    """Read jobs; when the other side is gone, end even in the middle of one."""
    while True:
        head = stream.read(_LENGTH_OCTETS)
        length = int.from_bytes(head, "big")
        job = stream.read(length) if len(head) == _LENGTH_OCTETS else b""
        if not job or len(job) < length:
            os._exit(0)
        jobs.put(job)


def _limit_cpu(seconds: float) -> None:
    """Let the kernel end a job that nobody waits for any more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime + seconds * 2) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _run_job(job: bytes) -> tuple[Failure | None, bytes]:
    failure: Failure | None
    result: Any
    try:
        function, arguments = loads(job)
        failure, result = None, function(*arguments)
        return failure, dumps((failure, result))
    except MemoryError:
        failure, result = Failure.MEMORY, "more memory was needed than is allowed"
    except Exception as fault:  # noqa: BLE001 the pipeline's runner: it becomes a WorkerFailed on the other side
        is_disk = isinstance(fault, OSError) and fault.errno in _DISK_ERRORS
        failure, result = Failure.DISK if is_disk else Failure.RAISED, "".join(traceback.format_exception(fault))
    return failure, dumps((failure, result))
