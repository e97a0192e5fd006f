"""The matrix: who sent it, what is signed, which way it came, who sealed it, and how sure we are.

One row is: author, sender, DKIM, route, ARC → assurance.

- author: kunde (p=reject), leise (p=none), laden (no DMARC record), firma (our own domain, p=quarantine)
- sender: honest, forged (the author's own reverse-path from elsewhere), posing (a reverse-path of the forger's own)
- DKIM: none, aligned, broken, foreign (a signature of evil.example that holds)
- ARC: -, or a seal: by `siegel` (listed), `evil` (not listed) or `google`, whose results say pass or fail; `changed` and
  `resealed` are what happened to the mail after the first seal
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest

from gateway.evidence.settings import ForwarderSettings
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Door, Envelope, Recipient, RouteKind
from gateway.mail.evidence import Assurance, Evidence
from gateway.mail.outbound import OutboundMail, Purpose
from gateway.mail.received import ReceivedMail
from gateway.pipeline.case import Case
from gateway.pipeline.decide import decide
from gateway.pipeline.facts import TokenFact, know_nothing
from gateway.pipeline.gate import find_doubt
from gateway.pipeline.reading.parse import parse_message
from gateway.pipeline.reading.read import read_message
from gateway.pipeline.refusals import refuse_sender
from tests.evidence.world import CLOUD_IP, EVIL_IP, FORWARDER_IP, KUNDE_IP, LIST_IP, NOW, World, sealed, signer
from tests.journeys.stage import make_policy

STRICT = make_policy({"channels": {"support": {"contradicted": "refuse"}}})

TABLE = """
kunde honest none    direct          -               proven
kunde honest aligned direct          -               proven
kunde honest broken  direct          -               proven
kunde honest foreign direct          -               proven
kunde forged none    direct          -               contradicted
kunde forged aligned direct          -               proven
kunde forged broken  direct          -               contradicted
kunde forged foreign direct          -               contradicted
kunde posing none    direct          -               contradicted
kunde posing foreign direct          -               contradicted
leise honest none    direct          -               proven
leise forged none    direct          -               unproven
leise forged broken  direct          -               unproven
leise forged aligned direct          -               proven
leise posing foreign direct          -               unproven
laden honest none    direct          -               proven
laden honest aligned direct          -               proven
laden forged none    direct          -               contradicted
laden forged broken  direct          -               contradicted
laden posing none    direct          -               unproven
laden posing foreign direct          -               unproven
kunde honest none    declared        -               proven
kunde honest aligned declared        -               proven
kunde honest broken  declared        -               proven
kunde forged none    declared        -               contradicted
kunde forged aligned declared        -               proven
kunde forged foreign declared        -               contradicted
kunde posing none    declared        -               contradicted
leise honest none    declared        -               proven
leise forged none    declared        -               unproven
laden honest none    declared        -               proven
laden forged none    declared        -               contradicted
laden posing none    declared        -               unproven
firma forged none    declared        -               contradicted
kunde honest none    declared-srs    -               proven
kunde honest broken  declared-srs    -               proven
kunde forged none    declared-srs    -               contradicted
kunde posing none    declared-srs    -               contradicted
leise honest none    declared-srs    -               proven
leise forged none    declared-srs    -               unproven
laden honest none    declared-srs    -               proven
laden forged none    declared-srs    -               contradicted
firma forged none    declared-srs    -               contradicted
kunde honest none    by-srs-domain   -               proven
firma forged none    by-srs-domain   -               contradicted
kunde honest none    by-spf-domain   -               proven
kunde forged none    by-spf-domain   -               contradicted
kunde honest none    two-forwarders  -               proven
kunde forged none    two-forwarders  -               contradicted
kunde honest none    undeclared      -               contradicted
kunde honest aligned undeclared      -               proven
kunde honest broken  undeclared      -               contradicted
leise honest none    undeclared      -               unproven
laden honest none    undeclared      -               contradicted
laden honest aligned undeclared      -               proven
kunde honest none    undeclared-srs  -               contradicted
kunde honest aligned undeclared-srs  -               proven
leise honest none    undeclared-srs  -               unproven
laden honest none    undeclared-srs  -               unproven
firma forged none    undeclared-srs  -               unproven
firma honest none    submitted       -               proven
kunde forged none    submitted       -               contradicted
kunde forged none    lying           -               contradicted
leise forged none    lying           -               unproven
laden forged none    lying           -               contradicted
kunde forged none    lying-results   -               contradicted
kunde forged none    inside          -               contradicted
leise forged none    inside          -               unproven
kunde forged none    inside-results  -               contradicted
leise forged none    inside-results  -               unproven
kunde honest broken  results         -               vouched
leise honest none    results         -               vouched
kunde forged none    results-fail    -               unproven
kunde forged none    results-foreign -               unproven
kunde honest broken  undeclared      siegel-pass     vouched
leise honest broken  undeclared      siegel-pass     vouched
kunde forged none    undeclared      siegel-fail     contradicted
kunde honest broken  undeclared      evil-pass       contradicted
leise honest broken  undeclared      evil-pass       unproven
kunde honest broken  undeclared      siegel-changed  contradicted
kunde honest broken  undeclared      siegel-resealed vouched
kunde honest broken  undeclared      siegel-rewritten contradicted
kunde honest aligned cloud           google-pass     proven
kunde honest broken  cloud           google-pass     vouched
laden honest none    cloud           google-pass     vouched
kunde forged none    cloud           google-fail     unproven
kunde honest broken  cloud           -               unproven
firma forged none    cloud           google-fail     unproven
kunde forged none    cloud-stranger  google-pass     contradicted
kunde honest aligned cloud-stranger  google-pass     proven
leise forged none    cloud-stranger  google-pass     unproven
kunde honest aligned list            -               contradicted
leise honest aligned list            -               unproven
laden honest aligned list            -               unproven
kunde honest aligned list            siegel-pass     vouched
kunde honest aligned list            evil-pass       contradicted
kunde honest none    local           -               proven
kunde forged none    local           -               contradicted
firma forged none    local           -               contradicted
kunde honest none    local-bare      -               unproven
kunde honest aligned local-bare      -               proven
laden forged none    local-bare      -               unproven
kunde forged none    nobody          -               unproven
kunde honest aligned nobody          -               proven
"""


@dataclass(frozen=True)
class Row:
    author: str
    sender: str
    dkim: str
    route: str
    arc: str
    assurance: Assurance

    def __str__(self) -> str:
        return f"{self.author}-{self.sender}-{self.dkim}-{self.route}-{self.arc}"

    @property
    def domain(self) -> str:
        return f"{self.author}.example"

    @property
    def mail_from(self) -> str:
        return "bulk@evil.example" if self.sender == "posing" else f"kurt@{self.domain}"

    @property
    def first_ip(self) -> str:
        return KUNDE_IP if self.sender == "honest" else EVIL_IP


def _read(line: str) -> Row:
    author, sender, dkim, route, arc, assurance = line.split()
    return Row(author, sender, dkim, route, arc, Assurance(assurance))


ROWS = [_read(line) for line in TABLE.strip().splitlines()]

MX = ForwarderSettings(networks=["203.0.113.0/24"], srs_domains=["firma.example"], authserv_id="mx.firma.example")
SEALERS = ForwarderSettings(arc_sealers=["siegel.example"])
GOOGLE = ForwarderSettings(preset="google", reverse_path_domains=["firma.example"])
DECLARED: dict[str, Sequence[ForwarderSettings]] = {
    "direct": [MX],
    "by-srs-domain": [ForwarderSettings(srs_domains=["firma.example"])],
    "by-spf-domain": [ForwarderSettings(spf_domain="firma.example")],
    "two-forwarders": [MX, ForwarderSettings(networks=[CLOUD_IP])],
    "undeclared": [SEALERS],
    "undeclared-srs": [],
    "cloud": [MX, GOOGLE],
    "cloud-stranger": [MX, GOOGLE],
    "list": [SEALERS],
    "local": [],
    "local-bare": [],
}


def written_by(row: Row) -> bytes:
    """Return the mail as its author, or whoever poses as the author, sent it."""
    mail = (
        f"From: Kurt <kurt@{row.domain}>\r\nTo: support@firma.example\r\nSubject: Rechnung\r\n"
        f"Date: Mon, 01 Jun 2026 13:00:00 +0200\r\nMessage-ID: <1@{row.domain}>\r\n\r\nGuten Tag\r\n"
    ).encode()
    match row.dkim:
        case "aligned":
            return signer(row.domain).sign(mail)
        case "broken":
            return signer(row.domain).sign(mail) + b"-- \r\nchecked for viruses\r\n"
        case "foreign":
            return signer("evil.example").sign(mail)
        case _:
            return mail


def received(by: str, ip: str, name: str = "mail.kunde.example", protocol: str = "ESMTPS") -> bytes:
    return (
        f"Received: from {name} ({name} [{ip}])\r\n\tby {by} (Postfix) with {protocol} id 4X2\r\n"
        "\tfor <support@firma.example>; Mon,  1 Jun 2026 13:00:01 +0200 (CEST)\r\n"
    ).encode()


RESULTS = "Authentication-Results: {id}; spf={word} smtp.mailfrom={domain}; dmarc={word} header.from={domain}\r\n"


def seal(mail: bytes, row: Row) -> bytes:
    """Return the mail as it is after the seals of the row."""
    if row.arc == "-":
        return mail
    who, what = row.arc.split("-")
    domain = {"siegel": "siegel.example", "evil": "evil.example", "google": "google.com"}[who]
    word = "fail" if what == "fail" else "pass"
    done = sealed(mail, domain, f"spf={word} smtp.mailfrom={row.mail_from}; dmarc={word} header.from={row.domain}")
    if what == "changed":
        return done.replace(b"Guten Tag", b"Zahlen Sie")
    if what == "rewritten":
        done = done.replace(b"Guten Tag", b"Zahlen Sie")
    if what in {"resealed", "rewritten"}:
        done = sealed(done, "evil.example", "arc=pass")
    return done


@dataclass(frozen=True)
class Arrival:
    content: bytes
    client_ip: str | None
    mail_from: str
    helo: str | None = "mx.firma.example"
    door: Door = Door.SMTP


def arrive(row: Row) -> Arrival:  # noqa: C901, PLR0911, PLR0912 the routes, one after the other
    """Send the mail along its route."""
    mail = seal(written_by(row), row)
    srs = f"SRS0=Ab12=TT={row.mail_from.partition('@')[2]}={row.mail_from.partition('@')[0]}@firma.example"
    hop = received("mx.firma.example", row.first_ip)
    fake = received("mx.firma.example", KUNDE_IP)
    results = RESULTS.format(id="mx.firma.example", word="pass", domain=row.domain).encode()
    inner = b"Received: by mx.firma.example (Postfix, from userid 110)\r\n\tid 4X3; Mon,  1 Jun 2026 13:00:02 +0200\r\n"
    match row.route:
        case "direct":
            return Arrival(mail, row.first_ip, row.mail_from, "mail.kunde.example")
        case "declared" | "undeclared" | "by-spf-domain":
            return Arrival(inner + hop + mail, FORWARDER_IP, row.mail_from)
        case "declared-srs" | "undeclared-srs" | "by-srs-domain":
            return Arrival(hop + mail, FORWARDER_IP, srs)
        case "two-forwarders":
            first = received("edge.firma.example", row.first_ip)
            second = received("mx.firma.example", CLOUD_IP, "edge.firma.example")
            return Arrival(second + first + fake + mail, FORWARDER_IP, row.mail_from)
        case "submitted":
            submission = received("mx.firma.example", "198.51.100.150", "laptop.home.example", "ESMTPSA")
            return Arrival(submission + mail, FORWARDER_IP, row.mail_from)
        case "lying":
            return Arrival(fake + mail, EVIL_IP, row.mail_from)
        case "lying-results":
            return Arrival(results + fake + mail, EVIL_IP, row.mail_from)
        case "inside":
            return Arrival(hop + fake + mail, FORWARDER_IP, row.mail_from)
        case "inside-results":
            return Arrival(hop + results + mail, FORWARDER_IP, row.mail_from)
        case "results":
            return Arrival(results + received("mx.firma.example", "unreadable") + mail, FORWARDER_IP, row.mail_from)
        case "results-fail" | "results-foreign":
            own = "mx.firma.example" if row.route == "results-fail" else "mx.evil.example"
            word = "fail" if row.route == "results-fail" else "pass"
            said = RESULTS.format(id=own, word=word, domain=row.domain).encode()
            return Arrival(said + received("mx.firma.example", "unreadable") + results + mail, FORWARDER_IP, row.mail_from)
        case "cloud" | "cloud-stranger":
            tenant = "firma.example" if row.route == "cloud" else "evil.example"
            path = f"support+caf_=support-firma=gw.firma.example@{tenant}"
            return Arrival(received("mx.google.com", row.first_ip) + mail, CLOUD_IP, path, "mail-x.google.com")
        case "list":
            changed = written_by(row).replace(b"Subject: ", b"Subject: [liste] ") + b"-- \r\nListe\r\n"
            return Arrival(seal(changed, row), LIST_IP, "liste-bounces@lists.example", "lists.example")
        case "local":
            return Arrival(hop + mail, None, row.mail_from, None, Door.LMTP)
        case "local-bare":
            return Arrival(mail, None, row.mail_from, None, Door.LMTP)
        case _:
            return Arrival(mail, None, row.mail_from, None)


CONSEQUENCES = {
    Assurance.PROVEN: "open, taken, acts",
    Assurance.VOUCHED: "open, taken, held",
    Assurance.UNPROVEN: "open, taken, held",
    Assurance.CONTRADICTED: "suspend, refused, held",
}
"""What follows: for a new mail of anybody, in the SMTP session of a strict channel, for an answer of an agent with the own token.

