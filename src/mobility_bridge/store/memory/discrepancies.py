"""Discrepancies and their history, in memory."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mobility_bridge.domain.discrepancy import Discrepancy, DiscrepancyEvent, DiscrepancyState
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.store.changes import urgency
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryDiscrepancies:
    """`DiscrepancyRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._rows: Shelf[str, Discrepancy] = Shelf(journal)
        self._events: Shelf[int, DiscrepancyEvent] = Shelf(journal)
        self._number = 0

    def get(self, discrepancy_id: str) -> Discrepancy | None:
        return self._rows.get(discrepancy_id)

    def matching(self, prefix: str) -> Sequence[Discrepancy]:
        found = [row for row in self._rows if row.discrepancy_id.startswith(prefix)]
        return sorted(found, key=lambda row: row.discrepancy_id)

    def of_subject(self, subject_key: str) -> Sequence[Discrepancy]:
        return sorted((row for row in self._rows if row.finding.subject.key == subject_key), key=urgency)

    def select(
        self,
        *,
        states: Sequence[DiscrepancyState] = (),
        partner: HeiId | None = None,
        code: str | None = None,
        iia_id: IiaId | None = None,
    ) -> Sequence[Discrepancy]:
        found = []
        for row in self._rows:
            subject = row.finding.subject
            if (
                (not states or row.state in states)
                and (partner is None or subject.partner_hei_id == partner)
                and (code is None or row.finding.code == code)
                and (iia_id is None or iia_id in (subject.iia_id, subject.partner_iia_id))
            ):
                found.append(row)
        return sorted(found, key=urgency)

    def save(self, discrepancy: Discrepancy, event: DiscrepancyEvent | None) -> None:
        self._rows.put(discrepancy.discrepancy_id, discrepancy)
        if event is not None:
            self._number += 1
            self._events.put(self._number, event)

    def save_all(self, said: Sequence[tuple[Discrepancy, DiscrepancyEvent | None]]) -> None:
        for discrepancy, event in said:
            self.save(discrepancy, event)

    def history(self, discrepancy_id: str) -> Sequence[DiscrepancyEvent]:
        rows = sorted(self._events.items(), key=lambda item: item[0])
        return [event for _, event in rows if event.discrepancy_id == discrepancy_id]

    def drop(self, chosen: Callable[[Discrepancy], bool], *, dry_run: bool = False) -> int:
        """Let go of discrepancies and of what happened to them; return how many."""
        gone = [row.discrepancy_id for row in self._rows if chosen(row)]
        for discrepancy_id in gone if not dry_run else ():
            self._rows.drop(discrepancy_id)
            for number, event in self._events.items():
                if event.discrepancy_id == discrepancy_id:
                    self._events.drop(number)
        return len(gone)

    def withhold(self, discrepancy_id: str) -> None:
        """Take the values out of what happened to it."""
        for number, event in self._events.items():
            if event.discrepancy_id == discrepancy_id:
                self._events.put(number, replace(event, values={}))
