"""`doctor`: says whether everything is well that the gateway needs, as far as it can be seen from this machine."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.accounts import become_owner
from gateway.cli.dns_records import key_records
from gateway.cli.examining import (
    Finding,
    Health,
    examine_listener,
    examine_record,
    examine_smarthost,
    examine_storage,
)
from gateway.cli.exits import Exit
from gateway.cli.output import counted, print_json, print_rows
from gateway.config import load_config
from gateway.config.dns_records import DnsRecord, wanted_records
from gateway.config.model import Config
from gateway.errors import StorageUnavailable
from gateway.evidence.resolver import Resolver


def examine(path: Path, *, as_json: bool) -> int:
    """Print what was found; return the exit code."""
    config = load_config(path, needs_secrets=False)
    records = wanted_records(config, key_records(config))
    with suppress(StorageUnavailable):  # a folder that is not there is among the findings
        become_owner(config)
    findings = asyncio.run(_examine_all(config, records))
    ill = sum(each.health is Health.ILL for each in findings)
    if as_json:
        for finding in findings:
            print_json(asdict(finding))
    else:
        rows = ((each.health, each.subject, each.says) for each in findings)
        title = f"{counted(ill, 'thing')} ill" if ill else "nothing is ill"
        print_rows(title, ("is", "what", "found"), rows, empty="")
    return Exit.FAILED if ill else Exit.OK


async def _examine_all(config: Config, records: Sequence[DnsRecord]) -> list[Finding]:
    now, resolver = datetime.now(UTC), Resolver(config.resolver)
    try:
        storage, doors, smarthosts, dns = await asyncio.gather(
            examine_storage(config, now=now),
            asyncio.gather(*(examine_listener(each, hostname=config.hostname, now=now) for each in config.listen)),
            asyncio.gather(
                *(examine_smarthost(name, each, hostname=config.hostname) for name, each in config.smarthosts.items())
            ),
            asyncio.gather(*(examine_record(record, resolver) for record in records)),
        )
    finally:
        await resolver.aclose()
    return [*storage, *(finding for found in doors for finding in found), *smarthosts, *dns]
