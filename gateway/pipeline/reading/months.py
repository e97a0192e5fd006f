"""Reading the day and time that a mail program wrote for people, in forty languages.

Mail programs write these in the zone of whoever answers or forwards, mostly without naming it: the caller says which zone to
assume.
"""

# ruff: noqa: RUF001, E501 wide signs count double, and many scripts look alike, and that is right here
import re
from datetime import datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from typing import Final

from gateway.pipeline.reading.lines import plain_line

_MONTHS: Final = (
    (
        "january januar janvier enero gennaio janeiro januari tammikuu tammikuuta janúar jaanuar janvāris sausis sausio stycznia styczeń "
        "ledna leden január januára januar siječnja siječanj јануар јануари януари ianuarie января январь січня січень ιανουαρίου ιαν ocak "
        "ינואר يناير كانون ژانویه ژانویهٔ जनवरी जन มกราคม ม.ค gener urtarrila xaneiro januarie jan sty led sij янв січ oca"
    ),
    (
        "february februar février febrero febbraio fevereiro februari helmikuu helmikuuta febrúar veebruar februāris vasaris vasario lutego "
        "luty února únor február februára februarja veljače фебруар февруари ianuarie_ februarie февраля февраль лютого лютий φεβρουαρίου "
        "φεβ şubat פברואר فبراير شباط فوریه फ़रवरी फरवरी กุมภาพันธ์ ก.พ febrer otsaila febreiro feb fév févr lut úno velj фев лют şub"
    ),
    (
        "march märz mars marzo março maart maaliskuu maaliskuuta märts marts kovas kovo marca marzec března březen március marec marca_ "
        "ožujka ožujak март martie марта березня березень μαρτίου μάρ μαρ mart מרץ مارس آذار مارس मार्च มีนาคม มี.ค març martxoa maret mac "
        "mar mär mrt bře ožu мар бер"
    ),
    (
        "april avril abril aprile huhtikuu huhtikuuta apríl aprill aprīlis balandis balandžio kwietnia kwiecień dubna duben április apríla "
        "aprila travnja travanj април aprilie апреля апрель квітня квітень απριλίου απρ nisan אפריל أبريل ابريل نيسان آوریل अप्रैल เมษายน "
        "เม.ย abril_ apirila apr abr avr kwi dub tra апр кві nis"
    ),
    (
        "may mai mayo maggio maio mei toukokuu toukokuuta toukok maí maijs gegužė gegužės maja maj května květen május mája svibnja svibanj "
        "мај май мая травня травень μαΐου μαϊ μάι μαι mayıs מאי مايو أيار ايار مه مهٔ मई พฤษภาคม พ.ค maig maiatza mag kvě svi трав mei_ máj"
    ),
    (
        "june juni juin junio giugno junho kesäkuu kesäkuuta júní juuni jūnijs birželis birželio czerwca czerwiec června červen június júna "
        "junija lipnja lipanj јун јуни юни iunie июня июнь червня червень ιουνίου ιουν haziran יוני يونيو حزيران ژوئن जून มิถุนายน มิ.ย juny "
        "ekaina xuño jun jún cze lip июн черв haz giu"
    ),
    (
        "july juli juillet julio luglio julho heinäkuu heinäkuuta júlí juuli jūlijs liepa liepos lipca lipiec července červenec július júla "
        "julija srpnja srpanj јул јули юли iulie июля июль липня липень ιουλίου ιουλ temmuz יולי يوليو تموز ژوئیه ژوئیهٔ जुलाई กรกฎาคม ก.ค "
        "juliol uztaila xullo jul júl srp июл лип tem lug"
    ),
    (
        "august août agosto elokuu elokuuta ágúst augusts rugpjūtis rugpjūčio sierpnia sierpień srpna srpen augusztus augusta avgusta "
        "kolovoza kolovoz август августа серпня серпень αυγούστου αυγ ağustos אוגוסט أغسطس اغسطس آب اوت अगस्त สิงหาคม ส.ค agost abuztua "
        "augustus agustus ogos aug aoû sie kol авг серп ağu ago"
    ),
    (
        "september septembre septiembre settembre setembro syyskuu syyskuuta septembris rugsėjis rugsėjo września wrzesień září szeptember "
        "septembra rujna rujan септембар септември septembrie сентября сентябрь вересня вересень σεπτεμβρίου σεπ eylül ספטמבר سبتمبر أيلول "
        "سپتامبر सितंबर सितम्बर กันยายน ก.ย setembre iraila setembro_ sep sept wrz zář ruj сен сент вер eyl set"
    ),
    (
        "october oktober octobre octubre ottobre outubro lokakuu lokakuuta október oktoober oktobris spalis spalio października październik "
        "října říjen októbra oktobra октобар октомври octombrie октября октябрь жовтня жовтень οκτωβρίου οκτ ekim "
        "אוקטובר أكتوبر اكتوبر تشرين اکتبر अक्टूबर अक्तूबर ตุลาคม ต.ค octubre_ urria outubro_ oktober_ oct okt paź říj окт жовт eki ott out"
    ),
    (
        "november novembre noviembre novembro marraskuu marraskuuta nóvember novembris lapkritis lapkričio listopada listopad listopadu "
        "novembra studenoga studeni новембар ноември noiembrie ноября ноябрь листопада листопад νοεμβρίου νοε kasım נובמבר نوفمبر نوامبر "
        "नवंबर नवम्बर พฤศจิกายน พ.ย azaroa nov lis stu ноя лист kas noi"
    ),
    (
        "december dezember décembre diciembre dicembre dezembro joulukuu joulukuuta desember detsember decembris gruodis gruodžio grudnia "
        "grudzień prosince prosinec decembra prosinca децембар декември decembrie декабря декабрь грудня грудень δεκεμβρίου δεκ aralık "
        "דצמבר ديسمبر دسامبر दिसंबर दिसम्बर ธันวาคม ธ.ค desembre abendua decembro dezembre desember_ disember dec dez déc dic gru pro дек груд "
        "ara des"
    ),
)
_NUMBERS: Final = {
    plain_line(word.rstrip("_")): number for number, row in reversed(list(enumerate(_MONTHS, 1))) for word in row.split()
}
_LONGEST: Final = 200
_ISO: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_NUMERIC: Final = re.compile(r"(?<!\d)(\d{1,2})\s?([./-])\s?(\d{1,2})\s?[./-]\s?((?:19|20)?\d\d)(?!\d)")
_VIETNAMESE: Final = re.compile(r"(?<!\d)(\d{1,2}),? (?:thg|tháng) (\d{1,2}),?(?: năm)? ((?:19|20)\d\d)")
_VIETNAMESE_WORDS: Final = re.compile(
    r"(?<!\d)(\d{1,2}),? tháng (một|giêng|hai|ba|tư|năm|sáu|bảy|tám|chín|mười một|mười hai|mười),?(?: năm)? ((?:19|20)\d\d)"
)
_VIETNAMESE_MONTHS: Final = {
    **{name: number for number, name in enumerate(["một", "hai", "ba", "tư", "năm", "sáu", "bảy", "tám", "chín", "mười"], 1)},
    "giêng": 1, "mười một": 11, "mười hai": 12,
}  # fmt: skip
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20|25)\d\d(?!\d)")
_CLOCK: Final = re.compile(r"(?<!\d)(\d{1,2})\s?[:.h時时시]\s?(\d{2})(?:\s?[:.分분]\s?(\d{2}))?(?!\d)")
_OFFSET: Final = re.compile(r"(?:gmt|utc)?\s?([+-])(\d{1,2}):?(\d{2})?(?!\d)")
_AFTERNOON: Final = re.compile(r"\d\s?(?:pm|p\.\s?m\.?|μ\.?μ\.?|ch)(?!\w)|下午|午後|오후|晚上|\d\s?م(?!\w)|ب\.ظ|בערב|บ่าย")
_MORNING: Final = re.compile(r"\d\s?(?:am|a\.\s?m\.?|π\.?μ\.?|sa)(?!\w)|上午|午前|오전|凌晨|早上|\d\s?ص(?!\w)|ق\.ظ")
_TOKEN: Final = re.compile(r"[^\s,()/-]{1,40}")
_BUDDHIST: Final = 543


