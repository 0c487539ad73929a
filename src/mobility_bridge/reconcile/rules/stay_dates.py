"""Planned days of a stay: whether they make sense, and whether all systems plan the same.

Source: EWP mobilities: reconciliation of dates.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_la import sender, served
from mobility_bridge.reconcile.stay_length import is_short, minimum_days
from mobility_bridge.reconcile.stay_state import in_question, nominated
from mobility_bridge.reconcile.stay_terms import codes

_SOURCE = "EWP mobilities: reconciliation of dates"
_TERM_ID: Final = re.compile(r"([0-9]{4})/[0-9]{4}-([1-9])/([1-9])")
_LONGEST: Final = 366
_LONGEST_SHORT: Final = 31
"""Days: a stay lasts a year at most, a short one a month."""


@rule(
    code="PLAN_DATES_INVALID",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The planned days cannot be right", "De planerade datumen kan inte stämma"),
    text=Text(
        "In {plan} the stay is planned from {first} to {last}; {reason}.",
        "I {plan} är vistelsen planerad från {first} till {last}; {reason}.",
    ),
    next_step=advice(
        "Correct the days where they are planned; the learning agreement follows without new signatures.",
        "Rätta datumen där de planeras; studieavtalet följer efter utan nya underskrifter.",
    ),
    source=_SOURCE,
)
def planned_days_make_no_sense(case: StayCase) -> Iterator[Observation]:
    """A plan ends before it starts, or is longer or shorter than any stay of its kind.

    Source: EWP mobilities: rule SEM-20; programme limits.
    """
    if not in_question(case):
        return
    for where, first, last in _plans(case):
        reason = _nonsense(case, first, last) if first is not None and last is not None else None
        if reason is not None:
            values = {"plan": where, "first": str(first), "last": str(last), "reason": reason}
            owner = sender(case) if where == "learning_agreement" else None
            yield Observation(where, values, planned_days(case).first, owner=owner)


def _nonsense(case: StayCase, first: PlannedDay, last: PlannedDay) -> str | None:
    if first.is_after(last):
        return "ends_before_it_starts"
    if (last.first - first.last).days + 1 > (_LONGEST_SHORT if is_short(case) else _LONGEST):
        return "longer_than_allowed"
    return "shorter_than_allowed" if (last.last - first.first).days + 1 < minimum_days(case) else None


def _plans(case: StayCase) -> Iterator[tuple[str, PlannedDay | None, PlannedDay | None]]:
    """Yield who plans which days: the learning agreement first, which is their master."""
    la, nomination, application = served(case), nominated(case), case.application
    if la is not None:
        yield "learning_agreement", la.start, la.end
    if application is not None and application.live:
        yield "application", _day(application.said.starts_on), _day(application.said.ends_on)
    if nomination is not None:
        days = nomination.planned_arrival_date, nomination.planned_departure_date
        yield "nomination", _day(days[0]), _day(days[1])


def _day(day: date | None) -> PlannedDay | None:
    return None if day is None else PlannedDay.on(day)


@rule(
    code="PLAN_DATES_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The systems plan different days", "Systemen planerar olika datum"),
    text=Text(
        "The systems differ in {what} of the stay: {planned} in {plan}, {against} in {other_plan}.",
        "Systemen skiljer sig om {what} för vistelsen: {planned} i {plan}, {against} i {other_plan}.",
    ),
    next_step=advice(
        "Settle which days hold and correct the other system.",
        "Klara ut vilka datum som gäller och rätta det andra systemet.",
    ),
    source=_SOURCE,
)
def systems_plan_different_days(case: StayCase) -> Iterator[Observation]:
    """First or last day differ by more than a few days; a plan that names a month is right in all of it.

    An extension that only our application knows is another finding.

    Source: EWP mobilities: reconciliation of dates.
    """
    plans = list(_plans(case)) if in_question(case) else []
    patience = case.thresholds.dates_drift_days
    for where, *days in plans[1:]:
        other, *against = plans[0]
        for what, one, two in zip(("start", "end"), against, days, strict=True):
            if one is None or two is None or _apart(one, two) <= patience:
                continue
            if what == "end" and where == "application" and _extended(case):
                continue
            values = {
                "what": what,
                "plan": where,
                "planned": str(two),
                "other_plan": other,
                "against": str(one),
            }
            yield Observation(f"{where}/{what}", values, planned_days(case).first)


def _apart(one: PlannedDay, other: PlannedDay) -> int:
    """How many days two plans are apart at least."""
    return max((one.first - other.last).days, (other.first - one.last).days, 0)


def _extended(case: StayCase) -> bool:
    """Whether our application says that the stay was extended beyond what the learning agreement plans."""
    la, application = served(case), case.application
    if la is None or la.end is None or application is None or not application.live:
        return False
    until = application.said.ends_on
    return application.said.extended and until is not None and until > la.end.last


@rule(
    code="STAY_EXTENDED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The stay was extended, the agreement was not", "Vistelsen har förlängts, men inte avtalet"),
    text=Text(
        "The stay lasts until {until} by {plan}; the plan ends on {planned}.",
        "Vistelsen varar till {until} enligt {plan}; planen slutar {planned}.",
    ),
    next_step=advice(
        "Have the last day changed in the learning agreement, and in the student registry where the exchange ends.",
        "Låt ändra slutdatum i studieavtalet och utbytets slut i studieregistret.",
    ),
    source=_SOURCE,
)
def stay_was_extended_without_agreement(case: StayCase) -> Iterator[Observation]:
    """The student left well after the planned end, or our application extends the stay and nothing else does.

    Source: EWP mobilities: reconciliation of dates.
    """
    planned = planned_days(case).last
    if planned is None or not in_question(case):
        return
    left = case.arrival.said.actual_departure_date if case.arrival and case.arrival.live else None
    if left is not None and left > planned + timedelta(days=case.thresholds.dates_drift_days):
        values = {"until": left.isoformat(), "plan": "arrival", "planned": planned.isoformat()}
        yield Observation("departure", values)
    elif _extended(case):
        assert case.application is not None
        values = {
            "until": str(case.application.said.ends_on),
            "plan": "application",
            "planned": planned.isoformat(),
        }
        yield Observation("application", values, planned)


@rule(
    code="PLAN_OUTSIDE_TERM",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text(
        "The stay is not in the term it was nominated for", "Vistelsen ligger inte i den nominerade terminen"
    ),
    text=Text(
        "The stay is planned from {first} to {last}, which is outside of {term}.",
        "Vistelsen är planerad från {first} till {last}, vilket ligger utanför {term}.",
    ),
    next_step=advice(
        "Correct the days or the term of the nomination.",
        "Rätta datumen eller nomineringens termin.",
    ),
    source=_SOURCE,
)
def stay_is_outside_of_its_term(case: StayCase) -> Iterator[Observation]:
    """The planned days and the term of the nomination share no day; without one the application's terms count.

    Source: EWP mobilities: reconciliation of dates.
    """
    days, terms = planned_days(case), _nominated_terms(case)
    dates = [case.calendar[term] for term in terms if term in case.calendar]
    if days.first is None or not terms or len(dates) < len(terms) or not in_question(case):
        return
    last = days.last or days.first
    if not any(each.first_day <= last and days.first <= each.last_day for each in dates):
        values = {"first": days.first.isoformat(), "last": last.isoformat(), "term": codes(terms)}
        yield Observation(values=values, due_on=days.first)


def _nominated_terms(case: StayCase) -> tuple[Term, ...]:
    """The terms in our own calendar: a nomination counts those of the sending HEI, so only ours say anything."""
    nomination = nominated(case)
    match = _TERM_ID.fullmatch((nomination.sending_academic_term_ewp_id if nomination else None) or "")
    if case.outgoing and match is not None:
        halves = (Term(int(match[1]), autumn=True), Term(int(match[1]) + 1, autumn=False))
        if match[3] == "1":
            return halves
        return halves[int(match[2]) - 1 : int(match[2])] if match[3] == "2" else ()
    application = case.application
    return application.said.terms if application is not None and application.live else ()
