"""Drain the outbox: one attempt per claimed row, then delivered, delayed, refused or expired.

A row is claimed with a lease before it is sent and written after. A crash in between leaves it pending, so
it is sent again when the lease has run out: at least once, never to another partner than the row names.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.notification import ChangeNotification, CnrState
from mobility_bridge.errors import ExternalError, NotOffered, Rejected
from mobility_bridge.ports.sinks import NotificationSender
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.attempts import in_short, partner_by_partner, pause_s
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import exchanges_of, loggable
from mobility_bridge.services.subjects import partner_key

PATIENT_STATUSES = frozenset({401, 403, 429})
"""Refusals that a key still on its way through the partner's catalogue explains.

Source: architecture 1.16.0 says 4xx should not be repeated, the CNR documents say anything but 200 should:
these few are tried a few times, then given up.
"""
PATIENT_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class NotifyReport:
    """What one pass over the outbox gave."""

    delivered: int = 0
    delayed: int = 0
    given_up: int = 0

    def __add__(self, other: "NotifyReport") -> "NotifyReport":
        return NotifyReport(
            self.delivered + other.delivered, self.delayed + other.delayed, self.given_up + other.given_up
        )


def after_success(sent: ChangeNotification, now: datetime) -> ChangeNotification:
    """The row after a 200."""
    return replace(
        sent,
        state=CnrState.DELIVERED,
        attempts=sent.attempts + 1,
        finished_at=now,
        leased_until=None,
        last_error=None,
    )


def after_failure(
    sent: ChangeNotification, error: ExternalError, now: datetime, pause_s: float
) -> ChangeNotification:
    """The row after a failed attempt: the error's class decides whether it waits or ends."""
    tried = replace(
        sent,
        attempts=sent.attempts + 1,
        leased_until=None,
        last_error=in_short(error),
    )
    if isinstance(error, Rejected):
        patient = error.status in PATIENT_STATUSES and tried.attempts < PATIENT_ATTEMPTS
        if not patient:
            return replace(tried, state=CnrState.REFUSED, finished_at=now)
    if now + timedelta(seconds=pause_s) >= sent.expires_at:
        state = CnrState.NO_RECEIVER if isinstance(error, NotOffered) else CnrState.EXPIRED
        return replace(tried, state=state, finished_at=now)
    return replace(tried, next_attempt_at=now + timedelta(seconds=pause_s))


async def notify(context: Context, *, rng: random.Random | None = None) -> NotifyReport:
    """Send everything that is due, in batches, each partner's in order and partners side by side.

    With sending switched off, or no network, what has waited too long expires all the same.
    """
    sender = context.sender
    if sender is None or not context.settings.notify.enabled:
        return await _expire(context)
    total = NotifyReport()
    chance = rng if rng is not None else random.Random()  # noqa: S311 - jitter, not a secret
    while claimed := await _claim(context):
        total += await _send_all(context, sender, claimed, chance)
    return total


async def _expire(context: Context) -> NotifyReport:
    now = context.clock.now()
    why = NotOffered("sending is switched off", system="ewp", reason="switched_off")

    def work(uow: UnitOfWork) -> list[ChangeNotification]:
        pending = uow.outbox.select(states=[CnrState.PENDING], limit=100_000)
        over = [
            replace(item, state=CnrState.EXPIRED, finished_at=now, last_error=in_short(why))
            for item in pending
            if item.expires_at <= now
        ]
        for item in over:
            _commit(uow, item, ())
        return over

    expired = await context.store.write(work)
    for item in expired:
        _log_failure(context, item, why)
    return NotifyReport(given_up=len(expired))


async def _claim(context: Context) -> Sequence[ChangeNotification]:
    now, settings = context.clock.now(), context.settings.notify
    lease_until = now + timedelta(seconds=settings.lease_s)
    return await context.store.write(lambda uow: uow.outbox.claim(now, lease_until, settings.batch))


