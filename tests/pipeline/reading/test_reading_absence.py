"""Absences in many languages: as Outlook names them in subjects, as people word them, and asked about by customers."""

# ruff: noqa: RUF001 many scripts look alike, and that is right here
from collections.abc import Callable
from typing import Final

import pytest

from gateway.mail.message import Message
from gateway.mail.reading import Kind
from gateway.pipeline.reading.read import read_message

Build = Callable[..., Message]
ABSENCES: Final = {
    "en": ("Automatic reply: Printer", "I am currently out of the office and will be back on Monday."),
    "de": ("Automatische Antwort: Drucker", "Ich bin bis zum 20. Mai im Urlaub."),
    "fr": ("Réponse automatique : Imprimante", "Je suis actuellement absent et serai de retour le 20 mai."),
    "es": ("Respuesta automática: Impresora", "Estaré fuera de la oficina hasta el 20 de mayo."),
    "it": ("Risposta automatica: Stampante", "Sono in ferie fino al 20 maggio."),
    "pt": ("Resposta automática: Impressora", "Estou de férias até 20 de maio."),
    "nl": ("Automatisch antwoord: Printer", "Ik ben afwezig tot 20 mei."),
    "da": ("Automatisk svar: Printer", "Jeg er på ferie til den 20. maj."),
    "no": ("Automatisk svar: Skriver", "Jeg har ferie til 20. mai."),
    "sv": ("Automatiskt svar: Skrivare", "Jag har semester till den 20 maj."),
    "fi": ("Automaattinen vastaus: Tulostin", "Olen lomalla 20.5. asti."),
    "is": ("Sjálfvirkt svar: Prentari", "Ég er í fríi til 20. maí."),
    "et": ("Automaatvastus: Printer", "Olen puhkusel kuni 20. maini."),
    "lv": ("Automātiska atbilde: Printeris", "Esmu atvaļinājumā līdz 20. maijam."),
    "lt": ("Automatinis atsakymas: Spausdintuvas", "Atostogauju iki gegužės 20 d."),
    "pl": ("Automatyczna odpowiedź: Drukarka", "Jestem na urlopie do 20 maja."),
    "cs": ("Automatická odpověď: Tiskárna", "Jsem na dovolené do 20. května."),
    "sk": ("Automatická odpoveď: Tlačiareň", "Som na dovolenke do 20. mája."),
    "hu": ("Automatikus válasz: Nyomtató", "Május 20-ig szabadságon vagyok."),
    "sl": ("Samodejni odgovor: Tiskalnik", "Do 20. maja sem na dopustu."),
    "hr": ("Automatski odgovor: Pisač", "Na godišnjem sam odmoru do 20. svibnja."),
    "sr": ("Аутоматски одговор: Штампач", "На годишњем сам одмору до 20. маја."),
    "bg": ("Автоматичен отговор: Принтер", "В отпуск съм до 20 май."),
    "ro": ("Răspuns automat: Imprimantă", "Sunt în concediu până pe 20 mai."),
    "ru": ("Автоматический ответ: Принтер", "Я в отпуске до 20 мая."),
    "uk": ("Автоматична відповідь: Принтер", "Я у відпустці до 20 травня."),
    "el": ("Αυτόματη απάντηση: Εκτυπωτής", "Είμαι σε άδεια έως τις 20 Μαΐου."),
    "tr": ("Otomatik Yanıt: Yazıcı", "20 Mayıs'a kadar izindeyim."),
    "he": ("תשובה אוטומטית: מדפסת", "אני בחופשה עד 20 במאי."),
    "ar": ("رد تلقائي: الطابعة", "أنا في إجازة حتى ٢٠ مايو."),
    "fa": ("پاسخ خودکار: چاپگر", "تا ۲۰ مه در مرخصی هستم."),
    "hi": ("स्वचालित उत्तर: प्रिंटर", "मैं 20 मई तक छुट्टी पर हूँ।"),
    "th": ("ตอบกลับอัตโนมัติ: เครื่องพิมพ์", "ฉันลาพักร้อนถึงวันที่ 20 พฤษภาคม"),
    "vi": ("Trả lời tự động: Máy in", "Tôi nghỉ phép đến ngày 20 tháng 5."),
    "id": ("Balasan otomatis: Printer", "Saya sedang cuti sampai 20 Mei."),
    "ms": ("Balasan automatik: Pencetak", "Saya bercuti sehingga 20 Mei."),
    "ja": ("自動応答: プリンター", "5月20日まで休暇をいただいております。"),
    "ko": ("자동 회신: 프린터", "5월 20일까지 휴가입니다."),
    "zh-Hans": ("自动答复: 打印机", "我正在休假，5月20日回来。"),
    "zh-Hant": ("自動回覆: 印表機", "我正在休假，5月20日回來。"),
    "ca": ("Resposta automàtica: Impressora", "Estic de vacances fins al 20 de maig."),
}
LANGUAGES: Final = sorted(ABSENCES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_absence_is_recognised_by_subject_and_text(language: str, build: Build) -> None:
    subject, text = ABSENCES[language]
    reading = read_message(build(subject=subject, text=text))
    assert (reading.kind, reading.respond) == (Kind.OUT_OF_OFFICE, False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_absence_is_recognised_by_header_and_text(language: str, build: Build) -> None:
    reading = read_message(build(subject="Re: Printer", text=ABSENCES[language][1], headers={"Auto-Submitted": "auto-replied"}))
    assert reading.kind is Kind.OUT_OF_OFFICE


@pytest.mark.parametrize("language", LANGUAGES)
def test_confirmation_of_a_helpdesk_is_no_absence(language: str, build: Build) -> None:
    reading = read_message(build(subject=ABSENCES[language][0], text="#4711", headers={"Auto-Submitted": "auto-replied"}))
    assert reading.kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("prefix", ["Re: ", "AW: ", "Fwd: ", "? "])
def test_mail_about_an_automatic_answer_is_ordinary(language: str, prefix: str, build: Build) -> None:
    assert read_message(build(subject=prefix + ABSENCES[language][0], text="?")).kind is Kind.ORDINARY


@pytest.mark.parametrize("language", LANGUAGES)
def test_customer_who_mentions_an_absence_is_heard(language: str, build: Build) -> None:
    assert read_message(build(subject="Printer", text=ABSENCES[language][1])).kind is Kind.ORDINARY
