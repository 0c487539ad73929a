"""A whole round, its dry run, and which partners are due: nothing stops the others, nothing is asked too often."""

from datetime import timedelta

import pytest
from tests.support.bridges import Bridge, a_bridge, dump
from tests.support.network import ALDERTON, BRAVA, US, unreachable

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import NotOffered, UsageError
from mobility_bridge.ports.sources import CatalogueStatus
from mobility_bridge.services.catalogue import refresh_catalogue
from mobility_bridge.services.due import due_for_approvals, due_for_refresh, due_for_sweep, share
from mobility_bridge.services.ingest import ingest
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.refresh import refresh_partner
from mobility_bridge.services.sweep import sweep_partner
from mobility_bridge.services.sync import Wanted, sync


def two_partners(bridge: Bridge) -> None:
    for hei_id in (ALDERTON, BRAVA):
        bridge.source.put(f"nh-{hei_id}", hei_id, theirs="their-1")
        bridge.network[hei_id].put("their-1", ours=f"nh-{hei_id}")


async def test_a_round_reads_compares_and_tells() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    report = await bridge.sync()
    assert report.errors == ()
    assert [(item.new, item.queued) for item in report.sources] == [(2, 2)]
    assert [(item.sweep.listed, item.refresh.fetched) for item in report.partners if item.refresh] == [
        (1, 1)
    ] * 2
    assert report.notified.delivered == 2
    assert report.compared.compared > 0


async def test_our_system_failing_does_not_stop_the_partners() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    bridge.source.error = unreachable("mobility_online")
    report = await bridge.sync()
    assert len(report.errors) == 1
    assert await bridge.store.read(lambda uow: uow.copies.ids_of_partner(BRAVA, US)) == {"their-1"}


async def test_no_catalogue_at_all_does_not_stop_our_own_system() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    bridge.network.catalogue_error = unreachable("registry")
    bridge.network.hosts.clear()
    report = await bridge.sync(send=False)
    assert report.errors == (bridge.network.catalogue_error,)
    assert [item.new for item in report.sources] == [2]
    assert bridge.network.calls.total() == 0
    assert "CATALOGUE_STALE" in await bridge.open_codes()


async def test_a_catalogue_that_is_refused_does_not_stop_the_work_with_the_last_good_one() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    bridge.network.catalogue_error = unreachable("registry")
    report = await bridge.sync()
    assert report.errors == (bridge.network.catalogue_error,)
    assert len(report.partners) == 2


async def test_a_catalogue_kept_from_before_is_a_discrepancy_until_a_new_one_comes() -> None:
    bridge = a_bridge()
    fresh = bridge.network.catalogue
    bridge.network.catalogue = CatalogueStatus(2, bridge.clock.now(), problem="the registry timed out")
    await bridge.sync()
    assert "CATALOGUE_STALE" in await bridge.open_codes()
    assert [line["detail"] for line in bridge.events("catalogue.kept")] == ["the registry timed out"]
    bridge.network.catalogue = fresh
    await bridge.sync()
    assert "CATALOGUE_STALE" not in await bridge.open_codes()


async def test_a_catalogue_without_our_key_is_a_discrepancy_of_its_own_until_it_has_it() -> None:
    bridge = a_bridge()
    fresh = bridge.network.catalogue
    bridge.network.catalogue = CatalogueStatus(
        2, bridge.clock.now(), key_problem="it belongs to eskil.example"
    )
    await bridge.sync()
    open_codes = await bridge.open_codes()
    assert "CLIENT_KEY_UNKNOWN" in open_codes
    assert "CATALOGUE_STALE" not in open_codes
    assert [line["detail"] for line in bridge.events("catalogue.key_unknown")] == [
        "it belongs to eskil.example"
    ]
    bridge.network.catalogue = fresh
    await bridge.sync()
    assert "CLIENT_KEY_UNKNOWN" not in await bridge.open_codes()


