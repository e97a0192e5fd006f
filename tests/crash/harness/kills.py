"""Part a: `kill -9` of any process of the gateway, at random moments, under load from a client that knows nothing of it."""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.harness.books import Balance, balance, leftovers
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.site import Nursery, Process, Site, Surroundings, start_module

_SESSIONS: Final = 6
_RATE: Final = 4.0
_WORKERS: Final = 2
_PROCESSES: Final = 3
"""That take mail: the front and two porters."""
_MEAN_SECONDS: Final = 0.5
_LAST_SECONDS: Final = 300.0
"""For what is still waiting at the end."""
_DURING_START: Final = 0.15
"""How often a gateway is killed again before it takes mail."""


def kill_at_random(
    folder: Path, *, kills: int, name: str, surroundings: Surroundings, nursery: Nursery, on_kill: Callable[[], None]
) -> Balance:
    """Kill so many processes, then let the client finish, and compare its ledger with the database."""
    random = Random(name)  # noqa: S311 the same moments in every run, as far as a scheduler allows
    site = Site(folder, surroundings=surroundings, nursery=nursery, workers=_WORKERS, processes=_PROCESSES)
    path = folder / "ledger"
    client = start_module("customer", str(site.port), str(path), name, str(_SESSIONS), str(_RATE))
    try:
        site.start()
        site.wait_until_ready()
        for _ in range(kills):
            time.sleep(random.expovariate(1 / _MEAN_SECONDS))
            _kill_one(site, random)
            on_kill()
        site.wait_until_ready()
        client.communicate("", timeout=_LAST_SECONDS)
        site.wait_until_idle(_LAST_SECONDS)
        site.stop()
        site.start()  # whatever the last death left lying about is tidied up now
        site.wait_until_ready()
        site.stop()
    finally:
        site.kill()
        client.kill()
        client.communicate()
    return balance(site.data, Ledger.read(path)) + Balance(damage=leftovers(site.data))


def _kill_one(site: Site, random: Random) -> None:
    """Kill the front, a porter, the desk or a worker; systemd would start a dead front again, the front starts the others."""
    victims = [site.running.pid, *site.running.descendants()]
    victim = random.choice(victims)
    if victim == site.running.pid:
        site.running.kill()
        site.start()
        if random.random() > _DURING_START:
            site.wait_until_ready()
        return
    other = Process(victim)
    other.kill()
    other.release()
