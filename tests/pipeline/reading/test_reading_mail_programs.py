"""More real mail programs answer and forward a known text, with days and months as their locales name them."""

# ruff: noqa: RUF001 as people write
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from gateway.mail.message import Message
from gateway.pipeline.reading.fingerprints import fingerprint
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import Circumstances, read_message
from gateway.pipeline.reading.reply import surely_visible
from tests.needs import program

TOKEN: Final = "abcdefghijklmnopqrstuvwxyz2345"
NOTE: Final = "Es geht wieder, größtenteils.\n\nCarla"
OURS: Final = (
    f"[ref:{TOKEN}]\n\nHello,\n\nplease switch it off and on again, and then wait for at least two minutes before you try to "
    "print again.\n\nNow it should print – tell us.\n\n-- \nYour support"
)
MAIL: Final = (
    "From: Anna Arndt <anna@firma.example>\nTo: Carla Kunde <carla@kunde.example>\nSubject: Printer\n"
    f"Date: Tue, 12 May 2026 10:00:00 +0200\nMessage-ID: <{TOKEN}@gw.firma.example>\nMIME-Version: 1.0\n"
    f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{OURS}\n"
)
ABOVE: Final = (
    'cat "$1" > {folder}/old; awk \'BEGIN{{h=1}} {{print}} h&&/^$/{{system("cat {folder}/note"); h=0}}\' {folder}/old > "$1"'
)
ANYBODY: Final = "/^To:/s/.*/To: support@firma.example/"


def set_stage(folder: Path) -> dict[str, str]:
    """Lay out a mailbox with one mail, an editor that writes above, and a sendmail that keeps; return the environment."""
    (folder / "in.mbox").write_text(f"From anna@firma.example Tue May 12 10:00:00 2026\n{MAIL}\n", "utf-8")
    (folder / "one.eml").write_text(MAIL, "utf-8")
    (folder / "note").write_text(f"{NOTE}\n\n", "utf-8")
    scripts = {
        "editor": f"#!/bin/sh\n{ABOVE.format(folder=folder)}\n",
        "forward": f'#!/bin/sh\nsed -i "{ANYBODY}" "$1"\n{ABOVE.format(folder=folder)}\n',
        "sendmail": f"#!/bin/sh\ncat > {folder}/out.eml\n",
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "profile").write_text(f"local-mailbox: Carla Kunde <carla@kunde.example>\nsendmail: {folder}/sendmail\n")
    (folder / "seq").touch()
    known = {"HOME": str(folder), "MBLAZE": str(folder), "LC_ALL": "C.UTF-8"}
    return os.environ | known | {"EDITOR": f"{folder}/editor", "VISUAL": f"{folder}/editor"}


def run(command: list[str], folder: Path, environment: dict[str, str], keys: str) -> Message:
    """Let a program write a mail; return what it handed to sendmail."""
    subprocess.run(command, cwd=folder, env=environment, input=keys.encode(), capture_output=True, timeout=30, check=False)
    return parse_message((folder / "out.eml").read_bytes())


def assert_split_exactly(message: Message) -> None:
    assert message.in_reply_to == (f"{TOKEN}@gw.firma.example",)
    assert read_message(message).reply.visible.strip("\n") == NOTE
    by_marker = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert by_marker.visible.strip("\n") == NOTE
    by_text = read_message(message, fingerprints=[fingerprint(OURS)]).reply
    assert by_text.visible.strip("\n") == NOTE


def test_answer_of_mblaze_is_split_exactly(tmp_path: Path) -> None:
    environment = set_stage(tmp_path)
    message = run([program("mrep"), str(tmp_path / "one.eml")], tmp_path, environment, "s\n")
    assert_split_exactly(message)
    by_marker = read_message(message, Circumstances(own_marker_ids=frozenset({TOKEN}))).reply
    assert surely_visible(message.text, by_marker) == NOTE


def test_forward_of_mblaze_is_read(tmp_path: Path) -> None:
    environment = set_stage(tmp_path) | {"EDITOR": f"{tmp_path}/forward", "VISUAL": f"{tmp_path}/forward"}
    forwarded = read_message(run([program("mfwd"), str(tmp_path / "one.eml")], tmp_path, environment, "m\ns\n")).forwarded
    assert forwarded is not None
    assert (str(forwarded.author), forwarded.subject) == ("Anna Arndt <anna@firma.example>", "Printer")
    assert [str(mailbox) for mailbox in forwarded.to] == ["Carla Kunde <carla@kunde.example>"]
    assert (forwarded.note, forwarded.text.split()) == (NOTE, OURS.split())
    assert forwarded.confidence >= 0.75


HEADINGS: Final = {
    "en": "On %d, %f wrote:",
    "de": "Am %d schrieb %f:",
    "fr": "Le %d, %f a écrit :",
    "es": "El %d, %f escribió:",
    "it": "Il %d %f ha scritto:",
    "nl": "Op %d schreef %f:",
    "pl": "Dnia %d %f napisał(a):",
    "sv": "Den %d skrev %f:",
    "cs": "Dne %d %f napsal:",
    "ru": "%d, %f пишет:",
}


@pytest.mark.parametrize("language", sorted(HEADINGS))
def test_answer_below_of_mailx_is_split_exactly(language: str, tmp_path: Path) -> None:
    environment = set_stage(tmp_path)
    options = {
        "mta": f"{tmp_path}/sendmail",
        "from": "carla@kunde.example",
        "ttycharset": "utf-8",
        "indentprefix": "> ",
        "quote-inject-head": HEADINGS[language] + "\n\n",
    }
    given = [part for key, value in options.items() for part in ("-S", f"{key}={value}")]
    command = [program("s-nail"), "-n", "-#", "-R", "-S", "quote", "-S", "sendwait", *given, "-f", "in.mbox"]
    assert_split_exactly(run(command, tmp_path, environment, f"reply 1\n\n{NOTE}\n~.\nxit\n"))
