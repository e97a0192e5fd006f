"""Mistakes that only show between sections: a name nobody defined, an address used twice, a certificate that is not there.

Works on the plain values and passes over what the models refuse anyway, so that one mistake does not hide another. A check is a
generator in `CHECKS`; add a new one there.
"""

import pwd
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.config.document import Keys, section_of, value_at
from gateway.config.mistake import Mistake
from gateway.config.notification_checks import NOTIFICATION_CHECKS
from gateway.config.rule_checks import RULE_CHECKS
from gateway.config.shape import did_you_mean
from gateway.config.time_checks import TIME_CHECKS
from gateway.errors import InvalidAddress
from gateway.evidence.signing import DkimSigner, UnusableSigningKey
from gateway.mail.addresses import Address
from gateway.pipeline.settings import generated_intake
from gateway.pipeline.tokens import RETURN_PREFIX, find_tokens

RESERVED_LOCAL_PARTS: Final = frozenset({"postmaster", "abuse", "mailer-daemon"})
"""Ours by RFC 5321 section 4.5.1 and RFC 2142; no channel may have them on our hostname."""
_LONGEST_LABEL: Final = 63
_LONGEST_NAME: Final = 253
_LONGEST_NUMBER: Final = 64


def find_mistakes(tree: object) -> Iterator[Mistake]:
    """Yield every mistake between the sections of a file's plain values."""
    for check in CHECKS:
        yield from check(tree)


def names_are_defined(tree: object) -> Iterator[Mistake]:
    """Find agents, queues, smarthosts and channels that are named but not defined."""
    for keys, section in _naming_places(tree):
        known = section_of(tree, section)
        for place, name in _texts(tree, keys):
            if name not in known:
                yield Mistake(place, f"there is no {section.removesuffix('s')} `{name}`{did_you_mean(name, sorted(known))}")


def names_stand_once(tree: object) -> Iterator[Mistake]:
    """Find lists that hold the same name twice."""
    for keys, _ in _naming_places(tree):
        seen: set[str] = set()
        for place, name in _texts(tree, keys):
            if name in seen:
                yield Mistake(place, f"`{name}` stands here twice")
            seen.add(name)


def _naming_places(tree: object) -> Iterator[tuple[Keys, str]]:
    """Yield each place that holds a name or a list of names, and the section that defines them."""
    for queue in section_of(tree, "queues"):
        yield ("queues", queue, "agents"), "agents"
        yield ("queues", queue, "leads"), "agents"
    for channel in section_of(tree, "channels"):
        yield ("channels", channel, "queue"), "queues"
        yield ("channels", channel, "smarthosts"), "smarthosts"
    yield ("operators", "channel"), "channels"


def addresses_lead_to_one_place(tree: object) -> Iterator[Mistake]:
    """Find addresses that belong to two channels, two agents, or one of each."""
    taken: dict[str, str] = {}
    for keys, address, owner in _owned_addresses(tree):
        first = taken.get(address.key)
        if first is None:
            taken[address.key] = owner
        elif first == owner:
            yield Mistake(keys, f"{address} stands here twice")
        else:
            yield Mistake(keys, f"{address} already belongs to {first}")


def _owned_addresses(tree: object) -> Iterator[tuple[Keys, Address, str]]:
    """Yield each address of a channel or an agent: where, which, whose."""
    for channel in section_of(tree, "channels"):
        for field in ("address", "also"):
            for keys, address in _addresses(tree, ("channels", channel, field)):
                yield keys, address, f"channel `{channel}`"
    for agent in section_of(tree, "agents"):
        for keys, address in _addresses(tree, ("agents", agent, "addresses")):
            yield keys, address, f"agent `{agent}`"


def intakes_do_not_overlap(tree: object) -> Iterator[Mistake]:
    """Find generated addresses that are unusable, reserved, or taken already."""
    hostname = _hostname(tree)
    taken = {address.key: owner for _, address, owner in _owned_addresses(tree) if address.domain == hostname}
    for channel in section_of(tree, "channels"):
        owner = f"channel `{channel}`"
        for keys, local in _intake_of(tree, channel):
            intake = Address(local, hostname)
            if not local or not all(c.isascii() and (c.isalnum() or c in "-_.") for c in local):
                yield Mistake(keys, f"{local!r} cannot be an intake address; use letters, digits, hyphens and dots in `intake`")
            elif local in RESERVED_LOCAL_PARTS or local.startswith(RETURN_PREFIX) or find_tokens(local):
                yield Mistake(keys, f"{intake} is reserved; choose another local part with `intake`")
            elif (first := taken.setdefault(intake.key, owner)) != owner:
                yield Mistake(keys, f"the intake address {intake} already belongs to {first}; choose another with `intake`")


def _intake_of(tree: object, channel: str) -> Iterator[tuple[Keys, str]]:
    """Yield the local part of a channel's generated address, and what it comes from."""
    for keys, text in _texts(tree, ("channels", channel, "intake")):
        yield keys, text.lower()
        return
    for keys, address in _addresses(tree, ("channels", channel, "address")):
        yield keys, generated_intake(address)


def operators_are_elsewhere(tree: object) -> Iterator[Mistake]:
    """Find admins' addresses where a notice would come back in as a ticket."""
    ours = {address.key: owner for keys, address, owner in _owned_addresses(tree) if keys[0] == "channels"}
    for keys, address in _addresses(tree, ("operators", "addresses")):
        if owner := ours.get(address.key):
            yield Mistake(keys, f"{address} is the address of {owner}; a notice would become a ticket")
        elif address.domain == _hostname(tree):
            yield Mistake(keys, f"{address} is on our own hostname; a notice would come back in")


