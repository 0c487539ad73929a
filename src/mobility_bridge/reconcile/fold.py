"""Findings of now are folded into discrepancies over time.

Source: a discrepancy is a long-lived thing with a stable identity.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    DiscrepancyState,
    Finding,
)
from mobility_bridge.errors import UsageError

Change = tuple[Discrepancy, DiscrepancyEvent | None]


def fold(existing: Sequence[Discrepancy], findings: Sequence[Finding], now: datetime) -> tuple[Change, ...]:
    """Bring the discrepancies of one evaluated subject up to date.

    Shape:   `existing` are all discrepancies of the subject, resolved ones too; `findings` are all that its
             evaluation gave. One entry per discrepancy to be saved, findings first in their order, then what
             has been resolved; one that was resolved before and is still absent has no entry. Folding the
             same findings again gives no event and changes nothing but `last_seen_at`.
    """
    known = {each.discrepancy_id: each for each in existing}
    seen = {finding.discrepancy_id: finding for finding in findings}
    changes = [_found(known.get(name), finding, now) for name, finding in seen.items()]
    changes.extend(
        _resolved(each, now)
        for name, each in known.items()
        if name not in seen and each.state is not DiscrepancyState.RESOLVED
    )
    return tuple(changes)


def acknowledge(
    discrepancy: Discrepancy, by: str, reason: str, now: datetime
) -> tuple[Discrepancy, DiscrepancyEvent]:
    """Note that a named person knows of it and why it may stay for now.

    Raises:  UsageError when it is resolved, or when the name or the reason is missing.
    """
    if discrepancy.state is DiscrepancyState.RESOLVED:
        raise UsageError(
            f"{discrepancy.discrepancy_id} is resolved already",
            next_step=f"See its history: mobility-bridge explain {discrepancy.discrepancy_id}",
        )
    if not by.strip() or not reason.strip():
        raise UsageError(
            "an acknowledgement needs a person and a reason",
            next_step="Give both, so that others can see later who accepted it and why.",
        )
    acknowledged = replace(
        discrepancy,
        state=DiscrepancyState.ACKNOWLEDGED,
        acknowledged_at=now,
        acknowledged_by=by.strip(),
        acknowledged_reason=reason.strip(),
    )
    event = _event(acknowledged, DiscrepancyEventKind.ACKNOWLEDGED, now)
    return acknowledged, replace(event, by=by.strip(), reason=reason.strip())


def _found(discrepancy: Discrepancy | None, finding: Finding, now: datetime) -> Change:
    if discrepancy is None:
        return _opened(finding, now)
    if discrepancy.state is DiscrepancyState.RESOLVED:
        return _reopened(discrepancy, finding, now)
    if _facts(discrepancy.finding) != _facts(finding):
        return _changed(discrepancy, finding, now)
    # The wording may have been improved, or the partner's id learnt, since it was last seen.
    return replace(discrepancy, finding=finding, last_seen_at=now), None


def _facts(finding: Finding) -> tuple[object, ...]:
    return dict(finding.values), finding.severity, finding.due_on


def _opened(finding: Finding, now: datetime) -> Change:
    discrepancy = Discrepancy(
        discrepancy_id=finding.discrepancy_id,
        finding=finding,
        state=DiscrepancyState.OPEN,
        first_seen_at=now,
        opened_at=now,
        last_seen_at=now,
        changed_at=now,
    )
    return discrepancy, _event(discrepancy, DiscrepancyEventKind.OPENED, now)


def _reopened(discrepancy: Discrepancy, finding: Finding, now: datetime) -> Change:
    reopened = replace(
        _unacknowledged(discrepancy),
        finding=finding,
        opened_at=now,
        last_seen_at=now,
        changed_at=now,
        resolved_at=None,
        times_reopened=discrepancy.times_reopened + 1,
    )
    return reopened, _event(reopened, DiscrepancyEventKind.REOPENED, now)


def _changed(discrepancy: Discrepancy, finding: Finding, now: datetime) -> Change:
    """Take over new facts; what a person acknowledged was something else, if the values are others now."""
    if dict(discrepancy.finding.values) != dict(finding.values):
        discrepancy = _unacknowledged(discrepancy)
    changed = replace(discrepancy, finding=finding, last_seen_at=now, changed_at=now)
    return changed, _event(changed, DiscrepancyEventKind.CHANGED, now)


def _resolved(discrepancy: Discrepancy, now: datetime) -> Change:
    resolved = replace(discrepancy, state=DiscrepancyState.RESOLVED, resolved_at=now)
    return resolved, _event(resolved, DiscrepancyEventKind.RESOLVED, now)


def _unacknowledged(discrepancy: Discrepancy) -> Discrepancy:
    return replace(
        discrepancy,
        state=DiscrepancyState.OPEN,
        acknowledged_at=None,
        acknowledged_by=None,
        acknowledged_reason=None,
    )


def _event(discrepancy: Discrepancy, kind: DiscrepancyEventKind, now: datetime) -> DiscrepancyEvent:
    finding = discrepancy.finding
    return DiscrepancyEvent(
        discrepancy.discrepancy_id, now, kind, finding.severity, values=dict(finding.values)
    )
