"""What can be out of order with a learning agreement: whether there is one, its signatures, its changes, its header.

Source: EWP mobilities: learning agreement lifecycle; reconciliation of versions, of signatures.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

from mobility_bridge.sandbox.cast import NORDHAV
from mobility_bridge.sandbox.learning_agreements import Component, LearningAgreement, Lists, Version
from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_edits import edited
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment
from mobility_bridge.sandbox.student_stays import term_part

LATIN = ("LAT105", "Latin for mariners", "15")


@instance("LA_NOT_APPROVED_AT_START")
def stay_began_without_an_agreement(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("proposed", "signed")


@instance("LA_MISSING")
def nobody_wrote_an_agreement(cast: Cast) -> Life:
    return cast.outgoing(cast.after).skip("proposed", "signed")


@instance("LA_WITHOUT_NOMINATION", "NOMINATION_STATUS_DRIFT")
def agreement_of_a_rejected_nomination(cast: Cast) -> Life:
    def rejected(moment: Moment) -> None:
        moment.student("decide_nomination", approve=False, comment="All places are taken.")

    return cast.incoming(cast.after).stop_before("established").instead("accepted", rejected)


@instance("LA_PENDING_TOO_LONG")
def partner_does_not_answer(cast: Cast) -> Life:
    return cast.outgoing(cast.after).skip("signed")


@instance("LA_DELETED_AFTER_SIGNED")
def partner_deletes_what_was_signed(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("deleted", life.ago(9), lambda m: m.world.stays.change(life.omobility_id, m.at, la=None))


@instance("LA_FIRST_VERSION_CHANGED")
def partner_rewrites_what_was_signed(cast: Cast) -> Life:
    def rewritten(la: LearningAgreement) -> LearningAgreement:
        assert la.first is not None
        lists = _with_first(la.first.lists, description="Now with an excursion")
        return replace(la, first=replace(la.first, lists=lists))

    life = cast.incoming(cast.after)
    return life.add("rewritten", life.ago(9), edited(rewritten))


@instance("LA_SIGNATURE_MISSING")
def receivers_signature_names_nobody(cast: Cast) -> Life:
    def unnamed(la: LearningAgreement) -> LearningAgreement:
        assert la.first is not None
        assert la.first.receiving is not None
        return replace(la, first=replace(la.first, receiving=replace(la.first.receiving, name=None)))

    return cast.incoming(cast.after).then("signed", edited(unnamed))


@instance("LA_SIGNATURE_ORDER")
def receiver_signed_before_the_sender(cast: Cast) -> Life:
    return cast.outgoing(cast.after).then("signed", edited(lambda la: _received(la, days=-30)))


@instance("LA_SIGNATURE_FUTURE")
def receiver_signs_with_a_date_to_come(cast: Cast) -> Life:
    life = cast.outgoing(cast.after)
    soon = datetime.combine(life.ago(-30), time(12), UTC)
    return life.then("signed", edited(lambda la: _received(la, at=soon)))


@instance("LA_SIGNED_AFTER_START")
def last_signature_came_after_the_first_day(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    return life.move("proposed", life.starting(1)).move("signed", life.starting(10))


@instance("LA_DIFF_ORPHAN_DELETE")
def changes_remove_what_was_never_chosen(cast: Cast) -> Life:
    ghost = Component("Never chosen", "GHOST999", "7.5", status="deleted", reason_code="not-available")
    return _changed(cast.outgoing(cast.now), ghost)


@instance(
    "LA_DIFF_DUPLICATE_INSERT", "COMP_DUPLICATE", "CREDIT_SUM_HIGH", "CREDIT_IMBALANCE", "LA_VERSION_DRIFT"
)
def changes_add_what_is_there_already(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    code, title, points = life.courses[0][:3]
    twice = Component(title, code, points, status="inserted", reason_code="extending-mobility")
    return _changed(life, twice)


@instance("LA_DIFF_NOT_CUMULATIVE", "LA_CHANGE_LATE")
def proposal_forgets_what_was_approved(cast: Cast) -> Life:
    life = _exchanged(cast.incoming(cast.now), days=8)

    def forgets(moment: Moment) -> None:
        moment.student("change_la", insert=[("NH1107", "Runology", "0")], reason="timetable-conflict")

    return life.add("changed again", life.ago(5), forgets)


@instance("LA_PROPOSAL_ID_DRIFT")
def another_text_comes_under_the_same_id(cast: Cast) -> Life:
    life = cast.incoming(cast.after).skip("signed")
    life.move("proposed", life.ago(30))

    def again(moment: Moment) -> None:
        before = moment.stay.la
        assert before is not None
        assert before.proposal is not None
        moment.student("resubmit_la")
        edited(lambda la: _named(la, before.proposal.proposal_id))(moment)  # type: ignore[union-attr]  # asserted

    return life.add("again", life.ago(5), again)


@instance("LA_CHANGE_LATE")
def change_was_asked_for_when_the_term_was_half_over(cast: Cast) -> Life:
    return _exchanged(cast.outgoing(cast.now), days=50)


@instance(
    "LA_SHORT_TERM_CHANGED",
    "ACTIVITY_TYPE_MISMATCH",
    "DOCUMENT_INVALID",
    "PLAN_DATES_INVALID",
    "VIRTUAL_PART_MISSING",
)
def short_stay_is_to_be_changed(cast: Cast) -> Life:
    def blended(lists: Lists) -> Lists:
        return replace(lists, studied=None, blended=lists.studied)

    def short(la: LearningAgreement) -> LearningAgreement:
        assert la.first is not None
        return replace(la, first=replace(la.first, lists=blended(la.first.lists)))

    def changes(moment: Moment) -> None:
        moment.student("change_la", delete=[], insert=[("SEM001", "Seminar", "0")])
        edited(lambda la: _proposed(la, blended))(moment)

    life = cast.incoming(cast.after).then("signed", edited(short))
    return life.add("changed", life.ago(5), changes)


@instance("LA_REASON_INVALID")
def change_gives_a_reason_of_the_other_kind(cast: Cast) -> Life:
    odd = Component("Seminar", "SEM001", "0", status="inserted", reason_code="not-available")
    life = _changed(cast.outgoing(cast.now), odd)
    return life.then(
        "changed", lambda m: m.office("choose_courses", courses=[*life.courses, ("SEM001", "Seminar", "0")])
    )


@instance("LA_VERSION_DRIFT")
def our_office_lists_another_course(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    rows = [LATIN, life.courses[1][:3]]
    return life.add("miswritten", life.ago(40), lambda m: m.office("choose_courses", courses=rows))


@instance("LA_HEADER_DRIFT")
def agreement_names_another_unit_than_the_nomination(cast: Cast) -> Life:
    def in_two_units(moment: Moment) -> None:
        stay = moment.stay
        moment.world.stays.change(
            stay.omobility_id,
            moment.at,
            nomination=replace(stay.nomination, sending_unit_id="geo"),
            sending_office=replace(stay.sending_office, unit_id="languages"),
        )

    return cast.incoming(cast.after).then("applied", in_two_units)


@instance("LA_STUDENT_DRIFT")
def proposal_announces_another_name(cast: Cast) -> Life:
    def announced(la: LearningAgreement) -> LearningAgreement:
        assert la.proposal is not None
        return replace(la, proposal=replace(la.proposal, student_changes=(("family-name", "Nyslott"),)))

    life = cast.incoming(cast.after).skip("signed")
    return life.move("proposed", life.ago(10)).then("proposed", edited(announced))


def _received(la: LearningAgreement, *, days: int = 0, at: datetime | None = None) -> LearningAgreement:
    """The agreement with another day under the receiving university's signature."""
    assert la.first is not None
    assert la.first.receiving is not None
    signed = la.first.receiving
    signed = replace(signed, at=at or signed.at + timedelta(days=days))
    return replace(la, first=replace(la.first, receiving=signed))


