"""The example of RFC 8617 (appendix B): three ARC sets of a mail that two of the three handlers had changed.

The RFC prints the mail whole but none of the keys, and its signatures are of 512 bits, which RFC 8301 forbids to accept: nobody
can verify its seals. What can be tested is the mail, its sets, their order, the results that they carry, and the body hash that
all three state. The chain itself is tested on the same mail, sealed by the same three domains with our keys.
"""

import pytest

from gateway.evidence.arc import read_chain
from gateway.evidence.canonical import BodyWish, Canonical, hash_bodies
from gateway.evidence.headers import HeaderBlock
from gateway.evidence.observe import Observer
from gateway.evidence.results import read_results
from gateway.evidence.settings import ForwarderSettings
from gateway.mail.evidence import ArcResult, Assurance, DkimResult
from tests.evidence.fake_dns import Behaviour
from tests.evidence.world import World, key_record, rsa_pem, sealed, settings

EXAMPLE = b"""\
Return-Path: <jqd@d1.example>
Received: from example.org (example.org [208.69.40.157])
    by gmail.example with ESMTP id d200mr22663000ykb.93.1421363207
    for <fmartin@example.com>; Thu, 14 Jan 2015 15:02:40 -0800 (PST)
Received: from segv.d1.example (segv.d1.example [72.52.75.15])
    by lists.example.org (8.14.5/8.14.5) with ESMTP id t0EKaNU9010123
    for <arc@example.org>; Thu, 14 Jan 2015 15:01:30 -0800 (PST)
    (envelope-from jqd@d1.example)
Received: from [2001:DB8::1A] (w-x-y-z.dsl.static.isp.example [w.x.y.z])
    (authenticated bits=0)
    by segv.d1.example with ESMTP id t0FN4a8O084569;
    Thu, 14 Jan 2015 15:00:01 -0800 (PST)
    (envelope-from jqd@d1.example)
Received: from mail-ob0-f188.google.example
    (mail-ob0-f188.google.example [208.69.40.157]) by
    clochette.example.org with ESMTP id d200mr22663000ykb.93.1421363268
    for <fmartin@example.org>; Thu, 14 Jan 2015 15:03:15 -0800 (PST)
ARC-Seal: i=3; a=rsa-sha256; cv=pass; d=clochette.example.org; s=
        clochette; t=12345; b=CU87XzXlNlk5X/yW4l73UvPUcP9ivwYWxyBWcVrRs7
        +HPx3K05nJhny2fvymbReAmOA9GTH/y+k9kEc59hAKVg==
ARC-Message-Signature: i=3; a=rsa-sha256; c=relaxed/relaxed; d=
        clochette.example.org; h=message-id:date:from:to:subject; s=
        clochette; t=12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZY
        LQ=; b=o71vwyLsK+Wm4cOSlirXoRwzEvi0vqIjd/2/GkYFYlSd/GGfKzkAgPqxf
        K7ccBMP7Zjb/mpeggswHjEMS8x5NQ==
ARC-Authentication-Results: i=3; clochette.example.org; spf=fail
    smtp.from=jqd@d1.example; dkim=fail (512-bit key)
    header.i=@d1.example; dmarc=fail; arc=pass (as.2.gmail.example=pass,
    ams.2.gmail.example=pass, as.1.lists.example.org=pass,
    ams.1.lists.example.org=fail (message has been altered))
Authentication-Results: clochette.example.org; spf=fail
    smtp.from=jqd@d1.example; dkim=fail (512-bit key)
    header.i=@d1.example; dmarc=fail; arc=pass (as.2.gmail.example=pass,
    ams.2.gmail.example=pass, as.1.lists.example.org=pass,
    ams.1.lists.example.org=fail (message has been altered))
ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=gmail.example; s=20120806; t=
        12345; b=Zpukh/kJL4Q7Kv391FKwTepgS56dgHIcdhhJZjsalhqkFIQQAJ4T9BE
        8jjLXWpRNuh81yqnT1/jHn086RwezGw==
ARC-Message-Signature: i=2; a=rsa-sha256; c=relaxed/relaxed; d=
        gmail.example; h=message-id:date:from:to:subject; s=20120806; t=
        12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZYLQ=; b=CVoG44
        cVZvoSs2mMig2wwqPaJ4OZS5XGMCegWqQs1wvRZJS894tJM0xO1RJLgCPsBOxdA5
        9WSqI9s9DfyKDfWg==
ARC-Authentication-Results: i=2; gmail.example; spf=fail
    smtp.from=jqd@d1.example; dkim=fail (512-bit key)
    header.i=@example.org; dmarc=fail; arc=pass
    (as.1.lists.example.org=pass, ams.1.lists.example.org=pass)
ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.org; s=dk-lists;
         t=12345; b=TlCCKzgk3TrAa+G77gYYO8Fxk4q/Ml0biqduZJeOYh6+0zhwQ8u/
        lHxLi21pxu347isLSuNtvIagIvAQna9a5A==
ARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=
        lists.example.org; h=message-id:date:from:to:subject; s=
        dk-lists; t=12345; bh=KWSe46TZKCcDbH4klJPo+tjk5LWJnVRlP5pvjXFZYL
        Q=; b=DsoD3n3hiwlrN1ma8IZQFgZx8EDO7Wah3hUjIEsYKuShRKYB4LwGUiKD5Y
        yHgcIwGHhSc/4+ewYqHMWDnuFxiQ==
ARC-Authentication-Results: i=1; lists.example.org; spf=pass
    smtp.mfrom=jqd@d1.example; dkim=pass (512-bit key)
    header.i=@d1.example; dmarc=pass
DKIM-Signature: v=1; a=rsa-sha1; c=relaxed/relaxed; d=d1.example; h=
        message-id:date:from:to:subject; s=origin2015; bh=bIxxaeIQvmOBdT
        AitYfSNFgzPP4=; b=qKjd5fYibKXWWIcMKCgRYuo1vJ2fD+IAQPjX+uamXIGY2Q
        0HjQ+Lq3/yHzG3JHJp6780/nKQPOWt2UDJQrJkEA==
Message-ID: <54B84785.1060301@d1.example>
Date: Thu, 14 Jan 2015 15:00:01 -0800
From: John Q Doe <jqd@d1.example>
To: arc@dmarc.example
Subject: [List 2] Example 1

Hey gang,
This is a test message.
--J.
""".replace(b"\n", b"\r\n")
LISTS, GMAIL, CLOCHETTE = "lists.example.org", "gmail.example", "clochette.example.org"
KEYS = {LISTS: "dk-lists", GMAIL: "20120806", CLOCHETTE: "clochette"}
ORIGINAL = EXAMPLE[EXAMPLE.index(b"Message-ID:") :]
PASSED = "spf=pass smtp.mailfrom=jqd@d1.example; dkim=pass header.i=@d1.example; dmarc=pass header.from=d1.example"
FAILED = "spf=fail smtp.mailfrom=jqd@d1.example; dkim=fail header.i=@d1.example; dmarc=fail header.from=d1.example; arc=pass"


