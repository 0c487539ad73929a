"""Places count where an agreement is in force, by the text that is in force."""

from dataclasses import replace

from tests.support.bridges import Bridge, a_bridge
from tests.support.network import ALDERTON
from tests.support.student_world import BRAVA, World, a_world
from tests.unit.services.test_stay_agreement import agree, nominate

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.domain.places import Breakdown
from mobility_bridge.services.places import balances, ends, places


def approved(bridge: Bridge, places: int, *, by_both: bool = True, terminated: bool | None = None) -> None:
    believed = {"partner_approval": by_both}
    bridge.source.put(
        "nh-1", theirs="ald-1", places=places, own_approval=by_both, record=believed, terminated=terminated
    )
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=places)
    if by_both:
        bridge.network[ALDERTON].approves("nh-1", theirs="ald-1", places=places)


async def places_out(bridge: Bridge, *, planned: bool = False) -> set[int]:
    found = await balances(bridge.context, planned=planned)
    assert all(item.kind is MobilityKind.STUDENT_STUDIES for item in found)
    return {item.outgoing for item in found}


async def test_a_proposal_counts_only_as_planned() -> None:
    bridge = a_bridge()
    approved(bridge, 3, by_both=False)
    await bridge.sync()
    assert await places_out(bridge) == set()
    assert await places_out(bridge, planned=True) == {3}


async def test_an_agreement_that_both_approved_counts() -> None:
    bridge = a_bridge()
    approved(bridge, 3)
    await bridge.sync()
    assert await places_out(bridge) == {3}


async def test_while_a_change_waits_for_approval_the_concluded_text_counts() -> None:
    bridge = a_bridge()
    approved(bridge, 3)
    await bridge.sync()
    approved(bridge, 8, by_both=False)
    bridge.clock.move(60)
    await bridge.sync(full=True)
    assert await places_out(bridge) == {3}
    assert await places_out(bridge, planned=True) == {8}


async def test_ends_come_with_their_day() -> None:
    bridge = a_bridge()
    approved(bridge, 3)
    await bridge.sync()
    (end,) = await ends(bridge.context)
    assert (end.partner_hei_id, end.iia_id, end.successor_iia_id) == (ALDERTON, "nh-1", None)
    assert await ends(bridge.context, "brava.example") == []
    assert await ends(bridge.context, within_months=1) == []


async def a_world_with_places() -> World:
    """Two places out and two in with Brava; three nominated, one of them a stay of which nothing is in force."""
    world = a_world()
    agree(world)
    for number in (1, 2, 3):
        nominate(world, number)
    nominate(world, 4, receiving_academic_year_id="2031/2032")
    await world.bridge.sync()
    return world


async def test_the_balance_tells_what_is_taken() -> None:
    world = await a_world_with_places()
    found = {item.start_year: item for item in await balances(world.bridge.context)}
    this = found[2026]
    assert (this.outgoing, this.used_outgoing, this.incoming, this.used_incoming) == (2, 3, 2, 0)
    assert (this.agreed, this.realised) == (0, -3)
    beyond = found[2031]
    assert (beyond.outgoing, beyond.used_outgoing) == (0, 1)
    assert await balances(world.bridge.context, "alderton.example") == []


async def test_what_is_taken_is_not_known_while_students_are_not_followed() -> None:
    world = await a_world_with_places()
    unfollowed = replace(world.bridge.context, settings=a_bridge().context.settings)
    found = await balances(unfollowed)
    assert {item.start_year for item in found} == {2026, 2027, 2028}
    assert {(item.used_outgoing, item.realised) for item in found} == {(None, None)}
    (row, *_) = await places(unfollowed, Breakdown.CONDITION)
    assert (row.offered, row.used) == (2, 0)


async def test_places_are_told_apart_by_condition() -> None:
    world = await a_world_with_places()
    found = await places(world.bridge.context, Breakdown.CONDITION, BRAVA)
    taken = [(item.start_year, item.offered, item.used, item.left, item.over) for item in found if item.used]
    assert taken == [(2026, 2, 3, 0, 1), (2031, 0, 1, 0, 1)]
    assert {item.isced_f_codes for item in found} == {("0533",)}
