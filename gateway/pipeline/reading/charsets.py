"""Bytes to text, whatever the mail claims its charset to be.

The order is: a byte order mark, the declared charset, UTF-8, a guess, windows-1252. Nothing here raises, and the same bytes
always give the same text. Start with `decode_text`.
"""

import codecs
import re
from functools import lru_cache
from typing import Final

from gateway.pipeline.reading.iso2022jp import decode_windows_japanese

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")

_NICKNAMES: Final = {
    # Western: what browsers and mail programs mean by it (WHATWG Encoding Standard)
    "iso8859": "cp1252",
    "iso88591": "cp1252",
    "latin1": "cp1252",
    "l1": "cp1252",
    "cp819": "cp1252",
    "ansix341968": "cp1252",
    "ansix341986": "cp1252",
    "ansi": "cp1252",
    "usascii": "ascii",
    "ascii": "ascii",
    "windows1252": "cp1252",
    "xansi": "cp1252",
    "xcp1252": "cp1252",
    "iso885915windows": "iso8859-15",
    "latin9": "iso8859-15",
    "iso88599": "cp1254",
    "latin5": "cp1254",
    "iso88598i": "iso8859-8",
    "iso88598e": "iso8859-8",
    "iso88596i": "iso8859-6",
    "iso885911": "cp874",
    "tis620": "cp874",
    "windows874": "cp874",
    "xcp1250": "cp1250",
    "xcp1251": "cp1251",
    "win1250": "cp1250",
    "win1251": "cp1251",
    "win1252": "cp1252",
    "xmacroman": "mac_roman",
    "macintosh": "mac_roman",
    "xmaccyrillic": "mac_cyrillic",
    "xmaccentraleurroman": "mac_latin2",
    "xmacce": "mac_latin2",
    "koi8": "koi8-r",
    "koi8ru": "koi8-u",
    # Chinese
    "gb2312": "gb18030",
    "gb231280": "gb18030",
    "gbk": "gb18030",
    "xgbk": "gb18030",
    "cp936": "gb18030",
    "ms936": "gb18030",
    "windows936": "gb18030",
    "chinese": "gb18030",
    "euccn": "gb18030",
    "xeuccn": "gb18030",
    "hzgb2312": "hz",
    "big5": "big5hkscs",
    "xbig5": "big5hkscs",
    "cnbig5": "big5hkscs",
    "big5hk": "big5hkscs",
    "cp950": "big5hkscs",
    "windows950": "big5hkscs",
    # Korean
    "euckr": "cp949",
    "xeuckr": "cp949",
    "ksc5601": "cp949",
    "ksc56011987": "cp949",
    "ksc56011989": "cp949",
    "korean": "cp949",
    "windows949": "cp949",
    "ms949": "cp949",
    "uhc": "cp949",
    "xwindows949": "cp949",
    # Japanese
    "shiftjis": "cp932",
    "xsjis": "cp932",
    "sjis": "cp932",
    "mskanji": "cp932",
    "windows31j": "cp932",
    "cp942": "cp932",
    "xeucjp": "euc_jp",
    "ujis": "euc_jp",
    "iso2022jp": "iso2022_jp_ext",
    "iso2022jpms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext",
    "cp50221": "iso2022_jp_ext",
    "csiso2022jp": "iso2022_jp_ext",
    # Unicode
    "unicode11utf7": "utf-7",
    "unicode20utf7": "utf-7",
    "xunicode20utf7": "utf-7",
    "csunicode11utf7": "utf-7",
    "unicode11utf8": "utf-8",
    "unicode20utf8": "utf-8",
    "xunicode20utf8": "utf-8",
    "utf8mb4": "utf-8",
    "utf8bom": "utf-8",
    "cp65001": "utf-8",
    "unicode": "utf-16",
    "ucs2": "utf-16",
    "iso10646ucs2": "utf-16",
    "iso10646ucs4": "utf-32",
    "ucs4": "utf-32",
}
"""Names without punctuation, in lower case, and the Python codec that reads what senders put under them."""

