"""The configuration as the decision sees it: settings with the look-ups that deciding needs, made once per configuration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.mail.addresses import Address, Mailbox
from gateway.mail.envelope import Recipient, RouteKind
from gateway.pipeline.business_hours import ALWAYS, BusinessHours
from gateway.pipeline.rules.compiled import NO_RULES, Rules, compile_rules
from gateway.pipeline.settings import (
    AgentSettings,
    ChannelSettings,
    LoopSettings,
    OperatorSettings,
    QueueSettings,
    SuspendedSettings,
    TextSettings,
    TicketSettings,
    intake_local_part,
)
from gateway.pipeline.time_settings import (
    DEFAULT,
    BusinessHoursSettings,
    ClockSettings,
    PromiseSettings,
    ReportSettings,
)
from gateway.pipeline.tokens import RETURN_PREFIX, TOKEN_LENGTH, find_tokens
from gateway.section import Duration, Section
from gateway.tickets import Priority

NOTE_SUFFIX: Final = "+note"
"""What is sent to an address with it stays internal."""
_OPERATOR_NAMES: Final = frozenset({"postmaster", "abuse", "mailer-daemon"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What is promised for a ticket, in seconds of its queue's business time; None is nothing."""

    reaction: float | None = None
    resolution: float | None = None
    warning: float | None = None
    """So long before either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All settings that decide what becomes of a mail. Build it with `compile_policy`."""

    hostname: str
    channels: Mapping[str, ChannelSettings]
    queues: Mapping[str, QueueSettings]
    agents: Mapping[str, AgentSettings]
    tickets: TicketSettings
    loops: LoopSettings
    texts: TextSettings
    operators: OperatorSettings
    suspended: SuspendedSettings
    channel_of_address: Mapping[str, str]
    """Address key → channel, for customers' addresses and intake addresses alike."""
    intake_of_channel: Mapping[str, Address]
    agent_of_address: Mapping[str, str]
    """Address key → agent."""
    business_hours: Mapping[str, BusinessHours] = field(default_factory=dict)
    clocks: Mapping[str, ClockSettings] = field(default_factory=dict)
    reports: Mapping[str, ReportSettings] = field(default_factory=dict)
    rules: Rules = NO_RULES

    def operators_language(self, channel: str | None = None) -> str:
        """Return the language of notices to the admins: that of the channel that carries them."""
        return self.channels[self.carrier(channel)].language

    def carrier(self, channel: str | None = None) -> str:
        """Return the channel that carries what is about no channel alone: notices to the admins, lists, reports."""
        carrier = self.operators.channel or channel or ""
        return carrier if carrier in self.channels else next(iter(self.channels))

    def team(self, queue: str) -> tuple[str, ...]:
        """Return the keys of everybody who works in a queue, leads last, each once."""
        settings = self.queues[queue]
        return tuple(dict.fromkeys((*settings.agents, *settings.leads)))

    def hours(self, queue: str) -> BusinessHours:
        """Return when a queue's team works; where nothing is said, always."""
        name = self.queues[queue].business_hours if queue in self.queues else None
        return self.business_hours.get(name or DEFAULT, ALWAYS)

    def promise(self, queue: str, priority: Priority) -> Promise:
        """Return what is promised for a queue's tickets of a priority."""
        clock = self.clocks.get((self.queues[queue].clock if queue in self.queues else None) or DEFAULT)
        promised = clock.of(priority) if clock is not None else None
        hours = self.hours(queue)
        return in_business_time(promised, hours) if promised is not None else Promise()

    def close_solved_after(self, queue: str) -> float | None:
        """Return how long a solved ticket of a queue stays so before it closes, in seconds; None is for ever."""
        own = self.queues[queue].close_solved_after if queue in self.queues else None
        return (self.tickets.close_solved_after if own is None else own) or None

    def is_own_address(self, address: Address) -> bool:
        """Tell whether mail to this address would come back to us."""
        return address.key in self.channel_of_address or address.domain == self.hostname or self.token_in(address) is not None

    def token_in(self, address: Address) -> str | None:
        """Return the token in `<token>@hostname` or in the plus form of a channel's address, unverified."""
        if address.domain == self.hostname:
            local = address.local.casefold().removesuffix(NOTE_SUFFIX)
            return local if _is_token(local) else None
        for channel in self.channels.values():
            token = _token_after_subaddress(address, channel)
            if token is not None:
                return token
        return None

    def is_note_address(self, address: Address) -> bool:
        """Tell whether what is sent to this address stays internal."""
        return _without_note(address, self)[1]

    def agent_mailbox(self, agent: str) -> Mailbox:
        """Return where notifications of an agent go."""
        settings = self.agents[agent]
        return Mailbox(settings.name, settings.addresses[0])

    def agent_alias(self, agent: str) -> str:
        """Return the name customers see."""
        settings = self.agents[agent]
        return settings.alias or settings.name.split()[0]


