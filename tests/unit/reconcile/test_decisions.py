"""What may be decided, by whom, on which proposal, and how often."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.stays import (
    FIRST_VERSION,
    LA,
    NOMINATION,
    NOW,
    PERSON,
    US,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.learning_agreement import ChangesProposal, LearningAgreement
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision, SaidOfPerson, Seen, StayCase
from mobility_bridge.reconcile.decisions import Refusal, Wish, deciding, lost, objects, proposal_id, refusal

ON_NOMINATION, ON_LA = RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT
SENT = NOW - timedelta(days=2)
PROPOSED = replace(FIRST_VERSION, receiving_hei_signature=None)


def a_nomination(**changes: Any) -> Nomination:
    asked = an_incoming_stay().nomination
    assert asked is not None
    return replace(asked.said, status=NominationStatus.PENDING, **changes)


def an_la(**changes: Any) -> LearningAgreement:
    asked = an_incoming_stay().learning_agreement
    assert asked is not None
    waiting = {"first_version": None, "changes_proposal": ChangesProposal("p1", PROPOSED)}
    return replace(asked.said, **{**waiting, **changes})


def a_decision(**facts: Any) -> OurDecision:
    usual: dict[str, Any] = {
        "on": "nomination",
        "proposal_id": "p1",
        "approve": True,
        "state": DecisionState.CONFIRMED,
        "decided_at": SENT,
        "sent_at": SENT,
    }
    return OurDecision(**{**usual, **facts})


def wish(on: RecordKind = ON_NOMINATION, *, approve: bool = True, **facts: Any) -> Wish:
    return Wish(on, NOMINATION.omobility_id, approve, **facts)


def about(
    said: Nomination | LearningAgreement,
    wanted: Wish,
    *earlier: OurDecision,
    case: StayCase | None = None,
    **times: Any,
) -> Refusal | None:
    found: Seen[Any] = seen(wanted.on, said, **times)
    return refusal(case or an_incoming_stay(), found, wanted, earlier)


def code(found: Refusal | None) -> str | None:
    if found is None:
        return None
    assert found.next_step
    return found.code


def test_a_pending_nomination_is_approved_or_rejected() -> None:
    assert about(a_nomination(), wish()) is None
    assert about(a_nomination(), wish(approve=False, text="Full.")) is None
    assert about(a_nomination(), wish(proposal_id="p1")) is None


@pytest.mark.parametrize("text", [None, "", "  "])
@pytest.mark.parametrize("on", [ON_NOMINATION, ON_LA])
def test_who_says_no_says_why(on: RecordKind, text: str | None) -> None:
    said = a_nomination() if on is ON_NOMINATION else an_la()
    assert code(about(said, wish(on, approve=False, text=text))) == "text_missing"


def test_a_proposal_signed_by_both_others_is_signed_or_commented() -> None:
    assert about(an_la(), wish(ON_LA)) is None
    assert about(an_la(), wish(ON_LA, approve=False, text="Full.")) is None
    changed = an_la(first_version=FIRST_VERSION)
    assert about(changed, wish(ON_LA)) is None


@pytest.mark.parametrize(
    ("status", "approve", "expected"),
    [
        (NominationStatus.APPROVED, True, "already_approved"),
        (NominationStatus.APPROVED, False, "already_approved"),
        (NominationStatus.REJECTED, True, "already_rejected"),
        (NominationStatus.CANCELLED, True, "already_cancelled"),
        (None, True, "no_status"),
    ],
)
def test_only_what_is_pending_is_decided_on(
    status: NominationStatus | None, *, approve: bool, expected: str
) -> None:
    said = replace(a_nomination(), status=status)
    assert code(about(said, wish(approve=approve, text="No."))) == expected


@pytest.mark.parametrize("named", [None, "", "  "])
def test_a_proposal_without_an_id_could_mean_any_text(named: str | None) -> None:
    assert code(about(a_nomination(proposal_id=named), wish())) == "no_proposal_id"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"changes_proposal": None}, "nothing_proposed"),
        ({"changes_proposal": None, "first_version": FIRST_VERSION}, "nothing_proposed"),
        ({"changes_proposal": ChangesProposal(" ", PROPOSED)}, "no_proposal_id"),
        ({"changes_proposal": ChangesProposal("p1", replace(PROPOSED, student_signature=None))}, "draft"),
        ({"changes_proposal": ChangesProposal("p1", replace(PROPOSED, sending_hei_signature=None))}, "draft"),
    ],
)
def test_only_a_whole_proposal_is_signed(changes: dict[str, Any], expected: str) -> None:
    assert code(about(an_la(**changes), wish(ON_LA))) == expected


def test_who_did_not_sign_a_draft_is_named() -> None:
    unsigned = replace(PROPOSED, student_signature=None, sending_hei_signature=None)
    found = about(an_la(changes_proposal=ChangesProposal("p1", unsigned)), wish(ON_LA))
    assert found is not None
    assert "student and the partner" in found.sentence


@pytest.mark.parametrize("on", [ON_NOMINATION, ON_LA])
def test_a_decision_on_a_proposal_that_was_replaced_is_not_taken(on: RecordKind) -> None:
    said = a_nomination() if on is ON_NOMINATION else an_la()
    found = about(said, wish(on, proposal_id="p0"))
    assert code(found) == "not_current"
    assert found is not None
    assert "p1" in found.sentence


def test_only_the_receiving_university_decides() -> None:
    assert code(about(a_nomination(), wish(), case=a_stay())) == "not_ours_to_decide"
    elsewhere = replace(a_nomination(), receiving_hei=NOMINATION.receiving_hei)
    assert code(about(elsewhere, wish())) == "not_ours_to_decide"


def test_nobody_decides_on_what_is_not_shown_any_more() -> None:
    assert code(about(a_nomination(), wish(), gone_at=NOW)) == "withdrawn"


def test_nothing_leaves_about_a_protected_identity() -> None:
    hidden = SaidOfPerson("ewp", replace(PERSON, protected=True))
    for case in (an_incoming_stay(protected=True), an_incoming_stay(persons=(hidden,))):
        assert code(about(a_nomination(), wish(), case=case)) == "protected_identity"


def test_nobody_decides_on_a_stay_of_two_people() -> None:
    esi = "urn:schac:personalUniqueCode:int:esi:brava.example:{}"
    one, other = (replace(PERSON, global_id=esi.format(number)) for number in (1, 2))
    case = an_incoming_stay(persons=(SaidOfPerson("ewp", one), SaidOfPerson("mobility_online", other)))
    assert code(about(a_nomination(), wish(), case=case)) == "wrong_person"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (DecisionState.QUEUED, "under_way"),
        (DecisionState.UNKNOWN, "under_way"),
        (DecisionState.CONFIRMED, "already_decided"),
        (DecisionState.FAILED, None),
        (DecisionState.CONFLICT, None),
    ],
)
def test_a_proposal_is_decided_on_once(state: DecisionState, expected: str | None) -> None:
    assert code(about(a_nomination(), wish(), a_decision(state=state))) == expected
    assert about(a_nomination(), wish(), a_decision(state=state, proposal_id="p0")) is None


def test_what_was_sent_and_never_showed_may_be_decided_on_again_after_a_while() -> None:
    sent = a_decision(state=DecisionState.SENT)
    assert code(about(a_nomination(), wish(), sent, confirmed_at=SENT + timedelta(hours=23))) == "under_way"
    assert about(a_nomination(), wish(), sent, confirmed_at=SENT + timedelta(hours=24)) is None
    unsent = replace(sent, sent_at=None)
    assert code(about(a_nomination(), wish(), unsent)) == "under_way"
    assert not lost(an_incoming_stay(), seen(ON_NOMINATION, a_nomination()), a_decision())


def test_what_was_decided_and_is_shown_as_open_again_may_be_decided_on_again() -> None:
    assert about(a_nomination(), wish(), a_decision(), changed_at=SENT + timedelta(minutes=1)) is None
    unsent = a_decision(sent_at=None)
    assert code(about(a_nomination(), wish(), unsent, changed_at=NOW)) == "already_decided"


@pytest.mark.parametrize(
    ("wanted", "verb", "thing"),
    [
        (wish(), "approve", "nomination NH-OM-1"),
        (wish(approve=False), "reject", "nomination NH-OM-1"),
        (wish(ON_LA), "approve", "learning agreement NH-OM-1"),
        (wish(ON_LA, approve=False), "comment", "learning agreement NH-OM-1"),
    ],
)
def test_a_wish_is_called_as_the_command_calls_it(wanted: Wish, verb: str, thing: str) -> None:
    assert (wanted.verb, wanted.thing) == (verb, thing)


def test_what_waits_in_a_stay_is_found_among_all_its_objects() -> None:
    case = an_incoming_stay(
        nomination=seen(ON_NOMINATION, a_nomination()),
        nomination_others=(seen(ON_NOMINATION, a_nomination(), gone_at=NOW),),
        learning_agreement=None,
    )
    assert len(objects(case, ON_NOMINATION)) == 2
    assert objects(case, ON_LA) == ()
    assert list(deciding(case, ON_NOMINATION)) == [case.nomination]
    settled = an_incoming_stay()
    assert list(deciding(settled, ON_NOMINATION)) == []
    assert list(deciding(settled, ON_LA)) == []


def test_the_id_of_what_waits_is_that_of_the_proposal() -> None:
    assert proposal_id(a_nomination()) == "p1"
    assert proposal_id(an_la()) == "p1"
    assert proposal_id(LA) is None


def test_an_agreement_whose_receiver_is_not_named_is_not_ours() -> None:
    nobody = replace(a_nomination().receiving_hei, hei_id="")
    found = about(replace(a_nomination(), receiving_hei=nobody), wish())
    assert code(found) == "not_ours_to_decide"
    assert found is not None
    assert found.sentence.startswith("another university")
    assert US not in found.sentence
