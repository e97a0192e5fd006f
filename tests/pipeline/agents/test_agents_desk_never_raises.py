"""Whatever mail meets whatever desk: something is decided, and it can be written. A mail of a stranger stops nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ids import Ids
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
)
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.reading import Bounce, Kind
from gateway.mail.received import ReceivedMail, Waiver
from gateway.people import ClockMark, Timer, TimerKind
from gateway.pipeline.apply import Scene, needs_number, prepare_changes
from gateway.pipeline.case import Case
from gateway.pipeline.clocks import wanted_timers, wind_clock
from gateway.pipeline.commands import COMMANDS
from gateway.pipeline.decide import decide
from gateway.pipeline.effects import Decision
from gateway.pipeline.facts import NOBODY, BouncedMail, Facts, Mention, TokenFact, Traffic, part_in
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message
from gateway.pipeline.reasons import Reason
from gateway.pipeline.received_line import ReceivedLine
from gateway.pipeline.rules.settings import RuleSettings, TriggerSettings
from gateway.pipeline.settings import AgentSettings, ChannelSettings, OperatorSettings, QueueSettings, SuspendedSettings
from gateway.pipeline.templates import Templates
from gateway.pipeline.time_settings import ClockSettings
from gateway.pipeline.timer_facts import TimerCase, TimerFacts
from gateway.pipeline.timers import decide_timer
from gateway.pipeline.tokens import KeyRing, SigningKey, make_token
from gateway.states import ReceivedState, TicketStatus
from gateway.tickets import Changes, Part, Participant, Post, Priority, Side, Ticket, Visibility

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEYS = KeyRing.of(SigningKey(id=1, secret=b"a secret of this test"))
TEMPLATES = Templates(None)
KAETHE = Mailbox("Käthe \u202e<b>Kunde</b>", Address("kaethe", "kunde.example"))
SUPPORT = Address("support", "firma.example")
PEOPLE = (
    KAETHE,
    NOBODY,
    Mailbox(None, Address("", "")),
    Mailbox("", Address('"a b"', "kunde.example")),
    Mailbox("Anna", Address("anna", "firma.example")),
    Mailbox("x" * 3000, Address("y" * 64, "bücher.example")),
    Mailbox(None, SUPPORT),
)
FROM = (
    "",
    "From: Anna Arndt <anna@firma.example>\r\n",
    "From: bert@firma.example\r\n",
    "From: Kaethe <kaethe@kunde.example>\r\n",
    "From: a@kunde.example, b@kunde.example\r\n",
    "From: a@kunde.example\r\nFrom: anna@firma.example\r\n",
    "From: =?utf-8?b?4oCuAAo=?= <>\r\n",
    "From: undisclosed-recipients:;\r\n",
    "From: nobody\r\n",
    "From: MAILER-DAEMON@kunde.example\r\n",
    "From: support@firma.example\r\n",
    'From: "a\\"b c"@xn--bcher-kva.example\r\n',
)
TO = (
    "",
    "To: support@firma.example\r\n",
    "To: kaethe@kunde.example\r\nCc: support@firma.example\r\n",
    "To: support@firma.example\r\nCc: eve@fremd.example, <>, anna@firma.example\r\n",
    "To: undisclosed-recipients:;\r\n",
)
OFTEN = 6
"""So many times as often as something odd there is what lets a mail come far."""
SUBJECT = (
    "",
    "Subject:\r\n",
    "Subject: Hallo\r\n",
    "Subject: Automatic reply: [2026-000001]\r\n",
    "Subject: " + "ä" * 5000 + "\r\n",
)
DATE = ("", "Date: Mon, 02 Nov 2026 09:00:00 +0000\r\n", "Date: Fri, 31 Dec 9999 23:59:59 -2359\r\n", "Date: gestern\r\n")
IDS = ("", "Message-ID: <a@b.example>\r\n", "Message-ID: <>\r\nIn-Reply-To: <<<\r\n")
_WORDS = tuple(f"#{word}" for command in COMMANDS for word in (*command.words, *command.german))
_ARGUMENTS = ("", "", "anna", "accounting", "high", "2d", "31.12.9999", "2026-000002", "+x -y", "eve@fremd.example", "niemand")
_SELDOM = st.sampled_from((True, *[False] * OFTEN))
LINES = st.lists(
    st.one_of(
        st.builds("{} {}".format, st.sampled_from(_WORDS), st.sampled_from(_ARGUMENTS)),
        st.sampled_from(("confirm", "accept 1", "block 1", "spam all", "reject 1-9", "Guten Tag", "> zitiert", "")),
        st.text(max_size=20),
    ),
    max_size=5,
)


@cache
def make_policy(*, intake: str, is_ruled: bool) -> Policy:
    channel = {"address": str(SUPPORT), "display_name": "Firma", "queue": "support", "smarthosts": ["main"], "language": "de"}
    rules = [
        {"when": {"subject_matches": "(?P<was>.+)"}, "then": [{"tag": "{was}"}, {"category": "{was}"}, {"note": "{was}"}]},
        {"when": {"body_contains": "Guten"}, "then": [{"status": "closed"}, {"queue": "accounting"}, {"answer": "danke"}]},
        {"when": {"body_contains": "spam"}, "then": ["suspend"]},
        {"then": [{"status": "on_hold"}, {"notify": {"team": True, "operators": True}}]},
    ]
    triggers = [
        {"on": ["created", "customer_replied", "answered"], "then": [{"answer": "danke"}, {"note": "so"}, {"status": "open"}]},
        {
            "on": ["idle", "clock_warning", "clock_breach"],
            "after": "1h",
            "then": [{"answer": "geduld"}, {"notify": {"team": True}}],
        },
        {"on": "status_changed", "then": [{"assign": "bert"}, {"notify": {"leads": True}}, {"status": "solved"}]},
    ]
    return compile_policy(
        hostname="gw.firma.example",
        channels={"support": ChannelSettings.model_validate({**channel, "intake_policy": intake, "welcome": True})},
        queues={
            "support": QueueSettings(agents=["anna", "bert"], leads=["anna"], assignment="least_open"),
            "accounting": QueueSettings(agents=["bert"], assignment="round_robin"),
        },
        agents={
            "anna": AgentSettings.model_validate({"name": "Anna Arndt", "addresses": ["anna@firma.example"], "language": "en"}),
            "bert": AgentSettings.model_validate({"name": "Bert Brandt", "addresses": ["bert@firma.example"]}),
        },
        operators=OperatorSettings.model_validate({"addresses": ["admin@firma.example"]}),
        suspended=SuspendedSettings.model_validate({"to": ["anna"], "digest": "at_once"}),
        rules=[RuleSettings.model_validate(rule) for rule in rules] if is_ruled else (),
        triggers=[TriggerSettings.model_validate(trigger) for trigger in triggers] if is_ruled else (),
    )


def make_ticket(number: int, requester: Mailbox, status: TicketStatus, parts: tuple[tuple[Mailbox, Part], ...]) -> Ticket:
    others = {m.address.key: Participant(mailbox=m, part=part, added_by="anna") for m, part in parts}
    others.pop(requester.address.key, None)
    return Ticket(
        id=number,
        number=f"2026-00000{number}",
        subject="Rechnung",
        status=status,
        priority=Priority.NORMAL,
        queue="support",
        channel="support",
        requester=requester,
        answer_from=SUPPORT,
        language="de",
        created_at=NOW - timedelta(days=3),
        updated_at=NOW - timedelta(days=1),
        solved_at=NOW - timedelta(days=1) if status in {TicketStatus.SOLVED, TicketStatus.CLOSED} else None,
        participants=(Participant(mailbox=requester, part=Part.REQUESTER, added_by="author"), *others.values()),
    )


def make_outbound(purpose: Purpose, recipient: Address, ticket_id: int | None, about: int | None) -> OutboundMail:
    return OutboundMail(
        id=77,
        purpose=purpose,
        channel="support",
        recipient=recipient,
        reverse_path=None,
        message_id=f"{make_token(77, KEYS)}@gw.firma.example",
        content=Content.of(b"\r\n"),
        smarthosts=("main",),
        created_at=NOW,
        ticket_id=ticket_id,
        post_id=11,
        last_seen_post_id=11,
        about_received_id=about,
    )


def make_mail(content: bytes, assurance: Assurance, recipients: tuple[Recipient, ...], waiver: Waiver | None) -> ReceivedMail:
    spf = SpfEvidence(result=SpfResult.PASS, domain="firma.example", scope=SpfScope.MFROM, aligned=True)
    dmarc = DmarcEvidence(result=DmarcResult.PASS, policy=DmarcPolicy.NONE, domain="firma.example")
    evidence = replace(Evidence.unobserved(assurance, because="given"), spf=spf, dmarc=dmarc)
    envelope = Envelope(reverse_path=KAETHE.address, recipients=recipients, received_at=NOW)
    return ReceivedMail(id=5, channel="support", envelope=envelope, content=Content.of(content), evidence=evidence, waiver=waiver)


def conclude(case: Case) -> tuple[Decision, Changes]:
    """Decide, and prepare what is written."""
    decision = decide(case)
    ids = Ids(clock_ms=lambda: 1_800_000_000_000, node=0)
    desk = Desk(policy=case.policy, keys=KEYS, ids=ids, templates=TEMPLATES, now=NOW)
    scene = Scene(
        channel="support",
        mail=case.mail,
        reading=case.reading,
        ticket=case.facts.ticket,
        posts=case.facts.posts,
        number="2026-000009" if needs_number(decision) else None,
    )
    return decision, prepare_changes(scene, decision, desk)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return any mail before any desk."""
    head = "".join(
        draw(st.sampled_from(each))
        for each in (FROM + FROM[1:4] * OFTEN, TO, SUBJECT, DATE + DATE[1:2] * OFTEN, IDS + IDS[1:2] * OFTEN)
    )
    reading = read_message(parse_message(f"{head}\r\n".encode() + "\r\n".join(draw(LINES)).encode("utf-8", "replace")))
    reading = replace(reading, kind=draw(st.sampled_from((*Kind, *[reading.kind] * 5 * OFTEN))))
    policy = make_policy(
        intake=draw(st.sampled_from(("everybody", "contacts", "organisations", "verified"))), is_ruled=draw(st.booleans())
    )
    kinds = draw(st.lists(st.sampled_from(RouteKind), min_size=1, max_size=2))
    recipients = tuple(Recipient(address=SUPPORT, channel="support", kind=kind, note=draw(st.booleans())) for kind in kinds)
    by = draw(st.sampled_from(("anna", "operator root", "anna: accept")))
    waiver = Waiver(by=by, at=NOW, reason=draw(st.sampled_from(Reason))) if draw(st.booleans()) else None
    mail = make_mail(b"\r\n", draw(st.sampled_from((*Assurance, *[Assurance.PROVEN] * OFTEN))), recipients, waiver)
    return Case(mail=mail, reading=reading, facts=draw(facts_of(reading.message.author, policy)), policy=policy)


