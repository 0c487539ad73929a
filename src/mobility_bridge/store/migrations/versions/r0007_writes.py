"""Writes to our own systems: who asked, what stood there, what was to stand there, and how each ended."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "writes",
        sa.Column("write_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("field", NAME, nullable=False),
        sa.Column("target", NAME, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("order_text", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("student_id", NAME),
        sa.Column("stay_id", NAME),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("write_id", name="pk_writes"),
    )
    for column in ("key", "stay_id", "state"):
        op.create_index(f"ix_writes_{column}", "writes", [column])
