"""Rules and triggers on any mail: they never raise, never take long, and do what they say, once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope, Recipient, RouteKind
from gateway.mail.evidence import Assurance, Evidence
from gateway.mail.received import ReceivedMail
from gateway.pipeline.case import Case
from gateway.pipeline.decide import decide
from gateway.pipeline.effects import AddNote, ChangeTags, MoveToQueue, NotifyAgents, SendConfirmation, SetStatus
from gateway.pipeline.facts import know_nothing
from gateway.pipeline.mail_tests import _evidence
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.refusals import refuse_by_rule
from gateway.pipeline.rules.actions import ACTIONS, as_tag
from gateway.pipeline.rules.compiled import compile_when
from gateway.pipeline.rules.conditions import CONDITIONS
from gateway.pipeline.rules.patterns import Pattern, WrongPattern
from gateway.pipeline.rules.ruling import situation_of
from gateway.pipeline.rules.settings import RuleSettings, TriggerSettings, When
from gateway.pipeline.rules.spam import read_spam_score
from gateway.pipeline.rules.words import comparable
from gateway.pipeline.settings import AgentSettings, ChannelSettings, QueueSettings
from gateway.pipeline.tokens import KeyRing, SigningKey
from gateway.pipeline.understand import circumstances_of, understand

KEYS = KeyRing.of(SigningKey(id=0, secret=bytes(32)))
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
PROVEN = _evidence(Assurance.PROVEN, "kunde.example", forwarded=False)
FORWARDED = _evidence(Assurance.PROVEN, "kunde.example", forwarded=True)
PLAIN = b"From: Kim <kim@kunde.example>\r\nTo: support@firma.example\r\nSubject: Hallo\r\nMessage-ID: <1@x>\r\n\r\nHallo\r\n"


def make_policy(*, rules: list[dict[str, Any]] | None = None, triggers: list[dict[str, Any]] | None = None) -> Policy:
    channel = {"display_name": "Firma", "queue": "support", "smarthosts": ["main"]}
    return compile_policy(
        hostname="gw.firma.example",
        channels={
            "support": ChannelSettings.model_validate({"address": "support@firma.example", **channel}),
            "sales": ChannelSettings.model_validate({"address": "sales@firma.example", **channel}),
        },
        queues={"support": QueueSettings(agents=["anna"]), "accounting": QueueSettings(agents=["clara"])},
        agents={
            name: AgentSettings.model_validate({"name": name, "addresses": [f"{name}@firma.example"]})
            for name in ("anna", "clara")
        },
        rules=[RuleSettings.model_validate(rule) for rule in rules or []],
        triggers=[TriggerSettings.model_validate(trigger) for trigger in triggers or []],
    )


def make_mail(
    raw: bytes = PLAIN,
    *,
    evidence: Evidence = PROVEN,
    kind: RouteKind = RouteKind.CHANNEL,
    reverse_path: str | None = "kim@kunde.example",
    door: Door = Door.SMTP,
) -> ReceivedMail:
    recipient = Recipient(address=Address.parse("support@firma.example"), channel="support", kind=kind)
    envelope = Envelope(
        reverse_path=Address.parse(reverse_path) if reverse_path else None,
        recipients=(recipient,),
        received_at=NOW,
        client_ip="192.0.2.1",
        door=door,
    )
    return ReceivedMail(id=1, channel="support", envelope=envelope, content=Content.of(raw), evidence=evidence)


def make_case(policy: Policy, mail: ReceivedMail | None = None) -> Case:
    mail = mail or make_mail()
    reading = understand(mail.content, circumstances_of(mail, policy), KEYS)
    return Case(mail=mail, reading=reading, facts=know_nothing(reading, policy, NOW), policy=policy)


TEXTS = st.text(min_size=1, max_size=8)
ARGUMENTS: dict[str, st.SearchStrategy[Any]] = {
    "subject_contains": TEXTS,
    "subject_matches": st.from_regex(r"[a-z(){}|*+?.\\\[\]^$]{1,8}", fullmatch=True),
    "body_contains": st.lists(TEXTS, min_size=1, max_size=3),
    "body_matches": st.from_regex(r"\(\?i\)(a|b|\\w|\\d|.){1,4}[+*]?x", fullmatch=True),
    "author_is": st.just("kim@kunde.example"),
    "author_contains": TEXTS,
    "author_domain": st.sampled_from(["kunde.example", "example", "münchen.example"]),
    "recipient_is": st.just("support@firma.example"),
    "any_recipient_is": st.just("support@firma.example"),
    "channel": st.sampled_from(["support", "sales"]),
    "language": st.sampled_from(["de", "en"]),
    "has_attachment": st.one_of(st.booleans(), st.just({"type": "text/*"}), st.just({"name": ".pdf", "larger_than": "1 KB"})),
    "header_is": st.one_of(st.just({"name": "Subject"}), st.fixed_dictionaries({"name": st.just("X-A"), "contains": TEXTS})),
    "assurance_is": st.sampled_from(["proven", "unproven"]),
    "kind_is": st.sampled_from(["ordinary", "bounce"]),
    "spam_score": st.floats(-10, 10),
    "contact_known": st.booleans(),
    "contact_type": st.just("customer"),
    "contact_vip": st.booleans(),
    "contact_organisation": st.just("Werft AG"),
    "ticket_has": st.sampled_from([{"queue": "support"}, {"tag": ["a", "b"], "status": "new"}, {"priority": "high"}]),
    "business_hours": st.sampled_from(["inside", "outside"]),
}
_COMBINING = ("all", "any", "not")
CONDITION = st.one_of(*(st.fixed_dictionaries({key: argument}) for key, argument in sorted(ARGUMENTS.items())))
CONDITIONS_TREE = st.recursive(
    CONDITION,
    lambda inner: st.one_of(*(st.fixed_dictionaries({word: st.lists(inner, min_size=1, max_size=3)}) for word in _COMBINING)),
    max_leaves=6,
)
HEADS = st.lists(
    st.tuples(st.sampled_from([b"From", b"To", b"Subject", b"X-A", b"X-Spam-Score", b"Content-Type"]), st.binary(max_size=40)),
    max_size=6,
).map(lambda fields: b"".join(name + b": " + value.replace(b"\n", b"").replace(b"\r", b"") + b"\r\n" for name, value in fields))
MAILS = st.one_of(st.binary(max_size=300), st.tuples(HEADS, st.binary(max_size=200)).map(b"\r\n".join))


def test_every_condition_is_tried() -> None:
    assert set(ARGUMENTS) == {each.key() for each in CONDITIONS}


@given(CONDITIONS_TREE, MAILS, st.sampled_from([PROVEN, FORWARDED]))
@settings(max_examples=300)
def test_no_condition_raises_on_any_mail_and_the_trace_says_why(
    conditions: dict[str, Any], raw: bytes, evidence: Evidence
) -> None:
    policy = make_policy()
    try:
        test = compile_when(When.model_validate(conditions))
    except ValidationError:
        return  # a pattern that is none
    case = make_case(policy, make_mail(raw, evidence=evidence))
    look = test.look(situation_of(case, None))
    assert look.because
    assert test.look(situation_of(case, None)) == look


@given(
    CONDITIONS_TREE, st.lists(st.sampled_from([a.key() for a in ACTIONS if a.argument is None]), min_size=1, max_size=2), MAILS
)
@settings(max_examples=100)
def test_any_rule_leaves_one_line_and_one_decision(conditions: dict[str, Any], actions: list[str], raw: bytes) -> None:
    try:
        policy = make_policy(rules=[{"when": conditions, "then": actions}])
    except ValidationError:
        return
    decision = decide(make_case(policy, make_mail(raw)))
    asked = [line.step for line in decision.trace if line.step == "apply_rules"]
    assert [line.step for line in decision.trace if line.step == "rule 1"] == ["rule 1"] * len(asked)


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(.*)*b", r"([a-z]+)*\d"])
def test_patterns_that_ruin_other_engines_take_no_time(pattern: str) -> None:
    assert Pattern.of(pattern).search("a" * 99_000 + "!") is None


@pytest.mark.parametrize("pattern", ["(?<=a)b", "(", "a{2000}", r"\1", "x" * 3000, "\ud800"])
def test_what_is_no_pattern_is_refused_with_words(pattern: str) -> None:
    with pytest.raises(WrongPattern, match=r"\w"):
        Pattern.of(pattern)


def test_groups_are_known_by_number_and_by_name() -> None:
    assert Pattern.of(r"(?P<art>\w+)-(\d+)|(x)").search("zz Bestellung-17") == {
        "0": "Bestellung-17",
        "1": "Bestellung",
        "2": "17",
        "art": "Bestellung",
    }


@pytest.mark.parametrize("text", ["\u0301\u0323" * 200_000, "\ufdfa" * 200_000, "ä" * 1_000_000, "\n" * 1_000_000])
def test_bringing_hostile_text_into_comparable_form_ends(text: str) -> None:
    assert len(comparable(text)) < 2_000_000


def test_letters_that_look_alike_to_people_are_compared_alike() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "RECH")
    assert comparable(f"Stra\u00dfe  {wide}\u00adNUNG\n\u200bne\u0301") == "strasse rechnung n\u00e9"


def test_what_a_group_held_becomes_a_tag_that_can_be_typed() -> None:
    assert as_tag(" Bestellung 17, dringend! ") == "Bestellung-17--dringend"


@pytest.mark.parametrize(
    ("fields", "score"),
    [
        (b"X-Spam-Score: 7.5 (+++++++)\r\n", 7.5),
        (b"X-Spam-Status: No, hits=-1.2 required=5\r\n", -1.2),
        (b"X-Spamd-Result: default: True [15.20 / 15.00];\r\n", 15.2),
        (b"X-Rspamd-Score: 3\r\nX-Spam-Score: -4\r\n", 3),
        (b"Received: by mx\r\nX-Spam-Score: 2\r\nReceived: by other\r\nX-Spam-Score: 50\r\n", 2),
        (b"X-Spam-Score: nan\r\nX-Spam-Status: Yes\r\nX-Spamd-Result: [\r\n", None),
    ],
)
def test_the_spam_score_is_the_worst_that_the_last_hop_wrote(fields: bytes, score: float | None) -> None:
    case = make_case(make_policy(), make_mail(fields + PLAIN))
    assert read_spam_score(case.message) == score


REFUSE = [{"when": {"subject_contains": "Hallo"}, "then": ["refuse"]}]


def test_a_rule_refuses_what_it_may() -> None:
    mail = make_mail()
    refused = refuse_by_rule(mail.envelope, {"support": PROVEN}, mail.content, make_policy(rules=REFUSE))
    assert refused is not None
    assert (refused[0].code, refused[0].enhanced, refused[1]) == (550, "5.7.1", "rule 1")


@pytest.mark.parametrize(
    "mail",
    [
        make_mail(reverse_path=None),
        make_mail(kind=RouteKind.TOKEN),
        make_mail(kind=RouteKind.INTAKE),
        make_mail(door=Door.LMTP),
        make_mail(evidence=FORWARDED),
        make_mail(PLAIN.replace(b"kim@kunde.example", b"anna@firma.example")),
    ],
    ids=["bounce", "answer to a ticket", "intake address", "local door", "forwarded", "agent"],
)
def test_a_rule_never_refuses_what_would_do_harm(mail: ReceivedMail) -> None:
    assert refuse_by_rule(mail.envelope, {"support": mail.evidence}, mail.content, make_policy(rules=REFUSE)) is None


def test_a_mail_is_refused_only_where_every_channel_of_it_says_so() -> None:
    rules = [{"when": {"subject_contains": "Hallo", "channel": "support"}, "then": ["refuse"]}]
    mail, policy = make_mail(), make_policy(rules=rules)
    assert refuse_by_rule(mail.envelope, {"support": PROVEN, "sales": PROVEN}, mail.content, policy) is None
    assert refuse_by_rule(mail.envelope, {"support": PROVEN}, mail.content, policy) is not None


@pytest.mark.parametrize(
    ("first", "refusing"),
    [
        ({"when": {"body_contains": "x"}, "then": ["stop"]}, None),
        ({"when": {"body_contains": "x"}, "then": [{"tag": "x"}]}, "rule 2"),
        ({"when": {"author_domain": "kunde.example"}, "then": ["stop"]}, None),
        ({"when": {"author_domain": "other.example"}, "then": ["stop"]}, "rule 2"),
    ],
)
def test_rules_before_a_refusal_count_as_far_as_they_are_known(first: dict[str, Any], refusing: str | None) -> None:
    mail, policy = make_mail(), make_policy(rules=[first, *REFUSE])
    refused = refuse_by_rule(mail.envelope, {"support": PROVEN}, mail.content, policy)
    assert (refused[1] if refused is not None else None) == refusing


def test_later_rules_win_tags_add_up_and_the_team_that_is_told_is_the_last_queues() -> None:
    rules = [
        {"then": [{"queue": "support"}, {"tag": "a"}, {"note": "n"}]},
        {"then": [{"queue": "accounting"}, {"tag": "b"}]},
    ]
    decision = decide(make_case(make_policy(rules=rules)))
    assert [e.queue for e in decision.effects if isinstance(e, MoveToQueue)] == ["accounting"]
    assert [e.add for e in decision.effects if isinstance(e, ChangeTags)] == [("a",), ("b",)]
    kinds = [type(e) for e in decision.effects if isinstance(e, NotifyAgents | AddNote)]
    assert kinds == [NotifyAgents, AddNote], "a notification shows the customer's words, so notes come last"
    assert [e.agents for e in decision.effects if isinstance(e, NotifyAgents)] == [("clara",)]


def test_what_a_trigger_changes_sets_off_no_other_trigger() -> None:
    triggers = [
        {"on": "created", "then": [{"status": "solved"}]},
        {"on": "status_changed", "then": [{"status": "open"}]},
    ]
    decision = decide(make_case(make_policy(triggers=triggers)))
    assert [str(e.status) for e in decision.effects if isinstance(e, SetStatus)] == ["solved"]


def test_no_trigger_answers_a_machine() -> None:
    policy = make_policy(triggers=[{"on": "created", "then": [{"answer": "danke"}]}])
    machine = make_mail(b"Auto-Submitted: auto-generated\r\n" + PLAIN)
    answers = [
        [e.template for e in decide(make_case(policy, mail)).effects if isinstance(e, SendConfirmation)]
        for mail in (make_mail(), machine)
    ]
    assert answers == [["danke"], []], "in place of the confirmation"


def test_an_automatic_answer_of_a_rule_is_one_mail_and_a_machine_gets_none() -> None:
    policy = make_policy(rules=[{"then": [{"answer": "eins"}]}, {"then": [{"answer": "zwei"}]}])
    answers = [e.template for e in decide(make_case(policy)).effects if isinstance(e, SendConfirmation)]
    assert answers == ["zwei"]
    machine = make_mail(b"Auto-Submitted: auto-generated\r\n" + PLAIN)
    assert [e for e in decide(make_case(policy, machine)).effects if isinstance(e, SendConfirmation)] == []