@st.composite
def facts_of(draw: st.DrawFn, author: Mailbox | None, policy: Policy) -> Facts:
    ticket = None
    if draw(st.booleans()):
        parts = tuple(
            (m, draw(st.sampled_from((Part.CC, Part.BCC)))) for m in draw(st.lists(st.sampled_from(PEOPLE), max_size=3))
        )
        requester = draw(st.sampled_from((*PEOPLE, *((author,) if author is not None else ()))))
        ticket = make_ticket(1, requester, draw(st.sampled_from(TicketStatus)), parts)
    count = draw(st.integers(0, 3)) if ticket is not None else 0
    posts: tuple[Post, ...] = tuple(
        Post(
            id=10 + number,
            ticket_id=1,
            visibility=draw(st.sampled_from(Visibility)),
            side=draw(st.sampled_from(Side)),
            author=draw(st.sampled_from(PEOPLE)),
            text=draw(st.sampled_from(("", "Guten Tag", "ein Geheimnis mit acht Wörtern steht hier drin ganz"))),
            created_at=NOW - timedelta(hours=1),
        )
        for number in range(count)
    )
    token = None
    if draw(st.booleans()):
        to = draw(st.sampled_from((*(m.address for m in PEOPLE), *([author.address] * 5 * OFTEN if author is not None else ()))))
        about = draw(st.sampled_from((None, 3)))
        outbound = make_outbound(
            draw(st.sampled_from((*Purpose, *[Purpose.NEW_REPLY] * 2 * OFTEN, *[Purpose.DIGEST] * OFTEN))),
            to,
            ticket.id if ticket else None,
            about,
        )
        token = TokenFact(outbound=outbound, carriers=frozenset({"to", "recipient"}), is_expired=draw(_SELDOM))
    bounce = Bounce(
        recipient=KAETHE.address,
        action="failed",
        status=None,
        permanent=draw(st.booleans()),
        diagnostic=None,
        original_message_id=None,
    )
    line = ReceivedLine(
        id=3,
        channel="support",
        author=draw(st.sampled_from((None, "eve@fremd.example"))),
        subject=None,
        received_at=NOW,
        state=draw(st.sampled_from(ReceivedState)),
        reason=None,
    )
    return Facts(
        now=NOW,
        author=author,
        agent=policy.agent_of_address.get(author.address.key) if author is not None else None,
        token=token,
        has_dead_token=draw(_SELDOM),
        ticket=ticket,
        is_matched_by_token=token is not None and ticket is not None,
        part=part_in(ticket, author.address) if ticket is not None and author is not None else None,
        newer_answer=draw(st.sampled_from((None, *posts))),
        mentioned=(Mention(number="2026-000002", ticket=make_ticket(2, KAETHE, draw(st.sampled_from(TicketStatus)), ())),),
        posts=posts,
        bounced=BouncedMail(
            bounce=bounce,
            outbound=make_outbound(draw(st.sampled_from(Purpose)), KAETHE.address, ticket.id if ticket else None, None),
        )
        if draw(st.booleans())
        else None,
        absent=frozenset(draw(st.lists(st.sampled_from(("anna", "bert")), max_size=2))),
        loads={"anna": 1},
        last_assigned={"accounting": "bert"},
        mails_in_last_hour=999 if draw(_SELDOM) else 0,
        alike_on_ticket_in_last_day=999 if draw(_SELDOM) else 0,
        waiting=(3,),
        listed={1: line},
        asked_about=draw(st.sampled_from((None, ReceivedState.SUSPENDED))),
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])
@given(case=cases())
def test_any_mail_on_any_desk_is_decided_and_can_be_written(case: Case) -> None:
    decision, changes = conclude(case)
    assert decision.trace
    assert [change.id for change in changes.received].count(case.mail.id) == 1
    for outbound in changes.outbound:
        assert b"\r\n\r\n" in outbound.content.read()
        assert outbound.recipient.is_sendable


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n",
        b"Subject: " + b"x" * 5_000_000 + b"\r\n\r\nHallo\r\n",
        b"From: anna@firma.example\r\nTo: "
        + b",\r\n ".join(b"k%d@kunde.example" % n for n in range(10_000))
        + b"\r\n\r\n#note\r\n",
        b"From: k@kunde.example\r\nCc: " + b",\r\n ".join(b"k%d@kunde.example" % n for n in range(10_000)) + b"\r\n\r\nHallo\r\n",
        b"From: anna@firma.example\r\nTo: support@firma.example\r\n\r\n" + b"#cc a@b.example " * 100_000,
    ],
    ids=["nothing", "no header", "long subject", "many customers", "many in copy", "long command"],
)
def test_absurd_mail_is_decided_and_can_be_written(content: bytes) -> None:
    policy = make_policy(intake="everybody", is_ruled=True)
    reading = read_message(parse_message(content))
    author = reading.message.author
    agent = policy.agent_of_address.get(author.address.key) if author is not None else None
    recipients = (Recipient(address=SUPPORT, channel="support", kind=RouteKind.CHANNEL),)
    mail = make_mail(content[:100], Assurance.PROVEN, recipients, None)
    decision, changes = conclude(
        Case(mail=mail, reading=reading, facts=Facts(now=NOW, author=author, agent=agent), policy=policy)
    )
    assert decision.trace
    assert len(changes.outbound) < 20


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("requester", PEOPLE, ids=lambda mailbox: str(mailbox.address)[:20] or "nobody")
def test_whatever_falls_due_on_any_ticket_is_decided_and_can_be_written(status: TicketStatus, requester: Mailbox) -> None:
    promise = {"reaction": "1h", "resolution": "2h", "warning": "30m"}
    policy = replace(
        make_policy(intake="everybody", is_ruled=True), clocks={"default": ClockSettings.model_validate({"normal": promise})}
    )
    ticket = make_ticket(1, requester, status, ((KAETHE, Part.BCC),))
    ticket = wind_clock(None, replace(ticket, wait_until=NOW), policy, NOW - timedelta(days=1))
    due = {timer.key: timer for timer in wanted_timers(ticket, policy)}
    due |= {kind: Timer(key=kind, kind=kind, due_at=NOW, ticket_id=1, detail=ClockMark.REACTION_BREACH) for kind in TimerKind}
    for timer, has_ticket in product(due.values(), (True, False)):
        facts = TimerFacts(
            now=NOW,
            ticket=ticket if has_ticket else None,
            absent=frozenset({"anna"}),
            to_requester=Traffic(to=requester.address, channel="support") if has_ticket else None,
            suspended=(ReceivedLine(id=3, channel="gone", author=None, subject=None, received_at=NOW, state=_HELD, reason=None),),
        )
        decision = decide_timer(TimerCase(timer=timer, facts=facts, policy=policy))
        ids = Ids(clock_ms=lambda: 1_800_000_000_000, node=0)
        desk = Desk(policy=policy, keys=KEYS, ids=ids, templates=TEMPLATES, now=NOW)
        changes = prepare_changes(Scene(channel="support", ticket=facts.ticket, timer=timer), decision, desk)
        assert changes.fired == (timer,)
        assert all(outbound.recipient.is_sendable for outbound in changes.outbound)


_HELD = ReceivedState.SUSPENDED
