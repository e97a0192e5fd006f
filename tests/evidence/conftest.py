"""What the tests of the evidence share: a fake DNS, and suites that other projects publish."""

import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.evidence.observe import Observer
from gateway.evidence.resolver import Resolver
from gateway.evidence.settings import ResolverSettings
from tests.evidence.fake_dns import FakeDns
from tests.evidence.world import World, settings, usual_zone

CACHE = Path(tempfile.gettempdir()) / f"ticket-gateway-suites-{os.getuid()}"
"""Where published suites are kept between runs: never in the repository."""

FetchSource = Callable[[str, str], Path]


@pytest.fixture(scope="session")
def fetch_source() -> FetchSource:
    """Return a function that unpacks the source package of a published project and returns its folder."""

    def fetch(name: str, version: str) -> Path:
        folder = CACHE / f"{name}-{version}"
        if not folder.exists():
            CACHE.mkdir(mode=0o700, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=CACHE) as fresh:
                _download(name, version, Path(fresh))
                (archive,) = Path(fresh).glob("*.tar.gz")
                with tarfile.open(archive) as tar:
                    tar.extractall(fresh, filter="data")
                (Path(fresh) / f"{name}-{version}").rename(folder)
        return folder

    return fetch


def _download(name: str, version: str, folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", ":all:", "--no-build-isolation", "--dest", str(folder), f"{name}=={version}"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode:
        reason = f"the source package of {name} {version} cannot be fetched"
        if os.environ.get("REQUIRE_PEERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture
async def fake_dns() -> AsyncIterator[FakeDns]:
    """Start a DNS server on loopback with an empty zone."""
    async with FakeDns({}) as server:
        yield server


@pytest.fixture
async def resolver(fake_dns: FakeDns) -> AsyncIterator[Resolver]:
    """Make a resolver that asks the fake DNS only, and is not patient."""
    resolver = Resolver(ResolverSettings(servers=[fake_dns.address], timeout=0.3))
    yield resolver
    await resolver.aclose()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Start the usual world: its DNS, and an observer that asks it."""
    async with FakeDns(usual_zone()) as dns:
        observer = Observer(settings(dns))
        yield World(dns, observer)
        await observer.aclose()