_SAYS_NOTHING: Final = frozenset(
    {
        "",
        "unknown",
        "xunknown",
        "unknown8bit",
        "8bit",
        "7bit",
        "binary",
        "none",
        "default",
        "charset",
        "xuserdefined",
        "userdefined",
        "null",
    }
)
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
_LOOKS_WESTERN: Final = frozenset({"cp1252", "iso8859-15", "ascii"})
"""Under these UTF-8 is so often mislabelled that text which is valid UTF-8 is taken as such."""

_EAST_ASIAN: Final = frozenset({"gb18030", "big5hkscs", "cp949", "cp932", "euc_jp"})

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WESTERN_LETTERS: Final = frozenset(
    "äöüÄÖÜßéèêëáàâãåæçíìîïñóòôõøúùûÿÉÈÊÁÀÂÅÆÇÍÎÑÓÔØÚŒœ€„“”‚‘’–—…«»°§´·•©®™¡¿\xa0²³½µ£"  # noqa: RUF001 quotation marks are meant
)
_CANDIDATES: Final = [
    "cp1252", "cp1250", "cp1251", "koi8_r", "cp1253", "cp1254", "cp1255", "cp1256",
    "gb18030", "big5", "cp932", "euc_jp", "cp949",
]  # fmt: skip
_LONGEST_REMEMBERED: Final = 60
_SAMPLE_OCTETS: Final = 4096
_TOO_FEW: Final = 10
"""Fewer octets above 127 than this are too few to guess from."""


_JAPANESE_MAIL: Final = "iso2022_jp_ext"
_ESCAPES: Final = (b"\x1b$", b"\x1b(J")


def find_codec(charset: str | None) -> str | None:
    """Return the name of the Python codec for a charset as mail names it; None when the name says nothing."""
    if not charset:
        return None
    return _look_up(charset) if len(charset) <= _LONGEST_REMEMBERED else _look_up.__wrapped__(charset)


@lru_cache(maxsize=256)
def _look_up(charset: str) -> str | None:
    name = charset.strip(" \t\"'<>;").partition("*")[0].lower()  # the part after * is a language (RFC 2231 section 5)
    folded = "".join(filter(str.isalnum, name))
    if folded in _SAYS_NOTHING or not _NAME.fullmatch(name):
        return None
    if folded in _NICKNAMES:
        return _NICKNAMES[folded]
    for candidate in (
        name,
        name.removeprefix("x-"),
        name.removeprefix("cs"),
        name.replace("windows-", "cp"),
        name.replace(":", "-"),
    ):
        try:
            found = codecs.lookup(candidate)
        except (LookupError, ValueError):
            continue
        if getattr(found, "_is_text_encoding", False) and found.name not in _NO_CHARSETS:
            return found.name
    return None


def decode_text(body: bytes, charset: str | None = None) -> str:
    """Turn bytes into text; never raises. Characters that cannot be read become U+FFFD."""
    for bom, codec in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(codec, "replace")
    codec_name = find_codec(charset)
    if codec_name in {"utf-16", "utf-32"}:
        return _decode_wide(body, codec_name)
    if codec_name is None or codec_name in _LOOKS_WESTERN or codec_name == "utf-8":
        return _decode_usual(body, codec_name)
    order = ("utf-8", codec_name) if codec_name in _EAST_ASIAN and _is_surely_utf8(body) else (codec_name, "utf-8")
    for codec in order:
        if codec == "utf-8" and codec_name == _JAPANESE_MAIL and _ESCAPES[0] in body:
            continue
        if (text := _try(body, codec)) is not None:
            return text
    if codec_name == _JAPANESE_MAIL and (_ESCAPES[0] in body or _ESCAPES[1] in body):
        return decode_windows_japanese(body)
    replaced = body.decode(codec_name, "replace")
    return replaced if _mostly_read(replaced) else _guess(body)


def _is_surely_utf8(body: bytes) -> bool:
    """Tell whether text is UTF-8 whatever it says: valid, and enough characters of three octets for that to be no accident."""
    text = _try(body, "utf-8")
    high = [c for c in text[:_SAMPLE_OCTETS] if c > "\x7f"] if text else []
    return sum(c > "\u07ff" for c in high) >= _TOO_FEW and all(c > "\u07ff" or not c.isalpha() for c in high)


