"""Which agreement a stay takes its place from, by which of its conditions, and how well that fits.

An agreement is named by the nomination, by id, or by the registry, by code. Where neither does, it is the mutually
approved one that fits in everything that the stay states: what is not stated fits.

Source: EWP mobilities: reconciliation of agreement and places; EWP agreements: places.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import CooperationCondition, MobilityKind, SubjectArea
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.nomination import ActivityAttributes, ActivityType, Nomination
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Pool
from mobility_bridge.domain.stay import AgreementUse, StayCase
from mobility_bridge.reconcile.calendar import last_days
from mobility_bridge.reconcile.canonical import hei
from mobility_bridge.reconcile.places import offered
from mobility_bridge.reconcile.stay_days import first_day
from mobility_bridge.reconcile.stay_la import served
from mobility_bridge.reconcile.stay_state import nominated
from mobility_bridge.reconcile.stay_terms import exchanges, stay_terms


@dataclass(frozen=True, slots=True)
class KnownAgreement:
    """An agreement with a partner: our copy and the partner's as one, by the text in force.

    `codes` are the local codes that either side has for it. While a change waits for approval, the conditions are
    those that both sides approved before.
    """

    partner_hei_id: HeiId
    iia_id: IiaId | None
    partner_iia_id: IiaId | None
    codes: tuple[str, ...] = ()
    mutually_approved: bool = False
    terminated: bool = False
    conditions: tuple[CooperationCondition, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a stay needs of a condition; None is not stated, and fits."""

    kind: MobilityKind
    sending: str
    receiving: str
    start_year: int | None = None
    isced_f_code: str | None = None
    eqf_level: int | None = None
    blended: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """An agreement with the condition that fits best, None where none goes this way."""

    agreement: KnownAgreement
    condition: CooperationCondition | None
    wish: Wish


def wish_of(case: StayCase) -> Wish:
    """Read what a stay needs: by its nomination, which is what places are given for, else by its other records."""
    nomination = nominated(case)
    return Wish(
        _kind(case, nomination),
        hei(case.sending_hei_id or ""),
        hei(case.receiving_hei_id or ""),
        _start_year(case, nomination),
        *_field_and_level(case, nomination),
        blended=nomination is not None
        and nomination.activity_attributes is ActivityAttributes.SHORT_TERM_BLENDED,
    )


def choose(case: StayCase, known: Sequence[KnownAgreement]) -> Choice | None:
    """Choose the agreement that is named, else the one that fits; None when there is neither."""
    wish = wish_of(case)
    named = _named(case, known)
    return _with_condition(named, wish) if named is not None else fitting(wish, known)


def fitting(wish: Wish, known: Sequence[KnownAgreement]) -> Choice | None:
    """The mutually approved agreement with a condition that fits in everything; of several the narrowest one."""
    found = [
        Choice(each, condition, wish)
        for each in known
        if each.mutually_approved and not each.terminated
        for condition in each.conditions
        if all(_fits(condition, wish))
    ]
    return min(found, key=_breadth, default=None)


def use_of(choice: Choice) -> AgreementUse:
    """Say what the agreement has to do with the stay; who else takes a place of it is added later."""
    agreement, condition, wish = choice.agreement, choice.condition, choice.wish
    conditions = agreement.conditions if condition is None else (condition,)
    direction, year, field, level, blended = (True,) * 5 if condition is None else _fits(condition, wish)
    ends = last_days(conditions)
    places, months = _offered(choice)
    return AgreementUse(
        iia_id=agreement.iia_id,
        partner_iia_id=agreement.partner_iia_id,
        mutually_approved=agreement.mutually_approved,
        first_academic_year=min((each.receiving_first_academic_year_id for each in conditions), default=None),
        last_academic_year=max((each.receiving_last_academic_year_id for each in conditions), default=None),
        last_day=ends[-1] if ends else None,
        condition=condition,
        fits_year=year,
        fits_field=field,
        fits_level=level,
        fits_blended=blended,
        fits_direction=direction and condition is not None,
        places=places,
        months=months,
    )


def pool_of(choice: Choice) -> Pool | None:
    """The pool that the place comes from; None while direction or year say that it comes from none."""
    agreement, condition, year = choice.agreement, choice.condition, choice.wish.start_year
    if condition is None or year is None:
        return None
    name = str(agreement.iia_id) if agreement.iia_id is not None else f"partner:{agreement.partner_iia_id}"
    return Pool(agreement.partner_hei_id, name, condition_key(condition), year)


def condition_key(condition: CooperationCondition) -> str:
    """Tell the conditions of one agreement apart by what they are for; two for the same share their places."""
    fields = "+".join(sorted(each.isced_f_code.strip() for each in condition.subject_areas))
    levels = "+".join(map(str, sorted(condition.eqf_levels)))
    units = ">".join(each or "" for each in (condition.sending_ounit_id, condition.receiving_ounit_id))
    way = f"{hei(condition.sending_hei_id)}>{hei(condition.receiving_hei_id)}"
    return f"{condition.kind}|{way}|{fields}|{levels}|{units}"


