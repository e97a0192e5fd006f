"""The commands that make a mail: MAIL, RCPT, DATA, and the answer after it (RFC 5321; RFC 2033 where the door speaks LMTP)."""

from dataclasses import replace
from typing import Final

import structlog

from gateway.errors import TransientError
from gateway.ids import format_id
from gateway.mail.addresses import Address
from gateway.mail.content import Content
from gateway.mail.envelope import Envelope
from gateway.smtp_in import replies
from gateway.smtp_in.connection import Phase
from gateway.smtp_in.conversation import Conversation
from gateway.smtp_in.intake import Taken
from gateway.smtp_in.paths import parse_path
from gateway.smtp_in.receiving import EndlessMail, keep_content, receive_content
from gateway.smtp_in.replies import Refusal
from gateway.smtp_in.spool import Arriving
from gateway.smtp_in.transaction import Transaction, begin_transaction, declared_size, needs_smtputf8

log: Final = structlog.get_logger()


class Session(Conversation):
    """One client's connection, with everything that can be said in it."""

    def answer_mail(self, argument: str) -> None:
        """Begin a mail."""
        limits = self.service.limits
        if self.helo is None:
            self.refuse(replies.NEED_GREETING_LMTP if self.is_local else replies.NEED_GREETING)
            return
        if self.transaction is not None:
            self.refuse(replies.NESTED_MAIL)
            return
        if self.mails >= limits.mails_per_connection:
            self.end(replies.TOO_MANY_MAILS)
        path = parse_path(argument, keyword="FROM:")
        if path is None:
            self.refuse(replies.BAD_SENDER)
            return
        begun = begin_transaction(path, is_extended=self.is_extended, limits=limits)
        if isinstance(begun, Transaction) and not self.service.in_flight.has_room_for(declared_size(path)):
            begun = replies.NO_ROOM
        if isinstance(begun, Refusal):
            self.refuse(begun)
            return
        self.transaction, self.had_fault = begun, False
        self.reply(replies.SENDER_OK)

    async def answer_rcpt(self, argument: str) -> None:
        """Add a recipient. A fault of ours here spoils this recipient only."""
        transaction = self.transaction
        if transaction is None:
            self.refuse(replies.OUR_FAULT if self.had_fault else replies.NEED_MAIL)
            return
        if len(transaction.recipients) >= self.service.limits.recipients_per_mail:
            self.refuse(replies.TOO_MANY_RECIPIENTS)
            return
        path = parse_path(argument, keyword="TO:")
        if path is None or path.address is None:
            self.refuse(replies.BAD_RECIPIENT)
        elif path.parameters:
            self.refuse(replies.UNKNOWN_PARAMETER)
        elif needs_smtputf8(path.address) and not transaction.is_smtputf8:
            self.refuse(replies.NEED_SMTPUTF8)
        else:
            address = path.address if path.address.domain else replace(path.address, domain=self.service.hostname)
            await self._add_recipient(transaction, address)

    async def _add_recipient(self, transaction: Transaction, address: Address) -> None:
        try:
            found = await self.service.intake.find_recipient(address)
        except Exception as error:  # The SMTP hook.
            fault = None if isinstance(error, TransientError) else error
            log.warning("recipient.deferred", recipient=str(address), because=type(error).__name__, exc_info=fault)
            transaction.has_deferred = True
            self.reply(replies.OUR_FAULT)
            return
        if isinstance(found, Refusal):
            log.info("recipient.refused", recipient=str(address), client_ip=self.client_ip, because=found.enhanced)
            self.refuse(found)
            return
        transaction.recipients.append(found)
        self.reply(replies.RECIPIENT_OK)

    # ---------------------------------------------------------------------------------------------------------- content

    async def answer_data(self, argument: str) -> None:
        """Take the mail, and answer when it is durable."""
        transaction = self.transaction
        if transaction is None or not transaction.recipients:
            is_ours = self.had_fault or (transaction is not None and transaction.has_deferred)
            self.refuse(replies.OUR_FAULT if is_ours else replies.NEED_RECIPIENT if transaction else replies.NEED_MAIL)
            return
        if argument:
            self.refuse(replies.BAD_ARGUMENT)
            return
        self.reply(replies.GO_AHEAD)
        if self.send():
            await self.flush()
        started = self.service.now()
        arriving = Arriving(spool=self.service.spool, in_flight=self.service.in_flight)
        try:
            self.wait(Phase.CONTENT)
            refusal = await receive_content(self.wire, self.service, arriving)
            self.wait(Phase.WORK)
            content = refusal or await keep_content(arriving)
            if isinstance(content, Refusal):
                self._answer(transaction, content)
            else:
                await self._take(transaction, content, started)
        except EndlessMail:
            self.end(replies.TOO_BIG)
        finally:
            arriving.drop()
            self.reset()

    async def _take(self, transaction: Transaction, content: Content, started: float) -> None:
        service = self.service
        envelope = self._envelope(transaction)
        try:
            taken = await service.intake.take(envelope, content, limits=service.limits, spool=service.spool)
        except Exception as error:  # The SMTP hook: whatever it was, the mail may come again.
            fault = None if isinstance(error, TransientError | OSError) else error
            log.warning("mail.deferred", client_ip=self.client_ip, because=str(error) or type(error).__name__, exc_info=fault)
            self._answer(transaction, replies.OUR_FAULT)
            return
        if isinstance(taken, Taken):
            self.mails += 1
            self.commands_since_mail = self.idle_since_mail = self.errors_since_mail = 0
            service.mails += 1
        self._log(envelope, content, taken, started)
        self._answer(transaction, taken)

    def _answer(self, transaction: Transaction, outcome: Taken | Refusal) -> None:
        """Reply once, or at a local door once for each recipient (RFC 2033 section 4.2)."""
        for recipient in transaction.recipients if self.is_local else transaction.recipients[:1]:
            if isinstance(outcome, Taken):
                self.reply(b"250 2.0.0 %s accepted\r\n" % format_id(outcome.ids[recipient.channel]).encode())
            else:
                self.reply(outcome)
        if isinstance(outcome, Refusal):
            self.count_refusal(outcome)

    def _envelope(self, transaction: Transaction) -> Envelope:
        announced = self.announced
        helo = self.xclient_helo or self.helo
        return Envelope(
            reverse_path=transaction.reverse_path,
            recipients=tuple(dict.fromkeys(transaction.recipients)),
            received_at=self.service.intake.clock(),
            door=self.listener.settings.door,
            client_ip=announced.ip if announced is not None and announced.ip else self.client_ip,
            helo=announced.helo if announced is not None and announced.ip else helo,
            is_esmtp=self.is_extended,
            is_smtputf8=transaction.is_smtputf8,
            tls=self.tls,
        )

    def _log(self, envelope: Envelope, content: Content, taken: Taken | Refusal, started: float) -> None:
        circumstances = {
            "channels": sorted({recipient.channel for recipient in envelope.recipients}),
            "client_ip": envelope.client_ip,
            "helo": envelope.helo,
            "door": envelope.door,
            "tls": envelope.tls,
            "reverse_path": str(envelope.reverse_path or ""),
            "recipients": len(envelope.recipients),
            "size": content.size,
            "seconds": round(self.service.now() - started, 4),
        }
        if isinstance(taken, Refusal):
            log.warning("mail.refused", reply=str(taken), **circumstances)
        else:
            log.info("mail.received", ids=[format_id(i) for i in taken.ids.values()], **circumstances)


_SHARED: Final = (
    "MAIL",
    "RCPT",
    "DATA",
    "RSET",
    "NOOP",
    "VRFY",
    "EXPN",
    "HELP",
    "QUIT",
    "STARTTLS",
    "AUTH",
    "XCLIENT",
    "XFORWARD",
)
Session.commands = {verb: getattr(Session, f"answer_{verb.lower()}") for verb in ("HELO", "EHLO", *_SHARED)}
Session.local_commands = {verb: getattr(Session, f"answer_{verb.lower()}") for verb in _SHARED} | {"LHLO": Session.answer_ehlo}
