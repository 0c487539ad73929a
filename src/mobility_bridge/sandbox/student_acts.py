"""What happens to students, in the systems that know of it; each function is one event.

The sending university acts on nominations and agreements, the receiving one on decisions, dates and
transcripts. Everything takes plain values only, so that a journal can play it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import learning_agreements as las
from mobility_bridge.sandbox.cast import EVERYBODY
from mobility_bridge.sandbox.learning_agreements import LearningAgreement, Lists, Signature
from mobility_bridge.sandbox.student_stays import (
    ABROAD,
    AT_HOME,
    Course,
    add_incoming,
    add_outgoing,
    components,
    officer,
)
from mobility_bridge.sandbox.students import Grade, Stay, Transcript, decide
from mobility_bridge.sandbox.world import World


def decide_nomination(
    world: World, now: datetime, *, omobility_id: str, approve: bool, comment: str | None = None
) -> Stay:
    """The receiving university approves or rejects a nomination."""
    stay = world.stays.stay(omobility_id)
    after = decide(stay, stay.proposal_id, approve=approve, comment=comment)
    if after is None:
        raise UsageError(f"the nomination {omobility_id} is {stay.status}")
    return world.stays.change(omobility_id, now, status=after.status, rejection=after.rejection)


def cancel(world: World, now: datetime, *, omobility_id: str) -> Stay:
    """The sending university cancels a mobility, for good."""
    return world.stays.change(omobility_id, now, status="cancelled")


def change_nomination(world: World, now: datetime, *, omobility_id: str, **changes: Any) -> Stay:
    """The sending university changes what is decided on: the proposal gets a new id and is pending again.

    `keep_status` leaves the status as it is, which nobody is allowed to do after an approval.
    """
    keep = bool(changes.pop("keep_status", False))
    stay = world.stays.stay(omobility_id)
    nomination = replace(stay.nomination, **changes)
    status = stay.status if keep else "pending"
    return world.stays.change(omobility_id, now, nomination=nomination, status=status)


def resubmit(world: World, now: datetime, *, omobility_id: str) -> Stay:
    """The sending university hands its nomination in anew, with a remark."""
    remark = f"Handed in again {now:%H:%M:%S}"
    return change_nomination(world, now, omobility_id=omobility_id, comment=remark)


def change_student(world: World, now: datetime, *, omobility_id: str, **changes: Any) -> Stay:
    """The sending university corrects personal data; no proposal changes by that."""
    if "birth_date" in changes:
        changes["birth_date"] = date.fromisoformat(changes["birth_date"])
    stay = world.stays.stay(omobility_id)
    return world.stays.change(omobility_id, now, student=replace(stay.student, **changes))


def change_dates(
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    starts_on: str | None = None,
    ends_on: str | None = None,
) -> Stay:
    """The sending university plans other days."""
    stay = world.stays.stay(omobility_id)
    return world.stays.change(
        omobility_id,
        now,
        starts_on=date.fromisoformat(starts_on) if starts_on else stay.starts_on,
        ends_on=date.fromisoformat(ends_on) if ends_on else stay.ends_on,
    )


def propose_la(
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    courses: Sequence[Course] = ABROAD,
    recognized: Sequence[Course] = AT_HOME,
) -> Stay:
    """Student and sending university sign a first version, or another one before it is accepted."""
    stay = world.stays.stay(omobility_id)
    if stay.la is not None and stay.la.first is not None:
        raise UsageError("all three have signed a first version", next_step="Propose changes to it.")
    lists = Lists(studied=components(courses), recognized=components(recognized))
    return _with_la(
        world, now, stay, las.propose(stay.la or LearningAgreement(), lists, *_signers(stay, now))
    )


def change_la(  # noqa: PLR0913 - what a proposal consists of
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    delete: Sequence[str] = (),
    insert: Sequence[Course] = (),
    recognize: Sequence[Course] = (),
    reason: str = "timetable-conflict",
    inserted: str = "substituting-deleted",
) -> Stay:
    """Student and sending university sign changes: codes that go, courses that come; all against the first version.

    `recognize` are further courses at home; `reason` is why courses go, `inserted` why courses come.
    """
    stay = world.stays.stay(omobility_id)
    if stay.la is None or stay.la.first is None:
        raise UsageError("only a signed agreement can be changed")
    first = stay.la.first.lists.studied or ()
    gone = tuple(replace(each, status="deleted", reason_code=reason) for each in first if each.code in delete)
    new = tuple(replace(each, status="inserted", reason_code=inserted) for each in components(insert))
    home = tuple(replace(each, status="inserted", reason_code=inserted) for each in components(recognize))
    lists = Lists(studied=(*gone, *new), recognized=home or None)
    return _with_la(world, now, stay, las.propose(stay.la, lists, *_signers(stay, now)))


def resubmit_la(world: World, now: datetime, *, omobility_id: str) -> Stay:
    """Student and sending university sign the open proposal again, which makes it a new one."""
    stay = world.stays.stay(omobility_id)
    if stay.la is None or stay.la.proposal is None:
        return stay
    lists = stay.la.proposal.version.lists
    # Nobody signs the same text twice in one moment.
    later = now + timedelta(microseconds=len(stay.la.decided) + 1)
    return _with_la(world, now, stay, las.propose(stay.la, lists, *_signers(stay, later)))


def approve_la(
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    proposal_id: str | None = None,
    signature: Mapping[str, str] | None = None,
) -> Stay:
    """The receiving university signs the open proposal."""
    stay, open_id = _with_proposal(world, omobility_id)
    signed = _signature(stay, now, signature)
    return _with_la(world, now, stay, las.approve(_la(stay), proposal_id or open_id, signed))


def refuse_la(
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    comment: str,
    proposal_id: str | None = None,
    signature: Mapping[str, str] | None = None,
) -> Stay:
    """The receiving university comments on the open proposal, which is gone by that."""
    stay, open_id = _with_proposal(world, omobility_id)
    signed = _signature(stay, now, signature)
    return _with_la(world, now, stay, las.refuse(_la(stay), proposal_id or open_id, comment, signed))


def withdraw_la(world: World, now: datetime, *, omobility_id: str) -> Stay:
    """The sending side takes an open proposal back."""
    stay = world.stays.stay(omobility_id)
    return _with_la(world, now, stay, las.withdraw(_la(stay)))


def delete_la(world: World, now: datetime, *, omobility_id: str) -> Stay:
    """The sending side deletes an agreement that not all three have signed."""
    stay = world.stays.stay(omobility_id)
    return _with_la(world, now, stay, las.delete(_la(stay)))


def close_la(world: World, now: datetime, *, omobility_id: str) -> Stay:
    stay = world.stays.stay(omobility_id)
    return _with_la(world, now, stay, las.close(_la(stay)))


def arrive(world: World, now: datetime, *, omobility_id: str, on: str | None = None) -> Stay:
    """The receiving university notes an arrival; default: the planned day."""
    stay = world.stays.stay(omobility_id)
    return world.stays.receive(omobility_id, now, arrived_on=date.fromisoformat(on) if on else stay.starts_on)


def depart(world: World, now: datetime, *, omobility_id: str, on: str | None = None) -> Stay:
    """The receiving university notes a departure; default: the planned day."""
    stay = world.stays.stay(omobility_id)
    return world.stays.receive(omobility_id, now, departed_on=date.fromisoformat(on) if on else stay.ends_on)


def issue_transcript(
    world: World,
    now: datetime,
    *,
    omobility_id: str,
    grades: Sequence[Sequence[str]] | None = None,
    complete: bool = True,
) -> Stay:
    """The receiving university releases a transcript.

    A grade is (code, title, credits, label[, status]); without any, everything agreed on is passed with B.
    """
    stay = world.stays.stay(omobility_id)
    if grades is None:
        agreed = las.effective(stay.la or LearningAgreement()).studied or ()
        grades = [(each.code or "?", each.title, each.credits or "0", "B") for each in agreed]
    given = tuple(
        Grade(title, code, points, label, status[0] if status else "passed")
        for code, title, points, label, *status in grades
    )
    return world.stays.receive(omobility_id, now, transcript=Transcript(now, given, complete))


ACTS: Final[Mapping[str, Callable[..., Stay]]] = {
    each.__name__: each
    for each in (
        add_outgoing,
        add_incoming,
        decide_nomination,
        cancel,
        change_nomination,
        resubmit,
        change_student,
        change_dates,
        propose_la,
        change_la,
        resubmit_la,
        approve_la,
        refuse_la,
        withdraw_la,
        delete_la,
        close_la,
        arrive,
        depart,
        issue_transcript,
    )
}


def perform(world: World, now: datetime, act: str, arguments: Mapping[str, Any]) -> Stay:
    """Do one act. Raises UsageError for an act or argument that does not exist."""
    if act not in ACTS:
        raise UsageError(
            f"nothing like {act!r} happens to students", next_step=f"Choose one of: {', '.join(ACTS)}."
        )
    try:
        return ACTS[act](world, now, **arguments)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{act}: {error}") from error


def _signers(stay: Stay, now: datetime) -> tuple[datetime, Signature]:
    return now, officer(EVERYBODY[stay.sending_hei_id], now)


def _signature(stay: Stay, now: datetime, given: Mapping[str, str] | None) -> Signature:
    if given is None:
        return officer(EVERYBODY[stay.receiving_hei_id], now)
    return Signature(
        datetime.fromisoformat(given["at"]),
        given.get("name"),
        given.get("position"),
        given.get("email"),
        given.get("application"),
    )


def _la(stay: Stay) -> LearningAgreement:
    if stay.la is None:
        raise UsageError(f"the mobility {stay.omobility_id} has no learning agreement")
    return stay.la


def _with_proposal(world: World, omobility_id: str) -> tuple[Stay, str]:
    stay = world.stays.stay(omobility_id)
    la = _la(stay)
    if la.proposal is None:
        raise UsageError(f"nothing is proposed for {omobility_id}")
    return stay, la.proposal.proposal_id


def _with_la(world: World, now: datetime, stay: Stay, la: LearningAgreement) -> Stay:
    return world.stays.change(stay.omobility_id, now, la=la)