def direction_of(condition: CooperationCondition, own_hei_id: HeiId) -> Direction | None:
    """Which way a condition goes, seen from us; None when we are no party to it."""
    if hei(condition.sending_hei_id) == hei(own_hei_id):
        return Direction.OUTGOING
    return Direction.INCOMING if hei(condition.receiving_hei_id) == hei(own_hei_id) else None


def _named(case: StayCase, known: Sequence[KnownAgreement]) -> KnownAgreement | None:
    nomination = nominated(case)
    if nomination is not None:
        ids = nomination.sending_hei.iia_id, nomination.receiving_hei.iia_id
        ours, theirs = ids if case.outgoing else ids[::-1]
        for each in known:
            if ours and each.iia_id == ours:
                return each
        for each in sorted(known, key=lambda one: not one.mutually_approved):
            if theirs and each.partner_iia_id == theirs:
                return each
    codes = {
        each.agreement.code.casefold() for each in exchanges(case) if each.agreement and each.agreement.code
    }
    coded = [each for each in known if codes.intersection(code.casefold() for code in each.codes)]
    return coded[0] if len(coded) == 1 else None


def _with_condition(agreement: KnownAgreement, wish: Wish) -> Choice:
    going = [each for each in agreement.conditions if _fits(each, wish)[0]]
    best = max(going, key=lambda each: _fits(each, wish), default=None)  # of equals the first
    return Choice(agreement, best, wish)


def _fits(condition: CooperationCondition, wish: Wish) -> tuple[bool, bool, bool, bool, bool]:
    """Direction and kind, year, field, level, blended: whether a condition fits, what matters most first."""
    way = hei(condition.sending_hei_id), hei(condition.receiving_hei_id)
    areas, levels = condition.subject_areas, condition.eqf_levels
    return (
        condition.kind is wish.kind and way == (wish.sending, wish.receiving),
        _covers_year(condition, wish.start_year),
        wish.isced_f_code is None or not areas or any(covers(each, wish.isced_f_code) for each in areas),
        wish.eqf_level is None or not levels or wish.eqf_level in levels,
        not wish.blended or condition.blended is not False,
    )


def _covers_year(condition: CooperationCondition, start_year: int | None) -> bool:
    first = AcademicYear.parse(condition.receiving_first_academic_year_id)
    last = AcademicYear.parse(condition.receiving_last_academic_year_id)
    if start_year is None:
        return True
    return (first is None or first.start <= start_year) and (last is None or start_year <= last.start)


def covers(area: SubjectArea, code: str) -> bool:
    """A field covers those below it: one that is not further defined ends in a zero.

    Source: ISCED-F 2013: broad, narrow and detailed fields.
    """
    broad = (area.isced_f_code.strip(), (area.v6_value or "").strip())
    return any(each and code.strip().startswith(each.rstrip("0") or each) for each in broad)


def _breadth(choice: Choice) -> tuple[int, int, str]:
    """How much a condition covers: nothing named covers all; then by name, so that the choice is always the same."""
    condition = choice.condition
    assert condition is not None
    return (
        len(condition.subject_areas) or 1000,
        len(condition.eqf_levels) or 1000,
        str(choice.agreement.iia_id or choice.agreement.partner_iia_id),
    )


def _offered(choice: Choice) -> tuple[int | None, Decimal | None]:
    year, condition = choice.wish.start_year, choice.condition
    if year is None or condition is None:
        return None, None
    if choice.agreement.terminated:
        return 0, None
    key = condition_key(condition)
    return offered([each for each in choice.agreement.conditions if condition_key(each) == key], year)


def _kind(case: StayCase, nomination: Nomination | None) -> MobilityKind:
    if nomination is not None and nomination.activity_type is not None:
        trains = nomination.activity_type is ActivityType.STUDENT_TRAINEESHIPS
    else:
        trains = case.application is not None and case.application.said.traineeship
    return MobilityKind.STUDENT_TRAINEESHIP if trains else MobilityKind.STUDENT_STUDIES


def _start_year(case: StayCase, nomination: Nomination | None) -> int | None:
    la = served(case)
    for said in (nomination, la):
        year = AcademicYear.parse((said.receiving_academic_year_id or "") if said is not None else "")
        if year is not None:
            return year.start
    terms, first = stay_terms(case), first_day(case)
    if terms:
        return terms[0].academic_year.start
    return AcademicYear.containing(first).start if first is not None else None


def _field_and_level(case: StayCase, nomination: Nomination | None) -> tuple[str | None, int | None]:
    if nomination is not None:
        return nomination.agreement_isced_f_code or None, nomination.eqf_level_studied_at_departure
    la, application = served(case), case.application
    if la is not None:
        return la.isced_f_code or None, la.eqf_level_studied_at_departure
    return (application.said.isced_f_code or None) if application is not None else None, None