async def test_a_changed_catalogue_has_every_partner_looked_at_again() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await bridge.sync()
    bridge.network.catalogue = CatalogueStatus(2, bridge.clock.now(), changed=True)
    await refresh_catalogue(bridge.context)
    marked = await bridge.store.read(lambda uow: uow.work.to_compare())
    assert set(marked) == {"partner:alderton.example", "partner:brava.example", "source:catalogue"}


async def test_only_what_was_named_is_asked() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await bridge.sync(partners=(BRAVA,))
    assert {hei_id for hei_id, _ in bridge.network.calls} == {BRAVA}
    assert bridge.source.calls == 0
    await bridge.sync(sources=("mobility_online",))
    assert bridge.network.calls[(ALDERTON, "index")] == 0
    assert bridge.source.calls == 1
    await bridge.sync(sources=("ewp",))
    assert bridge.network.calls[(ALDERTON, "index")] == 1
    assert bridge.source.calls == 1


@pytest.mark.parametrize("wanted", [{"partners": (HeiId("nobody.example"),)}, {"sources": ("ladok",)}])
async def test_what_does_not_exist_is_named_with_the_next_step(wanted: dict[str, object]) -> None:
    with pytest.raises(UsageError) as caught:
        await a_bridge().sync(**wanted)
    assert caught.value.next_step


async def test_a_partner_cannot_be_asked_without_a_network() -> None:
    bridge = a_bridge()
    alone = type(bridge.context)(bridge.context.settings, bridge.store, bridge.clock, bridge.context.log)
    with pytest.raises(NotOffered):
        await sync(alone, Wanted(partners=(BRAVA,)))


async def test_excluded_partners_and_those_not_allowed_are_not_asked() -> None:
    excluding = a_bridge(sync={"exclude_partners": [ALDERTON]})
    await excluding.sync()
    assert {hei_id for hei_id, _ in excluding.network.calls} == {BRAVA}
    allowing = a_bridge(sync={"partners": [ALDERTON]})
    await allowing.sync()
    assert {hei_id for hei_id, _ in allowing.network.calls} == {ALDERTON}


async def test_no_more_partners_are_worked_on_at_once_than_allowed() -> None:
    bridge = a_bridge(
        None, *(HeiId(f"hei-{number}.example") for number in range(20)), sync={"concurrency": 3}
    )
    report = await bridge.sync()
    assert len(report.partners) == 20


async def test_a_dry_run_lists_the_steps_calls_nobody_and_writes_nothing() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await bridge.sync(send=False)
    bridge.source.put("nh-9")
    await ingest(bridge.context, bridge.source)
    before, asked, read = await dump(bridge.store), len(bridge.network.asked), bridge.source.calls
    evidence = await bridge.store.read(lambda uow: uow.evidence.count())
    plan = await plan_sync(bridge.context, Wanted())
    steps = [(step.what, step.whom) for step in plan]
    assert steps[:2] == [("refresh", "catalogue"), ("read", "mobility_online")]
    assert ("index", ALDERTON) in steps
    assert ("approvals", BRAVA) in steps
    assert ("notify iia", ALDERTON) in steps
    assert ("compare", "agreement:alderton.example:ours:nh-9") in steps
    assert await dump(bridge.store) == before
    assert (len(bridge.network.asked), bridge.source.calls) == (asked, read)
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == evidence


async def test_a_dry_run_of_one_source_or_partner_lists_only_that() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    only_source = await plan_sync(bridge.context, Wanted(sources=("mobility_online",)))
    assert "index" not in {step.what for step in only_source}
    only_partner = await plan_sync(bridge.context, Wanted(partners=(BRAVA,)))
    assert {step.whom for step in only_partner} == {"catalogue", BRAVA}


# Which partners are due.


def many(count: int) -> Bridge:
    return a_bridge(None, *(HeiId(f"hei-{number:03}.example") for number in range(count)))


