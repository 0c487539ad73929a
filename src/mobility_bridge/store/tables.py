"""The tables, stated once for SQLite and PostgreSQL.

Enumerations are their values, instants whole microseconds in UTC, days ISO text, digests 32 bytes; lists and
mappings are compact JSON text, because nothing looks inside them. What is asked for by partner is clustered
by partner (`WITHOUT ROWID`), so a sweep reads neighbouring pages.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    column,
)

from mobility_bridge.store.columns import Day, Digest, Instant, Name

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

_RowNumber = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key is declared INTEGER."""


def _copy_facts() -> list[Column[Any]]:
    """Columns of a copy beyond its key; the history repeats them."""
    return [
        Column("source", Name, nullable=False),
        Column("partner_iia_id", Name),
        Column("listed_hei_ids", Text, nullable=False),
        Column("iia_code", Text),
        Column("partner_iia_code", Text),
        Column("in_effect", Boolean, nullable=False),
        Column("terminated", Boolean),
        Column("iia_hash", Name),
        Column("computed_hash", Digest),
        Column("hash_verdict", Name, nullable=False),
        Column("valid_for_approval", Boolean, nullable=False),
        Column("content_digest", Digest, nullable=False),
        Column("document_sha256", Digest, nullable=False),
        Column("document_format", Name, nullable=False),
        Column("document_position", Integer, nullable=False),
        Column("text_digest", Digest),
        Column("stray_attributes", Boolean, nullable=False),
        Column("record", Text),
        Column("fetched_at", Instant, nullable=False),
        Column("first_seen_at", Instant, nullable=False),
        Column("changed_at", Instant, nullable=False),
        Column("confirmed_at", Instant, nullable=False),
        Column("gone_at", Instant),
    ]


documents = Table(
    "documents",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("body", LargeBinary),  # zstd, wrapped; NULL once erased
    Column("length", BigInteger, nullable=False),  # of the bytes before compression
    Column("fingerprint", Digest),  # of those bytes; NULL where it was not taken
)

copies = Table(
    "copies",
    metadata,
    Column("holder_hei_id", Name, primary_key=True),
    Column("partner_hei_id", Name, primary_key=True),
    Column("iia_id", Name, primary_key=True),
    *_copy_facts(),
    sqlite_with_rowid=False,
)
Index(  # answers "which ids are live" from neighbouring entries, without reading the copies
    "ix_copies_live",
    copies.c.holder_hei_id,
    copies.c.partner_hei_id,
    copies.c.gone_at,
    copies.c.iia_id,
)
Index("ix_copies_iia_id", copies.c.iia_id)
Index("ix_copies_partner_iia_id", copies.c.partner_iia_id)

LOCAL_COPY = column("record").is_not(None)
"""Ours: one of our own systems keeps a record of it. Written like this so that the partial index serves it."""

Index(
    "ix_copies_local",
    copies.c.holder_hei_id,
    copies.c.partner_hei_id,
    copies.c.iia_id,
    sqlite_where=LOCAL_COPY,
    postgresql_where=LOCAL_COPY,
)

