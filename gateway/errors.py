"""Every error this product raises on purpose.

The first cut is whether trying again can help::

    GatewayError
    ├── TransientError          try again: 451 before the 250, the mail stays `received` after it
    │   ├── StorageUnavailable  the database or the disk does not take it now
    │   ├── ConcurrentChange    somebody was faster: decide again on fresh facts
    │   └── Overloaded          a bound of ours is reached
    └── PermanentError          trying again cannot help
        ├── ConfigError         the admin's file is wrong
        ├── InvalidAddress      not an address that mail could be sent to
        ├── InvalidTransition   a state change that no table allows (our own fault)
        ├── NotFound            nothing has that id or number
        └── WrongCommand        an operator asked for what cannot be done

Anything else that is raised is a fault of ours: 451 before the 250, state `failed` after it.
What a stranger is told is never the text of an error.

`except Exception` stands only where one fault must not stop everybody else (`tests/docs/test_docs_errors.py` holds this list):

- the SMTP hook answers 451: `smtp_in/session.py` and `smtp_in/conversation.py` one command, `smtp_in/connection.py` one client;
- the pipeline's runner lets one mail fail, or one timer come later: `pipeline/runner.py`, `pipeline/timekeeper.py`;
- the relay's worker goes on with the next mail: `relay/sender.py`;
- the importer of the intake journal sets aside one mail that no table takes: `storage/journal_importer.py`.

Elsewhere it is caught only to be raised again in whoever waits for the work: where several share one transaction
(`smtp_in/committer.py`, `storage/gathered.py`, `storage/sqlite.py`, `storage/postgresql.py`) or one append to the intake journal
(`storage/journal_writer.py`), and where another process asked for it (`line.py`, `pipeline/worker.py`). The first frame of a
child process (`child.py`) writes it down and ends the process.
"""


class GatewayError(Exception):
    """Base of all errors raised on purpose."""


class TransientError(GatewayError):
    """Trying again later can help."""


class StorageUnavailable(TransientError):
    """The database or the disk does not take the work now."""


class ConcurrentChange(TransientError):
    """Somebody else changed the same thing first; read again and decide again."""


class Overloaded(TransientError):
    """A configured bound is reached."""


class PermanentError(GatewayError):
    """Trying again cannot help."""


class ConfigError(PermanentError):
    """The configuration is wrong; `problems` holds every mistake as `file:line:column: key: reason`."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class InvalidAddress(PermanentError):
    """Not an address that mail could be sent to."""


class InvalidTransition(PermanentError):
    """A state change that no table allows."""


class NotFound(PermanentError):
    """Nothing has that id or number."""


class WrongCommand(PermanentError):
    """What was asked for cannot be done; the text says what could."""
