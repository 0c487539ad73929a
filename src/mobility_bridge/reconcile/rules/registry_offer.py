"""Whether the registry has what a student is admitted to: agreement and occasion, for every term of the stay.

Source: Ladok: exchange in Ladok's model, rules of the house.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import last_day, planned_days
from mobility_bridge.reconcile.stay_state import (
    in_question,
    known_elsewhere,
    registry_should_hold,
    year_is_outside,
)
from mobility_bridge.reconcile.stay_terms import (
    admitted_terms,
    codes,
    ends_on,
    living_exchanges,
    registry_due,
    starts_on,
    stay_terms,
)

_SOURCE = "Ladok: exchange in Ladok's model, rules of the house"


def _to_prepare(case: StayCase) -> tuple[Term, ...]:
    """The terms of the stay that begin soon or run, and that the student is not admitted for yet."""
    if not registry_should_hold(case) or not known_elsewhere(case):
        return ()
    admitted = admitted_terms(case)
    return tuple(term for term in stay_terms(case) if term not in admitted and _is_near(case, term))


def _is_near(case: StayCase, term: Term) -> bool:
    begins = min(starts_on(case, term), registry_due(case, term))
    ended = (ends_on(case, term) or date.max) < case.today
    return not ended and case.today >= begins - timedelta(days=case.thresholds.agreement_before_days)


def _graver(case: StayCase, due: date) -> Severity | None:
    return Severity.BLOCKING if case.today > due else None


@rule(
    code="REGISTRY_AGREEMENT_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("No exchange agreement in the registry", "Inget utbytesavtal i studieregistret"),
    text=Text(
        "The student registry has no usable exchange agreement with {partner_hei_id}, so nobody can be admitted for "
        "{terms}. Needed by {due_on}.",
        "Studieregistret har inget användbart utbytesavtal med {partner_hei_id}, så ingen kan antas för {terms}. "
        "Behövs senast {due_on}.",
    ),
    next_step=advice(
        "Have the agreement and its occasions created in the registry, or its external party named by domain.",
        "Låt lägga upp avtalet och dess tillfällen i studieregistret, eller ange den externa partens domän.",
    ),
    source=_SOURCE,
)
def registry_has_no_agreement(case: StayCase) -> Iterator[Observation]:
    """No complete agreement with the partner exists in the registry, and a stay is near.

    Source: Ladok: exchange in Ladok's model, rules of the house.
    """
    terms = _to_prepare(case)
    if case.registry_agreement_exists is False and terms:
        due = registry_due(case, terms[0])
        yield Observation("", {"terms": codes(terms)}, due, severity=_graver(case, due))


@rule(
    code="OCCASION_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("No exchange occasion for a term", "Inget utbytestillfälle för en termin"),
    text=Text(
        "The exchange agreement with {partner_hei_id} has no occasion for {term} in the student registry, so nobody "
        "can be admitted. Needed by {due_on}.",
        "Utbytesavtalet med {partner_hei_id} har inget tillfälle för {term} i studieregistret, så ingen kan antas. "
        "Behövs senast {due_on}.",
    ),
    next_step=advice(
        "Have the occasion for {term} created in the registry.",
        "Låt lägga upp tillfället för {term} i studieregistret.",
    ),
    source=_SOURCE,
)
def registry_has_no_occasion(case: StayCase) -> Iterator[Observation]:
    """A term of a near stay has no occasion, though the agreement exists.

    Source: Ladok: exchange in Ladok's model, rules of the house.
    """
    if case.occasion_exists is not False or case.registry_agreement_exists is False:
        return
    for term in _to_prepare(case):
        if term not in case.occasion_terms:
            due = registry_due(case, term)
            yield Observation(term.code, {"term": term.code}, due, severity=_graver(case, due))


@rule(
    code="OCCASION_CANCELLED",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The exchange occasion is cancelled", "Utbytestillfället är inställt"),
    text=Text(
        "The exchange occasion [{occasion} ]that the student is admitted to was cancelled in the student registry; "
        "the other systems hold the stay as before.",
        "Utbytestillfället [{occasion} ]som studenten är antagen till är inställt i studieregistret; de andra "
        "systemen har vistelsen kvar.",
    ),
    next_step=advice(
        "Have the occasion brought back, or move the student to another one, before departure.",
        "Låt återställa tillfället eller flytta studenten till ett annat före avresan.",
    ),
    source="Ladok: events that matter for exchange",
)
def occasion_is_cancelled(case: StayCase) -> Iterator[Observation]:
    """The student is on an occasion that was cancelled, while the stay goes on elsewhere.

    Source: Ladok: events that matter for exchange.
    """
    if not registry_should_hold(case) or not known_elsewhere(case):
        return
    for each in living_exchanges(case):
        if each.cancelled_occasion:
            code = (each.occasion.code or "") if each.occasion is not None else ""
            yield Observation(str(each.occasion_uid or ""), {"occasion": code}, planned_days(case).first)


@rule(
    code="AGREEMENT_ENDS_BEFORE_TERM",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The agreement ends before the stay", "Avtalet slutar före vistelsen"),
    text=Text(
        "The agreement is valid until {valid_until} by {where}; the stay and its term last until {needed_until}.",
        "Avtalet gäller till {valid_until} enligt {where}; vistelsen och dess termin varar till {needed_until}.",
    ),
    next_step=advice(
        "Prolong the agreement with {partner_hei_id} past the end of the term, or end the stay earlier.",
        "Förläng avtalet med {partner_hei_id} till efter terminens slut eller avsluta vistelsen tidigare.",
    ),
    source=_SOURCE,
)
def agreement_ends_before_the_term(case: StayCase) -> Iterator[Observation]:
    """The agreement, or the partner's entry in the registry, does not reach past the last day of the term.

    Silent where the nomination's whole academic year lies outside of the agreement: that is another finding.

    Source: Ladok: exchange in Ladok's model, rules of the house.
    """
    if not in_question(case) or not known_elsewhere(case) or year_is_outside(case):
        return
    until, due = _needed_until(case), planned_days(case).first
    if until is None or (last_day(case) or until) < case.today:
        return
    for where, valid in (("agreements", _agreement_end(case)), ("registry", _party_end(case))):
        if valid is not None and valid < until:
            values = {
                "where": where,
                "valid_until": valid.isoformat(),
                "needed_until": until.isoformat(),
            }
            yield Observation(where, values, due)


def _needed_until(case: StayCase) -> date | None:
    terms = stay_terms(case)
    known = (last_day(case), ends_on(case, terms[-1]) if terms else None)
    return max((day for day in known if day is not None), default=None)


def _agreement_end(case: StayCase) -> date | None:
    return case.agreement.last_day if case.agreement is not None else None


def _party_end(case: StayCase) -> date | None:
    ends = (each.party.valid_to for each in living_exchanges(case) if each.party is not None)
    return min((end for end in ends if end is not None), default=None)
