"""What is visible, what is quoted, what is signature; and what may surely be relayed."""

# ruff: noqa: E501, RUF001 as programs write
from typing import Final

import pytest

from gateway.mail.reading import Reply
from gateway.pipeline.marker import find_markers, make_marker
from gateway.pipeline.reading.fingerprints import Fingerprint, fingerprint
from gateway.pipeline.reading.reply import split_reply, surely_visible

TOKEN: Final = "abcdefghijklmnopqrstuvwxyz2345"
OTHER: Final = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
MARKER: Final = make_marker(TOKEN)
ATTRIBUTION: Final = "On Tue, May 12, 2026 at 10:00 AM Anna Arndt <anna@firma.example> wrote:"
OURS: Final = (
    "Dear Carla,\n\nplease switch the printer off and on again, wait for two minutes, and then print the test page from the "
    "menu of the printer.\nIf it still does not work, send us a picture of the page.\n\nKind regards\nAnna from Firma Support"
)


def quote(text: str, sign: str = "> ") -> str:
    return "\n".join(f"{sign}{line}".rstrip() for line in text.split("\n"))


def wrap(text: str, width: int) -> str:
    out: list[str] = []
    for line in text.split("\n"):
        out.append("")
        for word in line.split(" "):
            if out[-1] and len(out[-1]) + len(word) >= width:
                out.append(word)
            else:
                out[-1] = f"{out[-1]} {word}".strip()
    return "\n".join(out)


# ------------------------------------------------------------------------------------------------------ where nothing is cut


@pytest.mark.parametrize(
    "text",
    [
        "From: Berlin To: Hamburg on Monday",
        "I travel\nFrom: Berlin\nTo: Hamburg\nDate: 12.05.2026\nPlease book.",
        "On Monday he wrote: you get your money back. But I did not.",
        "On Monday he wrote:\nyou get your money back",
        "On 12 May he wrote:\nyou get your money back",
        "He wrote to me:\n\nplease wait",
        "Click Settings\n> Account\n> Password\nand nothing happens",
        "It costs > 50 euros",
        ">50 people wait",
        "-> here it breaks",
        "Above\n______________________________\nBelow",
        "Above\n------------------------------\nBelow",
        "Above\n==============================\nBelow",
        "Name: Carla\nE-Mail: carla@kunde.example\nDatum: 12.05.2026 10:00\nNachricht: Hallo",
        "To: do\nSubject: matters",
        "Von: heute\nBis: morgen",
        "The original message was lost.",
        "Original message lost",
        "Please forward this message.",
        "My wishes:\n- a printer\n- paper",
        "Please write to anna@firma.example by 12.05.2026 10:00 at the latest:\nthe serial number",
        "I got this:\n12.05.2026 10:00: error 5",
        "a\n\n\n\nb",
        "",
        "\n",
        "   ",
    ],
)
def test_what_only_looks_like_a_quotation_stays_visible(text: str) -> None:
    for is_answer in (None, False):
        assert split_reply(text, None, is_answer=is_answer).visible == text


def test_log_with_prompts_in_a_first_mail_stays_visible() -> None:
    text = "It says\n> npm install\n> error: no space left on device\n> npm failed with code five\nWhat now?"
    assert split_reply(text, None, is_answer=False).visible == text


@pytest.mark.parametrize(
    "text",
    [
        "Name: Carla\nVon: Carla Kunde <carla@kunde.example>\nAn: support@firma.example\nBetreff: Drucker\n\nMein Drucker geht nicht.",
        "Please book:\n\nFrom: Berlin\nTo: Hamburg\nSubject: trip\nDate: 12.05.2026 10:00\n\nThank you",
        "On 12.05.2026 at 10:00 your colleague wrote:\n\nit comes tomorrow",
        "Von: Carla <carla@kunde.example>\nGesendet: 12.05.2026 10:00\nAn: x\nBetreff: Drucker\n\nEr geht nicht.",
    ],
)
def test_form_or_itinerary_in_a_first_mail_stays_visible(text: str) -> None:
    assert split_reply(text, None, is_answer=False).visible == text


