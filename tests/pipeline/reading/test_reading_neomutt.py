"""A real mail program answers and forwards a known text; what it wrote is split exactly."""

# ruff: noqa: RUF001 as people write
import os
import pty
import select
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from gateway.pipeline.marker import make_marker
from gateway.pipeline.reading.fingerprints import fingerprint
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import Circumstances, read_message
from gateway.pipeline.reading.reply import surely_visible
from tests.needs import miss, program

TOKEN: Final = "abcdefghijklmnopqrstuvwxyz2345"
NOTE: Final = "Es geht wieder, größtenteils.\n\nCarla"
OURS: Final = (
    f"{make_marker(TOKEN)}\n\nHello,\n\nplease switch it off and on again, and then wait for at least two minutes before you try "
    "to print again.\n\nNow it should print – tell us.\n\n-- \nYour support"
)
MAILBOX: Final = f"""From anna@firma.example Tue May 12 10:00:00 2026
From: Anna Arndt <anna@firma.example>
To: Carla Kunde <carla@kunde.example>
Subject: Printer
Date: Tue, 12 May 2026 10:00:00 +0200
Message-ID: <{TOKEN}@gw.firma.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{OURS}
"""
SETTINGS: Final = """
set sendmail="{folder}/sendmail"
set editor="{folder}/editor"
set include=yes
set abort_unmodified=no
set fast_reply=yes
set record=""
set from="carla@kunde.example"
set realname="Carla Kunde"
set folder={folder}
set mbox_type=mbox
set quit=yes
set move=no
set wait_key=no
set charset=utf-8
{more}
push "<first-entry>{keys}<send-message><exit>"
"""
ATTRIBUTIONS: Final = {
    "en": "On %d, %n wrote:",
    "de": "Am %d schrieb %n:",
    "fr": "Le %d, %n a écrit :",
    "es": "El %d, %n escribió:",
    "it": "Il %d, %n ha scritto:",
    "nl": "Op %d schreef %n:",
    "pl": "Dnia %d, %n napisał(a):",
    "sv": "Den %d skrev %n:",
    "cs": "Dne %d %n napsal:",
    "ru": "%d, %n пишет:",
    "mutt": "* %f [%d]:",
}


def write_with_neomutt(folder: Path, keys: str, more: str, *, name: str = "neomutt", locales: Path | None = None) -> bytes:
    """Let neomutt or mutt write a mail; return what it handed to sendmail."""
    (folder / "in.mbox").write_text(MAILBOX, encoding="utf-8")
    (folder / "note").write_text(f"{NOTE}\n\n", encoding="utf-8")
    scripts = {
        "editor": f'#!/bin/sh\ncat {folder}/note "$1" > {folder}/new && cat {folder}/new > "$1"\n',
        "sendmail": f"#!/bin/sh\ncat > {folder}/part && mv {folder}/part {folder}/out.eml\n",
    }
    for script, text in scripts.items():
        (folder / script).write_text(text)
        (folder / script).chmod(0o755)
    (folder / "rc").write_text(SETTINGS.format(folder=folder, more=more, keys=keys), encoding="utf-8")
    command = [program(name), "-n", "-F", str(folder / "rc"), "-R", "-f", str(folder / "in.mbox")]
    run_on_terminal(command, folder, {"LOCPATH": str(locales)} if locales else {})
    return (folder / "out.eml").read_bytes()


