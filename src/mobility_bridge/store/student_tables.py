"""The tables about students, stated once for SQLite and PostgreSQL.

What says something of a person stands in sealed columns (`facts`, `value`), or as a keyed fingerprint where it
has to be looked up. A merge of two students moves nothing: rows stay with the student they came with, and
`merged_into` says who stands for whom, so that undoing it is exact.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, LargeBinary, Table, Text, column

from mobility_bridge.store.columns import Day, Digest, Instant, Name
from mobility_bridge.store.tables import metadata

_RowNumber = BigInteger().with_variant(Integer(), "sqlite")


def _record_facts() -> list[Column[Any]]:
    """Columns of a record beyond its key; the history repeats them."""
    return [
        Column("student_id", _RowNumber),
        Column("stay_id", Name),
        Column("digest", Digest, nullable=False),
        Column("facts", LargeBinary, nullable=False),  # sealed
        Column("as_of", Instant, nullable=False),
        Column("document_sha256", Digest),
        Column("document_format", Name),
        Column("document_position", Integer),
        Column("problems", Text, nullable=False),
        Column("first_seen_at", Instant, nullable=False),
        Column("changed_at", Instant, nullable=False),
        Column("confirmed_at", Instant, nullable=False),
        Column("gone_at", Instant),
    ]


records = Table(
    "records",
    metadata,
    Column("source", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("holder_hei_id", Name, primary_key=True),
    Column("record_id", Name, primary_key=True),
    *_record_facts(),
    sqlite_with_rowid=False,
)
Index("ix_records_student_id", records.c.student_id)

records_history = Table(
    "records_history",
    metadata,
    Column("history_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("source", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("holder_hei_id", Name, nullable=False),
    Column("record_id", Name, nullable=False),
    *_record_facts(),
)
Index(
    "ix_records_history_key",
    records_history.c.source,
    records_history.c.kind,
    records_history.c.holder_hei_id,
    records_history.c.record_id,
)

students = Table(
    "students",
    metadata,
    Column("student_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("created_at", Instant, nullable=False),
    Column("merged_into", _RowNumber, index=True),
    Column("merged_at", Instant),
    Column("erasure_id", _RowNumber),
)

student_keys = Table(
    "student_keys",
    metadata,
    Column("kind", Name, primary_key=True),
    Column("fingerprint", LargeBinary, primary_key=True),
    Column("value", LargeBinary, nullable=False),  # sealed
    Column("student_id", _RowNumber, nullable=False, index=True),
    Column("first_seen_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

student_traits = Table(
    "student_traits",
    metadata,
    Column("fingerprint", LargeBinary, primary_key=True),
    Column("student_id", _RowNumber, primary_key=True),
    sqlite_with_rowid=False,
)

stays = Table(
    "stays",
    metadata,
    Column("stay_id", Name, primary_key=True),
    Column("student_id", _RowNumber, nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("direction", Name, nullable=False),
    Column("partner_hei_id", Name, index=True),
    Column("created_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

student_matches = Table(
    "student_matches",
    metadata,
    Column("match_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("one", _RowNumber, nullable=False, index=True),
    Column("other", _RowNumber, nullable=False, index=True),
    Column("score", Double, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("state", Name, nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Text),
    Column("reason", Text),
)

ABOUT_NOBODY = column("student_uid").is_(None)
"""Agreements, occasions and code tables. Written like this so that the partial index serves it."""

registry_facts = Table(
    "registry_facts",
    metadata,
    Column("key", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("student_uid", Name, index=True),
    Column("as_of", Instant, nullable=False),
    Column("event_uid", Name, nullable=False),
    Column("removed", Boolean, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # sealed
    Column("changed_at", Instant, nullable=False),
)
Index(
    "ix_registry_facts_kind",
    registry_facts.c.kind,
    sqlite_where=ABOUT_NOBODY,
    postgresql_where=ABOUT_NOBODY,
)

registry_facts_history = Table(
    "registry_facts_history",
    metadata,
    Column("history_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("key", Name, nullable=False, index=True),
    Column("as_of", Instant, nullable=False),
    Column("facts", LargeBinary, nullable=False),  # sealed
    Column("replaced_at", Instant, nullable=False),
)

feed_events = Table(
    "feed_events",
    metadata,
    Column("feed", Name, primary_key=True),
    Column("event_id", Name, primary_key=True),
    Column("page", Integer, nullable=False),
    Column("handled_on", Day, nullable=False),
    sqlite_with_rowid=False,
)
Index("ix_feed_events_page", feed_events.c.feed, feed_events.c.page)

erasures = Table(
    "erasures",
    metadata,
    Column("erasure_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("students", Text, nullable=False),
    Column("erased_at", Instant, nullable=False),
    Column("erased_by", Text, nullable=False),  # wrapped
    Column("why", Text, nullable=False),  # wrapped
    Column("counts", Text, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", Text),  # wrapped
    Column("lifted_why", Text),  # wrapped
)

erased_keys = Table(
    "erased_keys",
    metadata,
    Column("kind", Name, primary_key=True),
    Column("fingerprint", LargeBinary, primary_key=True),
    Column("erasure_id", _RowNumber, nullable=False, index=True),
    sqlite_with_rowid=False,
)
