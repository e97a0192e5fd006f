"""What the SMTP session says of a mail, and why we take it: the envelope, its door, and what each recipient leads to."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.mail.addresses import Address


class Door(StrEnum):
    """Through which door a mail came in."""

    SMTP = "smtp"
    LMTP = "lmtp"
    INJECT = "inject"
    FETCH = "fetch"

    @property
    def is_local(self) -> bool:
        """Tell whether our own front MTA stands before this door, so that it counts as a declared forwarder."""
        return self is not Door.SMTP


class RouteKind(StrEnum):
    """Why we take mail for an address."""

    CHANNEL = "channel"
    """An address that customers write to."""
    INTAKE = "intake"
    """A channel's generated address on our own hostname: the target of a forwarding rule."""
    TOKEN = "token"  # noqa: S105 no password
    """A ticket's address: `<token>@hostname`, or the plus form of a channel's address."""
    RETURN = "return"
    """A reverse-path of ours: bounces come here."""
    OPERATOR = "operator"
    """postmaster and abuse at our hostname (RFC 5321 section 4.5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An envelope recipient that we take mail for, and what it leads to."""

    address: Address
    channel: str
    kind: RouteKind
    token: str | None = None
    """The token in the address, in lower case, its MAC not yet believed."""
    note: bool = False
    """`…+note`: whatever is said here stays internal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What the SMTP session said, before and beside the content (RFC 5321 section 2.3.1)."""

    reverse_path: Address | None
    """None is the null reverse-path `<>`."""
    recipients: tuple[Recipient, ...]
    received_at: datetime
    """Aware, UTC."""
    door: Door = Door.SMTP
    client_ip: str | None = None
    """The peer, or what a trusted proxy said it was. None at the local doors."""
    helo: str | None = None
    is_esmtp: bool = True
    is_smtputf8: bool = False
    tls: str | None = None
    """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
