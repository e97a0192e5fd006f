"""The command line: reads options, calls the rest, shows what came of it. Decides nothing.

Each command has a module of its own, imported when it runs, so that `--help` answers at once. `entry.py` lists them.
"""

from gateway.cli.entry import main

__all__ = ["main"]
