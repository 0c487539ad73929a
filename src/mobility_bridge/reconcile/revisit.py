"""The next day on which time alone may open, change or close a finding."""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.case import AgreementCase, PartnerCase, SourceCase
from mobility_bridge.reconcile.calendar import decision_day, grace_end, months_before
from mobility_bridge.reconcile.rules.source import CERTIFICATE_DAYS

_DAY = timedelta(days=1)
_REMEMBERED = 366  # days for which an agreement that is over is still missed


def agreement_revisit(case: AgreementCase) -> date | None:
    """Name the first day after today on which the case may look different without any news."""
    return min((day for day in _days(case) if day > case.today), default=None)


def partner_revisit(case: PartnerCase) -> date | None:
    """Name the day on which a failure that has just begun counts as lasting."""
    wait = timedelta(hours=case.thresholds.unreachable_warning_hours)
    ends = (
        (health.failing_since + wait).date() + _DAY
        for health in case.health.values()
        if health.failing_since is not None
    )
    return min((day for day in ends if day > case.now.date()), default=None)


def source_revisit(case: SourceCase) -> date | None:
    """Name the next day on which a certificate comes nearer to its end by one step of the warning."""
    ends_at = case.certificate_ends_at
    if ends_at is None:
        return None
    # The hour counts, too: the day after is the first on which the step holds at whatever hour it is looked at.
    steps = ((ends_at - timedelta(days=days)).date() + _DAY for days in CERTIFICATE_DAYS)
    return min((day for day in steps if day > case.now.date()), default=None)


def _days(case: AgreementCase) -> Iterator[date]:
    yield from _grace_ends(case)
    standing = case.standing
    if standing.first_day is not None:
        yield standing.first_day
    if standing.last_day is None:
        return
    for months in case.thresholds.expiry_warning_months:
        yield months_before(standing.last_day, months)
    yield standing.last_day + _DAY
    yield standing.last_day + timedelta(days=_REMEMBERED)
    decision = decision_day(case.today)
    if not standing.ended and decision <= standing.last_day:
        yield decision + _DAY


def _grace_ends(case: AgreementCase) -> Iterator[date]:
    """The ends of all graces that may be running: for ids, answers, approvals and terminations."""
    limits, standing = case.thresholds, case.standing
    settled = standing.mutually_approved and standing.trouble is None
    if standing.ended or (settled and case.comparison is not None and not case.comparison.whole):
        return
    graces = {
        limits.mapping_grace_days,
        limits.answer_grace_days,
        limits.approval_grace_days,
        limits.termination_grace_days,
    }
    moments = [view.stored.changed_at for view in (case.local, case.partner) if view is not None]
    if case.local is not None:
        moments.append(case.local.stored.first_seen_at)
        record = case.local.copy.record
        if record is not None and record.last_notified_at is not None:
            moments.append(record.last_notified_at)
    for moment in moments:
        for days in graces:
            yield grace_end(moment, days)