@pytest.mark.parametrize(
    "text",
    [
        "Bitte senden an Anna <anna@firma.example> bis 12.05.2026 10:00 Uhr:\n\n- Ausweis\n- Antrag",
        "Bitte bis 12.05.2026 10:00 an Anna <anna@firma.example>:\n\n- Ausweis\n- Antrag",
        "Your colleague anna@firma.example wrote on 12.05.2026:\n\nwe refund\n\nBut nothing came.",
        "Herr Meier schrieb mir am 12.05.2026:\n\nEs kommt.\n\nEs kam nicht.",
        "We met at 10:00 and he wrote:\n\nyes\n\nWhat now?",
    ],
)
def test_list_or_citation_in_an_answer_stays_visible(text: str) -> None:
    for is_answer in (None, True, False):
        assert split_reply(f"Hello,\n\n{text}", None, is_answer=is_answer).visible == f"Hello,\n\n{text}"


# -------------------------------------------------------------------------------------------------------------- layouts


def test_answer_between_quoted_lines_is_visible() -> None:
    text = f"{ATTRIBUTION}\n> Does it print?\nNo.\n> Is the lamp on?\n\nYes, it is red.\n\n> Regards\n> Anna"
    reply = split_reply(text, None)
    assert reply.visible == "No.\n\nYes, it is red."
    assert [line for line in reply.quoted.split("\n") if line] == [
        ATTRIBUTION,
        "> Does it print?",
        "> Is the lamp on?",
        "> Regards",
        "> Anna",
    ]


def test_answer_below_the_quotation_is_visible() -> None:
    reply = split_reply(f"{ATTRIBUTION}\n{quote(OURS)}\n\nIt works now.\nCarla", None)
    assert reply.visible == "It works now.\nCarla"


def test_answer_above_and_below_is_visible() -> None:
    reply = split_reply(f"Hello Anna,\n\n{ATTRIBUTION}\n{quote(OURS)}\n\nIt works now.", None)
    assert reply.visible == "Hello Anna,\n\nIt works now."


def test_heading_inside_the_quotation_takes_nothing() -> None:
    inner = "> > On Mon, 11 May 2026 at 09:00, Carla <c@kunde.example> wrote:\n> > \n> > > It is broken.\n> -----Original Message-----"
    text = f"{ATTRIBUTION}\n> Does it print?\n{inner}\n> Works?\n\nNo, it does not.\n\n-- \nCarla"
    reply = split_reply(text, None, is_answer=True)
    assert (reply.visible, reply.signature) == ("No, it does not.", "\n-- \nCarla")


@pytest.mark.parametrize(
    "heading",
    [
        "Zitat von Anna Arndt <anna@firma.example>:",
        "Quoting Anna Arndt <anna@firma.example>:",
        "On Tue, 12 May 2026, Anna Arndt wrote:",
        "Tuesday, May 12, 2026, 10:00:00 AM, you wrote:",
        "Anna Arndt <anna@firma.example> writes:",
        "Anna Arndt wrote:",
        "Anna Arndt schrieb:",
        "* Anna Arndt (anna@firma.example) [2026-05-12 10:00]:",
        "In article <x@y.example>, Anna Arndt wrote:",
    ],
)
def test_weak_heading_counts_above_quoted_lines(heading: str) -> None:
    reply = split_reply(f"It works.\n\n{heading}\n\n> Does it?\n> Really?", None)
    assert reply.visible == "It works."
    assert reply.quoted.strip().startswith(heading)


def test_deeper_quotation_goes_along() -> None:
    text = f"Yes.\n\n{ATTRIBUTION}\n> Works?\n>\n> On Mon, May 11, 2026 at 9:00 AM Carla <c@kunde.example> wrote:\n>> Broken.\n>> > Hm."
    assert split_reply(text, None).visible == "Yes."


@pytest.mark.parametrize("sign", ["| ", ") ", "# ", "AA> ", ": ", "} "])
def test_answer_between_lines_quoted_with_another_sign_is_visible(sign: str) -> None:
    text = f"{ATTRIBUTION}\n\n\n{sign}Does it print?\n{sign}Or not?\n\nNo.\n\n{sign}Is the lamp on?\nYes."
    reply = split_reply(text, None, is_answer=True)
    assert [line for line in reply.visible.split("\n") if line] == ["No.", "Yes."]


@pytest.mark.parametrize(
    "heading", [ATTRIBUTION, "-----Original Message-----\nFrom: Anna <anna@firma.example>\nSent: 12.05.2026 10:00\nTo: x"]
)
def test_unsigned_quotation_never_takes_the_whole_mail(heading: str) -> None:
    text = f"{heading}\n\nDoes it print?\n\nNo, it does not."
    assert split_reply(text, None, is_answer=True).visible == text


