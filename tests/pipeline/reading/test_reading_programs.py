"""Answers as the mail programs of the world write them: what is visible and what is signed, exactly; nothing is lost."""

# ruff: noqa: RUF001, E501 as programs write
from collections import Counter
from typing import Final

import pytest

from gateway.mail.reading import Kind
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message

HEAD: Final = (
    "From: Carla Kunde <carla@kunde.example>\r\nTo: support@firma.example\r\nSubject: Re: Frage\r\n"
    "Date: Wed, 13 May 2026 09:00:00 +0200\r\nMessage-ID: <x1@kunde.example>\r\nIn-Reply-To: <a@firma.example>\r\n"
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
)
W: Final = "Danke, es klappt wieder.\n\nViele Grüße\nCarla"
Q: Final = "Hallo Carla,\nbitte starten Sie neu.\n\nIhr Support"
S: Final = "\n".join(f"> {line}" if line else ">" for line in Q.split("\n"))
"""The same with quoting signs."""
ANSWERS: Final[list[tuple[str, str, str, str]]] = [
    ("gmail de wrapped", f"{W}\n\nAm Mi., 13. Mai 2026 um 08:00 Uhr schrieb Firma Support <\nsupport@firma.example>:\n\n{S}\n", W, ""),
    ("gmail nnbsp", f"{W}\n\nOn Wed, May 13, 2026 at 9:00\u202fAM Firma Support <support@firma.example>\nwrote:\n\n{S}\n", W, ""),
    ("outlook mobile", f"{W}\n\nOutlook für iOS<https://aka.ms/o0ukef> beziehen\n________________________________\nVon: Firma Support <support@firma.example>\nGesendet: Mittwoch, Mai 13, 2026 8:00 AM\nAn: Carla Kunde <carla@kunde.example>\nBetreff: Frage\n\n{Q}", W, "Outlook für iOS"),
    ("outlook android en", f"{W}\n\nGet Outlook for Android<https://aka.ms/AAb9ysg>\n________________________________\nFrom: Firma Support <support@firma.example>\nSent: Wednesday, May 13, 2026 8:00:00 AM\nTo: Carla Kunde <carla@kunde.example>\nSubject: Frage\n\n{Q}", W, "Get Outlook"),
    ("ios quoted attribution", f"{W}\n\nVon meinem iPhone gesendet\n\n> Am 13.05.2026 um 08:00 schrieb Firma Support <support@firma.example>:\n> \n> \ufeffHallo Carla,\n> neu starten\n", W, "Von meinem iPhone"),
    ("samsung", f"{W}\n\n\nVon meinem Galaxy gesendet\n\n\n-------- Ursprüngliche Nachricht --------\nVon: Firma Support <support@firma.example> \nDatum: 13.05.26  08:00  (GMT+01:00) \nAn: carla@kunde.example \nBetreff: Frage \n\n{Q}", W, "Von meinem Galaxy"),
    ("yahoo web", f"{W}\n    On Wednesday, May 13, 2026 at 08:00:00 AM GMT+2, Firma Support <support@firma.example> wrote:  \n \n Hallo Carla, bitte neu starten.  ", W, ""),
    ("yahoo android oneline", f"{W}\n\nSent from Yahoo Mail on Android \n \n  On Wed, May 13, 2026 at 8:00, Firma Support<support@firma.example> wrote:   Hallo Carla,\nbitte neu starten.\n", W, "Sent from Yahoo"),
    ("gmx web", f'{W}\n \n\nGesendet: Mittwoch, 13. Mai 2026 um 08:00 Uhr\nVon: "Firma Support" <support@firma.example>\nAn: carla@kunde.example\nBetreff: Re: Frage\n\n{Q}', W, ""),
    ("gmx new", f"{W}\n \n\nAm 13.05.26 um 08:00 schrieb Firma Support\n{S}", W, ""),
    ("proton old", f"{W}\n\nSent with Proton Mail secure email.\n\n------- Original Message -------\nOn Wednesday, May 13th, 2026 at 8:00 AM, Firma Support <support@firma.example> wrote:\n\n\n{S}", W, "Sent with Proton"),
    ("proton new", f"{W}\n\nSent with [Proton Mail](https://proton.me/mail/home) secure email.\n\nOn Wednesday, May 13th, 2026 at 8:00 AM, Firma Support <support@firma.example> wrote:\n\n{S}", W, "Sent with [Proton"),
    ("proton de", f"{W}\n\nGesendet mit Proton Mail sicherer E-Mail.\n\nFirma Support <support@firma.example> schrieb am Mittwoch, 13. Mai 2026 um 08:00:\n\n{S}", W, "Gesendet mit Proton"),
    ("proton mobile", f"{W}\n\nVon Proton Mail Mobile gesendet\n\n-------- Ursprüngliche Nachricht --------\nAm 13.05.26 08:00 um, Firma Support <support@firma.example> schrieb:\n\n> Hallo", W, "Von Proton"),
    ("tb", f"{W}\n\nAm 13.05.26 um 08:00 schrieb Firma Support:\n{S}", W, ""),
    ("tb name mail", f"{W}\n\nFirma Support schrieb am 13.05.2026 um 08:00:\n{S}", W, ""),
    ("notes de", f"{W}\n\n\n\nVon:    Firma Support <support@firma.example>\nAn:     carla@kunde.example\nDatum:  13.05.2026 08:00\nBetreff:        Frage\n\n\n\n{Q}", W, ""),
    ("notes en", f'{W}\n\n\n\nFrom:   "Firma Support" <support@firma.example>\nTo:     carla@kunde.example\nCc:     bob@kunde.example\nDate:   05/13/2026 08:00 AM\nSubject:        Re: Frage\n\n\n\n{Q}', W, ""),
    ("inotes", f'{W}\n\n-----"Firma Support" <support@firma.example> wrote: -----\nTo: carla@kunde.example\nFrom: "Firma Support" <support@firma.example>\nDate: 05/13/2026 08:00AM\nSubject: Frage\n\n{Q}', W, ""),
    ("zimbra", f'{W}\n\n----- Ursprüngliche Mail -----\nVon: "Firma Support" <support@firma.example>\nAn: "Carla" <carla@kunde.example>\nGesendet: Mittwoch, 13. Mai 2026 08:00:00\nBetreff: Frage\n\n{Q}', W, ""),
    ("zimbra new", f'{W}\n\n\nDe: "Firma Support" <support@firma.example>\nÀ: "Carla" <carla@kunde.example>\nEnvoyé: Mercredi 13 Mai 2026 08:00:00\nObjet: Frage\n\n{Q}', W, ""),
    ("roundcube", f"{W}\n\nAm 2026-05-13 08:00, schrieb Firma Support:\n{S}", W, ""),
    ("roundcube dot", f"{W}\n\nAm 13.05.2026 08:00, schrieb Firma Support:\n{S}", W, ""),
    ("k9", f"{W}\n\nAm 13. Mai 2026 08:00:00 MESZ schrieb Firma Support <support@firma.example>:\n>Hallo Carla,\n>bitte\n\n-- \nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", W, "-- \nDiese Nachricht"),
    ("em client", f'{W}\n\n------ Originalnachricht ------\nVon: "Firma Support" <support@firma.example>\nAn: "Carla" <carla@kunde.example>\nGesendet: 13.05.2026 08:00:00\nBetreff: Frage\n\n{Q}', W, ""),
    ("em client 9", f'{W}\n\n------ Originalnachricht ------\nVon "Firma Support" <support@firma.example>\nAn "Carla" <carla@kunde.example>\nDatum 13.05.2026 08:00:00\nBetreff Frage\n\n{Q}', W, ""),
    ("the bat", f"Hello Firma,\n\nWednesday, May 13, 2026, 8:00:00 AM, you wrote:\n\n{S}\n\n{W}\n\n\n-- \nBest regards,\n Carla                          mailto:carla@kunde.example\n", f"Hello Firma,\n\n{W}", "-- \nBest"),
    ("zoho", f"{W}\n\n\n\n\n---- On Wed, 13 May 2026 08:00:00 +0200 Firma Support <support@firma.example> wrote ----\n\n{Q}", W, ""),
    ("zoho de", f"{W}\n\n\n---- Am Mi., 13 Mai 2026 08:00:00 +0200 Firma Support <support@firma.example> schrieb ----\n\n{Q}", W, ""),
    ("hey", f"{W}\n\nOn May 13, 2026, Firma Support <support@firma.example> wrote:\n{S}", W, ""),
    ("front", f"{W}\n\nOn May 13, 2026 at 8:00 AM GMT+2 support@firma.example wrote:\n\n{Q}", W, ""),
    ("superhuman", f"{W}\n\nSent via Superhuman ( https://sprh.mn/?vip=carla@kunde.example )\n\nOn Wed, May 13, 2026 at 8:00 AM, Firma Support < support@firma.example > wrote:\n\n{S}", W, "Sent via Superhuman"),
    ("spark", f"{W}\nAm 13. Mai 2026, 08:00 +0200 schrieb Firma Support <support@firma.example>:\n{S}", W, ""),
    ("mailspring", f"{W}\nOn May 13 2026, at 8:00 am, Firma Support <support@firma.example> wrote:\n{S}", W, ""),
    ("fairemail", f"{W}\n\n13.05.2026 08:00:00 Firma Support <support@firma.example>:\n\n{S}", W, ""),
    ("zendesk", f"{W}\n\n##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##\n\n{Q}", W, ""),
    ("jira", f"{W}\n\nOn Wed, May 13, 2026 at 8:00 AM Support <jira@firma.example> wrote:\n\n> —-—-—-—\n> Reply above this line.\n> Anna commented:\n", W, ""),
    ("ja gmail", f"ありがとうございます。\n解決しました。\n\n2026年5月13日(水) 8:00 Firma Support <support@firma.example>:\n\n{S}", "ありがとうございます。\n解決しました。", ""),
    ("ja outlook", f"ありがとうございます。\n\n________________________________\n差出人: Firma Support <support@firma.example>\n送信日時: 2026年5月13日 8:00\n宛先: carla@kunde.example <carla@kunde.example>\n件名: Frage\n\n{Q}", "ありがとうございます。", ""),
    ("ja becky", f"ありがとうございます。\n\nOn Wed, 13 May 2026 08:00:00 +0900\nFirma Support <support@firma.example> wrote:\n\n{S}", "ありがとうございます。", ""),
    ("ja wanderlust", f"ありがとうございます。\n\n2026/05/13 8:00、Firma Support <support@firma.example>のメール:\n\n{S}", "ありがとうございます。", ""),
    ("ja tb", f"了解です。\n\nOn 2026/05/13 8:00, Firma Support wrote:\n{S}", "了解です。", ""),
    ("qq", f'谢谢，已经好了。\n\n\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人:                                                                                                                        "Firma Support"                                                                                    <support@firma.example&gt;;\n发送时间:&nbsp;2026年5月13日(星期三) 上午8:00\n收件人:&nbsp;"carla"<carla@kunde.example&gt;;\n\n主题:&nbsp;Re: Frage\n\n\n\n{Q}', "谢谢，已经好了。", ""),
    ("163", f'谢谢。\n\n\n\n\n在 2026-05-13 08:00:00，"Firma Support" <support@firma.example> 写道：\n\n{Q}', "谢谢。", ""),
    ("163 reply block", f"谢谢。\n\n---- 回复的原邮件 ----\n| 发件人 | Firma Support<support@firma.example> |\n| 日期 | 2026年05月13日 08:00 |\n| 收件人 | carla@kunde.example<carla@kunde.example> |\n| 抄送至 | |\n| 主题 | Re: Frage |\n{Q}", "谢谢。", ""),
    ("aliyun", f"谢谢。\n------------------------------------------------------------------\n发件人：Firma Support <support@firma.example>\n发送时间：2026年5月13日(星期三) 08:00\n收件人：carla <carla@kunde.example>\n主\u3000题：Re: Frage\n\n{Q}", "谢谢。", ""),
    ("naver", f'감사합니다.\n\n-----Original Message-----\nFrom: "Firma Support"<support@firma.example>\nTo: <carla@kunde.example>;\nCc:\nSent: 2026-05-13 (수) 08:00:00 (GMT+09:00)\nSubject: Re: Frage\n\n{Q}', "감사합니다.", ""),
    ("ko gmail", f"감사합니다.\n\n2026년 5월 13일 (수) 오전 8:00, Firma Support <support@firma.example>님이 작성:\n\n{S}", "감사합니다.", ""),
    ("ko outlook", f"감사합니다.\n\n보낸 사람: Firma Support <support@firma.example>\n보낸 날짜: 2026년 5월 13일 수요일 오전 8:00\n받는 사람: carla@kunde.example\n제목: Frage\n\n{Q}", "감사합니다.", ""),
    ("mailru", f"Спасибо, работает.\n\n\nСреда, 13 мая 2026, 8:00 +03:00 от Firma Support <support@firma.example>:\n \n{Q}", "Спасибо, работает.", ""),
    ("mailru quoted", "Спасибо, работает.\n--\nКарла\n\n>Среда, 13 мая 2026, 8:00 +03:00 от Firma Support <support@firma.example>:\n> \n>Hallo\n", "Спасибо, работает.", "--\nКарла"),
    ("yandex", f'Спасибо.\n\n13.05.2026, 08:00, "Firma Support" <support@firma.example>:\n\n{Q}', "Спасибо.", ""),
    ("ru outlook", f"Спасибо.\n\nОт: Firma Support <support@firma.example>\nОтправлено: 13 мая 2026 г. 8:00\nКому: carla@kunde.example\nТема: Frage\n\n{Q}", "Спасибо.", ""),
    ("ru gmail", f"Спасибо.\n\nср, 13 мая 2026 г. в 08:00, Firma Support <support@firma.example>:\n\n{S}", "Спасибо.", ""),
    ("he gmail", f"תודה רבה.\n\n\u202bבתאריך יום ד׳, 13 במאי 2026 ב-8:00 מאת \u202aFirma Support\u202c\u200f <\u202asupport@firma.example\u202c\u200f>:\u202c\n\n{S}", "תודה רבה.", ""),
    ("ar gmail", f"شكرا جزيلا.\n\nفي الأربعاء، 13 مايو 2026 في 8:00 ص تمت كتابة ما يلي بواسطة \u202aFirma Support\u202c\u200f <\n\u202asupport@firma.example\u202c\u200f>:\n\n{S}", "شكرا جزيلا.", ""),
    ("tr gmail", f"Teşekkürler.\n\nFirma Support <support@firma.example>, 13 May 2026 Çar, 08:00 tarihinde şunu yazdı:\n\n{S}", "Teşekkürler.", ""),
    ("fr gmail", f"Merci.\n\nLe mer. 13 mai 2026 à 08:00, Firma Support <support@firma.example> a\nécrit :\n\n{S}", "Merci.", ""),
    ("es wrap", f"Gracias.\n\nEl mié, 13 may 2026 a las 8:00, Firma Support (<support@firma.example>)\nescribió:\n\n{S}", "Gracias.", ""),
    ("pt br", f"Obrigado.\n\nEm qua., 13 de mai. de 2026 às 08:00, Firma Support <\nsupport@firma.example> escreveu:\n\n{S}", "Obrigado.", ""),
    ("hu gmail", f"Köszönöm.\n\nFirma Support <support@firma.example> ezt írta (időpont: 2026. máj. 13.,\nSze, 8:00):\n\n{S}", "Köszönöm.", ""),
    ("fi gmail", f"Kiitos.\n\nke 13. toukok. 2026 klo 8.00 Firma Support (support@firma.example) kirjoitti:\n\n{S}", "Kiitos.", ""),
    ("da", f"Tak.\n\nDen ons. 13. maj 2026 kl. 08.00 skrev Firma Support <support@firma.example>:\n\n{S}", "Tak.", ""),
    ("sv", f"Tack.\n\nDen ons 13 maj 2026 kl 08:00 skrev Firma Support <support@firma.example>:\n\n{S}", "Tack.", ""),
    ("nl", f"Dank je.\n\nOp wo 13 mei 2026 om 08:00 schreef Firma Support <support@firma.example>:\n\n{S}", "Dank je.", ""),
    ("pl", f"Dzięki.\n\nśr., 13 maj 2026 o 08:00 Firma Support <support@firma.example> napisał(a):\n\n{S}", "Dzięki.", ""),
    ("cs", f"Díky.\n\nst 13. 5. 2026 v 8:00 odesílatel Firma Support <support@firma.example> napsal:\n\n{S}", "Díky.", ""),
    ("el", f"Ευχαριστώ.\n\nΣτις Τετ 13 Μαΐ 2026 στις 8:00 π.μ., ο/η Firma Support <support@firma.example>\nέγραψε:\n\n{S}", "Ευχαριστώ.", ""),
    ("vi", f"Cảm ơn.\n\nVào Th 4, 13 thg 5, 2026 vào lúc 08:00 Firma Support <support@firma.example>\nđã viết:\n\n{S}", "Cảm ơn.", ""),
    ("th", f"ขอบคุณ\n\nในวันที่ พ. 13 พ.ค. 2026 เวลา 08:00 Firma Support <support@firma.example> เขียนว่า:\n\n{S}", "ขอบคุณ", ""),
    ("zh gmail", f"谢谢\n\nFirma Support <support@firma.example> 于2026年5月13日周三 08:00写道：\n\n{S}", "谢谢", ""),
    ("zh tw gmail", f"謝謝\n\nFirma Support <support@firma.example> 於 2026年5月13日 週三 上午8:00寫道：\n\n{S}", "謝謝", ""),
    ("id", f"Terima kasih.\n\nPada tanggal Rab, 13 Mei 2026 pukul 08.00 Firma Support <\nsupport@firma.example> menulis:\n\n{S}", "Terima kasih.", ""),
    ("interleaved", "Am 13.05.26 um 08:00 schrieb Firma Support:\n> Haben Sie neu gestartet?\n\nJa.\n\n> Welche Version?\n\n4.2\n\n> Ihr Support\n\nCarla", "Ja.\n\n4.2\n\nCarla", ""),
    ("outlook inline note", f"Siehe unten in rot.\n\nVon: Firma Support <support@firma.example>\nGesendet: Mittwoch, 13. Mai 2026 08:00\nAn: Carla\nBetreff: Frage\n\n{Q}\n[Carla] Ja, habe ich.", "Siehe unten in rot.", ""),
    ("groupwise", f"{W}\n\n>>> Firma Support <support@firma.example> 13.05.2026 08:00 >>>\n{Q}", W, ""),
    ("outlook ltr mark", f'{W}\n\n\u200eOn 13/05/2026, 08:00, "Firma Support" <support@firma.example> wrote:\n\n    Hallo', W, ""),
    ("outlook mac en", f"{W}\n\nFrom: Firma Support <support@firma.example>\nDate: Wednesday, 13 May 2026 at 8:00 AM\nTo: Carla Kunde <carla@kunde.example>\nSubject: Re: Frage\n{Q}", W, ""),
    ("external banner", f"{W}\n\nVon: Firma Support <support@firma.example>\nGesendet: Mittwoch, 13. Mai 2026 08:00\nAn: Carla <carla@kunde.example>\nBetreff: [EXT] Frage\n\nACHTUNG: Diese E-Mail kommt von außerhalb.\n\n{Q}", W, ""),
    ("mimecast", f"{W}\n\n----Original Message----\nFrom: support@firma.example\nDate: 13/05/2026 8:00 \nTo: <carla@kunde.example>\nSubj: Frage\n\n{Q}", W, ""),
    ("tonline", f'{W}\n\n-----Original-Nachricht-----\nBetreff: Frage\nDatum: 2026-05-13T08:00:00+0200\nVon: "Firma Support" <support@firma.example>\nAn: "carla@kunde.example" <carla@kunde.example>\n\n{Q}', W, ""),
    ("webde app", f"{W}\n--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit WEB.DE Mail gesendet.\nAm 13.05.26, 08:00, Firma Support <support@firma.example> schrieb:\n\n{S}", W, "--\nDiese"),
    ("webde app2", f"{W}\n--\nDiese Nachricht wurde von meinem Android Mobiltelefon mit GMX Mail gesendet.\nAm 13.05.2026, 08:00, Firma Support schrieb:\n\n{Q}", W, "--\nDiese"),
    ("tutanota", f"{W}\n\n-- \nGesendet mit Tuta\n\n\n13. Mai 2026, 08:00 von support@firma.example:\n\n{S}", W, "-- \nGesendet mit Tuta"),
    ("orange fr", f'{W}\n\n> Message du 13/05/26 08:00\n> De : "Firma Support" <support@firma.example>\n> A : "Carla" <carla@kunde.example>\n> Copie à : \n> Objet : Frage\n> \n> Hallo\n', W, ""),
    ("libero it", f"{W}\n\nIl 13/05/2026 08:00 CEST Firma Support <support@firma.example> ha scritto:\n\n\n{Q}", W, ""),
    ("ox", f"{W}\n\n> Firma Support <support@firma.example> hat am 13.05.2026 08:00 CEST geschrieben:\n> \n>  \n> Hallo\n", W, ""),
    ("ox unquoted", f"{W}\n\nFirma Support <support@firma.example> hat am 13. Mai 2026 um 08:00 geschrieben:\n\n\nHallo", W, ""),
    ("aol", f"{W}\n\n\n-----Original Message-----\nFrom: Firma Support <support@firma.example>\nTo: carla <carla@kunde.example>\nSent: Wed, May 13, 2026 8:00 am\nSubject: Re: Frage\n\n{Q}", W, ""),
    ("icloud web", f"{W}\n\n> On May 13, 2026, at 8:00 AM, Firma Support <support@firma.example> wrote:\n> \n> \n> Hallo\n", W, ""),
    ("windows mail", f"{W}\n\nSent from Mail for Windows\n\nFrom: Firma Support\nSent: Wednesday, May 13, 2026 8:00 AM\nTo: Carla Kunde\nSubject: Re: Frage\n\n{Q}", W, "Sent from Mail"),
    ("de windows mail", f"{W}\n\nGesendet von Mail für Windows\n\nVon: Firma Support\nGesendet: Mittwoch, 13. Mai 2026 08:00\nAn: Carla Kunde\nBetreff: Re: Frage\n\n{Q}", W, "Gesendet von Mail"),
]  # fmt: skip
"""Name, text, what is visible, how the signature begins (empty: there is none)."""


@pytest.mark.parametrize(("text", "visible", "signature"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS])
def test_answer_is_split_exactly(text: str, visible: str, signature: str) -> None:
    message = parse_message((HEAD + text.replace("\n", "\r\n")).encode())
    reading = read_message(message)
    reply = reading.reply
    assert reply.visible.strip("\n") == visible
    signed = reply.signature.strip()
    assert signed.startswith(signature) if signature else not signed
    assert reply.quoted.strip()
    lines = Counter(f"{reply.visible}\n{reply.quoted}\n{reply.signature}".split("\n"))
    assert not Counter(message.text.split("\n")) - lines, "every line is somewhere"
    assert (reading.kind, reading.forwarded) == (Kind.ORDINARY, None)


def test_there_are_eighty_programs() -> None:
    assert len(ANSWERS) >= 80
