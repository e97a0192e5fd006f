"""How programs and people sign in forty languages: devices, virus scanners, disclaimers. Tables only."""

# ruff: noqa: RUF001, E501 wide signs count double, and many scripts look alike, and that is right here
from typing import Final

from gateway.pipeline.reading.phrases import words_of

DEVICES: Final = words_of(
    "iphon|ipad|ipod|apple watch|macbook|icloud|android|samsung|galaxy|huawei|xiaomi|redmi|oneplus|oppo|realme|pixel|nokia|lumia|"
    "blackberry|htc|xperia|sony|motorola|moto g|honor|fairphone|nothing phone|outlook|yahoo|gmail|gmx|web.de|proton|tutanota|tuta|"
    "windows|zimbra|aquamail|aqua mail|bluemail|blue mail|spark|k-9|k9|fairemail|thunderbird|posteo|mailbird|freenet|t-online|"
    "telekom mail|magenta|mail.ru|яндекс|yandex|rambler|mailspring|superhuman|hey.com|airmail|edison|newton|canary|nine|touchdown|"
    "orange|libero|virgilio|laposte|sfr|onet|wp.pl|interia|seznam|centrum|bol mail|uol|terra|naver|네이버|daum|kakao|qq|网易|foxmail|"
    "163|sina|aol|email.it|mobile|mobil|handy|smartphone|smart phone|tablet|tablett|telefon|phone|téléphone|teléfono|móvil|movil|"
    "cellulare|telefonino|celular|telemóvel|telefoon|mobiel|gsm|puhelin|puhelimesta|puhelimella|mobiili|telefoni|telefonu|tālruņa|"
    "viedtālru|telefono|išmanioj|komórk|smartfon|smartphonu|chytré|mobilu|mobilní|mobilného|okostelefon|telefonrol|telefonomról|"
    "mobiltel|pametn|mobitel|мобил|телефон|смартфон|таблет|планшет|κινητό|τηλέφων|tablet'|cep|akıllı|telefonum|נייד|הטלפון|סמארטפון|"
    "جوال|موبايل|هاتف|موبایل|گوشی|تلفن|मोबाइल|फ़ोन|फोन|มือถือ|โทรศัพท์|điện thoại|di động|ponsel|telepon|hp saya|mudah alih|"
    "携帯|スマートフォン|スマホ|ケータイ|タブレット|휴대폰|스마트폰|휴대전화|手机|手機|平板|移动|mugikor|mòbil|mail app|mail für|"
    "mail for|mailapp|e-mail-app|device|gerät|appareil|dispositivo|enhed|enhet|laite|zařízen|zariaden|urządzen|eszköz|naprav|"
    "uređaj|уређај|устройств|пристро|dispozitiv|συσκευή|cihaz|מכשיר|جهاز|دستگاه|डिवाइस|อุปกรณ์|thiết bị|perangkat|peranti|端末|기기|设备|裝置"
)
"""What programs name when they sign."""
SCANNERS: Final = tuple(
    words_of(
        "virus-free. www.|virus-free.www.|virenfrei. www.|virenfrei.www.|virus-free|sent with proton mail|sent with protonmail|"
        "this email has been checked for viruses|this e-mail has been checked for viruses|diese e-mail wurde von avast|"
        "diese e-mail wurde auf viren|cet e-mail a été vérifié|cet email a été vérifié|l'absence de virus dans ce courrier|"
        "sans virus. www.|sin virus. www.|libre de virus. www.|libre de virus.www.|este correo electrónico ha sido comprobado|"
        "privo di virus. www.|questa e-mail è stata controllata|livre de vírus. www.|este e-mail foi verificado|"
        "virusvrij. www.|virusvrij.www.|wolny od wirusów. www.|bez virů. www.|neobsahuje žádné viry. www.|vírusmentes. www.|"
        "без вирусов. www.|не содержит вирусов. www.|virusfri. www.|viruksista vapaa. www.|get outlook for|holen sie sich outlook|"
        "télécharger outlook pour|obtenir outlook pour|obtener outlook para|scarica outlook per|obter o outlook para|"
        "download outlook voor|outlook voor ios downloaden|hämta outlook för|hent outlook til|last ned outlook for|"
        "pobierz program outlook|получить outlook для|获取 outlook for|取得 outlook for"
    )
)
"""What virus scanners and programs advertise with."""
CONFIDENTIAL: Final = tuple(
    words_of(
        "confidential|privileged|vertraulich|confidentiel|confidencial|riservat|confidenziali|vertrouwelijk|fortrolig|konfidentiell|"
        "konfidensiell|luottamuksell|trúnaðar|konfidentsiaal|konfidenciāl|konfidencial|poufn|důvěrn|dôvern|bizalmas|zaupn|povjerljiv|"
        "поверљив|доверлив|поверителн|confidenţial|confidențial|конфиденциал|конфіденційн|εμπιστευτικ|gizli|חסוי|סודי|سري|محرمانه|"
        "गोपनीय|ความลับ|bảo mật|rahasia|sulit|機密|기밀|机密|保密|konfidentzial"
    )
)
ADDRESSEE: Final = tuple(
    words_of(
        "intended recipient|intended for|intended solely|addressee|named recipient|received this e-mail in error|received this email in|"
        "received this message in error|in error|bestimmt|richtige adressat|irrtümlich|vorgesehene empfänger|destinataire|par erreur|"
        "destinatario|por error|per errore|destinatário|por engano|por erro|geadresseerde|bestemd|abusievelijk|ten onrechte|modtager|"
        "ved en fejl|mottaker|ved en feil|mottagare|avsedd|av misstag|vastaanottaj|erehdyksessä|viðtakand|adressaa|eksikombel|"
        "adresāt|kļūd|adresat|omyłkowo|pomyłkowo|klaid|příjemc|adresát|omylem|príjemc|címzett|tévedésből|prejemnik|pomotoma|primatelj|"
        "greškom|прималац|грешком|получател|погрешка|destinatar|din greșeală|адресат|по ошибке|получателю|одержувач|помилково|"
        "παραλήπτη|αποδέκτη|εκ παραδρομής|alıcı|yanlışlıkla|נמען|בטעות|المستلم|بالخطأ|प्राप्तकर्ता|ผู้รับ|người nhận|penerima|"
        "宛先|誤って|수신인|수신자|收件人|误|誤"
    )
)
THIS_MAIL: Final = tuple(
    words_of(
        "this e-mail|this email|this message|this communication|this transmission|the information contained|the contents of this|"
        "diese e-mail|diese nachricht|diese mail|dieser e-mail|dieses e-mail|ce message|cet e-mail|ce courriel|cet email|ce mail|"
        "este mensaje|este correo|esta comunicación|questo messaggio|questa e-mail|questa email|il presente messaggio|"
        "la presente e-mail|esta mensagem|este e-mail|este email|deze e-mail|dit bericht|dit e-mailbericht|denne e-mail|denne mail|"
        "denne meddelelse|denne e-post|denne meldingen|detta meddelande|detta mail|detta e-post|denna e-post|tämä viesti|"
        "tämä sähköposti|þessi tölvupóstur|see kiri|käesolev|šis e-pasts|šī vēstule|šis ziņojums|šis laiškas|ši žinutė|ta wiadomość|"
        "niniejsza wiadomość|tato zpráva|tento e-mail|táto správa|ez az üzenet|ez az e-mail|jelen üzenet|to sporočilo|ova poruka|"
        "ovaj e-mail|ова порука|оваа порака|това съобщение|този имейл|acest mesaj|acest e-mail|prezentul mesaj|это сообщение|"
        "данное сообщение|это письмо|настоящее сообщение|це повідомлення|цей лист|το μήνυμα αυτό|αυτό το μήνυμα|το παρόν μήνυμα|"
        'bu e-posta|bu ileti|bu mesaj|הודעה זו|דוא"ל זה|הודעת דואר|هذه الرسالة|هذا البريد|این پیام|این ایمیل|यह ईमेल|यह संदेश|'
        "อีเมลนี้|ข้อความนี้|email này|thư này|pesan ini|surel ini|e-mel ini|mesej ini|このメール|本メール|이 메일|이 이메일|本邮件|"
        "此邮件|本郵件|此郵件|此電子郵件|aquest missatge|aquest correu|mezu hau|esta mensaxe|hierdie e-pos"
    )
)
LEGAL: Final = tuple(
    words_of(
        "geschäftsführer|geschäftsführung|amtsgericht|hrb|hra|registergericht|ust-id|ustid|umsatzsteuer-id|sitz der gesellschaft|"
        "handelsregister|vorstand|aufsichtsrat|firmenbuch|registered office|registered in|company number|company no|vat number|"
        "vat no|siret|rcs |capital social|sede legale|partita iva|p.iva|registro mercantil|kvk|btw-nummer|cvr|org.nr|"
        "organisationsnummer|y-tunnus|krs|regon|nip:|ičo|dič|cégjegyzék|adószám|инн|огрн|mersis"
    )
)
"""What the law makes companies write below their mails; two of them make such a footer."""
