"""Raw mails of many programs, from bytes to what a person reads."""

# ruff: noqa: E501 as programs write
from typing import Final

import pytest

from gateway.mail.reading import Kind
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import Circumstances, read_message
from gateway.pipeline.reading.reply import surely_visible

HEADERS: Final = (
    "From: Carla Kunde <carla@kunde.example>\r\nTo: support@firma.example\r\nSubject: Re: Printer\r\n"
    "In-Reply-To: <a@gw.firma.example>\r\nMessage-ID: <x@kunde.example>\r\nMIME-Version: 1.0\r\n"
)
HTML: Final = {
    "gmail": '<div dir="ltr">It works.<div><br></div><div>Carla</div></div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On Tue, May 12, 2026 at 10:00 AM Anna Arndt &lt;<a href="mailto:anna@firma.example">anna@firma.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"><div>Please restart it.<br>Regards</div></blockquote></div>',
    "outlook": '<html><body><div class="WordSection1"><p class="MsoNormal">It works.<o:p></o:p></p><p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class="MsoNormal">Carla<o:p></o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p class="MsoNormal"><b>Von:</b> Anna Arndt &lt;anna@firma.example&gt; <br><b>Gesendet:</b> Dienstag, 12. Mai 2026 10:00<br><b>An:</b> Carla Kunde &lt;carla@kunde.example&gt;<br><b>Betreff:</b> Printer<o:p></o:p></p></div><p class="MsoNormal">Please restart it.</p></div></body></html>',
    "outlook on the web, unknown language": '<div style="font-family:Calibri">It works.</div><div>Carla</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri"><b>Qaqa:</b> Anna Arndt &lt;anna@firma.example&gt;<br><b>Zuzu:</b> Tuesday, May 12, 2026 10:00 AM<br><b>Kiki:</b> Carla<br><b>Soso:</b> Printer</font><div>&nbsp;</div></div><div>Please restart it.</div>',
    "apple": '<html><body>It works.<div><br></div><div>Carla<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite"><div>On 12. May 2026, at 10:00, Anna Arndt &lt;anna@firma.example&gt; wrote:</div><br class="Apple-interchange-newline"><div>Please restart it.</div></blockquote></div></div></body></html>',
    "thunderbird": '<p>It works.</p><p>Carla</p><div class="moz-cite-prefix">Am 12.05.26 um 10:00 schrieb Anna Arndt:<br></div><blockquote type="cite" cite="mid:x"><p>Please restart it.</p></blockquote><div class="moz-signature">-- <br>Carla Kunde</div>',
    "yahoo": '<div class="yahoo-style-wrap"><div dir="ltr">It works.</div><div>Carla</div></div><div id="ydpyahoo_quoted_1" class="yahoo_quoted"><div><div>On Tuesday, 12 May 2026 at 10:00:00 CEST, Anna Arndt &lt;anna@firma.example&gt; wrote: </div><div><br></div><div>Please restart it.</div></div></div>',
    "proton": '<div style="font-family:Arial">It works.</div><div>Carla</div><div class="protonmail_signature_block"><div class="protonmail_signature_block-proton">Sent with <a href="https://proton.me/">Proton Mail</a> secure email.</div></div><div class="protonmail_quote">On Tuesday, May 12th, 2026 at 10:00, Anna Arndt &lt;anna@firma.example&gt; wrote:<br><blockquote class="protonmail_quote" type="cite"><p>Please restart it.</p></blockquote></div>',
    "gmx": '<div>It works.</div><div>Carla</div><div name="quote" style="margin:10px 5px 5px 10px"><div style="margin:0 0 10px 0;"><b>Gesendet:</b>&nbsp;Dienstag, 12. Mai 2026 um 10:00 Uhr<br/><b>Von:</b>&nbsp;&quot;Anna Arndt&quot; &lt;anna@firma.example&gt;<br/><b>An:</b>&nbsp;carla@kunde.example<br/><b>Betreff:</b>&nbsp;Printer</div><div name="quoted-content">Please restart it.</div></div>',
    "zimbra": '<div><div>It works.</div><div>Carla</div><hr id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>"Anna" &lt;anna@firma.example&gt;<br><b>To: </b>"Carla" &lt;carla@kunde.example&gt;<br><b>Sent: </b>Tuesday, May 12, 2026 10:00:00 AM<br><b>Subject: </b>Printer<br></div><div>Please restart it.</div></div>',
    "outlook as a table": "<div>It works.<br>Carla</div><table><tr><td><b>From:</b></td><td>Anna &lt;anna@firma.example&gt;</td></tr><tr><td><b>Sent:</b></td><td>Tuesday, May 12, 2026 10:00 AM</td></tr><tr><td><b>To:</b></td><td>Carla</td></tr><tr><td><b>Subject:</b></td><td>Printer</td></tr></table><div>Please restart it.</div>",
    "gmail, unknown language": '<div>It works.</div><div>Carla</div><div class="gmail_quote"><div class="gmail_attr">Qaqa 2026 kuku Anna Arndt zaza<br></div><blockquote class="gmail_quote">Please restart it.</blockquote></div>',
    "lotus": '<div>It works.<br>Carla</div><br><font size=1 color=#5f5f5f face="sans-serif">Von: &nbsp; &nbsp; &nbsp; &nbsp;</font><font size=1>Anna Arndt/Firma</font><br><font size=1>An: &nbsp; &nbsp;</font><font>Carla Kunde &lt;carla@kunde.example&gt;</font><br><font>Datum: &nbsp; &nbsp;</font><font>12.05.2026 10:00</font><br><font>Betreff: &nbsp; &nbsp;</font><font>Printer</font><br><hr noshade><br>Please restart it.',
}


