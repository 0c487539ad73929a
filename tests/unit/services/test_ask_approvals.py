"""Asking partners for approvals: new, replaced, withdrawn, and never assumed."""

from tests.support.bridges import Bridge, a_bridge
from tests.support.network import ALDERTON, US, hash_of, unreachable

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.services.ask_approvals import ask_approvals
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.ingest import ingest
from mobility_bridge.services.subjects import agreement_key, parse_key


async def shared(bridge: Bridge, *ids: str) -> None:
    for iia_id in ids:
        bridge.source.put(iia_id, theirs=f"ald-{iia_id}")
    await ingest(bridge.context, bridge.source)


async def current(bridge: Bridge, iia_id: str) -> Approval | None:
    def work(uow: object) -> Approval | None:
        return uow.approvals.current(ApprovalSide.BY_PARTNER, ALDERTON, iia_id)  # type: ignore[attr-defined]

    return await bridge.store.read(work)


async def marked(bridge: Bridge) -> list[str]:
    return list(await bridge.store.read(lambda uow: uow.work.to_compare()))


async def unmarked(bridge: Bridge) -> None:
    def work(uow: object) -> None:
        for key in uow.work.to_compare():  # type: ignore[attr-defined]
            uow.work.compared(key, None)  # type: ignore[attr-defined]

    await bridge.store.write(work)


async def test_a_new_approval_is_kept_with_the_answer_that_proves_it() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1")
    report = await ask_approvals(bridge.context, ALDERTON)
    assert (report.approvals, report.changed) == (1, 1)
    approval = await current(bridge, "nh-1")
    assert approval is not None
    assert approval.iia_hash == hash_of(US, "nh-1", "ald-nh-1", 3)
    assert approval.document is not None
    assert await bridge.store.read(lambda uow: uow.copies.document(approval.document))


async def test_asking_twice_changes_nothing() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1")
    await ask_approvals(bridge.context, ALDERTON)
    await unmarked(bridge)
    first = await current(bridge, "nh-1")
    bridge.clock.move(60)
    report = await ask_approvals(bridge.context, ALDERTON)
    again = await current(bridge, "nh-1")
    assert report.changed == 0
    assert first is not None
    assert again is not None
    assert again.first_seen_at == first.first_seen_at
    assert await marked(bridge) == []


async def test_an_approval_of_another_text_replaces_the_former_one() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1")
    await ask_approvals(bridge.context, ALDERTON)
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1", places=4)
    assert (await ask_approvals(bridge.context, ALDERTON)).changed == 1
    former = await bridge.store.read(lambda uow: uow.approvals.history(ALDERTON, "nh-1"))  # type: ignore[arg-type]
    assert [item.iia_hash for item in former] == [hash_of(US, "nh-1", "ald-nh-1", 3)]


async def test_an_approval_no_longer_named_is_withdrawn_and_compared_anew() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1", "nh-2")
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1")
    await ask_approvals(bridge.context, ALDERTON)
    await unmarked(bridge)
    bridge.network[ALDERTON].approvals.clear()
    assert (await ask_approvals(bridge.context, ALDERTON)).changed == 1
    assert await current(bridge, "nh-1") is None
    assert await marked(bridge) == ["agreement:alderton.example:ours:nh-1"]


async def test_an_answer_that_does_not_come_withdraws_nothing() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")
    bridge.network[ALDERTON].approves("nh-1", theirs="ald-nh-1")
    await ask_approvals(bridge.context, ALDERTON)
    bridge.network[ALDERTON].errors["approval"] = unreachable()
    report = await ask_approvals(bridge.context, ALDERTON)
    assert report.error is not None
    assert await current(bridge, "nh-1") is not None


async def test_batches_stay_within_the_limit_and_end_at_the_first_failure() -> None:
    bridge = a_bridge()
    bridge.network[ALDERTON].max_ids = 2
    await shared(bridge, "nh-1", "nh-2", "nh-3")
    await ask_approvals(bridge.context, ALDERTON)
    asked = [what for _, api, what in bridge.network.asked if api == "approval"]
    assert asked == [("nh-1", "nh-2"), ("nh-3",)]
    bridge.network[ALDERTON].errors["approval"] = unreachable()
    await ask_approvals(bridge.context, ALDERTON)
    assert bridge.network.calls[(ALDERTON, "approval")] == 3


async def test_drafts_are_not_asked_about_and_partners_without_the_interface_not_at_all() -> None:
    bridge = a_bridge()
    bridge.source.put("nh-1", status="DRAFT")
    await ingest(bridge.context, bridge.source)
    await ask_approvals(bridge.context, ALDERTON)
    bridge.network[ALDERTON].apis = ("iias",)
    await shared(bridge, "nh-2")
    await ask_approvals(bridge.context, ALDERTON)
    assert bridge.network.calls[(ALDERTON, "approval")] == 0


async def test_an_absent_approval_means_nothing_until_the_partner_was_asked() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")

    async def read_at(iia_id: str) -> object:
        def work(uow: object) -> object:
            gathering = Gathering(bridge.context, uow, bridge.clock.now())  # type: ignore[arg-type]
            case = gathering.agreement(parse_key(agreement_key(ALDERTON, ours=iia_id)))  # type: ignore[arg-type]
            assert case is not None
            return case.approvals_read_at

        return await bridge.store.read(work)

    assert await read_at("nh-1") is None
    bridge.clock.move(60)
    await ask_approvals(bridge.context, ALDERTON)
    asked_at = bridge.clock.now()
    assert await read_at("nh-1") == asked_at
    bridge.clock.move(60)
    await shared(bridge, "nh-2")
    assert await read_at("nh-1") == asked_at
    assert await read_at("nh-2") is None


async def test_the_first_answer_has_the_agreement_compared_even_if_it_names_no_approval() -> None:
    bridge = a_bridge()
    await shared(bridge, "nh-1")
    await unmarked(bridge)
    await ask_approvals(bridge.context, ALDERTON)
    assert await marked(bridge) == ["agreement:alderton.example:ours:nh-1"]
    await unmarked(bridge)
    await ask_approvals(bridge.context, ALDERTON)
    assert await marked(bridge) == []
