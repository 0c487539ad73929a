"""Writes to our own systems, in memory."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import StoreError
from mobility_bridge.store.memory.shelf import Journal, Shelf

_QUIET = (WriteState.DONE, WriteState.MOVED)


class MemoryWrites:
    """`WriteRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._rows: Shelf[int, Write] = Shelf(journal)

    def ask(self, write: Write) -> Write:
        for row in self._rows:
            if row.key == write.key and row.state.open:
                return row
        kept = replace(write, write_id=len(self._rows) + 1)
        self._rows.put(kept.write_id, kept)
        return kept

    def save(self, write: Write) -> None:
        if write.write_id not in self._rows:
            raise StoreError(f"there is no write {write.write_id}")
        self._rows.put(write.write_id, write)

    def get(self, write_id: int) -> Write | None:
        return self._rows.get(write_id)

    def latest(self, keys: Iterable[str]) -> Mapping[str, Write]:
        wanted = set(keys)
        return {row.key: row for row in self._oldest_first() if row.key in wanted}

    def select(
        self,
        *,
        states: Sequence[WriteState] = (),
        kind: str | None = None,
        stay_id: StayId | None = None,
        limit: int = 1000,
    ) -> Sequence[Write]:
        found = [
            row
            for row in self._oldest_first()
            if (not states or row.state in states)
            and kind in (None, row.kind)
            and stay_id in (None, row.stay_id)
        ]
        return found[::-1][:limit]

    def troubled(self) -> Sequence[Write]:
        newest = {row.key: row for row in self._oldest_first()}.values()
        return sorted((row for row in newest if row.state not in _QUIET), key=lambda row: row.write_id)

    def erase(self, students: Collection[StudentId], stays: Collection[StayId]) -> int:
        """Blank what these say; return how many. One that is open is not made any more."""
        mine = [row for row in self._rows if row.student_id in students or row.stay_id in stays]
        for row in mine:
            blank = replace(row, key=f"erased:{row.write_id}", about="", order="", before="", after="")
            state = WriteState.MOVED if row.state.open else row.state
            left = replace(blank, found="", reason="", detail="erased", state=state)
            self._rows.put(row.write_id, left)
        return len(mine)

    def _oldest_first(self) -> list[Write]:
        return sorted(self._rows, key=lambda row: row.write_id)
