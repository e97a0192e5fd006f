"""`dns-records`: prints what an admin puts into the DNS."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from gateway.cli.output import print_error, print_json, print_text
from gateway.config import load_config
from gateway.config.dns_records import DnsRecord, HowTo, find_gaps, wanted_records
from gateway.config.model import Config
from gateway.errors import ConfigError
from gateway.evidence.signing import DkimSigner, UnusableSigningKey

_LONGEST_STRING: Final = 255
"""Octets of one string in a TXT record (RFC 1035 section 3.3.14); longer texts are several, joined without a space."""


def show_dns_records(path: Path, *, as_json: bool) -> None:
    """Print the records of a configuration."""
    config = load_config(path, needs_secrets=False)
    records, gaps = wanted_records(config, key_records(config)), find_gaps(config)
    if as_json:
        for record in records:
            print_json(asdict(record))
    else:
        print_text("\n".join(zone_lines(record) for record in records) + "\n")
    for gap in gaps:
        print_error(gap)


def zone_lines(record: DnsRecord) -> str:
    """Return a record as a zone file has it, below a comment that says why; what is to be completed is a comment, too."""
    notes = {HowTo.EXTEND: " (put it into the record that is there)", HowTo.COMPLETE: " (complete it)"}
    value = _quoted(record.value) if record.type == "TXT" else record.value
    line = f"{record.name}. IN {record.type} {value}"
    mark = "; " if record.how is HowTo.COMPLETE else ""
    return f"; {record.because}{notes.get(record.how, '')}\n{mark}{line}"


def _quoted(text: str) -> str:
    strings = [text[start : start + _LONGEST_STRING] for start in range(0, len(text), _LONGEST_STRING)]
    return " ".join(f'"{string}"' for string in strings)


def key_records(config: Config) -> list[tuple[str, str]]:
    """Return name and text of the record of each signing key. Raises ConfigError."""
    try:
        return [DkimSigner(each.domain, each.selector, each.key.read_bytes()).dns_record for each in config.signing]
    except (OSError, UnusableSigningKey) as error:
        raise ConfigError((f"signing: {error}",)) from error
