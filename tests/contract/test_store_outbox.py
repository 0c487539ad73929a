"""The outbox: what every store promises about notifications."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.support.stores import ALDERTON, BRAVA, Backend, minutes

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import Store


async def queue(
    store: Store,
    iia_id: str = "iia-1",
    *,
    kind: CnrKind = CnrKind.IIA,
    partner: HeiId = ALDERTON,
    at: float = 0,
    cause: str = "changed",
) -> ChangeNotification:
    return await store.write(
        lambda unit: unit.outbox.queue(
            kind, partner, iia_id, cause=cause, at=minutes(at), expires_at=minutes(at + 1440)
        )
    )


async def claim(
    store: Store, at: float, *, lease: float = 5, limit: int = 10
) -> Sequence[ChangeNotification]:
    return await store.write(lambda unit: unit.outbox.claim(minutes(at), minutes(at + lease), limit))


async def save(store: Store, notification: ChangeNotification, **outcome: Any) -> bool:
    return await store.write(lambda unit: unit.outbox.save(replace(notification, **outcome)))


async def only(store: Store) -> ChangeNotification:
    [found] = await store.read(lambda unit: unit.outbox.select())
    return found


async def test_a_queued_notification_is_pending_and_due_at_once(store: Store):
    queued = await queue(store, at=3)

    assert queued == ChangeNotification(
        notification_id=queued.notification_id,
        kind=CnrKind.IIA,
        partner_hei_id=ALDERTON,
        iia_id="iia-1",
        state=CnrState.PENDING,
        created_at=minutes(3),
        next_attempt_at=minutes(3),
        expires_at=minutes(1443),
        cause="changed",
    )
    assert await only(store) == queued


async def test_a_second_change_is_merged_into_the_pending_one(store: Store):
    first = await queue(store)
    second = await queue(store, at=10, cause="changed again")
    third = await queue(store, at=20, cause="and again")

    assert second.notification_id == third.notification_id == first.notification_id
    found = await only(store)
    assert found == third
    assert (found.merged, found.version) == (2, 2)
    assert found.created_at == found.next_attempt_at == minutes(0)
    assert found.expires_at == minutes(20 + 1440)
    assert found.cause == "and again"


async def test_a_merge_never_shortens_the_time_to_try(store: Store):
    await queue(store, at=20)
    merged = await queue(store, at=10)

    assert merged.expires_at == minutes(20 + 1440)


async def test_another_kind_partner_or_agreement_is_a_notification_of_its_own(store: Store):
    await queue(store)
    await queue(store, kind=CnrKind.IIA_APPROVAL)
    await queue(store, partner=BRAVA)
    await queue(store, "iia-2")

    found = await store.read(lambda unit: unit.outbox.select())
    assert len({notification.notification_id for notification in found}) == 4
    assert {notification.merged for notification in found} == {0}


@pytest.mark.parametrize("state", [state for state in CnrState if state is not CnrState.PENDING])
async def test_a_change_after_the_end_of_one_is_a_new_notification(store: Store, state: CnrState):
    first = await queue(store)
    assert await save(store, first, state=state, finished_at=minutes(1))

    second = await queue(store, at=2)

    assert second.notification_id != first.notification_id
    assert (second.merged, second.version) == (0, 0)


async def test_a_claim_takes_due_ones_oldest_first_up_to_the_limit(store: Store):
    for iia_id, at in (("c", 3), ("a", 1), ("b", 2), ("later", 30)):
        await queue(store, iia_id, at=at)

    first = await claim(store, 10, limit=2)
    rest = await claim(store, 10, limit=2)

    assert [notification.iia_id for notification in first] == ["a", "b"]
    assert [notification.iia_id for notification in rest] == ["c"]
    assert {notification.leased_until for notification in first} == {minutes(15)}


async def test_one_that_is_queued_for_later_is_not_claimed(store: Store):
    await queue(store, at=10)

    assert await claim(store, 9) == []
    assert len(await claim(store, 10)) == 1


async def test_a_claimed_one_is_nobody_elses_until_its_lease_runs_out(store: Store):
    await queue(store)
    await claim(store, 0, lease=5)

    assert await claim(store, 4.9) == []
    [again] = await claim(store, 5)
    assert again.leased_until == minutes(10)


async def test_a_released_lease_is_claimable_at_once(store: Store):
    await queue(store, "a")
    await queue(store, "b")
    held = await claim(store, 0)

    await store.write(lambda unit: unit.outbox.release([held[0].notification_id]))

    assert [notification.iia_id for notification in await claim(store, 1)] == [held[0].iia_id]


async def test_a_delivered_one_is_written_and_never_claimed_again(store: Store):
    await queue(store)
    [held] = await claim(store, 1)

    assert await save(store, held, state=CnrState.DELIVERED, attempts=1, finished_at=minutes(2))

    found = await only(store)
    assert (found.state, found.attempts, found.finished_at) == (CnrState.DELIVERED, 1, minutes(2))
    assert found.leased_until is None
    assert await claim(store, 1000) == []


async def test_a_failed_attempt_waits_for_its_next_one(store: Store):
    await queue(store)
    [held] = await claim(store, 1)

    assert await save(store, held, attempts=1, next_attempt_at=minutes(6), last_error="http_503 – överlast")

    assert await claim(store, 5) == []
    [again] = await claim(store, 6)
    assert (again.attempts, again.last_error) == (1, "http_503 – överlast")


async def test_a_delivery_does_not_swallow_a_change_that_came_meanwhile(store: Store):
    await queue(store)
    [held] = await claim(store, 1)
    await queue(store, at=2, cause="changed while being sent")

    stands = await save(store, held, state=CnrState.DELIVERED, attempts=1, finished_at=minutes(3))

    assert stands is False
    found = await only(store)
    assert (found.state, found.version, found.attempts, found.finished_at) == (CnrState.PENDING, 1, 0, None)
    assert found.cause == "changed while being sent"
    [again] = await claim(store, 3)
    assert await save(store, again, state=CnrState.DELIVERED, attempts=1, finished_at=minutes(4))


async def test_a_failure_keeps_its_pause_when_a_change_came_meanwhile(store: Store):
    await queue(store)
    [held] = await claim(store, 1)
    await queue(store, at=2)

    stands = await save(store, held, attempts=3, next_attempt_at=minutes(30), last_error="http_503")

    assert stands is False
    found = await only(store)
    assert (found.attempts, found.next_attempt_at, found.last_error) == (3, minutes(30), "http_503")
    assert (found.version, found.expires_at, found.leased_until) == (1, minutes(2 + 1440), None)


async def test_an_unknown_notification_cannot_be_saved(store: Store):
    queued = await queue(store)

    with pytest.raises(StoreError):
        await save(store, queued, notification_id=4711)


async def test_select_filters_and_gives_the_newest_first(store: Store):
    first = await queue(store, "a", at=1)
    second = await queue(store, "b", at=2)
    third = await queue(store, "a", partner=BRAVA, at=3)
    await save(store, second, state=CnrState.REFUSED)

    async def ids(**chosen: Any) -> list[int]:
        found = await store.read(lambda unit: unit.outbox.select(**chosen))
        return [notification.notification_id for notification in found]

    everything = [third.notification_id, second.notification_id, first.notification_id]
    assert await ids() == everything
    assert await ids(limit=2) == everything[:2]
    assert await ids(states=[CnrState.PENDING]) == [third.notification_id, first.notification_id]
    assert await ids(states=[CnrState.REFUSED, CnrState.EXPIRED]) == [second.notification_id]
    assert await ids(partner=ALDERTON) == everything[1:]
    assert await ids(iia_id="a") == [third.notification_id, first.notification_id]
    assert await ids(partner=ALDERTON, iia_id="a", states=[CnrState.DELIVERED]) == []


async def test_counts_name_every_state(store: Store):
    await queue(store, "a")
    await queue(store, "b")
    await save(store, await queue(store, "c"), state=CnrState.NO_RECEIVER)

    counts = await store.read(lambda unit: unit.outbox.counts())

    assert dict(counts) == {
        CnrState.PENDING: 2,
        CnrState.DELIVERED: 0,
        CnrState.REFUSED: 0,
        CnrState.EXPIRED: 0,
        CnrState.NO_RECEIVER: 1,
    }


async def test_two_senders_never_hold_the_same_notification(backend: Backend):
    first, second = backend.open(), backend.open()
    for number in range(30):
        await queue(first, f"iia-{number}")

    async def drain(store: Store) -> list[int]:
        taken: list[int] = []
        while held := await claim(store, 1, lease=600, limit=3):
            taken += [notification.notification_id for notification in held]
        return taken

    one, other = await asyncio.gather(drain(first), drain(second))

    assert len(one) + len(other) == len({*one, *other}) == 30


async def test_queueing_from_two_stores_at_once_merges(backend: Backend):
    first, second = backend.open(), backend.open()

    await asyncio.gather(*(queue(store) for store in (first, second) for _ in range(10)))

    found = await only(first)
    assert (found.merged, found.version) == (19, 19)
