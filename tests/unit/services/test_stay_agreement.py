"""The place that every stay takes, from what the systems show: each rule about it fires, and only where it should."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.cases import condition
from tests.support.stays import APPLICATION, LA, NOMINATION, PERSON, REGISTRATION
from tests.support.student_world import ADMITTED, AT, BRAVA, KNOWN, US, World, a_world

from mobility_bridge.domain.agreement import CooperationCondition, LanguageSkill, SubjectArea
from mobility_bridge.domain.discrepancy import DiscrepancyState, Finding
from mobility_bridge.domain.identifiers import HeiId, IiaId, OmobilityId
from mobility_bridge.domain.learning_agreement import StudentLanguageSkill
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    ActivityType,
    Nomination,
    NominationSide,
    NominationStatus,
)
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import StayId
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.errors import Unreachable
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.compare import compare
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.privacy import erase
from mobility_bridge.services.stay_agreement import KnownAgreements, keep_claim
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.students import read_students
from mobility_bridge.services.subjects import agreement_key

OUT = condition(
    sending_hei_id=US,
    receiving_hei_id=BRAVA,
    subject_areas=(SubjectArea("0533"),),
    eqf_levels=(6,),
    language_skills=(LanguageSkill("en", "B2"),),
)
IN = replace(OUT, sending_hei_id=BRAVA, receiving_hei_id=US)
ABOUT_PLACES = {
    "IIA_MISSING_FOR_NOMINATION",
    "NO_AGREEMENT_FOR_NOMINATION",
    "IIA_ID_HALF",
    "IIA_ID_UNKNOWN",
    "IIA_NOT_APPROVED",
    "IIA_YEAR_OUT_OF_RANGE",
    "IIA_PLACES_EXCEEDED",
    "IIA_MONTHS_EXCEEDED",
    "IIA_FIELD_MISMATCH",
    "IIA_LEVEL_MISMATCH",
    "IIA_BLENDED_MISMATCH",
    "IIA_DIRECTION_MISMATCH",
    "IIA_LANGUAGE_BELOW",
    "AGREEMENT_ENDS_BEFORE_TERM",
}


def agree(world: World, *conditions: CooperationCondition, by_both: bool = True, places: int = 2) -> None:
    """Have an agreement with Brava in both systems, approved by both unless told otherwise."""
    bridge = world.bridge
    said = {"conditions": conditions or (OUT, IN), "places": places}
    bridge.source.put(
        "nh-1", BRAVA, theirs="br-1", own_approval=by_both, record={"partner_approval": by_both}, **said
    )
    bridge.network[BRAVA].put("br-1", ours="nh-1", **said)
    if by_both:
        bridge.network[BRAVA].approves("nh-1", theirs="br-1", places=places)


def nominate(world: World, number: int = 1, **facts: Any) -> Nomination:
    """A nomination of ours; those beyond the first are of further students."""
    person = PERSON if number == 1 else another(number)
    made = replace(NOMINATION, omobility_id=omobility(number), student=person, **facts)
    world.students.objects[US, StudentApi.NOMINATIONS][made.omobility_id] = made
    return made


def another(number: int) -> Person:
    return Person(
        names=(PersonName(f"Given{number}", f"Family{number}"),),
        birth_date=date(2002, 1, number),
        global_id=f"urn:schac:personalUniqueCode:int:esi:nordhav.example:{number}",
    )


def omobility(number: int) -> OmobilityId:
    return NOMINATION.omobility_id if number == 1 else OmobilityId(f"NH-OM-{number}")


def plan(world: World, number: int = 1, **facts: Any) -> None:
    """A learning agreement of ours."""
    made = replace(LA, omobility_id=omobility(number), **facts)
    if number != 1:
        person = another(number)
        student = replace(
            LA.student,
            given_names=f"Given{number}",
            family_name=f"Family{number}",
            global_id=person.global_id,
            birth_date=person.birth_date,
            email=None,
        )
        made = replace(made, student=student)
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS][made.omobility_id] = made


async def about_places(world: World) -> list[str]:
    await world.bridge.sync()
    return [each.code for each in await findings(world) if each.code in ABOUT_PLACES]


async def findings(world: World) -> list[Finding]:
    found = await world.bridge.store.read(
        lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN])
    )
    return sorted((each.finding for each in found), key=lambda each: (each.code, str(each.subject)))


async def cases(world: World) -> list[StayCase]:
    context = world.bridge.context

    def work(uow: Any) -> list[StayCase]:
        gathering = StayGathering(context, uow, context.clock.now(), names=False)
        return [case for each in uow.students.select() for case in gathering.cases(each)]

    return await world.bridge.store.read(work)


@pytest.fixture
def world() -> World:
    built = a_world()
    built.registry.facts += [KNOWN, ADMITTED, REGISTRATION]
    agree(built)
    return built


def unnamed(world: World) -> None:
    nominate(world, sending_hei=NominationSide(US), receiving_hei=NominationSide(BRAVA))


def unnamed_and_unapproved(world: World) -> None:
    unnamed(world)
    agree(world, by_both=False)


def naming(ours: str | None, theirs: str | None) -> Callable[[World], None]:
    def change(world: World) -> None:
        sides = NominationSide(US, iia_id=ours), NominationSide(BRAVA, iia_id=theirs)
        nominate(world, sending_hei=sides[0], receiving_hei=sides[1])

    return change


def nominated(**facts: Any) -> Callable[[World], None]:
    return lambda world: nominate(world, **facts) and None


def agreed(*conditions: CooperationCondition, **how: Any) -> Callable[[World], None]:
    return lambda world: agree(world, *conditions, **how)


def three_for_two_places(world: World) -> None:
    for number in (1, 2, 3):
        nominate(world, number)


def too_long(world: World) -> None:
    """Two of two places, but six months each of ten."""
    for number in (1, 2):
        nominate(world, number)
        plan(world, number, start=PlannedDay.on(date(2026, 8, 1)), end=PlannedDay.on(date(2027, 1, 31)))
    world.applications.said.clear()


def speaking_too_little(world: World) -> None:
    plan(world, student_language_skill=StudentLanguageSkill("en", "B1"))


ends_early = replace(
    OUT, receiving_first_academic_year_id="2024/2025", receiving_last_academic_year_id="2025/2026"
)
CAUSES: dict[str, tuple[Callable[[World], None], list[str]]] = {
    "no id, though there is an agreement": (unnamed, ["IIA_MISSING_FOR_NOMINATION"]),
    "no id and no approved agreement": (unnamed_and_unapproved, ["NO_AGREEMENT_FOR_NOMINATION"]),
    "only our id": (naming("nh-1", None), ["IIA_ID_HALF"]),
    "only the partner's id": (naming(None, "br-1"), ["IIA_ID_HALF"]),
    "an id of ours that is none": (naming("nh-9", "br-1"), ["IIA_ID_UNKNOWN"]),
    "ids that are both none": (naming("nh-9", "br-9"), ["IIA_ID_UNKNOWN", "IIA_ID_UNKNOWN"]),
    "not approved": (agreed(by_both=False), ["IIA_NOT_APPROVED"]),
    "another year": (agreed(ends_early), ["IIA_YEAR_OUT_OF_RANGE"]),
    "more than there are places": (three_for_two_places, ["IIA_PLACES_EXCEEDED"]),
    "more than there are months": (too_long, ["IIA_MONTHS_EXCEEDED"]),
    "another field": (nominated(agreement_isced_f_code="0541"), ["IIA_FIELD_MISMATCH"]),
    "another level": (nominated(eqf_level_studied_at_departure=8), ["IIA_LEVEL_MISMATCH"]),
    "blended": (
        nominated(activity_attributes=ActivityAttributes.SHORT_TERM_BLENDED),
        ["IIA_BLENDED_MISMATCH"],
    ),
    "the other way only": (agreed(IN), ["IIA_DIRECTION_MISMATCH"]),
    "for traineeships only": (
        nominated(activity_type=ActivityType.STUDENT_TRAINEESHIPS),
        ["IIA_DIRECTION_MISMATCH"],
    ),
    "less of the language than recommended": (speaking_too_little, ["IIA_LANGUAGE_BELOW"]),
}
FINE: dict[str, Callable[[World], None]] = {
    "both ids": lambda _: None,
    "two for two places": lambda world: [nominate(world, number) for number in (1, 2)] and None,
    "a third that is cancelled": lambda world: (
        [nominate(world, number) for number in (1, 2)]
        and nominate(world, 3, status=NominationStatus.CANCELLED)
        and None
    ),
    "a third of another field": lambda world: (
        agree(world, OUT, replace(OUT, subject_areas=(SubjectArea("0541"),)))
        or (
            [nominate(world, number) for number in (1, 2)]
            and nominate(world, 3, agreement_isced_f_code="0541")
            and None
        )
    ),
    "a third in another year": lambda world: (
        [nominate(world, number) for number in (1, 2)]
        and nominate(world, 3, receiving_academic_year_id="2027/2028")
        and None
    ),
    "a number that is not defined": lambda world: (
        agree(world, replace(OUT, mobilities_not_yet_defined=True, total_per_year=None))
        or three_for_two_places(world)
    ),
    "a broader field": agreed(replace(OUT, subject_areas=(SubjectArea("0530"),))),
    "no field, no level": agreed(replace(OUT, subject_areas=(), eqf_levels=())),
    "agreements that nobody could read": lambda world: (
        unnamed_and_unapproved(world)
        or world.bridge.network[BRAVA].errors.update(
            index=Unreachable("no answer", system="ewp", reason="timeout", hei_id=BRAVA)
        )
    ),
}


@pytest.mark.parametrize(("change", "codes"), CAUSES.values(), ids=CAUSES)
async def test_what_is_wrong_with_a_place_is_said(
    world: World, change: Callable[[World], None], codes: list[str]
) -> None:
    change(world)
    assert await about_places(world) == codes


@pytest.mark.parametrize("change", FINE.values(), ids=FINE)
async def test_what_is_right_or_not_known_is_not_said(world: World, change: Callable[[World], None]) -> None:
    change(world)
    assert await about_places(world) == []


def test_every_rule_about_places_has_a_cause() -> None:
    assert {code for _, codes in CAUSES.values() for code in codes} == ABOUT_PLACES - {
        "AGREEMENT_ENDS_BEFORE_TERM"
    }


async def test_an_agreement_that_ends_before_the_stay_is_said(world: World) -> None:
    agree(world, replace(OUT, receiving_last_academic_year_id="2026/2027", total_per_year=None))
    plan(world, end=PlannedDay.on(date(2027, 9, 30)))
    assert await about_places(world) == ["AGREEMENT_ENDS_BEFORE_TERM"]


async def test_a_student_who_comes_takes_a_place_of_the_other_direction(world: World) -> None:
    world.applications.said.clear()
    world.students.objects.clear()
    world.registry.facts.clear()
    agree(world, replace(OUT, mobilities_per_year=1), replace(IN, mobilities_per_year=1))
    held = world.students.objects.setdefault((BRAVA, StudentApi.NOMINATIONS), {})
    for number in (2, 3):
        held[f"BR-{number}"] = replace(
            NOMINATION,
            omobility_id=OmobilityId(f"BR-{number}"),
            student=another(number),
            sending_hei=NominationSide(BRAVA, iia_id="br-1"),
            receiving_hei=NominationSide(US, iia_id="nh-1"),
        )
    assert await about_places(world) == ["IIA_PLACES_EXCEEDED"]
    (finding,) = [each for each in await findings(world) if each.code == "IIA_PLACES_EXCEEDED"]
    assert finding.values == {"agreement": "nh-1", "place_number": "2", "places": "1"}
    uses = [case.agreement for case in await cases(world)]
    assert [(use.place, use.used, use.places) for use in uses if use is not None] == [(1, 2, 1), (2, 2, 1)]


async def test_the_registry_names_the_agreement_by_its_code(world: World) -> None:
    """The application alone says nothing of an agreement; the exchange in the registry does."""
    world.students.objects.clear()
    world.bridge.source.put("nh-1", BRAVA, theirs="br-1", conditions=(OUT,), iia_code="uabra")
    await world.bridge.sync()
    (case,) = await cases(world)
    assert case.agreement is not None
    assert (case.agreement.iia_id, case.agreement.mutually_approved) == ("nh-1", False)
    assert (case.agreement.places, case.agreement.used) == (2, 0)  # no nomination: it takes none by the rules
    (claim,) = await world.bridge.store.read(lambda uow: list(uow.places.select()))
    assert not claim.nominated


async def test_what_the_partner_alone_has_goes_by_the_partners_id(world: World) -> None:
    world.bridge.source.drop("nh-1", BRAVA)
    nominate(world, sending_hei=NominationSide(US), receiving_hei=NominationSide(BRAVA, iia_id="br-1"))
    assert await about_places(world) == ["IIA_ID_HALF", "IIA_NOT_APPROVED"]
    (case,) = await cases(world)
    assert case.agreement is not None
    assert (case.agreement.iia_id, case.agreement.name) == (None, "br-1")


async def test_while_a_change_waits_for_approval_the_places_are_those_before(world: World) -> None:
    three_for_two_places(world)
    await world.bridge.sync()
    agree(world, replace(OUT, mobilities_per_year=9), by_both=False, places=9)
    world.bridge.clock.move(60)
    assert await about_places(world) == ["IIA_PLACES_EXCEEDED"]


async def test_an_agreement_that_changes_is_seen_by_those_who_draw_on_it(world: World) -> None:
    three_for_two_places(world)
    assert await about_places(world) == ["IIA_PLACES_EXCEEDED"]
    more = replace(OUT, mobilities_per_year=3, total_per_year=None)
    for by_both in (False, True):  # our approval is taken off and given again
        agree(world, more, places=3, by_both=by_both)
        world.bridge.clock.move(60)
        await world.bridge.sync(full=True)
    assert await about_places(world) == []


async def test_a_terminated_agreement_gives_no_places(world: World) -> None:
    await world.bridge.sync()
    said: dict[str, Any] = {"conditions": (OUT, IN), "terminated": True, "places": 4}
    world.bridge.source.put("nh-1", BRAVA, theirs="br-1", own_approval=True, **said)
    world.bridge.clock.move(60)
    assert "IIA_PLACES_EXCEEDED" in await about_places(world)


class Watched:
    """A store that remembers whose records are read; what it passes on is otherwise the store's own."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.read_of: list[str] = []

    async def read(self, work: Any) -> Any:
        return await self.store.read(work)

    async def write(self, work: Any) -> Any:
        return await self.store.write(lambda uow: work(_WatchedUnit(uow, self.read_of)))


