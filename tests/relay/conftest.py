"""Servers on loopback that behave as smarthosts do, and as they should not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.relay.settings import SmarthostSettings
from gateway.relay.sink import Sink
from gateway.relay.smarthost import Smarthost
from tests.relay.servers import Certificates, Connect, Listener, Script, ScriptedSession, Serve


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    folder = tmp_path_factory.mktemp("tls")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    now = datetime.now(UTC)

    def build(name: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(ca_name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))

    authority = build(ca_name, ca_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    server_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    server = build(server_name, key.public_key()).add_extension(names, critical=False)
    (folder / "ca.pem").write_bytes(authority.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(
        server.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return Certificates(ca_file=folder / "ca.pem", server=context)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    kept = Sink()
    yield kept
    await kept.stop()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Listen with a protocol on a free port of 127.0.0.1, with TLS from the start where a context is given."""
    listeners: list[Listener] = []

    async def listen(factory: Callable[[], asyncio.BaseProtocol], tls: ssl.SSLContext | None = None) -> int:
        listeners.append(Listener(factory))
        return await listeners[-1].start(tls)

    yield listen
    for listener in listeners:
        await listener.stop()


@pytest.fixture
async def connect(serve: Serve, sink: Sink) -> AsyncIterator[Connect]:
    """Make smarthosts that are closed before their servers are."""
    _ = serve, sink
    made: list[Smarthost] = []

    def make(port: int, **changes: object) -> Smarthost:
        chosen = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 5, **changes}
        settings = SmarthostSettings.model_validate(chosen)
        made.append(Smarthost("main", settings, hostname="gw.firma.example", clock=lambda: datetime.now(UTC)))
        return made[-1]

    yield make
    for smarthost in made:
        await smarthost.close()


@pytest.fixture
async def play(serve: Serve) -> Callable[[Script], Awaitable[int]]:
    """Start a smarthost with a script and return its port."""

    async def start(script: Script) -> int:
        return await serve(lambda: ScriptedSession(script), None)

    return start
