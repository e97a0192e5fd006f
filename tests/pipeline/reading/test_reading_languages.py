"""Attributions, Outlook blocks, mobile signatures and forwards in many languages, as mail programs write them."""

# ruff: noqa: RUF001, E501, PLE2502 many scripts look alike, and that is right here
from collections.abc import Callable
from typing import Final, NamedTuple

import pytest

from gateway.mail.message import Message
from gateway.pipeline.reading.read import read_message
from gateway.pipeline.reading.reply import split_reply


class Sample(NamedTuple):
    attribution: str
    outlook: str
    mobile: str
    forward: str
    begin: str


ANNA: Final = "Anna Arndt <anna@firma.example>"
SAMPLES: Final = {
    "en": Sample(
        f"On Tue, May 12, 2026 at 10:00 AM {ANNA} wrote:",
        "From: Anna Arndt <anna@firma.example>\nSent: Tuesday, May 12, 2026 10:00 AM\nTo: Carla Kunde <carla@kunde.example>\nSubject: Printer",
        "Sent from my iPhone",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
    ),
    "de": Sample(
        f"Am Di., 12. Mai 2026 um 10:00 Uhr schrieb {ANNA}:",
        "Von: Anna Arndt <anna@firma.example>\nGesendet: Dienstag, 12. Mai 2026 10:00\nAn: Carla Kunde <carla@kunde.example>\nBetreff: Printer",
        "Von meinem iPhone gesendet",
        "-------- Weitergeleitete Nachricht --------",
        "Anfang der weitergeleiteten Nachricht:",
    ),
    "fr": Sample(
        f"Le mar. 12 mai 2026 à 10:00, {ANNA} a écrit :",
        "De : Anna Arndt <anna@firma.example>\nEnvoyé : mardi 12 mai 2026 10:00\nÀ : Carla Kunde <carla@kunde.example>\nObjet : Printer",
        "Envoyé de mon iPhone",
        "-------- Message transféré --------",
        "Début du message transféré :",
    ),
    "es": Sample(
        "El mar, 12 may 2026 a las 10:00, Anna Arndt (<anna@firma.example>) escribió:",
        "De: Anna Arndt <anna@firma.example>\nEnviado: martes, 12 de mayo de 2026 10:00\nPara: Carla Kunde <carla@kunde.example>\nAsunto: Printer",
        "Enviado desde mi iPhone",
        "-------- Mensaje reenviado --------",
        "Inicio del mensaje reenviado:",
    ),
    "it": Sample(
        f"Il giorno mar 12 mag 2026 alle ore 10:00 {ANNA} ha scritto:",
        "Da: Anna Arndt <anna@firma.example>\nInviato: martedì 12 maggio 2026 10:00\nA: Carla Kunde <carla@kunde.example>\nOggetto: Printer",
        "Inviato da iPhone",
        "-------- Messaggio inoltrato --------",
        "Inizio messaggio inoltrato:",
    ),
    "pt-BR": Sample(
        f"Em ter., 12 de mai. de 2026 às 10:00, {ANNA} escreveu:",
        "De: Anna Arndt <anna@firma.example>\nEnviado: terça-feira, 12 de maio de 2026 10:00\nPara: Carla Kunde <carla@kunde.example>\nAssunto: Printer",
        "Enviado do meu iPhone",
        "---------- Mensagem encaminhada ----------",
        "Início da mensagem encaminhada:",
    ),
    "pt-PT": Sample(
        f"{ANNA} escreveu (terça, 12/05/2026 à(s) 10:00):",
        "De: Anna Arndt <anna@firma.example>\nEnviada: 12 de maio de 2026 10:00\nPara: Carla Kunde <carla@kunde.example>\nAssunto: Printer",
        "Enviado a partir do meu telemóvel",
        "-------- Mensagem reencaminhada --------",
        "Início da mensagem reencaminhada:",
    ),
    "nl": Sample(
        f"Op di 12 mei 2026 om 10:00 schreef {ANNA}:",
        "Van: Anna Arndt <anna@firma.example>\nVerzonden: dinsdag 12 mei 2026 10:00\nAan: Carla Kunde <carla@kunde.example>\nOnderwerp: Printer",
        "Verstuurd vanaf mijn iPhone",
        "-------- Doorgestuurd bericht --------",
        "Begin doorgestuurd bericht:",
    ),
    "da": Sample(
        f"Den tirs. 12. maj 2026 kl. 10.00 skrev {ANNA}:",
        "Fra: Anna Arndt <anna@firma.example>\nSendt: 12. maj 2026 10:00\nTil: Carla Kunde <carla@kunde.example>\nEmne: Printer",
        "Sendt fra min iPhone",
        "-------- Videresendt besked --------",
        "Start på videresendt besked:",
    ),
    "no": Sample(
        f"tir. 12. mai 2026 kl. 10:00 skrev {ANNA}:",
        "Fra: Anna Arndt <anna@firma.example>\nSendt: tirsdag 12. mai 2026 10:00\nTil: Carla Kunde <carla@kunde.example>\nEmne: Printer",
        "Sendt fra min iPhone",
        "-------- Videresendt melding --------",
        "Start på videresendt melding:",
    ),
    "sv": Sample(
        f"Den tis 12 maj 2026 kl 10:00 skrev {ANNA}:",
        "Från: Anna Arndt <anna@firma.example>\nSkickat: den 12 maj 2026 10:00\nTill: Carla Kunde <carla@kunde.example>\nÄmne: Printer",
        "Skickat från min iPhone",
        "-------- Vidarebefordrat meddelande --------",
        "Vidarebefordrat brev:",
    ),
    "fi": Sample(
        "ti 12. toukok. 2026 klo 10.00 Anna Arndt (anna@firma.example) kirjoitti:",
        "Lähettäjä: Anna Arndt <anna@firma.example>\nLähetetty: tiistai 12. toukokuuta 2026 10.00\nVastaanottaja: Carla Kunde <carla@kunde.example>\nAihe: Printer",
        "Lähetetty iPhonesta",
        "-------- Välitetty viesti --------",
        "Välitetty viesti alkaa:",
    ),
    "is": Sample(
        f"þri., 12. maí 2026 kl. 10:00 skrifaði {ANNA}:",
        "Frá: Anna Arndt <anna@firma.example>\nSent: þriðjudagur, 12. maí 2026 10:00\nTil: Carla Kunde <carla@kunde.example>\nEfni: Printer",
        "Sent úr iPhone-símanum mínum",
        "-------- Áframsend skilaboð --------",
        "Upphaf áframsendra skilaboða:",
    ),
    "et": Sample(
        f"Kuupäev T, 12. mai 2026 kell 10:00 kirjutas {ANNA}:",
        "Saatja: Anna Arndt <anna@firma.example>\nSaadetud: teisipäev, 12. mai 2026 10:00\nAdressaat: Carla Kunde <carla@kunde.example>\nTeema: Printer",
        "Saadetud minu iPhone'ist",
        "-------- Edastatud kiri --------",
        "Edastatud sõnumi algus:",
    ),
    "lv": Sample(
        "otrd., 2026. g. 12. maijs, plkst. 10:00 — lietotājs Anna Arndt (<anna@firma.example>) rakstīja:",
        "No: Anna Arndt <anna@firma.example>\nNosūtīts: otrdiena, 2026. gada 12. maijs 10:00\nKam: Carla Kunde <carla@kunde.example>\nTēma: Printer",
        "Nosūtīts no mana iPhone",
        "-------- Pārsūtītais ziņojums --------",
        "Pārsūtītā ziņojuma sākums:",
    ),
    "lt": Sample(
        f"2026-05-12, an, 10:00 {ANNA} rašė:",
        "Nuo: Anna Arndt <anna@firma.example>\nIšsiųsta: 2026 m. gegužės 12 d., antradienis 10:00\nKam: Carla Kunde <carla@kunde.example>\nTema: Printer",
        "Išsiųsta iš mano „iPhone“",
        "-------- Persiųstas laiškas --------",
        "Persiunčiamo laiško pradžia:",
    ),
    "pl": Sample(
        f"wt., 12 maj 2026 o 10:00 {ANNA} napisał(a):",
        "Od: Anna Arndt <anna@firma.example>\nWysłano: wtorek, 12 maja 2026 10:00\nDo: Carla Kunde <carla@kunde.example>\nTemat: Printer",
        "Wysłane z iPhone'a",
        "-------- Treść przekazanej wiadomości --------",
        "Początek przekazywanej wiadomości:",
    ),
    "cs": Sample(
        f"út 12. 5. 2026 v 10:00 odesílatel {ANNA} napsal:",
        "Od: Anna Arndt <anna@firma.example>\nOdesláno: úterý 12. května 2026 10:00\nKomu: Carla Kunde <carla@kunde.example>\nPředmět: Printer",
        "Odesláno z iPhonu",
        "-------- Přeposlaná zpráva --------",
        "Začátek přeposílané zprávy:",
    ),
    "sk": Sample(
        f"ut 12. 5. 2026 o 10:00 {ANNA} napísal(a):",
        "Od: Anna Arndt <anna@firma.example>\nOdoslané: utorok 12. mája 2026 10:00\nKomu: Carla Kunde <carla@kunde.example>\nPredmet: Printer",
        "Odoslané z iPhonu",
        "-------- Preposlaná správa --------",
        "Začiatok preposielanej správy:",
    ),
    "hu": Sample(
        f"{ANNA} ezt írta (időpont: 2026. máj. 12., K, 10:00):",
        "Feladó: Anna Arndt <anna@firma.example>\nElküldve: 2026. május 12., kedd 10:00\nCímzett: Carla Kunde <carla@kunde.example>\nTárgy: Printer",
        "Elküldve az iPhone-omról",
        "-------- Továbbított üzenet --------",
        "A továbbított levél kezdete:",
    ),
    "sl": Sample(
        "V V tor., 12. maj 2026 ob 10:00 je oseba Anna Arndt <anna@firma.example> napisala:",
        "Od: Anna Arndt <anna@firma.example>\nPoslano: torek, 12. maj 2026 10:00\nZa: Carla Kunde <carla@kunde.example>\nZadeva: Printer",
        "Poslano iz mojega iPhona",
        "-------- Posredovano sporočilo --------",
        "Začetek posredovanega sporočila:",
    ),
    "hr": Sample(
        "uto, 12. svi 2026. u 10:00 Anna Arndt <anna@firma.example> napisao je:",
        "Od: Anna Arndt <anna@firma.example>\nPoslano: utorak, 12. svibnja 2026. 10:00\nPrima: Carla Kunde <carla@kunde.example>\nPredmet: Printer",
        "Poslano s mog iPhonea",
        "-------- Proslijeđena poruka --------",
        "Početak proslijeđene poruke:",
    ),
    "sr": Sample(
        f"уто, 12. мај 2026. у 10:00 {ANNA} је написао/ла:",
        "Од: Anna Arndt <anna@firma.example>\nПослато: уторак, 12. мај 2026. 10:00\nЗа: Carla Kunde <carla@kunde.example>\nНаслов: Printer",
        "Послато са мог iPhone-а",
        "-------- Прослеђена порука --------",
        "Почетак прослеђене поруке:",
    ),
    "bg": Sample(
        f"На вт, 12.05.2026 г. в 10:00 {ANNA} написа:",
        "От: Anna Arndt <anna@firma.example>\nИзпратено: вторник, 12 май 2026 г. 10:00\nДо: Carla Kunde <carla@kunde.example>\nОтносно: Printer",
        "Изпратено от моя iPhone",
        "-------- Препратено съобщение --------",
        "Начало на препратеното съобщение:",
    ),
    "ro": Sample(
        f"mar., 12 mai 2026 la 10:00, {ANNA} a scris:",
        "De la: Anna Arndt <anna@firma.example>\nTrimis: marți, 12 mai 2026 10:00\nCătre: Carla Kunde <carla@kunde.example>\nSubiect: Printer",
        "Trimis de pe iPhone-ul meu",
        "-------- Mesaj redirecționat --------",
        "Începe mesajul redirecționat:",
    ),
    "ru": Sample(
        f"вт, 12 мая 2026 г. в 10:00, {ANNA}:",
        "От: Anna Arndt <anna@firma.example>\nОтправлено: 12 мая 2026 г. 10:00\nКому: Carla Kunde <carla@kunde.example>\nТема: Printer",
        "Отправлено с iPhone",
        "-------- Пересылаемое сообщение --------",
        "Начало переадресованного сообщения:",
    ),
    "uk": Sample(
        f"вт, 12 трав. 2026 р. о 10:00 {ANNA} пише:",
        "Від: Anna Arndt <anna@firma.example>\nНадіслано: 12 травня 2026 р. 10:00\nКому: Carla Kunde <carla@kunde.example>\nТема: Printer",
        "Надіслано з iPhone",
        "-------- Переслане повідомлення --------",
        "Початок листа, що пересилається:",
    ),
    "el": Sample(
        f"Στις Τρί 12 Μαΐ 2026 στις 10:00 π.μ., ο/η {ANNA} έγραψε:",
        "Από: Anna Arndt <anna@firma.example>\nΣτάλθηκε: Τρίτη, 12 Μαΐου 2026 10:00\nΠρος: Carla Kunde <carla@kunde.example>\nΘέμα: Printer",
        "Στάλθηκε από το iPhone μου",
        "-------- Προωθημένο μήνυμα --------",
        "Αρχή προωθημένου μηνύματος:",
    ),
    "tr": Sample(
        "Anna Arndt <anna@firma.example>, 12 May 2026 Sal, 10:00 tarihinde şunu yazdı:",
        "Kimden: Anna Arndt <anna@firma.example>\nGönderildi: 12 Mayıs 2026 Salı 10:00\nKime: Carla Kunde <carla@kunde.example>\nKonu: Printer",
        "iPhone'umdan gönderildi",
        "-------- İletilen Mesaj --------",
        "İletilen ileti başlangıcı:",
    ),
    "he": Sample(
        "\u202bבתאריך יום ג׳, 12 במאי 2026 ב-10:00 מאת \u202aAnna Arndt\u202c\u200f <\u202aanna@firma.example\u202c\u200f>:\u202c",
        "מאת: Anna Arndt <anna@firma.example>\nנשלח: יום שלישי 12 מאי 2026 10:00\nאל: Carla Kunde <carla@kunde.example>\nנושא: Printer",
        "נשלח מה-iPhone שלי",
        "-------- הודעה שהועברה --------",
        "תחילת ההודעה שהועברה:",
    ),
    "ar": Sample(
        "في الثلاثاء، ١٢ مايو ٢٠٢٦ ١٠:٠٠ ص Anna Arndt <anna@firma.example> كتب:",
        "من: Anna Arndt <anna@firma.example>\nتم الإرسال: ١٢ مايو ٢٠٢٦ ١٠:٠٠\nإلى: Carla Kunde <carla@kunde.example>\nالموضوع: Printer",
        "أُرسلت من الـ iPhone",
        "-------- رسالة معاد توجيهها --------",
        "بداية الرسالة المعاد توجيهها:",
    ),
    "fa": Sample(
        "در تاریخ سه‌شنبه ۱۲ مهٔ ۲۰۲۶،‏ ۱۰:۰۰ Anna Arndt <anna@firma.example> نوشت:",
        "از: Anna Arndt <anna@firma.example>\nارسال شده: ۱۲ مه ۲۰۲۶ ۱۰:۰۰\nبه: Carla Kunde <carla@kunde.example>\nموضوع: Printer",
        "ارسال شده از iPhone من",
        "-------- پیام هدایت شده --------",
        "شروع پیام هدایت شده:",
    ),
    "hi": Sample(
        "मंगल, 12 मई 2026 को 10:00 am बजे को Anna Arndt <anna@firma.example> ने लिखा:",
        "प्रेषक: Anna Arndt <anna@firma.example>\nभेजा गया: 12 मई 2026 10:00\nप्रति: Carla Kunde <carla@kunde.example>\nविषय: Printer",
        "मेरे iPhone से भेजा गया",
        "-------- अग्रेषित संदेश --------",
        "अग्रेषित संदेश का आरंभ:",
    ),
    "th": Sample(
        "ในวันที่ อ. 12 พ.ค. 2026 เวลา 10:00 Anna Arndt <anna@firma.example> เขียนว่า:",
        "จาก: Anna Arndt <anna@firma.example>\nส่ง: 12 พฤษภาคม 2026 10:00\nถึง: Carla Kunde <carla@kunde.example>\nเรื่อง: Printer",
        "ส่งจาก iPhone ของฉัน",
        "-------- ข้อความที่ส่งต่อ --------",
        "เริ่มข้อความที่ส่งต่อ:",
    ),
    "vi": Sample(
        "Vào Th 3, 12 thg 5, 2026 vào lúc 10:00 Anna Arndt <anna@firma.example> đã viết:",
        "Từ: Anna Arndt <anna@firma.example>\nĐã gửi: 12 tháng 5 2026 10:00\nĐến: Carla Kunde <carla@kunde.example>\nChủ đề: Printer",
        "Đã gửi từ iPhone của tôi",
        "-------- Thư đã được chuyển tiếp --------",
        "Bắt đầu thư được chuyển tiếp:",
    ),
    "id": Sample(
        "Pada tanggal Sel, 12 Mei 2026 pukul 10.00 Anna Arndt <anna@firma.example> menulis:",
        "Dari: Anna Arndt <anna@firma.example>\nDikirim: Selasa, 12 Mei 2026 10.00\nKepada: Carla Kunde <carla@kunde.example>\nPerihal: Printer",
        "Dikirim dari iPhone saya",
        "-------- Pesan Terusan --------",
        "Mulai pesan yang diteruskan:",
    ),
    "ms": Sample(
        "Pada Sel, 12 Mei 2026 pada 10:00 Anna Arndt <anna@firma.example> menulis:",
        "Daripada: Anna Arndt <anna@firma.example>\nDihantar: 12 Mei 2026 10:00\nKepada: Carla Kunde <carla@kunde.example>\nSubjek: Printer",
        "Dihantar dari iPhone saya",
        "-------- Mesej yang dimajukan --------",
        "Mula mesej dimajukan:",
    ),
    "ja": Sample(
        "2026年5月12日(火) 10:00 Anna Arndt <anna@firma.example>:",
        "差出人: Anna Arndt <anna@firma.example>\n送信日時: 2026年5月12日 10:00\n宛先: Carla Kunde <carla@kunde.example>\n件名: Printer",
        "iPhoneから送信",
        "-------- 転送メッセージ --------",
        "転送されたメッセージ:",
    ),
    "ko": Sample(
        "2026년 5월 12일 (화) 오전 10:00, Anna Arndt <anna@firma.example>님이 작성:",
        "보낸 사람: Anna Arndt <anna@firma.example>\n보낸 날짜: 2026년 5월 12일 화요일 10:00\n받는 사람: Carla Kunde <carla@kunde.example>\n제목: Printer",
        "나의 iPhone에서 보냄",
        "-------- 전달된 메시지 --------",
        "전달된 메시지:",
    ),
    "zh-Hans": Sample(
        "Anna Arndt <anna@firma.example> 于2026年5月12日周二 10:00写道：",
        "发件人: Anna Arndt <anna@firma.example>\n发送时间: 2026年5月12日 10:00\n收件人: Carla Kunde <carla@kunde.example>\n主题: Printer",
        "发自我的 iPhone",
        "---------- 转发的邮件 ----------",
        "开始转发的邮件：",
    ),
    "zh-Hant": Sample(
        "Anna Arndt <anna@firma.example> 於 2026年5月12日 週二 上午10:00寫道：",
        "寄件者: Anna Arndt <anna@firma.example>\n寄件日期: 2026年5月12日 上午 10:00\n收件者: Carla Kunde <carla@kunde.example>\n主旨: Printer",
        "從我的 iPhone 傳送",
        "---------- 轉寄的郵件 ----------",
        "開始轉寄的郵件：",
    ),
    "ca": Sample(
        f"Missatge de {ANNA} del dia dt., 12 de maig 2026 a les 10:00:",
        "De: Anna Arndt <anna@firma.example>\nEnviat: dimarts, 12 de maig de 2026 10:00\nPer a: Carla Kunde <carla@kunde.example>\nAssumpte: Printer",
        "Enviat des del meu iPhone",
        "-------- Missatge reenviat --------",
        "Inici del missatge reenviat:",
    ),
    "eu": Sample(
        "Anna Arndt igorleak (<anna@firma.example>) hau idatzi du (2026 mai. 12, ar. (10:00)):",
        "Nork: Anna Arndt <anna@firma.example>\nBidalia: 2026(e)ko maiatzaren 12(a) 10:00\nNori: Carla Kunde <carla@kunde.example>\nGaia: Printer",
        "Nire iPhonetik bidalia",
        "-------- Birbidalitako mezua --------",
        "Birbidalitako mezuaren hasiera:",
    ),
    "gl": Sample(
        "O mar, 12 de maio de 2026 ás 10:00, Anna Arndt (<anna@firma.example>) escribiu:",
        "De: Anna Arndt <anna@firma.example>\nEnviado: martes, 12 de maio de 2026 10:00\nPara: Carla Kunde <carla@kunde.example>\nAsunto: Printer",
        "Enviado desde o meu iPhone",
        "-------- Mensaxe reenviada --------",
        "Inicio da mensaxe reenviada:",
    ),
}
ANSWER: Final = "Vielen Dank, es geht wieder.\n\nIch melde mich."
BODY: Final = "Please restart it.\n\nYour support"
LANGUAGES: Final = sorted(SAMPLES)
Build = Callable[..., Message]


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_attribution_above_quoted_lines_ends_the_answer(language: str) -> None:
    attribution = SAMPLES[language].attribution
    reply = split_reply(f"{ANSWER}\n\n{attribution}\n\n{quoted(BODY)}", None)
    assert reply.visible == ANSWER
    assert reply.quoted.strip().startswith(attribution)


