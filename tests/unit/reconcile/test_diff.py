"""Two copies side by side."""

from decimal import Decimal

import pytest
from tests.support.cases import OURS, THEIRS, condition, iia, incoming

from mobility_bridge.domain.agreement import LanguageSkill, MobilityKind, SubjectArea
from mobility_bridge.domain.comparison import Equality, Weight
from mobility_bridge.reconcile.assignment import assign
from mobility_bridge.reconcile.diff import compare


def test_the_same_text_is_identical_whoever_comes_first_and_whoever_is_the_contact() -> None:
    found = compare(iia(), iia(serving=THEIRS))
    assert found.equality is Equality.IDENTICAL
    assert [pair.label for pair in found.pairs] == [
        "student-studies nordhav.example → alderton.example",
        "student-studies alderton.example → nordhav.example",
    ]


def test_the_same_terms_written_differently_are_the_same_terms() -> None:
    theirs = condition(
        receiving_hei_id=f" {THEIRS.upper()} ",
        total_per_year=Decimal("10.0"),
        language_skills=(LanguageSkill("EN-gb", "b2"),),
        subject_areas=(SubjectArea("0231", "Language  acquisition"),),
        other_info_terms=" ",
        eqf_levels=(7, 6),
    )
    assert compare(iia(condition()), iia(theirs)).equality is Equality.SAME_TERMS


@pytest.mark.parametrize(
    ("changes", "code", "equality"),
    [
        ({"mobilities_per_year": 3}, "NUMBER_DIFFERS", Equality.DIFFERENT),
        ({"mobilities_not_yet_defined": True}, "LEGACY_FLAGS", Equality.COMPATIBLE),
        ({"blended": None}, "BLENDED_DIFFERS", Equality.COMPATIBLE),
        ({"total_per_year": None}, "DURATION_MISSING", Equality.COMPATIBLE),
        ({"sending_ounit_id": "u"}, "OUNIT_ONE_SIDED", Equality.COMPATIBLE),
        ({"receiving_last_academic_year_id": "soon"}, "YEARS_DIFFER", Equality.DIFFERENT),
        ({"language_skills": (LanguageSkill("en", "B1"),)}, "LANGUAGE_DIFFERS", Equality.DIFFERENT),
        (
            {"language_skills": (LanguageSkill("en", not_yet_defined=True),)},
            "LEGACY_FLAGS",
            Equality.COMPATIBLE,
        ),
        ({"subject_areas": (SubjectArea("0231", v6_value="023"),)}, "LEGACY_FLAGS", Equality.COMPATIBLE),
        ({"subject_areas": ()}, "ISCED_DIFFERS", Equality.DIFFERENT),
        ({"eqf_levels": ()}, "EQF_DIFFERS", Equality.DIFFERENT),
    ],
)
def test_each_difference_has_its_code_and_level(
    changes: dict[str, object], code: str, equality: Equality
) -> None:
    found = compare(iia(condition(**changes)), iia(condition()))
    assert [each.code for pair in found.pairs for each in pair.differences] == [code]
    assert found.equality is equality


def test_two_placeholders_for_a_language_are_no_difference() -> None:
    flagged = (LanguageSkill("en", not_yet_defined=True),)
    found = compare(
        iia(condition(language_skills=flagged)), iia(condition(language_skills=flagged, other_info_terms=""))
    )
    assert found.equality is Equality.SAME_TERMS


def test_a_version_6_value_stands_for_its_code() -> None:
    ours = condition(subject_areas=(SubjectArea("0230", v6_value="023"),))
    theirs = condition(subject_areas=(SubjectArea("0231", v6_value="023"),))
    (pair,) = compare(iia(ours), iia(theirs)).pairs
    assert [each.code for each in pair.differences] == ["LEGACY_FLAGS"]


def test_languages_of_a_traineeship_only_should_agree() -> None:
    ours = condition(kind=MobilityKind.STUDENT_TRAINEESHIP)
    theirs = condition(kind=MobilityKind.STUDENT_TRAINEESHIP, language_skills=(LanguageSkill("de", "B1"),))
    (pair,) = compare(iia(ours), iia(theirs)).pairs
    assert [each.weight for each in pair.differences] == [Weight.SHOULD]


def test_languages_carry_their_field() -> None:
    ours = condition(language_skills=(LanguageSkill("en", "B2", SubjectArea("0231")),))
    (pair,) = compare(iia(ours), iia(condition())).pairs
    assert pair.differences[0].local == "en B2 0231"
    assert pair.differences[0].weight is Weight.SHOULD


