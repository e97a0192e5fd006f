"""Starts gateways quickly: a process that has imported the program, and forks for each one that is asked for.

What the child runs is the command `ticket-gateway run --as-root --config FILE`, from its arguments on; only the second
that Python takes to import is saved, because a gateway is started a few thousand times here. Reads lines `CONFIG<tab>LOG` from
standard input and answers each with the process id; ends when its input does (the gateways do not).
"""

import gc
import os
import signal
import sys
from typing import NoReturn

import gateway.cli.serving
import gateway.storage.sqlite  # noqa: F401 what the command imports only when it needs it
from gateway.cli.entry import run


def _be_a_gateway(config: str, log: str) -> NoReturn:
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing, words = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for descriptor, target in ((nothing, 0), (words, 1), (words, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(words)
    code = 70
    try:
        code = run(["run", "--as-root", "--config", config])
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Serve until standard input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to bury the children
    gc.freeze()
    while line := sys.stdin.buffer.readline():
        config, log = line.decode().rstrip("\n").split("\t")
        child = os.fork()
        if child == 0:
            _be_a_gateway(config, log)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
