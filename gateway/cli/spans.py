"""Moments as people type them: so long ago, a day, or a moment of ISO 8601."""

from datetime import UTC, datetime, timedelta

from gateway.errors import WrongCommand
from gateway.section import parse_seconds


def read_moment(text: str, now: datetime) -> datetime:
    """Read `30d` (so long before now), `2026-11-01` (its midnight by this machine's clock) or `2026-11-01T09:00`.

    Raises:
        WrongCommand: it is none of them.
    """
    try:
        seconds = parse_seconds(text)
    except ValueError:
        seconds = None
    try:
        if isinstance(seconds, float):
            return now - timedelta(seconds=seconds)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo is not None else moment.astimezone()).astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text!r} is no moment; write how long ago, such as 30d, or a day, such as 2026-11-01"
        raise WrongCommand(message) from None
