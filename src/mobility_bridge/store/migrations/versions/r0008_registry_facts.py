"""Facts of the registry lie in the order in which they came, so that a page of the feed changes few pages of the file.

Their index by kind holds only those that are about no student: nothing else is asked for by kind.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.BigInteger()
ABOUT_NOBODY = sa.text("student_uid IS NULL")


def upgrade() -> None:
    op.drop_index("ix_registry_facts_kind", "registry_facts")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild()
    op.create_index(
        "ix_registry_facts_kind",
        "registry_facts",
        ["kind"],
        sqlite_where=ABOUT_NOBODY,
        postgresql_where=ABOUT_NOBODY,
    )


def _rebuild() -> None:
    op.drop_index("ix_registry_facts_student_uid", "registry_facts")
    op.rename_table("registry_facts", "registry_facts_before")
    op.create_table(
        "registry_facts",
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("student_uid", NAME),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("event_uid", NAME, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_registry_facts"),
    )
    op.execute(
        "INSERT INTO registry_facts (key, kind, student_uid, as_of, event_uid, removed, facts, changed_at) "
        "SELECT key, kind, student_uid, as_of, event_uid, removed, facts, changed_at "
        "FROM registry_facts_before ORDER BY changed_at"
    )
    op.drop_table("registry_facts_before")
    op.create_index("ix_registry_facts_student_uid", "registry_facts", ["student_uid"])
