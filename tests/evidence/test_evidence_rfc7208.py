"""The public RFC 7208 suite, as pyspf's source package has it: through our resolver and our code path, and pyspf beside it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from gateway.evidence.resolver import Resolver
from gateway.evidence.settings import ResolverSettings
from gateway.evidence.spf import check_sender
from gateway.mail.addresses import Address
from tests.evidence.conftest import FetchSource
from tests.evidence.fake_dns import Behaviour, FakeDns, Records
from tests.evidence.judge import ask_pyspf

WHERE_BOTH_ARE_RIGHT: list[str] = []
"""Cases for which the suite allows several results, and pyspf chooses another one than we do."""


@dataclass(frozen=True)
class Case:
    name: str
    host: str
    helo: str
    mail_from: str
    expected: frozenset[str]


def _zone(published: Mapping[str, Sequence[Any]]) -> dict[str, Records | Behaviour]:
    """Turn the suite's zone into ours; SPF records stand for TXT records where there are none."""
    zone: dict[str, Records | Behaviour] = {}
    for name, entries in published.items():
        records: dict[str, list[str | bytes] | Behaviour] = {}
        spf: list[str | bytes] = []
        has_txt = False
        for entry in entries:
            if entry == "TIMEOUT":
                records.setdefault("*", Behaviour.SERVFAIL)
                continue
            ((kind, value),) = entry.items()
            if value == "TIMEOUT":
                records[kind] = Behaviour.SERVFAIL
            elif kind in {"TXT", "SPF"}:
                has_txt = has_txt or kind == "TXT"
                if value != "NONE":
                    text = value if isinstance(value, str) else "".join(value)
                    target = spf if kind == "SPF" else records.setdefault("TXT", [])
                    assert isinstance(target, list)
                    target.append(text.encode())
            else:
                text = " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
                target = records.setdefault(kind, [])
                assert isinstance(target, list)
                target.append(text + "." if kind in {"MX", "PTR", "CNAME"} and not text.endswith(".") else text)
        if spf and not has_txt:
            records["TXT"] = spf
        zone[str(name).lower()] = records
    return zone


def _scenarios(file: Path) -> Iterator[tuple[dict[str, Records | Behaviour], list[Case]]]:
    yaml = YAML(typ="safe", pure=True)
    for scenario in yaml.load_all(file.read_text()):
        cases = [
            Case(
                name=name,
                host=str(test["host"]),
                helo=test.get("helo") or "",
                mail_from=test.get("mailfrom") or "",
                expected=frozenset([test["result"]] if isinstance(test["result"], str) else test["result"]),
            )
            for name, test in scenario["tests"].items()
        ]
        yield _zone(scenario["zonedata"]), cases


@pytest.mark.parametrize(("suite", "cases_in_it"), [("rfc7208-tests.yml", 203)])
async def test_every_case_of_the_public_suite_has_the_result_it_asks_for(
    suite: str, cases_in_it: int, fetch_source: FetchSource
) -> None:
    file = fetch_source("pyspf", "2.0.14") / "test" / suite
    wrong: list[str] = []
    different: list[str] = []
    count = 0
    for zone, cases in _scenarios(file):
        async with FakeDns(zone) as server:
            for case in cases:
                count += 1
                resolver = Resolver(ResolverSettings(servers=[server.address], timeout=0.3))
                reverse_path = Address.of(case.mail_from) if case.mail_from else None
                evidence = await check_sender(resolver, client_ip=case.host, reverse_path=reverse_path, helo=case.helo)
                judged = await ask_pyspf(resolver, client_ip=case.host, reverse_path=reverse_path, helo=case.helo)
                await resolver.aclose()
                if evidence.result != judged:
                    different.append(case.name)
                if evidence.result not in case.expected:
                    wrong.append(f"{case.name}: {evidence.result} ({evidence.because}), wanted {sorted(case.expected)}")
    assert not wrong, "\n".join(wrong)
    assert different == WHERE_BOTH_ARE_RIGHT
    assert count == cases_in_it
