"""How events are written: one line each, JSON off a terminal and coloured on one, always to standard error.

An event is a literal `noun.past_participle` with ids beside it, listed in `docs/events.md`; never a subject, a body or a secret.
What libraries say through `logging` goes the same way, from warnings on. A line that cannot be written, because the disk is full
or the reader has gone, is lost and nothing else: mail must go on.
"""

import json
import logging
import sys
import time
from typing import Final, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor

LEVELS: Final = ("debug", "info", "warning", "error")

_NANOSECONDS: Final = 1_000_000_000
_PER_MICROSECOND: Final = 1000


class _Stamp:
    """Adds the time in UTC, to the microsecond (RFC 3339); the part that is the same for a whole second is made once in it."""

    def __init__(self) -> None:
        self._made: tuple[int, str] = (0, "1970-01-01T00:00:00")

    def __call__(self, _logger: object, _method: str, event: EventDict) -> EventDict:
        second, rest = divmod(time.time_ns(), _NANOSECONDS)
        made, text = self._made
        if made != second:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._made = second, text
        event["timestamp"] = f"{text}.{rest // _PER_MICROSECOND:06}Z"
        return event


_ALWAYS: Final[tuple[Processor, ...]] = (structlog.contextvars.merge_contextvars, structlog.stdlib.add_log_level, _Stamp())


def configure_logging(level: str = "info", *, stream: TextIO | None = None, for_good: bool = False) -> None:
    """Send every event of this process to `stream` (standard error) from `level` on. Call it before the first event.

    With `for_good` each logger keeps what it finds at its first event, which costs less; nothing can change it afterwards.

    Raises:
        ValueError: no such level.
    """
    if level not in LEVELS:
        message = f"{level!r} is no log level; choose one of {', '.join(LEVELS)}"
        raise ValueError(message)
    stream = stream or sys.stderr
    number = logging.getLevelNamesMapping()[level.upper()]
    finish = _for_people() if stream.isatty() else _for_machines()
    structlog.configure(
        processors=[*_ALWAYS, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _Patient(stream))),
        cache_logger_on_first_use=for_good,
    )
    _route_libraries(stream, finish, number)


_LOST: Final = (OSError, ValueError)
"""What writing to a full disk, to a reader that has gone, or to a closed stream raises."""


class _Patient:
    """As much of a stream as structlog's logger needs; it takes what is lost for granted."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write a line and send it on."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except _LOST:
            pass

    def flush(self) -> None:
        """Do nothing: `write` does."""


def _for_people() -> tuple[Processor, ...]:
    return (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)


def _for_machines() -> tuple[Processor, ...]:
    """Render JSON; a traceback is one string in it, without the values of local variables, which hold mail."""
    return (structlog.processors.format_exc_info, structlog.processors.JSONRenderer(_to_json))


_JSON: Final = json.JSONEncoder(ensure_ascii=False, default=str)
"""Made once; `json.dumps` makes one for every line."""


def _to_json(event: EventDict, **_options: object) -> str:
    return _JSON.encode(event)


def _route_libraries(stream: TextIO, finish: tuple[Processor, ...], level: int) -> None:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_ALWAYS, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)
