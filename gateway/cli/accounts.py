"""Which account a command works as: beside a SQLite database never as root, so that no file of root's is left in its folder."""

import os
import pwd
import syslog

from gateway.config import Config
from gateway.errors import StorageUnavailable
from gateway.storage.settings import SQLITE


def become_owner(config: Config) -> None:
    """Become the owner of the data folder for good, where root runs the command and the database is a file in it.

    Raises:
        StorageUnavailable: the folder is not there, or cannot be looked at.
    """
    if os.geteuid() != 0 or config.database != SQLITE:
        return
    try:
        owner = config.data.stat()
    except OSError as error:
        message = f"{config.data}: {error.strerror}"
        raise StorageUnavailable(message) from None
    if owner.st_uid == 0:
        return
    try:
        os.initgroups(pwd.getpwuid(owner.st_uid).pw_name, owner.st_gid)
    except KeyError:
        os.setgroups([owner.st_gid])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def note_in_journal(because: str) -> None:
    """Say in the system's journal what an operator did, and who; where there is none, nothing is lost but the line."""
    syslog.openlog("ticket-gateway", syslog.LOG_PID, syslog.LOG_MAIL)
    syslog.syslog(syslog.LOG_INFO, "".join(c if c.isprintable() else "?" for c in because))


def asking_account() -> str:
    """Return who is asking, for the history: behind sudo the person's account, not root's."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
