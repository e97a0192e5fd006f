"""The sections of the configuration that say how mail leaves: smarthosts, and when a mail is tried again."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.section import Seconds, Secret, Section

_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SmarthostSettings(Section):
    """A mail server of the company that takes our mail and delivers it."""

    host: str
    """Its name; the certificate must bear it."""
    port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    """Without it 587 for `starttls`, 465 for `tls`, 25 for `none`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` and `tls` never send a word of mail in clear; `none` never uses TLS: for a server on this machine."""
    verify: bool = True
    """Refuse a certificate that is not signed by a known authority or bears another name."""
    ca_file: Path | None = None
    """Certificates (PEM) of the authorities to trust; without it those of the system."""
    username: str | None = None
    """Log in as; without it the server must know us by our address."""
    password: Secret | None = None
    """Goes with `username`; only ever sent over TLS."""
    helo: str | None = None
    """What we call ourselves there; without it our hostname."""
    timeout: Annotated[Seconds, Field(gt=0)] = 60
    """How long to wait for each answer but the last."""
    data_timeout: Annotated[Seconds, Field(gt=0)] = 600
    """How long to wait for the answer to a whole mail (RFC 5321 section 4.5.3.2.6), and one second more for each 20 KB of it."""
    max_connections: Annotated[int, Field(ge=1, le=100)] = 4
    """At most this many connections at once."""
    mails_per_connection: Annotated[int, Field(ge=1)] = 100
    """At most this many mails over one connection."""

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        if self.username is not None and self.security == "none":
            raise ValueError("a password is never sent in clear: set security to starttls or tls")
        return self

    @property
    def effective_port(self) -> int:
        """The port to connect to."""
        return self.port if self.port is not None else _PORTS[self.security]


class RetrySettings(Section):
    """When a mail that could not be handed over is tried again."""

    first_delay: Annotated[Seconds, Field(gt=0)] = 60
    """Wait this long after the first attempt."""
    factor: Annotated[float, Field(ge=1, le=100)] = 2
    """Each wait is this many times the one before."""
    maximum_delay: Annotated[Seconds, Field(gt=0)] = 3 * 3600
    """No wait is longer."""
    give_up_after: Annotated[Seconds, Field(gt=0)] = 5 * 86_400
    """A mail that is older than this counts as bounced."""
    jitter: Annotated[float, Field(ge=0, le=0.9)] = 0.2
    """Each wait is changed at random by up to this share, so that a crowd of mails comes back spread out."""


class RelaySettings(Section):
    """How the outbox is worked off."""

    retry: RetrySettings = RetrySettings()
    """When a mail is tried again."""
    concurrency: Annotated[int, Field(ge=1, le=200)] = 16
    """How many mails are on their way to smarthosts at once."""
    lease: Annotated[Seconds, Field(ge=60)] = 3600
    """How long one sender may keep a mail before another one takes it over."""
