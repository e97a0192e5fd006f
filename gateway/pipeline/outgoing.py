"""The mails that a decision sends: who they come from, where answers go, and how they find their ticket again.

The token of a mail stands in three carriers: the Reply-To (or the whole From of what agents get), our Message-ID together with
the last References entry, and a quiet line in the body. What leaves is scrubbed of every other token.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from gateway.evidence.signing import DkimSigner
from gateway.ids import IdSource, format_id
from gateway.mail.addresses import Address, Mailbox, ascii_domain
from gateway.mail.message import Header
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.pipeline.compose import Draft, DraftAttachment, compose
from gateway.pipeline.guard import find_frame, find_note, split_secrets
from gateway.pipeline.marker import make_marker
from gateway.pipeline.policy import NOTE_SUFFIX, Policy
from gateway.pipeline.reading.kind import LOOP_HEADER
from gateway.pipeline.report_variables import ReportVariables
from gateway.pipeline.settings import ChannelSettings
from gateway.pipeline.spooling import HELD, hold
from gateway.pipeline.templates import Rendered, Templates
from gateway.pipeline.tokens import (
    RETURN_PREFIX,
    KeyRing,
    TokenUse,
    holds_token,
    make_token,
    message_id_of,
    reference_of,
    scrub_tokens,
)
from gateway.pipeline.variables import AnswerVariables, OperatorNoticeVariables, Variables
from gateway.states import OutboundState
from gateway.tickets import Post, Side, Ticket

_MOST_ATTACHED_OCTETS: Final = 15_000_000
_KINDS_OF_MAIL: Final = (
    "message/",
    "text/",
    "application/octet-stream",
    "application/vnd.ms-outlook",
    "application/x-ole-storage",
)
_NOBODY_ANSWERS: Final = frozenset(
    {Purpose.CONFIRMATION, Purpose.VERIFICATION, Purpose.WELCOME, Purpose.OPERATOR_NOTICE, Purpose.REPORT}
)
"""Their bounces go nowhere: the null reverse-path (RFC 3834 section 3.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a mail is about: the rows that its token will lead back to."""

    channel: str
    ticket: Ticket | None = None
    post: Post | None = None
    posts: tuple[Post, ...] = ()
    """All posts of the ticket, oldest first, the new one included."""
    received_id: int | None = None
    """The held mail that a question is about."""
    variant: str | None = None
    """Which variant of the text it is, where a rule says so; otherwise the channel's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is needed to write mails. `problems` gathers what went wrong with an admin's templates."""

    policy: Policy
    keys: KeyRing
    ids: IdSource
    templates: Templates
    now: datetime
    signers: Mapping[str, DkimSigner] = field(default_factory=dict)
    """Who signs for which domain (of From)."""
    spool: Path | None = None
    """Where large mails lie until they are stored; without it they are held in memory."""
    held_as: str = HELD
    """What the names of their files begin with."""
    problems: list[str] = field(default_factory=list)

    def write_to_agent(
        self,
        agent: str,
        purpose: Purpose,
        about: Subject,
        variables: Callable[[str], Variables],
        *,
        from_name: str,
        attachments: Sequence[DraftAttachment] = (),
    ) -> OutboundMail:
        """Write a notification. `variables` gets the marker line and returns what the template needs."""
        channel = self.policy.channels[about.channel]
        outbound_id, token = self._new_token()
        language = self.policy.agents[agent].language or channel.language
        rendered = self._render(purpose, language, variables(make_marker(token)), about)
        local = token + NOTE_SUFFIX if purpose is Purpose.NEW_NOTE else token  # what answers a note is a note
        back = Mailbox(from_name, Address(local, self.policy.hostname))
        thread = (self._thread_root(about.ticket),) if about.ticket else ()
        draft = Draft(
            from_=back,
            to=self.policy.agent_mailbox(agent),
            reply_to=back,
            subject=rendered.subject,
            message_id=message_id_of(token, self.policy.hostname),
            in_reply_to=thread[0] if thread else None,
            references=(*thread, reference_of(token, self.policy.hostname)),
            date=self.now,
            text=rendered.text,
            html=rendered.html,
            attachments=_fitting(attachments),
            auto_submitted="auto-generated",
            suppress_auto_response=True,
            headers=(Header(LOOP_HEADER, token),),
            language=language,
        )
        expires = self.now + timedelta(seconds=self.policy.tickets.token_lifetime)
        return self._outbound(outbound_id, purpose, draft, draft.to.address, about, expires=expires)

    def write_to_customer(  # noqa: PLR0913 who it is from, to and about, and what it says
        self,
        customer: Mailbox,
        purpose: Purpose,
        about: Subject,
        variables: Callable[[str], Variables],
        *,
        from_name: str,
        shown: tuple[Mailbox, tuple[Mailbox, ...]] | None = None,
        attachments: Sequence[DraftAttachment] = (),
        is_checked: bool = False,
        language: str | None = None,
    ) -> OutboundMail:
        """Write to somebody outside. `shown` is who stands in To and Cc; without it the customer alone does.

        Without `language` it is the ticket's, where there is one, else the channel's.

        A mail in which something internal stands is held (`state`), unless `is_checked` says that a person wants it so.
        """
        channel = self.policy.channels[about.channel]
        sender = about.ticket.answer_from if about.ticket else channel.address
        language = language or (about.ticket.language if about.ticket else channel.language)
        outbound_id, token = self._new_token()
        said = variables(make_marker(token))
        rendered = self._render(purpose, language, said, about)
        leaks = self._names_others(rendered, token) or (not is_checked and self._leaks(rendered, purpose, language, said, about))
        to, cc = shown or (customer, ())
        answered = _customer_message_ids(about.posts)
        draft = Draft(
            from_=Mailbox(from_name, sender),
            to=to,
            cc=cc,
            reply_to=_reply_to(channel, sender, token),
            subject=rendered.subject,
            message_id=message_id_of(token, self.policy.hostname),
            in_reply_to=answered[-1] if answered else None,
            references=(*answered, reference_of(token, self.policy.hostname)),
            date=self.now,
            text=rendered.text,
            html=rendered.html,
            attachments=_fitting(attachments),
            auto_submitted=_auto_submitted(purpose),
            suppress_auto_response=purpose is not Purpose.ANSWER,
            headers=(Header(LOOP_HEADER, token),),
            language=language,
        )
        mail = self._outbound(outbound_id, purpose, draft, customer.address, about)
        return replace(mail, state=OutboundState.HELD) if leaks else mail

    def write_to_operators(self, channel: str, title: str, lines: Sequence[str]) -> tuple[OutboundMail, ...]:
        """Write a notice to every admin."""
        operators = self.policy.operators
        about = Subject(channel=operators.channel or channel)
        language = self.policy.channels[about.channel].language
        said = tuple(self.scrub(line) for line in lines)
        variables = OperatorNoticeVariables(hostname=self.policy.hostname, title=title, lines=said)
        rendered = self._render(Purpose.OPERATOR_NOTICE, language, variables, about)
        to = (Mailbox(None, address) for address in operators.addresses)
        return tuple(self._write_from_gateway(Purpose.OPERATOR_NOTICE, each, about, rendered, language) for each in to)

    def write_report(self, channel: str, to: Mailbox, variables: ReportVariables) -> OutboundMail:
        """Write the figures of a week, to an agent in their language, to others in the channel's."""
        about = Subject(channel=self.policy.operators.channel or channel)
        agent = self.policy.agent_of_address.get(to.address.key)
        own = self.policy.agents[agent].language if agent is not None else None
        language = own or self.policy.channels[about.channel].language
        rendered = self._render(Purpose.REPORT, language, variables, about)
        return self._write_from_gateway(Purpose.REPORT, to, about, rendered, language)

    def scrub(self, text: str) -> str:
        """Take every token of ours out of a text that is about to leave."""
        return scrub_tokens(text, self.keys)

    def is_ours(self, attachment: DraftAttachment) -> bool:
        """Tell whether an attachment is a mail of ours: some programs enclose what is answered, with the notes in it."""
        may_be_mail = attachment.content_type.startswith(_KINDS_OF_MAIL)
        return may_be_mail and holds_token(attachment.content, self.keys)

    def _write_from_gateway(
        self, purpose: Purpose, to: Mailbox, about: Subject, rendered: Rendered, language: str
    ) -> OutboundMail:
        """Write what speaks for no team: to admins, and to whoever reads figures."""
        outbound_id, token = self._new_token()
        draft = Draft(
            from_=Mailbox("Ticket Gateway", self.policy.channels[about.channel].address),
            to=to,
            subject=rendered.subject,
            message_id=message_id_of(token, self.policy.hostname),
            date=self.now,
            text=rendered.text,
            html=rendered.html,
            auto_submitted="auto-generated",
            suppress_auto_response=True,
            headers=(Header(LOOP_HEADER, token),),
            language=language,
        )
        return self._outbound(outbound_id, purpose, draft, to.address, about)

    def _names_others(self, rendered: Rendered, own: str) -> bool:
        """Tell whether a token of ours stands in a text that is not the one of this mail."""
        texts = (text.replace(own, "") for text in (rendered.subject, rendered.text, rendered.html))
        return any(self.scrub(text) != text for text in texts)

    def _leaks(self, rendered: Rendered, purpose: Purpose, language: str, said: Variables, about: Subject) -> bool:
        """Tell whether a note of the ticket or the frame of a notification stands in a mail to somebody outside."""
        ticket = about.ticket
        if isinstance(said, AnswerVariables) and find_frame(said.text, ticket.number if ticket else None) is not None:
            return True
        old = (post for post in about.posts if post != about.post)
        notes, public = split_secrets(old, subject=ticket.subject if ticket else "")
        signature = said.signature if isinstance(said, AnswerVariables) else ""
        text = f"{rendered.subject}\n{rendered.text}"
        if find_note(text, notes, (*public, signature)) is None:
            return False
        frame = self._render(purpose, language, _emptied(said), about)  # the words of the template itself are nobody's secret
        return find_note(text, notes, (*public, signature, frame.text)) is not None

    def _new_token(self) -> tuple[int, str]:
        outbound_id = self.ids.next()
        return outbound_id, make_token(outbound_id, self.keys)

    def _thread_root(self, ticket: Ticket) -> str:
        """Return an id that all notifications of a ticket hang below, so that mail programs show them as one thread."""
        return f"ticket.{format_id(ticket.id)}@{self.policy.hostname}"

    def _render(self, purpose: Purpose, language: str, variables: Variables, about: Subject) -> Rendered:
        variant = about.variant or self.policy.channels[about.channel].variant_of(purpose)
        rendered = self.templates.render(purpose, language, variables, variant=variant, channel=about.channel)
        if rendered.problem is not None:
            self.problems.append(rendered.problem)
        return rendered

    def _outbound(
        self,
        outbound_id: int,
        purpose: Purpose,
        draft: Draft,
        recipient: Address,
        about: Subject,
        *,
        expires: datetime | None = None,
    ) -> OutboundMail:
        channel = self.policy.channels[about.channel]
        return OutboundMail(
            id=outbound_id,
            purpose=purpose,
            channel=about.channel,
            recipient=recipient,
            reverse_path=self._reverse_path(outbound_id, purpose, channel, about.ticket),
            message_id=draft.message_id,
            content=hold(self._signed(draft), self.spool, held_as=self.held_as),
            smarthosts=tuple(channel.smarthosts),
            created_at=self.now,
            ticket_id=about.ticket.id if about.ticket else None,
            post_id=about.post.id if about.post else None,
            last_seen_post_id=about.posts[-1].id if about.posts else None,
            token_expires_at=expires,
            about_received_id=about.received_id,
            next_attempt_at=self.now,
        )

    def _signed(self, draft: Draft) -> bytes:
        signer = self.signers.get(ascii_domain(draft.from_.address.domain))
        content = compose(draft)
        return signer.sign(content, now=self.now) if signer is not None else content

    def _reverse_path(
        self, outbound_id: int, purpose: Purpose, channel: ChannelSettings, ticket: Ticket | None
    ) -> Address | None:
        if purpose in _NOBODY_ANSWERS:
            return None
        if channel.reverse_path == "address":
            return ticket.answer_from if ticket else channel.address
        return Address(RETURN_PREFIX + make_token(outbound_id, self.keys, TokenUse.RETURN), self.policy.hostname)


def _emptied(said: Variables) -> Variables:
    """Return the variables without a word of what a person wrote."""
    return replace(said, text="", subject="", previous=None, earlier=()) if isinstance(said, AnswerVariables) else said


def _auto_submitted(purpose: Purpose) -> Literal["auto-replied", "auto-generated"] | None:
    if purpose is Purpose.ANSWER:
        return None
    return "auto-replied" if purpose in _NOBODY_ANSWERS else "auto-generated"


def _reply_to(channel: ChannelSettings, sender: Address, token: str) -> Mailbox | None:
    """Let customers answer to the channel's own address, in its plus form where the company's mail system has one."""
    if not channel.subaddress:
        return None
    return Mailbox(channel.display_name, Address(f"{sender.local}{channel.subaddress}{token}", sender.domain))


def _customer_message_ids(posts: Sequence[Post]) -> tuple[str, ...]:
    """Return the Message-IDs of what customers wrote, oldest first: what their mail programs thread by."""
    return tuple(post.message_id for post in posts if post.side is Side.CUSTOMER and post.message_id)


def _fitting(attachments: Sequence[DraftAttachment]) -> tuple[DraftAttachment, ...]:
    """Keep as many attachments, in order, as a smarthost will surely take; the rest is named in the text."""
    kept: list[DraftAttachment] = []
    room = _MOST_ATTACHED_OCTETS
    for attachment in attachments:
        if len(attachment.content) <= room:
            kept.append(attachment)
            room -= len(attachment.content)
    return tuple(kept)
