"""The last look at a mail to somebody outside: whatever was decided before, what must stay inside is held."""

from datetime import UTC, datetime

from gateway.ids import Ids
from gateway.mail.addresses import Address, Mailbox
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.pipeline.outgoing import Desk, Subject
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.settings import AgentSettings, ChannelSettings, QueueSettings
from gateway.pipeline.templates import Templates
from gateway.pipeline.tokens import KeyRing, SigningKey, make_token
from gateway.pipeline.variable_views import ChannelView
from gateway.pipeline.variables import AnswerVariables
from gateway.states import OutboundState, TicketStatus
from gateway.tickets import Post, Priority, Side, Ticket, Visibility

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEYS = KeyRing.of(SigningKey(id=1, secret=b"a secret of this test"))
KAETHE = Mailbox("Käthe Kunde", Address("kaethe", "kunde.example"))
SUPPORT = Address("support", "firma.example")
NOTE = "Der Chef will das diesmal kulant lösen, weil sie sonst zum Wettbewerber geht."


def make_policy() -> Policy:
    return compile_policy(
        hostname="gw.firma.example",
        channels={
            "support": ChannelSettings.model_validate(
                {"address": str(SUPPORT), "display_name": "Firma Support", "queue": "support", "smarthosts": ["main"]}
            )
        },
        queues={"support": QueueSettings(agents=["anna"])},
        agents={"anna": AgentSettings.model_validate({"name": "Anna Arndt", "addresses": ["anna@firma.example"]})},
    )


def make_post(number: int, visibility: Visibility, text: str) -> Post:
    side = Side.CUSTOMER if visibility is Visibility.PUBLIC else Side.AGENT
    return Post(id=number, ticket_id=1, visibility=visibility, side=side, author=KAETHE, text=text, created_at=NOW)


def write(text: str, *, posts: tuple[Post, ...] = (), subject: str = "Rechnung", is_checked: bool = False) -> OutboundMail:
    """Let the desk write an answer on a ticket with these posts."""
    policy = make_policy()
    desk = Desk(policy=policy, keys=KEYS, ids=Ids(clock_ms=lambda: 1_800_000_000_000, node=0), templates=Templates(None), now=NOW)
    ticket = Ticket(
        id=1,
        number="2026-000001",
        subject=subject,
        status=TicketStatus.OPEN,
        priority=Priority.NORMAL,
        queue="support",
        channel="support",
        requester=KAETHE,
        answer_from=SUPPORT,
        language="de",
        created_at=NOW,
        updated_at=NOW,
    )
    answer = Post(
        id=99, ticket_id=1, visibility=Visibility.PUBLIC, side=Side.AGENT, author=KAETHE, text=text, created_at=NOW, agent="anna"
    )

    def variables(marker: str) -> AnswerVariables:
        channel = ChannelView(name="Firma Support", address=str(SUPPORT))
        return AnswerVariables(channel=channel, subject=subject, tag="", text=text, signature="", marker=marker)

    about = Subject(channel="support", ticket=ticket, post=answer, posts=(*posts, answer))
    return desk.write_to_customer(KAETHE, Purpose.ANSWER, about, variables, from_name="Anna", is_checked=is_checked)


def test_answer_without_a_secret_leaves() -> None:
    mail = write("Wir lösen das gern.", posts=(make_post(1, Visibility.INTERNAL, NOTE),))
    assert mail.state is OutboundState.QUEUED


def test_answer_with_words_of_a_note_is_held() -> None:
    mail = write(f"Guten Tag, {NOTE}", posts=(make_post(1, Visibility.INTERNAL, NOTE),))
    assert mail.state is OutboundState.HELD


def test_confirmed_answer_with_words_of_a_note_leaves() -> None:
    mail = write(f"Guten Tag, {NOTE}", posts=(make_post(1, Visibility.INTERNAL, NOTE),), is_checked=True)
    assert mail.state is OutboundState.QUEUED


def test_words_that_the_customer_said_first_leave() -> None:
    posts = (make_post(1, Visibility.PUBLIC, NOTE), make_post(2, Visibility.INTERNAL, NOTE))
    assert write(NOTE, posts=posts).state is OutboundState.QUEUED


def test_subject_that_a_note_repeats_holds_nothing() -> None:
    mail = write("Wir prüfen das.", posts=(make_post(1, Visibility.INTERNAL, NOTE),), subject=NOTE)
    assert mail.state is OutboundState.QUEUED


def test_token_of_another_mail_is_held_even_if_somebody_confirmed_it() -> None:
    mail = write(f"Ihr Zeichen: {make_token(4711, KEYS)}", is_checked=True)
    assert mail.state is OutboundState.HELD


def test_header_line_of_a_notification_is_held() -> None:
    mail = write("Ticket 2026-000001 · offen · Priorität normal · Queue support · niemandem zugewiesen")
    assert mail.state is OutboundState.HELD