class _WatchedUnit:
    def __init__(self, uow: Any, read_of: list[str]) -> None:
        self._uow = uow
        self._read_of = read_of

    def __getattr__(self, name: str) -> Any:
        return (
            _WatchedRecords(self._uow.records, self._read_of)
            if name == "records"
            else getattr(self._uow, name)
        )


class _WatchedRecords:
    def __init__(self, records: Any, read_of: list[str]) -> None:
        self._records = records
        self._read_of = read_of

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)

    def of_student(self, student_id: str) -> Any:
        self._read_of.append(student_id)
        return self._records.of_student(student_id)

    def of_students(self, student_ids: Iterable[str]) -> Any:
        chosen = list(student_ids)
        self._read_of.extend(chosen)
        return self._records.of_students(chosen)


async def judged(world: World) -> set[str]:
    """Read students, then compare: whose records the comparison read."""
    world.bridge.clock.move(60)
    await read_students(world.bridge.context, [BRAVA])
    watched = Watched(world.bridge.store)
    await compare(replace(world.bridge.context, store=watched))  # type: ignore[arg-type]
    return set(watched.read_of)


async def surplus(world: World) -> dict[str, str]:
    found = [each for each in await findings(world) if each.code == "IIA_PLACES_EXCEEDED"]
    return {str(each.subject.student_id): each.values["place_number"] for each in found}


