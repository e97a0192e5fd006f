"""Two gateways, or a gateway and autoresponders without any marker, come to rest, however slowly they answer."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.mail.outbound import Purpose
from gateway.storage.database import Database
from gateway.storage.tickets import TicketFilter
from tests.histories.inline import InlineWorkers
from tests.histories.machines import Autoresponder, Gateway, House, World, first_mail
from tests.journeys.stage import make_policy

OURS, THEIRS, MACHINE, ANNA = "support@firma.example", "hilfe@partner.example", "info@kunde.example", "anna@firma.example"
PARTNER: dict[str, Any] = {
    "hostname": "gw.partner.example",
    "agents": {
        "anna": {"name": "Pia Partner", "addresses": ["pia@partner.example"]},
        "bert": {"name": "Paul Partner", "addresses": ["paul@partner.example"]},
    },
    "channels": {"support": {"address": THEIRS, "also": [], "display_name": "Partner Hilfe"}},
    "operators": {"addresses": ["admin@partner.example"]},
}
Build = Callable[[dict[str, Any]], Awaitable[House]]
DELAYS = pytest.mark.parametrize("minutes", [1, 25, 180])


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    async with AsyncExitStack() as opened:

        async def house(overrides: dict[str, Any]) -> House:
            folder = tmp_path / overrides.get("hostname", "ours")
            database = await Database.open(data=folder)
            opened.push_async_callback(database.close)
            return House(folder=folder, database=database, workers=InlineWorkers(), policy=make_policy(overrides))

        yield house


async def test_two_gateways_that_mark_their_mail_exchange_one_confirmation(build: Build) -> None:
    world = World(
        machines={
            "firma.example": Gateway(house=(ours := await build({}))),
            "gw.firma.example": Gateway(house=ours),
            "partner.example": Gateway(house=(theirs := await build(PARTNER))),
            "gw.partner.example": Gateway(house=theirs),
        },
        delay=timedelta(minutes=1),
    )
    world.post(first_mail(THEIRS, OURS))
    await world.run()
    between = [letter for letter in world.delivered if {letter.recipient} & {OURS, THEIRS}]
    assert [letter.recipient for letter in between] == [OURS, THEIRS]


@DELAYS
async def test_two_gateways_whose_mail_has_lost_every_marker_come_to_rest(build: Build, minutes: int) -> None:
    ours, theirs = Gateway(house=await build({}), blurs=True), Gateway(house=await build(PARTNER), blurs=True)
    world = World(machines={OURS: ours, THEIRS: theirs}, delay=timedelta(minutes=minutes))
    world.post(first_mail(THEIRS, OURS))
    await world.run()
    assert 2 <= sum(letter.recipient in {OURS, THEIRS} for letter in world.delivered) <= 50


@DELAYS
@pytest.mark.parametrize("keeps_thread", [False, True])
async def test_gateway_and_autoresponder_without_marker_come_to_rest(build: Build, minutes: int, *, keeps_thread: bool) -> None:
    machine = Autoresponder(address=MACHINE, keeps_thread=keeps_thread)
    ours = Gateway(house=await build({}))
    world = World(machines={OURS: ours, "gw.firma.example": ours, MACHINE: machine}, delay=timedelta(minutes=minutes))
    world.post(first_mail(MACHINE, OURS))
    await world.run()
    assert any(letter.recipient == MACHINE for letter in world.delivered)


async def test_machine_that_never_names_what_it_answers_comes_to_rest_without_any_cap_and_every_mail_is_a_ticket(
    build: Build,
) -> None:
    """Each of its answers looks like a new matter: after the third with the same words we stay silent."""
    machine = Autoresponder(address=MACHINE)
    house = await build({"loops": {"per_correspondent_and_hour": 1000, "per_domain_and_hour": 1000}})
    ours = Gateway(house=house)
    world = World(machines={OURS: ours, "gw.firma.example": ours, MACHINE: machine}, delay=timedelta(minutes=1))
    world.post(first_mail(MACHINE, OURS))
    await world.run()
    confirmations = [mail for mail in house.sent if mail.purpose is Purpose.CONFIRMATION]
    arrived = [letter for letter in world.delivered if letter.recipient == OURS]
    tickets = await house.database.read(lambda tx: tx.tickets.list(TicketFilter(requester=MACHINE)))
    assert (len(confirmations), len(arrived), len(tickets)) == (4, 5, 5)


@pytest.mark.parametrize("minutes", [1, 25])
async def test_autoresponders_of_agent_and_customer_without_marker_come_to_rest(build: Build, minutes: int) -> None:
    machine = Autoresponder(address=MACHINE, keeps_thread=True)
    away = Autoresponder(address=ANNA, keeps_thread=True, says="Ich bin heute nicht am Platz, dies ist Antwort {}.".format)
    ours = Gateway(house=await build({}))
    world = World(machines={OURS: ours, "gw.firma.example": ours, MACHINE: machine, ANNA: away}, delay=timedelta(minutes=minutes))
    world.post(first_mail(MACHINE, OURS))
    await world.run()
    assert any(letter.sender == ANNA for letter in world.delivered)
