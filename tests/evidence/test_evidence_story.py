"""The story that `explain` tells people: read it before you change what is expected here. The documentation shows all of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.evidence.words import tell_story
from gateway.mail.envelope import Door
from tests.evidence.fake_dns import Behaviour
from tests.evidence.test_evidence_clouds import (
    CAF,
    GOOGLE,
    GOOGLE_BELOW,
    GOOGLE_SAYS,
    GOOGLE_TOP,
    MICROSOFT,
    MICROSOFT_SAYS,
    PASSED,
)
from tests.evidence.test_evidence_clouds import SRS as MICROSOFT_SRS
from tests.evidence.test_evidence_through import MX, SRS, received
from tests.evidence.world import (
    CLOUD_IP,
    DIRECT,
    EVIL_IP,
    FORWARDER_IP,
    KUNDE_IP,
    LIST_IP,
    World,
    key_record,
    rsa_pem,
    sealed,
    signer,
)


@dataclass(frozen=True)
class Story:
    """How a mail came, and what is told about it."""

    told: str
    mail: Callable[[], bytes]
    way: dict[str, Any] = field(default_factory=dict)
    failing: tuple[str, ...] = ()


FORWARDED = {"client_ip": FORWARDER_IP, "mail_from": SRS, "forwarders": [MX]}
RESULTS = b"Authentication-Results: mx.firma.example; dmarc=pass header.from=kunde.example\r\n"
STORIES = {
    "straight from the author's server": Story(
        "No declared forwarder handed it over. The client may send for kunde.example (SPF). DMARC of kunde.example passes."
        " So: proven, because SPF of the author's domain kunde.example passes.",
        lambda: DIRECT,
    ),
    "forwarded by the company's server": Story(
        "Forwarded by mx.firma.example (declared). The hop before it, 198.51.100.7, may send for kunde.example (SPF)."
        " DKIM of kunde.example holds. DMARC of kunde.example passes."
        " So: proven, because DKIM of the author's domain kunde.example holds.",
        lambda: received("postfix", KUNDE_IP) + signer().sign(DIRECT),
        FORWARDED,
    ),
    "the same, signed for a parent domain": Story(
        "Forwarded by mx.firma.example (declared). The hop before it, 192.0.2.66, must not send for kunde.example (SPF)."
        " DKIM of kunde.example holds. DMARC of shop.kunde.example passes. So: proven, because DKIM of kunde.example holds,"
        " which stands for the author's domain shop.kunde.example.",
        lambda: received("exim", EVIL_IP) + signer().sign(DIRECT.replace(b"kurt@kunde", b"kurt@shop.kunde", 1)),
        FORWARDED,
    ),
    "forwarded by Microsoft 365": Story(
        "Forwarded by microsoft365 (declared). Who had handed it over there is not known. The ARC chain holds, and microsoft.com"
        " is a sealer that the admin listed. DMARC of kunde.example fails; its owner asks to reject such mail. So: vouched,"
        " because the ARC seal of microsoft.com says that kunde.example was authenticated when the mail arrived there.",
        lambda: sealed(DIRECT, "microsoft.com", MICROSOFT_SAYS.format(**PASSED)),
        {"client_ip": CLOUD_IP, "mail_from": MICROSOFT_SRS, "forwarders": [MICROSOFT]},
    ),
    "forwarded by Google, the signature survived": Story(
        "Forwarded by google (declared). Who had handed it over there is not known. DKIM of kunde.example holds. The ARC chain"
        " holds, and google.com is a sealer that the admin listed. DMARC of kunde.example passes. So: proven, because DKIM of the"
        " author's domain kunde.example holds.",
        lambda: GOOGLE_TOP + sealed(GOOGLE_BELOW + signer().sign(DIRECT), "google.com", GOOGLE_SAYS.format(**PASSED)),
        {"client_ip": CLOUD_IP, "mail_from": CAF, "forwarders": [GOOGLE]},
    ),
    "at the LMTP door": Story(
        "Handed over by the mail server of this machine. The hop before it, 198.51.100.7, may send for kunde.example (SPF)."
        " DMARC of kunde.example passes. So: proven, because SPF of the author's domain kunde.example passes, seen through local"
        " delivery.",
        lambda: received("postfix", KUNDE_IP) + DIRECT,
        {"client_ip": None, "helo": None, "door": Door.LMTP},
    ),
    "vouched for by the company's server": Story(
        "Forwarded by mx.firma.example (declared). The hop before it, 192.0.2.66, must not send for kunde.example (SPF)."
        " DMARC of kunde.example fails; its owner asks to reject such mail. So: vouched, because mx.firma.example, a declared"
        " forwarder, says that kunde.example was authenticated when the mail arrived there.",
        lambda: RESULTS + received("postfix", EVIL_IP) + DIRECT,
        FORWARDED,
    ),
    "a forgery": Story(
        "Forwarded by mx.firma.example (declared). The hop before it, 192.0.2.66, must not send for kunde.example (SPF)."
        " DMARC of kunde.example fails; its owner asks to reject such mail. So: contradicted, because DMARC of kunde.example"
        " fails, seen through mx.firma.example, and its owner asks to reject such mail.",
        lambda: received("postfix", EVIL_IP) + RESULTS + DIRECT,
        FORWARDED,
    ),
    "a mailing list that nobody declared": Story(
        "No declared forwarder handed it over. The client may send for lists.example (SPF). DKIM of leise.example proves nothing"
        " (fail): the headers were changed, or the key is another one. DMARC of leise.example fails; its owner asks for nothing."
        " So: unproven, because neither DKIM nor SPF authenticates leise.example, and its owner does not ask to refuse such"
        " mail.",
        lambda: (
            signer("leise.example")
            .sign(DIRECT.replace(b"kunde.example", b"leise.example"))
            .replace(b"Subject: ", b"Subject: [liste] ")
        ),
        {"client_ip": LIST_IP, "mail_from": "liste-bounces@lists.example"},
    ),
    "the DNS does not answer": Story(
        "No declared forwarder handed it over. The client could not be checked by SPF (the DNS did not answer about"
        " kunde.example). DKIM of kunde.example could not be checked: the DNS did not answer about the key"
        " s1._domainkey.kunde.example. DMARC of kunde.example could not be checked: the DNS did not answer about something that"
        " might authenticate the author. So: unproven, because the DNS did not answer something that might have authenticated"
        " kunde.example.",
        lambda: signer().sign(DIRECT),
        failing=("kunde.example", "s1._domainkey.kunde.example"),
    ),
}


@pytest.mark.parametrize("name", STORIES)
async def test_the_story_reads_well(name: str, world: World) -> None:
    story = STORIES[name]
    world.set("spf.protection.outlook.com", {"TXT": ["v=spf1 ip4:198.51.100.200 -all"]})
    world.set("arc._domainkey.microsoft.com", {"TXT": [key_record(rsa_pem())]})
    for failing in story.failing:
        world.set(failing, Behaviour.SERVFAIL)
    assert " ".join(tell_story(await world.observe(story.mail(), **story.way))) == story.told


def stories() -> str:
    """Return the stories as `docs/evidence.md` shows them."""
    return "\n".join(f"- *{name}*: {story.told}" for name, story in STORIES.items())


def test_the_documentation_tells_the_same_stories() -> None:
    documentation = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text()
    assert stories() in re.sub(r"\n  (?=\S)", " ", documentation)
