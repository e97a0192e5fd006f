"""What an admin may and may not write about smarthosts and retries."""

import pytest
from pydantic import ValidationError

from gateway.relay.settings import RelaySettings, SmarthostSettings
from gateway.relay.sink import Sink


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_from_the_security(security: str, port: int) -> None:
    settings = SmarthostSettings.model_validate({"host": "smtp.firma.example", "security": security})
    assert settings.effective_port == port
    assert settings.model_copy(update={"port": 2525}).effective_port == 2525


def test_starttls_with_a_verified_certificate_is_what_an_admin_gets_without_asking() -> None:
    settings = SmarthostSettings(host="smtp.firma.example")
    assert (settings.security, settings.verify) == ("starttls", True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"username": "gw"}, "username and password go together"),
        ({"password": "geheim"}, "username and password go together"),
        ({"username": "gw", "password": "geheim", "security": "none"}, "never sent in clear"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"timeout": "0s"}, "greater than 0"),
        ({"max_connection": 3}, "Extra inputs"),
    ],
)
def test_a_mistake_is_said_in_words(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        SmarthostSettings.model_validate({"host": "smtp.firma.example", **changes})


def test_a_password_is_never_printed() -> None:
    settings = SmarthostSettings.model_validate({"host": "smtp.firma.example", "username": "gw", "password": "geheim"})
    assert "geheim" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_durations_are_written_as_people_do() -> None:
    settings = RelaySettings.model_validate({"retry": {"first_delay": "90s", "give_up_after": "3d"}, "lease": "2h"})
    assert (settings.retry.first_delay, settings.retry.give_up_after, settings.lease) == (90, 259_200, 7200)


async def test_waiting_for_a_mail_that_does_not_come_ends(sink: Sink) -> None:
    await sink.start()
    with pytest.raises(TimeoutError):
        await sink.wait_for(lambda _: True, 0.01)
