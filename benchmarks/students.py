"""Comparing students from scratch against decoding their stored documents; one change, and what it costs.

    python -m benchmarks.students [students]

A store of students who go abroad, made anew: of each an application, a nomination, a learning agreement with two
earlier versions, and eight facts of the registry. `from scratch` is `services.compare.compare` with every student
marked, on the real store: gathering, every rule, discrepancies, committed fifty by fifty. The other way reads the
documents of the learning agreements, all three versions, from the same store and decodes them with the codec, validation and
all; nominations and applications are left out of it, so it is less than all stored documents. Both go through the
same students in slices, in turns.

Peak memory is that of a process of its own for each number of students. After one change, counters say what was read.
"""

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks.las import agreements
from benchmarks.pairs import Ratio, report
from sqlalchemy import event
from tests.support.bridges import a_bridge
from tests.support.clock import VirtualClock
from tests.support.stays import APPLICATION

from mobility_adapters.ewp.codecs import omobility_las_v1
from mobility_bridge.domain.application import Application
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, LadokUid, OmobilityId, Sha256
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import ActivityType, Nomination, NominationSide, NominationStatus
from mobility_bridge.domain.occasion import (
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    PartyDomain,
)
from mobility_bridge.domain.person import Direction, Person, PersonName
from mobility_bridge.domain.record import Record, RecordKey, RecordKind, StudentId
from mobility_bridge.domain.registration import Admission, OccasionBegun, Registration
from mobility_bridge.domain.registry_student import LadokStudent, StudentContact
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.compare import compare
from mobility_bridge.services.context import Context
from mobility_bridge.services.feed import mark_students
from mobility_bridge.services.subjects import student_key
from mobility_bridge.services.whose import place
from mobility_bridge.store import open_store, sealing
from mobility_bridge.store.migrate import upgrade

US, BRAVA = HeiId("nordhav.example"), HeiId("brava.example")
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 8, 31), date(2027, 1, 17)
SLICE = 200
VERSIONS = 3
MORE_MB = 40
"""Megabytes that ten times as many students may take more, filling the store included."""
TERMS = [
    {
        "term": "HT26",
        "first_day": FIRST,
        "last_day": LAST,
        "registry_deadline": date(2026, 7, 1),
        "housing_deadline": date(2026, 5, 15),
    }
]


class Campus:
    """A store with students, and a bridge on it."""

    def __init__(self, folder: Path) -> None:
        self.url = f"sqlite:///{folder / 'store.sqlite3'}"
        upgrade(self.url)
        self.clock = VirtualClock(NOW)
        self.store = open_store(self.url)
        bridge = a_bridge(self.store, students={"enabled": True, "terms": TERMS})
        self.context: Context = replace(bridge.context, clock=self.clock)

    async def fill(self, students: int) -> None:
        await self.store.write(lambda uow: uow.facts.apply(offered(), NOW - timedelta(days=100)))
        for start in range(0, students, SLICE):
            numbers = range(start, min(students, start + SLICE))
            for version in range(VERSIONS):
                at = NOW - timedelta(days=90 - 30 * version)
                await self.store.write(lambda uow, n=numbers, v=version, t=at: self._keep(uow, n, v, t))

    def _keep(self, uow: UnitOfWork, numbers: Sequence[int], version: int, at: datetime) -> None:
        kept, documents = [], {}
        for number in numbers:
            la, document = agreement(number, version)
            digest = Sha256(sha256(document).hexdigest())
            documents[digest] = document
            ref = DocumentRef(digest, "ewp.omobility_las.v1", 0)
            kept.append(record(RecordKind.LEARNING_AGREEMENT, str(la.omobility_id), la, at, ref))
            if version == 0:
                kept.append(record(RecordKind.APPLICATION, f"{number}", application(number), at, source="mo"))
                kept.append(record(RecordKind.NOMINATION, str(la.omobility_id), nomination(number, la), at))
        uow.copies.put_documents(documents)
        keys = uow.records.save(kept, at)
        place(uow, US, [each for key in keys if (each := uow.records.get(key)) is not None], at)
        if version == 0:
            mark_students(uow, self.context, uow.facts.apply(list(facts_of(numbers)), at))


def record(
    kind: RecordKind, name: str, said: Any, at: datetime, ref: DocumentRef | None = None, source: str = "ewp"
) -> Record:
    digest = Sha256(sha256(repr((name, said)).encode()).hexdigest())
    return Record(RecordKey(source, kind, US, name), said, digest, at, ref)


