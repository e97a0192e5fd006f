"""The sections of the configuration that say where mail comes in and how much of it at once: `listen` and `limits`."""

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator, model_validator

from gateway.mail.envelope import Door
from gateway.section import Octets, Seconds, Section

Network = IPv4Network | IPv6Network

_HOST_PORT: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9.*-]{0,253}):(\d{1,5})")
_LAST_PORT: Final = 65_535
_LOOPBACK: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))


class TlsMode(StrEnum):
    """When a listener speaks TLS."""

    NONE = "none"
    STARTTLS = "starttls"
    """After the client asks for it (RFC 3207)."""
    IMPLICIT = "implicit"
    """From the first octet on (RFC 8314 section 3)."""


class ListenSettings(Section):
    """One place where mail comes in: exactly one of `smtp`, `lmtp` and `inject`."""

    smtp: str | None = None
    """SMTP for other mail servers, as `host:port`, such as `0.0.0.0:25` or `[::]:25`."""
    lmtp: str | None = None
    """LMTP (RFC 2033) for a mail server on this machine, as `unix:/path` or `host:port`."""
    inject: str | None = None
    """LMTP for `ticket-gateway inject`, as `unix:/path`; only the gateway's group may connect."""
    systemd: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,255}$")] | None = None
    """The `FileDescriptorName=` of a systemd socket to take instead of binding the address, where systemd passes one."""
    tls: TlsMode | None = None
    """`none`, `starttls` or `implicit`; without it `starttls` where a certificate is given."""
    certificate: Path | None = None
    """The certificate chain (PEM); read again when the file changes."""
    key: Path | None = None
    """The private key (PEM); read again when the file changes."""
    proxy_networks: list[Network] = Field(default_factory=list)
    """Load balancers: every connection from these networks must begin with a PROXY protocol header, version 1 or 2."""
    xclient_networks: list[Network] = Field(default_factory=list)
    """Front mail servers that may say with XCLIENT or XFORWARD who their client was."""
    mode: Annotated[str, StringConstraints(pattern=r"^0?[0-7]{3}$")] = "0660"
    """The access mode of a unix socket, in octal."""

    @field_validator("smtp", "lmtp", "inject")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        if value is None or (value.startswith("unix:/") and "\0" not in value):
            return value
        match = _HOST_PORT.fullmatch(value)
        if match is None or int(match[2]) > _LAST_PORT:
            message = f"{value!r} is not an address to listen on; write host:port, [IPv6]:port or unix:/path"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _check_whole(self) -> "ListenSettings":
        if sum(value is not None for value in (self.smtp, self.lmtp, self.inject)) != 1:
            raise ValueError("a listener has exactly one of smtp, lmtp and inject")
        if self.inject is not None and not self.inject.startswith("unix:"):
            raise ValueError("inject listens on a unix socket only; write unix:/path")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.tls_mode is not TlsMode.NONE and self.certificate is None:
            message = f"tls {self.tls_mode} needs a certificate and a key"
            raise ValueError(message)
        if self.tls_mode is TlsMode.IMPLICIT and self.proxy_networks:
            raise ValueError("the PROXY protocol goes with tls none or starttls, not with implicit")
        return self

    @property
    def address(self) -> str:
        """Where it listens: `host:port` or `unix:/path`."""
        return self.smtp or self.lmtp or self.inject or ""

    @property
    def door(self) -> Door:
        """Which protocol is spoken there."""
        if self.smtp is not None:
            return Door.SMTP
        return Door.LMTP if self.lmtp is not None else Door.INJECT

    @property
    def tls_mode(self) -> TlsMode:
        """When TLS is spoken, with the default filled in."""
        if self.tls is not None:
            return self.tls
        return TlsMode.STARTTLS if self.certificate is not None else TlsMode.NONE


class LimitSettings(Section):
    """How much mail, and from whom, at once. Every refusal is counted, and logged once per burst."""

    message_size: Annotated[Octets, Field(ge=64_000)] = 50_000_000
    """The largest mail taken, in octets; announced with SIZE (RFC 1870)."""
    connections: Annotated[int, Field(ge=1)] = 4000
    """Connections in all; when they are used up, the one idle for longest makes room."""
    connections_per_network: Annotated[int, Field(ge=1)] = 50
    """Connections from one network of clients: /24 of IPv4, /64 of IPv6."""
    uncounted_networks: list[Network] = Field(default_factory=lambda: list(_LOOPBACK))
    """Networks to which `connections_per_network` does not apply, such as the company's own mail servers."""
    recipients_per_mail: Annotated[int, Field(ge=100)] = 1000
    """Recipients of one mail; RFC 5321 section 4.5.3.1.8 wants 100 at least."""
    mails_per_connection: Annotated[int, Field(ge=1)] = 10_000
    """Mails in one connection; then the client has to connect anew."""
    commands: Annotated[int, Field(ge=20)] = 2000
    """Commands since the last accepted mail."""
    idle_commands: Annotated[int, Field(ge=5)] = 100
    """Commands that lead nowhere (NOOP, RSET, VRFY, EXPN, HELP, and greeting again) since the last accepted mail."""
    errors: Annotated[int, Field(ge=1)] = 20
    """Refused commands since the last accepted mail."""
    header_size: Annotated[Octets, Field(ge=16_000, le=1_000_000)] = 200_000
    """The header block of one mail, in octets."""
    header_fields: Annotated[int, Field(ge=100)] = 1000
    """Header fields of one mail."""
    hops: Annotated[int, Field(ge=30)] = 100
    """Received fields of one mail; more is a loop (RFC 5321 section 6.3)."""
    in_flight: Annotated[Octets, Field(ge=1_000_000)] = 3_000_000_000
    """All mails that are arriving now, together, in octets; beyond it senders are asked to come back."""
    in_memory: Annotated[Octets, Field(ge=1_000_000)] = 64_000_000
    """Of these, what may stay in memory; beyond it even small mails are spooled to disk."""
    spool_above: Annotated[Octets, Field(ge=16_000)] = 262_144
    """A mail larger than this is spooled to disk while it arrives."""
    idle: Annotated[Seconds, Field(ge=1)] = 300
    """How long a client may take for its next command (RFC 5321 section 4.5.3.2.7)."""
    idle_under_pressure: Annotated[Seconds, Field(ge=0)] = 5
    """How long a connection has been idle before it may be closed to make room for another."""
    handshake: Annotated[Seconds, Field(ge=1)] = 30
    """How long a TLS handshake or a PROXY header may take."""
    progress: Annotated[Octets, Field(ge=1)] = 1000
    """The slowest sender that is waited for, in octets per second while a mail arrives."""
    progress_window: Annotated[Seconds, Field(ge=1)] = 120
    """The time over which `progress` is measured, so that a pause is forgiven."""
