"""Erasures: what was let go of, the fingerprints by which it is known again, and evidence without its bodies."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.add_column("evidence", sa.Column("erased_at", INSTANT))
    op.add_column("evidence", sa.Column("request_sha256", BYTES))
    op.add_column("evidence", sa.Column("url_erased", sa.Boolean()))
    op.add_column("students", sa.Column("erasure_id", ROW_NUMBER))
    op.create_table(
        "erasures",
        sa.Column("erasure_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("students", sa.Text(), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("lifted_at", INSTANT),
        sa.Column("lifted_by", sa.Text()),
        sa.Column("lifted_why", sa.Text()),
        sa.PrimaryKeyConstraint("erasure_id", name="pk_erasures"),
    )
    op.create_table(
        "erased_keys",
        sa.Column("kind", NAME, nullable=False),
        sa.Column("fingerprint", BYTES, nullable=False),
        sa.Column("erasure_id", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name="pk_erased_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_erased_keys_erasure_id", "erased_keys", ["erasure_id"])