def test_its_three_sets_are_read_oldest_first_with_the_results_they_carry() -> None:
    chain = read_chain(HeaderBlock.read(EXAMPLE))
    assert chain.broken is None
    assert [(one.number, one.sealer, one.selector) for one in chain.instances] == [
        (1, LISTS, "dk-lists"),
        (2, GMAIL, "20120806"),
        (3, CLOCHETTE, "clochette"),
    ]
    said = [read_results(one.results) for one in chain.instances]
    assert [results.authserv_id for results in said] == [LISTS, GMAIL, CLOCHETTE]
    words = [tuple((method.method, method.result) for method in results.methods) for results in said]
    assert words == [
        (("spf", "pass"), ("dkim", "pass"), ("dmarc", "pass")),
        (("spf", "fail"), ("dkim", "fail"), ("dmarc", "fail"), ("arc", "pass")),
        (("spf", "fail"), ("dkim", "fail"), ("dmarc", "fail"), ("arc", "pass")),
    ]


def test_its_body_hash_is_the_one_that_all_three_sets_state() -> None:
    chain, wish = read_chain(HeaderBlock.read(EXAMPLE)), BodyWish(Canonical.RELAXED)
    found = hash_bodies(EXAMPLE, HeaderBlock.read(EXAMPLE).body_start, {wish})[wish].digest
    assert [one.signature.body_hash for one in chain.instances] == [found] * 3
    assert all(len(one.value) * 8 == 512 for one in chain.instances)


