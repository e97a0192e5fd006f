"""Every condition of rules and triggers.

A condition is one class, and nothing about it stands anywhere else: the key in the file is its name in lower case with
underscores, its docstring the documentation, `argument` the type of what follows the key, `stage` what must be known before it
can be decided. Write a class, and add it here.
"""

from typing import Final

from gateway.pipeline.rules import of_circumstances, of_mail
from gateway.pipeline.rules.condition import Condition

CONDITIONS: Final[tuple[type[Condition], ...]] = (
    of_mail.SubjectContains,
    of_mail.SubjectMatches,
    of_mail.BodyContains,
    of_mail.BodyMatches,
    of_mail.AuthorIs,
    of_mail.AuthorContains,
    of_mail.AuthorDomain,
    of_mail.RecipientIs,
    of_mail.AnyRecipientIs,
    of_circumstances.Channel,
    of_mail.Language,
    of_mail.HasAttachment,
    of_mail.HeaderIs,
    of_circumstances.AssuranceIs,
    of_circumstances.KindIs,
    of_circumstances.SpamScore,
    of_circumstances.ContactKnown,
    of_circumstances.ContactType,
    of_circumstances.ContactVip,
    of_circumstances.ContactOrganisation,
    of_circumstances.TicketHas,
    of_circumstances.BusinessHours,
)
