"""The conversation: a customer asks, an agent answers from the mail program, the customer thanks; and every step is checked."""

import asyncio
import contextlib
import signal
import smtplib
import tempfile
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from rich.console import Group
from rich.panel import Panel
from rich.text import Text

from gateway.cli.demo import letters
from gateway.cli.demo.world import World, build_world, read, text_of
from gateway.cli.exits import Exit
from gateway.cli.output import clean, print_heading, print_rich, print_text
from gateway.cli.show_tickets import WholeTicket, print_whole, read_whole
from gateway.logs import configure_logging
from gateway.mail.evidence import Assurance
from gateway.states import TicketStatus
from gateway.tickets import Side

_NUMBER_AT_END = "000001"
_SHOWN_LINES = 14


class Broken(Exception):
    """A step did not hold; the text says which."""


@dataclass(slots=True)
class Report:
    """What was checked so far."""

    broken: list[str] = field(default_factory=list)

    def check(self, claim: str, *, holds: bool) -> None:
        """Show a claim and whether it holds."""
        print_rich(Text.assemble(("  ✓ ", "green") if holds else ("  ✗ ", "bold red"), claim))
        if not holds:
            self.broken.append(claim)


def demo(*, once: bool, port: int) -> Exit:
    """Play the conversation; with `once` end then, otherwise go on for the reader's own mail."""
    configure_logging("error")
    with tempfile.TemporaryDirectory(prefix="ticket-gateway-demo-") as folder:
        return asyncio.run(_demo(Path(folder), once=once, port=port))


async def _demo(folder: Path, *, once: bool, port: int) -> Exit:
    report = Report()
    async with build_world(folder, port=port) as world:
        print_heading("Ticket Gateway plays a conversation, all on this machine")
        print_text(f"  The gateway takes mail on 127.0.0.1:{world.port}; what it sends stays in a smarthost that keeps it.\n")
        try:
            await _converse(world, report)
        except (TimeoutError, smtplib.SMTPException, Broken) as error:
            report.check(f"the conversation goes on ({type(error).__name__}: {error})", holds=False)
        if not once and not report.broken:
            await _serve_reader(world)
    if report.broken:
        print_rich(Text(f"\n{len(report.broken)} of the claims did not hold.", style="bold red"))
        return Exit.FAILED
    print_rich(Text("\nEvery step held.", style="bold green"))
    return Exit.OK


async def _converse(world: World, report: Report) -> None:
    notification = await _customer_asks(world, report)
    answer = await _agent_answers(world, report, notification)
    await _customer_thanks(world, report, answer)
    await world.settle()
    whole = await _ticket(world)
    print_heading("4. The ticket, as `ticket-gateway tickets show` prints it")
    print_whole(whole)
    report.check("three posts, one ticket", holds=len(whole.posts) == 3)  # noqa: PLR2004 the conversation above
    report.check("it waits for the company again", holds=whole.ticket.status is TicketStatus.OPEN)
    report.check(f"{len(world.smarthost.mails)} mails left, each once", holds=_each_once(world))


async def _customer_asks(world: World, report: Report) -> EmailMessage:
    print_heading("1. Käthe writes to support@firma.example; the company's mail server forwards it to the gateway")
    intake = str(world.gateway.policy.intake_of_channel["support"])
    mail = letters.write_question()
    _show("Käthe's mail", mail)
    reply = await world.hand_over(
        mail,
        signer=world.customer,
        sender=letters.rewritten("kaethe@kunde.example"),
        recipient=intake,
        above=letters.forwarded_by_company("support@firma.example"),
    )
    report.check(f"the gateway answered 250 {reply.split()[0]} once the mail was durable", holds=True)
    notification = await world.mail_to("anna@firma.example", lambda m: "Lüfter meines Geräts" in text_of(m))
    confirmation = await world.mail_to("kaethe@kunde.example", lambda m: m["Auto-Submitted"] == "auto-replied")
    whole = await _ticket(world)
    report.check(f"it became ticket {whole.ticket.number}", holds=whole.ticket.subject == "Lüfter läuft nicht mehr")
    assurance = await world.gateway.database.read(lambda tx: tx.received.get(whole.posts[0].received_id or 0).evidence.assurance)
    report.check(f"the sender is {assurance}, although the mail was forwarded", holds=assurance is Assurance.PROVEN)
    report.check(
        "Käthe got a confirmation that says nothing of hers back",
        holds=whole.ticket.number in str(confirmation) and "Köln" not in text_of(confirmation),
    )
    attached = [part.get_filename() for part in notification.iter_attachments()]
    report.check("Anna was notified, with the attachment", holds=attached == ["Prüfbericht.txt"])
    _show("What Anna finds in her mailbox", notification)
    return notification


