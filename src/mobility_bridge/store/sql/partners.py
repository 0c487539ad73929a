"""What we remember of partners, and what has to be looked at again, in SQL."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.store.columns import to_micros
from mobility_bridge.store.sql.copy_rows import compact
from mobility_bridge.store.sql.statements import in_chunks, run_raw, upsert
from mobility_bridge.store.tables import dirty_copies, partner_health, partner_index, subjects

# Asked of every partner in every round: a statement that is made anew takes longer to make than to run.
_HEALTH = select(partner_health).where(partner_health.c.partner_hei_id == bindparam("partner"))
_HEALTH_OF = select(partner_health).where(
    partner_health.c.api == bindparam("api"),
    partner_health.c.partner_hei_id.in_(bindparam("partners", expanding=True)),
)
_INDEXES = select(partner_index).where(
    partner_index.c.partner_hei_id.in_(bindparam("partners", expanding=True))
)
_DIRTY = (
    select(dirty_copies.c.partner_hei_id, dirty_copies.c.iia_id)
    .order_by(dirty_copies.c.marked_at, dirty_copies.c.partner_hei_id, dirty_copies.c.iia_id)
    .limit(bindparam("most"))
)
_DIRTY_OF_PARTNER = _DIRTY.where(dirty_copies.c.partner_hei_id == bindparam("partner"))
_DIRTY_PARTNERS = select(dirty_copies.c.partner_hei_id).distinct()
_CLEAR_DIRTY = "DELETE FROM dirty_copies WHERE partner_hei_id = ? AND marked_at <= ? AND iia_id IN (...)"


class SqlPartners:
    """`PartnerRepository` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def health(self, partner: HeiId) -> Mapping[str, Health]:
        return {row.api: _health(row) for row in self._connection.execute(_HEALTH, {"partner": partner})}

    def health_of(self, api: str, partners: Iterable[HeiId]) -> Mapping[HeiId, Health]:
        found = (
            self._connection.execute(_HEALTH_OF, {"api": api, "partners": chunk})
            for chunk in in_chunks(partners)
        )
        return {row.partner_hei_id: _health(row) for rows in found for row in rows}

    def all_health(self) -> Sequence[Health]:
        wanted = select(partner_health).order_by(partner_health.c.partner_hei_id, partner_health.c.api)
        return [_health(row) for row in self._connection.execute(wanted)]

    def save_health(self, *health: Health) -> None:
        rows = [
            {
                "partner_hei_id": each.partner_hei_id,
                "api": each.api,
                "last_ok_at": each.last_ok_at,
                "failing_since": each.failing_since,
                "last_failed_at": each.last_failed_at,
                "failures": each.failures,
                "failure_code": each.failure_code,
                "failure_reason": each.failure_reason,
                "detail": each.detail,
                "evidence": each.evidence,
            }
            for each in health
        ]
        upsert(self._connection, partner_health, rows)

    def index(self, partner: HeiId) -> IndexState | None:
        return self.indexes([partner]).get(partner)

    def indexes(self, partners: Iterable[HeiId]) -> Mapping[HeiId, IndexState]:
        found = (self._connection.execute(_INDEXES, {"partners": chunk}) for chunk in in_chunks(partners))
        return {row.partner_hei_id: _index(row) for rows in found for row in rows}

    def save_index(self, *states: IndexState) -> None:
        rows = [
            {
                "partner_hei_id": state.partner_hei_id,
                "listed_at": state.listed_at,
                "full_at": state.full_at,
                "count": state.count,
                "shrunk_to": state.shrunk_to,
                "ignores_modified_since": state.ignores_modified_since,
                "foreign_ids": compact(state.foreign_ids),
            }
            for state in states
        ]
        upsert(self._connection, partner_index, rows)


class SqlWork:
    """`WorkList` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark_dirty(self, partner: HeiId, ids: Iterable[IiaId], at: datetime, cause: str) -> None:
        rows = [
            {"partner_hei_id": partner, "iia_id": iia_id, "marked_at": at, "cause": cause}
            for iia_id in dict.fromkeys(ids)
        ]
        upsert(self._connection, dirty_copies, rows)

    def dirty(self, partner: HeiId | None = None, limit: int = 10_000) -> Sequence[tuple[HeiId, IiaId]]:
        wanted = _DIRTY if partner is None else _DIRTY_OF_PARTNER
        found = self._connection.execute(wanted, {"partner": partner, "most": limit})
        return [(row.partner_hei_id, row.iia_id) for row in found]

    def dirty_partners(self) -> set[HeiId]:
        return set(self._connection.execute(_DIRTY_PARTNERS).scalars())

    def clear_dirty(self, partner: HeiId, ids: Iterable[IiaId], asked_at: datetime) -> None:
        for chunk in in_chunks(ids):
            run_raw(self._connection, _CLEAR_DIRTY, (partner, to_micros(asked_at)), chunk)

    def mark_to_compare(self, keys: Iterable[str], at: datetime) -> None:
        for chunk in in_chunks(dict.fromkeys(keys)):
            marked = select(subjects.c.key).where(
                subjects.c.key.in_(chunk), subjects.c.marked_at.is_not(None)
            )
            there = set(self._connection.execute(marked).scalars())
            rows = [{"key": key, "marked_at": at, "revisit_on": None} for key in chunk if key not in there]
            upsert(self._connection, subjects, rows, keep={"revisit_on"})

    def to_compare(self, limit: int = 1000) -> Sequence[str]:
        wanted = (
            select(subjects.c.key)
            .where(subjects.c.marked_at.is_not(None))
            .order_by(subjects.c.marked_at, subjects.c.key)
            .limit(limit)
        )
        return list(self._connection.execute(wanted).scalars())

    def compared(self, key: str, revisit_on: date | None) -> None:
        if revisit_on is None:
            self._connection.execute(delete(subjects).where(subjects.c.key == key))
        else:
            upsert(self._connection, subjects, [{"key": key, "marked_at": None, "revisit_on": revisit_on}])

    def due(self, today: date, limit: int = 1000) -> Sequence[str]:
        wanted = (
            select(subjects.c.key)
            .where(subjects.c.revisit_on <= today)
            .order_by(subjects.c.revisit_on, subjects.c.key)
            .limit(limit)
        )
        return list(self._connection.execute(wanted).scalars())


def _index(row: Row[Any]) -> IndexState:
    return IndexState(
        partner_hei_id=row.partner_hei_id,
        listed_at=row.listed_at,
        full_at=row.full_at,
        count=row._mapping["count"],  # noqa: SLF001 - public in spite of its name; `count` is a tuple's method
        shrunk_to=row.shrunk_to,
        ignores_modified_since=row.ignores_modified_since,
        foreign_ids=tuple(json.loads(row.foreign_ids)),
    )


def _health(row: Row[Any]) -> Health:
    return Health(
        partner_hei_id=row.partner_hei_id,
        api=row.api,
        last_ok_at=row.last_ok_at,
        failing_since=row.failing_since,
        last_failed_at=row.last_failed_at,
        failures=row.failures,
        failure_code=row.failure_code,
        failure_reason=row.failure_reason,
        detail=row.detail,
        evidence=row.evidence,
    )
