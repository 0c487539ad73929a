"""Places taken by stays, in SQL."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, select

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Claim, Pool, Tally
from mobility_bridge.domain.record import StayId
from mobility_bridge.store.columns import to_micros
from mobility_bridge.store.place_tables import place_claims
from mobility_bridge.store.sql.statements import run_raw, upsert

_TENTHS = 10
_ALL = 1_000_000_000
_QUEUE = "FROM place_claims WHERE partner_hei_id = ? AND agreement = ? AND condition_key = ? AND start_year = ? AND nominated"
_TALLY = f"SELECT count(*), sum(months_tenths) {_QUEUE}"
_LAST = f"SELECT stay_id {_QUEUE} ORDER BY asked_at DESC, stay_id DESC LIMIT 1"
_BEYOND = f"SELECT stay_id {_QUEUE} ORDER BY asked_at, stay_id LIMIT ? OFFSET ?"
_BEFORE = f"SELECT count(*) {_QUEUE} AND (asked_at < ? OR (asked_at = ? AND stay_id < ?))"


class SqlPlaces:
    """`PlaceRepository` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, stay_id: StayId) -> Claim | None:
        wanted = select(place_claims).where(place_claims.c.stay_id == stay_id)
        row = self._connection.execute(wanted).one_or_none()
        return _claim(row) if row is not None else None

    def tally(self, pool: Pool) -> Tally:
        key = _values(pool)
        ((used, tenths),) = run_raw(self._connection, _TALLY, key)
        last = run_raw(self._connection, _LAST, key).scalar() if used else None
        return Tally(used, Decimal(int(tenths or 0)) / _TENTHS, None if last is None else StayId(last))

    def before(self, claim: Claim) -> int:
        at = to_micros(claim.asked_at)
        found = run_raw(self._connection, _BEFORE, (*_values(claim.pool), at, at, claim.stay_id)).scalar()
        return int(found)

    def beyond(self, pool: Pool, place: int) -> Sequence[StayId]:
        # SQLite has no OFFSET without LIMIT.
        rows = run_raw(self._connection, _BEYOND, (*_values(pool), _ALL, place))
        return [StayId(row[0]) for row in rows]

    def put(self, claim: Claim) -> None:
        upsert(self._connection, place_claims, [_row(claim)])

    def drop(self, stay_id: StayId) -> None:
        self._connection.execute(delete(place_claims).where(place_claims.c.stay_id == stay_id))

    def select(self, *, partner: HeiId | None = None, start_year: int | None = None) -> Sequence[Claim]:
        wanted = select(place_claims)
        if partner is not None:
            wanted = wanted.where(place_claims.c.partner_hei_id == partner)
        if start_year is not None:
            wanted = wanted.where(place_claims.c.start_year == start_year)
        return self._read(wanted)

    def _read(self, wanted: Select[Any]) -> Sequence[Claim]:
        return [_claim(row) for row in self._connection.execute(wanted.order_by(place_claims.c.stay_id))]


def _values(pool: Pool) -> tuple[Any, ...]:
    return pool.partner_hei_id, pool.agreement, pool.condition, pool.start_year


def _row(claim: Claim) -> dict[str, Any]:
    return {
        "stay_id": claim.stay_id,
        "partner_hei_id": claim.pool.partner_hei_id,
        "agreement": claim.pool.agreement,
        "condition_key": claim.pool.condition,
        "start_year": claim.pool.start_year,
        "direction": claim.direction,
        "kind": claim.kind,
        "nominated": claim.nominated,
        "asked_at": claim.asked_at,
        "months_tenths": int(claim.months * _TENTHS),
        "isced_f_code": claim.isced_f_code,
        "eqf_level": claim.eqf_level,
        "places": claim.places,
        "months_offered": None if claim.months_offered is None else f"{claim.months_offered:f}",
    }


def _claim(row: Row[Any]) -> Claim:
    return Claim(
        stay_id=StayId(row.stay_id),
        pool=Pool(HeiId(row.partner_hei_id), row.agreement, row.condition_key, row.start_year),
        direction=Direction(row.direction),
        kind=MobilityKind(row.kind),
        nominated=row.nominated,
        asked_at=row.asked_at,
        months=Decimal(row.months_tenths) / _TENTHS,
        isced_f_code=row.isced_f_code,
        eqf_level=row.eqf_level,
        places=row.places,
        months_offered=None if row.months_offered is None else Decimal(row.months_offered),
    )
