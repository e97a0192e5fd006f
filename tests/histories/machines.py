"""Machines that answer each other: gateways, autoresponders without any marker, and the mail between them.

Everybody here answers everything at once or after a while; the world goes on until no mail is under way, or for ever.
"""

import heapq
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from hashlib import sha256
from typing import Any, Final, Protocol

from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.outbound import OutboundMail
from gateway.pipeline.journey import Arrival, process_mail
from gateway.pipeline.policy import route
from gateway.states import OutboundState
from tests.journeys.stage import START, Stage

MARKERS: Final = re.compile(
    rb"^(?:Auto-Submitted|X-Auto-Response-Suppress|X-Ticket-Gateway|Precedence|References|In-Reply-To|Reply-To|Message-ID):"
    rb"[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.MULTILINE,
)
_MOST_MAILS: Final = 150


class Restless(AssertionError):
    """Machines still write to each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail under way."""

    sender: str
    """The reverse-path; empty for the null one."""
    recipient: str
    content: bytes


class Machine(Protocol):
    """Something that gets mail and may answer it."""

    async def take(self, letter: Letter, now: datetime) -> list[Letter]:
        """Return what it sends on that."""


@dataclass(kw_only=True)
class House(Stage):
    """A whole gateway; what it sends goes under way instead of into a golden file."""

    async def opens(self, letter: Letter, now: datetime) -> list[Letter]:
        """Take a mail; return what leaves because of it."""
        self.now = now
        before = len(self.sent)
        if route(Address.parse(letter.recipient), self.policy) is None:
            return []
        step = {"from": letter.sender, "to": letter.recipient, "assurance": "proven"}
        mail = await self._receive(step, Content.of(letter.content))
        if mail is not None:
            await self._describe(mail, await process_mail(mail, self._road()))
        return [_letter(mail) for mail in self.sent[before:] if mail.state is not OutboundState.HELD]

    async def _describe_arrival(self, arrival: Arrival, ticket_id: int | None) -> dict[str, Any]:
        del ticket_id
        self.sent += arrival.changes.outbound
        await self._hand_over(arrival.changes.outbound)
        return {}


@dataclass(kw_only=True)
class Gateway:
    """A gateway as a machine of the world; `blurs` takes off what says that a machine wrote its mail."""

    house: House
    blurs: bool = False

    async def take(self, letter: Letter, now: datetime) -> list[Letter]:
        """Take a mail; return what leaves."""
        left = await self.house.opens(letter, now)
        return [_blurred(each, number) for number, each in enumerate(left)] if self.blurs else left


@dataclass(kw_only=True)
class Autoresponder:
    """A mailbox that answers every mail, without a word in the header that says so."""

    address: str
    keeps_thread: bool = False
    """It answers to the Reply-To and names what it answers."""
    says: Callable[[int], str] = "Guten Tag, Ihre Nachricht Nummer {} haben wir bekommen. Wir melden uns.".format
    _count: int = 0

    async def take(self, letter: Letter, now: datetime) -> list[Letter]:
        """Answer."""
        self._count += 1
        message = message_from_bytes(letter.content, policy=policy.default)
        to = str((message["Reply-To"] or message["From"]).addresses[0].addr_spec)
        lines = [
            f"From: {self.address}",
            f"To: {to}",
            f"Subject: Ihre Nachricht {self._count}",
            f"Date: {now:%a, %d %b %Y %H:%M:%S} +0000",
            f"Message-ID: <{self._count}.{self.address}>",
        ]
        if self.keeps_thread:
            lines += [f"In-Reply-To: {message['Message-ID']}", f"References: {message['Message-ID']}"]
        content = "\r\n".join((*lines, "", self.says(self._count), ""))
        return [Letter(sender=self.address, recipient=to, content=content.encode())]


@dataclass(kw_only=True)
class World:
    """Who is there by address, how long each mail takes, and what is under way."""

    machines: dict[str, Machine]
    """By address, or by domain for all addresses in it."""
    delay: timedelta
    now: datetime = START
    delivered: list[Letter] = field(default_factory=list)
    _under_way: list[tuple[datetime, int, Letter]] = field(default_factory=list)
    _sent: int = 0

    def post(self, letter: Letter) -> None:
        """Let a mail go under way."""
        self._sent += 1
        heapq.heappush(self._under_way, (self.now + self.delay, self._sent, letter))

    async def run(self) -> int:
        """Let everything arrive until nothing is under way; return how many mails there were.

        Raises:
            Restless: they never stop.
        """
        while self._under_way:
            self.now, _, letter = heapq.heappop(self._under_way)
            self.delivered.append(letter)
            if len(self.delivered) > _MOST_MAILS:
                lately = [f"{each.sender or '<>'} to {each.recipient}" for each in self.delivered[-6:]]
                message = f"{len(self.delivered)} mails until {self.now}, lately {lately}"
                raise Restless(message)
            _, _, domain = letter.recipient.rpartition("@")
            machine = self.machines.get(letter.recipient) or self.machines.get(domain)
            for answer in await machine.take(letter, self.now) if machine is not None else ():
                self.post(answer)
        return len(self.delivered)


def first_mail(author: str, to: str) -> Letter:
    """Return the mail of a person with which it begins."""
    text = (
        f"From: {author}\r\nTo: {to}\r\nSubject: Angebot\r\nDate: {START:%a, %d %b %Y %H:%M:%S} +0000\r\n"
        f"Message-ID: <first.{author}>\r\n\r\nBitte machen Sie uns ein Angebot.\r\n"
    )
    return Letter(sender=author, recipient=to, content=text.encode())


def _letter(mail: OutboundMail) -> Letter:
    return Letter(
        sender=str(mail.reverse_path) if mail.reverse_path else "", recipient=str(mail.recipient), content=mail.content.read()
    )


def _blurred(letter: Letter, number: int) -> Letter:
    """Take away everything by which a program could tell that a machine wrote it, and whose mail it answers."""
    message = message_from_bytes(letter.content, policy=policy.default)
    author = str(message["From"].addresses[0].addr_spec)
    content = MARKERS.sub(b"", letter.content)
    digest = f"{sha256(letter.content).hexdigest()[:20]}.{number}"
    content = content.replace(b"\r\n", b"\r\nMessage-ID: <" + digest.encode() + b"@mx.example>\r\n", 1)
    return Letter(sender=author, recipient=letter.recipient, content=content)
