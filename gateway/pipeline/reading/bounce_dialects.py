"""What mail systems send instead of RFC 3464 when a mail cannot be delivered: qmail, Exim, old Sendmail, Exchange and many more.

They all name the recipient at the beginning of a line or behind a few words, and the reason near it. `flufl.bounce` is asked
where that does not help.
"""

# ruff: noqa: E501 wide signs count double
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message as MimeMessage
from typing import Final

from gateway.mail.addresses import Address
from gateway.mail.message import Message
from gateway.pipeline.reading.lines import find_address, plain_line
from gateway.pipeline.reading.phrases_automatic import BOUNCE_SUBJECTS

_MAX_TEXT: Final = 60_000
_MAX_LINE: Final = 1000
_MAX_FLUFL: Final = 20_000
_MAX_RECIPIENTS: Final = 100
_NEAR_LINES: Final = 14
_SYSTEMS: Final = frozenset(
    {"mailer-daemon", "mailerdaemon", "mailer_daemon", "postmaster", "mail-daemon", "mdaemon", "mail.delivery", "maildelivery",
     "mail-delivery-system", "smtp-daemon", "mmdf", "uucp", "mail_system", "mailsystem", "bounce-notification"}
)  # fmt: skip
_STAFFED: Final = frozenset({"postmaster"})
"""People write from there, too."""
_SYSTEM_NAMES: Final = (
    "mail delivery s",
    "mail administrator",
    "mailer-daemon",
    "mail system",
    "system administrator",
    "postmaster",
)
_COPY: Final = re.compile(
    r"-{2,8}\s?(?:below this line is a copy|this is a copy of (?:the|your) message|the header of the original|"
    r"original message (?:header|follows)|unsent message below|returned (?:mail|message)|the following (?:is|are) the|"
    r"message header follows|undelivered message|forwarded message|original message)|"
    r"original message headers:|content of original message|included is a copy of the message|"
    r"(?:a |the )?copy of (?:the|your) (?:original )?message (?:is|follows|below)|return-path:|received: |"
    r"reporting-mta:|-{3,10} (?:message|mail|original)",
)
_STATUS: Final = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
_CODE: Final = re.compile(r"(?<![\d.:-])([45])[0-5]\d(?![\d.:@])")
_LEADING: Final = re.compile(
    r"^[\s>*#-]{0,40}(?:\d{1,3}[.)\s-]\s{0,4})?(?:(?:failed|final|original)?[ -]?"
    r"(?:recipients?|rcpt|address|user(?:id)?|to|mailbox|account|failed|empfänger|destinataire|destinat[aá]rio|收件人|ontvanger)"
    r"(?: to| address| e-?mail)?\s{0,4}[:=]\s{0,20})?"
    r"(?:\[?(?:smtp|rfc822)[:;]\s{0,4}|mailto:)?[<\[(\"']{0,2}([^\s<>()\[\],;:\"']{1,128}@[a-z0-9_\[][^\s<>()\[\],;:\"']{1,255})"
)
_NAMED: Final = re.compile(
    r"(?:wasn't delivered to|was not delivered to|not be delivered to|unable to deliver (?:message |mail )?to|delivery to|"
    r"couldn't be delivered to|could not be delivered to|undeliverable to|problem delivering (?:your message |mail )?to|"
    r"failed to deliver to|unknown user:|user unknown:|no such user:|unknown recipient:|invalid final delivery userid:|"
    r"exceeds allowed size:|konnte nicht an|nicht zugestellt werden an|an den empfänger|n'a pas pu être remis à|"
    r"no se ha podido entregar a|no se entregó a|non è stato recapitato a|não foi entregue a|message for|rcpt=\[|"
    r"message to|"
    r"rcpt to:|recipient|account|mailbox|user|to)\s{0,4}[<\[(\"'*]{0,3}\s{0,2}"
    r"([^\s<>()\[\],;:\"'*]{1,128}@[a-z0-9_\[][^\s<>()\[\],;:\"'*]{1,255})"
)
_DELAYED: Final = re.compile(
    r"warning message only|this is a warning|has been delayed|delivery is delayed|is delayed|delivery delayed|delayed mail|"
    r"could not send message for|will be retried|will keep trying|will continue to try|continue trying|still (?:being|trying)|"
    r"not yet been delivered|has not been delivered yet|not been delivered to its|you do not need to resend|no action is required|"
    r"temporary problem delivering|delivery incomplete|will try again|next attempt|noch nicht zugestellt|verzögert|"
    r"wird weiter versucht|retardé|demorado|ritardat|atrasad|vertraagd|försenat|forsinket|opóźnion|задержан"
)
_REASONS: Final = tuple(
    (re.compile(words), detail)
    for detail, words in (
        (
            "1.1",
            (
                "user unknown|unknown user|no such user|no mailbox here|does not exist|doesn't exist|not listed in|not found|"
                "doesn't have a|couldn't be found|recipnotfound|no such recipient|invalid recipient|unbekannt|existiert nicht|"
                "unrouteable address|unknown address|mailbox unavailable|inactive|no existe|n'existe pas|non esiste|não existe|不存在"
            ),
        ),
        (
            "2.2",
            (
                "over ?quota|quota exceeded|mailbox (?:is )?full|exceed\\w{0,3} (?:storage|quota|allowed)|insufficient space|"
                "postfach (?:ist )?voll|boîte pleine|buzón lleno|casella piena|邮箱空间不足|容量"
            ),
        ),
        ("1.2", "host unknown|host or domain name not found|name service error|domain not found|couldn't find any host|nxdomain"),
        ("3.4", "too large|size limit|message size exceeds|zu groß"),
        ("4.6", "too many hops|loop"),
        ("4.1", "timed out|timeout|connection refused|couldn't establish|unreachable"),
        ("7.1", "spam|blocked|blacklist|policy|denied|rejected|not permitted|blockiert"),
    )
)
"""What words say, as subject and detail of an enhanced status (RFC 3463 section 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is said of one recipient, before it is known about which mail. Empty `action`: nobody said."""

    recipient: Address
    action: str
    status: str | None
    diagnostic: str | None


