"""Mistakes in what channels switch off or give another text: what nobody would hear of, and what would change nothing.

Works on the plain values like `references.py`, which lists these checks among its own.
"""

from collections.abc import Callable, Iterator
from typing import Final

from pydantic import ValidationError

from gateway.config.document import Keys, section_of, value_at
from gateway.config.mistake import Mistake
from gateway.pipeline.settings import NotificationSettings

_ABOUT_ALL_CHANNELS: Final = ("digest", "report")


def failures_are_heard_of(tree: object) -> Iterator[Mistake]:
    """Find channels whose teams are not told of answers that came back, where no admin is told in their place."""
    if value_at(tree, ("operators", "addresses")):
        return
    for keys, chosen in _chosen(tree):
        if keys[-1] == "delivery_failed" and not chosen.enabled:
            reason = (
                "nobody would hear that an answer did not arrive: name operators.addresses, who are told in place of the team"
            )
            yield Mistake((*keys, "enabled"), reason)


def reports_are_left_out(tree: object) -> Iterator[Mistake]:
    """Find channels that switch off a report, which is about all of them."""
    for keys, chosen in _chosen(tree):
        if keys[-1] == "report" and not chosen.enabled:
            yield Mistake((*keys, "enabled"), "a report is about all channels: leave it out of `reports` to switch it off")


def common_texts_are_chosen_once(tree: object) -> Iterator[Mistake]:
    """Find texts of lists and reports chosen at a channel that does not carry them."""
    carrier = value_at(tree, ("operators", "channel")) or next(iter(section_of(tree, "channels")), None)
    for keys, chosen in _chosen(tree):
        if keys[-1] in _ABOUT_ALL_CHANNELS and chosen.template is not None and keys[1] != carrier:
            reason = f"it is about all channels and goes out as `{carrier}` (operators.channel): choose its text there"
            yield Mistake((*keys, "template"), reason)


def _chosen(tree: object) -> Iterator[tuple[Keys, NotificationSettings]]:
    """Yield what each channel says of each notification; what the model refuses is reported there."""
    for channel in section_of(tree, "channels"):
        for stage in section_of(value_at(tree, ("channels", channel)), "notifications"):
            keys: Keys = ("channels", channel, "notifications", stage)
            try:
                yield keys, NotificationSettings.model_validate(value_at(tree, keys))
            except ValidationError:
                continue


NOTIFICATION_CHECKS: Final[tuple[Callable[[object], Iterator[Mistake]], ...]] = (
    failures_are_heard_of,
    reports_are_left_out,
    common_texts_are_chosen_once,
)
