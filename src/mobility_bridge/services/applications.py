"""Applications of our own mobility system: read by term, kept as records, and told whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mobility_bridge.domain.identifiers import ApplicationId, HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import ApplicationSource, RecordReading
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import loggable, note_failure, note_success
from mobility_bridge.services.problems import write_problems
from mobility_bridge.services.subjects import source_key
from mobility_bridge.services.whose import place

APPLICATIONS = "applications"
COURSES = "courses"
"""The calls' names in health records."""


@dataclass(frozen=True, slots=True)
class ApplicationsReport:
    """What one reading of applications did."""

    source: str
    read: int = 0
    changed: int = 0
    gone: int = 0
    complete: bool = False
    error: ExternalError | None = None


def terms_of_interest(context: Context) -> list[Term]:
    """The terms read each time: the last one, this one and the next two."""
    now = Term.containing(context.clock.now().date())
    return [now.preceding, now, now.following, now.following.following]


async def ingest_applications(
    context: Context, source: ApplicationSource, *, full: bool = False
) -> ApplicationsReport:
    """Read the applications of the terms of interest, then the courses of those that changed.

    Courses change without their application: now and then, and when `full`, those of all are read.
    """
    try:
        reading = await source.read_applications(terms_of_interest(context))
    except ExternalError as error:
        await _failed(context, source.name, APPLICATIONS, error)
        return ApplicationsReport(source.name, error=error)
    changed, gone = await context.store.write(
        lambda uow: _commit(uow, context, source.name, RecordKind.APPLICATION, reading)
    )
    full = full or await _courses_are_due(context, source.name)
    there = [each.record.key for each in reading.records] if full else changed
    await _read_courses(context, source, [ApplicationId(each.record_id) for each in there], full=full)
    report = ApplicationsReport(source.name, len(reading.records), len(changed), len(gone), reading.complete)
    context.log.event(
        "applications.read",
        source=source.name,
        listed=report.read,
        changed=report.changed,
        gone=report.gone,
        complete=report.complete,
    )
    return report


async def _courses_are_due(context: Context, name: str) -> bool:
    """Whether it is time to read the courses of all applications again."""
    last = await context.store.read(lambda uow: uow.cursor(_cursor(name)))
    every = timedelta(seconds=context.settings.schedule.full_sweep_every_s)
    return last is None or context.clock.now() - datetime.fromisoformat(last) >= every


async def _read_courses(
    context: Context, source: ApplicationSource, ids: Sequence[ApplicationId], *, full: bool
) -> None:
    if not ids:
        return
    at = context.clock.now()
    try:
        courses = await source.read_courses(ids)
    except ExternalError as error:
        await _failed(context, source.name, COURSES, error)
        return

    def work(uow: UnitOfWork) -> None:
        _commit(uow, context, source.name, RecordKind.COURSE_LIST, courses)
        if full and courses.complete:
            uow.set_cursor(_cursor(source.name), at.isoformat())

    await context.store.write(work)


def _cursor(name: str) -> str:
    return f"{name}.{COURSES}.full"


def _commit(
    uow: UnitOfWork, context: Context, name: str, kind: RecordKind, reading: RecordReading
) -> tuple[list[RecordKey], list[RecordKey]]:
    """Keep a reading. Half of one deletes nothing, and one that has suddenly halved is not believed."""
    now, own = context.clock.now(), context.own_hei_id
    sieve = Sieve(uow, own)
    kept = sieve.records(reading.records)
    sieve.exchanges(reading.exchanges, now)
    documents = {
        each.record.document.sha256: each.document for each in kept if each.record.document is not None
    }
    uow.copies.put_documents(documents)
    held = uow.records.digests(name, kind, own)
    changed = list(uow.records.save([each.record for each in kept], now))
    gone: list[RecordKey] = []
    there = {each.record.key.record_id for each in reading.records}
    absent = [RecordKey(name, kind, own, each) for each in held if each not in there]
    believed = len(held) < context.settings.sync.shrink_floor or len(there) * 2 >= len(held)
    if kind is RecordKind.APPLICATION and reading.complete and believed:
        gone = list(uow.records.gone(absent, now))
    place_keys(uow, context, [*changed, *gone], now)
    _keep_health(uow, name, kind, reading, now)
    sieve.tell(context, name)
    return changed, gone


def place_keys(uow: UnitOfWork, context: Context, keys: list[RecordKey], now: datetime) -> None:
    """Say whose these records are, and mark their students for comparison."""
    stored = [each for key in keys if (each := uow.records.get(key)) is not None]
    place(uow, context.own_hei_id, stored, now)


def _keep_health(uow: UnitOfWork, name: str, kind: RecordKind, reading: RecordReading, now: datetime) -> None:
    call = APPLICATIONS if kind is RecordKind.APPLICATION else COURSES
    note_success(uow, HeiId(name), call, now)
    if not reading.complete or reading.problems:
        code = None if reading.complete else "incomplete"
        detail = write_problems(reading.problems)
        uow.partners.save_health(Health(HeiId(name), call, last_ok_at=now, failure_code=code, detail=detail))
    uow.work.mark_to_compare([source_key(name)], now)


async def _failed(context: Context, name: str, call: str, error: ExternalError) -> None:
    key, at = source_key(name), context.clock.now()
    await context.store.write(lambda uow: note_failure(uow, HeiId(name), call, error, key=key, at=at))
    context.log.event(
        "source.failed", source=name, error=error.word, reason=error.reason, detail=loggable(error)
    )