def read_date(text: str, zone: tzinfo | None = None) -> datetime | None:
    """Return the moment a text for people names, in `zone` (else UTC) where it names no offset; None where it names no day."""
    try:
        moment = parsedate_to_datetime(text[:_LONGEST])
    except (ValueError, TypeError, IndexError, OverflowError):
        moment = None
    if moment is not None and _CLOCK.search(text) and not text.strip()[:1].isdigit():
        return moment if moment.tzinfo else moment.replace(tzinfo=zone or timezone.utc)  # noqa: UP017 one import fewer
    plain = plain_line(text[:_LONGEST])
    day = _find_day(plain)
    if day is None:
        return None
    hour, minute, second = _find_clock(plain)
    try:
        return datetime(*day, hour, minute, second, tzinfo=_find_offset(plain) or zone or timezone.utc)  # noqa: UP017
    except (ValueError, OverflowError):
        return None


def _find_day(plain: str) -> tuple[int, int, int] | None:
    """Return year, month, day."""
    if match := _ISO.search(plain):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _VIETNAMESE.search(plain):
        return int(match[3]), int(match[2]), int(match[1])
    if match := _VIETNAMESE_WORDS.search(plain):
        return int(match[3]), _VIETNAMESE_MONTHS[match[2]], int(match[1])
    named = _find_named_day(plain)
    if named or not (match := _NUMERIC.search(plain)):
        return named
    first, second, year = int(match[1]), int(match[3]), int(match[4])
    month_first = second > 12 or (match[2] == "/" and first <= 12 and bool(_AFTERNOON.search(plain) or _MORNING.search(plain)))  # noqa: PLR2004
    day, month = (second, first) if month_first else (first, second)
    return (year if year > 99 else 2000 + year), month, day  # noqa: PLR2004 two digits


