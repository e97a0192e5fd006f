"""Plays a journey: real parsing, real decision, real SQLite; only the evidence and the clock are given by the story."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML

from gateway.errors import GatewayError
from gateway.ids import Ids
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope, Recipient, RouteKind
from gateway.mail.evidence import (
    ArcEvidence,
    ArcResult,
    Assurance,
    DkimEvidence,
    DkimResult,
    DmarcEvidence,
    DmarcPolicy,
    DmarcResult,
    Evidence,
    SpfEvidence,
    SpfResult,
    SpfScope,
    Through,
)
from gateway.mail.outbound import OutboundMail
from gateway.mail.received import ReceivedMail
from gateway.people import Absence, Contact, Organisation, Timer
from gateway.pipeline.composer import PrepareAll, prepare_here
from gateway.pipeline.errands import process_people, process_request, process_timer
from gateway.pipeline.journey import Arrival, Road, process_mail
from gateway.pipeline.people_requests import PeopleRequest
from gateway.pipeline.policy import Policy, compile_policy, route
from gateway.pipeline.refusals import refuse_by_rule
from gateway.pipeline.report_timers import standing_timers
from gateway.pipeline.requests import Request, Verb
from gateway.pipeline.rules.settings import RuleSettings, TriggerSettings
from gateway.pipeline.settings import (
    AgentSettings,
    ChannelSettings,
    LoopSettings,
    OperatorSettings,
    QueueSettings,
    SuspendedSettings,
    TicketSettings,
)
from gateway.pipeline.templates import Templates
from gateway.pipeline.time_settings import BusinessHoursSettings, ClockSettings, ReportSettings
from gateway.pipeline.tokens import (
    RETURN_PREFIX,
    KeyRing,
    SigningKey,
    TokenUse,
    find_tokens,
    make_token,
    message_id_of,
    read_token,
)
from gateway.pipeline.worker import Workers
from gateway.section import parse_seconds
from gateway.smtp_in.fingerprint import fingerprint
from gateway.smtp_in.intake import readable
from gateway.states import OutboundState
from gateway.storage.accepting import Acceptance
from gateway.storage.database import Database
from gateway.tickets import Changes, OutboundChange
from tests.journeys.operators import read_wish

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KEYS = KeyRing.of(SigningKey(id=3, secret=b"a secret that only journeys know"))
_MOST_FIRED = 100
_HERE = Path(__file__).parent
_TEMPLATES = Templates(None)  # made once: compiling them takes longer than a journey
_SIGNED = ("from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references")
_PLACE = re.compile(r"\{\{(token|id|return|marker|date)(?::([^}]*))?\}\}")


def load_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


def make_policy(overrides: dict[str, Any]) -> Policy:
    desk = _merge(load_yaml(_HERE / "desk.yaml"), overrides)
    return compile_policy(
        hostname=desk["hostname"],
        channels={k: ChannelSettings.model_validate(v) for k, v in desk["channels"].items()},
        queues={k: QueueSettings.model_validate(v) for k, v in desk["queues"].items()},
        agents={k: AgentSettings.model_validate(v) for k, v in desk["agents"].items()},
        tickets=TicketSettings.model_validate(desk.get("tickets", {})),
        loops=LoopSettings.model_validate(desk.get("loops", {})),
        operators=OperatorSettings.model_validate(desk.get("operators", {})),
        suspended=SuspendedSettings.model_validate(desk.get("suspended", {})),
        rules=[RuleSettings.model_validate(rule) for rule in desk.get("rules", ())],
        triggers=[TriggerSettings.model_validate(trigger) for trigger in desk.get("triggers", ())],
        business_hours={k: BusinessHoursSettings.model_validate(v) for k, v in desk.get("business_hours", {}).items()},
        clocks={k: ClockSettings.model_validate(v) for k, v in desk.get("clocks", {}).items()},
        reports={k: ReportSettings.model_validate(v) for k, v in desk.get("reports", {}).items()},
    )


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        merged[key] = _merge(merged[key], value) if isinstance(value, dict) and isinstance(merged.get(key), dict) else value
    return {key: value for key, value in merged.items() if value is not None}


@dataclass(kw_only=True)
class Stage:
    """One journey while it is played."""

    folder: Path
    database: Database
    workers: Workers
    policy: Policy
    prepare_all: PrepareAll = prepare_here
    now: datetime = START
    sent: list[OutboundMail] = field(default_factory=list)
    _last: int | None = None

    def __post_init__(self) -> None:
        self._ids = Ids(clock_ms=lambda: int(self.now.timestamp() * 1000), node=0)

    async def play(self, step: dict[str, Any]) -> dict[str, Any]:
        """Let one mail arrive, or an operator take up the last one (`accept: account`); return what became of it."""
        return cast("dict[str, Any]", _anywhere(await self._play(step), f"{self.folder}/"))

    async def _play(self, step: dict[str, Any]) -> dict[str, Any]:
        self.now += timedelta(seconds=float(cast("float", parse_seconds(step.get("after", "1m")))))
        if "desk" in step:
            self.policy = make_policy(step["desk"])
        if (happened := await self._play_without_mail(step)) is not None:
            return happened
        raw = self._fill(step["mail"] if "mail" in step else (self.folder / step["file"]).read_text("utf-8"))
        mail = await self._receive(step, _content(raw))
        if mail is None:
            return {"outcome": "the same delivery again: nothing new"}
        refused = refuse_by_rule(mail.envelope, {mail.channel: mail.evidence}, mail.content, self.policy)
        if refused is not None:
            reply, label = refused
            return {"outcome": "refuse", "because": label, "reply": f"{reply.code} {reply.enhanced} {reply.text}"}
        arrival = await process_mail(mail, self._road())
        described = await self._describe(mail, arrival)
        for released in await self._released(arrival):
            again = await process_mail(released, self._road())
            described.setdefault("released", []).append(await self._describe(released, again))
        return described

    async def _play_without_mail(self, step: dict[str, Any]) -> dict[str, Any] | None:
        """Play a step in which no mail comes in: an operator, what is known of people, agents who come and go, time."""
        if "accept" in step or "send again" in step:
            return await (self._accept(step["accept"]) if "accept" in step else self._send_again(step["send again"]))
        if "people" in step or "operator" in step:
            return await (self._know(step["people"]) if "people" in step else self._ask(step))
        if "away" in step or "back" in step:
            return await self._come_and_go(step)
        if "put back" in step:
            self.now -= timedelta(seconds=float(cast("float", parse_seconds(step["put back"]))))
            return {"the clock says": f"{self.now:%a %Y-%m-%d %H:%M}"}
        if "later" in step:
            return await self._let_time_pass(step["later"])
        return None

    async def take(self, raw: str) -> Arrival:
        """Let one mail arrive that nobody has to read afterwards."""
        mail = await self._receive({}, _content(raw))
        assert mail is not None
        return await process_mail(mail, self._road())

    async def _let_time_pass(self, duration: str) -> dict[str, Any]:
        """Let everything fall due that does in this time, each at its moment (`later: 2h`); return what came of it."""
        end = self.now + timedelta(seconds=float(cast("float", parse_seconds(duration))))
        await self._arrange_reports()
        fired: list[dict[str, Any]] = []
        while due := await self.database.read(lambda tx: tx.timers.due(end, 1)):
            self.now = max(self.now, due[0].due_at)
            fired.append({"at": f"{self.now:%a %Y-%m-%d %H:%M}", **await self._fire(due[0])})
            assert len(fired) < _MOST_FIRED, "something falls due for ever"
        self.now = end
        return {"fired": fired}

    async def _arrange_reports(self) -> None:
        """Set the timers that the timekeeper sets when it begins."""
        wanted = standing_timers(self.policy, self.now)
        standing = await self.database.read(lambda tx: [tx.timers.get(timer.key) for timer in wanted])
        missing = [timer for timer, known in zip(wanted, standing, strict=True) if known is None]
        await self.database.apply(Changes(timers=tuple(missing)))

    async def _come_and_go(self, step: dict[str, Any]) -> dict[str, Any]:
        """Let agents go away (`away: anna`, `away: [anna, bert]`) or come back."""
        away = tuple(Absence(agent=agent, since=self.now, by=agent) for agent in _texts(step.get("away", [])))
        back = tuple(_texts(step.get("back", [])))
        await self.database.apply(Changes(absences=away, returned=back))
        return {"away": sorted(await self.database.read(lambda tx: tx.people.absences()))}

    async def _fire(self, timer: Timer) -> dict[str, Any]:
        arrival = await process_timer(timer, self._road())
        described = await self._describe_arrival(arrival, timer.ticket_id)
        return {"timer": timer.key, **described}

    async def _send_again(self, of: str) -> dict[str, Any]:
        """Let an operator send a mail of ours again that came back (`send again: kaethe@kunde.example answer`)."""
        request = Request(verb=Verb.RETRY, mail_id=self._sent_to(of).id, by="root")
        arrival = await process_request(request, self._road())
        return await self._describe_arrival(arrival, self._sent_to(of).ticket_id)

    async def _accept(self, account: str) -> dict[str, Any]:
        assert self._last is not None
        await process_request(Request(verb=Verb.ACCEPT, mail_id=self._last, by=account), self._road())
        mail = await self._claim(self._last)
        return await self._describe(mail, await process_mail(mail, self._road()))

    async def _ask(self, step: dict[str, Any]) -> dict[str, Any]:
        """Let an operator change what is known of people (`operator: chef`, and a wish: see `operators.py`)."""
        try:
            arrival = await process_people(PeopleRequest(wish=read_wish(step), by=step["operator"]), self._road())
        except GatewayError as error:
            return {"error": str(error)}
        return await self._describe_arrival(arrival, None)

    async def _know(self, people: dict[str, Any]) -> dict[str, Any]:
        """Write down people that the company knows already (`people: {contacts: […], organisations: […]}`)."""
        organisations = {
            each["name"]: Organisation(
                id=self._ids.next(),
                name=each["name"],
                domains=tuple(each.get("domains", ())),
                type=each.get("type"),
                is_vip=each.get("vip", False),
                notes=each.get("notes", ""),
            )
            for each in people.get("organisations", ())
        }
        contacts = tuple(
            Contact(
                id=self._ids.next(),
                name=each["name"],
                addresses=tuple(map(Address.parse, each["addresses"])),
                created_at=self.now,
                type=each.get("type"),
                is_vip=each.get("vip", False),
                notes=each.get("notes", ""),
                language=each.get("language"),
                verified_at=self.now if each.get("verified") else None,
                organisation_id=organisations[each["organisation"]].id if "organisation" in each else None,
            )
            for each in people.get("contacts", ())
        )
        await self.database.apply(Changes(organisations=tuple(organisations.values()), contacts=contacts))
        return {"known": [*organisations, *(contact.name for contact in contacts)]}

    async def _receive(self, step: dict[str, Any], content: Content) -> ReceivedMail | None:
        seen = fingerprint(content)
        recipients = tuple([await self._route(self._fill(text)) for text in _texts(step.get("to", "support@firma.example"))])
        reverse_path = self._fill(step["from"]) if "from" in step else (str(seen.facts.author) if seen.facts.author else "")
        mail = ReceivedMail(
            id=self._ids.next(),
            channel=recipients[0].channel,
            envelope=Envelope(
                reverse_path=Address.parse(reverse_path) if reverse_path else None,
                recipients=recipients,
                received_at=self.now,
                door=Door(step.get("door", "smtp")),
                client_ip=step.get("client", "192.0.2.1"),
                helo="mail.example",
            ),
            content=content,
            evidence=_evidence(step, seen.facts.author),
        )
        acceptance = Acceptance(
            mail=mail,
            delivery_key=seen.delivery_key(mail.channel),
            author_key=seen.facts.author.key if seen.facts.author else None,
            message_id=seen.facts.message_id,
            subject=readable(seen.facts.subject) if seen.facts.subject is not None else None,
        )
        self._last = mail.id
        (stored,) = await self.database.accept([acceptance])
        if stored != mail.id:
            return None
        return await self._claim(mail.id)

    async def _claim(self, received_id: int) -> ReceivedMail:
        return next(mail for mail in await self._claim_waiting() if mail.id == received_id)

    async def _claim_waiting(self) -> tuple[ReceivedMail, ...]:
        return await self.database.write(lambda tx: tx.received.claim(limit=10, now=self.now, lease_seconds=60, node="stage"))

    async def _released(self, arrival: Arrival) -> list[ReceivedMail]:
        wanted = {change.id for change in arrival.changes.received if change.waiver_by is not None}
        return [mail for mail in await self._claim_waiting() if mail.id in wanted] if wanted else []

    async def _route(self, text: str) -> Recipient:
        recipient = route(Address.parse(text), self.policy)
        assert recipient is not None, f"nobody takes mail for {text}"
        if recipient.channel:
            return recipient
        use = TokenUse.RETURN if recipient.kind is RouteKind.RETURN else TokenUse.ANSWER
        outbound_id = read_token(recipient.token or "", KEYS, use)
        channel = next((m.channel for m in self.sent if m.id == outbound_id), "support")
        return Recipient(
            address=recipient.address, channel=channel, kind=recipient.kind, token=recipient.token, note=recipient.note
        )

    def _road(self) -> Road:
        return Road(
            database=self.database,
            workers=self.workers,
            policy=self.policy,
            keys=KEYS,
            ids=self._ids,
            templates=Templates(self.folder / "texts") if (self.folder / "texts").is_dir() else _TEMPLATES,
            signers={},
            clock=lambda: self.now,
            spool=None,
            prepare_all=self.prepare_all,
        )

    def _fill(self, text: str) -> str:
        """Put in what only the mails before know: {{token:anna}}, {{id:kunde@kunde.example 1}}, {{date}}."""

        def fill(match: re.Match[str]) -> str:
            what, of = match[1], (match[2] or "").strip()
            if what == "date":
                moved = timedelta(seconds=float(cast("float", parse_seconds(of)))) if of else timedelta()
                return (self.now - moved).strftime("%a, %d %b %Y %H:%M:%S +0000")
            outbound = self._sent_to(of)
            if what == "return":
                return RETURN_PREFIX + make_token(outbound.id, KEYS, TokenUse.RETURN) + "@" + self.policy.hostname
            token = make_token(outbound.id, KEYS)
            return {"token": token, "id": message_id_of(token, self.policy.hostname), "marker": f"[ref:{token}]"}[what]

        return _PLACE.sub(fill, text)

    def _sent_to(self, of: str) -> OutboundMail:
        """Find a mail of ours: `anna` is the last one to anna, `anna new_ticket` the last of that purpose."""
        who, _, purpose = of.partition(" ")
        address = self.policy.agents[who].addresses[0] if who in self.policy.agents else Address.parse(who)
        found = [m for m in self.sent if m.recipient == address and (not purpose or m.purpose == purpose)]
        assert found, f"no mail was sent to {of}"
        return found[-1]

    async def _describe(self, mail: ReceivedMail, arrival: Arrival) -> dict[str, Any]:
        return await self._describe_arrival(
            arrival, next((c.ticket_id for c in arrival.changes.received if c.id == mail.id), None)
        )

    async def _describe_arrival(self, arrival: Arrival, ticket_id: int | None) -> dict[str, Any]:
        decision, changes = arrival.decision, arrival.changes
        self.sent += changes.outbound
        await self._hand_over(changes.outbound)
        described: dict[str, Any] = {
            "outcome": str(decision.outcome),
            "reason": str(decision.reason),
            "because": self._unmask(decision.because),
        }
        if ticket_id is not None:
            ticket = await self.database.read(lambda tx: tx.tickets.get(ticket_id))
            who = f", {ticket.assignee}" if ticket.assignee else ""
            described["ticket"] = f"{ticket.number} {ticket.status}{who}"
            described["participants"] = [f"{p.part} {p.mailbox.address}" for p in ticket.participants]
        if changes.posts:
            described["posts"] = [
                {"by": f"{p.side} {p.visibility}", "text": self._unmask(p.text), **_files(p.attachments)} for p in changes.posts
            ]
        described |= self._describe_rest(changes)
        if changes.outbound_changes:
            described["outbox"] = [f"{c.old} → {c.new}: {c.last_reply}" for c in changes.outbound_changes]
        described["sends"] = [self._describe_mail(m) for m in changes.outbound]
        described["trace"] = [f"{'HIT ' if t.hit else 'miss'} {t.step}: {self._unmask(t.because)}" for t in decision.trace]
        return described

    def _describe_rest(self, changes: Changes) -> dict[str, Any]:
        """Return what else was written down: who changed what, and what is known of people and of time."""
        rest = {
            "history": [f"{line.by}: {self._unmask(line.what)} ({self._unmask(line.why)})" for line in changes.history],
            "links": [str(link.kind) for link in changes.links],
            "contacts": [
                f"{c.name or 'no name'} {' '.join(map(str, c.addresses)) or 'forgotten'}{', verified' if c.verified_at else ''}"
                for c in changes.contacts
            ],
            "organisations": [f"{o.name} {' '.join(o.domains)}" for o in changes.organisations],
            "forgotten organisations": ["one"] * len(changes.forgotten_organisations),
            "blocks": [f"{b.kind} {b.value}, by {b.by}" for b in changes.blocks],
            "lifted blocks": [f"{b.kind} {b.value}" for b in changes.lifted_blocks],
            "absences": [
                f"{a.agent}, by {a.by}{f', until {a.until:%Y-%m-%d %H:%M}' if a.until else ''}" for a in changes.absences
            ],
            "returned": list(changes.returned),
            "timers": [
                f"{t.key} {t.due_at:%Y-%m-%d %H:%M}"
                for t in (*(t for of in changes.ticket_timers for t in of.timers), *changes.timers)
            ],
        }
        return {name: lines for name, lines in rest.items() if lines}

    async def _hand_over(self, mails: tuple[OutboundMail, ...]) -> None:
        """Let a smarthost take everything at once."""
        sending, sent = OutboundState.SENDING, OutboundState.SENT
        due = tuple(mail for mail in mails if mail.state is OutboundState.QUEUED)
        changes = Changes(outbound_changes=tuple(OutboundChange(id=mail.id, old=sending, new=sent) for mail in due))
        await self.database.write(lambda tx: tx.outbox.claim_due(now=self.now, limit=1000, lease_seconds=60, node="stage"))
        await self.database.apply(changes)

    def _describe_mail(self, outbound: OutboundMail) -> dict[str, Any]:
        message = message_from_bytes(outbound.content.read(), policy=policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        described = {"to": str(outbound.recipient), "purpose": str(outbound.purpose)}
        if outbound.state is not OutboundState.QUEUED:
            described["state"] = str(outbound.state)
        described["reverse-path"] = self._unmask(str(outbound.reverse_path)) if outbound.reverse_path else "<>"
        for name in ("From", "To", "Cc", "Reply-To", "Subject", "In-Reply-To", "References", "Auto-Submitted"):
            if message[name]:
                described[name] = self._unmask(str(message[name]))
        described["text"] = self._unmask(body.get_content().replace("\r\n", "\n").strip())
        files = [part.get_filename() for part in message.iter_attachments()]
        return {**described, **({"files": files} if files else {})}

    def _unmask(self, text: str) -> str:
        """Name tokens by whose they are, so that golden files stay readable."""
        names = {make_token(m.id, KEYS): self._name(m) for m in self.sent}
        names |= {make_token(m.id, KEYS, TokenUse.RETURN): self._name(m) for m in self.sent}
        for token in find_tokens(text):
            text = text.replace(token, f"<{names.get(token, 'unknown token')}>")
        return re.sub(r"ticket\.[0-9a-z]{13}@", "ticket.<id>@", text)

    def _name(self, outbound: OutboundMail) -> str:
        same = [m for m in self.sent if m.recipient == outbound.recipient]
        return f"{outbound.recipient.local}#{same.index(outbound) + 1}"


def _content(raw: str) -> Content:
    return Content.of(raw.replace("\r\n", "\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape"))


def _anywhere(value: Any, folder: str) -> Any:
    """Take out where the story lies on this machine."""
    match value:
        case dict():
            return {key: _anywhere(item, folder) for key, item in value.items()}
        case list():
            return [_anywhere(item, folder) for item in value]
        case str():
            return value.replace(folder, "")
        case _:
            return value


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _files(attachments: Any) -> dict[str, Any]:
    return {"files": [f"{a.filename} {a.content_type} {a.size}" for a in attachments]} if attachments else {}


def _evidence(step: dict[str, Any], author: Address | None) -> Evidence:
    """Return the evidence that the story gives: `assurance`, `signed` (headers that DKIM covers), `spf: pass`."""
    assurance = Assurance(step.get("assurance", "proven"))
    domain = author.domain if author else None
    proven = assurance is Assurance.PROVEN
    spf_passes = step.get("spf", "none") == "pass"
    spf = SpfEvidence(
        result=SpfResult.PASS if spf_passes else SpfResult.NONE, domain=domain, scope=SpfScope.MFROM, aligned=spf_passes
    )
    dkim = DkimEvidence(
        result=DkimResult.PASS,
        domain=domain,
        selector="s",
        aligned=True,
        because="given",
        signed_headers=tuple(step.get("signed", _SIGNED)),
    )
    dmarc = DmarcEvidence(
        result=DmarcResult.PASS if proven else DmarcResult.FAIL, policy=DmarcPolicy.NONE, domain=domain, because="given"
    )
    through = None
    if step.get("forwarded"):
        through = Through(forwarder="given", client_ip=step.get("before"), helo=None, mail_from=None, spf=spf, dmarc=dmarc)
    return Evidence(
        spf=spf,
        dkim=(dkim,) if proven and not spf_passes else (),
        arc=ArcEvidence(result=ArcResult.NONE, sealer=None),
        dmarc=dmarc,
        through=through,
        assurance=assurance,
        because=f"the story says {assurance}",
    )
