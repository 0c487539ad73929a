"""A learning agreement's states, one event at a time."""

from datetime import UTC, datetime, timedelta

import pytest

from mobility_bridge.sandbox import learning_agreements as las
from mobility_bridge.sandbox.learning_agreements import Component, LearningAgreement, Lists, Signature

AT = datetime(2026, 5, 4, 9, 12, tzinfo=UTC)
SENDER = Signature(AT + timedelta(days=1), "Signa", "Officer", "s@nordhav.example")
RECEIVER = Signature(AT + timedelta(days=2), "Recepta", "Officer", "r@alderton.example")
GEO, LAN = Component("Geodynamics", "GEO210", "15"), Component("Language", "LAN110", "15")
FIRST = Lists(studied=(GEO, LAN), recognized=(Component("Electives", "NH2101", "30"),))


def proposed() -> LearningAgreement:
    return las.propose(LearningAgreement(), FIRST, AT, SENDER)


def signed() -> LearningAgreement:
    return las.approve(proposed(), open_id(proposed()), RECEIVER)


def open_id(la: LearningAgreement) -> str:
    assert la.proposal is not None
    return la.proposal.proposal_id


def changed(*components: Component) -> LearningAgreement:
    return las.propose(signed(), Lists(studied=components), AT, SENDER)


DROP_LAN = Component("Language", "LAN110", "15", status="deleted", reason_code="not-available")
ADD_SEA = Component("Sea", "SEA101", "15", status="inserted", reason_code="substituting-deleted")


def test_nothing_is_seen_until_student_and_sender_have_signed():
    la = las.draft(LearningAgreement(), FIRST)
    half = las.sign_as_student(la, AT)

    assert [each.visible for each in (la, half, las.sign_as_sender(half, SENDER))] == [False, False, True]


def test_the_sender_never_signs_before_the_student():
    with pytest.raises(las.WrongStateError):
        las.sign_as_sender(las.draft(LearningAgreement(), FIRST), SENDER)


def test_an_approved_proposal_becomes_the_first_version_with_three_signatures():
    la = signed()

    assert la.state == "L4"
    assert la.first is not None
    assert (la.first.receiving, la.proposal) == (RECEIVER, None)


def test_only_the_current_proposal_can_be_decided_on():
    la = proposed()

    with pytest.raises(las.WrongStateError):
        las.approve(la, "another", RECEIVER)
    with pytest.raises(las.WrongStateError):
        las.refuse(signed(), open_id(la), "late", RECEIVER)


def test_a_refused_first_proposal_is_gone_and_remembered():
    la = las.refuse(proposed(), open_id(proposed()), "Choose another course", RECEIVER)

    assert (la.state, la.visible, la.proposal) == ("L3", False, None)
    assert la.refusals[0].comment == "Choose another course"


def test_changes_are_proposed_beside_the_first_version_and_replace_earlier_ones():
    la = changed(DROP_LAN, ADD_SEA)
    assert (la.state, la.first is not None, la.changes) == ("L6", True, None)

    once = las.approve(la, open_id(la), RECEIVER)
    again = las.propose(once, Lists(studied=(DROP_LAN,)), AT, SENDER)
    twice = las.approve(again, open_id(again), RECEIVER)

    assert (once.state, twice.state) == ("L7", "L7")
    assert [each.code for each in las.effective(once).studied or ()] == ["GEO210", "SEA101"]
    assert [each.code for each in las.effective(twice).studied or ()] == ["GEO210"]


def test_a_refused_change_leaves_what_was_agreed():
    la = changed(DROP_LAN)

    refused = las.refuse(la, open_id(la), "No", RECEIVER)

    assert (refused.state, refused.visible) == ("L8", True)
    assert las.effective(refused) == FIRST


@pytest.mark.parametrize(("before", "after"), [("proposed", "L0"), ("changed", "L4")])
def test_a_withdrawn_proposal_leads_back(before: str, after: str):
    la = proposed() if before == "proposed" else changed(DROP_LAN)

    assert las.withdraw(la).state == after


def test_a_proposal_that_is_signed_again_has_another_id():
    la = proposed()
    later = las.propose(la, FIRST, AT + timedelta(seconds=1), SENDER)

    assert open_id(later) != open_id(la)
    assert open_id(la) in later.decided


def test_what_all_three_signed_is_not_deleted():
    assert las.delete(proposed()).state == "LX"
    with pytest.raises(las.WrongStateError):
        las.delete(signed())


def test_an_agreement_is_closed_once_nothing_is_open():
    assert las.close(signed()).state == "L9"
    with pytest.raises(las.WrongStateError):
        las.close(changed(DROP_LAN))


@pytest.mark.parametrize(
    ("lists", "kind"),
    [
        (FIRST, "semester"),
        (Lists(blended=(GEO,)), "blended"),
        (Lists(doctoral=(GEO,)), "doctoral"),
    ],
)
def test_the_mobility_type_follows_from_the_lists(lists: Lists, kind: str):
    assert las.propose(LearningAgreement(), lists, AT, SENDER).mobility_type == kind