def compile_policy(  # noqa: PLR0913 one argument for each section of the file
    *,
    hostname: str,
    channels: Mapping[str, ChannelSettings],
    queues: Mapping[str, QueueSettings],
    agents: Mapping[str, AgentSettings],
    tickets: TicketSettings | None = None,
    loops: LoopSettings | None = None,
    texts: TextSettings | None = None,
    operators: OperatorSettings | None = None,
    suspended: SuspendedSettings | None = None,
    rules: Sequence[Section] = (),
    triggers: Sequence[Section] = (),
    business_hours: Mapping[str, BusinessHoursSettings] | None = None,
    clocks: Mapping[str, ClockSettings] | None = None,
    reports: Mapping[str, ReportSettings] | None = None,
) -> Policy:
    """Make the policy of a configuration that was checked before."""
    hostname = hostname.lower()
    intake = {key: Address(intake_local_part(channel), hostname) for key, channel in channels.items()}
    return Policy(
        hostname=hostname,
        channels=channels,
        queues=queues,
        agents=agents,
        tickets=tickets or TicketSettings(),
        loops=loops or LoopSettings(),
        texts=texts or TextSettings(),
        operators=operators or OperatorSettings(),
        suspended=suspended or SuspendedSettings(),
        channel_of_address=_addresses_of(channels) | {address.key: key for key, address in intake.items()},
        intake_of_channel=intake,
        agent_of_address={address.key: key for key, agent in agents.items() for address in agent.addresses},
        rules=compile_rules(rules, triggers),
        business_hours={key: hours.compiled() for key, hours in (business_hours or {}).items()},
        clocks=clocks or {},
        reports=reports or {},
    )


def in_business_time(promised: PromiseSettings, hours: BusinessHours) -> Promise:
    """Return what a promise comes to by a calendar, whose working days and weeks it counts in."""
    day, week = hours.seconds_of_day, hours.seconds_of_week

    def seconds(duration: Duration | None) -> float | None:
        return None if duration is None else duration.in_seconds(day=day, week=week)

    return Promise(
        reaction=seconds(promised.reaction), resolution=seconds(promised.resolution), warning=seconds(promised.warning)
    )


def route(address: Address, policy: Policy) -> Recipient | None:
    """Say what an envelope recipient leads to; None is an unknown recipient (550 5.1.1) and never relaying.

    The channel of a token or return address is that of the mail it answers, which only the database knows: `channel` is empty
    then, and the caller fills it in.
    """
    bare, note = _without_note(address, policy)
    channel = policy.channel_of_address.get(bare.key)
    if channel is not None:
        kind = RouteKind.INTAKE if bare.domain == policy.hostname else RouteKind.CHANNEL
        if kind is RouteKind.CHANNEL and not policy.channels[channel].active:
            return None
        return Recipient(address=address, channel=channel, kind=kind, note=note)
    token = policy.token_in(bare)
    if token is not None:
        return Recipient(address=address, channel="", kind=RouteKind.TOKEN, token=token, note=note)
    return _route_machinery(address, policy) if bare.domain == policy.hostname else None


def _route_machinery(address: Address, policy: Policy) -> Recipient | None:
    """Route the addresses on our own hostname that no customer writes to."""
    local = address.local.casefold()
    if local.startswith(RETURN_PREFIX) and _is_token(local.removeprefix(RETURN_PREFIX)):
        return Recipient(address=address, channel="", kind=RouteKind.RETURN, token=local.removeprefix(RETURN_PREFIX))
    if local in _OPERATOR_NAMES:
        operators = policy.operators.channel or next(iter(policy.channels))
        return Recipient(address=address, channel=operators, kind=RouteKind.OPERATOR)
    return None


def _addresses_of(channels: Mapping[str, ChannelSettings]) -> dict[str, str]:
    return {address.key: key for key, channel in channels.items() for address in _own_addresses(channel)}


def _own_addresses(channel: ChannelSettings) -> Iterable[Address]:
    return (channel.address, *channel.also)


def _without_note(address: Address, policy: Policy) -> tuple[Address, bool]:
    """Take `+note` off an address on our own hostname."""
    local = address.local
    if address.domain == policy.hostname and local.casefold().endswith(NOTE_SUFFIX):
        return Address(local[: -len(NOTE_SUFFIX)], address.domain), True
    return address, False


def _token_after_subaddress(address: Address, channel: ChannelSettings) -> str | None:
    if not channel.subaddress:
        return None
    for own in _own_addresses(channel):
        prefix = own.local.casefold() + channel.subaddress
        local = address.local.casefold()
        if address.domain == own.domain and local.startswith(prefix) and _is_token(local.removeprefix(prefix)):
            return local.removeprefix(prefix)
    return None


def _is_token(text: str) -> bool:
    return len(text) == TOKEN_LENGTH and find_tokens(text) == (text,)
