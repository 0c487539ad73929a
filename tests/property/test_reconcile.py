"""Whatever two copies say, comparing and folding them keeps its promises."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cases import NOW, OURS, THEIRS, case, condition, iia, local_view, partner_view

from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.comparison import Comparison, Equality, Weight
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.reconcile.assignment import assign
from mobility_bridge.reconcile.diff import compare
from mobility_bridge.reconcile.engine import evaluate_agreement
from mobility_bridge.reconcile.fold import fold

skills = st.builds(
    LanguageSkill,
    language=st.sampled_from(["en", "EN", "en-GB", "sv", "de"]),
    cefr_level=st.sampled_from([None, "B1", "B2"]),
    not_yet_defined=st.sampled_from([False, False, False, True]),
)
areas = st.builds(
    SubjectArea,
    isced_f_code=st.sampled_from(["0230", "0231", "0232", "0311", "0000"]),
    isced_clarification=st.sampled_from([None, "", "Economics", "Early music"]),
    v6_value=st.sampled_from([None, None, "023"]),
)
conditions = st.builds(
    lambda turned, **changes: condition(
        **changes, sending_hei_id=THEIRS if turned else OURS, receiving_hei_id=OURS if turned else THEIRS
    ),
    turned=st.booleans(),
    kind=st.sampled_from(MobilityKind),
    mobilities_per_year=st.integers(1, 4),
    mobilities_not_yet_defined=st.sampled_from([False, False, False, True]),
    receiving_first_academic_year_id=st.sampled_from(["2026/2027", "2026/2026", "2027/2028", "2026/2029"]),
    receiving_last_academic_year_id=st.sampled_from(["2028/2029", "2028/2028", "2025/2026"]),
    language_skills=st.lists(skills, max_size=3).map(tuple),
    subject_areas=st.lists(areas, max_size=3).map(tuple),
    total_per_year=st.sampled_from([None, Decimal(10), Decimal("10.0"), Decimal("7.5"), Decimal(5)]),
    blended=st.sampled_from([None, True, False]),
    eqf_levels=st.lists(st.integers(6, 8), unique=True, max_size=3).map(tuple),
    sending_ounit_id=st.sampled_from([None, "u1", "u2"]),
    other_info_terms=st.sampled_from([None, "", "by  mail", "by mail"]),
)
copies = st.builds(
    lambda found, terminated: replace(iia(), conditions=tuple(found), terminated_as_a_whole=terminated),
    st.lists(conditions, max_size=6),
    st.sampled_from([None, False, True]),
)


def shuffled(data: st.DataObject, terms: Iia) -> Iia:
    def one(each: CooperationCondition) -> CooperationCondition:
        return replace(
            each,
            language_skills=tuple(data.draw(st.permutations(each.language_skills))),
            subject_areas=tuple(data.draw(st.permutations(each.subject_areas))),
            eqf_levels=tuple(data.draw(st.permutations(each.eqf_levels))),
        )

    return replace(terms, conditions=tuple(map(one, data.draw(st.permutations(terms.conditions)))))


def weights(found: Comparison) -> set[Weight]:
    return {each.weight for pair in found.pairs for each in pair.differences}


@given(copies)
def test_a_copy_is_identical_to_itself(terms: Iia) -> None:
    found = compare(terms, terms)
    assert found.equality is Equality.IDENTICAL
    assert len(found.pairs) == len(terms.conditions)


@given(st.data(), copies)
def test_no_order_ever_makes_a_difference(data: st.DataObject, terms: Iia) -> None:
    found = compare(terms, shuffled(data, terms))
    assert found.equality in (Equality.IDENTICAL, Equality.SAME_TERMS)
    assert weights(found) <= {Weight.MAY}


@given(copies, copies)
def test_it_does_not_matter_which_copy_is_ours(one: Iia, other: Iia) -> None:
    assert compare(one, other).equality is compare(other, one).equality


@given(copies, copies)
def test_every_condition_has_exactly_one_place(one: Iia, other: Iia) -> None:
    found = compare(one, other)
    ours = [pair.local_position for pair in found.pairs] + [position for position, _ in found.missing]
    theirs = [pair.partner_position for pair in found.pairs] + [position for position, _ in found.extra]
    ours.extend(position for split in found.splits for position in split.local_positions)
    theirs.extend(position for split in found.splits for position in split.partner_positions)
    assert sorted(ours) == list(range(len(one.conditions)))
    assert sorted(theirs) == list(range(len(other.conditions)))


@settings(max_examples=60)
@given(copies, copies)
def test_evaluation_is_deterministic_and_folding_idempotent(one: Iia, other: Iia) -> None:
    given_case = case(local=local_view(one), partner=partner_view(other))
    verdict = evaluate_agreement(given_case)
    assert verdict == evaluate_agreement(given_case)
    assert len({each.discrepancy_id for each in verdict.findings}) == len(verdict.findings)
    opened = [discrepancy for discrepancy, _ in fold((), verdict.findings, NOW)]
    later = NOW + timedelta(hours=1)
    again = fold(opened, verdict.findings, later)
    assert [event for _, event in again] == [None] * len(opened)
    assert [replace(each, last_seen_at=NOW) for each, _ in again] == opened
    closed = [discrepancy for discrepancy, _ in fold(opened, (), later)]
    assert all(each.state is DiscrepancyState.RESOLVED for each in closed)
    assert fold(closed, (), later) == ()


@given(st.integers(1, 5), st.integers(1, 5), st.data())
def test_no_other_assignment_weighs_more(rows: int, columns: int, data: st.DataObject) -> None:
    weight = st.integers(0, 20).map(float)
    matrix = data.draw(
        st.lists(st.lists(weight, min_size=columns, max_size=columns), min_size=rows, max_size=rows)
    )
    chosen = assign(matrix)
    assert len({row for row, _ in chosen}) == len({column for _, column in chosen}) == len(chosen)

    def best(row: int, free: frozenset[int]) -> float:
        if row == rows:
            return 0
        taken = [matrix[row][column] + best(row + 1, free - {column}) for column in free]
        return max([best(row + 1, free), *taken])

    assert sum(matrix[row][column] for row, column in chosen) == best(0, frozenset(range(columns)))
