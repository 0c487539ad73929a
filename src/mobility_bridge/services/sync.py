"""One whole round by hand: catalogue, our systems, partners, comparison, outbox. Nothing stops the others."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import IndexState
from mobility_bridge.errors import ExternalError, UsageError
from mobility_bridge.ports.sources import AgreementSource, CatalogueStatus, PartnerNetwork
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.apply import WritesReport, apply_writes
from mobility_bridge.services.ask_approvals import ApprovalReport, announced_ids, ask_approvals
from mobility_bridge.services.catalogue import refresh_catalogue
from mobility_bridge.services.compare import CompareReport, compare
from mobility_bridge.services.context import Context
from mobility_bridge.services.ingest import IngestReport, ingest
from mobility_bridge.services.notify import NotifyReport, notify
from mobility_bridge.services.refresh import RefreshReport, refresh_partner
from mobility_bridge.services.send_decisions import DecisionsReport, send_decisions
from mobility_bridge.services.students import StudentsReport, read_named, read_students, student_partners
from mobility_bridge.services.sweep import SweepReport, Sweeps

EWP = "ewp"
"""The name under which the network can be chosen as a source."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to synchronise. Empty `sources` or `partners` mean all; `full` asks for everything anew."""

    sources: tuple[str, ...] = ()
    partners: tuple[HeiId, ...] = ()
    full: bool = False
    accept_shrink: bool = False
    send: bool = True


