"""The sections of the configuration that say whom the evidence asks and who is known to forward mail to us."""

import ipaddress
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from gateway.section import Seconds, Section

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Preset = Literal["microsoft365", "google", "postfix"]

DNS_PORT: Final = 53


def one_or_many(value: object) -> object:
    """Take a single value where a list is wanted, so that `authserv_id: mx.firma.example` needs no brackets."""
    return value if isinstance(value, list | tuple) else [value]


def lower_domain(text: str) -> str:
    """Bring a domain to the form all comparisons use: lower case, no dot at the end."""
    return text.lower().rstrip(".")


Domain = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^\s@/]+$"),
    AfterValidator(lower_domain),
]
Domains = Annotated[list[Domain], BeforeValidator(one_or_many)]


class ForwarderSettings(Section):
    """A mail server that forwards mail to a channel: the evidence looks through it at the hop before."""

    name: str | None = None
    """What the evidence calls it; without it the authserv-id, a domain or a network."""
    preset: Preset | None = None
    """`microsoft365` and `google` know the cloud's addresses and sealers; `postfix` is a server of the company's own."""
    networks: Annotated[list[Network], BeforeValidator(one_or_many)] = Field(default_factory=list)
    """It hands us mail from these networks, such as 203.0.113.0/24. Where several of its servers pass a mail on to one another,
    list all of them, those with private addresses, such as 10.0.0.0/8, too: otherwise the innermost of them is taken for the
    sender's own, and nothing of what it says can be proven."""
    spf_domain: Domain | None = None
    """It hands us mail from the addresses that this domain's SPF record lists."""
    srs_domains: Domains = Field(default_factory=list)
    """It rewrites reverse-paths (SRS) into these domains; SPF must pass for them."""
    reverse_path_domains: Domains = Field(default_factory=list)
    """The company's own domains, as they stand in the reverse-path of what a shared cloud forwards."""
    authserv_id: Domains = Field(default_factory=list)
    """Names under which it writes `Authentication-Results` that may be believed."""
    arc_sealers: Domains = Field(default_factory=list)
    """Domains whose ARC seals may vouch for a mail."""

    @model_validator(mode="after")
    def _can_be_recognised(self) -> Self:
        if self.preset in SHARED_CLOUDS:
            return self
        if not (self.networks or self.spf_domain or self.srs_domains or self.arc_sealers):
            message = "a forwarder is recognised by networks, spf_domain, srs_domains or arc_sealers; give at least one"
            raise ValueError(message)
        return self

    @property
    def is_shared(self) -> bool:
        """Tell whether strangers send from the same addresses, so that the network alone proves nothing."""
        return self.preset in SHARED_CLOUDS

    @property
    def tenant_domains(self) -> frozenset[str]:
        """The domains that tell our tenant's mail from other tenants' of the same cloud."""
        return frozenset(self.reverse_path_domains) | frozenset(self.srs_domains)

    @property
    def all_spf_domains(self) -> tuple[str, ...]:
        """Every domain whose SPF record lists this forwarder's addresses."""
        of_cloud = CLOUD_SPF_DOMAIN.get(self.preset or "")
        return tuple(d for d in (self.spf_domain, of_cloud) if d)

    @property
    def all_arc_sealers(self) -> frozenset[str]:
        """Every domain whose seal counts here."""
        return frozenset(self.arc_sealers) | CLOUD_SEALERS.get(self.preset or "", frozenset())

    @property
    def label(self) -> str:
        """How an admin would name it."""
        if self.name:
            return self.name
        choices = (*self.authserv_id, *([self.preset] if self.is_shared and self.preset else []))
        named = (*choices, *self.srs_domains, *all_or_none(self.spf_domain), *map(str, self.networks), *self.arc_sealers)
        return named[0] if named else "forwarder"

    def for_tenant(self, *domains: str) -> Self:
        """Return the same with these domains as the tenant's, where a shared cloud was declared without any."""
        if not self.is_shared or self.tenant_domains:
            return self
        return self.model_copy(update={"reverse_path_domains": [lower_domain(d) for d in domains]})


SHARED_CLOUDS: Final = frozenset({"microsoft365", "google"})
CLOUD_SPF_DOMAIN: Final = {"microsoft365": "spf.protection.outlook.com", "google": "_spf.google.com"}
CLOUD_SEALERS: Final = {
    "microsoft365": frozenset({"microsoft.com"}),
    "google": frozenset({"google.com"}),
}


def all_or_none(value: str | None) -> tuple[str, ...]:
    """Return the value as a tuple of one, or an empty tuple."""
    return (value,) if value else ()


def parse_server(text: str) -> tuple[str, int]:
    """Split `IP`, `IP:PORT` or `[IPv6]:PORT`.

    Raises:
        ValueError: it is none of these.
    """
    text = text.strip()
    host, port = text, str(DNS_PORT)
    if text.startswith("[") and "]" in text:
        host, _, rest = text[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else port
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 2**16):  # ports have 16 bits
        message = f"{text!r} is no DNS server; write IP or IP:PORT"
        raise ValueError(message)
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        message = f"{text!r} is no DNS server; write IP or IP:PORT"
        raise ValueError(message) from None


def check_server(text: str) -> str:
    """Refuse what is no DNS server; pydantic shows the reason."""
    parse_server(text)
    return text


class SigningSettings(Section):
    """A key with which mail from a domain is signed (DKIM, RFC 6376)."""

    domain: Domain
    """Sign what goes out from addresses of this domain: a channel's, or our hostname for what agents get."""
    selector: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$")]
    """Where the public key stands: `selector._domainkey.domain`."""
    key: Path
    """The private key (PEM, without a passphrase): RSA of 2048 bits, or Ed25519."""


class ResolverSettings(Section):
    """Whom to ask in the DNS, and how patient to be."""

    servers: Annotated[list[Annotated[str, AfterValidator(check_server)]], BeforeValidator(one_or_many)] = Field(
        default_factory=list
    )
    """DNS servers as IP or IP:PORT; without any, those of this machine's resolv.conf."""
    timeout: Annotated[Seconds, Field(gt=0, le=60)] = 1.5
    """How long one server may take for one question."""
    cache_size: Annotated[int, Field(ge=0)] = 50_000
    """How many answers are remembered, each as long as its TTL says."""
    questions_per_mail: Annotated[int, Field(ge=1)] = 400
    """How many DNS questions one mail may cause; what is beyond is a temporary error."""
    seconds_per_mail: Annotated[Seconds, Field(gt=0, le=300)] = 10
    """How long finding the evidence of one mail may take; what is not answered by then is a temporary error."""
