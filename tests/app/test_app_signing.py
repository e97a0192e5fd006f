"""What leaves is signed where a key was given for its domain, and others can verify it."""

from datetime import UTC, datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.evidence.signing import DkimSigner
from gateway.ids import Ids
from gateway.mail.outbound import OutboundMail
from gateway.pipeline.outgoing import Desk
from gateway.pipeline.templates import Templates
from tests.journeys.stage import KEYS, make_policy


@pytest.fixture(scope="module")
def key_pem() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def notice(signers: dict[str, DkimSigner]) -> OutboundMail:
    desk = Desk(
        policy=make_policy({}),
        keys=KEYS,
        ids=Ids(clock_ms=lambda: 1_800_000_000_000, node=0),
        templates=Templates(None),
        now=datetime.now(UTC),
        signers=signers,
    )
    (mail,) = desk.write_to_operators("support", "Grüße", ["Eine Zeile mit Umlauten: äöü"])
    return mail


def test_what_leaves_from_a_domain_with_a_key_is_signed_so_that_others_can_verify_it(key_pem: bytes) -> None:
    signer = DkimSigner("firma.example", "gw", key_pem)
    name, record = signer.dns_record
    content = notice({"firma.example": signer}).content.read()
    assert dkim.verify(content, dnsfunc=lambda asked, **_: record.encode() if asked.decode().rstrip(".") == name else None)
    assert not dkim.verify(content.replace(b"Eine", b"Zwei"), dnsfunc=lambda *_, **__: record.encode())


def test_what_leaves_from_another_domain_is_not_signed(key_pem: bytes) -> None:
    content = notice({"elsewhere.example": DkimSigner("elsewhere.example", "gw", key_pem)}).content.read()
    assert b"DKIM-Signature" not in content