async def test_its_seals_are_nothing_without_their_keys_and_open_when_the_dns_fails(world: World) -> None:
    evidence = await world.observe(EXAMPLE, mail_from="jqd@d1.example")
    assert (evidence.arc.result, evidence.arc.sealer) == (ArcResult.FAIL, CLOCHETTE)
    assert "no key" in evidence.arc.because
    assert [(d.domain, d.result) for d in evidence.dkim] == [("d1.example", DkimResult.POLICY)], "rsa-sha1 (RFC 8301)"
    for domain, selector in KEYS.items():
        world.set(f"{selector}._domainkey.{domain}", Behaviour.SERVFAIL)
    forgetful = Observer(settings(world.dns))
    later = await World(world.dns, forgetful).observe(EXAMPLE, mail_from="jqd@d1.example")
    await forgetful.aclose()
    assert later.arc.result is ArcResult.TEMPERROR


async def test_another_key_of_any_length_does_not_make_its_seals_hold(world: World) -> None:
    for domain, selector in KEYS.items():
        world.set(f"{selector}._domainkey.{domain}", {"TXT": [key_record(rsa_pem())]})
    assert (await world.observe(EXAMPLE, mail_from="jqd@d1.example")).arc.because == "seal 1 does not hold"


def sealed_anew(world: World) -> bytes:
    """Return the mail as the three would seal it today; the last handler before the third changed the subject."""
    for domain in KEYS:
        world.set(f"arc._domainkey.{domain}", {"TXT": [key_record(rsa_pem())]})
    first = sealed(ORIGINAL.replace(b"[List 2] ", b""), LISTS, PASSED)
    second = sealed(first.replace(b"Subject: ", b"Subject: [List 2] "), GMAIL, FAILED)
    return sealed(second, CLOCHETTE, FAILED)


@pytest.mark.parametrize(
    ("trusted", "counts", "assurance"),
    [
        (LISTS, None, Assurance.UNPROVEN),
        (GMAIL, GMAIL, Assurance.UNPROVEN),
        (CLOCHETTE, CLOCHETTE, Assurance.UNPROVEN),
    ],
)
async def test_sealed_anew_the_chain_holds_but_the_first_sealer_never_saw_this_mail(
    trusted: str, counts: str | None, assurance: Assurance, world: World
) -> None:
    mail = sealed_anew(world)
    evidence = await world.observe(mail, mail_from="jqd@d1.example", forwarders=[ForwarderSettings(arc_sealers=trusted)])
    assert (evidence.arc.result, evidence.arc.sealer, evidence.arc.trusted_sealer) == (ArcResult.PASS, CLOCHETTE, counts)
    assert evidence.assurance is assurance


async def test_a_listed_first_sealer_vouches_where_nobody_changed_the_mail_after_it(world: World) -> None:
    for domain in KEYS:
        world.set(f"arc._domainkey.{domain}", {"TXT": [key_record(rsa_pem())]})
    mail = sealed(sealed(sealed(ORIGINAL, LISTS, PASSED), GMAIL, FAILED), CLOCHETTE, FAILED)
    evidence = await world.observe(mail, mail_from="jqd@d1.example", forwarders=[ForwarderSettings(arc_sealers=LISTS)])
    assert (evidence.arc.trusted_sealer, evidence.assurance) == (LISTS, Assurance.VOUCHED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"i=3", b"i=4"),
        (b"i=2", b"i=1"),
        (b"cv=none", b"cv=pass"),
        (b"cv=pass", b"cv=none"),
        (b"cv=pass", b"cv=fail"),
        (b"ARC-Message-Signature: i=2", b"X-Was: i=2"),
        (b"dmarc=pass", b"dmarc=fail"),
        (b"Hey gang", b"Hey pals"),
    ],
)
async def test_a_chain_that_was_touched_fails(old: bytes, new: bytes, world: World) -> None:
    mail = sealed_anew(world)
    assert old in mail
    evidence = await world.observe(mail.replace(old, new), mail_from="jqd@d1.example")
    assert evidence.arc.result is ArcResult.FAIL
