"""Part d: power cuts. What a disk holds at one instant is all that there is afterwards.

The data folder is an ext4 file system on an image, mounted through a loop device. At a random moment under load the gateway's
processes are stopped (SIGSTOP), the image is copied, and everybody is killed. The copy has what had reached the disk by then
and nothing of what only stood in memory: not the gateway's, and not the file system's. It is mounted in the place of the old
one (ext4 replays its journal), a gateway starts on it, reads what the intake journal holds, and the client goes on sending what
it has no 250 for. Every other disk is one of a gateway with porters, each of which has segments of its own. Before every
other cut the desk stands still for a moment, so that there are acknowledged mails that only the intake journal has.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from tests.crash.harness.books import Balance, balance, leftovers
from tests.crash.harness.ledger import Ledger
from tests.crash.harness.site import Nursery, Process, Site, Surroundings, start_module, wait_for

_IMAGE_OCTETS: Final = 512_000_000
_SESSIONS: Final = 4
_RATE: Final = 3.0
_MEAN_SECONDS: Final = 0.6
_HOLDING_SECONDS: Final = 0.3
_CUTS_PER_DISK: Final = 20
_LAST_SECONDS: Final = 300.0
"""For what is still waiting at the end."""
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 images lie there because they are copied often


class NoLoopDevices(Exception):
    """Images cannot be mounted here: that needs root and loop devices."""


class Disk:
    """A file system in a file, mounted on a folder."""

    def __init__(self, image: Path, mount: Path) -> None:
        """Take where it lies and where it is mounted; neither has to exist."""
        self.image = image
        self.mount = mount

    def format(self) -> None:
        """Make an empty file system that writes nothing behind our back."""
        with self.image.open("wb") as file:
            file.truncate(_IMAGE_OCTETS)
        lazy = "lazy_itable_init=0,lazy_journal_init=0"
        _run("mkfs.ext4", "-q", "-F", "-m", "0", "-E", lazy, str(self.image))

    def attach(self) -> None:
        """Mount it; only a sync commits its journal, so none is committed while everybody is stopped. Raises NoLoopDevices."""
        self.mount.mkdir(exist_ok=True)
        try:
            _run("mount", "-t", "ext4", "-o", "loop,noatime,commit=900", str(self.image), str(self.mount))
        except (OSError, subprocess.CalledProcessError) as error:
            raise NoLoopDevices(str(error)) from error

    def detach(self) -> None:
        """Unmount it."""
        deadline = time.monotonic() + 10
        while True:
            try:
                _run("umount", str(self.mount))
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)  # somebody who was killed has not gone yet
            else:
                return

    def cut(self, copy: Path) -> None:
        """Copy what is on the disk now."""
        _run("cp", "--sparse=always", str(self.image), str(copy))


def why_not() -> str | None:
    """Return why there can be no power cuts here, or None."""
    if os.geteuid() != 0:
        return "images can only be mounted by root"
    with _folder() as folder:
        disk = Disk(folder / "image", folder / "mount")
        try:
            disk.format()
            disk.attach()
        except (OSError, subprocess.CalledProcessError, NoLoopDevices) as error:
            return f"images cannot be mounted: {error}"
        disk.detach()
    return None


def cut_power(
    folder: Path, *, cuts: int, name: str, surroundings: Surroundings, nursery: Nursery, on_cut: Callable[[], None]
) -> Balance:
    """Cut the power so often, on a new disk from time to time, and compare the client's ledger with each disk at its end."""
    total = Balance()
    for disk in range(-(-cuts // _CUTS_PER_DISK)):
        here = min(_CUTS_PER_DISK, cuts - disk * _CUTS_PER_DISK)
        place = folder / f"disk-{disk}"
        place.mkdir(parents=True)
        with _folder() as images:
            processes = 1 + 2 * (disk % 2)
            blackouts = _Blackouts(place, images, f"{name}-{disk}", surroundings, nursery, processes=processes)
            total += blackouts.run(here, on_cut)
    return total


class _Blackouts:
    """The power cuts of one disk, whose gateway takes mail alone or with porters."""

    def __init__(
        self, place: Path, images: Path, name: str, surroundings: Surroundings, nursery: Nursery, *, processes: int
    ) -> None:
        self._images = images
        self._name = name
        self._ledger = place / "ledger"
        self._random = Random(name)  # noqa: S311 the same moments in every run, as far as a scheduler allows
        self._site = Site(place, surroundings=surroundings, nursery=nursery, processes=processes)
        self._disk = Disk(images / "image-0", self._site.data)

    def run(self, cuts: int, on_cut: Callable[[], None]) -> Balance:
        self._disk.format()
        self._disk.attach()
        try:
            return self._run(cuts, on_cut)
        finally:
            self._site.kill()
            self._disk.detach()

    def _run(self, cuts: int, on_cut: Callable[[], None]) -> Balance:
        site = self._site
        client = start_module("customer", str(site.port), str(self._ledger), self._name, str(_SESSIONS), str(_RATE))
        try:
            site.start()
            site.wait_until_ready()
            for number in range(1, cuts + 1):
                time.sleep(self._random.expovariate(1 / _MEAN_SECONDS))
                if number % 2:
                    self._hold_the_desk()
                self._cut(self._images / f"image-{number}")
                site.start()
                site.wait_until_ready()
                on_cut()
            client.communicate("", timeout=_LAST_SECONDS)
            site.wait_until_idle(_LAST_SECONDS)
            site.stop()
        finally:
            client.kill()
            client.communicate()
        return balance(site.data, Ledger.read(self._ledger)) + Balance(damage=leftovers(site.data))

    def _hold_the_desk(self) -> None:
        """Let mail gather in the intake journal."""
        desk = self._site.desk()
        if desk is not None:
            desk.send_signal(signal.SIGSTOP)
            time.sleep(_HOLDING_SECONDS)
            desk.release()

    def _cut(self, copy: Path) -> None:
        gateway = self._site.running
        everybody = [gateway, *(Process(pid) for pid in gateway.descendants())]
        for process in everybody:
            process.send_signal(signal.SIGSTOP)
        wait_for("everybody to stand still", lambda: all(process.is_stopped for process in everybody), seconds=30)
        self._disk.cut(copy)
        for process in everybody:
            process.kill()
            process.release()
        old = self._disk
        old.detach()
        old.image.unlink()
        self._disk = Disk(copy, old.mount)
        self._disk.attach()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Give a folder for images, in memory where there is room."""
    where = _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 3 * _IMAGE_OCTETS else None
    with tempfile.TemporaryDirectory(prefix="crash-images-", dir=where) as name:
        yield Path(name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
