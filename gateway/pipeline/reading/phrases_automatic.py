"""How machines speak for people, in forty languages: automatic answers, absences, bounces, receipts. Tables only."""

# ruff: noqa: RUF001, E501 wide signs count double, and many scripts look alike, and that is right here
from typing import Final

from gateway.pipeline.reading.phrases import words_of

AUTO_REPLY_SUBJECTS: Final = tuple(
    words_of(
        "automatic reply|auto reply|auto-reply|autoreply|auto response|auto-response|autoresponse|automatic response|automated reply|"
        "automated response|autoresponder|auto responder|automatische antwort|autoantwort|automatische rückantwort|"
        "automatische empfangsbestätigung|automatische eingangsbestätigung|automatische rückmeldung|automatische beantwortung|"
        "réponse automatique|reponse automatique|respuesta automática|respuesta automatica|autorespuesta|risposta automatica|"
        "resposta automática|resposta automatica|automatisch antwoord|automatisch bericht|automatische reactie|autosvar|"
        "automatisk svar|automatisk besvarelse|automatiskt svar|automaattinen vastaus|automaattivastaus|sjálfvirkt svar|"
        "automaatvastus|automaatne vastus|automātiska atbilde|automātiskā atbilde|automatinis atsakymas|automatyczna odpowiedź|"
        "odpowiedź automatyczna|autoodpowiedź|automatická odpověď|automatická odpoveď|automatikus válasz|samodejni odgovor|"
        "samodejen odgovor|automatski odgovor|аутоматски одговор|автоматски одговор|автоматичен отговор|răspuns automat|"
        "raspuns automat|автоматический ответ|автоответ|автоматична відповідь|автовідповідь|αυτόματη απάντηση|otomatik yanıt|"
        "otomatik cevap|תשובה אוטומטית|מענה אוטומטי|رد تلقائي|رد آلي|پاسخ خودکار|स्वचालित उत्तर|स्वतः उत्तर|ตอบกลับอัตโนมัติ|"
        "การตอบกลับอัตโนมัติ|trả lời tự động|thư trả lời tự động|balasan otomatis|jawaban otomatis|balasan automatik|自動応答|"
        "自動返信|自动答复|自动回复|自動回覆|自動答覆|자동 회신|자동 응답|자동응답|자동회신|resposta automàtica|"
        "erantzun automatikoa|outomatiese antwoord"
    )
)
"""Count at the very beginning of a subject, before a sign or its end."""
ABSENCE_SUBJECTS: Final = tuple(
    words_of(
        "out of office|out-of-office|out of the office|out of office autoreply|out of office auto-reply|out of office reply|ooo|"
        "vacation reply|vacation notice|vacation message|on vacation|on holiday|on annual leave|on leave|away from office|"
        "away from the office|absence notice|abwesenheitsnotiz|abwesenheitsmeldung|abwesenheitsnachricht|abwesenheitsbenachrichtigung|"
        "abwesenheitsagent|abwesenheitsassistent|automatische abwesenheitsnotiz|abwesend|nicht im büro|außer haus|im urlaub|"
        "urlaubsabwesenheit|urlaubsnotiz|abwesenheit|absence du bureau|absent du bureau|absente du bureau|absence|"
        "message d'absence|notification d'absence|en congé|en congés|en vacances|hors du bureau|fuera de la oficina|"
        "fuera de oficina|ausente|ausencia|de vacaciones|fuori sede|fuori ufficio|assenza|assente|in ferie|assenza dall'ufficio|"
        "fora do escritório|ausência temporária|ausência|de férias|em férias|afwezig|afwezigheid|afwezigheidsbericht|"
        "afwezigheidsassistent|niet op kantoor|met vakantie|op vakantie|fraværende|fravær|fraværsbesked|ikke på kontoret|"
        "ikke til stede|på ferie|fraværsmelding|fraværsassistent|frånvarande|frånvaro|ej på kontoret|inte på kontoret|"
        "på semester|frånvaromeddelande|poissa|poissaoloilmoitus|poissa toimistosta|lomalla|olen lomalla|fjarverandi|"
        "ekki á skrifstofu|kontorist väljas|puhkusel|eemal|prombūtnē|ārpus biroja|atvaļinājumā|ne biure|atostogose|nesu biure|"
        "atostogauju|poza biurem|nieobecność|nieobecny|nieobecna|nieobecność w biurze|na urlopie|urlop|mimo kancelář|"
        "nepřítomnost|nepřítomen|dovolená|v nepřítomnosti|mimo kancelárie|neprítomnosť|mimo kancelárii|dovolenka|házon kívül|"
        "nem vagyok az irodában|szabadságon|irodán kívül|odsotnost|odsoten|odsotna|na dopustu|izven ureda|izvan ureda|"
        "odsutnost|odsutan|na godišnjem odmoru|ван канцеларије|одсуство|на годишњем одмору|извън офиса|отсъствие|в отпуск|"
        "în afara biroului|absent din birou|în concediu|concediu|нет на рабочем месте|вне офиса|отсутствие|отсутствую|в отпуске|"
        "отпуск|нет на месте|я в отпуске|поза офісом|відсутність|у відпустці|відпустка|εκτός γραφείου|απουσία|σε άδεια|"
        "ofis dışında|ofis dışındayım|ofis dışı|izindeyim|izinli|מחוץ למשרד|בחופשה|חופשה|לא במשרד|خارج المكتب|في إجازة|اجازة|"
        "خارج از دفتر|مرخصی|कार्यालय से बाहर|अवकाश पर|ไม่อยู่ที่สำนักงาน|ไม่อยู่สำนักงาน|ลาพักร้อน|vắng mặt|không có mặt tại văn phòng|"
        "nghỉ phép|di luar kantor|sedang cuti|cuti|di luar pejabat|bercuti|不在通知|不在のお知らせ|休暇中|外出中|不在|부재중|부재 중|"
        "휴가 중|휴가중|부재 알림|外出|休假|不在办公室|休假中|假期|不在辦公室|外出通知|fora de l'oficina|de vacances|absent|"
        "bulegotik kanpo|oporretan|fóra da oficina|buite kantoor"
    )
)
"""Count at the very beginning of a subject, before a sign; as the whole subject only with `ABSENCE_TEXTS`."""
ABSENCE_TEXTS: Final = tuple(
    words_of(
        "out of the office|out of office|on vacation|on holiday|on annual leave|on leave|maternity leave|parental leave|paternity leave|"
        "sick leave|away from the office|away from my desk|back in the office|i am away|i'm away|currently away|i will be away|"
        "limited access to e-mail|limited access to email|limited access to my email|no access to my email|returning on|will return on|"
        "will be back|on a business trip|nicht im büro|im urlaub|außer haus|ausser haus|abwesend|nicht im haus|bin ich wieder|"
        "wieder erreichbar|wieder im büro|verreist|in urlaub|nicht erreichbar|elternzeit|mutterschutz|auf dienstreise|in meiner abwesenheit|"
        "während meiner abwesenheit|absent du bureau|absente du bureau|absent jusqu|absente jusqu|en congé|en vacances|de retour le|"
        "actuellement absent|suis absent|hors du bureau|en déplacement|fuera de la oficina|de vacaciones|estaré ausente|"
        "me encuentro ausente|estoy ausente|estaré de regreso|de regreso el|fuori ufficio|fuori sede|in ferie|sarò assente|"
        "sono assente|al mio rientro|rientrerò|fora do escritório|estou de férias|de férias|estarei ausente|em férias|"
        "estou ausente|retorno no dia|afwezig|niet op kantoor|op vakantie|met vakantie|met verlof|weer aanwezig|weer bereikbaar|"
        "ikke på kontoret|på ferie|fraværende|tilbage på kontoret|tilbake på kontoret|har ferie|holder ferie|på barsel|permisjon|"
        "inte på kontoret|på semester|har semester|frånvarande|tillbaka på kontoret|föräldraledig|är ledig|olen lomalla|"
        "poissa toimistosta|en ole paikalla|olen poissa|lomalla|palaan|ekki við í|í fríi|fjarverandi|í sumarfríi|puhkusel|"
        "kontorist eemal|viibin puhkusel|atvaļinājumā|prombūtnē|ārpus biroja|atostog|nebūsiu|nesu biure|poza biurem|na urlopie|"
        "jestem nieobecn|będę nieobecn|nie ma mnie w biurze|przebywam na|jestem na urlopie|mimo kancelář|na dovolené|"
        "nejsem přítom|nepřítom|nebudu v kanceláři|na dovolenke|mimo kancelárie|neprítom|házon kívül|szabadságon|"
        "nem vagyok az irodában|nem vagyok elérhető|szabadságomat|odsoten|odsotna|na dopustu|na godišnjem|odsutan|odsutna|"
        "nisam u uredu|на годишњем|одсутан|нисам у канцеларији|на одмор|отсутен|извън офиса|в отпуск|отсъствам|în concediu|"
        "în afara biroului|nu sunt la birou|voi lipsi|в отпуске|вне офиса|буду отсутствовать|отсутствую|нет на рабочем месте|"
        "в командировке|у відпустці|поза офісом|відсутн|εκτός γραφείου|σε άδεια|απουσιάζω|ofis dışında|izindeyim|izinliyim|"
        "tatildeyim|yıllık izinde|ofiste olmayacağım|מחוץ למשרד|בחופשה|בחופש|לא אהיה במשרד|לא נמצא|خارج المكتب|في إجازة|"
        "إجازة|مرخصی|خارج از دفتر|अवकाश पर|छुट्टी पर|कार्यालय से बाहर|ไม่อยู่ที่สำนักงาน|ลาพักร้อน|ลาพัก|ไม่ได้อยู่ที่|nghỉ phép|"
        "vắng mặt|không có mặt|sedang cuti|di luar kantor|tidak berada di|bercuti|di luar pejabat|休暇|不在|休みをいただ|外出し|출장|"
        "부재|휴가|자리를 비|不在办公室|休假|外出|出差|不在辦公室|請假|de vacances|fora de l'oficina|oporretan|bulegotik kanpo|"
        "buite kantoor|met verlof"
    )
)
"""Count inside the text of what is known to be automatic."""
BOUNCE_SUBJECTS: Final = tuple(
    words_of(
        "undelivered mail returned to sender|error sending message|mail delivery status|undelivered|message status - undeliverable|mail delivery failed|mail delivery failure|delivery status notification|undeliverable|"
        "returned mail|failure notice|delivery failure|delivery failed|message delivery failure|mail delivery problem|"
        "mail system error|undeliverable mail|undeliverable message|delayed mail|warning: could not send message|warning: message|"
        "mail delivery subsystem|message undeliverable|delivery notification|delivery report|non delivery notification|"
        "nondeliverable mail|mail could not be delivered|message not delivered|email delivery failure|unzustellbar|"
        "nicht zustellbar|unzustellbare nachricht|zustellungsfehler|zustellung fehlgeschlagen|rückgabe|nachricht unzustellbar|"
        "benachrichtigung zum übermittlungsstatus|zustellstatus|non remis|échec de la remise|message non distribué|"
        "notification d'état de la remise|non distribuable|courrier non distribué|échec de remise|no se puede entregar|"
        "no entregable|no entregado|correo no entregado|error de entrega|notificación de estado de entrega|impossibile recapitare|"
        "non recapitabile|mancato recapito|notifica sullo stato del recapito|não entregue|não foi possível entregar|não entregável|"
        "falha na entrega|onbestelbaar|niet bestelbaar|aflevering mislukt|kan ikke leveres|ikke leveret|kunne ikke leveres|"
        "kan inte levereras|olevererbart|det gick inte att leverera|ei voitu toimittaa|toimittaminen epäonnistui|"
        "nie można dostarczyć|niedostarczalne|niedostarczona|nelze doručit|nedoručitelné|nedoručiteľné|nie je možné doručiť|"
        "kézbesíthetetlen|sikertelen kézbesítés|neisporučivo|ni mogoče dostaviti|nelivrabil|imposibil de livrat|не доставлено|"
        "недоставленное сообщение|не удалось доставить|не доставлено:|αδυναμία παράδοσης|μη παραδοτέο|teslim edilemedi|iletilemedi|"
        "לא ניתן למסירה|تعذر التسليم|غير قابل للتسليم|配信不能|配信不可|配送エラー|未送達|无法投递|未送达|退信|系统退信|無法傳遞|"
        "傳送失敗|退件|배달되지 않음|반송|전송 실패|배달 실패|발송 실패|발송실패|메일이 전송되지|送信できませんでした|"
        "doručenie zlyhalo|doručení se nezdařilo|dostarczenie nie powiodło się|levering mislykket|leverans misslyckades|"
        "livrarea a eșuat|dostava ni uspela|isporuka nije uspjela|не може да бъде доставено|не вдалося доставити|không gửi được|"
        "gagal mengirim|ส่งไม่สำเร็จ"
    )
)
RECEIPT_SUBJECTS: Final = tuple(
    words_of(
        "read|not read|gelesen|ungelesen|nicht gelesen|lu|non lu|leído|no leído|letto|non letto|lida|não lida|lido|gelezen|"
        "niet gelezen|læst|ikke læst|lest|läst|inte läst|luettu|przeczytano|přečteno|prečítané|olvasott|elolvasva|prebrano|"
        "pročitano|citit|прочитано|прочтено|прочитане|αναγνώστηκε|διαβάστηκε|okundu|נקרא|مقروءة|開封済み|开封|已读|已讀|읽음|"
        "read receipt|return receipt|return receipt (displayed)|lesebestätigung|empfangsbestätigung (angezeigt)|accusé de lecture|"
        "confirmation de lecture|confirmación de lectura|acuse de recibo|conferma di lettura|ricevuta di ritorno|"
        "confirmação de leitura|recibo de leitura|leesbevestiging|ontvangstbevestiging|kvittering for læsning|läskvitto|"
        "potwierdzenie odczytu|potvrzení o přečtení|potvrdenie o prečítaní|olvasási visszaigazolás|уведомление о прочтении|"
        "开封確認|開封確認|已读回执|讀取回條|수신 확인"
    )
)
MACHINE_LOCAL_PARTS: Final = frozenset(
    [
        "noreply",
        "no-reply",
        "no_reply",
        "no.reply",
        "donotreply",
        "do-not-reply",
        "do_not_reply",
        "dont-reply",
        "dontreply",
        "noreplay",
        "nao-responda",
        "naoresponda",
        "no-responder",
        "noresponder",
        "nicht-antworten",
        "nichtantworten",
        "keine-antwort",
        "keineantwort",
        "ne-pas-repondre",
        "nepasrepondre",
        "non-rispondere",
        "nonrispondere",
        "niet-beantwoorden",
        "geen-antwoord",
        "nie-odpowiadaj",
        "neodpovidat",
        "nereagovat",
        "unattended",
        "mailer-daemon",
        "mailerdaemon",
        "postmaster-noreply",
        "bounce",
        "bounces",
        "nobody",
        "cron",
        "daemon",
        "root",
        "anacron",
        "nagios",
        "icinga",
        "zabbix",
        "munin",
        "logwatch",
        "alertmanager",
        "monit",
        "autoresponder",
        "auto-reply",
        "autoreply",
        "automailer",
        "mailbot",
        "noreply-dmarc-support",
        "dmarc-noreply",
        "noreply-support",
        "notify-noreply",
        "jenkins",
        "sysadmin-noreply",
    ]
)
"""Local parts that no person writes from."""
FORWARDING_WORDS: Final = tuple(
    words_of("forwarding|weiterleitung|transfert|reenvío|inoltro|encaminhamento|doorsturen|przekazywani|пересылк|転送|转发")
)
CONFIRMING_WORDS: Final = tuple(
    words_of(
        "confirm|verif|bestätig|confirmación|conferma|confirmação|bevestig|potwierdź|potwierdzeni|подтвержд|確認|确认|verify"
    )
)
AUTO_REPLY_HEADERS: Final = (
    "X-Autoreply", "X-Auto-Reply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Autoreply-From", "X-Mail-Autoreply",
    "X-Vacation", "X-MDAutoResponder", "X-AutoResponse", "X-Auto-Response", "X-Out-Of-Office", "X-OOF",
)  # fmt: skip
"""Fields of programs that answer for somebody."""
MACHINE_HEADERS: Final = (
    "X-Cron-Env", "X-FC-MachineGenerated", "X-Nagios-Notification-Type", "X-Zabbix-Event", "X-GitHub-Reason", "X-GitLab-Project",
    "X-ServiceNow-Generated", "X-Datadog-Monitor", "X-PRTG-Sensor", "X-Opsgenie-Alert", "X-JIRA-FingerPrint", "X-Jenkins-Job", "X-Bugzilla-Type", "X-PagerDuty", "X-Sentry-Project", "X-Logwatch", "X-Autogenerated",
)  # fmt: skip
"""Fields of programs that report by themselves."""
COMPLAINT_SUBJECTS: Final = tuple(
    words_of("complaint about message from|email feedback report for ip|spam complaint from|abuse report for")
)
"""Feedback reports of providers who use no report type."""
FORWARDING_PROVIDERS: Final = (
    "microsoft.com", "outlook.com", "live.com", "office365.com", "office.com", "yahoo.com", "yahoo-inc.com", "zoho.com", "zoho.eu",
    "zohocorp.com", "yandex.ru", "yandex.com", "mail.ru", "icloud.com", "apple.com", "fastmail.com",
)  # fmt: skip
"""Besides Google, who asks before forwarding."""
