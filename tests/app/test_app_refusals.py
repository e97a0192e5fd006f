"""What is refused in the SMTP session, and what never is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    Assurance,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
)
from gateway.pipeline.policy import Policy
from gateway.pipeline.refusals import DISOWNED, NOT_PERMITTED, RULED_OUT, UNKNOWN_NOW, refuse_by_rule, refuse_sender
from tests.journeys.stage import make_policy

SPF = SpfEvidence(result=SpfResult.FAIL, domain="bank.example", scope=SpfScope.MFROM)
DMARC = DmarcEvidence(result=DmarcResult.FAIL, policy=DmarcPolicy.REJECT, domain="bank.example")
FORGED = replace(Evidence.unobserved(Assurance.CONTRADICTED, because="given"), spf=SPF, dmarc=DMARC)
UNANSWERED = replace(FORGED, dmarc=replace(DMARC, result=DmarcResult.TEMPERROR), assurance=Assurance.UNPROVEN)


def envelope(kind: RouteKind = RouteKind.CHANNEL, door: Door = Door.SMTP) -> Envelope:
    recipient = Recipient(address=Address.of("support@firma.example"), channel="support", kind=kind)
    return Envelope(reverse_path=None, recipients=(recipient,), received_at=datetime(2026, 11, 2, tzinfo=UTC), door=door)


@pytest.fixture
def strict() -> Policy:
    return make_policy({"channels": {"support": {"contradicted": "refuse", "temperror": "defer"}}})


def test_disowned_mail_is_refused_where_the_channel_asks_for_it(strict: Policy) -> None:
    assert refuse_sender(envelope(), {"support": FORGED}, strict) == DISOWNED
    without_dmarc = replace(FORGED, dmarc=replace(DMARC, result=DmarcResult.NONE))
    assert refuse_sender(envelope(), {"support": without_dmarc}, strict) == NOT_PERMITTED
    assert (DISOWNED.code, DISOWNED.enhanced, NOT_PERMITTED.enhanced) == (550, "5.7.26", "5.7.23")


def test_disowned_mail_is_taken_where_nobody_asked_to_refuse_it() -> None:
    assert refuse_sender(envelope(), {"support": FORGED}, make_policy({})) is None


def test_nothing_is_refused_behind_a_forwarder(strict: Policy) -> None:
    through = Through(forwarder="mx", client_ip=None, helo=None, mail_from=None, spf=SPF, dmarc=DMARC)
    assert refuse_sender(envelope(), {"support": replace(FORGED, through=through)}, strict) is None
    assert refuse_sender(envelope(RouteKind.INTAKE), {"support": FORGED}, strict) is None
    assert refuse_sender(envelope(door=Door.LMTP), {"support": FORGED}, strict) is None


def test_a_mail_to_two_channels_is_refused_only_when_both_ask_for_it(strict: Policy) -> None:
    mild = {**strict.channels, "verkauf": strict.channels["support"].model_copy(update={"contradicted": "suspend"})}
    policy = replace(strict, channels=mild)
    assert refuse_sender(envelope(), {"support": FORGED, "verkauf": FORGED}, policy) is None
    assert (
        refuse_sender(
            envelope(),
            {"support": FORGED, "support2": FORGED},
            replace(strict, channels={**strict.channels, "support2": strict.channels["support"]}),
        )
        == DISOWNED
    )


def test_a_sender_that_cannot_be_checked_comes_back_later_only_where_that_is_asked_for(strict: Policy) -> None:
    assert refuse_sender(envelope(), {"support": UNANSWERED}, strict) == UNKNOWN_NOW
    assert (UNKNOWN_NOW.code, UNKNOWN_NOW.enhanced) == (451, "4.7.0")
    assert refuse_sender(envelope(), {"support": UNANSWERED}, make_policy({})) is None
    proven = replace(UNANSWERED, assurance=Assurance.PROVEN)
    assert refuse_sender(envelope(), {"support": proven}, strict) is None


def test_what_a_rule_refuses_is_not_wanted_here() -> None:
    rule = {"name": "no lotteries", "when": {"subject_contains": "lottery"}, "then": ["refuse"]}
    policy = make_policy({"rules": [rule]})
    lottery = Content.of(b"From: a@bank.example\r\nSubject: The Lottery\r\n\r\nYou have won.\r\n")
    sent = replace(envelope(), reverse_path=Address.of("a@bank.example"))
    found = refuse_by_rule(sent, {"support": FORGED}, lottery, policy)
    assert found is not None
    assert found[0] == RULED_OUT
    assert (RULED_OUT.code, RULED_OUT.enhanced) == (550, "5.7.1")
    forwarded = replace(envelope(RouteKind.INTAKE), reverse_path=sent.reverse_path)
    assert refuse_by_rule(forwarded, {"support": FORGED}, lottery, policy) is None
    assert refuse_by_rule(envelope(), {"support": FORGED}, lottery, policy) is None, "a bounce is never refused"
    ordinary = Content.of(b"From: a@bank.example\r\nSubject: Hello\r\n\r\nHello.\r\n")
    assert refuse_by_rule(sent, {"support": FORGED}, ordinary, policy) is None