def is_from_mail_system(message: Message, *, has_null_reverse_path: bool = False) -> bool:
    """Tell whether a mail says that a mail system wrote it, and not a person."""
    if message.header("X-Failed-Recipients"):
        return True
    author = message.from_[0] if message.from_ else None
    local = author.address.local.casefold() if author else ""
    if local.startswith(("microsoftexchange", "mailer-daemon", "maildaemon")) or local in _SYSTEMS - _STAFFED:
        return True
    is_null = has_null_reverse_path or (message.header("Return-Path") or "").strip() == "<>"
    is_marked = is_null or bool(message.header("Auto-Submitted"))
    is_named = author is not None and plain_line((author.name or "")[:200]).startswith(_SYSTEM_NAMES)
    is_staffed = local in _STAFFED
    if is_staffed and is_marked:
        return True
    if not (is_staffed or is_null or is_named or author is None):
        return False
    subject = plain_line((message.subject or "")[:500])
    return any(phrase in subject for phrase in BOUNCE_SUBJECTS)


def read_dialects(message: Message) -> Iterator[Report]:
    """Yield what a notification says of each recipient; nothing where no dialect is understood."""
    lines = message.text[:_MAX_TEXT].split("\n")
    plain = [plain_line(line[:_MAX_LINE]) for line in lines]
    last = next((at for at, line in enumerate(plain) if at and _COPY.match(line)), len(lines))
    is_delayed = _DELAYED.search(plain_line((message.subject or "")[:500])) is not None or any(
        _DELAYED.search(line) for line in plain[:last]
    )
    places = _find_recipients(message, plain[:last])
    if not places:
        answers = list(_ask_flufl(message, lines[:last]))
        yield from answers
        if answers or not (places := _find_only_address(message, plain[:last])):
            return
    starts = sorted(places.values())
    for key, at in list(places.items())[:_MAX_RECIPIENTS]:
        following = next((start for start in starts if start > at), last)
        near = lines[max(0, at) : min(following, at + _NEAR_LINES, last)] if at >= 0 else lines[:last]
        yield _read_reason(Address.of(_as_written(lines, at, key)), near, lines[:last], is_delayed=is_delayed)


def _find_recipients(message: Message, plain: list[str]) -> dict[str, int]:
    """Return the recipients that failed and the line that names each first; -1 for a header field."""
    ours = {mailbox.address.key for mailbox in (*message.to, *message.cc, *message.from_)}
    named = (message.header("X-Failed-Recipients") or "")[:8000].lower().replace(",", " ").split()
    found = {each.strip("<>"): -1 for each in named if "@" in each}
    if found:
        return {key: next((at for at, line in enumerate(plain) if key in line), -1) for key in found}
    found = _match(_LEADING, plain, ours)
    return found or _match(_NAMED, plain, ours)


