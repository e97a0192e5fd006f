"""The mails of a decision, while it is carried out: to the requester, to participants, to agents, to the admins.

`MailSheet` reads the ticket as `TicketSheet` has it at that moment, so a mail says what is true after the effects before it.
"""

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from gateway.ids import format_id
from gateway.mail.addresses import Mailbox
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.reading import Reading
from gateway.mail.received import ReceivedMail
from gateway.pipeline.compose import DraftAttachment
from gateway.pipeline.effects import (
    AnnounceExpiry,
    AskToConfirm,
    FailDelivery,
    NotifyAgents,
    RelayAnswer,
    SendConfirmation,
    SendDigest,
    SendHelp,
    SendReport,
    SendVerification,
    SendWelcome,
    ShowThread,
    TellAgent,
    TellOperators,
)
from gateway.pipeline.facts import Acquaintance
from gateway.pipeline.identity import answered_by
from gateway.pipeline.notices import Notice, answer_is_held, answer_not_arrived, suspended_expired
from gateway.pipeline.outgoing import Desk, Subject
from gateway.pipeline.presence import present_team
from gateway.pipeline.reading.lists import cap_assurance
from gateway.pipeline.reasons import Reason
from gateway.pipeline.report_views import report_variables
from gateway.pipeline.ticket_sheet import TicketSheet
from gateway.pipeline.views import (
    VariablesOf,
    command_result_variables,
    confirm_action_variables,
    confirmation_variables,
    delivery_failed_variables,
    digest_variables,
    notification_variables,
    reason_in_words,
    suspended_views,
    verification_variables,
    via,
    welcome_variables,
)
from gateway.pipeline.views_answer import answer_variables, posts_for
from gateway.pipeline.views_asked import help_variables, thread_variables
from gateway.states import OutboundState
from gateway.tickets import ListedMail, Part, Post, Ticket, Visibility

ABOUT_TIME: Final = frozenset({Purpose.WAIT_OVER, Purpose.CLOCK_WARNING, Purpose.CLOCK_BREACH})
"""Nobody wrote anything; time has passed."""


