"""The daemon: jobs in order, each alone, and an orderly end whatever is in flight."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.support.bridges import Bridge, FailingStore, a_bridge, with_store
from tests.support.network import ALDERTON, BRAVA, unreachable

from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.notification import CnrKind, CnrState
from mobility_bridge.errors import StoreError
from mobility_bridge.scheduler import JOBS, Daemon, Job, knock_s, run_job
from mobility_bridge.services import outbox
from mobility_bridge.services.context import Context
from mobility_bridge.settings.model import ScheduleSettings

NAMES = [job.name for job in JOBS if not job.about_students]


@asynccontextmanager
async def running(bridge: Bridge) -> AsyncIterator[Daemon]:
    """The daemon in this loop; it is stopped at the end if it was not before."""
    daemon = Daemon(bridge.context)
    task = asyncio.create_task(daemon.run())
    try:
        yield daemon
    finally:
        daemon.stop("the test is over")
        await asyncio.wait_for(task, 15)


async def until(true: Callable[[], bool], within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)


def finished(bridge: Bridge) -> list[str]:
    return [line["job"] for line in bridge.events("job.finished")]


def populated() -> Bridge:
    bridge = a_bridge()
    bridge.source.put("nh-1", theirs="ald-1")
    bridge.network[ALDERTON].put("ald-1", ours="nh-1")
    return bridge


async def waiting_notification(bridge: Bridge) -> None:
    def work(uow: Any) -> None:
        outbox.queue(uow, bridge.context, CnrKind.IIA, ALDERTON, IiaId("nh-1"), cause="changed")

    await bridge.store.write(work)


def test_every_job_has_its_interval_in_the_settings() -> None:
    schedule = ScheduleSettings()
    assert {job.name: job.interval(schedule) for job in JOBS} == {
        "catalogue": schedule.catalogue_every_s,
        "local": schedule.local_every_s,
        "sweep": 60,
        "refresh": schedule.refresh_every_s,
        "approvals": 60,
        "students": schedule.students_every_s,
        "mobilities": 60,
        "decisions": schedule.notify_every_s,
        "compare": schedule.compare_every_s,
        "writes": schedule.students_every_s,
        "notify": schedule.notify_every_s,
        "registry_review": 3600,
        "retention": 3600,
    }


def test_a_job_that_spreads_its_work_knocks_often() -> None:
    assert [knock_s(period_s) for period_s in (3600, 60, 10)] == [60, 60, 10]


async def test_by_a_faster_clock_the_jobs_come_as_often_in_its_time() -> None:
    bridge = populated()
    daemon = Daemon(bridge.context, pace=1000)
    task = asyncio.create_task(daemon.run())
    try:
        await until(lambda: finished(bridge).count("notify") >= 5)
        assert finished(bridge).count("catalogue") <= 2
    finally:
        daemon.stop("the test is over")
        await asyncio.wait_for(task, 15)


async def test_every_job_runs_at_the_start_in_the_order_of_the_table() -> None:
    bridge = populated()
    async with running(bridge):
        await until(lambda: len(finished(bridge)) == len(NAMES))
    assert finished(bridge) == NAMES
    assert bridge.network.received == [(CnrKind.IIA, ALDERTON, "nh-1")]
    assert (await bridge.outbox())[0].state is CnrState.DELIVERED


async def test_partners_are_not_asked_before_the_catalogue_is_there_however_long_it_takes() -> None:
    bridge = populated()
    came = asyncio.Event()
    refresh = bridge.network.refresh_catalogue

    class SlowCatalogue:
        def __getattr__(self, name: str) -> Any:
            return getattr(bridge.network, name)

        async def refresh_catalogue(self, *, force: bool = False) -> Any:
            await came.wait()
            return await refresh(force=force)

    slow: Any = SlowCatalogue()
    waiting = replace(bridge, context=replace(bridge.context, network=slow))
    async with running(waiting):
        await asyncio.sleep(0.1)
        assert bridge.network.calls.total() == 0
        came.set()
        await until(lambda: bridge.network.calls[(ALDERTON, "index")] == 1)


async def test_without_a_network_only_our_own_system_is_read_and_compared() -> None:
    bridge = populated()
    alone = replace(bridge, context=replace(bridge.context, network=None, sender=None))
    async with running(alone):
        await until(lambda: len(finished(bridge)) == 2)
    assert finished(bridge) == ["local", "compare"]


async def test_a_job_that_fails_does_not_stop_the_others_and_comes_again() -> None:
    bridge = populated()
    bridge.network.catalogue_error = unreachable("registry")
    async with running(bridge):
        await until(lambda: len(finished(bridge)) == len(NAMES) - 1)
    assert finished(bridge) == NAMES[1:]
    (line,) = bridge.events("job.failed")
    assert (line["job"], line["error"], line["reason"]) == ("catalogue", "unreachable", "timeout")
    bridge.network.catalogue_error = None
    assert await run_job(bridge.context, JOBS[0])


async def test_a_store_that_fails_fails_the_job_and_not_the_daemon() -> None:
    bridge = populated()
    failing = with_store(bridge, FailingStore(bridge.store, "copies.save", StoreError("the disk is full")))
    async with running(failing):
        await until(lambda: len(finished(bridge)) == len(NAMES) - 2)
    assert [line["job"] for line in bridge.events("job.failed")] == ["local", "refresh"]
    assert {line["error"] for line in bridge.events("job.failed")} == {"store_error"}


async def test_the_lines_of_one_job_share_an_id() -> None:
    bridge = populated()
    await run_job(bridge.context, next(job for job in JOBS if job.name == "sweep"))
    ids = {line["job_id"] for line in bridge.lines}
    assert len(ids) == 1
    assert ids.pop().startswith("sweep-")


async def test_jobs_come_again_at_their_interval() -> None:
    bridge = a_bridge(schedule={"notify_every_s": 1})
    async with running(bridge):
        await until(lambda: finished(bridge).count("notify") == 2)
    assert finished(bridge).count("compare") == 1


async def test_a_job_does_not_overtake_itself() -> None:
    bridge = populated()
    began, may_end = [], asyncio.Event()

    async def slow(_: object) -> None:
        began.append(1)
        await may_end.wait()

    daemon = Daemon(bridge.context)
    job = Job("slow", slow, lambda _: 1)
    first = asyncio.create_task(daemon._once(job))
    await asyncio.sleep(0)
    assert not await daemon._once(job)
    may_end.set()
    assert await first
    assert began == [1]
    assert await daemon._once(job)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_daemon_at_once_when_nothing_is_in_flight(number: signal.Signals) -> None:
    bridge = populated()
    task = asyncio.create_task(Daemon(bridge.context).run())
    await until(lambda: len(finished(bridge)) == len(NAMES))
    started = time.monotonic()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(task, 5)
    assert time.monotonic() - started < 1
    assert bridge.events("daemon.stopping")[0]["reason"] == number.name
    assert len(bridge.events("daemon.stopped")) == 1


async def test_what_is_in_flight_may_finish_and_is_remembered() -> None:
    bridge = populated()
    await waiting_notification(bridge)
    task = asyncio.create_task(Daemon(bridge.context).run())
    sending = asyncio.Event()

    async def slowly() -> None:
        sending.set()
        await asyncio.sleep(0.2)

    bridge.network.while_sending = slowly
    await asyncio.wait_for(sending.wait(), 5)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 5)
    assert {item.state for item in await bridge.outbox()} == {CnrState.DELIVERED}


async def test_what_does_not_finish_in_time_is_cancelled_and_its_lease_handed_back() -> None:
    bridge = a_bridge(schedule={"stop_within_s": 1})
    bridge.source.put("nh-1", theirs="ald-1")
    bridge.source.put("nh-2", BRAVA)
    task = asyncio.create_task(Daemon(bridge.context).run())
    bridge.network.while_sending = asyncio.Event().wait
    await until(lambda: len(bridge.network.at_once) == 2)
    started = time.monotonic()
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, 10)
    assert 0.9 < time.monotonic() - started < 3
    rows = await bridge.outbox()
    assert {(item.state, item.leased_until) for item in rows} == {(CnrState.PENDING, None)}


async def test_no_job_begins_once_the_daemon_is_told_to_stop() -> None:
    bridge = populated()
    daemon = Daemon(bridge.context)
    daemon.stop("told so")
    await asyncio.wait_for(daemon.run(), 5)
    assert finished(bridge) == []
    assert bridge.events("daemon.stopping")[0]["reason"] == "told so"


async def test_ready_is_said_once_when_the_jobs_are_scheduled() -> None:
    bridge = populated()
    said: list[int] = []
    daemon = Daemon(bridge.context)
    task = asyncio.create_task(daemon.run(ready=lambda: said.append(len(bridge.events("daemon.started")))))
    await until(lambda: bool(said))
    daemon.stop("over")
    await task
    assert said == [1]


async def test_a_mistake_in_the_code_is_logged_before_it_goes_its_way() -> None:
    bridge = a_bridge()

    async def mistaken(_context: Context) -> None:
        raise ZeroDivisionError("a mistake")

    with pytest.raises(ZeroDivisionError):
        await run_job(bridge.context, Job("mistaken", mistaken, lambda _schedule: 60))
    failed = bridge.events("job.failed")
    assert [(line["error"], line["detail"]) for line in failed] == [("mistake", "ZeroDivisionError")]


async def test_students_are_a_job_only_where_they_are_followed() -> None:
    assert "students" not in [job.name for job in Daemon(a_bridge().context)._jobs()]
    followed = Daemon(a_bridge(students={"enabled": True}).context)
    assert "students" in [job.name for job in followed._jobs()]
