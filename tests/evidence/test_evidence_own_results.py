"""Authentication-Results in our name are ours alone (RFC 8601 section 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.results import drop_results_of

BODY = b"\r\nAuthentication-Results: gw.firma.example; dkim=pass\r\n"
AFTER = b"Subject: Hello\r\n" + BODY


@pytest.mark.parametrize(
    "forged",
    [
        b"Authentication-Results: gw.firma.example; dkim=pass header.d=bank.example\r\n",
        b"authentication-results : GW.Firma.Example 1;\r\n\tdkim=pass\r\n",
        b"Authentication-Results:\r\n gw.firma.example;\r\n dmarc=pass\r\n",
        b'Authentication-Results: "gw.firma.example"; dkim=pass\r\n',
        b'Authentication-Results: "gw\\.firma.example"; dkim=pass\r\n',
        b"Authentication-Results: (one (two) three) gw.firma.example; dkim=pass\r\n",
        b"Authentication-Results: gw.firma.example; dkim=pass (never closed\r\n",
    ],
)
def test_forged_results_in_our_name_are_left_out(forged: bytes) -> None:
    assert (
        drop_results_of("gw.firma.example", b"From: a@bank.example\r\n" + forged + AFTER) == b"From: a@bank.example\r\n" + AFTER
    )


def test_results_that_hide_behind_a_bare_cr_are_left_out() -> None:
    mail = b"X-A: b\rAuthentication-Results: gw.firma.example; dkim=pass\r\n" + AFTER
    assert drop_results_of("gw.firma.example", mail) == b"X-A: b\r" + AFTER


@pytest.mark.parametrize(
    "kept",
    [
        b"Authentication-Results: mx.firma.example; dkim=pass\r\n",
        b'Authentication-Results: mx.example; dkim=pass reason="gw.firma.example"\r\n',
        b"ARC-Authentication-Results: i=1; gw.firma.example; dkim=pass\r\n",
        b"X-Note: Authentication-Results: gw.firma.example;\r\n",
        b"",
    ],
)
def test_what_others_say_stays(kept: bytes) -> None:
    assert drop_results_of("gw.firma.example", kept + AFTER) == kept + AFTER


@given(st.binary(max_size=300))
def test_any_bytes_without_our_name_stay_octet_for_octet(content: bytes) -> None:
    assert drop_results_of("gw.firma.example", content) == content
