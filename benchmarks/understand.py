"""How long understanding a mail takes, against a bare `compat32` parse of the same bytes in the same run.

Run: `.venv/bin/python benchmarks/understand.py`. Prints one line per sort of mail: both medians, the ratio, and the ratio
allowed; exits 1 when a ratio is above it. For the big attachment also the peak of memory as a multiple of the attachment's size.
"""

import base64
import email
import email.policy
import hashlib
import quopri
import statistics
import sys
import time
import tracemalloc

from gateway.pipeline.reading.circumstances import Circumstances
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message

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


def newsletter_html(offers: int) -> str:
    """Make what newsletter programs write: nested tables, styles everywhere, tracking links, a hidden preview."""
    rows = "".join(_offer(n) for n in range(offers))
    preview = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">Nur diese Woche: alles zum Wandern'
    return (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">'
        '\r\n<html xmlns="http://www.w3.org/1999/xhtml" lang="de">\r\n<head>\r\n<title>Angebote</title>\r\n'
        '<style type="text/css">\r\n'
        + "".join(
            f"@media only screen and (max-width:{w}px) {{ .wrap{w} {{ width:100% !important; padding:0 !important; }} "
            f".stack{w} {{ display:block !important; width:100% !important; text-align:center !important; }} }}\r\n"
            for w in range(320, 680, 40)
        )
        + "</style>\r\n<!--[if mso]><style>table{border-collapse:collapse}</style><![endif]-->\r\n</head>\r\n"
        '<body style="margin:0;padding:0;background-color:#f4f4f4;-webkit-text-size-adjust:100%">\r\n'
        + preview + "&nbsp;&zwnj;" * 60 + "</div>\r\n"
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="background-color:#f4f4f4">'
        '<tr><td align="center" style="padding:20px 0">\r\n'
        '<table role="presentation" class="wrap600" width="600" cellpadding="0" cellspacing="0" style="background:#ffffff">\r\n'
        + rows
        + '<tr><td style="padding:20px;font-family:Arial,Helvetica,sans-serif;font-size:11px;line-height:16px;color:#999999">'
        "Sie bekommen diese Mail, weil Sie unser Kunde sind. Laden GmbH, Marktstraße 1, 50667 Köln.<br>\r\n"
        f'<a href="{_link(999)}" style="color:#999999;text-decoration:underline">Abmelden</a> | '
        f'<a href="{_link(998)}" style="color:#999999;text-decoration:underline">Im Browser ansehen</a></td></tr>\r\n'
        "</table>\r\n</td></tr></table>\r\n"
        f'<img src="{_link(997)}" width="1" height="1" alt="" style="display:block">\r\n</body>\r\n</html>\r\n'
    )  # fmt: skip


def _link(number: int) -> str:
    """Make a link that goes over a counter."""
    code = hashlib.sha256(str(number).encode()).hexdigest()
    return f"https://click.mail.shop.example/ls/click?upn={code}{code[::-1]}&amp;c=kw27&amp;u=4711"


def _offer(n: int) -> str:
    return (
        '<tr><td style="padding:0 20px 24px 20px">\r\n'
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr>\r\n'
        '<td class="stack600" width="240" valign="top" style="padding:0;width:240px;vertical-align:top">'
        f'<a href="{_link(n)}" target="_blank" style="text-decoration:none;color:#333333">'
        f'<img src="https://img.shop.example/kw27/{n:04}.jpg" width="240" height="160" alt="Rucksack {n}" border="0" '
        'style="display:block;width:240px;height:auto;border:0;outline:none"></a></td>\r\n'
        '<td class="stack600" valign="top" style="padding:0 0 0 20px;font-family:Arial,Helvetica,sans-serif;font-size:14px;'
        'line-height:21px;color:#333333">'
        '<h2 style="margin:0 0 8px 0;font-family:Georgia,serif;font-size:20px;line-height:26px;font-weight:normal;color:#1a1a1a">'
        f"Rucksack Nummer {n} für große Wege</h2>\r\n"
        '<p style="margin:0 0 12px 0;font-size:14px;line-height:21px">Leicht, dicht und aus festem Stoff: 32&nbsp;Liter, zwei '
        f'Fächer, ein Jahr Garantie. Jetzt für <strong style="color:#c00000">{n + 20},90&nbsp;€</strong> statt '
        f'<span style="text-decoration:line-through">{n + 40},90&nbsp;€</span>.</p>\r\n'
        '<table role="presentation" cellpadding="0" cellspacing="0"><tr><td bgcolor="#c00000" style="border-radius:4px">'
        f'<a href="{_link(n + 100)}" target="_blank" style="display:inline-block;padding:10px 18px;font-family:Arial,sans-serif;'
        'font-size:14px;color:#ffffff;text-decoration:none;border-radius:4px">Zum Angebot</a></td></tr></table>\r\n'
        "</td></tr></table>\r\n</td></tr>\r\n"
    )


