"""The steps that ask whose mail we take at all: blocked senders, floods, and what a channel asks of people nobody knows.

Nobody gets an automatic answer because of suspended mail, but for the one verification mail of a channel that asks for it: it
goes to an unknown author at most once in thirty days, never to a contradicted one, and has no word of theirs in it.
"""

from typing import Final, NamedTuple, assert_never

from gateway.mail.addresses import Address
from gateway.mail.evidence import Assurance
from gateway.mail.outbound import Purpose
from gateway.people import Timer, TimerKind
from gateway.pipeline.case import Case, Hit, Miss, language_for
from gateway.pipeline.effects import Effect, MakeContact, ReleaseMail, SendVerification, SendWelcome, SetTimer, VerifyContact
from gateway.pipeline.facts import is_same_person
from gateway.pipeline.freemail import FREE_MAIL_DOMAINS
from gateway.pipeline.loops import BREAKER_TIME, flood_key
from gateway.pipeline.notices import author_sends_too_much
from gateway.pipeline.reasons import Outcome, Reason
from gateway.pipeline.rules.spam import is_handed_over, read_spam_score
from gateway.pipeline.settings import IntakePolicy

BY_VERIFICATION: Final = "the author, verified"


class _Taken(NamedTuple):
    """How a reason says whose mail a channel takes."""

    of: str
    known: str
    """Of an author who is one of them."""
    unknown: str
    """Of one who is not."""


_TAKEN: Final = {
    IntakePolicy.CONTACTS: _Taken("known people", "is known", "is unknown"),
    IntakePolicy.ORGANISATIONS: _Taken("known organisations", "belongs to one", "belongs to none"),
    IntakePolicy.VERIFIED: _Taken("people whose address is verified", "is verified", "is not verified"),
}


def suspend_blocked_sender(case: Case) -> Hit | Miss:
    """Hold the mail of whom somebody blocked."""
    block = case.facts.block
    if block is None:
        return Miss("nobody blocked the sender")
    if case.is_waived(Reason.BLOCKED_SENDER):
        return Miss("a person released it")
    if case.facts.agent is not None and case.assurance is Assurance.PROVEN:
        return Miss(f"{block.kind} {block.value} is blocked, but the author is certainly an agent")
    because = f"{block.by} blocked the {block.kind} {block.value}{f': {block.why}' if block.why else ''}"
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.BLOCKED_SENDER, because=because)


def calm_flood(case: Case) -> Hit | Miss:
    """Hold what one author sends too often: a machine that answers us without any marker, or somebody's broken script."""
    facts, loops, author = case.facts, case.policy.loops, case.requester.address
    if facts.agent is not None:
        return Miss("the author is an agent")
    if facts.alike_on_ticket_in_last_day >= loops.equal_mails_per_hour:
        reason = Reason.EQUAL_MAILS
        because = f"said the same on the ticket {facts.alike_on_ticket_in_last_day} times in the last day"
    elif facts.mails_in_last_hour >= (cap := loops.mails_per_author_and_hour):
        reason = Reason.OVER_LIMIT
        because = f"sent {facts.mails_in_last_hour} mails in the last hour, and {cap} are allowed"
    else:
        return Miss(f"mails of the author in the last hour: {facts.mails_in_last_hour}")
    if case.is_waived(reason):
        return Miss("a person released it")
    effects = _tell_of_flood(case) if reason is Reason.OVER_LIMIT else ()
    return Hit(outcome=Outcome.SUSPEND, reason=reason, because=f"{author} {because}", effects=effects, ticket=facts.ticket)


def _tell_of_flood(case: Case) -> tuple[Effect, ...]:
    """Tell the admins, once an hour: nobody may look at what waits, and a flood may be somebody's real mail."""
    facts, author = case.facts, case.requester.address
    if facts.is_flood_told:
        return ()
    notice = author_sends_too_much(str(author), count=facts.mails_in_last_hour, cap=case.policy.loops.mails_per_author_and_hour)
    timer = Timer(key=flood_key(author.key), kind=TimerKind.BREAKER, due_at=facts.now + BREAKER_TIME)
    return notice.to(case.policy.operators_language(case.mail.channel)), SetTimer(timer=timer)


def suspend_probable_spam(case: Case) -> Hit | Miss:
    """Hold what a spam filter in front of us is nearly sure of; whoever answers a mail of ours is none of that."""
    limit = case.channel.spam_above
    if limit is None:
        return Miss("the channel asks no spam filter")
    if case.is_waived(Reason.PROBABLE_SPAM):
        return Miss("a person released it")
    if case.facts.agent is not None or (case.facts.is_matched_by_token and case.facts.part is not None):
        return Miss("the author is an agent, or answers a mail of ours")
    if not is_handed_over(case.mail):
        return Miss("it came neither through a declared forwarder nor from our own mail server, so no spam score in it counts")
    score = read_spam_score(case.message)
    if score is None or score <= limit:
        return Miss(f"the spam filter says {'nothing' if score is None else f'{score:g}'}")
    because = f"the spam filter says {score:g}, and the channel takes up to {limit:g}"
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.PROBABLE_SPAM, because=because, ticket=case.facts.ticket)


