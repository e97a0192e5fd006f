"""Mailing lists and newsletters: recognising them, and whose they are."""

import re
from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.evidence import Assurance
from gateway.mail.message import Message
from gateway.mail.reading import Reading
from gateway.pipeline.reading.addresses import parse_address_list
from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.header_index import HeaderIndex
from gateway.pipeline.reading.lines import find_address

_LIST_FIELDS: Final = (
    "List-Id", "List-Post", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Archive", "List-Owner",
    "List-Help",
    "Mailing-List", "X-Mailing-List", "X-BeenThere", "X-Mailman-Version", "X-List", "X-ListMember", "X-Google-Group-Id",
    "X-CSA-Complaints", "X-Campaign", "X-CampaignId", "X-Mailchimp-Id", "X-MC-User", "X-Newsletter",
)  # fmt: skip
_ORIGINAL_FIELDS: Final = ("x-original-from", "x-original-sender")
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

    Google Groups writes X-Original-From and X-Original-Sender; Mailman puts the author into Reply-To or Cc, and `via` with the
    list's name behind theirs (RFC 7960 section 4.1.3.1). The list must be declared, stand in From, and be certain itself.
    """
    author = message.author
    declared = circumstances.declared_lists
    if author is None or not circumstances.is_sender_sure or not _names_of(author.address) & declared:
        return None
    headers = HeaderIndex(message)
    name, via, _ = (author.name or "").rpartition(" via ")
    named = [each for field in _ORIGINAL_FIELDS for each in parse_address_list((headers.first(field) or "")[:2000])]
    others = [*message.reply_to, *message.cc] if via else []
    known = circumstances.own_addresses | circumstances.intake_addresses
    for mailbox in (*named, *others):
        if _is_person(mailbox.address) and mailbox.address.key not in known and not _names_of(mailbox.address) & declared:
            return mailbox if mailbox.name else Mailbox(name.strip(" '\"") or None, mailbox.address)
    return None


def find_form_sender(message: Message, circumstances: Circumstances) -> Mailbox | None:
    """Return who filled in a declared web form, which is who its Reply-To names; None for any other mail."""
    author = message.author
    if author is None or not circumstances.is_sender_sure or author.address.key not in circumstances.declared_forms:
        return None
    mailbox = message.reply_to[0] if message.reply_to else None
    if mailbox is None or not _is_person(mailbox.address):
        return None
    known = circumstances.own_addresses | circumstances.intake_addresses | circumstances.declared_forms
    return None if mailbox.address.key in known else mailbox


def cap_assurance(assurance: Assurance, reading: Reading) -> Assurance:
    """Take what is proven of a declared list for no more than its word about the author it names."""
    is_named = assurance is Assurance.PROVEN and reading.original_author is not None
    return Assurance.VOUCHED if is_named else assurance


def _is_person(address: Address) -> bool:
    return address.is_sendable and bool(address.domain)


def _names_of(address: Address) -> frozenset[str]:
    """Return what a list with this address may be called: the address, and the List-Id that is made from it."""
    return frozenset({address.key, address.key.replace("@", ".", 1)})
