"""Our decisions on what partners propose, in memory."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryDecisions:
    """`DecisionRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._rows: Shelf[int, StoredDecision] = Shelf(journal)

    def add(self, decision: StoredDecision) -> StoredDecision:
        key = decision.under_way_key
        if key is not None and any(each.under_way_key == key for each in self._rows):
            raise StoreError("a decision on the same object is under way")
        made = replace(decision, decision_id=len(self._rows) + 1)
        self._rows.put(made.decision_id, made)
        return made

    def get(self, decision_id: int) -> StoredDecision | None:
        return self._rows.get(decision_id)

    def of_mobility(self, partner: HeiId, omobility_id: OmobilityId) -> Sequence[StoredDecision]:
        wanted = (partner, omobility_id)
        return self._sorted(each for each in self._rows if (each.partner_hei_id, each.omobility_id) == wanted)

    def of_mobilities(self, omobility_ids: Collection[str]) -> Sequence[StoredDecision]:
        return self._sorted(each for each in self._rows if each.omobility_id in omobility_ids)

    def held(self) -> bool:
        return len(self._rows) > 0

    def under_way(self) -> Sequence[StoredDecision]:
        return self._sorted(each for each in self._rows if each.under_way)

    def due(self, now: datetime) -> Sequence[StoredDecision]:
        return [each for each in self.under_way() if _is_due(each, now)]

    def take(self, decision: StoredDecision, now: datetime, until: datetime) -> StoredDecision | None:
        held = self._rows.get(decision.decision_id)
        if held is None or held.attempts != decision.attempts or not _is_due(held, now):
            return None
        taken = replace(
            held,
            state=DecisionState.UNKNOWN,
            attempts=held.attempts + 1,
            next_attempt_at=until,
            sent_at=now,
            answered=None,
        )
        self._rows.put(taken.decision_id, taken)
        return taken

    def erase(self, partner: HeiId, omobility_id: OmobilityId) -> int:
        return sum(self.save(each.erased()) for each in self.of_mobility(partner, omobility_id))

    def save(self, decision: StoredDecision) -> bool:
        held = self._rows.get(decision.decision_id)
        if held is None or held.attempts != decision.attempts:
            return False
        self._rows.put(decision.decision_id, decision)
        return True

    @staticmethod
    def _sorted(found: Iterable[StoredDecision]) -> list[StoredDecision]:
        return sorted(found, key=lambda each: (each.decided_at, each.decision_id))


def _is_due(decision: StoredDecision, now: datetime) -> bool:
    return decision.next_attempt_at is not None and decision.next_attempt_at <= now
