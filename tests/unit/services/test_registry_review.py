"""Reading the registry itself: what the feed lost is healed, and named once a second look has shown it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.bridges import Bridge, a_bridge
from tests.support.clock import VirtualClock
from tests.support.stays import BRAVA, EXCHANGE, FIRST, LAST, PERSON, REGISTRATION

from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import ExternalParty, PartyDomain
from mobility_bridge.domain.registration import Admission, Participant, Participation, StudyPeriod, Withdrawal
from mobility_bridge.domain.registry_student import LadokStudent
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.errors import NotOffered, Rejected, Unreachable
from mobility_bridge.ports.registry import (
    CertificateLevel,
    CertificateStatus,
    FeedBatch,
    FeedEvent,
    FeedPosition,
    PageGap,
    RegistryReading,
)
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.compare import compare
from mobility_bridge.services.registry_review import review_registry
from mobility_bridge.services.registry_state import ReviewState
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.students import read_registry, read_students
from mobility_bridge.services.sync import Wanted, sync

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
STU, ADM, OCC, COURSE = LadokUid("stu"), LadokUid("adm"), LadokUid("occ"), LadokUid("course")
KNOWN = LadokStudent(as_of=AT, student_uid=STU, person=replace(PERSON, ladok_student_uid=STU))
ADMITTED = Admission(as_of=AT, admission_uid=ADM, student_uid=STU, occasion_uid=OCC)
ADMITTED_TO_COURSE = Admission(
    as_of=AT,
    admission_uid=LadokUid("adm2"),
    student_uid=STU,
    occasion_uid=COURSE,
    within_occasion_uids=(OCC,),
)
OFFERED: list[Fact] = [
    replace(EXCHANGE.agreement, external_party_id="7"),  # type: ignore[type-var,list-item]
    EXCHANGE.occasion,  # type: ignore[list-item]
    ExternalParty(as_of=AT, external_party_id="7", code="BRAVA01"),
    PartyDomain(as_of=AT, external_party_id="7", schac=BRAVA),
]


@dataclass
class Shown:
    """What the registry shows of one student when it is asked."""

    exchange: bool = True
    registered: bool = False


@dataclass
class FakeRegistry:
    """A registry whose feed tells `told`, and that shows what is set."""

    clock: VirtualClock
    told: list[Fact] = field(default_factory=lambda: [*OFFERED, KNOWN, ADMITTED, ADMITTED_TO_COURSE])
    shown: Shown = field(default_factory=Shown)
    gaps: tuple[int, ...] = ()
    name: str = "ladok"
    error: Exception | None = None
    asked: list[str] = field(default_factory=list)
    complete: bool = True
    feed_every_s: float = 60.0
    holds_until: datetime | None = None
    odd: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)

    def certificate(self) -> CertificateStatus | None:
        ends_at = self.holds_until
        return ends_at and CertificateStatus("bridge", "test", ends_at, 0, CertificateLevel.GOOD)

    async def events(self, position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        del position
        events = tuple(
            FeedEvent(LadokUid(f"event-{fact.key}"), f"entry-{number}", 1, "E", AT, (fact,))
            for number, fact in enumerate(self.told)
        )
        gaps = tuple(PageGap(page, AT) for page in self.gaps)
        yield FeedBatch(events, FeedPosition(1, f"entry-{len(events)}", gaps=gaps), 1, len(events))

    async def code_table(self, table: str) -> RegistryReading:
        if table == "externpart":
            raise NotOffered("switched off", system="ladok", reason="switched_off")
        if table == "land":
            raise Rejected("no right", system="ladok", reason="http_403")
        return self._said("code_table")

    async def occasions(self, agreement_code: str) -> RegistryReading:
        assert agreement_code == "UABRA"
        return self._said("occasions")

    async def participants(self, occasion_uid: LadokUid) -> RegistryReading:
        said = Participant(as_of=self.clock.now(), occasion_uid=occasion_uid, student_uid=STU)
        return self._said("participants", *([said] if self.shown.exchange else []))

    async def exchange_report(self, question: object) -> RegistryReading:
        raise NotOffered(str(question), system="ladok", reason="switched_off")

    async def student(self, uid: LadokUid) -> RegistryReading:
        if self.error is not None:
            raise self.error
        return self._said("student", replace(KNOWN, as_of=self.clock.now(), student_uid=uid))

    async def participations(self, student_uid: LadokUid) -> RegistryReading:
        now = self.clock.now()
        state = "registrerad" if self.shown.registered else "ej_paborjad"
        periods = (StudyPeriod(index=1, starts_on=FIRST, ends_on=LAST, state=state),)
        course = Participation(
            as_of=now,
            admission_uid=LadokUid("adm2"),
            student_uid=student_uid,
            occasion_uid=COURSE,
            periods=periods,
        )
        package = Participation(as_of=now, admission_uid=ADM, student_uid=student_uid, occasion_uid=OCC)
        return self._said("participations", course, *([package] if self.shown.exchange else []))

    async def results(self, student_uid: LadokUid) -> RegistryReading:
        del student_uid
        return self._said("results")

    async def find_student(
        self, *, civic_number: str | None = None, external_uid: LadokUid | None = None
    ) -> RegistryReading:
        assert civic_number or external_uid
        return self._said("find_student", replace(KNOWN, as_of=self.clock.now()))

    def _said(self, question: str, *facts: Fact) -> RegistryReading:
        self.asked.append(question)
        return RegistryReading(facts, self.complete, problems=self.odd.get(question, ()))


@dataclass
class World:
    bridge: Bridge
    registry: FakeRegistry

    async def case(self) -> StayCase:
        def work(uow: UnitOfWork) -> Sequence[StayCase]:
            gathering = StayGathering(self.bridge.context, uow, self.bridge.clock.now(), names=False)
            return gathering.cases(uow.students.select()[0])

        (case,) = await self.bridge.store.read(work)
        return case

    async def codes(self) -> list[tuple[str, str | None]]:
        await compare(self.bridge.context)
        found = await self.bridge.store.read(
            lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN])
        )
        return sorted(
            (each.finding.code, each.finding.values.get("kind"))
            for each in found
            if each.finding.code.startswith(("FEED_", "CERTIFICATE_"))
        )

    async def later(self, **how: float) -> None:
        self.bridge.clock.move(timedelta(**how).total_seconds())


@pytest.fixture
async def world() -> World:
    bridge = a_bridge(None, students={"enabled": True})
    bridge.clock.move((datetime(2026, 8, 1, 12, tzinfo=UTC) - bridge.clock.now()).total_seconds())
    registry = FakeRegistry(bridge.clock)
    context = replace(bridge.context, registry=registry)  # type: ignore[arg-type]
    made = World(replace(bridge, context=context), registry)
    await read_registry(context)
    return made


async def reviewed(world: World, *, full: bool = False) -> None:
    report = await review_registry(world.bridge.context, full=full)
    assert report is not None
    assert report.error is None


async def test_a_registration_that_the_feed_lost_is_taken_from_the_registry(world: World) -> None:
    assert (await world.case()).exchange.registered_terms == ()  # type: ignore[union-attr]
    world.registry.shown.registered = True
    await reviewed(world)
    assert [str(term) for term in (await world.case()).exchange.registered_terms] == ["HT26"]  # type: ignore[union-attr]


async def test_what_no_event_told_is_named_when_a_second_look_shows_it_again(world: World) -> None:
    await reviewed(world)
    world.registry.shown.registered = True
    await world.later(days=1)
    await reviewed(world)
    assert await world.codes() == [], "the event may be on its way"
    await world.later(hours=1)
    await reviewed(world)
    assert await world.codes() == [("FEED_EVENT_MISSED", "registration")]
    told = replace(REGISTRATION, as_of=AT, admission_uid=LadokUid("adm2"))
    world.registry.told.append(told)
    await read_registry(world.bridge.context)
    await world.later(days=1)
    await reviewed(world)
    assert await world.codes() == [], "the event came after all"


async def test_a_certificate_that_ends_soon_is_said_when_its_day_comes_and_gone_when_renewed(
    world: World,
) -> None:
    world.registry.holds_until = world.bridge.clock.now() + timedelta(days=91)
    await read_registry(world.bridge.context)
    assert await world.codes() == []
    await world.later(days=2)
    assert await world.codes() == [("CERTIFICATE_EXPIRES", None)], "nothing was read in between"
    world.registry.holds_until += timedelta(days=365)
    await read_registry(world.bridge.context)
    assert await world.codes() == []


async def test_what_an_answer_holds_that_cannot_be_read_is_told_and_the_rest_is_taken(world: World) -> None:
    world.registry.odd["participations"] = (("Startdatum", "is no day"),)
    world.registry.shown.registered = True
    await reviewed(world)
    (told,) = world.bridge.events("registry.remarked")
    assert (told["source"], told["detail"]) == ("ladok", "Startdatum: is no day")
    assert [str(term) for term in (await world.case()).exchange.registered_terms] == ["HT26"]  # type: ignore[union-attr]


async def test_an_admission_that_is_shown_no_more_is_taken_back_at_the_second_look(world: World) -> None:
    await reviewed(world)
    world.registry.shown.exchange = False
    await world.later(days=1)
    await reviewed(world)
    assert (await world.case()).exchange is not None
    await world.later(hours=2)
    await reviewed(world)
    held = await world.bridge.store.read(lambda uow: uow.facts.get(ADMITTED.key))
    assert held is not None
    assert held.removed
    assert await world.codes() == [("FEED_EVENT_MISSED", "end of admission")]
    await world.later(days=31)
    await reviewed(world)
    assert await world.codes() == []


async def test_an_explained_absence_is_none(world: World) -> None:
    world.registry.told.append(Withdrawal(as_of=AT, admission_uid=ADM, student_uid=STU, occasion_uid=OCC))
    await read_registry(world.bridge.context)
    await reviewed(world)
    world.registry.shown.exchange = False
    for _ in range(3):
        await world.later(days=1)
        await reviewed(world)
    assert await world.codes() == []


async def test_a_registration_that_is_gone_without_an_event_is_taken_back(world: World) -> None:
    told = replace(REGISTRATION, as_of=AT, admission_uid=LadokUid("adm2"))
    world.registry.told.append(told)
    await read_registry(world.bridge.context)
    for _ in range(3):
        await reviewed(world)
        await world.later(days=1)
    held = await world.bridge.store.read(lambda uow: uow.facts.get(told.key))
    assert held is not None
    assert held.removed
    assert await world.codes() == [("FEED_EVENT_MISSED", "end of registration")]


async def test_half_an_answer_takes_nothing_back(world: World) -> None:
    await reviewed(world)
    world.registry.shown.exchange, world.registry.complete = False, False
    for _ in range(3):
        await world.later(days=1)
        await reviewed(world)
    held = await world.bridge.store.read(lambda uow: uow.facts.get(ADMITTED.key))
    assert held == ADMITTED


async def test_a_missing_page_of_the_feed_is_named_until_it_is_found(world: World) -> None:
    world.registry.gaps = (2, 5)
    await read_registry(world.bridge.context)
    assert await world.codes() == [("FEED_PAGE_MISSING", None)]
    world.registry.gaps = ()
    await read_registry(world.bridge.context)
    assert await world.codes() == []


async def test_a_student_on_an_exchange_of_whom_nothing_was_told_comes_to_be_followed() -> None:
    bridge = a_bridge(None, students={"enabled": True})
    registry = FakeRegistry(bridge.clock, told=[*OFFERED])
    bridge.clock.move((datetime(2026, 8, 1, 12, tzinfo=UTC) - bridge.clock.now()).total_seconds())
    context = replace(bridge.context, registry=registry)  # type: ignore[arg-type]
    await read_registry(context)
    assert await bridge.store.read(lambda uow: uow.students.select()) == []
    world = World(replace(bridge, context=context), registry)
    await reviewed(world)
    assert (await world.case()).partner_hei_id == BRAVA


async def test_a_student_of_whom_only_others_told_is_looked_for_by_number(world: World) -> None:
    from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind  # noqa: PLC0415 - here alone

    def stranger(uow: UnitOfWork) -> None:
        made = uow.students.create(AT)
        uow.students.learn(made, [IdentityKey(IdentityKeyKind.CIVIC_NUMBER, "200001010000")], [], AT)

    await world.bridge.store.write(stranger)
    await reviewed(world)
    assert "find_student" in world.registry.asked


async def test_a_review_is_due_after_its_period_and_sooner_with_a_suspicion(world: World) -> None:
    await reviewed(world)
    assert await review_registry(world.bridge.context) is None
    world.registry.shown.registered = True
    await reviewed(world, full=True)
    await world.later(minutes=50)
    assert await review_registry(world.bridge.context) is None
    await world.later(minutes=11)
    await reviewed(world)
    await world.later(hours=23)
    assert await review_registry(world.bridge.context) is None, "what is proven need not be proven again"


async def test_a_review_that_broke_off_is_said_and_goes_on_where_it_was(world: World) -> None:
    world.registry.error = Unreachable("no answer", system="ladok", reason="timeout")
    report = await review_registry(world.bridge.context)
    assert report is not None
    assert report.error is world.registry.error
    assert world.bridge.events("source.failed")
    name = (await world.bridge.store.read(lambda uow: uow.students.select()))[0]
    half = ReviewState(after=name)
    await world.bridge.store.write(lambda uow: uow.set_cursor("ladok.review", half.cursor()))
    world.registry.error = None
    world.registry.asked.clear()
    await reviewed(world)
    assert world.registry.asked == [], "the only student was read before it broke off"


async def test_nothing_is_reviewed_unless_students_are_followed(world: World) -> None:
    context = replace(world.bridge.context, settings=a_bridge().context.settings)
    assert await review_registry(context, full=True) is None
    assert (await read_registry(context)).feed is None
    assert (await read_students(context)).review is None


async def test_the_registry_is_a_source_that_can_be_named(world: World) -> None:
    world.registry.asked.clear()
    report = await sync(world.bridge.context, Wanted(sources=("ladok",), send=False))
    assert report.students.feed is not None
    assert report.students.review is None
    report = await sync(world.bridge.context, Wanted(sources=("ladok",), full=True, send=False))
    assert report.students.review is not None
    assert "participations" in world.registry.asked


def test_a_state_comes_back_as_it_was() -> None:
    state = ReviewState(AT, "P7", {"admission:a": AT}, {"admission:b": AT}, {}, frozenset({"admission:c"}))
    assert ReviewState.parse(state.cursor()) == state
    assert ReviewState.parse(None) == ReviewState()
