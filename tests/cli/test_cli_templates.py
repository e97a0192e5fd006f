"""`templates`: what an admin sees of the texts, before a customer does."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.cli.exits import Exit
from gateway.mail.outbound import Purpose
from gateway.pipeline.template_samples import SAMPLES
from tests.cli.conftest import Command

CONFIG = """\
hostname: gw.firma.example
data: {folder}
listen: [{{smtp: "127.0.0.1:2525"}}]
smarthosts: {{main: {{host: smtp.firma.example}}}}
agents: {{anna: {{name: Anna, addresses: [anna@firma.example]}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma, queue: support, smarthosts: [main], language: de}}
  sales: {{address: sales@firma.example, display_name: Firma Sales, queue: support, smarthosts: [main]}}
texts: {{templates: {folder}/texts}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "texts" / "sales").mkdir(parents=True)
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    return path


def own(config: Path, name: str, source: str) -> None:
    (config.parent / "texts" / name).write_text(source, encoding="utf-8")


def test_list_names_every_text_and_whose_files_replace_it(command: Command, config: Path) -> None:
    own(config, "sales/confirmation.en.txt.j2", "Subject: x\n\ny\n")
    ran = command("templates", "list", "--config", config)
    assert ran.code == Exit.OK
    assert [purpose for purpose in Purpose if f" {purpose} " not in ran.out] == []
    assert re.search(r"confirmation +To the requester.* sales/confirmation\.en\.txt\.j2", ran.out)
    (entries,) = [command("templates", "list", "-c", config, "--json").out]
    assert '"channel": "sales"' in entries


def test_show_prints_the_nearest_files_and_the_variables(command: Command, config: Path) -> None:
    own(config, "confirmation.de.txt.j2", "Subject: Da\n\nGut.\n")
    ran = command("templates", "show", "confirmation", "-c", config, "--language", "de")
    assert "Subject: Da\n\nGut.\n" in ran.out
    assert "confirmation.de.txt.j2 (built in)" not in ran.out
    assert "The ticket's number" in ran.out
    (shown,) = command("templates", "show", "_words", "--json").answers
    assert [Path(each["file"]).name for each in shown["files"]] == ["_words.de.j2", "_words.en.j2"]


@pytest.mark.parametrize("purpose", Purpose)
def test_every_text_can_be_previewed_without_a_configuration(command: Command, purpose: Purpose) -> None:
    for sample in range(len(SAMPLES[purpose])):
        ran = command("templates", "preview", purpose, "--language", "de", "--sample", str(sample + 1), "--text")
        assert (ran.code, ran.err) == (Exit.OK, "")
        assert ran.out.strip()


def test_preview_speaks_for_the_channel_and_in_its_language(command: Command, config: Path) -> None:
    (german,) = command("templates", "preview", "confirmation", "-c", config, "--json").answers
    (english,) = command("templates", "preview", "confirmation", "-c", config, "--channel", "sales", "--json").answers
    assert (german["language"], english["language"]) == ("de", "en")
    assert german["text"].rstrip().endswith("Firma\n\n[ref:aaaabbbbccccddddeeeeffffgggghh]")
    assert "Firma Sales" in english["text"]
    assert command("templates", "preview", "confirmation", "-c", config, "--html").out.startswith("<!doctype html>")


def test_preview_writes_a_mail_that_a_mail_program_opens(command: Command, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "preview.eml"
    assert command("templates", "preview", "new_ticket", "-c", config, "--mail", file).code == Exit.OK
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert mail["From"] == "Firma <support@firma.example>"
    assert mail["Subject"] == "[2026-000123] Rechnung 4711 ohne Bestellnummer"
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    nowhere = command("templates", "preview", "new_ticket", "-c", config, "--mail", tmp_path / "no" / "x.eml")
    assert (nowhere.code, "cannot be written" in nowhere.err) == (Exit.CANNOT_WRITE, True)


def test_preview_of_a_text_that_fails_says_where(command: Command, config: Path) -> None:
    own(config, "confirmation.de.txt.j2", "Subject: x\n\n{{ nummer }}\n")
    ran = command("templates", "preview", "confirmation", "-c", config)
    assert (ran.code, ran.out) == (Exit.CONFIG, "")
    assert ran.err == f"{config.parent}/texts/confirmation.de.txt.j2:3: 'nummer' is undefined\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("preview", "new_tickt"), "there is no text new_tickt; did you mean new_ticket?"),
        (("preview", "new_ticket-short"), "there is no text new_ticket-short"),
        (("preview", "confirmation", "--sample", "9"), "confirmation has 2 samples"),
        (("preview", "confirmation", "--channel", "shop"), "there is no channel shop; there are: support, sales"),
        (("show", "nothing"), "there is no text nothing"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(command: Command, config: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = command("templates", *arguments, "-c", config)
    assert ran.code == Exit.NO_SUCH
    assert said in ran.err


def test_check_config_finds_wrong_and_unused_templates(command: Command, config: Path) -> None:
    own(config, "new_ticket-short.de.txt.j2", "Subject: x\n\ny\n")
    good = command("check-config", config)
    assert good.code == Exit.OK
    assert f"warning: {config.parent}/texts/new_ticket-short.de.txt.j2:1: nothing chooses this variant" in good.err
    own(config, "sales/answer.de.txt.j2", "Subject: x\n\n\n{{ texte }}\n")
    wrong = command("check-config", config)
    assert wrong.code == Exit.CONFIG
    assert wrong.err.startswith(f"{config.parent}/texts/sales/answer.de.txt.j2:4: there is no variable 'texte' here; there are ")
