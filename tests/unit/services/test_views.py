"""What people are shown: one agreement told whole, lists, the state of everything, and taking notice."""

import pytest
from tests.support.bridges import Bridge, a_bridge, dump
from tests.support.network import ALDERTON, BRAVA, unreachable

from mobility_bridge.domain.discrepancy import DiscrepancyState, Severity
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.notification import CnrKind, CnrState
from mobility_bridge.errors import UsageError
from mobility_bridge.services.acknowledge import acknowledge
from mobility_bridge.services.explain import explain
from mobility_bridge.services.listing import agreements
from mobility_bridge.services.outbox import notify_again, planned_again
from mobility_bridge.services.overview import overview


async def differing(bridge: Bridge) -> None:
    """One agreement in which the numbers differ, one that is ours alone, one that is theirs alone."""
    believed = {"partner_approval": True}
    bridge.source.put("nh-1", theirs="ald-1", own_approval=True, record=believed)
    bridge.source.put("nh-2", BRAVA)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=9)
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-1")
    bridge.network[BRAVA].put("bra-9")
    await bridge.sync()


async def test_an_agreement_is_told_whole_by_our_id_the_partners_or_a_discrepancys() -> None:
    bridge = a_bridge()
    await differing(bridge)
    whole = await explain(bridge.context, "nh-1")
    assert whole.case.partner is not None
    assert [item.finding.code for item in whole.discrepancies] == ["NUMBER_DIFFERS"]
    assert whole.comparison is not None
    assert [item.iia_id for item in whole.notifications] == ["nh-1"]
    assert "NUMBER_DIFFERS opened" in {moment.what.en for moment in whole.timeline}
    assert [moment.at for moment in whole.timeline] == sorted(moment.at for moment in whole.timeline)
    short = whole.discrepancies[0].discrepancy_id[:8]
    for name in ("ald-1", short):
        again = await explain(bridge.context, name)
        assert again.case.subject == whole.case.subject


@pytest.mark.parametrize("name", ["nobody", "D-000000000000", "D-"])
async def test_what_cannot_be_explained_is_refused_with_the_next_step(name: str) -> None:
    bridge = a_bridge()
    await differing(bridge)
    with pytest.raises(UsageError) as caught:
        await explain(bridge.context, name)
    assert caught.value.next_step


async def test_an_id_that_two_partners_use_asks_which_is_meant() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("same")
    bridge.network[BRAVA].put("same")
    await bridge.sync()
    with pytest.raises(UsageError, match="several"):
        await explain(bridge.context, "same")
    found = await explain(bridge.context, "same", BRAVA)
    assert found.case.subject.partner_hei_id == BRAVA


async def test_a_list_shows_both_sides_and_what_stands_alone() -> None:
    bridge = a_bridge()
    await differing(bridge)
    found = [
        (item.partner_hei_id, item.iia_id, item.partner_iia_id, item.state)
        for item in await agreements(bridge.context)
    ]
    assert found == [
        (ALDERTON, "nh-1", "ald-1", "mutually approved"),
        (BRAVA, "nh-2", None, "ours alone"),
        (BRAVA, None, "bra-9", "theirs alone"),
    ]
    assert [item.partner_hei_id for item in await agreements(bridge.context, BRAVA)] == [BRAVA, BRAVA]


async def test_the_overview_counts_what_there_is() -> None:
    bridge = a_bridge()
    await differing(bridge)
    bridge.network[BRAVA].errors["index"] = unreachable(BRAVA)
    await bridge.sync(full=True)
    seen = await overview(bridge.context)
    assert [(item.name, item.agreements) for item in seen.sources] == [("mobility_online", 2)]
    assert seen.assumed == ("mobility_online: agreements",)
    by_id = {item.partner_hei_id: item for item in seen.partners}
    assert set(by_id) == {ALDERTON, BRAVA}
    assert (by_id[ALDERTON].ours, by_id[ALDERTON].theirs, by_id[ALDERTON].failing) == (1, 1, ())
    assert [health.api for health in by_id[BRAVA].failing] == ["iias.index"]
    assert seen.outbox[CnrState.DELIVERED] == 2
    assert seen.discrepancies[Severity.BLOCKING] + seen.discrepancies[Severity.WARNING] >= 2


async def test_the_overview_shows_a_source_that_does_not_answer() -> None:
    bridge = a_bridge()
    bridge.source.error = unreachable("mobility_online")
    (source,) = (await overview(bridge.context)).sources
    assert source.probe_problem == "no answer within 30 s"


async def test_taking_notice_is_kept_with_who_and_why() -> None:
    bridge = a_bridge()
    await differing(bridge)
    (found,) = await bridge.store.read(lambda uow: uow.discrepancies.select(code="NUMBER_DIFFERS"))
    before = await dump(bridge.store)
    shown = await acknowledge(bridge.context, found.discrepancy_id, by="eva", reason="agreed", dry_run=True)
    assert shown.state is DiscrepancyState.ACKNOWLEDGED
    assert await dump(bridge.store) == before
    await acknowledge(bridge.context, found.discrepancy_id, by="eva", reason="agreed by telephone")
    held = await bridge.store.read(lambda uow: uow.discrepancies.get(found.discrepancy_id))
    assert held is not None
    assert (held.acknowledged_by, held.acknowledged_reason) == ("eva", "agreed by telephone")
    await bridge.sync(full=True)
    held = await bridge.store.read(lambda uow: uow.discrepancies.get(found.discrepancy_id))
    assert held is not None
    assert held.state is DiscrepancyState.ACKNOWLEDGED
    with pytest.raises(UsageError):
        await acknowledge(bridge.context, "D-000000000000", by="eva", reason="agreed")


async def test_telling_again_queues_both_kinds_where_we_approved() -> None:
    bridge = a_bridge()
    await differing(bridge)
    assert await planned_again(bridge.context, IiaId("nh-2")) == [(CnrKind.IIA, BRAVA, "nh-2")]
    queued = await notify_again(bridge.context, IiaId("nh-1"))
    assert [(item.kind, item.iia_id) for item in queued.notifications] == [
        (CnrKind.IIA, "nh-1"),
        (CnrKind.IIA_APPROVAL, "ald-1"),
    ]
    by_their_id = await planned_again(bridge.context, IiaId("ald-1"))
    assert by_their_id == [(CnrKind.IIA, ALDERTON, "nh-1"), (CnrKind.IIA_APPROVAL, ALDERTON, "ald-1")]
    with pytest.raises(UsageError, match="no agreement with the id bra-9"):
        await notify_again(bridge.context, IiaId("bra-9"))
    with pytest.raises(UsageError, match=r"with brava\.example"):
        await notify_again(bridge.context, IiaId("nh-1"), BRAVA)
    bridge.source.put("nh-7", theirs="ald-1")
    await bridge.sync(send=False)
    with pytest.raises(UsageError, match=r"nh-1 with alderton\.example, nh-7 with") as caught:
        await notify_again(bridge.context, IiaId("ald-1"))
    assert caught.value.next_step == "Give our id, or add --partner HEI."