def _find_named_day(plain: str) -> tuple[int, int, int] | None:
    """Return year, month, day where the month is a word: the one behind the day's number, else the one before it."""
    years = _YEAR.findall(plain)
    if not years:
        return None
    year = int(years[0]) - (_BUDDHIST if years[0].startswith("25") else 0)
    tokens = [token.strip(".,") for token in _TOKEN.findall(plain)]
    skipped = {"de", "de.", "of", "th", "den", "del", "d"}
    tokens = [token for token in tokens if token not in skipped]
    year_at = next((at for at, token in enumerate(tokens) if token.startswith(years[0])), len(tokens))
    candidates: list[tuple[int, int, int]] = []
    for at, token in enumerate(tokens):
        number = _day_number(token)
        if number is None:
            continue
        after = month_number(tokens[at + 1]) if at + 1 < len(tokens) else None
        before = month_number(tokens[at - 1]) if at else None
        month = (before or after) if at > year_at else (after or before)
        if month:
            candidates.append((year, month, number))
    return candidates[0] if candidates else None


def _day_number(token: str) -> int | None:
    """Read `12`, `12.`, `12th`, `1er`."""
    digits = token.rstrip("abcdefghijklmnopqrstuvwxyz.ºª°")
    return int(digits) if digits.isdigit() and len(digits) <= 2 and 1 <= int(digits) <= 31 else None  # noqa: PLR2004


def month_number(token: str) -> int | None:
    """Read the name of a month, its beginning of at least three letters, or an inflected form."""
    known = _NUMBERS.get(token)
    if known is not None:
        return known
    if token.startswith("ב"):
        return _NUMBERS.get(token[1:])
    if len(token) < 3:  # noqa: PLR2004 too short to tell
        return None
    meant = {number for name, number in _NUMBERS.items() if name.startswith(token)}
    meant = meant or {number for name, number in _NUMBERS.items() if len(name) > 4 and token.startswith(name)}  # noqa: PLR2004
    return meant.pop() if len(meant) == 1 else None


def _find_clock(plain: str) -> tuple[int, int, int]:
    """Return hour, minute, second; midnight where no time of day stands there."""
    without_day = _NUMERIC.sub(" ", _ISO.sub(" ", plain))
    match = _CLOCK.search(without_day)
    if match is None:
        return 0, 0, 0
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    half = 12
    if hour < half and _AFTERNOON.search(plain):
        hour += half
    elif hour == half and _MORNING.search(plain):
        hour = 0
    return hour, minute, second


def _find_offset(plain: str) -> tzinfo | None:
    """Return the zone that stands behind the time of day."""
    clocks = list(_CLOCK.finditer(plain))
    match = _OFFSET.search(plain, clocks[-1].end()) if clocks else None
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes)) if minutes < 24 * 60 else None
