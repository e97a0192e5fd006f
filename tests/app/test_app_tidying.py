"""What a dead gateway left lying about is gone when the next one takes mail."""

from pathlib import Path

from gateway.config.load import load_config
from gateway.daemon import Daemon, open_front
from gateway.desk_keeper import DeskKeeper
from gateway.smtp_in.listeners import open_listeners

CONFIG = """
hostname: gw.firma.example
data: {data}
listen: [{{smtp: "127.0.0.1:0"}}]
smarthosts: {{main: {{host: 127.0.0.1, port: 1, security: none}}}}
agents: {{anna: {{name: Anna Arndt, addresses: [anna@firma.example], alias: Anna}}}}
queues: {{support: {{agents: [anna]}}}}
channels:
  support: {{address: support@firma.example, display_name: Firma Support, queue: support, smarthosts: [main], language: de}}
"""


async def test_half_received_mail_of_a_dead_gateway_is_removed_when_the_next_one_starts(tmp_path: Path) -> None:
    left = tmp_path / "data" / "spool" / "arriving-half"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"From: ")
    file = tmp_path / "gateway.yaml"
    file.write_text(CONFIG.format(data=tmp_path / "data"))
    config = load_config(file)
    desk = DeskKeeper()
    async with open_front(config, desk) as gateway:
        daemon = Daemon(gateway, open_listeners(config.listen, passed={}), desk=desk)
        await daemon.start()
        try:
            assert not left.exists()
        finally:
            await daemon.drain(5)
