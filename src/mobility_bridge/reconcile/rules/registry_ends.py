"""Withdrawn, interrupted, cancelled, doubled: what ended in one system and goes on in another.

Source: Ladok: exchange in Ladok's model; events that matter for exchange; EWP mobilities: mobility lifecycle.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.domain.term import terms_between
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import actual_days, first_day, planned_days
from mobility_bridge.reconcile.stay_state import (
    active,
    in_question,
    known_elsewhere,
    long_over,
    nominated,
    wrong_person,
)
from mobility_bridge.reconcile.stay_terms import admitted_terms, codes, day_terms, exchanges, living_exchanges

_SOURCE = "Ladok: exchange in Ladok's model; events that matter for exchange"
_SETTLE = advice(
    "Find out what holds, and enter it in the other system as well.",
    "Ta reda på vad som gäller och för in det även i det andra systemet.",
)


def _heard(case: StayCase) -> bool:
    return Heard.REGISTRY in case.heard and not wrong_person(case) and not case.deceased


def _withdrawn(case: StayCase) -> ExchangeParticipation | None:
    """The exchange that was withdrawn from, where no other one takes its place."""
    if living_exchanges(case):
        return None
    return next((each for each in exchanges(case) if each.withdrawn), None)


def _interrupted(case: StayCase) -> ExchangeParticipation | None:
    return next((each for each in living_exchanges(case) if each.interrupted), None)


def _going_on(case: StayCase) -> ExchangeParticipation | None:
    """An exchange of the registry that is neither left nor over."""
    for each in living_exchanges(case):
        over = each.last_day is not None and each.last_day < case.today
        if not each.interrupted and not each.completed and not over:
            return each
    return None


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


@rule(
    code="ACTIVE_BUT_WITHDRAWN",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Withdrawn, but still nominated", "Återbud men fortfarande nominerad"),
    text=Text(
        "The student left the exchange in the student registry[ on {ended}], before it began. The nomination is "
        "still {status}.",
        "Studenten har lämnat utbytet i studieregistret[ den {ended}], innan det började. Nomineringen är "
        "fortfarande {status}.",
    ),
    next_step=advice(
        "Cancel the nomination, or admit and register the student again.",
        "Dra tillbaka nomineringen, eller anta och registrera studenten på nytt.",
    ),
    source="EWP mobilities: reconciliation of nominations",
)
def withdrawn_student_is_still_nominated(case: StayCase) -> Iterator[Observation]:
    """Withdrawal, or interruption before the first day, of an outgoing student whose nomination stands.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination = nominated(case)
    if not case.outgoing or not _heard(case) or not active(case) or nomination is None:
        return
    left = _withdrawn(case) or _left_before_the_start(case)
    if left is not None and nomination.status is not None:
        ended = left.withdrawn_on or left.interrupted_on
        values = {"ended": _day(ended), "status": str(nomination.status)}
        yield Observation("", values, first_day(case))


def _left_before_the_start(case: StayCase) -> ExchangeParticipation | None:
    left, first = _interrupted(case), first_day(case)
    if left is None or left.interrupted_on is None or first is None or left.interrupted_on >= first:
        return None
    return left


@rule(
    code="WITHDRAWN_ONE_SIDED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Withdrawn in one system only", "Återbud i bara ett system"),
    text=Text(
        "The stay was withdrawn from in {where}[ on {ended}]; {other} holds it as before.",
        "Återbud på vistelsen finns i {where}[ från {ended}]; {other} har den kvar som förut.",
    ),
    next_step=_SETTLE,
    source=_SOURCE,
)
def stay_is_withdrawn_in_one_system(case: StayCase) -> Iterator[Observation]:
    """Withdrawn in the registry and not in the application, or the other way round.

    A nomination of ours that still stands, or that alone was cancelled, is another finding.

    Source: Ladok: exchange in Ladok's model, withdrawal before start.
    """
    if not _heard(case) or long_over(case):
        return
    left, due = _withdrawn(case), first_day(case)
    nomination, application = nominated(case), case.application
    if left is not None and active(case) and not (case.outgoing and nomination is not None):
        other = "applications" if application is not None and application.live else "nominations"
        values = {"where": "registry", "other": other, "ended": _day(left.withdrawn_on)}
        yield Observation("registry", values, due)
    if application is None or not application.live or not application.said.cancelled:
        return
    cancelled_there = nomination is not None and nomination.status is NominationStatus.CANCELLED
    if _going_on(case) is not None and not cancelled_there:
        yield Observation("application", {"where": "applications", "other": "registry"}, due)


