"""The mails that people write in the demo."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from gateway.cli.demo.world import CUSTOMER_ADDRESS, text_of

KAETHE: Final = "Käthe Müller <kaethe@kunde.example>"
ANNA: Final = "Anna Arndt <anna@firma.example>"
REPORT: Final = "Prüfbericht Nr. 7: Lüfter defekt, Gehäuse in Ordnung.\n"
QUESTION: Final = """\
Guten Tag,

seit gestern läuft der Lüfter meines Geräts nicht mehr. Den Prüfbericht habe ich angehängt.
Bekomme ich Ersatz?

Viele Grüße aus Köln
Käthe Müller
"""
ANSWER: Final = """\
Guten Tag Frau Müller,

das tut uns leid. Ein neuer Lüfter ist schon unterwegs zu Ihnen.
"""
THANKS: Final = """\
Großartig, vielen Dank für die schnelle Hilfe!

Käthe Müller
"""


def write_question() -> EmailMessage:
    """Write the customer's first mail, with umlauts and an attachment."""
    mail = _letter(KAETHE, "support@firma.example", "Lüfter läuft nicht mehr", "<frage-1@kunde.example>")
    mail.set_content(QUESTION)
    mail.add_attachment(REPORT.encode(), maintype="text", subtype="plain", filename="Prüfbericht.txt")
    return mail


def write_answer(notification: EmailMessage) -> EmailMessage:
    """Write the agent's reply to a notification, as any mail program does: on top, everything quoted below."""
    return _reply(ANNA, notification, ANSWER, "<antwort-1@firma.example>")


def write_thanks(answer: EmailMessage) -> EmailMessage:
    """Write the customer's reply to the answer."""
    return _reply(KAETHE, answer, THANKS, "<danke-1@kunde.example>")


def _letter(sender: str, recipient: str, subject: str, message_id: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = message_id
    return mail


def _reply(sender: str, to: EmailMessage, text: str, message_id: str) -> EmailMessage:
    subject = str(to["Subject"])
    mail = _letter(
        sender, str(to["Reply-To"] or to["From"]), subject if subject.startswith("Re: ") else f"Re: {subject}", message_id
    )
    mail["In-Reply-To"] = str(to["Message-ID"])
    mail["References"] = " ".join(filter(None, (str(to["References"] or ""), str(to["Message-ID"]))))
    quoted = "\n".join(f"> {line}".rstrip() for line in text_of(to).splitlines())
    mail.set_content(f"{text}\n{to['From']} schrieb:\n{quoted}\n")
    return mail


def forwarded_by_company(recipient: str) -> str:
    """Return the field that the company's mail server puts above what it forwards (RFC 5321 section 4.4)."""
    return (
        f"Received: from mail.kunde.example (mail.kunde.example [{CUSTOMER_ADDRESS}])\n"
        f"\tby mx.firma.example (Postfix) with ESMTPS id 4Zdemo1 for <{recipient}>;\n"
        f"\t{format_datetime(datetime.now(UTC))}\n"
    )


def rewritten(address: str) -> str:
    """Return the reverse-path as the company's SRS rewrites it."""
    local, _, domain = address.partition("@")
    return f"SRS0=abcd=KX={domain}={local}@firma.example"
