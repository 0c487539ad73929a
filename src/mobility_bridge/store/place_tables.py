"""The table of places taken under agreements.

What judging one stay needs to know of the others, so that it never reads their records. Nothing in it is personal.
"""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text

from mobility_bridge.store.columns import Instant, Name
from mobility_bridge.store.tables import metadata

place_claims = Table(
    "place_claims",
    metadata,
    Column("stay_id", Name, primary_key=True),
    Column("partner_hei_id", Name, nullable=False),
    Column("agreement", Name, nullable=False),
    Column("condition_key", Name, nullable=False),
    Column("start_year", Integer, nullable=False),
    Column("direction", Name, nullable=False),
    Column("kind", Name, nullable=False),
    Column("nominated", Boolean, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("months_tenths", Integer, nullable=False),
    Column("isced_f_code", Name),
    Column("eqf_level", Integer),
    Column("places", Integer),
    Column("months_offered", Text),
    sqlite_with_rowid=False,
)
Index(
    "ix_place_claims_pool",
    place_claims.c.partner_hei_id,
    place_claims.c.agreement,
    place_claims.c.condition_key,
    place_claims.c.start_year,
    place_claims.c.asked_at,
    place_claims.c.stay_id,
)
