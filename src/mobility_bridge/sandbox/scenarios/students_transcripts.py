"""What can be out of order once the results are there: transcripts, ours and theirs, and credit transfers.

Source: EWP mobilities: reconciliation of transcripts and of credit transfers.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Happen, Life, Moment
from mobility_bridge.sandbox.scenarios.student_steps import AT_HOME, credited
from mobility_bridge.sandbox.students import Grade

SEMINAR = ("SEM001", "Seminar", "3", "B")


@instance("TOR_STUDENT_MISMATCH")
def transcript_is_somebody_elses(cast: Cast) -> Life:
    def other(moment: Moment) -> None:
        stay = moment.stay
        born = stay.student.birth_date - timedelta(days=400)
        learner = replace(stay.student, global_id=f"{stay.student.global_id}-9", birth_date=born)
        _rewrite(moment, learner=learner)

    return cast.outgoing(cast.before).then("transcript", other).skip("credited")


@instance("TOR_ISSUER_MISMATCH")
def transcript_is_of_another_university(cast: Cast) -> Life:
    life = cast.outgoing(cast.before).skip("credited")
    other = "brava.example" if life.partner != "brava.example" else "utland.example"
    return life.then("transcript", lambda m: _rewrite(m, issuer=other))


@instance("TOR_YEAR_MISMATCH")
def transcript_names_another_year(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.then("transcript", lambda m: _rewrite(m, year="2019/2020"))


@instance("LA_COURSE_NOT_IN_TOR")
def a_course_of_the_agreement_has_no_result(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("transcript", _graded(life, kept=1)).instead("credited", _credits("15"))


@instance("TOR_COMPONENT_FAILED")
def a_course_was_failed(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    (code, title, points), (other, name, worth) = life.courses
    rows = [(code, title, points, "B"), (other, name, worth, "F", "failed")]
    return life.instead("transcript", lambda m: m.student("issue_transcript", grades=rows)).instead(
        "credited", _credits("15")
    )


@instance("TOR_MISSING")
def no_transcript_came(cast: Cast) -> Life:
    return cast.outgoing(cast.before).skip("transcript", "credited")


@instance("TOR_INCOMPLETE")
def transcript_says_that_more_will_follow(cast: Cast) -> Life:
    life = cast.outgoing(cast.before).skip("credited")
    return life.instead("transcript", lambda m: m.student("issue_transcript", complete=False))


@instance("TOR_CREDIT_MISMATCH")
def a_course_came_with_fewer_credits(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    (code, title, points), (other, name, _) = life.courses
    rows = [(code, title, points, "B"), (other, name, "7.5", "B")]
    return life.instead("transcript", lambda m: m.student("issue_transcript", grades=rows)).instead(
        "credited", _credits("22.5")
    )


@instance("TOR_COURSE_NOT_IN_LA")
def a_result_is_of_a_course_nobody_agreed_on(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.instead("transcript", _graded(life, SEMINAR))


@instance("TOR_DOUBLE_CREDIT")
def credits_stand_at_a_course_and_at_its_parts(cast: Cast) -> Life:
    def in_parts(moment: Moment) -> None:
        transcript = moment.stay.transcript
        assert transcript is not None
        first, *more = transcript.grades
        part = Grade("Laboratory", "LAB001", "5", "B")
        _rewrite(moment, grades=(replace(first, parts=(part,)), *more))

    return cast.outgoing(cast.before).then("transcript", in_parts)


@instance("TOR_GRADE_NOT_CONVERTIBLE")
def a_grade_is_not_in_the_partners_table(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    rows = [(*each[:3], "Pass with praise") for each in life.courses]
    return life.instead("transcript", lambda m: m.student("issue_transcript", grades=rows))


@instance("TOR_TOO_EARLY")
def transcript_came_in_the_middle_of_the_stay(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    rows = [(*each[:3], "B", "in-progress") for each in life.courses]
    return life.add("early", life.ago(8), lambda m: m.student("issue_transcript", grades=rows))


@instance("TOR_REISSUED_AFTER_DECISION")
def another_transcript_came_after_the_decision(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    rows = [(*each[:3], "D") for each in life.courses]
    life.move("credited", life.ago(30))
    return life.add("reissued", life.ago(8), lambda m: m.student("issue_transcript", grades=rows))


@instance("TRANSFER_MISSING")
def nobody_transferred_the_credits(cast: Cast) -> Life:
    return cast.outgoing(cast.before).skip("credited")


@instance("TRANSFER_BEFORE_TOR")
def credits_were_transferred_before_the_transcript(cast: Cast) -> Life:
    life = cast.outgoing(cast.before)
    return life.move("credited", life.ending(10))


def _rewrite(moment: Moment, **facts: Any) -> None:
    """Change the transcript that was just issued."""
    transcript = moment.stay.transcript
    assert transcript is not None
    moment.world.stays.receive(moment.life.omobility_id, moment.at, transcript=replace(transcript, **facts))


def _graded(life: Life, *more: tuple[str, ...], kept: int | None = None) -> Happen:
    """A transcript with the first of the agreed courses, all passed with B, and some more."""
    rows = [*((*each[:3], "B") for each in life.courses[:kept]), *more]
    return lambda moment: moment.student("issue_transcript", grades=rows)


def _credits(points: str) -> Happen:
    """The faculty transfers so many credits to what was promised first."""
    return lambda moment: credited(moment, [(AT_HOME[0][0], points)])
