"""Random histories of a desk, and what must be true in each of them, whatever happens.

A history is some dozen things that happen to one desk: mails of customers, strangers, agents, forgers and machines, commands,
bounces, people who release mail, and time that passes. `Witness` plays them on the real pipeline and database and looks at
everything that leaves.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from typing import Any, Final

from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.received import ReceivedMail
from gateway.pipeline.facts import AUTOMATIC_PURPOSES, TO_CUSTOMERS
from gateway.pipeline.journey import Arrival
from gateway.pipeline.reasons import Outcome, Reason
from gateway.states import OutboundState
from gateway.tickets import Visibility
from tests.journeys.stage import Stage

SECRET: Final = "geheimnis"
"""Every note holds words that begin with it; nothing that leaves to a customer may."""
DESK: Final[dict[str, Any]] = {
    "queues": {"accounting": {"agents": ["bert"], "priority": "normal"}},
    "suspended": {"to": ["anna"], "digest": "at_once"},
    "loops": {"per_domain_and_hour": 6, "per_channel_and_hour": 12, "mails_per_author_and_hour": 4, "equal_mails_per_hour": 2},
}
_RULES: Final[dict[str, Any]] = {
    "rules": [
        {"when": {"body_contains": "Rechnung"}, "then": [{"queue": "accounting"}, {"answer": "danke"}]},
        {"when": {"body_contains": "Angebot"}, "then": ["new_ticket", {"status": "pending"}]},
    ],
    "triggers": [
        {"on": ["created", "customer_replied"], "when": {"subject_contains": "Sache"}, "then": [{"answer": "danke"}]},
        {"on": ["answered", "status_changed"], "then": [{"answer": "danke"}, {"note": "Bitte nachfassen."}]},
        {"on": "idle", "after": "1h", "then": [{"answer": "geduld"}, {"priority": "high"}]},
    ],
}
_VERIFIED: Final[dict[str, Any]] = {
    "channels": {
        "sales": {
            "address": "sales@firma.example",
            "display_name": "Firma Sales",
            "queue": "accounting",
            "smarthosts": ["main"],
            "intake_policy": "verified",
            "welcome": True,
        }
    }
}
_QUOTED: Final[dict[str, Any]] = {"channels": {"support": {"texts": {"quote": "all"}, "join_open": True}}}
DESKS: Final[tuple[dict[str, Any], ...]] = (
    DESK,
    {**DESK, **_RULES},
    {**DESK, **_VERIFIED},
    {**DESK, **_QUOTED},
    {**DESK, **_RULES, "channels": {**_VERIFIED["channels"], **_QUOTED["channels"]}},
)
"""A history plays on the one that its seed chooses: a plain desk, with rules and triggers, with verified authors, with quotes."""
_CUSTOMERS: Final = ("kim@kunde.example", "lea@kunde.example", "max@andere.example")
_STRANGERS: Final = ("fritz@fremd.example", "eve@fremd.example")
_MONITORING: Final = "monitoring@kunde.example"
_AGENTS: Final = {"anna": "Anna Arndt <anna@firma.example>", "bert": "Bert Brandt <bert@firma.example>"}
_WORDS: Final = (
    "Drucker",
    "Rechnung",
    "Zugang",
    "Konto",
    "Vertrag",
    "Lieferung",
    "Muster",
    "Angebot",
    "Farbe",
    "Papier",
    "Kabel",
    "Server",
)
_COMMANDS: Final = (
    "#note",
    "#solved",
    "#close",
    "#open",
    "#pending",
    "#pending 2d",
    "#hold",
    "#take",
    "#assign bert",
    "#assign niemand",
    "#queue accounting",
    "#queue support",
    "#priority high",
    "#category Druck",
    "#tag +x -y",
    "#split",
    "#merge 2026-000001",
    "#link 2026-000002",
    "#cc lea@kunde.example",
    "#bcc max@andere.example",
    "#block",
    "#spam",
    "#show",
    "#help",
    "#away",
    "#back",
    "#gibtesnicht",
)


_NEVER_FOR_SUSPENDED: Final = (Purpose.CONFIRMATION, Purpose.ANSWER, Purpose.WELCOME)


class Broken(AssertionError):
    """Something left, or stands in the database, that must never."""


@dataclass(kw_only=True)
class Witness(Stage):
    """Plays a history and looks at everything that leaves."""

    chance: random.Random
    automatic: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When, to whom and on which channel automatic mail went out."""
    notes: dict[int, list[str]] = field(default_factory=dict)
    """By ticket: the guard knows the notes of the ticket alone."""
    taken: list[tuple[datetime, str, str]] = field(default_factory=list)
    """When mail of whom was taken, and the likeness of its text, where nobody had released it."""
    tickets: set[int] = field(default_factory=set)
    happened: list[str] = field(default_factory=list)
    _counter: int = 0

    async def live(self, length: int) -> None:
        """Let so many things happen."""
        for _ in range(length):
            what = self.chance.choice(_HAPPENINGS)
            step = what(self)
            if step is None:
                continue
            self.happened.append(f"{what.__name__}: {step}")
            await self.play(step)

    def count(self) -> int:
        """Return a number that no mail of this history had."""
        self._counter += 1
        return self._counter

    def words(self, number: int) -> str:
        """Return some words of the trade, with a number that makes the text one of its kind."""
        return " ".join(self.chance.choices(_WORDS, k=9)) + f" {number}"

    def mails_to(self, address: str) -> list[OutboundMail]:
        """Return what was sent to an address."""
        return [mail for mail in self.sent if str(mail.recipient) == address]

    async def _describe(self, mail: ReceivedMail, arrival: Arrival) -> dict[str, Any]:
        if mail.waiver is None:
            self._is_calm(arrival)
        return await super()._describe(mail, arrival)

    def _is_calm(self, arrival: Arrival) -> None:
        """Nobody's mail is taken beyond the limit, only what is on a ticket is a loop, and what is said again is not answered."""
        loops, decision = self.policy.loops, arrival.decision
        if decision.reason is Reason.EQUAL_MAILS and decision.ticket is None:
            self._break("a mail of no ticket is held because it says the same as others")
        for post in arrival.changes.posts:
            author = post.author.address.key
            if post.likeness is None or author in self.policy.agent_of_address:
                continue
            lately = [likeness for at, who, likeness in self.taken if who == author and at >= self.now - timedelta(hours=1)]
            if len(lately) >= loops.mails_per_author_and_hour:
                self._break(f"mail of {author} is taken beyond the limit")
            is_answered = any(
                mail.purpose in AUTOMATIC_PURPOSES and mail.recipient.key == author for mail in arrival.changes.outbound
            )
            if is_answered and post.likeness and lately.count(post.likeness) >= loops.equal_mails_per_hour:
                self._break(f"{author} said the same {lately.count(post.likeness)} times in an hour and is answered")
            self.taken.append((self.now, author, post.likeness))

    async def _describe_arrival(self, arrival: Arrival, ticket_id: int | None) -> dict[str, Any]:
        changes = arrival.changes
        self.sent += changes.outbound
        await self._hand_over(tuple(mail for mail in changes.outbound if mail.state is not OutboundState.HELD))
        self.tickets |= {ticket.id for ticket in changes.new_tickets}
        for post in changes.posts:
            if post.visibility is Visibility.INTERNAL and SECRET in post.text:
                self.notes.setdefault(post.ticket_id, []).append(post.text)
        for outbound in changes.outbound:
            if arrival.decision.outcome is Outcome.SUSPEND and outbound.purpose in _NEVER_FOR_SUSPENDED:
                self._break(f"a {outbound.purpose} goes to {outbound.recipient} because of suspended mail")
            await self._look_at(outbound)
        del ticket_id
        return {}

    async def _look_at(self, outbound: OutboundMail) -> None:
        await self._reaches_somebody_who_belongs_there(outbound)
        if outbound.purpose in TO_CUSTOMERS and outbound.state is not OutboundState.HELD:
            self._holds_no_note(outbound)
        if outbound.purpose in AUTOMATIC_PURPOSES:
            self.automatic.append((self.now, str(outbound.recipient), outbound.channel))
            self._stays_under_the_caps(outbound)

    async def _reaches_somebody_who_belongs_there(self, outbound: OutboundMail) -> None:
        key = outbound.recipient.key
        inside = {*self.policy.agent_of_address, *(address.key for address in self.policy.operators.addresses)}
        if key in inside and outbound.purpose not in TO_CUSTOMERS:
            return
        if outbound.ticket_id is None:
            if outbound.purpose not in {Purpose.VERIFICATION, Purpose.WELCOME}:
                self._break(f"a {outbound.purpose} of no ticket goes to {key}")
            return
        ticket_id = outbound.ticket_id
        ticket = await self.database.read(lambda tx: tx.tickets.get(ticket_id))
        if key not in {participant.mailbox.address.key for participant in ticket.participants}:
            self._break(f"{outbound.purpose} of {ticket.number} goes to {key}, who takes no part")

    def _holds_no_note(self, outbound: OutboundMail) -> None:
        message = message_from_bytes(outbound.content.read(), policy=policy.default)
        text = "".join(part.get_content() for part in message.walk() if part.get_content_maintype() == "text")
        if SECRET in text.casefold():
            self._break(f"a note leaves to {outbound.recipient}")

    def _stays_under_the_caps(self, outbound: OutboundMail) -> None:
        loops = self.policy.loops
        lately = [(to, channel) for at, to, channel in self.automatic if at > self.now - timedelta(hours=1)]
        domain = outbound.recipient.domain
        counts = {
            "correspondent": (sum(to == str(outbound.recipient) for to, _ in lately), loops.per_correspondent_and_hour),
            "domain": (sum(to.endswith(f"@{domain}") for to, _ in lately), loops.per_domain_and_hour),
            "channel": (sum(channel == outbound.channel for _, channel in lately), loops.per_channel_and_hour),
        }
        for scope, (number, cap) in counts.items():
            if number > cap:
                self._break(f"{number} automatic mails in an hour for one {scope}, {cap} are allowed")

    async def check_tickets(self) -> None:
        """Find a ticket without a channel, a queue or a number."""
        ids = sorted(self.tickets)
        for ticket in await self.database.read(lambda tx: tx.tickets.get_all(ids)):
            if ticket.channel not in self.policy.channels or ticket.queue not in self.policy.queues or not ticket.number:
                self._break(f"ticket {ticket.id}: channel {ticket.channel}, queue {ticket.queue}, number {ticket.number}")

    def _break(self, message: str) -> None:
        raise Broken(message + "\n" + "\n".join(self.happened))


