"""The table of our decisions, stated once for SQLite and PostgreSQL.

`under_way_key` names the object while something is still to be done about the decision, and is unique: two people who
decide at the same time cannot both have their way. What they wrote stands sealed in `content`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text

from mobility_bridge.store.columns import Digest, Instant, Name
from mobility_bridge.store.tables import metadata

decisions = Table(
    "decisions",
    metadata,
    Column(
        "decision_id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("kind", Name, nullable=False),
    Column("partner_hei_id", Name, nullable=False),
    Column("omobility_id", Name, nullable=False),
    Column("proposal_id", Text, nullable=False),
    Column("approve", Boolean, nullable=False),
    Column("text_digest", Digest, nullable=False),
    Column("document_sha256", Digest),
    Column("by", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("decided_at", Instant, nullable=False),
    Column("state", Name, nullable=False),
    Column("signed_at", Instant),
    Column("signer_digest", Name),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant, index=True),
    Column("under_way_key", Name, unique=True),
    Column("sent_at", Instant),
    Column("answered", Integer),
    Column("finished_at", Instant),
    Column("outcome", Name, nullable=False),
    Column("present_proposal_id", Text),
)
Index("ix_decisions_mobility", decisions.c.partner_hei_id, decisions.c.omobility_id)