@dataclass(slots=True, kw_only=True)
class MailSheet:
    """What a decision sends."""

    desk: Desk
    channel: str
    """The channel of the stimulus; a ticket's mails belong to the ticket's."""
    tickets: TicketSheet
    mail: ReceivedMail | None
    reading: Reading | None
    absent: frozenset[str]
    acquaintance: Acquaintance | None = None
    outbound: list[OutboundMail] = field(default_factory=list)

    def confirm_receipt(self, effect: SendConfirmation) -> None:
        """Tell the requester that the mail has arrived."""
        ticket = self.tickets.current()
        channel = self.desk.policy.channels[ticket.channel]
        mail = self.desk.write_to_customer(
            ticket.requester,
            Purpose.CONFIRMATION,
            replace(self._about(), variant=effect.template),
            lambda marker: confirmation_variables(ticket, channel, marker),
            from_name=channel.confirmation.sender_name or channel.display_name,
        )
        self.outbound.append(mail)

    def verify(self, effect: SendVerification) -> None:
        """Ask an unknown author to answer; the mail that waits is not quoted."""
        channel = self.desk.policy.channels[self.channel]
        about = Subject(channel=self.channel, received_id=self.mail.id if self.mail else None)
        variables = partial(verification_variables, channel)
        self._write(effect.to, Purpose.VERIFICATION, about, variables, language=effect.language)

    def welcome(self, effect: SendWelcome) -> None:
        """Thank somebody who has verified the address."""
        channel = self.desk.policy.channels[self.channel]
        about = Subject(channel=self.channel)
        self._write(effect.to, Purpose.WELCOME, about, partial(welcome_variables, channel), language=effect.language)

    def send_digest(self, effect: SendDigest) -> tuple[ListedMail, ...]:
        """Mail the list of suspended mail, and return what its numbers mean."""
        days = self.desk.policy.suspended.expire_days or None
        about = Subject(channel=self.desk.policy.carrier(self.channel))
        variables = digest_variables(effect.mails, self.desk, expires_days=days)
        from_name = self.desk.policy.channels[about.channel].display_name
        mail = self.desk.write_to_agent(effect.agent, Purpose.DIGEST, about, variables, from_name=from_name)
        self.outbound.append(mail)
        return tuple(
            ListedMail(outbound_id=mail.id, number=number, received_id=each.id) for number, each in enumerate(effect.mails, 1)
        )

    def announce_expiry(self, effect: AnnounceExpiry) -> None:
        """Tell the admins what nobody decided in time."""
        policy = self.desk.policy
        words = self.desk.templates.words(policy.operators_language(self.channel), channel=policy.carrier(self.channel))
        mails = [
            (view.author, view.subject, reason_in_words(view.reason, words)) for view in suspended_views(effect.mails, self.desk)
        ]
        self.announce(suspended_expired(mails, days=policy.suspended.expire_days))

    def send_report(self, effect: SendReport) -> None:
        """Mail the figures of a week."""
        variables = report_variables(effect.report, effect.name, self.desk.policy)
        self.outbound.append(self.desk.write_report(self.channel, effect.to, variables))

    def _write(self, to: Mailbox, purpose: Purpose, about: Subject, variables: VariablesOf, *, language: str) -> None:
        channel = self.desk.policy.channels[self.channel]
        name = channel.confirmation.sender_name or channel.display_name
        mail = self.desk.write_to_customer(to, purpose, about, variables, from_name=name, language=language)
        self.outbound.append(mail)

    def notify(self, effect: NotifyAgents) -> None:
        """Tell agents what was posted."""
        ticket, posts = self.tickets.wound(), self._shown(effect.purpose)
        if not posts:
            return  # whatever was said has been erased
        channel = self.desk.policy.channels[ticket.channel]
        is_about_time = effect.purpose in ABOUT_TIME
        from_name = channel.display_name if is_about_time else via(posts[-1].author, channel.display_name)
        for agent in effect.agents:
            variables = notification_variables(
                self.mail,
                self.reading,
                ticket,
                posts,
                agent,
                self.desk,
                promise=effect.promise,
                by=effect.by,
                changes=self.tickets.changes(),
                acquaintance=self.acquaintance if self.tickets.new_posts else None,
            )
            self.outbound.append(
                self.desk.write_to_agent(
                    agent,
                    effect.purpose,
                    self._about(),
                    variables,
                    from_name=from_name,
                    attachments=self._attachments() if channel.texts.attachments == "attach" else (),
                )
            )

    def _shown(self, purpose: Purpose) -> list[Post]:
        """Return the posts that a notification shows, its occasion last; what the clock has to say ends with a public one.

        An answer to a note stays in the team; an answer to the clock goes to the customer, like one to his own mail.
        """
        posts = self.tickets.posts
        return [post for post in posts if post.visibility is Visibility.PUBLIC] or posts if purpose in ABOUT_TIME else posts

    def relay(self, effect: RelayAnswer) -> None:
        """Send the agent's post to everybody who takes part."""
        for mailbox in effect.also_to:
            self.tickets.add_participant(mailbox, Part.CC, by=effect.agent)
        ticket = self.tickets.current()
        cc = tuple(p.mailbox for p in ticket.participants if p.part is Part.CC)
        attachments = tuple(attachment for attachment in self._attachments() if not self.desk.is_ours(attachment))
        shown = (ticket.requester, cc) if ticket.requester.address.is_sendable else None
        for participant in ticket.participants:
            if not participant.mailbox.address.is_sendable:
                continue
            posts = posts_for(participant, ticket, self.tickets.posts)
            mail = self.desk.write_to_customer(
                participant.mailbox,
                Purpose.ANSWER,
                replace(self._about(), posts=posts),
                answer_variables(ticket, posts, participant, effect.agent, self.desk),
                from_name=answered_by(effect.agent, ticket, self.desk.policy),
                shown=shown,
                attachments=attachments,
                is_checked=effect.is_checked,
            )
            self.outbound.append(mail)
            if mail.state is OutboundState.HELD:
                self._tell_held(mail)

    def _tell_held(self, mail: OutboundMail) -> None:
        """Tell the admins of a mail that does not leave: something internal would have left with it."""
        ticket = self.tickets.current()
        self.tickets.log(by="gateway", what=f"mail to {mail.recipient} held", why=Reason.NOTE_LEAK)
        self.announce(answer_is_held(ticket.number, str(mail.recipient), format_id(mail.id)))

    def announce_split(self, ticket: Ticket, post: Post, *, by: str) -> None:
        """Tell the team of the ticket that a post became, and whoever made it so: nobody else could answer there."""
        channel = self.desk.policy.channels[ticket.channel]
        about = Subject(channel=ticket.channel, ticket=ticket, post=post, posts=(post,))
        for agent in dict.fromkeys((*present_team(ticket.queue, self.desk.policy, self.absent), by)):
            variables = notification_variables(None, None, ticket, (post,), agent, self.desk)
            name = via(post.author, channel.display_name)
            self.outbound.append(self.desk.write_to_agent(agent, Purpose.NEW_TICKET, about, variables, from_name=name))

    def show_thread(self, effect: ShowThread) -> None:
        """Mail an agent everything that was said."""
        variables = thread_variables(self.tickets.current(), self.tickets.posts, effect.agent, self.desk)
        self._tell(effect.agent, Purpose.THREAD, variables)

    def send_help(self, effect: SendHelp) -> None:
        """Mail an agent the list of all commands."""
        language = self.desk.policy.agents[effect.agent].language or self.desk.policy.channels[self._about().channel].language
        self._tell(effect.agent, Purpose.HELP, help_variables(effect.agent, language, self.desk))

    def ask(self, effect: AskToConfirm) -> None:
        """Ask an agent about the mail, which is held."""
        if self.mail is None:
            return
        assurance = self.mail.evidence.assurance
        variables = confirm_action_variables(
            self.reading,
            self.channel,
            self.tickets.ticket,
            effect,
            self.desk,
            assurance=cap_assurance(assurance, self.reading) if self.reading else assurance,
            acquaintance=self.acquaintance,
        )
        self._tell(effect.agent, Purpose.CONFIRM_ACTION, variables, received_id=self.mail.id)

    def tell_agent(self, effect: TellAgent) -> None:
        """Tell an agent what a mail of theirs did."""
        variables = command_result_variables(self.reading, self.tickets.ticket, effect, self.desk)
        self._tell(effect.agent, Purpose.COMMAND_RESULT, variables)

    def tell_operators(self, effect: TellOperators) -> None:
        """Tell the admins."""
        self.outbound += self.desk.write_to_operators(self.channel, effect.topic, effect.text.split("\n"))

    def announce(self, notice: Notice) -> None:
        """Tell the admins, in their language."""
        self.tell_operators(notice.to(self.desk.policy.operators_language(self.channel)))

    def report_failure(self, effect: FailDelivery, lost: str) -> None:
        """Tell the team that an answer did not arrive; where none is told, the admins: somebody must hear of it."""
        ticket, policy = self.tickets.current(), self.desk.policy
        is_wanted = policy.channels[ticket.channel].sends(Purpose.DELIVERY_FAILED)
        team = present_team(ticket.queue, policy, self.absent) if is_wanted else ()
        if not team:
            reason = effect.bounce.diagnostic or effect.bounce.status or ""
            self.announce(answer_not_arrived(ticket.number, str(effect.outbound.recipient), reason))
        for agent in team:
            self._tell(agent, Purpose.DELIVERY_FAILED, delivery_failed_variables(effect, ticket, agent, lost, self.desk))

    def _tell(self, agent: str, purpose: Purpose, variables: VariablesOf, *, received_id: int | None = None) -> None:
        about = self._about(received_id=received_id)
        from_name = self.desk.policy.channels[about.channel].display_name
        self.outbound.append(self.desk.write_to_agent(agent, purpose, about, variables, from_name=from_name))

    def _about(self, *, received_id: int | None = None) -> Subject:
        ticket = self.tickets.ticket
        return Subject(
            channel=ticket.channel if ticket else self.channel,
            ticket=ticket,
            post=self.tickets.posts[-1] if self.tickets.new_posts else None,
            posts=tuple(self.tickets.posts),
            received_id=received_id,
        )

    def _attachments(self) -> tuple[DraftAttachment, ...]:
        message = self.reading.message if self.reading else None
        return tuple(
            DraftAttachment(filename=a.filename, content_type=a.detected_type, content=a.content.read())
            for a in (message.attachments if message else ())
        )
