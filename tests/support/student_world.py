"""A bridge that follows students, with one student whom four invented systems tell of."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.support.bridges import Bridge, a_bridge
from tests.support.stays import APPLICATION, EXCHANGE, LA, NOMINATION, PERSON

from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, LadokUid, OmobilityId, Sha256
from mobility_bridge.domain.occasion import Commitment, ExternalParty, PartyDomain
from mobility_bridge.domain.record import Record, RecordKey, RecordKind
from mobility_bridge.domain.registration import Admission
from mobility_bridge.domain.registry_student import LadokStudent
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.registry import FeedBatch, FeedEvent, FeedPosition, WritePowers
from mobility_bridge.ports.store import Store
from mobility_bridge.ports.student_sources import (
    OmobilityIndexAnswer,
    ReadRecord,
    RecordAnswer,
    RecordReading,
    StudentApi,
)
from mobility_bridge.services.ask_students import KINDS
from mobility_bridge.services.compare import compare
from mobility_bridge.services.students import read_students

US, BRAVA = HeiId("nordhav.example"), HeiId("brava.example")
AT = datetime(2026, 5, 18, 10, tzinfo=UTC)
STU = LadokUid("stu")
REGISTRY_PERSON = replace(PERSON, ladok_student_uid="stu", email=None, global_id=None)
KNOWN = LadokStudent(as_of=AT, student_uid=STU, person=REGISTRY_PERSON)
ADMITTED = Admission(as_of=AT, admission_uid=LadokUid("adm"), student_uid=STU, occasion_uid=LadokUid("occ"))
OFFERED: list[Fact] = [
    replace(EXCHANGE.agreement, external_party_id="7"),  # type: ignore[type-var,list-item]
    EXCHANGE.occasion,  # type: ignore[list-item]
    ExternalParty(as_of=AT, external_party_id="7", code="BRAVA01"),
    PartyDomain(as_of=AT, external_party_id="7", schac=BRAVA),
    Commitment(
        as_of=AT,
        occasion_uid=LadokUid("course"),
        student_uid=STU,
        package_admission_uid=LadokUid("adm"),
    ),
]


def record(kind: RecordKind, holder: HeiId, name: str, said: Any, source: str = "ewp") -> ReadRecord:
    digest = Sha256(f"{abs(hash(repr((said, said.__class__)))):064x}"[-64:])
    return ReadRecord(Record(RecordKey(source, kind, holder, name), said, digest, AT), b"<document/>")


@dataclass
class FakeApplications:
    """Our mobility system."""

    said: list[Any] = field(default_factory=lambda: [APPLICATION])
    name: str = "mobility_online"
    error: Unreachable | None = None
    complete: bool = True
    asked_courses: list[tuple[str, ...]] = field(default_factory=list)

    async def read_applications(self, terms: Sequence[Any]) -> RecordReading:
        assert terms
        if self.error is not None:
            raise self.error
        found = tuple(
            record(RecordKind.APPLICATION, US, each.application_id, each, self.name) for each in self.said
        )
        return RecordReading(found, self.complete)

    async def read_courses(self, application_ids: Sequence[ApplicationId]) -> RecordReading:
        assert application_ids
        self.asked_courses.append(tuple(application_ids))
        return RecordReading((), complete=True)


@dataclass
class FakeRegistry:
    """The registry's feed, one page."""

    facts: list[Fact] = field(default_factory=list)
    name: str = "ladok"
    feed_every_s: float = 60.0
    asked: list[FeedPosition | None] = field(default_factory=list)

    def powers(self) -> WritePowers:
        return WritePowers(registration=False, registration_key="adapters.ladok.registration")

    def certificate(self) -> None:
        return None

    async def events(self, position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        self.asked.append(position)
        events = tuple(
            FeedEvent(LadokUid(f"event-{number}"), f"entry-{number}", 1, "E", AT, (fact,))
            for number, fact in enumerate(self.facts)
        )
        yield FeedBatch(events, FeedPosition(1, f"entry-{len(events)}"), 1, len(events))


@dataclass
class FakeStudents:
    """The student APIs of every university."""

    objects: dict[tuple[HeiId, StudentApi], dict[str, Any]] = field(default_factory=dict)

    def offers(self, hei_id: HeiId, api: StudentApi) -> bool:
        return (hei_id, api) in self.objects

    def max_ids(self, hei_id: HeiId, api: StudentApi) -> int:
        del hei_id, api
        return 2

    async def omobility_index(
        self, hei_id: HeiId, api: StudentApi, modified_since: datetime | None = None
    ) -> OmobilityIndexAnswer:
        del modified_since
        return OmobilityIndexAnswer(tuple(map(OmobilityId, self.objects[hei_id, api])), ())

    async def fetch_records(
        self, hei_id: HeiId, api: StudentApi, ids: Sequence[OmobilityId], known: object = None
    ) -> RecordAnswer:
        del known
        held = self.objects[hei_id, api]
        found = tuple(record(KINDS[api], hei_id, name, held[name]) for name in ids if name in held)
        return RecordAnswer(found, tuple(name for name in ids if name not in held), ())


@dataclass
class World:
    """A bridge that follows students, and the systems around it."""

    bridge: Bridge
    applications: FakeApplications
    registry: FakeRegistry
    students: FakeStudents

    async def round(self) -> None:
        report = await read_students(self.bridge.context, [BRAVA])
        assert report.errors == ()
        await compare(self.bridge.context)

    async def codes(self) -> list[str]:
        found = await self.bridge.store.read(
            lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN])
        )
        return sorted(each.finding.code for each in found)


def a_world(store: Store | None = None) -> World:
    bridge = a_bridge(store, students={"enabled": True})
    applications, registry, students = FakeApplications(), FakeRegistry([*OFFERED]), FakeStudents()
    students.objects[US, StudentApi.NOMINATIONS] = {NOMINATION.omobility_id: NOMINATION}
    students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {LA.omobility_id: LA}
    context = replace(
        bridge.context,
        applications=(applications,),
        registry=registry,  # type: ignore[arg-type]
        students=students,  # type: ignore[arg-type]
    )
    bridge.clock.move((datetime(2026, 8, 20, 12, tzinfo=UTC) - bridge.clock.now()).total_seconds())
    return World(replace(bridge, context=context), applications, registry, students)
