"""Attachments, charsets, headers and structures as the programs of the world send them: each from its bytes to what it is."""

# ruff: noqa: E501, RUF001 as programs write
import base64
import io
import zipfile
from collections.abc import Callable
from typing import Final

import pytest

from gateway.mail.message import Message
from gateway.pipeline.reading.parse import parse_message

H: Final = (
    "From: Dora <dora@kunde.example>\r\nTo: support@firma.example\r\nSubject: Frage\r\n"
    "Date: Wed, 13 May 2026 09:00:00 +0200\r\nMessage-ID: <x@k.example>\r\nMIME-Version: 1.0\r\n"
)


def att(head: str, body: str = "QUJD", enc: str = "base64") -> str:
    return (
        f'{H}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n'
        f"--b\r\n{head}\r\nContent-Transfer-Encoding: {enc}\r\n\r\n{body}\r\n--b--\r\n"
    )


def B(octets: bytes) -> str:  # noqa: N802 short, because it stands in every second line
    return base64.b64encode(octets).decode()


def z(names: list[str]) -> str:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "application/vnd.oasis.opendocument.text" if name == "mimetype" else "x")
    return B(packed.getvalue())


def odt() -> str:
    return z(["mimetype"])


def body(charset: str, raw: bytes, cte: str = "8bit") -> bytes:
    return f"{H}Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {cte}\r\n\r\n".encode() + raw


def subj(subject: str | bytes) -> bytes:
    raw = subject if isinstance(subject, bytes) else subject.encode()
    return H.encode().replace(b"Subject: Frage", b"Subject: " + raw) + b"\r\nx"


def fn(message: Message) -> list[str | None]:
    return [a.filename for a in message.attachments]


def ty(message: Message) -> list[str]:
    return [a.detected_type for a in message.attachments]


def tx(message: Message) -> str:
    return message.text


def sb(message: Message) -> str | None:
    return message.subject


