"""What can be out of order with the courses of a learning agreement, and with their credits.

Source: EWP mobilities: reconciliation of components and of credits.
"""

from dataclasses import replace
from typing import Any

from mobility_bridge.sandbox.learning_agreements import LearningAgreement, Lists
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_edits import edited
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Life
from mobility_bridge.sandbox.scenarios.student_steps import AT_HOME, HERE, HERE_LATER, proposes


@instance("CREDIT_SUM_LOW")
def student_chose_too_little(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    life.courses = HERE[:1]
    return life


@instance("CREDIT_SUM_HIGH")
def student_chose_too_much(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    life.courses = HERE + HERE_LATER
    return life


@instance("CREDIT_IMBALANCE")
def less_is_recognised_than_studied(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    (code, title, _) = AT_HOME[0]
    life.recognized = ((code, title, "22.5"),)
    return life


@instance("COMP_TERM_MISMATCH")
def courses_are_in_the_other_half_of_the_year(cast: Cast) -> Life:
    life = cast.outgoing(cast.now, "brava.example")
    courses = [(*each[:3], "1/2") for each in life.courses]
    return life.instead("proposed", lambda m: proposes(m, courses=courses))


@instance("VIRTUAL_PART_MISSING", "ACTIVITY_TYPE_MISMATCH", "PLAN_DATES_INVALID", "DOCUMENT_INVALID")
def blended_stay_does_not_tell_its_virtual_part(cast: Cast) -> Life:
    def blended(la: LearningAgreement) -> LearningAgreement:
        return _with_lists(la, studied=None, blended=_lists(la).studied)

    return cast.incoming(cast.after).then("signed", edited(blended))


@instance("COMP_DUPLICATE")
def one_course_stands_twice(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    life.courses = HERE[:1] * 2
    return life


@instance("CREDIT_SCHEME_UNKNOWN", "LA_VERSION_DRIFT")
def credits_are_not_ects(cast: Cast) -> Life:
    def local(la: LearningAgreement) -> LearningAgreement:
        first, *more = _lists(la).studied or ()
        return _with_lists(la, studied=(replace(first, scheme="points"), *more))

    return cast.incoming(cast.after).then("signed", edited(local))


@instance("RECOGNITION_CONDITION_SET")
def recognition_depends_on_a_grade(cast: Cast) -> Life:
    def conditional(la: LearningAgreement) -> LearningAgreement:
        given = tuple(
            replace(each, conditions="Only if passed with B") for each in _lists(la).recognized or ()
        )
        return _with_lists(la, recognized=given)

    return cast.outgoing(cast.after).then("signed", edited(conditional))


def _lists(la: LearningAgreement) -> Lists:
    assert la.first is not None
    return la.first.lists


def _with_lists(la: LearningAgreement, **lists: Any) -> LearningAgreement:
    assert la.first is not None
    return replace(la, first=replace(la.first, lists=replace(la.first.lists, **lists)))
