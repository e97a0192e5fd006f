"""One mail under way: what MAIL and RCPT have said so far (RFC 5321 section 3.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.mail.addresses import Address
from gateway.mail.envelope import Recipient
from gateway.smtp_in import replies
from gateway.smtp_in.paths import Path
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.settings import LimitSettings

_SIZE_DIGITS: Final = 20
"""RFC 1870 section 4."""


@dataclass(slots=True, kw_only=True)
class Transaction:
    """From MAIL to the reply after DATA."""

    reverse_path: Address | None
    is_smtputf8: bool = False
    recipients: list[Recipient] = field(default_factory=list)
    """One for each accepted RCPT, in order: LMTP answers each of them."""
    has_deferred: bool = False
    """A recipient was answered 451: an empty mail must not be refused for good."""


def begin_transaction(path: Path, *, is_extended: bool, limits: LimitSettings) -> Transaction | Refusal:
    """Check the parameters of MAIL (RFC 1870, RFC 6152, RFC 6531) and begin a mail, or say why not."""
    address = path.address
    if address is not None and not address.domain:
        return replies.BAD_SENDER
    if not path.parameters and not needs_smtputf8(address):
        return Transaction(reverse_path=address)
    if not is_extended:
        return replies.UNKNOWN_PARAMETER if path.parameters else replies.NEED_SMTPUTF8
    parameters = dict(path.parameters)
    refusal = _check_parameters(parameters, limits) if len(parameters) == len(path.parameters) else replies.BAD_ARGUMENT
    if refusal is not None:
        return refusal
    if needs_smtputf8(address) and "SMTPUTF8" not in parameters:
        return replies.NEED_SMTPUTF8
    return Transaction(reverse_path=address, is_smtputf8="SMTPUTF8" in parameters)


def _check_parameters(parameters: Mapping[str, str], limits: LimitSettings) -> Refusal | None:
    for name, value in parameters.items():
        match name:
            case "SIZE" if not (value.isascii() and value.isdigit() and len(value) <= _SIZE_DIGITS):
                return replies.BAD_ARGUMENT
            case "SIZE" if int(value) > limits.message_size:
                return replies.TOO_BIG
            case "BODY" if value.upper() not in ("7BIT", "8BITMIME"):
                return replies.BAD_ARGUMENT
            case "SMTPUTF8" if value:
                return replies.BAD_ARGUMENT
            case "SIZE" | "BODY" | "SMTPUTF8":
                pass
            case _:
                return replies.UNKNOWN_PARAMETER
    return None


def declared_size(path: Path) -> int:
    """Return the size that MAIL declared, which `begin_transaction` has checked; 1 where it did not."""
    return next((int(value) for name, value in path.parameters if name == "SIZE"), 1)


def needs_smtputf8(address: Address | None) -> bool:
    """Tell whether an address may only stand in a mail that was announced as SMTPUTF8 (RFC 6531 section 3.4)."""
    return address is not None and not (address.local.isascii() and address.domain.isascii())
