"""Comparing: only what changed or came due, twice is once, and approvals belong to texts."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.support.bridges import Bridge, a_bridge, dump
from tests.support.network import ALDERTON, BRAVA, US, hash_of, unreachable

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.discrepancy import DiscrepancyEventKind
from mobility_bridge.domain.identifiers import HeiId, IiaHash
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.services.compare import compare
from mobility_bridge.services.ingest import ingest
from mobility_bridge.services.listing import agreements
from mobility_bridge.services.subjects import partner_key


def in_order(bridge: Bridge, *, places: int = 3, approved: bool = True) -> None:
    """One agreement on which both sides agree and that both approved."""
    believed = {"partner_approval": approved}
    bridge.source.put("nh-1", theirs="ald-1", places=places, own_approval=approved, record=believed)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=places)
    if approved:
        bridge.network[ALDERTON].approves("nh-1", theirs="ald-1", places=places)


async def by_us(bridge: Bridge) -> Approval | None:
    def work(uow: object) -> Approval | None:
        return uow.approvals.current(ApprovalSide.BY_US, ALDERTON, "ald-1")  # type: ignore[attr-defined]

    return await bridge.store.read(work)


async def pair(bridge: Bridge) -> Concluded | None:
    return await bridge.store.read(lambda uow: uow.approvals.concluded(ALDERTON, "nh-1"))  # type: ignore[arg-type]


async def kinds(bridge: Bridge, code: str) -> list[str]:
    def work(uow: object) -> list[str]:
        (found,) = uow.discrepancies.select(code=code)  # type: ignore[attr-defined]
        return [event.kind.value for event in uow.discrepancies.history(found.discrepancy_id)]  # type: ignore[attr-defined]

    return await bridge.store.read(work)


async def test_an_agreement_in_order_has_no_discrepancy() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    assert await bridge.open_codes() == []


async def test_a_difference_opens_changes_resolves_and_reopens_as_one_discrepancy() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    for places in (4, 5, 3, 4):
        bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=places)
        bridge.clock.move(60)
        await bridge.sync(full=True)
    assert await kinds(bridge, "NUMBER_DIFFERS") == [
        DiscrepancyEventKind.OPENED,
        DiscrepancyEventKind.CHANGED,
        DiscrepancyEventKind.RESOLVED,
        DiscrepancyEventKind.REOPENED,
    ]
    assert len(bridge.events("discrepancy.reopened")) >= 1


async def test_comparing_twice_changes_nothing() -> None:
    bridge = a_bridge()
    in_order(bridge)
    bridge.source.put("nh-2", theirs="ald-2")
    bridge.network[ALDERTON].put("ald-2", ours="nh-2", places=9)
    bridge.network[BRAVA].errors["index"] = unreachable(BRAVA)
    await bridge.sync()
    before = await dump(bridge.store)
    assert before["discrepancies"]
    report = await bridge.sync()
    assert (report.compared.opened, report.compared.changed, report.compared.resolved) == (0, 0, 0)
    assert await dump(bridge.store) == before
    assert (await compare(bridge.context)).compared == 0


async def test_only_what_changed_is_compared() -> None:
    bridge = a_bridge()
    for number in range(1, 6):
        bridge.source.put(f"nh-{number}", theirs=f"ald-{number}")
        bridge.network[ALDERTON].put(f"ald-{number}", ours=f"nh-{number}")
    await bridge.sync()
    idle = await bridge.sync()
    assert idle.compared.compared == 2, "only our own system and the catalogue, which were just read"
    bridge.source.put("nh-3", theirs="ald-3", places=7)
    await ingest(bridge.context, bridge.source)
    marked = await bridge.store.read(lambda uow: uow.work.to_compare())
    assert [key for key in marked if key.startswith("agreement:")] == [
        "agreement:alderton.example:ours:nh-3",
        "agreement:alderton.example:theirs:ald-3",
    ]
    report = await compare(bridge.context)
    assert (report.compared, report.opened) == (len(marked), 1)


async def test_what_becomes_true_by_time_alone_is_found_on_its_day() -> None:
    bridge = a_bridge()
    in_order(bridge, approved=False)
    await bridge.sync()
    before = set(await bridge.open_codes())
    bridge.clock.move(15 * 86_400)
    report = await compare(bridge.context)
    assert report.compared >= 1
    assert report.opened >= 1
    assert set(await bridge.open_codes()) - before
    assert (await compare(bridge.context)).compared == 0


async def test_a_partner_that_shows_nothing_is_reported_when_its_time_to_answer_is_over() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1")
    await bridge.sync()
    assert "NO_PARTNER_COPY" not in await bridge.open_codes()
    bridge.clock.move(15 * 86_400)
    await bridge.sync()
    assert "NO_PARTNER_COPY" in await bridge.open_codes()


async def test_nothing_is_said_to_be_missing_while_the_partner_cannot_be_read() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1")
    bridge.network[ALDERTON].put("ald-1", ours="nh-1")
    bridge.network[ALDERTON].errors["get"] = unreachable()
    await bridge.sync()
    bridge.clock.move(15 * 86_400)
    await bridge.sync()
    assert "NO_PARTNER_COPY" not in await bridge.open_codes()


async def test_our_approval_is_bound_to_the_text_that_was_there_and_stays_with_it() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    approval = await by_us(bridge)
    assert approval is not None
    assert approval.iia_hash == hash_of(ALDERTON, "ald-1", "nh-1", 3)
    assert approval.document is not None
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=8)
    await bridge.sync(full=True)
    assert (await by_us(bridge)) == approval
    (listed,) = await agreements(bridge.context)
    assert (listed.approved_by_us, listed.approved_by_partner) == (False, True)


async def changed_by_partner(bridge: Bridge) -> IiaHash:
    """The partner changes a text that we had approved; returns the hash of the new one."""
    in_order(bridge)
    await bridge.sync()
    bridge.clock.move(60)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", places=8)
    await bridge.sync(full=True)
    bridge.clock.move(60)
    return hash_of(ALDERTON, "ald-1", "nh-1", 8)


async def recorded(
    bridge: Bridge, *, in_force: bool, modified_at: datetime | None = None, **facts: Any
) -> None:
    """Our system says this of the agreement, which we have approved, and is read."""
    record = {"partner_approval": True, "modified_at": modified_at or bridge.clock.now()}
    status = "ACTIVE" if in_force else "SENT"
    bridge.source.put(
        "nh-1", theirs="ald-1", own_approval=True, status=status, record=record, in_effect=in_force, **facts
    )
    await bridge.sync(full=True)
    bridge.clock.move(60)


async def test_we_approved_again_when_our_system_puts_the_agreement_in_force_again() -> None:
    bridge = a_bridge()
    new = await changed_by_partner(bridge)
    await recorded(bridge, in_force=False)
    before = await by_us(bridge)
    assert before is not None
    assert before.iia_hash != new, "that the agreement is open again is no approval"
    await recorded(bridge, in_force=True)
    after = await by_us(bridge)
    assert after is not None
    assert after.iia_hash == new
    assert (CnrKind.IIA_APPROVAL, ALDERTON, "ald-1") in bridge.network.received


async def test_an_edited_record_is_no_approval() -> None:
    bridge = a_bridge()
    new = await changed_by_partner(bridge)
    await recorded(bridge, in_force=True, iia_code="another number")
    held = await by_us(bridge)
    assert held is not None
    assert held.iia_hash != new


async def test_what_our_system_settled_before_the_partner_changed_again_is_no_approval_of_that() -> None:
    bridge = a_bridge()
    long_ago = bridge.clock.now() - timedelta(days=1)
    new = await changed_by_partner(bridge)
    await recorded(bridge, in_force=False)
    await recorded(bridge, in_force=True, modified_at=long_ago)
    held = await by_us(bridge)
    assert held is not None
    assert held.iia_hash != new


async def test_an_approval_taken_off_and_given_again_is_of_the_present_text() -> None:
    bridge = a_bridge()
    new = await changed_by_partner(bridge)
    for approved in (False, True):
        bridge.source.put("nh-1", theirs="ald-1", own_approval=approved, record={"partner_approval": True})
        await bridge.sync(full=True)
    held = await by_us(bridge)
    assert held is not None
    assert held.iia_hash == new


async def test_our_approval_is_not_bound_to_a_text_whose_hash_is_wrong() -> None:
    bridge = a_bridge()
    in_order(bridge)
    bridge.network[ALDERTON].put("ald-1", ours="nh-1", hash_verdict=HashVerdict.DECLARED_WRONG)
    await bridge.sync()
    assert await by_us(bridge) is None
    assert await pair(bridge) is None


async def test_an_approval_taken_back_in_our_system_is_withdrawn() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    bridge.source.put("nh-1", theirs="ald-1")
    bridge.clock.move(60)
    await bridge.sync()
    assert await by_us(bridge) is None


async def test_deleting_our_copy_withdraws_our_approval() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    bridge.source.drop("nh-1")
    bridge.clock.move(60)
    await bridge.sync(accept_shrink=True)
    assert await by_us(bridge) is None


async def test_the_pair_that_both_approved_is_remembered_once_and_survives_changes() -> None:
    bridge = a_bridge()
    in_order(bridge)
    await bridge.sync()
    concluded = await pair(bridge)
    assert concluded is not None
    assert concluded.local_hash == hash_of(US, "nh-1", "ald-1", 3)
    bridge.clock.move(86_400)
    await bridge.sync(full=True)
    assert await pair(bridge) == concluded
    in_order(bridge, places=4, approved=False)
    bridge.clock.move(60)
    await bridge.sync(full=True)
    assert await pair(bridge) == concluded
    in_order(bridge, places=4)
    bridge.clock.move(60)
    await bridge.sync(full=True)
    again = await pair(bridge)
    assert again is not None
    assert again.concluded_at - concluded.concluded_at > timedelta(days=1)


@pytest.mark.parametrize("side", ["ours", "theirs"])
async def test_an_approval_of_one_side_concludes_nothing(side: str) -> None:
    bridge = a_bridge()
    in_order(bridge)
    if side == "ours":
        bridge.network[ALDERTON].approvals.clear()
    else:
        bridge.source.put("nh-1", theirs="ald-1")
    await bridge.sync()
    assert await pair(bridge) is None


async def test_a_copy_that_the_partner_holds_alone_is_reported_until_ours_is_there() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("ald-1")
    await bridge.sync()
    assert "NO_LOCAL_COPY" in await bridge.open_codes()
    bridge.source.put("nh-1", theirs="ald-1")
    bridge.clock.move(60)
    await ingest(bridge.context, bridge.source)
    await compare(bridge.context)
    assert "NO_LOCAL_COPY" not in await bridge.open_codes()


async def test_every_line_of_a_comparison_names_its_discrepancy() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("ald-1")
    await bridge.sync()
    (line,) = bridge.events("discrepancy.opened")
    assert (line["code"], line["partner_hei_id"]) == ("NO_LOCAL_COPY", ALDERTON)
    assert line["discrepancy_id"].startswith("D-")


async def test_nothing_is_said_of_partners_before_any_catalogue_was_read() -> None:
    bridge = a_bridge(notify={"enabled": False})
    in_order(bridge)
    bridge.source.put("nh-9", HeiId("hollin.example"))
    await ingest(bridge.context, bridge.source)
    listed = bridge.network.hosts
    bridge.network.hosts = {}
    await compare(bridge.context)
    assert await bridge.open_codes() == []
    bridge.network.hosts = listed
    bridge.network.catalogue = replace(bridge.network.catalogue, changed=True)
    await bridge.sync()
    assert await bridge.open_codes() == ["PARTNER_NOT_IN_CATALOGUE"]


async def test_what_was_said_of_a_partner_stands_while_no_catalogue_can_be_had() -> None:
    bridge = a_bridge(notify={"enabled": False})
    bridge.source.put("nh-9", HeiId("hollin.example"))
    await bridge.sync()
    assert await bridge.open_codes() == ["PARTNER_NOT_IN_CATALOGUE"]
    bridge.network.hosts = {}
    await bridge.store.write(
        lambda uow: uow.work.mark_to_compare([partner_key(HeiId("hollin.example"))], bridge.clock.now())
    )
    await compare(bridge.context)
    assert await bridge.open_codes() == ["PARTNER_NOT_IN_CATALOGUE"]
