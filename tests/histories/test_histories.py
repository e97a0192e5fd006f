"""In every random history: mail reaches only those who belong to a ticket, no note leaves, no ticket is homeless, caps hold.

`python -m tests.histories.run --count 10000` plays as many as you like.
"""

from pathlib import Path

import pytest

from tests.histories.run import play_history


@pytest.mark.asyncio
async def test_nothing_forbidden_happens_in_any_history(tmp_path: Path) -> None:
    for seed in range(40):
        await play_history(seed, tmp_path / str(seed), length=14)
