"""The agreement that a nomination takes its place from."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from tests.support.stay_findings import codes, findings
from tests.support.stays import (
    AGREEMENT,
    BRAVA,
    FIRST,
    LA,
    LONG_AGO,
    NOMINATION,
    US,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.agreement import CooperationCondition, LanguageSkill, MobilityKind
from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.learning_agreement import StudentLanguageSkill
from mobility_bridge.domain.nomination import ActivityAttributes, NominationSide, NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Heard, Seen, StayCase
from mobility_bridge.reconcile import registry
from mobility_bridge.reconcile.rules import stay_agreement as rules

RULES = (
    rules.nomination_names_no_agreement,
    rules.there_is_no_agreement_for_the_nomination,
    rules.nomination_names_half_the_agreement,
    rules.nomination_names_an_unknown_agreement,
    rules.agreement_of_the_nomination_is_not_approved,
    rules.year_lies_outside_of_the_agreement,
    rules.there_is_no_place_left,
    rules.there_are_no_months_left,
    rules.field_is_not_in_the_agreement,
    rules.level_is_not_in_the_agreement,
    rules.blended_stay_is_not_in_the_agreement,
    rules.agreement_goes_only_the_other_way,
    rules.language_is_below_the_recommended_level,
)
Make = Callable[[], StayCase]


def nominated(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.NOMINATION, replace(NOMINATION, **facts))


def naming(ours: str | None, theirs: str | None, **facts: Any) -> StayCase:
    sides = NominationSide(US, iia_id=ours), NominationSide(BRAVA, iia_id=theirs)
    return a_stay(nomination=nominated(sending_hei=sides[0], receiving_hei=sides[1]), **facts)


def under(**facts: Any) -> StayCase:
    return a_stay(agreement=replace(AGREEMENT, **facts))


def speaking(language: str | None, level: str | None, **facts: Any) -> StayCase:
    """A student of that language level, under a condition that recommends English from B2."""
    condition = CooperationCondition(
        kind=MobilityKind.STUDENT_STUDIES,
        sending_hei_id=US,
        receiving_hei_id=BRAVA,
        receiving_first_academic_year_id="2024/2025",
        receiving_last_academic_year_id="2028/2029",
        mobilities_per_year=3,
        language_skills=(
            LanguageSkill("en-GB", "B2"),
            LanguageSkill("en", "C1"),
            LanguageSkill("de", None),
            LanguageSkill("fr", "native"),
        ),
    )
    la = replace(LA, student_language_skill=StudentLanguageSkill(language, level))
    case = a_stay(
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la),
        agreement=replace(AGREEMENT, condition=condition),
    )
    return replace(case, **facts)


CASES: tuple[tuple[str, Make], ...] = (
    ("IIA_MISSING_FOR_NOMINATION", lambda: naming(None, None)),
    ("NO_AGREEMENT_FOR_NOMINATION", lambda: naming(None, None, agreement=None, agreement_exists=False)),
    ("IIA_ID_HALF", lambda: naming("nh-1", None)),
    ("IIA_ID_HALF", lambda: naming(None, "br-1")),
    ("IIA_ID_UNKNOWN", lambda: naming("nh-9", "br-1")),
    ("IIA_ID_UNKNOWN", lambda: naming("nh-1", "br-9")),
    ("IIA_NOT_APPROVED", lambda: under(mutually_approved=False)),
    ("IIA_YEAR_OUT_OF_RANGE", lambda: under(fits_year=False)),
    ("IIA_YEAR_OUT_OF_RANGE", lambda: under(last_academic_year="2025/2026")),
    ("IIA_YEAR_OUT_OF_RANGE", lambda: under(first_academic_year="2027/2028")),
    ("IIA_PLACES_EXCEEDED", lambda: under(place=4, used=4)),
    ("IIA_MONTHS_EXCEEDED", lambda: under(months=Decimal(15), months_used=Decimal("15.5"))),
    ("IIA_FIELD_MISMATCH", lambda: under(fits_field=False)),
    ("IIA_LEVEL_MISMATCH", lambda: under(fits_level=False)),
    ("IIA_BLENDED_MISMATCH", lambda: under(fits_blended=False)),
    (
        "IIA_DIRECTION_MISMATCH",
        lambda: under(
            fits_direction=False, fits_year=False, fits_field=False, fits_level=False, fits_blended=False
        ),
    ),
    ("IIA_LANGUAGE_BELOW", lambda: speaking("en", "B1")),
)


@pytest.mark.parametrize(("code", "make"), CASES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(CASES)])
def test_each_fact_out_of_order_gives_its_code(code: str, make: Make) -> None:
    assert codes(RULES, make()) == [code]


def test_every_rule_is_shown_to_fire_and_registered() -> None:
    assert [rule.code for rule in RULES] == list(dict.fromkeys(code for code, _ in CASES))
    assert set(RULES) <= set(registry.STAY_RULES)


NEAR_MISSES: dict[str, Make] = {
    "the outgoing stay in order": a_stay,
    "the incoming stay in order": lambda: an_incoming_stay(
        nomination=nominated(
            sending_hei=NominationSide(BRAVA, iia_id="br-1"), receiving_hei=NominationSide(US, iia_id="nh-1")
        )
    ),
    "no nomination": lambda: a_stay(nomination=None, agreement=replace(AGREEMENT, mutually_approved=False)),
    "a rejected nomination": lambda: a_stay(
        nomination=nominated(status=NominationStatus.REJECTED),
        agreement=replace(AGREEMENT, mutually_approved=False, fits_direction=False, place=4),
    ),
    "agreements were not heard": lambda: naming(
        "nh-9", "br-9", agreement=None, heard=frozenset({Heard.NOMINATIONS})
    ),
    "agreements were not heard, and none is named": lambda: naming(
        None, None, agreement=None, agreement_exists=False, heard=frozenset({Heard.NOMINATIONS})
    ),
    "an agreement nobody found": lambda: a_stay(agreement=None, heard=frozenset()),
    "the last place": lambda: under(place=3, used=5),
    "places nobody knows": lambda: under(place=9, used=9, places=None),
    "months used up to the last": lambda: under(months=Decimal(15), months_used=Decimal(15)),
    "too many months, told by the stay nominated last": lambda: under(
        months=Decimal(15), months_used=Decimal(20), used=2
    ),
    "a year that is none": lambda: a_stay(nomination=nominated(receiving_academic_year_id="next")),
    "an agreement without years": lambda: under(first_academic_year=None, last_academic_year=None),
    "the recommended language": lambda: speaking("en-US", "B2"),
    "a language without a recommended level": lambda: speaking("de", "A1"),
    "a recommended level that is none": lambda: speaking("fr", "A1"),
    "a language that is not recommended": lambda: speaking("es", "A1"),
    "a level that is none": lambda: speaking("en", "good"),
    "no language": lambda: speaking(None, None),
    "no learning agreement": lambda: speaking("en", "A1", learning_agreement=None),
    "a learning agreement without a language": lambda: speaking(
        "en", "A1", learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, LA)
    ),
    "a learning agreement that is gone": lambda: speaking(
        "en", "A1", learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, LA, gone_at=LONG_AGO)
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_is_nearly_out_of_order_is_left_alone(make: Make) -> None:
    assert codes(RULES, make()) == []


def test_ids_of_no_agreement_are_both_unknown() -> None:
    found = findings(RULES, naming("nh-9", "br-9", agreement=None))
    assert [(each.code, each.place, each.values["holder"]) for each in found] == [
        ("IIA_ID_UNKNOWN", "nh-9", US),
        ("IIA_ID_UNKNOWN", "br-9", BRAVA),
    ]


def test_the_missing_id_is_that_of_the_other_side() -> None:
    (found,) = findings(RULES, naming("nh-1", None))
    assert found.values == {"given": "nh-1", "holder": BRAVA}
    (found,) = findings(RULES, naming(None, "br-1"))
    assert found.values == {"given": "br-1", "holder": US}


def test_a_comment_makes_a_surplus_nomination_milder() -> None:
    case = under(place=4, used=4)
    (found,) = findings(RULES, case)
    assert (found.severity, found.due_on) == (Severity.BLOCKING, FIRST)
    (found,) = findings(RULES, replace(case, nomination=nominated(comment="As agreed by phone.")))
    assert found.severity is Severity.WARNING
    assert "phone" not in found.text.en


def test_what_a_partner_nominates_is_the_partners_to_correct() -> None:
    sides = {
        "sending_hei": NominationSide(BRAVA, iia_id="br-1"),
        "receiving_hei": NominationSide(US, iia_id="nh-1"),
        "activity_attributes": ActivityAttributes.SHORT_TERM_BLENDED,
    }
    case = an_incoming_stay(
        nomination=nominated(**sides),
        agreement=replace(AGREEMENT, fits_blended=False, fits_level=False, fits_field=False),
    )
    found = findings(RULES, case)
    assert {each.owner for each in found} == {Owner.PARTNER}
    assert [each.values["nominated"] for each in found] == ["0533", "6", "short-term-blended"]
