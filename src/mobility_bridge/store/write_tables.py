"""The table of writes to our own systems: ids, codes and days, and sealed why somebody asked for a write."""

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from mobility_bridge.store.columns import Instant, Name
from mobility_bridge.store.tables import metadata

_RowNumber = BigInteger().with_variant(Integer(), "sqlite")

writes = Table(
    "writes",
    metadata,
    Column("write_id", _RowNumber, primary_key=True, autoincrement=True),
    Column("key", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("field", Name, nullable=False),
    Column("target", Name, nullable=False),
    Column("about", Text, nullable=False),
    Column("order_text", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),  # sealed
    Column("asked_at", Instant, nullable=False),
    Column("state", Name, nullable=False),
    Column("student_id", Name),
    Column("stay_id", Name),
    Column("attempts", Integer, nullable=False),
    Column("sent_at", Instant),
    Column("ended_at", Instant),
    Column("found", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("evidence", Text, nullable=False),
)
Index("ix_writes_key", writes.c.key)
Index("ix_writes_stay_id", writes.c.stay_id)
Index("ix_writes_state", writes.c.state)
