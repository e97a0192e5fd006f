"""How an agent appears to customers."""

from markupsafe import Markup

from gateway.pipeline.identity import make_signature
from gateway.pipeline.templates import Templates
from gateway.pipeline.variable_views import ChannelView
from gateway.pipeline.variables import AnswerVariables


def test_signature_in_html_alone_gives_the_text_too() -> None:
    signature = make_signature("", "<b>Bert Brandt</b><br>Firma GmbH")
    assert signature.text == "Bert Brandt\nFirma GmbH"
    assert "<b>Bert Brandt</b>" in signature.html


def test_scripts_and_remote_pictures_leave_no_signature() -> None:
    signature = make_signature("", '<p>Bert</p><script>alert(1)</script><img src="https://spion.example/x.png" onerror="x()">')
    assert "script" not in signature.html
    assert "spion" not in signature.html
    assert "onerror" not in signature.html
    assert signature.text == "Bert"


def test_text_of_ones_own_stays_beside_the_html() -> None:
    assert make_signature("Bert, Support", "<b>Bert</b>").text == "Bert, Support"


def test_html_of_an_answer_carries_the_signature_in_html() -> None:
    signature = make_signature("", '<b>Bert</b><br><a href="https://firma.example">firma.example</a>')
    answer = AnswerVariables(
        channel=ChannelView(name="Firma Support", address="support@firma.example"),
        subject="Rechnung",
        tag="",
        text="Gern.",
        signature=signature.text,
        signature_html=Markup(signature.html),  # noqa: S704 sanitised
        marker="[ref:aaaabbbbccccddddeeeeffffgggghh]",
        is_first=True,
    )
    rendered = Templates(None).render("answer", "de", answer)
    assert "<b>Bert</b>" in rendered.html
    assert "Bert\nfirma.example" in rendered.text
    assert rendered.subject == "Rechnung"
