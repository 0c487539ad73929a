"""Whether the student registry knows, admits and registers the student as the other systems expect.

Source: Ladok: exchange in Ladok's model; adapter rules; EWP mobilities: reconciliation of nominations.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import actual_days, planned_days
from mobility_bridge.reconcile.stay_state import accepted, in_question, known_elsewhere, registry_should_hold
from mobility_bridge.reconcile.stay_terms import (
    admitted_terms,
    codes,
    living_exchanges,
    planned_terms,
    registered_terms,
    registry_due,
    starts_on,
    stay_terms,
)

_SOURCE = "Ladok: exchange in Ladok's model; adapter rules"


def _within(case: StayCase, day: date, days: int) -> bool:
    return case.today >= day - timedelta(days=days)


@rule(
    code="REGISTRATION_MISSING",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Leaves without being registered", "Reser utan att vara registrerad"),
    text=Text(
        "The student is not registered for {term} in the student registry; departure or start of term: {due_on}. "
        "Without it no insurance covers the stay, there is no student finance, and credits cannot be transferred."
        "[ Admitted to an exchange occasion: {admitted}.]",
        "Studenten är inte registrerad för {term} i studieregistret; avresa eller terminsstart: {due_on}. Utan "
        "registrering gäller ingen försäkring, det blir inget studiemedel, och inget kan tillgodoräknas."
        "[ Antagen till ett utbytestillfälle: {admitted}.]",
    ),
    next_step=advice(
        "Register the student on the exchange occasion for {term} before {due_on}; admit first where needed.",
        "Registrera studenten på utbytestillfället för {term} före {due_on}; anta först om det behövs.",
    ),
    source="Ladok: adapter rules, the alarm that matters most; exchange in Ladok's model",
)
def student_leaves_without_registration(case: StayCase) -> Iterator[Observation]:
    """An outgoing student is close to departure, or gone, and not registered for a term of the stay.

    Each later term of a longer stay counts from its own first day.

    Source: Ladok: adapter rules; exchange in Ladok's model.
    """
    if not case.outgoing or not registry_should_hold(case) or not known_elsewhere(case):
        return
    registered, admitted = registered_terms(case), admitted_terms(case)
    for term in stay_terms(case):
        day = starts_on(case, term)
        if term in registered or not _within(case, day, case.thresholds.registration_before_days):
            continue
        values = {"term": term.code} if term in admitted else {"term": term.code, "admitted": "no"}
        yield Observation(term.code, values, day)


@rule(
    code="ADMISSION_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Not admitted to an exchange", "Inte antagen till utbyte"),
    text=Text(
        "The student is to leave for {partner_hei_id} and is not admitted to an exchange occasion for {term}, which "
        "begins on {due_on}.",
        "Studenten ska resa till {partner_hei_id} och är inte antagen till ett utbytestillfälle för {term}, som "
        "börjar {due_on}.",
    ),
    next_step=advice(
        "Admit the student to the exchange occasion for {term}, so that registration is possible in time.",
        "Anta studenten till utbytestillfället för {term}, så att registreringen hinns med.",
    ),
    source=_SOURCE,
)
def outgoing_student_is_not_admitted(case: StayCase) -> Iterator[Observation]:
    """No exchange in the registry covers a term that begins soon.

    Silent while there is no occasion to admit to, where the registry merely has not followed an extension, and
    where the student is on another agreement.

    Source: Ladok: exchange in Ladok's model.
    """
    if not case.outgoing or not registry_should_hold(case) or not known_elsewhere(case) or not accepted(case):
        return
    if any(True for _ in _same_time_in_registry(case)):
        return
    extension = _extended_by(case)
    for term in stay_terms(case):
        day = starts_on(case, term)
        if term in admitted_terms(case) or term in extension or not _offered(case, term):
            continue
        if _within(case, day, case.thresholds.admission_before_days):
            near = _within(case, day, case.thresholds.registration_before_days)
            grave = Severity.BLOCKING if near else None
            yield Observation(term.code, {"term": term.code}, day, severity=grave)


def _offered(case: StayCase, term: Term) -> bool:
    """Whether there is an occasion to admit to, as far as is known."""
    if case.registry_agreement_exists is False:
        return False
    return case.occasion_exists is not False or term in case.occasion_terms


def _extended_by(case: StayCase) -> tuple[Term, ...]:
    """Terms behind those of the registry that the application has gained."""
    application, admitted = case.application, admitted_terms(case)
    if application is None or not admitted:
        return ()
    grown = application.said.extended or any(
        earlier.terms and set(application.said.terms) - set(earlier.terms)
        for earlier, _ in application.earlier
    )
    return tuple(term for term in stay_terms(case) if grown and term > admitted[-1])


@rule(
    code="EXTENDED_ONE_SIDED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Extended in one system only", "Förlängt i bara ett system"),
    text=Text(
        "The stay covers {planned} by our other systems and {registered} by the student registry.",
        "Vistelsen omfattar {planned} enligt våra andra system och {registered} enligt studieregistret.",
    ),
    next_step=advice(
        "Move the student to the longer exchange occasion, or correct the period in the other systems.",
        "Byt till det längre utbytestillfället eller rätta perioden i de andra systemen.",
    ),
    source=_SOURCE,
)
def stay_is_extended_in_one_system(case: StayCase) -> Iterator[Observation]:
    """A later term stands in the registry alone, or in all but the registry after an extension.

    Source: Ladok: exchange in Ladok's model, extension or shortening.
    """
    if not registry_should_hold(case):
        return
    planned, admitted = planned_terms(case), admitted_terms(case)
    registered = set(registered_terms(case))
    if not set(planned) & set(admitted) or (registered and not registered & set(planned)):
        return
    values = {"planned": codes(planned), "registered": codes(admitted)}
    beyond = _extended_by(case)
    if beyond:
        yield Observation("registry", values, starts_on(case, beyond[0]))
    elif admitted[-1] > planned[-1]:
        yield Observation("elsewhere", values, planned_days(case).last)


@rule(
    code="REGISTERED_FOR_OTHER_TERM",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Registered for another term", "Registrerad för en annan termin"),
    text=Text(
        "Registered for {registered}; the stay is planned for {planned}.",
        "Registrerad för {registered}; vistelsen är planerad till {planned}.",
    ),
    next_step=advice(
        "Check which term is right; register for it and take the other registration back, or correct the stay.",
        "Kontrollera vilken termin som är rätt; registrera på den och ta bort den andra registreringen, eller rätta "
        "vistelsen.",
    ),
    source=_SOURCE,
)
def student_is_registered_for_another_term(case: StayCase) -> Iterator[Observation]:
    """Registered for terms before the planned ones, or for none of them; later ones are an extension.

    Source: Ladok: registration term by term.
    """
    if not registry_should_hold(case) or not planned_terms(case):
        return
    planned, registered = planned_terms(case), registered_terms(case)
    others = [term for term in registered if term not in planned]
    if others and (others[0] < planned[0] or not set(planned) & set(registered)):
        values = {"registered": codes(registered), "planned": codes(planned)}
        yield Observation("", values, planned_days(case).first)


@rule(
    code="REGISTERED_ON_OTHER_AGREEMENT",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("On the agreement of another university", "På ett annat lärosätes avtal"),
    text=Text(
        "The stay is at {partner_hei_id}; in the student registry the student is on the exchange agreement"
        "[ {agreement}] with {registered}. Insurance covers only the country that is registered.",
        "Vistelsen gäller {partner_hei_id}; i studieregistret står studenten på utbytesavtalet[ {agreement}] med "
        "{registered}. Försäkringen gäller bara i det land som är registrerat.",
    ),
    next_step=advice(
        "Move the student to an occasion of the right agreement, or correct the partner of the stay.",
        "Flytta studenten till ett tillfälle på rätt avtal eller rätta vistelsens lärosäte.",
    ),
    source=_SOURCE,
)
def student_is_on_another_agreement(case: StayCase) -> Iterator[Observation]:
    """The exchange in the registry, or the only one of that time, is with another university.

    Source: Ladok: exchange in Ladok's model.
    """
    if Heard.REGISTRY not in case.heard or not in_question(case) or not known_elsewhere(case):
        return
    due = planned_days(case).first
    for each in living_exchanges(case):
        other = each.partner_hei_id
        if other is not None and case.partner_hei_id is not None and other != case.partner_hei_id:
            code = (each.agreement.code or "") if each.agreement is not None else ""
            yield Observation("", {"registered": other, "agreement": code}, due)
            return
    if not living_exchanges(case):
        yield from (Observation("", {"registered": hei}, due) for hei in _same_time_in_registry(case))


def _same_time_in_registry(case: StayCase) -> Iterator[str]:
    """Another university with which only the registry has a stay, at the same time and in the same direction."""
    days = planned_days(case)
    for stay in case.other_stays:
        if not stay.in_registry or stay.elsewhere or stay.direction is not case.direction:
            continue
        if stay.partner_hei_id in (None, case.partner_hei_id) or days.first is None or stay.first_day is None:
            continue
        if days.first <= (stay.last_day or stay.first_day) and stay.first_day <= (days.last or days.first):
            yield str(stay.partner_hei_id)
            return


@rule(
    code="NOT_ESTABLISHED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Not established in the registry", "Inte upplagd i studieregistret"),
    text=Text(
        "The incoming student is accepted and not established in the student registry. Needed by {due_on}.",
        "Den inresande studenten är accepterad och finns inte upplagd i studieregistret. Behövs senast {due_on}.",
    ),
    next_step=advice(
        "Have the student established, linked to the agreement and admitted, or confirm which registered student "
        "this is.",
        "Låt lägga upp studenten, koppla till avtalet och anta, eller bekräfta vilken student i registret det är.",
    ),
    source=_SOURCE,
)
def incoming_student_is_not_established(case: StayCase) -> Iterator[Observation]:
    """An accepted incoming student is unknown to the registry.

    Source: Ladok: events, new person admitted; exchange in Ladok's model.
    """
    if case.known_to_registry is False and not case.outgoing:
        yield from _not_ready(case)


@rule(
    code="NOT_LINKED_OR_ADMITTED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Not on an exchange occasion", "Inte på något utbytestillfälle"),
    text=Text(
        "The incoming student is established, and on no exchange occasion of the agreement. Needed by {due_on}.",
        "Den inresande studenten finns i studieregistret men är inte på något utbytestillfälle för avtalet. Behövs "
        "senast {due_on}.",
    ),
    next_step=advice(
        "Link the student to the agreement and admit to the exchange occasion.",
        "Koppla studenten till avtalet och anta till utbytestillfället.",
    ),
    source=_SOURCE,
)
def incoming_student_is_not_admitted(case: StayCase) -> Iterator[Observation]:
    """An accepted incoming student is established, but on no exchange occasion though there is one.

    Source: Ladok: exchange in Ladok's model.
    """
    if case.outgoing or not case.known_to_registry or not registry_should_hold(case) or admitted_terms(case):
        return
    if any(_offered(case, term) for term in stay_terms(case)):
        yield from _not_ready(case)


def _not_ready(case: StayCase) -> Iterator[Observation]:
    """Grave once the office's deadline is over, or the student is here."""
    terms = stay_terms(case)
    if Heard.REGISTRY not in case.heard or not in_question(case) or not accepted(case) or not terms:
        return
    starts, due = starts_on(case, terms[0]), registry_due(case, terms[0])
    if _within(case, min(starts, due), case.thresholds.agreement_before_days):
        late = case.today > due or actual_days(case).first is not None
        yield Observation("", {}, due, severity=Severity.BLOCKING if late else None)


