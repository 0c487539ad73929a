"""Places count where an agreement is in force, by the text that is in force."""

from tests.support.bridges import Bridge, a_bridge
from tests.support.network import ALDERTON

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.services.places import balances, ends


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
