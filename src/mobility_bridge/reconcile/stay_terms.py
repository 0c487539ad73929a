"""The terms of a stay, by the systems that plan it and by the registry that registers it.

Source: Ladok: exchange in Ladok's model; registration term by term.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.stay import OtherStay, StayCase
from mobility_bridge.domain.term import Term, terms_between
from mobility_bridge.reconcile.stay_days import planned_days

_JULY: Final = 7


def stay_terms(case: StayCase) -> tuple[Term, ...]:
    """The terms for which the student must be registered: our application's, else those of the planned days."""
    application = case.application
    if application is not None and application.live and application.said.terms:
        return tuple(sorted(application.said.terms))
    return day_terms(case)


def day_terms(case: StayCase) -> tuple[Term, ...]:
    """The terms that the planned days take; one whose days in our calendar lie outside of them is not taken.

    So a stay from late July to December abroad is one of the autumn alone.
    """
    days = planned_days(case)
    if days.first is None:
        return ()
    first, last = days.first, days.last or days.first
    touched = terms_between(first, last)
    taken = tuple(term for term in touched if _takes(case, term, first, last))
    return taken or touched


def planned_terms(case: StayCase) -> tuple[Term, ...]:
    """Every term that the application or the planned days name."""
    return tuple(sorted({*stay_terms(case), *day_terms(case)}))


def starts_on(case: StayCase, term: Term) -> date:
    """The day by which the student must be registered for a term of the stay.

    That is the first day of the stay for its first term; for a later one the term's own first day.
    """
    first, terms = planned_days(case).first, stay_terms(case)
    if first is not None and (term == terms[0] if terms else True):
        return first
    dates = case.calendar.get(term)
    opens = dates.first_day if dates is not None else date(term.year, 8 if term.autumn else 1, 1)
    return opens if first is None else max(opens, first)


def ends_on(case: StayCase, term: Term) -> date | None:
    """The last day of a term in our calendar."""
    dates = case.calendar.get(term)
    return dates.last_day if dates is not None else None


def registry_due(case: StayCase, term: Term) -> date:
    """The day by which the registry must be ready for a term: its office's deadline, else the start."""
    dates = case.calendar.get(term)
    deadline = dates.registry_deadline if dates is not None else None
    return deadline or starts_on(case, term)


def exchanges(case: StayCase) -> tuple[ExchangeParticipation, ...]:
    """All that the registry has of this stay: a full year may be one exchange per term."""
    return case.exchange_others if case.exchange is None else (case.exchange, *case.exchange_others)


def living_exchanges(case: StayCase) -> tuple[ExchangeParticipation, ...]:
    return tuple(each for each in exchanges(case) if each.living)


def registered_terms(case: StayCase) -> tuple[Term, ...]:
    """Terms with a registration, in this stay or in one that the registry alone has and that belongs to it."""
    registered = {term for each in living_exchanges(case) for term in each.registered_terms}
    return tuple(sorted(registered.union(*(each.registered_terms for each in _split_off(case)))))


def admitted_terms(case: StayCase) -> tuple[Term, ...]:
    """Terms that an exchange in the registry covers, registered or not; one without known days covers all."""
    living = living_exchanges(case)
    covered = {term for each in living for term in each.terms}
    if any(each.first_day is None for each in living):
        covered.update(stay_terms(case))
    covered.update(*(each.admitted_terms for each in _split_off(case)))
    return tuple(sorted(covered | set(registered_terms(case))))


def _split_off(case: StayCase) -> Iterator[OtherStay]:
    """Stays that the registry alone has with the same partner, or with one that it does not name.

    A year abroad is one stay elsewhere and may be an exchange per term there; and an external party without a
    domain is no known partner. Better such an exchange counts than a registered student is called unregistered.
    """
    if case.application is None and case.nomination is None and case.learning_agreement is None:
        return
    for stay in case.other_stays:
        same = stay.direction is case.direction and stay.partner_hei_id in (None, case.partner_hei_id)
        if stay.in_registry and not stay.elsewhere and same:
            yield stay


def codes(terms: Iterable[Term]) -> str:
    """As people write them, in order of time."""
    return ", ".join(term.code for term in sorted(terms))


def _takes(case: StayCase, term: Term, first: date, last: date) -> bool:
    """Whether a stay shares a day with our term; without a calendar, no spring term reaches into July."""
    dates = case.calendar.get(term)
    if dates is None:
        return term.autumn or first.month != _JULY
    return dates.first_day <= last and first <= dates.last_day
