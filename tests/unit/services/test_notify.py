"""Draining the outbox: delivered, repeated, refused, expired; never lost, never to another partner."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from tests.support.bridges import Bridge, FailingStore, a_bridge, with_store
from tests.support.network import ALDERTON, BRAVA, not_offered, rejected, unreachable

from mobility_bridge.domain.discrepancy import Owner
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.errors import StoreError
from mobility_bridge.services import outbox
from mobility_bridge.services.attempts import pause_s
from mobility_bridge.services.notify import NotifyReport, notify
from mobility_bridge.settings.model import NotifySettings

DAY = 86_400


async def queued(bridge: Bridge, *ids: str, hei_id: HeiId = ALDERTON, kind: CnrKind = CnrKind.IIA) -> None:
    for iia_id in ids:

        def work(uow: Any, iia_id: str = iia_id) -> None:
            outbox.queue(uow, bridge.context, kind, hei_id, IiaId(iia_id), cause="changed")

        await bridge.store.write(work)
        bridge.clock.move(0.001)


async def only(bridge: Bridge) -> ChangeNotification:
    (row,) = await bridge.outbox()
    return row


async def until_settled(bridge: Bridge) -> list[float]:
    """Run the outbox whenever something is due; return the seconds between attempts."""
    pauses = []
    while (row := await only(bridge)).state is CnrState.PENDING:
        wait_s = (row.next_attempt_at - bridge.clock.now()).total_seconds()
        if wait_s > 0:
            pauses.append(wait_s)
            bridge.clock.move(wait_s)
        await notify(bridge.context)
    return pauses


async def test_what_is_due_is_delivered_once() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1", "nh-2")
    assert await notify(bridge.context) == NotifyReport(delivered=2)
    assert await notify(bridge.context) == NotifyReport()
    assert bridge.network.received == [(CnrKind.IIA, ALDERTON, "nh-1"), (CnrKind.IIA, ALDERTON, "nh-2")]
    assert {item.state for item in await bridge.outbox()} == {CnrState.DELIVERED}
    assert await bridge.store.read(lambda uow: uow.evidence.count()) == 2
    line = bridge.events("cnr.delivered")[0]
    assert (line["attempt"], line["iia_id"], line["partner_hei_id"]) == (1, "nh-1", ALDERTON)


async def test_each_goes_to_its_own_partner_under_its_own_kind() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1", "nh-3")
    await queued(bridge, "bra-1", hei_id=BRAVA, kind=CnrKind.IIA_APPROVAL)
    await notify(bridge.context)
    assert set(bridge.network.received) == {
        (CnrKind.IIA, ALDERTON, "nh-1"),
        (CnrKind.IIA, ALDERTON, "nh-3"),
        (CnrKind.IIA_APPROVAL, BRAVA, "bra-1"),
    }


async def test_a_partner_gets_its_notifications_in_order_and_one_at_a_time() -> None:
    bridge = a_bridge()
    names = [f"nh-{number}" for number in range(9)]
    await queued(bridge, *names)
    await queued(bridge, "nh-b", hei_id=BRAVA)
    await notify(bridge.context)
    assert [iia_id for _, hei_id, iia_id in bridge.network.received if hei_id == ALDERTON] == names
    assert bridge.network.most_at_once[ALDERTON] == 1


async def test_a_cnr_answered_503_is_repeated_and_delivered() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = unreachable(reason="http_5xx")
    assert await notify(bridge.context) == NotifyReport(delayed=1)
    waiting = await only(bridge)
    assert (waiting.attempts, waiting.leased_until) == (1, None)
    assert (waiting.last_error or "").startswith("unreachable.http_5xx")
    del bridge.network[ALDERTON].errors["iia"]
    assert await notify(bridge.context) == NotifyReport()
    bridge.clock.move(30)
    assert await notify(bridge.context) == NotifyReport(delivered=1)
    assert (await only(bridge)).last_error is None


async def test_pauses_double_with_jitter_up_to_an_hour_and_end_within_a_day() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = unreachable()
    pauses = await until_settled(bridge)
    for number, pause in enumerate(pauses):
        full = min(3600, 30 * 2**number)
        assert full / 2 <= pause <= full
    assert len(set(pauses)) == len(pauses)
    end = await only(bridge)
    assert end.state is CnrState.EXPIRED
    assert end.finished_at is not None
    assert timedelta(hours=22) < end.finished_at - end.created_at <= timedelta(hours=24)
    assert bridge.events("cnr.given_up")[0]["attempts"] == end.attempts


@pytest.mark.parametrize("draw", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("attempts", [0, 1, 6, 7, 50, 5000])
def test_a_pause_is_between_half_and_the_whole_of_its_step(attempts: int, draw: float) -> None:
    full = min(3600.0, 30 * 2.0 ** min(attempts, 30))
    assert full / 2 <= pause_s(attempts, NotifySettings(), draw) < full + 1e-9


async def test_two_partners_that_fail_together_are_not_tried_again_together() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    await queued(bridge, "nh-1", hei_id=BRAVA)
    for hei_id in (ALDERTON, BRAVA):
        bridge.network[hei_id].errors["iia"] = unreachable(hei_id)
    await notify(bridge.context, rng=random.Random(7))
    one, other = await bridge.outbox()
    assert one.next_attempt_at != other.next_attempt_at


@pytest.mark.parametrize("status", [400, 404, 405, 410])
async def test_a_refusal_is_not_repeated(status: int) -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = rejected(status)
    assert await notify(bridge.context) == NotifyReport(given_up=1)
    assert (await only(bridge)).state is CnrState.REFUSED
    assert bridge.events("cnr.given_up")[0]["status"] == status


@pytest.mark.parametrize("status", [401, 403, 429])
async def test_a_refusal_that_a_key_on_its_way_explains_is_repeated_a_few_times(status: int) -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = rejected(status)
    await until_settled(bridge)
    assert bridge.network.calls[(ALDERTON, "iia")] == 4
    assert (await only(bridge)).state is CnrState.REFUSED


async def test_a_partner_without_a_receiver_is_waited_for_until_the_notification_expires() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = not_offered()
    await until_settled(bridge)
    assert (await only(bridge)).state is CnrState.NO_RECEIVER


async def test_an_expired_notification_is_a_discrepancy_until_a_later_one_arrives() -> None:
    bridge = a_bridge(notify={"expires_after_s": 60})
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = rejected(400)
    report = await bridge.sync()
    assert report.notified.given_up == 1
    assert "NOTIFICATION_UNDELIVERED" in await bridge.open_codes()
    del bridge.network[ALDERTON].errors["iia"]
    await queued(bridge, "nh-1")
    await bridge.sync()
    assert "NOTIFICATION_UNDELIVERED" not in await bridge.open_codes()


async def test_a_change_that_comes_while_its_notification_is_being_sent_is_sent_again() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")

    async def another_change() -> None:
        bridge.network.while_sending = None
        await queued(bridge, "nh-1")

    bridge.network.while_sending = another_change
    await notify(bridge.context)
    assert [iia_id for _, _, iia_id in bridge.network.received] == ["nh-1", "nh-1"]
    assert (await only(bridge)).state is CnrState.DELIVERED


async def test_a_change_that_comes_while_an_attempt_fails_is_not_given_up_with_it() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.network[ALDERTON].errors["iia"] = rejected(400)

    async def another_change() -> None:
        bridge.network.while_sending = None
        del bridge.network[ALDERTON].errors["iia"]
        bridge.network[ALDERTON].errors["iia"] = rejected(400)
        await queued(bridge, "nh-1")
        bridge.network.while_sending = mended

    async def mended() -> None:
        bridge.network[ALDERTON].errors.clear()

    bridge.network.while_sending = another_change
    await notify(bridge.context)
    assert (await only(bridge)).state is CnrState.DELIVERED


async def test_cancelling_hands_back_what_is_in_flight_and_what_was_not_begun() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1", "nh-2")
    await queued(bridge, "nh-1", hei_id=BRAVA)
    held = asyncio.Event()
    bridge.network.while_sending = held.wait
    task = asyncio.create_task(notify(bridge.context))
    for _ in range(10):
        await asyncio.sleep(0)
    assert len(bridge.network.at_once) == 2
    assert all(item.leased_until is not None for item in await bridge.outbox())
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    rows = await bridge.outbox()
    assert {(item.state, item.leased_until) for item in rows} == {(CnrState.PENDING, None)}
    bridge.network.while_sending = None
    assert await notify(bridge.context) == NotifyReport(delivered=3)


async def test_what_a_dead_sender_held_is_free_when_its_lease_is_over() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    now = bridge.clock.now()
    await bridge.store.write(lambda uow: uow.outbox.claim(now, now + timedelta(seconds=120), 50))
    assert await notify(bridge.context) == NotifyReport()
    bridge.clock.move(121)
    assert await notify(bridge.context) == NotifyReport(delivered=1)


async def test_a_partner_that_does_not_answer_is_tried_once_and_not_once_per_notification() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1", "nh-2", "nh-3")
    await queued(bridge, "nh-1", hei_id=BRAVA)
    bridge.network[ALDERTON].errors |= {"iia": unreachable()}
    assert await notify(bridge.context) == NotifyReport(delivered=1, delayed=3)
    assert bridge.network.calls[(ALDERTON, "iia")] == 1
    waiting = await bridge.outbox(states=[CnrState.PENDING])
    assert len({item.next_attempt_at for item in waiting}) == 1
    assert [item.attempts for item in waiting] == [1, 0, 0]
    bridge.clock.move(30)
    del bridge.network[ALDERTON].errors["iia"]
    assert await notify(bridge.context) == NotifyReport(delivered=3)


async def test_what_waits_behind_a_silent_partner_expires_in_its_own_time() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    bridge.clock.move(DAY / 2)
    await queued(bridge, "nh-2")
    bridge.network[ALDERTON].errors["iia"] = unreachable()
    first = None
    for _ in range(100):
        rows = await bridge.outbox()
        if first is None and rows[0].state is CnrState.EXPIRED:
            first = rows[1].state
        if {item.state for item in rows} == {CnrState.EXPIRED}:
            break
        bridge.clock.move(1800)
        await notify(bridge.context)
    assert first is CnrState.PENDING
    assert {item.state for item in await bridge.outbox()} == {CnrState.EXPIRED}


async def test_a_refusal_of_one_notification_does_not_hold_up_the_next() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1", kind=CnrKind.IIA_APPROVAL)
    await queued(bridge, "nh-2")
    bridge.network[ALDERTON].errors["iia_approval"] = rejected(400)
    assert await notify(bridge.context) == NotifyReport(delivered=1, given_up=1)


async def test_switched_off_nothing_is_sent_and_everything_expires_in_time() -> None:
    bridge = a_bridge(notify={"enabled": False})
    await queued(bridge, "nh-1")
    assert await notify(bridge.context) == NotifyReport()
    assert (await only(bridge)).state is CnrState.PENDING
    bridge.clock.move(DAY + 1)
    assert await notify(bridge.context) == NotifyReport(given_up=1)
    assert (await only(bridge)).state is CnrState.EXPIRED
    assert bridge.network.calls[(ALDERTON, "iia")] == 0
    await bridge.sync()
    (found,) = await bridge.store.read(
        lambda uow: uow.discrepancies.select(code="NOTIFICATION_UNDELIVERED", partner=ALDERTON)
    )
    assert found.finding.owner is Owner.OPERATIONS
    assert found.finding.text.en == (
        "Our notifications of changed agreements to alderton.example were not sent, because sending is switched "
        "off on our side (1: nh-1). The partner may not know our latest text or approval."
    )


async def test_a_store_that_fails_for_one_partner_lets_the_others_finish_and_hands_back_the_rest() -> None:
    bridge = a_bridge()
    await queued(bridge, "nh-1")
    await queued(bridge, "nh-1", hei_id=BRAVA)
    failing = with_store(bridge, FailingStore(bridge.store, "outbox.save", StoreError("the disk is full")))
    with pytest.raises(StoreError):
        await notify(failing.context)
    assert len(bridge.network.received) == 2
    rows = await bridge.outbox()
    assert {(item.state, item.leased_until) for item in rows} == {(CnrState.PENDING, None)}


async def test_more_than_a_batch_is_sent_in_one_go() -> None:
    bridge = a_bridge(notify={"batch": 3})
    await queued(bridge, *(f"nh-{number}" for number in range(10)))
    assert await notify(bridge.context) == NotifyReport(delivered=10)
