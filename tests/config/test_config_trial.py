"""An admin's own tests decide whether a configuration is used."""

import pytest

from gateway.config import Loaded
from gateway.config.trial import describe_failure, require_tests, try_tests
from gateway.errors import ConfigError
from tests.config.conftest import Load

END = "    smarthosts: [main]\n"
RULES = """\
rules:
  - name: Rechnungen
    when: {subject_contains: Rechnung}
    then: [{priority: high}, {tag: [rechnung, geld]}, {category: Geld}]
  - name: Werbung
    when: {author_domain: werbung.example}
    then: [refuse]
  - when: {contact_vip: true}
    then: [{assign: anna}]
  - when: {ticket_has: {status: solved}}
    then: [new_ticket]
"""


@pytest.fixture
def loaded(load: Load, request: pytest.FixtureRequest) -> Loaded:
    text = "".join(f"  - {line}\n" for line in request.param)
    return load((END, f"{END}{RULES}tests:\n{text}"))


@pytest.mark.parametrize(
    "loaded",
    [
        [
            "{subject: Rechnung, expect: {outcome: open, reason: new_matter, priority: high, tags: geld, category: Geld}}",
            "{expect: {queue: support, status: new, assignee: nobody, notify: [anna, ben], answer: confirmation}}",
            "{from: Eva <eva@nord.werbung.example>, expect: {outcome: refuse, reason: rule_refused}}",
            "{from: eva@werbung.example, circumstances: {forwarded: true}, expect: {outcome: suspend, reason: rule_refused}}",
            "{given: {contact: {vip: true, organisation: Werft AG}}, expect: {assignee: anna}}",
            "{given: {ticket: {status: solved, tags: [alt]}}, expect: {outcome: open, status: new}}",
            "{given: {ticket: {status: pending, tags: [alt]}}, expect: {outcome: post, status: open, tags: alt}}",
            "{circumstances: {assurance: contradicted}, expect: {outcome: suspend, reason: contradicted_sender}}",
            "{circumstances: {mail_from: ''}, expect: {outcome: open, answer: nothing}}",
            "{headers: {Auto-Submitted: auto-generated}, expect: {answer: nothing}}",
            '{mail: "From: a@b.example\\nSubject: Ihre Rechnung\\n\\nHallo", expect: {priority: high}}',
        ]
    ],
    indirect=True,
)
def test_a_configuration_whose_tests_hold_is_used(loaded: Loaded) -> None:
    assert [(result.name, result.mistakes) for result in try_tests(loaded) if result.mistakes] == []
    require_tests(loaded)


@pytest.mark.parametrize("loaded", [["{name: Geld, subject: Rechnung, expect: {priority: low, notify: anna}}"]], indirect=True)
def test_a_test_that_fails_says_what_was_expected_what_was_and_what_the_rules_saw(loaded: Loaded) -> None:
    (result,) = try_tests(loaded)
    assert describe_failure(result, loaded).split("\n") == [
        "gateway.yaml:30:5: tests[0]: `Geld` fails",
        "    priority: expected low, was high",
        "    notify: expected anna, was anna, ben",
        "    it became: open, new_matter: nothing ties it to a ticket; a confirmation is due",
        "    hit  rule 1 `Rechnungen`: subject contains `Rechnung`",
        "    miss rule 2 `Werbung`: not so: author domain is werbung.example",
        "    miss rule 3: not so: contact_vip is true",
        "    miss rule 4: not so: the ticket has status solved",
    ]
    with pytest.raises(ConfigError, match="tests\\[0\\]: `Geld` fails"):
        require_tests(loaded)


@pytest.mark.parametrize(
    "loaded",
    [["{to: nobody@firma.example, expect: {outcome: open}}", "{file: /nonexistent/mail.eml, expect: {outcome: open}}"]],
    indirect=True,
)
def test_a_test_that_cannot_run_fails_and_says_why(loaded: Loaded) -> None:
    lines = [describe_failure(result, loaded) for result in try_tests(loaded)]
    assert "nobody@firma.example leads to no channel" in lines[0]
    assert "No such file" in lines[1]
