"""What binds: the first version, with the changes that are in force."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.learning_agreements import (
    a_component,
    a_proposal,
    an_la,
    component_lists,
    components,
    deleted,
    inserted,
    some_changes,
    some_lists,
)

from mobility_bridge.domain.la_merge import (
    EffectiveLists,
    credit_sums,
    ects,
    effective,
    matches,
    merged,
    mobility_type,
    proposed,
)
from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentStatus,
    ComponentTable,
    LaComponent,
    LaCredit,
    LaMobilityType,
    TermId,
)

STUDIED = ComponentTable.STUDIED
ONE, TWO, THREE = a_component("ONE1"), a_component("TWO2"), a_component("THREE3")


def codes(lists: EffectiveLists | None, table: ComponentTable = STUDIED) -> list[str | None]:
    assert lists is not None
    return [each.los_code for each in lists.components(table)]


def after(base: list[LaComponent], changes: list[LaComponent]) -> EffectiveLists:
    return merged(
        ComponentLists(components_studied=tuple(base)), ComponentLists(components_studied=tuple(changes))
    )


# --- merging ------------------------------------------------------------------------------------------


def test_changes_take_out_and_add_at_the_end() -> None:
    lists = after([ONE, TWO], [inserted(THREE), deleted(ONE)])

    assert codes(lists) == ["TWO2", "THREE3"]
    assert lists.unapplied == ()
    assert lists.components(STUDIED)[1] == THREE


def test_nothing_binds_without_a_first_version() -> None:
    la = an_la(first_version=None, changes_proposal=a_proposal(some_lists()))

    assert effective(la) is None
    assert codes(proposed(la)) == ["ENG310", "LOG120"]


def test_what_is_proposed_replaces_what_was_approved_before() -> None:
    again = a_proposal(some_changes(components_studied=(inserted(THREE),)))
    la = an_la(approved_changes=some_changes(), changes_proposal=again)

    assert codes(effective(la)) == ["ENG310", "LOG144"]
    assert codes(proposed(la)) == ["ENG310", "LOG120", "THREE3"]
    assert proposed(an_la()) is None


def test_a_proposal_of_nothing_goes_back_to_the_first_version() -> None:
    nothing = a_proposal(some_changes(components_studied=None))
    la = an_la(approved_changes=some_changes(), changes_proposal=nothing)

    assert proposed(la) == effective(an_la())


def test_tables_that_only_changes_have_are_there_after_merging() -> None:
    changes = some_changes(virtual_components=(inserted(THREE),))

    lists = effective(an_la(approved_changes=changes))

    assert codes(lists, ComponentTable.VIRTUAL) == ["THREE3"]
    assert lists is not None
    assert list(lists.tables) == [STUDIED, ComponentTable.RECOGNIZED, ComponentTable.VIRTUAL]


def test_a_deletion_of_what_is_not_there_is_reported() -> None:
    (left,) = after([ONE], [inserted(THREE), deleted(TWO)]).unapplied

    assert (left.table, left.position, left.status) == (STUDIED, 1, ComponentStatus.DELETED)
    assert left.component.los_code == "TWO2"


def test_an_insertion_of_what_is_there_is_applied_and_reported() -> None:
    lists = after([ONE], [inserted(ONE)])

    assert codes(lists) == ["ONE1", "ONE1"]
    assert [each.status for each in lists.unapplied] == [ComponentStatus.INSERTED]


def test_a_component_that_says_no_change_changes_nothing_and_is_reported() -> None:
    lists = after([ONE], [TWO])

    assert codes(lists) == ["ONE1"]
    assert [each.status for each in lists.unapplied] == [None]


def test_a_component_may_be_replaced_by_itself_with_other_credits() -> None:
    smaller = a_component("ONE1", credits=(LaCredit("ects", Decimal(5)),))

    lists = after([ONE, TWO], [deleted(ONE), inserted(smaller)])

    assert ects(lists.components(STUDIED)) == Decimal("12.5")
    assert lists.unapplied == ()


def test_two_deletions_take_two_of_the_same() -> None:
    lists = after([ONE, ONE, ONE], [deleted(ONE), deleted(ONE)])

    assert codes(lists) == ["ONE1"]
    assert lists.unapplied == ()


# --- the same course ----------------------------------------------------------------------------------


def same(one: LaComponent, other: LaComponent) -> bool:
    return matches([one], [other]) == [0]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (LaComponent("a", los_id="CR/1"), LaComponent("b", los_id="CR/1", loi_id="CRI/1"), True),
        (
            LaComponent("a", los_id="CR/1", loi_id="CRI/1"),
            LaComponent("b", los_id="CR/1", loi_id="CRI/1"),
            True,
        ),
        (
            LaComponent("a", los_id="CR/1", loi_id="CRI/1"),
            LaComponent("b", los_id="CR/1", loi_id="CRI/2"),
            False,
        ),
        (LaComponent("a", los_id="CR/1"), LaComponent("b", los_id="cr/1"), False),
        (LaComponent("a", los_id=""), LaComponent("b", los_id=""), False),
        (LaComponent("a", los_code=" geo210"), LaComponent("b", los_code="GEO210 "), True),
        (LaComponent("a", los_code=""), LaComponent("b", los_code=""), False),
        (
            LaComponent("a", los_code="GEO210", term_id=TermId(1, 2)),
            LaComponent("b", los_code="GEO210", term_id=TermId(2, 2)),
            False,
        ),
        (LaComponent("Tidal  Énergy"), LaComponent("tidal e\u0301nergy"), True),
        (LaComponent("Tides", term_id=TermId(1, 2)), LaComponent("Tides"), False),
        (
            LaComponent("Tides", credits=(LaCredit("ECTS", Decimal("7.50")),)),
            LaComponent("Tides", credits=(LaCredit("ects", Decimal("7.5")),)),
            True,
        ),
        (LaComponent("Tides", credits=(LaCredit("ects", Decimal(5)),)), LaComponent("Tides"), False),
    ],
)
def test_a_course_is_the_same_by_id_else_by_code_else_by_title(
    one: LaComponent, other: LaComponent, *, expected: bool
) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_a_stronger_likeness_goes_first_whatever_the_order() -> None:
    by_title, by_id = LaComponent("Tides"), LaComponent("Tides", los_id="CR/1")

    assert matches([by_title, by_id], [by_id, by_title]) == [1, 0]
    assert matches([by_id], [by_title, by_id]) == [1]


def test_equal_likenesses_go_in_order_and_nothing_is_taken_twice() -> None:
    assert matches([ONE, ONE, ONE], [ONE, TWO, ONE]) == [0, 2, None]


# --- what follows -------------------------------------------------------------------------------------


def test_credits_are_added_up_by_scheme() -> None:
    lines = [
        a_component(credits=(LaCredit(" ECTS", Decimal("7.5")), LaCredit("points", Decimal(10)))),
        a_component(credits=(LaCredit("ects", Decimal("2.5")),)),
        a_component(credits=()),
    ]

    assert credit_sums(lines) == {"ects": Decimal(10), "points": Decimal(10)}
    assert ects(lines) == 10
    assert ects([]) == 0


@pytest.mark.parametrize(
    ("lists", "expected", "virtual"),
    [
        (ComponentLists(components_studied=(ONE,)), LaMobilityType.SEMESTER, False),
        (ComponentLists(virtual_components=(ONE,)), LaMobilityType.SEMESTER, True),
        (ComponentLists(virtual_components=(deleted(ONE),)), LaMobilityType.SEMESTER, False),
        (ComponentLists(blended_mobility_components=()), LaMobilityType.BLENDED, True),
        (ComponentLists(short_term_doctoral_components=(ONE,)), LaMobilityType.DOCTORAL, False),
        (
            ComponentLists(short_term_doctoral_components=(a_component(short_description="On line"),)),
            LaMobilityType.DOCTORAL,
            True,
        ),
        (ComponentLists(), LaMobilityType.SEMESTER, False),
    ],
)
def test_the_tables_tell_the_type_and_whether_some_of_it_is_virtual(
    lists: ComponentLists, expected: LaMobilityType, *, virtual: bool
) -> None:
    whole = merged(lists, None)

    assert whole.mobility_type is expected
    assert whole.has_virtual_component is virtual
    assert mobility_type(an_la(first_version=lists)) is expected


def test_the_type_of_an_agreement_without_any_version_is_a_long_stay() -> None:
    assert mobility_type(an_la(first_version=None)) is LaMobilityType.SEMESTER


# --- whatever the components ----------------------------------------------------------------------------


@given(component_lists())
def test_no_changes_change_nothing(first_version: ComponentLists) -> None:
    assert merged(first_version, None).tables == dict(first_version.tables())


@given(st.lists(components(), max_size=4), st.data())
def test_deleting_what_is_there_leaves_the_others_in_their_order(
    base: list[LaComponent], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(range(len(base)))) if base else st.just(set()))

    lists = after(base, [deleted(base[at]) for at in sorted(gone)])

    assert lists.unapplied == ()
    assert len(lists.components(STUDIED)) == len(base) - len(gone)


@given(st.lists(components(), max_size=4), st.lists(components(), max_size=4))
def test_every_change_is_applied_or_reported(base: list[LaComponent], changes: list[LaComponent]) -> None:
    lists = after(base, changes)

    orphans = [each for each in lists.unapplied if each.status is ComponentStatus.DELETED]
    deletions = sum(each.status is ComponentStatus.DELETED for each in changes)
    insertions = sum(each.status is ComponentStatus.INSERTED for each in changes)
    assert len(lists.components(STUDIED)) == len(base) - (deletions - len(orphans)) + insertions
    assert sum(each.status is None for each in lists.unapplied) == len(changes) - deletions - insertions
    assert [each.component for each in lists.unapplied] == [
        changes[each.position] for each in lists.unapplied
    ]


@given(st.lists(components(), max_size=4))
def test_replacing_everything_by_itself_changes_nothing(base: list[LaComponent]) -> None:
    lists = after(base, [*map(deleted, base), *map(inserted, base)])

    assert lists.unapplied == ()
    assert credit_sums(lists.components(STUDIED)) == credit_sums(base)
