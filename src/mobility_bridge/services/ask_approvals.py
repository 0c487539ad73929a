"""Ask a partner which of our copies it has approved, and keep its answer as proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import ExternalError, NotOffered
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.sources import ApprovalAnswer
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import note_success, partner_failed, recovered
from mobility_bridge.services.ingest import announced
from mobility_bridge.services.subjects import agreement_key, partner_key

APPROVAL = "iias-approval"
"""The call's name in health records."""


@dataclass(frozen=True, slots=True)
class ApprovalReport:
    """What one partner said of our copies."""

    partner_hei_id: HeiId
    approvals: int = 0
    changed: int = 0
    error: ExternalError | None = None


async def ask_approvals(context: Context, hei_id: HeiId) -> ApprovalReport:
    """Ask about every announced copy of ours with this partner; errors are kept and reported, not raised.

    A partner that does not offer the API has given no approval; that it does not is another rule's business.
    """
    started = context.clock.monotonic()
    partner = context.the_network().partner(hei_id)
    offer = partner.offers.get("iias-approval") if partner is not None else None
    if offer is None:
        return ApprovalReport(hei_id)
    ids = await context.store.read(lambda uow: announced_ids(uow, context.own_hei_id, hei_id))
    named = changed = 0
    for batch in batched(ids, offer.max_ids):
        try:
            answer = await context.the_network().approvals(hei_id, batch)
        except NotOffered:
            return ApprovalReport(hei_id, named, changed)
        except ExternalError as error:
            await partner_failed(context, hei_id, APPROVAL, error)
            return ApprovalReport(hei_id, named, changed, error)
        at = context.clock.now()
        changed += await _keep(context, hei_id, batch, answer, at)
        named += len(answer.approvals)
    if ids:
        context.log.event(
            "approvals.read",
            partner_hei_id=hei_id,
            approvals=named,
            changed=changed,
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return ApprovalReport(hei_id, named, changed)


def announced_ids(uow: UnitOfWork, own: HeiId, hei_id: HeiId) -> list[IiaId]:
    """Our copies that this partner may have approved."""
    held = uow.copies.of_partner(own, hei_id)
    return sorted(item.copy.iia_id for item in held if announced(item.copy))


async def _keep(
    context: Context, hei_id: HeiId, asked: Sequence[IiaId], answer: ApprovalAnswer, at: datetime
) -> int:
    def work(uow: UnitOfWork) -> tuple[int, Health | None]:
        return _commit(uow, context.own_hei_id, hei_id, asked, answer, at)

    changed, former = await context.store.write(work)
    recovered(context, former)
    return changed


def _commit(
    uow: UnitOfWork, own: HeiId, hei_id: HeiId, asked: Sequence[IiaId], answer: ApprovalAnswer, at: datetime
) -> tuple[int, Health | None]:
    """Save what is named, withdraw what no longer is, and have the agreements compared anew."""
    uow.evidence.append(answer.exchanges)
    before = uow.partners.health(hei_id).get(APPROVAL)
    asked_before_at = before.last_ok_at if before is not None else None
    former = note_success(uow, hei_id, APPROVAL, at)
    proof = _proof(uow, answer)
    named = {item.iia_id: item.iia_hash for item in answer.approvals}
    changed = []
    for iia_id in asked:
        if iia_id in named:
            approval = Approval(ApprovalSide.BY_PARTNER, hei_id, iia_id, named[iia_id], at, at, proof)
            moved = uow.approvals.save(approval)
        else:
            moved = uow.approvals.withdraw(ApprovalSide.BY_PARTNER, hei_id, iia_id, at)
        if moved:
            changed.append(agreement_key(hei_id, ours=iia_id))
    keys = [*changed, *_first_answers(uow, own, hei_id, asked, asked_before_at)]
    if former is not None:
        keys.append(partner_key(hei_id))
    uow.work.mark_to_compare(keys, at)
    return len(changed), former


def _first_answers(
    uow: UnitOfWork, own: HeiId, hei_id: HeiId, asked: Sequence[IiaId], asked_before_at: datetime | None
) -> list[str]:
    """Agreements never asked about before: only from now on does an absent approval mean that there is none."""
    held = (uow.copies.get(own, hei_id, iia_id) for iia_id in asked)
    return [
        agreement_key(hei_id, ours=item.copy.iia_id)
        for item in held
        if item is not None and (asked_before_at is None or item.first_seen_at > asked_before_at)
    ]


def _proof(uow: UnitOfWork, answer: ApprovalAnswer) -> Sha256 | None:
    """Keep the answer's body as a document of its own, which outlives the log of exchanges."""
    if not answer.exchanges:
        return None
    body = answer.exchanges[-1].body
    digest = Sha256(sha256(body).hexdigest())
    uow.copies.put_documents({digest: body})
    return digest
