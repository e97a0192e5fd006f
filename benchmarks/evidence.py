"""What finding the evidence costs, against a bare RSA-2048 verification plus a `compat32` parse of the same mail in the same run.

Run: `.venv/bin/python benchmarks/evidence.py`. DNS answers are remembered, as those of frequent correspondents are. Prints one
line per sort of mail with the median ratio, its spread and the ratio allowed; exits 1 when a median is above it. Both sides of a
ratio are measured directly one after the other, in many short rounds, so that what else the machine does meets both. Hostile
mails of 5 MB are measured against a plain one of the same size.
"""

import asyncio
import email
import email.policy
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway.evidence.observe import Observer
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from tests.evidence.fake_dns import FakeDns
from tests.evidence.world import DIRECT, KUNDE_IP, NOW, RECEIVED_BY_FORWARDER, rsa_pem, settings, signer, usual_zone

ROUNDS = 7
MEGABYTES = 5_000_000
LINE = b"Guten Tag, ich habe eine Frage zu meiner Rechnung vom letzten Monat.\r\n"
ALLOWED = {2_000: 8.0, 200_000: 2.0}
ALLOWED_FOR_BOMBS = 3.0
ENVELOPE = Envelope(
    reverse_path=Address("kurt", "kunde.example"), recipients=(), received_at=NOW, client_ip=KUNDE_IP, helo="mail.kunde.example"
)


def signed_mail(size: int) -> bytes:
    """Make a signed mail of about this many octets, with as many headers as mails have."""
    headers = b"".join(b"X-Header-%d: some value of a header\r\n" % i for i in range(8)) + RECEIVED_BY_FORWARDER
    return signer().sign(headers + DIRECT + LINE * (max(0, size - 1200) // len(LINE)))


def bombs() -> dict[str, bytes]:
    """Make the hostile mails: each carries a signature, so that its body is hashed."""
    head = signer().sign(DIRECT).partition(b"\r\n\r\n")[0] + b"\r\n"
    headers = b"X-A: b\r\n" * 10_000
    return {
        "plain": head + b"\r\n" + LINE * (MEGABYTES // len(LINE)),
        "spaces": head + b"\r\n" + b" " * MEGABYTES,
        "998-octet space lines": head + b"\r\n" + (b" " * 998 + b"\r\n") * (MEGABYTES // 1000),
        "one-byte lines": head + b"\r\n" + b"x\r\n" * (MEGABYTES // 3),
        "10,000 headers": headers + head + b"\r\n" + LINE * ((MEGABYTES - len(headers)) // len(LINE)),
    }


def measure_bare(mail: bytes, times: int) -> float:
    """Return the seconds that one verification and one parse take."""
    key = serialization.load_pem_private_key(rsa_pem(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    public, digest = key.public_key(), mail[:64]
    signature = key.sign(digest, padding.PKCS1v15(), hashes.SHA256())
    started = time.perf_counter()
    for _ in range(times):
        public.verify(signature, digest, padding.PKCS1v15(), hashes.SHA256())
        email.message_from_bytes(mail, policy=email.policy.compat32)
    return (time.perf_counter() - started) / times


async def measure_ours(observer: Observer, mail: bytes, times: int) -> float:
    """Return the seconds that the evidence of one mail takes."""
    content = Content.of(mail)
    started = time.perf_counter()
    for _ in range(times):
        await observer.observe(ENVELOPE, content, {"support": []}, now=NOW)
    return (time.perf_counter() - started) / times


def report(name: str, ratios: list[float], allowed: float, say: Callable[[str], None]) -> bool:
    """Print one line; returns whether the median is within what is allowed."""
    ratio = statistics.median(ratios)
    say(f"{name:<28} {ratio:5.2f} x   ({min(ratios):.2f} to {max(ratios):.2f}, allowed {allowed:.0f})")
    return ratio <= allowed


async def main() -> int:
    """Measure everything; returns the exit code."""
    good = True
    async with FakeDns(usual_zone()) as dns:
        observer = Observer(settings(dns))
        for size, allowed in ALLOWED.items():
            mail, times = signed_mail(size), 30 if size < 100_000 else 5
            await measure_ours(observer, mail, 3)
            rounds = range(ROUNDS * 7)
            ratios = [await measure_ours(observer, mail, times) / measure_bare(mail, times) for _ in rounds]
            good &= report(f"signed, {size // 1000} KB", ratios, allowed, print)
        mails = bombs()
        plain = mails.pop("plain")
        for name, mail in mails.items():
            ratios = [await measure_ours(observer, mail, 1) / await measure_ours(observer, plain, 1) for _ in range(ROUNDS)]
            good &= report(f"5 MB: {name}", ratios, ALLOWED_FOR_BOMBS, print)
        await observer.aclose()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
