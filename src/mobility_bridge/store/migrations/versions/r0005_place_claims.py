"""Which stay takes which place under an agreement."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "place_claims",
        sa.Column("stay_id", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("agreement", NAME, nullable=False),
        sa.Column("condition_key", NAME, nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("direction", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("nominated", sa.Boolean(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("months_tenths", sa.Integer(), nullable=False),
        sa.Column("isced_f_code", NAME),
        sa.Column("eqf_level", sa.Integer()),
        sa.Column("places", sa.Integer()),
        sa.Column("months_offered", sa.Text()),
        sa.PrimaryKeyConstraint("stay_id", name="pk_place_claims"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_place_claims_pool",
        "place_claims",
        ["partner_hei_id", "agreement", "condition_key", "start_year", "asked_at", "stay_id"],
    )
