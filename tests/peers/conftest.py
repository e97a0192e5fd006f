"""One little world for all tests against real peers: starting it takes a few seconds, so it is started once.

The week at a desk has a world of its own, because other teams and promises stand in its configuration.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.needs import miss, program
from tests.peers.company import World
from tests.peers.configuration import gateway_configuration
from tests.peers.places import Places
from tests.peers.week import Desk, week_configuration

_PROGRAMS = ("postfix", "postqueue", "postsrsd", "opendkim", "nsd", "saslpasswd2", "swaks", "smtp-source", "smtp-sink", "neomutt")


@pytest.fixture(scope="session")
def world() -> Iterator[World]:
    """Start the company, the customers' provider, the DNS and the gateway."""
    yield from _run(gateway_configuration)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """Start the same with the configuration of a desk of two teams."""
    for world in _run(week_configuration):
        yield Desk(world)


def _run(configure: Callable[[Places], dict[str, object]]) -> Iterator[World]:
    for name in _PROGRAMS:
        program(name)
    if os.geteuid() != 0:
        miss("Postfix can only be started by root")
    # Not pytest's own folder: Postfix and opendkim run under accounts of their own and must get through;
    # and the paths of sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="peers-", dir="/tmp"))
    folder.chmod(0o755)
    world = World(folder, configure)
    try:
        world.start()
        yield world
    finally:
        world.stop()
        shutil.rmtree(folder, ignore_errors=True)
