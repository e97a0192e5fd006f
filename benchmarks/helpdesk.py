"""The peer that makes tickets: django-helpdesk with its own mail import, in an environment of its own outside the repository.

It reads the same mails from a folder, checks nothing, keeps its database in SQLite on the same disk, and its notifications go to
Django's `dummy` backend, which throws them away: it does not even queue them.
"""

import json
import platform
import shutil
import venv
from pathlib import Path
from typing import Final

from benchmarks.programs import CACHE, run

VERSION: Final = "2.6.1"
_SCRIPT: Final = Path(__file__).parent / "helpdesk_import.py"


def prepare() -> Path:
    """Make the environment once for each Python, the same as ours; return its interpreter."""
    folder = CACHE / "helpdesk"
    python = folder / "bin" / "python"
    done = folder / f"installed-{VERSION}-with-{platform.python_version()}"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"django-helpdesk=={VERSION}"])
        done.touch()
    return python


class Helpdesk:
    """One helpdesk."""

    def __init__(self, folder: Path) -> None:
        """Make its database in a new folder."""
        self._python = python = prepare()
        self._folder = folder
        self._mails = folder / "mails"
        self._mails.mkdir(parents=True)
        run([str(python), "-P", str(_SCRIPT), "prepare", str(folder)])

    def import_mails(self, mails: list[bytes]) -> float:
        """Import mails; return the seconds that the import itself took.

        Raises:
            RuntimeError: it did not make a ticket of each.
        """
        shutil.rmtree(self._mails)
        self._mails.mkdir()
        for number, content in enumerate(mails):
            (self._mails / f"{number:05}.eml").write_bytes(content)
        answer = json.loads(run([str(self._python), "-P", str(_SCRIPT), "import", str(self._folder)]).splitlines()[-1])
        if answer["tickets"] != len(mails):
            message = f"django-helpdesk made {answer['tickets']} tickets of {len(mails)} mails"
            raise RuntimeError(message)
        return float(answer["seconds"])