def person(number: int) -> Person:
    return Person(
        names=(PersonName("Alva Prov", f"Exempelsson {number}"),),
        birth_date=date(2004, 1, 1) + timedelta(days=number % 300),
        gender=2,
        citizenship="SE",
        email=f"student{number}@student.nordhav.example",
        global_id=f"urn:schac:personalUniqueCode:int:esi:nordhav.example:{number}",
        ladok_student_uid=uid("student", number),
    )


def agreement(number: int, version: int) -> tuple[LearningAgreement, bytes]:
    """A learning agreement of this student, and the document that says it."""
    whole = agreements()
    given = whole[(number * VERSIONS + version) % len(whole)]
    said = person(number)
    student = replace(
        given.student,
        family_name=said.names[0].family_name,
        birth_date=said.birth_date,
        email=said.email,
        global_id=said.global_id,
    )
    la = replace(given, omobility_id=OmobilityId(f"NH-OM-{number:06}"), student=student)
    return la, omobility_las_v1.encode([la])


def application(number: int) -> Application:
    return replace(
        APPLICATION,
        application_id=ApplicationId(f"{number}"),
        person=replace(person(number), ladok_student_uid=None),
        person_id=f"{number}",
        starts_on=FIRST,
        ends_on=LAST,
        isced_f_code="0732",
        omobility_id=OmobilityId(f"NH-OM-{number:06}"),
    )


def nomination(number: int, la: LearningAgreement) -> Nomination:
    return Nomination(
        omobility_id=la.omobility_id,
        sending_hei=NominationSide(US),
        receiving_hei=NominationSide(BRAVA),
        student=replace(person(number), ladok_student_uid=None),
        receiving_academic_year_id="2026/2027",
        activity_type=ActivityType.STUDENT_STUDIES,
        nominee_isced_f_code="0732",
        status=NominationStatus.APPROVED,
        written_status="approved",
    )


def offered() -> list[Fact]:
    """One agreement with its occasion."""
    at = NOW - timedelta(days=200)
    return [
        ExchangeAgreement(
            as_of=at,
            education_uid=LadokUid("edu"),
            code="UTB",
            status=3,
            external_party_id="7",
            exchange=True,
        ),
        Occasion(
            as_of=at,
            occasion_uid=LadokUid("occ"),
            education_uid=LadokUid("edu"),
            code="UT262",
            status=3,
            periods=((FIRST, LAST, Decimal(30)),),
            direction=Direction.OUTGOING,
        ),
        ExternalParty(as_of=at, external_party_id="7", code="BRAVA01"),
        PartyDomain(as_of=at, external_party_id="7", schac=BRAVA),
    ]


def facts_of(numbers: Sequence[int]) -> Iterator[Fact]:
    """What the registry says of these students; every tenth is not registered."""
    at = NOW - timedelta(days=80)
    for number in numbers:
        student, occasion, course = uid("student", number), LadokUid("occ"), uid("course", number)
        adm, inner = uid("admission", number), uid("inner", number)
        yield LadokStudent(as_of=at, student_uid=student, person=person(number))
        yield StudentContact(as_of=at, student_uid=student, email=person(number).email)
        yield Admission(as_of=at, admission_uid=adm, student_uid=student, occasion_uid=occasion)
        yield Admission(
            as_of=at,
            admission_uid=inner,
            student_uid=student,
            occasion_uid=course,
            within_occasion_uids=(occasion,),
        )
        yield Commitment(as_of=at, occasion_uid=course, student_uid=student, package_admission_uid=adm)
        yield OccasionBegun(as_of=at, student_uid=student, occasion_uid=occasion, admission_uid=adm)
        if number % 10:
            yield Registration(
                as_of=at,
                registration_uid=uid("registration", number),
                student_uid=student,
                admission_uid=inner,
                occasion_uid=course,
                period=1,
                starts_on=FIRST,
                ends_on=LAST,
                credits=Decimal(30),
            )


def uid(kind: str, number: int) -> LadokUid:
    return LadokUid(sha256(f"{kind} {number}".encode()).hexdigest()[:32])


def decoded(uow: UnitOfWork, students: Sequence[StudentId]) -> int:
    """Decode every stored document of these students."""
    count = 0
    for student_id in students:
        for stored in uow.records.of_student(student_id):
            if stored.record.key.kind is not RecordKind.LEARNING_AGREEMENT:
                continue
            for state in (stored, *uow.records.history(stored.record.key)):
                ref = state.record.document
                assert ref is not None
                omobility_las_v1.decode_at(uow.copies.document(ref.sha256) or b"", ref.position)
                count += 1
    return count


