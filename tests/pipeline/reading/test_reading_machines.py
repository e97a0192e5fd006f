"""Machines of the world and the people who look like them: each mail from its bytes to its kind."""

# ruff: noqa: RUF001, E501 as programs write
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from gateway.mail.reading import Kind
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message


@dataclass(frozen=True, kw_only=True)
class Case:
    """A mail, what is known around it, and what it is."""

    name: str
    kind: Kind
    content: bytes
    circumstances: dict[str, Any] = field(default_factory=dict)


def case(  # noqa: PLR0913 what differs from mail to mail
    name: str,
    kind: str,
    subject: str = "Frage",
    body: str = "Guten Tag,\n\nmein Drucker streikt.\n\nDora",
    extra: str = "",
    *,
    frm: str = "Dora Dorn <dora@kunde.example>",
    ctype: str = "text/plain; charset=utf-8",
    reply: bool = False,
    **circumstances: Any,
) -> Case:
    answered = "In-Reply-To: <a@firma.example>\nReferences: <a@firma.example>\n" if reply else ""
    text = (
        f"From: {frm}\nTo: support@firma.example\nSubject: {subject}\nDate: Wed, 13 May 2026 09:00:00 +0200\n"
        f"Message-ID: <x1@kunde.example>\nMIME-Version: 1.0\n{answered}Content-Type: {ctype}\n{extra}\n{body}"
    )
    return Case(name=name, kind=Kind(kind), content=text.replace("\n", "\r\n").encode(), circumstances=circumstances)