def _decode_usual(body: bytes, codec: str | None) -> str:
    """Read what is declared as UTF-8, as Western, or not at all: valid UTF-8 is hardly ever anything else."""
    if body.isascii():
        return _decode_seven_bits(body, is_declared=codec == "utf-8")
    as_utf8 = _try(body, "utf-8")
    if as_utf8 is not None:
        return as_utf8
    return _guess(body) if codec in {None, "ascii", "utf-8"} else decode_western(body, codec or "cp1252")


def decode_western(body: bytes, codec: str = "cp1252") -> str:
    """Read single-byte Western text; the five octets that windows-1252 leaves out are read as ISO 8859-1 has them."""
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return body.decode("latin-1").translate({i: bytes([i]).decode("cp1252", "ignore") or "\ufffd" for i in range(0x80, 0xA0)})


def _try(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _decode_wide(body: bytes, codec: str) -> str:
    """Read UTF-16 or UTF-32 without a byte order mark: big-endian (RFC 2781 section 4.3) unless the zero octets say otherwise."""
    sample = body[:_SAMPLE_OCTETS]
    if b"\0" not in sample and _try(body, "utf-8") is not None:
        return body.decode("utf-8")  # the claim is a lie
    step = 2 if codec == "utf-16" else 4
    is_little = sample[0::step].count(0) < sample[step - 1 :: step].count(0)
    return body.decode(f"{codec}-{'le' if is_little else 'be'}", "replace")


def _decode_seven_bits(body: bytes, *, is_declared: bool) -> str:
    """Read octets below 128 as ASCII, unless the escape sequences of ISO-2022-JP (RFC 1468) stand among them."""
    if not is_declared and any(escape in body for escape in _ESCAPES):
        japanese = _try(body, _JAPANESE_MAIL)
        return decode_windows_japanese(body) if japanese is None else japanese
    return body.decode("ascii", "replace")


def _mostly_read(text: str) -> bool:
    unread = text.count("\ufffd")
    return not unread or unread * 2 <= len(text) - len(text.encode("ascii", "ignore"))


def _guess(body: bytes) -> str:
    """Choose for text that is not valid UTF-8 and says nothing useful about itself."""
    replaced = body.decode("utf-8", "replace")
    if _mostly_read(replaced):
        return replaced
    western = decode_western(body)
    high = [c for c in western[: _SAMPLE_OCTETS * 4] if c > "\x7f"]
    is_western = sum(c in _WESTERN_LETTERS for c in high) * 10 >= len(high) * 9 and len(high) * 3 <= len(western)
    if is_western or len(high) < _TOO_FEW:
        return western
    codec = _recognise_script(body) or _detect(body)
    found = _try(body, codec) if codec else None
    return western if found is None else found


def _recognise_script(body: bytes) -> str | None:
    """Recognise Japanese by its kana and Korean by its syllables: nothing else gives so many of them by accident."""
    for codec, first, last, percent in (("euc_jp", "ぁ", "ヶ", 20), ("cp932", "ぁ", "ヶ", 20), ("cp949", "가", "힣", 70)):
        text = _try(body, codec)
        high = [c for c in text[:_SAMPLE_OCTETS] if c > "\x7f"] if text else []
        if high and sum(first <= c <= last for c in high) * 100 >= len(high) * percent:
            return codec
    return None


def _detect(body: bytes) -> str | None:
    """Ask charset-normalizer about the stretch around the first octet above 127."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 slow to import and seldom needed

    first = next((i for i in range(len(body)) if body[i] > 127), 0)  # noqa: PLR2004 the end of ASCII
    start = max(0, body.rfind(b"\n", 0, first) + 1, first - 200)
    sample = body[start : start + _SAMPLE_OCTETS]
    best = from_bytes(sample, cp_isolation=_CANDIDATES, preemptive_behaviour=False, steps=3).best()
    return best.encoding if best else None
