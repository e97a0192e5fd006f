"""Mails of somebody else as people forward them, in forty languages: every field right, and the note and text, too."""

# ruff: noqa: RUF001, E501 as programs write
from typing import Final

import pytest

from gateway.mail.reading import Kind
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message

N: Final = "Bitte übernehmen."
B: Final = "Guten Tag,\n\nmein Drucker streikt.\n\nDora Dorn"
Fields = tuple[str, list[str], list[str], str | None, str]
DORA: Final = "Dora Dorn <dora@kunde.example>"
WHEN: Final = "2026-05-12T10:05"
PLAIN: Final[Fields] = (DORA, ["anna@firma.example"], [], "Drucker defekt", WHEN)
COPIED: Final[Fields] = (
    DORA,
    ["Anna Arndt <anna@firma.example>"],
    ["Bob Beil <bob@firma.example>", "Eva <eva@firma.example>"],
    "Drucker defekt",
    WHEN,
)
FORWARDS: Final[list[tuple[str, str, str, Fields]]] = [
    ("gmail de", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nVon: Dora Dorn <dora@kunde.example>\nDate: Di., 12. Mai 2026 um 10:05 Uhr\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail fr", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDe : Dora Dorn <dora@kunde.example>\nDate: mar. 12 mai 2026 à 10:05\nSubject: Drucker defekt\nTo: Anna <anna@firma.example>\nCc: Bob <bob@firma.example>\n\n\n{B}", ("Dora Dorn <dora@kunde.example>", ["Anna <anna@firma.example>"], ["Bob <bob@firma.example>"], "Drucker defekt", WHEN)),
    ("gmail es", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDe: Dora Dorn <dora@kunde.example>\nDate: mar, 12 may 2026 a las 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail it", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDa: Dora Dorn <dora@kunde.example>\nDate: mar 12 mag 2026 alle ore 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail pt", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDe: Dora Dorn <dora@kunde.example>\nDate: ter., 12 de mai. de 2026 às 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail nl", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nVan: Dora Dorn <dora@kunde.example>\nDate: di 12 mei 2026 om 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail ja", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFrom: Dora Dorn <dora@kunde.example>\nDate: 2026年5月12日(火) 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail ru", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nОт: Dora Dorn <dora@kunde.example>\nDate: вт, 12 мая 2026 г. в 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail pl", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nOd: Dora Dorn <dora@kunde.example>\nDate: wt., 12 maj 2026 o 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail sv", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFrån: Dora Dorn <dora@kunde.example>\nDate: tis 12 maj 2026 kl 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail ko", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\n보낸사람: Dora Dorn <dora@kunde.example>\nDate: 2026년 5월 12일 (화) 오전 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail zh", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\n发件人： Dora Dorn <dora@kunde.example>\nDate: 2026年5月12日周二 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail tr", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nGönderen: Dora Dorn <dora@kunde.example>\nDate: 12 May 2026 Sal, 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail he", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\n\u202bמאת: \u202aDora Dorn\u202c\u200f <\u202adora@kunde.example\u202c\u200f>\u202c\nDate: יום ג׳, 12 במאי 2026 ב-10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail ar", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nمن: \u202aDora Dorn\u202c\u200f <\u202adora@kunde.example\u202c\u200f>\nDate: الثلاثاء، 12 مايو 2026 في 10:05 ص\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail fi", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nLähettäjä: Dora Dorn <dora@kunde.example>\nDate: ti 12. toukok. 2026 klo 10.05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail hu", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFeladó: Dora Dorn <dora@kunde.example>\nDate: 2026. máj. 12., K, 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail cs", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nOd: Dora Dorn <dora@kunde.example>\nDate: út 12. 5. 2026 v 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail el", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nΑπό: Dora Dorn <dora@kunde.example>\nDate: Τρί 12 Μαΐ 2026 στις 10:05 π.μ.\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail vi", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nTừ: Dora Dorn <dora@kunde.example>\nDate: Th 3, 12 thg 5, 2026 vào lúc 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail th", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nจาก: Dora Dorn <dora@kunde.example>\nDate: อ. 12 พ.ค. 2026 เวลา 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail da", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFra: Dora Dorn <dora@kunde.example>\nDate: tirs. 12. maj 2026 kl. 10.05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail uk", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nВід: Dora Dorn <dora@kunde.example>\nDate: вт, 12 трав. 2026 р. о 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail hi", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFrom: Dora Dorn <dora@kunde.example>\nDate: मंगल, 12 मई 2026 को 10:05 am\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail fa", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nFrom: Dora Dorn <dora@kunde.example>\nDate: سه\u200cشنبه، ۱۲ مهٔ ۲۰۲۶، ۱۰:۰۵\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail ro", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDe la: Dora Dorn <dora@kunde.example>\nDate: mar., 12 mai 2026 la 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail bg", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nОт: Dora Dorn <dora@kunde.example>\nDate: вт, 12.05.2026 г. в 10:05 ч.\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail id", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nDari: Dora Dorn <dora@kunde.example>\nDate: Sel, 12 Mei 2026 pukul 10.05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("gmail lt", "Fwd: Drucker defekt", f"{N}\n\n---------- Forwarded message ---------\nNuo: Dora Dorn <dora@kunde.example>\nDate: 2026-05-12, an, 10:05\nSubject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}", PLAIN),
    ("outlook de", "WG: Drucker defekt", f"{N}\n\nVon: Dora Dorn <dora@kunde.example>\nGesendet: Dienstag, 12. Mai 2026 10:05\nAn: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nBetreff: Drucker defekt\n\n{B}", COPIED),
    ("outlook en", "FW: Drucker defekt", f"{N}\n\nFrom: Dora Dorn <dora@kunde.example>\nSent: Tuesday, May 12, 2026 10:05 AM\nTo: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nSubject: Drucker defekt\n\n{B}", COPIED),
    ("outlook en-gb", "FW: Drucker defekt", f"{N}\n\nFrom: Dora Dorn <dora@kunde.example>\nSent: 12 May 2026 10:05\nTo: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nSubject: Drucker defekt\n\n{B}", COPIED),
    ("outlook fr", "TR: Drucker defekt", f"{N}\n\nDe : Dora Dorn <dora@kunde.example>\nEnvoyé : mardi 12 mai 2026 10:05\nÀ : Anna Arndt <anna@firma.example>\nCc : Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nObjet : Drucker defekt\n\n{B}", COPIED),
    ("outlook es", "RV: Drucker defekt", f"{N}\n\nDe: Dora Dorn <dora@kunde.example>\nEnviado el: martes, 12 de mayo de 2026 10:05\nPara: Anna Arndt <anna@firma.example>\nCC: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nAsunto: Drucker defekt\n\n{B}", COPIED),
    ("outlook it", "I: Drucker defekt", f"{N}\n\nDa: Dora Dorn <dora@kunde.example>\nInviato: martedì 12 maggio 2026 10:05\nA: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nOggetto: Drucker defekt\n\n{B}", COPIED),
    ("outlook pt", "ENC: Drucker defekt", f"{N}\n\nDe: Dora Dorn <dora@kunde.example>\nEnviada em: terça-feira, 12 de maio de 2026 10:05\nPara: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nAssunto: Drucker defekt\n\n{B}", COPIED),
    ("outlook nl", "FW: Drucker defekt", f"{N}\n\nVan: Dora Dorn <dora@kunde.example>\nVerzonden: dinsdag 12 mei 2026 10:05\nAan: Anna Arndt <anna@firma.example>\nCC: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nOnderwerp: Drucker defekt\n\n{B}", COPIED),
    ("outlook da", "VS: Drucker defekt", f"{N}\n\nFra: Dora Dorn <dora@kunde.example>\nSendt: 12. maj 2026 10:05\nTil: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nEmne: Drucker defekt\n\n{B}", COPIED),
    ("outlook no", "VS: Drucker defekt", f"{N}\n\nFra: Dora Dorn <dora@kunde.example>\nSendt: tirsdag 12. mai 2026 10:05\nTil: Anna Arndt <anna@firma.example>\nKopi: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nEmne: Drucker defekt\n\n{B}", COPIED),
    ("outlook sv", "VB: Drucker defekt", f"{N}\n\nFrån: Dora Dorn <dora@kunde.example>\nSkickat: den 12 maj 2026 10:05\nTill: Anna Arndt <anna@firma.example>\nKopia: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nÄmne: Drucker defekt\n\n{B}", COPIED),
    ("outlook fi", "VL: Drucker defekt", f"{N}\n\nLähettäjä: Dora Dorn <dora@kunde.example>\nLähetetty: tiistai 12. toukokuuta 2026 10.05\nVastaanottaja: Anna Arndt <anna@firma.example>\nKopio: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nAihe: Drucker defekt\n\n{B}", COPIED),
    ("outlook pl", "PD: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nWysłane: wtorek, 12 maja 2026 10:05\nDo: Anna Arndt <anna@firma.example>\nDW: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nTemat: Drucker defekt\n\n{B}", COPIED),
    ("outlook cs", "FW: Drucker defekt", f"{N}\n\nFrom: Dora Dorn <dora@kunde.example>\nSent: úterý 12. května 2026 10:05\nTo: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nSubject: Drucker defekt\n\n{B}", COPIED),
    ("outlook cs2", "FW: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nOdesláno: úterý 12. května 2026 10:05\nKomu: Anna Arndt <anna@firma.example>\nKopie: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nPředmět: Drucker defekt\n\n{B}", COPIED),
    ("outlook sk", "FW: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nOdoslané: utorok 12. mája 2026 10:05\nKomu: Anna Arndt <anna@firma.example>\nKópia: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nPredmet: Drucker defekt\n\n{B}", COPIED),
    ("outlook hu", "FW: Drucker defekt", f"{N}\n\nFeladó: Dora Dorn <dora@kunde.example>\nElküldve: 2026. május 12., kedd 10:05\nCímzett: Anna Arndt <anna@firma.example>\nMásolatot kap: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nTárgy: Drucker defekt\n\n{B}", COPIED),
    ("outlook ro", "FW: Drucker defekt", f"{N}\n\nDe la: Dora Dorn <dora@kunde.example>\nTrimis: marți, 12 mai 2026 10:05\nCătre: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nSubiect: Drucker defekt\n\n{B}", COPIED),
    ("outlook ru", "FW: Drucker defekt", f"{N}\n\nОт: Dora Dorn <dora@kunde.example>\nОтправлено: 12 мая 2026 г. 10:05\nКому: Anna Arndt <anna@firma.example>\nКопия: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nТема: Drucker defekt\n\n{B}", COPIED),
    ("outlook uk", "FW: Drucker defekt", f"{N}\n\nВід: Dora Dorn <dora@kunde.example>\nНадіслано: 12 травня 2026 р. 10:05\nКому: Anna Arndt <anna@firma.example>\nКопія: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nТема: Drucker defekt\n\n{B}", COPIED),
    ("outlook bg", "FW: Drucker defekt", f"{N}\n\nОт: Dora Dorn <dora@kunde.example>\nИзпратено: вторник, 12 май 2026 г. 10:05\nДо: Anna Arndt <anna@firma.example>\nКопие: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nОтносно: Drucker defekt\n\n{B}", COPIED),
    ("outlook el", "FW: Drucker defekt", f"{N}\n\nΑπό: Dora Dorn <dora@kunde.example>\nΣτάλθηκε: Τρίτη, 12 Μαΐου 2026 10:05 πμ\nΠρος: Anna Arndt <anna@firma.example>\nΚοιν.: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nΘέμα: Drucker defekt\n\n{B}", COPIED),
    ("outlook tr", "İLT: Drucker defekt", f"{N}\n\nGönderen: Dora Dorn <dora@kunde.example>\nGönderildi: 12 Mayıs 2026 Salı 10:05\nKime: Anna Arndt <anna@firma.example>\nBilgi: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nKonu: Drucker defekt\n\n{B}", COPIED),
    ("outlook he", "FW: Drucker defekt", f"{N}\n\nמאת: Dora Dorn <dora@kunde.example>\nנשלח: יום שלישי 12 מאי 2026 10:05\nאל: Anna Arndt <anna@firma.example>\nעותק: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nנושא: Drucker defekt\n\n{B}", COPIED),
    ("outlook ar", "FW: Drucker defekt", f"{N}\n\nمن: Dora Dorn <dora@kunde.example>\nتم الإرسال: 12/مايو/2026 10:05 ص\nإلى: Anna Arndt <anna@firma.example>\nنسخة: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nالموضوع: Drucker defekt\n\n{B}", COPIED),
    ("outlook ja", "FW: Drucker defekt", f"{N}\n\n差出人: Dora Dorn <dora@kunde.example>\n送信日時: 2026年5月12日 10:05\n宛先: Anna Arndt <anna@firma.example>\nCC: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\n件名: Drucker defekt\n\n{B}", COPIED),
    ("outlook ko", "FW: Drucker defekt", f"{N}\n\n보낸 사람: Dora Dorn <dora@kunde.example>\n보낸 날짜: 2026년 5월 12일 화요일 오전 10:05\n받는 사람: Anna Arndt <anna@firma.example>\n참조: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\n제목: Drucker defekt\n\n{B}", COPIED),
    ("outlook zh", "转发: Drucker defekt", f"{N}\n\n发件人: Dora Dorn <dora@kunde.example>\n发送时间: 2026年5月12日 10:05\n收件人: Anna Arndt <anna@firma.example>\n抄送: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\n主题: Drucker defekt\n\n{B}", COPIED),
    ("outlook zh-tw", "轉寄: Drucker defekt", f"{N}\n\n寄件者: Dora Dorn <dora@kunde.example>\n寄件日期: 2026年5月12日 上午 10:05\n收件者: Anna Arndt <anna@firma.example>\n副本: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\n主旨: Drucker defekt\n\n{B}", COPIED),
    ("outlook hr", "FW: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nPoslano: 12. svibnja 2026. 10:05\nPrima: Anna Arndt <anna@firma.example>\nKopija: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nPredmet: Drucker defekt\n\n{B}", COPIED),
    ("outlook sl", "FW: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nPoslano: torek, 12. maj 2026 10:05\nZa: Anna Arndt <anna@firma.example>\nKp: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nZadeva: Drucker defekt\n\n{B}", COPIED),
    ("outlook sr", "FW: Drucker defekt", f"{N}\n\nOd: Dora Dorn <dora@kunde.example>\nPoslato: utorak, 12. maj 2026. 10:05\nZa: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nNaslov: Drucker defekt\n\n{B}", COPIED),
    ("outlook et", "FW: Drucker defekt", f"{N}\n\nSaatja: Dora Dorn <dora@kunde.example>\nSaadetud: teisipäev, 12. mai 2026 10:05\nAdressaat: Anna Arndt <anna@firma.example>\nKoopia: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nTeema: Drucker defekt\n\n{B}", COPIED),
    ("outlook lv", "FW: Drucker defekt", f"{N}\n\nNo: Dora Dorn <dora@kunde.example>\nNosūtīts: otrdiena, 2026. gada 12. maijs 10:05\nKam: Anna Arndt <anna@firma.example>\nKopija: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nTēma: Drucker defekt\n\n{B}", COPIED),
    ("outlook lt", "FW: Drucker defekt", f"{N}\n\nNuo: Dora Dorn <dora@kunde.example>\nIšsiųsta: 2026 m. gegužės 12 d., antradienis 10:05\nKam: Anna Arndt <anna@firma.example>\nKopija: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nTema: Drucker defekt\n\n{B}", COPIED),
    ("outlook ca", "RV: Drucker defekt", f"{N}\n\nDe: Dora Dorn <dora@kunde.example>\nEnviat el: dimarts, 12 de maig de 2026 10:05\nPer a: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nAssumpte: Drucker defekt\n\n{B}", COPIED),
    ("outlook th", "FW: Drucker defekt", f"{N}\n\nจาก: Dora Dorn <dora@kunde.example>\nส่ง: 12 พฤษภาคม 2569 10:05\nถึง: Anna Arndt <anna@firma.example>\nสำเนา: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nเรื่อง: Drucker defekt\n\n{B}", COPIED),
    ("outlook vi", "FW: Drucker defekt", f"{N}\n\nTừ: Dora Dorn <dora@kunde.example>\nĐã gửi: 12 Tháng Năm 2026 10:05\nĐến: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nChủ đề: Drucker defekt\n\n{B}", COPIED),
    ("outlook id", "FW: Drucker defekt", f"{N}\n\nDari: Dora Dorn <dora@kunde.example>\nDikirim: 12 Mei 2026 10:05\nKe: Anna Arndt <anna@firma.example>\nCc: Bob Beil <bob@firma.example>; Eva <eva@firma.example>\nPerihal: Drucker defekt\n\n{B}", COPIED),
    ("apple de", "Fwd: Drucker defekt", f"{N}\n\nAnfang der weitergeleiteten Nachricht:\n\nVon: Dora Dorn <dora@kunde.example>\nBetreff: Drucker defekt\nDatum: 12. Mai 2026 um 10:05:00 MESZ\nAn: anna@firma.example\n\n{B}", PLAIN),
    ("apple en", "Fwd: Drucker defekt", f"{N}\n\nBegin forwarded message:\n\nFrom: Dora Dorn <dora@kunde.example>\nSubject: Drucker defekt\nDate: May 12, 2026 at 10:05:00 AM GMT+2\nTo: anna@firma.example\n\n{B}", PLAIN),
    ("apple fr", "Fwd: Drucker defekt", f"{N}\n\nDébut du message réexpédié:\n\nDe: Dora Dorn <dora@kunde.example>\nObjet: Drucker defekt\nDate: 12 mai 2026 à 10:05:00 UTC+2\nÀ: anna@firma.example\n\n{B}", PLAIN),
    ("apple es", "Fwd: Drucker defekt", f"{N}\n\nInicio del mensaje reenviado:\n\nDe: Dora Dorn <dora@kunde.example>\nAsunto: Drucker defekt\nFecha: 12 de mayo de 2026, 10:05:00 CEST\nPara: anna@firma.example\n\n{B}", PLAIN),
    ("apple it", "Fwd: Drucker defekt", f"{N}\n\nInizio messaggio inoltrato:\n\nDa: Dora Dorn <dora@kunde.example>\nOggetto: Drucker defekt\nData: 12 maggio 2026 alle ore 10:05:00 CEST\nA: anna@firma.example\n\n{B}", PLAIN),
    ("apple nl", "Fwd: Drucker defekt", f"{N}\n\nBegin doorgestuurd bericht:\n\nVan: Dora Dorn <dora@kunde.example>\nOnderwerp: Drucker defekt\nDatum: 12 mei 2026 om 10:05:00 CEST\nAan: anna@firma.example\n\n{B}", PLAIN),
    ("apple ja", "Fwd: Drucker defekt", f"{N}\n\n転送されたメッセージ:\n\n差出人: Dora Dorn <dora@kunde.example>\n件名: Drucker defekt\n日付: 2026年5月12日 10:05:00 JST\n宛先: anna@firma.example\n\n{B}", PLAIN),
    ("apple ru", "Fwd: Drucker defekt", f"{N}\n\nНачало переадресованного сообщения:\n\nОт: Dora Dorn <dora@kunde.example>\nТема: Drucker defekt\nДата: 12 мая 2026 г. в 10:05:00 GMT+3\nКому: anna@firma.example\n\n{B}", PLAIN),
    ("apple zh", "Fwd: Drucker defekt", f"{N}\n\n以下是转发的邮件:\n\n发件人: Dora Dorn <dora@kunde.example>\n主题: Drucker defekt\n日期: 2026年5月12日 GMT+8 10:05:00\n收件人: anna@firma.example\n\n{B}", PLAIN),
    ("apple sv", "Fwd: Drucker defekt", f"{N}\n\nVidarebefordrat brev:\n\nFrån: Dora Dorn <dora@kunde.example>\nÄmne: Drucker defekt\nDatum: 12 maj 2026 10:05:00 CEST\nTill: anna@firma.example\n\n{B}", PLAIN),
    ("apple pl", "Fwd: Drucker defekt", f"{N}\n\nPoczątek przekazywanej wiadomości:\n\nOd: Dora Dorn <dora@kunde.example>\nTemat: Drucker defekt\nData: 12 maja 2026 o 10:05:00 CEST\nDo: anna@firma.example\n\n{B}", PLAIN),
    ("apple tr", "Fwd: Drucker defekt", f"{N}\n\nİletilen ileti başlangıcı:\n\nKimden: Dora Dorn <dora@kunde.example>\nKonu: Drucker defekt\nTarih: 12 Mayıs 2026 10:05:00 GMT+3\nKime: anna@firma.example\n\n{B}", PLAIN),
    ("tb de", "Fwd: Drucker defekt", f"{N}\n\n-------- Weitergeleitete Nachricht --------\nBetreff: \tDrucker defekt\nDatum: \tTue, 12 May 2026 10:05:00 +0200\nVon: \tDora Dorn <dora@kunde.example>\nAn: \tanna@firma.example\n\n{B}", PLAIN),
    ("tb en", "Fwd: Drucker defekt", f"{N}\n\n-------- Forwarded Message --------\nSubject: \tDrucker defekt\nDate: \tTue, 12 May 2026 10:05:00 +0200\nFrom: \tDora Dorn <dora@kunde.example>\nReply-To: \tdora2@kunde.example\nOrganization: \tKunde AG\nTo: \tanna@firma.example\nCC: \tBob <bob@firma.example>\n\n{B}", ("Dora Dorn <dora@kunde.example>", ["anna@firma.example"], ["Bob <bob@firma.example>"], "Drucker defekt", WHEN)),
    ("roundcube de", "Fwd: Drucker defekt", f"{N}\n\n-------- Originalnachricht --------\nBetreff: Drucker defekt\nDatum: 12.05.2026 10:05\nVon: Dora Dorn <dora@kunde.example>\nAn: anna@firma.example\n\n{B}", PLAIN),
    ("roundcube en", "Fwd: Drucker defekt", f"{N}\n\n-------- Original Message --------\nSubject: Drucker defekt\nDate: 2026-05-12 10:05\nFrom: Dora Dorn <dora@kunde.example>\nTo: anna@firma.example\n\n{B}", PLAIN),
    ("samsung", "Fwd: Drucker defekt", f"{N}\n\n-------- Ursprüngliche Nachricht --------\nVon: Dora Dorn <dora@kunde.example>\nDatum: 12.05.26  10:05  (GMT+01:00)\nAn: anna@firma.example\nBetreff: Drucker defekt\n\n{B}", PLAIN),
    ("gmx", "Fw: Drucker defekt", f'{N}\n\nGesendet: Dienstag, 12. Mai 2026 um 10:05 Uhr\nVon: "Dora Dorn" <dora@kunde.example>\nAn: anna@firma.example\nBetreff: Drucker defekt\n\n{B}', PLAIN),
    ("tonline", "Fwd: Drucker defekt", f'{N}\n\n-----Weitergeleitete Nachricht-----\nBetreff: Drucker defekt\nDatum: 2026-05-12T10:05:00+0200\nVon: "Dora Dorn" <dora@kunde.example>\nAn: "anna@firma.example" <anna@firma.example>\n\n{B}', PLAIN),
    ("yahoo", "Fw: Drucker defekt", f"{N}\n\n   ----- Forwarded Message ----- From: Dora Dorn <dora@kunde.example>To: anna@firma.example <anna@firma.example>Sent: Tuesday, May 12, 2026 at 10:05:00 AM GMT+2Subject: Drucker defekt\n\n{B}", PLAIN),
    ("yahoo lines", "Fw: Drucker defekt", f'{N}\n\n   ----- Forwarded Message -----\nFrom: Dora Dorn <dora@kunde.example>\nTo: "anna@firma.example" <anna@firma.example>\nSent: Tuesday, May 12, 2026 at 10:05:00 AM GMT+2\nSubject: Drucker defekt\n\n{B}', PLAIN),
    ("notes", "WG: Drucker defekt", f"{N}\n\n----- Weitergeleitet von Anna Arndt/Firma am 13.05.2026 08:00 -----\n\nVon:    Dora Dorn <dora@kunde.example>\nAn:     anna@firma.example\nDatum:  12.05.2026 10:05\nBetreff:        Drucker defekt\n\n\n\n{B}", PLAIN),
    ("notes en", "Fw: Drucker defekt", f"{N}\n\n----- Forwarded by Anna Arndt/Firma on 05/13/2026 08:00 AM -----\n\nFrom:   Dora Dorn <dora@kunde.example>\nTo:     anna@firma.example\nDate:   05/12/2026 10:05 AM\nSubject:        Drucker defekt\n\n\n\n{B}", PLAIN),
    ("zimbra", "Fwd: Drucker defekt", f'{N}\n\n----- Weitergeleitete Nachricht -----\nVon: "Dora Dorn" <dora@kunde.example>\nAn: anna@firma.example\nGesendet: Dienstag, 12. Mai 2026 10:05:00\nBetreff: Drucker defekt\n\n{B}', PLAIN),
    ("mailru", "Fwd: Drucker defekt", f"{N}\n\n-------- Пересылаемое сообщение --------\nОт кого: Dora Dorn <dora@kunde.example>\nКому: anna@firma.example\nДата: Вторник, 12 мая 2026, 10:05 +03:00\nТема: Drucker defekt\n\n{B}", PLAIN),
    ("yandex", "Fwd: Drucker defekt", f'{N}\n\n-------- Пересылаемое сообщение --------\n12.05.2026, 10:05, "Dora Dorn" <dora@kunde.example>:\n\n{B}', ("Dora Dorn <dora@kunde.example>", [], [], None, WHEN)),
    ("proton", "Fw: Drucker defekt", f"{N}\n\n------- Forwarded Message -------\nFrom: Dora Dorn <dora@kunde.example>\nDate: On Tuesday, May 12th, 2026 at 10:05 AM\nSubject: Drucker defekt\nTo: anna@firma.example <anna@firma.example>\n\n{B}", PLAIN),
    ("em client", "Fwd: Drucker defekt", f'{N}\n\n------ Weitergeleitete Nachricht ------\nVon: "Dora Dorn" <dora@kunde.example>\nAn: anna@firma.example\nGesendet: 12.05.2026 10:05:00\nBetreff: Drucker defekt\n\n{B}', PLAIN),
    ("em client 9", "Fwd: Drucker defekt", f'{N}\n\n------ Weitergeleitete Nachricht ------\nVon "Dora Dorn" <dora@kunde.example>\nAn anna@firma.example\nDatum 12.05.2026 10:05:00\nBetreff Drucker defekt\n\n{B}', PLAIN),
    ("the bat", "Fwd: Drucker defekt", f"{N}\n\n===8<==============Original message text===============\nFrom: Dora Dorn <dora@kunde.example>\nTo: anna@firma.example\nDate: Tuesday, May 12, 2026, 10:05:00 AM\nSubject: Drucker defekt\n\n{B}", PLAIN),
    ("zoho", "Fwd: Drucker defekt", f"{N}\n\n============ Forwarded message ============\nFrom: Dora Dorn <dora@kunde.example>\nTo: <anna@firma.example>\nDate: Tue, 12 May 2026 10:05:00 +0200\nSubject: Drucker defekt\n============ Forwarded message ============\n\n{B}", PLAIN),
    ("qq", "转发：Drucker defekt", f'{N}\n\n------------------\xa0原始邮件\xa0------------------\n发件人: "Dora Dorn"<dora@kunde.example>;\n发送时间:\xa02026年5月12日(星期二) 上午10:05\n收件人:\xa0"anna@firma.example"<anna@firma.example>;\n\n主题:\xa0Drucker defekt\n\n{B}', PLAIN),
    ("163", "Fw:Drucker defekt", f'{N}\n\n-------- 转发邮件信息 --------\n发件人："Dora Dorn" <dora@kunde.example>\n发送日期：2026-05-12 10:05:00\n收件人：anna@firma.example\n主题：Drucker defekt\n\n{B}', PLAIN),
    ("naver", "FW: Drucker defekt", f'{N}\n\n-----Original Message-----\nFrom: "Dora Dorn"<dora@kunde.example>\nTo: <anna@firma.example>;\nCc:\nSent: 2026-05-12 (화) 10:05:00 (GMT+09:00)\nSubject: Drucker defekt\n\n{B}', PLAIN),
    ("k9", "Fwd: Drucker defekt", f"{N}\n\n-------- Ursprüngliche Nachricht --------\nVon: Dora Dorn <dora@kunde.example>\nGesendet: 12. Mai 2026 10:05:00 MESZ\nAn: anna@firma.example\nBetreff: Drucker defekt\n\n{B}", PLAIN),
    ("outlook mac", "FW: Drucker defekt", f"{N}\n\nFrom: Dora Dorn <dora@kunde.example>\nDate: Tuesday, 12 May 2026 at 10:05\nTo: anna@firma.example\nSubject: Drucker defekt\n{B}", PLAIN),
    ("outlook mobile", "Fw: Drucker defekt", f"{N}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: Dora Dorn <dora@kunde.example>\nSent: Tuesday, May 12, 2026 10:05:00 AM\nTo: anna@firma.example <anna@firma.example>\nSubject: Drucker defekt\n\n{B}", PLAIN),
    ("long recipients", "WG: Drucker defekt", f"{N}\n\nVon: Dora Dorn <dora@kunde.example>\nGesendet: Dienstag, 12. Mai 2026 10:05\nAn: Arndt, Anna <anna@firma.example>; Beil, Bob <bob@firma.example>;\nEva Egon <eva@firma.example>\nBetreff: Drucker defekt\nWichtigkeit: Hoch\n\n{B}", ("Dora Dorn <dora@kunde.example>", ["Arndt, Anna <anna@firma.example>", "Beil, Bob <bob@firma.example>", "Eva Egon <eva@firma.example>"], [], "Drucker defekt", WHEN)),
    ("mailto", "FW: Drucker defekt", f"{N}\n\nFrom: Dora Dorn [mailto:dora@kunde.example] \nSent: Tuesday, May 12, 2026 10:05 AM\nTo: anna@firma.example\nSubject: Drucker defekt\n\n{B}", PLAIN),
    ("on behalf", "FW: Drucker defekt", f"{N}\n\nFrom: support@x.example <support@x.example> On Behalf Of Dora Dorn\nSent: Tuesday, May 12, 2026 10:05 AM\nTo: anna@firma.example\nSubject: Drucker defekt\n\n{B}", ("support@x.example", ["anna@firma.example"], [], "Drucker defekt", WHEN)),
    ("comma list", "FW: Drucker defekt", f'{N}\n\nFrom: "Dorn, Dora" <dora@kunde.example>\nDate: Tue, 12 May 2026 10:05:00 +0200\nTo: "Arndt, Anna" <anna@firma.example>, Bob <bob@firma.example>\nSubject: Drucker defekt\n\n{B}', ("Dorn, Dora <dora@kunde.example>", ["Arndt, Anna <anna@firma.example>", "Bob <bob@firma.example>"], [], "Drucker defekt", WHEN)),
    ("subject colon wrap", "WG: Drucker", f"{N}\n\nVon: Dora Dorn <dora@kunde.example>\nGesendet: Dienstag, 12. Mai 2026 10:05\nAn: anna@firma.example\nBetreff: AW: [Ticket 17]: Drucker defekt\n\n{B}", ("Dora Dorn <dora@kunde.example>", ["anna@firma.example"], [], "AW: [Ticket 17]: Drucker defekt", WHEN)),
]  # fmt: skip


