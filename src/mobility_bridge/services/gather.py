"""Gather everything a rule may look at into a case. Reads the store, decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import (
    AgreementCase,
    CopyView,
    IdStatus,
    PartnerCase,
    Proposal,
    SourceCase,
)
from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.calendar import months_before
from mobility_bridge.reconcile.pairing import propose
from mobility_bridge.reconcile.places import continues, expiry
from mobility_bridge.services.ask_approvals import APPROVAL
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import worst
from mobility_bridge.services.listing_seen import last_listing
from mobility_bridge.services.problems import read_problems
from mobility_bridge.services.registry_state import missed_events, missing_pages

UNDELIVERED = (CnrState.EXPIRED, CnrState.REFUSED, CnrState.NO_RECEIVER)
MOST_CANDIDATES = 200
"""Unpaired copies of one partner beyond this are not scored against each other."""


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads one unit of work's view of the world for one moment."""

    context: Context
    uow: UnitOfWork
    now: datetime

    @property
    def own(self) -> HeiId:
        return self.context.own_hei_id

    def view(self, stored: StoredCopy | None) -> CopyView | None:
        """A stored copy with its terms decoded; None stays None, what cannot be decoded has no terms."""
        if stored is None:
            return None
        document = self.uow.copies.document(stored.copy.document.sha256)
        if document is None:
            return CopyView(stored, None)
        try:
            return CopyView(stored, self.context.decode(document, stored.copy.document))
        except InvalidDocument:
            return CopyView(stored, None)

    def agreement(self, subject: Subject) -> AgreementCase | None:
        """The case of one agreement; None when another subject stands for it or nothing is left of it."""
        hei_id = subject.partner_hei_id
        assert hei_id is not None
        if subject.iia_id is not None:
            return self._with_local(hei_id, subject.iia_id)
        assert subject.partner_iia_id is not None
        return self._without_local(subject, hei_id, subject.partner_iia_id)

    def counterpart(self, hei_id: HeiId, local: StoredCopy) -> StoredCopy | None:
        """The partner copy that belongs to a copy of ours: by our link, by theirs, or by a person's word."""
        candidates = [local.copy.partner_iia_id, self.uow.links.confirmed(hei_id).get(local.copy.iia_id)]
        listing = self.uow.copies.listing(hei_id, self.own, local.copy.iia_id)
        gone = None
        for iia_id in candidates:
            held = self.uow.copies.get(hei_id, self.own, iia_id) if iia_id is not None else None
            if held is not None and held.live:
                return held
            gone = gone or held
        return listing[0] if listing else gone

    def _with_local(self, hei_id: HeiId, iia_id: IiaId) -> AgreementCase | None:
        copies, own = self.uow.copies, self.own
        local = copies.get(own, hei_id, iia_id)
        if local is None:
            return None
        partner = self.counterpart(hei_id, local)
        theirs = partner.copy.iia_id if partner is not None else None
        known = Subject(SubjectKind.AGREEMENT, hei_id, iia_id, theirs or local.copy.partner_iia_id)
        approvals = self.uow.approvals
        return AgreementCase(
            own_hei_id=own,
            subject=known,
            now=self.now,
            local=self.view(local),
            partner=self.view(partner),
            local_history=tuple(copies.history(own, hei_id, iia_id)),
            partner_history=tuple(copies.history(hei_id, own, theirs)) if theirs is not None else (),
            approval_by_partner=approvals.current(ApprovalSide.BY_PARTNER, hei_id, iia_id),
            approval_by_us=approvals.current(ApprovalSide.BY_US, hei_id, theirs) if theirs else None,
            earlier_approvals=self._earlier_approvals(hei_id, iia_id, theirs),
            concluded=approvals.concluded(hei_id, iia_id),
            listed_id_status=self._status(hei_id, partner),
            competing_partner_copies=self._competing(copies.listing(hei_id, own, iia_id), theirs),
            competing_local_copies=self._competing(
                copies.listing(own, hei_id, theirs) if theirs is not None else (), iia_id
            ),
            replaced_partner_copy=self._replaced(hei_id, local, partner),
            listed_in_index=self._listed(hei_id, theirs),
            last_notification=self._last_notification(hei_id, iia_id),
            proposals=self._proposals(hei_id, ours=iia_id) if partner is None else (),
            successor=self._successor(hei_id, local),
            thresholds=self.context.thresholds,
            approvals_read_at=self._approvals_read_at(hei_id, local),
        )

    def _without_local(self, subject: Subject, hei_id: HeiId, theirs: IiaId) -> AgreementCase | None:
        partner = self.uow.copies.get(hei_id, self.own, theirs)
        if partner is None or self._stands_elsewhere(hei_id, partner):
            return None
        return AgreementCase(
            own_hei_id=self.own,
            subject=subject,
            now=self.now,
            partner=self.view(partner),
            partner_history=tuple(self.uow.copies.history(hei_id, self.own, theirs)),
            listed_id_status=self._status(hei_id, partner),
            listed_in_index=self._listed(hei_id, theirs),
            proposals=self._proposals(hei_id, theirs=theirs) if partner.live else (),
            thresholds=self.context.thresholds,
        )

    def _stands_elsewhere(self, hei_id: HeiId, partner: StoredCopy) -> bool:
        """Whether a copy of ours exists for it, so that the agreement goes by our id."""
        listed, theirs = partner.copy.partner_iia_id, partner.copy.iia_id
        if listed is not None:
            ours = self.uow.copies.get(self.own, hei_id, listed)
            if ours is not None and ours.live:
                return True
        if self.uow.copies.listing(self.own, hei_id, theirs):
            return True
        return theirs in self.uow.links.confirmed(hei_id).values()

    def _status(self, hei_id: HeiId, partner: StoredCopy | None) -> IdStatus:
        if partner is None or partner.copy.partner_iia_id is None:
            return IdStatus.ABSENT
        ours = self.uow.copies.get(self.own, hei_id, partner.copy.partner_iia_id)
        if ours is None:
            return IdStatus.UNKNOWN
        return IdStatus.LIVE if ours.live else IdStatus.DELETED

    def _competing(self, copies: Sequence[StoredCopy], chosen: IiaId | None) -> tuple[CopyView, ...]:
        views = (self.view(held) for held in copies if held.copy.iia_id != chosen)
        return tuple(view for view in views if view is not None)

    def _earlier_approvals(self, hei_id: HeiId, ours: IiaId, theirs: IiaId | None) -> tuple[Approval, ...]:
        found = list(self.uow.approvals.history(hei_id, ours))
        if theirs is not None and theirs != ours:
            found.extend(self.uow.approvals.history(hei_id, theirs))
        return tuple(found)

    def _replaced(self, hei_id: HeiId, local: StoredCopy, partner: StoredCopy | None) -> StoredCopy | None:
        """The vanished partner copy that the present one seems to stand for under another id."""
        listed = local.copy.partner_iia_id
        if listed is None or partner is None or partner.copy.iia_id == listed:
            return None
        former = self.uow.copies.get(hei_id, self.own, listed)
        return former if former is not None and not former.live else None

    def _listed(self, hei_id: HeiId, theirs: IiaId | None) -> bool | None:
        """Whether the partner's index lists this copy; None while that is unknown or still to be fetched."""
        listed = last_listing(self.uow, hei_id)
        waiting = {iia_id for _, iia_id in self.uow.work.dirty(hei_id)} if listed is not None else set()
        if listed is None or (theirs is None and waiting) or theirs in waiting:
            return None
        return theirs in listed

    def _approvals_read_at(self, hei_id: HeiId, local: StoredCopy) -> datetime | None:
        """When the partner last said which copies it approved, if that was since we have this one."""
        health = self.uow.partners.health(hei_id).get(APPROVAL)
        read_at = health.last_ok_at if health is not None else None
        return read_at if read_at is not None and read_at >= local.first_seen_at else None

    def _last_notification(self, hei_id: HeiId, iia_id: IiaId) -> ChangeNotification | None:
        found = self.uow.outbox.select(partner=hei_id, iia_id=iia_id, limit=20)
        return next((item for item in found if item.kind is CnrKind.IIA), None)

    def _proposals(
        self, hei_id: HeiId, *, ours: IiaId | None = None, theirs: IiaId | None = None
    ) -> tuple[Proposal, ...]:
        """Pairings worth asking a person about, among all copies of this partner that have no counterpart."""
        local, partner = self.unpaired(hei_id)
        if not local or not partner or len(local) * len(partner) > MOST_CANDIDATES**2:
            return ()
        found = propose(self._views(local), self._views(partner), self.uow.links.rejected(hei_id))
        return tuple(
            item for item in found if ours in (None, item.iia_id) and theirs in (None, item.partner_iia_id)
        )

    def unpaired(self, hei_id: HeiId) -> tuple[list[StoredCopy], list[StoredCopy]]:
        """Our live copies and the partner's that belong to nothing on the other side."""
        local = [
            held
            for held in self.uow.copies.of_partner(self.own, hei_id)
            if self.counterpart(hei_id, held) is None
        ]
        partner = [
            held
            for held in self.uow.copies.of_partner(hei_id, self.own)
            if not self._stands_elsewhere(hei_id, held)
        ]
        return local, partner

    def _views(self, copies: Sequence[StoredCopy]) -> list[CopyView]:
        views = (self.view(held) for held in copies)
        return [view for view in views if view is not None]

    def _successor(self, hei_id: HeiId, local: StoredCopy) -> StoredCopy | None:
        """Another copy of ours with this partner that goes on where this one ends; only once the end is near."""
        this = self.view(local)
        if this is None or this.iia is None or not self._ends_soon(this.iia):
            return None
        for held in self.uow.copies.of_partner(self.own, hei_id):
            if held.copy.iia_id == local.copy.iia_id:
                continue
            other = self.view(held)
            if other is not None and other.iia is not None and continues(this.iia, other.iia):
                return held
        return None

    def _ends_soon(self, iia: Iia) -> bool:
        end = expiry(iia, self.now.date()).last_end_on
        months = max(self.context.thresholds.expiry_warning_months, default=0)
        return end is not None and months_before(end, months) <= self.now.date()

    @property
    def knows_partners(self) -> bool:
        """Whether a catalogue was ever read; the first that is has every partner looked at."""
        return self.context.network is not None and bool(self.context.network.partners())

    def partner(self, hei_id: HeiId) -> PartnerCase:
        """The case of one partner's host."""
        network = self.context.network
        outbox = self.uow.outbox
        return PartnerCase(
            own_hei_id=self.own,
            subject=Subject(SubjectKind.PARTNER, hei_id),
            now=self.now,
            partner=network.partner(hei_id) if network is not None else None,
            agreements=len(self.uow.copies.ids_of_partner(self.own, hei_id)),
            health=self.uow.partners.health(hei_id),
            index=self.uow.partners.index(hei_id),
            undelivered=latest_undelivered(outbox.select(partner=hei_id)),
            thresholds=self.context.thresholds,
        )

    def source(self, name: str) -> SourceCase:
        """The case of one of our own systems, by the worst of its calls, or of the network's catalogue."""
        health = worst(self.uow.partners.health(HeiId(name)).values())
        index = self.uow.partners.index(HeiId(name))
        return SourceCase(
            own_hei_id=self.own,
            subject=Subject(SubjectKind.SOURCE, source=name),
            now=self.now,
            health=health,
            record_count=index.count if index is not None else 0,
            shrunk_to=index.shrunk_to if index is not None else None,
            problems=read_problems(health.detail) if health is not None and not health.failing_since else (),
            thresholds=self.context.thresholds,
            missing_pages=missing_pages(self.uow, name),
            missed_events=missed_events(self.uow, name),
            certificate_ends_at=self._certificate_ends_at(name),
        )

    def _certificate_ends_at(self, name: str) -> datetime | None:
        registry = self.context.registry
        certificate = registry.certificate() if registry is not None and registry.name == name else None
        return None if certificate is None else certificate.expires_at


def latest_undelivered(
    newest_first: Sequence[ChangeNotification],
) -> tuple[ChangeNotification, ...]:
    """Keep the undelivered notifications that no later delivery for the same thing has made good."""
    seen: set[tuple[CnrKind, IiaId]] = set()
    kept = []
    for item in newest_first:
        thing = (item.kind, item.iia_id)
        if thing in seen:
            continue
        seen.add(thing)
        if item.state in UNDELIVERED:
            kept.append(item)
    return tuple(kept)
