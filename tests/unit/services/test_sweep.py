"""Reading a partner's index: what it may ask, what an answer means, and when it is not believed."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.bridges import Bridge, FailingStore, a_bridge, dump, with_store
from tests.support.network import ALDERTON, US, invalid, unreachable

from mobility_bridge.domain.partner import IndexState
from mobility_bridge.errors import StoreError
from mobility_bridge.services.listing_seen import last_listing
from mobility_bridge.services.refresh import refresh_partner
from mobility_bridge.services.sweep import since, sweep_partner

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


async def read_all(bridge: Bridge, count: int = 4) -> None:
    """A partner with so many copies, all of them read."""
    for number in range(count):
        bridge.network[ALDERTON].put(f"ald-{number}", changed_at=bridge.clock.now())
    await sweep_partner(bridge.context, ALDERTON)
    await refresh_partner(bridge.context, ALDERTON)


async def dirty(bridge: Bridge) -> list[str]:
    found = await bridge.store.read(lambda uow: uow.work.dirty(ALDERTON))
    return sorted(iia_id for _, iia_id in found)


async def index(bridge: Bridge) -> IndexState:
    state = await bridge.store.read(lambda uow: uow.partners.index(ALDERTON))
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("state", "full"),
    [
        (None, False),
        (IndexState(ALDERTON), False),
        (IndexState(ALDERTON, listed_at=NOW), False),
        (IndexState(ALDERTON, NOW, NOW - DAY), False),
        (IndexState(ALDERTON, NOW, NOW, shrunk_to=1), False),
        (IndexState(ALDERTON, NOW, NOW), True),
    ],
    ids=["never asked", "nothing known", "never in full", "a day since", "not believed", "by hand"],
)
def test_everything_is_asked_for(state: IndexState | None, *, full: bool) -> None:
    assert since(state, a_bridge().context, full=full) is None


def test_changes_are_asked_for_with_a_day_of_overlap() -> None:
    bridge = a_bridge()
    state = IndexState(ALDERTON, bridge.clock.now(), bridge.clock.now())
    bridge.clock.move(3600)
    assert since(state, bridge.context, full=False) == bridge.clock.now() - timedelta(seconds=3600) - DAY


async def test_new_ids_are_fetched_and_known_ones_are_not() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].put("ald-9")
    report = await sweep_partner(bridge.context, ALDERTON, full=True)
    assert (report.listed, report.new, report.changed, report.suspected_gone) == (5, 1, 0, 0)
    assert await dirty(bridge) == ["ald-9"]


async def test_a_listing_of_changes_marks_what_it_names_and_nothing_as_gone() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.clock.move(2 * 3600)
    bridge.network[ALDERTON].put("ald-1", places=9, changed_at=bridge.clock.now())
    for name in ("ald-0", "ald-2", "ald-3"):
        bridge.network[ALDERTON].copies[name].changed_at = bridge.clock.now() - 3 * DAY
    report = await sweep_partner(bridge.context, ALDERTON)
    assert (report.new, report.changed, report.suspected_gone, report.shrunk_to) == (0, 1, 0, None)
    assert await dirty(bridge) == ["ald-1"]


async def test_an_id_that_a_full_index_lacks_is_asked_for_before_it_counts_as_gone() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    del bridge.network[ALDERTON].copies["ald-3"]
    await sweep_partner(bridge.context, ALDERTON, full=True)
    held = await bridge.store.read(lambda uow: uow.copies.get(ALDERTON, US, "ald-3"))
    assert held is not None
    assert held.live
    await refresh_partner(bridge.context, ALDERTON)
    held = await bridge.store.read(lambda uow: uow.copies.get(ALDERTON, US, "ald-3"))
    assert held is not None
    assert not held.live


@pytest.mark.parametrize("listed", [(), ("ald-0",)])
async def test_an_index_of_less_than_half_deletes_nothing_until_a_person_accepts_it(
    listed: tuple[str, ...],
) -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].listed = listed
    for _ in range(2):
        report = await sweep_partner(bridge.context, ALDERTON, full=True)
        assert report.shrunk_to == len(listed)
        assert await dirty(bridge) == []
    assert (await index(bridge)).count == 4
    await bridge.sync()
    assert "INDEX_SHRUNK" in await bridge.open_codes()
    assert len(bridge.events("index.shrunk")) == 3
    accepted = await sweep_partner(bridge.context, ALDERTON, accept_shrink=True)
    assert (accepted.shrunk_to, accepted.suspected_gone) == (None, 4 - len(listed))
    await bridge.sync()
    assert "INDEX_SHRUNK" not in await bridge.open_codes()


async def test_a_shrunken_index_that_is_whole_again_settles_by_itself() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].listed = ()
    await bridge.sync(full=True)
    bridge.network[ALDERTON].listed = None
    await bridge.sync()
    assert "INDEX_SHRUNK" not in await bridge.open_codes()
    assert len(await bridge.store.read(lambda uow: uow.copies.of_partner(ALDERTON, US))) == 4


async def test_new_ids_listed_again_and_again_do_not_make_the_index_look_larger_than_it_is() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].errors["get"] = unreachable()
    for number in range(3):
        bridge.network[ALDERTON].put(f"new-{number}", changed_at=bridge.clock.now())
    for _ in range(20):
        bridge.clock.move(3600)
        await sweep_partner(bridge.context, ALDERTON)
    report = await sweep_partner(bridge.context, ALDERTON, full=True)
    assert report.shrunk_to is None


def questions(bridge: Bridge) -> int:
    return bridge.network.calls[ALDERTON, "index"]


async def test_a_partner_that_ignores_modified_since_is_not_read_anew_each_time() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].ignores_modified_since = True
    before = questions(bridge)
    for asked in (2, 3, 4):
        bridge.clock.move(3600)
        report = await sweep_partner(bridge.context, ALDERTON)
        assert (report.changed, await dirty(bridge)) == (0, [])
        assert questions(bridge) - before == asked
    assert (await index(bridge)).ignores_modified_since


async def test_all_copies_of_a_partner_may_change_at_once() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    for _ in range(2):
        bridge.clock.move(3600)
        await read_all_changes(bridge)
        assert len(await dirty(bridge)) == 4
        await refresh_partner(bridge.context, ALDERTON)
    assert not (await index(bridge)).ignores_modified_since


async def read_all_changes(bridge: Bridge) -> None:
    for number in range(4):
        bridge.network[ALDERTON].put(f"ald-{number}", places=9, changed_at=bridge.clock.now())
    await sweep_partner(bridge.context, ALDERTON)


async def test_a_partner_that_begins_to_heed_modified_since_is_believed_again() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    bridge.network[ALDERTON].ignores_modified_since = True
    bridge.clock.move(3600)
    await sweep_partner(bridge.context, ALDERTON)
    bridge.network[ALDERTON].ignores_modified_since = False
    bridge.network[ALDERTON].copies["ald-0"].changed_at = bridge.clock.now() - 3 * DAY
    bridge.clock.move(600)
    await sweep_partner(bridge.context, ALDERTON)
    assert not (await index(bridge)).ignores_modified_since
    bridge.clock.move(600)
    await read_all_changes(bridge)
    assert len(await dirty(bridge)) == 4


async def test_an_index_that_names_agreements_of_others_is_reported_until_it_does_not() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("ald-7", lists_us=False)
    bridge.network[ALDERTON].put("ald-8")
    await bridge.sync()
    assert "INDEX_NOT_FILTERED" in await bridge.open_codes()
    bridge.network[ALDERTON].listed = ("ald-8",)
    await bridge.sync(full=True)
    assert "INDEX_NOT_FILTERED" not in await bridge.open_codes()


async def test_an_index_that_cannot_be_read_changes_nothing_but_the_health() -> None:
    bridge = a_bridge()
    await read_all(bridge)
    before, listed_at = await dump(bridge.store), (await index(bridge)).listed_at
    bridge.network[ALDERTON].errors["index"] = invalid()
    report = await sweep_partner(bridge.context, ALDERTON)
    assert report.error is not None
    after = await dump(bridge.store)
    assert (after["copies"], after["dirty"]) == (before["copies"], before["dirty"])
    assert (await index(bridge)).listed_at == listed_at
    health = await bridge.store.read(lambda uow: uow.partners.health(ALDERTON)["iias.index"])
    assert (health.failure_code, health.failure_reason, health.failures) == ("invalid_document", "schema", 1)
    assert "line 7" in health.detail
    await sweep_partner(bridge.context, ALDERTON)
    health = await bridge.store.read(lambda uow: uow.partners.health(ALDERTON)["iias.index"])
    assert health.failures == 2
    del bridge.network[ALDERTON].errors["index"]
    await sweep_partner(bridge.context, ALDERTON)
    assert [line["failed"] for line in bridge.events("partner.recovered")] == [2]


async def test_a_sweep_commits_once() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].put("ald-1")
    failing = with_store(bridge, FailingStore(bridge.store, "partners.save_index", StoreError("full")))
    with pytest.raises(StoreError):
        await sweep_partner(failing.context, ALDERTON)
    assert await dirty(bridge) == []
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == 0
    assert await bridge.store.read(lambda uow: last_listing(uow, ALDERTON)) is None


async def test_a_copy_listed_and_not_served_is_reported_and_so_is_the_reverse() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1", theirs="ald-1")
    bridge.source.put("nh-2", theirs="ald-2")
    bridge.network[ALDERTON].put("ald-1", ours="nh-1")
    bridge.network[ALDERTON].put("ald-2", ours="nh-2")
    await bridge.sync()
    assert "HIDDEN_BY_PARTNER" not in await bridge.open_codes()
    bridge.network[ALDERTON].listed = ("ald-1", "ald-2")
    del bridge.network[ALDERTON].copies["ald-1"]
    bridge.clock.move(2 * 86_400)
    await bridge.sync()
    assert (await bridge.open_codes()).count("HIDDEN_BY_PARTNER") == 1
    bridge.network[ALDERTON].put("ald-1", ours="nh-1")
    bridge.network[ALDERTON].listed = ("ald-1",)
    await bridge.sync(full=True)
    found = await bridge.store.read(lambda uow: uow.discrepancies.select(code="HIDDEN_BY_PARTNER"))
    assert sorted((str(item.finding.subject.iia_id), item.state.value) for item in found) == [
        ("nh-1", "resolved"),
        ("nh-2", "open"),
    ]
