"""The whole file as one model, composed of the sections that the packages own."""

from typing import Annotated

from pydantic import Field

from gateway.evidence.settings import Domain, ResolverSettings, SigningSettings
from gateway.mail.addresses import Address
from gateway.pipeline.mail_test_settings import MailTestSettings
from gateway.pipeline.policy import Policy, compile_policy
from gateway.pipeline.rules.settings import RuleSettings, TriggerSettings
from gateway.pipeline.settings import (
    AgentSettings,
    ChannelSettings,
    Key,
    LoopSettings,
    OperatorSettings,
    ParseSettings,
    QueueSettings,
    SuspendedSettings,
    TextSettings,
    TicketSettings,
)
from gateway.pipeline.time_settings import BusinessHoursSettings, ClockSettings, ReportSettings
from gateway.pipeline.view_settings import ViewSettings
from gateway.relay.settings import RelaySettings, SmarthostSettings
from gateway.section import Section
from gateway.smtp_in.settings import LimitSettings, ListenSettings
from gateway.storage.settings import StorageSettings


class OwnSettings(Section):
    """Who we are."""

    hostname: Domain
    """Our own name: it greets, it is in Message-IDs, and mail to addresses on it must reach this gateway."""
    user: str | None = None
    """The account to become after binding when started as root; under systemd leave it out."""


class Config(StorageSettings, OwnSettings):
    """Everything an admin can say."""

    listen: Annotated[list[ListenSettings], Field(min_length=1)]
    """Where mail comes in."""
    listen_processes: Annotated[int, Field(ge=1, le=64)] = 1
    """How many processes take mail, all from the same addresses; each beyond the first takes 80 MB of memory."""
    limits: LimitSettings = LimitSettings()
    """Bounds on what comes in."""
    smarthosts: Annotated[dict[Key, SmarthostSettings], Field(min_length=1)]
    """The company's mail servers that deliver what leaves, by name."""
    relay: RelaySettings = RelaySettings()
    """How what leaves is handed over, and tried again."""
    agents: dict[Key, AgentSettings]
    """The people who answer, by name."""
    queues: Annotated[dict[Key, QueueSettings], Field(min_length=1)]
    """Teams and their tickets, by name."""
    channels: Annotated[dict[Key, ChannelSettings], Field(min_length=1)]
    """The support addresses, by name."""
    business_hours: dict[Key, BusinessHoursSettings] = Field(default_factory=dict)
    """When teams work, by name; the one called `default` is for queues that name none."""
    clocks: dict[Key, ClockSettings] = Field(default_factory=dict)
    """What is promised by when, by name; the one called `default` is for queues that name none."""
    views: dict[Key, ViewSettings] = Field(default_factory=dict)
    """Lists of tickets, by name: `ticket-gateway tickets list --view NAME`."""
    reports: dict[Key, ReportSettings] = Field(default_factory=dict)
    """Reports that are mailed every week, by name."""
    signing: list[SigningSettings] = Field(default_factory=list)
    """Keys that sign what goes out; needed only where no smarthost signs for its domain."""
    resolver: ResolverSettings = ResolverSettings()
    """Whom to ask in the DNS."""
    tickets: TicketSettings = TicketSettings()
    """How tickets behave."""
    loops: LoopSettings = LoopSettings()
    """How automatic mail is kept from answering automatic mail."""
    texts: TextSettings = TextSettings()
    """The texts people see."""
    parse: ParseSettings = ParseSettings()
    """Bounds on reading hostile mail."""
    suspended: SuspendedSettings = SuspendedSettings()
    """Mail that was not safe to take, and who works it."""
    operators: OperatorSettings = OperatorSettings()
    """Who is told when something needs an admin."""
    rules: list[RuleSettings] = Field(default_factory=list)
    """What is done with customers' mail that is like this, asked one after the other before it opens or joins a ticket."""
    triggers: list[TriggerSettings] = Field(default_factory=list)
    """What is done when something happened to a ticket; what a trigger changes sets off no other."""
    tests: list[MailTestSettings] = Field(default_factory=list)
    """Mails, and what must become of them: tried by `check-config`, and before each reload, which is refused when one fails."""

    def intake_address(self, channel: str) -> Address:
        """Return the generated address of a channel: the target for a forwarding rule."""
        return self.policy().intake_of_channel[channel]

    def policy(self) -> Policy:
        """Return the settings that decide what becomes of a mail, with their look-ups."""
        return compile_policy(
            hostname=self.hostname,
            channels=self.channels,
            queues=self.queues,
            agents=self.agents,
            tickets=self.tickets,
            loops=self.loops,
            texts=self.texts,
            operators=self.operators,
            suspended=self.suspended,
            rules=self.rules,
            triggers=self.triggers,
            business_hours=self.business_hours,
            clocks=self.clocks,
            reports=self.reports,
        )
