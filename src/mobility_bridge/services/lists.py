"""Lists that people exported to files: read, kept beside what the network serves, and laid beside what we know."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.record import RecordKey, RecordKind
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.errors import ExternalError, NotOffered, UsageError
from mobility_bridge.ports.lists import ListedAgreement, ListReading, ReadList, StudentLists
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import ReadRecord
from mobility_bridge.services.applications import place_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import loggable, note_failure, note_success
from mobility_bridge.services.problems import write_problems
from mobility_bridge.services.subjects import source_key, student_key

LISTS: Final = "lists"
"""The call's name in health records."""


@dataclass(frozen=True, slots=True)
class AgreementsSeen:
    """A list of agreements beside those that our own system holds.

    `unknown` are listed and not held, `missing` held and not listed; `other` are (id, field) pairs of what both
    name and say differently.
    """

    listed: int
    unknown: tuple[IiaId, ...] = ()
    missing: tuple[IiaId, ...] = ()
    other: tuple[tuple[IiaId, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListsReport:
    """What one reading of lists did.

    `problems` and `remarks` as in `ListReading`. `agreements` is None where no file lists any, or where our own
    agreements were never read in full, so that nobody can tell which are missing.
    """

    source: str
    files: tuple[ReadList, ...] = ()
    read: int = 0
    changed: int = 0
    gone: int = 0
    complete: bool = False
    problems: tuple[tuple[str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    agreements: AgreementsSeen | None = None
    error: ExternalError | None = None


def the_lists(context: Context) -> StudentLists:
    """Who reads and writes lists. Raises NotOffered, or UsageError where students are not followed."""
    if context.lists is None:
        raise NotOffered(
            "no system that trades in files is configured",
            system="dashboard",
            reason="no_host",
            next_step="Add a section [adapters.dashboard] to the configuration.",
        )
    if not context.settings.students.enabled:
        raise UsageError(
            "students are not followed, so nothing about them is kept",
            next_step="Set enabled = true under [students].",
        )
    return context.lists


async def ingest_lists(context: Context, files: Sequence[Path] | None = None) -> ListsReport:
    """Read these files, or those that are configured, and keep what they say.

    Raises:  NotOffered, UsageError as `the_lists`; what a file fails at is in the report.
    """
    lists = the_lists(context)
    try:
        reading = await lists.read(files)
    except ExternalError as error:
        return await _failed(context, lists.name, error)
    whole = files is None and lists.whole
    report = await context.store.write(
        lambda uow: _commit(uow, context, lists.name, reading, whole=whole, again=files is None)
    )
    context.log.event(
        "lists.read",
        source=report.source,
        files=len(report.files),
        listed=report.read,
        changed=report.changed,
        gone=report.gone,
        complete=report.complete,
        **_counted(report.agreements),
    )
    return report


def _commit(
    uow: UnitOfWork, context: Context, name: str, reading: ListReading, *, whole: bool, again: bool
) -> ListsReport:
    """Keep a reading; `whole` lists say what is gone, and what is read `again` and again is evidence once."""
    now = context.clock.now()
    sieve = Sieve(uow, context.own_hei_id)
    kept = sieve.records(reading.records)
    sieve.exchanges(_new(uow, name, reading.exchanges) if again else reading.exchanges, now)
    uow.copies.put_documents(
        {each.record.document.sha256: each.document for each in kept if each.record.document is not None}
    )
    held = uow.records.digests(name, RecordKind.LISTING, context.own_hei_id)
    changed = list(uow.records.save([each.record for each in kept], now))
    there = {each.record.key.record_id for each in reading.records}
    absent = [
        RecordKey(name, RecordKind.LISTING, context.own_hei_id, each) for each in held if each not in there
    ]
    believed = len(held) < context.settings.sync.shrink_floor or len(there) * 2 >= len(held)
    listed = any(each.kind is not None for each in reading.files) and bool(there)
    gone = list(uow.records.gone(absent, now)) if whole and listed and reading.complete and believed else []
    place_keys(uow, context, [*changed, *gone], now)
    _look_again(uow, name, kept, set(changed), again=again, now=now)
    _keep_health(uow, context, name, reading)
    sieve.tell(context, name)
    return ListsReport(
        name,
        reading.files,
        len(reading.records),
        len(changed),
        len(gone),
        reading.complete,
        reading.problems,
        reading.remarks,
        _beside_ours(uow, context, reading),
    )


def _look_again(
    uow: UnitOfWork,
    name: str,
    kept: Sequence[ReadRecord],
    changed: Collection[RecordKey],
    *,
    again: bool,
    now: datetime,
) -> None:
    """Mark the students of lines that say what they said, in a later export: the document may have changed since."""
    cursor = f"{name}.{LISTS}.as_of"
    before = uow.cursor(cursor) if again else None
    said = [
        each.record for each in kept if before is None or each.record.as_of > datetime.fromisoformat(before)
    ]
    stored = (uow.records.get(each.key) for each in said if each.key not in changed)
    whose = {each.student_id for each in stored if each is not None and each.student_id is not None}
    uow.work.mark_to_compare([student_key(uow.students.current(each)) for each in sorted(whose)], now)
    if again and said:
        uow.set_cursor(cursor, max(each.as_of for each in said).isoformat())


def _new(uow: UnitOfWork, name: str, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Those files that were not read before, byte for byte, at the last reading."""
    digests = [hashlib.sha256(each.body).hexdigest() for each in exchanges]
    before = set((uow.cursor(f"{name}.{LISTS}.files") or "").split())
    uow.set_cursor(f"{name}.{LISTS}.files", " ".join(dict.fromkeys(digests)))
    return [each for each, digest in zip(exchanges, digests, strict=True) if digest not in before]


def _keep_health(uow: UnitOfWork, context: Context, name: str, reading: ListReading) -> None:
    now = context.clock.now()
    note_success(uow, HeiId(name), LISTS, now)
    if reading.problems:
        detail = write_problems(reading.problems)
        uow.partners.save_health(
            Health(HeiId(name), LISTS, last_ok_at=now, failure_code="incomplete", detail=detail)
        )
    uow.work.mark_to_compare([source_key(name)], now)


async def _failed(context: Context, name: str, error: ExternalError) -> ListsReport:
    key, at = source_key(name), context.clock.now()
    await context.store.write(lambda uow: note_failure(uow, HeiId(name), LISTS, error, key=key, at=at))
    context.log.event(
        "source.failed", source=name, error=error.word, reason=error.reason, detail=loggable(error)
    )
    return ListsReport(name, error=error)


def _beside_ours(uow: UnitOfWork, context: Context, reading: ListReading) -> AgreementsSeen | None:
    states = [uow.partners.index(HeiId(source.name)) for source in context.sources]
    if reading.agreements is None or not any(state and state.full_at for state in states):
        return None
    listed = {each.iia_id: each for each in reading.agreements}
    held = {each.copy.iia_id: each for each in uow.copies.local()}
    return AgreementsSeen(
        len(listed),
        tuple(sorted(listed.keys() - held.keys())),
        tuple(sorted(held.keys() - listed.keys())) if reading.complete else (),
        tuple(
            (iia_id, field)
            for iia_id in sorted(listed.keys() & held.keys())
            for field in _differing(listed[iia_id], held[iia_id])
        ),
    )


def _differing(listed: ListedAgreement, held: StoredCopy) -> Iterator[str]:
    """Fields in which a list and our own system differ; what a list does not say differs from nothing."""
    ours = held.copy
    if listed.partner_hei_id != ours.partner_hei_id:
        yield "partner"
    if (
        None not in (listed.partner_iia_id, ours.partner_iia_id)
        and listed.partner_iia_id != ours.partner_iia_id
    ):
        yield "partner's id"
    if listed.in_effect is not None and listed.in_effect is not ours.in_effect:
        yield "in effect"


def _counted(seen: AgreementsSeen | None) -> Mapping[str, int]:
    if seen is None:
        return {}
    return {"agreements": seen.listed, "unknown": len(seen.unknown), "missing": len(seen.missing)}