def test_days_of_staff_are_named_so() -> None:
    ours = condition(kind=MobilityKind.STAFF_TEACHING, blended=None, total_per_year=Decimal(20))
    theirs = condition(kind=MobilityKind.STAFF_TEACHING, blended=None)
    (pair,) = compare(iia(ours), iia(theirs)).pairs
    assert [each.field for each in pair.differences] == ["total-days-per-year"]


@pytest.mark.parametrize(
    ("parts", "split_by"),
    [
        (
            ({"subject_areas": (SubjectArea("0231"),)}, {"subject_areas": (SubjectArea("0311"),)}),
            "subject-area",
        ),
        (({"eqf_levels": (6,)}, {"eqf_levels": (7,)}), "eqf-level"),
        (({}, {}), "number"),
    ],
)
def test_a_condition_split_in_two_is_recognised_on_either_side(
    parts: tuple[dict[str, object], ...], split_by: str
) -> None:
    both = (SubjectArea("0231"), SubjectArea("0311"))
    whole = iia(condition(subject_areas=both))
    split = iia(*(condition(**{"subject_areas": both, "mobilities_per_year": 1, **part}) for part in parts))
    ours, theirs = compare(whole, split), compare(split, whole)
    assert [each.split_by for each in ours.splits + theirs.splits] == [split_by, split_by]
    assert ours.splits[0].partner_positions == theirs.splits[0].local_positions == (0, 1)
    assert ours.equality is theirs.equality is Equality.DIFFERENT
    assert not ours.missing + ours.extra + theirs.missing + theirs.extra


def test_a_split_next_to_another_condition_takes_only_its_parts() -> None:
    whole = iia(condition(mobilities_per_year=5))
    others = iia(*(condition(mobilities_per_year=number) for number in (1, 2, 3, 4)))
    (split,) = compare(whole, others).splits
    assert split.partner_positions == (1, 2)


def test_too_many_parts_are_not_tried_in_all_combinations() -> None:
    whole = iia(condition(mobilities_per_year=100))
    found = compare(whole, iia(*(condition(mobilities_per_year=number) for number in range(1, 15))))
    assert found.splits == ()


def test_parts_that_do_not_add_up_are_no_split() -> None:
    whole = iia(condition(mobilities_per_year=9, eqf_levels=(6, 7)))
    found = compare(whole, iia(condition(eqf_levels=(6,)), condition(eqf_levels=(7,))))
    assert found.splits == ()
    assert len(found.pairs) == len(found.extra) == 1


def test_a_condition_too_different_is_missing_and_extra() -> None:
    theirs = condition(
        mobilities_per_year=9,
        subject_areas=(SubjectArea("0911"),),
        eqf_levels=(8,),
        receiving_last_academic_year_id="2026/2027",
    )
    found = compare(iia(condition()), iia(theirs))
    assert (len(found.missing), len(found.extra), found.pairs) == (1, 1, ())


def test_a_swapped_condition_is_compared_as_if_turned_round() -> None:
    ours = iia(condition(sending_ounit_id="u1"))
    theirs = iia(incoming(receiving_ounit_id="u1", sending_ounit_id=None))
    (pair,) = compare(ours, theirs).pairs
    assert pair.direction_swapped
    assert pair.differences == ()
    assert compare(ours, theirs).equality is Equality.DIFFERENT


def test_conditions_of_one_group_are_told_apart_by_field_and_number() -> None:
    same = condition(), condition(mobilities_per_year=7), condition(subject_areas=(SubjectArea("0311"),))
    assert [pair.label for pair in compare(iia(*same), iia(*same)).pairs] == [
        f"student-studies {OURS} → {THEIRS} 0231 #1",
        f"student-studies {OURS} → {THEIRS} 0231 #2",
        f"student-studies {OURS} → {THEIRS} 0311",
    ]


def test_very_many_conditions_are_paired_in_document_order() -> None:
    ours = iia(*(condition(mobilities_per_year=number) for number in range(1, 80)))
    theirs = iia(*(condition(mobilities_per_year=number) for number in range(101, 180)))
    found = compare(ours, theirs)
    assert [pair.partner_position for pair in found.pairs] == list(range(79))
    others = [
        condition(
            mobilities_per_year=number,
            subject_areas=(SubjectArea("0911"),),
            eqf_levels=(8,),
            receiving_last_academic_year_id="2026/2027",
        )
        for number in range(101, 180)
    ]
    assert compare(ours, iia(*others)).pairs == ()


def test_an_assignment_too_large_takes_the_heaviest_pair_first() -> None:
    weights = [[float(row == column) for column in range(70)] for row in range(70)]
    assert assign(weights) == tuple((number, number) for number in range(70))
    assert assign([]) == assign([[]]) == ()
    assert assign([[2.0, 1.0], *[[1.0, 0.0]] * 70]) == ((0, 0),)
