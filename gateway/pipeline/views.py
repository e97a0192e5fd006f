"""What templates see of tickets, posts and mails, made from our values: each function returns what one text needs.

Every text of a person passes `Desk.scrub` on its way in, so that no token leaves with it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.evidence import Assurance
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.clocks import clock_state, next_due
from gateway.pipeline.compose_headers import clean_line
from gateway.pipeline.effects import AskToConfirm, FailDelivery, TellAgent
from gateway.pipeline.facts import Acquaintance, part_in
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.policy import Policy
from gateway.pipeline.reading.lists import cap_assurance
from gateway.pipeline.reasons import Reason
from gateway.pipeline.received_line import ReceivedLine
from gateway.pipeline.settings import ChannelSettings
from gateway.pipeline.variable_views import AttachmentView, ChannelView, PersonView, PostView, SuspendedView, TicketView
from gateway.pipeline.variables import (
    CommandResultVariables,
    ConfirmActionVariables,
    ConfirmationVariables,
    DeliveryFailedVariables,
    DigestVariables,
    NotificationVariables,
    Variables,
    VerificationVariables,
    WelcomeVariables,
)
from gateway.pipeline.views_changes import changes_shown
from gateway.tickets import HistoryLine, Part, Post, Side, Ticket, Visibility

VariablesOf = Callable[[str], Variables]
"""Takes the marker line of the mail and returns what its template needs."""

_SURE: Final = frozenset({Assurance.PROVEN, Assurance.VOUCHED})
"""The address is surely the author's."""
_MOST_NAMED: Final = 20
_LONGEST_NAME: Final = 200
_LONGEST_TEXT: Final = 100_000
"""Of a post in somebody else's mail; the ticket keeps all of it."""


def confirmation_variables(ticket: Ticket, channel: ChannelSettings, marker: str) -> ConfirmationVariables:
    """Return what a confirmation says: nothing that the sender wrote."""
    tag = subject_tag(ticket, channel)
    return ConfirmationVariables(
        channel=channel_view(channel, ticket.answer_from), number=ticket.number, tag=tag, reference=marker
    )


def digest_variables(mails: Sequence[ReceivedLine], desk: Desk, *, expires_days: int | None) -> VariablesOf:
    """Return what a list of suspended mail shows."""
    entries = suspended_views(mails, desk)

    def variables(marker: str) -> DigestVariables:
        return DigestVariables(marker=marker, hostname=desk.policy.hostname, entries=entries, expires_days=expires_days)

    return variables


def suspended_views(mails: Sequence[ReceivedLine], desk: Desk) -> tuple[SuspendedView, ...]:
    """Return what is shown of suspended mails, numbered from 1."""
    return tuple(
        SuspendedView(
            index=number,
            author=clean_line(mail.author or "")[:_LONGEST_NAME],
            subject=clean_line(desk.scrub(mail.subject or ""))[:_LONGEST_NAME],
            reason=mail.reason or "",
            channel=str(desk.policy.channels[mail.channel].address) if mail.channel in desk.policy.channels else mail.channel,
            at=mail.received_at,
        )
        for number, mail in enumerate(mails, 1)
    )


def reason_in_words(reason: str, words: Mapping[str, object]) -> str:
    """Return why a mail waited as people read it: `words` are those that templates share."""
    known = words.get("reason")
    return str(known.get(reason, reason)) if isinstance(known, Mapping) else reason


def verification_variables(channel: ChannelSettings, marker: str) -> VerificationVariables:
    """Return what a verification mail says: nothing that the author wrote."""
    return VerificationVariables(channel=channel_view(channel, channel.address), reference=marker)


def welcome_variables(channel: ChannelSettings, marker: str) -> WelcomeVariables:
    """Return what a welcome says."""
    return WelcomeVariables(channel=channel_view(channel, channel.address), reference=marker)


