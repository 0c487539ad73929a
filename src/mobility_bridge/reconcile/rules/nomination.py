"""The nomination against our application, its own earlier versions, and our decisions on it.

Source: EWP mobilities: reconciliation of nominations; nomination in version 3.
"""

from collections.abc import Iterator
from datetime import timedelta

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import mobility_type
from mobility_bridge.domain.stay import DecisionState, OtherStay, StayCase
from mobility_bridge.reconcile.nominations import (
    last_decision,
    nominated_terms,
    nominations,
    pending_since,
    term_days,
)
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day, last_day
from mobility_bridge.reconcile.stay_state import in_question, long_over, nominated, wrong_person

_SOURCE = "EWP mobilities: reconciliation of nominations"
_LEVELS = {"B": 6, "M": 7, "D": 8}
_BROAD = 2  # the digits of an ISCED-F code that name the broad field
_CORRECT = advice(
    "Correct the nomination or the application; a changed nomination has to be decided on again.",
    "Rätta nomineringen eller ansökan; en ändrad nominering måste beslutas på nytt.",
)
_LOOK_AGAIN = advice(
    "Fetch the nomination again and decide on its present text.",
    "Hämta nomineringen igen och besluta om dess nuvarande text.",
)


def _side(case: StayCase) -> Owner:
    """Whoever nominates owns the nomination."""
    return Owner.US if case.outgoing else Owner.PARTNER