async def _send_all(
    context: Context, sender: NotificationSender, claimed: Sequence[ChangeNotification], chance: random.Random
) -> NotifyReport:
    unsent = {item.notification_id for item in claimed}

    async def one_partner(items: Sequence[ChangeNotification]) -> NotifyReport:
        report = NotifyReport()
        for position, item in enumerate(items):
            after, error = await _send(context, sender, item, chance)
            report += _counted(after)
            unsent.discard(item.notification_id)
            if error is not None and error.retryable:
                rest = items[position + 1 :]
                report += await _wait_with(context, rest, after, error)
                unsent.difference_update(each.notification_id for each in rest)
                break
        return report

    try:
        reports = await partner_by_partner(claimed, one_partner)
    finally:
        if unsent:
            await asyncio.shield(context.store.write(lambda uow: uow.outbox.release(unsent)))
    return sum(reports, NotifyReport())


async def _send(
    context: Context, sender: NotificationSender, item: ChangeNotification, chance: random.Random
) -> tuple[ChangeNotification, ExternalError | None]:
    """One attempt: the row after it, and what went wrong."""
    try:
        exchanges = await sender.notify(item.kind, item.partner_hei_id, item.iia_id)
    except ExternalError as error:
        pause = pause_s(item.attempts, context.settings.notify, chance.random())
        after = after_failure(item, error, context.clock.now(), pause)
        await context.store.write(partial(_commit, after=after, exchanges=exchanges_of(error)))
        _log_failure(context, after, error)
        return after, error
    done = after_success(item, context.clock.now())
    await context.store.write(partial(_commit, after=done, exchanges=exchanges))
    context.log.event(
        "cnr.delivered",
        cnr=item.kind.value,
        partner_hei_id=item.partner_hei_id,
        iia_id=item.iia_id,
        attempt=done.attempts,
        waited_s=round((context.clock.now() - item.created_at).total_seconds(), 1),
        request_id=exchanges[-1].request_id if exchanges else None,
    )
    return done, None


async def _wait_with(
    context: Context, rest: Sequence[ChangeNotification], first: ChangeNotification, error: ExternalError
) -> NotifyReport:
    """Let the others for a partner that does not answer wait as long as the one that was tried.

    Trying each of them would only keep the other partners waiting for the same silence again and again.
    """
    now = context.clock.now()
    wait_s = max(0.0, (first.next_attempt_at - now).total_seconds())
    if first.state is not CnrState.PENDING:
        wait_s = pause_s(first.attempts, context.settings.notify, 1.0)
    waiting = [replace(after_failure(item, error, now, wait_s), attempts=item.attempts) for item in rest]

    def work(uow: UnitOfWork) -> None:
        for item in waiting:
            _commit(uow, item, ())

    if waiting:
        await context.store.write(work)
    for item in waiting:
        if item.state is not CnrState.PENDING:
            _log_failure(context, item, error)
    return sum(map(_counted, waiting), NotifyReport())


def _counted(after: ChangeNotification) -> NotifyReport:
    if after.state is CnrState.DELIVERED:
        return NotifyReport(delivered=1)
    return NotifyReport(delayed=1) if after.state is CnrState.PENDING else NotifyReport(given_up=1)


def _log_failure(context: Context, after: ChangeNotification, error: ExternalError) -> None:
    facts = {
        "cnr": after.kind.value,
        "partner_hei_id": after.partner_hei_id,
        "iia_id": after.iia_id,
        "error": error.word,
        "reason": error.reason,
        "detail": loggable(error),
        "status": getattr(error, "status", None),
    }
    if after.state is CnrState.PENDING:
        next_at = after.next_attempt_at.isoformat()
        context.log.event("cnr.delayed", attempt=after.attempts, next_attempt_at=next_at, **facts)
    else:
        context.log.event("cnr.given_up", attempts=after.attempts, **facts)


def _commit(uow: UnitOfWork, after: ChangeNotification, exchanges: Sequence[Exchange]) -> None:
    uow.evidence.append(exchanges)
    uow.outbox.save(after)
    if after.state is not CnrState.PENDING:
        uow.work.mark_to_compare([partner_key(after.partner_hei_id)], after.finished_at or after.created_at)