@dataclass(frozen=True, slots=True)
class PartnerReport:
    """Everything one partner was asked in a round."""

    partner_hei_id: HeiId
    sweep: SweepReport
    refresh: RefreshReport | None = None
    approvals: ApprovalReport | None = None

    @property
    def error(self) -> ExternalError | None:
        """The first thing that went wrong."""
        later = (part.error for part in (self.refresh, self.approvals) if part is not None)
        return self.sweep.error or next((error for error in later if error is not None), None)


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a round did."""

    catalogue: CatalogueStatus | None = None
    catalogue_error: ExternalError | None = None
    sources: tuple[IngestReport, ...] = ()
    partners: tuple[PartnerReport, ...] = ()
    compared: CompareReport = field(default_factory=CompareReport)
    notified: NotifyReport = field(default_factory=NotifyReport)
    students: StudentsReport = field(default_factory=StudentsReport)
    decisions: DecisionsReport = field(default_factory=DecisionsReport)
    writes: WritesReport = field(default_factory=WritesReport)

    @property
    def errors(self) -> tuple[ExternalError, ...]:
        """Everything that an external system failed at."""
        found = [self.catalogue_error]
        found.extend(report.error for report in self.sources)
        found.extend(report.error for report in self.partners)
        found.extend(self.students.errors)
        return tuple(error for error in found if error is not None)


async def sync(context: Context, wanted: Wanted) -> SyncReport:
    """Run one round.

    Raises:  UsageError for a source or partner that does not exist, NotOffered for a network that does not.
             What an external system fails at is kept, logged and reported; it never stops the rest.
    """
    sources = chosen_sources(context, wanted)
    if wanted.partners or EWP in wanted.sources:
        context.the_network()
    use_network = context.network is not None and (not wanted.sources or EWP in wanted.sources)
    status: CatalogueStatus | None = None
    catalogue_error: ExternalError | None = None
    if context.network is not None:
        try:
            status = await refresh_catalogue(context)
        except ExternalError as error:
            catalogue_error = error
    ingested = [await ingest(context, source, accept_shrink=wanted.accept_shrink) for source in sources]
    asked: Sequence[PartnerReport] = ()
    # A refused catalogue is said loudly; the last good one, if there is any, still tells whom to ask.
    if use_network and (catalogue_error is None or context.the_network().partners()):
        asked = await ask_partners(context, chosen_partners(context, wanted.partners), wanted)
    students = await _read_students(context, wanted, use_network=use_network)
    decided = await send_decisions(context) if wanted.send and use_network else DecisionsReport()
    compared = await compare(context)
    written = WritesReport()
    if wanted.send and writes_wanted(context, wanted):
        written = await apply_writes(context)
    notified = await notify(context) if wanted.send else NotifyReport()
    if notified != NotifyReport() or written != WritesReport():
        compared += await compare(context)
    return SyncReport(
        status,
        catalogue_error,
        tuple(ingested),
        tuple(asked),
        compared,
        notified,
        students,
        decided,
        written,
    )


async def _read_students(context: Context, wanted: Wanted, *, use_network: bool) -> StudentsReport:
    """Read students in a round about everything, or one about chosen partners."""
    if wanted.sources:
        return await read_named(context, wanted.sources, full=wanted.full)
    partners: list[HeiId] = []
    if use_network:
        chosen = wanted.partners
        partners = chosen_partners(context, chosen) if chosen else student_partners(context)
    return await read_students(context, partners, full=wanted.full)


def writes_wanted(context: Context, wanted: Wanted) -> bool:
    """Whether a round is one that writes to the registry: about everything, or about the registry."""
    if wanted.partners or context.registry is None:
        return False
    return not wanted.sources or context.registry.name in wanted.sources


def chosen_sources(context: Context, wanted: Wanted) -> list[AgreementSource]:
    """Name our systems to read. Raises UsageError for one that does not exist."""
    if wanted.sources:
        others = {EWP, *(each.name for each in (context.registry, context.lists) if each is not None)}
        return [context.source(name) for name in wanted.sources if name not in others]
    return [] if wanted.partners else list(context.sources)


def chosen_partners(context: Context, asked: Sequence[HeiId] = ()) -> list[HeiId]:
    """Name the partners to ask: those named, else those the settings allow among all that offer agreements.

    Raises:  UsageError for one that is not in the catalogue.
    """
    network: PartnerNetwork = context.the_network()
    for hei_id in asked:
        if network.partner(hei_id) is None:
            raise UsageError(
                f"{hei_id} is not in the catalogue", next_step="Run: mobility-bridge ewp catalogue"
            )
    if asked:
        return list(asked)
    rules = context.settings.sync
    offering = [partner.hei_id for partner in network.partners() if "iias" in partner.offers]
    allowed = set(rules.partners) if rules.partners is not None else None
    return [
        hei_id
        for hei_id in offering
        if hei_id not in rules.exclude_partners and (allowed is None or hei_id in allowed)
    ]


@dataclass(frozen=True, slots=True)
class Known:
    """What the store says of a partner before a round: its index, and whether a copy of either side is due."""

    index: IndexState | None
    to_fetch: bool
    announced: bool


def known(
    uow: UnitOfWork, context: Context, partners: Sequence[HeiId], *, full: bool = False
) -> Mapping[HeiId, Known]:
    """Look up what a round with these partners has to know; `full` counts every copy as due.

    One look for all: with most partners there is nothing to do beyond the index.
    """
    own = context.own_hei_id
    before = context.clock.now() - timedelta(seconds=context.settings.schedule.refresh_after_s)
    due = set(partners) if full else uow.work.dirty_partners()
    if not full:
        due |= uow.copies.holders_to_refresh(partners, own, before)
    indexes = uow.partners.indexes(partners)
    shown_to = uow.copies.partners_of(own)
    return {
        hei_id: Known(
            indexes.get(hei_id),
            hei_id in due,
            hei_id in shown_to and bool(announced_ids(uow, own, hei_id)),
        )
        for hei_id in partners
    }


async def ask_partners(
    context: Context, partners: Sequence[HeiId], wanted: Wanted
) -> Sequence[PartnerReport]:
    """Sweep, fetch and ask approvals of these partners, a few at a time."""
    before = await context.store.read(lambda uow: known(uow, context, partners, full=wanted.full))
    sweeps = Sweeps(context)
    gate = asyncio.Semaphore(context.settings.sync.concurrency)
    running: set[asyncio.Task[PartnerReport]] = set()
    ended: dict[HeiId, PartnerReport | BaseException] = {}

    def end(task: asyncio.Task[PartnerReport]) -> None:
        gate.release()
        running.discard(task)
        if not task.cancelled():
            ended[HeiId(task.get_name())] = task.exception() or task.result()

    try:
        for hei_id in partners:  # begun one by one: thousands waiting for their turn would fill memory
            await gate.acquire()
            task = asyncio.create_task(
                ask_partner(context, hei_id, wanted, before[hei_id], sweeps), name=hei_id
            )
            running.add(task)
            task.add_done_callback(end)
        await asyncio.gather(*running, return_exceptions=True)
    except asyncio.CancelledError:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        raise
    reports = []
    for hei_id in partners:  # all have ended: what the store refused of one did not cut off another
        report = ended[hei_id]
        if isinstance(report, BaseException):
            raise report
        reports.append(report)
    return reports


async def ask_partner(
    context: Context, hei_id: HeiId, wanted: Wanted, before: Known, sweeps: Sweeps
) -> PartnerReport:
    """Sweep, fetch and ask approvals of one partner. A broken index does not stop the fetching of known ids."""
    sweep = await sweeps.sweep(hei_id, before.index, full=wanted.full, accept_shrink=wanted.accept_shrink)
    if sweep.error is not None and sweep.error.retryable:
        return PartnerReport(hei_id, sweep)
    refresh = approvals = None
    if before.to_fetch or sweep.new or sweep.changed or sweep.suspected_gone:
        refresh = await refresh_partner(context, hei_id, everything=wanted.full)
    if before.announced:
        approvals = await ask_approvals(context, hei_id)
    return PartnerReport(hei_id, sweep, refresh, approvals)