async def _agent_answers(world: World, report: Report, notification: EmailMessage) -> EmailMessage:
    print_heading("2. Anna just hits Reply")
    mail = letters.write_answer(notification)
    _show("Anna's mail", mail)
    recipient = mail["To"].addresses[0].addr_spec
    await world.hand_over(mail, signer=world.company, sender="anna@firma.example", recipient=recipient)
    answer = await world.mail_to("kaethe@kunde.example", lambda m: "neuer Lüfter" in text_of(m))
    author = answer["From"].addresses[0].addr_spec
    report.check(f"Käthe got the answer from {author}", holds=author == "support@firma.example")
    report.check("it is signed with Anna's alias and signature", holds="Anna vom Support" in text_of(answer))
    report.check("nothing of the notification went along", holds="gw.firma.example" not in text_of(answer))
    report.check("it is a person's mail, not a machine's", holds=answer["Auto-Submitted"] is None)
    status = (await _ticket(world)).ticket.status
    report.check(f"the ticket is {status}", holds=status is TicketStatus.PENDING)
    _show("What Käthe finds in her mailbox", answer)
    return answer


async def _customer_thanks(world: World, report: Report, answer: EmailMessage) -> None:
    print_heading("3. Käthe answers, and it lands in the same ticket")
    mail = letters.write_thanks(answer)
    intake = str(world.gateway.policy.intake_of_channel["support"])
    await world.hand_over(
        mail,
        signer=world.customer,
        sender=letters.rewritten("kaethe@kunde.example"),
        recipient=intake,
        above=letters.forwarded_by_company("support@firma.example"),
    )
    again = await world.mail_to("anna@firma.example", lambda m: "Großartig" in text_of(m))
    whole = await _ticket(world)
    last = whole.posts[-1]
    report.check("no second ticket was opened", holds=last.text.startswith("Großartig") and last.side is Side.CUSTOMER)
    report.check("Anna was told", holds=whole.ticket.number in str(again["Subject"]))


async def _ticket(world: World) -> WholeTicket:
    """Return the demo's one ticket. Raises Broken when there are none or several."""
    tickets = await world.gateway.database.read(lambda tx: tx.search.find("Lüfter"))
    if len(tickets) != 1:
        message = f"there are {len(tickets)} tickets"
        raise Broken(message)
    return await world.gateway.database.read(lambda tx: read_whole(tx, tickets[0].number))


def _each_once(world: World) -> bool:
    sent = [(kept.recipient, str(read(kept.content)["Message-ID"])) for kept in world.smarthost.mails]
    return len(sent) == len(set(sent))


def _show(title: str, mail: EmailMessage) -> None:
    """Draw a mail as a mail program does."""
    head = [f"{name}: {mail[name]}" for name in ("From", "To", "Reply-To", "Subject") if mail[name]]
    head += [f"Attached: {part.get_filename()}" for part in mail.iter_attachments()]
    lines = text_of(mail).strip().splitlines()
    more = [f"… {len(lines) - _SHOWN_LINES} more lines"] if len(lines) > _SHOWN_LINES else []
    body = "\n".join(lines[:_SHOWN_LINES] + more)
    drawn = Group(Text(clean("\n".join(head)), style="dim"), Text(""), Text(clean(body)))
    print_rich(Panel(drawn, title=title, title_align="left", border_style="blue", width=100))


async def _serve_reader(world: World) -> None:
    """Keep running, and show every mail that leaves, until Ctrl-C."""
    print_heading("Now you. Send a mail to support@firma.example through the gateway, for example:")
    print_text(
        f"  swaks --server 127.0.0.1:{world.port} --from you@kunde.example --to support@firma.example --body 'Hallo'\n"
        f"  ticket-gateway --config {world.config} tickets list\n"
        "Ctrl-C ends it.\n"
    )
    ending = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    showing = asyncio.create_task(_show_new_mail(world, len(world.smarthost.mails)))
    await ending.wait()
    showing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await showing


async def _show_new_mail(world: World, seen: int) -> None:
    while True:
        for kept in world.smarthost.mails[seen:]:
            _show(f"Left to {kept.recipient}", read(kept.content))
        seen = len(world.smarthost.mails)
        await asyncio.sleep(0.2)
