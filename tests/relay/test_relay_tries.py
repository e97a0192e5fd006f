"""What a smarthost's words mean for the mail."""

from datetime import UTC, datetime

import pytest

from gateway.relay.tries import Consequence, Stage, Try, asks_next, consequence


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.DATA, Stage.DOT])
@pytest.mark.parametrize(
    ("code", "reply", "expected"),
    [
        (452, "4.3.1 Insufficient system storage", Consequence.UNREACHABLE),
        (451, "4.3.0 Error: queue file write error", Consequence.UNREACHABLE),
        (452, "4.2.2 Mailbox full", Consequence.POSTPONED),
        (450, "4.7.1 Greylisted, come back", Consequence.POSTPONED),
        (451, "your mail has a 4.3.1 in its subject", Consequence.POSTPONED),
    ],
)
def test_a_smarthost_in_trouble_is_passed_over_and_a_recipient_in_trouble_is_waited_for(
    stage: Stage, code: int, reply: str, expected: Consequence
) -> None:
    visit = Try(smarthost="main", at=datetime(2026, 11, 2, tzinfo=UTC), stage=stage, code=code, reply=reply)
    assert consequence(visit) is expected
    assert asks_next(expected) is (expected is Consequence.UNREACHABLE)
