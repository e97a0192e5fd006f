"""The certificate a listener shows: read again when its files change, and the old one kept while the new pair is broken."""

import asyncio
import ssl
from pathlib import Path
from typing import Final

import structlog

log: Final = structlog.get_logger()

Stamp = tuple[tuple[int, int, int], ...]


class Certificates:
    """One certificate and key; every handshake uses the newest pair that could be read."""

    def __init__(self, *, certificate: Path, key: Path) -> None:
        """Read the pair. Raises OSError (also ssl.SSLError) when it cannot be used."""
        self._paths = (certificate, key)
        self._stamp = self._read_stamp()
        self._failed: Stamp | None = None
        self.context = load_context(certificate=certificate, key=key)

    async def refresh(self) -> None:
        """Look whether the files changed, and take the new pair if it is sound; otherwise say why not, once."""
        try:
            stamp = await asyncio.to_thread(self._read_stamp)
        except OSError as error:
            stamp = ()
            if self._failed != stamp:
                log.warning("certificate.refused", path=str(self._paths[0]), because=str(error))
            self._failed = stamp
            return
        if stamp in (self._stamp, self._failed):
            return
        certificate, key = self._paths
        try:
            context = await asyncio.to_thread(load_context, certificate=certificate, key=key)
        except OSError as error:
            self._failed = stamp
            log.warning("certificate.refused", path=str(certificate), because=str(error))
            return
        self.context, self._stamp, self._failed = context, stamp, None
        log.info("certificate.reloaded", path=str(certificate))

    def _read_stamp(self) -> Stamp:
        stats = [path.stat() for path in self._paths]
        return tuple((s.st_ino, s.st_size, s.st_mtime_ns) for s in stats)


def load_context(*, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a server's context: TLS 1.2 or newer, no compression, no renegotiation. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.load_cert_chain(certificate, key, password=_no_password)
    return context


def _no_password() -> str:
    """Keep OpenSSL from asking on the terminal."""
    raise ssl.SSLError("the key is encrypted")