@pytest.mark.parametrize("program", sorted(HTML))
def test_answer_in_html_is_told_from_what_it_quotes(program: str) -> None:
    content = f"{HEADERS}Content-Type: text/html; charset=utf-8\r\n\r\n{HTML[program]}".encode()
    reply = read_message(parse_message(content)).reply
    assert [line for line in reply.visible.split("\n") if line] == ["It works.", "Carla"]
    assert "Please restart it." in reply.quoted
    assert "Please" not in reply.signature


NOTIFICATION: Final = (
    '<div style="font-size:11px;line-height:16px;opacity:.45">[ref:abcdefghijklmnopqrstuvwxyz2345]</div>'
    '<div style="margin:16px 0 0">Carla wrote on 12.05.2026 10:00:</div><div>It is broken. Please restart it.</div>'
)


@pytest.mark.parametrize("program", sorted(HTML))
def test_answer_of_an_agent_in_html_may_surely_be_relayed(program: str) -> None:
    html = HTML[program].replace("Please restart it.", NOTIFICATION)
    message = parse_message(f"{HEADERS}Content-Type: text/html; charset=utf-8\r\n\r\n{html}".encode())
    reading = read_message(message, Circumstances(own_marker_ids=frozenset({"abcdefghijklmnopqrstuvwxyz2345"})))
    sure = surely_visible(message.text, reading.reply)
    assert sure is not None
    assert [line for line in sure.split("\n") if line] == ["It works.", "Carla"]


