"""Arrival and departure: whether they were told, and what they say of the plan.

Source: EWP mobilities: reconciliation of dates; from arrival to recognition.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import actual_days, planned_days
from mobility_bridge.reconcile.stay_la import receiver, served
from mobility_bridge.reconcile.stay_length import minimum_days
from mobility_bridge.reconcile.stay_state import accepted, in_question, nominated
from mobility_bridge.reconcile.stay_terms import living_exchanges

_SOURCE = "EWP mobilities: reconciliation of dates"


@rule(
    code="ARRIVED_WITHOUT_APPROVAL",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Arrived without approval", "Anlände utan godkännande"),
    text=Text(
        "The student arrived on {arrived_on}, and {what} is not approved.",
        "Studenten anlände {arrived_on}, men {what} är inte godkänd av alla som ska godkänna.",
    ),
    next_step=advice(
        "Decide on the nomination, or have the learning agreement signed, now.",
        "Besluta om nomineringen eller få studieavtalet undertecknat, nu.",
    ),
    source=_SOURCE,
)
def student_arrived_without_approval(case: StayCase) -> Iterator[Observation]:
    """An incoming student is here, while the nomination waits for us or no learning agreement is signed by all.

    Source: EWP mobilities: reconciliation of dates.
    """
    arrived_on, nomination, la = actual_days(case).first, nominated(case), served(case)
    if case.outgoing or arrived_on is None or not in_question(case):
        return
    waits = nomination is not None and nomination.status is NominationStatus.PENDING and not accepted(case)
    unsigned = Heard.LEARNING_AGREEMENTS in case.heard and (la is None or not la.is_approved)
    vanished = case.learning_agreement is not None and la is None
    for what, holds in (("nomination", waits), ("learning_agreement", unsigned and not vanished)):
        if holds:
            yield Observation(what, {"arrived_on": arrived_on.isoformat(), "what": what}, arrived_on)


@rule(
    code="DEPARTURE_BEFORE_ARRIVAL",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Left before arriving", "Avresa före ankomst"),
    text=Text(
        "{receiving} states that the student left on {left_on}[ and arrived on {arrived_on}].",
        "{receiving} uppger att studenten reste den {left_on}[ och anlände den {arrived_on}].",
    ),
    next_step=advice(
        "Ask {receiving} to correct the dates before they are used for the grant.",
        "Be {receiving} rätta datumen innan de används för stipendiet.",
    ),
    source=_SOURCE,
)
def departure_precedes_arrival(case: StayCase) -> Iterator[Observation]:
    """The departure is earlier than the arrival, or stands alone.

    Source: EWP mobilities: rule SEM-29.
    """
    days = actual_days(case)
    if not in_question(case) or days.last is None or (days.first is not None and days.first <= days.last):
        return
    values = {
        "left_on": days.last.isoformat(),
        "arrived_on": days.first.isoformat() if days.first is not None else "",
        "receiving": case.receiving_hei_id or "",
    }
    yield Observation(values=values, owner=receiver(case))


@rule(
    code="STAY_BELOW_MINIMUM",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The stay was too short for the programme", "Vistelsen var för kort för programmet"),
    text=Text(
        "The student stayed {days} days, from {first} to {last}; the programme asks for {minimum}. The grant may have to "
        "be paid back.",
        "Studenten var på plats {days} dagar, från {first} till {last}; programmet kräver {minimum}. Stipendiet kan "
        "behöva betalas tillbaka.",
    ),
    next_step=advice(
        "Check the dates with {partner_hei_id}, and whether force majeure applies, before the grant is settled.",
        "Kontrollera datumen med {partner_hei_id}, och om force majeure gäller, innan stipendiet slutregleras.",
    ),
    source=_SOURCE,
)
def stay_was_below_the_minimum(case: StayCase) -> Iterator[Observation]:
    """An outgoing student's stay was shorter than the programme's minimum for its kind.

    Source: EWP mobilities: reconciliation of dates.
    """
    stayed, days = _stayed(case), actual_days(case)
    if stayed is not None and stayed < minimum_days(case):
        values = {
            "days": str(stayed),
            "first": str(days.first),
            "last": str(days.last),
            "minimum": str(minimum_days(case)),
        }
        yield Observation(values=values)


@rule(
    code="STAY_SHORTENED",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The stay was shorter than planned", "Vistelsen blev kortare än planerat"),
    text=Text(
        "The student stayed {days} days instead of {planned}. The grant depends on it.",
        "Studenten var på plats {days} dagar i stället för {planned}. Stipendiet beror på det.",
    ),
    next_step=advice(
        "Settle the grant by the actual days, and correct the exchange period in the student registry.",
        "Reglera stipendiet efter de faktiska dagarna, och rätta utbytesperioden i studieregistret.",
    ),
    source=_SOURCE,
)
def stay_was_shorter_than_planned(case: StayCase) -> Iterator[Observation]:
    """An outgoing student's stay was shorter than planned by more than a few days, yet not below the minimum.

    Source: EWP mobilities: reconciliation of dates.
    """
    stayed, days = _stayed(case), planned_days(case)
    if stayed is None or stayed < minimum_days(case) or days.first is None or days.last is None:
        return
    planned = (days.last - days.first).days + 1
    if planned - stayed > case.thresholds.shortened_days:
        yield Observation(values={"days": str(stayed), "planned": str(planned)})


def _stayed(case: StayCase) -> int | None:
    """How many days an outgoing student was away, as the receiving HEI tells; None while that is not known."""
    days = actual_days(case)
    if not case.outgoing or days.first is None or days.last is None or not in_question(case):
        return None
    return (days.last - days.first).days + 1 if days.first <= days.last else None


@rule(
    code="ARRIVAL_MISSING",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("No arrival was told", "Ingen ankomst har meddelats"),
    text=Text(
        "The stay was to begin on {planned}, and {receiving} has not stated that the student arrived.",
        "Vistelsen skulle börja {planned}, men {receiving} har inte meddelat att studenten anlänt.",
    ),
    next_step=advice(
        "Ask the student and {receiving} whether the stay began; if not, cancel it.",
        "Fråga studenten och {receiving} om vistelsen har börjat; ställ annars in den.",
    ),
    source=_SOURCE,
)
def arrival_was_not_told(case: StayCase) -> Iterator[Observation]:
    """The planned start is well past and the receiving HEI has not stated an arrival.

    Source: EWP mobilities: reconciliation of dates.
    """
    start = planned_days(case).first
    if start is None or not _is_to_be_told(case) or actual_days(case).first or actual_days(case).last:
        return
    due_on = start + timedelta(days=case.thresholds.arrival_grace_days)
    if case.today > due_on:
        values = {"planned": start.isoformat(), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, due_on=due_on, owner=receiver(case))


@rule(
    code="DEPARTURE_MISSING",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("No departure was told", "Ingen avresa har meddelats"),
    text=Text(
        "The stay was to end on {planned}, and {receiving} has not stated when the student left.",
        "Vistelsen skulle sluta {planned}, men {receiving} har inte meddelat när studenten reste.",
    ),
    next_step=advice(
        "Ask {receiving} for the last day; the grant and the student registry need it.",
        "Fråga {receiving} efter sista dagen; stipendiet och studieregistret behöver den.",
    ),
    source=_SOURCE,
)
def departure_was_not_told(case: StayCase) -> Iterator[Observation]:
    """The planned end is well past, and of a student who arrived no departure is stated.

    Source: EWP mobilities: reconciliation of dates.
    """
    end, days = planned_days(case).last, actual_days(case)
    if end is None or not _is_to_be_told(case) or days.first is None or days.last is not None:
        return
    due_on = end + timedelta(days=case.thresholds.departure_grace_days)
    if case.today > due_on:
        values = {"planned": end.isoformat(), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, due_on=due_on, owner=receiver(case))


def _is_to_be_told(case: StayCase) -> bool:
    """Whether the receiving HEI should tell: it was heard, accepted the student, and the registry knows no end."""
    if Heard.ARRIVALS not in case.heard or not in_question(case) or not accepted(case):
        return False
    return case.exchange is None or bool(living_exchanges(case))


@rule(
    code="ARRIVAL_DRIFT",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Arrived on another day than planned", "Anlände en annan dag än planerat"),
    text=Text(
        "The student arrived on {arrived_on}; planned was {planned}.",
        "Studenten anlände {arrived_on}; planerat var {planned}.",
    ),
    next_step=advice(
        "Check the planned days, and whether registration and insurance cover the actual ones.",
        "Kontrollera de planerade datumen, och att registrering och försäkring täcker de faktiska.",
    ),
    source=_SOURCE,
)
def arrival_is_not_as_planned(case: StayCase) -> Iterator[Observation]:
    """Arrival and plan differ by more than a few days; by more than two weeks it needs correction.

    Source: EWP mobilities: reconciliation of dates.
    """
    arrived_on, la = actual_days(case).first, served(case)
    first = planned_days(case).first
    if arrived_on is None or first is None or not in_question(case):
        return
    latest = la.start.last if la is not None and la.start is not None else first
    apart = _outside(arrived_on, first, max(first, latest))
    if apart > case.thresholds.dates_drift_days:
        values = {"arrived_on": arrived_on.isoformat(), "planned": first.isoformat()}
        far = apart > case.thresholds.arrival_drift_days
        yield Observation(values=values, severity=Severity.WARNING if far else None)


def _outside(day: date, earliest: date, latest: date) -> int:
    return max((earliest - day).days, (day - latest).days, 0)


@rule(
    code="DATES_CHANGED_AFTER_REPORT",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("A stated date was changed", "Ett meddelat datum har ändrats"),
    text=Text(
        "{receiving} had stated {before} as the day of {what} and now states {now}.",
        "{receiving} hade uppgett {before} som dag för {what} och uppger nu {now}.",
    ),
    next_step=advice(
        "If the grant was settled by the earlier day, settle it again; correct the student registry.",
        "Om stipendiet reglerats efter det tidigare datumet, gör om det; rätta studieregistret.",
    ),
    source=_SOURCE,
)
def stated_date_was_changed(case: StayCase) -> Iterator[Observation]:
    """The receiving HEI changed or took back a date of an outgoing student that it had stated.

    Nothing tells when the grant was settled, so every change is shown.

    Source: EWP mobilities: reconciliation of dates.
    """
    arrival = case.arrival
    if not case.outgoing or arrival is None or not arrival.live or not in_question(case):
        return
    for what, name in (("arrival", "actual_arrival_date"), ("departure", "actual_departure_date")):
        now = getattr(arrival.said, name)
        former = [day for said, _ in arrival.earlier if (day := getattr(said, name)) is not None]
        if former and former[0] != now:
            values = {
                "what": what,
                "before": former[0].isoformat(),
                "now": now.isoformat() if now is not None else "",
                "receiving": case.receiving_hei_id or "",
            }
            yield Observation(what, values)
