"""What is wrong with a rule is said before it runs, with its place and a reason that helps."""

import pickle
from pathlib import Path

import pytest

from gateway.pipeline.rules.actions import ACTIONS
from gateway.pipeline.rules.conditions import CONDITIONS
from tests.config.conftest import Load, Problems

END = "    smarthosts: [main]\n"


def reasons(problems: Problems, text: str) -> list[str]:
    """Return what is wrong with a file that ends with `text`, without the file's name."""
    return [problem.removeprefix("gateway.yaml:") for problem in problems((END, f"{END}{text}"))]


def test_a_rule_with_all_that_belongs_to_it_is_good_and_survives_the_way_to_the_other_process(load: Load) -> None:
    text = (
        "rules:\n"
        "  - name: Rechnungen\n"
        "    when: {subject_matches: '(?P<number>RE-[0-9]+)', any: [{channel: support}, {not: {kind_is: mailing_list}}]}\n"
        "    then: [{queue: support, tag: '{number}'}, {notify: [anna]}, stop]\n"
        "triggers:\n"
        "  - {on: idle, after: 48h, then: [{notify: {assignee: true}}]}\n"
    )
    config = load((END, f"{END}{text}")).config
    (rule,) = config.policy().rules.rules
    assert rule.label == "rule 1 `Rechnungen`"
    assert [action.key() for action in rule.actions] == ["queue", "tag", "notify", "stop"]
    assert pickle.loads(pickle.dumps(config)) == config  # noqa: S301 our own
    assert [trigger.after for trigger in config.policy().rules.idle] == [48 * 3600]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("{when: {subject_contain: x}, then: [stop]}", "19:13: rules[0].when.subject_contain: is not known here; did you mean"),
        ("{then: [{quee: support}]}", "19:14: rules[0].then[0].quee: is not known here; did you mean `queue`?"),
        ("{then: [ignor]}", "19:13: rules[0].then[0]: must be 'new_ticket', 'ignore', 'suspend', 'refuse' or 'stop'"),
        ("{then: [{queue: support2}]}", "19:21: rules[0].then[0].queue: there is no queue `support2`; did you mean `support`?"),
        ("{then: [{assign: berta}]}", "19:22: rules[0].then[0].assign: there is no agent `berta`"),
        ("{then: [{notify: [anne]}]}", "19:23: rules[0].then[0].notify[0]: there is no agent `anne`; did you mean `anna`?"),
        ("{when: {channel: sales}, then: [stop]}", "19:22: rules[0].when.channel: there is no channel `sales`"),
        (
            "{when: {subject_matches: '(?<=a)b'}, then: [stop]}",
            "19:30: rules[0].when.subject_matches: this pattern is none that RE2 takes: invalid perl operator: (?<=",
        ),
        (
            "{when: {subject_matches: 'a*'}, then: [stop]}",
            "19:30: rules[0].when.subject_matches: this pattern matches everything",
        ),
        ("{when: {subject_contains: ' '}, then: [stop]}", "19:31: rules[0].when.subject_contains: must not be empty"),
        ("{when: {all: []}, then: [stop]}", "19:18: rules[0].when.all: must not be empty"),
        ("{when: {}, then: [stop]}", "19:12: rules[0].when: holds no condition"),
        ("{when: {kind_is: spam}, then: [stop]}", "19:22: rules[0].when.kind_is: must be 'ordinary', 'auto_reply'"),
        ("{when: {assurance_is: sure}, then: [stop]}", "19:27: rules[0].when.assurance_is: must be 'proven'"),
        ("{then: [{tag: 'two words'}]}", "19:19: rules[0].then[0].tag: a tag holds letters"),
        ("{then: [{status: new}]}", "19:22: rules[0].then[0].status: must be 'open', 'pending', 'on_hold', 'solved' or 'closed'"),
        ("{then: [{tag: '{1}'}]}", "19:19: rules[0].then[0].tag: no pattern of this rule has a group `1`"),
        ("{then: [{answer: welcome}]}", "19:22: rules[0].then[0].answer: there is no folder for confirmation-welcome.de.txt.j2"),
        (
            "{when: {kind_is: ordinary, all: [{kind_is: bounce}]}, then: [stop]}",
            "19:48: rules[0].when.all[0].kind_is: this can never be so together with kind_is: ordinary",
        ),
        (
            "{when: {subject_contains: x, body_contains: y}, then: [refuse]}",
            "19:49: rules[0].when.body_contains: is known only after the mail was taken",
        ),
        (
            "{when: {not: {contact_known: true}}, then: [refuse]}",
            "19:34: rules[0].when.not.contact_known: is known only after the mail was taken",
        ),
        ("{then: [stop]}\n  - {then: [ignore]}", "20:5: rules[1]: is never asked: rule 1 before it has no condition"),
        ("{when: {has_attachment: {typ: a}}, then: [stop]}", "19:29: rules[0].when.has_attachment: must be true or false"),
        ("{then: []}", "19:12: rules[0].then: must not be empty"),
    ],
)
def test_a_mistake_in_a_rule_is_reported_with_its_place(problems: Problems, rule: str, expected: str) -> None:
    found = reasons(problems, f"rules:\n  - {rule}\n")
    assert found
    assert found[0].startswith(expected), found


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("{on: idle, then: [{note: x}]}", "19:5: triggers[0]: `after: 48h` belongs to `on: idle`"),
        ("{on: created, after: 2h, then: [{note: x}]}", "19:5: triggers[0]: `after: 48h` belongs to `on: idle`"),
        ("{on: create, then: [{note: x}]}", "19:10: triggers[0].on: must be 'created', 'answered'"),
        ("{on: created, then: [ignore]}", "19:26: triggers[0].then[0]: must be 'stop'"),
        ("{on: created, then: [{answer: x}, refuse]}", "19:39: triggers[0].then[1]: must be 'stop'"),
    ],
)
def test_a_mistake_in_a_trigger_is_reported_with_its_place(problems: Problems, trigger: str, expected: str) -> None:
    found = reasons(problems, f"triggers:\n  - {trigger}\n")
    assert any(each.startswith(expected) for each in found), found


def test_a_variant_of_a_text_must_lie_in_the_folder(problems: Problems, tmp_path: Path) -> None:
    rule = f"texts: {{templates: {tmp_path}}}\nrules:\n  - {{then: [{{answer: invoice}}]}}\n"
    assert "there is no confirmation-invoice.de.txt.j2 or" in reasons(problems, rule)[0]
    (tmp_path / "confirmation-invoice.de.txt.j2").write_text("Subject: Ihre Rechnung\nWir prüfen sie.\n", "utf-8")
    assert reasons(problems, rule) == []


def test_every_condition_and_every_action_has_a_sentence_that_explains_it() -> None:
    for each in (*CONDITIONS, *ACTIONS):
        assert (each.__doc__ or "").strip().endswith("."), each
    assert len({each.key() for each in CONDITIONS}) == len(CONDITIONS)
    assert len({each.key() for each in ACTIONS}) == len(ACTIONS)
