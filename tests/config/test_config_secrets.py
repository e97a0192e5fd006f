"""References are filled in, and what stands behind them is never printed."""

import json
from pathlib import Path

import pytest

from gateway.config import load_text
from gateway.config.secrets import Secrets
from gateway.config.show import effective_values
from gateway.errors import ConfigError
from tests.config.conftest import Load, Problems
from tests.config.small import changed

HOST = "main: {host: smtp.firma.example}"


def with_password(reference: str) -> tuple[str, str]:
    return HOST, f'main: {{host: smtp.firma.example, username: gw, password: "{reference}"}}'


def test_a_credential_is_read_from_the_folder_that_systemd_names(load: Load, secret_file: Path) -> None:
    loaded = load(with_password("${credential:smarthost}"), CREDENTIALS_DIRECTORY=str(secret_file.parent))
    password = loaded.config.smarthosts["main"].password
    assert password is not None
    assert password.get_secret_value() == "geheim"


def test_a_file_and_a_variable_can_hold_a_secret(load: Load, secret_file: Path) -> None:
    for reference in (f"${{file:{secret_file}}}", "${env:SMARTHOST}"):
        password = load(with_password(reference), SMARTHOST="geheim").config.smarthosts["main"].password
        assert password is not None
        assert password.get_secret_value() == "geheim"


def test_a_reference_may_stand_inside_of_a_longer_text(load: Load) -> None:
    loaded = load(("data: /var", 'database: "postgresql://gw:${env:DB}@db.example/gw"\ndata: /var'), DB="geheim")
    assert loaded.config.database == "postgresql://gw:geheim@db.example/gw"
    assert effective_values(loaded)["database"] == "postgresql://gw:${env:DB}@db.example/gw"


def test_a_credential_where_a_path_is_wanted_becomes_the_path_of_its_file(load: Load, secret_file: Path) -> None:
    tls = f'"127.0.0.1:2525", certificate: {secret_file}, key: "${{credential:smarthost}}"'
    loaded = load(('"127.0.0.1:2525"', tls), CREDENTIALS_DIRECTORY=str(secret_file.parent))
    assert loaded.config.listen[0].key == secret_file


def test_showing_the_configuration_prints_references_as_written(load: Load) -> None:
    loaded = load(with_password("${env:SMARTHOST}"), SMARTHOST="geheim")
    shown = json.dumps(effective_values(loaded))
    assert "${env:SMARTHOST}" in shown
    assert "geheim" not in shown
    assert "geheim" not in repr(loaded.config)


def test_showing_the_configuration_hides_a_password_that_stands_in_the_file(load: Load) -> None:
    shown = json.dumps(effective_values(load(with_password("geheim"))))
    assert "geheim" not in shown


def test_showing_the_configuration_hides_the_password_of_a_database(load: Load) -> None:
    loaded = load(("data: /var", "database: postgresql://gw:geheim@db.example/gw\ndata: /var"))
    assert effective_values(loaded)["database"] == "postgresql://gw:**********@db.example/gw"


def test_a_mistake_in_a_secret_does_not_print_it(problems: Problems) -> None:
    (found,) = problems(("[ben@firma.example]", '["${env:BEN}"]'), BEN="geheim")
    assert found == "gateway.yaml:9:37: agents.ben.addresses[0]: '${env:BEN}' is not a mail address"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("${env:NOPE}", "${env:NOPE}: this environment variable is not set"),
        ("${file:/nonexistent/x}", "${file:/nonexistent/x}: No such file or directory"),
        ("${vault:x}", "${vault:x}: a reference is one of"),
        ("${credential:../x}", "${credential:../x}: a credential's name has no slash"),
        ("${credential:x}", "${credential:x}: $CREDENTIALS_DIRECTORY is not set"),
    ],
)
def test_a_reference_that_leads_nowhere_is_a_mistake(problems: Problems, reference: str, reason: str) -> None:
    (found,) = problems(with_password(reference))
    assert f"smarthosts.main.password: {reason}" in found


def test_a_reference_in_a_mistake_is_printed_once_and_as_written(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_text("chain", encoding="utf-8")
    reference = f"${{file:{tmp_path}/no.pem}}"
    certificate = f'certificate: {tmp_path}/chain.pem, key: "{reference}"'
    (found,) = problems(('"127.0.0.1:2525"', f'"127.0.0.1:2525", {certificate}'))
    assert f"listen[0].key: {reference} cannot be read" in found


def test_a_command_that_sends_nothing_works_without_the_credentials_of_the_service() -> None:
    secrets = Secrets(environment={}, are_required=False)
    loaded = load_text(changed(with_password("${credential:smarthost}")), file="gateway.yaml", secrets=secrets)
    assert loaded.secrets.unresolved == [("smarthosts", "main", "password")]
    assert effective_values(loaded)["smarthosts"]["main"]["password"] == "${credential:smarthost}"


def test_a_missing_credential_inside_the_service_is_a_mistake_even_then(tmp_path: Path) -> None:
    secrets = Secrets(environment={"CREDENTIALS_DIRECTORY": str(tmp_path)}, are_required=False)
    with pytest.raises(ConfigError, match="No such file or directory"):
        load_text(changed(with_password("${credential:smarthost}")), file="gateway.yaml", secrets=secrets)
