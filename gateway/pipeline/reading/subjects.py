"""What mail programs put before a subject when somebody answers or forwards, in forty languages."""

import re
from enum import Enum
from typing import Final

from gateway.pipeline.reading.lines import plain_line
from gateway.pipeline.reading.phrases import words_of


class Prefix(Enum):
    """What the first prefix of a subject says."""

    ANSWER = "answer"
    FORWARD = "forward"
    UNCLEAR = "unclear"
    """`VS:` answers in Finnish and forwards in Danish and Norwegian."""


_ANSWERS: Final = words_of(
    "re|aw|antw|antwort|antwoord|sv|svar|res|resp|rif|r|odp|odg|odpověď|vb_|vast|vá|válasz|ynt|yan|atb|ats|bls|balas|jwb|ré|rép|"
    "réponse|ref|на|отв|отг|ответ|від|відп|απ|απαντ|σχετ|תגובה|השב|בעניין|رد|پاسخ|回复|回覆|答复|答覆|返信|回信|답장|회신|tr_|re.|aw.|"
    "vedr|vs.re|trả lời|ตอบ|ตอบกลับ|उत्तर|prev|reply|re²|r:|bales|erantzun|resposta|atsakymas|atbilde|vastus"
)
_FORWARDS: Final = words_of(
    "fw|fwd|wg|wtr|weitergeleitet|tr|transf|rv|reenv|reenviado|i|inoltro|inoltra|enc|encam|doorst|dst|vb|vid|vidarebefordrat|vl|"
    "välitetty|pd|prz|przekazane|fs|edasi|pārs|persiųsta|fv|tovább|továbbítás|továbbított|přep|předáno|prepos|prosl|проследување|"
    "прослеђено|пр|fwd.|прс|пересл|переслано|пересл.|переслать|πρθ|προωθ|i̇lt|ilt|ilet|הועבר|העברה|إعادة توجيه|تحويل|ارسال|"
    "बढ़ाएँ|अग्रेषित|ส่งต่อ|chuyển tiếp|ch.tiếp|trs|terusan|tl|majukan|転送|전달|转发|轉寄|轉發|転|fyi fw|redir|redirecționat|birb|"
    "doorgestuurd|videresendt|forwarded|forward|rtm|πρ|bs|deriv|reenviada"
)
_UNCLEAR: Final = frozenset({"vs"})
_PREFIX: Final = re.compile(
    r"\s*(?:\[[^\]\[]{1,60}\]\s*)*([^\s:\[\]()][^:\[\]()]{0,20}?)\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*:"
)


def read_prefix(subject: str | None) -> Prefix | None:
    """Return what the first prefix of a subject says; None where there is no known one."""
    if not subject:
        return None
    plain = plain_line(subject[:300])
    match = _PREFIX.match(plain)
    if match is None:
        return Prefix.FORWARD if plain.endswith(("(fwd)", "(fw)")) else None
    word = match[1].strip("* .")
    if word in _UNCLEAR:
        return Prefix.UNCLEAR
    if word in _FORWARDS:
        return Prefix.FORWARD
    return Prefix.ANSWER if word in _ANSWERS else None


def strip_prefixes(subject: str) -> str:
    """Return a subject without the prefixes before it, at most ten of them."""
    rest = subject.strip()
    for _ in range(10):
        colon = max(rest.find(":"), rest.find("："))  # noqa: RUF001 wide sign
        if colon < 0 or read_prefix(rest[: colon + 1]) is None:
            break
        rest = rest[colon + 1 :].strip()
    return rest