@rule(
    code="CANCELLED_BUT_ACTIVE",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Cancelled, but going on", "Inställd men pågår ändå"),
    text=Text(
        "The nomination is {status}, and yet {where} shows the stay going on.",
        "Nomineringen är {status}, men {where} visar att vistelsen pågår.",
    ),
    next_step=advice(
        "Withdraw the student in the registry and close what is open, or nominate anew: a cancelled nomination "
        "cannot be taken up again.",
        "Registrera återbud i studieregistret och avsluta det som är öppet, eller nominera på nytt: en tillbakadragen "
        "nominering kan inte tas upp igen.",
    ),
    source="EWP mobilities: reconciliation of nominations",
)
def cancelled_stay_goes_on(case: StayCase) -> Iterator[Observation]:
    """A cancelled or rejected nomination beside a living exchange, an open proposal of changes, or an arrival.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination = nominated(case)
    if wrong_person(case) or long_over(case) or nomination is None or nomination.status is None:
        return
    if nomination.status.is_counted:
        return
    values = {"status": str(nomination.status)}
    if Heard.REGISTRY in case.heard and _going_on(case) is not None:
        yield Observation("registry", {**values, "where": "registry"}, first_day(case))
    la = case.learning_agreement
    if la is not None and la.live and la.said.changes_proposal is not None:
        yield Observation("learning_agreement", {**values, "where": "learning_agreements"})
    if _arrived_after(case, nomination.status):
        yield Observation("arrival", {**values, "where": "arrivals"})


def _arrived_after(case: StayCase, status: NominationStatus) -> bool:
    """Whether the student came although the nomination had ended before."""
    came, nomination = actual_days(case).first, case.nomination
    if came is None or nomination is None:
        return False
    if status is NominationStatus.REJECTED:
        return True
    return came > nomination.stored.changed_at.date()


@rule(
    code="INTERRUPTED_ONE_SIDED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Broken off in one system only", "Avbrott i bara ett system"),
    text=Text(
        "The stay ended on {ended} by {where}, and lasts until {last} by {other}.",
        "Vistelsen slutade {ended} enligt {where}; enligt {other} varar den till {last}.",
    ),
    next_step=_SETTLE,
    source=_SOURCE,
)
def stay_is_interrupted_in_one_system(case: StayCase) -> Iterator[Observation]:
    """An interruption in the registry that the others do not show, or an early departure without one there.

    Source: Ladok: exchange in Ladok's model, ending after start; EWP mobilities: dates.
    """
    if not _heard(case) or not in_question(case) or not known_elsewhere(case):
        return
    left, actual, planned = _interrupted(case), actual_days(case), planned_days(case)
    if left is not None and left.interrupted_on is not None and _left_before_the_start(case) is None:
        last, other = actual.last or planned.last, "arrivals" if actual.last else "other_systems"
        near = timedelta(days=case.thresholds.shortened_days)
        if last is not None and last > left.interrupted_on + near:
            values = {"where": "registry", "ended": _day(left.interrupted_on), "other": other}
            yield Observation("registry", {**values, "last": last.isoformat()})
    elif left is None and actual.last is not None and planned.last is not None:
        yield from _left_early(case, actual.last, planned.last)


def _left_early(case: StayCase, left: date, planned: date) -> Iterator[Observation]:
    grace = timedelta(days=case.thresholds.departure_grace_days)
    for each in living_exchanges(case):
        if each.completed or each.last_day is None or min(each.last_day, planned) <= left + grace:
            continue
        values = {"where": "arrivals", "ended": left.isoformat(), "other": "registry"}
        yield Observation("arrival", {**values, "last": each.last_day.isoformat()})
        return


@rule(
    code="SIS_EXCHANGE_PERIOD_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The registered period does not cover the stay", "Registrerad period täcker inte vistelsen"),
    text=Text(
        "The stay lasts from {first} to {last}, the exchange in the student registry from {registered_first} to "
        "{registered_last}. The insurance covers no more than {margin} days before and after the registered period.",
        "Vistelsen varar från {first} till {last}, utbytet i studieregistret från {registered_first} till "
        "{registered_last}. Försäkringen täcker högst {margin} dagar före och efter den registrerade perioden.",
    ),
    next_step=advice(
        "Correct the period in the registry, or the dates of the stay.",
        "Rätta perioden i studieregistret eller vistelsens datum.",
    ),
    source="EWP mobilities: dates; Ladok: exchange in Ladok's model",
)
def registered_period_does_not_cover_the_stay(case: StayCase) -> Iterator[Observation]:
    """Actual, else planned, days lie outside of the registry's period by more than the insurance allows.

    The registry's periods are our terms and a partner's are not, so a shorter stay is in order. A whole term
    that is missing or too many is another finding.

    Source: EWP mobilities: dates; Kammarkollegiet: student insurance, two weeks before and after.
    """
    living = [each for each in living_exchanges(case) if each.first_day is not None]
    first, last = first_day(case), actual_days(case).last or planned_days(case).last
    if not _heard(case) or not in_question(case) or not known_elsewhere(case) or first is None or not living:
        return
    covered = {term for each in living for term in each.terms}
    if any(each.interrupted for each in living) or not covered.issuperset(day_terms(case)):
        return
    starts = min(each.first_day for each in living if each.first_day is not None)
    ends = max((each.last_day for each in living if each.last_day is not None), default=None)
    margin = timedelta(days=case.thresholds.insurance_margin_days)
    late = last is not None and ends is not None and last > ends + margin
    if first < starts - margin or late:
        yield Observation(
            "",
            {
                "first": first.isoformat(),
                "last": _day(last),
                "registered_first": starts.isoformat(),
                "registered_last": _day(ends),
                "margin": str(margin.days),
            },
            first if first < starts - margin else last,
        )


@rule(
    code="DOUBLE_EXCHANGE",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Two exchanges at the same time", "Två utbyten samtidigt"),
    text=Text(
        "In the student registry the student is on two exchanges in {terms}[; the other one: {other}].",
        "I studieregistret är studenten på två utbyten under {terms}[; det andra: {other}].",
    ),
    next_step=advice(
        "Withdraw the student from the exchange that does not take place.",
        "Registrera återbud på det utbyte som inte blir av.",
    ),
    source=_SOURCE,
)
def student_is_on_two_exchanges(case: StayCase) -> Iterator[Observation]:
    """Two living exchanges of one student share a term, in this stay or between two; the later-named stay tells.

    Source: Ladok: exchange in Ladok's model, change of occasion.
    """
    if not _heard(case) or long_over(case):
        return
    living = living_exchanges(case)
    for at, one in enumerate(living):
        for other in living[at + 1 :]:
            shared = set(one.terms) & set(other.terms)
            if shared:
                place = str(max(one.admission_uid, other.admission_uid))
                occasion = (other.occasion.code or "") if other.occasion is not None else ""
                values = {"terms": codes(shared), "other": occasion}
                yield Observation(place, values, one.first_day)
    yield from _beside_another_stay(case, living)


def _beside_another_stay(case: StayCase, living: tuple[ExchangeParticipation, ...]) -> Iterator[Observation]:
    mine = {term for each in living for term in each.terms}
    for stay in case.other_stays:
        later = (case.subject.stay_id or "") > stay.stay_id
        if not stay.in_registry or not later or stay.first_day is None:
            continue
        shared = mine & set(terms_between(stay.first_day, stay.last_day or stay.first_day))
        if shared:
            values = {"terms": codes(shared), "other": stay.stay_id}
            yield Observation(stay.stay_id, values, first_day(case))


@rule(
    code="ORPHANED_EXCHANGE",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("An exchange that nothing else knows", "Ett utbyte som inget annat känner till"),
    text=Text(
        "The student registry has an exchange[ with {partner}] in {terms}, for which there is no application and, as "
        "far as was read, no nomination.",
        "Studieregistret har ett utbyte[ med {partner}] under {terms} utan ansökan och, så långt det har "
        "lästs, utan nominering.",
    ),
    next_step=advice(
        "Enter the missing application, withdraw the student from the exchange, or confirm which student it is.",
        "Lägg upp ansökan som saknas, registrera återbud på utbytet eller bekräfta vilken student det är.",
    ),
    source=_SOURCE,
)
def exchange_has_neither_application_nor_nomination(case: StayCase) -> Iterator[Observation]:
    """The registry alone knows of a stay that is not over.

    Silent where another stay of that time shows that the student is on the wrong agreement.

    Source: Ladok: exchange in Ladok's model, nominations are not in Ladok.
    """
    if Heard.APPLICATIONS not in case.heard or known_elsewhere(case) or _belongs_to_another_stay(case):
        return
    exchange = _going_on(case)
    if _heard(case) and exchange is not None:
        values = {"partner": exchange.partner_hei_id or "", "terms": codes(admitted_terms(case))}
        yield Observation("", values, exchange.first_day)


def _belongs_to_another_stay(case: StayCase) -> bool:
    """Whether another active stay of that time lacks an exchange, or is at the same university."""
    mine = set(admitted_terms(case))
    for stay in case.other_stays:
        same = case.partner_hei_id in (None, stay.partner_hei_id)
        if not stay.active or not stay.elsewhere or stay.direction is not case.direction:
            continue
        if stay.first_day is None or (stay.in_registry and not same):
            continue
        if mine & set(terms_between(stay.first_day, stay.last_day or stay.first_day)):
            return True
    return False
