"""How everything is doing, from what the store knows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mobility_bridge.domain.discrepancy import DiscrepancyState, Severity
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.notification import CnrState
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.write import Write
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.sources import Capability
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.catalogue import CATALOGUE
from mobility_bridge.services.context import Context
from mobility_bridge.services.feed import FeedStatus, feed_status
from mobility_bridge.services.health import last_attempt, worst
from mobility_bridge.services.lists import LISTS


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One of our own systems: how reading it goes and what it offers of what we use."""

    name: str
    agreements: int
    health: Health | None
    capabilities: tuple[Capability, ...]
    probe_problem: str | None = None


@dataclass(frozen=True, slots=True)
class PartnerStatus:
    """One partner: its index, the worst of its health, and what is open with it."""

    partner_hei_id: HeiId
    ours: int
    theirs: int
    last_contact_at: datetime | None
    failing: tuple[Health, ...]
    index: IndexState | None
    open_discrepancies: int
    pending_notifications: int


@dataclass(frozen=True, slots=True)
class ListsStatus:
    """The system that trades in files: how many learning agreements they list, and how reading them goes."""

    name: str
    learning_agreements: int
    health: Health | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The state of the whole bridge. `registry` and `lists` are None where none is configured.

    `legible`: students are followed, and no key seals what the store holds about them. `writes` are those to our own
    systems that are neither made nor given up: the latest of each thing written. `decisions` are ours that partners
    are still to be told, or to show.
    """

    own_hei_id: HeiId
    catalogue: Health | None
    sources: tuple[SourceStatus, ...]
    partners: tuple[PartnerStatus, ...]
    discrepancies: Mapping[Severity, int]
    acknowledged: int
    outbox: Mapping[CnrState, int]
    evidence_records: int
    sending: bool = True
    registry: FeedStatus | None = None
    legible: bool = False
    lists: ListsStatus | None = None
    writes: tuple[Write, ...] = ()
    decisions: tuple[StoredDecision, ...] = ()

    @property
    def last_activity_at(self) -> datetime | None:
        """When any system was last asked, with or without success; None when none ever was."""
        asked = [last_attempt(source.health) for source in self.sources]
        asked.extend(partner.last_contact_at for partner in self.partners)
        if self.registry is not None:
            asked.append(last_attempt(self.registry.health))
        return max((at for at in asked if at is not None), default=None)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What is switched on although no public source shows that the system offers it."""
        return tuple(
            f"{source.name}: {capability.name}"
            for source in self.sources
            for capability in source.capabilities
            if capability.assumed and (capability.available or not capability.asked)
        )


async def overview(context: Context, *, probe: bool = True) -> Overview:
    """Gather the state of everything; with `probe`, ask our own systems what they offer."""
    capabilities: dict[str, tuple[Sequence[Capability], str | None]] = {}
    for source in context.sources:
        try:
            capabilities[source.name] = (await source.probe() if probe else (), None)
        except ExternalError as error:
            capabilities[source.name] = ((), error.message)
    found = await context.store.read(lambda uow: _overview(uow, context, capabilities))
    registry = await feed_status(context, ask=False) if context.registry is not None else None
    return replace(found, registry=registry)


def _overview(
    uow: UnitOfWork, context: Context, capabilities: Mapping[str, tuple[Sequence[Capability], str | None]]
) -> Overview:
    own = context.own_hei_id
    local = uow.copies.local()
    by_source = Counter(held.copy.source for held in local)
    by_partner = Counter(held.copy.partner_hei_id for held in local)
    unresolved = uow.discrepancies.select(states=[DiscrepancyState.OPEN, DiscrepancyState.ACKNOWLEDGED])
    about = Counter(item.finding.subject.partner_hei_id for item in unresolved)
    pending = Counter(
        item.partner_hei_id for item in uow.outbox.select(states=[CnrState.PENDING], limit=100_000)
    )
    sources = tuple(
        SourceStatus(
            source.name,
            by_source[source.name],
            worst(uow.partners.health(HeiId(source.name)).values()),
            tuple(capabilities[source.name][0]),
            capabilities[source.name][1],
        )
        for source in context.sources
    )
    names = {source.name for source in context.sources} | {CATALOGUE}
    names.update(source.name for source in context.applications)
    if context.registry is not None:
        names.add(context.registry.name)
    if context.lists is not None:
        names.add(context.lists.name)
    heis = sorted({item.partner_hei_id for item in uow.partners.all_health()} | set(by_partner))
    partners = tuple(
        _partner(uow, own, hei_id, by_partner[hei_id], about[hei_id], pending[hei_id])
        for hei_id in heis
        if hei_id not in names
    )
    return Overview(
        own,
        uow.partners.health(HeiId(CATALOGUE)).get(CATALOGUE),
        sources,
        partners,
        Counter(item.finding.severity for item in unresolved),
        sum(item.state is DiscrepancyState.ACKNOWLEDGED for item in unresolved),
        uow.outbox.counts(),
        uow.evidence.count(),
        context.settings.notify.enabled,
        legible=context.settings.students.enabled and not context.settings.store.keys,
        writes=tuple(uow.writes.troubled()),
        decisions=tuple(uow.decisions.under_way()),
        lists=_lists(uow, context),
    )


def _lists(uow: UnitOfWork, context: Context) -> ListsStatus | None:
    if context.lists is None:
        return None
    name = context.lists.name
    held = uow.records.digests(name, RecordKind.LISTING, context.own_hei_id)
    return ListsStatus(name, len(held), uow.partners.health(HeiId(name)).get(LISTS))


def _partner(
    uow: UnitOfWork, own: HeiId, hei_id: HeiId, ours: int, discrepancies: int, pending: int
) -> PartnerStatus:
    health = uow.partners.health(hei_id)
    contacts = [at for at in map(last_attempt, health.values()) if at is not None]
    return PartnerStatus(
        hei_id,
        ours,
        len(uow.copies.ids_of_partner(hei_id, own)),
        max(contacts, default=None),
        tuple(item for item in health.values() if item.failing_since is not None),
        uow.partners.index(hei_id),
        discrepancies,
        pending,
    )
