"""A sample of what each text is made from: for previews, and to try an admin's templates before mail depends on them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from gateway.mail.outbound import Purpose
from gateway.pipeline.report_samples import NO_REPORT, REPORT
from gateway.pipeline.variable_views import (
    AttachmentView,
    ChangeView,
    ChannelView,
    CommandView,
    PersonView,
    PostView,
    SuspendedView,
    TicketView,
)
from gateway.pipeline.variables import (
    AnswerVariables,
    CommandResultVariables,
    ConfirmActionVariables,
    ConfirmationVariables,
    DeliveryFailedVariables,
    DigestVariables,
    HelpVariables,
    NotificationVariables,
    OperatorNoticeVariables,
    ThreadVariables,
    Variables,
    VerificationVariables,
    WelcomeVariables,
)

AT: Final = datetime(2026, 11, 20, 8, 41, tzinfo=UTC)
_MARKER: Final = "[ref:aaaabbbbccccddddeeeeffffgggghh]"
_CHANNEL: Final = ChannelView(name="Firma Support", address="support@firma.example")
_QUESTION: Final = PostView(
    author_name="Kim Kunde",
    author_address="kim.kunde@kunde.example",
    text=(
        "Guten Tag,\n\nauf der Rechnung 4711 fehlt die Bestellnummer. Können Sie mir eine neue schicken?\n"
        "Die alte hängt an.\n\nFreundliche Grüße\nKim Kunde"
    ),
    at=AT,
    assurance="unproven",
    attachments=(
        AttachmentView(filename="Rechnung 4711.pdf", size=184_320),
        AttachmentView(
            filename="Bestellung mit einem wirklich sehr langen Namen, wie er vorkommt (Kopie 2).docx", size=2_410_000
        ),
    ),
)
_ANSWER: Final = PostView(
    author_name="Anna Arndt",
    author_address="anna@firma.example",
    text="Hallo Kim,\n\ndie neue Rechnung ist unterwegs und sollte heute noch ankommen.\n\nViele Grüße\nAnna",
    at=AT.replace(hour=9),
)
_CHANGES: Final = (
    ChangeView(at=AT.replace(hour=10), by="rule", kind="tags", old="", new="rechnung geld"),
    ChangeView(at=AT.replace(hour=9), by="Anna Arndt", kind="assignee", old="Bela Brandt", new=""),
    ChangeView(at=AT, by="clock", kind="status", old="pending", new="open"),
)
_TICKET: Final = TicketView(
    number="2026-000123",
    subject="Rechnung 4711 ohne Bestellnummer",
    status="open",
    priority="normal",
    queue="support",
    requester_name="Kim Kunde",
    requester_address="kim.kunde@kunde.example",
    clock="in_time",
    due=AT.replace(hour=14),
)
_NOTIFICATION: Final = NotificationVariables(
    marker=_MARKER,
    channel=_CHANNEL,
    ticket=_TICKET,
    agent_name="Bela Brandt",
    post=_QUESTION,
    person=PersonView(
        is_vip=True,
        types=("Händler",),
        organisation="Kunde GmbH",
        notes=("Ruft lieber an, als zu schreiben.",),
        maybe="Kim Kunde <kim@kunde-alt.example>",
        maybe_address="kim@kunde-alt.example",
    ),
    others=("Eva Einkauf <eva@kunde.example>",),
    cc_suggested=("buchhaltung@kunde.example",),
)
_TEAM: Final = replace(
    _NOTIFICATION, person=None, cc_suggested=(), ticket=replace(_TICKET, status="pending", assignee="Anna Arndt")
)

SAMPLES: Final[dict[Purpose, tuple[Variables, ...]]] = {
    Purpose.CONFIRMATION: (
        ConfirmationVariables(channel=_CHANNEL, number="2026-000123", tag="[2026-000123]", reference=_MARKER),
        ConfirmationVariables(channel=_CHANNEL, number="2026-000123"),
    ),
    Purpose.NEW_TICKET: (
        replace(_NOTIFICATION, ticket=replace(_TICKET, status="new")),
        replace(_NOTIFICATION, others=(), cc_suggested=(), post=replace(_QUESTION, attachments=(), assurance="proven")),
    ),
    Purpose.NEW_REPLY: (
        replace(_NOTIFICATION, earlier=(_ANSWER, _QUESTION), changes=_CHANGES, post=replace(_QUESTION, attachments=())),
    ),
    Purpose.NEW_ANSWER: (replace(_TEAM, post=_ANSWER, earlier=(_QUESTION,)),),
    Purpose.NEW_NOTE: (
        replace(_TEAM, post=replace(_ANSWER, text="Buchhaltung weiß Bescheid, sie stellt die Rechnung neu aus.")),
    ),
    Purpose.HANDOVER: (replace(_TEAM, post=_QUESTION, earlier=(_ANSWER,), by="Anna Arndt"),),
    Purpose.ANSWER: (
        AnswerVariables(
            channel=_CHANNEL,
            subject="AW: Re: Rechnung 4711 ohne Bestellnummer",
            tag="[2026-000123]",
            text=_ANSWER.text,
            signature="Anna vom Support\nFirma GmbH · Musterweg 1 · 12345 Musterstadt",
            marker=_MARKER,
            previous=_QUESTION,
        ),
        AnswerVariables(channel=_CHANNEL, subject="", tag="", text="Gern.", signature="", marker=_MARKER),
        AnswerVariables(
            channel=_CHANNEL,
            subject="Rechnung 4711 ohne Bestellnummer",
            tag="",
            text="Sie ist unterwegs.",
            signature="",
            marker=_MARKER,
            earlier=(replace(_ANSWER, author_name="Anna (Firma Support)", author_address="support@firma.example"), _QUESTION),
        ),
    ),
    Purpose.CONFIRM_ACTION: tuple(
        ConfirmActionVariables(
            marker=_MARKER,
            channel=_CHANNEL,
            agent_name="Anna Arndt",
            number=number,
            question=question,
            subject="Re: Rechnung 4711",
            would_send=would_send,
            also_to=("Chris Chefin <chris.chefin@kunde.example>",) if newer else (),
            newer=newer,
            author="Fred Fremd <fred@fremd.example>" if question == "stranger_on_ticket" else "",
            says="Ich bin der neue Einkäufer. Was ist mit der Rechnung?" if question == "stranger_on_ticket" else "",
        )
        for question, number, would_send, newer in (
            ("agent_unconfirmed", "2026-000123", "", None),
            ("unsure_quote", "2026-000123", _ANSWER.text, None),
            ("stale_answer", "2026-000123", _ANSWER.text, _ANSWER),
            ("stranger_on_ticket", None, "", None),
            ("note_leak", "2026-000123", _ANSWER.text, None),
        )
    ),
    Purpose.COMMAND_RESULT: tuple(
        CommandResultVariables(
            marker=_MARKER, agent_name="Anna Arndt", number=number, subject="Rechnung 4711", done=done, lines=lines
        )
        for number, done, lines in (
            ("2026-000123", False, ("#assing gibt es nicht. Gemeint war vielleicht #assign.",)),
            (None, True, ("Der Status ist jetzt: gelöst.", "Zugewiesen an Anna Arndt.")),
        )
    ),
    Purpose.THREAD: (
        ThreadVariables(
            marker=_MARKER,
            channel=_CHANNEL,
            ticket=_TICKET,
            agent_name="Anna Arndt",
            posts=(
                replace(_QUESTION, part="requester"),
                _ANSWER,
                replace(_ANSWER, text="Die Buchhaltung weiß Bescheid.", is_note=True),
            ),
            others=("Eva Einkauf <eva@kunde.example>",),
        ),
        ThreadVariables(marker=_MARKER, channel=_CHANNEL, ticket=_TICKET, agent_name="Anna Arndt", posts=()),
    ),
    Purpose.HELP: (
        HelpVariables(
            marker=_MARKER,
            agent_name="Anna Arndt",
            commands=(
                CommandView(usage="#zuweisen <Agent>", also=("#assign",), help="Das Ticket jemandem aus dem Team geben."),
                CommandView(usage="#spam", also=(), help="Schließt das Ticket und markiert es als Spam."),
            ),
        ),
    ),
    Purpose.DELIVERY_FAILED: (
        DeliveryFailedVariables(
            marker=_MARKER,
            channel=_CHANNEL,
            ticket=_TICKET,
            agent_name="Anna Arndt",
            recipient="kim.kunde@kunde.example",
            reason="550 5.1.1 <kim.kunde@kunde.example>: Recipient address rejected: User unknown",
            text=_ANSWER.text,
            at=AT,
        ),
    ),
    Purpose.OPERATOR_NOTICE: (
        OperatorNoticeVariables(
            hostname="gw.firma.example",
            title="Eine Mail konnte nicht verarbeitet werden",
            lines=("Sie ist aufbewahrt und wartet: ticket-gateway failed list",),
        ),
    ),
    Purpose.DIGEST: (
        DigestVariables(
            marker=_MARKER,
            hostname="gw.firma.example",
            entries=(
                SuspendedView(
                    index=1,
                    author="chef@firma.example",
                    subject="Dringend: neue Kontonummer",
                    reason="contradicted_sender",
                    channel="Firma Support",
                    at=AT,
                ),
                SuspendedView(
                    index=2,
                    author="Fred Fremd <fred@fremd.example>",
                    subject="Re: Rechnung 4711",
                    reason="stranger_on_ticket",
                    channel="Firma Support",
                    at=AT,
                ),
                SuspendedView(
                    index=12, author="info@leer.example", subject="", reason="probable_spam", channel="Firma Support", at=AT
                ),
            ),
            expires_days=30,
        ),
        DigestVariables(marker=_MARKER, hostname="gw.firma.example", entries=()),
    ),
    Purpose.REPORT: (REPORT, NO_REPORT),
    Purpose.WAIT_OVER: (replace(_TEAM, ticket=replace(_TICKET, status="open", assignee="Anna Arndt"), post=_ANSWER),),
    Purpose.CLOCK_WARNING: tuple(
        replace(
            _TEAM,
            post=_QUESTION,
            promise=promise,
            promised_by=AT.replace(hour=12),
            ticket=replace(_TICKET, clock="warning", due=AT.replace(hour=12)),
        )
        for promise in ("reaction", "resolution")
    ),
    Purpose.CLOCK_BREACH: tuple(
        replace(_TEAM, post=_QUESTION, promise=promise, ticket=replace(_TICKET, clock="late", due=due))
        for promise, due in (("reaction", AT.replace(hour=12)), ("resolution", None))
    ),
    Purpose.VERIFICATION: (
        VerificationVariables(channel=_CHANNEL, reference=_MARKER),
        VerificationVariables(channel=_CHANNEL),
    ),
    Purpose.WELCOME: (
        WelcomeVariables(channel=_CHANNEL, reference=_MARKER),
        WelcomeVariables(channel=_CHANNEL),
    ),
}
"""At least one sample for each text, so that together they pass through every branch of the built-in templates."""
