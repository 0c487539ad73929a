"""The days of a stay: planned, actual, and those on which time alone may change what is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.stay import StayCase

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
REMEMBERED = timedelta(days=366)
"""A stay longer over than this is left alone."""


@dataclass(frozen=True, slots=True)
class Days:
    """First and last day, and which system says so (`arrival`, `learning_agreement`, `application`, `registry`)."""

    first: date | None
    last: date | None
    source: str | None


def planned_days(case: StayCase) -> Days:
    """The planned days: the learning agreement is their master, then our application, then the registry, then
    a list of learning agreements.

    Source: EWP mobilities: master of each object.
    """
    la = case.learning_agreement
    if la is not None and la.live:
        first, last = _la_days(la.said)
        if first is not None:
            return Days(first, last, "learning_agreement")
    application = case.application
    if application is not None and application.live and application.said.starts_on is not None:
        return Days(application.said.starts_on, application.said.ends_on, "application")
    if case.exchange is not None and case.exchange.first_day is not None:
        return Days(case.exchange.first_day, case.exchange.last_day, "registry")
    listing = case.listing
    if listing is not None and listing.live and listing.said.starts_on is not None:
        return Days(listing.said.starts_on, listing.said.ends_on, "learning_agreement")
    terms = () if application is None else application.said.terms
    known = [case.calendar[term] for term in terms if term in case.calendar]
    if known:
        return Days(
            min(each.first_day for each in known), max(each.last_day for each in known), "application"
        )
    return Days(None, None, None)


def actual_days(case: StayCase) -> Days:
    """What the receiving HEI registered."""
    if case.arrival is None or not case.arrival.live:
        return Days(None, None, None)
    said = case.arrival.said
    return Days(said.actual_arrival_date, said.actual_departure_date, "arrival")


def first_day(case: StayCase) -> date | None:
    """The day on which the student arrived, or is to arrive."""
    return actual_days(case).first or planned_days(case).first


def last_day(case: StayCase) -> date | None:
    """The day on which the student left, or is to leave."""
    return actual_days(case).last or planned_days(case).last


def stay_revisit(case: StayCase) -> date | None:
    """Name the first day after today on which the case may look different without any news."""
    return min((day for day in _days(case) if day > case.today), default=None)


def _days(case: StayCase) -> Iterator[date]:
    """Every day on which some rule's patience ends. A day too many costs one look; one too few hides a finding."""
    yield from _before_the_start(case)
    yield from _after_the_end(case)
    yield from _after_an_event(case)
    limits = case.thresholds
    for dates in case.calendar.values():
        for days in (
            limits.registration_before_days,
            limits.admission_before_days,
            limits.agreement_before_days,
        ):
            yield dates.first_day - timedelta(days=days)
        for deadline in (dates.registry_deadline, dates.registration_deadline, dates.results_by):
            if deadline is not None:
                yield deadline
                yield deadline + _DAY


def _before_the_start(case: StayCase) -> Iterator[date]:
    limits = case.thresholds
    for first in {planned_days(case).first, actual_days(case).first} - {None}:
        assert first is not None
        for days in (
            0,
            limits.registration_before_days,
            limits.admission_before_days,
            limits.agreement_before_days,
            limits.la_missing_grave_days,
        ):
            yield first - timedelta(days=days)
        yield first + _DAY
        yield first + timedelta(days=limits.arrival_grace_days) + _DAY
        yield first + limits.la_change_weeks * _WEEK + _DAY


def _after_the_end(case: StayCase) -> Iterator[date]:
    limits = case.thresholds
    for last in {planned_days(case).last, actual_days(case).last} - {None}:
        assert last is not None
        yield last + _DAY
        yield last + timedelta(days=limits.departure_grace_days) + _DAY
        yield last + limits.transcript_weeks * _WEEK + _DAY
        yield last + limits.transcript_grave_weeks * _WEEK + _DAY
        yield last + REMEMBERED


def _after_an_event(case: StayCase) -> Iterator[date]:
    limits = case.thresholds
    records = (case.nomination, case.learning_agreement, case.arrival, case.transcript, case.application)
    for seen in records:
        if seen is None:
            continue
        changed, confirmed = seen.stored.changed_at.date(), seen.stored.confirmed_at.date()
        yield changed + _DAY
        for days in (
            limits.la_pending_days,
            limits.nomination_delivery_days,
            limits.nomination_decision_days,
            limits.la_decision_weeks * 7,
            limits.transfer_weeks * 7,
        ):
            yield changed + timedelta(days=days) + _DAY
        yield confirmed + timedelta(days=limits.copy_stale_days) + _DAY
    patience = timedelta(days=limits.nomination_decision_days)
    waiting = case.nomination.earlier if case.nomination is not None else ()
    for at in (*(at for _, at in waiting), *(each.stored.changed_at for each in records[:1] if each)):
        yield at.date() + patience + _DAY
        yield at.date() + 2 * patience + _DAY
    la = case.learning_agreement.said if case.learning_agreement is not None else None
    if la is not None and la.changes_proposal is not None:
        signature = la.changes_proposal.lists.sending_hei_signature
        if signature is not None and signature.timestamp is not None:
            yield signature.timestamp.date() + timedelta(days=limits.la_pending_days) + _DAY
    for decision in case.decisions:
        yield decision.decided_at.date() + timedelta(days=1 + limits.decision_lost_hours // 24)


def _la_days(la: LearningAgreement) -> tuple[date | None, date | None]:
    return (la.start.first if la.start else None), (la.end.last if la.end else None)
