"""The versions of a learning agreement, side by side."""

from dataclasses import replace

import pytest
from tests.support.stays import BRAVA, FIRST_VERSION, LA, OMOBILITY, STAY, a_stay, component
from tests.support.student_world import US, a_world

from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    ComponentLists,
    ComponentStatus,
    LearningAgreement,
)
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.la_views import LaDiff, LaView, diff, show_las

INSERTED = ComponentLists(components_studied=(component("Course 9", "BR9", status=ComponentStatus.INSERTED),))


def laid_out(la: LearningAgreement) -> LaDiff:
    seen = a_stay().learning_agreement
    assert seen is not None
    return diff(LaView(STAY, BRAVA, la, seen.stored))


def codes(found: LaDiff) -> list[tuple[str | None, bool, bool, bool]]:
    return [
        (
            row.component.los_code,
            row.first is not None,
            row.in_force is not None,
            row.proposed is not None,
        )
        for row in found.rows
        if row.changes
    ]


def test_an_agreement_without_changes_has_no_proposal() -> None:
    found = laid_out(LA)
    assert found.proposed is None
    assert [(row.first is None, row.in_force is None) for row in found.rows] == [(False, False)] * 8


def test_what_a_proposal_adds_comes_last_in_its_table() -> None:
    found = laid_out(replace(LA, changes_proposal=ChangesProposal("p2", INSERTED)))
    assert [row.component.los_code for row in found.rows][3:5] == ["BR4", "BR9"]
    assert codes(found) == [("BR9", False, False, True)]


def test_a_proposal_that_repeats_an_approved_insertion_is_one_row() -> None:
    found = laid_out(replace(LA, approved_changes=INSERTED, changes_proposal=ChangesProposal("p3", INSERTED)))
    assert codes(found) == [("BR9", False, True, True)]


def test_a_first_version_that_is_only_proposed_has_one_side() -> None:
    found = laid_out(replace(LA, first_version=None, changes_proposal=ChangesProposal("p1", FIRST_VERSION)))
    assert (found.first, found.in_force) == (None, None)
    assert {(row.first, row.in_force) for row in found.rows} == {(None, None)}
    assert found.unapplied == ()


async def test_a_stay_without_an_agreement_says_so() -> None:
    world = a_world()
    world.students.objects[US, StudentApi.LEARNING_AGREEMENTS] = {}
    await world.round()
    with pytest.raises(UsageError, match="no learning agreement is known for P1-1") as caught:
        await show_las(world.bridge.context, "P1-1")
    assert caught.value.next_step == "Run: mobility-bridge students show P1-1"


async def test_an_agreement_is_found_by_its_mobility_and_by_its_stay() -> None:
    world = a_world()
    await world.round()
    for text in (OMOBILITY, "P1-1", "P1"):
        (found,) = await show_las(world.bridge.context, text)
        assert (found.stay_id, found.said) == ("P1-1", LA)
