"""Reading our own system: what is told, what is kept, and what is never concluded from half an answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.support.bridges import FailingStore, a_bridge, dump, with_store
from tests.support.clock import VirtualClock
from tests.support.network import ALDERTON, BRAVA, US, FakeSource, Library, unreachable

from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.snapshot import AgreementCopy, StoredCopy
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.sources import SourceReading
from mobility_bridge.services.ingest import IngestPlan, ingest, notices_for, notices_for_deleted, plan_ingest
from mobility_bridge.services.problems import read_problems, write_problems

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def reading(**changes: object) -> SourceReading:
    """Three agreements of ours with two partners."""
    source = FakeSource(VirtualClock(), Library())
    source.put("nh-1", theirs="ald-1")
    source.put("nh-2")
    source.put("nh-3", BRAVA)
    return replace(await source.read(), **changes)  # type: ignore[arg-type]


async def copy(**facts: object) -> AgreementCopy:
    source = FakeSource(VirtualClock(), Library())
    source.put("nh-1", **facts)  # type: ignore[arg-type]
    return (await source.read()).copies[0].copy


def stored(read: SourceReading) -> dict[tuple[str, str], StoredCopy]:
    return {
        (item.copy.partner_hei_id, item.copy.iia_id): StoredCopy(item.copy, NOW, NOW, NOW)
        for item in read.copies
    }


def planned(held: object, read: SourceReading, *, floor: int = 2, accept_shrink: bool = False) -> IngestPlan:
    return plan_ingest(held, read, floor=floor, accept_shrink=accept_shrink)  # type: ignore[arg-type]


async def test_everything_is_new_to_an_empty_store() -> None:
    plan = planned({}, await reading())
    assert list(plan.new) == [(ALDERTON, "nh-1"), (ALDERTON, "nh-2"), (BRAVA, "nh-3")]
    assert (plan.changed, plan.gone, plan.shrunk_to) == ((), (), None)
    assert [notice.cause for notice in plan.notices] == ["shared"] * 3


async def test_the_first_look_at_a_source_tells_nobody_what_was_there_before() -> None:
    read = await reading()
    never_told = [
        replace(item, copy=replace(item.copy, record=replace(item.copy.record, last_notified_at=None)))
        for item in read.copies
    ]
    first = plan_ingest(
        {}, replace(read, copies=tuple(never_told)), floor=2, accept_shrink=False, first_look=True
    )
    assert first.notices == ()


async def test_the_first_look_tells_of_what_changed_since_the_partner_was_told() -> None:
    plan = plan_ingest({}, await reading(), floor=2, accept_shrink=False, first_look=True)
    assert [notice.cause for notice in plan.notices] == ["shared"] * 3


async def test_the_same_reading_again_means_nothing() -> None:
    read = await reading()
    plan = planned(stored(read), read)
    assert (plan.new, plan.changed, plan.gone, plan.notices) == ((), (), (), ())


async def test_another_time_of_reading_is_no_change() -> None:
    read = await reading()
    later = [
        replace(item, copy=replace(item.copy, fetched_at=NOW + timedelta(days=1))) for item in read.copies
    ]
    assert planned(stored(read), replace(read, copies=tuple(later))).changed == ()


async def test_what_a_whole_reading_lacks_is_gone() -> None:
    read = await reading()
    plan = planned(stored(read), replace(read, copies=read.copies[:2]))
    assert plan.gone == ((BRAVA, "nh-3"),)
    assert [(item.cause, item.partner_hei_id) for item in plan.notices] == [("deleted", BRAVA)]


async def test_what_half_a_reading_lacks_is_not_gone() -> None:
    read = await reading()
    plan = planned(stored(read), replace(read, copies=read.copies[:2], complete=False))
    assert (plan.gone, plan.notices, plan.shrunk_to) == ((), (), None)


@pytest.mark.parametrize("left", [0, 1])
async def test_a_reading_of_less_than_half_deletes_nothing_and_says_so(left: int) -> None:
    read = await reading()
    plan = planned(stored(read), replace(read, copies=read.copies[:left]))
    assert (plan.gone, plan.notices, plan.shrunk_to) == ((), (), left)


async def test_a_reading_of_less_than_half_is_believed_when_a_person_says_so() -> None:
    read = await reading()
    plan = planned(stored(read), replace(read, copies=()), accept_shrink=True)
    assert len(plan.gone) == 3
    assert plan.shrunk_to is None


async def test_three_others_instead_of_three_known_ones_are_a_shrinking_too() -> None:
    read = await reading()
    others = tuple(
        replace(item, copy=replace(item.copy, iia_id=f"other-{item.copy.iia_id}")) for item in read.copies
    )
    plan = planned(stored(read), replace(read, copies=others))
    assert plan.gone == ()
    assert plan.shrunk_to == 3


async def test_the_disappearance_of_a_single_agreement_is_believed() -> None:
    read = await reading()
    only = replace(read, copies=read.copies[:1])
    assert len(planned(stored(only), replace(read, copies=())).gone) == 1


async def test_a_copy_that_was_gone_and_comes_back_is_new_and_told() -> None:
    read = await reading()
    held = {key: replace(item, gone_at=NOW) for key, item in stored(read).items()}
    plan = planned(held, read)
    assert len(plan.new) == 3
    assert {notice.cause for notice in plan.notices} == {"shared"}


@pytest.mark.parametrize(
    "changes",
    [
        {"places": 4},
        {"theirs": "ald-9"},
        {"iia_code": "NH/2"},
        {"in_effect": False},
        {"terminated": True},
    ],
)
async def test_every_change_that_the_partner_can_see_is_told(changes: dict[str, object]) -> None:
    found = notices_for(await copy(), await copy(**changes))
    assert [(item.kind, item.iia_id, item.cause) for item in found] == [(CnrKind.IIA, "nh-1", "changed")]


async def test_a_change_that_only_our_system_sees_is_not_told() -> None:
    after = await copy(record={"record_ids": ("4711",), "partner_approval": True})
    assert notices_for(await copy(), after) == []


async def test_what_our_system_has_told_already_is_not_told_again() -> None:
    told = {"modified_at": NOW, "last_notified_at": NOW + timedelta(minutes=1)}
    assert notices_for(None, await copy(record=told)) == []
    assert notices_for(await copy(), await copy(places=4, record=told)) == []


async def test_what_our_system_told_before_it_changed_again_is_told() -> None:
    told = {"modified_at": NOW, "last_notified_at": NOW - timedelta(minutes=1)}
    assert len(notices_for(await copy(), await copy(places=4, record=told))) == 1


@pytest.mark.parametrize("facts", [{"status": "DRAFT"}, {"iia_hash": None}])
async def test_what_is_not_in_the_network_yet_is_not_told(facts: dict[str, object]) -> None:
    assert notices_for(None, await copy(**facts)) == []
    assert notices_for_deleted(await copy(**facts)) == []


async def test_a_draft_that_becomes_visible_is_shared() -> None:
    found = notices_for(await copy(status="DRAFT"), await copy())
    assert [item.cause for item in found] == ["shared"]


async def test_a_copy_that_is_hidden_again_is_told_since_the_partner_could_read_it() -> None:
    found = notices_for(await copy(), await copy(status="DRAFT"))
    assert [(item.kind, item.cause) for item in found] == [(CnrKind.IIA, "hidden")]


async def test_an_approval_is_told_under_the_id_of_the_partner() -> None:
    found = notices_for(await copy(theirs="ald-1"), await copy(theirs="ald-1", own_approval=True))
    assert [(item.kind, item.iia_id, item.cause) for item in found] == [
        (CnrKind.IIA_APPROVAL, "ald-1", "approved")
    ]


async def test_an_approval_taken_back_is_told() -> None:
    found = notices_for(await copy(theirs="ald-1", own_approval=True), await copy(theirs="ald-1"))
    assert [item.cause for item in found] == ["approval withdrawn"]


async def test_an_approval_taken_back_together_with_the_link_is_told_under_the_former_id() -> None:
    found = notices_for(await copy(theirs="ald-1", own_approval=True), await copy())
    assert [(item.kind, item.iia_id) for item in found] == [
        (CnrKind.IIA, "nh-1"),
        (CnrKind.IIA_APPROVAL, "ald-1"),
    ]


async def test_the_first_sight_of_an_approval_is_not_told_since_it_was_given_before_we_looked() -> None:
    found = notices_for(None, await copy(theirs="ald-1", own_approval=True))
    assert [item.kind for item in found] == [CnrKind.IIA]


async def test_deleting_an_approved_copy_tells_both() -> None:
    found = notices_for_deleted(await copy(theirs="ald-1", own_approval=True))
    assert [(item.kind, item.iia_id) for item in found] == [
        (CnrKind.IIA, "nh-1"),
        (CnrKind.IIA_APPROVAL, "ald-1"),
    ]


async def test_copies_notifications_and_evidence_are_committed_together() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1", theirs="ald-1")
    report = await ingest(bridge.context, bridge.source)
    assert (report.new, report.queued, report.complete) == (1, 1, True)
    held = await bridge.store.read(lambda uow: uow.copies.get(US, ALDERTON, "nh-1"))
    assert held is not None
    assert await bridge.store.read(lambda uow: uow.copies.document(held.copy.document.sha256))
    assert [item.iia_id for item in await bridge.outbox()] == ["nh-1"]
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == 1
    assert "agreement:alderton.example:ours:nh-1" in await bridge.store.read(
        lambda uow: uow.work.to_compare()
    )


@pytest.mark.parametrize(
    "place", ["evidence.append", "copies.save", "outbox.queue", "work.mark_to_compare", "partners.save_index"]
)
async def test_nothing_stays_of_a_unit_of_work_that_fails(place: str) -> None:
    bridge = a_bridge()
    bridge.source.put("nh-0", BRAVA)
    await ingest(bridge.context, bridge.source)
    before = await dump(bridge.store)
    bridge.source.put("nh-1")
    failing = with_store(bridge, FailingStore(bridge.store, place, StoreError("the disk is full")))
    with pytest.raises(StoreError):
        await ingest(failing.context, bridge.source)
    assert await dump(bridge.store) == before
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == 1


async def test_running_twice_changes_nothing() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1", theirs="ald-1", own_approval=True)
    await ingest(bridge.context, bridge.source)
    before = await dump(bridge.store)
    bridge.clock.move(3600)
    report = await ingest(bridge.context, bridge.source)
    assert (report.new, report.changed, report.unchanged, report.queued) == (0, 0, 1, 0)
    after = await dump(bridge.store)
    assert after["copies"] == before["copies"]
    assert after["history"] == []
    assert after["outbox"] == before["outbox"]


async def test_several_changes_before_sending_are_one_notification() -> None:
    bridge = a_bridge()
    for places in (3, 4, 5):
        bridge.source.put("nh-1", places=places)
        await ingest(bridge.context, bridge.source)
    (only,) = await bridge.outbox()
    assert (only.merged, only.cause) == (2, "changed")


async def test_a_source_that_does_not_answer_deletes_nothing_and_is_noted() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1")
    await ingest(bridge.context, bridge.source)
    bridge.source.error = unreachable("mobility_online")
    report = await ingest(bridge.context, bridge.source)
    assert report.error is bridge.source.error
    held = await bridge.store.read(lambda uow: uow.copies.get(US, ALDERTON, "nh-1"))
    assert held is not None
    assert held.live
    assert [line["reason"] for line in bridge.events("source.failed")] == ["timeout"]
    assert (await bridge.sync(send=False)).errors == (bridge.source.error,)
    assert "SOURCE_UNREACHABLE" in await bridge.open_codes()
    bridge.source.error = None
    await bridge.sync(send=False)
    assert "SOURCE_UNREACHABLE" not in await bridge.open_codes()


async def test_a_shrunken_source_is_a_discrepancy_until_it_is_accepted() -> None:
    bridge = a_bridge()
    for number in range(3):
        bridge.source.put(f"nh-{number}", places=3 + number)
    await bridge.sync()
    for number in range(3):
        bridge.source.drop(f"nh-{number}")
    report = await bridge.sync()
    assert [item.shrunk_to for item in report.sources] == [0]
    assert "SOURCE_SHRUNK" in await bridge.open_codes()
    assert len(await bridge.store.read(lambda uow: uow.copies.local())) == 3
    again = await bridge.sync()
    assert [item.shrunk_to for item in again.sources] == [0]
    accepted = await bridge.sync(accept_shrink=True)
    assert [(item.gone, item.queued) for item in accepted.sources] == [(3, 3)]
    assert "SOURCE_SHRUNK" not in await bridge.open_codes()


async def test_unreadable_records_are_each_a_discrepancy_and_do_not_hide_the_others() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1")
    bridge.source.problems = (("agreement 7", "no partner; nobody knows why"), ("agreement 8", "no years"))
    bridge.source.complete = False
    await bridge.sync(send=False)
    codes = await bridge.open_codes()
    assert codes.count("SOURCE_RECORD_UNREADABLE") == 2
    assert codes.count("SOURCE_INCOMPLETE") == 1


def test_problems_survive_being_written_whatever_is_in_them() -> None:
    pairs = (("agreement 7", "a; b: c"), ("agreement 8", "first line\nsecond"))
    assert read_problems(write_problems(pairs)) == (
        ("agreement 7", "a; b: c"),
        ("agreement 8", "first line second"),
    )
    assert len(write_problems([("where", "x" * 300)] * 100)) <= 2000
