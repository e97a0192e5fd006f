"""What sort of mail it is: written by a person to us, or by a machine, a list, a mail system.

`CHECKS` is read from top to bottom; the first one that knows wins. Headers come before subjects, subjects before texts, and a
text alone never makes a mail automatic.
"""

import re
from collections.abc import Callable
from typing import Final

from gateway.mail.message import Message
from gateway.mail.reading import Bounce, Kind
from gateway.pipeline.reading import phrases_automatic as phrases
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.lists import find_form_sender, find_list, find_original_author, is_own_list
from gateway.pipeline.reading.sight import Sight, starts_with_phrase

LOOP_HEADER: Final = "X-Ticket-Gateway"
"""Our own mails carry it with their token; only a token whose MAC holds counts."""
_MOST_HOPS: Final = 60
_MONITORING: Final = re.compile(
    r"cron <[^<>]{1,200}@[^<>]{1,200}>|"
    r"\*\* (?:problem|recovery|acknowledgement|flapping\w{0,8}|downtime\w{0,8}) (?:service|host) alert|"
    r"\[firing:\d{1,5}\]|\[resolved\] |logwatch for |anacron job |smart error \([^()]{1,60}\) detected|"
    r"\*\*\* security information for |output from your job |fail2ban\b.{0,60} (?:started|stopped|banned)|"
    r"report domain: \S{1,255} submitter: |\[?dmarc\]? (?:aggregate )?report|"
    r"\(?problem\)? .{0,80} on .{0,80} is (?:down|critical|warning)"
)


_NO_REPLY: Final = re.compile(r"(?:^|[._-])(?:no[._-]?reply|do[._-]?not[._-]?reply)(?:$|[._-])")


Found = tuple[Kind, str]
Check = Callable[[Sight], Found | None]


def detect_kind(message: Message, circumstances: Circumstances, bounces: tuple[Bounce, ...]) -> tuple[Kind, str, bool]:
    """Return the kind, why, and whether an automatic answer may go out."""
    sight = Sight(message, circumstances, bounces)
    found = next((found for check in CHECKS if (found := check(sight))), None)
    kind, because = found or (Kind.ORDINARY, "nothing says it is automatic")
    return kind, because, kind is Kind.ORDINARY and may_respond(sight)


def may_respond(sight: Sight) -> bool:
    """Tell whether an automatic answer to an ordinary mail may go out: it has one author who is neither a machine nor we."""
    author, known = sight.message.author, sight.circumstances
    if author is None or not author.address.domain or sight.has_null_reverse_path:
        return False
    if find_form_sender(sight.message, known) is not None:
        return True
    original = find_original_author(sight.message, known)
    author = original or author
    hostname = known.hostname.lower().rstrip(".")
    is_ours = author.address.key in known.own_addresses | known.intake_addresses or bool(
        hostname and author.address.domain == hostname
    )
    is_machine = _is_machine(sight.local_part) or sight.local_part in {"mailer-daemon", "postmaster"}
    is_spam = sight.header("X-Spam-Flag").startswith("yes")
    precedence = sight.header("Precedence")
    is_bulk = precedence in {"bulk", "junk"} or (precedence == "list" and not is_own_list(sight.headers, known))
    return not (is_ours or is_machine or is_spam or is_bulk or _suppresses(sight))


def _suppresses(sight: Sight) -> bool:
    """Tell whether the sender asks that no automatic answer comes (MS-OXCMAIL section 2.2.3.2.14)."""
    return bool({"all", "oof", "autoreply"} & set(re.split(r"[,;\s]{1,8}", sight.header("X-Auto-Response-Suppress")[:200])))


# ------------------------------------------------------------------------------------------------------------------- checks


def find_loop(sight: Sight) -> Found | None:
    """Find our own mail, proven by a token of ours that stands where only we put it."""
    ours = sight.circumstances.own_marker_ids
    places = [sight.message.message_id or "", *sight.headers.all(LOOP_HEADER.lower())]
    if any(token in place.lower() for place in places for token in ours):
        return Kind.LOOP, "it is our own mail coming back"
    if len(sight.headers.all("received")) > _MOST_HOPS:
        return Kind.LOOP, f"it went through more than {_MOST_HOPS} mail servers"
    return None