# ------------------------------------------------------------------------------------------------------- what can happen


def _mail(witness: Witness, author: str, body: str, **fields: str) -> str:
    number = witness.count()
    headers = {"From": author, "To": "support@firma.example", "Subject": f"Sache {number}", "Date": "{{date}}"}
    headers |= {"Message-ID": f"<m{number}@{author.rpartition('@')[2].rstrip('>')}>"} | fields
    return "".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{body}\n"


def customer_writes(witness: Witness) -> dict[str, Any]:
    """Write as a customer, of one's own accord."""
    author = witness.chance.choice(_CUSTOMERS)
    fields = {"Cc": witness.chance.choice(_STRANGERS)} if witness.chance.random() < 0.2 else {}
    assurance = witness.chance.choice(("proven", "unproven", "unproven", "contradicted"))
    fields["To"] = _address_of_ours(witness)
    return {"to": fields["To"], "assurance": assurance, "mail": _mail(witness, author, witness.words(witness.count()), **fields)}


def _address_of_ours(witness: Witness) -> str:
    return str(witness.chance.choice([channel.address for channel in witness.policy.channels.values()]))


def customer_answers(witness: Witness) -> dict[str, Any] | None:
    """Answer a mail of ours as its recipient, or as somebody who got hold of it."""
    outside = [mail for mail in witness.sent if mail.purpose in TO_CUSTOMERS]
    if not outside:
        return None
    answered = witness.chance.choice(outside)
    author = str(answered.recipient) if witness.chance.random() < 0.7 else witness.chance.choice((*_STRANGERS, *_CUSTOMERS))
    body = f"{witness.words(witness.count())}\n\nAm Montag schrieb Firma:\n> ..."
    fields = {"In-Reply-To": f"<{answered.message_id}>", "To": _address_of_ours(witness)}
    if witness.chance.random() < 0.1:
        fields["Cc"] = witness.chance.choice((*_STRANGERS, *_CUSTOMERS))
    assurance = witness.chance.choice(("proven", "unproven"))
    return {"to": fields["To"], "assurance": assurance, "mail": _mail(witness, author, body, **fields)}


