"""The gateway's configuration in the little world."""

from tests.peers.places import AGENTS, HOSTNAME, LARGEST_MAIL, PASSWORD, Places


def gateway_configuration(places: Places) -> dict[str, object]:
    """Return the file of the gateway: one channel for each way in."""
    forwarder: dict[str, object] = {"name": "mail.firma.test", "networks": ["127.0.0.1/32"]}
    return {
        "hostname": HOSTNAME,
        "data": str(places.gateway / "data"),
        "listen": [
            {
                "smtp": f"127.0.0.1:{places.ports.gateway}",
                "tls": "starttls",
                "certificate": str(places.certificates.chain),
                "key": str(places.certificates.key),
            },
            {"smtp": f"127.0.0.1:{places.ports.gateway_behind_front}", "xclient_networks": ["127.0.0.1/32"]},
            {"lmtp": f"unix:{places.lmtp_socket}", "mode": "0666"},
            {"inject": f"unix:{places.inject_socket}"},
        ],
        "smarthosts": {
            "main": {
                "host": "localhost",
                "port": places.ports.submission,
                "security": "starttls",
                "username": "gw@firma.test",
                "password": PASSWORD,
                "ca_file": str(places.certificates.ca),
                "max_connections": 4,
            },
            "kaputt": {"host": "localhost", "port": places.ports.sink, "security": "none"},
        },
        "relay": {"retry": {"first_delay": 1, "maximum_delay": 2}},
        "limits": {"message_size": LARGEST_MAIL},
        "resolver": {"servers": [f"127.0.0.1:{places.ports.dns}"]},
        "agents": {
            key: {"name": name, "addresses": [f"{key}@firma.test"], "signature": f"{name.split()[0]} vom Support\nFirma GmbH"}
            for key, name in AGENTS.items()
        },
        "queues": {
            "support": {"agents": ["anna", "ben"], "leads": ["anna"]},
            "einer": {"agents": ["carl"], "leads": ["carl"]},
        },
        "channels": {
            "support": _channel("support", "support", [forwarder]),
            "verkauf": _channel("verkauf", "support", [{"name": "srs of firma.test", "srs_domains": ["firma.test"]}]),
            "massen": _channel("massen", "einer", [forwarder]),
            "lokal": _channel("lokal", "einer", []),
            "rohr": _channel("rohr", "einer", []),
            "vorn": _channel("vorn", "einer", []),
            "ausweich": {**_channel("ausweich", "einer", [forwarder]), "smarthosts": ["kaputt", "main"]},
        },
    }


def _channel(name: str, queue: str, forwarders: list[dict[str, object]]) -> dict[str, object]:
    return {
        "address": f"{name}@firma.test",
        "display_name": f"Firma {name.capitalize()}",
        "queue": queue,
        "smarthosts": ["main"],
        "language": "de",
        "forwarders": forwarders,
    }