@pytest.mark.parametrize("language", LANGUAGES)
def test_attribution_above_text_without_signs_ends_the_answer(language: str) -> None:
    reply = split_reply(f"{ANSWER}\n\n{SAMPLES[language].attribution}\n\n{BODY}", None, is_answer=True)
    assert reply.visible == ANSWER
    assert reply.quoted.endswith(BODY)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 60])
def test_wrapped_attribution_goes_with_the_quotation_as_a_whole(language: str, width: int) -> None:
    words, lines = SAMPLES[language].attribution.split(" "), [""]
    for word in words:
        lines = [*lines[:-1], f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < width else [*lines, word]
    reply = split_reply("\n".join([ANSWER, "", *lines, quoted(BODY)]), None)
    assert reply.visible == ANSWER


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("above", ["", "________________________________\n", "-----Original Message-----\n"])
def test_outlook_block_ends_the_answer(language: str, above: str) -> None:
    reply = split_reply(f"{ANSWER}\n\n{above}{SAMPLES[language].outlook}\n\n{BODY}", None)
    assert reply.visible == ANSWER
    assert reply.quoted.endswith(BODY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_outlook_block_in_bold_ends_the_answer(language: str) -> None:
    bold = "\n".join(f"*{line.partition(':')[0]}:*{line.partition(':')[2]}" for line in SAMPLES[language].outlook.split("\n"))
    assert split_reply(f"{ANSWER}\n\n{bold}\n\n{BODY}", None).visible == ANSWER


@pytest.mark.parametrize("language", LANGUAGES)
def test_outlook_block_with_empty_lines_between_ends_the_answer(language: str) -> None:
    block = SAMPLES[language].outlook.replace("\n", "\n\n")
    assert split_reply(f"{ANSWER}\n\n{block}\n\n{BODY}", None).visible == ANSWER


@pytest.mark.parametrize("language", LANGUAGES)
def test_mobile_signature_is_no_part_of_the_answer(language: str) -> None:
    sample = SAMPLES[language]
    reply = split_reply(f"{ANSWER}\n\n{sample.mobile}\n\n{sample.attribution}\n{quoted(BODY)}", None)
    assert reply.visible == ANSWER
    assert reply.signature.strip() == sample.mobile
    alone = split_reply(f"{ANSWER}\n\n{sample.mobile}\n", None)
    assert (alone.visible, alone.signature.strip()) == (ANSWER, sample.mobile)


@pytest.mark.parametrize("language", LANGUAGES)
def test_forwarded_mail_below_a_separator_is_found(language: str, build: Build) -> None:
    sample = SAMPLES[language]
    text = f"Bitte prüfen.\n\n{sample.forward}\n{sample.outlook}\n\n\n{BODY}"
    reading = read_message(build(subject="Fwd: Printer", text=text))
    forwarded = reading.forwarded
    assert forwarded is not None
    assert str(forwarded.author) == ANNA
    assert [str(mailbox) for mailbox in forwarded.to] == ["Carla Kunde <carla@kunde.example>"]
    assert (forwarded.subject, forwarded.note, forwarded.text) == ("Printer", "Bitte prüfen.", BODY)
    assert forwarded.date is not None
    assert forwarded.date.isoformat() == "2026-05-12T10:00:00+02:00"
    assert forwarded.confidence > 0.8
    assert reading.reply.visible == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_forwarded_mail_of_apple_mail_is_found(language: str, build: Build) -> None:
    sample = SAMPLES[language]
    text = f"Bitte prüfen.\n\n{sample.begin}\n\n{quoted(sample.outlook)}\n>\n{quoted(BODY)}"
    forwarded = read_message(build(subject="Printer", text=text)).forwarded
    assert forwarded is not None
    assert (str(forwarded.author), forwarded.note, forwarded.text) == (ANNA, "Bitte prüfen.", BODY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_forward_of_outlook_is_found_by_its_subject(language: str, build: Build) -> None:
    text = f"Bitte prüfen.\n\n{SAMPLES[language].outlook}\n\n{BODY}"
    forwarded = read_message(build(subject="WG: Printer", text=text)).forwarded
    assert forwarded is not None
    assert (str(forwarded.author), forwarded.note, forwarded.text) == (ANNA, "Bitte prüfen.", BODY)
    answer = read_message(build(subject="AW: Printer", text=text))
    assert answer.forwarded is None
    assert answer.reply.visible == "Bitte prüfen."
