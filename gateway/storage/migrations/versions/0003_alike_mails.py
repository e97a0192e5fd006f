"""Who wrote a post by mail, and a digest of what it says: to count mails that say the same without reading any.

Posts that were there before have neither: such mails are counted from now on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INDEX = "ix_post_author_key_created_at_likeness_ticket_id"


def upgrade() -> None:
    """Add the columns and the index that answers the question by itself."""
    for name in ("author_key", "likeness"):
        op.add_column("post", sa.Column(name, sa.Text(), nullable=True))
    by_mail = sa.text("author_key IS NOT NULL")
    columns = ["author_key", "created_at", "likeness", "ticket_id"]
    op.create_index(_INDEX, "post", columns, sqlite_where=by_mail, postgresql_where=by_mail)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(_INDEX, table_name="post")
    for name in ("likeness", "author_key"):
        op.drop_column("post", name)
