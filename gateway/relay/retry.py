"""When a deferred mail is tried again. Pure: the clock and the random number arrive as arguments."""

from datetime import datetime, timedelta

from gateway.relay.settings import RetrySettings


def next_attempt(
    *, attempts: int, now: datetime, created_at: datetime, settings: RetrySettings, jitter: float
) -> datetime | None:
    """Return when to try again after `attempts` rounds have failed (1 or more), or None to give up.

    `jitter` lies in -1..1 and is scaled by the setting. The last attempt falls on the very end of the mail's life.
    """
    deadline = created_at + timedelta(seconds=settings.give_up_after)
    if now >= deadline:
        return None
    # The exponent is capped where every reasonable factor has long reached the maximum: no overflow after years of retries.
    delay = min(settings.maximum_delay, settings.first_delay * settings.factor ** min(max(attempts, 1) - 1, 64))
    spread = 1 + settings.jitter * max(-1.0, min(1.0, jitter))
    return min(deadline, now + timedelta(seconds=delay * spread))
