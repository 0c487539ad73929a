"""What can be out of order with a nomination: its text, its status, its decision.

Source: EWP mobilities: reconciliation of nominations; nomination in version 3.
"""

from dataclasses import replace
from typing import Any

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life, Moment


@instance("PROGRAMME_LEVEL_MISMATCH")
def nominated_on_another_level_than_applied_for(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("applied", _nominated(eqf_level=7))


@instance("PROGRAMME_FIELD_MISMATCH")
def nominated_in_another_field_than_applied_for(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("applied", _nominated(nominee_isced="0231"))


@instance("TERM_YEAR_MISMATCH", "IIA_YEAR_OUT_OF_RANGE")
def nominated_for_a_year_long_past(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(receiving_year="2019/2020"))


@instance("ACTIVITY_TYPE_MISMATCH")
def nominated_for_another_kind_of_stay(cast: Cast) -> Life:
    return cast.incoming(cast.after).then("applied", _nominated(activity="short-term-doctoral"))


@instance("NOMINATION_STATUS_DRIFT", "CANCELLED_BUT_ACTIVE")
def cancelled_in_the_network_alone(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("cancelled", life.ago(30), lambda m: m.student("cancel"))


@instance("NOMINATION_DECISION_OVERDUE")
def nobody_decides_on_the_nomination(cast: Cast) -> Life:
    return cast.outgoing(cast.after).stop_before("accepted")


@instance("NOMINATION_CHANGED_AFTER_APPROVAL")
def text_changed_though_it_was_approved(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("rewritten", life.ago(9), _nominated(comment="Arrives a week earlier."))


@instance("IMMUTABLE_CHANGED", "ESI_MISMATCH")
def nomination_became_another_students(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    other = f"{life.partner}:999{life.person.serial:03d}"
    return life.add(
        "reused",
        life.ago(9),
        lambda m: m.student(
            "change_student",
            global_id=m.stay.student.global_id.rpartition(":int:esi:")[0] + f":int:esi:{other}",
        ),
    )


@instance("PROPOSAL_ID_INCONSISTENT")
def same_text_has_a_new_id(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add(
        "renumbered",
        life.ago(9),
        lambda m: m.world.stays.change(life.omobility_id, m.at, proposal_salt="again"),
    )


@instance("DUPLICATE_NOMINATION")
def partner_nominates_the_same_student_twice(cast: Cast) -> tuple[Life, ...]:
    once = cast.incoming(cast.after, "dunmore.example")
    again = cast.incoming(cast.after, "dunmore.example").stop_before("accepted")
    again.person = once.person

    def nominated(moment: Moment) -> None:
        stay = moment.world.stays.stay(once.omobility_id)
        doubled = replace(stay, omobility_id=again.omobility_id, la=None, status="pending")
        moment.world.stays.by_id[again.omobility_id] = doubled
        moment.world.stays.change(again.omobility_id, moment.at)

    return once, again.instead("applied", nominated).move("applied", again.ago(9))


def _nominated(**facts: Any) -> Happen:
    """Change the nomination's text without anybody being asked again."""
    return lambda moment: moment.student("change_nomination", keep_status=True, **facts)