copies_history = Table(
    "copies_history",
    metadata,
    Column("history_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("holder_hei_id", Name, nullable=False),
    Column("partner_hei_id", Name, nullable=False),
    Column("iia_id", Name, nullable=False),
    *_copy_facts(),
)
Index(
    "ix_copies_history_key",
    copies_history.c.holder_hei_id,
    copies_history.c.partner_hei_id,
    copies_history.c.iia_id,
)

link_decisions = Table(
    "link_decisions",
    metadata,
    Column("decision_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("partner_hei_id", Name, nullable=False, index=True),
    Column("iia_id", Name, nullable=False),
    Column("partner_iia_id", Name, nullable=False),
    Column("confirmed", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("approval_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("side", Name, nullable=False),
    Column("partner_hei_id", Name, nullable=False),
    Column("iia_id", Name, nullable=False),
    Column("iia_hash", Name, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("document_sha256", Digest),
    Column("withdrawn_at", Instant),
)
Index("ix_approvals_key", approvals.c.partner_hei_id, approvals.c.iia_id, approvals.c.side)

concluded = Table(
    "concluded",
    metadata,
    Column("concluded_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("partner_hei_id", Name, nullable=False),
    Column("iia_id", Name, nullable=False),
    Column("partner_iia_id", Name, nullable=False),
    Column("local_hash", Name, nullable=False),
    Column("partner_hash", Name, nullable=False),
    Column("concluded_at", Instant, nullable=False),
)
Index("ix_concluded_key", concluded.c.partner_hei_id, concluded.c.iia_id)

discrepancies = Table(
    "discrepancies",
    metadata,
    Column("discrepancy_id", Name, primary_key=True),
    Column("code", Name, nullable=False),
    Column("severity", Name, nullable=False),
    Column("owner", Name, nullable=False),
    Column("subject_kind", Name, nullable=False),
    Column("subject_key", Name, nullable=False, index=True),
    Column("partner_hei_id", Name, index=True),
    Column("iia_id", Name),
    Column("partner_iia_id", Name),
    Column("source", Name),
    Column("place", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("text_sv", Text, nullable=False),
    Column("next_step_en", Text, nullable=False),
    Column("next_step_sv", Text, nullable=False),
    Column("values", Text, nullable=False),
    Column("due_on", Day),
    Column("state", Name, nullable=False, index=True),
    Column("first_seen_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", Text),
    Column("acknowledged_reason", Text),
    Column("times_reopened", Integer, nullable=False),
    Column("stay_id", Name),
    Column("student_id", Name, index=True),
)

discrepancy_events = Table(
    "discrepancy_events",
    metadata,
    Column("event_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("discrepancy_id", Name, ForeignKey("discrepancies.discrepancy_id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("kind", Name, nullable=False),
    Column("severity", Name, nullable=False),
    Column("values", Text, nullable=False),
    Column("by", Text),
    Column("reason", Text),
)

notifications = Table(
    "notifications",
    metadata,
    Column("notification_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("kind", Name, nullable=False),
    Column("partner_hei_id", Name, nullable=False),
    Column("iia_id", Name, nullable=False),
    Column("state", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("merged", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("leased_until", Instant),
    Column("finished_at", Instant),
    Column("last_error", Text),
    Column("cause", Text, nullable=False),
)
Index("ix_notifications_state", notifications.c.state, notifications.c.created_at)
Index("ix_notifications_key", notifications.c.partner_hei_id, notifications.c.iia_id)

evidence = Table(
    "evidence",
    metadata,
    Column("sequence", _RowNumber, primary_key=True, autoincrement=False),
    Column("system", Name, nullable=False),
    Column("hei_id", Name),
    Column("api", Name, nullable=False),
    Column("method", Name, nullable=False),
    Column("url", Text, nullable=False),  # wrapped
    Column("received_at", Instant, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("request_headers", Text, nullable=False),
    Column("request_body", LargeBinary, nullable=False),  # wrapped
    Column("status", Integer),
    Column("response_headers", Text, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("verification", Name, nullable=False),
    Column("failure", Text),
    Column("duration_s", Double, nullable=False),
    Column("body_sha256", Digest, nullable=False),
    Column("body_length", BigInteger, nullable=False),
    Column("previous_hash", Digest, nullable=False),
    Column("record_hash", Digest, nullable=False),
    Column("erased_at", Instant),
    Column("request_sha256", Digest),  # of a request body that was erased
    Column("url_erased", Boolean),
)
Index("ix_evidence_hei_id", evidence.c.hei_id, evidence.c.sequence)

partner_health = Table(
    "partner_health",
    metadata,
    Column("partner_hei_id", Name, primary_key=True),
    Column("api", Name, primary_key=True),
    Column("last_ok_at", Instant),
    Column("failing_since", Instant),
    Column("last_failed_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("failure_code", Name),
    Column("failure_reason", Name),
    Column("detail", Text, nullable=False),
    Column("evidence", BigInteger),
    sqlite_with_rowid=False,
)

partner_index = Table(
    "partner_index",
    metadata,
    Column("partner_hei_id", Name, primary_key=True),
    Column("listed_at", Instant),
    Column("full_at", Instant),
    Column("count", Integer, nullable=False),
    Column("shrunk_to", Integer),
    Column("ignores_modified_since", Boolean, nullable=False),
    Column("foreign_ids", Text, nullable=False),
    sqlite_with_rowid=False,
)

dirty_copies = Table(
    "dirty_copies",
    metadata,
    Column("partner_hei_id", Name, primary_key=True),
    Column("iia_id", Name, primary_key=True),
    Column("marked_at", Instant, nullable=False),
    Column("cause", Text, nullable=False),
    sqlite_with_rowid=False,
)

subjects = Table(
    "subjects",
    metadata,
    Column("key", Name, primary_key=True),
    Column("marked_at", Instant, index=True),
    Column("revisit_on", Day, index=True),
    sqlite_with_rowid=False,
)

cursors = Table(
    "cursors",
    metadata,
    Column("name", Name, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)