def _with_first(lists: Lists, **facts: Any) -> Lists:
    first, *more = lists.studied or ()
    return replace(lists, studied=(replace(first, **facts), *more))


def _named(la: LearningAgreement, proposal_id: str) -> LearningAgreement:
    assert la.proposal is not None
    return replace(la, proposal=replace(la.proposal, proposal_id=proposal_id))


def _proposed(la: LearningAgreement, change: Callable[[Lists], Lists]) -> LearningAgreement:
    assert la.proposal is not None
    version = replace(la.proposal.version, lists=change(la.proposal.version.lists))
    return replace(la, proposal=replace(la.proposal, version=version))


def _part(life: Life) -> str:
    """The stay's first term as the university counts it where the student studies."""
    return term_part(life.term, life.hei if life.outgoing else NORDHAV)


def _changed(life: Life, *components: Component) -> Life:
    """All three sign changes that hold these components, in the first weeks of the stay."""
    number, total = map(int, _part(life).split("/"))
    term = number, total

    def changes(moment: Moment) -> None:
        def signed(la: LearningAgreement) -> LearningAgreement:
            assert la.first is not None
            assert la.first.receiving is not None
            student, sending, receiving = la.first.student, la.first.sending, la.first.receiving
            version = Version(
                Lists(studied=tuple(replace(each, term=term) for each in components)),
                replace(student, at=moment.at),
                replace(sending, at=moment.at + timedelta(hours=1)),
                replace(receiving, at=moment.at + timedelta(hours=2)),
            )
            return replace(la, state="L7", changes=version)

        edited(signed)(moment)

    return life.add("changed", life.starting(15), changes)


def _exchanged(life: Life, *, days: int) -> Life:
    """One course is exchanged for Latin, `days` after the first day; our office follows."""
    first, part = life.courses[0], _part(life)

    def changes(moment: Moment) -> None:
        moment.student("change_la", delete=[first[0]], insert=[(*LATIN, part)])
        moment.student("approve_la")
        rows: Sequence[Sequence[str]] = [*(each[:3] for each in life.courses[1:]), LATIN]
        moment.office("choose_courses", courses=rows)

    return life.add("changed", life.starting(days), changes)