def test_quotation_without_attribution_in_an_answer_is_quoted() -> None:
    reply = split_reply("> Is this still valid?\n\nYes.", None, is_answer=True)
    assert (reply.visible.strip(), reply.quoted.strip()) == ("Yes.", "> Is this still valid?")


@pytest.mark.parametrize(
    "heading",
    [
        "-----Original Message-----",
        "-------- Original-Nachricht --------",
        "----- Ursprüngliche Mail -----",
        "----- Message d'origine -----",
        "-----Mensaje original-----",
        "------------------ 原始邮件 ------------------",
        "________________________________\nFrom: Anna Arndt <anna@firma.example>\nSent: Tuesday, May 12, 2026 10:00 AM",
        "From: Anna Arndt\nSent: Tuesday, May 12, 2026 10:00 AM\nTo: Carla\nSubject: Printer",
        "**From:** Anna Arndt <anna@firma.example>\n**Sent:** Tuesday, May 12, 2026 10:00 AM\n**To:** Carla\n**Subject:** Printer",
        'Gesendet: Dienstag, 12. Mai 2026 um 10:00 Uhr\nVon: "Anna" <anna@firma.example>\nAn: carla@kunde.example\nBetreff: Re: x',
        (
            "From: Anna <anna@firma.example>\nDate: Tuesday, 12 May 2026 at 10:00\nTo: Carla <c@kunde.example>,\n Bob <b@kunde.example>\n"
            "Cc: Dan <d@kunde.example>\nSubject: Printer"
        ),
        "From: Anna <anna@firma.example> Sent: Tuesday, May 12, 2026 10:00 AM To: Carla Subject: Printer",
        "From:\tAnna Arndt <anna@firma.example>\nTo:\tCarla\nDate:\t12.05.2026 10:00\nSubject:\tPrinter",
        "Anna Arndt/FIRMA wrote on 12.05.2026 10:00:44:",
        "-----Anna Arndt <anna@firma.example> wrote: -----",
        "--- On Tue, 5/12/26, Anna Arndt <anna@firma.example> wrote:",
        "---- On Tue, 12 May 2026 10:00:00 +0200 Anna Arndt <anna@firma.example> wrote ----",
        '>>> "Anna Arndt" <anna@firma.example> 12.05.26 10:00 >>>',
        '12.05.2026, 10:00, "Anna Arndt" <anna@firma.example>:',
        "Вторник, 12 мая 2026, 10:00 +03:00 от Anna Arndt <anna@firma.example>:",
        "Anna Arndt <anna@firma.example> schrieb am Di., 12. Mai 2026, 10:00:",
        "Am 12.05.2026 um 10:00 schrieb Anna Arndt via Support <support@firma.example>:",
        "On May 12, 2026, 10:00 AM GMT+2 support@firma.example wrote:",
        "On Tuesday, 12 May 2026 at 10:00:00 CEST, Anna Arndt <anna@firma.example> wrote: ",
        "May 12, 2026, 10:00 by anna@firma.example:",
        "12. Mai 2026, 10:00 von anna@firma.example:",
        "On Tue, 12 May at 10:00 AM , Anna Arndt <anna@firma.example> wrote:",
        "On Tue, 12 May 2026 10:00:00 +0200\nAnna Arndt <anna@firma.example> wrote:",
        "On Tue, 2026-05-12 at 10:00 +0200, Anna Arndt wrote:",
        "Am Dienstag, 12. Mai 2026, 10:00:00 CEST schrieb Anna Arndt:",
        'On 12/05/2026, 10:00, "Anna Arndt" <anna@firma.example> wrote:',
        '------ Original Message ------\nFrom: "Anna" <anna@firma.example>\nTo: carla@kunde.example\nSent: 12.05.2026 10:00:00\nSubject: x',
        "-------- Original message --------\nFrom: Anna <anna@firma.example>\nDate: 12/05/2026 10:00 (GMT+01:00)\nTo: Carla\nSubject: x",
        "-------- Ursprüngliche Nachricht --------\nVon: Anna <anna@firma.example>\nDatum: 12.05.26 10:00 (GMT+01:00)\nAn: C\nBetreff: x",
        '-----Original-Nachricht-----\nBetreff: x\nDatum: 2026-05-12T10:00:00+0200\nVon: "Anna" <anna@firma.example>\nAn: "C"',
        '在 2026-05-12 10:00:00，"Anna Arndt" <anna@firma.example> 写道：',
        'At 2026-05-12 10:00:00, "Anna Arndt" <anna@firma.example> wrote:',
        "发件人：Anna Arndt <anna@firma.example>\n发送时间：2026年5月12日 10:00\n收件人：Carla\n主题：x",
        "*Från:* Anna <anna@firma.example>\n*Skickat:* den 12 maj 2026 10:00\n*Till:* Carla\n*Kopia:* Bob\n*Ämne:* x",
        "De : Anna <anna@firma.example>\nDate : mardi 12 mai 2026 à 10:00\nÀ : Carla\nCc : Bob\nObjet : x",
        "Anna Arndt <anna@firma.example> ezt írta (időpont: 2026. máj. 12., K 10:00):",
        "##- Please type your reply above this line -##",
        "##- Bitte geben Sie Ihre Antwort über dieser Zeile ein -##",
    ],
)
def test_heading_of_any_program_ends_the_answer(heading: str) -> None:
    reply = split_reply(f"It works.\n\nCarla\n\n{heading}\n\n{OURS}", None, is_answer=True)
    assert reply.visible == "It works.\n\nCarla"
    assert reply.quoted.strip() == f"{heading}\n\n{OURS}"


