"""Rules over real SMTP: what they refuse is not taken, what they sort reaches the right people."""

from pathlib import Path

import pytest

from tests.app.running import run_gateway, write

RULES = """
rules:
  - name: No lottery
    when: {subject_contains: lottery}
    then: [refuse]
  - name: Broken
    when: {body_matches: 'error (?P<code>[0-9]+)'}
    then: [{priority: urgent}, {note: "Look up {code}."}, {answer: nowhere}]
"""


@pytest.mark.asyncio
async def test_a_refused_mail_gets_its_550_and_another_one_its_ticket(tmp_path: Path, unused_udp_port: int) -> None:
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "confirmation-nowhere.de.txt.j2").write_text(
        "Subject: Fehler {{ tag }}\nWir kennen ihn.\n{{ reference }}\n", "utf-8"
    )
    async with run_gateway(tmp_path, dns=unused_udp_port, more=f"{RULES}texts: {{templates: {texts}}}\n") as world:
        spam = write("x@lotto.example", "support@firma.example", "Your LOTTERY prize", "Click.", Message_ID="<1@lotto.example>")
        code, reply = await world.try_to_hand_over("x@lotto.example", "support@firma.example", spam)
        assert (code, reply) == (550, "5.7.1 This mail is not wanted here")
        mail = write("kim@kunde.example", "support@firma.example", "Kaputt", "Es kommt error 17.", Message_ID="<2@kunde.example>")
        await world.hand_over("kim@kunde.example", "support@firma.example", mail)
        await world.wait_for("kim@kunde.example", "Wir kennen ihn.")
        told = await world.wait_for("anna@firma.example", "Es kommt error 17.")
        assert "2026" in str(told["Subject"])
        (received,) = await world.gateway.database.read(lambda tx: tx.received.list())
        assert received.author == "kim@kunde.example"