Nobody is refused behind a declared forwarder or at a local door, where the refusal would bounce to the wrong person.
"""


def judged(row: Row, arrival: Arrival, evidence: Evidence) -> str:
    """Return what becomes of the mail, as in `CONSEQUENCES`."""
    reading = read_message(parse_message(arrival.content))
    sent_at = reading.message.date or NOW
    recipient = Recipient(address=Address.of("support@firma.example"), channel="support", kind=RouteKind.CHANNEL)
    envelope = Envelope(
        reverse_path=Address.of(arrival.mail_from), recipients=(recipient,), received_at=sent_at, door=arrival.door
    )
    mail = ReceivedMail(id=1, channel="support", envelope=envelope, content=Content.of(arrival.content), evidence=evidence)
    stranger = know_nothing(reading, STRICT, sent_at)
    new_mail = decide(Case(mail=mail, reading=reading, facts=stranger, policy=STRICT))
    refusal = refuse_sender(envelope, {"support": evidence}, STRICT)
    anna = make_policy({"agents": {"anna": {"addresses": [f"kurt@{row.domain}"]}}})
    token = TokenFact(outbound=notification(row), carriers=frozenset({"to"}), is_expired=False)
    agent = replace(stranger, agent="anna", token=token)
    doubt = find_doubt(Case(mail=mail, reading=reading, facts=agent, policy=anna), "anna")
    return f"{new_mail.outcome}, {'refused' if refusal else 'taken'}, {'held' if doubt else 'acts'}"


def notification(row: Row) -> OutboundMail:
    return OutboundMail(
        id=1,
        purpose=Purpose.NEW_TICKET,
        channel="support",
        recipient=Address.of(f"kurt@{row.domain}"),
        reverse_path=None,
        message_id="1@gw.firma.example",
        content=Content.of(b""),
        smarthosts=("main",),
        created_at=NOW,
        ticket_id=1,
    )


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_each_way_a_mail_can_come_has_its_assurance(row: Row, world: World) -> None:
    arrival = arrive(row)
    evidence = await world.observe(
        arrival.content,
        client_ip=arrival.client_ip,
        helo=arrival.helo,
        mail_from=arrival.mail_from,
        door=arrival.door,
        forwarders=DECLARED.get(row.route, [MX]),
    )
    assert evidence.assurance is row.assurance, evidence
    assert evidence.because
    assert evidence.is_complete
    expected = CONSEQUENCES[row.assurance]
    if evidence.through is not None or arrival.door is not Door.SMTP:
        expected = expected.replace("refused", "taken")
    assert judged(row, arrival, evidence) == expected


def test_no_row_stands_twice_and_there_are_many() -> None:
    assert len(set(map(str, ROWS))) == len(ROWS) >= 60
