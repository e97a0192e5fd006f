"""Gathers the facts of many mails: what each of them will ask the database is asked once, for all of them.

Nothing here decides what is asked: `gather.py` asks as it would for one mail. What is not expected here is asked by itself.
"""

from collections.abc import Sequence
from datetime import datetime

from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.facts import NOBODY, Facts, know_nothing
from gateway.pipeline.gather import gather_facts
from gateway.pipeline.gather_people import client_ips_of, domains_above
from gateway.pipeline.loops import breaker_keys
from gateway.pipeline.policy import Policy
from gateway.pipeline.tokens import KeyRing
from gateway.storage.automatic import Addressed
from gateway.storage.batch import BatchReader, Expected
from gateway.storage.blocks import Sender
from gateway.storage.transaction import Reader


def gather_batch(
    tx: Reader, batch: Sequence[tuple[ReceivedMail, Reading]], *, policy: Policy, keys: KeyRing, now: datetime
) -> tuple[Facts, ...]:
    """Read everything that deciding about these mails can need, none of them knowing of the others."""
    if len(batch) > 1:
        tx = BatchReader(tx, expect(batch, policy, now))
    return tuple(gather_facts(tx, mail, reading, policy=policy, keys=keys, now=now) for mail, reading in batch)


def expect(batch: Sequence[tuple[ReceivedMail, Reading]], policy: Policy, now: datetime) -> Expected:
    """Return what will be asked about every one of these mails, as far as the mails themselves tell."""
    authors: set[str] = set()
    domains: set[str] = set()
    timers: set[str] = set()
    senders: set[Sender] = set()
    ways: set[Addressed] = set()
    for mail, reading in batch:
        author = know_nothing(reading, policy, now).author
        senders.add((author.address.key if author else None, client_ips_of(mail)))
        if author is not None:
            authors.add(author.address.key)
            domains.update(domains_above(author.address.domain))
        correspondent = (reading.form_sender or author or NOBODY).address
        authors.add(correspondent.key)
        ways.add(Addressed(recipient=correspondent, channel=mail.channel))
        timers.update(breaker_keys(correspondent, mail.channel).values())
    return Expected(
        authors=frozenset(authors),
        domains=frozenset(domains),
        senders=frozenset(senders),
        received=frozenset(mail.id for mail, _ in batch),
        ways=frozenset(ways),
        timers=frozenset(timers),
    )
