"""What channels switch off is heard of by somebody, and what they choose has an effect, or the file is refused with the place."""

from pathlib import Path

import pytest

from tests.config.conftest import Load, Problems

END = "    smarthosts: [main]\n"
SALES = "  sales: {address: sales@firma.example, display_name: Firma Sales, queue: support, smarthosts: [main]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "    notifications: {delivery_failed: {enabled: false}}\n",
            "18:48: channels.support.notifications.delivery_failed.enabled: nobody would hear that an answer did not arrive",
        ),
        (
            "    notifications: {report: {enabled: false}}\n",
            "18:39: channels.support.notifications.report.enabled: a report is about all channels: leave it out of `reports`",
        ),
        (
            f"{SALES}, notifications: {{digest: {{template: short}}}}}}\n",
            "sales.notifications.digest.template: it is about all channels and goes out as `support` (operators.channel): choose",
        ),
        (
            f"    notifications: {{report: {{template: short}}}}\n{SALES}}}\noperators: {{channel: sales}}\n",
            "support.notifications.report.template: it is about all channels and goes out as `sales` (operators.channel): choose",
        ),
    ],
)
def test_what_nobody_would_hear_of_and_what_changes_nothing_is_refused(
    problems: Problems, tmp_path: Path, text: str, expected: str
) -> None:
    for name in ("digest", "report"):
        (tmp_path / f"{name}-short.en.txt.j2").write_text("Subject: x\n\nx\n")
    found = problems((END, f"{END}{text}texts: {{templates: {tmp_path}}}\n"))
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize(
    "text",
    [
        "    notifications: {delivery_failed: {enabled: false}}\noperators: {addresses: [chef@woanders.example]}\n",
        "    notifications: {digest: {enabled: false}}\n",
        "    notifications: {digest: {template: short}, report: {template: short}}\n",
        f"{SALES}, notifications: {{digest: {{template: short}}}}}}\noperators: {{channel: sales}}\n",
    ],
)
def test_what_somebody_hears_of_or_what_has_an_effect_is_taken(load: Load, tmp_path: Path, text: str) -> None:
    for name in ("digest", "report"):
        (tmp_path / f"{name}-short.en.txt.j2").write_text("Subject: x\n\nx\n")
    config = load((END, f"{END}{text}texts: {{templates: {tmp_path}}}\n")).config
    assert config.channels["support"].smarthosts == ["main"]
