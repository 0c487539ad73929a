"""What can be out of order with the place that a student takes: the agreement that is named, and what it offers.

Source: EWP mobilities: reconciliation of agreement and places.
"""

from typing import Any, Final

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life
from mobility_bridge.sandbox.scenarios.student_offers import (
    ENDING,
    FEW_MONTHS,
    INCOMING_ONLY,
    OF_MASTERS,
    ONE_PLACE,
    OVER,
    UNAPPROVED,
    under,
)

_NAMELESS: Final[dict[str, Any]] = {"sending_iia_id": None, "receiving_iia_id": None}
_AGREED_BY_NOBODY: Final = "1015"


@instance("IIA_MISSING_FOR_NOMINATION")
def nomination_names_no_agreement_though_there_is_one(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(**_NAMELESS))


@instance("NO_AGREEMENT_FOR_NOMINATION")
def nominated_in_a_field_that_nothing_was_agreed_on(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(isced=_AGREED_BY_NOBODY, **_NAMELESS))


@instance("IIA_ID_HALF")
def nomination_names_our_half_of_the_agreement(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("applied", _nominated(receiving_iia_id=None))


@instance("IIA_ID_UNKNOWN")
def nomination_mistypes_the_id_of_our_agreement(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("applied", _nominated(sending_iia_id="nhu-iia-mistyped"))


@instance("IIA_NOT_APPROVED")
def nominated_under_an_agreement_that_only_we_approved(cast: Cast) -> Life:
    return under(UNAPPROVED, cast.outgoing(cast.after, UNAPPROVED.partner))


@instance("IIA_YEAR_OUT_OF_RANGE")
def nominated_under_an_agreement_that_is_over(cast: Cast) -> Life:
    return under(OVER, cast.incoming(cast.after, OVER.partner))


@instance("AGREEMENT_ENDS_BEFORE_TERM")
def agreement_of_a_southern_partner_ends_before_our_term_does(cast: Cast) -> Life:
    return under(ENDING, cast.outgoing(cast.now, ENDING.partner))


@instance("IIA_PLACES_EXCEEDED")
def two_are_nominated_for_one_place(cast: Cast) -> tuple[Life, ...]:
    return tuple(under(ONE_PLACE, cast.outgoing(cast.after, ONE_PLACE.partner)) for _ in range(2))


@instance("IIA_MONTHS_EXCEEDED")
def stay_is_longer_than_all_agreed_months(cast: Cast) -> Life:
    return under(FEW_MONTHS, cast.incoming(cast.after, FEW_MONTHS.partner))


@instance("IIA_FIELD_MISMATCH")
def nominated_in_another_field_than_agreed(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(isced=_AGREED_BY_NOBODY))


@instance("IIA_LEVEL_MISMATCH")
def bachelor_goes_under_an_agreement_for_masters(cast: Cast) -> Life:
    return under(OF_MASTERS, cast.outgoing(cast.after, OF_MASTERS.partner))


@instance("IIA_BLENDED_MISMATCH", "ACTIVITY_TYPE_MISMATCH")
def nominated_for_a_blended_stay_that_is_excluded(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(activity="short-term-blended"))


@instance("IIA_DIRECTION_MISMATCH")
def sent_under_an_agreement_that_only_lets_students_come(cast: Cast) -> Life:
    return under(INCOMING_ONLY, cast.outgoing(cast.after, INCOMING_ONLY.partner))


@instance("IIA_LANGUAGE_BELOW")
def agreement_recommends_more_than_the_student_knows(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    return life.then(
        "applied", lambda m: m.world.stays.change(life.omobility_id, m.at, language=("en", "B1"))
    )


def _nominated(**facts: Any) -> Happen:
    """Change the nomination before anybody decides on it."""
    return lambda moment: moment.student("change_nomination", keep_status=True, **facts)
