"""Fetching partner copies: in batches, one bad document at a time, never more than needed."""

from dataclasses import replace

import pytest
from tests.support.bridges import Bridge, FailingStore, a_bridge, with_store
from tests.support.network import ALDERTON, BRAVA, US, invalid, not_offered, rejected, sha, unreachable

from mobility_bridge.domain.snapshot import DocumentRef, StoredCopy
from mobility_bridge.errors import StoreError
from mobility_bridge.services.refresh import refresh_partner
from mobility_bridge.services.sweep import sweep_partner


async def listed(bridge: Bridge, count: int) -> None:
    for number in range(count):
        bridge.network[ALDERTON].put(f"ald-{number}")
    await sweep_partner(bridge.context, ALDERTON)


async def held(bridge: Bridge, iia_id: str) -> StoredCopy | None:
    return await bridge.store.read(lambda uow: uow.copies.get(ALDERTON, US, iia_id))  # type: ignore[arg-type]


async def dirty(bridge: Bridge) -> list[str]:
    found = await bridge.store.read(lambda uow: uow.work.dirty(ALDERTON))
    return sorted(iia_id for _, iia_id in found)


def gets(bridge: Bridge) -> list[object]:
    return [what for _, api, what in bridge.network.asked if api == "get"]


async def codes(bridge: Bridge) -> list[str]:
    await bridge.sync(send=False)
    return await bridge.open_codes()


async def test_no_request_names_more_ids_than_the_partner_allows() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].max_ids = 3
    await listed(bridge, 7)
    report = await refresh_partner(bridge.context, ALDERTON)
    assert [len(ids) for ids in gets(bridge)] == [3, 3, 1]  # type: ignore[arg-type]
    assert (report.fetched, report.changed, report.gone, report.error) == (7, 7, 0, None)
    assert await dirty(bridge) == []


async def test_nothing_to_fetch_asks_nobody() -> None:
    bridge = a_bridge()
    await refresh_partner(bridge.context, ALDERTON)
    assert gets(bridge) == []
    assert bridge.events("copies.refreshed") == []


async def test_ids_of_ours_are_told_so_that_a_wrong_hash_can_be_explained() -> None:
    bridge = a_bridge()
    bridge.source.put("our-2", ALDERTON)
    bridge.source.put("our-1", ALDERTON)
    bridge.source.put("our-3", BRAVA)
    bridge.network[ALDERTON].put("ald-0")
    await bridge.sync(send=False)
    assert bridge.network.told_ids == [("our-1", "our-2")]


async def test_a_copy_is_kept_with_the_bytes_that_prove_it() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    copy = await held(bridge, "ald-1")
    assert copy is not None
    document = await bridge.store.read(lambda uow: uow.copies.document(copy.copy.document.sha256))
    assert document is not None
    assert bridge.context.decode(document, copy.copy.document).partners[0].iia_id == "ald-1"


async def test_a_copy_that_changes_while_it_is_fetched_is_fetched_again() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)

    async def notified() -> None:
        bridge.clock.move(1)
        at = bridge.clock.now()
        await bridge.store.write(lambda uow: uow.work.mark_dirty(ALDERTON, ["ald-1"], at, "cnr"))

    bridge.network.while_fetching = notified
    await refresh_partner(bridge.context, ALDERTON)
    assert await dirty(bridge) == ["ald-1"]
    bridge.network.while_fetching = None
    await refresh_partner(bridge.context, ALDERTON)
    assert gets(bridge) == [("ald-0", "ald-1"), ("ald-1",)]
    assert await dirty(bridge) == []


async def test_an_answer_equal_to_the_last_byte_is_only_confirmed() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    before = await held(bridge, "ald-0")
    bridge.clock.move(2 * 86_400)
    report = await refresh_partner(bridge.context, ALDERTON)
    after = await held(bridge, "ald-0")
    assert (report.fetched, report.changed, report.unchanged) == (2, 0, 2)
    assert before is not None
    assert after is not None
    assert (after.copy, after.changed_at) == (before.copy, before.changed_at)
    assert after.confirmed_at == bridge.clock.now()
    assert await bridge.store.read(lambda uow: uow.copies.history(ALDERTON, US, "ald-0")) == []


async def test_an_answer_known_when_it_was_asked_for_is_asked_for_again_when_another_text_came_between() -> (
    None
):
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    before = await held(bridge, "ald-0")
    assert before is not None
    newer = replace(before.copy, in_effect=not before.copy.in_effect, document=DocumentRef(sha("newer"), "x"))

    async def stored() -> None:
        await bridge.store.write(lambda uow: uow.copies.save([newer], bridge.clock.now()))

    bridge.clock.move(2 * 86_400)
    bridge.network.while_fetching = stored
    await refresh_partner(bridge.context, ALDERTON)
    after = await held(bridge, "ald-0")
    assert after is not None
    assert after.copy == newer
    assert await dirty(bridge) == ["ald-0", "ald-1"]


async def test_a_copy_not_confirmed_for_a_day_is_fetched_again_unasked() -> None:
    bridge = a_bridge()
    await listed(bridge, 1)
    await refresh_partner(bridge.context, ALDERTON)
    bridge.clock.move(86_399)
    await refresh_partner(bridge.context, ALDERTON)
    assert len(gets(bridge)) == 1
    bridge.clock.move(2)
    await refresh_partner(bridge.context, ALDERTON)
    assert len(gets(bridge)) == 2


async def test_everything_is_fetched_again_when_a_person_asks_for_it() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    await refresh_partner(bridge.context, ALDERTON, everything=True)
    assert gets(bridge) == [("ald-0", "ald-1")] * 2


