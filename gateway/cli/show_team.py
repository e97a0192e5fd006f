"""What `agents` and `channels` print."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.cli.exits import Exit
from gateway.cli.looking import look_configured
from gateway.cli.output import counted, print_json, print_rows
from gateway.cli.people_work import ask_configured
from gateway.cli.show_tickets import when
from gateway.config import load_config
from gateway.config.model import Config
from gateway.errors import WrongCommand
from gateway.people import Absence
from gateway.pipeline.moments import read_until
from gateway.pipeline.said import Said
from gateway.pipeline.wishes import SendAway
from gateway.storage.transaction import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agent:
    key: str
    name: str
    addresses: tuple[str, ...]
    queues: tuple[str, ...]
    absence: Absence | None
    open_tickets: int


def show_agents(path: Path, *, as_json: bool) -> None:
    """Print who works here."""
    now = datetime.now(UTC)
    found = look_configured(path, lambda tx, config: _read(tx, config, now))
    if as_json:
        for agent in found:
            away = agent.absence
            print_json(
                {
                    "agent": agent.key,
                    "name": agent.name,
                    "addresses": list(agent.addresses),
                    "queues": list(agent.queues),
                    "away": away is not None,
                    "until": away.until.isoformat() if away and away.until else None,
                    "by": away.by if away else None,
                    "open_tickets": agent.open_tickets,
                }
            )
        return
    rows = (
        (a.key, a.name, _presence(a.absence), str(a.open_tickets), ", ".join(a.queues), ", ".join(a.addresses)) for a in found
    )
    columns = ("agent", "name", "there", "open", "queues", "addresses")
    print_rows(counted(len(found), "agent"), columns, rows, empty="There are no agents.", spare=("addresses", "queues"))


def _read(tx: Reader, config: Config, now: datetime) -> tuple[_Agent, ...]:
    absences, loads = tx.people.absences(), tx.tickets.open_counts(tuple(config.agents))
    policy = config.policy()
    return tuple(
        _Agent(
            key=key,
            name=settings.name,
            addresses=tuple(map(str, settings.addresses)),
            queues=tuple(queue for queue in config.queues if key in policy.team(queue)),
            absence=_standing(absences.get(key), now),
            open_tickets=loads[key],
        )
        for key, settings in config.agents.items()
    )


def _standing(absence: Absence | None, now: datetime) -> Absence | None:
    return absence if absence is not None and (absence.until is None or absence.until > now) else None


def _presence(absence: Absence | None) -> str:
    if absence is None:
        return "yes"
    return f"away until {when(absence.until)}" if absence.until else "away"


def send_away(path: Path, agent: str, *, until: str | None, as_json: bool) -> Exit:
    """Note that somebody is away.

    Raises:
        WrongCommand: the time is none.
    """

    def wish(config: Config) -> tuple[SendAway, ...]:
        if until is None:
            return (SendAway(agent=agent),)
        moment = read_until(until, now=datetime.now(UTC), zone=config.texts.timezone, whole_day=True)
        if isinstance(moment, Said):
            raise WrongCommand(moment.en)
        return (SendAway(agent=agent, until=moment),)

    return ask_configured(path, wish, as_json=as_json)


def show_channels(path: Path, *, as_json: bool) -> None:
    """Print who gets what; needs no database."""
    config = load_config(path, needs_secrets=False)
    policy = config.policy()
    if as_json:
        for key, channel in config.channels.items():
            print_json(
                {
                    "channel": key,
                    "address": str(channel.address),
                    "also": list(map(str, channel.also)),
                    "intake": str(policy.intake_of_channel[key]),
                    "display_name": channel.display_name,
                    "queue": channel.queue,
                    "agents": list(policy.team(channel.queue)),
                    "language": channel.language,
                    "policy": channel.intake_policy.value,
                    "active": channel.active,
                }
            )
        return
    rows = (
        (
            key,
            str(channel.address),
            ", ".join(map(str, channel.also)),
            str(policy.intake_of_channel[key]),
            f"{channel.queue}: {', '.join(policy.team(channel.queue)) or 'nobody'}",
            channel.language,
            channel.intake_policy.value,
            "yes" if channel.active else "no",
        )
        for key, channel in config.channels.items()
    )
    columns = ("channel", "address", "also", "forward to", "queue", "language", "takes", "active")
    print_rows(counted(len(config.channels), "channel"), columns, rows, empty="There are no channels.", spare=("language",))
