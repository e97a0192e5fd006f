"""The conversation of one connection: reading commands, counting them, greeting, and the commands that make no mail.

Each command is a method `answer_…`. Start with `serve`: what a command may cost and what happens when one of ours
fails stands there, in one place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, Final, NoReturn

import structlog

from gateway.errors import TransientError
from gateway.smtp_in import replies
from gateway.smtp_in.connection import Connection, Hangup, Phase
from gateway.smtp_in.front import XCLIENT_NAMES, XFORWARD_NAMES, AnnouncedClient, read_announced_client
from gateway.smtp_in.limits import is_within
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.settings import TlsMode
from gateway.smtp_in.transaction import Transaction
from gateway.smtp_in.wire import LineTooLong

log: Final = structlog.get_logger()

Command = Callable[[Any, str], Awaitable[None] | None]
"""Answers at once, or returns what has to be awaited."""

_LINE: Final = 4096
"""Octets of a command line: more than RFC 5321 section 4.5.3.1.4 and all extensions ask for."""
_REPLIES_AT_ONCE: Final = 50
_HELO: Final = 255
_CONTROLS: Final = bytes(range(32)) + b"\x7f"
_OTHER_PROTOCOLS: Final = frozenset({"GET", "POST", "PUT", "HEAD", "CONNECT", "OPTIONS", "HOST:", "USER-AGENT:"})
_LEAD_NOWHERE: Final = frozenset({"NOOP", "RSET", "VRFY", "EXPN", "HELP", "HELO", "EHLO", "LHLO", "XCLIENT", "XFORWARD"})
_EXTENSIONS: Final = "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"


class Conversation(Connection):
    """A client's connection, as commands and replies; `session.py` adds the commands that make a mail."""

    commands: ClassVar[Mapping[str, Command]]
    local_commands: ClassVar[Mapping[str, Command]]
    """At the LMTP doors."""

    helo: str | None = None
    is_extended = False
    xclient_helo: str | None = None
    """What a front server's client said in its greeting (XCLIENT)."""
    announced: AnnouncedClient | None = None
    """Who a front server's client is, for the mail under way (XFORWARD)."""
    transaction: Transaction | None = None
    had_fault = False
    """A fault of ours ended a transaction: what belonged to it is answered 451, not 503."""
    mails = 0
    commands_since_mail = idle_since_mail = errors_since_mail = 0

    async def serve(self) -> None:
        """Greet, then answer commands until the client leaves or has to."""
        commands = self.local_commands if self.is_local else self.commands
        self.reply(self._greeting())
        log.debug("session.opened", client_ip=self.client_ip, door=self.listener.settings.door)
        while True:
            try:
                line = await self._next_line()
            except LineTooLong:
                self.refuse(replies.LINE_TOO_LONG)
                continue
            verb, argument = self._split(line)
            if verb is None:
                continue
            method = commands.get(verb)
            if method is None:
                self._refuse_unknown(verb)
                continue
            self._count(verb)
            try:
                answering = method(self, argument)
                if answering is not None:
                    await answering
            except (EOFError, Hangup, OSError):
                raise
            except Exception as error:  # noqa: BLE001 the SMTP hook: an unknown error before the 250 is a 451
                self._end_by_fault(verb, error)

    async def _next_line(self) -> bytes:
        service = self.service
        if service.is_draining:
            self.hang_up(replies.SHUTTING_DOWN)
            raise Hangup
        self.wait(Phase.COMMAND)
        if not self.wire.has_line:
            if self.send():
                await self.flush()
        elif self.waiting_replies >= _REPLIES_AT_ONCE:
            await self.flush()
            await asyncio.sleep(0)  # However much one client has to say, others get their turn.
        line = await self.wire.line(_LINE)
        self.wait(Phase.WORK)
        return line

    def _split(self, line: bytes) -> tuple[str | None, str]:
        """Return the command in upper case and its argument; a line that is no command is refused here."""
        if line[-2:] != b"\r\n" or line.translate(None, _CONTROLS) != line[:-2]:
            self.refuse(replies.BAD_LINE_END)
            return None, ""
        try:
            text = line[:-2].decode("utf-8").rstrip(" ")
        except UnicodeDecodeError:
            self.refuse(replies.BAD_LINE_END)
            return None, ""
        verb, _, argument = text.partition(" ")
        return verb.upper(), argument

    def _count(self, verb: str) -> None:
        limits = self.service.limits
        self.commands_since_mail += 1
        if verb in _LEAD_NOWHERE:
            self.idle_since_mail += 1
        if self.commands_since_mail > limits.commands or self.idle_since_mail > limits.idle_commands:
            self.end(replies.TOO_MANY_COMMANDS)

    def end(self, refusal: Refusal) -> NoReturn:
        """Say why, and end the session."""
        self.hang_up(refusal)
        raise Hangup

    def refuse(self, refusal: Refusal) -> None:
        """Answer a command with a refusal; too many of them end the session."""
        self.reply(refusal)
        self.count_refusal(refusal)

    def count_refusal(self, refusal: Refusal) -> None:
        """Count a refusal against the client, unless it is our fault."""
        self.service.count(refusal.limit, self.client_ip)
        if refusal is replies.OUR_FAULT:
            return
        self.errors_since_mail += 1
        if self.errors_since_mail > self.service.limits.errors:
            self.end(replies.TOO_MANY_ERRORS)

    def _refuse_unknown(self, verb: str) -> None:
        if verb in _OTHER_PROTOCOLS:
            self.end(replies.NOT_SMTP)
        self.refuse(replies.UNKNOWN_COMMAND)

    def _end_by_fault(self, verb: str, error: Exception) -> None:
        if isinstance(error, TransientError):
            log.warning("command.deferred", verb=verb, client_ip=self.client_ip, because=str(error) or type(error).__name__)
        else:
            log.error("command.failed", verb=verb, client_ip=self.client_ip, exc_info=error)
        if self.phase is Phase.CONTENT:
            # The rest of the mail is still to come, and must not be taken for commands.
            self.end(replies.OUR_FAULT)
        self.reset()
        self.had_fault = True
        self.reply(replies.OUR_FAULT)

    def reset(self) -> None:
        """Forget the mail under way."""
        self.transaction = None
        self.announced = None
        self.had_fault = False

    # --------------------------------------------------------------------------------------------------------- greeting

    def answer_helo(self, argument: str) -> None:
        """Greet without extensions (RFC 5321 section 4.1.1.1)."""
        if self._greet(argument, is_extended=False):
            self.reply(f"250 {self.service.hostname}\r\n".encode())

    def answer_ehlo(self, argument: str) -> None:
        """Greet, and tell what we can."""
        if self._greet(argument, is_extended=True):
            words = [self.service.hostname, f"SIZE {self.service.limits.message_size}", *_EXTENSIONS]
            if self.listener.settings.tls_mode is TlsMode.STARTTLS and self.tls is None:
                words.append("STARTTLS")
            if is_within(self.peer_ip, self.listener.xclient_networks):
                words += [
                    "XCLIENT NAME ADDR PORT PROTO HELO DESTADDR DESTPORT",
                    "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE",
                ]
            words.append("HELP")
            lines = [f"250-{word}\r\n" for word in words[:-1]] + [f"250 {words[-1]}\r\n"]
            self.reply("".join(lines).encode())

    def _greet(self, argument: str, *, is_extended: bool) -> bool:
        name = argument.strip()
        if not name or len(name) > _HELO or " " in name:
            self.refuse(replies.BAD_ARGUMENT)
            return False
        self.reset()
        self.helo, self.is_extended = name, is_extended
        return True

    async def answer_starttls(self, argument: str) -> None:
        """Go on in TLS, as if nothing had been said before (RFC 3207 section 4.2)."""
        if self.listener.settings.tls_mode is not TlsMode.STARTTLS:
            self.refuse(replies.NOT_IMPLEMENTED)
        elif self.tls is not None:
            self.refuse(replies.TLS_ALREADY)
        elif argument:
            self.refuse(replies.BAD_ARGUMENT)
        else:
            self.reply(replies.READY_FOR_TLS)
            await self.flush()
            self.helo, self.is_extended = None, False
            self.reset()
            await self.start_tls()

    # -------------------------------------------------------------------------------------------------------- the others

    def answer_rset(self, argument: str) -> None:
        """Forget the mail under way."""
        if argument:
            self.refuse(replies.BAD_ARGUMENT)
            return
        self.reset()
        self.reply(replies.OK)

    def answer_noop(self, argument: str) -> None:
        """Do nothing; an argument is allowed (RFC 5321 section 4.1.1.9)."""
        del argument
        self.reply(replies.OK)

    def answer_vrfy(self, argument: str) -> None:
        """Tell nothing about recipients (RFC 5321 section 7.3)."""
        if argument:
            self.reply(replies.CANNOT_VERIFY)
        else:
            self.refuse(replies.BAD_ARGUMENT)

    def answer_expn(self, argument: str) -> None:
        """Tell nothing about lists."""
        del argument
        self.refuse(replies.NOT_IMPLEMENTED)

    def answer_auth(self, argument: str) -> None:
        """Nobody logs in here: whoever may hand us mail needs no password."""
        del argument
        self.refuse(replies.NOT_IMPLEMENTED)

    def answer_help(self, argument: str) -> None:
        """Name the commands."""
        del argument
        names = self.local_commands if self.is_local else self.commands
        self.reply(f"214 2.0.0 {' '.join(sorted(names))}\r\n".encode())

    def answer_quit(self, argument: str) -> None:
        """End."""
        del argument
        self.reply(replies.BYE)
        raise Hangup

    def answer_xclient(self, argument: str) -> None:
        """Take another client's place, when a front server that we trust says so; greet anew."""
        client = self._read_announced(argument, XCLIENT_NAMES)
        if client is not None:
            self.client_ip = client.ip or self.client_ip
            self.reset()
            self.helo, self.xclient_helo = None, client.helo
            self.reply(self._greeting())

    def answer_xforward(self, argument: str) -> None:
        """Take note of who handed the next mail to a front server that we trust."""
        client = self._read_announced(argument, XFORWARD_NAMES)
        if client is not None:
            self.announced = client
            self.reply(replies.OK)

    def _read_announced(self, argument: str, names: frozenset[str]) -> AnnouncedClient | None:
        if not is_within(self.peer_ip, self.listener.xclient_networks):
            self.refuse(replies.NOT_ALLOWED)
            return None
        if self.transaction is not None:
            self.refuse(replies.OUT_OF_ORDER)
            return None
        before = self.announced if names is XFORWARD_NAMES else None
        client = read_announced_client(argument, names=names, before=before)
        if client is None:
            self.refuse(replies.BAD_ARGUMENT)
        return client

    def _greeting(self) -> bytes:
        protocol = "LMTP" if self.is_local else "ESMTP"
        return f"220 {self.service.hostname} {protocol} ready\r\n".encode()
