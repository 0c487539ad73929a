"""What can be out of order with the end of an exchange in the registry: withdrawn, broken off, doubled.

Source: Ladok: exchange in Ladok's model; events that matter for exchange; EWP mobilities: mobility lifecycle.
"""

from datetime import timedelta

from mobility_bridge.sandbox.cast import EVERYBODY
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment


@instance("ACTIVE_BUT_WITHDRAWN")
def student_withdrew_and_is_still_nominated(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    return life.add("withdrew", life.ago(9), _withdraws)


@instance("WITHDRAWN_ONE_SIDED")
def our_office_does_not_know_that_the_student_withdrew(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("withdrew", life.ago(2), _withdraws)


@instance("CANCELLED_BUT_ACTIVE")
def registry_goes_on_after_the_stay_was_cancelled(cast: Cast) -> Life:
    life = cast.incoming(cast.after)

    def cancelled(moment: Moment) -> None:
        moment.student("cancel")
        moment.office("cancel_application")

    return life.add("cancelled", life.ago(9), cancelled)


@instance("INTERRUPTED_ONE_SIDED")
def stay_was_broken_off_in_the_registry_alone(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    return life.add("broken off", life.ago(9), lambda m: m.ladok("interrupt", admission_uid=m.exchange.uid))


@instance("SIS_EXCHANGE_PERIOD_DRIFT")
def registered_period_ends_weeks_before_the_stay(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    return life.instead("admitted", lambda m: _admit(m, ends_days_early=40))


@instance("DOUBLE_EXCHANGE")
def student_is_on_two_occasions_of_one_term(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("admitted", lambda m: _admit(m, ends_days_early=7))


@instance("ORPHANED_EXCHANGE")
def registry_alone_knows_of_a_second_exchange(cast: Cast) -> Life:
    life = cast.outgoing(cast.before, "dunmore.example")
    days = cast.after.first_day, cast.after.last_day

    def admitted(moment: Moment) -> None:
        occasion = moment.occasion(EVERYBODY["eskil.example"], *days)
        moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=occasion.uid)

    return life.add("admitted again", life.ago(20), admitted)


def _withdraws(moment: Moment) -> None:
    moment.ladok("withdraw", admission_uid=moment.exchange.uid)


def _admit(moment: Moment, *, ends_days_early: int) -> None:
    """Admit to an occasion that is shorter than the stay."""
    last = moment.life.last_day - timedelta(days=ends_days_early)
    moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=moment.occasion(None, None, last).uid)
