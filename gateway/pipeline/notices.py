"""What the admins are told: every notice in German and in English, side by side, as `sayings.py` does for agents.

A notice goes out in the language of the channel that carries it (`Policy.operators_language`); the trace stays English.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.pipeline.effects import TellOperators
from gateway.pipeline.said import Said

_MOST_NAMED: Final = 20
"""So many mails stand in one notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A title of one line and a text of one or more."""

    title: Said
    text: Said

    def to(self, language: str) -> TellOperators:
        """Return it as the effect that sends it."""
        return TellOperators(topic=self.title.to(language), text=self.text.to(language))


def automatic_mail_stops(scope: str, name: str, *, count: int, cap: int) -> Notice:
    """Say: a cap is reached; `scope` is correspondent, domain or channel."""
    who = Said(de=f"der Kanal {name}", en=f"the channel {name}") if scope == "channel" else Said(de=name, en=name)
    return Notice(
        title=Said(de="Automatische Mails ruhen für eine Stunde", en="Automatic mail stops for an hour"),
        text=Said(
            de=f"Automatische Mails ruhen für eine Stunde: {who.de} hatte in der letzten Stunde {count}, erlaubt sind {cap}.",
            en=f"Automatic mail stops for an hour: {who.en} had {count} in the last hour, and {cap} are allowed.",
        ),
    )


def author_sends_too_much(author: str, *, count: int, cap: int) -> Notice:
    """Say: further mail of somebody waits."""
    return Notice(
        title=Said(de=f"Zu viele Mails von {author}: Weitere warten", en=f"Too many mails of {author}: further ones wait"),
        text=Said(
            de=f"{author} hat in der letzten Stunde {count} Mails gesandt, erlaubt sind {cap}. Weitere werden angehalten.\n"
            "Ansehen: ticket-gateway suspended list\n"
            "Mehr erlauben: loops.mails_per_author_and_hour in gateway.yaml",
            en=f"{author} sent {count} mails in the last hour, and {cap} are allowed. Further ones are suspended.\n"
            "To look at it: ticket-gateway suspended list\n"
            "To allow more: loops.mails_per_author_and_hour in gateway.yaml",
        ),
    )


def answer_is_held(number: str, recipient: str, outbound: str) -> Notice:
    """Say: something internal would have left with it."""
    return Notice(
        title=Said(
            de="Eine Antwort wird festgehalten: In ihr steht etwas Internes",
            en="An answer is held: something internal stands in it",
        ),
        text=Said(
            de=f"Eine Antwort auf {number} an {recipient} geht nicht hinaus, weil etwas Internes in ihr steht.\n"
            f"Ansehen: ticket-gateway tickets show {number}\n"
            f"Trotzdem senden: ticket-gateway outbox retry {outbound}",
            en=f"An answer on {number} to {recipient} is held, because something internal stands in it.\n"
            f"To look at it: ticket-gateway tickets show {number}\n"
            f"To send it all the same: ticket-gateway outbox retry {outbound}",
        ),
    )


def not_arrived(purpose: str, recipient: str, reason: str) -> Notice:
    """Say: a mail of the gateway, not one of a ticket's people, came back."""
    return Notice(
        title=Said(de="Eine Mail des Gateways ist nicht angekommen", en="A mail of the gateway did not arrive"),
        text=Said(
            de=f"Nicht angekommen ist {purpose} an {recipient}:\n{reason}",
            en=f"{purpose} to {recipient} did not arrive:\n{reason}",
        ),
    )


def answer_not_arrived(number: str, recipient: str, reason: str) -> Notice:
    """Say: an answer to a customer came back, and nobody of the team is told."""
    return Notice(
        title=Said(de="Eine Antwort ist nicht angekommen", en="An answer did not arrive"),
        text=Said(
            de=f"Eine Antwort auf {number} ist bei {recipient} nicht angekommen, und niemand im Team erfährt es.\n"
            f"{reason}\n"
            f"Ansehen: ticket-gateway tickets show {number}",
            en=f"An answer on {number} did not reach {recipient}, and nobody of the team is told.\n"
            f"{reason}\n"
            f"To look at it: ticket-gateway tickets show {number}",
        ),
    )


def forwarding_asked(address: str, question: str) -> Notice:
    """Say: a provider asks whether it may forward here; `question` is who asks, and what."""
    return Notice(
        title=Said(
            de=f"Eine Weiterleitung an {address} will bestätigt werden",
            en=f"A forwarding rule to {address} wants to be confirmed",
        ),
        text=Said(de=question, en=question),
    )


def suspended_expired(mails: Sequence[tuple[str, str, str]], *, days: int) -> Notice:
    """Say: nobody decided these in time; of each its author, its subject, and in words why it waited."""
    more = len(mails) - _MOST_NAMED
    named = mails[:_MOST_NAMED]
    return Notice(
        title=Said(
            de=f"Angehaltene Mails wurden nach {days} Tagen verworfen", en=f"Suspended mail was discarded after {days} days"
        ),
        text=Said(
            de="\n".join(
                [f"{author or 'ohne Absender'}: {subject or 'ohne Betreff'} ({reason})" for author, subject, reason in named]
                + ([f"und {more} weitere"] if more > 0 else [])
            ),
            en="\n".join(
                [f"{author or 'no author'}: {subject or 'no subject'} ({reason})" for author, subject, reason in named]
                + ([f"and {more} more"] if more > 0 else [])
            ),
        ),
    )


def rule_tells(label: str, about: str) -> Notice:
    """Say: a rule or a trigger of the configuration wants the admins told."""
    return Notice(title=Said(de=f"{label}: ein Hinweis für Sie", en=f"{label} wants you to know"), text=Said(de=about, en=about))


def mail_met_a_fault(name: str) -> Notice:
    """Say: a mail could not be processed."""
    return Notice(
        title=Said(de="Eine Mail wartet wegen eines Fehlers", en="A mail waits because of a fault"),
        text=Said(
            de=f"Das Gateway konnte die Mail {name} nicht verarbeiten, weil es selbst einen Fehler hat.\n"
            "Die Mail ist aufbewahrt. Einzelheiten stehen im Log dieser Minute.\n"
            f"Noch einmal versuchen: ticket-gateway failed retry {name}",
            en=f"The gateway could not process the mail {name}: it met a fault of its own.\n"
            "The mail is kept. The log of this minute has the details.\n"
            f"Try it again with: ticket-gateway failed retry {name}",
        ),
    )


def template_failed(problem: str) -> Notice:
    """Say: our text went out in place of the admin's."""
    return Notice(
        title=Said(de="Eine Textvorlage hat versagt", en="A template has failed"),
        text=Said(
            de=f"{problem}\n\nHinausgegangen ist der eingebaute Text. Solange die Vorlage versagt, erfahren Sie es einmal in der "
            "Stunde.\nAlle Vorlagen prüft: ticket-gateway check-config",
            en=f"{problem}\n\nThe built-in text went out in its place. While it keeps failing, you are told once an hour.\n"
            "To check all templates: ticket-gateway check-config",
        ),
    )


def config_refused(problems: Iterable[str]) -> Notice:
    """Say: a reload changed nothing."""
    lines = "\n".join(problems)
    return Notice(
        title=Said(de="Die neue Konfiguration gilt nicht: Sie hat Fehler", en="The new configuration is not used: it is wrong"),
        text=Said(de=lines, en=lines),
    )
