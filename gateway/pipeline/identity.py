"""How an agent appears to customers: the name an answer comes from, and the signature below it. Pure."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.pipeline.policy import Policy
from gateway.pipeline.reading.html import sanitise_html
from gateway.pipeline.reading.htmltext import html_to_text
from gateway.tickets import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What stands below an answer; both empty where nobody has one."""

    text: str = ""
    html: str = ""
    """Sanitised; empty where the text is all there is."""


_NONE: Final = Signature()


def signature_of(agent: str, ticket: Ticket, policy: Policy) -> Signature:
    """Return the agent's own signature, else the queue's, else the channel's."""
    settings = (policy.agents[agent], policy.queues[ticket.queue], policy.channels[ticket.channel])
    return next(
        (make_signature(s.signature or "", s.signature_html or "") for s in settings if s.signature or s.signature_html), _NONE
    )


@lru_cache(maxsize=1000)
def make_signature(text: str, html: str) -> Signature:
    """Return a signature in both forms; the text is made from the HTML where there is none."""
    safe = sanitise_html(html).strip() if html else ""
    return Signature(text=text or html_to_text(safe).strip(), html=safe)


def answered_by(agent: str, ticket: Ticket, policy: Policy) -> str:
    """Return the name a customer sees: `Anna (Firma Support)`, or the channel's alone where it says so."""
    channel = policy.channels[ticket.channel]
    if channel.answer_name == "channel":
        return channel.display_name
    return f"{policy.agent_alias(agent)} ({channel.display_name})"