# ------------------------------------------------------------------------------------------------------------ signatures


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nCarla Kunde\nKunde GmbH",
        "--\nCarla Kunde\nKunde GmbH",
        "—\nCarla",
        "Sent from my iPhone",
        "Sent from Outlook for Android",
        "Get Outlook for iOS",
        "Get [Outlook for iOS](https://aka.ms/o0ukef)",
        "Sent from Yahoo Mail on Android",
        "Sent with Proton Mail secure email.",
        "Gesendet mit der GMX Mail App",
        "Diese Nachricht wurde von meinem Android-Mobiltelefon mit WEB.DE Mail gesendet.",
        "Von meinem Samsung Galaxy Smartphone gesendet.",
        "-- \nCarla\n\nSent from my iPad",
        "Virus-free. www.avast.com",
        (
            "This e-mail and any attachments are confidential and intended solely for the addressee. If you have received this message "
            "in error, please delete it."
        ),
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, vernichten Sie bitte diese Mail.",
        "Ce message est confidentiel et à l'usage exclusif du destinataire. Si vous l'avez reçu par erreur, détruisez-le.",
    ],
)
def test_signature_is_told_apart(signature: str) -> None:
    for below in ("", f"\n\n{ATTRIBUTION}\n{quote(OURS)}"):
        reply = split_reply(f"It works.\n\n{signature}{below}", None)
        assert reply.visible == "It works."
        assert reply.signature.strip() == signature


@pytest.mark.parametrize(
    "text",
    [
        "It was sent from my account.",
        "Sent from my iPhone",
        "The parcel was not sent from your shop to my mobile phone shop in the city, so I ask you for my money back, and soon please.",
        "a\n--\nb\n--\nc" + "\nd" * 14,
        "This message is confidential.",
        "Wer ist Ihr Geschäftsführer?",
        "Guten Tag,\n\ndie HRB beim Amtsgericht stimmt nicht.",
        "First\n--\nSecond\n--\nThird",
        "First\n--\nWhat about the second?",
        "Sent via DHL to the shop where I had bought my new mobile phone last week",
        "Die Daten sind vertraulich.\nBitte an den Empfänger weitergeben.",
        "With kind regards\nCarla",
        "-- ",
    ],
)
def test_own_words_are_no_signature(text: str) -> None:
    assert split_reply(text, None).signature == ""


# --------------------------------------------------------------------------------------------------------------- certainty


def test_marker_survives_what_clients_do_to_it() -> None:
    for line in (
        MARKER,
        f"> {MARKER}",
        f">> > {MARKER}",
        MARKER.upper(),
        f"  {MARKER}  ",
        f"[ref:\u00a0{TOKEN} ]",
        f"[ref:\u200b{TOKEN[:10]}\u00ad{TOKEN[10:]}]",
        f"\\[ref:{TOKEN}\\]",
        f"Firma Support {MARKER} Dear Carla",
        f"*{MARKER}*",
        f"> [ref:{TOKEN[:12]}\n> {TOKEN[12:]}]",
    ):
        assert [token for _, token in find_markers(f"Hello\n\n{line}\nx")] == [TOKEN], line
        assert find_markers(f"Hello\n\n{line}\nx")[0][0] == 2


