"""The desk of a week: its configuration, and what can be seen of it in mailboxes and on the command line.

No day has to pass: what is promised for urgent tickets is promised in seconds, and so is the closing of solved ones.
"""

import json
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from gateway.states import ReceivedState
from gateway.storage.received import ReceivedSummary
from tests.peers.clients import swaks, write_mail
from tests.peers.company import World
from tests.peers.configuration import gateway_configuration
from tests.peers.mailboxes import Delivered
from tests.peers.places import STRANGER_INTERFACE, Places
from tests.peers.programs import wait_for

SUPPORT = "support@firma.test"


def week_configuration(places: Places) -> dict[str, object]:
    """Return the file of a desk of two teams: anna and ben answer questions, carl sends invoices, ben leads both."""
    file = gateway_configuration(places)
    channels = file["channels"]
    assert isinstance(channels, dict)
    file["channels"] = {"support": channels["support"]}
    file["queues"] = {
        "support": {"agents": ["anna", "ben"], "leads": ["ben"]},
        "accounting": {"agents": ["carl"], "leads": ["carl"], "close_solved_after": "2s"},
    }
    file["rules"] = [{"name": "Eiliges", "when": {"subject_contains": "eilt"}, "then": [{"priority": "urgent"}]}]
    file["clocks"] = {"default": {"urgent": {"reaction": "8s", "warning": "4s"}}}
    file["suspended"] = {"to": ["anna"], "digest": "at_once"}
    return file


@dataclass(frozen=True, slots=True)
class Desk:
    """What people do, and what they and an admin can see of it."""

    world: World

    # ----------------------------------------------------------------------------------------------------------- customers

    def ask(self, customer: str, subject: str, text: str) -> tuple[str, Delivered]:
        """Let a customer write to support; return the ticket's number and the confirmation in the customer's mailbox."""
        self.send(write_mail(sender=f"{customer.capitalize()} <{customer}@kunde.test>", to=SUPPORT, subject=subject, text=text))
        (number,) = self.numbers_of(f"{customer}@kunde.test", subject)
        return number, self.got(f"{customer}@kunde.test", "Ihre Nachricht ist angekommen", number)

    def send(self, mail: EmailMessage, *, sender: str | None = None) -> ReceivedSummary:
        """Hand a customer's mail to kunde.test, which signs it and hands it to firma.test, which forwards it to the gateway."""
        author = parseaddr(mail["From"])[1]
        swaks(
            self.world.ports.provider_submission, mail, sender=author if sender is None else sender, to=parseaddr(mail["To"])[1]
        )
        return self.world.gateway.wait_received(mail["Message-ID"])

    def send_from_elsewhere(self, mail: EmailMessage) -> ReceivedSummary:
        """Hand a mail straight to the gateway, from a network that no domain lists."""
        author, to = parseaddr(mail["From"])[1], parseaddr(mail["To"])[1]
        swaks(self.world.ports.gateway, mail, sender=author, to=to, options=("--local-interface", STRANGER_INTERFACE))
        return self.world.gateway.wait_received(mail["Message-ID"])

    # ----------------------------------------------------------------------------------------------------------- mailboxes

    def got(self, address: str, *words: str, but: Delivered | None = None, seconds: float = 45.0) -> Delivered:
        """Return the first mail of a mailbox in whose subject and text all of these words stand, as soon as it is there."""

        def fits(mail: Delivered) -> bool:
            seen = f"{mail['Subject']}\n{mail.text}"
            return all(word in seen for word in words) and (but is None or mail.path != but.path)

        return self.world.mailbox(address).wait(f"a mail with {' and '.join(map(repr, words))}", fits, seconds=seconds)

    def told(self, agent: str, *words: str, but: Delivered | None = None) -> Delivered:
        """Return what an agent got likewise."""
        return self.got(f"{agent}@firma.test", *words, but=but)

    def count(self, address: str, *words: str) -> int:
        """Return how many mails of a mailbox have all of these words anywhere."""
        return sum(all(word in f"{mail.whole}\n{mail.text}" for word in words) for mail in self.world.mailbox(address).mails())

    # -------------------------------------------------------------------------------------------------------- command line

    def show(self, number: str) -> dict[str, Any]:
        """Return what `tickets show` says."""
        found = json.loads(self.world.gateway.command("tickets", "show", number, "--json"))
        assert isinstance(found, dict)
        return found

    def lines(self, *words: str) -> list[dict[str, Any]]:
        """Return what a command that lists things says."""
        return [json.loads(line) for line in self.world.gateway.command(*words, "--json").splitlines()]

    def numbers_of(self, requester: str, subject: str) -> list[str]:
        """Return the tickets of a requester with this subject."""
        tickets = (one for one in self.world.gateway.tickets() if str(one.requester.address) == requester)
        return [one.number for one in tickets if one.subject == subject]

    def wait_status(self, number: str, status: str) -> None:
        """Return as soon as a ticket has this status."""

        def has_it() -> bool:
            return any(one.number == number and one.status.value == status for one in self.world.gateway.tickets())

        wait_for(f"{number} to be {status}", has_it, story=self.world.gateway.story)

    def wait_released(self, received_id: int) -> None:
        """Return as soon as a suspended mail is on a ticket."""

        def is_there() -> bool:
            return any(one.id == received_id and one.state == ReceivedState.TICKETED for one in self.world.gateway.received())

        wait_for("the mail to be let in", is_there, story=self.world.gateway.story)


def answer_to(
    delivered: Delivered, *, sender: str, to: str, text: str, headers: tuple[tuple[str, str], ...] = ()
) -> EmailMessage:
    """Write what somebody sends who answers a delivered mail, or has seen its header."""
    ids = delivered["Message-ID"].strip()
    threading = [("In-Reply-To", ids), ("References", f"{delivered['References']} {ids}".strip())]
    return write_mail(sender=sender, to=to, subject=f"Re: {delivered['Subject']}", text=text, headers=[*threading, *headers])


def token_address(notification: Delivered) -> str:
    """Return where an answer to a notification goes: whoever holds it holds the token."""
    return str(notification.message["Reply-To"].addresses[0].addr_spec)
