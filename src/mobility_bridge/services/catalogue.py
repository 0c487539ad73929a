"""Refresh the network's catalogue; what it says of partners is looked at anew when it changed."""

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.sources import CatalogueStatus
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import loggable, note_failure
from mobility_bridge.services.subjects import partner_key, source_key

CATALOGUE = "catalogue"
"""The name under which the catalogue's own troubles are kept."""


async def refresh_catalogue(context: Context, *, force: bool = False) -> CatalogueStatus:
    """Fetch the catalogue if it is due.

    Raises:  ExternalError when there is no catalogue at all to go on with; otherwise a problem is logged
             and kept, and the last good copy stays in use.
    """
    started = context.clock.monotonic()
    try:
        status = await context.the_network().refresh_catalogue(force=force)
    except ExternalError as error:
        await _failed(context, error)
        raise
    await context.store.write(lambda uow: _commit(uow, context, status))
    if status.problem is not None:
        context.log.event("catalogue.kept", heis=status.hei_count, detail=status.problem)
    elif status.key_problem is not None:
        context.log.event("catalogue.key_unknown", detail=status.key_problem)
    elif status.changed:
        context.log.event(
            "catalogue.refreshed",
            heis=status.hei_count,
            changed=int(status.changed),
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return status


def _commit(uow: UnitOfWork, context: Context, status: CatalogueStatus) -> None:
    at = context.clock.now()
    numbers = uow.evidence.append(status.exchanges)
    before = uow.partners.health(HeiId(CATALOGUE)).get(CATALOGUE)
    problem = status.problem or status.key_problem
    if problem is None:
        health = Health(HeiId(CATALOGUE), CATALOGUE, last_ok_at=status.fetched_at)
    else:
        since = before.failing_since if before is not None and before.failing_since else at
        health = Health(
            HeiId(CATALOGUE),
            CATALOGUE,
            last_ok_at=status.fetched_at,
            failing_since=status.stale_since or since,
            last_failed_at=at,
            failures=(before.failures if before is not None else 0) + 1,
            failure_code="stale" if status.problem is not None else "key_unknown",
            failure_reason="kept_last_good" if status.problem is not None else "not_listed",
            detail=problem,
            evidence=numbers[-1] if numbers else None,
        )
    uow.partners.save_health(health)
    keys = [source_key(CATALOGUE)]
    if status.changed:
        keys.extend(partner_key(hei_id) for hei_id in sorted(uow.copies.partner_hei_ids()))
    uow.work.mark_to_compare(keys, at)


async def _failed(context: Context, error: ExternalError) -> None:
    key, at = source_key(CATALOGUE), context.clock.now()
    await context.store.write(
        lambda uow: note_failure(uow, HeiId(CATALOGUE), CATALOGUE, error, key=key, at=at)
    )
    context.log.event("catalogue.kept", heis=0, error=error.word, reason=error.reason, detail=loggable(error))
