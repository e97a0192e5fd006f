"""The DNS of the demo: what the two invented domains publish, answered over UDP on a port of this machine."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Final, cast

import dkim
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

SELECTOR: Final = "demo"
_KEY_BITS: Final = 2048
_TTL: Final = 60
_TXT_OCTETS: Final = 255
_SIGNED: Final = (b"from", b"to", b"subject", b"date", b"message-id", b"in-reply-to", b"references", b"content-type")


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that signs its mail."""

    name: str
    private_key: rsa.RSAPrivateKey
    address: str
    """The one address that its SPF record allows."""

    @classmethod
    def make(cls, name: str, address: str) -> "Domain":
        """Make a domain with a new key."""
        return cls(name, rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS), address)

    def records(self) -> dict[str, str]:
        """Return what it publishes: SPF, its key, and DMARC that rejects what does not hold."""
        public = self.private_key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return {
            f"{self.name}.": f"v=spf1 ip4:{self.address} -all",
            f"{SELECTOR}._domainkey.{self.name}.": f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}",
            f"_dmarc.{self.name}.": "v=DMARC1; p=reject",
        }

    def sign(self, content: bytes) -> bytes:
        """Return the mail with a DKIM signature above it."""
        pem = self.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        return bytes(dkim.sign(content, SELECTOR.encode(), self.name.encode(), pem, include_headers=list(_SIGNED))) + content


class NameServer(asyncio.DatagramProtocol):
    """Answers TXT questions about some names; nothing else exists."""

    def __init__(self, records: dict[str, str]) -> None:
        """Take the TXT records by absolute name in lower case."""
        self._records = records
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are sent through."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        try:
            question = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self._transport is not None:
            self._transport.sendto(self._answer(question).to_wire(), addr)

    def _answer(self, question: dns.message.Message) -> dns.message.Message:
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.AA
        for asked in question.question:
            text = self._records.get(asked.name.to_text().lower())
            if text is None and not any(name.endswith("." + asked.name.to_text().lower()) for name in self._records):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if text is not None and asked.rdtype == dns.rdatatype.TXT:
                strings = " ".join(f'"{text[i : i + _TXT_OCTETS]}"' for i in range(0, len(text), _TXT_OCTETS))
                answer.answer.append(dns.rrset.from_text(asked.name, _TTL, "IN", "TXT", strings))
        return answer


async def serve_names(*domains: Domain) -> tuple[asyncio.DatagramTransport, int]:
    """Answer for these domains on a free port; return what to close, and the port."""
    records = {name: text for domain in domains for name, text in domain.records().items()}
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: NameServer(records), local_addr=("127.0.0.1", 0)
    )
    return transport, int(transport.get_extra_info("sockname")[1])
