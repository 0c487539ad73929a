"""Let go of everything about one person, and tell what was let go of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from mobility_bridge.domain.evidence import EvidenceRecord
from mobility_bridge.domain.identifiers import HeiId, LadokUid, OmobilityId
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.personal import (
    RECORD,
    Marks,
    Trace,
    about_students,
    hidden_of,
    marks_of,
)
from mobility_bridge.domain.record import (
    IdentityKey,
    IdentityKeyKind,
    RecordKind,
    StoredRecord,
    StudentId,
)
from mobility_bridge.domain.registry_student import LadokStudent
from mobility_bridge.errors import StoreBusy, UsageError
from mobility_bridge.ports.privacy import Erasure, ToErase
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.retention import has_ended
from mobility_bridge.reconcile.who import exact_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.evidence import pages
from mobility_bridge.services.stay_agreement import keep_claim
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.student_views import the_student
from mobility_bridge.services.whose import own_keys, person_of

PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Portrait:
    """What singles out one person in the store: all students that were taken for one, their keys and records."""

    students: tuple[StudentId, ...]
    keys: frozenset[IdentityKey] = field(repr=False)
    records: tuple[StoredRecord, ...] = field(repr=False)
    persons: tuple[Person, ...] = field(repr=False)

    @property
    def uids(self) -> frozenset[LadokUid]:
        keys = {key.value for key in self.keys if key.kind is IdentityKeyKind.LADOK_STUDENT}
        written = {each.ladok_student_uid for each in self.persons if each.ladok_student_uid}
        # As the registry writes it, which need not be as keys are compared.
        return frozenset(map(LadokUid, keys | {each for each in written if each.lower() in keys}))

    @property
    def traces(self) -> frozenset[Trace]:
        records = (Trace(RECORD, str(each.record.key)) for each in self.records)
        return frozenset((*map(Trace.of, self.keys), *records))

    @property
    def marks(self) -> Marks:
        return marks_of(self.keys, self.persons)


@dataclass(frozen=True, slots=True)
class ErasureReport:
    """What was erased, or would be. `former` is set where it had been done before."""

    students: tuple[StudentId, ...]
    counts: Mapping[str, int]
    living_stays: int = 0
    erasure: Erasure | None = None
    former: Erasure | None = None


def portrait(uow: UnitOfWork, own_hei_id: str, student_id: StudentId) -> Portrait:
    """Gather what singles out a student and everyone taken for them."""
    student_id = uow.students.current(student_id)
    family = tuple(dict.fromkeys((student_id, *uow.students.family(student_id))))
    records = uow.records.of_student(student_id)
    keys = set(uow.students.keys_of(student_id))
    persons = []
    every = [each for stored in records for each in (stored, *uow.records.history(stored.record.key))]
    for stored in every:
        keys |= set(own_keys(stored.record, own_hei_id))
        person = person_of(stored.record.facts)
        if person is not None:
            persons.append(person)
    for uid in sorted(key.value for key in keys if key.kind is IdentityKeyKind.LADOK_STUDENT):
        told = [
            uow.facts.get((LadokStudent.kind, uid)),
            *(former.fact for former in uow.facts.history_of_student(LadokUid(uid))),
        ]
        persons += [person for fact in told if (person := person_of(fact)) is not None]
    # Keys that are contested belong to another student; those stay that one's.
    theirs = set(uow.students.by_keys(keys).items())
    foreign = {key for key, owner in theirs if owner != student_id}
    keys |= {key for person in persons for key in exact_keys(person)}
    foreign |= {key for key, owner in uow.students.by_keys(keys).items() if owner != student_id}
    return Portrait(family, frozenset(keys - foreign), tuple(records), tuple(persons))


async def mentions(context: Context, marks: Marks) -> tuple[list[EvidenceRecord], int]:
    """Walk over all evidence: what tells of the person, bodies left out, and the number of the last record seen."""
    found, last = [], 0
    async for page in pages(context):
        found += [_bare(each) for each in page if _tells(each, marks)]
        last = page[-1].sequence
    return found, last


async def erase(context: Context, text: str, *, by: str, why: str, dry_run: bool = False) -> ErasureReport:
    """Erase a student, named by any id that `the_student` takes, together with everyone taken for them.

    All of it goes in one unit of work. Fingerprints stay, by which a re-delivery is recognised.
    Raises:  UsageError when nothing has that id.
    """
    started = context.clock.monotonic()
    former = await context.store.read(lambda uow: _former(uow, text))
    if former is not None:
        return ErasureReport(former.students, former.counts, former=former)
    student_id = await context.store.read(lambda uow: the_student(context, uow, text))
    own = context.own_hei_id
    first = await context.store.read(lambda uow: portrait(uow, own, student_id))
    told, last = await mentions(context, first.marks)
    if dry_run:
        return await context.store.read(
            lambda uow: _planned(uow, context, student_id, [each.sequence for each in told])
        )

    def work(uow: UnitOfWork) -> ErasureReport:
        before = uow.privacy.erasure_of(student_id)
        if before is not None:  # somebody was first
            return ErasureReport(before.students, before.counts, former=before)
        person = portrait(uow, own, student_id)
        numbers = [each.sequence for each in told] + _since(uow, last, person.marks)
        living = _living(uow, context, student_id)
        decisions = sum(
            uow.decisions.erase(hei_id, omobility_id) for hei_id, omobility_id in _decided(person, own)
        )
        for stay in uow.students.stays(student_id):  # who waits for the place is looked at again
            keep_claim(uow, stay.stay_id, None, context.clock.now())
        what = ToErase(person.students, person.uids, person.traces, tuple(numbers), hidden_of(person.keys))
        erasure = uow.privacy.erase(what, by, why, context.clock.now())
        counts = {**erasure.counts, "decisions": decisions}
        return ErasureReport(erasure.students, counts, living, replace(erasure, counts=counts))

    report = await context.store.write(work)
    if report.erasure is not None:
        await scrubbed(context)
        context.log.event(
            "privacy.erased",
            erasure=report.erasure.erasure_id,
            records=report.counts["records"],
            bodies=report.counts["evidence"],
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return report


async def scrubbed(context: Context) -> bool:
    """Leave nothing legible behind; False when somebody else is in the way: then it goes with their next writes."""
    try:
        await context.store.scrub()
    except StoreBusy:
        return False
    return True


async def readmit(context: Context, erasure_id: int, *, by: str, why: str) -> Erasure:
    """Let a person who was erased be known anew. Raises UsageError where there is no such erasure in force."""
    lifted = await context.store.write(lambda uow: uow.privacy.lift(erasure_id, by, why, context.clock.now()))
    if lifted is None:
        raise UsageError(
            f"no erasure {erasure_id} is in force", next_step="Run: mobility-bridge privacy forgotten"
        )
    context.log.event("privacy.readmitted", erasure=erasure_id)
    return lifted


def _former(uow: UnitOfWork, text: str) -> Erasure | None:
    """The erasure that a student's own name leads to."""
    name = text.strip().upper().partition("-")[0]
    if not (name.startswith("P") and name[1:].isdecimal()):
        return None
    return uow.privacy.erasure_of(StudentId(name))


