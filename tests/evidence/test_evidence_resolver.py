"""The resolver: what it remembers, how long it waits, and what it does with servers and names that misbehave."""

import asyncio
import time

import pytest

from gateway.evidence.answers import Answer, AnswerStatus, RecordType
from gateway.evidence.observe import Observer
from gateway.evidence.resolver import MailQuestions, NoDns, Resolver
from gateway.evidence.settings import ForwarderSettings, ResolverSettings
from gateway.mail.evidence import Assurance, DkimResult, DmarcResult, SpfResult
from tests.evidence.fake_dns import Behaviour, FakeDns
from tests.evidence.world import DIRECT, FORWARDER_IP, RECEIVED_BY_FORWARDER, World, signer

FOUND, NO_DATA, NO_NAME = AnswerStatus.FOUND, AnswerStatus.NO_DATA, AnswerStatus.NO_NAME
TEMPORARY, INVALID = AnswerStatus.TEMPORARY, AnswerStatus.INVALID


async def test_each_type_of_record_is_read(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["a.example"] = {
        "A": ["192.0.2.1", "192.0.2.2"],
        "AAAA": ["2001:db8::1"],
        "MX": ["20 two.example.", "10 One.example."],
        "TXT": [b"x" * 600],
        "PTR": ["host.example."],
    }
    assert sorted((await resolver.ask("a.example", RecordType.A)).hosts) == ["192.0.2.1", "192.0.2.2"]
    assert (await resolver.ask("A.Example.", RecordType.AAAA)).hosts == ("2001:db8::1",)
    assert (await resolver.ask("a.example", RecordType.MX)).hosts == ("one.example", "two.example")
    assert (await resolver.ask("a.example", RecordType.PTR)).hosts == ("host.example",)
    assert (await resolver.ask("a.example", RecordType.TXT)).texts == (b"x" * 600,)


async def test_equal_questions_share_one_flight_and_answers_are_remembered(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["a.example"] = {"A": ["192.0.2.1"]}
    answers = await asyncio.gather(*(resolver.ask("a.example", RecordType.A) for _ in range(50)))
    assert set(answers) == {Answer(status=FOUND, hosts=("192.0.2.1",))}
    assert (await resolver.ask("A.EXAMPLE", RecordType.A)).status is FOUND
    assert fake_dns.questions == [("a.example", "A")]


@pytest.mark.parametrize(
    ("name", "status"), [("missing.example", NO_NAME), ("a.example", NO_DATA), ("broken.example", TEMPORARY)]
)
async def test_nothing_and_failure_are_remembered_too(
    name: str, status: AnswerStatus, resolver: Resolver, fake_dns: FakeDns
) -> None:
    fake_dns.zone["a.example"] = {"A": ["192.0.2.1"]}
    fake_dns.zone["broken.example"] = Behaviour.SERVFAIL
    for _ in range(3):
        assert (await resolver.ask(name, RecordType.TXT)).status is status
    assert len(fake_dns.questions) == 1


async def test_what_one_mail_was_told_from_memory_stays_so_for_that_mail_only(fake_dns: FakeDns, resolver: Resolver) -> None:
    fake_dns.zone["a.example"] = {"A": ["192.0.2.1"]}
    answer = await resolver.ask("a.example", RecordType.A)
    mail, later = (MailQuestions(resolver, questions=0, deadline=asyncio.get_running_loop().time() + 9) for _ in range(2))
    assert mail.recall("a.example", RecordType.A) == answer
    resolver._cache.clear()
    assert (await mail.ask("a.example", RecordType.A), mail.is_exhausted) == (answer, False)
    assert (later.recall("a.example", RecordType.A), mail.recall("a.example", RecordType.TXT)) == (None, None)


async def test_an_answer_is_forgotten_when_its_time_is_over(fake_dns: FakeDns, resolver: Resolver) -> None:
    fake_dns.ttl = 0
    fake_dns.zone["a.example"] = {"A": ["192.0.2.1"]}
    await resolver.ask("a.example", RecordType.A)
    fake_dns.zone["a.example"] = {"A": ["192.0.2.2"]}
    assert (await resolver.ask("a.example", RecordType.A)).hosts == ("192.0.2.2",)


async def test_memory_is_bounded_and_the_longest_unused_goes_first(fake_dns: FakeDns) -> None:
    resolver = Resolver(ResolverSettings(servers=[fake_dns.address], cache_size=2))
    for name in ("a.example", "b.example", "a.example", "c.example", "a.example", "b.example"):
        fake_dns.zone[name] = {"A": ["192.0.2.1"]}
        await resolver.ask(name, RecordType.A)
    assert [name for name, _ in fake_dns.questions] == ["a.example", "b.example", "c.example", "b.example"]


async def test_a_truncated_answer_is_fetched_over_tcp(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["a.example"] = {"TXT": [b"x" * 60_000]}
    assert (await resolver.ask("a.example", RecordType.TXT)).texts == (b"x" * 60_000,)
    assert fake_dns.tcp_questions == 1


@pytest.mark.parametrize("behaviour", list(Behaviour))
async def test_a_server_that_misbehaves_is_a_temporary_error_within_a_second_or_two(
    behaviour: Behaviour, resolver: Resolver, fake_dns: FakeDns
) -> None:
    fake_dns.zone["a.example"] = behaviour
    started = time.monotonic()
    assert (await resolver.ask("a.example", RecordType.TXT)).status is TEMPORARY
    assert time.monotonic() - started < 5


async def test_the_second_server_is_asked_where_the_first_fails(fake_dns: FakeDns) -> None:
    fake_dns.zone["a.example"] = Behaviour.SERVFAIL
    async with FakeDns({"a.example": {"A": ["192.0.2.1"]}}) as second:
        resolver = Resolver(ResolverSettings(servers=[fake_dns.address, second.address]))
        assert (await resolver.ask("a.example", RecordType.A)).status is FOUND


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..example",
        "x" * 64 + ".example",
        ".".join(["x" * 60] * 5),
        "a\x00b.example",
        'a"b.example',
        "a\\b.example",
        "ä.example",
    ],
)
async def test_a_name_that_cannot_be_is_never_asked_about(name: str, resolver: Resolver, fake_dns: FakeDns) -> None:
    assert (await resolver.ask(name, RecordType.TXT)).status is INVALID
    assert fake_dns.questions == []


async def test_aliases_are_followed_and_their_loops_end(resolver: Resolver, fake_dns: FakeDns) -> None:
    fake_dns.zone["a.example"] = {"CNAME": ["b.example."]}
    fake_dns.zone["b.example"] = {"TXT": ["found"]}
    fake_dns.zone["loop.example"] = {"CNAME": ["pool.example."]}
    fake_dns.zone["pool.example"] = {"CNAME": ["loop.example."]}
    assert (await resolver.ask("a.example", RecordType.TXT)).texts == (b"found",)
    assert (await resolver.ask("loop.example", RecordType.TXT)).status is INVALID


async def test_there_is_no_search_list(resolver: Resolver, fake_dns: FakeDns) -> None:
    await resolver.ask("host", RecordType.A)
    assert fake_dns.questions == [("host", "A")]


async def test_thousands_of_questions_at_once_are_all_answered(fake_dns: FakeDns) -> None:
    resolver = Resolver(ResolverSettings(servers=[fake_dns.address], timeout=3))
    names = [f"n{i}.example" for i in range(1500)]
    fake_dns.zone.update({name: {"A": ["192.0.2.1"]} for name in names})
    answers = await asyncio.gather(*(resolver.ask(name, RecordType.A) for name in names))
    assert {answer.status for answer in answers} == {FOUND}


async def test_one_mail_asks_only_so_often(resolver: Resolver, fake_dns: FakeDns) -> None:
    loop = asyncio.get_running_loop()
    questions = MailQuestions(resolver, questions=2, deadline=loop.time() + 5)
    statuses = [(await questions.ask(f"n{i}.example", RecordType.A)).status for i in range(4)]
    assert statuses == [NO_NAME, NO_NAME, TEMPORARY, TEMPORARY]
    assert questions.is_exhausted
    assert len(fake_dns.questions) == 2


async def test_what_is_not_answered_in_time_is_temporary_and_the_evidence_says_so(fake_dns: FakeDns) -> None:
    for name in ("kunde.example", "_dmarc.kunde.example", "s1._domainkey.kunde.example"):
        fake_dns.zone[name] = Behaviour.SILENCE
    observer = Observer(ResolverSettings(servers=[fake_dns.address], timeout=30, seconds_per_mail=0.3))
    started = time.monotonic()
    evidence = await World(fake_dns, observer).observe(signer().sign(DIRECT))
    assert time.monotonic() - started < 10, "one question alone may take a minute here"
    assert (evidence.is_complete, evidence.assurance) == (False, Assurance.UNPROVEN)
    assert (evidence.spf.result, evidence.dmarc.result) == (SpfResult.TEMPERROR, DmarcResult.TEMPERROR)
    assert [d.result for d in evidence.dkim] == [DkimResult.TEMPERROR]
    await observer.aclose()


async def test_without_any_dns_everything_is_a_temporary_error(fake_dns: FakeDns) -> None:
    observer = Observer(ResolverSettings(servers=[fake_dns.address]), dns=NoDns())
    evidence = await World(fake_dns, observer).observe(signer().sign(DIRECT))
    assert (evidence.spf.result, evidence.dmarc.result) == (SpfResult.TEMPERROR, DmarcResult.TEMPERROR)
    assert [d.result for d in evidence.dkim] == [DkimResult.TEMPERROR]
    assert evidence.assurance is Assurance.UNPROVEN
    assert fake_dns.questions == []


async def test_all_questions_of_a_mail_run_side_by_side(world: World) -> None:
    async def seconds(mail: bytes) -> float:
        started = time.monotonic()
        await world.observe(mail, mail_from="x@stumm.example")
        return time.monotonic() - started

    world.set("stumm.example", Behaviour.SILENCE)
    one = await seconds(b"")
    for name in ("kunde.example", "_dmarc.kunde.example", "s1._domainkey.kunde.example", "s1._domainkey.evil.example"):
        world.set(name, Behaviour.SILENCE)
    assert await seconds(signer("evil.example").sign(signer().sign(DIRECT))) < 2.5 * one, "four silent names cost as much as one"


async def test_what_is_asked_about_the_hop_before_and_about_relatives_costs_no_second_budget(world: World) -> None:
    """Without looking ahead, the four rounds of questions of this mail wait one after the other."""
    hoster = [ForwarderSettings(spf_domain="hoster.example"), ForwarderSettings(networks=["203.0.113.0/24"])]
    mail = DIRECT.replace(b"kurt@kunde.example", b"kurt@shop.kunde.example", 1)
    signed = RECEIVED_BY_FORWARDER + signer("mail.kunde.example").sign(mail)

    async def seconds(content: bytes, path: str, forwarders: list[ForwarderSettings]) -> float:
        started = time.monotonic()
        await world.observe(content, client_ip=FORWARDER_IP, mail_from=path, forwarders=forwarders)
        return time.monotonic() - started

    world.set("stumm.example", Behaviour.SILENCE)
    one = await seconds(b"", "x@stumm.example", [])
    slow = (
        "hoster.example",
        "kunde.example",
        "shop.kunde.example",
        "s1._domainkey.mail.kunde.example",
        "_dmarc.mail.kunde.example",
    )
    for name in slow:
        world.set(name, Behaviour.SILENCE)
    assert await seconds(signed, "SRS0=Ab1=TT=kunde.example=kurt@firma.example", hoster) < 1.8 * one
