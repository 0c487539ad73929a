"""Let go of what is older than its time to keep; nothing of a stay that is still living."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from mobility_bridge.domain.evidence import EvidenceRecord
from mobility_bridge.domain.personal import RECORD, Trace, about_students
from mobility_bridge.domain.record import IdentityKeyKind, RecordKey, StoredRecord, StudentId
from mobility_bridge.ports.privacy import ToErase
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.retention import all_ended_on, drafts, ended_on, last_said, refused, seen
from mobility_bridge.services.context import Context
from mobility_bridge.services.privacy import portrait, scrubbed
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.subjects import student_key

JOB: Final = "retention"
BY: Final = "mobility-bridge"
WHY: Final = "the time to keep is over"
_PAGE: Final = 200
_ALL: Final = 1_000_000
_DONE: Final = "retention.done_on"
_EVIDENCE: Final = "retention.evidence"


class Kept(StrEnum):
    """What is kept for a time of its own."""

    STAYS = "stays"
    DRAFTS = "drafts"
    REFUSED = "refused"
    EVIDENCE = "evidence"
    FEED = "feed"
    DISCREPANCIES = "discrepancies"


@dataclass(frozen=True, slots=True)
class Step:
    """One kind: kept for so many days, so what is from before `until` goes; `number` are there, or went."""

    kind: Kept
    days: int
    until: date
    number: int


@dataclass(frozen=True, slots=True)
class _Times:
    """The days before which each kind goes."""

    today: date
    days: dict[Kept, int]

    def until(self, kind: Kept) -> date:
        return self.today - timedelta(days=self.days[kind])

    def instant(self, kind: Kept) -> datetime:
        return datetime.combine(self.until(kind), time(), UTC)


async def retain_if_due(context: Context) -> None:
    """Do it once a day, where it is switched on."""
    today = context.clock.now().date().isoformat()
    if not context.settings.retention.enabled:
        return
    if await context.store.read(lambda uow: uow.cursor(_DONE)) == today:
        return
    await retain(context)
    await context.store.write(lambda uow: uow.set_cursor(_DONE, today))


async def retain(context: Context, *, dry_run: bool = False) -> list[Step]:
    """Let go of what is due, student by student; with `dry_run` count it. Stopped half-way, it is begun again."""
    started = context.clock.monotonic()
    times = _times(context)
    counts: Counter[Kept] = Counter()
    earliest: datetime | None = None
    for student_id in await context.store.read(lambda uow: uow.students.select(limit=_ALL)):
        work = partial(_student, context, times, student_id, dry_run)
        found, living_since = await (context.store.read(work) if dry_run else context.store.write(work))
        counts += found
        if living_since is not None:
            earliest = living_since if earliest is None else min(earliest, living_since)
    counts[Kept.EVIDENCE] = await _evidence(context, times, earliest, dry_run=dry_run)

    def feed(uow: UnitOfWork) -> int:
        return uow.privacy.drop_feed_events(times.instant(Kept.FEED), dry_run=dry_run)

    counts[Kept.FEED] = await (context.store.read(feed) if dry_run else context.store.write(feed))
    if not dry_run and counts.total():
        await scrubbed(context)
        context.log.event(
            "privacy.retained",
            job=JOB,
            dropped=counts.total() - counts[Kept.EVIDENCE],
            bodies=counts[Kept.EVIDENCE],
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return [Step(kind, times.days[kind], times.until(kind), counts[kind]) for kind in Kept]


def _times(context: Context) -> _Times:
    set_to = context.settings.retention
    days = {
        Kept.STAYS: set_to.stays_days,
        Kept.DRAFTS: set_to.drafts_days,
        Kept.REFUSED: set_to.refused_days,
        Kept.EVIDENCE: set_to.evidence_days,
        Kept.FEED: set_to.feed_days,
        Kept.DISCREPANCIES: set_to.discrepancies_days,
    }
    return _Times(context.clock.now().date(), days)


def _student(
    context: Context,
    times: _Times,
    student_id: StudentId,
    dry_run: bool,  # noqa: FBT001 - one of two ways, bound by name above
    uow: UnitOfWork,
) -> tuple[Counter[Kept], datetime | None]:
    """Let go of what is due of one student; and since when a living stay of theirs is known."""
    counts: Counter[Kept] = Counter()
    now = context.clock.now()
    cases = StayGathering(context, uow, now, names=False).cases(student_id)
    records = uow.records.of_student(student_id)
    ended = all_ended_on(cases) if cases else last_said(records)
    if ended is not None and ended < times.until(Kept.STAYS):
        counts[Kept.STAYS] += 1
        if not dry_run:
            _let_go(context, uow, student_id, now)
        return counts, None
    about: list[str] = []
    for case in cases:
        over = ended_on(case)
        if over is None:
            continue
        about.append(case.subject.key)
        if over < times.until(Kept.DRAFTS):
            counts[Kept.DRAFTS] += sum(_drafts(uow, seen(case), now, dry_run=dry_run))
        if over < times.until(Kept.REFUSED):
            keys = refused(seen(case))
            counts[Kept.REFUSED] += len(keys)
            if not dry_run and keys:
                uow.privacy.drop_records(keys, now)
                uow.work.mark_to_compare([student_key(student_id)], now)
    if ended is not None:
        about.append(student_key(student_id))
    before = times.instant(Kept.DISCREPANCIES)
    counts[Kept.DISCREPANCIES] += uow.privacy.drop_discrepancies(about, before, dry_run=dry_run)
    living = ended is None
    return counts, min((_known_since(uow, each) for each in records), default=None) if living else None


def _known_since(uow: UnitOfWork, stored: StoredRecord) -> datetime:
    former = uow.records.history(stored.record.key)
    return min((each.first_seen_at for each in (stored, *former)), default=stored.first_seen_at)


def _drafts(
    uow: UnitOfWork, records: Iterable[StoredRecord], now: datetime, *, dry_run: bool
) -> Iterator[int]:
    for stored in records:
        states = [stored, *uow.records.history(stored.record.key)]
        yield uow.privacy.drop_former(stored.record.key, drafts(states), now, dry_run=dry_run)


def _let_go(context: Context, uow: UnitOfWork, student_id: StudentId, now: datetime) -> None:
    """Erase a student whose last stay is long over. Who comes again is somebody new: only old ids are remembered."""
    person = portrait(uow, context.own_hei_id, student_id)
    ids = (IdentityKeyKind.APPLICATION, IdentityKeyKind.OMOBILITY)
    traces = {Trace.of(key) for key in person.keys if key.kind in ids}
    traces |= {Trace(RECORD, str(each.record.key)) for each in person.records}
    for key in _objects(person.records):
        uow.decisions.erase(key.holder_hei_id, key.record_id)  # type: ignore[arg-type]
    what = ToErase(person.students, person.uids, frozenset(traces))
    uow.privacy.erase(what, BY, WHY, now)


def _objects(records: Iterable[StoredRecord]) -> list[RecordKey]:
    return [each.record.key for each in records]


async def _evidence(context: Context, times: _Times, living_since: datetime | None, *, dry_run: bool) -> int:
    """Let go of bodies about students from before the day; what came since a living stay is known is let be."""
    before = times.instant(Kept.EVIDENCE)
    if living_since is not None:
        before = min(before, living_since)
    held = await context.store.read(lambda uow: uow.cursor(_EVIDENCE))
    last = int(held or "0")
    number = 0
    while True:
        page = await context.store.read(partial(_scan, start=last + 1))
        old = [each for each in page if each.exchange.received_at < before]
        if not old:
            return number
        last = old[-1].sequence
        due = [each for each in old if about_students(each.exchange) and _holds(each)]
        work = partial(_erase, due=due, last=last, at=context.clock.now(), dry_run=dry_run)
        number += await (context.store.read(work) if dry_run else context.store.write(work))
        if len(old) < len(page):
            return number


def _scan(uow: UnitOfWork, *, start: int) -> list[EvidenceRecord]:
    return list(uow.evidence.scan(start, _PAGE))


def _holds(record: EvidenceRecord) -> bool:
    return bool(record.exchange.body or record.exchange.request_body)


def _erase(uow: UnitOfWork, *, due: list[EvidenceRecord], last: int, at: datetime, dry_run: bool) -> int:
    """Erase bodies, but for those that a record still stands on; note how far the evidence was walked over."""
    stood_on = uow.privacy.owners({each.body_sha256 for each in due})
    numbers = [each.sequence for each in due if each.body_sha256 not in stood_on]
    if dry_run:
        return len(numbers)
    uow.set_cursor(_EVIDENCE, str(last))
    return uow.evidence.erase(numbers, at)
