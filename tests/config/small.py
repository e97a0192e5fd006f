"""The small valid configuration that the tests change."""

SMALL = """\
hostname: gw.firma.example
data: /var/lib/ticket-gateway
listen:
  - {smtp: "127.0.0.1:2525"}
smarthosts:
  main: {host: smtp.firma.example}
agents:
  anna: {name: Anna Arndt, addresses: [anna@firma.example]}
  ben: {name: Ben Beil, addresses: [ben@firma.example]}
queues:
  support: {agents: [anna], leads: [ben]}
channels:
  support:
    address: support@firma.example
    display_name: Firma Support
    queue: support
    smarthosts: [main]
"""


def changed(*changes: tuple[str, str]) -> str:
    """Return the small configuration with texts replaced; each must stand there."""
    text = SMALL
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text
