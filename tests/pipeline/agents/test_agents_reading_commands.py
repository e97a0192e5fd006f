"""Whatever an agent types in the first lines: it is understood or refused in words, and never a fault."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ids import Ids
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.mail.evidence import (
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
)
from gateway.mail.received import ReceivedMail
from gateway.pipeline.case import Case
from gateway.pipeline.commands import COMMANDS, command_lines, read_commands
from gateway.pipeline.facts import know_nothing
from gateway.pipeline.policy import compile_policy
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message
from gateway.pipeline.settings import AgentSettings, ChannelSettings, QueueSettings
from gateway.states import TicketStatus
from gateway.tickets import Part, Participant, Priority, Ticket

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KAETHE = Mailbox("Käthe Kunde", Address("kaethe", "kunde.example"))
SUPPORT = Address("support", "firma.example")
POLICY = compile_policy(
    hostname="gw.firma.example",
    channels={
        "support": ChannelSettings.model_validate(
            {"address": str(SUPPORT), "display_name": "Firma Support", "queue": "support", "smarthosts": ["main"]}
        )
    },
    queues={"support": QueueSettings(agents=["anna"])},
    agents={"anna": AgentSettings.model_validate({"name": "Anna Arndt", "addresses": ["anna@firma.example"], "language": "de"})},
)
TICKET = Ticket(
    id=1,
    number="2026-000001",
    subject="Rechnung",
    status=TicketStatus.OPEN,
    priority=Priority.NORMAL,
    queue="support",
    channel="support",
    requester=KAETHE,
    answer_from=SUPPORT,
    language="de",
    created_at=NOW,
    updated_at=NOW,
    participants=(Participant(mailbox=KAETHE, part=Part.REQUESTER, added_by="author"),),
)
_WORDS = st.sampled_from([f"#{word}" for command in COMMANDS for word in (*command.words, *command.german)])
_ARGUMENTS = st.one_of(
    st.just(""),
    st.text(max_size=30),
    st.sampled_from(
        [
            "anna",
            "support",
            "high",
            "2d",
            "1.12.",
            "2026-000001",
            "+x -y",
            "a@b.example",
            "<mailto:a@b.example>",
            "@",
            "\u00a0",
            "-",
        ]
    ),
)
_LINES = st.lists(st.one_of(st.builds("{} {}".format, _WORDS, _ARGUMENTS), st.text(max_size=20)), max_size=6)


def make_case() -> Case:
    """Return a proven mail of Anna's about nothing."""
    content = b"From: anna@firma.example\r\nTo: support@firma.example\r\nMessage-ID: <a@firma.example>\r\n\r\nHallo\r\n"
    reading = read_message(parse_message(content))
    dmarc = DmarcEvidence(result=DmarcResult.PASS, policy=DmarcPolicy.NONE, domain="firma.example")
    evidence = replace(Evidence.unobserved(Assurance.PROVEN, because="given"), dmarc=dmarc)
    mail = ReceivedMail(
        id=Ids(clock_ms=lambda: 1_800_000_000_000, node=0).next(),
        channel="support",
        envelope=Envelope(reverse_path=None, recipients=(), received_at=NOW),
        content=Content.of(content),
        evidence=evidence,
    )
    return Case(mail=mail, reading=reading, facts=know_nothing(reading, POLICY, NOW), policy=POLICY)


CASE = make_case()


@settings(max_examples=300)
@given(lines=_LINES, is_on_ticket=st.booleans())
def test_any_first_lines_are_done_or_refused_in_both_languages(lines: list[str], *, is_on_ticket: bool) -> None:
    commands = read_commands("\n".join(lines), agent="anna", case=CASE, ticket=TICKET if is_on_ticket else None)
    for said in (*commands.wrong, *commands.tells):
        assert said.de
        assert said.en
    assert len(commands.meant) + len(commands.wrong) == len(command_lines("\n".join(lines)))


@given(st.text(max_size=400))
def test_text_below_the_commands_is_kept_to_the_letter(text: str) -> None:
    commands = read_commands(f"#take\n#open\nUnd hier: {text}", agent="anna", case=CASE, ticket=TICKET)
    assert commands.text == f"Und hier: {text}".strip("\n")


def test_hundred_thousand_lines_with_commands_cost_little() -> None:
    commands = read_commands("#tag +x\n" * 100_000, agent="anna", case=CASE, ticket=TICKET)
    assert commands.wrong