def read_forward(subject: str, text: str) -> tuple[Fields, str, str, float]:
    head = (
        f"From: Anna Arndt <anna@firma.example>\r\nTo: support@firma.example\r\nSubject: {subject}\r\n"
        "Date: Wed, 13 May 2026 09:00:00 +0200\r\nMessage-ID: <x1@firma.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    reading = read_message(parse_message((head + text.replace("\n", "\r\n")).encode()))
    found = reading.forwarded
    assert found is not None
    assert found.date is not None
    assert reading.kind is Kind.ORDINARY
    assert found.confidence < 0.75 or not reading.reply.quoted.strip()
    to, cc = ([str(mailbox) for mailbox in each] for each in (found.to, found.cc))
    return (str(found.author), to, cc, found.subject, found.date.isoformat()[:16]), found.note, found.text, found.confidence


@pytest.mark.parametrize(("subject", "text", "expected"), [case[1:] for case in FORWARDS], ids=[case[0] for case in FORWARDS])
def test_forward_is_read_with_every_field(subject: str, text: str, expected: Fields) -> None:
    fields, note, forwarded, confidence = read_forward(subject, text)
    assert fields == expected
    assert (note, forwarded) == (N, B)
    assert confidence >= 0.75


BELOW_GMAIL: Final = (
    "---------- Forwarded message ---------\nFrom: Dora Dorn <dora@kunde.example>\nDate: Tue, May 12, 2026 at 10:05 AM\n"
    f"Subject: Drucker defekt\nTo: <anna@firma.example>\n\n\n{B}"
)


def test_forward_without_a_note_has_none() -> None:
    assert read_forward("Fwd: Drucker defekt", BELOW_GMAIL)[:3] == (PLAIN, "", B)


def test_signature_of_a_telephone_is_no_part_of_the_note() -> None:
    assert read_forward("Fwd: Drucker defekt", f"{N}\n\nVon meinem iPhone gesendet\n\n{BELOW_GMAIL}")[:3] == (PLAIN, N, B)


def test_forward_that_quotes_every_line_is_read_without_the_signs() -> None:
    inner = (
        "Anfang der weitergeleiteten Nachricht:\n\nVon: Dora Dorn <dora@kunde.example>\nDatum: 12. Mai 2026 um 10:05:00 MESZ\n"
        f"An: anna@firma.example\nBetreff: Drucker defekt\n\n{B}"
    )
    signed = "\n".join(f"> {line}" for line in inner.split("\n"))
    assert read_forward("Fwd: Drucker defekt", f"{N}\n\n{signed}")[:3] == (PLAIN, N, B)


def test_forward_with_all_header_fields_and_an_end_is_read() -> None:
    text = (
        f"{N}\n\n----- Forwarded message from Dora Dorn <dora@kunde.example> -----\n\nDate: Tue, 12 May 2026 10:05:00 +0200\n"
        "From: Dora Dorn <dora@kunde.example>\nTo: anna@firma.example\nSubject: Drucker defekt\nMessage-ID: <a@b.example>\n"
        f"User-Agent: Mutt/1.14\nX-Spam-Level: 0\n\n{B}\n\n----- End forwarded message -----"
    )
    assert read_forward("Drucker defekt (fwd)", text)[:3] == (PLAIN, N, B)


def test_forward_of_a_forward_keeps_the_inner_one_in_its_text() -> None:
    inner = "---------- Forwarded message ---------\nFrom: Kim <kim@kunde.example>\nDate: Mon, May 11, 2026 at 9:00 AM\n\nHallo"
    outer = BELOW_GMAIL.removesuffix(B) + inner
    fields, _, text, _ = read_forward("Fwd: Fwd: Drucker defekt", outer)
    assert (fields, text) == (PLAIN, inner)


def test_name_of_an_author_has_no_invisible_marks() -> None:
    text = BELOW_GMAIL.replace(
        "Dora Dorn <dora@kunde.example>", "\u202aDora Dorn\u202c\u200f <\u202adora@kunde.example\u202c\u200f>"
    )
    assert read_forward("Fwd: Drucker defekt", text)[0][0] == DORA


def test_there_are_a_hundred_forwards() -> None:
    assert len(FORWARDS) >= 100


ATTRIBUTIONS: Final = (
    "Am 12. Mai 2026 um 10:05 Uhr schrieb Dora Dorn <dora@kunde.example>:",
    "2026/05/12 10:05、Dora Dorn <dora@kunde.example>のメール:",
    '在 2026-05-12 10:05:00，"Dora Dorn" <dora@kunde.example> 写道：',
    "Вторник, 12 мая 2026, 10:05 +03:00 от Dora Dorn <dora@kunde.example>:",
    "\u202bבתאריך יום ג׳, 12 במאי 2026 ב-10:05 מאת \u202aDora Dorn\u202c\u200f <\u202adora@kunde.example\u202c\u200f>:\u202c",
    "Dora Dorn <dora@kunde.example> ezt írta (időpont: 2026. máj. 12., Sze, 10:05):",
    "Στις Τρί 12 Μαΐ 2026 στις 10:05 π.μ., ο/η Dora Dorn <dora@kunde.example> έγραψε:",
    "út 12. 5. 2026 v 10:05 odesílatel Dora Dorn <dora@kunde.example> napsal:",
    "---- On Tue, 12 May 2026 10:05:00 +0200 Dora Dorn <dora@kunde.example> wrote ----",
    "On Tuesday, May 12th, 2026 at 10:05 AM, Dora Dorn <dora@kunde.example> wrote:",
    "Le mar. 12 mai 2026 à 10:05, Dora Dorn <dora@kunde.example> a écrit :",
)


@pytest.mark.parametrize("heading", ATTRIBUTIONS)
def test_author_and_date_are_read_out_of_a_sentence_but_that_is_not_certain(heading: str) -> None:
    fields, note, text, confidence = read_forward("Fwd: Drucker defekt", f"{N}\n\n{heading}\n\n{B}")
    assert (fields[0], fields[4], note, text) == (DORA, WHEN, N, B)
    assert confidence < 0.75
