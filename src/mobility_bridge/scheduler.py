"""The daemon: APScheduler knocks, the store says what is due, every job stands alone."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from mobility_bridge import __version__
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.errors import BridgeError, ExternalError
from mobility_bridge.kit.memory import give_back
from mobility_bridge.services.apply import apply_writes
from mobility_bridge.services.ask_approvals import ask_approvals
from mobility_bridge.services.catalogue import refresh_catalogue
from mobility_bridge.services.compare import compare
from mobility_bridge.services.context import Context
from mobility_bridge.services.due import (
    due_for_approvals,
    due_for_refresh,
    due_for_students,
    due_for_sweep,
)
from mobility_bridge.services.health import loggable
from mobility_bridge.services.ingest import ingest
from mobility_bridge.services.notify import notify
from mobility_bridge.services.refresh import refresh_partner
from mobility_bridge.services.registry_review import review_registry
from mobility_bridge.services.retention import retain_if_due
from mobility_bridge.services.send_decisions import send_decisions
from mobility_bridge.services.students import ask_partners_about_students, read_our_students
from mobility_bridge.services.sweep import Sweeps
from mobility_bridge.settings.model import ScheduleSettings

LONGEST_KNOCK_S = 60
LONGEST_REST_S = 3600


async def _catalogue(context: Context) -> None:
    await refresh_catalogue(context)
    give_back()  # not for this job's sake: a few times an hour is enough for all of them


async def _local(context: Context) -> None:
    for source in context.sources:
        await ingest(context, source)


async def _sweep(context: Context) -> None:
    partners = await due_for_sweep(context, knock_s(context.settings.schedule.sweep_every_s))
    states = await context.store.read(lambda uow: uow.partners.indexes(partners))
    sweeps = Sweeps(context)
    await _side_by_side(context, partners, lambda hei_id: sweeps.sweep(hei_id, states.get(hei_id)))


async def _refresh(context: Context) -> None:
    partners = await due_for_refresh(context)
    await _side_by_side(context, partners, lambda hei_id: refresh_partner(context, hei_id))


async def _approvals(context: Context) -> None:
    partners = await due_for_approvals(context, knock_s(context.settings.schedule.approvals_every_s))
    await _side_by_side(context, partners, lambda hei_id: ask_approvals(context, hei_id))


async def _students(context: Context) -> None:
    await read_our_students(context)


async def _registry_review(context: Context) -> None:
    await review_registry(context)


async def _mobilities(context: Context) -> None:
    partners = await due_for_students(context, knock_s(context.settings.schedule.students_every_s))
    await ask_partners_about_students(context, partners)


async def _decisions(context: Context) -> None:
    await send_decisions(context)


async def _retention(context: Context) -> None:
    await retain_if_due(context)


async def _compare(context: Context) -> None:
    await compare(context)


async def _writes(context: Context) -> None:
    await apply_writes(context)


async def _notify(context: Context) -> None:
    await notify(context)


async def _side_by_side(
    context: Context, partners: Sequence[HeiId], one: Callable[[HeiId], Awaitable[object]]
) -> None:
    """Do the same with several partners; an error of one is raised when all have ended."""
    gate = asyncio.Semaphore(context.settings.sync.concurrency)

    async def gated(hei_id: HeiId) -> None:
        async with gate:
            await one(hei_id)

    outcomes = await asyncio.gather(*(gated(hei_id) for hei_id in partners), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that the daemon does again and again: `interval` reads its seconds from the settings."""

    name: str
    run: Callable[[Context], Awaitable[None]]
    interval: Callable[[ScheduleSettings], float]
    needs_network: bool = True
    about_students: bool = False


def knock_s(period_s: float) -> float:
    """Seconds between knocks of a job that spreads a period's work: short, so that the work is spread."""
    return min(period_s, LONGEST_KNOCK_S)


JOBS: tuple[Job, ...] = (
    Job("catalogue", _catalogue, lambda schedule: schedule.catalogue_every_s),
    Job("local", _local, lambda schedule: schedule.local_every_s, needs_network=False),
    Job("sweep", _sweep, lambda schedule: knock_s(schedule.sweep_every_s)),
    Job("refresh", _refresh, lambda schedule: schedule.refresh_every_s),
    Job("approvals", _approvals, lambda schedule: knock_s(schedule.approvals_every_s)),
    Job(
        "students",
        _students,
        lambda schedule: schedule.students_every_s,
        needs_network=False,
        about_students=True,
    ),
    Job(
        "mobilities",
        _mobilities,
        lambda schedule: knock_s(schedule.students_every_s),
        about_students=True,
    ),
    Job("decisions", _decisions, lambda schedule: schedule.notify_every_s, about_students=True),
    Job("retention", _retention, lambda _: 3600, needs_network=False, about_students=True),
    Job("compare", _compare, lambda schedule: schedule.compare_every_s, needs_network=False),
    Job(  # behind the comparison: it says who is missed
        "writes",
        _writes,
        lambda schedule: schedule.students_every_s,
        needs_network=False,
        about_students=True,
    ),
    Job("notify", _notify, lambda schedule: schedule.notify_every_s),
    Job(  # last: it takes long, and nothing of the first round waits for it
        "registry_review",
        _registry_review,
        lambda schedule: min(schedule.registry_review_every_s, LONGEST_REST_S),
        needs_network=False,
        about_students=True,
    ),
)