def machine_answers(witness: Witness) -> dict[str, Any] | None:
    """Answer a mail of ours as a machine, marked or not."""
    if not witness.sent:
        return None
    answered = witness.chance.choice(witness.sent)
    fields = {"In-Reply-To": f"<{answered.message_id}>"}
    if witness.chance.random() < 0.5:
        fields["Auto-Submitted"] = "auto-replied"
    return {"mail": _mail(witness, str(answered.recipient), "Ich bin nicht da und lese Ihre Mail spaeter.", **fields)}


def monitoring_reports(witness: Witness) -> dict[str, Any]:
    """Report a fault that lasts, as a machine whose mail says nothing of that."""
    number = witness.count()
    return {"mail": _mail(witness, _MONITORING, f"Server {number} antwortet nicht, seit {number} Minuten.")}


def agent_acts(witness: Witness) -> dict[str, Any] | None:
    """Answer a notification as its agent, with or without commands, or as a forger of that agent."""
    agent = witness.chance.choice(tuple(_AGENTS))
    address = witness.policy.agents[agent].addresses[0]
    mine = [mail for mail in witness.mails_to(str(address)) if mail.ticket_id is not None]
    if not mine:
        return None
    answered = witness.chance.choice(mine[-6:])
    commands = witness.chance.sample(_COMMANDS, k=witness.chance.choice((0, 0, 0, 1, 1, 2)))
    body = _agent_text(witness, answered, is_note="#note" in commands)
    fields = {"To": f"{_token(answered)}@gw.firma.example", "In-Reply-To": f"<{answered.message_id}>"}
    if witness.chance.random() < 0.1:
        fields["Cc"] = witness.chance.choice((*_CUSTOMERS, *_STRANGERS))
    mail = _mail(witness, _AGENTS[agent], "\n".join((*commands, "", body)), **fields)
    assurance = "proven" if witness.chance.random() < 0.85 else "unproven"
    return {"to": f"{_token(answered)}@gw.firma.example", "assurance": assurance, "mail": mail}


