"""What the child processes of the front have in common: how they begin, how they use memory, and how they end.

A child is a fresh interpreter with one end of a line (`line.py`), and does nothing until it gets its orders. It ends when it is
told to, when a part of it ends that should not, and at once when the front is gone: the next front starts children of its own.
Signals are the front's business.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from gateway.line import Line
from gateway.logs import configure_logging

log: Final = structlog.get_logger()

_TURN_SECONDS: Final = 0.0005
_YOUNG_OBJECTS: Final = 5000
"""So many more objects than before are looked at for garbage."""
_M_ARENA_MAX: Final = -8
"""From malloc.h."""
_ARENAS: Final = 2
_PR_SET_PDEATHSIG: Final = 1
"""From linux/prctl.h."""
_FAILED: Final = 70
_ABANDONED: Final = 75


class Working(Protocol):
    """What a child does."""

    async def run(self) -> None:
        """Work until the front says that it is enough; a part that ends before raises its error here."""
        ...


def tune_interpreter() -> None:
    """Let threads hand over to one another sooner than after 5 ms, and let the garbage collector pass over what is here to stay.

    The event loop gives the interpreter away with every octet that it sends, and each time another thread would keep it for
    a whole turn: mail was accepted at half the speed. All that was imported is looked at by every full collection, for nothing.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)


def bound_memory() -> None:
    """Let all threads share two areas of memory; to be called before there are threads.

    Otherwise the C library gives each thread an area of its own, and what large mails passed through once stays in all of them:
    32 MB more at the peak. A C library that knows no such setting is left alone.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def end_with_parent() -> None:
    """Have the kernel end this process when its parent dies, even while it is busy; elsewhere than on Linux the line must do."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def serve_child(make: Callable[[Line], Working], *, event: str) -> None:
    """Be a child process: the arguments are the descriptor of the line and the level of the log; `event` tells of a fault."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    configure_logging(sys.argv[2], for_good=True)
    bound_memory()
    tune_interpreter()
    try:
        asyncio.run(_serve(int(sys.argv[1]), make))
    except Exception:
        log.exception(event)
        sys.exit(_FAILED)


async def _serve(descriptor: int, make: Callable[[Line], Working]) -> None:
    line = Line()
    working_part = make(line)
    await line.connect(socket.socket(fileno=descriptor))
    abandoned = asyncio.create_task(line.closed.wait())
    working = asyncio.create_task(working_part.run())
    await asyncio.wait({abandoned, working}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done():
        os._exit(_ABANDONED)
    abandoned.cancel()
    working.result()