def listeners_are_apart(tree: object) -> Iterator[Mistake]:
    """Find two listeners on one address."""
    seen: set[str] = set()
    for index in _indexes(tree, ("listen",)):
        for door in ("smtp", "lmtp", "inject"):
            for keys, address in _texts(tree, ("listen", index, door)):
                if address in seen:
                    yield Mistake(keys, f"there is another listener on {address}")
                seen.add(address)


def paths_are_whole(tree: object) -> Iterator[Mistake]:
    """Find paths that would mean another place for each command, depending on where it is started."""
    places: list[Keys] = [("data",), ("texts", "templates")]
    places += [("listen", index, field) for index in _indexes(tree, ("listen",)) for field in ("certificate", "key")]
    places += [("signing", index, "key") for index in _indexes(tree, ("signing",))]
    places += [("smarthosts", name, "ca_file") for name in section_of(tree, "smarthosts")]
    for place in places:
        for keys, path in _texts(tree, place):
            if not path.startswith(("/", "${")):
                yield Mistake(keys, "must be a whole path, one that begins with /")


def hosts_have_names(tree: object) -> Iterator[Mistake]:
    """Find what is neither the name nor the address of a host."""
    places: list[Keys] = [("hostname",)]
    places += [("smarthosts", name, field) for name in section_of(tree, "smarthosts") for field in ("host", "helo")]
    for place in places:
        for keys, host in _texts(tree, place):
            if not _is_host(host):
                yield Mistake(keys, "must be a host name, such as mail.firma.example")


def _is_host(text: str) -> bool:
    name = text.strip().rstrip(".")
    labels_are_good = all(label and len(label) <= _LONGEST_LABEL and not label.startswith("-") for label in name.split("."))
    characters_are_good = all(c.isalnum() or c in "-_.:[]" for c in name)
    return labels_are_good and characters_are_good and len(name) <= _LONGEST_NAME


def account_exists(tree: object) -> Iterator[Mistake]:
    """Find an account to become that this machine does not have."""
    for keys, name in _texts(tree, ("user",)):
        try:
            pwd.getpwnam(name)
        except (KeyError, ValueError):
            yield Mistake(keys, f"there is no account {name}")


def certificates_are_readable(tree: object) -> Iterator[Mistake]:
    """Find certificates and keys that are not there or not for us to read."""
    places: list[Keys] = [("listen", index, field) for index in _indexes(tree, ("listen",)) for field in ("certificate", "key")]
    places += [("smarthosts", name, "ca_file") for name in section_of(tree, "smarthosts")]
    for place in places:
        for keys, path in _texts(tree, place):
            if not path.startswith("/"):
                continue  # no whole path, or a credential that only the service can read
            try:
                Path(path).open("rb").close()
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                yield Mistake(keys, f"{path} cannot be read: {reason}")


def signing_keys_work(tree: object) -> Iterator[Mistake]:
    """Find keys that cannot sign."""
    for index in _indexes(tree, ("signing",)):
        for keys, path in _texts(tree, ("signing", index, "key")):
            if not path.startswith("/"):
                continue  # no whole path, or a credential that only the service can read
            try:
                DkimSigner("domain.example", "selector", Path(path).read_bytes())
            except (OSError, ValueError, UnusableSigningKey) as error:
                yield Mistake(keys, f"{path} cannot sign: {error}")


def texts_can_be_made(tree: object) -> Iterator[Mistake]:
    """Find a time zone, a number format and a folder of templates that do not work."""
    for keys, zone in _texts(tree, ("texts", "timezone")):
        if not _is_timezone(zone):
            yield Mistake(keys, f"there is no time zone {zone}; write one such as Europe/Berlin")
    for keys, form in _texts(tree, ("tickets", "number", "format")):
        if not _is_number_format(form):
            yield Mistake(keys, "must hold {number}, and nothing else in braces but {year}, such as {year}-{number:06d}")
    for keys, folder in _texts(tree, ("texts", "templates")):
        if folder.startswith("/") and not Path(folder).is_dir():
            yield Mistake(keys, f"there is no folder {folder}")


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _is_number_format(form: str) -> bool:
    try:
        first, second = form.format(year=2026, number=1), form.format(year=2026, number=2)
    except (LookupError, ValueError, AttributeError, TypeError):
        return False
    return first != second and first.isprintable() and len(first) <= _LONGEST_NUMBER


def _hostname(tree: object) -> str:
    hostname = value_at(tree, ("hostname",))
    return hostname.lower().rstrip(".") if isinstance(hostname, str) else ""


def _indexes(tree: object, keys: Keys) -> range:
    value = value_at(tree, keys)
    return range(len(value)) if isinstance(value, list) else range(0)


def _texts(tree: object, keys: Keys) -> Iterator[tuple[Keys, str]]:
    """Yield the string at `keys`, or each string of the list there."""
    value = value_at(tree, keys)
    if isinstance(value, str):
        yield keys, value
    for index in _indexes(tree, keys):
        if isinstance(item := value_at(tree, (*keys, index)), str):
            yield (*keys, index), item


def _addresses(tree: object, keys: Keys) -> Iterator[tuple[Keys, Address]]:
    for place, text in _texts(tree, keys):
        try:
            yield place, Address.parse(text)
        except InvalidAddress:
            continue


CHECKS: Final[tuple[Callable[[object], Iterator[Mistake]], ...]] = (
    names_are_defined,
    names_stand_once,
    addresses_lead_to_one_place,
    intakes_do_not_overlap,
    operators_are_elsewhere,
    listeners_are_apart,
    paths_are_whole,
    hosts_have_names,
    account_exists,
    certificates_are_readable,
    signing_keys_work,
    texts_can_be_made,
    *RULE_CHECKS,
    *TIME_CHECKS,
    *NOTIFICATION_CHECKS,
)
