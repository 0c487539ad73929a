"""Where a stay stands: questions that many rules ask before they speak.

Source: EWP mobilities: mobility lifecycle; running the reconciler.
"""

from mobility_bridge.domain.incoming_mobility import ReceiverVerdict
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.stay_days import REMEMBERED, last_day
from mobility_bridge.reconcile.stay_person import of_two_people, with_other_identifier

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
    last = last_day(case)
    if case.deceased or called_off(case) or (last is not None and case.today > last + REMEMBERED):
        return False
    seen = (case.application, case.nomination, case.learning_agreement)
    if any(each is not None and each.live for each in seen):
        return True
    return case.exchange is not None and case.exchange.living


def wrong_person(case: StayCase) -> bool:
    """Whether the systems describe two people, so that nothing else may be said about the stay.

    Source: EWP mobilities: running the reconciler.
    """
    return any(True for _ in with_other_identifier(case)) or any(True for _ in of_two_people(case))


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
