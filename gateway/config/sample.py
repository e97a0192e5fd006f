"""The company that every example is about: Firma, with one support address and one agent.

It fills `config example`, and `explain` uses it where no configuration is given.
"""

from typing import Any, Final

from gateway.config.model import Config

SAMPLE: Final[dict[str, Any]] = {
    "hostname": "gw.firma.example",
    "data": "/var/lib/ticket-gateway",
    "database": "sqlite",
    "listen": [
        {
            "smtp": "0.0.0.0:25",
            "systemd": "smtp",
            "tls": "starttls",
            "certificate": "/etc/ticket-gateway/tls/fullchain.pem",
            "key": "${credential:tls-key}",
        },
        {"inject": "unix:/run/ticket-gateway/inject.sock"},
    ],
    "smarthosts": {
        "main": {
            "host": "smtp.firma.example",
            "port": 587,
            "security": "starttls",
            "username": "gw",
            "password": "${credential:smarthost}",
        }
    },
    "agents": {
        "anna": {
            "name": "Anna Arndt",
            "addresses": ["anna@firma.example"],
            "alias": "Anna",
            "signature": "Anna vom Support",
        }
    },
    "queues": {"support": {"agents": ["anna"], "leads": ["anna"], "priority": "normal"}},
    "channels": {
        "support": {
            "address": "support@firma.example",
            "display_name": "Firma Support",
            "queue": "support",
            "smarthosts": ["main"],
            "language": "de",
            "forwarders": [{"networks": ["203.0.113.0/24"], "authserv_id": "mx.firma.example"}],
        }
    },
    "business_hours": {
        "default": {
            "timezone": "Europe/Berlin",
            **{day: ["09:00-12:00", "13:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday")},
            "friday": ["09:00-15:00"],
        }
    },
    "clocks": {
        "default": {
            "normal": {"reaction": "4h", "resolution": "3d", "warning": "1h"},
            "high": {"reaction": "1h", "resolution": "1d", "warning": "15m"},
        }
    },
    "views": {"late": {"late": True, "order": "due"}},
    "rules": [{"name": "Urgent", "when": {"subject_contains": "[urgent]"}, "then": [{"priority": "high"}]}],
    "tests": [{"name": "Urgent mail comes first", "subject": "[urgent] The till is down", "expect": {"priority": "high"}}],
}
"""As plain as YAML, in the vocabulary of the file."""


def sample_config() -> Config:
    """Return the sample as a configuration that needs no files: it is for explaining mail, not for running."""
    return Config.model_validate(SAMPLE)
