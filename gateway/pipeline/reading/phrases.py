"""How mail programs speak, in forty languages: attribution lines, header labels, separators, mobile signatures.

One row per language; alternatives are separated by `|` and compared case-folded (`lines.plain_line`). A new language or a
new wording is added here and nowhere else. Device names and wordings of every language together stand at the end.
"""

# ruff: noqa: RUF001, E501 wide signs count double, and many scripts look alike, and that is right here
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.reading.lines import plain_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """The words of one language."""

    language: str
    wrote: str
    """Verbs of an attribution line: `On … wrote:`."""
    opening: str
    """What an attribution line begins with."""
    from_: str
    sent: str
    to: str
    subject: str
    original: str
    """Between the dashes of `-----Original Message-----`."""
    forwarded: str
    """Between the dashes of `---------- Forwarded message ---------`."""
    begin: str
    """Apple's `Begin forwarded message:`."""
    mobile: str
    """How a line begins, or after `*` ends, that a mobile program signs with."""


LANGUAGES: Final[tuple[Phrases, ...]] = (
    Phrases(
        language="en",
        wrote="wrote|writes|has written",
        opening="on|at",
        from_="from",
        sent="sent|date|sent on|received",
        to="to",
        subject="subject",
        original="original message|original appointment|original e-mail|original email|reply message|replied message",
        forwarded="forwarded message|forwarded e-mail|forwarded email|forwarded by|begin forwarded message|fwd message",
        begin="begin forwarded message|start of forwarded message",
        mobile="sent from|sent via|sent with|sent using|sent by my|get outlook for|sent on|composed on",
    ),
    Phrases(
        language="de",
        wrote="schrieb|schrieben|hat geschrieben|geschrieben|schreibt",
        opening="am",
        from_="von",
        sent="gesendet|datum|gesendet am|gesendet um|verschickt",
        to="an",
        subject="betreff",
        original="ursprüngliche nachricht|original-nachricht|originalnachricht|ursprungsnachricht|original nachricht|"
        "ursprüngliche mail|ursprüngliche e-mail|originalmail|ursprünglicher termin|originaltermin",
        forwarded="weitergeleitete nachricht|weitergeleitete e-mail|weitergeleitete mail|weitergeleitet von",
        begin="anfang der weitergeleiteten nachricht|anfang der weitergeleiteten e-mail|beginn der weitergeleiteten nachricht",
        mobile="von meinem|von meiner|gesendet von|gesendet mit|gesendet über|gesendet aus|verschickt mit|holen sie sich outlook|"
        "laden sie outlook|outlook für|diese nachricht wurde von meinem|diese nachricht wurde mit|mobil gesendet|*gesendet",
    ),
    Phrases(
        language="fr",
        wrote="a écrit|a ecrit|écrit|écrivait|avez écrit",
        opening="le",
        from_="de|expéditeur",
        sent="envoyé|envoyé le|date|date d'envoi|envoyé à",
        to="à|a|destinataire",
        subject="objet|sujet",
        original="message d'origine|message d’origine|message original|message initial|rendez-vous d'origine|courriel original",
        forwarded="message transféré|message réexpédié|message transmis|courriel transféré|transféré par",
        begin="début du message transféré|début du message réexpédié|début du message retransmis",
        mobile="envoyé de mon|envoyé depuis|envoyé à partir de|envoyé avec|envoyé par|télécharger outlook|obtenir outlook|"
        "obtenez outlook|provenance",
    ),
    Phrases(
        language="es",
        wrote="escribió|escribio|ha escrito|escribe",
        opening="el",
        from_="de",
        sent="enviado|enviado el|enviado a las|fecha|fecha de envío",
        to="para|a",
        subject="asunto",
        original="mensaje original|correo original|cita original",
        forwarded="mensaje reenviado|correo reenviado|reenviado por",
        begin="inicio del mensaje reenviado|inicio del mensaje",
        mobile="enviado desde|enviado con|enviado por|obtener outlook|obtenga outlook|descargar outlook|obtén outlook",
    ),
    Phrases(
        language="it",
        wrote="ha scritto|scrive|scrisse",
        opening="il|in data|il giorno",
        from_="da",
        sent="inviato|inviato il|data|data invio|inviata",
        to="a",
        subject="oggetto",
        original="messaggio originale|messaggio originario|appuntamento originale",
        forwarded="messaggio inoltrato|inoltrato da|messaggio inviato",
        begin="inizio messaggio inoltrato|inizio del messaggio inoltrato",
        mobile="inviato da|inviato dal|inviato dall|inviato con|inviata da|scarica outlook|ottieni outlook",
    ),
    Phrases(
        language="pt",
        wrote="escreveu|escreveram|escreve",
        opening="em|a|no dia|no",
        from_="de",
        sent="enviado|enviada|enviado em|enviada em|enviado a|data|enviadas",
        to="para|a",
        subject="assunto",
        original="mensagem original|mensagem de origem|compromisso original",
        forwarded="mensagem encaminhada|mensagem reencaminhada|encaminhado por|mensagem reenviada",
        begin="início da mensagem reencaminhada|início da mensagem encaminhada|início da mensagem reenviada",
        mobile="enviado do|enviado de|enviado a partir|enviado pelo|enviado via|enviado com|enviada do|obter o outlook|"
        "obter outlook|obtenha o outlook|baixar outlook",
    ),
    Phrases(
        language="nl",
        wrote="schreef|heeft geschreven|het volgende geschreven",
        opening="op|in een bericht",
        from_="van",
        sent="verzonden|datum|verstuurd|verzonden op",
        to="aan",
        subject="onderwerp|betreft",
        original="oorspronkelijk bericht|origineel bericht|oorspronkelijke bericht|oorspronkelijke afspraak",
        forwarded="doorgestuurd bericht|doorgezonden bericht|doorgestuurd door",
        begin="begin doorgestuurd bericht|begin van doorgestuurd bericht",
        mobile="verzonden vanaf|verstuurd vanaf|verzonden met|verstuurd met|verzonden via|verstuurd via|verzonden van|"
        "outlook voor|download outlook|outlook downloaden",
    ),
    Phrases(
        language="da",
        wrote="skrev|har skrevet",
        opening="den|d.|på",
        from_="fra",
        sent="sendt|dato|afsendt",
        to="til",
        subject="emne",
        original="oprindelig meddelelse|original meddelelse|oprindelig besked|original besked|oprindelig aftale",
        forwarded="videresendt meddelelse|videresendt besked|videresendt af|videresendt mail",
        begin="start på videresendt besked|start på videresendt meddelelse|videresendt besked",
        mobile="sendt fra|sendt med|sendt via|hent outlook|få outlook",
    ),
    Phrases(
        language="no",
        wrote="skrev|har skrevet",
        opening="den|på|ons.|tir.",
        from_="fra",
        sent="sendt|dato",
        to="til",
        subject="emne",
        original="opprinnelig melding|original melding|opprinnelig e-post|opprinnelig avtale",
        forwarded="videresendt melding|videresendt e-post|videresendt av",
        begin="start på videresendt melding|begynnelse på videresendt melding|videresendt melding",
        mobile="sendt fra|sendt med|sendt via|last ned outlook|skaff outlook|få outlook",
    ),
    Phrases(
        language="sv",
        wrote="skrev|har skrivit",
        opening="den|på",
        from_="från",
        sent="skickat|datum|skickat den|sänt|skickades",
        to="till",
        subject="ämne|ärende",
        original="ursprungligt meddelande|originalmeddelande|ursprungsmeddelande|ursprunglig avtalad tid",
        forwarded="vidarebefordrat meddelande|vidarebefordrat mejl|vidarebefordrat brev|vidarebefordrat av|vidarebefordrat e-post",
        begin="vidarebefordrat brev|början på vidarebefordrat meddelande|startar vidarebefordrat meddelande|"
        "början på vidarebefordrat brev",
        mobile="skickat från|skickad från|sänt från|skickat med|skickat via|hämta outlook|mobil",
    ),
    Phrases(
        language="fi",
        wrote="kirjoitti",
        opening="",
        from_="lähettäjä|keneltä",
        sent="lähetetty|päivämäärä|päiväys|pvm",
        to="vastaanottaja|kenelle|vastaanottajat",
        subject="aihe|otsikko",
        original="alkuperäinen viesti|alkuperäinen sähköposti|alkuperäinen tapaaminen",
        forwarded="edelleenlähetetty viesti|välitetty viesti|edelleen lähetetty viesti|uudelleenlähetetty viesti",
        begin="välitetty viesti alkaa|edelleenlähetetty viesti alkaa|alkaa edelleenlähetetty viesti|välitetty viesti",
        mobile="lähetetty|hanki outlook|lataa outlook",
    ),
    Phrases(
        language="is",
        wrote="skrifaði",
        opening="þann|á",
        from_="frá",
        sent="sent|dags|dagsetning|dags.",
        to="til",
        subject="efni",
        original="upprunaleg skilaboð|upprunalegt skeyti|upphaflegt skeyti|upphafleg skilaboð",
        forwarded="áframsend skilaboð|framsend skilaboð|áframsent skeyti|áframsendur póstur|framsent skeyti",
        begin="upphaf áframsendra skilaboða|upphaf framsends skeytis",
        mobile="sent úr|sent frá|sent með|sent af",
    ),
    Phrases(
        language="et",
        wrote="kirjutas",
        opening="kuupäev|kuupäeval",
        from_="saatja|kellelt",
        sent="saadetud|kuupäev|saatmisaeg|saatmiskuupäev",
        to="adressaat|kellele|saaja",
        subject="teema|pealkiri",
        original="algne sõnum|algsõnum|originaalsõnum|algne kiri|algne teade",
        forwarded="edastatud kiri|edastatud sõnum|edasisaadetud sõnum|edasi saadetud sõnum|edastatud teade",
        begin="edastatud sõnumi algus|edastatud kirja algus|edasisaadetud sõnumi algus",
        mobile="saadetud|saadetud minu|hangi outlook",
    ),
    Phrases(
        language="lv",
        wrote="rakstīja|raksta",
        opening="",
        from_="no|sūtītājs",
        sent="nosūtīts|datums|sūtīts|nosūtīšanas laiks",
        to="kam|adresāts|saņēmējs",
        subject="tēma|temats",
        original="sākotnējais ziņojums|oriģinālais ziņojums|sākotnējā ziņa|oriģinālā ziņa",
        forwarded="pārsūtītais ziņojums|pārsūtīts ziņojums|pārsūtītā ziņa|pārsūtīta ziņa|pārsūtītā vēstule",
        begin="pārsūtītā ziņojuma sākums|pārsūtītās ziņas sākums|sākas pārsūtītais ziņojums",
        mobile="nosūtīts no|sūtīts no|nosūtīts ar|iegūstiet outlook",
    ),
    Phrases(
        language="lt",
        wrote="rašė|parašė",
        opening="",
        from_="nuo|siuntėjas",
        sent="išsiųsta|data|siųsta|išsiuntimo data",
        to="kam|iki|gavėjas",
        subject="tema",
        original="pradinis laiškas|originalus laiškas|pradinė žinutė|pirminis laiškas|pradinis pranešimas|originali žinutė",
        forwarded="persiųstas laiškas|persiųsta žinutė|persiunčiamas laiškas|peradresuotas laiškas|persiųstas pranešimas",
        begin="persiunčiamo laiško pradžia|persiųsto laiško pradžia|pradėti persiųstą laišką",
        mobile="išsiųsta iš|siųsta iš|išsiųsta naudojant|gauti outlook|gaukite outlook",
    ),
    Phrases(
        language="pl",
        wrote="napisał|napisał(a)|napisała|napisał/a|pisze|pisał|napisali",
        opening="dnia|w dniu",
        from_="od|nadawca",
        sent="wysłano|wysłane|data|data wysłania|wysłany",
        to="do|adresat|odbiorca",
        subject="temat",
        original="oryginalna wiadomość|wiadomość oryginalna|wiadomość pierwotna|pierwotna wiadomość|oryginalny termin",
        forwarded="wiadomość przekazana dalej|przekazana wiadomość|treść przekazanej wiadomości|przesłana wiadomość|"
        "wiadomość przekazana|przekazane przez",
        begin="początek przekazywanej wiadomości|początek przekazanej wiadomości|początek przesłanej wiadomości",
        mobile="wysłane z|wysłano z|wysłane przy użyciu|wysłane przez|pobierz program outlook|pobierz aplikację outlook|"
        "pobierz outlook|uzyskaj outlook",
    ),
    Phrases(
        language="cs",
        wrote="napsal|napsal(a)|napsala|napsal/a|píše",
        opening="dne",
        from_="od|odesílatel",
        sent="odesláno|datum|odesláno dne|posláno",
        to="komu|pro|příjemce",
        subject="předmět",
        original="původní zpráva|původní e-mail|původní mail|původní schůzka",
        forwarded="přeposlaná zpráva|přeposlaný e-mail|předaná zpráva|přesměrovaná zpráva",
        begin="začátek přeposílané zprávy|začátek přeposlané zprávy|začátek předávané zprávy",
        mobile="odesláno z|odesláno ze|odesláno pomocí|odesláno přes|posláno z|získat outlook|získejte outlook|stáhnout outlook",
    ),
    Phrases(
        language="sk",
        wrote="napísal|napísal(a)|napísala|napísal/a|píše",
        opening="dňa|dna",
        from_="od|odosielateľ",
        sent="odoslané|dátum|odoslané dňa|poslané",
        to="komu|pre|príjemca",
        subject="predmet",
        original="pôvodná správa|pôvodný e-mail|originálna správa|pôvodná plánovaná činnosť",
        forwarded="preposlaná správa|preposlaný e-mail|odovzdaná správa|presmerovaná správa",
        begin="začiatok preposielanej správy|začiatok preposlanej správy|začiatok odovzdanej správy",
        mobile="odoslané z|odoslané zo|odoslané pomocou|odoslané cez|poslané z|získať outlook|získajte outlook",
    ),
    Phrases(
        language="hu",
        wrote="írta|ezt írta|a következőt írta|írt",
        opening="",
        from_="feladó|küldő",
        sent="elküldve|küldve|dátum|küldés ideje|küldés dátuma",
        to="címzett|címzettek",
        subject="tárgy",
        original="eredeti üzenet|eredeti levél|eredeti találkozó",
        forwarded="továbbított üzenet|továbbított levél|továbbítva|továbbított e-mail",
        begin="a továbbított levél kezdete|továbbított üzenet kezdete|a továbbított üzenet kezdete|továbbított levél kezdete",
        mobile="elküldve|küldve|az outlook|*küldve|*elküldve",
    ),
    Phrases(
        language="sl",
        wrote="napisal|napisala|je napisal|napisal/a|piše",
        opening="dne|v|dan",
        from_="od|pošiljatelj",
        sent="poslano|datum|poslano dne",
        to="za|komu|prejemnik",
        subject="zadeva",
        original="izvirno sporočilo|originalno sporočilo|prvotno sporočilo",
        forwarded="posredovano sporočilo|preposlano sporočilo|posredovano od",
        begin="začetek posredovanega sporočila|začetek posredovane pošte",
        mobile="poslano iz|poslano z|poslano s|pridobite outlook",
    ),
    Phrases(
        language="hr",
        wrote="napisao|napisala|je napisao|je napisao/la|napisao/la|piše",
        opening="dana|dne|u",
        from_="od|šalje|pošiljatelj",
        sent="poslano|datum|poslano dana",
        to="za|prima|primatelj",
        subject="predmet|naslov",
        original="izvorna poruka|originalna poruka|izvorna e-poruka|originalni e-mail",
        forwarded="proslijeđena poruka|preusmjerena poruka|proslijeđeno od|proslijeđena e-poruka",
        begin="početak proslijeđene poruke|započni proslijeđenu poruku|početak preusmjerene poruke",
        mobile="poslano s|poslano sa|poslano iz|poslano putem|nabavite outlook|preuzmite outlook",
    ),
    Phrases(
        language="sr",
        wrote="је написао|је написао/ла|написао|написала|написао/ла|пише|je napisao/la",
        opening="дана|dana|на",
        from_="од|šalje|шаље|пошиљалац|pošiljalac",
        sent="послато|датум|poslato|послато дана",
        to="за|коме|прима|прималац",
        subject="наслов|тема|предмет|naslov",
        original="оригинална порука|изворна порука|првобитна порука|prvobitna poruka",
        forwarded="прослеђена порука|прослеђено|prosleđena poruka|преусмерена порука",
        begin="почетак прослеђене поруке|početak prosleđene poruke",
        mobile="послато са|послато с|послато из|poslato sa|poslato s|poslato iz|набавите outlook",
    ),
    Phrases(
        language="mk",
        wrote="напиша|напишал",
        opening="на",
        from_="од|испраќач",
        sent="испратено|датум|пратено",
        to="до|за",
        subject="предмет|наслов|тема",
        original="оригинална порака|првична порака|изворна порака",
        forwarded="препратена порака|проследена порака",
        begin="почеток на препратената порака|почеток на проследената порака",
        mobile="испратено од|пратено од",
    ),
    Phrases(
        language="bg",
        wrote="написа|пише",
        opening="на",
        from_="от|подател",
        sent="изпратено|дата|изпратена|изпратено на",
        to="до|получател",
        subject="относно|тема",
        original="оригинално съобщение|първоначално съобщение|изходно съобщение|оригинално писмо",
        forwarded="препратено съобщение|препратен имейл|препратено писмо",
        begin="начало на препратеното съобщение|начало на препратено съобщение",
        mobile="изпратено от|изпратено чрез|изпратено с|изтеглете outlook|вземете outlook",
    ),
    Phrases(
        language="ro",
        wrote="a scris|scria|au scris|scrie",
        opening="pe|în data de|la|in data de|în",
        from_="de la|de|expeditor",
        sent="trimis|data|dată|trimis la|trimisă",
        to="către|catre|la|destinatar",
        subject="subiect|subiectul",
        original="mesaj original|mesajul original|mesaj inițial|mesaj iniţial",
        forwarded="mesaj redirecționat|mesaj redirecţionat|mesaj transmis|mesaj transmis mai departe|mesaj înaintat",
        begin="începe mesajul redirecționat|începutul mesajului redirecționat|începutul mesajului transmis|"
        "începe mesajul redirecţionat",
        mobile="trimis de pe|trimis din|trimis de la|trimis cu|trimis prin|descărcați outlook|obțineți outlook|obţineţi outlook",
    ),
    Phrases(
        language="ru",
        wrote="написал|написал(а)|написала|пишет|писал|писал(а)|написали|пишете|писала",
        opening="",
        from_="от|от кого|отправитель",
        sent="отправлено|дата|послано|дата отправки|отправлен",
        to="кому|для|получатель",
        subject="тема",
        original="исходное сообщение|оригинальное сообщение|исходное письмо|первоначальное сообщение|"
        "оригинальное письмо|исходная встреча",
        forwarded="пересылаемое сообщение|перенаправленное сообщение|пересланное сообщение|пересланное письмо|"
        "пересылаемое письмо|перенаправленное письмо|конец пересылаемого сообщения",
        begin="начало переадресованного сообщения|начало пересылаемого сообщения|начало пересланного сообщения|"
        "начало перенаправленного сообщения",
        mobile="отправлено с|отправлено из|отправлено через|отправлено со|послано с|отправлено от|скачать outlook|"
        "получить outlook|получите outlook|отправлено с помощью",
    ),
    Phrases(
        language="uk",
        wrote="пише|написав|написав(ла)|написала|написав/ла|писав",
        opening="",
        from_="від|від кого|відправник",
        sent="надіслано|дата|відправлено|дата надсилання",
        to="кому|одержувач|до",
        subject="тема",
        original="вихідне повідомлення|оригінальне повідомлення|початкове повідомлення|первинне повідомлення",
        forwarded="переслане повідомлення|перенаправлене повідомлення|переадресоване повідомлення|пересланий лист|"
        "пересилається повідомлення",
        begin="початок листа, що пересилається|початок пересланого повідомлення|початок переадресованого повідомлення|"
        "початок листа, який пересилається",
        mobile="надіслано з|надіслано із|надіслано через|надіслано зі|відправлено з|отримати outlook|отримайте outlook",
    ),
    Phrases(
        language="el",
        wrote="έγραψε|έγραψαν|έγραψες|γράφει",
        opening="στις|την|στη|στο|τη",
        from_="από|αποστολέας",
        sent="στάλθηκε|ημερομηνία|εστάλη|αποστολή|απεστάλη",
        to="προς|παραλήπτης",
        subject="θέμα",
        original="αρχικό μήνυμα|αυθεντικό μήνυμα|πρωτότυπο μήνυμα",
        forwarded="προωθημένο μήνυμα|προωθούμενο μήνυμα|προωθήθηκε από",
        begin="αρχή προωθημένου μηνύματος|έναρξη προωθημένου μηνύματος|αρχή προωθούμενου μηνύματος",
        mobile="στάλθηκε από|εστάλη από|στάλθηκε με|απεστάλη από|αποκτήστε το outlook|λήψη του outlook",
    ),
    Phrases(
        language="tr",
        wrote="yazdı|şunu yazdı|şunları yazdı|şöyle yazdı|yazmış",
        opening="",
        from_="kimden|gönderen",
        sent="gönderildi|tarih|gönderme tarihi|gönderilme tarihi|gönderim tarihi",
        to="kime|alıcı",
        subject="konu",
        original="orijinal ileti|orijinal mesaj|özgün ileti|özgün mesaj|asıl ileti|ilk ileti|orjinal mesaj",
        forwarded="iletilen mesaj|iletilmiş mesaj|yönlendirilmiş ileti|yönlendirilmiş mesaj|yönlendirilen mesaj|iletilen ileti|"
        "yönlendirilen ileti",
        begin="iletilen ileti başlangıcı|yönlendirilen iletinin başlangıcı|iletilmiş mesaj başlangıcı",
        mobile="*gönderildi|*gönderilmiştir|*gönderdim|outlook'u edinin|*edinin|*indirin",
    ),
    Phrases(
        language="he",
        wrote="כתב|כתבה|כתב/ה|כתבו|מאת",
        opening="בתאריך|ב-|ב|ביום",
        from_="מאת|שולח",
        sent="נשלח|תאריך|נשלח ב|נשלח בתאריך",
        to="אל|נמען",
        subject="נושא|הנדון",
        original="הודעה מקורית|ההודעה המקורית|הודעת המקור",
        forwarded="הודעה שהועברה|הודעה מועברת|הודעה שנשלחה",
        begin="תחילת ההודעה שהועברה|תחילת הודעה שהועברה|התחלת ההודעה שהועברה",
        mobile="נשלח מ|נשלחה מ|נשלח באמצעות|הורד את outlook|קבל את outlook|להורדת outlook",
    ),
    Phrases(
        language="ar",
        wrote="كتب|كتبت|كتبوا|تمت كتابة",
        opening="في|بتاريخ|في يوم",
        from_="من|المرسل",
        sent="تم الإرسال|أرسلت|أُرسلت|التاريخ|تاريخ الإرسال|تاريخ|أرسل|الإرسال",
        to="إلى|الى|المستلم",
        subject="الموضوع|موضوع",
        original="الرسالة الأصلية|رسالة أصلية|الرسالة الاصلية|رسالتك الأصلية",
        forwarded="رسالة معاد توجيهها|رسالة مُعاد توجيهها|الرسالة المعاد توجيهها|رسالة محولة|الرسالة المحولة|رسالة تم تحويلها",
        begin="بداية الرسالة المعاد توجيهها|بدء الرسالة المعاد توجيهها|بداية الرسالة المحولة|بداية الرسالة المُعاد توجيهها",
        mobile="أرسلت من|أُرسلت من|تم الإرسال من|مرسل من|مُرسل من|أرسل من|أُرسل من|الحصول على outlook|احصل على outlook",
    ),
    Phrases(
        language="fa",
        wrote="نوشت|نوشته است|نوشته",
        opening="در تاریخ|در|روز",
        from_="از|فرستنده",
        sent="ارسال شده|تاریخ|ارسال|ارسال شده در|زمان ارسال",
        to="به|گیرنده",
        subject="موضوع",
        original="پیام اصلی|پیغام اصلی|نامه اصلی",
        forwarded="پیام بازارسال شده|پیام بازارسال‌شده|پیام هدایت شده|پیام فوروارد شده|پیام ارسال شده|پیام باز ارسال شده",
        begin="شروع پیام هدایت شده|آغاز پیام هدایت شده|شروع پیام بازارسال شده|آغاز پیام بازارسال شده",
        mobile="ارسال شده از|فرستاده شده از|ارسال شده با|*ارسال شد|*ارسال شده است|*ارسال شده",
    ),
    Phrases(
        language="hi",
        wrote="ने लिखा|लिखा|ने लिखा है",
        opening="",
        from_="प्रेषक|द्वारा|से",
        sent="भेजा गया|दिनांक|भेजे गए|तारीख|भेजा",
        to="प्रति|प्राप्तकर्ता|को",
        subject="विषय",
        original="मूल संदेश|मूल सन्देश",
        forwarded="अग्रेषित संदेश|अग्रेषित सन्देश|फ़ॉरवर्ड किया गया संदेश|फॉरवर्ड किया गया संदेश",
        begin="अग्रेषित संदेश का आरंभ|अग्रेषित संदेश की शुरुआत|अग्रेषित संदेश प्रारंभ",
        mobile="*से भेजा गया|*से भेजा गया है|*द्वारा भेजा गया|*से प्रेषित",
    ),
    Phrases(
        language="th",
        wrote="เขียนว่า|เขียน|ได้เขียน",
        opening="ในวันที่|เมื่อ|วันที่|เมื่อวันที่",
        from_="จาก|ผู้ส่ง",
        sent="ส่ง|วันที่|ส่งเมื่อ|ส่งเมื่อวันที่",
        to="ถึง|ผู้รับ",
        subject="เรื่อง|ชื่อเรื่อง|หัวเรื่อง|หัวข้อ",
        original="ข้อความต้นฉบับ|ข้อความเดิม|ต้นฉบับข้อความ",
        forwarded="ข้อความที่ส่งต่อ|ข้อความส่งต่อ|ข้อความที่ถูกส่งต่อ",
        begin="เริ่มข้อความที่ส่งต่อ|เริ่มต้นข้อความที่ส่งต่อ",
        mobile="ส่งจาก|ส่งมาจาก|รับ outlook|ส่งด้วย",
    ),
    Phrases(
        language="vi",
        wrote="đã viết|viết|đã viết như sau",
        opening="vào|lúc|ngày|vào ngày",
        from_="từ|người gửi",
        sent="đã gửi|ngày|gửi|ngày gửi|đã gửi lúc|thời gian",
        to="đến|tới|người nhận|gửi đến|cho",
        subject="chủ đề|tiêu đề",
        original="thư gốc|tin nhắn gốc|tin nhắn ban đầu|thông điệp gốc|thư ban đầu",
        forwarded="thư đã được chuyển tiếp|tin nhắn đã chuyển tiếp|tin nhắn được chuyển tiếp|thư chuyển tiếp|"
        "thư được chuyển tiếp|thông điệp chuyển tiếp",
        begin="bắt đầu thư được chuyển tiếp|bắt đầu chuyển tiếp thư|bắt đầu thư đã chuyển tiếp|bắt đầu tin nhắn được chuyển tiếp",
        mobile="gửi từ|đã gửi từ|được gửi từ|đã được gửi từ|tải outlook|nhận outlook",
    ),
    Phrases(
        language="id",
        wrote="menulis|telah menulis",
        opening="pada|pada tanggal|tanggal|pada hari",
        from_="dari|pengirim",
        sent="dikirim|tanggal|terkirim|dikirim pada",
        to="kepada|ke|untuk|penerima",
        subject="perihal|subjek|subyek|hal|judul",
        original="pesan asli|pesan awal|pesan original|pesan semula",
        forwarded="pesan terusan|pesan yang diteruskan|pesan diteruskan|pesan yang diteruskan oleh",
        begin="mulai pesan yang diteruskan|awal pesan yang diteruskan|mulai pesan diteruskan",
        mobile="dikirim dari|terkirim dari|dikirim dengan|dikirim melalui|dapatkan outlook|unduh outlook",
    ),
    Phrases(
        language="ms",
        wrote="menulis|telah menulis",
        opening="pada",
        from_="daripada|dari",
        sent="dihantar|tarikh|dihantar pada",
        to="kepada|ke",
        subject="subjek|perkara",
        original="mesej asal|mesej asli|e-mel asal",
        forwarded="mesej yang dimajukan|mesej dimajukan|mesej dikirim semula|mesej yang diteruskan",
        begin="mula mesej dimajukan|mulakan mesej yang dimajukan|permulaan mesej yang dimajukan",
        mobile="dihantar daripada|dihantar dari|dihantar menggunakan|dapatkan outlook",
    ),
    Phrases(
        language="ja",
        wrote="のメール|は書きました|さんは書きました|が書きました|さんの発言|は次のように書きました|書いた",
        opening="",
        from_="差出人|送信者|送信元|発信者",
        sent="送信日時|日付|送信日|日時|受信日時|送信時刻",
        to="宛先|送信先|受信者|宛て先",
        subject="件名|題名",
        original="元のメッセージ|オリジナルメッセージ|元のメール|元の予定|original message",
        forwarded="転送メッセージ|転送されたメッセージ|転送メール|転送されたメール|転送 メッセージ",
        begin="転送されたメッセージ|転送されたメール|メール転送の開始|転送メッセージの開始",
        mobile="*から送信|*から送信されました|*から送信しました|*を入手|*から送信しています|*で送信",
    ),
    Phrases(
        language="ko",
        wrote="작성|님이 작성|썼습니다|님이 씀|님이 작성한 메시지|님이 작성했습니다|님께서 작성",
        opening="",
        from_="보낸 사람|보낸사람|발신|발신인|보낸이",
        sent="보낸 날짜|날짜|보낸날짜|보낸 시간|발신일|일시",
        to="받는 사람|받는사람|수신|수신인|받는이",
        subject="제목",
        original="원본 메시지|원본 메일|원본 이메일|원래 메시지|원본메시지|원본 약속",
        forwarded="전달된 메시지|전달된 메일|전달 메시지|전달된 이메일|전달한 메시지|forwarded message",
        begin="전달된 메시지|다음은 전달된 메시지입니다|전달된 메시지 시작|전달된 이메일 시작",
        mobile="*에서 보냄|*에서 전송|*에서 보낸 메일|*에서 전송함|*에서 보냈습니다|*에서 발송된 메일입니다",
    ),
    Phrases(
        language="zh-Hans",
        wrote="写道|写|写到|来信",
        opening="在|于|at",
        from_="发件人|发信人|寄件人|发送人|来自",
        sent="发送时间|日期|时间|发送日期|已发送|发件日期",
        to="收件人|收信人|至",
        subject="主题|标题",
        original="原始邮件|原邮件|原始消息|原始信息|原始约会|回复的原邮件|邮件原件",
        forwarded="转发的邮件|转发邮件|转发邮件信息|转发的消息|转发的信件|已转发邮件|forwarded message|以下是转发的邮件",
        begin="开始转发的邮件|以下是转发的邮件|下面是被转发的邮件|转发的邮件|以下为转发邮件",
        mobile="发自|来自我的|从我的|获取 outlook|获取适用于|发送自|*发送|*发出",
    ),
    Phrases(
        language="zh-Hant",
        wrote="寫道|寫|寫到|來信",
        opening="在|於|於是",
        from_="寄件者|寄件人|發件人|從",
        sent="寄件日期|日期|傳送時間|寄送時間|傳送日期|時間|發送時間|已傳送",
        to="收件者|收件人|至",
        subject="主旨|主題|標題",
        original="原始郵件|原始訊息|原來的郵件|原郵件|原始信件|原始約會",
        forwarded="轉寄郵件|轉寄的郵件|轉寄訊息|轉寄的訊息|轉寄信件|轉發的郵件|轉發郵件|已轉寄的郵件",
        begin="開始轉寄的郵件|以下是被轉寄的信件|以下是轉寄的郵件|開始轉寄郵件|轉寄的郵件|以下是轉寄郵件",
        mobile="從我的|發自|寄自|取得 outlook|下載 outlook|取得適用於|*傳送|*寄出|*發送",
    ),
    Phrases(
        language="ca",
        wrote="va escriure|ha escrit|escrigué|missatge de",
        opening="el|missatge de|en|a",
        from_="de",
        sent="enviat|data|enviat el|enviat a",
        to="a|per a|per",
        subject="assumpte|tema",
        original="missatge original|correu original|missatge d'origen",
        forwarded="missatge reenviat|correu reenviat|reenviat per",
        begin="inici del missatge reenviat|comença el missatge reenviat",
        mobile="enviat des de|enviat des del|enviat amb|enviat per|obteniu l'outlook|obtén outlook",
    ),
    Phrases(
        language="eu",
        wrote="idatzi du|idatzi zuen|honela idatzi du|igorleak idatzi du",
        opening="",
        from_="nork|igorlea|bidaltzailea",
        sent="bidalia|data|bidaltze-data|noiz",
        to="nori|hartzailea",
        subject="gaia",
        original="jatorrizko mezua|jatorrizko mezu elektronikoa",
        forwarded="birbidalitako mezua|birbidalia|mezu birbidalia",
        begin="birbidalitako mezuaren hasiera|birbidalitako mezua hasten da",
        mobile="*bidalia|*bidalita|*bidali da",
    ),
    Phrases(
        language="gl",
        wrote="escribiu",
        opening="o|en|o día",
        from_="de",
        sent="enviado|data|enviada|enviado o",
        to="para|a",
        subject="asunto",
        original="mensaxe orixinal|correo orixinal",
        forwarded="mensaxe reenviada|correo reenviado",
        begin="inicio da mensaxe reenviada|comeza a mensaxe reenviada",
        mobile="enviado desde|enviada desde|enviado dende",
    ),
    Phrases(
        language="af",
        wrote="het geskryf|geskryf|skryf",
        opening="op",
        from_="van",
        sent="gestuur|datum|gestuur op",
        to="aan",
        subject="onderwerp",
        original="oorspronklike boodskap|oorspronklike bericht",
        forwarded="aangestuurde boodskap|aangestuurde e-pos|aangestuur deur",
        begin="begin van aangestuurde boodskap|begin aangestuurde boodskap",
        mobile="gestuur vanaf|gestuur van",
    ),
)