def notification_variables(  # noqa: PLR0913 all of it is shown
    mail: ReceivedMail | None,
    reading: Reading | None,
    ticket: Ticket,
    posts: Sequence[Post],
    agent: str,
    desk: Desk,
    *,
    promise: str = "",
    by: str = "",
    changes: Sequence[HistoryLine] = (),
    acquaintance: Acquaintance | None = None,
) -> VariablesOf:
    """Return what an agent is told about the newest post; `changes` are the ticket's history, oldest first."""
    policy = desk.policy
    post = posts[-1]
    seen = mail.evidence.assurance if mail is not None and post.side is Side.CUSTOMER else None
    assurance = cap_assurance(seen, reading) if seen and reading else seen
    newest = post_view(post, desk, ticket=ticket, assurance=str(assurance) if assurance else None)
    texts = policy.channels[ticket.channel].texts
    others_said = (post for post in reversed(posts[:-1]) if post.side is not Side.SYSTEM)
    earlier = tuple(post_view(p, desk, ticket=ticket) for p in islice(others_said, texts.earlier_posts))
    shown = changes_shown(changes, policy) if texts.history else ()
    others = name_participants(ticket)

    def variables(marker: str) -> NotificationVariables:
        return NotificationVariables(
            marker=marker,
            channel=channel_view(policy.channels[ticket.channel], ticket.answer_from),
            ticket=ticket_view(ticket, policy, desk),
            agent_name=policy.agents[agent].name,
            post=newest,
            others=others,
            cc_suggested=_suggested(reading, ticket, policy) if post.side is Side.CUSTOMER else (),
            earlier=earlier,
            changes=shown,
            promise=promise,
            promised_by={"reaction": ticket.clock.reaction_due_at, "resolution": ticket.clock.resolution_due_at}.get(promise),
            by=policy.agents[by].name if by in policy.agents else by,
            person=person_view(acquaintance, desk, is_sure=assurance in _SURE) if post.side is Side.CUSTOMER else None,
        )

    return variables


def confirm_action_variables(
    reading: Reading | None,
    channel: str,
    ticket: Ticket | None,
    effect: AskToConfirm,
    desk: Desk,
    *,
    assurance: Assurance | None = None,
    acquaintance: Acquaintance | None = None,
) -> VariablesOf:
    """Return what an agent is asked about a held mail."""
    policy = desk.policy
    subject = (reading.message.subject or "") if reading else ""
    author = _author_in_question(reading, effect) if reading and effect.says else None

    def variables(marker: str) -> ConfirmActionVariables:
        return ConfirmActionVariables(
            marker=marker,
            channel=channel_view(policy.channels[channel], policy.channels[channel].address),
            agent_name=policy.agents[effect.agent].name,
            number=ticket.number if ticket else None,
            question=effect.question,
            subject=desk.scrub(subject),
            would_send=desk.scrub(effect.would_send),
            newer=post_view(effect.newer, desk) if effect.newer else None,
            also_to=_names(effect.also_to),
            internal=desk.scrub(effect.internal),
            author=_name(author) if author else "",
            says=desk.scrub(effect.says),
            person=person_view(acquaintance, desk, is_sure=assurance in _SURE),
        )

    return variables


def command_result_variables(reading: Reading | None, ticket: Ticket | None, effect: TellAgent, desk: Desk) -> VariablesOf:
    """Return what an agent is told about a mail of theirs: what it did, or why it did nothing."""
    subject = ticket.subject if ticket else (reading.message.subject if reading else None)

    def variables(marker: str) -> CommandResultVariables:
        return CommandResultVariables(
            marker=marker,
            agent_name=desk.policy.agents[effect.agent].name,
            number=ticket.number if ticket else None,
            subject=desk.scrub(subject or ""),
            done=effect.is_done,
            lines=tuple(desk.scrub(effect.hint).split("\n")),
        )

    return variables


def delivery_failed_variables(effect: FailDelivery, ticket: Ticket, agent: str, lost: str, desk: Desk) -> VariablesOf:
    """Return what an agent is told about an answer that did not arrive."""
    policy = desk.policy

    def variables(marker: str) -> DeliveryFailedVariables:
        return DeliveryFailedVariables(
            marker=marker,
            channel=channel_view(policy.channels[ticket.channel], ticket.answer_from),
            ticket=ticket_view(ticket, policy, desk),
            agent_name=policy.agents[agent].name,
            recipient=str(effect.outbound.recipient),
            reason=desk.scrub(effect.bounce.diagnostic or effect.bounce.status or ""),
            text=desk.scrub(lost),
            at=desk.now,
        )

    return variables


def subject_tag(ticket: Ticket, channel: ChannelSettings) -> str:
    """Return `[2026-000123]`, or nothing where the channel wants no numbers in subjects."""
    return f"[{ticket.number}]" if channel.number_in_subject else ""


def _author_in_question(reading: Reading, effect: AskToConfirm) -> Mailbox | None:
    """Return whose mail the question is about: of a forward, of the mail inside it."""
    if effect.question is Reason.UNSURE_FORWARD and reading.forwarded is not None:
        return reading.forwarded.author
    return reading.message.author


def via(author: Mailbox, display_name: str) -> str:
    """Return the name an agent sees: `Kim Kunde (via Firma Support)`."""
    return f"{author.name or author.address} (via {display_name})"


