"""Writes to our own systems, in SQL."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import StoreError
from mobility_bridge.store.sealing import Seal, unwrap_text, wrap_text
from mobility_bridge.store.sql.statements import in_chunks
from mobility_bridge.store.write_tables import writes

_OPEN = writes.c.state.in_([state.value for state in WriteState if state.open])
_QUIET = (WriteState.DONE.value, WriteState.MOVED.value)
_NEWEST = select(func.max(writes.c.write_id)).group_by(writes.c.key)


class SqlWrites:
    """`WriteRepository` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def ask(self, write: Write) -> Write:
        open_one = select(writes).where(writes.c.key == write.key, _OPEN).order_by(writes.c.write_id).limit(1)
        found = self._connection.execute(open_one).one_or_none()
        if found is not None:
            return self._write(found)
        key = self._connection.execute(insert(writes).values(self._row_of(write))).inserted_primary_key
        assert key is not None
        return replace(write, write_id=key[0])

    def save(self, write: Write) -> None:
        changed = self._connection.execute(
            update(writes).where(writes.c.write_id == write.write_id).values(self._row_of(write))
        )
        if changed.rowcount == 0:
            raise StoreError(f"there is no write {write.write_id}")

    def get(self, write_id: int) -> Write | None:
        row = self._connection.execute(select(writes).where(writes.c.write_id == write_id)).one_or_none()
        return None if row is None else self._write(row)

    def latest(self, keys: Iterable[str]) -> Mapping[str, Write]:
        found = {}
        for chunk in in_chunks(dict.fromkeys(keys)):
            newest = _NEWEST.where(writes.c.key.in_(chunk))
            for row in self._connection.execute(select(writes).where(writes.c.write_id.in_(newest))):
                found[row.key] = self._write(row)
        return found

    def select(
        self,
        *,
        states: Sequence[WriteState] = (),
        kind: str | None = None,
        stay_id: StayId | None = None,
        limit: int = 1000,
    ) -> Sequence[Write]:
        wanted = select(writes)
        if states:
            wanted = wanted.where(writes.c.state.in_([state.value for state in states]))
        if kind is not None:
            wanted = wanted.where(writes.c.kind == kind)
        if stay_id is not None:
            wanted = wanted.where(writes.c.stay_id == stay_id)
        newest_first = wanted.order_by(writes.c.write_id.desc()).limit(limit)
        return [self._write(row) for row in self._connection.execute(newest_first)]

    def troubled(self) -> Sequence[Write]:
        wanted = select(writes).where(writes.c.state.not_in(_QUIET), writes.c.write_id.in_(_NEWEST))
        return [self._write(row) for row in self._connection.execute(wanted.order_by(writes.c.write_id))]

    def _row_of(self, write: Write) -> dict[str, Any]:
        return {
            "key": write.key,
            "kind": write.kind,
            "field": write.field,
            "target": write.to.value,
            "about": write.about,
            "order_text": write.order,
            "before": write.before,
            "after": write.after,
            "asked_by": write.asked_by,
            "reason": wrap_text(self._seal, write.reason),
            "asked_at": write.asked_at,
            "state": write.state.value,
            "student_id": write.student_id,
            "stay_id": write.stay_id,
            "attempts": write.attempts,
            "sent_at": write.sent_at,
            "ended_at": write.ended_at,
            "found": write.found,
            "detail": write.detail,
            "evidence": json.dumps(write.evidence, separators=(",", ":")),
        }

    def _write(self, row: Row[Any]) -> Write:
        return Write(
            write_id=row.write_id,
            key=row.key,
            kind=row.kind,
            field=row.field,
            to=System(row.target),
            about=row.about,
            order=row.order_text,
            before=row.before,
            after=row.after,
            asked_by=row.asked_by,
            reason=unwrap_text(self._seal, row.reason) or "",
            asked_at=row.asked_at,
            state=WriteState(row.state),
            student_id=None if row.student_id is None else StudentId(row.student_id),
            stay_id=None if row.stay_id is None else StayId(row.stay_id),
            attempts=row.attempts,
            sent_at=row.sent_at,
            ended_at=row.ended_at,
            found=row.found,
            detail=row.detail,
            evidence=tuple(json.loads(row.evidence)),
        )