def _find_only_address(message: Message, plain: list[str]) -> dict[str, int]:
    """Return the one address that a notification names anywhere, whatever language it stands in; nothing where there are more."""
    ours = {mailbox.address.key for mailbox in (*message.to, *message.cc, *message.from_)}
    named = ((find_address(line), at) for at, line in enumerate(plain) if "@" in line and not line.startswith(_OTHER_LABELS))
    found: dict[str, int] = {}
    for address, at in named:
        if address is not None and address.lower() not in ours and address.partition("@")[0] not in _SYSTEMS:
            found.setdefault(address.lower(), at)
    return found if len(found) == 1 else {}


def _match(pattern: re.Pattern[str], plain: list[str], ours: set[str]) -> dict[str, int]:
    """Return the addresses a pattern finds, one per line, the first line of each; never those the notification is from or for."""
    found: dict[str, int] = {}
    for at, line in enumerate(plain):
        if "@" not in line:
            continue
        match = pattern.search(line)
        if match is None or find_address(str(match[1])) is None:
            continue
        key = match[1].strip(".'*`").lower()
        is_system = key.partition("@")[0] in _SYSTEMS
        if key not in found and key not in ours and not is_system and not line.startswith(_OTHER_LABELS):
            found[key] = at
    return found


_OTHER_LABELS: Final = ("from:", "sender:", "reply-to:", "message-id:", "return-path:", "von:", "subject:", "de:", "contact")


def _as_written(lines: list[str], at: int, key: str) -> str:
    """Return an address with its local part as the notification writes it."""
    line = lines[at] if at >= 0 else ""
    start = line.lower().find(key)
    return line[start : start + len(key)] if start >= 0 else key


def _read_reason(recipient: Address, near: list[str], whole: list[str], *, is_delayed: bool) -> Report:
    """Find status and diagnostic near the recipient, else anywhere in the notification."""
    diagnostic, status = _find_status(near)
    if status is None:
        wider, status = _find_status(whole)
        diagnostic = wider if status else diagnostic
    action = "delayed" if is_delayed else "failed"
    return Report(recipient=recipient, action=action, status=status, diagnostic=diagnostic)


def _find_status(lines: list[str]) -> tuple[str | None, str | None]:
    """Return the line that tells the reason, and an enhanced status code: written, or made from the reply code and words."""
    text = [line.strip() for line in lines[:200]]
    for line in text:
        match = _STATUS.search(line[:_MAX_LINE])
        if match:
            return line, match[0]
    for line in text:
        match = _CODE.search(line[:_MAX_LINE])
        if match:
            return line, f"{match[1]}.{_name_reason(line) or '0.0'}"
    for line in text:
        reason = _name_reason(line)
        if reason:
            return line, f"5.{reason}"
    return next((line for line in text[1:] if line), None), None


def _name_reason(line: str) -> str | None:
    """Return subject and detail of a status (RFC 3463 section 3) that words describe."""
    plain = plain_line(line[:_MAX_LINE])
    return next((detail for pattern, detail in _REASONS if pattern.search(plain)), None)


def _ask_flufl(message: Message, lines: list[str]) -> Iterator[Report]:
    """Ask flufl.bounce, which knows the rare dialects; it takes a whole mail, so one is made of what was read."""
    from flufl.bounce import all_failures  # noqa: PLC0415 slow to import, rarely needed

    mime = MimeMessage()
    mime["From"] = str(message.from_[0].address) if message.from_ else "mailer-daemon@invalid"
    mime["Subject"] = plain_line((message.subject or "")[:500]).encode("ascii", "replace").decode("ascii")
    mime["Content-Type"] = "text/plain"
    mime.set_payload("\n".join(lines)[:_MAX_FLUFL].encode("ascii", "replace").decode("ascii"))
    try:
        temporary, permanent = all_failures(mime)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return
    for action, found in (("failed", permanent), ("delayed", temporary)):
        for each in sorted(found)[:_MAX_RECIPIENTS]:
            diagnostic, status = _find_status(lines)
            yield Report(
                recipient=Address.of(each.decode("utf-8", "replace")), action=action, status=status, diagnostic=diagnostic
            )