@rule(
    code="PROGRAMME_LEVEL_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Nominated on another study level", "Nominerad på en annan nivå"),
    text=Text(
        "The nomination states EQF level {nominated}, our application {applied}.",
        "Nomineringen anger EQF-nivå {nominated}, vår ansökan {applied}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def nominated_level_differs(case: StayCase) -> Iterator[Observation]:
    """The level at departure is not that of the application: bachelor is 6, master 7, doctorate 8.

    Source: EWP mobilities: reconciliation of nominations; Mobility-Online: study levels.
    """
    nomination, application = nominated(case), case.application
    if not case.outgoing or not in_question(case) or nomination is None or application is None:
        return
    level, applied = (
        nomination.eqf_level_studied_at_departure,
        _LEVELS.get(application.said.study_level or ""),
    )
    if application.live and level is not None and applied is not None and level != applied:
        yield Observation("", {"nominated": str(level), "applied": str(applied)}, first_day(case))


@rule(
    code="PROGRAMME_FIELD_MISMATCH",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("Nominated in another field", "Nominerad i ett annat ämne"),
    text=Text(
        "The nomination states field {nominated} for the student's own studies, our application {applied}.",
        "Nomineringen anger ämnesområde {nominated} för studentens egna studier, vår ansökan {applied}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def nominated_field_differs(case: StayCase) -> Iterator[Observation]:
    """The nominee's field lies in another broad field than the application's.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination, application = nominated(case), case.application
    if not case.outgoing or not in_question(case) or nomination is None or application is None:
        return
    field, applied = nomination.nominee_isced_f_code, application.said.isced_f_code
    if application.live and field and applied and field[:_BROAD] != applied[:_BROAD]:
        yield Observation("", {"nominated": field, "applied": applied})


@rule(
    code="DUPLICATE_NOMINATION",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Nominated twice for the same time", "Nominerad två gånger för samma tid"),
    text=Text(
        "The student has another pending or approved nomination for the same time: {other}.",
        "Studenten har en annan obesvarad eller godkänd nominering för samma tid: {other}.",
    ),
    next_step=advice(
        "Find out which nomination holds, and have the other one cancelled.",
        "Ta reda på vilken nominering som gäller och låt dra tillbaka den andra.",
    ),
    source=_SOURCE,
)
def student_is_nominated_twice(case: StayCase) -> Iterator[Observation]:
    """Two nominations that count overlap, in this stay or between two; the later-named stay tells.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination = nominated(case)
    if nomination is None or nomination.status is None or not nomination.status.is_counted:
        return
    if not in_question(case):
        return
    for seen in nominations(case):
        other = seen.said
        if other.omobility_id != nomination.omobility_id and other.status and other.status.is_counted:
            yield Observation(other.omobility_id, {"other": other.omobility_id}, owner=_side(case))
    for stay in case.other_stays:
        later = (case.subject.stay_id or "") > stay.stay_id
        if stay.nominated and stay.active and later and _at_the_same_time(case, stay):
            yield Observation(stay.stay_id, {"other": stay.stay_id}, first_day(case), owner=_side(case))


def _at_the_same_time(case: StayCase, stay: OtherStay) -> bool:
    """Whether two stays share a day; a term, where no system states the days of one."""
    first, last = first_day(case), last_day(case)
    if first is None or stay.first_day is None:
        return not set(nominated_terms(case)).isdisjoint(stay.terms)
    return first <= (stay.last_day or stay.first_day) and stay.first_day <= (last or first)


@rule(
    code="NOMINATION_STATUS_DRIFT",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Nomination and application disagree", "Nominering och ansökan säger olika"),
    text=Text(
        "The nomination is {status}; {against} says {local_status}.",
        "Nomineringen är {status}; enligt {against} är den {local_status}.",
    ),
    next_step=advice(
        "Enter the nomination's status in our mobility system, or have the nomination changed.",
        "För in nomineringens status i vårt mobilitetssystem, eller låt ändra nomineringen.",
    ),
    source=_SOURCE,
)
def nomination_status_differs(case: StayCase) -> Iterator[Observation]:
    """Cancelled in one place and going on in the other, or two hosts with two statuses, for a while.

    Source: EWP mobilities: reconciliation of nominations; status enumerations.
    """
    seen, nomination = case.nomination, nominated(case)
    if (
        seen is None
        or nomination is None
        or nomination.status is None
        or wrong_person(case)
        or long_over(case)
    ):
        return
    patience = timedelta(hours=case.thresholds.status_drift_hours)
    values = {"status": str(nomination.status)}
    application = case.application
    if application is not None and application.live:
        changed = max(application.stored.changed_at, seen.stored.changed_at)
        if application.said.cancelled == nomination.status.is_counted and case.now > changed + patience:
            said = "cancelled" if application.said.cancelled else "active"
            yield Observation(
                "", {**values, "against": "applications", "local_status": said}, first_day(case)
            )
    for other in case.nomination_others:
        same = other.live and other.said.omobility_id == nomination.omobility_id
        settled = case.now > max(other.stored.changed_at, seen.stored.changed_at) + patience
        if same and settled and other.said.status not in (None, nomination.status):
            where = other.stored.record.key.source
            yield Observation(where, {**values, "against": where, "local_status": str(other.said.status)})


@rule(
    code="NOMINATION_DECISION_LOST",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Our decision does not show", "Vårt beslut syns inte"),
    text=Text(
        "We decided on the nomination and sent it on {sent}; {partner_hei_id} still shows it as pending.",
        "Vi beslutade om nomineringen och skickade beslutet {sent}; hos {partner_hei_id} är den fortfarande "
        "obesvarad.",
    ),
    next_step=advice(
        "Fetch the nomination again; if it is still pending, send the decision once more, else write to "
        "{partner_hei_id}.",
        "Hämta nomineringen igen; om den fortfarande är obesvarad, skicka beslutet på nytt, annars skriv till "
        "{partner_hei_id}.",
    ),
    source=_SOURCE,
)
def our_decision_is_lost(case: StayCase) -> Iterator[Observation]:
    """A decision of ours on the present proposal was sent a while ago, and the nomination is still pending.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination, decision = nominated(case), last_decision(case)
    if case.outgoing or not in_question(case) or nomination is None or decision is None:
        return
    sent = decision.sent_at
    if not nomination.awaits_receiver or sent is None or decision.proposal_id != nomination.proposal_id:
        return
    if decision.state is DecisionState.FAILED:  # that says DECISION_NOT_TAKEN
        return
    if case.now > sent + timedelta(hours=case.thresholds.decision_lost_hours):
        yield Observation("", {"sent": sent.date().isoformat()}, first_day(case))


@rule(
    code="NOMINATION_PROPOSAL_STALE",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Our decision is on an earlier proposal", "Vårt beslut gäller ett tidigare förslag"),
    text=Text(
        "We decided on proposal {decided}; the nomination now is proposal {now}, which waits for our decision.",
        "Vi beslutade om förslag {decided}; nomineringen är nu förslag {now} och väntar på vårt beslut.",
    ),
    next_step=_LOOK_AGAIN,
    source=_SOURCE,
)
def our_decision_is_on_an_earlier_proposal(case: StayCase) -> Iterator[Observation]:
    """The nomination changed under our decision, which was neither taken nor given up.

    Source: EWP mobilities: reconciliation of nominations; conflicts.
    """
    nomination, decision = nominated(case), last_decision(case)
    if case.outgoing or not in_question(case) or nomination is None or decision is None:
        return
    if not nomination.awaits_receiver or decision.state is DecisionState.CONFIRMED:
        return
    if nomination.proposal_id is not None and decision.proposal_id != nomination.proposal_id:
        yield Observation(values={"decided": decision.proposal_id, "now": nomination.proposal_id})


@rule(
    code="NOMINATION_DECISION_OVERDUE",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("Nobody has decided on the nomination", "Ingen har beslutat om nomineringen"),
    text=Text(
        "The nomination has waited for a decision of {receiver} since {since}.",
        "Nomineringen har väntat på beslut av {receiver} sedan {since}.",
    ),
    next_step=advice(
        "Decide on it, or remind {receiver}.",
        "Besluta om den eller påminn {receiver}.",
    ),
    source=_SOURCE,
)
def nomination_waits_too_long(case: StayCase) -> Iterator[Observation]:
    """Pending for longer than usual; graver when as long again, or when the stay begins soon.

    Source: EWP mobilities: reconciliation of nominations.
    """
    nomination = nominated(case)
    if (
        case.nomination is None
        or nomination is None
        or not nomination.awaits_receiver
        or not in_question(case)
    ):
        return
    since, first = pending_since(case.nomination).date(), first_day(case)
    patience = timedelta(days=case.thresholds.nomination_decision_days)
    if case.today <= since + patience:
        return
    soon = first is not None and case.today >= first - timedelta(days=case.thresholds.admission_before_days)
    late = case.today > since + 2 * patience or soon
    yield Observation(
        "",
        {"since": since.isoformat(), "receiver": case.receiving_hei_id or ""},
        first,
        severity=Severity.WARNING if late else None,
        owner=Owner.PARTNER if case.outgoing else None,
    )


@rule(
    code="TERM_YEAR_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Term and academic year do not meet", "Termin och läsår passar inte ihop"),
    text=Text(
        "The nomination is for term {term} of the sending university and for academic year {year} of the receiving "
        "one, which share no day.",
        "Nomineringen gäller termin {term} vid det sändande lärosätet och läsår {year} vid det mottagande, och de "
        "har ingen dag gemensam.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def term_and_year_do_not_overlap(case: StayCase) -> Iterator[Observation]:
    """The sending HEI's term lies outside of the receiving HEI's academic year.

    Source: EWP mobilities: reconciliation of nominations; academic terms.
    """
    nomination = nominated(case)
    if nomination is None or not in_question(case):
        return
    term, year_id = nomination.sending_academic_term_ewp_id, nomination.receiving_academic_year_id
    days, year = term_days(term or ""), AcademicYear.parse(year_id or "")
    if days is not None and year is not None and (days[0] > year.last_day or days[1] < year.first_day):
        yield Observation("", {"term": term or "", "year": year_id or ""}, owner=_side(case))


@rule(
    code="ACTIVITY_TYPE_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Another kind of stay in the agreement", "En annan sorts vistelse i studieavtalet"),
    text=Text(
        "The nomination is for a stay of kind {nominated}, the learning agreement is one of kind {agreed}.",
        "Nomineringen gäller en vistelse av typen {nominated}, studieavtalet är av typen {agreed}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def kind_of_stay_differs(case: StayCase) -> Iterator[Observation]:
    """Long-term, blended or doctoral by the nomination, and another by what the learning agreement lists.

    Source: EWP mobilities: reconciliation of nominations; mobility type of a learning agreement.
    """
    nomination, la = nominated(case), case.learning_agreement
    if nomination is None or la is None or not la.live or not in_question(case):
        return
    if la.said.first_version is None and la.said.changes_proposal is None:
        return
    said, agreed = nomination.activity_attributes, mobility_type(la.said).activity_attributes
    if said is not None and said != agreed:
        yield Observation("", {"nominated": str(said), "agreed": agreed}, owner=_side(case))
