"""What a template may name: one frozen class of variables for each kind of text, made of the views in `variable_views.py`.

This table is the documentation for people who write templates, and what `check_templates` holds their templates against.
An acknowledgement's class does not even hold the subject, because acknowledgements carry no text of the sender's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from markupsafe import Markup

from gateway.mail.outbound import Purpose
from gateway.pipeline.report_variables import ReportVariables
from gateway.pipeline.variable_views import ChangeView, ChannelView, CommandView, PersonView, PostView, SuspendedView, TicketView

_NO_HTML: Final = Markup("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmationVariables:
    """To a requester: we have your mail."""

    channel: ChannelView
    number: str
    """The ticket's number; `tag` is the same in brackets."""
    tag: str = ""
    """`[2026-000123]` to be put into the subject; empty where the channel wants no numbers there."""
    reference: str = ""
    """What to put below the text so that an answer is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationVariables:
    """To an agent: something happened on a ticket."""

    marker: str
    """Stands alone at the top: what an agent writes above it is the answer."""
    channel: ChannelView
    ticket: TicketView
    agent_name: str
    """Whom this goes to."""
    post: PostView
    others: tuple[str, ...] = ()
    """Participants besides the requester, as text."""
    cc_suggested: tuple[str, ...] = ()
    """Whom the customer put into Cc and who takes no part yet."""
    earlier: tuple[PostView, ...] = ()
    """Posts before this one, newest first: so many as the channel's `texts.earlier_posts` says."""
    changes: tuple[ChangeView, ...] = ()
    """What changed in the ticket, newest first; empty unless the channel's `texts.history` wants it."""
    by: str = ""
    """Who handed the ticket over, where that is the occasion."""
    promise: str = ""
    """Where the clock is the occasion, what it is about: reaction or resolution."""
    promised_by: datetime | None = None
    """By when that was promised; `ticket.due` is by when the next thing was."""
    person: PersonView | None = None
    """What is known of the author; None where that is nothing, and where no customer wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerVariables:
    """To the requester and the participants: what an agent wrote."""

    channel: ChannelView
    subject: str
    """The ticket's; `subject | reply_subject` puts one Re: before it."""
    tag: str
    """`[2026-000123]`; empty where the channel wants no numbers in subjects."""
    text: str
    signature: str
    """Empty where nobody has one."""
    signature_html: Markup = _NO_HTML
    """The same as HTML, made harmless; empty where there is only text."""
    is_first: bool = False
    """Nothing was said before: the customer has not written yet."""
    marker: str
    previous: PostView | None = None
    """The customer's last post, quoted below, where the channel's `texts.quote` is `last`."""
    earlier: tuple[PostView, ...] = ()
    """Everything that was said before and that this person may know, newest first, where `texts.quote` is `all`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmActionVariables:
    """To an agent's configured address: whether that was you, or whether you meant it so."""

    marker: str
    channel: ChannelView
    agent_name: str
    number: str | None
    """The ticket's, where there is one."""
    question: str
    """agent_unconfirmed, unsure_quote, stale_answer or stranger_on_ticket: why it was held."""
    subject: str
    """Of the held mail."""
    would_send: str = ""
    """What would go to the customer."""
    also_to: tuple[str, ...] = ()
    """Who would take part from then on."""
    newer: PostView | None = None
    """The post that a stale answer had not seen."""
    internal: str = ""
    """The words that should stay inside."""
    author: str = ""
    """Who wrote the held mail, where a stranger did."""
    says: str = ""
    """What the held mail says, where it is not sure whose it is or whether it is welcome."""
    person: PersonView | None = None
    """What is known of the author; None where that is nothing, and for mail in an agent's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandResultVariables:
    """To an agent: what a mail of theirs did, or why it did nothing."""

    marker: str
    agent_name: str
    number: str | None
    subject: str
    """The ticket's or the mail's."""
    done: bool
    """False: nothing was changed and nothing was sent."""
    lines: tuple[str, ...]
    """What was done or what was meant, one sentence each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadVariables:
    """To an agent: everything that was said in a ticket."""

    marker: str
    channel: ChannelView
    ticket: TicketView
    agent_name: str
    posts: tuple[PostView, ...]
    """Oldest first, notes included; of a very long ticket the newest hundred."""
    others: tuple[str, ...] = ()
    """Participants besides the requester, as text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpVariables:
    """To an agent: what can be said in the first lines of a mail."""

    marker: str
    agent_name: str
    commands: tuple[CommandView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailedVariables:
    """To agents: an answer did not reach the customer."""

    marker: str
    channel: ChannelView
    ticket: TicketView
    agent_name: str
    recipient: str
    reason: str
    """The refusing server's words, cleaned."""
    text: str
    """What had been sent."""
    at: datetime
    """When the failure was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNoticeVariables:
    """To the admins."""

    hostname: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestVariables:
    """To those who work the suspended mail."""

    marker: str
    hostname: str
    entries: tuple[SuspendedView, ...]
    expires_days: int | None = None
    """After so many days suspended mail is removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationVariables:
    """To an unknown author under the verified intake policy; no word of theirs is in it."""

    channel: ChannelView
    reference: str = ""
    """What to put below the text so that an answer is recognised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WelcomeVariables:
    """To a person who has verified the address; no word of theirs is in it."""

    channel: ChannelView
    reference: str = ""
    """What to put below the text so that an answer is recognised."""


Variables: TypeAlias = (
    ConfirmationVariables
    | NotificationVariables
    | AnswerVariables
    | ConfirmActionVariables
    | CommandResultVariables
    | ThreadVariables
    | HelpVariables
    | DeliveryFailedVariables
    | OperatorNoticeVariables
    | DigestVariables
    | VerificationVariables
    | ReportVariables
    | WelcomeVariables
)

VARIABLES_OF: Final[Mapping[Purpose, type[Variables]]] = {
    Purpose.CONFIRMATION: ConfirmationVariables,
    Purpose.NEW_TICKET: NotificationVariables,
    Purpose.NEW_REPLY: NotificationVariables,
    Purpose.NEW_ANSWER: NotificationVariables,
    Purpose.NEW_NOTE: NotificationVariables,
    Purpose.HANDOVER: NotificationVariables,
    Purpose.ANSWER: AnswerVariables,
    Purpose.CONFIRM_ACTION: ConfirmActionVariables,
    Purpose.COMMAND_RESULT: CommandResultVariables,
    Purpose.THREAD: ThreadVariables,
    Purpose.HELP: HelpVariables,
    Purpose.DELIVERY_FAILED: DeliveryFailedVariables,
    Purpose.OPERATOR_NOTICE: OperatorNoticeVariables,
    Purpose.DIGEST: DigestVariables,
    Purpose.VERIFICATION: VerificationVariables,
    Purpose.WELCOME: WelcomeVariables,
    Purpose.WAIT_OVER: NotificationVariables,
    Purpose.CLOCK_WARNING: NotificationVariables,
    Purpose.CLOCK_BREACH: NotificationVariables,
    Purpose.REPORT: ReportVariables,
}
"""Which variables each text has."""
