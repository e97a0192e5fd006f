"""How fast mail is accepted: the durable 250, against Postfix under the same load.

Ours runs without its pipeline and Postfix discards what it has accepted, so both do little more than accept. Without checks the
load is Postfix's own `smtp-source`; with checks it is `loader.py`, because each mail must be another one, and Postfix gets the
very same mails.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final

from benchmarks.loads import prepare_signed, send_plain, send_signed
from benchmarks.mails import names
from benchmarks.postfix import running_postfix
from benchmarks.programs import working_folder
from benchmarks.samples import Group, Measure, Sample
from benchmarks.site import running_names, running_site

_UNCHECKED: Final = {
    "accept_one_2k": ("one", 2_000, 1200),
    "accept_many_2k": ("many", 2_000, 2400),
    "accept_one_20k": ("one", 20_000, 1000),
    "accept_many_20k": ("many", 20_000, 1600),
    "accept_many_200k": ("many", 200_000, 300),
}
"""How many mails per connection, their size, and how many in a round."""
_CHECKED: Final = {"accept_checked_2k": (2_000, 1200), "accept_checked_20k": (20_000, 800)}


def _take(wanted: Sequence[str], rounds: int) -> Iterator[Sample]:
    with ExitStack() as stack:
        folder = stack.enter_context(working_folder())
        peer = stack.enter_context(running_postfix(folder / "postfix"))
        dns = stack.enter_context(running_names(folder / "names", names()))
        plain = stack.enter_context(running_site(folder / "plain", "--no-checks", "--no-pipeline"))
        checked = stack.enter_context(running_site(folder / "checked", "--no-pipeline", dns=dns))
        for port in (plain.port, peer):
            send_plain(port, size=2_000, mails=200, per_connection="many")
        send_signed(checked.port, prepare_signed(folder, size=2_000, mails=100))
        for number in range(rounds):
            for name in wanted:
                if name in _UNCHECKED:
                    how, size, mails = _UNCHECKED[name]
                    ports = (plain.port, peer) if number % 2 else (peer, plain.port)
                    rates = {p: send_plain(p, size=size, mails=mails, per_connection=how) for p in ports}
                    yield Sample(measure=name, ours=rates[plain.port], peer=rates[peer])
                else:
                    size, mails = _CHECKED[name]
                    prepared = prepare_signed(folder, size=size, mails=mails)
                    ports = (checked.port, peer) if number % 2 else (peer, checked.port)
                    times = {p: send_signed(p, prepared) for p in ports}
                    rates = {p: mails / (ended - begun) for p, (begun, ended) in times.items()}
                    prepared.unlink()
                    yield Sample(measure=name, ours=rates[checked.port], peer=rates[peer])


GROUP: Final = Group(
    measures=(
        Measure(name="accept_one_2k", what="accept 2 KB, one per connection", unit="mails/s", goal=2.0, aim=2.4),
        Measure(name="accept_many_2k", what="accept 2 KB, many per connection", unit="mails/s", goal=3.0, aim=5.0),
        Measure(name="accept_one_20k", what="accept 20 KB, one per connection", unit="mails/s", goal=1.8),
        Measure(name="accept_many_20k", what="accept 20 KB, many per connection", unit="mails/s", goal=2.5),
        Measure(name="accept_many_200k", what="accept 200 KB, many per connection", unit="mails/s", goal=1.0, aim=1.4),
        Measure(name="accept_checked_2k", what="accept 2 KB with all checks", unit="mails/s", goal=1.2),
        Measure(name="accept_checked_20k", what="accept 20 KB with all checks", unit="mails/s", goal=1.2),
    ),
    take=_take,
)
