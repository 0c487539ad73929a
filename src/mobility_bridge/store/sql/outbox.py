"""Notifications waiting for their partners, in SQL."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.errors import StoreError
from mobility_bridge.store.changes import after_attempt, queued_again
from mobility_bridge.store.sql.statements import in_chunks
from mobility_bridge.store.tables import notifications

_PENDING = notifications.c.state == CnrState.PENDING.value


class SqlOutbox:
    """`Outbox` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def queue(
        self, kind: CnrKind, partner: HeiId, iia_id: IiaId, *, cause: str, at: datetime, expires_at: datetime
    ) -> ChangeNotification:
        pending = self._connection.execute(
            select(notifications)
            .where(
                notifications.c.partner_hei_id == partner,
                notifications.c.iia_id == iia_id,
                notifications.c.kind == kind.value,
                _PENDING,
            )
            .order_by(notifications.c.notification_id)
            .limit(1)
        ).one_or_none()
        if pending is not None:
            return self._write(queued_again(_notification(pending), cause, expires_at))
        return self._add(
            ChangeNotification(
                notification_id=0,
                kind=kind,
                partner_hei_id=partner,
                iia_id=iia_id,
                state=CnrState.PENDING,
                created_at=at,
                next_attempt_at=at,
                expires_at=expires_at,
                cause=cause,
            )
        )

    def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[ChangeNotification]:
        leased = notifications.c.leased_until
        rows = self._connection.execute(
            select(notifications)
            .where(_PENDING, notifications.c.next_attempt_at <= now, or_(leased.is_(None), leased <= now))
            .order_by(notifications.c.created_at, notifications.c.notification_id)
            .limit(limit)
            .with_for_update(skip_locked=True)  # SQLite leaves it out: it has one writer
        ).all()
        self._lease([row.notification_id for row in rows], lease_until)
        return [replace(_notification(row), leased_until=lease_until) for row in rows]

    def save(self, notification: ChangeNotification) -> bool:
        wanted = select(notifications).where(notifications.c.notification_id == notification.notification_id)
        stored = self._connection.execute(wanted).one_or_none()
        if stored is None:
            raise StoreError(f"there is no notification {notification.notification_id} in the outbox")
        row, stands = after_attempt(_notification(stored), notification)
        self._write(row)
        return stands

    def release(self, notification_ids: Iterable[int]) -> None:
        self._lease(notification_ids, None)

    def select(
        self,
        *,
        states: Sequence[CnrState] = (),
        partner: HeiId | None = None,
        iia_id: IiaId | None = None,
        limit: int = 1000,
    ) -> Sequence[ChangeNotification]:
        wanted = select(notifications)
        if states:
            wanted = wanted.where(notifications.c.state.in_([state.value for state in states]))
        if partner is not None:
            wanted = wanted.where(notifications.c.partner_hei_id == partner)
        if iia_id is not None:
            wanted = wanted.where(notifications.c.iia_id == iia_id)
        newest_first = wanted.order_by(
            notifications.c.created_at.desc(), notifications.c.notification_id.desc()
        )
        return [_notification(row) for row in self._connection.execute(newest_first.limit(limit))]

    def counts(self) -> Mapping[CnrState, int]:
        wanted = select(notifications.c.state, func.count()).group_by(notifications.c.state)
        found = {state: number for state, number in self._connection.execute(wanted)}  # noqa: C416 - rows are no pairs to mypy
        return {state: found.get(state.value, 0) for state in CnrState}

    def _lease(self, notification_ids: Iterable[int], until: datetime | None) -> None:
        for chunk in in_chunks(notification_ids):
            self._connection.execute(
                update(notifications)
                .where(notifications.c.notification_id.in_(chunk))
                .values(leased_until=until)
            )

    def _add(self, notification: ChangeNotification) -> ChangeNotification:
        key = self._connection.execute(
            insert(notifications).values(_row_of(notification))
        ).inserted_primary_key
        assert key is not None
        return replace(notification, notification_id=key[0])

    def _write(self, notification: ChangeNotification) -> ChangeNotification:
        self._connection.execute(
            update(notifications)
            .where(notifications.c.notification_id == notification.notification_id)
            .values(_row_of(notification))
        )
        return notification


def _row_of(notification: ChangeNotification) -> dict[str, Any]:
    return {
        "kind": notification.kind.value,
        "partner_hei_id": notification.partner_hei_id,
        "iia_id": notification.iia_id,
        "state": notification.state.value,
        "created_at": notification.created_at,
        "next_attempt_at": notification.next_attempt_at,
        "expires_at": notification.expires_at,
        "attempts": notification.attempts,
        "merged": notification.merged,
        "version": notification.version,
        "leased_until": notification.leased_until,
        "finished_at": notification.finished_at,
        "last_error": notification.last_error,
        "cause": notification.cause,
    }


def _notification(row: Row[Any]) -> ChangeNotification:
    return ChangeNotification(
        notification_id=row.notification_id,
        kind=CnrKind(row.kind),
        partner_hei_id=row.partner_hei_id,
        iia_id=row.iia_id,
        state=CnrState(row.state),
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
        expires_at=row.expires_at,
        attempts=row.attempts,
        merged=row.merged,
        version=row.version,
        leased_until=row.leased_until,
        finished_at=row.finished_at,
        last_error=row.last_error,
        cause=row.cause,
    )
