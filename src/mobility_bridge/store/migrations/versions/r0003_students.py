"""Students, their records and stays, and what the registry said about them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
DAY = sa.Text()
BYTES = sa.LargeBinary()


def upgrade() -> None:
    op.add_column("discrepancies", sa.Column("stay_id", NAME))
    op.add_column("discrepancies", sa.Column("student_id", NAME))
    op.create_index("ix_discrepancies_student_id", "discrepancies", ["student_id"])
    _records()
    _students()
    _matches()
    _registry()


def _record_facts() -> list[sa.Column[object]]:
    return [
        sa.Column("student_id", ROW_NUMBER),
        sa.Column("stay_id", NAME),
        sa.Column("digest", BYTES, nullable=False),
        sa.Column("facts", BYTES, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("document_sha256", BYTES),
        sa.Column("document_format", NAME),
        sa.Column("document_position", sa.Integer()),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
    ]


def _records() -> None:
    key = ["source", "kind", "holder_hei_id", "record_id"]
    op.create_table(
        "records",
        *(sa.Column(name, NAME, nullable=False) for name in key),
        *_record_facts(),
        sa.PrimaryKeyConstraint(*key, name="pk_records"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_records_student_id", "records", ["student_id"])
    op.create_table(
        "records_history",
        sa.Column("history_id", ROW_NUMBER, autoincrement=True, nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in key),
        *_record_facts(),
        sa.PrimaryKeyConstraint("history_id", name="pk_records_history"),
    )
    op.create_index("ix_records_history_key", "records_history", key)


def _students() -> None:
    op.create_table(
        "students",
        sa.Column("student_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("merged_into", ROW_NUMBER),
        sa.Column("merged_at", INSTANT),
        sa.PrimaryKeyConstraint("student_id", name="pk_students"),
    )
    op.create_index("ix_students_merged_into", "students", ["merged_into"])
    op.create_table(
        "student_keys",
        sa.Column("kind", NAME, nullable=False),
        sa.Column("fingerprint", BYTES, nullable=False),
        sa.Column("value", BYTES, nullable=False),
        sa.Column("student_id", ROW_NUMBER, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("kind", "fingerprint", name="pk_student_keys"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_student_keys_student_id", "student_keys", ["student_id"])
    op.create_table(
        "student_traits",
        sa.Column("fingerprint", BYTES, nullable=False),
        sa.Column("student_id", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "student_id", name="pk_student_traits"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stays",
        sa.Column("stay_id", NAME, nullable=False),
        sa.Column("student_id", ROW_NUMBER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("direction", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("stay_id", name="pk_stays"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_stays_student_id", "stays", ["student_id"])
    op.create_index("ix_stays_partner_hei_id", "stays", ["partner_hei_id"])


def _matches() -> None:
    op.create_table(
        "student_matches",
        sa.Column("match_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("one", ROW_NUMBER, nullable=False),
        sa.Column("other", ROW_NUMBER, nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("proposed_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("match_id", name="pk_student_matches"),
    )
    op.create_index("ix_student_matches_one", "student_matches", ["one"])
    op.create_index("ix_student_matches_other", "student_matches", ["other"])


def _registry() -> None:
    op.create_table(
        "registry_facts",
        sa.Column("key", NAME, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("student_uid", NAME),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("event_uid", NAME, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("facts", BYTES, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_registry_facts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_registry_facts_kind", "registry_facts", ["kind"])
    op.create_index("ix_registry_facts_student_uid", "registry_facts", ["student_uid"])
    op.create_table(
        "registry_facts_history",
        sa.Column("history_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("facts", BYTES, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("history_id", name="pk_registry_facts_history"),
    )
    op.create_index("ix_registry_facts_history_key", "registry_facts_history", ["key"])
    op.create_table(
        "feed_events",
        sa.Column("feed", NAME, nullable=False),
        sa.Column("event_id", NAME, nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("handled_on", DAY, nullable=False),
        sa.PrimaryKeyConstraint("feed", "event_id", name="pk_feed_events"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feed_events_page", "feed_events", ["feed", "page"])
