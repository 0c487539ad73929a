"""Records of students and their histories, in memory: the same behaviour on dictionaries."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.domain.record import (
    Record,
    RecordKey,
    RecordKind,
    StayId,
    StoredRecord,
    StudentId,
)
from mobility_bridge.store.memory.shelf import Journal, Shelf
from mobility_bridge.store.memory.students import MemoryStudents


class MemoryRecords:
    """`RecordRepository` on dictionaries."""

    def __init__(self, journal: Journal, students: MemoryStudents) -> None:
        self._students = students
        self._records: Shelf[RecordKey, StoredRecord] = Shelf(journal)
        self._history: Shelf[RecordKey, tuple[StoredRecord, ...]] = Shelf(journal)

    def digests(self, source: str, kind: RecordKind, holder: HeiId) -> Mapping[str, Sha256]:
        wanted = (source, kind, holder)
        return {
            key.record_id: row.record.digest
            for key, row in self._records.items()
            if (key.source, key.kind, key.holder_hei_id) == wanted and row.live
        }

    def holders(self, source: str, kind: RecordKind) -> Sequence[HeiId]:
        living = (key for key, row in self._records.items() if row.live)
        return sorted({key.holder_hei_id for key in living if (key.source, key.kind) == (source, kind)})

    def save(self, said: Iterable[Record], now: datetime) -> Sequence[RecordKey]:
        changed = []
        for record in said:
            former = self._records.get(record.key)
            if former is None:
                self._records.put(record.key, StoredRecord(record, None, None, now, now, now))
                changed.append(record.key)
            elif former.record.as_of <= record.as_of:
                same = former.record.digest == record.digest and former.live
                if not same:
                    self._history.put(record.key, (former, *(self._history.get(record.key) or ())))
                    changed.append(record.key)
                kept = replace(record, facts=former.record.facts) if same else record
                changed_at = former.changed_at if same else now
                self._records.put(
                    record.key,
                    replace(former, record=kept, changed_at=changed_at, confirmed_at=now, gone_at=None),
                )
        return changed

    def confirm(self, keys: Iterable[RecordKey], now: datetime) -> None:
        for key in keys:
            row = self._records.get(key)
            if row is not None:
                self._records.put(key, replace(row, confirmed_at=now))

    def gone(self, keys: Iterable[RecordKey], now: datetime) -> Sequence[RecordKey]:
        ended = []
        for key in keys:
            row = self._records.get(key)
            if row is not None and row.live:
                self._records.put(key, replace(row, gone_at=now))
                ended.append(key)
        return ended

    def get(self, key: RecordKey) -> StoredRecord | None:
        return self._records.get(key)

    def history(self, key: RecordKey) -> Sequence[StoredRecord]:
        return self._history.get(key) or ()

    def histories(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, Sequence[StoredRecord]]:
        return {key: self.history(key) for key in keys}

    def of_student(self, student_id: StudentId) -> Sequence[StoredRecord]:
        members = set(self._students.family(student_id))
        found = [row for row in self._records if row.student_id in members]
        return sorted(found, key=_order)

    def every(self) -> Iterator[StoredRecord]:
        """All records, earlier states included."""
        yield from self._records
        for former in self._history:
            yield from former

    def erase(self, members: Collection[StudentId]) -> tuple[int, int, set[Sha256]]:
        """Let go of records and their histories; return how many of each, and what they were read from."""
        mine = [key for key, row in self._records.items() if row.student_id in members]
        mine_too = [
            key
            for key, rows in self._history.items()
            if key in mine or any(row.student_id in members for row in rows)
        ]
        former = {
            key: [row for row in self._history.get(key) or () if key in mine or row.student_id in members]
            for key in mine_too
        }
        gone = [row for key in mine if (row := self._records.get(key)) is not None]
        rows = [*gone, *(row for each in former.values() for row in each)]
        for key in mine:
            self._records.drop(key)
        for key, dropped in former.items():
            self._keep_history(key, [row for row in self._history.get(key) or () if row not in dropped])
        digests = {row.record.document.sha256 for row in rows if row.record.document is not None}
        return len(gone), len(rows) - len(gone), digests

    def drop(self, key: RecordKey) -> list[StoredRecord]:
        """Let go of a record and its history; return all states."""
        row = self._records.get(key)
        gone = [*([row] if row is not None else []), *(self._history.get(key) or ())]
        self._records.drop(key)
        self._history.drop(key)
        return gone

    def drop_former(self, key: RecordKey, gone: Collection[StoredRecord]) -> None:
        """Let go of these earlier states."""
        self._keep_history(key, [row for row in self._history.get(key) or () if row not in gone])

    def _keep_history(self, key: RecordKey, rows: Sequence[StoredRecord]) -> None:
        self._history.drop(key)
        if rows:
            self._history.put(key, tuple(rows))

    def of_students(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[StoredRecord]]:
        return {each: self.of_student(each) for each in student_ids}

    def homeless(self, limit: int = 1000) -> Sequence[StoredRecord]:
        found = [(_words(key), row) for key, row in self._records.items() if row.student_id is None]
        return [row for _, row in sorted(found, key=lambda each: each[0])][:limit]

    def assign(self, keys: Iterable[RecordKey], student_id: StudentId, stay_id: StayId | None = None) -> None:
        for key in keys:
            row = self._records.get(key)
            if row is not None:
                self._records.put(key, replace(row, student_id=student_id, stay_id=stay_id or row.stay_id))


def _words(key: RecordKey) -> tuple[str, str, str, str]:
    return key.source, key.kind, key.holder_hei_id, key.record_id


def _order(row: StoredRecord) -> tuple[str, str, str, str]:
    key = row.record.key
    return key.kind, key.source, key.holder_hei_id, key.record_id