FORWARDS: Final = {
    "gmail": '<div dir="ltr">Please look.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <strong class="gmail_sendername" dir="auto">Dan Dorn</strong> <span dir="auto">&lt;<a href="mailto:dan@kunde.example">dan@kunde.example</a>&gt;</span><br>Date: Tue, May 12, 2026 at 10:00 AM<br>Subject: Printer<br>To:  &lt;<a href="mailto:carla@kunde.example">carla@kunde.example</a>&gt;<br></div><br><br><div>It is broken.</div></div>',
    "apple": '<html><body>Please look.<br><div><br><blockquote type="cite"><div>Begin forwarded message:</div><br><div style="margin:0"><span><b>From: </b></span><span>Dan Dorn &lt;<a href="mailto:dan@kunde.example">dan@kunde.example</a>&gt;<br></span></div><div><span><b>Subject: </b></span><span><b>Printer</b><br></span></div><div><span><b>Date: </b></span><span>12. May 2026 at 10:00:00 CEST<br></span></div><div><span><b>To: </b></span><span>carla@kunde.example<br></span></div><br><div><div>It is broken.</div></div></blockquote></div></body></html>',
    "thunderbird": '<p>Please look.</p><div class="moz-forward-container"><br><br>-------- Forwarded Message --------<table class="moz-email-headers-table" cellspacing="0" cellpadding="0" border="0"><tbody><tr><th valign="BASELINE" align="RIGHT">Subject: </th><td>Printer</td></tr><tr><th>Date: </th><td>Tue, 12 May 2026 10:00:00 +0200</td></tr><tr><th>From: </th><td>Dan Dorn <a class="moz-txt-link-rfc2396E" href="mailto:dan@kunde.example">&lt;dan@kunde.example&gt;</a></td></tr><tr><th>To: </th><td><a href="mailto:carla@kunde.example">carla@kunde.example</a></td></tr></tbody></table><br><br>It is broken.</div>',
    "outlook": '<div class="WordSection1"><p class="MsoNormal">Please look.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>From:</b> Dan Dorn &lt;dan@kunde.example&gt; <br><b>Sent:</b> Tuesday, May 12, 2026 10:00 AM<br><b>To:</b> carla@kunde.example<br><b>Subject:</b> Printer</p></div><p class="MsoNormal">It is broken.</p></div>',
    "outlook on the web": '<div>Please look.</div><hr tabindex="-1" style="display:inline-block; width:98%"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif"><b>From:</b> Dan Dorn &lt;dan@kunde.example&gt;<br><b>Sent:</b> Tuesday, May 12, 2026 10:00 AM<br><b>To:</b> carla@kunde.example &lt;carla@kunde.example&gt;<br><b>Subject:</b> Printer</font><div>&nbsp;</div></div><div>It is broken.</div>',
    "yahoo": '<div>Please look.</div><div class="yahoo_quoted"><div>----- Forwarded Message -----</div><div><b>From:</b> Dan Dorn &lt;dan@kunde.example&gt;</div><div><b>To:</b> carla@kunde.example</div><div><b>Sent:</b> Tuesday, 12 May 2026 at 10:00:00 CEST</div><div><b>Subject:</b> Printer</div><div><br></div><div>It is broken.</div></div>',
}


@pytest.mark.parametrize("program", sorted(FORWARDS))
def test_forward_in_html_is_read(program: str) -> None:
    headers = HEADERS.replace("Re: Printer", "FW: Printer") + "Date: Wed, 13 May 2026 09:00:00 +0200\r\n"
    message = parse_message(f"{headers}Content-Type: text/html; charset=utf-8\r\n\r\n{FORWARDS[program]}".encode())
    reading = read_message(message)
    forwarded = reading.forwarded
    assert forwarded is not None
    assert str(forwarded.author) == "Dan Dorn <dan@kunde.example>"
    assert [str(mailbox.address) for mailbox in forwarded.to] == ["carla@kunde.example"]
    assert (forwarded.subject, forwarded.text, forwarded.note) == ("Printer", "It is broken.", "Please look.")
    assert forwarded.date is not None
    assert forwarded.date.isoformat() == "2026-05-12T10:00:00+02:00"
    assert forwarded.confidence > 0.8
    assert "It is broken." in reading.reply.visible