def _planned(
    uow: UnitOfWork, context: Context, student_id: StudentId, numbers: Sequence[int]
) -> ErasureReport:
    person = portrait(uow, context.own_hei_id, student_id)
    facts = [uow.facts.of_student(uid) for uid in person.uids]
    histories = [uow.records.history(each.record.key) for each in person.records]
    counts = {
        "records": len(person.records),
        "former_records": sum(map(len, histories)),
        "facts": sum(map(len, facts)),
        "stays": len(uow.students.stays(student_id)),
        "keys": len(uow.students.keys_of(student_id)),
        "evidence": len(numbers),
    }
    return ErasureReport(person.students, counts, _living(uow, context, student_id))


def _since(uow: UnitOfWork, last: int, marks: Marks) -> list[int]:
    """What came in after the evidence was walked over."""
    found: list[int] = []
    while page := uow.evidence.scan(last + 1, PAGE):
        found += [each.sequence for each in page if _tells(each, marks)]
        last = page[-1].sequence
    return found


def _tells(record: EvidenceRecord, marks: Marks) -> bool:
    return about_students(record.exchange) and marks.are_in_exchange(record.exchange)


def _bare(record: EvidenceRecord) -> EvidenceRecord:
    return replace(record, exchange=replace(record.exchange, body=b""))


def _decided(person: Portrait, own: str) -> Iterable[tuple[HeiId, OmobilityId]]:
    """The objects on which we may have decided: those that partners hold."""
    kinds = (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT)
    found = {
        (each.record.key.holder_hei_id, OmobilityId(each.record.key.record_id))
        for each in person.records
        if each.record.key.kind in kinds and each.record.key.holder_hei_id != own
    }
    return sorted(found)


def _living(uow: UnitOfWork, context: Context, student_id: StudentId) -> int:
    """How many stays have not ended: whoever erases should know."""
    now = context.clock.now()
    cases = StayGathering(context, uow, now, names=False).cases(student_id)
    return sum(not has_ended(case, now.date()) for case in cases)
