"""Every word that a client is told. Fixed and generic: the reason stands in the log (RFC 5321 section 4.2, RFC 3463).

`Refusal` is also what `judge` answers with, so that a refusal made elsewhere reads like one made here.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reply that says no: SMTP code, enhanced status code (RFC 3463) and one line of text."""

    code: int
    enhanced: str
    text: str
    limit: str = ""
    """The limit that it enforces, for counting; logged once per burst."""

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}"

    @property
    def is_permanent(self) -> bool:
        """Tell whether the sender is told to give up."""
        return self.code >= _PERMANENT

    def encode(self) -> bytes:
        """Return the line to send, with its CRLF."""
        return b"%d %s %s\r\n" % (self.code, self.enhanced.encode("ascii"), self.text.encode("ascii", "replace"))


_PERMANENT: Final = 500

# ---------------------------------------------------------------------------------------------------------------- good news

READY_FOR_TLS: Final = b"220 2.0.0 Ready to start TLS\r\n"
BYE: Final = b"221 2.0.0 Bye\r\n"
OK: Final = b"250 2.0.0 OK\r\n"
SENDER_OK: Final = b"250 2.1.0 Sender OK\r\n"
RECIPIENT_OK: Final = b"250 2.1.5 Recipient OK\r\n"
CANNOT_VERIFY: Final = b"252 2.1.5 Cannot say, but will take a mail and see\r\n"
GO_AHEAD: Final = b"354 End data with <CR><LF>.<CR><LF>\r\n"

# ------------------------------------------------------------------------------------------------------ try again (4yz)

SHUTTING_DOWN: Final = Refusal(421, "4.3.2", "Service is restarting, come back in a minute")
TOO_MANY_CONNECTIONS: Final = Refusal(421, "4.7.0", "Too many connections, come back later", "connections")
TOO_MANY_OF_NETWORK: Final = Refusal(421, "4.7.0", "Too many connections, come back later", "connections_per_network")
TOO_IDLE: Final = Refusal(421, "4.4.2", "Waited too long, closing the connection")
MAKING_ROOM: Final = Refusal(421, "4.3.2", "Idle while others are waiting, closing the connection", "idle_under_pressure")
TOO_MANY_ERRORS: Final = Refusal(421, "4.7.0", "Too many errors, closing the connection", "errors")
TOO_MANY_COMMANDS: Final = Refusal(421, "4.7.0", "Too many commands without a mail, closing the connection", "commands")
TOO_MANY_MAILS: Final = Refusal(421, "4.7.0", "Enough mails for one connection, connect again", "mails_per_connection")
OUR_FAULT: Final = Refusal(451, "4.3.0", "Temporary fault on our side, come back later")
NO_ROOM: Final = Refusal(452, "4.3.1", "Too much mail is arriving at once, come back later", "in_flight")
TOO_MANY_RECIPIENTS: Final = Refusal(452, "4.5.3", "Too many recipients, send the rest as another mail", "recipients_per_mail")
NO_TLS_NOW: Final = Refusal(454, "4.7.0", "TLS is not available now")

# ------------------------------------------------------------------------------------------------------- give up (5yz)

UNKNOWN_COMMAND: Final = Refusal(500, "5.5.1", "Command not recognised")
BAD_LINE_END: Final = Refusal(500, "5.5.2", "Commands end in CR LF and hold no control characters")
LINE_TOO_LONG: Final = Refusal(500, "5.5.2", "Command line too long")
BAD_ARGUMENT: Final = Refusal(501, "5.5.4", "Syntax error in the argument")
BAD_SENDER: Final = Refusal(501, "5.1.7", "Syntax error in the reverse-path")
BAD_RECIPIENT: Final = Refusal(501, "5.1.3", "Syntax error in the recipient")
NOT_IMPLEMENTED: Final = Refusal(502, "5.5.1", "Command not implemented")
NEED_GREETING: Final = Refusal(503, "5.5.1", "Say EHLO first")
NEED_GREETING_LMTP: Final = Refusal(503, "5.5.1", "Say LHLO first")
NEED_MAIL: Final = Refusal(503, "5.5.1", "Say MAIL first")
NEED_RECIPIENT: Final = Refusal(503, "5.5.1", "No valid recipients")
NESTED_MAIL: Final = Refusal(503, "5.5.1", "A mail is under way already")
TLS_ALREADY: Final = Refusal(503, "5.5.1", "TLS is active already")
OUT_OF_ORDER: Final = Refusal(503, "5.5.1", "Not in the middle of a mail")
UNKNOWN_RECIPIENT: Final = Refusal(550, "5.1.1", "No such recipient here")
NO_RELAYING: Final = Refusal(550, "5.7.1", "Relaying denied")
NOT_ALLOWED: Final = Refusal(550, "5.7.0", "Not allowed from your address")
TOO_BIG: Final = Refusal(552, "5.3.4", "Mail is larger than we take", "message_size")
HEADER_TOO_BIG: Final = Refusal(552, "5.3.4", "Header of the mail is larger than we take", "header_size")
NEED_SMTPUTF8: Final = Refusal(553, "5.6.7", "Address needs the SMTPUTF8 parameter")
TOO_MANY_FIELDS: Final = Refusal(554, "5.6.0", "Mail has too many header fields", "header_fields")
TOO_MANY_HOPS: Final = Refusal(554, "5.4.6", "Too many hops, the mail seems to go in circles", "hops")
NOT_SMTP: Final = Refusal(554, "5.5.0", "This is not an SMTP client", "other_protocol")
UNKNOWN_PARAMETER: Final = Refusal(555, "5.5.4", "Parameter not recognised")