async def run_job(context: Context, job: Job) -> bool:
    """Run one job once; a failure is logged and the job comes again. True if it succeeded."""
    started = context.clock.monotonic()
    with context.log.job(job.name):
        context.log.event("job.started", job=job.name)
        try:
            await job.run(context)
        except BridgeError as error:
            external = error if isinstance(error, ExternalError) else None
            context.log.event(
                "job.failed",
                job=job.name,
                duration_s=round(context.clock.monotonic() - started, 3),
                error=error.word,
                reason=external.reason if external is not None else None,
                detail=loggable(error),
            )
            return False
        except Exception as mistake:
            # A mistake in the code: dashboards must see it too, then it goes its way.
            context.log.event(
                "job.failed",
                job=job.name,
                duration_s=round(context.clock.monotonic() - started, 3),
                error="mistake",
                detail=type(mistake).__name__,
            )
            raise
        context.log.event(
            "job.finished", job=job.name, duration_s=round(context.clock.monotonic() - started, 3)
        )
    return True


class Daemon:
    """Schedules the jobs and ends them in order: no new ones, a while for those in flight, then a halt.

    `pace` is how many seconds of the context's clock pass in one of the machine's: 1, but for a clock that
    runs faster, by which hours are played in seconds.
    """

    def __init__(self, context: Context, *, pace: float = 1) -> None:
        self._context = context
        self._pace = pace
        self._running: set[asyncio.Task[object]] = set()
        self._busy: set[str] = set()
        self._stop = asyncio.Event()
        self._reason = ""

    def stop(self, reason: str) -> None:
        """Ask the daemon to stop; may be called from a signal handler of its loop."""
        self._reason = self._reason or reason
        self._stop.set()

    async def run(self, *, ready: Callable[[], None] | None = None) -> None:
        """Run until asked to stop."""
        context = self._context
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop, signal.Signals(number).name)
        scheduler = self._scheduler()
        scheduler.start()
        context.log.event("daemon.started", version=__version__)
        if ready is not None:
            ready()
        try:
            await self._stop.wait()
        finally:
            started = context.clock.monotonic()
            context.log.event("daemon.stopping", reason=self._reason)
            scheduler.shutdown(wait=False)
            await self._finish()
            duration_s = round(context.clock.monotonic() - started, 3)
            context.log.event("daemon.stopped", duration_s=duration_s)

    def _scheduler(self) -> AsyncIOScheduler:
        scheduler = AsyncIOScheduler(timezone="UTC")
        for job in self._jobs():
            seconds = max(1, round(job.interval(self._context.settings.schedule)))
            scheduler.add_job(
                self._knock,
                IntervalTrigger(seconds=seconds / self._pace),
                args=[job],
                id=job.name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        self._start(self._first_round())
        return scheduler

    def _jobs(self) -> list[Job]:
        follows = self._context.settings.students.enabled
        return [
            job
            for job in JOBS
            if (self._context.network is not None or not job.needs_network)
            and (follows or not job.about_students)
        ]

    async def _first_round(self) -> None:
        """Run every job once at the start instead of after its first interval, in the order of the table:
        partners are asked when the catalogue is there, and compared when they have answered.
        """
        for job in self._jobs():
            await asyncio.wait([self._start(self._once(job))])

    async def _knock(self, job: Job) -> None:
        self._start(self._once(job))

    def _start(self, work: Coroutine[Any, Any, object]) -> asyncio.Task[object]:
        """Begin work that a stop waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _once(self, job: Job) -> bool:
        """Run a job unless it runs already or the daemon is stopping: a job never overtakes itself."""
        if self._stop.is_set() or job.name in self._busy:
            return False
        self._busy.add(job.name)
        try:
            return await run_job(self._context, job)
        finally:
            self._busy.discard(job.name)

    async def _finish(self) -> None:
        """Let what is in flight finish within the time given, then cancel it: leases are handed back."""
        pending = set(self._running)
        if pending:
            _, pending = await asyncio.wait(pending, timeout=self._context.settings.schedule.stop_within_s)
        for task in pending:
            task.cancel()
        if pending:
            await asyncio.wait(pending, timeout=2)
