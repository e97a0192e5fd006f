"""An agent answers what we sent: whatever their mail program makes of our text, their own words are found for sure."""

from datetime import UTC, datetime

import pytest

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.message import Message
from gateway.mail.outbound import Purpose
from gateway.pipeline.compose import Draft, compose
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.reply import split_reply, surely_visible
from gateway.pipeline.template_samples import SAMPLES
from gateway.pipeline.templates import LANGUAGES, Rendered, Templates

TOKEN = "aaaabbbbccccddddeeeeffffgggghh"
ANSWER = "Danke, erledigt.\n\nDie Rechnung kommt morgen.\nGruß, Anna"
GMAIL = "Am Sa., 21. Nov. 2026 um 09:00 Uhr schrieb Firma Support &lt;a@gw.firma.example&gt;:"
TO_CUSTOMERS = {Purpose.CONFIRMATION, Purpose.VERIFICATION, Purpose.WELCOME, Purpose.ANSWER}
NOT_ANSWERED = {Purpose.OPERATOR_NOTICE, Purpose.REPORT}
TO_AGENTS = [purpose for purpose in Purpose if purpose not in TO_CUSTOMERS | NOT_ANSWERED]


def delivered(text: str, html: str | None = None) -> Message:
    """Send a mail and read it as we would."""
    somebody = Mailbox(None, Address("a", "gw.firma.example"))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    draft = Draft(from_=somebody, to=somebody, subject="x", message_id="x@gw.firma.example", date=now, text=text, html=html)
    return parse_message(compose(draft))


def replies(sent: Rendered) -> dict[str, tuple[str, str | None]]:
    """Return what four kinds of mail programs make of an answer, as (text, HTML)."""
    text = delivered(sent.text, sent.html).text
    quoted = "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    headers = "Von: Firma Support <a@gw.firma.example>\nGesendet: Samstag, 21. November 2026 09:00\nAn: Anna\nBetreff: x"
    words = ANSWER.replace("\n", "<br>")
    html = f"<div>{words}</div><div class=gmail_quote><div>{GMAIL}</div><blockquote>{sent.html}</blockquote></div>"
    return {
        "with signs": (f"{ANSWER}\n\nAm 21.11.26 um 09:00 schrieb Firma Support:\n{quoted}\n", None),
        "with a header block": (f"{ANSWER}\n\n-----Ursprüngliche Nachricht-----\n{headers}\n\n{text}", None),
        "with nothing at all": (f"{ANSWER}\n\n{text}", None),
        "as HTML": (delivered("", html).text, html),
    }


@pytest.mark.parametrize("purpose", TO_AGENTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_agent_s_own_words_are_surely_visible(purpose: Purpose, language: str) -> None:
    for sample in SAMPLES[purpose]:
        sent = Templates(None).render(purpose, language, sample)
        for program, (text, html) in replies(sent).items():
            seen = surely_visible(text, split_reply(text, html, marker=TOKEN))
            assert seen is not None, (program, text)
            assert seen.split() == ANSWER.split(), program
