"""Delivery reports of the world's mail systems, from their bytes to what they say of each recipient."""

# ruff: noqa: RUF001, E501 as programs write
from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Final

import pytest

from gateway.mail.reading import Kind
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message

Said = tuple[str, str, str | None, bool]
"""Recipient, action, status (None: not looked at), permanent."""
ORIG: Final = (
    "From: support@firma.example\nTo: bob@kunde.example\nMessage-ID: <tok1@gw.firma.example>\nSubject: Re: Drucker\n\nHallo\n"
)
PM: Final = "Reporting-MTA: dns; mx.example\n\n"
REPORT: Final = 'multipart/report; report-type=delivery-status; boundary="b"'


@dataclass(frozen=True, kw_only=True)
class Case:
    """A report, what is known around it, and what it says."""

    name: str
    text: str
    said: list[Said]
    original: str | None
    circumstances: dict[str, Any]


def case(name: str, text: str, said: list[Said], original: str | None = "tok1@gw.firma.example", **circumstances: Any) -> Case:
    return Case(name=name, text=text, said=said, original=original, circumstances=circumstances)


def mail(body: str, *, subject: str, frm: str, ctype: str = "text/plain; charset=utf-8", extra: str = "") -> str:
    return (
        f"From: {frm}\nTo: support@firma.example\nSubject: {subject}\nDate: Wed, 13 May 2026 09:00:00 +0200\n"
        f"Message-ID: <x1@mx.example>\nMIME-Version: 1.0\nContent-Type: {ctype}\n{extra}\n{body}"
    )


def report(
    text: str,
    status: str | None,
    *,
    frm: str = "MAILER-DAEMON@mx.example",
    subject: str = "Undelivered Mail Returned to Sender",
    ret: str = "message/rfc822",
    ctype: str = REPORT,
    extra: str = "",
) -> str:
    body = f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
    if status is not None:
        body += f"--b\nContent-Type: message/delivery-status\n\n{status}\n"
    return mail(f"{body}--b\nContent-Type: {ret}\n\n{ORIG}\n--b--\n", subject=subject, ctype=ctype, frm=frm, extra=extra)


