"""Agreements for lists: ours with their counterparts, and what the partners hold alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.case import CopyView
from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.subjects import agreement_key


@dataclass(frozen=True, slots=True)
class Listed:
    """One agreement in a list. `local` or `partner` is None where that side has no living copy."""

    partner_hei_id: HeiId
    local: CopyView | None
    partner: CopyView | None
    approved_by_us: bool
    approved_by_partner: bool
    open_discrepancies: int

    @property
    def iia_id(self) -> IiaId | None:
        return self.local.copy.iia_id if self.local is not None else None

    @property
    def partner_iia_id(self) -> IiaId | None:
        if self.partner is not None:
            return self.partner.copy.iia_id
        return self.local.copy.partner_iia_id if self.local is not None else None

    @property
    def state(self) -> str:
        """Where the agreement stands, in one word for people."""
        if self.local is None:
            return "theirs alone"
        if self.partner is None:
            return "ours alone"
        if self.local.copy.terminated:
            return "terminated"
        if self.approved_by_us and self.approved_by_partner:
            return "mutually approved"
        if self.approved_by_us:
            return "approved by us"
        return "approved by the partner" if self.approved_by_partner else "not approved"


async def agreements(context: Context, partner: HeiId | None = None) -> list[Listed]:
    """List every agreement with a living copy on either side, by partner and id."""
    return await context.store.read(lambda uow: _agreements(uow, context, partner))


def _agreements(uow: UnitOfWork, context: Context, partner: HeiId | None) -> list[Listed]:
    gathering = Gathering(context, uow, context.clock.now())
    unresolved = uow.discrepancies.select(
        states=[DiscrepancyState.OPEN, DiscrepancyState.ACKNOWLEDGED], partner=partner
    )
    counts = Counter(item.finding.subject.key for item in unresolved)
    heis = sorted({partner} if partner is not None else uow.copies.partner_hei_ids())
    found: list[Listed] = []
    for hei_id in heis:
        found.extend(_with_local(gathering, hei_id, counts))
        found.extend(_theirs_alone(gathering, hei_id, counts))
    return found


def _with_local(gathering: Gathering, hei_id: HeiId, counts: Counter[str]) -> Sequence[Listed]:
    uow, own, listed = gathering.uow, gathering.own, []
    for held in sorted(uow.copies.of_partner(own, hei_id), key=lambda item: item.copy.iia_id):
        other = gathering.counterpart(hei_id, held)
        theirs = other.copy if other is not None and other.live else None
        by_partner = uow.approvals.current(ApprovalSide.BY_PARTNER, hei_id, held.copy.iia_id)
        by_us = uow.approvals.current(ApprovalSide.BY_US, hei_id, theirs.iia_id) if theirs else None
        listed.append(
            Listed(
                hei_id,
                gathering.view(held),
                gathering.view(other) if theirs is not None else None,
                by_us is not None and theirs is not None and by_us.iia_hash == theirs.iia_hash,
                by_partner is not None and by_partner.iia_hash == held.copy.iia_hash,
                counts[agreement_key(hei_id, ours=held.copy.iia_id)],
            )
        )
    return listed


def _theirs_alone(gathering: Gathering, hei_id: HeiId, counts: Counter[str]) -> Sequence[Listed]:
    _, partner = gathering.unpaired(hei_id)
    return [
        Listed(
            hei_id,
            None,
            gathering.view(held),
            approved_by_us=False,
            approved_by_partner=False,
            open_discrepancies=counts[agreement_key(hei_id, theirs=held.copy.iia_id)],
        )
        for held in sorted(partner, key=lambda item: item.copy.iia_id)
    ]
