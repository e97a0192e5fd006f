"""What people read: the built-in texts, and what becomes of an admin's own."""

import re
from collections.abc import Callable
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mail.outbound import Purpose
from gateway.pipeline.marker import find_markers
from gateway.pipeline.template_filters import as_html, reply_subject
from gateway.pipeline.template_samples import SAMPLES
from gateway.pipeline.templates import LANGUAGES, Templates
from gateway.pipeline.variables import (
    VARIABLES_OF,
    AnswerVariables,
    ConfirmationVariables,
    NotificationVariables,
    Variables,
    VerificationVariables,
)

BUILT_IN = Templates(None, zone=ZoneInfo("Europe/Berlin"))
ALL = [
    pytest.param(purpose, language, sample, id=f"{purpose}-{language}-{number}")
    for purpose, samples in SAMPLES.items()
    for number, sample in enumerate(samples)
    for language in LANGUAGES
]
TO_AGENTS = (Purpose.NEW_TICKET, Purpose.NEW_REPLY, Purpose.NEW_ANSWER, Purpose.NEW_NOTE)
Write = Callable[[str, str], Templates]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put a file into an admin's folder and read the folder."""

    def put(name: str, source: str) -> Templates:
        (tmp_path / name).write_text(source, encoding="utf-8")
        return Templates(tmp_path)

    return put


