"""What a partner's index means, and when it is not believed."""

import pytest

from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.reconcile.index import IndexDecision, decide_index, names_everything


def ids(*numbers: int) -> set[IiaId]:
    return {IiaId(f"ald-{number}") for number in numbers}


def decide(known: set[IiaId], listed: set[IiaId], **changes: bool | int) -> IndexDecision:
    facts = {
        "full": True,
        "ignores": False,
        "previous_count": len(known),
        "floor": 2,
        "accept_shrink": False,
        **changes,
    }
    return decide_index(known, listed, **facts)  # type: ignore[arg-type]


def test_new_ids_are_fetched_and_missing_ones_are_only_suspected() -> None:
    found = decide(ids(1, 2, 3), ids(2, 3, 4))
    assert (found.new, found.suspected_gone, found.shrunk_to) == (("ald-4",), ("ald-1",), None)
    assert found.dirty == ("ald-4", "ald-1")


@pytest.mark.parametrize("listed", [set(), ids(1)])
def test_an_index_suddenly_empty_or_less_than_half_deletes_nothing(listed: set[IiaId]) -> None:
    found = decide(ids(1, 2, 3), listed)
    assert (found.suspected_gone, found.shrunk_to) == ((), len(listed))


def test_a_shrunken_index_still_shows_what_is_new() -> None:
    assert decide(ids(1, 2, 3), ids(9)).new == ("ald-9",)


def test_yesterdays_count_matters_even_when_little_is_known() -> None:
    assert decide(ids(1), ids(1), previous_count=10).shrunk_to == 1


def test_a_person_may_accept_a_shrunken_index() -> None:
    found = decide(ids(1, 2, 3), set(), accept_shrink=True)
    assert (len(found.suspected_gone), found.shrunk_to) == (3, None)


def test_what_was_small_before_may_vanish() -> None:
    assert decide(ids(1), set()).suspected_gone == ("ald-1",)


def test_a_listing_of_changes_suspects_nobody() -> None:
    found = decide(ids(1, 2, 3), ids(2, 4), full=False)
    assert (found.new, found.changed, found.suspected_gone) == (("ald-4",), ("ald-2",), ())


def test_a_partner_that_ignores_modified_since_says_nothing_of_changes() -> None:
    found = decide(ids(1, 2), ids(1, 2, 3), full=False, ignores=True)
    assert (found.ignored_modified_since, found.changed, found.new) == (True, (), ("ald-3",))


def test_all_copies_may_really_have_changed() -> None:
    found = decide(ids(1, 2), ids(1, 2), full=False)
    assert (found.ignored_modified_since, found.changed) == (False, ("ald-1", "ald-2"))


def test_a_partner_that_leaves_a_known_copy_out_is_no_longer_taken_to_ignore_the_parameter() -> None:
    found = decide(ids(1, 2, 3), ids(1, 2), full=False, ignores=True)
    assert (found.ignored_modified_since, found.changed) == (False, ("ald-1", "ald-2"))


@pytest.mark.parametrize(
    ("known", "listed", "everything"),
    [
        (ids(1, 2), ids(1, 2, 3), True),
        (ids(1, 2), ids(1), False),
        (ids(1), ids(1), False),
        (ids(), ids(1, 2), False),
    ],
    ids=["all and a new one", "one of two", "the only one", "only new ones"],
)
def test_an_answer_names_everything(known: set[IiaId], listed: set[IiaId], *, everything: bool) -> None:
    assert names_everything(known, listed) is everything
