"""How long understanding a mail takes, against a bare `compat32` parse of the same bytes in the same run.

Run: `.venv/bin/python benchmarks/understand.py`. Prints one line per sort of mail: both medians, the ratio, and the ratio
allowed; exits 1 when a ratio is above it. For the big attachment also the peak of memory as a multiple of the attachment's size.
"""

import base64
import email
import email.policy
import quopri
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

from gateway.pipeline.circumstances import Circumstances
from gateway.pipeline.parse import parse_message
from gateway.pipeline.reading import read_message

TOP = (
    b"Return-Path: <anna@customer.example>\r\nReceived: from mx.customer.example (mx.customer.example [192.0.2.1])\r\n"
    b"\tby gw.firma.example (Postfix) with ESMTPS id 4F2\r\n\tfor <support@firma.example>; Mon, 1 Jul 2024 10:11:12 +0200\r\n"
    b"From: =?utf-8?q?Anna_M=C3=BCller?= <anna@customer.example>\r\nTo: Support <support@firma.example>\r\n"
    b"Subject: =?utf-8?q?Frage_zu_meiner_Bestellung_f=C3=BCr_M=C3=A4rz?=\r\nDate: Mon, 1 Jul 2024 10:11:12 +0200\r\n"
    b"Message-ID: <1234567890@customer.example>\r\nIn-Reply-To: <a@firma.example>\r\nReferences: <a@firma.example>\r\n"
    b"MIME-Version: 1.0\r\nUser-Agent: Mozilla Thunderbird\r\n"
)
SENTENCE = "Guten Tag, ich habe eine Frage zu meiner Bestellung, die noch nicht angekommen ist. Grüße aus Köln\r\n"


def plain_mail() -> bytes:
    """Make two kilobytes of text."""
    return TOP + b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + (SENTENCE * 12).encode()


def many_parts() -> bytes:
    """Make a text and 49 small images."""
    part = (
        b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + b"iVBORw0KGgoAAAA" * 40
        + b"\r\n"
    )
    text = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + (SENTENCE * 3).encode()
    return TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + text + part * 49 + b"--b--\r\n"


def newsletter() -> bytes:
    """Make forty kilobytes of tables, links and images."""
    row = (
        '<tr><td style="padding:10px;font-family:Arial" align="left" width="300">'
        '<a href="https://shop.example/p?id={n}&amp;c=mail" style="color:#333">'
        '<img src="https://shop.example/i/{n}.jpg" width="280" '
        'height="200" alt="Artikel {n}"></a></td>'
        '<td style="padding:10px"><p style="margin:0;font-size:14px">Unser Angebot Nummer {n}: jetzt für nur '
        "<b>{n},99&nbsp;€</b> "
        'statt bisher mehr. <span style="color:#900">Nur heute.</span></p></td></tr>\r\n'
    )
    rows = "".join(row.format(n=n) for n in range(74))
    html = (
        "<html><head><style>td{border:0}</style></head><body><div style='display:none'>Vorschau</div>"
        f"<table>{rows}</table></body></html>"
    )
    return (
        TOP
        + b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        + quopri.encodestring(html.encode())
    )


def big_attachment() -> bytes:
    """Make a text and 25 MB of base64."""
    encoded = base64.encodebytes(bytes(range(256)) * 102_400).replace(b"\n", b"\r\n")
    return (
        TOP + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHallo\r\n"
        b"--b\r\nContent-Type: application/zip; name=a.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encoded + b"--b--\r\n"
    )  # fmt: skip


def bare(content: bytes) -> None:
    """Parse and decode every leaf, as little as anybody must."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    for part in message.walk():
        if not part.is_multipart():
            part.get_payload(decode=True)


def ours(content: bytes) -> None:
    """Read everything a mail says."""
    read_message(parse_message(content), Circumstances())


def seconds(work: Callable[[bytes], None], content: bytes, rounds: int) -> float:
    """Return the processor's seconds for one round."""
    begun = time.process_time()
    for _ in range(rounds):
        work(content)
    return (time.process_time() - begun) / rounds


def compare(name: str, content: bytes, allowed: float, rounds: int) -> bool:
    """Print one line; tell whether the ratio holds."""
    ours(content)
    bare(content)
    pairs = [(seconds(bare, content, rounds), seconds(ours, content, rounds)) for _ in range(7)]
    ratio = statistics.median(b / a for a, b in pairs)
    first, second = (statistics.median(column) * 1e6 for column in zip(*pairs, strict=True))
    size = f"{len(content) / 1000:9.1f} KB"
    print(f"{name:24} {size} {first:11.0f} µs {second:11.0f} µs   ratio {ratio:5.1f}, allowed {allowed:g}")
    return ratio <= allowed


def compare_memory(content: bytes, size: int, allowed: float) -> bool:
    """Print the peak of memory; tell whether it holds."""
    tracemalloc.start()
    ours(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    times = peak / size
    print(f"{'memory of it':24} {peak / 1e6:9.1f} MB beside the mail, {times:.1f} times the attachment, allowed {allowed:g}")
    return peak / size <= allowed


def main() -> int:
    """Compare all."""
    big = big_attachment()
    held = [
        compare("2 KB of text", plain_mail(), 10, 200),
        compare("50 parts", many_parts(), 4, 20),
        compare("40 KB newsletter", newsletter(), 15, 20),
        compare("25 MB attachment", big, 2, 1),
        compare_memory(big, 25 * 2**20, 3),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
