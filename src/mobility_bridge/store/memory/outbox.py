"""Notifications waiting for their partners, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.errors import StoreError
from mobility_bridge.store.changes import after_attempt, queued_again
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryOutbox:
    """`Outbox` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._rows: Shelf[int, ChangeNotification] = Shelf(journal)

    def queue(
        self, kind: CnrKind, partner: HeiId, iia_id: IiaId, *, cause: str, at: datetime, expires_at: datetime
    ) -> ChangeNotification:
        for row in self._rows:
            same = (row.kind, row.partner_hei_id, row.iia_id) == (kind, partner, iia_id)
            if same and row.state is CnrState.PENDING:
                return self._put(queued_again(row, cause, expires_at))
        return self._put(
            ChangeNotification(
                notification_id=len(self._rows) + 1,
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
        due = [
            row
            for row in self._rows
            if row.state is CnrState.PENDING
            and row.next_attempt_at <= now
            and (row.leased_until is None or row.leased_until <= now)
        ]
        due.sort(key=lambda row: (row.created_at, row.notification_id))
        return [self._put(replace(row, leased_until=lease_until)) for row in due[:limit]]

    def save(self, notification: ChangeNotification) -> bool:
        stored = self._rows.get(notification.notification_id)
        if stored is None:
            raise StoreError(f"there is no notification {notification.notification_id} in the outbox")
        row, stands = after_attempt(stored, notification)
        self._put(row)
        return stands

    def release(self, notification_ids: Iterable[int]) -> None:
        for number in notification_ids:
            row = self._rows.get(number)
            if row is not None:
                self._put(replace(row, leased_until=None))

    def select(
        self,
        *,
        states: Sequence[CnrState] = (),
        partner: HeiId | None = None,
        iia_id: IiaId | None = None,
        limit: int = 1000,
    ) -> Sequence[ChangeNotification]:
        found = [
            row
            for row in self._rows
            if (not states or row.state in states)
            and (partner is None or row.partner_hei_id == partner)
            and (iia_id is None or row.iia_id == iia_id)
        ]
        found.sort(key=lambda row: (row.created_at, row.notification_id), reverse=True)
        return found[:limit]

    def counts(self) -> Mapping[CnrState, int]:
        states = [row.state for row in self._rows]
        return {state: states.count(state) for state in CnrState}

    def _put(self, row: ChangeNotification) -> ChangeNotification:
        self._rows.put(row.notification_id, row)
        return row