def _agent_text(witness: Witness, answered: OutboundMail, *, is_note: bool) -> str:
    if is_note:
        return _secret(witness)
    notes = witness.notes.get(answered.ticket_id or 0)
    if notes and witness.chance.random() < 0.3:
        return f"{witness.words(witness.count())}\n{witness.chance.choice(notes)}"
    return "" if witness.chance.random() < 0.1 else witness.words(witness.count())


def _secret(witness: Witness) -> str:
    return " ".join(f"{SECRET}{witness.chance.randrange(10**6)}" for _ in range(10))


def _token(mail: OutboundMail) -> str:
    return mail.message_id.partition("@")[0]


def agent_leaves_note(witness: Witness) -> dict[str, Any] | None:
    """Send to the note's address."""
    agent = witness.chance.choice(tuple(_AGENTS))
    mine = [mail for mail in witness.mails_to(str(witness.policy.agents[agent].addresses[0])) if mail.ticket_id is not None]
    if not mine:
        return None
    answered = witness.chance.choice(mine[-6:])
    to = f"{_token(answered)}+note@gw.firma.example"
    fields = {"To": to, "In-Reply-To": f"<{answered.message_id}>"}
    return {"to": to, "mail": _mail(witness, _AGENTS[agent], _agent_text(witness, answered, is_note=True), **fields)}


def agent_starts(witness: Witness) -> dict[str, Any]:
    """Write to the gateway out of nothing."""
    agent = witness.chance.choice(tuple(_AGENTS))
    to = witness.chance.choice((*_CUSTOMERS, *_STRANGERS))
    also = witness.chance.choice(("", f"\n#bcc {witness.chance.choice(_CUSTOMERS)}", "\n#cc eve@fremd.example", "\n#note"))
    first = witness.chance.choice((f"#to {to}{also}", f"#to {to}{also}", "#help", "#away", "#back", "#gibtesnicht", ""))
    body = _secret(witness) if first.endswith("#note") else witness.words(witness.count())
    assurance = "proven" if witness.chance.random() < 0.8 else witness.chance.choice(("unproven", "contradicted"))
    return {"assurance": assurance, "mail": _mail(witness, _AGENTS[agent], f"{first}\n\n{body}")}


