"""Whose file wins: a channel's own, an admin's for all channels, ours."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.mail.outbound import Purpose
from gateway.pipeline.reasons import Reason
from gateway.pipeline.runner import OUR_FAULT
from gateway.pipeline.template_check import unused_files
from gateway.pipeline.template_samples import SAMPLES
from gateway.pipeline.templates import LANGUAGES, Rendered, Templates

Write = Callable[..., Templates]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put files into an admin's folder, by their path in it, and read the folder."""

    def put(**files: str) -> Templates:
        for name, source in files.items():
            path = tmp_path / name.replace("__", "/").replace("_de", ".de").replace("_html", ".html").replace("_txt", ".txt")
            path = path.with_name(path.name + ".j2")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(source, encoding="utf-8")
        return Templates(tmp_path)

    return put


def confirmation(templates: Templates, channel: str | None = None) -> Rendered:
    return templates.render("confirmation", "de", SAMPLES[Purpose.CONFIRMATION][0], channel=channel)


def test_a_channel_s_own_text_beats_the_one_for_all_channels(write: Write) -> None:
    templates = write(confirmation_de_txt="Subject: Alle\n\nFür alle.", sales__confirmation_de_txt="Subject: Verkauf\n\nEigens.")
    assert [confirmation(templates, channel).subject for channel in (None, "support", "sales")] == ["Alle", "Alle", "Verkauf"]
    assert "Eigens." in confirmation(templates, "sales").html


def test_a_channel_s_text_never_goes_with_html_that_says_something_else(write: Write) -> None:
    templates = write(
        confirmation_de_txt="Subject: Alle\n\nFür alle.",
        confirmation_de_html="<p>Für alle, schön.</p>",
        sales__confirmation_de_txt="Subject: Verkauf\n\nEigens.",
    )
    assert confirmation(templates).html == "<p>Für alle, schön.</p>\n"
    assert "schön" not in confirmation(templates, "sales").html
    assert "Eigens." in confirmation(templates, "sales").html


def test_a_channel_calls_a_status_what_it_likes_and_the_other_statuses_keep_their_names(write: Write) -> None:
    templates = write(
        _words_de='{% set status = {"open": "in Arbeit"} %}', sales___words_de='{% set status = {"new": "frisch"} %}'
    )
    assert templates.check(["sales"]) == ()
    names = templates.words("de", channel="sales")["status"]
    assert isinstance(names, dict)
    assert (names["new"], names["open"], names["closed"]) == ("frisch", "in Arbeit", "geschlossen")
    rendered = templates.render("new_ticket", "de", SAMPLES[Purpose.NEW_TICKET][0], channel="sales")
    assert rendered.problem is None
    assert "· frisch ·" in rendered.text


def test_a_channel_s_text_that_fails_gives_way_to_ours_and_says_where(write: Write, tmp_path: Path) -> None:
    templates = write(sales__confirmation_de_txt="Subject: x\n\n{{ 1 / 0 }}")
    rendered = confirmation(templates, "sales")
    assert rendered.problem == f"{tmp_path}/sales/confirmation.de.txt.j2:3: division by zero"
    assert rendered.subject == confirmation(templates).subject
    assert confirmation(templates).problem is None


def test_a_variant_whose_file_is_gone_gives_way_to_ours_and_says_so(write: Write) -> None:
    templates = write(new_ticket_de_txt="Subject: x\n\ny")
    rendered = templates.render("confirmation", "de", SAMPLES[Purpose.CONFIRMATION][0], variant="gelesen")
    assert rendered.problem == "confirmation-gelesen: the file confirmation-gelesen.de.txt.j2 is missing"
    assert rendered.subject == confirmation(templates).subject


def test_a_text_that_includes_a_missing_file_names_both(write: Write, tmp_path: Path) -> None:
    templates = write(confirmation_de_txt="Subject: x\n\n{% include '_foot.j2' %}")
    assert confirmation(templates).problem == f"{tmp_path}/confirmation.de.txt.j2:3: the file _foot.j2 is missing"


def test_a_folder_of_no_channel_is_a_mistake(write: Write, tmp_path: Path) -> None:
    templates = write(salse__confirmation_de_txt="Subject: x\n\n{{ nummer }}")
    first, second = templates.check(["sales", "support"])
    assert first == f"{tmp_path}/salse/confirmation.de.txt.j2:1: there is no channel `salse`; did you mean `sales`?"
    assert second.startswith(f"{tmp_path}/salse/confirmation.de.txt.j2:3: there is no variable 'nummer' here")


def test_files_that_no_text_is_made_from_are_named(write: Write, tmp_path: Path) -> None:
    templates = write(
        **{
            "new_ticket-short_de_txt": "Subject: x\n\ny",
            "new_ticket-long_de_txt": "Subject: x\n\n{% include '_foot.j2' %}",
            "_foot": "-- \nFuß",
            "_old": "nobody includes it",
            "confirmation_de_html": "<p>x</p>",
            "sales__confirmation_de_txt": "Subject: x\n\ny",
            "new_ticket-gone_de_html": "<p>x</p>",
        }
    )
    chosen = {("new_ticket", "long"), ("new_ticket", "gone")}
    assert {line.removeprefix(f"{tmp_path}/").partition(": ")[0] for line in unused_files(templates, chosen)} == {
        "new_ticket-short.de.txt.j2:1",
        "_old.j2:1",
        "new_ticket-gone.de.html.j2:1",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words_in_every_language(language: str) -> None:
    words = Templates(None).words(language)["reason"]
    assert isinstance(words, dict)
    assert set(words) == {*Reason, OUR_FAULT}
    assert all(text and "_" not in text for text in words.values())
