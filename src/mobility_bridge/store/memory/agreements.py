"""Pairings and approvals, in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.store.changes import LinkDecision, same_conclusion, seen_again, standing_links
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryLinks:
    """`LinkRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._decisions: Shelf[int, LinkDecision] = Shelf(journal)

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
        self._decisions.put(len(self._decisions) + 1, decision)

    def _of(self, partner: HeiId) -> list[LinkDecision]:
        return [row for _, row in sorted(self._decisions.items()) if row.partner_hei_id == partner]


class MemoryApprovals:
    """`ApprovalRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._approvals: Shelf[int, Approval] = Shelf(journal)
        self._concluded: Shelf[int, Concluded] = Shelf(journal)

    def current(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId) -> Approval | None:
        number = self._current_number(side, partner, iia_id)
        return None if number is None else self._approvals.get(number)

    def history(self, partner: HeiId, iia_id: IiaId) -> Sequence[Approval]:
        former = [
            (row.withdrawn_at, number, row)
            for number, row in self._approvals.items()
            if (row.partner_hei_id, row.iia_id) == (partner, iia_id) and row.withdrawn_at is not None
        ]
        former.sort(key=lambda entry: entry[:2], reverse=True)
        return [row for _, _, row in former]

    def save(self, approval: Approval) -> bool:
        number = self._current_number(approval.side, approval.partner_hei_id, approval.iia_id)
        current = None if number is None else self._approvals.get(number)
        if number is not None and current is not None:
            again = seen_again(current, approval)
            if again is not None:
                self._approvals.put(number, again)
                return False
            self._approvals.put(number, replace(current, withdrawn_at=approval.first_seen_at))
        self._approvals.put(len(self._approvals) + 1, replace(approval, withdrawn_at=None))
        return True

    def withdraw(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId, at: datetime) -> bool:
        number = self._current_number(side, partner, iia_id)
        current = None if number is None else self._approvals.get(number)
        if number is None or current is None:
            return False
        self._approvals.put(number, replace(current, withdrawn_at=at))
        return True

    def conclude(self, pair: Concluded) -> None:
        if not same_conclusion(self.concluded(pair.partner_hei_id, pair.iia_id), pair):
            self._concluded.put(len(self._concluded) + 1, pair)

    def concluded(self, partner: HeiId, iia_id: IiaId) -> Concluded | None:
        for _, pair in sorted(self._concluded.items(), key=lambda item: item[0], reverse=True):
            if (pair.partner_hei_id, pair.iia_id) == (partner, iia_id):
                return pair
        return None

    def _current_number(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId) -> int | None:
        for number, row in self._approvals.items():
            if row.current and (row.side, row.partner_hei_id, row.iia_id) == (side, partner, iia_id):
                return number
        return None
