"""What can be out of order with the days of a stay: planned, stated, changed; and with copies of documents.

Source: EWP mobilities: reconciliation of dates; synchronisation health.
"""

from dataclasses import replace
from datetime import timedelta

from mobility_bridge.sandbox.learning_agreements import LearningAgreement
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_edits import edited
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life, Moment


@instance(
    "PLAN_DATES_INVALID", "PLAN_DATES_DRIFT", "PLAN_OUTSIDE_TERM", "COMP_TERM_MISMATCH", "DOCUMENT_INVALID"
)
def stay_ends_before_it_begins(cast: Cast) -> Life:
    life = cast.incoming(cast.after, "cedrona.example")
    last = (life.first_day - timedelta(days=20)).isoformat()
    return life.add("mistyped", life.ago(9), lambda m: m.student("change_dates", ends_on=last))


@instance("PLAN_DATES_DRIFT")
def one_system_plans_other_days(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    first = (life.first_day + timedelta(days=12)).isoformat()
    return life.add("moved", life.ago(9), lambda m: m.student("change_dates", starts_on=first))


@instance("PLAN_OUTSIDE_TERM")
def nominated_for_the_other_half_of_the_year(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)

    def half(moment: Moment) -> None:
        year = (moment.stay.nomination.term or "").rpartition("-")[0]
        moment.student("change_nomination", keep_status=True, term=f"{year}-1/2")

    return life.then("applied", half)


@instance("ARRIVED_WITHOUT_APPROVAL", "LA_PENDING_TOO_LONG")
def student_came_without_a_signed_agreement(cast: Cast) -> Life:
    return cast.incoming(cast.now).skip("signed")


@instance("ARRIVAL_MISSING")
def partner_does_not_tell_of_the_arrival(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("arrived")


@instance("DEPARTURE_MISSING")
def partner_does_not_tell_of_the_departure(cast: Cast) -> Life:
    return cast.outgoing(cast.before).instead("departed", lambda m: m.office("tick", step="is_abgeschlossen"))


@instance("ARRIVAL_DRIFT")
def student_came_weeks_late(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    return life.instead("arrived", _arrives(life, days=17)).move("arrived", life.starting(18))


@instance("DATES_CHANGED_AFTER_REPORT")
def partner_changed_the_day_of_arrival(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    return life.add("corrected", life.ago(9), _arrives(life, days=4))


@instance("DEPARTURE_BEFORE_ARRIVAL", "INTERRUPTED_ONE_SIDED")
def student_left_before_coming(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("departed", _departs(life, days=-4, after_start=True))


@instance("STAY_BELOW_MINIMUM", "INTERRUPTED_ONE_SIDED")
def student_stayed_a_month(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("departed", _departs(life, days=30, after_start=True))


@instance("STAY_SHORTENED", "INTERRUPTED_ONE_SIDED")
def student_left_weeks_early(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("departed", _departs(life, days=-25))


@instance("STAY_EXTENDED")
def student_left_later_than_planned(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("departed", _departs(life, days=12)).move("departed", life.ending(13))


@instance("OBJECT_VANISHED", "TOR_MISSING")
def transcript_is_shown_no_more(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.add(
        "gone", life.ago(9), lambda m: m.world.stays.receive(life.omobility_id, m.at, transcript=None)
    )


@instance("DOCUMENT_INVALID")
def agreement_breaks_its_schema(cast: Cast) -> Life:
    def broken(la: LearningAgreement) -> LearningAgreement:
        assert la.first is not None
        first, *more = la.first.lists.studied or ()
        lists = replace(la.first.lists, studied=(replace(first, los_id="not an id"), *more))
        return replace(la, first=replace(la.first, lists=lists))

    return cast.outgoing(cast.after).then("signed", edited(broken))


def _arrives(life: Life, *, days: int) -> Happen:
    day = (life.first_day + timedelta(days=days)).isoformat()
    return lambda moment: moment.student("arrive", on=day)


def _departs(life: Life, *, days: int, after_start: bool = False) -> Happen:
    """The student leaves so many days after the last day, or after the first one; our office closes the case."""
    day = (life.first_day if after_start else life.last_day) + timedelta(days=days)

    def happen(moment: Moment) -> None:
        moment.student("depart", on=day.isoformat())
        moment.office("tick", step="is_abgeschlossen")

    return happen