A: Final = "Ich bin bis 20. Mai nicht im Büro und habe keinen Zugriff auf meine Mails."
CASES: Final = [
    case("exchange oof de","out_of_office","Automatische Antwort: Frage",A,"Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: dora@kunde.example\n"),
    case("exchange oof en","out_of_office","Automatic reply: Question","I am out of the office until Monday with no access to email.","X-Auto-Response-Suppress: All\nauto-submitted: auto-generated\n"),
    case("exchange oof jp","out_of_office","自動応答: 質問","ただいま休暇をいただいております。","X-Auto-Response-Suppress: All\nauto-submitted: auto-generated\n"),
    case("exchange auto no absence","auto_reply","Automatische Antwort: Frage","Vielen Dank für Ihre Nachricht. Wir bearbeiten sie schnellstmöglich.","X-Auto-Response-Suppress: All\nauto-submitted: auto-generated\n"),
    case("gmail vacation","out_of_office","Abwesend bis 20.5. Re: Frage","Ich bin im Urlaub.","Precedence: bulk\nX-Autoreply: yes\nAuto-Submitted: auto-replied\n",reply=True),
    case("gmail vacation 2","out_of_office","In Urlaub Re: Frage","Ich bin nicht da, bis 3. Juni verreist.","Precedence: bulk\nX-Autoreply: yes\nAuto-Submitted: auto-replied (vacation)\n",reply=True),
    case("sieve vacation","out_of_office","Auto: Frage","I'm on vacation until June.","Auto-Submitted: auto-replied (vacation)\n",reply=True),
    case("sieve vacation no words","out_of_office","Auto: Frage","Hi, I will read your mail next week.","Auto-Submitted: auto-replied (vacation)\n",reply=True),
    case("notes oof","out_of_office","Dora Dorn ist außer Haus.","Ich werde ab 12.05.2026 nicht im Büro sein. Ich kehre zurück am 20.05.2026.","Auto-Submitted: auto-generated\nX-Mailer: Lotus Domino\n"),
    case("notes oof en subj","out_of_office","AUTO: Dora Dorn is out of the office (returning 05/20/2026)",'I am out of the office until 05/20/2026.\n\nNote: This is an automated response to your message  "Frage" sent on 5/12/2026 10:05:00 AM.',"Auto-Submitted: auto-generated\n"),
    case("notes oof no header","out_of_office","AUTO: Dora Dorn is out of the office (returning 05/20/2026)",'I am out of the office until 05/20/2026.\n\nNote: This is an automated response to your message  "Frage".'),
    case("notes oof de","out_of_office","AUTO: Dora Dorn ist nicht im Büro (Rückkehr am 20.05.2026)",'Ich bin bis 20.05.2026 abwesend.\n\nHinweis: Dies ist eine automatische Antwort auf Ihre Nachricht "Frage".'),
    case("groupwise vacation","out_of_office","Automatische Rückantwort: Frage","Ich bin im Urlaub.","X-Mailer: Novell GroupWise\n"),
    case("otrs ack","auto_reply","[Ticket#2026051210001] RE: Frage","Vielen Dank","X-OTRS-Loop: yes\nPrecedence: bulk\nAuto-Submitted: auto-replied\n",reply=True),
    case("rt ack","auto_reply","[firma.example #12345] AutoReply: Frage","Greetings","Precedence: bulk\nX-RT-Loop-Prevention: firma.example\nRT-Ticket: firma.example #12345\nAuto-Submitted: auto-replied\n"),
    case("jira","auto_generated","[JIRA] (FOO-1) Frage","Dora commented","X-JIRA-FingerPrint: abc\nAuto-Submitted: auto-generated\nPrecedence: bulk\n"),
    case("servicenow","auto_generated","Incident INC0012345 has been opened","text","X-ServiceNow-Generated: true\nX-ServiceNow-Source: Notification-abc\n",frm="ServiceNow <firma@service-now.com>"),
    case("github","mailing_list","[org/repo] Bug (#12)","text","List-ID: org/repo <repo.org.github.com>\nPrecedence: list\nX-GitHub-Reason: mention\n",frm="x <notifications@github.com>"),
    case("mailchimp","mailing_list","Neuigkeiten","text","List-Unsubscribe: <https://x>\nX-Mailer: MailChimp Mailer\n",frm="Laden <news@laden.example>"),
    case("sales mail with list-unsubscribe by person","mailing_list","Angebot","text","List-Unsubscribe: <mailto:u@x>\n"),
    case("ses feedback","ordinary","Bestellung","text","Feedback-ID: 1.eu-west-1.x:AmazonSES\nX-SES-Outgoing: 2026.05.13-1.2.3.4\n"),
    case("cron","auto_generated","Cron <root@host> /usr/bin/backup","text","X-Cron-Env: <SHELL=/bin/sh>\n",frm="root <root@host.example>"),
    case("outlook person with suppress-less","ordinary","Frage",extra="X-MS-Has-Attach: yes\nX-MS-TNEF-Correlator: <x>\nThread-Topic: Frage\n"),
    case("person high prio","ordinary","AW: Urlaub",A,reply=True),
    case("person about autoreply","ordinary","Automatische Antwort funktioniert nicht","Die automatische Antwort geht nicht."),
    case("person oof topic","ordinary","Out of office einrichten","Wie richte ich das ein?"),
    case("Abwesenheit report","ordinary","Abwesenheit am Freitag","Ich bin am Freitag im Urlaub, bitte Techniker später."),
    case("re to autoreply","ordinary","RE: Automatic reply: Question","Thanks, here is more.",reply=True),
    case("mdn outlook", "receipt", body="--b\nContent-Type: text/plain\n\nIhre Nachricht\n\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;dora@kunde.example\nOriginal-Message-ID: <a@firma.example>\nDisposition: automatic-action/MDN-sent-automatically; displayed\n\n--b--\n",subject="Gelesen: Frage",ctype='multipart/report; report-type=disposition-notification; boundary="b"'),
    case("mdn deleted", "receipt", body="--b\nContent-Type: text/plain\n\nx\n\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;dora@kunde.example\nDisposition: manual-action/MDN-sent-manually; deleted\n\n--b--\n",subject="Ungelesen gelöscht: Frage",ctype='multipart/report; boundary="b"; report-type="disposition-notification"'),
    case("exchange readreceipt tnef","receipt","Read: Frage","Your message was read on...","X-MS-TNEF-Message-Class: REPORT.IPM.Note.IPNRN\n"),
    case("arf", "feedback_report", body="--b\nContent-Type: text/plain\n\nabuse\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\nUser-Agent: X/1\nVersion: 1\n\n--b\nContent-Type: message/rfc822\n\nFrom: a@b.example\nSubject: x\n\nhi\n--b--\n",subject="Complaint about message from 1.2.3.4",ctype="multipart/report; report-type=feedback-report; boundary=b"),
    case("hotmail jmrp (rfc822 only)", "feedback_report", body="--b\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: dora@hotmail.com\nFrom: support@firma.example\nSubject: x\n\nhi\n--b--\n",subject="complaint about message from 192.0.2.1",frm="staff@hotmail.com",reply=False,ctype="multipart/mixed; boundary=b"),
    case("dmarc aggregate","auto_generated","Report Domain: firma.example Submitter: google.com Report-ID: 123","",frm="noreply-dmarc-support@google.com"),
    case("tlsrpt","auto_generated","Report Domain: firma.example Submitter: x Report-ID: <1>","x","TLS-Report-Domain: firma.example\nTLS-Report-Submitter: x\n"),
    case("gmail confirm","forwarding_confirmation","(#123456789) Gmail-Weiterleitungsbestätigung – E-Mail-Empfang von dora@gmail.com","dora@gmail.com hat angefragt ... Bestätigungscode: 123456789",frm="Gmail-Team <forwarding-noreply@google.com>"),
    case("gmail confirm en","forwarding_confirmation","(#987) Gmail Forwarding Confirmation - Receive Mail from dora@gmail.com","code 987",frm="Gmail Team <forwarding-noreply@google.com>"),
    case("ms forward verify","forwarding_confirmation","Verify your email forwarding","code",frm="Microsoft <account-security-noreply@accountprotection.microsoft.com>"),
    case("outlook.com forwarding","forwarding_confirmation","Bestätigen Sie Ihre Weiterleitungsadresse","Code",frm="Outlook <no-reply@microsoft.com>"),
    case("yahoo verify","forwarding_confirmation","Please verify your email forwarding address","x",frm="Yahoo <no-reply@cc.yahoo-inc.com>"),
    case("zoho verify","forwarding_confirmation","Zoho Mail - Confirm email forwarding","x",frm="Zoho <noreply@zoho.com>"),
    case("icloud","ordinary","Frage",frm="Dora <dora@icloud.com>"),
    case("fake forwarding by person","ordinary","Forwarding confirmation please","Please confirm forwarding",frm="Dora <dora@outlook.com>"),
    case("monitor nagios","auto_generated","** PROBLEM Service Alert: web/HTTP is CRITICAL **","x",frm="nagios@mon.example"),
    case("grafana","auto_generated","[FIRING:1] DiskFull","x",frm="Grafana <alerts@mon.example>"),
    case("uptime robot","auto_generated","Monitor is DOWN: web","x",frm="Uptime <alert@uptimerobot.com>",extra="Auto-Submitted: auto-generated\n"),
    case("zabbix","auto_generated","Problem: Disk full on web01","x",frm="zabbix@mon.example"),
    case("noreply order","auto_generated","Ihre Bestellung","x",frm="Shop <no-reply@shop.example>"),
    case("noreply+tag","auto_generated","Ihre Bestellung","x",frm="Shop <noreply+abc123@shop.example>"),
    case("noreply prefix","auto_generated","Ihre Bestellung","x",frm="Shop <noreply-orders@shop.example>"),
    case("notifications@","auto_generated","Dora mentioned you","x",frm="App <notifications@app.example>",extra="X-Auto-Response-Suppress: All\n"),
    case("calendar invite person","ordinary","Einladung: Termin",ctype="text/calendar; method=REQUEST; charset=utf-8",body="BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nDTSTART:20260512T100000Z\nDTEND:20260512T110000Z\nSUMMARY:Termin\nORGANIZER:mailto:dora@kunde.example\nEND:VEVENT\nEND:VCALENDAR\n"),
    case("calendar accept","ordinary","Zugesagt: Termin",ctype="text/calendar; method=REPLY; charset=utf-8",body="BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\nDTSTART:20260512T100000Z\nSUMMARY:Termin\nATTENDEE;PARTSTAT=ACCEPTED:mailto:dora@kunde.example\nEND:VEVENT\nEND:VCALENDAR\n"),
    case("null rp unknown","auto_generated","Hinweis","x",reverse_path_is_null=True),
    case("challenge response","auto_reply","Bitte bestätigen Sie Ihre Nachricht","Klicken Sie","Auto-Submitted: auto-replied\n",reply=True),
    case("spamarrest","auto_generated","Re: Frage (verification)","click","Precedence: junk\n"),
    case("ms oof forwarded auto-generated via forwarder","ordinary","Frage",extra="Auto-Submitted: auto-generated\n",from_declared_forwarder=True),
    case("oof through forwarder","out_of_office","Automatische Antwort: Frage",A,extra="Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n",from_declared_forwarder=True),
    case("bulk person","auto_generated","Angebot","x","Precedence: bulk\n"),
    case("auto-submitted no","ordinary","Frage",extra="Auto-Submitted: no\n"),
    case("postmaster human","ordinary","Frage zu Ihrer Konfiguration",frm="Postmaster Kunde <postmaster@kunde.example>"),
    case("x-loop person","ordinary","Frage",extra="X-Loop: dora@kunde.example\n"),
    case("delsp returned read receipt request","ordinary","Frage",extra="Disposition-Notification-To: dora@kunde.example\nReturn-Receipt-To: dora@kunde.example\n"),
    case("fr oof","out_of_office","Réponse automatique : Question","Je suis absente du bureau jusqu'au 20 mai."),
    case("fr oof2","out_of_office","Absence du bureau : Question","Je suis en congés"),
    case("es oof","out_of_office","Respuesta automática: Pregunta","Estaré fuera de la oficina hasta el 20."),
    case("it oof","out_of_office","Risposta automatica: R: domanda","Sono in ferie fino al 20 maggio"),
    case("pl oof","out_of_office","Automatyczna odpowiedź: pytanie","Przebywam na urlopie do 20 maja."),
    case("ru oof","out_of_office","Автоматический ответ: Вопрос","Я в отпуске до 20 мая"),
    case("zh oof","out_of_office","自动答复: 问题","我正在休假，5月20日返回。"),
    case("ko oof","out_of_office","자동 회신: 질문","휴가 중입니다."),
    case("tr oof","out_of_office","Otomatik yanıt: soru","Yıllık izindeyim."),
    case("nl oof","out_of_office","Automatisch antwoord: vraag","Ik ben met vakantie tot 20 mei."),
    case("sv","out_of_office","Autosvar: fråga","Jag är på semester."),
    case("da","out_of_office","Automatisk svar: spørgsmål","Jeg har ferie til den 20."),
    case("no","out_of_office","Automatisk svar: spørsmål","Jeg er på ferie."),
    case("fi","out_of_office","Automaattinen vastaus: kysymys","Olen lomalla."),
    case("cs","out_of_office","Automatická odpověď: dotaz","Jsem na dovolené do 20. května."),
    case("hu","out_of_office","Automatikus válasz: kérdés","Szabadságon vagyok."),
    case("pt","out_of_office","Resposta automática: pergunta","Estou de férias até 20 de maio."),
    case("el","out_of_office","Αυτόματη απάντηση: ερώτηση","Βρίσκομαι σε άδεια."),
    case("he","out_of_office","תשובה אוטומטית: שאלה","אני בחופשה עד 20 במאי."),
    case("ar","out_of_office","رد تلقائي: سؤال","أنا في إجازة حتى 20 مايو."),
    case("uk","out_of_office","Автоматична відповідь: питання","Я у відпустці."),
    case("ro","out_of_office","Răspuns automat: întrebare","Sunt în concediu."),
    case("bg","out_of_office","Автоматичен отговор: въпрос","В отпуск съм до 20 май."),
    case("hr","out_of_office","Automatski odgovor: pitanje","Na godišnjem sam odmoru."),
    case("th","out_of_office","ตอบกลับอัตโนมัติ: คำถาม","ขณะนี้ลาพักร้อน"),
    case("vi","out_of_office","Trả lời tự động: câu hỏi","Tôi đang nghỉ phép."),
    case("left company","auto_reply","Automatische Antwort: Frage","Frau Dorn arbeitet nicht mehr bei uns.",extra="Auto-Submitted: auto-replied\n"),
    case("newsletter own group reply","ordinary","AW: Newsletter","Bitte austragen",reply=True),
    case("google group","mailing_list","[team] Hallo","x","List-ID: <team.firma2.example>\nMailing-list: list team@firma2.example\nPrecedence: list\n"),
    case("x-auto-response-suppress DR only","ordinary","Frage",extra="X-Auto-Response-Suppress: DR, RN, NRN\n"),
    case("outlook person oof-suppress (crm)","auto_generated","Frage",extra="X-Auto-Response-Suppress: OOF, AutoReply\n"),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=[each.name for each in CASES])
def test_mail_is_what_a_person_would_call_it(each: Case) -> None:
    reading = read_message(parse_message(each.content), Circumstances(**each.circumstances))
    assert (reading.kind, reading.kind_because != "") == (each.kind, True)
    assert each.kind is Kind.ORDINARY or not reading.respond


def test_there_are_ninety_cases() -> None:
    assert len(CASES) >= 90