async def scratch(campus: Campus, students: int) -> Ratio:
    """Compare slices of the students, and decode their documents, in turns."""
    ids = list(await campus.store.read(lambda uow: uow.students.select(limit=students)))
    found, ours_s, theirs_s, documents = [], 0.0, 0.0, 0
    for number, start in enumerate(range(0, len(ids), SLICE)):
        some = ids[start : start + SLICE]
        took = {}
        for way in ("ours", "theirs") if number % 2 else ("theirs", "ours"):
            if way == "ours":
                await campus.store.write(
                    lambda uow, it=some: uow.work.mark_to_compare(map(student_key, it), campus.clock.now())
                )
            began = time.perf_counter()
            if way == "ours":
                compared = await compare(campus.context)
                assert compared.compared >= len(some)
            else:
                documents += await campus.store.read(lambda uow, it=some: decoded(uow, it))
            took[way] = time.perf_counter() - began
        ours_s, theirs_s = ours_s + took["ours"], theirs_s + took["theirs"]
        found.append(took["ours"] / took["theirs"])
    print(
        f"{len(ids):,} students, {documents:,} documents: compared in {ours_s:.1f} s ({ours_s / len(ids) * 1e3:.2f} ms "
        f"each), decoded in {theirs_s:.1f} s"
    )
    low, _, high = statistics.quantiles(found, n=4) if len(found) > 1 else (found[0],) * 3
    return Ratio(
        "compare from scratch", "decode their documents", low, ours_s / theirs_s, high, bar=3, at_most=True
    )


async def nothing_waits(campus: Campus) -> None:
    """What filling marked is taken off the list, so that a slice compares itself alone."""

    def work(uow: UnitOfWork) -> int:
        keys = uow.work.to_compare(1000)
        for key in keys:
            uow.work.compared(key, None)
        return len(keys)

    while await campus.store.write(work):
        pass


async def one_change(campus: Campus) -> Counter[str]:
    """What is done after a single student's registration arrived."""
    counted: Counter[str] = Counter()
    engine = campus.store._engines.writing  # type: ignore[attr-defined]  # noqa: SLF001 - its statements are counted
    unseal = sealing.OpenSeal.open

    def opened(self: sealing.OpenSeal, stored: bytes) -> bytes:
        counted["stored texts decoded"] += 1
        return unseal(self, stored)

    def executed(*_: object) -> None:
        counted["statements"] += 1

    at, number = campus.clock.now(), 10
    said = Registration(
        as_of=at,
        registration_uid=uid("registration", number),
        student_uid=uid("student", number),
        admission_uid=uid("inner", number),
        occasion_uid=uid("course", number),
        period=1,
        starts_on=FIRST,
        ends_on=LAST,
    )
    event.listen(engine, "before_cursor_execute", executed)
    sealing.OpenSeal.open = opened  # type: ignore[method-assign]
    try:
        await campus.store.write(lambda uow: mark_students(uow, campus.context, uow.facts.apply([said], at)))
        counted["students compared"] = (await compare(campus.context)).compared
    finally:
        sealing.OpenSeal.open = unseal  # type: ignore[method-assign]
        event.remove(engine, "before_cursor_execute", executed)
    return counted


async def measured(students: int, *, whole: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        campus = Campus(Path(folder))
        await campus.fill(students)
        ratio = None
        if whole:
            await nothing_waits(campus)
            ratio = await scratch(campus, students)
        filled = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        if not whole:
            await compare(campus.context)
        counted = await one_change(campus)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        await campus.store.close()
    return {"ratio": ratio, "counted": dict(counted), "filled_mb": filled, "peak_mb": peak}


def in_a_process(students: int) -> dict[str, Any]:
    """Compare so many in a fresh interpreter, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.students", str(students), "memory"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(students: int) -> None:
    few, many = in_a_process(max(200, students // 10)), in_a_process(students)
    for name, found in ((max(200, students // 10), few), (students, many)):
        print(f"{name:,} students: peak {found['peak_mb']:.0f} MB; after one change {found['counted']}")
    if few["counted"] != many["counted"] or many["peak_mb"] > few["peak_mb"] + MORE_MB:
        print("memory, or the work after one change, grows with the number of students: FAILS")
        sys.exit(1)
    found = asyncio.run(measured(students, whole=True))
    report("Students, cost", [found["ratio"]])


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    if len(sys.argv) > 2:
        print(json.dumps(asyncio.run(measured(wanted, whole=False))))
    else:
        main(wanted)
