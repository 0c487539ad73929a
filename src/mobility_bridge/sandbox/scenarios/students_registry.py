"""What can be out of order in the registry: admission, registration, agreement, occasion.

Source: Ladok: exchange in Ladok's model; adapter rules.
"""

from datetime import date

from mobility_bridge.sandbox.cast import EVERYBODY
from mobility_bridge.sandbox.ladok_seed import agreement_with
from mobility_bridge.sandbox.ladok_world import Occasion
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life, Moment
from mobility_bridge.sandbox.scenarios.student_offers import NOT_IN_LADOK


@instance("REGISTRATION_MISSING")
def nobody_registered_the_student(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("registered")


@instance("ADMISSION_MISSING", "REGISTRATION_MISSING")
def nobody_admitted_the_student(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("admitted", "registered", "credited")


@instance("NOT_ESTABLISHED")
def incoming_student_is_not_in_ladok(cast: Cast) -> Life:
    return cast.incoming(cast.after).stop_before("established")


@instance("NOT_LINKED_OR_ADMITTED")
def incoming_student_is_on_no_occasion(cast: Cast) -> Life:
    return cast.incoming(cast.after).stop_before("admitted")


@instance("EXTENDED_ONE_SIDED")
def registry_has_a_year_where_a_term_is_planned(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    return life.instead("admitted", _admitted(last=life.term.following.last_day))


@instance("REGISTERED_FOR_OTHER_TERM")
def registered_from_the_term_before_the_stay(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    life.instead("admitted", _admitted(first=cast.now.first_day))
    return life.instead("registered", _registered_for_everything).move("registered", life.ago(20))


@instance("REGISTERED_ON_OTHER_AGREEMENT", "REGISTRATION_MISSING")
def student_is_on_the_agreement_of_another_partner(cast: Cast) -> Life:
    life = cast.outgoing(cast.now, "dunmore.example")
    return life.instead("admitted", _admitted(partner="eskil.example"))


@instance("ARRIVED_NOT_REGISTERED")
def student_is_here_and_on_no_course(cast: Cast) -> Life:
    return cast.incoming(cast.now).skip("registered")


@instance("REGISTERED_NOT_ARRIVED", "ARRIVAL_MISSING")
def nobody_has_seen_the_student(cast: Cast) -> Life:
    return cast.incoming(cast.now).skip("arrived")


@instance("REGISTRY_AGREEMENT_MISSING")
def partner_has_no_agreement_in_ladok(cast: Cast) -> Life:
    return cast.outgoing(cast.after, NOT_IN_LADOK.partner).skip("admitted", "registered", "credited")


@instance("OCCASION_MISSING")
def agreement_in_ladok_has_no_occasion(cast: Cast) -> Life:
    life = cast.outgoing(cast.after, "gammal.example").skip("admitted", "registered", "credited")
    return life.add("agreed", life.ago(200), lambda m: agreement_with(m.world.ladok, life.hei, m.at))


@instance("OCCASION_CANCELLED")
def occasion_of_the_stay_is_cancelled(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    life.instead("admitted", _alone_on_an_occasion(life.first_day, life.last_day))
    cancelled = life.ago(9)
    return life.add("cancelled", cancelled, lambda m: m.ladok("cancel_occasion", uid=m.exchange.occasion_uid))


def _admitted(partner: str | None = None, *, first: date | None = None, last: date | None = None) -> Happen:
    """Admit to an occasion with another partner, or of other days."""

    def happen(moment: Moment) -> None:
        hei = None if partner is None else EVERYBODY[partner]
        occasion = moment.occasion(hei, first, last)
        moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=occasion.uid)

    return happen


def _alone_on_an_occasion(first: date, last: date) -> Happen:
    """Admit to an occasion that nobody else is on."""

    def happen(moment: Moment) -> None:
        agreement = agreement_with(moment.world.ladok, moment.life.hei, moment.at)
        made: Occasion = moment.ladok(
            "create_occasion",
            education_uid=agreement.uid,
            first_day=first.isoformat(),
            last_day=last.isoformat(),
            direction="outgoing",
        )
        moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=made.uid)

    return happen


def _registered_for_everything(moment: Moment) -> None:
    for each in moment.inside:
        moment.ladok("register", admission_uid=each.uid)