def agent_writes_to_customer(witness: Witness) -> dict[str, Any]:
    """Write to a customer directly with an address of ours in copy; or somebody passes such a mail on, with more people in it."""
    agent = witness.chance.choice(tuple(_AGENTS))
    fields = {"To": witness.chance.choice(_CUSTOMERS)}
    if witness.chance.random() < 0.8:
        fields["Cc"] = "support@firma.example"
    mail = _mail(witness, _AGENTS[agent], witness.words(witness.count()), **fields)
    return {"mail": f"Cc: eve@fremd.example\n{mail}" if witness.chance.random() < 0.2 else mail}


def stranger_writes(witness: Witness) -> dict[str, Any]:
    """Write as somebody new."""
    author = f"neu{witness.count()}@{witness.chance.choice(('kunde', 'fremd', 'andere'))}.example"
    to = _address_of_ours(witness)
    return {"to": to, "assurance": "unproven", "mail": _mail(witness, author, witness.words(witness.count()), To=to)}


def mail_bounces(witness: Witness) -> dict[str, Any] | None:
    """Report that a mail of ours did not arrive."""
    if not witness.sent:
        return None
    lost = witness.chance.choice(witness.sent)
    if lost.reverse_path is None:
        return None
    status = witness.chance.choice(("5.1.1", "4.4.7"))
    action = "failed" if status.startswith("5") else "delayed"
    body = (
        "--b\nContent-Type: text/plain\n\nNicht zugestellt.\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; {lost.recipient}\n"
        f"Action: {action}\nStatus: {status}\n\n--b--"
    )
    kind = 'multipart/report; report-type=delivery-status; boundary="b"'
    mail = _mail(witness, "MAILER-DAEMON@mx.example", body, **{"Content-Type": kind, "To": str(lost.reverse_path)})
    return {"from": "", "to": str(lost.reverse_path), "mail": mail}


def somebody_confirms(witness: Witness) -> dict[str, Any] | None:
    """Answer a question of ours; whoever is asked about a leak thinks again."""
    asked = [
        m for m in witness.sent if m.purpose is Purpose.CONFIRM_ACTION and SECRET not in m.content.read().decode().casefold()
    ]
    if not asked:
        return None
    question = witness.chance.choice(asked[-4:])
    agent = witness.policy.agent_of_address[question.recipient.key]
    fields = {"To": f"{_token(question)}@gw.firma.example", "In-Reply-To": f"<{question.message_id}>"}
    return {"to": fields["To"], "mail": _mail(witness, _AGENTS[agent], "confirm", **fields)}


def list_is_worked(witness: Witness) -> dict[str, Any] | None:
    """Answer the list of suspended mail."""
    lists = [mail for mail in witness.sent if mail.purpose is Purpose.DIGEST]
    if not lists:
        return None
    fields = {"To": f"{_token(lists[-1])}@gw.firma.example", "In-Reply-To": f"<{lists[-1].message_id}>"}
    order = witness.chance.choice(("accept 1", "reject 1", "spam all", "block 1", "accept 99", "weg damit"))
    return {"to": fields["To"], "mail": _mail(witness, _AGENTS["anna"], order, **fields)}


def time_passes(witness: Witness) -> dict[str, Any]:
    """Let some time pass."""
    return {"later": witness.chance.choice(("10m", "40m", "3h", "2d"))}


_HAPPENINGS: Final[tuple[Callable[[Witness], dict[str, Any] | None], ...]] = (
    customer_writes,
    customer_writes,
    customer_answers,
    customer_answers,
    machine_answers,
    monitoring_reports,
    monitoring_reports,
    agent_acts,
    agent_acts,
    agent_acts,
    agent_leaves_note,
    agent_starts,
    agent_writes_to_customer,
    stranger_writes,
    mail_bounces,
    somebody_confirms,
    list_is_worked,
    time_passes,
)
