"""Queueing notifications: the row is written in the transaction that caused it."""

from dataclasses import dataclass
from datetime import timedelta

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrKind
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context


def queue(
    uow: UnitOfWork, context: Context, kind: CnrKind, hei_id: HeiId, iia_id: IiaId, *, cause: str
) -> ChangeNotification:
    """Queue a notification, merging it into a pending one for the same thing."""
    at = context.clock.now()
    expires_at = at + timedelta(seconds=context.settings.notify.expires_after_s)
    return uow.outbox.queue(kind, hei_id, iia_id, cause=cause, at=at, expires_at=expires_at)


@dataclass(frozen=True, slots=True)
class Requeued:
    """What sending again by hand will tell whom."""

    partner_hei_id: HeiId
    notifications: tuple[ChangeNotification, ...]


async def notify_again(context: Context, iia_id: IiaId, partner: HeiId | None = None) -> Requeued:
    """Queue the notifications that apply to one agreement of ours, whatever was sent before.

    An IIA CNR always; an approval CNR too when our approval of the partner's copy is on record.
    Raises:  UsageError when we have no such agreement, or several partners have one with this id.
    """

    def work(uow: UnitOfWork) -> Requeued:
        planned = _planned(uow, context.own_hei_id, iia_id, partner)
        queued = [
            queue(uow, context, kind, hei, about, cause="asked by hand") for kind, hei, about in planned
        ]
        return Requeued(planned[0][1], tuple(queued))

    result = await context.store.write(work)
    for notification in result.notifications:
        context.log.event(
            "cnr.queued",
            cnr=notification.kind.value,
            partner_hei_id=notification.partner_hei_id,
            iia_id=notification.iia_id,
            reason="asked by hand",
        )
    return result


async def planned_again(
    context: Context, iia_id: IiaId, partner: HeiId | None = None
) -> list[tuple[CnrKind, HeiId, IiaId]]:
    """Say what `notify_again` would queue, as (kind, partner, id), and queue nothing."""
    return await context.store.read(lambda uow: _planned(uow, context.own_hei_id, iia_id, partner))


def _planned(
    uow: UnitOfWork, own: HeiId, iia_id: IiaId, partner: HeiId | None
) -> list[tuple[CnrKind, HeiId, IiaId]]:
    hei_id, ours, theirs = _own_copy(uow, own, iia_id, partner)
    planned = [(CnrKind.IIA, hei_id, ours)]
    if theirs is not None:
        planned.append((CnrKind.IIA_APPROVAL, hei_id, theirs))
    return planned


def _own_copy(
    uow: UnitOfWork, own: HeiId, iia_id: IiaId, partner: HeiId | None
) -> tuple[HeiId, IiaId, IiaId | None]:
    """Find our agreement by either id: its partner, our id, and the partner's if we approved its copy."""
    ours = [
        held.copy
        for held in uow.copies.find(iia_id)
        if held.copy.holder_hei_id == own and partner in (None, held.copy.partner_hei_id)
    ]
    found = [copy for copy in ours if copy.iia_id == iia_id] or ours
    if not found:
        raise UsageError(
            f"we have no agreement with the id {iia_id}{f' with {partner}' if partner else ''}",
            next_step="Run: mobility-bridge agreements list",
        )
    if len(found) > 1:
        which = ", ".join(sorted(f"{copy.iia_id} with {copy.partner_hei_id}" for copy in found))
        raise UsageError(
            f"several agreements of ours have the id {iia_id}: {which}",
            next_step="Give our id, or add --partner HEI.",
        )
    copy = found[0]
    if copy.iia_hash is None:
        raise UsageError(
            f"the agreement {iia_id} is not in the network yet, so nobody can be told of it",
            next_step="Share it in the system that holds it first.",
        )
    approved = copy.record is not None and copy.record.own_approval
    return copy.partner_hei_id, copy.iia_id, copy.partner_iia_id if approved else None
