"""What we remember of partners, and what has to be looked at again, in memory."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryPartners:
    """`PartnerRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._health: Shelf[tuple[HeiId, str], Health] = Shelf(journal)
        self._index: Shelf[HeiId, IndexState] = Shelf(journal)

    def health(self, partner: HeiId) -> Mapping[str, Health]:
        return {row.api: row for row in self.all_health() if row.partner_hei_id == partner}

    def health_of(self, api: str, partners: Iterable[HeiId]) -> Mapping[HeiId, Health]:
        found = ((partner, self._health.get((partner, api))) for partner in partners)
        return {partner: health for partner, health in found if health is not None}

    def all_health(self) -> Sequence[Health]:
        return [row for _, row in sorted(self._health.items(), key=lambda item: item[0])]

    def save_health(self, *health: Health) -> None:
        for each in health:
            self._health.put((each.partner_hei_id, each.api), each)

    def index(self, partner: HeiId) -> IndexState | None:
        return self._index.get(partner)

    def indexes(self, partners: Iterable[HeiId]) -> Mapping[HeiId, IndexState]:
        found = ((partner, self._index.get(partner)) for partner in partners)
        return {partner: state for partner, state in found if state is not None}

    def save_index(self, *states: IndexState) -> None:
        for state in states:
            self._index.put(state.partner_hei_id, state)


@dataclass(frozen=True, slots=True)
class _Subject:
    marked_at: datetime | None = None
    revisit_on: date | None = None


class MemoryWork:
    """`WorkList` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._dirty: Shelf[tuple[HeiId, IiaId], tuple[datetime, str]] = Shelf(journal)
        self._subjects: Shelf[str, _Subject] = Shelf(journal)

    def mark_dirty(self, partner: HeiId, ids: Iterable[IiaId], at: datetime, cause: str) -> None:
        for iia_id in ids:
            self._dirty.put((partner, iia_id), (at, cause))

    def dirty(self, partner: HeiId | None = None, limit: int = 10_000) -> Sequence[tuple[HeiId, IiaId]]:
        marked = [(at, key) for key, (at, _) in self._dirty.items() if partner is None or key[0] == partner]
        return [key for _, key in sorted(marked)[:limit]]

    def dirty_partners(self) -> set[HeiId]:
        return {partner for (partner, _), _ in self._dirty.items()}

    def clear_dirty(self, partner: HeiId, ids: Iterable[IiaId], asked_at: datetime) -> None:
        for iia_id in ids:
            mark = self._dirty.get((partner, iia_id))
            if mark is not None and mark[0] <= asked_at:
                self._dirty.drop((partner, iia_id))

    def mark_to_compare(self, keys: Iterable[str], at: datetime) -> None:
        for key in keys:
            subject = self._subjects.get(key) or _Subject()
            if subject.marked_at is None:
                self._subjects.put(key, replace(subject, marked_at=at))

    def to_compare(self, limit: int = 1000) -> Sequence[str]:
        marked = [(row.marked_at, key) for key, row in self._subjects.items() if row.marked_at is not None]
        return [key for _, key in sorted(marked)[:limit]]

    def compared(self, key: str, revisit_on: date | None) -> None:
        if revisit_on is None:
            self._subjects.drop(key)
        else:
            self._subjects.put(key, _Subject(revisit_on=revisit_on))

    def due(self, today: date, limit: int = 1000) -> Sequence[str]:
        days = [(row.revisit_on, key) for key, row in self._subjects.items() if row.revisit_on is not None]
        return [key for day, key in sorted(days) if day <= today][:limit]
