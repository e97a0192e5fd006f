"""People and time: contacts, organisations, blocks, absences, links between tickets, clocks and timers."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_UNSOLVED: Final = sa.text("assignee IS NOT NULL AND status IN ('new', 'open', 'pending', 'on_hold')")
_TIMED: Final = sa.text("late_at IS NOT NULL")
_TICKET_COLUMNS: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "first_answered_at": sa.DateTime(timezone=True),
    "solved_at": sa.DateTime(timezone=True),
    "wait_until": sa.DateTime(timezone=True),
    "clock": sa.Text(),
    "late_at": sa.DateTime(timezone=True),
    "announced": sa.Text(),
}


def upgrade() -> None:
    """Add the columns, fill in what is known of existing rows, and make the new tables."""
    _extend_tickets()
    _extend_outbox()
    _make_people()
    _make_team()
    _make_time()


def _extend_tickets() -> None:
    for name, kind in _TICKET_COLUMNS.items():
        op.add_column("ticket", sa.Column(name, kind, nullable=True))
    op.create_index("ix_ticket_late_at", "ticket", ["late_at"], sqlite_where=_TIMED, postgresql_where=_TIMED)
    op.create_index("ix_ticket_assignee_unsolved", "ticket", ["assignee"], sqlite_where=_UNSOLVED, postgresql_where=_UNSOLVED)
    op.execute("UPDATE ticket SET solved_at = updated_at WHERE status IN ('solved', 'closed')")
    op.execute(
        "UPDATE ticket SET first_answered_at = (SELECT min(created_at) FROM post"
        " WHERE post.ticket_id = ticket.id AND side = 'agent' AND visibility = 'public')"
    )


def _extend_outbox() -> None:
    op.add_column("outbound", sa.Column("recipient_domain", sa.Text(), nullable=False, server_default=""))
    # What stands behind the last @: without it nothing is left of a key but its end.
    local = "rtrim(recipient_key, replace(recipient_key, '@', ''))"
    op.execute(f"UPDATE outbound SET recipient_domain = substr(recipient_key, length({local}) + 1)")  # noqa: S608 no input
    for column in ("recipient_domain", "channel"):
        op.create_index(f"ix_outbound_{column}_purpose_created_at", "outbound", [column, "purpose", "created_at"])


def _make_people() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("is_vip", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
    )
    op.create_table(
        "organisation_domain",
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("organisation_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("written", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_organisation_domain_organisation_id")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_organisation_domain")),
    )
    op.create_index(op.f("ix_organisation_domain_organisation_id"), "organisation_domain", ["organisation_id"])
    op.create_table(
        "contact",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", _ID, nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("is_vip", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_contact_organisation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_organisation_id"), "contact", ["organisation_id"])
    op.create_table(
        "contact_address",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("contact_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_contact_address_contact_id")),
        sa.PrimaryKeyConstraint("address_key", name=op.f("pk_contact_address")),
    )
    op.create_index(op.f("ix_contact_address_contact_id"), "contact_address", ["contact_id"])


def _make_team() -> None:
    op.create_table(
        "block",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("lookup", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "lookup", name=op.f("pk_block")),
    )
    op.create_table(
        "absence",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("agent", name=op.f("pk_absence")),
    )


def _make_time() -> None:
    op.create_table(
        "ticket_link",
        sa.Column("ticket_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_link_ticket_id")),
        sa.ForeignKeyConstraint(["other_id"], ["ticket.id"], name=op.f("fk_ticket_link_other_id")),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", "kind", name=op.f("pk_ticket_link")),
    )
    op.create_index(op.f("ix_ticket_link_other_id"), "ticket_link", ["other_id"])
    op.create_table(
        "timer",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ticket_id", _ID, nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_timer_ticket_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_timer")),
    )
    op.create_index(op.f("ix_timer_due_at"), "timer", ["due_at"])
    op.create_index(op.f("ix_timer_ticket_id"), "timer", ["ticket_id"])
    op.create_table(
        "listed_mail",
        sa.Column("outbound_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("received_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["outbound_id"], ["outbound.id"], name=op.f("fk_listed_mail_outbound_id")),
        sa.ForeignKeyConstraint(["received_id"], ["received.id"], name=op.f("fk_listed_mail_received_id")),
        sa.PrimaryKeyConstraint("outbound_id", "number", name=op.f("pk_listed_mail")),
    )
    op.create_index(op.f("ix_listed_mail_received_id"), "listed_mail", ["received_id"])


def downgrade() -> None:
    """Drop the tables and the columns."""
    for table in ("listed_mail", "timer", "ticket_link", "absence", "block"):
        op.drop_table(table)
    for table in ("contact_address", "contact", "organisation_domain", "organisation"):
        op.drop_table(table)
    for column in ("recipient_domain", "channel"):
        op.drop_index(f"ix_outbound_{column}_purpose_created_at", table_name="outbound")
    op.drop_column("outbound", "recipient_domain")
    op.drop_index("ix_ticket_assignee_unsolved", table_name="ticket")
    op.drop_index("ix_ticket_late_at", table_name="ticket")
    for name in reversed(_TICKET_COLUMNS):
        op.drop_column("ticket", name)
