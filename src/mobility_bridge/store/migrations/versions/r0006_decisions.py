"""Our decisions on what partners propose."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("omobility_id", NAME, nullable=False),
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("approve", sa.Boolean(), nullable=False),
        sa.Column("text_digest", BYTES, nullable=False),
        sa.Column("document_sha256", BYTES),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("content", BYTES, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("signed_at", INSTANT),
        sa.Column("signer_digest", NAME),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", INSTANT),
        sa.Column("under_way_key", NAME),
        sa.Column("sent_at", INSTANT),
        sa.Column("answered", sa.Integer()),
        sa.Column("finished_at", INSTANT),
        sa.Column("outcome", NAME, nullable=False),
        sa.Column("present_proposal_id", sa.Text()),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
        sa.UniqueConstraint("under_way_key", name="uq_decisions_under_way_key"),
    )
    op.create_index("ix_decisions_next_attempt_at", "decisions", ["next_attempt_at"])
    op.create_index("ix_decisions_mobility", "decisions", ["partner_hei_id", "omobility_id"])
