"""The short form of the crash harness: what `make crash` does, but fewer times (docs/reliability.md)."""

import pytest

from tests.crash.harness import power, strace
from tests.crash.harness.books import Balance
from tests.crash.harness.report import SHORT, Report, crash
from tests.needs import miss

pytestmark = pytest.mark.timeout(1200)


class Silence:
    """Shows nothing."""

    def begin(self, part: str, total: int | None) -> None:
        """Hear of it."""

    def advance(self, part: str) -> None:
        """Hear of it."""

    def end(self, part: str) -> None:
        """Hear of it."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Balance]:
    if (reason := strace.why_not()) is not None:
        miss(reason)
    return crash(SHORT, tmp_path_factory.mktemp("crash"), Silence())


def test_no_acknowledged_mail_is_lost(run: tuple[Report, Balance]) -> None:
    assert run[1].lost == ()


def test_no_mail_becomes_two_tickets(run: tuple[Report, Balance]) -> None:
    assert run[1].duplicates == ()


def test_no_fault_of_ours_is_a_permanent_refusal(run: tuple[Report, Balance]) -> None:
    assert run[1].permanent_replies == ()


def test_every_byte_is_sound_and_nothing_is_left_lying_about(run: tuple[Report, Balance]) -> None:
    assert run[1].damage == ()


def test_enough_was_tried_to_prove_something(run: tuple[Report, Balance]) -> None:
    report = run[0]
    assert report.kills >= 50
    assert set(report.sweeps) == {sweep.name for sweep in SHORT.sweeps}, "accepting and processing, to the last call of each"
    assert report.acknowledged >= 200
    assert report.power_cuts == (SHORT.power_cuts if power.why_not() is None else 0)