async def test_one_invalid_document_does_not_hide_the_others() -> None:
    bridge = a_bridge()
    await listed(bridge, 3)
    bridge.network[ALDERTON].invalid = {"ald-1"}
    report = await refresh_partner(bridge.context, ALDERTON)
    assert (report.fetched, type(report.error)) == (2, type(invalid()))
    assert await held(bridge, "ald-0")
    assert await held(bridge, "ald-1") is None
    assert await held(bridge, "ald-2")
    assert await dirty(bridge) == ["ald-1"]


async def test_an_invalid_document_stays_reported_although_valid_ones_follow_it() -> None:
    bridge = a_bridge()
    await listed(bridge, 3)
    bridge.network[ALDERTON].invalid = {"ald-1"}
    assert "ANSWER_INVALID" in await codes(bridge)
    bridge.clock.move(600)
    assert "ANSWER_INVALID" in await codes(bridge)
    assert bridge.events("partner.recovered") == []
    found = await bridge.store.read(lambda uow: uow.discrepancies.select(code="ANSWER_INVALID"))
    assert [item.times_reopened for item in found] == [0]
    bridge.network[ALDERTON].invalid = set()
    assert "ANSWER_INVALID" not in await codes(bridge)


async def test_an_invalid_document_deletes_nothing() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    bridge.network[ALDERTON].invalid = {"ald-0", "ald-1"}
    bridge.network[ALDERTON].copies.clear()
    bridge.clock.move(2 * 86_400)
    await refresh_partner(bridge.context, ALDERTON)
    copy = await held(bridge, "ald-0")
    assert copy is not None
    assert copy.live


@pytest.mark.parametrize("error", [unreachable(), rejected(500), not_offered()])
async def test_a_partner_that_fails_is_not_asked_for_its_other_batches(error: object) -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].max_ids = 1
    await listed(bridge, 4)
    bridge.network[ALDERTON].errors["get"] = error  # type: ignore[assignment]
    report = await refresh_partner(bridge.context, ALDERTON)
    assert report.error is error
    assert len(gets(bridge)) == 1
    assert len(await dirty(bridge)) == 4


async def test_an_id_that_is_not_answered_is_gone_and_its_text_stays() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    del bridge.network[ALDERTON].copies["ald-1"]
    report = await refresh_partner(bridge.context, ALDERTON, everything=True)
    assert report.gone == 1
    copy = await held(bridge, "ald-1")
    assert copy is not None
    assert copy.gone_at == bridge.clock.now()
    again = await refresh_partner(bridge.context, ALDERTON, everything=True)
    assert again.gone == 0


async def test_agreements_of_others_are_remembered_and_not_stored_nor_asked_for_again() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("ald-7", lists_us=False)
    await listed(bridge, 1)
    await refresh_partner(bridge.context, ALDERTON)
    assert await held(bridge, "ald-7") is None
    state = await bridge.store.read(lambda uow: uow.partners.index(ALDERTON))
    assert state is not None
    assert state.foreign_ids == ("ald-7",)
    await sweep_partner(bridge.context, ALDERTON, full=True)
    assert await dirty(bridge) == []
    await refresh_partner(bridge.context, ALDERTON)
    assert len(gets(bridge)) == 1


async def test_a_copy_that_no_longer_names_us_is_ours_no_more() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    await refresh_partner(bridge.context, ALDERTON)
    bridge.network[ALDERTON].put("ald-1", lists_us=False)
    report = await refresh_partner(bridge.context, ALDERTON, everything=True)
    assert report.gone == 1
    copy = await held(bridge, "ald-1")
    assert copy is not None
    assert not copy.live


async def test_a_batch_is_committed_once() -> None:
    bridge = a_bridge()
    await listed(bridge, 2)
    evidence = await bridge.store.read(lambda uow: uow.evidence.count())
    failing = with_store(bridge, FailingStore(bridge.store, "work.mark_to_compare", StoreError("full")))
    with pytest.raises(StoreError):
        await refresh_partner(failing.context, ALDERTON)
    assert await held(bridge, "ald-0") is None
    assert await dirty(bridge) == ["ald-0", "ald-1"]
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == evidence


async def test_every_agreement_that_a_copy_touches_is_compared_anew_and_no_other() -> None:
    bridge = a_bridge()
    for number in (1, 2, 3):
        bridge.source.put(f"nh-{number}", theirs=f"ald-{number}")
        bridge.network[ALDERTON].put(f"ald-{number}", ours=f"nh-{number}")
    await bridge.sync()
    bridge.network[ALDERTON].put("ald-1", ours="nh-2", places=5)
    await refresh_partner(bridge.context, ALDERTON, everything=True)
    marked = await bridge.store.read(lambda uow: uow.work.to_compare())
    about = f"agreement:{ALDERTON}"
    assert set(marked) == {f"{about}:ours:nh-1", f"{about}:ours:nh-2", f"{about}:theirs:ald-1"}
    changed = await held(bridge, "ald-2")
    assert changed is not None
    assert changed.copy.document == replace((await held(bridge, "ald-1")).copy.document, position=1)  # type: ignore[union-attr]


async def test_one_failing_partner_never_stops_the_others() -> None:
    bridge = a_bridge()
    for hei_id in (ALDERTON, BRAVA):
        bridge.network[hei_id].put("their-1")
    bridge.network[ALDERTON].errors |= {"index": unreachable(), "get": unreachable()}
    report = await bridge.sync()
    assert [error.hei_id for error in report.errors] == [ALDERTON]
    assert await bridge.store.read(lambda uow: uow.copies.ids_of_partner(BRAVA, US)) == {"their-1"}
