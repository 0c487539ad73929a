"""Which partners are due: the store says when each was last asked, the load is spread over the period."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.ask_approvals import APPROVAL, announced_ids
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import last_attempt
from mobility_bridge.services.refresh import GET
from mobility_bridge.services.students import STUDENTS, student_partners
from mobility_bridge.services.sweep import INDEX
from mobility_bridge.services.sync import chosen_partners
from mobility_bridge.settings.model import ScheduleSettings


async def due_for_sweep(context: Context, knock_s: float) -> Sequence[HeiId]:
    """Partners whose index is due, no more than their share of one knock."""
    period_s = context.settings.schedule.sweep_every_s
    return await _due(context, chosen_partners(context), INDEX, period_s, knock_s)


async def due_for_approvals(context: Context, knock_s: float) -> Sequence[HeiId]:
    """Partners whose approvals are due, no more than their share of one knock."""
    period_s = context.settings.schedule.approvals_every_s

    def work(uow: UnitOfWork) -> list[HeiId]:
        shown_to = uow.copies.partners_of(context.own_hei_id)
        return [
            hei_id
            for hei_id in chosen_partners(context)
            if hei_id in shown_to and may_be_asked(uow, context, hei_id)
        ]

    partners = await context.store.read(work)
    return await _due(context, partners, APPROVAL, period_s, knock_s)


async def due_for_students(context: Context, knock_s: float) -> Sequence[HeiId]:
    """Partners whose student interfaces are due, no more than their share of one knock."""
    period_s = context.settings.schedule.students_every_s
    return await _due(context, student_partners(context), STUDENTS, period_s, knock_s)


def may_be_asked(uow: UnitOfWork, context: Context, hei_id: HeiId) -> bool:
    """Whether there is a question about approvals to this partner: others would for ever look never asked."""
    partner = context.the_network().partner(hei_id)
    offer = partner.offers.get("iias-approval") if partner is not None else None
    return offer is not None and offer.usable and bool(announced_ids(uow, context.own_hei_id, hei_id))


async def due_for_refresh(context: Context) -> Sequence[HeiId]:
    """Partners of whom a copy is out of date, or has not been confirmed for long.

    One that failed is left alone for a while, longer each time, but no longer than between two sweeps.
    """
    schedule = context.settings.schedule
    now = context.clock.now()
    before = now - timedelta(seconds=schedule.refresh_after_s)

    def work(uow: UnitOfWork) -> list[HeiId]:
        stale = uow.copies.holders_to_refresh(chosen_partners(context), context.own_hei_id, before)
        due = sorted(uow.work.dirty_partners() | stale)
        health = uow.partners.health_of(GET, due)
        return [hei_id for hei_id in due if _rested(health.get(hei_id), schedule, now)]

    due = await context.store.read(work)
    network = context.the_network()
    return [hei_id for hei_id in due if network.partner(hei_id) is not None]


def _rested(health: Health | None, schedule: ScheduleSettings, now: datetime) -> bool:
    if health is None or health.failing_since is None or health.last_failed_at is None:
        return True
    wait_s = min(schedule.refresh_every_s * 2.0 ** min(health.failures, 30), schedule.sweep_every_s)
    return now - health.last_failed_at >= timedelta(seconds=wait_s)


async def _due(
    context: Context, partners: Sequence[HeiId], api: str, period_s: float, knock_s: float
) -> Sequence[HeiId]:
    before = context.clock.now() - timedelta(seconds=period_s)

    health = await context.store.read(lambda uow: uow.partners.health_of(api, partners))
    times = ((last_attempt(health.get(hei_id)), hei_id) for hei_id in partners)
    due = [(at, hei_id) for at, hei_id in times if at is None or at <= before]
    due.sort(key=lambda item: (item[0] is not None, item[0], item[1]))
    return [hei_id for _, hei_id in due[: share(len(partners), period_s, knock_s)]]


def share(count: int, period_s: float, knock_s: float) -> int:
    """How many of `count` to serve at one knock so that all are served once a period, with some slack."""
    return max(1, math.ceil(count * min(1.0, 1.25 * knock_s / period_s)))