CASES: Final = [
    case("postfix",report("This is the mail system",PM+"Final-Recipient: rfc822; bob@kunde.example\nOriginal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.kunde.example\nDiagnostic-Code: smtp; 550 5.1.1 <bob@kunde.example>: Recipient address rejected:\n    User unknown\n"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("exchange online",report("Ihre Nachricht an bob@kunde.example konnte nicht zugestellt werden.","Reporting-MTA: dns;AM0PR.eurprd01.prod.exchangelabs.com\nReceived-From-MTA: dns;x\nArrival-Date: Tue, 12 May 2026 08:00:00 +0000\n\nOriginal-Recipient: rfc822;bob@kunde.example\nFinal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient bob@kunde.example not found by SMTP address lookup\n",frm="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kunde.onmicrosoft.com>",subject="Unzustellbar: Re: Drucker"),[("bob@kunde.example","failed","5.1.10",True)]),
    case("exchange relayed",report("Delivery to these recipients is complete, but no notification","Reporting-MTA: dns;x\n\nFinal-recipient: RFC822; bob@kunde.example\nAction: relayed\nStatus: 2.0.0\n",frm="postmaster@kunde.example",subject="Weitergeleitet: Re: Drucker"),[("bob@kunde.example","relayed","2.0.0",False)]),
    case("gmail",report("** Address not found **","Reporting-MTA: dns; googlemail.com\nArrival-Date: Tue, 12 May 2026 01:00:00 -0700 (PDT)\nX-Original-Message-ID: <tok1@gw.firma.example>\n\nFinal-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; gmail-smtp-in.l.google.com. (2a00:1450::1a, the server for the domain kunde.example.)\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist. Please try\n 550-5.1.1 double-checking\nLast-Attempt-Date: Tue, 12 May 2026 01:00:00 -0700 (PDT)\n",frm="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",subject="Delivery Status Notification (Failure)"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("gmail delay",report("** Delivery incomplete **","Reporting-MTA: dns; googlemail.com\n\nFinal-Recipient: rfc822; bob@kunde.example\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Thu, 14 May 2026\n",frm="mailer-daemon@googlemail.com",subject="Delivery Status Notification (Delay)"),[("bob@kunde.example","delayed","4.4.1",False)]),
    case("ses",report("An error occurred while trying to deliver the mail to the following recipients:\nbob@kunde.example","Reporting-MTA: dns; a1-2.smtp-out.eu-west-1.amazonses.com\n\nAction: failed\nFinal-Recipient: rfc822; bob@kunde.example\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\nStatus: 5.1.1\n",frm="MAILER-DAEMON@eu-west-1.amazonses.com",subject="Delivery Status Notification (Failure)"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("domino",report("Your message\n\n  Subject: Re: Drucker\n\nwas not delivered to:\n\n  bob@kunde.example\n\nbecause:\n\n  User bob (bob@kunde.example) not listed in Domino Directory","Reporting-MTA: dns;domino.kunde.example\n\nFinal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: X-Notes; User bob (bob@kunde.example) not listed in Domi\n no Directory\n",frm="Postmaster@kunde.example",subject="DELIVERY FAILURE: User bob (bob@kunde.example) not listed in Domino Directory"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("mimecast",report("The message you sent to kunde.example/bob was rejected because...","Reporting-MTA: dns; de-smtp-1.mimecast.com\n\nFinal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp;550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550 [x]\n",frm="Postmaster@firma.example",subject="[Postmaster] Email Delivery Failure"),[("bob@kunde.example","failed","5.0.0",True)]),
    case("two recipients",report("x",PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\n\nFinal-Recipient: rfc822; eva@kunde.example\nAction: delayed\nStatus: 4.2.2\n"),[("bob@kunde.example","failed","5.1.1",True),("eva@kunde.example","delayed","4.2.2",False)]),
    case("ret headers",report("x",PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.7.1\n",ret="text/rfc822-headers"),[("bob@kunde.example","failed","5.7.1",True)]),
    case("status base64",report("x",None).replace("--b--","--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n"+b64encode((PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\n").encode()).decode()+"\n--b--"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("status octet-stream name",report("Delivery failed",None).replace("--b--","--b\nContent-Type: application/octet-stream; name=details.txt\n\n"+PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\n\n--b--"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("exim new",report("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  bob@kunde.example\n    host mx.kunde.example [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<bob@kunde.example>:\n    550 5.1.1 <bob@kunde.example>: User unknown","Reporting-MTA: dns; exim.example\n\nAction: failed\nFinal-Recipient: rfc822;bob@kunde.example\nStatus: 5.0.0\nRemote-MTA: dns; mx.kunde.example\nDiagnostic-Code: smtp; 550 5.1.1 <bob@kunde.example>: User unknown\n",subject="Mail delivery failed: returning message to sender",extra="X-Failed-Recipients: bob@kunde.example\nAuto-Submitted: auto-replied\n"),[("bob@kunde.example","failed",None,True)]),
    case("qmail",mail("Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<bob@kunde.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <support@firma.example>\n"+ORIG,subject="failure notice",frm="MAILER-DAEMON@mx.example"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("gmx",mail("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\nbob@kunde.example:\nSMTP error from remote server for RCPT TO command, host: mx.kunde.example (192.0.2.1) reason: 550 5.1.1 unknown user\n\n--- The header of the original message is following. ---\n\n"+ORIG,subject="Mail delivery failed: returning message to sender",frm="GMX Mailer Daemon <mailer-daemon@gmx.de>"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("tonline",mail("|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <bob@kunde.example> ... unknown user\n|------------------------- Message text follows: ------------------------|\n"+ORIG,subject="Undeliverable mail: Re: Drucker",frm="postmaster@t-online.example"),[("bob@kunde.example","failed",None,True)]),
    case("smail",mail("|------------------------- Message log follows: -------------------------|\n no valid recipients were found for this message\n|------------------------- Failed addresses follow: ---------------------|\n <bob@kunde.example> ... unknown user\n|------------------------- Message text follows: ------------------------|\n"+ORIG,subject="mail failed, returning to sender",frm="<MAILER-DAEMON@mx.example>"),[("bob@kunde.example","failed",None,True)]),
    case("exchange 2007 text",mail("Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nbob@kunde.example<mailto:bob@kunde.example>\nDie eingegebene E-Mail-Adresse konnte nicht gefunden werden.\n\nDiagnoseinformationen für Administratoren:\n\nGenerierender Server: mx.kunde.example\n\nbob@kunde.example\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n\nUrsprüngliche Nachrichtenkopfzeilen:\n\n"+ORIG,subject="Unzustellbar: Re: Drucker",frm="Microsoft Exchange <postmaster@kunde.example>",extra="Auto-Submitted: auto-replied\n"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("barracuda",mail("This is an automated message from the Barracuda at mx.example.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n<bob@kunde.example>: host 192.0.2.1 said: 550 5.7.1 blocked\n",subject="**Message you sent blocked by our bulk email filter**",frm="MAILER-DAEMON@mx.example"),[("bob@kunde.example","failed","5.7.1",True)],None),
    case("aol",mail("Your mail to the following recipients could not be delivered because they are not accepting mail from support@firma.example:\n\tbob@kunde.example\n",subject="Mail Delivery Problem",frm="MAILER-DAEMON@aol.example"),[("bob@kunde.example","failed",None,True)],None),
    case("yahoo new",mail("Sorry, we were unable to deliver your message to the following address.\n\n<bob@kunde.example>:\n554: 5.7.9 Message not accepted for policy reasons.\n\n--- Below this line is a copy of the message.\n\n"+ORIG,subject="Failure Notice",frm="MAILER-DAEMON@yahoo.com"),[("bob@kunde.example","failed","5.7.9",True)]),
    case("icloud",report("This is a system-generated message to inform you that your email could not\nbe delivered to one or more recipients.","Reporting-MTA: dns; st11p00.mac.com\n\nOriginal-recipient: rfc822;bob@kunde.example\nFinal-recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.2.2 (over quota)\nRemote-MTA: dns;x\nDiagnostic-code: smtp;552 5.2.2 <bob@kunde.example>: user is over quota\n"),[("bob@kunde.example","failed","5.2.2",True)]),
    case("sendmail deferred",report("    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n","Reporting-MTA: dns; x\n\nFinal-Recipient: RFC822; bob@kunde.example\nAction: delayed\nStatus: 4.2.0\nLast-Attempt-Date: Tue\n",subject="Warning: could not send message for past 4 hours"),[("bob@kunde.example","delayed","4.2.0",False)]),
    case("no report-type param",report("x",PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\n",ctype='multipart/report; boundary="b"'),[("bob@kunde.example","failed","5.1.1",True)]),
    case("multipart mixed",report("x",PM+"Final-Recipient: rfc822; bob@kunde.example\nAction: failed\nStatus: 5.1.1\n",ctype='multipart/mixed; boundary="b"'),[("bob@kunde.example","failed","5.1.1",True)]),
    case("lf-only dsn with utf8 global",report("x","Reporting-MTA: dns; x\n\nOriginal-Recipient: utf-8; b\u00f6b@kunde.example\nFinal-Recipient: utf-8; b\\x{F6}b@kunde.example\nAction: failed\nStatus: 5.1.1\n"),[("b\u00f6b@kunde.example","failed","5.1.1",True)]),
    case("srs recipient",report("x",PM+"Original-Recipient: rfc822;bob@kunde.example\nFinal-Recipient: rfc822; bob=kunde.example@internal.example\nAction: failed\nStatus: 5.4.6\n"),[("bob@kunde.example","failed","5.4.6",True)]),
    case("postfix smtputf8 text only",mail("This is the mail system at host mx.example.\n\nIhre Nachricht konnte nicht zugestellt werden.\n\n                   The mail system\n\n<bob@kunde.example> (expanded from <info@kunde.example>): host 127.0.0.1[127.0.0.1]\n    said: 550 5.1.1 <bob@kunde.example> User doesn't exist (in reply to RCPT TO command)\n",subject="Undelivered Mail Returned to Sender",frm="Mail Delivery System <MAILER-DAEMON@mx.example>"),[("bob@kunde.example","failed","5.1.1",True)],None),
    case("office365 html only",mail("<html><body><p>Ihre Nachricht an bob@kunde.example konnte nicht zugestellt werden.</p><table><tr><td>bob@kunde.example wurde unter kunde.example nicht gefunden.</td></tr></table><p>Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'</p></body></html>",subject="Unzustellbar: Re: Drucker",frm="MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kunde.example",ctype="text/html; charset=utf-8"),[("bob@kunde.example","failed","5.1.10",True)],None),
    case("groupwise",report("Die von Ihnen gesendete Nachricht war nicht zustellbar an:","Reporting-MTA: dns; gw\n\nFinal-Recipient: rfc822;bob@kunde.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp;550 unknown",frm="Mailer-Daemon@kunde.example",subject="Nachrichtenstatus - Unzustellbar"),[("bob@kunde.example","failed","5.1.1",True)]),
    case("mailru",mail("Это письмо создано автоматически\nсервером Mail.Ru, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может\nбыть доставлено одному или нескольким получателям:\n\n**********************\n\nbob@kunde.example\nuser not found\n\n**********************\n\nThis message was created automatically by mail delivery software.\nA message that you sent could not be delivered to one or more of its recipients.\nThis is a permanent error. The following address(es) failed:\n\n  bob@kunde.example\n    user not found\n",subject="Mail delivery failed: returning message to sender",frm="mailer-daemon@corp.mail.ru"),[("bob@kunde.example","failed","5.1.1",True)],None),
    case("qq",mail("很抱歉您发送的邮件被退回，以下是该邮件的相关信息：\n\n被退回邮件\n主 题：Re: Drucker\n时 间：2026-05-12 10:00:00\n\n无法发送到 bob@kunde.example\n退信原因\n收件人邮件地址（bob@kunde.example）不存在，邮件无法送达。\nhost mx.kunde.example said: 550 Mailbox not found\n",subject="系统退信/Systems bounce",frm="QQMail <PostMaster@qq.com>"),[("bob@kunde.example","failed",None,True)],None),
    case("naver",mail("메일 전송에 실패했습니다.\n\n받는사람: bob@kunde.example\n실패사유: 550 5.1.1 User unknown\n",subject="[메일 발송 실패 안내] Re: Drucker",frm="Mail Delivery Subsystem <postmaster@naver.com>"),[("bob@kunde.example","failed","5.1.1",True)],None),
    case("verp null rp unknown text",mail("Konnte nicht zugestellt werden.\n\nEmpfänger: bob@kunde.example\nGrund: 550 User unknown\n",subject="Unzustellbar",frm="System <system@kunde.example>"),[("bob@kunde.example","failed","5.1.1",True)],None,reverse_path_is_null=True),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=[each.name for each in CASES])
def test_report_is_read_from_its_bytes(each: Case) -> None:
    reading = read_message(parse_message(each.text.replace("\n", "\r\n").encode()), Circumstances(**each.circumstances))
    found = [(str(b.recipient), b.action, b.status, b.permanent) for b in reading.bounces]
    expected = [(r, a, s or f[2], p) for (r, a, s, p), f in zip(each.said, found, strict=True)]
    assert found == expected
    assert {b.original_message_id for b in reading.bounces} == {each.original}
    assert (reading.kind, reading.respond) == (Kind.BOUNCE, False)
