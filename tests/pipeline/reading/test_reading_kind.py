"""Automatic mail of every sort, and ordinary mail that looks like it."""

# ruff: noqa: RUF001, E501 many scripts look alike, and that is right here
from collections.abc import Callable
from typing import Any, Final

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Message
from gateway.mail.reading import Kind
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.kind import LOOP_HEADER
from gateway.pipeline.reading.read import read_message

Build = Callable[..., Message]
Case = tuple[str, Kind, dict[str, Any]]
_K = Kind
TOKEN: Final = "abcdefghijklmnopqrstuvwxyz2345"
NULL: Final = Circumstances(reverse_path_is_null=True)
OWN: Final = Circumstances(
    own_addresses=frozenset({"support@firma.example"}),
    hostname="gw.firma.example",
    own_marker_ids=frozenset({TOKEN}),
    reverse_path=Address.of("carla@kunde.example"),
)
AWAY_DE: Final = "Guten Tag,\n\nich bin bis 20. Mai nicht im Büro. Ihre Mail wird nicht weitergeleitet."
AWAY_EN: Final = "Hi,\n\nI am out of the office until May 20 with limited access to e-mail."
THANKS: Final = "Thank you for your message. We will answer within two days."

AUTOMATIC: Final[list[Case]] = [
    ("auto-replied", _K.AUTO_REPLY, {"headers": {"Auto-Submitted": "auto-replied"}, "text": THANKS}),
    ("auto-replied with comment", _K.AUTO_REPLY, {"headers": {"Auto-Submitted": "auto-replied (ticket received)"}, "text": THANKS}),
    ("Sieve vacation without a word of absence", _K.OUT_OF_OFFICE, {"headers": {"Auto-Submitted": "auto-replied (vacation)"}, "text": THANKS}),
    ("Notes, in the subject alone", _K.OUT_OF_OFFICE, {"subject": "AUTO: Dan Dorn is out of the office (returning 05/20/2026)", "text": "I am out of the office until 05/20/2026.\n\nNote: This is an automated response to your message."}),
    ("Notes, in German", _K.OUT_OF_OFFICE, {"headers": {"Auto-Submitted": "auto-generated"}, "subject": "Dan Dorn ist außer Haus.", "text": "Ich bin vom 12.05.2026 an nicht im Büro."}),
    ("ServiceNow", _K.AUTO_GENERATED, {"headers": {"X-ServiceNow-Generated": "true"}, "subject": "Incident INC0012345 has been opened"}),
    ("address that begins with noreply", _K.AUTO_GENERATED, {"author": "noreply-orders@shop.example"}),
    ("address that ends with noreply", _K.AUTO_GENERATED, {"author": "orders_no-reply@shop.example"}),
    ("complaint of a provider without report type", _K.FEEDBACK_REPORT, {"subject": "complaint about message from 192.0.2.1", "parts": [("message/rfc822", b"Subject: x\n\nhi\n")]}),
    ("auto-replied with parameter", _K.AUTO_REPLY, {"headers": {"Auto-Submitted": "auto-replied; owner-email=x@y.example"}}),
    ("auto-replied, away, German", _K.OUT_OF_OFFICE, {"headers": {"Auto-Submitted": "auto-replied"}, "text": AWAY_DE}),
    ("auto-replied, away, English", _K.OUT_OF_OFFICE, {"headers": {"AUTO-SUBMITTED": "Auto-Replied"}, "text": AWAY_EN}),
    ("Exchange away", _K.OUT_OF_OFFICE, {"headers": {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}, "subject": "Automatic reply: Printer", "text": AWAY_EN}),
    ("Exchange automatic", _K.AUTO_REPLY, {"headers": {"Auto-Submitted": "auto-generated"}, "subject": "Automatische Antwort: Drucker", "text": "Danke."}),
    ("auto-generated", _K.AUTO_GENERATED, {"headers": {"Auto-Submitted": "auto-generated"}}),
    ("auto-notified", _K.AUTO_GENERATED, {"headers": {"Auto-Submitted": "auto-notified"}}),
    ("X-Autoreply", _K.AUTO_REPLY, {"headers": {"X-Autoreply": "yes"}}),
    ("X-Autorespond", _K.AUTO_REPLY, {"headers": {"X-Autorespond": "Re: Printer"}}),
    ("X-Auto-Reply-From", _K.AUTO_REPLY, {"headers": {"X-Auto-Reply-From": "info@kunde.example"}}),
    ("X-Mail-Autoreply", _K.AUTO_REPLY, {"headers": {"X-Mail-Autoreply": "1"}}),
    ("Precedence auto_reply", _K.AUTO_REPLY, {"headers": {"Precedence": "auto_reply"}}),
    ("Precedence junk", _K.AUTO_GENERATED, {"headers": {"Precedence": "junk"}}),
    ("Precedence bulk", _K.AUTO_GENERATED, {"headers": {"Precedence": "bulk"}}),
    ("Precedence bulk, away", _K.OUT_OF_OFFICE, {"headers": {"Precedence": "bulk"}, "subject": "Out of Office: Printer", "text": AWAY_EN}),
    ("Precedence list", _K.MAILING_LIST, {"headers": {"Precedence": "list"}}),
    ("autoresponder delivered", _K.AUTO_REPLY, {"headers": {"Delivered-To": "Autoresponder"}}),
    ("message class", _K.AUTO_REPLY, {"headers": {"X-POST-MessageClass": "9; Autoresponder"}}),
    ("vacation program", _K.OUT_OF_OFFICE, {"headers": {"X-Mailer": "vacation 1.2"}, "text": AWAY_EN}),
    ("suppress all", _K.AUTO_GENERATED, {"headers": {"X-Auto-Response-Suppress": "All"}}),
    ("suppress OOF", _K.AUTO_GENERATED, {"headers": {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"}}),
    ("subject English", _K.AUTO_REPLY, {"subject": "Automatic reply: Printer"}),
    ("subject German", _K.OUT_OF_OFFICE, {"subject": "Automatische Antwort: Drucker", "text": AWAY_DE}),
    ("subject French", _K.AUTO_REPLY, {"subject": "Réponse automatique : Imprimante"}),
    ("subject Spanish", _K.AUTO_REPLY, {"subject": "Respuesta automática: Impresora"}),
    ("subject Italian", _K.OUT_OF_OFFICE, {"subject": "Risposta automatica: Stampante", "text": "Sono in ferie fino al 20."}),
    ("subject Portuguese", _K.OUT_OF_OFFICE, {"subject": "Resposta automática: Impressora", "text": "Estou de férias até dia 20."}),
    ("subject Dutch", _K.AUTO_REPLY, {"subject": "Automatisch antwoord: Printer"}),
    ("subject Polish", _K.OUT_OF_OFFICE, {"subject": "Automatyczna odpowiedź: Drukarka", "text": "Jestem na urlopie do 20 maja."}),
    ("subject Russian", _K.OUT_OF_OFFICE, {"subject": "Автоматический ответ: Принтер", "text": "Я в отпуске до 20 мая."}),
    ("subject Turkish", _K.AUTO_REPLY, {"subject": "Otomatik Yanıt: Yazıcı"}),
    ("subject Japanese", _K.AUTO_REPLY, {"subject": "自動応答: プリンター"}),
    ("subject Chinese", _K.AUTO_REPLY, {"subject": "自动答复: 打印机"}),
    ("subject Arabic", _K.AUTO_REPLY, {"subject": "رد تلقائي: الطابعة"}),
    ("subject Swedish", _K.OUT_OF_OFFICE, {"subject": "Automatiskt svar: Skrivare", "text": "Jag är på semester."}),
    ("away subject German", _K.OUT_OF_OFFICE, {"subject": "Abwesenheitsnotiz: Drucker", "in_reply_to": ("x@firma.example",)}),
    ("away subject with text", _K.OUT_OF_OFFICE, {"subject": "Abwesenheitsnotiz", "text": AWAY_DE}),
    ("away subject English", _K.OUT_OF_OFFICE, {"subject": "Out of Office AutoReply: Printer", "text": "I will be back on Monday."}),
    ("away subject French", _K.OUT_OF_OFFICE, {"subject": "Absence du bureau : Imprimante", "text": "Je suis absent jusqu'au 20."}),
    ("away subject Norwegian", _K.OUT_OF_OFFICE, {"subject": "Fravær: Skriver", "text": "Jeg er på ferie."}),
    ("list id", _K.MAILING_LIST, {"headers": {"List-Id": "Users <users.lists.example>"}}),
    ("newsletter", _K.MAILING_LIST, {"headers": {"List-Unsubscribe": "<https://news.example/u>", "X-Mailer": "Campaigner"}}),
    ("old list", _K.MAILING_LIST, {"headers": {"Mailing-List": "contact users-help@lists.example; run by ezmlm"}}),
    ("mailman", _K.MAILING_LIST, {"headers": {"X-BeenThere": "users@lists.example", "X-Mailman-Version": "2.1"}}),
    ("read receipt", _K.RECEIPT, {"headers": {"Content-Type": 'multipart/report; report-type="disposition-notification"'}, "subject": "Gelesen: Drucker"}),
    ("read receipt part", _K.RECEIPT, {"parts": [("message/disposition-notification", b"Disposition: manual-action; displayed\n")]}),
    ("read receipt, null reverse-path", _K.RECEIPT, {"circumstances": NULL, "subject": "Read: Printer"}),
    ("abuse report", _K.FEEDBACK_REPORT, {"headers": {"Content-Type": "multipart/report; report-type=feedback-report"}}),
    ("abuse report part", _K.FEEDBACK_REPORT, {"parts": [("message/feedback-report", b"Feedback-Type: abuse\n")]}),
    ("DMARC report", _K.AUTO_GENERATED, {"subject": "Report Domain: firma.example Submitter: google.com Report-ID: 1"}),
    ("cron", _K.AUTO_GENERATED, {"author": "root@db1.kunde.example", "subject": "Cron <root@db1> /usr/bin/backup"}),
    ("nagios", _K.AUTO_GENERATED, {"author": "monitoring@kunde.example", "subject": "** PROBLEM Service Alert: db1/disk is CRITICAL **"}),
    ("alertmanager", _K.AUTO_GENERATED, {"author": "ops@kunde.example", "subject": "[FIRING:2] DiskFull"}),
    ("github", _K.AUTO_GENERATED, {"headers": {"X-GitHub-Reason": "mention"}}),
    ("noreply", _K.AUTO_GENERATED, {"author": "noreply@shop.example", "subject": "Your order"}),
    ("no-reply with tag", _K.AUTO_GENERATED, {"author": "No-Reply+17@shop.example", "subject": "Your order"}),
    ("null reverse-path", _K.AUTO_GENERATED, {"circumstances": NULL, "text": "Ticket created."}),
    ("null reverse-path, away", _K.OUT_OF_OFFICE, {"circumstances": NULL, "text": AWAY_DE}),
    ("null Return-Path", _K.AUTO_GENERATED, {"headers": {"Return-Path": "<>"}}),
    ("bounce of an old system", _K.BOUNCE, {"author": "MAILER-DAEMON@mx.example", "subject": "Returned mail: see transcript", "text": "Sorry."}),
    ("bounce by null reverse-path", _K.BOUNCE, {"headers": {"Return-Path": "<>"}, "subject": "Unzustellbar: Drucker"}),
    ("own message id", _K.LOOP, {"message_id": f"{TOKEN}@gw.firma.example", "circumstances": OWN}),
    ("own header", _K.LOOP, {"headers": {LOOP_HEADER: TOKEN}, "circumstances": OWN}),
    ("Gmail confirmation", _K.FORWARDING_CONFIRMATION, {"author": "forwarding-noreply@google.com", "subject": "(#123456789) Gmail Forwarding Confirmation - Receive Mail from firma@gmail.com"}),
    ("Gmail confirmation, German", _K.FORWARDING_CONFIRMATION, {"author": "forwarding-noreply@google.com", "subject": "(#123456789) Gmail-Weiterleitungsbestätigung"}),
    ("Microsoft confirmation", _K.FORWARDING_CONFIRMATION, {"author": "account-security-noreply@accountprotection.microsoft.com", "subject": "Verify your email forwarding address"}),
    ("many hops", _K.LOOP, {"hops": 70}),
]  # fmt: skip

ORDINARY: Final[list[Case]] = [
    ("question", _K.ORDINARY, {"subject": "Out of office hours?"}),
    ("answer to it", _K.ORDINARY, {"subject": "Re: out of office hours?"}),
    ("how to set it up", _K.ORDINARY, {"subject": "Abwesenheitsnotiz einrichten", "text": "Wie richte ich das ein?"}),
    ("question about it", _K.ORDINARY, {"subject": "Frage zur Abwesenheitsnotiz"}),
    ("does not work", _K.ORDINARY, {"subject": "Out of Office does not work", "text": "The assistant is broken."}),
    ("bare subject", _K.ORDINARY, {"subject": "Out of office", "text": "How do I switch it on?"}),
    ("automatic replies", _K.ORDINARY, {"subject": "Automatic replies are broken"}),
    ("automatic reply as a question", _K.ORDINARY, {"subject": "Automatic reply: how do I set it up?", "text": "Please tell me."}),
    ("answer to an automatic reply", _K.ORDINARY, {"subject": "Re: Automatic reply: Printer", "text": "Thanks, I will wait."}),
    ("German answer to one", _K.ORDINARY, {"subject": "AW: Automatische Antwort: Drucker"}),
    ("forwarded automatic reply", _K.ORDINARY, {"subject": "Fwd: Automatic reply: Printer", "text": "I got this from you, why?"}),
    ("customer on holiday", _K.ORDINARY, {"subject": "Printer", "text": "I am on vacation until Monday, please call later."}),
    ("customer away", _K.ORDINARY, {"subject": "Termin", "text": "Ich bin nächste Woche nicht im Büro, geht es danach?"}),
    ("holiday request", _K.ORDINARY, {"subject": "Urlaub buchen", "text": "Ich möchte im Mai buchen."}),
    ("holiday as subject", _K.ORDINARY, {"subject": "Urlaub", "text": "Wie beantrage ich ihn?"}),
    ("vacation booking", _K.ORDINARY, {"subject": "Vacation booking 4711"}),
    ("leave", _K.ORDINARY, {"subject": "On leave management", "text": "Our module fails."}),
    ("absence in French", _K.ORDINARY, {"subject": "Absence de réponse", "text": "Vous n'avez pas répondu."}),
    ("absence of a mail", _K.ORDINARY, {"subject": "Assenza di risposta"}),
    ("auto-submitted no", _K.ORDINARY, {"headers": {"Auto-Submitted": "no"}}),
    ("auto-submitted no with comment", _K.ORDINARY, {"headers": {"Auto-Submitted": "no (typed)"}}),
    ("suppresses receipts only", _K.ORDINARY, {"headers": {"X-Auto-Response-Suppress": "DR, RN, NRN"}}),
    ("suppress none", _K.ORDINARY, {"headers": {"X-Auto-Response-Suppress": "None"}}),
    ("Precedence normal", _K.ORDINARY, {"headers": {"Precedence": "normal"}}),
    ("Precedence first-class", _K.ORDINARY, {"headers": {"Precedence": "first-class"}}),
    ("X-Autoreply no", _K.ORDINARY, {"headers": {"X-Autoreply": "no"}}),
    ("asks for a receipt", _K.ORDINARY, {"headers": {"Disposition-Notification-To": "carla@kunde.example"}}),
    ("read as a subject", _K.ORDINARY, {"subject": "Read: the manual says otherwise"}),
    ("read this", _K.ORDINARY, {"subject": "Gelesen und nicht verstanden"}),
    ("lu", _K.ORDINARY, {"subject": "Lu et approuvé"}),
    ("delivery failed", _K.ORDINARY, {"subject": "Delivery failed", "text": "The parcel did not come."}),
    ("undeliverable parcel", _K.ORDINARY, {"subject": "Paket unzustellbar"}),
    ("mail delivery failure", _K.ORDINARY, {"subject": "Mail delivery failed for our users", "text": "Since Monday all mail bounces."}),
    ("forwards a bounce", _K.ORDINARY, {"subject": "Fwd: Undelivered Mail Returned to Sender", "text": "What is this?\n\nFinal-Recipient: rfc822; x@y.example\nAction: failed"}),
    ("attaches a bounce", _K.ORDINARY, {"subject": "WG: Unzustellbar", "headers": {"Content-Type": "multipart/mixed; boundary=x"}, "parts": [("message/delivery-status", b"Final-Recipient: rfc822; x@y.example\nAction: failed\nStatus: 5.1.1\n")]}),
    ("answers a bounce", _K.ORDINARY, {"subject": "Re: Delivery Status Notification (Failure)"}),
    ("attached mail", _K.ORDINARY, {"parts": [("message/rfc822", b"Subject: x\nAuto-Submitted: auto-replied\n\nx")]}),
    ("failure notice in text", _K.ORDINARY, {"subject": "Kaputt", "text": "The program says: failure notice 5.1.1"}),
    ("postmaster writes", _K.ORDINARY, {"author": "postmaster@kunde.example", "subject": "Your mail server", "text": "Hello, we block you. Anna"}),
    ("admin writes", _K.ORDINARY, {"author": "admin@kunde.example", "subject": "Backup"}),
    ("info writes", _K.ORDINARY, {"author": "info@kunde.example"}),
    ("monitoring team writes", _K.ORDINARY, {"author": "monitoring@kunde.example", "subject": "Question about alerts"}),
    ("replyteam writes", _K.ORDINARY, {"author": "reply@kunde.example"}),
    ("a man named Noreply-Ann", _K.ORDINARY, {"author": "noreplyann@kunde.example"}),
    ("cron question", _K.ORDINARY, {"subject": "Cron job does not run"}),
    ("problem report", _K.ORDINARY, {"subject": "PROBLEM: printer is down"}),
    ("alert", _K.ORDINARY, {"subject": "Alert! Nothing works"}),
    ("firing", _K.ORDINARY, {"subject": "[FIRING] question about the grill"}),
    ("report", _K.ORDINARY, {"subject": "Report for domain firma.example"}),
    ("newsletter question", _K.ORDINARY, {"subject": "Newsletter abbestellen"}),
    ("list in text", _K.ORDINARY, {"text": "List-Id: users.lists.example"}),
    ("answer to a list mail", _K.ORDINARY, {"subject": "Re: [Users] Printer"}),
    ("own group", _K.ORDINARY, {"headers": {"List-Id": "<support.firma.example>", "Precedence": "list"}, "circumstances": OWN}),
    ("own group by post address", _K.ORDINARY, {"headers": {"List-Id": "<x.y>", "List-Post": "<mailto:support@firma.example>"}, "circumstances": OWN}),
    ("declared list", _K.ORDINARY, {"headers": {"List-Id": "Help <help.firma.example>"}, "circumstances": Circumstances(declared_lists=frozenset({"help.firma.example"}))}),
    ("redirected by Microsoft", _K.ORDINARY, {"headers": {"Auto-Submitted": "auto-generated"}, "circumstances": Circumstances(from_declared_forwarder=True)}),
    ("asks about Gmail confirmation", _K.ORDINARY, {"subject": "Gmail Forwarding Confirmation"}),
    ("forwards Gmail confirmation", _K.ORDINARY, {"subject": "Fwd: (#123) Gmail Forwarding Confirmation", "author": "admin@firma.example"}),
    ("Google writes", _K.ORDINARY, {"author": "anna@google.com", "subject": "Forwarding confirmation"}),
    ("lookalike domain", _K.ORDINARY, {"author": "forwarding@google.com.evil.example", "subject": "Gmail Forwarding Confirmation"}),
    ("quotes our token", _K.ORDINARY, {"in_reply_to": (f"{TOKEN}@gw.firma.example",), "text": f"Thanks\n> [ref:{TOKEN}]", "circumstances": OWN}),
    ("copied header without our token", _K.ORDINARY, {"headers": {LOOP_HEADER: "yes"}, "circumstances": OWN}),
    ("foreign token in Message-ID", _K.ORDINARY, {"message_id": f"zz{TOKEN[2:]}@gw.firma.example", "circumstances": OWN}),
    ("web form", _K.ORDINARY, {"author": "noreply@firma-web.example", "reply_to": (Mailbox("Carla", Address("carla", "kunde.example")),), "subject": "Kontaktformular"}),
    ("auto in subject", _K.ORDINARY, {"subject": "Auto reply-paid envelope"}),
    ("ooo sound", _K.ORDINARY, {"subject": "Ooops"}),
    ("empty", _K.ORDINARY, {"subject": None, "text": ""}),
]  # fmt: skip


def read(build: Build, given: dict[str, Any]) -> tuple[Kind, str, bool]:
    fields = dict(given)
    circumstances = fields.pop("circumstances", Circumstances(reverse_path=Address.of("carla@kunde.example")))
    if "Return-Path" in fields.get("headers", {}):
        circumstances = Circumstances()
    hops = fields.pop("hops", 0)
    message = build(**fields)
    if hops:
        from dataclasses import replace  # noqa: PLC0415 one case only

        from gateway.mail.message import Header  # noqa: PLC0415

        message = replace(message, headers=tuple(Header("Received", f"from a{n} by b") for n in range(hops)))
    reading = read_message(message, circumstances)
    return reading.kind, reading.kind_because, reading.respond


@pytest.mark.parametrize(("name", "kind", "given"), AUTOMATIC, ids=[case[0] for case in AUTOMATIC])
def test_automatic_mail_is_recognised_and_never_answered_automatically(
    name: str, kind: Kind, given: dict[str, Any], build: Build
) -> None:
    found, because, respond = read(build, given)
    assert found is kind, f"{name}: {because}"
    assert because
    assert not respond


@pytest.mark.parametrize(("name", "kind", "given"), ORDINARY, ids=[case[0] for case in ORDINARY])
def test_ordinary_mail_that_looks_automatic_stays_ordinary(name: str, kind: Kind, given: dict[str, Any], build: Build) -> None:
    found, because, _ = read(build, given)
    assert found is kind, f"{name}: {because}"


def test_there_are_sixty_cases_of_each_sort() -> None:
    assert min(len(AUTOMATIC), len(ORDINARY)) >= 60


def test_ordinary_mail_of_one_author_may_be_answered_automatically(build: Build) -> None:
    assert read(build, {})[2]


@pytest.mark.parametrize(
    "given",
    [
        {"from_": ()},
        {"from_": (Mailbox(None, Address("a", "b.example")), Mailbox(None, Address("c", "b.example")))},
        {"has_repeated_from": True},
        {"author": "support@firma.example", "circumstances": OWN},
        {"author": "x@gw.firma.example", "circumstances": OWN},
        {"headers": {"X-Spam-Flag": "YES"}},
        {"author": "noreply@form.example", "reply_to": (Mailbox(None, Address("carla", "kunde.example")),)},
        {"circumstances": Circumstances(reverse_path_is_null=True, from_declared_forwarder=True)},
    ],
)
def test_ordinary_mail_that_no_answer_would_reach_well_is_not_answered_automatically(given: dict[str, Any], build: Build) -> None:
    kind, _, respond = read(build, given)
    assert kind is Kind.ORDINARY
    assert not respond
