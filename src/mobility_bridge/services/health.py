"""How our calls go: a success clears, a failure is kept with its reason and its evidence."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.partner import Health
from mobility_bridge.errors import BridgeError, ExternalError, InvalidDocument, Rejected
from mobility_bridge.kit.masking import scrubbed
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.student_sources import StudentApi
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.subjects import partner_key

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def last_attempt(health: Health | None) -> datetime | None:
    """The later of the last success and the last failure."""
    if health is None:
        return None
    times = [at for at in (health.last_ok_at, health.last_failed_at) if at is not None]
    return max(times, default=None)


def worst(calls: Iterable[Health]) -> Health | None:
    """Of the calls to one system the one that is worst off: it fails, read not all, could not read something.

    Of those that are alike the one that was tried last.
    """
    return max(
        calls,
        key=lambda each: (
            each.failing_since is not None,
            each.failure_code is not None,
            bool(each.detail),
            last_attempt(each) or _NEVER,
            each.api,
        ),
        default=None,
    )


_OF_STUDENTS = frozenset(
    {*map(str, StudentApi), "applications", "courses", "feed", "lists", "students", "registry"}
)
"""Calls about students: what the other side says of a failure may name somebody, and stays in the evidence."""


def exchanges_of(error: ExternalError) -> tuple[Exchange, ...]:
    """What crossed the wire before the error."""
    return tuple(item for item in error.evidence if isinstance(item, Exchange))


def loggable(error: BridgeError) -> str:
    """What may be logged of an error. A validator quotes what it refuses, and that may be a person's name."""
    if isinstance(error, InvalidDocument):
        return f"{error.reason} at {error.path or 'an unknown place'}, line {error.line or 'unknown'}"
    return scrubbed(error.message)


def failed(before: Health | None, error: ExternalError, *, subject: Health, evidence: int | None) -> Health:
    """Say what the health record becomes after a failure. `subject` names the partner, API and time."""
    first = before is None or before.failing_since is None
    base = before if before is not None else subject
    personal = subject.api.partition(".")[0] in _OF_STUDENTS
    detail = scrubbed(loggable(error) if personal else error.message)
    if isinstance(error, InvalidDocument) and error.line is not None and not personal:
        detail = f"{detail} (line {error.line})"
    if isinstance(error, Rejected) and error.developer_message and not personal:
        detail = f"{detail}: {error.developer_message[:256]}"
    return replace(
        base,
        failing_since=subject.last_failed_at if first else base.failing_since,
        last_failed_at=subject.last_failed_at,
        failures=1 if first else base.failures + 1,
        failure_code=error.word,
        failure_reason=error.reason,
        detail=detail,
        evidence=evidence if evidence is not None else base.evidence,
    )


def note_success(uow: UnitOfWork, hei_id: HeiId, api: str, at: datetime) -> Health | None:
    """Record that a call succeeded; return the former record if it had been failing."""
    before = uow.partners.health(hei_id).get(api)
    uow.partners.save_health(Health(partner_hei_id=hei_id, api=api, last_ok_at=at))
    return before if before is not None and before.failing_since is not None else None


def note_failure(
    uow: UnitOfWork, hei_id: HeiId, api: str, error: ExternalError, *, key: str, at: datetime
) -> int | None:
    """Keep a failure and what came before it; the subject `key` is to be compared anew.

    Returns the number of the last piece of evidence.
    """
    numbers = Sieve(uow).exchanges(exchanges_of(error), at)
    evidence = numbers[-1] if numbers else None
    before = uow.partners.health(hei_id).get(api)
    now = Health(partner_hei_id=hei_id, api=api, last_failed_at=at)
    uow.partners.save_health(failed(before, error, subject=now, evidence=evidence))
    uow.work.mark_to_compare([key], at)
    return evidence


async def partner_failed(context: Context, hei_id: HeiId, api: str, error: ExternalError) -> None:
    """Commit and log that a call to a partner failed; the caller goes on with the next partner.

    Reports keep the error for as long as a round lasts, so it lets go of what is in the store now.
    """
    at = context.clock.now()
    evidence = await context.store.write(
        lambda uow: note_failure(uow, hei_id, api, error, key=partner_key(hei_id), at=at)
    )
    error.alone().evidence = ()
    context.log.event(
        "partner.failed",
        partner_hei_id=hei_id,
        api=api,
        evidence=evidence,
        error=error.word,
        reason=error.reason,
        detail=loggable(error),
        status=getattr(error, "status", None),
    )


def recovered(context: Context, former: Health | None) -> None:
    """Log that calls succeed again, if they had not."""
    if former is not None:
        context.log.event(
            "partner.recovered",
            partner_hei_id=former.partner_hei_id,
            api=former.api,
            failed=former.failures,
        )
