"""Runs an admin's own tests.

Each mail goes the way a received one goes, up to the decision, through a gateway that is empty but for what the test gives. Pure
but for the file that a mail may lie in; nothing is written and nobody is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
)
from gateway.mail.received import ReceivedMail
from gateway.people import Contact, Organisation
from gateway.pipeline.case import Case, open_ticket
from gateway.pipeline.decide import decide
from gateway.pipeline.ended import Ended, ended_at_the_door
from gateway.pipeline.facts import Facts, know_nothing
from gateway.pipeline.mail_test_settings import MailTestExpect
from gateway.pipeline.policy import Policy, route
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.rules.outlook import rehearse
from gateway.pipeline.tokens import KeyRing, SigningKey
from gateway.pipeline.understand import circumstances_of, understand
from gateway.section import Section
from gateway.tickets import Part, Ticket

_KEYS: Final = KeyRing.of(SigningKey(id=0, secret=bytes(32)))
_MONDAY: Final = (2026, 11, 2, 10)
_TICKET_ID: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MailTestResult:
    """What a test came to; `mistakes` is empty where all is as it must be."""

    number: int
    """Counted from 1."""
    name: str
    mistakes: tuple[str, ...] = ()
    ended: Ended | None = None


def run_tests(tests: Sequence[Section], policy: Policy) -> Iterator[MailTestResult]:
    """Run every test, one after the other."""
    for number, test in enumerate(tests, start=1):
        yield run_test(test, number, policy)


def run_test(test: Any, number: int, policy: Policy) -> MailTestResult:  # noqa: ANN401 a model made by hand, see the settings
    """Run one test."""
    name = test.name or f"test {number}"
    try:
        content = _content_of(test, policy)
        mail = _receive(test, content, policy)
    except (OSError, ValueError) as error:
        return MailTestResult(number=number, name=name, mistakes=(str(error),))
    ended = ended_at_the_door(mail, policy) or _decide(test, mail, policy)
    return MailTestResult(number=number, name=name, mistakes=tuple(compare(test.expect, ended)), ended=ended)


def compare(expect: MailTestExpect, ended: Ended) -> Iterator[str]:
    """Say what is not as expected, a line each."""
    for key in type(expect).model_fields:
        wanted, found = getattr(expect, key), getattr(ended, key)
        if wanted is None:
            continue
        if key == "tags":
            is_so = set(wanted) <= set(found)
        elif key == "notify":
            is_so = set(wanted) == set(found)
        else:
            is_so = wanted == found
        if not is_so:
            yield f"{key}: expected {_say(wanted)}, was {_say(found)}"


def _say(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "nobody and nothing"
    return "nothing" if value is None else str(value)


def _content_of(test: Any, policy: Policy) -> Content:  # noqa: ANN401 likewise
    """Return the mail's bytes. Raises OSError."""
    if test.file is not None:
        return Content.of(test.file.read_bytes())
    text = test.mail
    if text is None:
        head = {"From": getattr(test, "from"), "To": str(_to(test, policy)), "Subject": test.subject, **test.headers}
        known = {name.casefold() for name in head}
        head |= {} if "message-id" in known else {"Message-ID": "<test@test.invalid>"}
        text = "".join(f"{name}: {value}\n" for name, value in head.items()) + "\n" + test.body
    return Content.of(text.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "replace"))


def _to(test: Any, policy: Policy) -> Address:  # noqa: ANN401 likewise
    address: Address = test.to or next(iter(policy.channels.values())).address
    return address


def _receive(test: Any, content: Content, policy: Policy) -> ReceivedMail:  # noqa: ANN401 likewise
    """Return the mail as it would have been taken.

    Raises:
        ValueError: it comes to an address that leads nowhere.
    """
    to = _to(test, policy)
    recipient = route(to, policy)
    if recipient is None or not recipient.channel:
        message = f"{to} leads to no channel"
        raise ValueError(message)
    circumstances = test.circumstances
    author = parse_message(content.read()).author
    mail_from = circumstances.mail_from
    if mail_from is None:
        mail_from = str(author.address) if author is not None else ""
    envelope = Envelope(
        reverse_path=Address.of(mail_from) if mail_from else None,
        recipients=(recipient,),
        received_at=_at(circumstances.at, policy),
        client_ip=circumstances.client_ip,
    )
    domain = author.address.domain if author is not None else None
    evidence = _evidence(circumstances.assurance, domain, forwarded=circumstances.forwarded)
    return ReceivedMail(id=1, channel=recipient.channel, envelope=envelope, content=content, evidence=evidence)


def _at(at: datetime | None, policy: Policy) -> datetime:
    zone = ZoneInfo(policy.texts.timezone)
    if at is None:
        return datetime(*_MONDAY, tzinfo=zone)
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)


def _evidence(assurance: Assurance, domain: str | None, *, forwarded: bool) -> Evidence:
    because = f"the test says {assurance}"
    spf = SpfEvidence(result=SpfResult.NONE, domain=domain, scope=SpfScope.MFROM, because=because)
    result = DmarcResult.PASS if assurance is Assurance.PROVEN else DmarcResult.FAIL
    dmarc = DmarcEvidence(result=result, policy=DmarcPolicy.NONE, domain=domain, because=because)
    through = Through(forwarder="test", client_ip=None, helo=None, mail_from=None, spf=spf, dmarc=dmarc) if forwarded else None
    return replace(Evidence.unobserved(assurance, because=because), spf=spf, dmarc=dmarc, through=through)


def _decide(test: Any, mail: ReceivedMail, policy: Policy) -> Ended:  # noqa: ANN401 likewise
    reading = understand(mail.content, circumstances_of(mail, policy), _KEYS)
    now = mail.envelope.received_at
    facts = know_nothing(reading, policy, now)
    case = Case(mail=mail, reading=reading, facts=facts, policy=policy)
    case = replace(case, facts=_with_given(test.given, case, facts))
    decision = decide(case)
    return Ended.of(decision, ticket=case.facts.ticket, channel=mail.channel, policy=policy, now=now)


def _with_given(given: Any, case: Case, facts: Facts) -> Facts:  # noqa: ANN401 likewise
    """Return the facts of a gateway that knows what the test gives."""
    contact = given.contact
    if contact is not None:
        organisation = Organisation(id=1, name=contact.organisation) if contact.organisation is not None else None
        known = Contact(
            id=1,
            name=case.requester.name,
            addresses=(case.requester.address,),
            created_at=facts.now,
            organisation_id=1 if organisation is not None else None,
            type=contact.type,
            is_vip=contact.vip,
        )
        facts = replace(facts, contact=known, organisation=organisation)
    ticket = _ticket_of(given.ticket, case) if given.ticket is not None else None
    return replace(facts, ticket=ticket, part=Part.REQUESTER) if ticket is not None else facts


def _ticket_of(given: Any, case: Case) -> Ticket | None:  # noqa: ANN401 likewise
    opened = rehearse(None, (open_ticket(case),), policy=case.policy, now=case.facts.now, channel=case.mail.channel)
    if opened is None:
        return None
    return replace(
        opened,
        id=_TICKET_ID,
        number="TEST-1",
        queue=given.queue if given.queue in case.policy.queues else opened.queue,
        status=given.status,
        priority=given.priority,
        category=given.category,
        tags=tuple(given.tags),
        assignee=given.assignee,
    )
