"""Mailing lists and newsletters: recognising them, and whose they are."""

import re
from typing import Final

from gateway.mail import Address, Mailbox, Message
from gateway.pipeline.circumstances import Circumstances
from gateway.pipeline.header_index import HeaderIndex
from gateway.pipeline.lines import find_address

_LIST_FIELDS: Final = (
    "List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Archive", "List-Owner",
    "List-Help",
    "Mailing-List", "X-Mailing-List", "X-BeenThere", "X-Mailman-Version", "X-List", "X-ListMember", "X-Google-Group-Id",
    "X-CSA-Complaints", "X-Campaign", "X-CampaignId", "X-Mailchimp-Id", "X-MC-User", "X-Newsletter",
)  # fmt: skip
_ID: Final = re.compile(r"<\s{0,4}([^<>\s]{1,255})\s{0,4}>")


def find_list(headers: HeaderIndex) -> str | None:
    """Return what says that a mail came over a list or is a newsletter (RFC 2369, RFC 2919); None for any other mail."""
    for name in _LIST_FIELDS:
        value = headers.first(name.lower())
        if value and value.strip():
            return f"{name}: {value.strip()[:120]}"
    if (headers.first("precedence") or "").strip().lower() == "list":
        return "Precedence: list"
    return None


def list_names(headers: HeaderIndex) -> frozenset[str]:
    """Return by which names a list calls itself: its List-Id and its posting address, in lower case."""
    names: set[str] = set()
    for value in headers.all("list-id")[:4]:
        match = _ID.search(value[:1000])
        names.add((match[1] if match else value.strip()[:255]).lower())
    for field in ("list-post", "mailing-list", "x-beenthere", "x-mailing-list"):
        for value in headers.all(field)[:4]:
            address = find_address(value[:1000])
            if address:
                names.add(address.lower())
    return frozenset(names)


def is_own_list(headers: HeaderIndex, circumstances: Circumstances) -> bool:
    """Tell whether the list is declared, or is the channel itself (support@ as a group): then it is only a way to us."""
    names = list_names(headers)
    if not names:
        return False
    dotted = {address.replace("@", ".", 1) for address in circumstances.own_addresses}
    return bool(names & (circumstances.declared_lists | circumstances.own_addresses | dotted))


def find_original_author(message: Message, circumstances: Circumstances) -> Mailbox | None:
    """Return the author whom a declared list hid behind its own address; None where nothing is to be undone.

    Google Groups writes X-Original-From and X-Original-Sender, Mailman 3 (RFC 7960 workarounds) Reply-To or X-MailFrom. Nobody's
    word counts but that of a list the admin declared.
    """
    headers = HeaderIndex(message)
    if not list_names(headers) & circumstances.declared_lists:
        return None
    for name in ("x-original-from", "x-original-sender", "x-mailfrom"):
        address = find_address((headers.first(name) or "")[:1000])
        if address:
            value = headers.first(name) or ""
            display = value.split("<", 1)[0].strip(" \"'") if "<" in value else ""
            return Mailbox(display or None, Address.of(address))
    return message.reply_to[0] if message.reply_to else None
