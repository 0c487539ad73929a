"""Which registrations the bridge would make, and what forbids those that it would not.

What decides is our own accepted application; nothing that came over the network alone is ever written to the
student registry. Whether writing is switched on is no question here.

Source: EWP mobilities: running the reconciler, no automatic write from the network into the registry; Ladok:
adapter rules 1 and 3; exchange in Ladok's model, individual commitments.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from mobility_bridge.domain.discrepancy import Finding, Severity
from mobility_bridge.domain.occasion import COMPLETE
from mobility_bridge.domain.registration import StudyPeriod
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.domain.term import Term, terms_between
from mobility_bridge.ports.registry import RegistrationOrder
from mobility_bridge.reconcile.stay_state import accepted, active, registry_should_hold, wrong_person
from mobility_bridge.reconcile.stay_terms import (
    admitted_terms,
    ends_on,
    living_exchanges,
    registered_terms,
    starts_on,
    stay_terms,
)

KIND: Final = "registration"
FIELD: Final = "term"
REGISTERED: Final = "registrerad"
NOT_BEGUN: Final = "ej_paborjad"
MISSING: Final = "REGISTRATION_MISSING"
"""The code of the discrepancy that a registration remedies."""

_IDENTITY: Final = frozenset(
    {"STUDENT_UNKNOWN_IN_SIS", "ESI_MISMATCH", "PERSON_MISMATCH", "NAME_MISMATCH", "BIRTHDATE_MISMATCH"}
)
_ELSEWHERE: Final = frozenset(
    {"REGISTERED_ON_OTHER_AGREEMENT", "REGISTERED_FOR_OTHER_TERM", "DOUBLE_EXCHANGE"}
)


class Bar(StrEnum):
    """Why a registration is not for the bridge to make."""

    INCOMING = "incoming"
    NOT_READ = "registry_not_read"
    UNKNOWN = "unknown_to_registry"
    TWO_PEOPLE = "two_people"
    IDENTITY = "identity_disputed"
    PROTECTED = "protected"
    DECEASED = "deceased"
    NOT_ACTIVE = "not_active"
    NO_APPLICATION = "no_application"
    NOT_ACCEPTED = "not_accepted"
    LEFT = "ended_in_registry"
    ELSEWHERE = "registered_elsewhere"
    NOT_ADMITTED = "not_admitted"
    OCCASION = "occasion_not_usable"
    NO_COURSE = "nothing_to_register"
    SEVERAL = "several_to_register"
    EARLIER_PERIOD = "earlier_period_not_registered"
    TOO_EARLY = "too_early"
    TERM_OVER = "term_over"


@dataclass(frozen=True, slots=True)
class Intended:
    """One term's registration. `bars`: why it is not to be made; without any there is an `order`.

    `before` is the state of the period as the registry last told it.
    """

    case: StayCase
    term: Term
    due_on: date
    order: RegistrationOrder | None
    before: str
    bars: tuple[Bar, ...] = ()

    @property
    def key(self) -> str:
        """What would be written where; the stay and term where not even that is known."""
        if self.order is None:
            return f"{KIND}:ladok:{self.case.subject.stay_id}:{self.term.code}"
        return f"{KIND}:ladok:{self.order.admission_uid}:{self.order.period}"

    @property
    def about(self) -> str:
        return f"{self.case.subject.stay_id} {self.term.code}"


def registrations(case: StayCase, findings: Iterable[Finding] = ()) -> tuple[Intended, ...]:
    """Say for each term that is not registered whether the bridge would register it.

    `findings` is what the rules say of the same case. A student who comes to us is registered by people, course
    by course.
    """
    if not case.outgoing:
        return ()
    general = tuple(_general(case, list(findings)))
    missing = [term for term in stay_terms(case) if term not in registered_terms(case)]
    return tuple(_intended(case, term, general) for term in missing)


def _intended(case: StayCase, term: Term, general: Sequence[Bar]) -> Intended:
    found = list(_periods(case, term))
    bars = [*general, *_of_term(case, term, found)]
    due_on = starts_on(case, term)
    if case.today < due_on - timedelta(days=case.thresholds.registration_before_days):
        bars.append(Bar.TOO_EARLY)
    last = ends_on(case, term)
    if last is not None and case.today > last:
        bars.append(Bar.TERM_OVER)
    order, state = found[0] if len(found) == 1 else (None, NOT_BEGUN)
    return Intended(case, term, due_on, order, state, tuple(dict.fromkeys(bars)))


def _general(case: StayCase, findings: Sequence[Finding]) -> Iterator[Bar]:
    """What stands against any write about this stay."""
    application = case.application
    grave = {each.code for each in findings if each.severity is Severity.BLOCKING}
    for holds, bar in (
        (Heard.REGISTRY not in case.heard, Bar.NOT_READ),
        (not case.known_to_registry, Bar.UNKNOWN),
        (wrong_person(case), Bar.TWO_PEOPLE),
        (bool(grave & _IDENTITY), Bar.IDENTITY),
        (case.protected or any(each.person.protected for each in case.persons), Bar.PROTECTED),
        (case.deceased, Bar.DECEASED),
        (not active(case), Bar.NOT_ACTIVE),
        (application is None or not application.live, Bar.NO_APPLICATION),
        (not accepted(case), Bar.NOT_ACCEPTED),
        (Heard.REGISTRY in case.heard and active(case) and _has_left(case), Bar.LEFT),
        (any(each.code in _ELSEWHERE for each in findings), Bar.ELSEWHERE),
    ):
        if holds:
            yield bar


def _has_left(case: StayCase) -> bool:
    return not wrong_person(case) and bool(case.known_to_registry) and not registry_should_hold(case)


def _of_term(case: StayCase, term: Term, found: Sequence[tuple[RegistrationOrder, str]]) -> Iterator[Bar]:
    """What stands against registering this term."""
    if term not in admitted_terms(case):
        yield Bar.NOT_ADMITTED
        return
    for each in living_exchanges(case):
        usable = each.occasion is None or each.occasion.status in (None, COMPLETE)
        if term in each.terms and (each.cancelled_occasion or not usable):
            yield Bar.OCCASION
    if not found:
        yield Bar.NO_COURSE
    elif len(found) > 1:
        yield Bar.SEVERAL
    elif found[0][0].period > 1 and _earlier_missing(case, found[0][0]):
        yield Bar.EARLIER_PERIOD


def _periods(case: StayCase, term: Term) -> Iterator[tuple[RegistrationOrder, str]]:
    """Every period of this stay's exchanges that lies in the term and is not registered."""
    for exchange in living_exchanges(case):
        for course in exchange.courses:
            for period in course.periods:
                if course.live and not period.registered and _lies_in(period, term):
                    order = RegistrationOrder(exchange.student_uid, course.admission_uid, period.index)
                    yield order, period.state or NOT_BEGUN


def _lies_in(period: StudyPeriod, term: Term) -> bool:
    first = period.starts_on
    return first is not None and term in terms_between(first, period.ends_on or first)


def _earlier_missing(case: StayCase, order: RegistrationOrder) -> bool:
    """Whether a period before this one is not registered: the registry wants them in their order."""
    return any(
        period.index < order.period and not period.registered
        for exchange in living_exchanges(case)
        for course in exchange.courses
        if course.admission_uid == order.admission_uid
        for period in course.periods
    )