CASES: Final[list[tuple[str, str | bytes, Callable[[Message], object], object]]] = [
    ("rfc2231 continuation",att("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*0*=UTF-8''%C3%9Cbersicht%20; filename*1*=%E2%82%AC; filename*2=.pdf"),fn,["Übersicht €.pdf"]),
    ("rfc2047 in filename",att('Content-Type: application/pdf; name="=?UTF-8?B?w5xiZXJzaWNodC5wZGY=?="\r\nContent-Disposition: attachment'),fn,["Übersicht.pdf"]),
    ("rfc2047 split filename",att('Content-Type: application/pdf\r\nContent-Disposition: attachment;\r\n filename="=?utf-8?Q?=C3=9Cbersicht_sehr_la?=\r\n =?utf-8?Q?ng.pdf?="'),fn,["Übersicht sehr lang.pdf"]),
    ("raw utf8 filename",att('Content-Type: application/pdf; name="Übersicht.pdf"\r\nContent-Disposition: attachment; filename="Übersicht.pdf"'),fn,["Übersicht.pdf"]),
    ("raw latin1 filename",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="§bersicht.pdf"').encode().replace("§".encode(),b"\xdc"),fn,["Übersicht.pdf"]),
    ("unquoted with spaces",att("Content-Type: application/pdf; name=Meine Datei.pdf\r\nContent-Disposition: attachment; filename=Meine Datei.pdf"),fn,["Meine Datei.pdf"]),
    ("iso-2022-jp filename",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="=?ISO-2022-JP?B?'+base64.b64encode("請求書.pdf".encode("iso-2022-jp")).decode()+'?="'),fn,["請求書.pdf"]),
    ("gb2312 filename",att('Content-Type: application/octet-stream; name="=?gb2312?B?'+base64.b64encode("发票.pdf".encode("gbk")).decode()+'?="\r\nContent-Disposition: attachment'),fn,["发票.pdf"]),
    ("euc-kr filename",att('Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="=?ks_c_5601-1987?B?'+base64.b64encode("견적서.hwp".encode("cp949")).decode()+'?="'),fn,["견적서.hwp"]),
    ("koi8 filename 2231",att("Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=koi8-r''"+"".join(f"%{b:02X}" for b in "счёт.doc".encode("koi8-r"))),fn,["счёт.doc"]),
    ("path windows",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="C:\\\\Users\\\\x\\\\a.pdf"'),fn,["a.pdf"]),
    ("path traversal",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="../../etc/passwd"'),fn,["passwd"]),
    ("rtl",att('Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="rechnung\u202efdp.exe"'),fn,["rechnungfdp.exe"]),
    ("no filename",att("Content-Type: image/png\r\nContent-Disposition: attachment"),fn,[None]),
    ("device",att('Content-Type: text/plain\r\nContent-Disposition: attachment; filename="con.txt"'),fn,["_con.txt"]),
    ("semicolons in quoted",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a;b=c.pdf"'),fn,["a;b=c.pdf"]),
    ("escaped quotes",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="a \\"b\\".pdf"'),fn,["a _b_.pdf"]),
    ("filename over name",att('Content-Type: application/pdf; name="falsch.pdf"\r\nContent-Disposition: attachment; filename="richtig.pdf"'),fn,["richtig.pdf"]),
    ("2231 wins over plain",att("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"ubersicht.pdf\"; filename*=UTF-8''%C3%BCbersicht.pdf"),fn,["übersicht.pdf"]),
    ("double encoded 2231 in quotes",att("Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=\"UTF-8''%C3%BCbersicht.pdf\""),fn,["übersicht.pdf"]),
    ("percent utf8 in plain",att('Content-Type: application/pdf\r\nContent-Disposition: attachment; filename="100%25.pdf"'),fn,["100%25.pdf"]),
    ("content-disposition inline text",H+'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\nContent-Type: text/plain; name="log.txt"\r\nContent-Disposition: inline; filename="log.txt"\r\n\r\nzeile\r\n--b--\r\n',fn,["log.txt"]),
    ("docx",att("Content-Type: application/octet-stream; name=a.docx",z(["[Content_Types].xml","word/document.xml"])),ty,["application/vnd.openxmlformats-officedocument.wordprocessingml.document"]),
    ("xlsx",att("Content-Type: application/octet-stream; name=a.xlsx",z(["[Content_Types].xml","xl/workbook.xml"])),ty,["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"]),
    ("pptx",att("Content-Type: application/zip; name=a.pptx",z(["[Content_Types].xml","ppt/presentation.xml"])),ty,["application/vnd.openxmlformats-officedocument.presentationml.presentation"]),
    ("zip",att("Content-Type: application/octet-stream; name=a.bin",z(["a.txt"])),ty,["application/zip"]),
    ("odt",att("Content-Type: application/octet-stream; name=a.odt",odt()),ty,["application/vnd.oasis.opendocument.text"]),
    ("pdf as octet",att("Content-Type: application/octet-stream; name=x",B(b"%PDF-1.7\n%\xe2\xe3\n")),ty,["application/pdf"]),
    ("png as jpg",att("Content-Type: image/jpeg; name=x.jpg",B(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")),ty,["image/png"]),
    ("jpeg",att("Content-Type: application/octet-stream; name=x",B(b"\xff\xd8\xff\xe0\0\x10JFIF\0")),ty,["image/jpeg"]),
    ("exe as pdf",att("Content-Type: application/pdf; name=x.pdf",B(b"MZ"+b"\x90\0\x03\0"*20+b"This program cannot be run in DOS mode")),ty,["application/vnd.microsoft.portable-executable"]),
    ("html as text",att("Content-Type: text/plain; name=x.txt",B(b"<!DOCTYPE html><html><body>x</body></html>")),ty,["text/html"]),
    ("heic",att("Content-Type: application/octet-stream; name=IMG.HEIC",B(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")),ty,["image/heic"]),
    ("webp",att("Content-Type: application/octet-stream; name=x",B(b"RIFF\x24\0\0\0WEBPVP8 ")),ty,["image/webp"]),
    ("doc ole",att("Content-Type: application/msword; name=a.doc",B(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+b"\0"*600)),ty,["application/msword"]),
    ("rar",att("Content-Type: application/octet-stream; name=a.rar",B(b"Rar!\x1a\x07\x01\0")),ty,["application/vnd.rar"]),
    ("7z",att("Content-Type: application/octet-stream; name=a.7z",B(b"7z\xbc\xaf\x27\x1c\0\x04")),ty,["application/x-7z-compressed"]),
    ("gzip",att("Content-Type: application/octet-stream; name=a.gz",B(b"\x1f\x8b\x08\0\0\0\0\0")),ty,["application/gzip"]),
    ("mp4",att("Content-Type: application/octet-stream; name=a.mp4",B(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")),ty,["video/mp4"]),
    ("m4a",att("Content-Type: audio/mp4; name=a.m4a",B(b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42")),ty,["audio/mp4"]),
    ("mp3",att("Content-Type: application/octet-stream; name=a.mp3",B(b"ID3\x03\0\0\0\0\0\0")),ty,["audio/mpeg"]),
    ("gif",att("Content-Type: application/octet-stream; name=a",B(b"GIF89a\1\0\1\0")),ty,["image/gif"]),
    ("tiff",att("Content-Type: application/octet-stream; name=a",B(b"II*\0\x08\0\0\0")),ty,["image/tiff"]),
    ("bmp",att("Content-Type: application/octet-stream; name=a.bmp",B(b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0")),ty,["image/bmp"]),
    ("svg",att("Content-Type: application/octet-stream; name=a.svg",B(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"></svg>')),ty,["image/svg+xml"]),
    ("rtf",att("Content-Type: application/octet-stream; name=a",B(b"{\\rtf1\\ansi x}")),ty,["application/rtf"]),
    ("elf",att("Content-Type: application/octet-stream; name=a",B(b"\x7fELF\2\1\1\0"+b"\0"*60)),ty,["application/x-elf"]),
    ("csv",att("Content-Type: text/csv; name=a.csv",B(b"a;b\n1;2\n")),ty,["text/csv"]),
    ("ics octet",att("Content-Type: application/octet-stream; name=a.ics",B(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n")),ty,["text/calendar"]),
    ("vcf octet",att("Content-Type: application/octet-stream; name=a.vcf",B(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n")),ty,["text/vcard"]),
    ("eml octet",att("Content-Type: application/octet-stream; name=a.eml",B(b"Received: from x\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nhi\r\n")),ty,["message/rfc822"]),
    ("xls ole",att("Content-Type: application/vnd.ms-excel; name=a.xls",B(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+b"\0"*600)),ty,["application/vnd.ms-excel"]),
    ("msg ole",att("Content-Type: application/vnd.ms-outlook; name=a.msg",B(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"+b"\0"*600)),ty,["application/vnd.ms-outlook"]),
    ("cp1252 as latin1",body("iso-8859-1","„Grüße“ – 5 €".encode("cp1252")),tx,"„Grüße“ – 5 €"),
    ("utf8 as latin1",body("iso-8859-1","Grüße aus Köln, Straße".encode()),tx,"Grüße aus Köln, Straße"),
    ("utf8 as ascii",body("us-ascii","Grüße aus Köln".encode()),tx,"Grüße aus Köln"),
    ("latin1 as utf8",body("utf-8","Grüße aus Köln, schöne Straße".encode("latin1")),tx,"Grüße aus Köln, schöne Straße"),
    ("no charset latin",(H+"\r\n").encode()+"Grüße aus Köln".encode("latin1"),tx,"Grüße aus Köln"),
    ("shift_jis as iso-2022-jp",body("iso-2022-jp","こんにちは、請求書です。".encode("shift_jis")),tx,"こんにちは、請求書です。"),
    ("iso-2022-jp none",(H+"\r\n").encode()+"こんにちは、請求書です。".encode("iso-2022-jp"),tx,"こんにちは、請求書です。"),
    ("cp932 circled",body("shift_jis","①②株式会社㈱".encode("cp932")),tx,"①②株式会社㈱"),
    ("iso-2022-jp cp932 chars",body("iso-2022-jp",b"\x1b$B-!-j\x1b(B"),tx,"①㈱"),
    ("gbk as gb2312",body("gb2312","镕基您好".encode("gbk")),tx,"镕基您好"),
    ("gb18030",body("gb2312","你好\U00020000".encode("gb18030")),tx,"你好\U00020000"),
    ("big5-hkscs",body("big5","你好世界".encode("big5")),tx,"你好世界"),
    ("euc-kr uhc",body("euc-kr","똠방각하".encode("cp949")),tx,"똠방각하"),
    ("koi8-u",body("koi8-u","Привіт ґ".encode("koi8-u")),tx,"Привіт ґ"),
    ("win1251 as koi8? declared win",body("windows-1251","Привет, мир".encode("cp1251")),tx,"Привет, мир"),
    ("iso-8859-8-i",body("iso-8859-8-i","שלום עולם".encode("iso-8859-8")),tx,"שלום עולם"),
    ("win1255",body("windows-1255","שלום".encode("cp1255")),tx,"שלום"),
    ("win1256",body("windows-1256","مرحبا".encode("cp1256")),tx,"مرحبا"),
    ("iso-8859-15",body("iso-8859-15","5 €".encode("iso-8859-15")),tx,"5 €"),
    ("tis-620",body("tis-620","สวัสดี".encode("tis-620")),tx,"สวัสดี"),
    ("utf-7",body("utf-7",b"Gr+APw-+AN8-e +IKw-".replace(b"+APw-+AN8-",b"+APwA3w-")),tx,"Grüße €"),
    ("utf-16 b64",body("utf-16",base64.b64encode("Grüße".encode("utf-16")),"base64"),tx,"Grüße"),
    ("utf-16le no bom",body("utf-16le",base64.b64encode("Grüße".encode("utf-16le")),"base64"),tx,"Grüße"),
    ("utf8 bom",body("utf-8",b"\xef\xbb\xbfHallo"),tx,"Hallo"),
    ("x-unknown",body("x-unknown","Grüße".encode("cp1252")),tx,"Grüße"),
    ("macintosh",body("macintosh","Grüße".encode("mac-roman")),tx,"Grüße"),
    ("cp850",body("ibm850","Grüße".encode("cp850")),tx,"Grüße"),
    ("qp soft breaks lost",body("utf-8",b"Gr=C3=BC=\r\n=C3=9Fe=20\r\nx=","quoted-printable"),tx,"Grüße \nx"),
    ("qp lower hex broken",body("utf-8",b"Gr=c3=bc=c3=9fe =ZZ 100=","quoted-printable"),tx,"Grüße =ZZ 100"),
    ("b64 with garbage",body("utf-8",b"R3LDv\r\n!!MOfZ\r\nQ==\r\n-- \r\nfooter",  "base64"),lambda m:m.text.split("\n")[0][:5],"Grüße"),
    ("html meta charset",(H+"Content-Type: text/html\r\n\r\n").encode()+'<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1251"></head><body>Привет</body></html>'.encode("cp1251"),tx,"Привет"),
    ("subj split multibyte",subj("=?utf-8?B?w5w=?= =?utf-8?B?YmVyc2ljaHQg4g==?= =?utf-8?B?gqw=?="),sb,"Übersicht €"),
    ("subj q space",subj("=?utf-8?Q?Gr=C3=BC=C3=9Fe aus Köln?="),sb,"Grüße aus Köln"),
    ("subj raw latin1",subj("Grüße aus Köln".encode("latin1")),sb,"Grüße aus Köln"),
    ("subj lang",subj("=?utf-8*de?Q?Gr=C3=BC=C3=9Fe?="),sb,"Grüße"),
    ("subj two charsets",subj("=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?Q?_=E2=82=AC?="),sb,"Grüße €"),
    ("subj glued",subj("Re:=?utf-8?Q?Gr=C3=BC=C3=9Fe?=x"),sb,"Re:Grüßex"),
    ("flowed",(H+"Content-Type: text/plain; charset=utf-8; format=flowed\r\n\r\nDas ist ein langer \r\nSatz.\r\n> Zitat das \r\n> weitergeht\r\n-- \r\nCarla\r\n"),tx,"Das ist ein langer Satz.\n> Zitat das weitergeht\n-- \nCarla"),
    ("flowed delsp",(H+"Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\r\n\r\n東京は \r\n晴れ\r\n"),tx,"東京は晴れ"),
    ("no final boundary",H+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD",fn,["a.pdf"]),
    ("boundary missing param",H+"Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b--\r\n",tx,"Hallo"),
    ("boundary trailing space",H+'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b  \r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b-- \r\n',tx,"Hallo"),
    ("nested same boundary",H+'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: multipart/alternative; boundary="b"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>\r\n--b--\r\n--b--\r\n',lambda m:"Hallo" in m.text,True),
    ("mbox from line","From dora@kunde.example Wed May 13 09:00:00 2026\r\n"+H+"\r\nHallo",lambda m:(m.subject,m.text),("Frage","Hallo")),
    ("bare lf",(H+"\r\nHallo\r\nWelt").replace("\r\n","\n"),lambda m:(m.subject,m.text),("Frage","Hallo\nWelt")),
    ("uuencode",H+"\r\nHallo\r\n\r\nbegin 644 a.txt\r\n#86)C\r\n`\r\nend\r\n\r\nGruss",lambda m:(m.text.split(),fn(m)),(["Hallo","Gruss"],["a.txt"])),
    ("html only blockquote",H+"Content-Type: text/html\r\n\r\n<p>A</p><blockquote><p>B</p></blockquote><p>C</p>",tx,"A\n\n> B\n\nC"),
    ("html list",H+"Content-Type: text/html\r\n\r\n<p>Liste:</p><ul><li>eins</li><li>zwei<ul><li>drei</li></ul></li></ul><ol><li>x</li></ol>",lambda m:m.text.split("\n"),["Liste:","","- eins","- zwei","  - drei","","1. x"]),
    ("html link",H+'Content-Type: text/html\r\n\r\n<a href="https://a.example/x">hier</a> und <a href="https://b.example/">https://b.example/</a>',tx,"hier <https://a.example/x> und https://b.example/"),
    ("html entity",H+"Content-Type: text/html; charset=utf-8\r\n\r\nA &amp; B &lt;x&gt; &euro; &nbsp;&#8211; &auml;",lambda m:" ".join(m.text.split()),"A & B <x> € – ä"),
    ("html br",H+"Content-Type: text/html\r\n\r\nA<br>B<br/><br>C",tx,"A\nB\n\nC"),
    ("html table",H+"Content-Type: text/html\r\n\r\n<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",tx,"a | b\nc | d"),
    ("html hidden",H+'Content-Type: text/html\r\n\r\n<div style="display:none">geheim</div><p>Da</p><span style="font-size:0">x</span>',tx,"Da"),
    ("html hidden td",H+'Content-Type: text/html\r\n\r\n<table><tr><td style="display:none">geheim</td><td>Da</td></tr></table><span>a</span>',tx,"Da\n\na"),
    ("html title style script",H+"Content-Type: text/html\r\n\r\n<html><head><title>T</title><style>p{}</style></head><body><script>x</script><p>Da</p></body></html>",tx,"Da"),
    ("alternative only html filled",H+"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Hallo</p>\r\n--b--\r\n",tx,"Hallo"),
    ("alternative with calendar",H+"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTermin\r\n--b\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260512T100000Z\r\nSUMMARY:Treffen\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n--b--\r\n",lambda m:("Treffen" in m.text,ty(m)),(True,["text/calendar"])),
    ("apple mixed text image text",H+"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nVor\r\n--b\r\nContent-Type: image/png; name=a.png\r\nContent-Disposition: inline; filename=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b\r\nContent-Type: text/plain\r\n\r\nNach\r\n--b--\r\n",lambda m:(m.text,fn(m)),("Vor\n\nNach",["a.png"])),
    ("message rfc822 att",H+'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsiehe\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename="x.eml"\r\n\r\nFrom: a@b.example\r\nSubject: innen\r\n\r\nHallo innen\r\n--b--\r\n',lambda m:(m.text,fn(m),ty(m)),("siehe",["x.eml"],["message/rfc822"])),
    ("empty",b"",lambda m:(m.text,m.subject),("",None)),
    ("only headers",H.encode(),lambda m:(m.text,m.subject),("","Frage")),
    ("mailman footer",H+'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHallo\r\n--b\r\nContent-Type: text/plain; charset="us-ascii"\r\nContent-Disposition: inline\r\n\r\n_______\r\nliste\r\n--b--\r\n',lambda m:("liste" in m.text,fn(m)),(True,[])),
    ("addresses idn",(H.replace("Dora <dora@kunde.example>","Dörte <dörte@xn--mnchen-3ya.example>")+"\r\nx"),lambda m:str(m.from_[0]),"Dörte <dörte@xn--mnchen-3ya.example>"),
    ("from comma unquoted",(H.replace("Dora <dora@kunde.example>","Dorn, Dora <dora@kunde.example>")+"\r\nx"),lambda m:[str(x) for x in m.from_],["Dorn, Dora <dora@kunde.example>"]),
    ("from encoded comma",(H.replace("Dora <dora@kunde.example>","=?utf-8?Q?Dorn,_D=C3=B6rte?= <dora@kunde.example>")+"\r\nx"),lambda m:[str(x) for x in m.from_],["Dorn, Dörte <dora@kunde.example>"]),
    ("group",(H.replace("To: support@firma.example","To: Team: a@b.example, C <c@d.example>;, undisclosed-recipients:;")+"\r\nx"),lambda m:[str(x) for x in m.to],["a@b.example","C <c@d.example>"]),
]  # fmt: skip


@pytest.mark.parametrize(("content", "look", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_mail_of_the_wild_is_read(content: str | bytes, look: Callable[[Message], object], expected: object) -> None:
    assert look(parse_message(content.encode() if isinstance(content, str) else content)) == expected


def test_lone_word_without_a_name_behind_it_stays_a_local_user() -> None:
    message = parse_message(b"To: root, <anna@firma.example>, operator\r\n\r\nx")
    assert [str(mailbox) for mailbox in message.to] == ["root", "anna@firma.example", "operator"]


def test_there_are_a_hundred_cases() -> None:
    assert len(CASES) >= 100
