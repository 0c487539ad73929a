"""A named person takes notice of a discrepancy."""

from mobility_bridge.domain.discrepancy import Discrepancy
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.fold import acknowledge as decide
from mobility_bridge.services.context import Context


async def acknowledge(
    context: Context, discrepancy_id: str, *, by: str, reason: str, dry_run: bool = False
) -> Discrepancy:
    """Record who took notice and why.

    Raises:  UsageError when there is none with this id, or its state forbids it.
    """
    at = context.clock.now()

    def work(uow: UnitOfWork) -> Discrepancy:
        held = uow.discrepancies.get(discrepancy_id)
        if held is None:
            raise UsageError(
                f"no discrepancy has the id {discrepancy_id}",
                next_step="Run: mobility-bridge discrepancies list",
            )
        after, event = decide(held, by=by, reason=reason, now=at)
        if not dry_run:
            uow.discrepancies.save(after, event)
        return after

    run = context.store.read if dry_run else context.store.write
    item = await run(work)
    if not dry_run:
        context.log.event(
            "discrepancy.acknowledged",
            discrepancy_id=item.discrepancy_id,
            code=item.finding.code,
            subject=str(item.finding.subject),
        )
    return item
