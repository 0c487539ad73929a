"""Changed local copies become snapshots, cursors and notifications, in one unit of work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.domain.snapshot import AgreementCopy, StoredCopy
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.sources import AgreementSource, SourceReading
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services import outbox
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import loggable, note_failure, note_success
from mobility_bridge.services.problems import write_problems
from mobility_bridge.services.subjects import agreement_key, partner_key, source_key

READ = "read"
"""The name of the one call that every source has, in health records."""

Key = tuple[HeiId, IiaId]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notification that a change on our side asks for."""

    kind: CnrKind
    partner_hei_id: HeiId
    iia_id: IiaId
    cause: str


@dataclass(frozen=True, slots=True)
class IngestPlan:
    """What a reading means for the store. `shrunk_to` is set when the reading is not believed."""

    save: tuple[AgreementCopy, ...]
    new: tuple[Key, ...]
    changed: tuple[Key, ...]
    gone: tuple[Key, ...]
    notices: tuple[Notice, ...]
    shrunk_to: int | None = None


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did. `error` is set when the source could not be read."""

    source: str
    complete: bool = False
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    gone: int = 0
    queued: int = 0
    shrunk_to: int | None = None
    error: ExternalError | None = None


def visible(copy: AgreementCopy) -> tuple[object, ...]:
    """What a partner can see of our copy: a change in it is worth a notification."""
    return (
        copy.iia_hash,
        copy.content_digest,
        copy.partner_iia_id,
        copy.iia_code,
        copy.in_effect,
        copy.terminated,
    )


def announced(copy: AgreementCopy) -> bool:
    """Whether the network may know this copy: it has a hash, so a node serves it, and is no draft."""
    return copy.iia_hash is not None and copy.record is not None and copy.record.status != "DRAFT"


def already_told(copy: AgreementCopy) -> bool:
    """Whether our own system has notified the partner since it last changed the copy."""
    record = copy.record
    if record is None or record.last_notified_at is None:
        return False
    return record.modified_at is not None and record.last_notified_at >= record.modified_at


def _never_told(copy: AgreementCopy) -> bool:
    """Whether our own system does not say that the partner ever heard of the copy."""
    return copy.record is None or copy.record.last_notified_at is None


def notices_for(
    before: AgreementCopy | None, copy: AgreementCopy, *, first_look: bool = False
) -> list[Notice]:
    """Say which notifications a copy's new state asks for. `before` is None when it was not live.

    The first sight of an approval asks for none: it was given before we looked. So it is with the agreements
    of a source that was never read whole (`first_look`): only where the source itself notes that it told the
    partner once and changed the copy since is there anything to tell.
    Source: EWP agreements: when to notify.
    """
    notices: list[Notice] = []
    hei_id = copy.partner_hei_id
    if announced(copy) and not already_told(copy):
        if before is None and first_look and _never_told(copy):
            return notices
        if before is None or not announced(before):
            notices.append(Notice(CnrKind.IIA, hei_id, copy.iia_id, "shared"))
        elif visible(before) != visible(copy):
            notices.append(Notice(CnrKind.IIA, hei_id, copy.iia_id, "changed"))
    if before is not None and announced(before) and not announced(copy):
        notices.append(Notice(CnrKind.IIA, hei_id, copy.iia_id, "hidden"))
    if before is not None and before.record is not None and copy.record is not None:
        theirs = copy.partner_iia_id or before.partner_iia_id
        if theirs is not None and before.record.own_approval != copy.record.own_approval:
            cause = "approved" if copy.record.own_approval else "approval withdrawn"
            notices.append(Notice(CnrKind.IIA_APPROVAL, hei_id, theirs, cause))
    return notices


def notices_for_deleted(copy: AgreementCopy) -> list[Notice]:
    """Say which notifications the deletion of our copy asks for."""
    notices = []
    if announced(copy):
        notices.append(Notice(CnrKind.IIA, copy.partner_hei_id, copy.iia_id, "deleted"))
        if copy.record is not None and copy.record.own_approval and copy.partner_iia_id is not None:
            notices.append(
                Notice(CnrKind.IIA_APPROVAL, copy.partner_hei_id, copy.partner_iia_id, "approval withdrawn")
            )
    return notices


def plan_ingest(
    stored: Mapping[Key, StoredCopy],
    reading: SourceReading,
    *,
    floor: int,
    accept_shrink: bool,
    first_look: bool = False,
) -> IngestPlan:
    """Decide what a reading changes. Half an answer, or one that is suddenly far smaller, deletes nothing."""
    save, new, changed = [], [], []
    notices: list[Notice] = []
    seen: set[Key] = set()
    for item in reading.copies:
        copy = item.copy
        key = (copy.partner_hei_id, copy.iia_id)
        seen.add(key)
        held = stored.get(key)
        before = held.copy if held is not None and held.live else None
        save.append(copy)
        if before is None:
            new.append(key)
        elif not before.says_the_same_as(copy):
            changed.append(key)
        notices.extend(notices_for(before, copy, first_look=first_look))
    live = {key for key, held in stored.items() if held.live}
    absent = sorted(live - seen)
    shrunk = reading.complete and len(live) >= floor and len(seen & live) * 2 < len(live)
    if shrunk and not accept_shrink:
        return IngestPlan(tuple(save), tuple(new), tuple(changed), (), tuple(notices), len(seen))
    gone = tuple(absent) if reading.complete else ()
    for key in gone:
        notices.extend(notices_for_deleted(stored[key].copy))
    return IngestPlan(tuple(save), tuple(new), tuple(changed), gone, tuple(notices))


async def ingest(context: Context, source: AgreementSource, *, accept_shrink: bool = False) -> IngestReport:
    """Read one of our systems whole and commit what changed, with the notifications it asks for."""
    started = context.clock.monotonic()
    try:
        reading = await source.read()
    except ExternalError as error:
        await _source_failed(context, source, error)
        return IngestReport(source.name, error=error)
    plan = await context.store.write(
        lambda uow: _commit(uow, context, source.name, reading, accept_shrink=accept_shrink)
    )
    report = IngestReport(
        source.name,
        reading.complete,
        len(plan.new),
        len(plan.changed),
        len(plan.save) - len(plan.new) - len(plan.changed),
        len(plan.gone),
        len(plan.notices),
        plan.shrunk_to,
    )
    _log(context, report, plan, context.clock.monotonic() - started)
    return report


def _commit(
    uow: UnitOfWork, context: Context, name: str, reading: SourceReading, *, accept_shrink: bool
) -> IngestPlan:
    own, at = context.own_hei_id, context.clock.now()
    stored = {
        (held.copy.partner_hei_id, held.copy.iia_id): held
        for held in uow.copies.local(live_only=False)
        if held.copy.source == name
    }
    floor = context.settings.sync.shrink_floor
    known_since = f"{name}.{READ}.since"
    first_look = uow.cursor(known_since) is None
    plan = plan_ingest(stored, reading, floor=floor, accept_shrink=accept_shrink, first_look=first_look)
    if first_look and reading.complete:
        uow.set_cursor(known_since, at.isoformat())
    uow.evidence.append(reading.exchanges)
    uow.copies.put_documents({item.copy.document.sha256: item.document for item in reading.copies})
    uow.copies.save(plan.save, at)
    for hei_id, iia_id in plan.gone:
        uow.copies.mark_gone(own, hei_id, [iia_id], at)
    for notice in plan.notices:
        outbox.queue(uow, context, notice.kind, notice.partner_hei_id, notice.iia_id, cause=notice.cause)
    uow.work.mark_to_compare(_subjects(uow, own, plan, stored), at)
    _keep_state(uow, name, reading, plan, at)
    uow.work.mark_to_compare([source_key(name)], at)
    return plan


def _keep_state(uow: UnitOfWork, name: str, reading: SourceReading, plan: IngestPlan, now: datetime) -> None:
    """Keep what the rules about a source look at: its health, its size, its unreadable records."""
    note_success(uow, HeiId(name), READ, now)
    if not reading.complete or reading.problems:
        detail = write_problems(reading.problems)
        uow.partners.save_health(
            Health(
                HeiId(name),
                READ,
                last_ok_at=now,
                failure_code=None if reading.complete else "incomplete",
                detail=detail,
            )
        )
    before = uow.partners.index(HeiId(name))
    full_at = now if reading.complete and plan.shrunk_to is None else before.full_at if before else None
    uow.partners.save_index(
        IndexState(HeiId(name), now, full_at, count=len(plan.save), shrunk_to=plan.shrunk_to)
    )


def _subjects(uow: UnitOfWork, own: HeiId, plan: IngestPlan, stored: Mapping[Key, StoredCopy]) -> list[str]:
    """Name what to compare anew: the copies, and everything that is or was mapped to them, on either side."""
    keys: list[str] = []
    copies = {(copy.partner_hei_id, copy.iia_id): copy for copy in plan.save}
    for key in (*plan.new, *plan.changed, *plan.gone):
        hei_id, iia_id = key
        keys.extend((agreement_key(hei_id, ours=iia_id), partner_key(hei_id)))
        theirs = [held.copy.iia_id for held in uow.copies.listing(hei_id, own, iia_id)]
        states = (copies.get(key), stored[key].copy if key in stored else None)
        theirs += [state.partner_iia_id for state in states if state is not None and state.partner_iia_id]
        for partner_iia_id in theirs:
            keys.append(agreement_key(hei_id, theirs=partner_iia_id))
            rivals = uow.copies.listing(own, hei_id, partner_iia_id)
            keys.extend(agreement_key(hei_id, ours=held.copy.iia_id) for held in rivals)
    return keys


async def _source_failed(context: Context, source: AgreementSource, error: ExternalError) -> None:
    key, at = source_key(source.name), context.clock.now()
    await context.store.write(lambda uow: note_failure(uow, HeiId(source.name), READ, error, key=key, at=at))
    context.log.event(
        "source.failed",
        source=source.name,
        error=error.word,
        reason=error.reason,
        detail=loggable(error),
    )


def _log(context: Context, report: IngestReport, plan: IngestPlan, duration_s: float) -> None:
    changed: Sequence[Key] = (*plan.new, *plan.changed, *plan.gone)
    for hei_id, iia_id in changed if len(changed) <= 50 else ():
        context.log.event("agreement.changed", source=report.source, partner_hei_id=hei_id, iia_id=iia_id)
    for notice in plan.notices:
        context.log.event(
            "cnr.queued",
            cnr=notice.kind.value,
            partner_hei_id=notice.partner_hei_id,
            iia_id=notice.iia_id,
            reason=notice.cause,
        )
    if report.shrunk_to is not None:
        context.log.event("source.shrunk", source=report.source, listed=report.shrunk_to)
    context.log.event(
        "source.read",
        source=report.source,
        complete=report.complete,
        new=report.new,
        changed=report.changed,
        unchanged=report.unchanged,
        gone=report.gone,
        queued=report.queued,
        duration_s=round(duration_s, 3),
    )