def find_forwarding_confirmation(sight: Sight) -> Found | None:
    """Find the question of a mail provider whether a mailbox may be forwarded to us."""
    author = sight.message.author
    if author is None:
        return None
    domain = author.address.domain
    if sight.local_part == "forwarding-noreply" and (domain == "google.com" or domain.endswith(".google.com")):
        return Kind.FORWARDING_CONFIRMATION, "Gmail asks whether it may forward to us"
    if any(domain == known or domain.endswith(f".{known}") for known in phrases.FORWARDING_PROVIDERS):
        asks = any(w in sight.subject for w in phrases.FORWARDING_WORDS) and any(
            w in sight.subject for w in phrases.CONFIRMING_WORDS
        )
        is_machine = "reply" in sight.local_part or sight.local_part in {"account-security", "mail", "mailsupport", "staff"}
        if asks and is_machine:
            return Kind.FORWARDING_CONFIRMATION, f"{domain} asks whether it may forward to us"
    return None


def find_feedback_report(sight: Sight) -> Found | None:
    """Find an abuse report (RFC 5965) and its relatives."""
    if sight.report_type == "feedback-report" or sight.has_part("message/feedback-report") or sight.header("X-ARF") == "yes":
        return Kind.FEEDBACK_REPORT, "it is a feedback report (RFC 5965)"
    if sight.subject.startswith(phrases.COMPLAINT_SUBJECTS) and sight.has_part("message/rfc822"):
        return Kind.FEEDBACK_REPORT, "its subject is that of a complaint, and the mail is attached"
    if sight.report_type == "tlsrpt" or sight.header("TLS-Report-Domain"):
        return Kind.AUTO_GENERATED, "it is a report on TLS (RFC 8460)"
    return None


def find_receipt(sight: Sight) -> Found | None:
    """Find a read receipt (RFC 8098)."""
    if sight.report_type == "disposition-notification" or sight.has_part("message/disposition-notification"):
        return Kind.RECEIPT, "it is a read receipt (RFC 8098)"
    if "ipnrn" in sight.header("X-MS-TNEF-Message-Class") or sight.header("Content-Class").endswith(":mdn"):
        return Kind.RECEIPT, "it is a read receipt of Exchange"
    return None


def find_bounce(sight: Sight) -> Found | None:
    """Find a delivery status notification (RFC 3464) or what old mail systems sent instead."""
    if sight.bounces or sight.report_type in {"delivery-status", "global-delivery-status"}:
        return Kind.BOUNCE, "it reports on the delivery of a mail"
    if sight.header("X-Failed-Recipients"):
        return Kind.BOUNCE, "it names failed recipients"
    is_daemon = sight.local_part in {"mailer-daemon", "mailerdaemon", "postmaster", "mail-daemon", "mdaemon", "mail.delivery"}
    if (is_daemon or sight.has_null_reverse_path) and any(phrase in sight.subject for phrase in phrases.BOUNCE_SUBJECTS):
        return Kind.BOUNCE, "a mail system says that a mail was not delivered"
    return None


def find_form(sight: Sight) -> Found | None:
    """Find what a person wrote into a web form that the admin declared; the form is a machine, and marks its mail as one."""
    sender = find_form_sender(sight.message, sight.circumstances)
    return None if sender is None else (Kind.ORDINARY, f"{sender.address} filled in a declared form")


def find_auto_submitted(sight: Sight) -> Found | None:
    """Read what the mail says of itself (RFC 3834 section 5)."""
    value = sight.header("Auto-Submitted").split(";")[0].split("(")[0].strip()
    if value in {"", "no"}:
        return None
    if value.startswith("auto-replied"):
        return _auto_reply(sight, "Auto-Submitted: auto-replied")
    if _has_auto_reply_subject(sight) or _has_absence_subject(sight) or _names_absent_person(sight):
        return _auto_reply(sight, f"Auto-Submitted: {value[:40]}, and its subject")
    if value == "auto-generated" and sight.circumstances.from_declared_forwarder:
        return None
    return Kind.AUTO_GENERATED, f"Auto-Submitted: {value[:40]}"


def find_auto_reply_header(sight: Sight) -> Found | None:
    """Find the fields that programs wrote before there was Auto-Submitted."""
    for name in phrases.AUTO_REPLY_HEADERS:
        if name.lower() in sight.headers and sight.header(name) not in {"", "no", "false", "0"}:
            return _auto_reply(sight, name)
    if sight.header("Precedence") in {"auto_reply", "auto-reply", "autoreply"} or sight.header("X-Precedence") == "auto_reply":
        return _auto_reply(sight, "Precedence: auto_reply")
    if sight.header("X-Autogenerated") in {"reply", "mirror"}:
        return _auto_reply(sight, "X-Autogenerated")
    if any("autoresponder" in value.lower() for value in sight.headers.all("delivered-to")):
        return _auto_reply(sight, "Delivered-To: Autoresponder")
    if "autoresponder" in sight.header("X-POST-MessageClass") or sight.header("X-Mailer").startswith(("vacation", "autorespond")):
        return _auto_reply(sight, "the program that wrote it")
    return None


