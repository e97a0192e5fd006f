"""What agents are told of their answer to the list of suspended mail."""

from typing import Final

from gateway.pipeline.said import Said
from gateway.states import ReceivedState


def unknown_order(line: str) -> Said:
    """No order stands in the first line of an answer to the list."""
    return Said(
        de=f"`{line}` wurde nicht verstanden. So geht es: `annehmen 3 5`, `ablehnen 4`, `sperren 7`, `spam 2`.",
        en=f"`{line}` was not understood. This is how: `accept 3 5`, `reject 4`, `block 7`, `spam 2`.",
    )


def order_without_number() -> Said:
    """Nothing says which mail."""
    return Said(
        de="Dahinter fehlt, welche Mail gemeint ist: eine Nummer der Liste, `3-6` oder `alle`.",
        en="Which mail is meant must stand behind it: a number of the list, `3-6` or `all`.",
    )


def no_number(word: str) -> Said:
    """Something else stands where a number must."""
    return Said(de=f"`{word}` ist keine Nummer der Liste.", en=f"`{word}` is no number of the list.")


def not_on_list(word: str) -> Said:
    """No mail has that number there."""
    return Said(de=f"Die Nummer {word} steht nicht auf dieser Liste.", en=f"The number {word} is not on this list.")


def works_no_more() -> Said:
    """Say it of a list that went out under an older configuration."""
    return Said(
        de="Angehaltene Mails bearbeitet inzwischen jemand anders.",
        en="Somebody else works suspended mail by now.",
    )


def two_orders(number: int) -> Said:
    """One mail cannot be accepted and rejected."""
    return Said(de=f"Für {number} stehen zwei Anweisungen da.", en=f"Two orders stand there for {number}.")


def no_longer_waits(number: int, state: ReceivedState) -> Said:
    """Somebody was faster."""
    became = _BECAME.get(state, Said(de="sie ist in Arbeit", en="it is being worked on"))
    return Said(
        de=f"{number}: wartet nicht mehr ({became.de}), nichts wurde geändert.",
        en=f"{number}: no longer waits ({became.en}), nothing was changed.",
    )


_BECAME: Final = {
    ReceivedState.TICKETED: Said(de="sie wurde angenommen", en="it was accepted"),
    ReceivedState.RECORDED: Said(de="sie wurde angenommen", en="it was accepted"),
    ReceivedState.DISCARDED: Said(de="sie wurde verworfen", en="it was rejected"),
}


def worked(number: int, verb: str) -> Said:
    """One mail was worked."""
    de = {"accept": "angenommen", "reject": "verworfen", "block": "verworfen, Absender gesperrt", "spam": "als Spam verworfen"}
    en = {"accept": "accepted", "reject": "discarded", "block": "discarded, sender blocked", "spam": "discarded as spam"}
    return Said(de=f"{number}: {de[verb]}.", en=f"{number}: {en[verb]}.")
