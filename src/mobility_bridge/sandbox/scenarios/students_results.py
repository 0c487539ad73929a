"""What can be out of order between results, ours, and what they came to: transcripts we issue, credit transfers.

Source: EWP mobilities: reconciliation of transcripts and of credit transfers.
"""

from dataclasses import replace

from mobility_bridge.sandbox.ladok_seed import course, occasion_of
from mobility_bridge.sandbox.learning_agreements import Component, LearningAgreement, Lists
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_edits import edited
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life, Moment
from mobility_bridge.sandbox.scenarios.student_steps import AT_HOME, AT_HOME_LATER, credited

HALVES = (("NH2101", "Electives abroad", "15"), ("NH2102", "Further electives abroad", "15"))


@instance("TOR_VS_SIS_RESULT")
def our_transcript_holds_more_than_ladok(cast: Cast) -> Life:
    return cast.incoming(cast.before).instead("examined", _examined(first_only=True))


@instance("TOR_RELEASED_WITHOUT_RESULTS")
def our_transcript_came_before_a_result(cast: Cast) -> Life:
    life = cast.incoming(cast.before).instead("examined", _examined(first_only=True))
    return life.instead("transcript", _first_only(life))


@instance("TRANSFER_SUM_LOW")
def fewer_credits_were_transferred_than_passed(cast: Cast) -> Life:
    return cast.outgoing(cast.before).instead("credited", _credits("22.5"))


@instance("TRANSFER_SUM_HIGH")
def more_credits_were_transferred_than_passed(cast: Cast) -> Life:
    return cast.outgoing(cast.before).instead("credited", _credits("37.5"))


@instance("TRANSFER_COMPONENT_MISSING")
def a_promised_course_was_forgotten(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    life.recognized = HALVES
    return life.instead("credited", _credits("15"))


@instance("TRANSFER_NOT_IN_LA", "TRANSFER_COMPONENT_MISSING")
def credits_were_transferred_to_another_course(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    life.recognized = HALVES
    return life.instead("credited", lambda m: credited(m, [("NH2101", "15"), ("NH1104", "15")]))


@instance("TRANSFER_ON_UNSIGNED_VERSION", "LA_PENDING_TOO_LONG")
def credits_rest_on_a_proposal(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    (promised, *_), (wanted, title, points) = AT_HOME[0], AT_HOME_LATER[0]

    def proposed(moment: Moment) -> None:
        moment.student("change_la")
        more = Component(title, wanted, points, status="inserted", reason_code="extending-mobility")
        edited(lambda la: _recognizing(la, more))(moment)

    life.add("proposed more", life.starting(20), proposed)
    return life.instead("credited", lambda m: credited(m, [(promised, "15"), (wanted, "15")]))


@instance("TRANSFER_OTHER_STUDENT", "TRANSFER_MISSING")
def credits_were_booked_on_another_student(cast: Cast) -> tuple[Life, ...]:
    booked_on = cast.outgoing(cast.before, "dunmore.example")
    earned_by = cast.outgoing(cast.before, "eskil.example")

    def mistaken(moment: Moment) -> None:
        transfer = moment.ladok(
            "propose_transfer",
            student_uid=moment.world.stays.stay(booked_on.omobility_id).ladok_uid,
            targets=[(course(moment.world.ladok, AT_HOME[0][0]).uid, AT_HOME[0][2])],
            occasion_uid=moment.exchange.occasion_uid,
        )
        moment.ladok("attest_transfer", transfer_uid=transfer.uid)

    return booked_on, earned_by.instead("credited", mistaken)


@instance("COMP_ALREADY_PASSED")
def student_has_passed_the_course_at_home(cast: Cast) -> Life:
    def passed(moment: Moment) -> None:
        ladok, term = moment.world.ladok, cast.before
        days = term.first_day.isoformat(), term.last_day.isoformat()
        taught = occasion_of(ladok, course(ladok, AT_HOME[0][0]), None, days, moment.at)
        taken = moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=taught.uid)
        moment.ladok("register", admission_uid=taken.uid)
        moment.ladok("attest_result", student_uid=moment.ladok_uid, occasion_uid=taught.uid, grade="B")

    return cast.outgoing(cast.after).then("accepted", passed)


def _first_only(life: Life) -> Happen:
    """A transcript with the first of the agreed courses alone."""
    rows = [(*each[:3], "B") for each in life.courses[:1]]
    return lambda moment: moment.student("issue_transcript", grades=rows)


def _recognizing(la: LearningAgreement, more: Component) -> LearningAgreement:
    """The agreement with one course more that the open proposal would recognise."""
    assert la.proposal is not None
    version = replace(la.proposal.version, lists=Lists(recognized=(more,)))
    return replace(la, proposal=replace(la.proposal, version=version))


def _credits(points: str) -> Happen:
    """The faculty transfers so many credits to what was promised first."""
    return lambda moment: credited(moment, [(AT_HOME[0][0], points)])


def _examined(*, first_only: bool) -> Happen:
    def happen(moment: Moment) -> None:
        for each in moment.inside[: 1 if first_only else None]:
            moment.ladok(
                "attest_result", student_uid=moment.ladok_uid, occasion_uid=each.occasion_uid, grade="B"
            )

    return happen
