"""How fast mail becomes tickets: from the first greeting to the last committed ticket, its notifications queued.

Ours takes signed mails over SMTP with every check on, and its relay stands still, because the measure ends where mail is queued.
The peer imports the same mails from a folder without a check.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.helpdesk import Helpdesk
from benchmarks.loads import send_signed
from benchmarks.mails import names, signed_mails, write_mails
from benchmarks.programs import working_folder
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import Site, running_names, running_site

_CASES: Final = {"ticket_2k": (2_000, 600, 40), "ticket_20k": (20_000, 400, 30), "ticket_200k": (200_000, 100, 15)}
"""The size of a mail, and how many of them we and the peer get in a round."""


def make_tickets(site: Site, mails: Sequence[tuple[str, bytes]], prepared: Path) -> float:
    """Send mails and wait until each of them is a ticket; return tickets per second.

    Raises:
        RuntimeError: some mails became something else.
    """
    before, newest = site.tickets(), site.newest()
    prepared.write_bytes(write_mails(mails))
    begun, _ = send_signed(site.port, prepared)
    site.wait_until_decided(len(mails), after=newest)
    ended = time.monotonic()
    prepared.unlink()
    made = site.tickets() - before
    if made != len(mails):
        message = f"{len(mails)} mails became {made} tickets"
        raise RuntimeError(message)
    return len(mails) / (ended - begun)


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        dns = stack.enter_context(running_names(folder / "names", names()))
        site = stack.enter_context(running_site(folder / "ours", "--no-relay", dns=dns))
        peer = Helpdesk(folder / "helpdesk")
        make_tickets(site, list(signed_mails(2_000, 50)), folder / "mails")
        for _ in range(rounds):
            for name in wanted:
                size, many, few = _CASES[name]
                mails = list(signed_mails(size, many))
                ours = make_tickets(site, mails, folder / "mails")
                seconds = peer.import_mails([content for _, content in mails[:few]])
                yield Sample(measure=name, ours=ours, peer=few / seconds)


GROUP: Final = Group(
    measures=(
        Measure(name="ticket_2k", what="2 KB to a ticket, all checks", unit="tickets/s", goal=8.0, aim=15.0),
        Measure(name="ticket_20k", what="20 KB to a ticket, all checks", unit="tickets/s", goal=5.0, aim=10.0),
        Measure(name="ticket_200k", what="200 KB to a ticket, all checks", unit="tickets/s", goal=4.0, aim=8.0),
    ),
    take=_take,
)
