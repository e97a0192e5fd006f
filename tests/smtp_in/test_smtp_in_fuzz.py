"""Whatever a client sends, it is answered by the book, and nothing of ours fails."""

import asyncio
import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.smtp_in.settings import LimitSettings, ListenSettings
from tests.smtp_in.smtp_world import Client, World

FRAGMENTS = st.sampled_from(
    [
        b"EHLO client.example\r\n",
        b"LHLO client.example\r\n",
        b"HELO x\r\n",
        b"MAIL FROM:<k@kunde.example>\r\n",
        b"MAIL FROM:<k@kunde.example> SIZE=99999999999 BODY=8BITMIME SMTPUTF8\r\n",
        b"RCPT TO:<support@firma.example>\r\n",
        b"RCPT TO:<nobody@firma.example>\r\n",
        b"DATA\r\n",
        b"Subject: x\r\n\r\ny",
        b"\r\n.\r\n",
        b"\n.\n",
        b"\r.\r\n",
        b".\r\n",
        b"..\r\n",
        b"RSET\r\n",
        b"NOOP\n",
        b"QUIT\r\n",
        b"STARTTLS\r\n",
        b"XCLIENT ADDR=1\r\n",
        b"VRFY \xff\r\n",
        b"\0",
        b"x" * 5000,
        b"\r\n",
    ]
)
REPLY = re.compile(
    rb"(?:220[ ]|221[ ]2\.|214[ ]2\.|25\d-|250[ ]|252[ ]2\.|354[ ]|4\d\d[ ]4\.\d+\.\d+[ ]|5\d\d[ ]5\.\d+\.\d+[ ])[ -~]*\r\n"
)


async def converse(octets: bytes, *, is_local: bool) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder=Path(folder))
        listener = ListenSettings(lmtp="127.0.0.1:0") if is_local else ListenSettings(smtp="127.0.0.1:0")
        async with world.serve(listener, limits=LimitSettings(errors=100)) as server:
            client = await Client.connect(server.addresses[0])
            world.clients.append(client)
            await client.send(octets)
            client.writer.write_eof()
            try:
                return await asyncio.wait_for(client.reader.read(), 20)
            except ConnectionResetError:
                return b""


@settings(max_examples=60, deadline=None)
@given(fragments=st.lists(FRAGMENTS | st.binary(max_size=20), max_size=14), is_local=st.booleans())
def test_any_octets_get_replies_by_the_book_and_break_nothing(fragments: list[bytes], is_local: bool) -> None:  # noqa: FBT001 a drawn value
    with capture_logs() as logs:
        answered = asyncio.run(converse(b"".join(fragments), is_local=is_local))
    assert REPLY.sub(b"", answered) == b""
    assert [line for line in logs if line["event"].endswith(".failed")] == []
