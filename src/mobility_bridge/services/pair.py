"""A person says whether two copies are one agreement; the bridge only ever proposes it."""

from dataclasses import dataclass

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.subjects import agreement_key


@dataclass(frozen=True, slots=True)
class Pairing:
    """Who says, and why, that two copies do (`confirmed`) or do not belong together."""

    partner_hei_id: HeiId
    iia_id: IiaId
    partner_iia_id: IiaId
    by: str
    reason: str
    confirmed: bool


async def pair(context: Context, pairing: Pairing, *, dry_run: bool = False) -> None:
    """Record a pairing or its rejection, and have both sides compared anew.

    Raises:  UsageError when either copy does not exist.
    """
    at = context.clock.now()

    def work(uow: UnitOfWork) -> None:
        _insist(uow, context.own_hei_id, pairing)
        if dry_run:
            return
        record = uow.links.confirm if pairing.confirmed else uow.links.reject
        hei_id, ours, theirs = pairing.partner_hei_id, pairing.iia_id, pairing.partner_iia_id
        record(hei_id, ours, theirs, pairing.by, pairing.reason, at)
        keys = [agreement_key(hei_id, ours=ours), agreement_key(hei_id, theirs=theirs)]
        uow.work.mark_to_compare(keys, at)

    await (context.store.read(work) if dry_run else context.store.write(work))


def _insist(uow: UnitOfWork, own: HeiId, pairing: Pairing) -> None:
    hei_id = pairing.partner_hei_id
    if uow.copies.get(own, hei_id, pairing.iia_id) is None:
        raise UsageError(
            f"we have no agreement {pairing.iia_id} with {hei_id}",
            next_step="Run: mobility-bridge agreements list",
        )
    if uow.copies.get(hei_id, own, pairing.partner_iia_id) is None:
        raise UsageError(
            f"{hei_id} shows no agreement {pairing.partner_iia_id}",
            next_step="Run: mobility-bridge agreements list",
        )
