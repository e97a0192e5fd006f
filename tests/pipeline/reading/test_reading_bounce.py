"""Delivery status notifications by the standard, and those of mail systems that have their own way."""

# ruff: noqa: E501, RUF001 as the systems write
from collections.abc import Callable
from typing import Any, Final

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Message
from gateway.mail.reading import Kind
from gateway.pipeline.reading.bounce import read_bounces
from gateway.pipeline.reading.read import read_message

Build = Callable[..., Message]
REPORT: Final = {"Content-Type": 'multipart/report; report-type=delivery-status; boundary="x"'}
ORIGINAL: Final = "token1@gw.firma.example"
RETURNED: Final = f"Received: from a by b\nFrom: support@firma.example\nTo: bob@kunde.example\nMessage-ID: <{ORIGINAL}>\nSubject: Re: Printer\n".encode()
PER_MESSAGE: Final = "Reporting-MTA: dns; mx.example\nArrival-Date: Tue, 12 May 2026 10:00:00 +0200\n\n"


def status_part(fields: str, *, head: str = PER_MESSAGE) -> tuple[str, bytes]:
    return ("message/delivery-status", (head + fields).replace("\n", "\r\n").encode())


RFC3464: Final[list[tuple[str, str, tuple[str, str, str | None, bool]]]] = [
    ("unknown user", "Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n", ("bob@kunde.example", "failed", "5.1.1", True)),
    ("full mailbox", "Final-Recipient: RFC822;bob@kunde.example\nAction: Failed\nStatus: 5.2.2 (mailbox full)\n", ("bob@kunde.example", "failed", "5.2.2", True)),
    ("given up after temporary errors", "Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 4.4.1\n", ("bob@kunde.example", "failed", "4.4.1", True)),
    ("delay", "Final-Recipient: rfc822; bob@kunde.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Sun, 17 May 2026 10:00:00 +0200\n", ("bob@kunde.example", "delayed", "4.4.1", False)),
    ("success", "Final-Recipient: rfc822; bob@kunde.example\nAction: delivered\nStatus: 2.0.0\n", ("bob@kunde.example", "delivered", "2.0.0", False)),
    ("relayed", "Final-Recipient: rfc822; bob@kunde.example\nAction: relayed (to mailer without DSN)\nStatus: 2.0.0\n", ("bob@kunde.example", "relayed", "2.0.0", False)),
    ("expanded", "Final-Recipient: rfc822; bob@kunde.example\nAction: expanded\nStatus: 2.0.0\n", ("bob@kunde.example", "expanded", "2.0.0", False)),
    ("original recipient first", "Original-Recipient: rfc822;bob@kunde.example\nFinal-Recipient: rfc822;b.ob@intern.example\nAction: failed\nStatus: 5.1.1\n", ("bob@kunde.example", "failed", "5.1.1", True)),
    ("original recipient unknown", "Original-Recipient: unknown; bob\nFinal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.1.1\n", ("bob@kunde.example", "failed", "5.1.1", True)),
    ("angle brackets", "Final-Recipient: rfc822; <bob@kunde.example>\nAction: failed\nStatus: 5.1.1\n", ("bob@kunde.example", "failed", "5.1.1", True)),
    ("no type", "Final-Recipient: bob@kunde.example\nAction: failed\nStatus: 5.1.1\n", ("bob@kunde.example", "failed", "5.1.1", True)),
    ("international", "Final-Recipient: utf-8; böb@kunde.example\nAction: failed\nStatus: 5.1.1\n", ("böb@kunde.example", "failed", "5.1.1", True)),
    ("encoded plus", "Original-Recipient: rfc822;bob+2Bx@kunde.example\nAction: failed\nStatus: 5.1.1\n", ("bob+x@kunde.example", "failed", "5.1.1", True)),
    ("no action", "Final-Recipient: rfc822; bob@kunde.example\nStatus: 5.4.4\n", ("bob@kunde.example", "failed", "5.4.4", True)),
    ("no action, temporary", "Final-Recipient: rfc822; bob@kunde.example\nStatus: 4.4.4\n", ("bob@kunde.example", "delayed", "4.4.4", False)),
    ("no status", "Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nDiagnostic-Code: smtp; 552 5.2.2 over quota\n", ("bob@kunde.example", "failed", "5.2.2", True)),
    ("no status at all", "Final-Recipient: rfc822; bob@kunde.example\nAction: failed\n", ("bob@kunde.example", "failed", None, True)),
    ("folded diagnostic", "Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.7.1\nDiagnostic-Code: smtp; 550 5.7.1 blocked\n    by policy\n", ("bob@kunde.example", "failed", "5.7.1", True)),
    ("wrong order", "Status: 5.1.1\nAction: failed\nFinal-Recipient: rfc822; bob@kunde.example\n", ("bob@kunde.example", "failed", "5.1.1", True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "fields", "expected"), RFC3464, ids=[case[0] for case in RFC3464])
def test_standard_notification_is_read(name: str, fields: str, expected: tuple[str, str, str | None, bool], build: Build) -> None:
    mail = build(
        author="MAILER-DAEMON@mx.example",
        subject="Notice",
        headers=REPORT,
        parts=[status_part(fields), ("message/rfc822", RETURNED)],
    )
    (bounce,) = read_bounces(mail)
    assert (str(bounce.recipient), bounce.action, bounce.status, bounce.permanent) == expected, name
    assert bounce.original_message_id == ORIGINAL
    assert read_message(mail).kind is Kind.BOUNCE


def test_several_recipients_are_told_apart_even_without_empty_lines(build: Build) -> None:
    one = "Final-Recipient: rfc822; a@kunde.example\nAction: failed\nStatus: 5.1.1\n"
    two = "Final-Recipient: rfc822; b@kunde.example\nAction: delayed\nStatus: 4.2.2\n"
    for gap in ("", "\n", "\n\n"):
        bounces = read_bounces(build(headers=REPORT, parts=[status_part(one + gap + two)]))
        assert [(str(b.recipient), b.permanent) for b in bounces] == [("a@kunde.example", True), ("b@kunde.example", False)]


def test_recipient_in_the_block_about_the_mail_is_read(build: Build) -> None:
    fields = "Reporting-MTA: dns; mx.example\nFinal-Recipient: rfc822; a@kunde.example\nAction: failed\nStatus: 5.1.1\n"
    assert len(read_bounces(build(headers=REPORT, parts=[status_part(fields, head="")]))) == 1


@pytest.mark.parametrize("kind", ["text/rfc822-headers", "message/rfc822", "message/global-headers", "text/plain"])
def test_original_mail_is_found_in_what_came_back(kind: str, build: Build) -> None:
    mail = build(headers=REPORT, parts=[status_part(RFC3464[0][1]), (kind, RETURNED)])
    assert read_bounces(mail)[0].original_message_id == ORIGINAL


def test_original_mail_is_found_in_the_status_part_of_gmail(build: Build) -> None:
    head = f"Reporting-MTA: dns; googlemail.com\nX-Original-Message-ID: <{ORIGINAL}>\n\n"
    assert read_bounces(build(headers=REPORT, parts=[status_part(RFC3464[0][1], head=head)]))[0].original_message_id == ORIGINAL


def test_original_mail_is_found_by_reference_when_nothing_came_back(build: Build) -> None:
    mail = build(headers=REPORT, parts=[status_part(RFC3464[0][1])], in_reply_to=(ORIGINAL,))
    assert read_bounces(mail)[0].original_message_id == ORIGINAL


DIALECTS: Final[list[tuple[str, dict[str, Any], tuple[str, str | None, bool]]]] = [
    ("qmail", {"subject": "failure notice", "text": "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<bob@kunde.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@firma.example>\nMessage-ID: <token1@gw.firma.example>\nTo: eve@kunde.example\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("qmail remote", {"subject": "failure notice", "text": "Hi. This is the qmail-send program at mx.example.\n\n<bob@kunde.example>:\n203.0.113.9 does not like recipient.\nRemote host said: 550 5.2.2 Mailbox full\nGiving up on 203.0.113.9.\n\n--- Below this line is a copy of the message.\n"}, ("bob@kunde.example", "5.2.2", True)),
    ("Exim", {"subject": "Mail delivery failed: returning message to sender", "text": "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bob@kunde.example\n    SMTP error from remote mail server after RCPT TO:<bob@kunde.example>:\n    host mx.kunde.example [203.0.113.9]: 550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\nReturn-path: <support@firma.example>\nMessage-ID: <token1@gw.firma.example>\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Exim warning", {"subject": "Warning: message 1abc-000 delayed 24 hours", "text": "This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue on mx.example.\n\nThe address to which the message has not yet been delivered is:\n\n  bob@kunde.example\n    host mx.kunde.example [203.0.113.9]: Connection timed out\n\nNo action is required on your part.\n"}, ("bob@kunde.example", "5.4.1", False)),
    ("Exim header", {"subject": "Mail delivery failed", "headers": {"X-Failed-Recipients": "bob@kunde.example"}, "text": "A message could not be delivered.\n\n  bob@kunde.example\n    Unrouteable address\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Postfix text", {"subject": "Undelivered Mail Returned to Sender", "text": "This is the mail system at host mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\nFor further assistance, please send mail to postmaster.\n\n                   The mail system\n\n<bob@kunde.example>: host mx.kunde.example[203.0.113.9] said: 550 5.1.1\n    <bob@kunde.example>: Recipient address rejected: User unknown (in reply to RCPT TO command)\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("old Sendmail", {"subject": "Returned mail: User unknown", "text": "The original message was received at Tue, 12 May 2026 10:00:00 +0200\nfrom gw.firma.example [203.0.113.5]\n\n   ----- The following addresses had permanent fatal errors -----\n<bob@kunde.example>\n    (reason: 550 5.1.1 <bob@kunde.example>... User unknown)\n\n   ----- Transcript of session follows -----\n... while talking to mx.kunde.example.:\n>>> RCPT To:<bob@kunde.example>\n<<< 550 5.1.1 <bob@kunde.example>... User unknown\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("very old Sendmail", {"subject": "Returned mail: Host unknown", "text": "   ----- Transcript of session follows -----\n550 bob@kunde.example... Host unknown\n\n   ----- Unsent message follows -----\n"}, ("bob@kunde.example", "5.1.2", True)),
    ("Sendmail warning", {"subject": "Warning: could not send message for past 4 hours", "text": "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- The following addresses had transient non-fatal errors -----\n<bob@kunde.example>\n\n   ----- Transcript of session follows -----\n451 4.4.1 timeout\n"}, ("bob@kunde.example", "4.4.1", False)),
    ("Exchange 5.5", {"author": "postmaster@mx.example", "subject": "Undeliverable: Printer", "text": "Your message\n\n  To:      bob\n  Subject: Printer\n  Sent:    Tue, 12 May 2026 10:00:00 +0200\n\ndid not reach the following recipient(s):\n\nbob@kunde.example on Tue, 12 May 2026 10:00:05 +0200\n    The recipient name is not recognized\n\tThe MTS-ID of the original message is: c=us;a= ;p=x\n    MSEXCH:IMS:X:Y:Z 0 (000C05A6) Unknown Recipient 550 5.1.1\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Exchange 2003", {"author": "postmaster@mx.example", "subject": "Undeliverable: Printer", "text": "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tPrinter\n      Sent:\t12.05.2026 10:00\n\nThe following recipient(s) could not be reached:\n\n      bob@kunde.example on 12.05.2026 10:00\n            The e-mail account does not exist at the organization this message was sent to.\n            <mx.example #5.1.1>\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Exchange 2010", {"author": "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kunde.example", "subject": "Undeliverable: Printer", "text": "Delivery has failed to these recipients or groups:\n\nbob@kunde.example (bob@kunde.example)<mailto:bob@kunde.example>\nThe e-mail address you entered couldn't be found.\n\nDiagnostic information for administrators:\n\nGenerating server: kunde.example\n\nbob@kunde.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nOriginal message headers:\n\nReceived: from gw\nMessage-ID: <token1@gw.firma.example>\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Gmail old", {"author": "mailer-daemon@googlemail.com", "subject": "Delivery Status Notification (Failure)", "text": "Delivery to the following recipient failed permanently:\n\n     bob@kunde.example\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected. The error that the other server returned was:\n550 5.1.1 no such user\n\n----- Original message -----\n\nMessage-ID: <token1@gw.firma.example>\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Gmail new", {"author": "mailer-daemon@googlemail.com", "subject": "Delivery Status Notification (Failure)", "text": "** Address not found **\n\nYour message wasn't delivered to bob@kunde.example because the address couldn't be found, or is unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 The email account does not exist\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Gmail delay", {"author": "mailer-daemon@googlemail.com", "subject": "Delivery Status Notification (Delay)", "text": "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to bob@kunde.example. Gmail will retry for 45 more hours.\n\n421 4.4.2 timeout\n"}, ("bob@kunde.example", "4.4.2", False)),
    ("Yahoo", {"author": "MAILER-DAEMON@yahoo.example", "subject": "failure delivery", "text": "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n\n<bob@kunde.example>:\nThis user doesn't have a yahoo.example account (bob@kunde.example) [-5]\n\n--- Original message follows.\n\nReturn-Path: <support@firma.example>\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("Yahoo new", {"author": "mailer-daemon@yahoo.example", "subject": "Failure Notice", "text": "Sorry, we were unable to deliver your message to the following address.\n\n<bob@kunde.example>:\n552: 5.2.2 Over quota\n\n--- Below this line is a copy of the message.\n"}, ("bob@kunde.example", "5.2.2", True)),
    ("Lotus", {"author": "postmaster@kunde.example", "subject": "DELIVERY FAILURE: User bob not listed in Domino Directory", "text": "Your message\n\n  Subject: Printer\n\nwas not delivered to:\n\n  bob@kunde.example\n\nbecause:\n\n  User bob (bob@kunde.example) not listed in Domino Directory\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("GroupWise", {"author": "Mailer-Daemon@kunde.example", "subject": "Message status - undeliverable", "text": "The message that you sent was undeliverable to the following:\n\tbob@kunde.example (550 No such recipient)\n\nPossibly truncated original message follows:\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("IMail", {"author": "postmaster@kunde.example", "subject": "Undeliverable Mail", "text": "Unknown user: bob@kunde.example\n\nOriginal message follows.\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("IMail quota", {"author": "postmaster@kunde.example", "subject": "Undeliverable Mail", "text": "User mailbox exceeds allowed size: bob@kunde.example\n\nOriginal message follows.\n"}, ("bob@kunde.example", "5.2.2", True)),
    ("MDaemon", {"author": "MDaemon@kunde.example", "subject": "Permanent Delivery Failure", "text": "The attached message had PERMANENT fatal delivery errors!\n\nFailed address: bob@kunde.example\n\n--- Session Transcript ---\n Tue 2026-05-12 10:00:00: <-- 550 5.1.1 User unknown\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("IIS", {"author": "postmaster@kunde.example", "subject": "Delivery Status Notification (Failure)", "text": "This is an automatically generated Delivery Status Notification.\n\nDelivery to the following recipients failed.\n\n       bob@kunde.example\n"}, ("bob@kunde.example", None, True)),
    ("Courier", {"author": "MAILER-DAEMON@kunde.example", "subject": "NOTICE: mail delivery status.", "text": "This is a delivery status notification from mx.example, running Courier.\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<bob@kunde.example>:\n     mx.kunde.example [203.0.113.9]:\n     >>> RCPT TO:<bob@kunde.example>\n     <<< 550 User unknown\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("XMail", {"author": "postmaster@kunde.example", "subject": "Error sending message", "text": "[00] XMail bounce: Rcpt=[bob@kunde.example];Error=[550 Mailbox unavailable]\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("German webmail", {"author": "mailer-daemon@kunde.example", "subject": "Mail delivery failed", "text": "Diese Nachricht wurde automatisch erstellt.\n\nIhre E-Mail konnte nicht zugestellt werden. Folgende Adresse ist fehlgeschlagen:\n\nbob@kunde.example:\nSMTP error from remote server for RCPT TO command, host: mx.kunde.example (203.0.113.9) reason: 550 5.1.1 unbekannt\n"}, ("bob@kunde.example", "5.1.1", True)),
    ("capital letters", {"subject": "Undelivered Mail", "text": "<Bob.Smith@Kunde.example>: unknown user\n"}, ("Bob.Smith@kunde.example", "5.1.1", True)),
    ("Chinese", {"author": "postmaster@kunde.example", "subject": "系统退信", "text": "抱歉，您的邮件被退回来了……\n收件人： bob@kunde.example\n退信原因： 550 User not found\n"}, ("bob@kunde.example", "5.1.1", True)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "given", "expected"), DIALECTS, ids=[case[0] for case in DIALECTS])
def test_dialect_is_understood(name: str, given: dict[str, Any], expected: tuple[str, str | None, bool], build: Build) -> None:
    mail = build(**({"author": "MAILER-DAEMON@mx.example"} | given))
    (bounce,) = read_bounces(mail)
    assert (str(bounce.recipient), bounce.status, bounce.permanent) == expected, name
    assert bounce.original_message_id == (ORIGINAL if ORIGINAL in given["text"] else None)
    assert read_message(mail).kind is Kind.BOUNCE


def test_there_are_forty_bounces() -> None:
    assert len(RFC3464) + len(DIALECTS) >= 40


def test_old_notification_names_every_recipient_but_never_the_sender(build: Build) -> None:
    text = "Failed:\n\n<a@kunde.example>:\nno such user\n\n<b@kunde.example>:\n452 4.2.2 mailbox full\n\nContact postmaster@kunde.example or support@firma.example\n"
    mail = build(author="MAILER-DAEMON@mx.example", subject="failure notice", text=text)
    assert [(str(b.recipient), b.status) for b in read_bounces(mail)] == [
        ("a@kunde.example", "5.1.1"),
        ("b@kunde.example", "4.2.2"),
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "Printer", "text": "<bob@kunde.example>: user unknown"},
        {"subject": "Re: Undelivered Mail Returned to Sender", "text": "<bob@kunde.example>: user unknown", "author": "postmaster@kunde.example"},
        {"subject": "Fwd: failure notice", "headers": {"Content-Type": "multipart/mixed"}, "parts": [status_part(RFC3464[0][1])]},
        {"subject": "Delivery failed", "text": "The parcel for bob@kunde.example did not come."},
        {"subject": "Your mail server", "author": "postmaster@kunde.example", "text": "Hello,\n\n<bob@kunde.example>: your server says user unknown, why?\n\nAnna"},
        {"subject": "Hello", "author": "postmaster@kunde.example", "text": "Hello,\nwe changed our mail server.\nAnna"},
    ],
)  # fmt: skip
def test_mail_of_people_is_no_bounce(given: dict[str, Any], build: Build) -> None:
    assert read_bounces(build(**given)) == ()


def test_notification_without_author_is_read(build: Build) -> None:
    mail = build(from_=(), headers=REPORT, parts=[status_part(RFC3464[0][1])])
    assert read_bounces(mail)[0].recipient == Address("bob", "kunde.example")


def test_status_part_of_garbage_says_nothing(build: Build) -> None:
    for garbage in (
        b"",
        b"\0\xff\r\n:::\n",
        b"Final-Recipient:\n",
        b"Final-Recipient: ;\n",
        b"Final-Recipient: rfc822;\nAction:\n",
    ):
        assert read_bounces(build(headers=REPORT, parts=[("message/delivery-status", garbage)])) == ()


def test_mailbox_that_names_the_mail_system_is_enough(build: Build) -> None:
    sender = (Mailbox("Mail Delivery System", Address("x", "mx.example")),)
    mail = build(from_=sender, subject="Undelivered Mail Returned to Sender", text="<bob@kunde.example>: unknown user")
    assert [str(b.recipient) for b in read_bounces(mail)] == ["bob@kunde.example"]