@pytest.fixture
async def crowd() -> World:
    """Five students, who asked one after the other, for two places."""
    built = a_world()
    built.applications.said.clear()
    built.students.objects[US, StudentApi.LEARNING_AGREEMENTS].clear()
    agree(built, replace(OUT, total_per_year=None))
    for number in range(1, 6):
        nominate(built, number)
        await built.bridge.sync()
        built.bridge.clock.move(60)
    return built


async def test_who_asked_last_is_beyond_the_last_place(crowd: World) -> None:
    assert await surplus(crowd) == {"P3": "3", "P4": "4", "P5": "5"}


async def test_only_those_beyond_the_last_place_are_judged_again(crowd: World) -> None:
    nominate(crowd, 5, status=NominationStatus.CANCELLED)
    assert await judged(crowd) == {"P5"}
    nominate(crowd, 1, status=NominationStatus.CANCELLED)
    assert await judged(crowd) == {"P1", "P3", "P4"}
    assert await surplus(crowd) == {"P4": "3"}
    nominate(crowd, 1)
    assert await judged(crowd) == {"P1", "P3", "P4"}  # first in the queue as before
    assert await surplus(crowd) == {"P3": "3", "P4": "4"}


async def test_who_moves_to_another_year_is_taken_out_of_one_queue_and_put_into_the_other(
    crowd: World,
) -> None:
    nominate(crowd, 2, receiving_academic_year_id="2027/2028")
    assert await judged(crowd) == {"P2", "P3", "P4", "P5"}
    assert await surplus(crowd) == {"P4": "3", "P5": "4"}
    assert await judged(crowd) == set()


