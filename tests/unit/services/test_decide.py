"""What a person decides is kept before it is sent, and nothing is kept that may not be sent."""

from dataclasses import replace

import pytest
from tests.support.deciding import COMING, MOBILITY, ON_LA, SIGNER, Office, an_office, an_order
from tests.support.student_world import BRAVA

from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.errors import NotOffered, UsageError
from mobility_bridge.ports.student_sources import (
    Decision,
    Signer,
    StudentApi,
)
from mobility_bridge.services.decide import decide, plan_decision
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.send_decisions import DecisionsReport, send_decisions
from mobility_bridge.services.sync import Wanted


@pytest.fixture
async def office() -> Office:
    return await an_office()


async def test_a_decision_is_kept_before_it_is_sent_and_found_at_the_partners_afterwards(
    office: Office,
) -> None:
    made = await office.decide(why="fits the agreement")
    assert (made.state, made.by, made.why, made.proposal_id) == ("queued", "kim", "fits the agreement", "p1")
    assert office.partner.sent == []
    report = await office.send()
    assert (report.count(DecisionState.CONFIRMED), report.count(DecisionState.FAILED)) == (1, 0)
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert (await office.kept()).messages == ("Thank you.",)
    assert office.partner.nomination.status is NominationStatus.APPROVED
    assert await office.send(600) == DecisionsReport()
    (order,) = office.partner.sent
    assert (order.decision, order.comment, order.proposal_id) == (Decision.APPROVE, None, "p1")
    names = [line["event"] for line in office.bridge.lines if line["event"].startswith("decision.")]
    assert names == ["decision.made", "decision.sent", "decision.settled"]
    assert "fits the agreement" not in office.bridge.written.getvalue()


async def test_a_learning_agreement_carries_the_signature_of_whom_the_settings_name(office: Office) -> None:
    made = await office.decide(ON_LA)
    await office.send()
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert office.partner.signed == [(Signer(**SIGNER), made.signed_at)]
    assert made.signed_at is not None
    assert made.signed_at.microsecond == 0
    assert "Kim Berg" not in office.bridge.written.getvalue()


async def test_who_is_named_with_the_order_signs_instead(office: Office) -> None:
    signer = Signer("Signe Sol", "Head", "signe@nordhav.example")
    await office.decide(ON_LA, signer=signer)
    await office.send()
    assert office.partner.signed[0][0] == signer


@pytest.mark.parametrize("signer", [None, Signer("Kim", "", "kim@nordhav.example")])
async def test_nobody_signs_without_name_position_and_address(signer: Signer | None) -> None:
    office = await an_office(students={"enabled": True})
    with pytest.raises(UsageError, match="signed with a name") as caught:
        await office.decide(ON_LA, signer=signer)
    assert "[students.signer]" in str(caught.value.next_step)


async def test_a_comment_reaches_the_partner_without_blanks_around_it(office: Office) -> None:
    await office.decide(ON_LA, approve=False, text=" GIS200 is full. ")
    await office.send()
    assert office.partner.sent[0].comment == "GIS200 is full."
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert office.partner.la is None


async def test_nothing_is_decided_where_nobody_allowed_it(office: Office) -> None:
    office.world.bridge = replace(
        office.bridge, context=replace(office.bridge.context, ownership=Ownership())
    )
    with pytest.raises(UsageError, match="nobody allowed it") as caught:
        await office.decide()
    assert "[nomination.decision]" in str(caught.value.next_step)


async def test_nothing_is_decided_without_a_network(office: Office) -> None:
    context = replace(office.bridge.context, students=None, network=None)
    with pytest.raises(NotOffered):
        await decide(context, an_order())
    assert await send_decisions(context) == DecisionsReport()


async def test_what_was_allowed_and_is_not_any_more_waits(office: Office) -> None:
    await office.decide()
    context = office.bridge.context
    forbidden = replace(context, ownership=Ownership())
    assert await send_decisions(forbidden) == DecisionsReport(held=1)
    steps = await plan_sync(forbidden, Wanted())
    (step,) = [each for each in steps if each.what == "approve"]
    assert "switched off" in step.detail
    (step,) = [each for each in await plan_sync(context, Wanted()) if each.what == "approve"]
    assert (step.whom, step.detail) == (BRAVA, f"nomination {MOBILITY}, due now")
    await office.send()
    assert await office.outcome() == ("confirmed", "took_effect", 1)


async def test_a_dry_run_keeps_nothing(office: Office) -> None:
    planned = await plan_decision(office.bridge.context, an_order())
    assert (planned.decision.verb, planned.decision.proposal_id) == ("approve", "p1")
    assert not await office.bridge.store.read(lambda uow: uow.decisions.held())


async def test_what_is_meant_must_be_one_thing(office: Office) -> None:
    with pytest.raises(UsageError, match="no student or stay"):
        await office.decide(mobility="BR-OM-9")
    office.partner.objects[BRAVA, StudentApi.NOMINATIONS]["BR-OM-2"] = replace(
        COMING, omobility_id=OmobilityId("BR-OM-2"), proposal_id="p2"
    )
    await office.read()
    with pytest.raises(UsageError, match="means several nominations"):
        await office.decide(mobility="P1")
    made = await office.decide(mobility="BR-OM-2")
    assert made.proposal_id == "p2"


async def test_of_several_the_one_that_waits_is_meant(office: Office) -> None:
    settled = replace(COMING, omobility_id=OmobilityId("BR-OM-2"), status=NominationStatus.CANCELLED)
    office.partner.objects[BRAVA, StudentApi.NOMINATIONS]["BR-OM-2"] = settled
    await office.read()
    assert (await office.decide(mobility="P1")).omobility_id == MOBILITY


async def test_a_stay_without_such_an_object_is_said() -> None:
    office = await an_office(nomination=None)
    with pytest.raises(UsageError, match="no nomination is known for P1-1") as caught:
        await office.decide(mobility="P1-1")
    assert "students show P1-1" in str(caught.value.next_step)


async def test_two_people_cannot_both_have_their_way(office: Office) -> None:
    await office.decide()
    with pytest.raises(UsageError, match="under way"):
        await office.decide(approve=False, text="Full.")
