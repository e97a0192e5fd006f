"""One connection to a smarthost: the conversation itself (RFC 5321, 3207, 4954, 6152, 6531).

`stage` always names the last thing that was asked, so whoever catches an error knows how far the conversation had got. With
`starttls` and `tls` only the greeting, EHLO and STARTTLS are ever said in clear, and a password goes over TLS only.
"""

import re
import ssl
from dataclasses import dataclass
from typing import Final

from aiosmtplib import SMTP, SMTPException, SMTPHeloError, SMTPResponseException, SMTPServerDisconnected

from gateway.errors import InvalidAddress
from gateway.mail.addresses import Address, ascii_domain
from gateway.relay.settings import SmarthostSettings
from gateway.relay.tries import Stage

_OCTETS_PER_SECOND: Final = 20_000
_QUIT_SECONDS: Final = 5.0
_LINE_END: Final = re.compile(rb"\r\n|\r|\n")
_OK: Final = (250, 251)
_START_INPUT: Final = 354
_TOO_BIG: Final = 552
_NO_UTF8: Final = 553


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What is to be handed over: the envelope, and content with CRLF line ends (see `outward`)."""

    reverse_path: Address | None
    recipient: Address
    content: bytes


def outward(content: bytes) -> bytes:
    """Return content as it may be sent: every CR, LF or CRLF as CRLF, and one at the end (RFC 5321 section 2.3.8)."""
    pairs = content.count(b"\r\n")
    if pairs != content.count(b"\n") or pairs != content.count(b"\r"):
        content = _LINE_END.sub(b"\r\n", content)
    return content if content.endswith(b"\r\n") else content + b"\r\n"


def make_tls_context(settings: SmarthostSettings) -> ssl.SSLContext:
    """Read the trusted authorities. Blocks. Raises OSError when `ca_file` cannot be read."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class Connection:
    """A conversation with a smarthost. Its methods raise what aiosmtplib and the network raise."""

    def __init__(self, settings: SmarthostSettings, *, hostname: str, tls_context: ssl.SSLContext | None) -> None:
        """Prepare; nothing is sent before `open`."""
        self._settings = settings
        self.stage = Stage.CONNECT
        self.tls: str | None = None
        """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
        self.mails = 0
        self._smtp = SMTP(
            hostname=ascii_domain(settings.host),
            port=settings.effective_port,
            local_hostname=settings.helo or hostname,
            use_tls=settings.security == "tls",
            start_tls=False,
            tls_context=tls_context,
            timeout=settings.timeout,
        )

    @property
    def is_open(self) -> bool:
        """Tell whether the server has not closed it."""
        return self._smtp.is_connected

    async def open(self) -> None:
        """Connect, greet, secure and log in."""
        self.stage = Stage.CONNECT
        await self._smtp.connect()
        self.stage = Stage.HELLO
        await self._greet()
        if self._settings.security == "starttls":
            await self._smtp.starttls()
            await self._smtp.ehlo()
        self.tls = self._describe_tls()
        if self._settings.username is not None and self._settings.password is not None:
            self.stage = Stage.AUTH
            if self.tls is None:
                raise SMTPException("no password without TLS")
            await self._smtp.login(self._settings.username, self._settings.password.get_secret_value())

    async def send(self, handover: Handover) -> str:
        """Hand over one mail and return the server's words after its 250; everything else is raised."""
        self.stage = Stage.OFFER
        options, encoding = self._mail_options(handover)
        reverse_path = _path(handover.reverse_path) if handover.reverse_path is not None else ""
        recipient = _path(handover.recipient)
        self.stage = Stage.MAIL
        await self._command(b"MAIL", f"FROM:<{reverse_path}>".encode(encoding), *options)
        self.stage = Stage.RCPT
        await self._command(b"RCPT", f"TO:<{recipient}>".encode(encoding), expected=_OK)
        self.stage = Stage.DATA
        await self._command(b"DATA", expected=(_START_INPUT,))
        return await self._write_content(handover.content)

    async def reset(self) -> None:
        """Forget a mail that was refused, so that the next one may follow."""
        await self._smtp.rset(timeout=_QUIT_SECONDS)

    async def quit(self) -> None:
        """Say goodbye; a server that does not answer is left without."""
        try:
            await self._smtp.quit(timeout=_QUIT_SECONDS)
        except (SMTPException, OSError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Drop the connection without a word."""
        self._smtp.close()

    async def _greet(self) -> None:
        try:
            await self._smtp.ehlo()
        except SMTPHeloError:
            if self._settings.security == "starttls" or not self._smtp.is_connected:
                raise
            await self._smtp.helo()

    async def _command(self, *words: bytes, expected: tuple[int, ...] = _OK) -> None:
        # Written out instead of aiosmtplib's mail() and rcpt(), which parse the address again and may read it differently.
        response = await self._smtp.execute_command(*words)
        if response.code not in expected:
            raise SMTPResponseException(response.code, response.message)

    async def _write_content(self, content: bytes) -> str:
        """Write the mail and wait for the answer. aiosmtplib's data() would hide whether the dot was written."""
        protocol = self._smtp.protocol
        if protocol is None:
            raise SMTPServerDisconnected("connection lost")
        if protocol._buffer:  # noqa: SLF001 aiosmtplib would take a reply that came too early for the answer to our mail
            raise SMTPException("the server answered more than it was asked")
        self.stage = Stage.DOT
        self.mails += 1
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        protocol.write(stuffed + b".\r\n")
        response = await protocol.read_response(timeout=self._settings.data_timeout + len(content) / _OCTETS_PER_SECOND)
        if response.code != _OK[0]:
            raise SMTPResponseException(response.code, response.message)
        return response.message

    def _mail_options(self, handover: Handover) -> tuple[tuple[bytes, ...], str]:
        """Return the parameters of MAIL and the encoding of its address; raises when the server cannot take such a mail."""
        offered = self._smtp.esmtp_extensions
        options: list[bytes] = []
        if "size" in offered:
            limit = offered["size"].strip()
            if limit.isascii() and limit.isdigit() and 0 < int(limit[:12]) < len(handover.content):
                raise SMTPResponseException(_TOO_BIG, f"the server takes at most {limit[:12]} octets")
            options.append(f"SIZE={len(handover.content)}".encode())
        if not handover.content.isascii():
            if "8bitmime" not in offered:
                raise SMTPResponseException(_NO_UTF8, "the server takes no 8-bit mail")
            options.append(b"BODY=8BITMIME")
        if _needs_utf8(handover):
            if "smtputf8" not in offered:
                raise SMTPResponseException(_NO_UTF8, "the server takes no addresses outside ASCII")
            options.append(b"SMTPUTF8")
            return tuple(options), "utf-8"
        return tuple(options), "ascii"

    def _describe_tls(self) -> str | None:
        ssl_object = self._smtp.get_transport_info("ssl_object")
        if not isinstance(ssl_object, ssl.SSLObject):
            return None
        cipher = ssl_object.cipher()
        return f"{ssl_object.version()} {cipher[0] if cipher else ''}".strip()


def _path(address: Address) -> str:
    """Return an address for MAIL or RCPT, the domain as A-labels. Raises InvalidAddress for what could add a parameter."""
    parsed = Address.parse(str(address))
    domain = ascii_domain(parsed.domain)
    if not domain.isascii():
        raise InvalidAddress(str(address))
    return f"{parsed.local}@{domain}"


def _needs_utf8(handover: Handover) -> bool:
    head, _, _ = handover.content.partition(b"\r\n\r\n")
    paths = (handover.recipient, handover.reverse_path)
    return not head.isascii() or any(p is not None and not p.local.isascii() for p in paths)