async def test_a_student_who_is_no_longer_shown_frees_the_place(crowd: World) -> None:
    del crowd.students.objects[US, StudentApi.NOMINATIONS][omobility(3)]
    crowd.bridge.clock.move(100_000)
    assert await judged(crowd) >= {"P3", "P4", "P5"}
    assert await surplus(crowd) == {"P4": "3", "P5": "4"}
    assert await crowd.bridge.store.read(lambda uow: uow.places.get(StayId("P3-1"))) is None


async def test_the_months_are_told_by_who_asked_last(world: World) -> None:
    too_long(world)
    assert await about_places(world) == ["IIA_MONTHS_EXCEEDED"]
    plan(world, 1, start=PlannedDay.on(date(2026, 8, 1)), end=PlannedDay.on(date(2026, 11, 30)))
    assert await judged(world) == {"P1", "P2"}
    assert "IIA_MONTHS_EXCEEDED" not in {each.code for each in await findings(world)}


async def test_looking_writes_no_claim_and_counts_all_the_same(world: World) -> None:
    await read_students(world.bridge.context, [BRAVA])
    (case,) = await cases(world)
    assert case.agreement is None  # no agreement was read yet
    await world.bridge.sync()
    await world.bridge.store.write(lambda uow: uow.places.drop(StayId("P1-1")))
    (case,) = await cases(world)
    assert case.agreement is not None
    assert (case.agreement.place, case.agreement.used) == (1, 1)
    assert await world.bridge.store.read(lambda uow: list(uow.places.select())) == []