class _Text(HTMLParser):
    """Gathers the text a reader sees, and what a page could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.lines = [""]
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self._hidden += tag in {"style", "title"}
        if tag in {"br", "div", "blockquote"}:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}
        if tag in {"div", "blockquote"}:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.lines[-1] += data.replace("\n", "")


def seen(html: str) -> _Text:
    reader = _Text()
    reader.feed(html)
    reader.close()
    return reader


def notification(purpose: Purpose = Purpose.NEW_TICKET) -> NotificationVariables:
    sample = SAMPLES[purpose][0]
    assert isinstance(sample, NotificationVariables)
    return sample


def test_every_purpose_has_variables_and_samples() -> None:
    assert set(VARIABLES_OF) == set(SAMPLES) == set(Purpose)
    for purpose, samples in SAMPLES.items():
        assert {type(sample) for sample in samples} == {VARIABLES_OF[purpose]}


@pytest.mark.parametrize(("purpose", "language", "sample"), ALL)
def test_every_text_is_complete_in_both_languages(purpose: Purpose, language: str, sample: Variables) -> None:
    rendered = BUILT_IN.render(purpose, language, sample)
    assert rendered.problem is None
    assert rendered.subject
    assert "\n" not in rendered.subject
    assert rendered.text.strip()
    assert "\n\n\n\n" not in rendered.text
    page = seen(rendered.html)
    assert f'lang="{language}"' in rendered.html
    assert '<meta name="color-scheme" content="light dark">' in rendered.html
    assert page.tags <= {"html", "head", "meta", "style", "title", "body", "div", "span", "b", "br", "blockquote", "code"}
    assert page.attributes <= {"lang", "charset", "name", "content", "style", "dir"}
    assert "url(" not in rendered.html
    assert "http" not in rendered.html


@pytest.mark.parametrize("purpose", Purpose)
def test_the_languages_really_differ(purpose: Purpose) -> None:
    german, english = (BUILT_IN.render(purpose, language, SAMPLES[purpose][0]) for language in LANGUAGES)
    assert german.text != english.text
    assert german.html != english.html


def test_an_unknown_language_is_answered_in_english() -> None:
    sample = SAMPLES[Purpose.CONFIRMATION][0]
    assert BUILT_IN.render("confirmation", "fr", sample) == BUILT_IN.render("confirmation", "en", sample)


@pytest.mark.parametrize("purpose", TO_AGENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_agent_quotes_begins_with_the_marker(purpose: Purpose, language: str) -> None:
    variables = notification(purpose)
    rendered = BUILT_IN.render(purpose, language, variables)
    assert find_markers(rendered.text) == ((0, "aaaabbbbccccddddeeeeffffgggghh"),)
    visible = [line.strip() for line in seen(rendered.html).lines if line.strip()]
    assert visible[0] == variables.marker
    assert visible.count(variables.marker) == 1


def test_an_acknowledgement_cannot_carry_a_word_of_the_sender_s() -> None:
    for kind in (ConfirmationVariables, VerificationVariables):
        assert {field.name for field in fields(kind)} <= {"channel", "number", "tag", "reference"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_agent_is_told_in_plain_words_when_the_sender_is_not_proven(language: str) -> None:
    variables = notification()
    texts = {
        assurance: BUILT_IN.render("new_ticket", language, replace(variables, post=replace(variables.post, assurance=assurance)))
        for assurance in ("proven", "vouched", "unproven", "contradicted", None)
    }
    assert texts["proven"] == texts[None]
    assert len({rendered.text for rendered in texts.values()}) == len({rendered.html for rendered in texts.values()}) == 4
    for rendered in texts.values():
        assert not re.search(r"vouched|unproven|contradicted|assurance", rendered.text + rendered.html)


def test_the_customer_gets_the_agent_s_words_and_no_machinery() -> None:
    rendered = BUILT_IN.render("answer", "de", SAMPLES[Purpose.ANSWER][0])
    assert rendered.subject == "Re: Rechnung 4711 ohne Bestellnummer [2026-000123]"
    assert rendered.text.startswith("Hallo Kim,\n\ndie neue Rechnung")
    assert "\n-- \nAnna vom Support\n" in rendered.text
    assert "\n\nAm 20.11.2026, 09:41 schrieb Kim Kunde:\n> Guten Tag,\n>\n> auf" in rendered.text
    assert not re.search(r"ticket|queue|#note", (rendered.text + rendered.html).lower())


@given(text=st.text(max_size=300), name=st.text(max_size=40))
def test_nothing_that_a_customer_writes_becomes_markup(text: str, name: str) -> None:
    variables = notification()
    hostile = replace(
        variables,
        ticket=replace(variables.ticket, subject=name, requester_name=name, queue=name),
        post=replace(variables.post, text=text, author_name=name, author_address=name),
        others=(name,),
        cc_suggested=(text,),
        earlier=(replace(variables.post, text=text, author_name=name),),
    )
    rendered = BUILT_IN.render("new_ticket", "en", hostile)
    harmless = replace(variables, earlier=(variables.post,))
    assert seen(rendered.html).tags <= seen(BUILT_IN.render("new_ticket", "en", harmless).html).tags | {"blockquote"}
    assert "\n" not in rendered.subject
    assert text.strip("\n") in rendered.text


@given(text=st.text(alphabet="ab<>&\"' \n\t;", max_size=200))
def test_html_shows_the_lines_of_the_text(text: str) -> None:
    unquoted = text.replace(">", "}")
    shown = "\n".join(line.replace("\u00a0", " ") for line in seen(str(as_html(unquoted))).lines)
    wanted = unquoted.strip("\n").expandtabs(4)
    assert "".join(shown.split()) == "".join(wanted.split())
    assert [line.split() for line in shown.strip("\n").split("\n") if line.strip()] == [
        line.split() for line in wanted.split("\n") if line.strip()
    ]


@pytest.mark.parametrize("text", ["Re: Frage", "AW: Re: RE:Frage", "Re[2]: Frage", "  Frage "])
def test_a_subject_is_answered_with_one_re(text: str) -> None:
    assert reply_subject(text) == "Re: Frage"


def test_times_are_written_where_the_company_is() -> None:
    variables = notification()
    assert "20.11.2026, 09:41" in BUILT_IN.render("new_ticket", "de", variables).text
    assert "20 Nov 2026, 09:41" in BUILT_IN.render("new_ticket", "en", variables).text
    assert "20.11.2026, 08:41" in Templates(None).render("new_ticket", "de", variables).text


# ------------------------------------------------------------------------------------------------------- an admin's templates


def test_an_admin_s_text_replaces_ours_and_its_html_says_the_same(write: Write) -> None:
    templates = write("answer.de.txt.j2", "Subject: Antwort von {{ channel.name }}\n\n{{ text }}\n\nGruß <3\n")
    assert templates.check() == ()
    rendered = templates.render("answer", "de", SAMPLES[Purpose.ANSWER][0])
    assert rendered.problem is None
    assert rendered.subject == "Antwort von Firma Support"
    assert rendered.text.endswith("Anna\n\nGruß <3\n")
    assert "Gruß &lt;3" in rendered.html
    assert "Anna vom Support" not in rendered.html
    assert "-- " in templates.render("answer", "en", SAMPLES[Purpose.ANSWER][0]).text


def test_an_admin_s_frame_goes_around_all_html(write: Write) -> None:
    templates = write("_layout.html.j2", "<html><body>FIRMA{% block content %}{% endblock %}</body></html>")
    assert templates.check() == ()
    for purpose, samples in SAMPLES.items():
        assert templates.render(purpose, "de", samples[0]).html.startswith("<html><body>FIRMA")


@pytest.mark.parametrize(
    "body",
    [
        "{{ text.nothing }}",
        "{{ nothing }}",
        "{{ 1 / 0 }}",
        "{{ text | nothing }}",
        "{% if %}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{% for n in range(999999999) %}{% endfor %}",
        "{% include 'nothing.j2' %}",
        "{{ text + 1 }}",
        "{{ channel.name() }}",
    ],
)
def test_a_template_that_fails_gives_way_to_ours_and_says_where(write: Write, tmp_path: Path, body: str) -> None:
    templates = write("answer.en.txt.j2", f"Subject: x\n\n{body}\n")
    sample = SAMPLES[Purpose.ANSWER][0]
    rendered = templates.render("answer", "en", sample)
    assert rendered.problem is not None
    assert rendered.problem.startswith(f"{tmp_path}/answer.en.txt.j2:3: ")
    assert replace(rendered, problem=None) == Templates(None).render("answer", "en", sample)
    assert templates.check()
    assert all(problem.startswith(f"{tmp_path}/answer.en.txt.j2:3: ") for problem in templates.check())


def test_check_reports_every_mistake_at_once_with_file_and_line(write: Write, tmp_path: Path) -> None:
    write("new_tickt.de.txt.j2", "Subject: x\n")
    write("new_ticket.fr.txt.j2", "Subject: x\n")
    write("confirmation.de.txt.j2", "Subject: {{ subject }}\n\nHallo\n{{ nummer }} {{ channel.nam }}\n")
    write("new_reply.en.txt.j2", "\nSubject: x\n")
    write(
        "new_note.en.txt.j2",
        "Subject: x\n\n{% for file in post.attachments %}\n{{ file.filename }} {{ file.name }}\n{% endfor %}\n",
    )
    (tmp_path / "new_answer.en.txt.j2").write_bytes(b"Subject: x\n\nGr\xfc\xdfe\n")
    templates = write("_words.de.j2", "\n{% set x %}\n")
    problems = {problem.removeprefix(f"{tmp_path}/").split(": ")[0] for problem in templates.check()}
    assert problems == {
        "new_tickt.de.txt.j2:1",
        "new_ticket.fr.txt.j2:1",
        "confirmation.de.txt.j2:1",
        "confirmation.de.txt.j2:4",
        "new_reply.en.txt.j2:1",
        "new_note.en.txt.j2:4",
        "new_answer.en.txt.j2:3",
        "_words.de.j2:2",
    }
    assert sum("confirmation.de.txt.j2:4" in problem for problem in templates.check()) == 2
    assert "there is no variable 'nummer' here; there are channel, number, tag, reference" in "\n".join(templates.check())


def test_a_shared_file_that_makes_texts_fail_is_found_before_mail_depends_on_it(write: Write, tmp_path: Path) -> None:
    templates = write("_layout.html.j2", "<html>\n{{ logo }}{% block content %}{% endblock %}</html>")
    assert templates.check() == (f"{tmp_path}/_layout.html.j2:2: 'logo' is undefined",)


def test_an_admin_changes_a_word_and_ours_stay_for_the_others(write: Write) -> None:
    templates = write("_words.de.j2", '{% set nobody = "noch frei" %}')
    assert templates.check() == ()
    rendered = templates.render("new_ticket", "de", notification())
    assert rendered.problem is None
    assert "Priorität normal · Queue support · noch frei" in rendered.text
    assert "noch frei" in rendered.html


def test_an_agent_who_reads_a_note_is_told_that_replies_to_it_stay_in_the_team() -> None:
    for language, warning in (
        ("de", "Antworten auf diese Notiz bleiben im Team"),
        ("en", "Replies to this note stay in the team"),
    ):
        rendered = BUILT_IN.render("new_note", language, notification(Purpose.NEW_NOTE))
        assert warning in rendered.text
        assert warning in rendered.html


def test_check_is_content_with_what_jinja_and_our_documentation_offer(write: Write) -> None:
    source = (
        "Subject: {{ ticket.subject | reply_subject }}\n\n"
        "{% set greeting = 'Hi' %}{% for n in range(2) %}{{ loop.index }}{{ greeting }}{% endfor %}\n"
        "{% for old in earlier %}{{ old.text | quoted }}{{ old.at | when }}{% else %}-{% endfor %}\n"
        "{% for file in post.attachments if file.size %}{{ file.size | octets }}{% endfor %}\n"
        "{{ words.status[ticket.status] }} {{ language }} {{ post.author_name.upper() }}\n"
        "{% include '_notification.txt.j2' %}\n"
    )
    assert write("new_reply.de.txt.j2", source).check() == ()


def test_a_folder_that_is_not_there_is_a_mistake_and_our_texts_go_out(tmp_path: Path) -> None:
    templates = Templates(tmp_path / "none")
    assert templates.check() == (f"{tmp_path}/none:1: cannot be read: No such file or directory",)
    assert templates.render("answer", "de", SAMPLES[Purpose.ANSWER][0]).problem is None


def test_a_subject_of_many_lines_stays_one_line() -> None:
    sample = SAMPLES[Purpose.ANSWER][0]
    assert isinstance(sample, AnswerVariables)
    rendered = BUILT_IN.render("answer", "de", replace(sample, subject="Frage\r\nBcc: x@y.example\n\nText"))
    assert rendered.subject == "Re: Frage Bcc: x@y.example Text [2026-000123]"
    assert rendered.text.startswith("Hallo Kim,")


def test_what_is_written_from_right_to_left_keeps_its_direction_and_turns_nothing_round() -> None:
    variables = notification()
    post = replace(variables.post, author_name="محمد علي", text="لم تصل الفاتورة\n\n> We sent it.")
    html = BUILT_IN.render("new_ticket", "en", replace(variables, post=post)).html
    assert '<span dir="auto">محمد علي</span>' in html
    assert '<div dir="auto">لم تصل الفاتورة' in html
    assert '<blockquote dir="auto"' in html
