"""What falls due in the whole gateway: the desk process sees to it, and writes it through the front."""

from pathlib import Path

import pytest

from tests.app.running import run_gateway, write

CLOCK = "clocks: {default: {normal: {reaction: 8s, resolution: 1h, warning: 6s}}}\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("server").create())


async def test_a_ticket_that_nobody_answers_is_warned_of_and_then_late(
    tmp_path: Path, unused_udp_port: int, database: str
) -> None:
    async with run_gateway(tmp_path, dns=unused_udp_port, database=database, more=CLOCK) as world:
        mail = write(
            "kim@kunde.example", "support@firma.example", "Drucker", "Er druckt nicht.\n", Message_ID="<1@kunde.example>"
        )
        await world.hand_over("kim@kunde.example", "support@firma.example", mail)
        warning = await world.wait_for("anna@firma.example", "läuft bald ab")
        breach = await world.wait_for("anna@firma.example", "ist abgelaufen")
        assert warning["References"].split()[0] == breach["References"].split()[0], "one thread in the agent's mail program"
        assert breach["Auto-Submitted"] == "auto-generated"
        (ticket,) = await world.gateway.database.read(lambda tx: tx.search.find("Drucker", limit=9))
        assert [key.split()[-1] for key in ticket.announced] == ["reaction_warning", "reaction_breach"]