ATTACHED: Final = """From: Anna <anna@firma.example>
To: support@firma.example
Subject: Fwd: Printer
Date: Wed, 13 May 2026 09:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

Please look at this.
--b
Content-Type: message/rfc822

From: =?utf-8?q?Carla_K=C3=BCnde?= <carla@kunde.example>
To: Anna <anna@firma.example>
Cc: Bob <bob@kunde.example>
Subject: Printer
Date: Tue, 12 May 2026 10:00:00 +0000
Content-Type: text/plain; charset=utf-8

It is broken.
--b--
"""


def test_mail_forwarded_as_an_attachment_is_read() -> None:
    forwarded = read_message(parse_message(ATTACHED.encode())).forwarded
    assert forwarded is not None
    assert str(forwarded.author) == "Carla Künde <carla@kunde.example>"
    assert [str(m.address) for m in (*forwarded.to, *forwarded.cc)] == ["anna@firma.example", "bob@kunde.example"]
    assert (forwarded.subject, forwarded.text.strip(), forwarded.note) == ("Printer", "It is broken.", "Please look at this.")
    assert forwarded.confidence > 0.9


BOUNCE: Final = """From: MAILER-DAEMON@mx.example (Mail Delivery System)
To: support@firma.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.

<bob@kunde.example>: host mx.kunde.example[203.0.113.9] said: 550 5.1.1 unknown

--b
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
X-Postfix-Queue-ID: 4ABC

Final-Recipient: rfc822; bob@kunde.example
Original-Recipient: rfc822;bob@kunde.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 unknown

--b
Content-Type: text/rfc822-headers

From: support@firma.example
Message-ID: <token1@gw.firma.example>
Subject: Re: Printer

--b--
"""


def test_bounce_of_postfix_is_read_from_its_bytes() -> None:
    reading = read_message(parse_message(BOUNCE.encode()), Circumstances(reverse_path_is_null=True))
    (bounce,) = reading.bounces
    assert (str(bounce.recipient), bounce.status, bounce.permanent) == ("bob@kunde.example", "5.1.1", True)
    assert bounce.diagnostic == "smtp; 550 5.1.1 unknown"
    assert bounce.original_message_id == "token1@gw.firma.example"
    assert (reading.kind, reading.respond) == (Kind.BOUNCE, False)


def test_forwarded_bounce_is_ordinary() -> None:
    content = ATTACHED.replace(
        "From: =?utf-8?q?Carla_K=C3=BCnde?= <carla@kunde.example>\nTo: Anna <anna@firma.example>\n", BOUNCE[:200]
    )
    assert read_message(parse_message(content.encode())).kind is Kind.ORDINARY


def test_empty_file_is_read() -> None:
    reading = read_message(parse_message(b""))
    assert (reading.kind, reading.respond, reading.bounces, reading.forwarded) == (Kind.ORDINARY, False, (), None)


NEW: Final = "abcdefghijklmnopqrstuvwxyz2345"
OLD: Final = "zyxwvutsrqponmlkjihgfedcba5432"


@pytest.mark.parametrize(("answered", "is_certain"), [(NEW, True), (OLD, True), ("", True), ("c" * 30, False)])
def test_marker_of_the_answered_mail_counts_and_no_older_one(answered: str, is_certain: bool) -> None:  # noqa: FBT001
    text = f"Done.\r\n\r\nFrom: Support <t@gw.firma.example>\r\nSent: 12.05.2026 10:00\r\nTo: Anna\r\nSubject: x\r\n\r\n[ref:{answered or NEW}]\r\nHello"
    content = (
        f"From: anna@firma.example\r\nSubject: Re: x\r\nIn-Reply-To: <{answered or 'rewritten'}@gw.firma.example>\r\n\r\n{text}"
    )
    if answered == "c" * 30:
        content = content.replace(f"[ref:{answered}]", f"[ref:{OLD}]")
    reading = read_message(parse_message(content.encode()), Circumstances(own_marker_ids=frozenset({NEW, OLD, "c" * 30})))
    assert reading.reply.visible == "Done."
    assert reading.reply.is_certain is is_certain