def test_what_is_no_token_is_no_marker() -> None:
    for line in ("[ref:short]", "[ref:]", f"[ref:{'a' * 41}]", f"ref:{TOKEN}", f"[ref:{TOKEN[:-1]}1]", f"[reff:{TOKEN}]"):
        assert find_markers(line) == ()


@pytest.mark.parametrize("sign", ["> ", ""])
def test_our_marker_ends_the_answer_for_sure(sign: str) -> None:
    text = f"Please restart it.\n\nAnna\n\n{ATTRIBUTION}\n\n{quote(MARKER, sign)}\n{quote(OURS, sign)}"
    reply = split_reply(text, None, marker=TOKEN)
    assert reply.is_certain
    assert surely_visible(text, reply) == "Please restart it.\n\nAnna"


def test_heading_in_a_language_nobody_knows_goes_with_our_marker() -> None:
    heading = "Qaqaqa 12/05/2026 10:00, Anna <anna@firma.example> kikiki:"
    text = f"Please restart it.\n\n{heading}\n{MARKER}\n{OURS}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) == "Please restart it."


def test_outlook_block_above_our_marker_is_never_relayed() -> None:
    block = "From: Carla (via Firma Support) <token@gw.firma.example>\nSent: Tuesday, May 12, 2026 10:00 AM\nTo: Anna\nSubject: Printer"
    text = f"Please restart it.\n\n{block}\n\n{MARKER}\n{OURS}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) == "Please restart it."


def test_words_of_an_agent_below_something_like_a_heading_are_never_lost() -> None:
    form = "Von: Sie <sie@kunde.example>\nGesendet: 12.05.2026 10:00\nAn: uns\nBetreff: Drucker"
    text = f"Bitte so:\n\n{form}\n\nDann geht es.\nAnna\n\n{ATTRIBUTION}\n\n> {MARKER}\n{quote(OURS)}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) is None


def test_banner_of_a_mail_system_above_our_marker_does_not_hold_the_answer() -> None:
    block = "From: Support <token@gw.firma.example>\nSent: Tuesday, May 12, 2026 10:00 AM\nTo: Anna\nSubject: Printer"
    text = f"Please restart it.\n\n{block}\n\nCAUTION: This mail came from outside.\n\n{MARKER}\n{OURS}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) == "Please restart it."


def test_marker_of_somebody_else_proves_nothing() -> None:
    text = f"Please restart it.\n\n{ATTRIBUTION}\n\n> {MARKER}\n{quote(OURS)}"
    for marker in (None, OTHER):
        reply = split_reply(text, None, marker=marker)
        assert not reply.is_certain
        assert surely_visible(text, reply) is None
        assert reply.visible == "Please restart it."


@pytest.mark.parametrize("width", [30, 60, 76, 400])
@pytest.mark.parametrize("sign", ["> ", "", "| "])
def test_fingerprint_finds_our_text_however_it_was_wrapped(width: int, sign: str) -> None:
    text = f"Please restart it.\n\nAnna\n\n{ATTRIBUTION}\n\n{quote(wrap(OURS, width), sign)}"
    reply = split_reply(text, None, fingerprints=[fingerprint(OURS)])
    assert reply.is_certain
    assert surely_visible(text, reply) == "Please restart it.\n\nAnna"


def test_fingerprint_finds_our_text_without_any_heading() -> None:
    text = f"Please restart it.\n\n{OURS}"
    reply = split_reply(text, None, fingerprints=[fingerprint(OURS)])
    assert surely_visible(text, reply) == "Please restart it."


def test_links_that_were_rewritten_do_not_hide_our_text() -> None:
    sent = OURS.replace("the menu", "https://firma.example/menu")
    back = sent.replace("https://firma.example/menu", "https://safelinks.example/?url=https%3A%2F%2Ffirma.example%2Fmenu&data=05")
    text = f"Done.\n\n{ATTRIBUTION}\n{back}"
    assert surely_visible(text, split_reply(text, None, fingerprints=[fingerprint(sent)])) == "Done."


def test_answer_below_our_unmarked_text_is_visible_but_not_relayed() -> None:
    text = f"{OURS}\n\nI did all that. It still does not work."
    reply = split_reply(text, None, fingerprints=[fingerprint(OURS)])
    assert reply.visible.strip() == "I did all that. It still does not work."
    assert surely_visible(text, reply) is None