def find_list_mail(sight: Sight) -> Found | None:
    """Find mail of a mailing list or newsletter; a list that is our own channel or was declared is only a way to us."""
    found = find_list(sight.headers)
    if found is None or is_own_list(sight.headers, sight.circumstances):
        return None
    if _has_absence_subject(sight):
        return _auto_reply(sight, "its subject")
    return Kind.MAILING_LIST, found


def find_automatic_subject(sight: Sight) -> Found | None:
    """Read subjects that programs begin with when they answer for somebody."""
    if _has_auto_reply_subject(sight):
        is_question = sight.subject.endswith(("?", "？")) and not sight.message.in_reply_to  # noqa: RUF001 wide sign
        return None if is_question and not sight.speaks_of_absence else _auto_reply(sight, "its subject")
    if _has_absence_subject(sight) or (sight.subject.startswith("auto: ") and _names_absent_person(sight)):
        return _auto_reply(sight, "its subject")
    return None


def find_machine(sight: Sight) -> Found | None:
    """Find other automatic mail: fields of programs, bulk, monitoring, addresses nobody reads."""
    for name in phrases.MACHINE_HEADERS:
        if name.lower() in sight.headers and sight.header(name) not in {"", "no", "false"}:
            return Kind.AUTO_GENERATED, name
    precedence = sight.header("Precedence")
    if precedence in {"bulk", "junk"} and not is_own_list(sight.headers, sight.circumstances):
        return Kind.AUTO_GENERATED, f"Precedence: {precedence}"
    if _suppresses(sight):
        return Kind.AUTO_GENERATED, "X-Auto-Response-Suppress"
    if _MONITORING.match(sight.subject):
        return Kind.AUTO_GENERATED, "its subject is that of a program"
    if _is_machine(sight.local_part) and not _is_form(sight):
        return Kind.AUTO_GENERATED, f"nobody writes from {sight.local_part}@"
    return None


def find_null_reverse_path(sight: Sight) -> Found | None:
    """A person's mail has a reverse-path (RFC 5321 section 4.5.5), unless a forwarder of ours took it away."""  # noqa: D401
    if not sight.has_null_reverse_path or sight.circumstances.from_declared_forwarder:
        return None
    if starts_with_phrase(sight.subject, phrases.RECEIPT_SUBJECTS):
        return Kind.RECEIPT, "its subject, and the reverse-path is null"
    if sight.speaks_of_absence:
        return Kind.OUT_OF_OFFICE, "the reverse-path is null, and it speaks of absence"
    return Kind.AUTO_GENERATED, "the reverse-path is null"


def _has_auto_reply_subject(sight: Sight) -> bool:
    return bool(starts_with_phrase(sight.subject, phrases.AUTO_REPLY_SUBJECTS))


def _has_absence_subject(sight: Sight) -> bool:
    """Tell whether the subject says that somebody is away; a subject without more counts only if the text says so, too."""
    phrase = starts_with_phrase(sight.subject, phrases.ABSENCE_SUBJECTS)
    if not phrase:
        return False
    rest = sight.subject.lstrip("[(*# ")[len(phrase) :].lstrip(" ")
    answers = bool(sight.message.in_reply_to) or sight.has_null_reverse_path
    return sight.tells_of_absence or (answers and rest.startswith((":", "re:", "autoreply")))


def _names_absent_person(sight: Sight) -> bool:
    """Tell whether the subject says who is away, as Notes writes it, and the text says so, too."""
    return sight.tells_of_absence and any(phrase in sight.subject for phrase in phrases.ABSENCE_TEXTS)


def _auto_reply(sight: Sight, because: str) -> Found:
    """Tell an absence from other automatic answers."""
    return (Kind.OUT_OF_OFFICE if sight.speaks_of_absence else Kind.AUTO_REPLY), because


def _is_form(sight: Sight) -> bool:
    """Tell whether a web form wrote on behalf of a person: the answer goes to somebody else."""
    author = sight.message.author
    reply_to = [mailbox.address for mailbox in sight.message.reply_to if mailbox.address.domain]
    if author is None or not reply_to or reply_to[0].key == author.address.key:
        return False
    return not _is_machine(reply_to[0].local.casefold())


def _is_machine(local_part: str) -> bool:
    """Tell whether nobody reads what is sent to a local part."""
    return local_part in phrases.MACHINE_LOCAL_PARTS or _NO_REPLY.search(local_part) is not None


CHECKS: Final[tuple[Check, ...]] = (
    find_loop,
    find_forwarding_confirmation,
    find_feedback_report,
    find_receipt,
    find_bounce,
    find_form,
    find_auto_submitted,
    find_auto_reply_header,
    find_list_mail,
    find_automatic_subject,
    find_machine,
    find_null_reverse_path,
)