async def test_an_agreement_that_says_the_same_has_nobody_looked_at_again(world: World) -> None:
    await world.bridge.sync()
    await world.bridge.store.write(
        lambda uow: uow.work.mark_to_compare([agreement_key(BRAVA, ours=IiaId("nh-1"))], AT)
    )
    assert await judged(world) == set()


@pytest.mark.parametrize("number", [1, 2, 3, 5])
async def test_a_place_that_is_freed_by_hand_has_the_others_looked_at_again(
    crowd: World, number: int
) -> None:
    """As when a student is erased."""
    stay_id, now = StayId(f"P{number}-1"), crowd.bridge.clock.now()
    await crowd.bridge.store.write(lambda uow: keep_claim(uow, stay_id, None, now))
    await crowd.bridge.store.write(lambda uow: keep_claim(uow, stay_id, None, now))
    marked = await crowd.bridge.store.read(lambda uow: uow.work.to_compare())
    assert marked == [f"student:P{each}" for each in (3, 4, 5) if each > number]


async def test_the_place_of_an_erased_student_goes_to_who_waits(crowd: World) -> None:
    await erase(crowd.bridge.context, "P1", by="Kim", why="asked for it")
    await compare(crowd.bridge.context)
    assert await surplus(crowd) == {"P4": "3", "P5": "4"}


async def test_a_stay_with_nobody_known_draws_on_nothing(world: World) -> None:
    world.students.objects.clear()
    world.registry.facts.clear()
    world.applications.said[:] = [replace(APPLICATION, partner_hei_id=None)]
    await world.bridge.sync()
    (case,) = await cases(world)
    assert (case.partner_hei_id, case.agreement, case.agreement_exists) == (None, None, False)


async def test_agreements_are_decoded_once_for_many_students_and_not_kept_for_ever(world: World) -> None:
    await world.bridge.sync()
    known = KnownAgreements()
    context = world.bridge.context

    def look(uow: Any) -> tuple[bool, bool, int]:
        gathering = Gathering(context, uow, context.clock.now())
        first = known.with_partner(gathering, BRAVA)
        again = known.with_partner(gathering, BRAVA) is first
        for number in range(300):
            known.with_partner(gathering, HeiId(f"partner{number}.example"))
        return again, known.with_partner(gathering, BRAVA) is first, len(first)

    assert await world.bridge.store.read(look) == (True, False, 1)
