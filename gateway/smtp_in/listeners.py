"""Where mail comes in: sockets that are bound, or taken from systemd, before the process gives up its privileges."""

import os
import socket
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.smtp_in.settings import ListenSettings, Network, TlsMode
from gateway.smtp_in.tls import Certificates

_FIRST_PASSED: Final = 3
"""The first descriptor that systemd passes (sd_listen_fds(3))."""
_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A bound socket and what is spoken there."""

    settings: ListenSettings
    socket: socket.socket
    certificates: Certificates | None
    proxy_networks: tuple[Network, ...]
    xclient_networks: tuple[Network, ...]

    @property
    def address(self) -> str:
        """Where it listens in fact: the port is known even where 0 was asked for."""
        name = self.socket.getsockname()
        if isinstance(name, tuple):
            host = f"[{name[0]}]" if ":" in name[0] else name[0]
            return f"{host}:{name[1]}"
        return f"unix:{name}"


def passed_sockets(environ: Mapping[str, str], *, pid: int) -> dict[str, list[int]]:
    """Return the descriptors that systemd passed to this process, by name (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES)."""
    if environ.get("LISTEN_PID") != str(pid) or not environ.get("LISTEN_FDS", "").isdigit():
        return {}
    count = int(environ["LISTEN_FDS"])
    names = environ.get("LISTEN_FDNAMES", "").split(":")
    passed: dict[str, list[int]] = {}
    for index in range(count):
        name = names[index] if index < len(names) and names[index] else "unknown"
        passed.setdefault(name, []).append(_FIRST_PASSED + index)
    return passed


def open_listeners(
    settings: Sequence[ListenSettings],
    *,
    passed: Mapping[str, Sequence[int]],
    reuse_port: bool = False,
    owner: tuple[int, int] | None = None,
) -> tuple[Listener, ...]:
    """Bind every address and read every certificate; `passed` is what `passed_sockets` found.

    `reuse_port` lets several processes listen on one port (SO_REUSEPORT). `owner` is the user and group that unix sockets shall
    belong to, where root binds them for somebody else.

    Raises:
        OSError: an address cannot be bound or a certificate cannot be used; nothing stays open then.
    """
    listeners: list[Listener] = []
    taken = {name: list(descriptors) for name, descriptors in passed.items()}
    try:
        for entry in settings:
            certificates = _read_certificates(entry)
            given = taken.pop(entry.systemd, []) if entry.systemd is not None else []
            sockets = [_adopt(descriptor) for descriptor in given] or [_bind(entry, reuse_port=reuse_port, owner=owner)]
            listeners.extend(_listener(entry, bound, certificates) for bound in sockets)
    except OSError:
        for listener in listeners:
            listener.socket.close()
        raise
    return tuple(listeners)


def adopt_listener(settings: ListenSettings, descriptor: int) -> Listener:
    """Return the listener of a socket that another process of ours has bound.

    Raises:
        OSError: the certificate cannot be used.
    """
    return _listener(settings, _adopt(descriptor), _read_certificates(settings))


def _listener(entry: ListenSettings, bound: socket.socket, certificates: Certificates | None) -> Listener:
    return Listener(
        settings=entry,
        socket=bound,
        certificates=certificates,
        proxy_networks=tuple(entry.proxy_networks),
        xclient_networks=tuple(entry.xclient_networks),
    )


def _read_certificates(entry: ListenSettings) -> Certificates | None:
    if entry.tls_mode is TlsMode.NONE or entry.certificate is None or entry.key is None:
        return None
    return Certificates(certificate=entry.certificate, key=entry.key)


def _adopt(descriptor: int) -> socket.socket:
    os.set_inheritable(descriptor, False)
    adopted = socket.socket(fileno=descriptor)
    adopted.setblocking(False)
    return adopted


def _bind(entry: ListenSettings, *, reuse_port: bool, owner: tuple[int, int] | None) -> socket.socket:
    if entry.address.startswith("unix:"):
        return _bind_unix(Path(entry.address.removeprefix("unix:")), mode=int(entry.mode, 8), owner=owner)
    host, _, port = entry.address.rpartition(":")
    host = host.strip("[]")
    host = "0.0.0.0" if host == "*" else host  # noqa: S104 the admin asks for it
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.setblocking(False)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _bind_unix(path: Path, *, mode: int, owner: tuple[int, int] | None) -> socket.socket:
    """Bind a unix socket that only its owner and group may use; one that a dead process left is replaced."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _is_answered(path):
        path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.setblocking(False)
        umask = os.umask(0o777)  # Nobody may connect before the mode is right.
        try:
            bound.bind(str(path))
        finally:
            os.umask(umask)
        if owner is not None:
            os.chown(path, *owner)
        path.chmod(mode)
        bound.listen(_BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True