def verify_sender(case: Case) -> Hit | Miss:
    """Take up what waited, because its author answered the verification mail: only who reads that mailbox has the token."""
    token = case.facts.token
    if token is None or token.outbound.purpose is not Purpose.VERIFICATION:
        return Miss("it does not answer a verification mail")
    if not is_same_person(token.outbound.recipient, case.requester.address, case.policy):
        return Miss("the verification mail went to somebody else")
    if case.is_automatic or case.assurance is Assurance.CONTRADICTED:
        return Miss("a machine answered the verification mail")
    effects: list[Effect] = [_verified_contact(case)]
    effects += [ReleaseMail(received_id=received_id, by=BY_VERIFICATION) for received_id in case.facts.waiting]
    if case.channel.welcome:
        effects.append(SendWelcome(to=case.requester, language=language_for(case, case.requester)))
    return Hit(
        outcome=Outcome.RECORD,
        reason=Reason.SENDER_VERIFIED,
        because=f"{case.requester.address} answered the verification mail; taken up: {len(case.facts.waiting)}",
        effects=tuple(effects),
    )


def _verified_contact(case: Case) -> Effect:
    if case.facts.contact is not None:
        return VerifyContact(contact=case.facts.contact)
    return MakeContact(mailbox=case.requester, is_verified=True)


def apply_intake_policy(case: Case) -> Hit | Miss:
    """Hold what the channel does not take from people nobody knows."""
    policy, facts = case.channel.intake_policy, case.facts
    if policy is IntakePolicy.EVERYBODY:
        return Miss("the channel takes mail of everybody")
    if facts.agent is not None:
        return Miss("the author is an agent")
    if case.is_waived(Reason.UNKNOWN_SENDER) or case.is_waived(Reason.UNVERIFIED_SENDER):
        return Miss("a person released it")
    if _is_known(case, policy):
        return Miss(f"the channel takes mail of {_TAKEN[policy].of}, and {case.requester.address} {_TAKEN[policy].known}")
    if policy is IntakePolicy.VERIFIED:
        return _ask_to_verify(case)
    because = f"the channel takes mail of {_TAKEN[policy].of} only, and {case.requester.address} {_TAKEN[policy].unknown}"
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.UNKNOWN_SENDER, because=because)


def _is_known(case: Case, policy: IntakePolicy) -> bool:
    contact = case.facts.contact
    match policy:
        case IntakePolicy.EVERYBODY:
            return True
        case IntakePolicy.CONTACTS:
            return contact is not None
        case IntakePolicy.ORGANISATIONS:
            return case.facts.organisation is not None
        case IntakePolicy.VERIFIED:
            return contact is not None and contact.verified_at is not None
        case _:
            assert_never(policy)


def _ask_to_verify(case: Case) -> Hit:
    why = _why_not_ask(case)
    because = f"{case.requester.address} is not verified; {why or 'a verification mail goes out'}"
    effects = () if why else (SendVerification(to=case.requester, language=language_for(case, case.requester)),)
    return Hit(outcome=Outcome.SUSPEND, reason=Reason.UNVERIFIED_SENDER, because=because, effects=effects)


def _why_not_ask(case: Case) -> str | None:
    if case.facts.verifications_in_last_month:
        return "a verification mail went out less than 30 days ago"
    if case.assurance is Assurance.CONTRADICTED:
        return "no verification mail: the sender is contradicted"
    if not case.reading.respond or case.mail.envelope.reverse_path is None:
        return f"no verification mail: {case.reading.kind_because}"
    address = case.requester.address
    if not address.is_sendable or case.policy.is_own_address(address):
        return "no verification mail: nobody certain to ask"
    return None


def acquaint(case: Case) -> tuple[MakeContact, ...]:
    """Make a contact of the author of a mail that was taken, where nobody knows them yet."""
    author, facts = case.facts.author, case.facts
    if author is None or facts.agent is not None or facts.contact is not None or not author.address.is_sendable:
        return ()
    if case.policy.is_own_address(author.address):
        return ()
    organisation = facts.organisation.id if facts.organisation else None
    return (MakeContact(mailbox=author, organisation_id=organisation),)


def is_free_mail(address: Address) -> bool:
    """Tell whether anybody can have an address in this domain, so that it says nothing about a company."""
    return address.domain in FREE_MAIL_DOMAINS
