"""Pairings and approvals, in SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.store.changes import LinkDecision, same_conclusion, seen_again, standing_links
from mobility_bridge.store.tables import approvals, concluded, link_decisions


class SqlLinks:
    """`LinkRepository` on one transaction. Decisions are only ever added; what stands is worked out of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def confirm(
        self, partner: HeiId, iia_id: IiaId, partner_iia_id: IiaId, by: str, reason: str, at: datetime
    ) -> None:
        self._add(LinkDecision(partner, iia_id, partner_iia_id, True, by, reason, at))  # noqa: FBT003

    def reject(
        self, partner: HeiId, iia_id: IiaId, partner_iia_id: IiaId, by: str, reason: str, at: datetime
    ) -> None:
        self._add(LinkDecision(partner, iia_id, partner_iia_id, False, by, reason, at))  # noqa: FBT003

    def confirmed(self, partner: HeiId) -> Mapping[IiaId, IiaId]:
        return standing_links(self._of(partner))[0]

    def rejected(self, partner: HeiId) -> set[tuple[IiaId, IiaId]]:
        return standing_links(self._of(partner))[1]

    def _add(self, decision: LinkDecision) -> None:
        self._connection.execute(
            insert(link_decisions).values(
                partner_hei_id=decision.partner_hei_id,
                iia_id=decision.iia_id,
                partner_iia_id=decision.partner_iia_id,
                confirmed=decision.confirmed,
                decided_by=decision.decided_by,
                reason=decision.reason,
                decided_at=decision.decided_at,
            )
        )

    def _of(self, partner: HeiId) -> list[LinkDecision]:
        wanted = (
            select(link_decisions)
            .where(link_decisions.c.partner_hei_id == partner)
            .order_by(link_decisions.c.decision_id)
        )
        return [
            LinkDecision(
                partner_hei_id=row.partner_hei_id,
                iia_id=row.iia_id,
                partner_iia_id=row.partner_iia_id,
                confirmed=row.confirmed,
                decided_by=row.decided_by,
                reason=row.reason,
                decided_at=row.decided_at,
            )
            for row in self._connection.execute(wanted)
        ]


class SqlApprovals:
    """`ApprovalRepository` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def current(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId) -> Approval | None:
        found = self._current(side, partner, iia_id)
        return None if found is None else found[1]

    def history(self, partner: HeiId, iia_id: IiaId) -> Sequence[Approval]:
        wanted = (
            select(approvals)
            .where(
                approvals.c.partner_hei_id == partner,
                approvals.c.iia_id == iia_id,
                approvals.c.withdrawn_at.is_not(None),
            )
            .order_by(approvals.c.withdrawn_at.desc(), approvals.c.approval_id.desc())
        )
        return [_approval(row) for row in self._connection.execute(wanted)]

    def save(self, approval: Approval) -> bool:
        found = self._current(approval.side, approval.partner_hei_id, approval.iia_id)
        if found is not None:
            approval_id, current = found
            again = seen_again(current, approval)
            if again is not None:
                self._write(approval_id, again)
                return False
            self._write(approval_id, replace(current, withdrawn_at=approval.first_seen_at))
        row = _approval_row(replace(approval, withdrawn_at=None))
        self._connection.execute(insert(approvals).values(row))
        return True

    def withdraw(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId, at: datetime) -> bool:
        found = self._current(side, partner, iia_id)
        if found is None:
            return False
        approval_id, current = found
        self._write(approval_id, replace(current, withdrawn_at=at))
        return True

    def conclude(self, pair: Concluded) -> None:
        if same_conclusion(self.concluded(pair.partner_hei_id, pair.iia_id), pair):
            return
        self._connection.execute(
            insert(concluded).values(
                partner_hei_id=pair.partner_hei_id,
                iia_id=pair.iia_id,
                partner_iia_id=pair.partner_iia_id,
                local_hash=pair.local_hash,
                partner_hash=pair.partner_hash,
                concluded_at=pair.concluded_at,
            )
        )

    def concluded(self, partner: HeiId, iia_id: IiaId) -> Concluded | None:
        wanted = (
            select(concluded)
            .where(concluded.c.partner_hei_id == partner, concluded.c.iia_id == iia_id)
            .order_by(concluded.c.concluded_id.desc())
            .limit(1)
        )
        row = self._connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return Concluded(
            partner_hei_id=row.partner_hei_id,
            iia_id=row.iia_id,
            partner_iia_id=row.partner_iia_id,
            local_hash=row.local_hash,
            partner_hash=row.partner_hash,
            concluded_at=row.concluded_at,
        )

    def _current(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId) -> tuple[int, Approval] | None:
        wanted = select(approvals).where(
            approvals.c.partner_hei_id == partner,
            approvals.c.iia_id == iia_id,
            approvals.c.side == side.value,
            approvals.c.withdrawn_at.is_(None),
        )
        row = self._connection.execute(wanted).one_or_none()
        return None if row is None else (row.approval_id, _approval(row))

    def _write(self, approval_id: int, approval: Approval) -> None:
        self._connection.execute(
            update(approvals).where(approvals.c.approval_id == approval_id).values(_approval_row(approval))
        )


def _approval_row(approval: Approval) -> dict[str, Any]:
    return {
        "side": approval.side.value,
        "partner_hei_id": approval.partner_hei_id,
        "iia_id": approval.iia_id,
        "iia_hash": approval.iia_hash,
        "first_seen_at": approval.first_seen_at,
        "last_seen_at": approval.last_seen_at,
        "document_sha256": approval.document,
        "withdrawn_at": approval.withdrawn_at,
    }


def _approval(row: Row[Any]) -> Approval:
    return Approval(
        side=ApprovalSide(row.side),
        partner_hei_id=row.partner_hei_id,
        iia_id=row.iia_id,
        iia_hash=row.iia_hash,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        document=row.document_sha256,
        withdrawn_at=row.withdrawn_at,
    )