def run_on_terminal(command: list[str], folder: Path, more: dict[str, str]) -> None:
    """Run a program that needs a terminal until it ends, twenty seconds at most."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "HOME": str(folder), "LC_ALL": "C.UTF-8"} | more
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True)
    os.close(theirs)
    end = time.monotonic() + 20
    try:
        while process.poll() is None and time.monotonic() < end:
            if select.select([ours], [], [], 0.2)[0]:
                try:
                    os.read(ours, 65_536)
                except OSError:
                    break
        process.wait(timeout=5)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        os.close(ours)


@pytest.mark.parametrize("language", sorted(ATTRIBUTIONS))
def test_answer_of_neomutt_is_split_exactly(language: str, tmp_path: Path) -> None:
    content = write_with_neomutt(tmp_path, "<reply>", f'set attribution="{ATTRIBUTIONS[language]}"')
    message = parse_message(content)
    assert message.in_reply_to == (f"{TOKEN}@gw.firma.example",)
    by_heading = read_message(message).reply
    assert by_heading.visible == NOTE
    by_marker = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert (by_marker.visible, surely_visible(message.text, by_marker)) == (NOTE, NOTE)
    by_text = read_message(message, fingerprints=[fingerprint(OURS)]).reply
    assert (by_text.is_certain, surely_visible(message.text, by_text)) == (True, NOTE)


@pytest.mark.parametrize("prefix", ["> ", ">", "| "])
def test_answer_with_any_quoting_sign_is_split_exactly(prefix: str, tmp_path: Path) -> None:
    content = write_with_neomutt(tmp_path, "<reply>", f'set indent_string="{prefix}"')
    message = parse_message(content)
    reply = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert surely_visible(message.text, reply) == NOTE
    assert read_message(message).reply.visible == NOTE


@pytest.mark.parametrize("more", ["set mime_forward=no", "set mime_forward=no\nset forward_quote=yes", "set mime_forward=yes"])
def test_forward_of_neomutt_is_read(more: str, tmp_path: Path) -> None:
    keys = "<forward-message>support@firma.example<enter>"
    message = parse_message(write_with_neomutt(tmp_path, keys, more + '\nset forward_format="Fwd: %s"'))
    forwarded = read_message(message).forwarded
    assert forwarded is not None
    assert str(forwarded.author) == "Anna Arndt <anna@firma.example>"
    assert [str(mailbox) for mailbox in forwarded.to] == ["Carla Kunde <carla@kunde.example>"]
    assert (forwarded.subject, forwarded.note) == ("Printer", NOTE)
    assert forwarded.date is not None
    assert forwarded.date.isoformat() == "2026-05-12T10:00:00+02:00"
    assert forwarded.text.split() == OURS.split()


NATIVE: Final = {
    "de_DE": "Am %{%A, %d. %B %Y um %H:%M} schrieb %n:",
    "fr_FR": "Le %{%A %d %B %Y à %H:%M}, %n a écrit :",
    "es_ES": "El %{%A, %d de %B de %Y a las %H:%M}, %n escribió:",
    "pl_PL": "W dniu %{%A, %d %B %Y o %H:%M}, %n napisał(a):",
    "ru_RU": "%{%A, %d %B %Y, %H:%M} %n пишет:",
    "fi_FI": "%{%A %d. %B %Y kello %H.%M} %n kirjoitti:",
    "tr_TR": "%{%d %B %Y %A %H:%M} tarihinde %n yazdı:",
    "el_GR": "Στις %{%A, %d %B %Y, %H:%M}, ο/η %n έγραψε:",
    "ja_JP": "%{%Y年%m月%d日(%a) %H:%M}、%nのメール:",
    "ko_KR": "%{%Y년 %m월 %d일 (%a) %H:%M}, %n님이 작성:",
    "zh_CN": "%n 于 %{%Y年%m月%d日 %A %H:%M} 写道：",
    "uk_UA": "%{%A, %d %B %Y, %H:%M} %n пише:",
}


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the locales that the attributions below want."""
    folder = tmp_path_factory.mktemp("locales")
    for name in NATIVE:
        command = [program("localedef"), "-i", name, "-f", "UTF-8", "--no-archive", str(folder / f"{name}.UTF-8")]
        made = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if not (folder / f"{name}.UTF-8").exists():
            miss(f"the locale {name} cannot be made (`make peers` installs its source): {made.stderr.strip()[-200:]}")
    return folder


@pytest.mark.parametrize("language", sorted(NATIVE))
def test_answer_with_days_and_months_of_a_locale_is_split_exactly(language: str, locales: Path, tmp_path: Path) -> None:
    settings = f'set attribution_locale="{language}.UTF-8"\nset attribution="{NATIVE[language]}"'
    message = parse_message(write_with_neomutt(tmp_path, "<reply>", settings, locales=locales))
    assert "2026" in message.text.split(">")[0]
    assert read_message(message).reply.visible == NOTE
    by_marker = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert surely_visible(message.text, by_marker) == NOTE


@pytest.mark.parametrize("language", ["cs", "de", "fr", "mutt"])
def test_answer_of_mutt_is_split_exactly(language: str, tmp_path: Path) -> None:
    settings = f'set attribution="{ATTRIBUTIONS[language]}"'
    message = parse_message(write_with_neomutt(tmp_path, "<reply>", settings, name="mutt"))
    assert read_message(message).reply.visible == NOTE
    by_marker = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert surely_visible(message.text, by_marker) == NOTE