def channel_view(channel: ChannelSettings, address: Address) -> ChannelView:
    """Return a channel as a template sees it, speaking from one of its addresses."""
    return ChannelView(name=channel.display_name, address=str(address))


def ticket_view(ticket: Ticket, policy: Policy, desk: Desk) -> TicketView:
    """Return a ticket as agents see it."""
    assignee = ticket.assignee
    clock = clock_state(ticket, policy, desk.now)
    return TicketView(
        number=ticket.number,
        subject=desk.scrub(ticket.subject),
        status=ticket.status,
        priority=ticket.priority,
        queue=ticket.queue,
        requester_name=clean_line(ticket.requester.name or ""),
        requester_address=clean_line(str(ticket.requester.address)),
        assignee=policy.agents[assignee].name if assignee is not None and assignee in policy.agents else assignee,
        clock=clock,
        due=next_due(ticket) if clock is not None else None,
    )


def post_view(post: Post, desk: Desk, *, ticket: Ticket | None = None, assurance: str | None = None) -> PostView:
    """Return a post as templates see it, scrubbed and not too long; the ticket tells which part its author plays."""
    return PostView(
        author_name=clean_line(post.author.name or "")[:_LONGEST_NAME],
        author_address=clean_line(str(post.author.address)),
        text=_shortened(desk.scrub(post.text)),
        at=post.created_at,
        assurance=assurance,
        attachments=tuple(AttachmentView(filename=a.filename or a.content_type, size=a.size) for a in post.attachments),
        part=(part_in(ticket, post.author.address) or "") if ticket is not None and post.side is Side.CUSTOMER else "",
        is_note=post.visibility is Visibility.INTERNAL,
    )


def person_view(acquaintance: Acquaintance | None, desk: Desk, *, is_sure: bool) -> PersonView | None:
    """Return what is known of an author; None where that is nothing.

    Whom else the author may be is shown only where the address is surely the author's: `#same` would give a forged one that
    person's rights (docs/decisions/0013).
    """
    if acquaintance is None:
        return None
    contact, organisation, maybe = acquaintance.contact, acquaintance.organisation, acquaintance.maybe if is_sure else None
    types = (contact.type if contact else None, organisation.type if organisation else None)
    notes = (contact.notes if contact else "", organisation.notes if organisation else "")
    view = PersonView(
        is_vip=bool((contact and contact.is_vip) or (organisation and organisation.is_vip)),
        types=tuple(dict.fromkeys(desk.scrub(each) for each in types if each)),
        organisation=desk.scrub(organisation.name) if organisation else "",
        notes=tuple(desk.scrub(line) for note in notes for line in note.splitlines() if line.strip()),
        maybe=_name(Mailbox(maybe.name, maybe.addresses[0])) if maybe else "",
        maybe_address=str(maybe.addresses[0]) if maybe else "",
    )
    return view if view != PersonView() else None


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}\n[…]"


def _suggested(reading: Reading | None, ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """Return whom the customer wrote to besides us: shown, never added by themselves."""
    message = reading.message if reading else None
    known = {p.mailbox.address.key for p in ticket.participants}
    mailboxes = (*message.to, *message.cc) if message else ()
    others = {m.address.key: m for m in mailboxes if m.address.domain and not policy.is_own_address(m.address)}
    return _names(mailbox for key, mailbox in others.items() if key not in known and key not in policy.agent_of_address)


def name_participants(ticket: Ticket) -> tuple[str, ...]:
    """Return who takes part besides the requester; of whom the others must not know, that is said."""
    hidden = {p.mailbox.address.key for p in ticket.participants if p.part is Part.BCC}
    names = _names(p.mailbox for p in ticket.participants if p.part is not Part.REQUESTER and p.mailbox.address.key not in hidden)
    return names + tuple(f"Bcc: {_name(p.mailbox)}" for p in ticket.participants if p.part is Part.BCC)[:_MOST_NAMED]


def _names(mailboxes: Iterable[Mailbox]) -> tuple[str, ...]:
    """Return people as text, so few and so short that a mail about them stays readable."""
    named = [_name(mailbox) for mailbox in mailboxes]
    rest = len(named) - _MOST_NAMED
    return (*named[:_MOST_NAMED], f"+{rest}") if rest > 0 else tuple(named)


def _name(mailbox: Mailbox) -> str:
    return clean_line(str(mailbox if mailbox.name is None else replace(mailbox, name=mailbox.name[:_LONGEST_NAME])))
