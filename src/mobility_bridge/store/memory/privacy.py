"""Letting go of a person, in memory: the same behaviour on dictionaries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.domain.personal import Trace, said
from mobility_bridge.domain.record import RecordKey, StoredRecord, StudentId
from mobility_bridge.ports.privacy import Erasure, ToErase
from mobility_bridge.store.memory.discrepancies import MemoryDiscrepancies
from mobility_bridge.store.memory.evidence import MemoryEvidence
from mobility_bridge.store.memory.facts import MemoryFacts, MemoryFeeds
from mobility_bridge.store.memory.partners import MemoryWork
from mobility_bridge.store.memory.places import MemoryPlaces
from mobility_bridge.store.memory.records import MemoryRecords
from mobility_bridge.store.memory.shelf import Journal, Shelf
from mobility_bridge.store.memory.students import MemoryStudents
from mobility_bridge.store.memory.writes import MemoryWrites


@dataclass(frozen=True, slots=True)
class Beside:
    """The other tables that know of students."""

    students: MemoryStudents
    records: MemoryRecords
    facts: MemoryFacts
    feeds: MemoryFeeds
    discrepancies: MemoryDiscrepancies
    evidence: MemoryEvidence
    places: MemoryPlaces
    writes: MemoryWrites
    work: MemoryWork


class MemoryPrivacy:
    """`PrivacyRepository` on dictionaries."""

    def __init__(self, journal: Journal, beside: Beside) -> None:
        self._beside = beside
        self._erasures: Shelf[int, Erasure] = Shelf(journal)
        self._traces: Shelf[Trace, int] = Shelf(journal)

    def erase(self, what: ToErase, by: str, why: str, at: datetime) -> Erasure:
        tables, members = self._beside, frozenset(what.students)
        dropped, former, digests = tables.records.erase(members)
        mine = frozenset(stay.stay_id for member in what.students for stay in tables.students.stays(member))
        documents, noted = tables.evidence.erase_documents(digests, at)
        number = len(self._erasures) + 1
        counts = {
            "records": dropped,
            "former_records": former,
            "documents": documents,
            "facts": tables.facts.erase(what.uids),
            "discrepancies": tables.discrepancies.drop(
                lambda row: row.finding.subject.student_id in members or row.finding.subject.stay_id in mine
            ),
            "writes": tables.writes.erase(members, mine),
            **tables.students.erase(members, number),
            "evidence": noted + tables.evidence.erase(what.evidence, at, what.hidden),
        }
        for stay_id in mine:
            tables.places.drop(stay_id)
        for member in what.students:
            tables.work.compared(Subject(SubjectKind.STUDENT, student_id=member).key, None)
        erasure = Erasure(number, what.students, at, by, why, counts)
        self._erasures.put(number, erasure)
        for trace in what.traces:
            self._traces.put(trace, number)
        return erasure

    def any(self) -> bool:
        return len(self._traces) > 0

    def forgotten(self, traces: Iterable[Trace]) -> Mapping[Trace, int]:
        return {each: number for each in traces if (number := self._traces.get(each)) is not None}

    def erasures(self) -> Sequence[Erasure]:
        return sorted(self._erasures, key=lambda each: each.erasure_id)

    def erasure_of(self, student_id: StudentId) -> Erasure | None:
        return next((each for each in self._erasures if student_id in each.students), None)

    def lift(self, erasure_id: int, by: str, why: str, at: datetime) -> Erasure | None:
        erasure = self._erasures.get(erasure_id)
        if erasure is None or erasure.lifted_at is not None:
            return None
        lifted = replace(erasure, lifted_at=at, lifted_by=by, lifted_why=why)
        self._erasures.put(erasure_id, lifted)
        for trace, number in self._traces.items():
            if number == erasure_id:
                self._traces.drop(trace)
        return lifted

    def owners(self, documents: Collection[Sha256]) -> Mapping[Sha256, frozenset[StudentId]]:
        found: dict[Sha256, set[StudentId]] = {}
        for row in self._beside.records.every():
            document = row.record.document
            if document is not None and document.sha256 in documents and row.student_id is not None:
                found.setdefault(document.sha256, set()).add(row.student_id)
        return {digest: frozenset(owners) for digest, owners in found.items()}

    def withhold(self, discrepancy_id: str) -> None:
        self._beside.discrepancies.withhold(discrepancy_id)

    def drop_former(self, key: RecordKey, digests: Collection[Sha256], at: datetime, *, dry_run: bool) -> int:
        found = [each for each in self._beside.records.history(key) if each.record.digest in digests]
        if not dry_run:
            self._beside.records.drop_former(key, found)
            self._unused(found, at)
        return len(found)

    def drop_records(self, keys: Iterable[RecordKey], at: datetime) -> int:
        dropped = 0
        for key in keys:
            held = self._beside.records.get(key)
            if held is not None:
                self._traces.put(said(key, held.record.digest), 0)
            gone = self._beside.records.drop(key)
            self._unused(gone, at)
            dropped += bool(gone)
        return dropped

    def _unused(self, gone: Iterable[StoredRecord], at: datetime) -> None:
        """Let go of the documents that no other row stands on."""
        digests = {each.record.document.sha256 for each in gone if each.record.document is not None}
        kept = {
            each.record.document.sha256
            for each in self._beside.records.every()
            if each.record.document is not None
        }
        self._beside.evidence.erase_documents(digests - kept, at)

    def drop_feed_events(self, handled_before: datetime, *, dry_run: bool) -> int:
        return self._beside.feeds.drop(handled_before.date(), dry_run=dry_run)

    def drop_discrepancies(
        self, subjects: Collection[str], resolved_before: datetime, *, dry_run: bool
    ) -> int:
        return self._beside.discrepancies.drop(
            lambda row: (
                row.resolved_at is not None
                and row.resolved_at < resolved_before
                and row.finding.subject.key in subjects
            ),
            dry_run=dry_run,
        )