def _html_part(html: str) -> bytes:
    head = b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head + quopri.encodestring(html.encode()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def html_newsletter() -> bytes:
    """Make a newsletter of forty kilobytes of HTML without any plain text: the text is made out of the HTML."""
    return TOP + _html_part(newsletter_html(20))


def newsletter() -> bytes:
    """Make the same newsletter as most programs send it, with a plain part beside the HTML."""
    offer = "RUCKSACK NUMMER {n} FÜR GROẞE WEGE\r\nLeicht, dicht und aus festem Stoff. Jetzt für {n},90 €.\r\n{link}\r\n\r\n"
    text = "".join(offer.format(n=n, link=_link(n).replace("&amp;", "&")) for n in range(20))
    plain = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    plain += quopri.encodestring(text.encode()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return (
        TOP + b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n" + plain
        + b"\r\n--b\r\n" + _html_part(newsletter_html(20)) + b"\r\n--b--\r\n"
    )  # fmt: skip


def dense_html() -> bytes:
    """Make forty kilobytes that are almost nothing but short elements, which no program writes: the worst for us."""
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


def unencoded(content: bytes) -> bytes:
    """Take the quoted-printable off a mail of one part: then the bare parse has nothing to decode."""
    head, _, body = content.partition(b"\r\n\r\n")
    return head.replace(b"quoted-printable", b"8bit") + b"\r\n\r\n" + quopri.decodestring(body)


def letter_html() -> bytes:
    """Make forty kilobytes of paragraphs, as a long letter has them."""
    paragraph = (
        "<p>Guten Tag, dies ist Absatz {n} über die Lieferung, die gestern kam und heute wieder geht.<br>\r\nGrüße</p>\r\n"
    )
    return TOP + _html_part("<html><body>" + "".join(paragraph.format(n=n) for n in range(340)) + "</body></html>")


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


def one_round(content: bytes, rounds: int) -> tuple[float, float]:
    """Return the processor's seconds of both for one mail: they take turns mail by mail, as a worker meets them."""
    theirs = mine = 0.0
    for _ in range(rounds):
        begun = time.process_time()
        bare(content)
        between = time.process_time()
        ours(content)
        mine += time.process_time() - between
        theirs += between - begun
    return theirs / rounds, mine / rounds


def compare(name: str, content: bytes, allowed: float, rounds: int) -> bool:
    """Print one line; tell whether the ratio holds."""
    ours(content)
    bare(content)
    pairs = [one_round(content, rounds) for _ in range(7)]
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
        compare("newsletter, with plain", newsletter(), 15, 20),
        compare("newsletter, HTML only", html_newsletter(), 15, 20),
        compare("newsletter, 8 bit", unencoded(html_newsletter()), 15, 20),
        compare("long letter", letter_html(), 15, 20),
        compare("long letter, 8 bit", unencoded(letter_html()), 15, 20),
        compare("dense HTML only", dense_html(), 15, 20),
        compare("dense HTML only, 8 bit", unencoded(dense_html()), 15, 20),
        compare("25 MB attachment", big, 2, 1),
        compare_memory(big, 25 * 2**20, 3),
    ]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
