"""opendkim as the milter that signs what people of firma.test and kunde.test hand in."""

from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.needs import program
from tests.peers.programs import Server

SELECTOR = "sommer"


def start_signing(folder: Path, port: int, domains: Sequence[str]) -> tuple[Server, list[tuple[str, str]]]:
    """Start opendkim; return it and `(name, text)` of the key records to publish."""
    folder.mkdir()
    published: list[tuple[str, str]] = []
    keys: list[str] = []
    for domain in domains:
        key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
        path = folder / f"{domain}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
        )
        path.chmod(0o600)
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        published.append((f"{SELECTOR}._domainkey.{domain}", f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"))
        keys.append(f"{domain} {domain}:{SELECTOR}:{path}")
    (folder / "keys").write_text("\n".join((*keys, "")))
    (folder / "signers").write_text("".join(f"*@{domain} {domain}\n" for domain in domains))
    (folder / "opendkim.conf").write_text(
        f"""Mode s
Syslog no
Background no
AutoRestart no
UMask 007
Socket inet:{port}@127.0.0.1
PidFile {folder}/opendkim.pid
Canonicalization relaxed/relaxed
KeyTable file:{folder}/keys
SigningTable refile:{folder}/signers
InternalHosts 0.0.0.0/0
ExternalIgnoreList 0.0.0.0/0
OversignHeaders From
RequireSafeKeys no
"""
    )
    server = Server("opendkim", [program("opendkim"), "-f", "-x", str(folder / "opendkim.conf")], folder)
    server.wait_for_port(port)
    return server, published
