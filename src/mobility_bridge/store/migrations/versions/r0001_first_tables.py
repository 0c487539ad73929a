"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# What the column types of store.columns were when this revision was made.
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()
DIGEST = sa.LargeBinary()
DAY = sa.Text()
LOCAL = sa.text("record IS NOT NULL")


def upgrade() -> None:
    _copies()
    _copies_history()
    _agreements()
    _discrepancies()
    _outbox()
    _evidence()
    _partners()


def _copies() -> None:
    op.create_table(
        "documents",
        sa.Column("sha256", DIGEST, nullable=False),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_documents"),
    )
    if op.get_bind().dialect.name == "postgresql":
        # The body is compressed already; let the server not try again.
        op.execute("ALTER TABLE documents ALTER COLUMN body SET STORAGE EXTERNAL")
    op.create_table(
        "copies",
        sa.Column("holder_hei_id", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("partner_iia_id", NAME),
        sa.Column("listed_hei_ids", sa.Text(), nullable=False),
        sa.Column("iia_code", sa.Text()),
        sa.Column("partner_iia_code", sa.Text()),
        sa.Column("in_effect", sa.Boolean(), nullable=False),
        sa.Column("terminated", sa.Boolean()),
        sa.Column("iia_hash", NAME),
        sa.Column("computed_hash", DIGEST),
        sa.Column("hash_verdict", NAME, nullable=False),
        sa.Column("valid_for_approval", sa.Boolean(), nullable=False),
        sa.Column("content_digest", DIGEST, nullable=False),
        sa.Column("document_sha256", DIGEST, nullable=False),
        sa.Column("document_format", NAME, nullable=False),
        sa.Column("document_position", sa.Integer(), nullable=False),
        sa.Column("text_digest", DIGEST),
        sa.Column("stray_attributes", sa.Boolean(), nullable=False),
        sa.Column("record", sa.Text()),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.PrimaryKeyConstraint("holder_hei_id", "partner_hei_id", "iia_id", name="pk_copies"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_copies_document_sha256", "copies", ["document_sha256"])
    op.create_index("ix_copies_iia_id", "copies", ["iia_id"])
    op.create_index(
        "ix_copies_local",
        "copies",
        ["holder_hei_id", "partner_hei_id", "iia_id"],
        sqlite_where=LOCAL,
        postgresql_where=LOCAL,
    )
    op.create_index("ix_copies_live", "copies", ["holder_hei_id", "partner_hei_id", "gone_at", "iia_id"])
    op.create_index("ix_copies_partner_iia_id", "copies", ["partner_iia_id"])


def _copies_history() -> None:
    op.create_table(
        "copies_history",
        sa.Column("history_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("holder_hei_id", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("partner_iia_id", NAME),
        sa.Column("listed_hei_ids", sa.Text(), nullable=False),
        sa.Column("iia_code", sa.Text()),
        sa.Column("partner_iia_code", sa.Text()),
        sa.Column("in_effect", sa.Boolean(), nullable=False),
        sa.Column("terminated", sa.Boolean()),
        sa.Column("iia_hash", NAME),
        sa.Column("computed_hash", DIGEST),
        sa.Column("hash_verdict", NAME, nullable=False),
        sa.Column("valid_for_approval", sa.Boolean(), nullable=False),
        sa.Column("content_digest", DIGEST, nullable=False),
        sa.Column("document_sha256", DIGEST, nullable=False),
        sa.Column("document_format", NAME, nullable=False),
        sa.Column("document_position", sa.Integer(), nullable=False),
        sa.Column("text_digest", DIGEST),
        sa.Column("stray_attributes", sa.Boolean(), nullable=False),
        sa.Column("record", sa.Text()),
        sa.Column("fetched_at", INSTANT, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.Column("gone_at", INSTANT),
        sa.PrimaryKeyConstraint("history_id", name="pk_copies_history"),
    )
    op.create_index("ix_copies_history_key", "copies_history", ["holder_hei_id", "partner_hei_id", "iia_id"])


def _agreements() -> None:
    op.create_table(
        "link_decisions",
        sa.Column("decision_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("partner_iia_id", NAME, nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_link_decisions"),
    )
    op.create_index("ix_link_decisions_partner_hei_id", "link_decisions", ["partner_hei_id"])
    op.create_table(
        "approvals",
        sa.Column("approval_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("side", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("iia_hash", NAME, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("document_sha256", DIGEST),
        sa.Column("withdrawn_at", INSTANT),
        sa.PrimaryKeyConstraint("approval_id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_key", "approvals", ["partner_hei_id", "iia_id", "side"])
    op.create_table(
        "concluded",
        sa.Column("concluded_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("partner_iia_id", NAME, nullable=False),
        sa.Column("local_hash", NAME, nullable=False),
        sa.Column("partner_hash", NAME, nullable=False),
        sa.Column("concluded_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("concluded_id", name="pk_concluded"),
    )
    op.create_index("ix_concluded_key", "concluded", ["partner_hei_id", "iia_id"])


def _discrepancies() -> None:
    op.create_table(
        "discrepancies",
        sa.Column("discrepancy_id", NAME, nullable=False),
        sa.Column("code", NAME, nullable=False),
        sa.Column("severity", NAME, nullable=False),
        sa.Column("owner", NAME, nullable=False),
        sa.Column("subject_kind", NAME, nullable=False),
        sa.Column("subject_key", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME),
        sa.Column("iia_id", NAME),
        sa.Column("partner_iia_id", NAME),
        sa.Column("source", NAME),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.Column("text_sv", sa.Text(), nullable=False),
        sa.Column("next_step_en", sa.Text(), nullable=False),
        sa.Column("next_step_sv", sa.Text(), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("due_on", DAY),
        sa.Column("state", NAME, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("acknowledged_at", INSTANT),
        sa.Column("acknowledged_by", sa.Text()),
        sa.Column("acknowledged_reason", sa.Text()),
        sa.Column("times_reopened", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("discrepancy_id", name="pk_discrepancies"),
    )
    op.create_index("ix_discrepancies_partner_hei_id", "discrepancies", ["partner_hei_id"])
    op.create_index("ix_discrepancies_state", "discrepancies", ["state"])
    op.create_index("ix_discrepancies_subject_key", "discrepancies", ["subject_key"])
    op.create_table(
        "discrepancy_events",
        sa.Column("event_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("discrepancy_id", NAME, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("severity", NAME, nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.ForeignKeyConstraint(
            ["discrepancy_id"], ["discrepancies.discrepancy_id"], name="fk_discrepancy_events_discrepancy_id"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_discrepancy_events"),
    )
    op.create_index("ix_discrepancy_events_discrepancy_id", "discrepancy_events", ["discrepancy_id"])


def _outbox() -> None:
    op.create_table(
        "notifications",
        sa.Column("notification_id", ROW_NUMBER, autoincrement=True, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("leased_until", INSTANT),
        sa.Column("finished_at", INSTANT),
        sa.Column("last_error", sa.Text()),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("notification_id", name="pk_notifications"),
    )
    op.create_index("ix_notifications_key", "notifications", ["partner_hei_id", "iia_id"])
    op.create_index("ix_notifications_state", "notifications", ["state", "created_at"])


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("sequence", ROW_NUMBER, autoincrement=False, nullable=False),
        sa.Column("system", NAME, nullable=False),
        sa.Column("hei_id", NAME),
        sa.Column("api", NAME, nullable=False),
        sa.Column("method", NAME, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("request_headers", sa.Text(), nullable=False),
        sa.Column("request_body", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("response_headers", sa.Text(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("verification", NAME, nullable=False),
        sa.Column("failure", sa.Text()),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("body_sha256", DIGEST, nullable=False),
        sa.Column("body_length", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", DIGEST, nullable=False),
        sa.Column("record_hash", DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_evidence"),
    )
    op.create_index("ix_evidence_hei_id", "evidence", ["hei_id", "sequence"])


def _partners() -> None:
    op.create_table(
        "partner_health",
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("api", NAME, nullable=False),
        sa.Column("last_ok_at", INSTANT),
        sa.Column("failing_since", INSTANT),
        sa.Column("last_failed_at", INSTANT),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure_code", NAME),
        sa.Column("failure_reason", NAME),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.BigInteger()),
        sa.PrimaryKeyConstraint("partner_hei_id", "api", name="pk_partner_health"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "partner_index",
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("listed_at", INSTANT),
        sa.Column("full_at", INSTANT),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("shrunk_to", sa.Integer()),
        sa.Column("ignores_modified_since", sa.Boolean(), nullable=False),
        sa.Column("foreign_ids", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partner_hei_id", name="pk_partner_index"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dirty_copies",
        sa.Column("partner_hei_id", NAME, nullable=False),
        sa.Column("iia_id", NAME, nullable=False),
        sa.Column("marked_at", INSTANT, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("partner_hei_id", "iia_id", name="pk_dirty_copies"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subjects",
        sa.Column("key", NAME, nullable=False),
        sa.Column("marked_at", INSTANT),
        sa.Column("revisit_on", DAY),
        sa.PrimaryKeyConstraint("key", name="pk_subjects"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subjects_marked_at", "subjects", ["marked_at"])
    op.create_index("ix_subjects_revisit_on", "subjects", ["revisit_on"])
    op.create_table(
        "cursors",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
        sqlite_with_rowid=False,
    )
