"""Where a stay stands: questions that many rules ask before they speak.

Source: EWP mobilities: mobility lifecycle; running the reconciler.
"""

from dataclasses import replace

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.incoming_mobility import ReceiverVerdict
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.stay import Heard, StayCase, StayStanding
from mobility_bridge.reconcile.stay_days import REMEMBERED, last_day
from mobility_bridge.reconcile.stay_person import of_two_people, with_other_identifier
from mobility_bridge.reconcile.stay_terms import exchanges, living_exchanges

_NOT_YET_TAKEN_UP = "is_mail_best_bew"  # applied; every later step is the office's


def nominated(case: StayCase) -> Nomination | None:
    """The nomination, unless its system stopped showing it."""
    return case.nomination.said if case.nomination is not None and case.nomination.live else None


def called_off(case: StayCase) -> bool:
    """Whether the stay will not take place: cancelled or rejected by anybody."""
    nomination, application = nominated(case), case.application
    if nomination is not None and nomination.status is not None and not nomination.status.is_counted:
        return True
    return application is not None and application.live and application.said.cancelled


def active(case: StayCase) -> bool:
    """Whether the stay is to take place, takes place, or ended within the last year.

    A stay that all systems stopped showing is not active; one that the registry alone knows is as long as it
    holds there.
    """
    return case.standing.active if case.standing is not None else _is_active(case)


def _is_active(case: StayCase) -> bool:
    if case.deceased or called_off(case) or long_over(case):
        return False
    if known_elsewhere(case):
        return True
    return case.exchange is not None and case.exchange.living


def long_over(case: StayCase) -> bool:
    """Whether the stay ended so long ago that nothing can be done any more."""
    last = last_day(case)
    return last is not None and case.today > last + REMEMBERED


def known_elsewhere(case: StayCase) -> bool:
    """Whether another system than the registry speaks of the stay."""
    seen = (case.application, case.nomination, case.learning_agreement)
    return any(each is not None and each.live for each in seen) or listed_as_under_way(case)


def listed_as_signed(case: StayCase) -> bool:
    """Whether a list says that all three have signed a learning agreement."""
    return case.listing is not None and case.listing.live and bool(case.listing.said.binds)


def listed_as_under_way(case: StayCase) -> bool:
    """Whether a list says that the learning agreement was sent to the receiving HEI, or binds."""
    if case.listing is None or not case.listing.live:
        return False
    state = case.listing.said.state
    return listed_as_signed(case) or (state is not None and state.waits)


def wrong_person(case: StayCase) -> bool:
    """Whether the systems describe two people, so that nothing else may be said about the stay.

    Source: EWP mobilities: running the reconciler.
    """
    return case.standing.wrong_person if case.standing is not None else _is_of_two(case)


def _is_of_two(case: StayCase) -> bool:
    return any(True for _ in with_other_identifier(case)) or any(True for _ in of_two_people(case))


def work_out_stay(case: StayCase) -> StayCase:
    """Settle once what nearly every rule asks."""
    return replace(case, standing=StayStanding(_is_active(case), _is_of_two(case)))


def in_question(case: StayCase) -> bool:
    """Whether a rule may look for what is missing or wrong: an active stay of one certain person."""
    return active(case) and not wrong_person(case)


def accepted(case: StayCase) -> bool:
    """Whether the receiving HEI takes the student.

    The nomination says so; where there is none, the office has taken up the application.
    """
    nomination, application = nominated(case), case.application
    if case.arrival is not None and case.arrival.said.verdict is ReceiverVerdict.VERIFIED:
        return True
    if nomination is not None:
        return nomination.status is NominationStatus.APPROVED
    if application is None or not application.live or application.said.cancelled:
        return False
    return application.said.step not in (None, _NOT_YET_TAKEN_UP)


def registry_should_hold(case: StayCase) -> bool:
    """Whether the registry has to hold this stay: it was read, knows the student, and has not ended it itself.

    Traineeships are no exchange in the registry.
    """
    if Heard.REGISTRY not in case.heard or not in_question(case) or case.known_to_registry is False:
        return False
    if case.application is not None and case.application.said.traineeship:
        return False
    living = living_exchanges(case)
    left = not living and any(each.withdrawn for each in exchanges(case))
    return not left and not any(each.interrupted for each in living)


def year_is_outside(case: StayCase) -> bool:
    """Whether the nomination's academic year lies outside of those of the agreement that it names."""
    use, nomination = case.agreement, nominated(case)
    if use is None:
        return False
    if not use.fits_year:
        return True
    year = _year(nomination.receiving_academic_year_id if nomination is not None else None)
    first, last = _year(use.first_academic_year), _year(use.last_academic_year)
    if year is None:
        return False
    return (first is not None and year.start < first.start) or (last is not None and year.start > last.start)


def _year(text: str | None) -> AcademicYear | None:
    return AcademicYear.parse(text) if text else None
