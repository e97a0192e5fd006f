"""Commands about what was said and where it goes on: notes, the whole thread, merging, splitting, linking; and help."""

from typing import Final

from gateway.people import LinkKind
from gateway.pipeline import sayings, sayings_commands
from gateway.pipeline.effects import ChangeTags, LinkTickets, MergeTicket, SendHelp, SetStatus, ShowThread, SplitTicket
from gateway.pipeline.said import Said
from gateway.pipeline.spoken import Command, Meant, Needs, Refused, Spoken
from gateway.states import TicketStatus
from gateway.tickets import Post, Side, Ticket, Visibility

SPAM_TAG: Final = "spam"


def _note(_spoken: Spoken) -> Meant:
    return Meant(is_note=True)


def _send(_spoken: Spoken) -> Meant:
    return Meant(sends_anyway=True)


def _show(spoken: Spoken) -> Meant:
    return Meant(effects=(ShowThread(agent=spoken.agent),))


def _help(spoken: Spoken) -> Meant:
    return Meant(effects=(SendHelp(agent=spoken.agent),))


def _merge(spoken: Spoken) -> Meant | Refused:
    other = _other_ticket(spoken)
    if isinstance(other, Refused):
        return other
    if other.status is TicketStatus.CLOSED:
        return Refused(sayings_commands.closed_ticket(other.number))
    tells = sayings.is_merged(spoken.on().number, other.number)
    return Meant(effects=(MergeTicket(into=other, by=spoken.agent),), tells=(tells,))


def _link(spoken: Spoken) -> Meant | Refused:
    other = _other_ticket(spoken)
    if isinstance(other, Refused):
        return other
    return Meant(effects=(LinkTickets(other=other, kind=LinkKind.RELATED, by=spoken.agent),))


def _other_ticket(spoken: Spoken) -> Ticket | Refused:
    """Return the ticket whose number stands behind the word."""
    number = bare_number(spoken.argument)
    other = next((m.ticket for m in spoken.case.facts.mentioned if m.number == number), None)
    if other is None:
        return Refused(sayings_commands.no_ticket(number[:40]))
    return Refused(sayings_commands.same_ticket(number)) if other.id == spoken.on().id else other


def bare_number(written: str) -> str:
    """Return a ticket number without what people put around it: `[2026-000017]`, `#2026-000017.`."""
    return written.strip(" \t[](){}<>#.,;:!\"'`")


def _split(spoken: Spoken) -> Meant | Refused:
    post = _post_in_question(spoken)
    if post is None:
        return Refused(sayings_commands.nothing_to_split())
    author = post.author.name or str(post.author.address)
    return Meant(effects=(SplitTicket(post=post, by=spoken.agent),), tells=(sayings.is_split(author),))


def _post_in_question(spoken: Spoken) -> Post | None:
    """Return the customer's post that the agent is answering, else the customer's last one."""
    token = spoken.case.facts.token
    answered = token.outbound.post_id if token is not None else None
    posts = [p for p in spoken.case.facts.posts if p.side is Side.CUSTOMER and p.visibility is Visibility.PUBLIC]
    return next((p for p in posts if p.id == answered), posts[-1] if posts else None)


def _spam(spoken: Spoken) -> Meant:
    """Close it as spam. What stands below is a note: nothing may go to a spammer, and nobody is blocked by a forged name."""
    close = SetStatus(status=TicketStatus.CLOSED, by=spoken.agent, why=spoken.why)
    tag = ChangeTags(add=(SPAM_TAG,), remove=(), by=spoken.agent, why=spoken.why)
    return Meant(effects=(tag, close), is_note=True, tells=(sayings.is_spam(spoken.on().number),))


THREAD_COMMANDS: Final = (
    Command(
        words=("note", "internal"),
        german=("notiz", "intern"),
        help=Said(
            de="Was folgt, ist nur für das Team; der Kunde sieht es nie.",
            en="What follows is for colleagues only; the customer never sees it.",
        ),
        meaning=_note,
    ),
    Command(
        words=("send",),
        german=("senden",),
        help=Said(
            de="Die Antwort geht hinaus, auch wenn jemand aus dem Team inzwischen geantwortet hat.",
            en="The answer goes out, even if a colleague has answered since.",
        ),
        meaning=_send,
    ),
    Command(
        words=("show", "thread"),
        german=("zeigen", "verlauf"),
        help=Said(
            de="Schickt Ihnen den ganzen Verlauf, mit den Notizen.", en="Mails you everything that was said, notes included."
        ),
        meaning=_show,
        needs=Needs.EARLIER_TICKET,
        is_once=True,
    ),
    Command(
        words=("merge",),
        german=("zusammenführen", "vereinen"),
        argument=sayings_commands.ARGUMENT_NUMBER,
        help=Said(
            de="Dieses Ticket schließt und geht im genannten weiter; spätere Mail folgt.",
            en="This ticket closes and goes on in the one named; later mail follows.",
        ),
        meaning=_merge,
        needs=Needs.EARLIER_TICKET,
        is_once=True,
    ),
    Command(
        words=("split",),
        german=("abtrennen", "teilen"),
        help=Said(
            de="Aus der Mail des Kunden, auf die Sie antworten, wird ein eigenes Ticket.",
            en="The customer's mail that you answer becomes a ticket of its own.",
        ),
        meaning=_split,
        needs=Needs.EARLIER_TICKET,
        is_once=True,
    ),
    Command(
        words=("link",),
        german=("verknüpfen", "verbinden"),
        argument=sayings_commands.ARGUMENT_NUMBER,
        help=Said(de="Vermerkt, dass zwei Tickets zusammengehören.", en="Notes that two tickets belong together."),
        meaning=_link,
        needs=Needs.EARLIER_TICKET,
    ),
    Command(
        words=("spam",),
        german=("spam", "müll"),
        help=Said(
            de="Schließt das Ticket und markiert es als Spam; Text darunter ist eine Notiz.",
            en="Closes the ticket and tags it as spam; text below is a note.",
        ),
        meaning=_spam,
        needs=Needs.EARLIER_TICKET,
    ),
    Command(
        words=("help",),
        german=("hilfe",),
        help=Said(de="Schickt Ihnen diese Liste.", en="Mails you this list."),
        meaning=_help,
        needs=Needs.NOTHING,
        is_once=True,
    ),
)
