"""Which agreement a stay draws on, how long it is planned, and whose verdict a claim changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.support.cases import condition
from tests.support.stays import (
    APPLICATION,
    BRAVA,
    EXCHANGE,
    LA,
    NOMINATION,
    NOW,
    US,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.agreement import CooperationCondition, MobilityKind, SubjectArea
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import NominationSide, NominationStatus
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Breakdown, Claim, PlaceUse, Pool, Tally
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind, StayId
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.agreement_use import (
    Choice,
    KnownAgreement,
    choose,
    direction_of,
    fitting,
    pool_of,
    use_of,
    wish_of,
)
from mobility_bridge.reconcile.place_claims import (
    claim_of,
    planned_months,
    shifted,
    takes_a_place,
    told_by,
    with_others,
)
from mobility_bridge.reconcile.place_use import place_use

OUT = condition(
    sending_hei_id=US, receiving_hei_id=BRAVA, subject_areas=(SubjectArea("0533"),), eqf_levels=(6,)
)
IN = replace(OUT, sending_hei_id=BRAVA, receiving_hei_id=US)
NAMELESS = replace(NOMINATION, sending_hei=NominationSide(US), receiving_hei=NominationSide(BRAVA))


def known(
    ours: str | None, theirs: str | None = None, *conditions: CooperationCondition, **facts: Any
) -> Any:
    made = KnownAgreement(
        BRAVA,
        IiaId(ours) if ours else None,
        IiaId(theirs) if theirs else None,
        mutually_approved=True,
        conditions=conditions or (OUT, IN),
    )
    return replace(made, **facts)


def nominated(said: Any = NAMELESS, **facts: Any) -> StayCase:
    return a_stay(nomination=seen(RecordKind.NOMINATION, replace(said, **facts)))


def unnominated(**facts: Any) -> StayCase:
    return a_stay(nomination=None, **facts)


def chosen(case: StayCase, *agreements: KnownAgreement) -> Choice:
    found = choose(case, agreements)
    assert found is not None
    return found


# Which agreement.


def test_of_several_that_fit_the_narrowest_is_meant() -> None:
    wide = known("nh-1", None, replace(OUT, subject_areas=(SubjectArea("0533"), SubjectArea("0541"))))
    every = known("nh-0", None, replace(OUT, subject_areas=()))
    levels = known("nh-2", None, replace(OUT, eqf_levels=(6, 7)))
    narrow = known("nh-3", None, OUT)
    assert chosen(nominated(), wide, every, levels, narrow).agreement is narrow
    assert chosen(nominated(), every, wide).agreement is wide
    assert chosen(nominated(), known("nh-5"), known("nh-4")).agreement.iia_id == "nh-4"


@pytest.mark.parametrize(
    "unfit",
    [
        known("nh-1", mutually_approved=False),
        known("nh-1", terminated=True),
        known("nh-1", None, IN),
        known("nh-1", None, replace(OUT, kind=MobilityKind.STUDENT_TRAINEESHIP)),
        known("nh-1", None, replace(OUT, subject_areas=(SubjectArea("0541"),))),
        known("nh-1", None, replace(OUT, eqf_levels=(7,))),
        known("nh-1", None, replace(OUT, receiving_first_academic_year_id="2027/2028")),
    ],
)
def test_what_does_not_fit_is_not_meant_unless_it_is_named(unfit: KnownAgreement) -> None:
    assert choose(nominated(), [unfit]) is None
    assert chosen(nominated(NOMINATION), unfit).agreement is unfit


def test_our_id_goes_before_the_partners_and_an_approved_one_before_another() -> None:
    ours, theirs = known("nh-1", "br-9"), known("nh-9", "br-1")
    draft = known("nh-8", "br-1", mutually_approved=False)
    assert chosen(nominated(NOMINATION), theirs, ours).agreement is ours
    assert chosen(nominated(NOMINATION), draft, theirs).agreement is theirs


def test_for_a_student_who_comes_the_ids_stand_the_other_way_round() -> None:
    sides = {
        "sending_hei": NominationSide(BRAVA, iia_id="br-1"),
        "receiving_hei": NominationSide(US, iia_id="nh-1"),
    }
    case = an_incoming_stay(nomination=seen(RecordKind.NOMINATION, replace(NOMINATION, **sides)))
    found = chosen(case, known("br-1", "nh-1"), known("nh-1", "br-1"))
    assert found.agreement.iia_id == "nh-1"
    assert found.condition == IN


def test_a_code_of_two_agreements_names_neither() -> None:
    one, other = known("nh-1", codes=("UABRA",)), known("nh-2", codes=("uabra", "x"), conditions=(IN,))
    assert chosen(unnominated(), one, known("nh-0")).agreement is one
    assert chosen(unnominated(), other, known("nh-0")).agreement is other
    assert chosen(unnominated(), other, one, known("nh-0")).agreement.iia_id == "nh-0"
    bare = replace(EXCHANGE, agreement=None)
    assert chosen(unnominated(exchange=bare), one, known("nh-0")).agreement.iia_id == "nh-0"


def test_the_condition_that_fits_best_is_chosen_of_a_named_agreement() -> None:
    years = replace(
        OUT, receiving_first_academic_year_id="2020/2021", receiving_last_academic_year_id="2023/2024"
    )
    field = replace(OUT, subject_areas=(SubjectArea("0541"),))
    found = chosen(nominated(NOMINATION), known("nh-1", "br-1", years, field, IN))
    assert found.condition is field  # the year weighs more than the field
    use = use_of(found)
    assert (use.fits_year, use.fits_field, use.fits_level, use.fits_direction) == (True, False, True, True)
    assert use_of(chosen(nominated(NOMINATION), known("nh-1", "br-1", years))).fits_year is False


def test_an_agreement_without_a_condition_this_way_says_only_that() -> None:
    use = use_of(chosen(nominated(NOMINATION), known("nh-1", "br-1", IN)))
    assert (use.fits_direction, use.fits_year, use.fits_field, use.condition) == (False, True, True, None)
    assert (use.first_academic_year, use.last_academic_year) == ("2026/2027", "2028/2029")
    assert use.places is None
    none = use_of(chosen(nominated(NOMINATION), replace(known("nh-1"), conditions=())))
    assert (none.first_academic_year, none.last_day, none.fits_direction) == (None, None, False)


def test_conditions_for_the_same_share_their_places_and_one_open_number_opens_the_sum() -> None:
    twice = known("nh-1", "br-1", OUT, replace(OUT, mobilities_per_year=3, total_per_year=Decimal("1.5")))
    use = use_of(chosen(nominated(NOMINATION), twice))
    assert (use.places, use.months) == (5, Decimal("11.5"))
    undefined = replace(OUT, mobilities_not_yet_defined=True, total_per_year=None)
    use = use_of(chosen(nominated(NOMINATION), known("nh-1", "br-1", OUT, undefined)))
    assert (use.places, use.months) == (None, None)
    use = use_of(chosen(nominated(NOMINATION), known("nh-1", "br-1", terminated=True)))
    assert (use.places, use.months) == (0, None)


def test_years_that_cannot_be_read_exclude_nothing() -> None:
    odd = replace(OUT, receiving_first_academic_year_id="soon", receiving_last_academic_year_id="later")
    found = chosen(nominated(), known("nh-1", None, odd))
    assert use_of(found).places is None


@pytest.mark.parametrize(
    ("area", "covered"),
    [("0533", True), ("0530", True), ("053", True), ("0500", True), ("0541", False), ("0000", False)],
)
def test_a_broader_field_covers_the_narrower_ones(area: str, *, covered: bool) -> None:
    found = fitting(
        wish_of(nominated()), [known("nh-1", None, replace(OUT, subject_areas=(SubjectArea(area),)))]
    )
    assert (found is not None) == covered


def test_a_code_from_version_six_covers_what_it_covered_then() -> None:
    old = SubjectArea("0541", v6_value="053")
    assert (
        fitting(wish_of(nominated()), [known("nh-1", None, replace(OUT, subject_areas=(old,)))]) is not None
    )


# What a stay needs.


def la(**facts: Any) -> Any:
    return seen(RecordKind.LEARNING_AGREEMENT, replace(LA, **facts))


@pytest.mark.parametrize(
    ("case", "start_year"),
    [
        (nominated(receiving_academic_year_id="2027/2027"), 2027),
        (nominated(receiving_academic_year_id=None), 2026),
        (nominated(receiving_academic_year_id="soon"), 2026),
        (unnominated(learning_agreement=la(receiving_academic_year_id="2031/2032")), 2031),
        (unnominated(learning_agreement=None), 2026),
        (unnominated(learning_agreement=None, application=None), 2026),
        (unnominated(learning_agreement=None, application=None, exchange=None), None),
    ],
)
def test_the_year_is_that_of_the_nomination_or_else_of_what_is_known(
    case: StayCase, start_year: int | None
) -> None:
    assert wish_of(case).start_year == start_year


def test_without_a_nomination_field_and_level_come_from_elsewhere() -> None:
    assert (wish_of(unnominated()).isced_f_code, wish_of(unnominated()).eqf_level) == ("0533", 6)
    only = wish_of(unnominated(learning_agreement=None))
    assert (only.isced_f_code, only.eqf_level) == ("0533", None)
    nothing = wish_of(unnominated(learning_agreement=None, application=None))
    assert (nothing.isced_f_code, nothing.eqf_level) == (None, None)
    trainee = seen(RecordKind.APPLICATION, replace(APPLICATION, traineeship=True))
    assert wish_of(unnominated(application=trainee)).kind is MobilityKind.STUDENT_TRAINEESHIP


def test_a_stay_without_a_year_takes_no_place_of_any_pool() -> None:
    case = unnominated(learning_agreement=None, application=None, exchange=None)
    found = chosen(case, known("nh-1"))
    assert pool_of(found) is None
    assert claim_of(case, found, use_of(found)) is None


# How long.


def planned(first: date, last: date | None) -> StayCase:
    end = PlannedDay.on(last) if last is not None else None
    changed: LearningAgreement = replace(LA, start=PlannedDay.on(first), end=end)
    return a_stay(learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, changed))


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 9, 1), date(2027, 1, 31), "5.0"),
        (date(2026, 8, 31), date(2027, 1, 17), "4.6"),
        (date(2026, 9, 1), date(2026, 9, 15), "0.5"),
        (date(2027, 1, 31), date(2027, 2, 28), "1.0"),
        (date(2027, 1, 15), date(2027, 6, 14), "5.0"),
        (date(2026, 12, 31), date(2027, 1, 1), "0.1"),
        (date(2026, 9, 2), date(2026, 9, 1), "0"),
        (date(2026, 9, 2), None, "0"),
    ],
)
def test_months_are_whole_ones_and_thirtieths(first: date, last: date | None, months: str) -> None:
    assert planned_months(planned(first, last)) == Decimal(months)


# Who takes a place.


@pytest.mark.parametrize(
    ("case", "takes"),
    [
        (nominated(), True),
        (nominated(status=NominationStatus.PENDING), True),
        (nominated(status=NominationStatus.CANCELLED), False),
        (nominated(status=NominationStatus.REJECTED), False),
        (nominated(status=None), False),
        (replace(nominated(), deceased=True), False),
        (unnominated(), True),
        (unnominated(exchange=None), True),  # accepted by the office
        (unnominated(application=None), True),  # in the registry
        (unnominated(application=None, exchange=None), False),
        (unnominated(application=None, exchange=replace(EXCHANGE, withdrawn=True)), False),
    ],
)
def test_a_place_is_taken_by_who_is_nominated_accepted_or_in_the_registry(
    case: StayCase, *, takes: bool
) -> None:
    assert takes_a_place(case) == takes


def test_a_claim_says_since_when() -> None:
    agreement = known("nh-1", "br-1")

    def claimed(case: StayCase) -> Claim:
        found = chosen(case, agreement)
        claim = claim_of(case, found, use_of(found))
        assert claim is not None
        return claim

    by_nomination = claimed(nominated())
    assert (by_nomination.nominated, by_nomination.months) == (True, Decimal("4.6"))
    assert by_nomination.pool.agreement == "nh-1"
    assert not claimed(unnominated()).nominated
    only_registry = unnominated(application=None, learning_agreement=None)
    assert claimed(only_registry).asked_at == datetime(2026, 8, 31, tzinfo=UTC)
    assert claim_of(nominated(), None, None) is None
    theirs = chosen(nominated(NOMINATION), known(None, "br-1"))
    pool = pool_of(theirs)
    assert pool is not None
    assert pool.agreement == "partner:br-1"


# Whose verdict changes.

POOL = Pool(BRAVA, "nh-1", "studies", 2026)


def claim(number: int, **facts: Any) -> Claim:
    made = Claim(
        StayId(f"P{number}-1"),
        POOL,
        Direction.OUTGOING,
        MobilityKind.STUDENT_STUDIES,
        nominated=True,
        asked_at=NOW + timedelta(minutes=number),
        months=Decimal(5),
        isced_f_code="0533",
        eqf_level=6,
        places=2,
    )
    return replace(made, **facts)


def test_a_claim_shifts_those_behind_it_and_beyond_the_last_place() -> None:
    assert shifted(claim(1), 0) == 2  # of two places: from the third on
    assert shifted(claim(1), 4) == 5
    assert shifted(claim(1, places=None), 4) is None
    assert shifted(claim(1, nominated=False), 4) is None
    assert shifted(claim(1, places=0), 0) == 1


def test_too_many_months_are_told_by_who_asked_last() -> None:
    tally = Tally(3, Decimal(15), StayId("P3-1"))
    assert told_by(tally, Decimal(14)) == ("P3-1", Decimal(15))
    assert told_by(tally, Decimal(15)) is None
    assert told_by(tally, None) is None
    assert told_by(Tally(), Decimal(-1)) is None


def test_who_is_not_nominated_has_no_number() -> None:
    use = use_of(chosen(nominated(NOMINATION), known("nh-1", "br-1")))
    tally = Tally(3, Decimal(15), StayId("P3-1"))
    told = with_others(use, claim(2), tally, 1)
    assert (told.used, told.place, told.months_used) == (3, 2, Decimal(15))
    assert with_others(use, claim(2, nominated=False), tally, 1) is use
    assert with_others(use, None, tally, 0) is use


# What is taken of what.


def rows(by: Breakdown, claims: list[Claim], *conditions: CooperationCondition) -> list[PlaceUse]:
    text = known("nh-1", None, *conditions)
    iia: Any = type("Text", (), {"conditions": text.conditions, "terminated_as_a_whole": None})
    found = place_use(US, BRAVA, [("nh-1", iia)], claims, by)
    return [each for each in found if each.start_year == 2026]


def of(condition: CooperationCondition, number: int = 1, **facts: Any) -> Claim:
    text = chosen(nominated(NOMINATION), known("nh-1", "br-1", condition))
    pool = pool_of(text)
    assert pool is not None
    return claim(number, pool=pool, **facts)


def test_each_condition_shows_what_is_taken_of_it() -> None:
    (there, back) = rows(Breakdown.CONDITION, [of(OUT, number) for number in (1, 2, 3)], OUT, IN)
    assert (there.agreement, there.isced_f_codes, there.eqf_levels) == ("nh-1", ("0533",), (6,))
    assert (there.offered, there.used, there.left, there.over) == (2, 3, 0, 1)
    assert (there.months_offered, there.months_used) == (Decimal(10), Decimal(15))
    assert (back.direction, back.used, back.left, back.over) == (Direction.INCOMING, 0, 2, 0)


def test_a_number_that_is_not_defined_leaves_nothing_to_count() -> None:
    undefined = replace(OUT, mobilities_not_yet_defined=True, total_per_year=None)
    (row,) = rows(Breakdown.CONDITION, [of(undefined)], undefined, replace(undefined, mobilities_per_year=9))
    assert (row.offered, row.used, row.left, row.over, row.months_offered) == (None, 1, None, 0, None)


def test_a_place_for_several_fields_counts_with_each() -> None:
    both = replace(OUT, subject_areas=(SubjectArea("0533"), SubjectArea("0541")))
    claims = [of(both), of(both, 2, isced_f_code=None), of(both, 3, isced_f_code="0999")]
    found = rows(Breakdown.FIELD, claims, both)
    assert [(each.isced_f_codes, each.offered, each.used) for each in found] == [
        (("0533",), 2, 3),
        (("0541",), 2, 2),
    ]


def test_a_place_for_several_levels_counts_with_each() -> None:
    both = replace(OUT, eqf_levels=(7, 6))
    claims = [of(both), of(both, 2, eqf_level=None), of(both, 3, eqf_level=8)]
    found = rows(Breakdown.LEVEL, claims, both)
    assert [(each.eqf_levels, each.offered, each.used) for each in found] == [((6,), 2, 3), ((7,), 2, 2)]


def test_a_condition_for_all_fields_and_levels_is_one_row() -> None:
    every = replace(OUT, subject_areas=(), eqf_levels=())
    for by in (Breakdown.FIELD, Breakdown.LEVEL):
        (row,) = rows(by, [of(every)], every)
        assert (row.isced_f_codes, row.eqf_levels, row.used) == ((), (), 1)


@pytest.mark.parametrize(
    ("by", "fields", "levels"),
    [(Breakdown.CONDITION, (), ()), (Breakdown.FIELD, ("0533",), ()), (Breakdown.LEVEL, (), (6,))],
)
def test_what_is_taken_of_nothing_that_is_in_force_is_shown_all_the_same(
    by: Breakdown, fields: tuple[str, ...], levels: tuple[int, ...]
) -> None:
    elsewhere = replace(POOL, agreement="nh-7")
    (row,) = [each for each in rows(by, [claim(1, pool=elsewhere)], IN) if each.used]
    assert (row.isced_f_codes, row.eqf_levels, row.offered, row.over) == (fields, levels, 0, 1)
    bare = claim(1, pool=elsewhere, isced_f_code=None, eqf_level=None)
    (row,) = [each for each in rows(by, [bare], IN) if each.used]
    assert (row.isced_f_codes, row.eqf_levels) == ((), ())


def test_conditions_of_staff_and_of_others_are_not_places_of_students() -> None:
    staff = replace(OUT, kind=MobilityKind.STAFF_TEACHING)
    others = replace(OUT, sending_hei_id="third.example")
    assert rows(Breakdown.CONDITION, [], staff, replace(others, receiving_hei_id="fourth.example")) == []
    assert direction_of(others, US) is None