@pytest.mark.parametrize("count", [1, 2, 59, 60, 300, 1000])
def test_all_partners_have_their_turn_within_a_period(count: int) -> None:
    knocks = 3600 // 60
    assert share(count, 3600, 60) * knocks >= count
    assert share(count, 3600, 60) <= max(1, -(-count * 5 // (knocks * 4)) + 1)


async def test_partners_are_swept_in_turn_and_each_once_a_period() -> None:
    bridge = many(30)
    swept: list[HeiId] = []
    for _ in range(60):
        for hei_id in await due_for_sweep(bridge.context, 60):
            await sweep_partner(bridge.context, hei_id)
            swept.append(hei_id)
        bridge.clock.move(60)
    assert len(swept) == len(set(swept)) == 30


async def test_a_partner_that_failed_is_due_again_only_when_its_period_is_over() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].errors["index"] = unreachable()
    await sweep_partner(bridge.context, ALDERTON)
    await sweep_partner(bridge.context, BRAVA)
    assert await due_for_sweep(bridge.context, 3600) == []
    bridge.clock.move(3600)
    assert set(await due_for_sweep(bridge.context, 3600)) == {ALDERTON, BRAVA}


async def test_partners_without_a_question_about_approvals_do_not_keep_the_others_from_being_asked() -> None:
    bridge = many(5)
    last = HeiId("hei-004.example")
    bridge.source.put("nh-1", last)
    bridge.source.put("nh-2", HeiId("hei-003.example"))
    bridge.network[HeiId("hei-003.example")].apis = ("iias",)
    await ingest(bridge.context, bridge.source)
    assert await due_for_approvals(bridge.context, 60) == [last]


async def test_dirty_and_long_unconfirmed_copies_are_fetched_without_a_sweep() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await bridge.sync()
    assert await due_for_refresh(bridge.context) == []
    await bridge.store.write(lambda uow: uow.work.mark_dirty(BRAVA, ["their-1"], bridge.clock.now(), "told"))  # type: ignore[list-item]
    assert await due_for_refresh(bridge.context) == [BRAVA]
    bridge.clock.move(86_401)
    assert await due_for_refresh(bridge.context) == [ALDERTON, BRAVA]


async def test_a_partner_whose_copies_cannot_be_fetched_is_left_alone_longer_each_time() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await sweep_partner(bridge.context, ALDERTON)
    bridge.network[ALDERTON].errors["get"] = unreachable()
    waits = []
    for _ in range(8):
        await refresh_partner(bridge.context, ALDERTON)
        waited = 0
        while ALDERTON not in await due_for_refresh(bridge.context):
            bridge.clock.move(60)
            waited += 60
        waits.append(waited)
    assert waits == [120, 240, 480, 960, 1920, 3600, 3600, 3600]


async def test_a_source_that_does_not_exist_is_refused_before_anything_is_asked_or_planned() -> None:
    bridge = a_bridge()
    for refused in (sync(bridge.context, Wanted(("nope",))), plan_sync(bridge.context, Wanted(("nope",)))):
        with pytest.raises(UsageError, match="no source is called 'nope'") as caught:
            await refused
        assert caught.value.next_step == "Sources: mobility_online, ewp."
    assert bridge.network.asked == []


async def test_a_partner_gone_from_the_catalogue_is_not_fetched_from() -> None:
    bridge = a_bridge()
    two_partners(bridge)
    await sweep_partner(bridge.context, ALDERTON)
    del bridge.network.hosts[ALDERTON]
    assert await due_for_refresh(bridge.context) == []


async def test_a_failing_host_keeps_the_start_of_its_failure_and_counts() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].errors["index"] = unreachable()
    started = bridge.clock.now()
    for _ in range(3):
        await sweep_partner(bridge.context, ALDERTON)
        bridge.clock.move(3600)
    health: Health = await bridge.store.read(lambda uow: uow.partners.health(ALDERTON)["iias.index"])
    assert (health.failing_since, health.failures) == (started, 3)
    assert health.last_failed_at == started + timedelta(hours=2)