def words_of(*rows: str) -> frozenset[str]:
    """Return every wording of some rows as `plain_line` gives them."""
    return frozenset(plain_line(word) for row in rows for word in row.split("|") if word)


WROTE: Final = words_of(*(row.wrote for row in LANGUAGES))
OPENINGS: Final = words_of(*(row.opening for row in LANGUAGES))
ATTRIBUTION_WORDS: Final = frozenset(word for phrase in WROTE | OPENINGS for word in phrase.split()) | words_of(
    "uhr|am|pm|a.m|p.m|π.μ|μ.μ|gmt|utc|cet|cest|mez|mesz|est|edt|pst|pdt|msk|jst|h|hrs|hat|has|have|um|at|om|kl|klo|o|à|ore|ч|г|р|"
    "v|в|у|від|от|odesílatel|ο/η|missatge|via|by|from|message|ص|م"
)
"""What may stand in an attribution line between the time of day and the name."""
FROM_LABELS: Final = words_of(*(row.from_ for row in LANGUAGES))
SENT_LABELS: Final = words_of(*(row.sent for row in LANGUAGES))
TO_LABELS: Final = words_of(*(row.to for row in LANGUAGES))
SUBJECT_LABELS: Final = words_of(*(row.subject for row in LANGUAGES))
CC_LABELS: Final = words_of(
    "cc|bcc|kopie|copie|copia|cópia|kopi|kopia|kopio|afrit|koopia|kopija|dw|kópia|másolat|másolatot kap|kp|копия|копія|копија|"
    "копие|κοιν.|κοινοποίηση|bilgi|עותק|العتق|نسخة|نسخة إلى|رونوشت|प्रतिलिपि|สำเนา|สำเนาถึง|đồng gửi|tembusan|salinan|参照|참조|抄送|"
    "副本|còpia|kopia oculta|cc:|copie à|kopie an|in kopie|ccn|cco|cci|bcc:|másolatot kapja|blindkopie|密送|"
    "숨은 참조|密件副本"
)
OTHER_LABELS: Final = words_of(
    "reply-to|reply to|antwort an|antworten an|importance|wichtigkeit|priority|priorität|attachments|attachment|anlagen|anhänge|"
    "organization|organisation|resent-from|resent-to|message-id|répondre à|responder a|responder para|rispondi a|importancia|"
    "importance|importanza|importância|belang|adjuntos|pièces jointes|allegati|anexos|bijlagen|newsgroups|mailing list|ответить|"
    "вложения|важность|返信先|重要度|回复|附件|附件|when|where|wann|wo|termin|antwoord aan|pièce jointe|categories|sensitivity"
)
ORIGINAL: Final = words_of(*(row.original for row in LANGUAGES))
FORWARDED: Final = words_of(*(row.forwarded for row in LANGUAGES))
BEGIN_FORWARDED: Final = words_of(*(row.begin for row in LANGUAGES))
MOBILE_STARTS: Final = tuple(w for w in words_of(*(row.mobile for row in LANGUAGES)) if not w.startswith("*"))
MOBILE_ENDS: Final = tuple(w[1:] for w in words_of(*(row.mobile for row in LANGUAGES)) if w.startswith("*"))
FORWARD_STEMS: Final = tuple(
    words_of(
        "forward|fwd|weitergeleit|transfér|réexpédi|reenvia|inoltrat|encaminhad|doorgestuur|doorgezonden|videresend|"
        "vidarebefordra|edelleenlähet|välitet|edastatud|pārsūt|persių|peradres|przekaz|přepos|předáv|prepos|továbbít|"
        "posredovan|proslij|прослеђ|prosleđ|препратен|redirec|пересыла|пересла|перенаправ|переадрес|προωθ|ilet|yönlendir|הועבר|"
        "توجيه|محول|अग्रेषित|ส่งต่อ|chuyển tiếp|terusan|diteruskan|dimajukan|転送|전달|转发|轉寄|轉發|birbidal|aangestuur|áframsen|"
        "framsen|هدایت|ارسال"
    )
)
"""Parts of words for forwarding; they count only between dashes above a header block."""
REPLY_ABOVE: Final = tuple(
    words_of(
        "above this line|über dieser zeile|oberhalb dieser|au-dessus de cette ligne|encima de esta línea|sopra questa riga|"
        "sopra questa linea|acima desta linha|boven deze regel|boven deze lijn|over denne linje|ovenfor denne linje|"
        "ovanför denna rad|ovanför den här raden|tämän rivin yläpuolelle|powyżej tej linii|nad tento řádek|nad tímto řádkem|"
        "nad týmto riadkom|e sor fölé|deasupra acestei linii|выше этой строки|вище цього рядка|bu satırın üst|"
        "πάνω από αυτή τη γραμμή|この行より上|此行上方|此行之上|이 줄 위에"
    )
)
"""What helpdesks ask for between dashes: to answer above this line."""