def test_sentence_of_ours_in_an_answer_cuts_nothing() -> None:
    sentence = "please switch the printer off and on again, wait for two minutes, and then print the test page"
    long = fingerprint(f"{OURS}\n" + "\n".join(f"Line {n} of a long explanation number {n * 7} about paper" for n in range(40)))
    text = f'You say "{sentence}", but it has no switch!\n\nWhat now?'
    reply = split_reply(text, None, fingerprints=[long])
    assert reply.visible == text
    assert not reply.is_certain


def test_answers_between_the_quoted_lines_are_held() -> None:
    text = f"{ATTRIBUTION}\n> {MARKER}\n> Does it print?\nNo.\n> Is the lamp on?\nYes."
    reply = split_reply(text, None, marker=TOKEN)
    assert reply.visible == "No.\nYes."
    assert surely_visible(text, reply) is None


def test_own_signature_of_an_agent_is_not_relayed() -> None:
    text = f"Please restart it.\n\n-- \nAnna Arndt\nDurchwahl 17\n\n{ATTRIBUTION}\n> {MARKER}\n{quote(OURS)}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) == "Please restart it."


@pytest.mark.parametrize(
    "footer",
    [
        "This e-mail is confidential and intended solely for the addressee. If you received it in error, delete it.",
        "Diese E-Mail enthält vertrauliche Informationen und ist nur für den richtigen Adressaten bestimmt.",
        "Sent from my iPhone",
        "Virus-free. www.avast.com",
        "-- \nAnna Arndt\nFirma",
        "Firma GmbH, Sitz der Gesellschaft: Berlin\nAmtsgericht Charlottenburg HRB 1234\nGeschäftsführer: Anna Arndt",
        "Firma Ltd. Registered office: 1 High Street, London. Registered in England, company number 1234567.",
    ],
)
def test_footer_below_the_quotation_does_not_hold_an_answer(footer: str) -> None:
    text = f"Please restart it.\n\n{ATTRIBUTION}\n> {MARKER}\n{quote(OURS)}\n\n{footer}"
    reply = split_reply(text, None, marker=TOKEN)
    assert reply.signature.strip() == footer
    assert surely_visible(text, reply) == "Please restart it."


def test_answer_without_any_quotation_is_certain() -> None:
    for text in ("Please restart it.\n\nAnna", "Steps:\n- off\n- on", "a\n-----\nb"):
        reply = split_reply(text, None)
        assert reply.is_certain
        assert surely_visible(text, reply) == text


@pytest.mark.parametrize(
    "tail",
    [
        "> quoted",
        "On Monday he wrote:\nfoo",
        "From: Carla <carla@kunde.example>",
        "-----Original Message-----\nfoo",
        "________________________________\nfoo",
        "Qaqa Carla <carla@kunde.example> kiki:\nfoo",
        "---------- Forwarded message ---------\nFrom: x <x@y.example>\nSubject: z\n\nfoo",
        MARKER,
        "Wer schrieb was:\nfoo",
    ],
)
def test_suspected_quotation_is_held_and_never_relayed(tail: str) -> None:
    text = f"Please restart it.\n\n{tail}"
    assert surely_visible(text, split_reply(text, None)) is None


def test_quotation_that_only_the_html_shows_is_held() -> None:
    html = '<p>Please restart it.</p><div class="gmail_quote"><p>secret</p></div>'
    text = "Please restart it.\n\nsecret"
    assert surely_visible(text, split_reply(text, html)) is None


def test_few_words_of_ours_make_an_answer_uncertain() -> None:
    text = "Please restart it.\n\nand then print the test page from the menu"
    reply = split_reply(text, None, fingerprints=[fingerprint(OURS)])
    assert (reply.visible, reply.is_certain) == (text, False)


def test_empty_answer_above_our_marker_is_empty() -> None:
    text = f"{ATTRIBUTION}\n> {MARKER}\n{quote(OURS)}"
    assert surely_visible(text, split_reply(text, None, marker=TOKEN)) == ""


def test_fingerprint_of_a_short_text_is_empty() -> None:
    assert fingerprint("Thank you, bye") == Fingerprint(digests=frozenset())


def test_forwarded_mail_stays_visible_and_is_not_certain() -> None:
    text = "See below.\n\n---------- Forwarded message ---------\nFrom: Dan <dan@kunde.example>\nSubject: x\n\n> Hello"
    reply = split_reply(text, None)
    assert (reply.visible, reply.is_certain) == (text, False)


def test_surely_visible_needs_certainty() -> None:
    assert surely_visible("a", Reply(visible="a", quoted="", signature="", is_certain=False)) is None
