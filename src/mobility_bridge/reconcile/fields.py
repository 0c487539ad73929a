"""Where two conditions differ, field by field, with both raw values.

Source: EWP agreements: which fields must agree; known trouble with terms.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from mobility_bridge.domain.agreement import CooperationCondition, LanguageSkill, MobilityKind, SubjectArea
from mobility_bridge.domain.comparison import FieldDifference, Weight
from mobility_bridge.reconcile.canonical import Area, Canonical, Language
from mobility_bridge.reconcile.isced import related

_LANGUAGE_REQUIRED = (MobilityKind.STUDENT_STUDIES, MobilityKind.STAFF_TEACHING)

Side = tuple[CooperationCondition, Canonical]


def field_differences(local: Side, partner: Side) -> tuple[FieldDifference, ...]:
    """Compare two paired conditions; the order of the result is that of the document's elements.

    What one side does not state is never a difference that blocks: our own system may have no such field.
    """
    if local[1] is partner[1]:  # literally the same: they share one form
        return ()
    return (
        *_units(local, partner),
        *_years(local, partner),
        *_number(local, partner),
        *_languages(local, partner),
        *_areas(local, partner),
        *_text(local, partner),
        *_duration(local, partner),
        *_blended(local, partner),
        *_levels(local, partner),
    )


def exchanged(side: Side) -> Side:
    """Turn a condition round: what it would say with sending and receiving exchanged."""
    raw, form = side
    return (
        replace(
            raw,
            sending_hei_id=raw.receiving_hei_id,
            receiving_hei_id=raw.sending_hei_id,
            sending_ounit_id=raw.receiving_ounit_id,
            receiving_ounit_id=raw.sending_ounit_id,
        ),
        replace(
            form,
            sending=form.receiving,
            receiving=form.sending,
            sending_unit=form.receiving_unit,
            receiving_unit=form.sending_unit,
        ),
    )


def lists_ordered_differently(local: CooperationCondition, partner: CooperationCondition) -> bool:
    """Say whether languages, fields or levels stand in another order; meant for conditions of equal meaning."""
    return (
        local.eqf_levels != partner.eqf_levels
        or [_skill(each) for each in local.language_skills]
        != [_skill(each) for each in partner.language_skills]
        or [each.isced_f_code for each in local.subject_areas]
        != [each.isced_f_code for each in partner.subject_areas]
    )


def _units(local: Side, partner: Side) -> Iterator[FieldDifference]:
    for name in ("sending_unit", "receiving_unit"):
        ours, theirs = getattr(local[1], name), getattr(partner[1], name)
        if ours == theirs:
            continue
        one_sided = ours is None or theirs is None
        code, weight = ("OUNIT_ONE_SIDED", Weight.SHOULD) if one_sided else ("OUNIT_DIFFERS", Weight.MUST)
        yield FieldDifference(code, name.replace("_unit", "-ounit-id"), ours or "", theirs or "", weight)


def _years(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].period, partner[1].period
    if ours == theirs:
        return
    same_years = (ours.first, ours.last) == (theirs.first, theirs.last)
    yield FieldDifference(
        "YEAR_CALENDAR" if same_years else "YEARS_DIFFER",
        "academic-years",
        _years_of(local[0]),
        _years_of(partner[0]),
        Weight.SHOULD if same_years else Weight.MUST,
    )


def _number(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].number, partner[1].number
    if ours == theirs:
        return
    unknown = ours is None or theirs is None
    yield FieldDifference(
        "LEGACY_FLAGS" if unknown else "NUMBER_DIFFERS",
        "mobilities-per-year",
        _number_of(local[0]),
        _number_of(partner[0]),
        Weight.MAY if unknown else Weight.MUST,
    )


def _languages(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].languages, partner[1].languages
    raw = _join(map(_skill, local[0].language_skills)), _join(map(_skill, partner[0].language_skills))
    if not (local[1].languages_known and partner[1].languages_known):
        if ours != theirs or local[1].languages_known != partner[1].languages_known:
            yield FieldDifference("LEGACY_FLAGS", "recommended-language-skill", *raw, Weight.MAY)
    elif ours != theirs:
        must = local[1].kind in _LANGUAGE_REQUIRED and not _partly_stated(ours, theirs)
        weight = Weight.MUST if must else Weight.SHOULD
        yield FieldDifference("LANGUAGE_DIFFERS", "recommended-language-skill", *raw, weight)
    elif len(local[0].language_skills) != len(partner[0].language_skills):
        yield FieldDifference("LANGUAGE_REPEATED", "recommended-language-skill", *raw, Weight.MAY)
    elif {each.language for each in local[0].language_skills} != {
        each.language for each in partner[0].language_skills
    }:
        yield FieldDifference("LANGUAGE_VARIANT", "recommended-language-skill", *raw, Weight.MAY)


def _partly_stated(ours: frozenset[Language], theirs: frozenset[Language]) -> bool:
    """Say whether the difference is only that one side states no languages, levels or fields."""
    if not ours or not theirs:
        return True
    return all(any(_fits(one, other) for other in theirs) for one in ours) and all(
        any(_fits(one, other) for one in ours) for other in theirs
    )


def _fits(one: Language, other: Language) -> bool:
    return (
        one.primary == other.primary
        and (one.level == other.level or None in (one.level, other.level))
        and (one.field == other.field or None in (one.field, other.field))
    )


def _areas(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].areas, partner[1].areas
    if ours == theirs:
        return
    raw = _join(map(_area, local[0].subject_areas)), _join(map(_area, partner[0].subject_areas))
    our_rest = {each for each in ours if not any(_same_code(each, other) for other in theirs)}
    their_rest = {each for each in theirs if not any(_same_code(each, other) for other in ours)}
    if not our_rest and not their_rest:
        described = {each.clarification for each in ours} != {each.clarification for each in theirs}
        code, weight = ("ISCED_CLARIFICATION", Weight.SHOULD) if described else ("LEGACY_FLAGS", Weight.MAY)
        yield FieldDifference(code, "subject-area", *raw, weight)
        return
    broader = all(any(related(each.code, other.code) for other in theirs) for each in our_rest) and all(
        any(related(each.code, other.code) for other in ours) for each in their_rest
    )
    yield FieldDifference(
        "ISCED_GRANULARITY" if broader else "ISCED_DIFFERS",
        "subject-area",
        *raw,
        Weight.SHOULD if broader else Weight.MUST,
    )


def _same_code(one: Area, other: Area) -> bool:
    return one.code == other.code or (one.v6_value is not None and one.v6_value == other.v6_value)


def _text(local: Side, partner: Side) -> Iterator[FieldDifference]:
    if local[1].text != partner[1].text:
        ours, theirs = local[0].other_info_terms or "", partner[0].other_info_terms or ""
        yield FieldDifference("OTHER_TERMS", "other-info-terms", ours, theirs, Weight.SHOULD)


def _duration(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].duration, partner[1].duration
    if ours == theirs:
        return
    name = "total-months-per-year" if local[1].kind.is_student else "total-days-per-year"
    if ours is None or theirs is None:
        code, weight = "DURATION_MISSING", Weight.SHOULD
    elif _is_rounded(ours, theirs) or _is_rounded(theirs, ours):
        code, weight = "DURATION_ROUNDED", Weight.SHOULD
    elif _is_per_person(theirs, ours, local[1].number) or _is_per_person(ours, theirs, partner[1].number):
        code, weight = "DURATION_PER_PERSON", Weight.SHOULD
    else:
        code, weight = "DURATION_DIFFERS", Weight.MUST
    yield FieldDifference(code, name, _decimal(ours), _decimal(theirs), weight)


def _is_rounded(exact: Decimal, whole: Decimal) -> bool:
    return exact != int(exact) and whole == int(whole) and abs(exact - whole) < 1


def _is_per_person(each: Decimal, total: Decimal, persons: int | None) -> bool:
    return persons is not None and persons > 1 and each * persons == total


def _blended(local: Side, partner: Side) -> Iterator[FieldDifference]:
    ours, theirs = local[1].blended, partner[1].blended
    if ours != theirs:
        weight = Weight.MAY if ours is None or theirs is None else Weight.MUST
        yield FieldDifference("BLENDED_DIFFERS", "blended", _yes_no(ours), _yes_no(theirs), weight)


def _levels(local: Side, partner: Side) -> Iterator[FieldDifference]:
    if local[1].levels != partner[1].levels:
        yield FieldDifference(
            "EQF_DIFFERS",
            "eqf-level",
            _join(map(str, local[0].eqf_levels)),
            _join(map(str, partner[0].eqf_levels)),
            Weight.MUST,
        )


def _years_of(condition: CooperationCondition) -> str:
    first, last = condition.receiving_first_academic_year_id, condition.receiving_last_academic_year_id
    return f"{first} – {last}"


def _number_of(condition: CooperationCondition) -> str:
    text = str(condition.mobilities_per_year)
    return f"{text} (not yet defined)" if condition.mobilities_not_yet_defined else text


def _skill(skill: LanguageSkill) -> str:
    parts = [
        skill.language,
        skill.cefr_level or "",
        (skill.subject_area and skill.subject_area.isced_f_code) or "",
    ]
    if skill.not_yet_defined:
        parts.append("(not yet defined)")
    return " ".join(filter(None, parts))


def _area(written: SubjectArea) -> str:
    extra = f" (v6 {written.v6_value})" if written.v6_value else ""
    return f"{written.isced_f_code} {written.isced_clarification or ''}".strip() + extra


def _decimal(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _yes_no(value: bool | None) -> str:  # noqa: FBT001 - the value to write, not a switch
    return "" if value is None else str(value).lower()


def _join(parts: Iterable[str]) -> str:
    return ", ".join(parts)
