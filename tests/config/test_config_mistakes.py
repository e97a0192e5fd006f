"""Every mistake is reported at once, with its place and a reason that helps."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import load_config, load_text
from gateway.errors import ConfigError
from tests.config.conftest import Load, Problems
from tests.config.small import SMALL


def test_the_small_configuration_is_good(load: Load) -> None:
    config = load().config
    assert config.hostname == "gw.firma.example"
    assert str(config.channels["support"].address) == "support@firma.example"


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    found = problems(
        ("hostname: gw.firma.example", "hostnam: gw.firma.example"),
        ("host: smtp.firma.example", "host: smtp.firma.example, port: many"),
        ("agents: [anna]", "agents: [anne]"),
        ("smarthosts: [main]", "smarthosts: [other]"),
    )
    assert found == [
        "gateway.yaml:1:1: hostname: is missing",
        "gateway.yaml:1:1: hostnam: is not known here; did you mean `hostname`?",
        "gateway.yaml:6:42: smarthosts.main.port: must be a whole number",
        "gateway.yaml:11:22: queues.support.agents[0]: there is no agent `anne`; did you mean `anna`?",
        "gateway.yaml:17:18: channels.support.smarthosts[0]: there is no smarthost `other`; known are main",
    ]


def test_a_key_that_stands_twice_is_a_mistake_and_both_places_are_named(problems: Problems) -> None:
    (found,) = problems(("data: /var", "hostname: other.example\ndata: /var"))
    assert found == "gateway.yaml:2:1: hostname: is here twice; the first one is in line 1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hostname: [gw\n", "gateway.yaml:2:1: this is not YAML: while parsing a flow sequence"),
        ("\thostname: gw\n", "gateway.yaml:1:1: this is not YAML: while scanning for the next token"),
        ("a: *b\n", "gateway.yaml:1:4: this is not YAML: found undefined alias"),
        ("- a\n", "gateway.yaml:1:1: the file must hold keys and values"),
        ("a: \0\n", "gateway.yaml:1:1: this is not YAML: unacceptable character"),
    ],
)
def test_text_that_is_no_yaml_is_reported_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_text(text, file="gateway.yaml")
    assert caught.value.problems[0].startswith(expected)


def test_text_that_is_nested_without_end_is_a_mistake_like_any_other() -> None:
    with pytest.raises(ConfigError, match=r"gateway\.yaml:1:1: this is nested too deeply"):
        load_text("hostname: " + "[" * 5000, file="gateway.yaml")


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    with pytest.raises(ConfigError, match="hold more than"):
        load_text("\n".join(lines), file="gateway.yaml")


def test_an_empty_file_misses_what_is_required() -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("", file="gateway.yaml")
    assert "gateway.yaml:1:1: hostname: is missing" in caught.value.problems


def test_an_alias_that_contains_itself_is_reported() -> None:
    with pytest.raises(ConfigError) as caught:
        load_text("agents: &a {anna: *a}\n", file="gateway.yaml")
    assert "gateway.yaml:1:9: agents.anna: this alias contains itself" in caught.value.problems


def test_no_is_a_word_and_not_false(load: Load) -> None:
    assert load(("display_name: Firma Support", "display_name: NO")).config.channels["support"].display_name == "NO"


def test_settings_can_be_shared_with_a_merge_key(load: Load) -> None:
    loaded = load(
        (
            "  main: {host: smtp.firma.example}",
            "  main: &main {host: smtp.firma.example, port: 26}\n  spare: {<<: *main, host: b.example}",
        )
    )
    assert (loaded.config.smarthosts["spare"].host, loaded.config.smarthosts["spare"].port) == ("b.example", 26)


def test_a_file_that_is_missing_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read: No such file or directory"):
        load_config(tmp_path / "none.yaml")


def test_a_file_that_is_not_utf8_is_reported_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_bytes(b"hostname: gw\n# M\xfcnchen\n")
    with pytest.raises(ConfigError, match=r"old\.yaml:2:1: this is not text in UTF-8"):
        load_config(tmp_path / "old.yaml")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("queue: support", "queue: suport", "channels.support.queue: there is no queue `suport`; did you mean `support`?"),
        ("leads: [ben]", "leads: [ben, ben]", "queues.support.leads[1]: `ben` stands here twice"),
        (
            "[ben@firma.example]",
            "[anna@firma.example]",
            "anna@firma.example already belongs to agent `anna`",
        ),
        ("[ben@firma.example]", "[support@Firma.example]", "support@firma.example already belongs to channel `support`"),
        ("[ben@firma.example]", "[nobody]", "agents.ben.addresses[0]: 'nobody' is not a mail address"),
        ("channels:\n  support:", "channels:\n  Support Team:", "channels.Support Team: a name begins with a letter or a digit"),
        ('"127.0.0.1:2525"', '"127.0.0.1:99999"', "listen[0].smtp: '127.0.0.1:99999' is not an address to listen on"),
        ("}\nsmart", '}\n  - {smtp: "127.0.0.1:2525"}\nsmart', "listen[1].smtp: there is another listener on 127.0.0.1:2525"),
        ("smarthosts: [main]", "smarthosts: []", "channels.support.smarthosts: must not be empty"),
        (
            "queue: support",
            "queue: support\n    intake: postmaster",
            "postmaster@gw.firma.example is reserved",
        ),
        ("queue: support", "queue: support\n    intake: bounce-x", "bounce-x@gw.firma.example is reserved"),
        ("queue: support", "queue: support\n    intake: a b", "channels.support.intake: 'a b' cannot be an intake address"),
        ("queue: support", "queue: support\n    forwarders: [{networks: [10.0.0.0/40]}]", "networks[0]: must be a network"),
        ("data: /var", "operators: {addresses: [support@firma.example]}\ndata: /var", "a notice would become a ticket"),
        ("data: /var", "operators: {addresses: [admin@gw.firma.example]}\ndata: /var", "a notice would come back in"),
        ("data: /var", "texts: {timezone: Europe/Entenhausen}\ndata: /var", "there is no time zone Europe/Entenhausen"),
        ("data: /var", "tickets: {number: {format: T}}\ndata: /var", "tickets.number.format: must hold {number}"),
        ("data: /var", "limits: {message_size: 5 parsec}\ndata: /var", "limits.message_size: '5 parsec' is not a size"),
        ("data: /var", "limits: {idle: soon}\ndata: /var", "limits.idle: 'soon' is not a duration"),
        ("data: /var", "parse: 5\ndata: /var", "parse: must hold keys and values"),
        ("data: /var/lib/ticket-gateway", "data: tickets", "data: must be a whole path, one that begins with /"),
        ("data: /var", "texts: {templates: texts}\ndata: /var", "texts.templates: must be a whole path"),
        ("data: /var", "user: nobody-of-that-name\ndata: /var", "user: there is no account nobody-of-that-name"),
        ("data: /var", 'tickets: {number: {format: "{number}\\nBcc"}}\ndata: /var', "tickets.number.format: must hold {number}"),
        ("hostname: gw.firma.example", "hostname: gw firma", "hostname: must be a host name, such as mail.firma.example"),
        ("hostname: gw.firma.example", "hostname: gw..example", "hostname: must be a host name"),
        ("host: smtp.firma.example", 'host: ""', "smarthosts.main.host: must be a host name"),
        ("host: smtp.firma.example", 'host: "smtp firma"', "smarthosts.main.host: must be a host name"),
        ("host: smtp.firma.example", 'host: a.example, helo: "x y"', "smarthosts.main.helo: must be a host name"),
        ("data: /var", "database: mysql://gw@db/gw\ndata: /var", "database: must be `sqlite`, or postgresql://user@host/name"),
    ],
)
def test_a_mistake_is_reported_with_a_reason_that_helps(problems: Problems, old: str, new: str, reason: str) -> None:
    found = problems((old, new))
    assert len(found) == 1, found
    assert reason in found[0]


def test_two_channels_with_one_generated_intake_address_are_told_to_choose(problems: Problems) -> None:
    (found,) = problems(
        (
            "channels:\n",
            "channels:\n  test: {address: support@firma.test, display_name: T, queue: support, smarthosts: [main]}\n",
        )
    )
    assert "the intake address support-firma@gw.firma.example already belongs to channel `test`" in found


def test_a_certificate_that_is_not_there_is_reported(problems: Problems, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("key", encoding="utf-8")
    (found,) = problems(('"127.0.0.1:2525"', f'"127.0.0.1:2525", certificate: {tmp_path}/no.pem, key: {key}'))
    assert f"listen[0].certificate: {tmp_path}/no.pem cannot be read: No such file or directory" in found


@given(st.text() | st.lists(st.sampled_from(SMALL.splitlines(keepends=True))).map("".join))
def test_any_text_is_a_configuration_or_a_list_of_mistakes(text: str) -> None:
    problems: tuple[str, ...] = ("",)
    try:
        load_text(text, file="gateway.yaml")
    except ConfigError as error:
        problems = error.problems
    assert problems