@rule(
    code="ARRIVED_NOT_REGISTERED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Here, but not registered", "På plats men inte registrerad"),
    text=Text(
        "The student arrived on {arrived} and is not registered on any course of {planned}.",
        "Studenten kom {arrived} och är inte registrerad på någon kurs under {planned}.",
    ),
    next_step=advice(
        "Register the student on the courses of the learning agreement, or correct the arrival.",
        "Registrera studenten på kurserna i studieavtalet eller rätta ankomsten.",
    ),
    source=_SOURCE,
)
def arrived_student_is_not_registered(case: StayCase) -> Iterator[Observation]:
    """An admitted incoming student arrived a while ago, and there is no registration.

    Source: Ladok: exchange in Ladok's model, incoming.
    """
    came = actual_days(case).first
    if case.outgoing or came is None or not registry_should_hold(case) or not living_exchanges(case):
        return
    planned = stay_terms(case)
    if not planned or set(planned) & set(registered_terms(case)):
        return
    due = _registration_due(case, planned[0], came)
    if case.today > due:
        yield Observation("", {"arrived": came.isoformat(), "planned": codes(planned)}, due)


def _registration_due(case: StayCase, term: Term, came: date) -> date:
    dates = case.calendar.get(term)
    deadline = dates.registration_deadline if dates is not None else None
    return max(came, deadline or came + timedelta(days=case.thresholds.arrival_grace_days))


@rule(
    code="REGISTERED_NOT_ARRIVED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Registered, but not here", "Registrerad men inte på plats"),
    text=Text(
        "The incoming student is registered for {registered} and was to arrive by {first}; there is no arrival.",
        "Den inresande studenten är registrerad för {registered} och väntades {first}; ingen ankomst finns.",
    ),
    next_step=advice(
        "Enter the arrival, or withdraw the student from the courses.",
        "För in ankomsten eller registrera återbud på kurserna.",
    ),
    source=_SOURCE,
)
def registered_student_has_not_arrived(case: StayCase) -> Iterator[Observation]:
    """An incoming student's registration stands, the stay began a while ago, and nobody has seen the student.

    Source: EWP mobilities: dates, arrival; Ladok: exchange in Ladok's model.
    """
    first = planned_days(case).first
    if (
        case.outgoing
        or first is None
        or actual_days(case).first is not None
        or not registry_should_hold(case)
    ):
        return
    registered = registered_terms(case)
    grace = first + timedelta(days=case.thresholds.arrival_grace_days)
    if Heard.ARRIVALS in case.heard and registered and case.today > grace:
        yield Observation("", {"registered": codes(registered), "first": first.isoformat()})
