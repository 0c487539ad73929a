"""What was decided is sent once, and looked after until the partner shows it."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.support.deciding import COMING, MOBILITY, ON_LA, Office, an_office, rejected, unreachable
from tests.support.student_world import BRAVA

from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.errors import NotOffered, UsageError
from mobility_bridge.ports.student_sources import (
    DecisionSent,
    ProposalDecision,
)
from mobility_bridge.scheduler import JOBS, run_job
from mobility_bridge.services.compare import compare
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.send_decisions import send_decisions
from mobility_bridge.services.sync import Wanted


@pytest.fixture
async def office() -> Office:
    return await an_office()


async def test_an_answer_that_was_lost_is_looked_for_before_anything_is_sent_again(office: Office) -> None:
    office.partner.plan = [("take", unreachable())]
    office.partner.deaf = unreachable()
    await office.decide()
    await office.send()
    office.partner.deaf = None
    assert (await office.kept()).state == "unknown"
    await office.send(3600)
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert len(office.partner.sent) == 1


async def test_a_decision_that_never_arrived_is_sent_again_with_the_same_signature(office: Office) -> None:
    office.partner.plan = [unreachable("connection")]
    await office.decide(ON_LA)
    await office.send()
    assert (await office.kept()).state == "unknown"
    steps = await plan_sync(office.bridge.context, Wanted())
    assert [each.detail for each in steps if each.what == "look after approve"] != []
    await office.send(3600)
    assert await office.outcome() == ("confirmed", "took_effect", 2)
    assert len(set(office.partner.signed)) == 1


async def test_nothing_is_sent_again_while_the_partner_cannot_be_looked_at(office: Office) -> None:
    office.partner.plan = [unreachable()]
    await office.decide()
    await office.decide(ON_LA)
    office.partner.deaf = unreachable()
    await office.send()
    for _ in range(3):
        await office.send(3600)
    assert len(office.partner.sent) == 1
    assert [(await office.kept(number)).state for number in (1, 2)] == ["unknown", "queued"]
    office.partner.deaf = None
    await office.send(3600)
    assert [(await office.kept(number)).state for number in (1, 2)] == ["confirmed", "confirmed"]


async def test_a_partner_that_dawdles_is_not_waited_for(office: Office) -> None:
    context = office.bridge.context
    settings = context.settings.model_copy(
        update={"notify": context.settings.notify.model_copy(update={"lease_s": 0.05})}
    )
    office.world.bridge = replace(office.bridge, context=replace(context, settings=settings))
    office.partner.plan = ["dawdle"]
    await office.decide()
    await office.send()
    assert (await office.kept()).state == "unknown"


async def test_whoever_stops_in_the_middle_lets_others_look_at_once(office: Office) -> None:
    office.partner.plan = ["dawdle"]
    await office.decide()
    task = asyncio.create_task(office.send())
    await office.partner.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = await office.kept()
    assert (left.state, left.next_attempt_at) == ("unknown", office.bridge.clock.now())
    await office.send()
    assert await office.outcome() == ("confirmed", "took_effect", 2)


async def test_a_conflict_over_a_newer_proposal_names_it(office: Office) -> None:
    await office.decide()
    office.partner.hold(replace(COMING, proposal_id="p2"))
    office.partner.plan = [rejected(409)]
    await office.send()
    assert await office.outcome() == ("conflict", "replaced", 1)
    left = await office.kept()
    assert (left.present_proposal_id, left.messages, left.answered) == ("p2", ("There is a newer one.",), 409)
    assert not left.under_way


async def test_a_conflict_over_what_took_effect_is_none(office: Office) -> None:
    office.partner.plan = [("take", rejected(409))]
    await office.decide()
    await office.send()
    assert await office.outcome() == ("confirmed", "took_effect", 1)


async def test_a_conflict_over_the_proposal_that_is_shown_is_the_partners_refusal(office: Office) -> None:
    office.partner.plan = [rejected(409)]
    await office.decide()
    await office.send()
    assert await office.outcome() == ("conflict", "refused", 1)
    assert (await office.decide(why="they were asked")).decision_id == 2


async def test_a_conflict_of_which_nobody_can_see_the_cause_is_looked_at_later(office: Office) -> None:
    office.partner.plan = [rejected(409)]
    await office.decide()
    office.partner.deaf = unreachable()
    await office.send()
    assert (await office.kept()).under_way
    office.partner.deaf = None
    await office.send(3600)
    assert await office.outcome() == ("conflict", "refused", 1)


@pytest.mark.parametrize("status", [400, 403, 404])
async def test_a_message_that_is_rejected_is_not_repeated(office: Office, status: int) -> None:
    office.partner.plan = [rejected(status)]
    await office.decide()
    await office.send()
    assert await office.outcome() == ("failed", "rejected", 1)
    await office.send(86_400)
    assert len(office.partner.sent) == 1


async def test_a_partner_that_does_not_know_our_key_yet_is_tried_a_few_times(office: Office) -> None:
    office.partner.plan = [rejected(401)] * 9
    await office.decide()
    for _ in range(9):
        await office.send(86_400)
    assert await office.outcome() == ("failed", "rejected", 4)
    assert len(office.partner.sent) == 4


def not_offered(reason: str) -> NotOffered:
    return NotOffered("not there", system="ewp", reason=reason, hei_id=BRAVA)


async def test_a_partner_without_the_interface_is_not_tried_again(office: Office) -> None:
    office.partner.plan = [not_offered("no_api")]
    await office.decide()
    await office.send()
    assert await office.outcome() == ("failed", "not_offered", 1)


async def test_a_partner_that_is_not_in_the_catalogue_may_come(office: Office) -> None:
    office.partner.plan = [not_offered("no_host"), "take"]
    await office.decide()
    await office.send()
    assert (await office.kept()).state == "queued"
    await office.send(86_400)
    assert await office.outcome() == ("confirmed", "took_effect", 2)


async def test_what_the_format_cannot_carry_ends(office: Office) -> None:
    office.partner.plan = [UsageError("a text with letters that XML does not know")]
    await office.decide(approve=False, text="Full.")
    await office.send()
    assert await office.outcome() == ("failed", "unsendable", 1)


async def test_a_friendly_answer_without_effect_is_looked_after_for_a_month(office: Office) -> None:
    office.partner.plan = ["ignore"]
    await office.decide()
    await office.send()
    first = await office.kept()
    assert (first.state, first.answered) == ("sent", 200)
    assert first.sent_at is not None
    assert first.next_attempt_at == first.sent_at + timedelta(minutes=15)
    assert (await office.send(60)).looked_at == ()
    await office.send(900)
    assert (await office.kept()).next_attempt_at == first.sent_at + timedelta(hours=1)
    await office.send(86_400 * 2)
    assert (await office.kept()).next_attempt_at == office.bridge.clock.now() + timedelta(days=1)
    await office.send(86_400 * 30)
    assert await office.outcome() == ("failed", "never_shown", 1)


async def test_a_decision_that_shows_late_is_found_by_an_ordinary_reading(office: Office) -> None:
    office.partner.plan = ["ignore"]
    await office.decide()
    await office.send()
    office.partner.hold(replace(COMING, status=NominationStatus.APPROVED))
    office.bridge.clock.move(60)
    await office.read()
    await office.send()
    assert await office.outcome() == ("confirmed", "took_effect", 1)


async def test_what_never_showed_is_decided_once_more_and_takes_the_place_of_the_former(
    office: Office,
) -> None:
    office.partner.plan = ["ignore"]
    await office.decide()
    await office.send()
    office.bridge.clock.move(86_400 + 60)
    await office.read()
    assert (await office.decide(why="once more")).decision_id == 2
    assert await office.outcome() == ("failed", "repeated", 1)
    await office.send()
    assert (await office.kept(2)).state == "confirmed"


async def test_what_is_not_shown_any_more_is_not_sent(office: Office) -> None:
    office.partner.plan = [unreachable()]
    await office.decide(ON_LA, approve=False, text="Full.")
    await office.send()
    office.partner.hold(None)
    await office.send(3600)
    assert await office.outcome() == ("unknown", "cannot_tell", 1)
    assert len(office.partner.sent) == 1


async def test_a_proposal_replaced_before_it_was_sent_is_not_sent(office: Office) -> None:
    await office.decide()
    office.partner.hold(replace(COMING, proposal_id="p2"))
    office.bridge.clock.move(60)
    await office.read()
    await office.send()
    assert await office.outcome() == ("conflict", "not_current", 0)
    assert (await office.kept()).present_proposal_id == "p2"
    assert office.partner.sent == []


async def test_a_student_who_was_protected_in_the_meantime_is_not_told_of(office: Office) -> None:
    await office.decide()
    hidden = replace(COMING.student, protected=True)
    office.partner.hold(replace(COMING, student=hidden))
    office.bridge.clock.move(60)
    await office.read()
    await office.send()
    assert await office.outcome() == ("failed", "protected_identity", 0)
    assert office.partner.sent == []


async def test_only_the_one_that_is_asked_for_is_sent(office: Office) -> None:
    await office.decide()
    made = await office.decide(ON_LA)
    await office.send(only=made.decision_id)
    assert [(await office.kept(number)).state for number in (1, 2)] == ["queued", "confirmed"]


async def test_a_student_who_was_erased_is_not_told_of(office: Office) -> None:
    await office.decide(ON_LA)
    await office.bridge.store.write(lambda uow: uow.decisions.erase(BRAVA, MOBILITY))
    assert (await office.send()).looked_at == ()
    assert office.partner.sent == []


async def test_rules_know_what_was_decided(office: Office) -> None:
    office.partner.plan = [rejected(409)]
    await office.decide()
    office.partner.hold(replace(COMING, proposal_id="p2"))
    await office.send()
    await compare(office.bridge.context)
    assert "NOMINATION_PROPOSAL_STALE" in await office.world.codes()


async def test_a_decision_that_was_rejected_is_said_until_it_is_taken(office: Office) -> None:
    office.partner.plan = [rejected(400)]
    await office.decide()
    await office.send()
    await compare(office.bridge.context)
    assert "DECISION_NOT_TAKEN" in await office.world.codes()
    office.bridge.clock.move(60)
    await office.decide()
    await office.send()
    await compare(office.bridge.context)
    assert "DECISION_NOT_TAKEN" not in await office.world.codes()


async def test_a_comment_of_which_nobody_can_tell_is_said_until_another_proposal_comes(
    office: Office,
) -> None:
    before = office.partner.la
    assert before is not None
    assert before.changes_proposal is not None
    office.partner.plan = [("take", unreachable())]
    await office.decide(ON_LA, approve=False, text="GIS200 is full.")
    await office.send()
    assert await office.outcome() == ("unknown", "cannot_tell", 1)
    await compare(office.bridge.context)
    assert "DECISION_NOT_TAKEN" in await office.world.codes()
    office.partner.hold(replace(before, changes_proposal=replace(before.changes_proposal, proposal_id="c2")))
    office.bridge.clock.move(60)
    await office.read()
    assert "DECISION_NOT_TAKEN" not in await office.world.codes()


async def test_two_who_send_at_the_same_time_send_once(office: Office) -> None:
    await office.decide()
    await asyncio.gather(office.send(), office.send())
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert len(office.partner.sent) == 1


async def test_whoever_comes_second_does_not_say_that_it_is_settled(office: Office) -> None:
    await office.decide()
    held_back, answer = asyncio.Event(), office.partner.decide_nomination

    async def dawdling(decision: ProposalDecision) -> DecisionSent:
        await held_back.wait()
        return await answer(decision)

    office.partner.decide_nomination = dawdling  # type: ignore[method-assign]
    both = [asyncio.create_task(office.send()) for _ in range(2)]
    await asyncio.sleep(0.05)
    held_back.set()
    await asyncio.gather(*both)
    (line,) = office.bridge.events("decision.settled")
    assert (line["state"], line["outcome"]) == ("confirmed", "took_effect")


async def test_a_decision_that_may_not_be_sent_again_is_not_asked_about_in_every_pass(office: Office) -> None:
    office.partner.plan = [unreachable("connection")]
    await office.decide()
    await office.send()
    office.bridge.clock.move(3600)
    forbidden = replace(office.bridge.context, ownership=Ownership())
    await send_decisions(forbidden)
    assert (await office.kept()).state == "unknown"
    assert (await send_decisions(forbidden)).looked_at == ()
    await office.send(3600)
    assert await office.outcome() == ("confirmed", "took_effect", 2)


async def test_a_learning_agreement_is_never_sent_without_a_signature(office: Office) -> None:
    made = await office.decide(ON_LA)
    await office.bridge.store.write(lambda uow: uow.decisions.save(replace(made, signer=None)))
    await office.send()
    assert await office.outcome() == ("failed", "unsendable", 1)
    assert office.partner.sent == []


async def test_a_decision_on_what_the_store_forgot_ends(office: Office) -> None:
    made = await office.decide()
    unknown = replace(made, decision_id=0, omobility_id=OmobilityId("BR-OM-404"))
    kept = await office.bridge.store.write(lambda uow: uow.decisions.add(unknown))
    await office.send(only=kept.decision_id)
    left = await office.kept(kept.decision_id)
    assert (left.state, left.outcome, left.attempts) == ("conflict", "withdrawn", 0)


async def test_a_student_who_is_erased_while_the_partner_is_asked_stays_erased(office: Office) -> None:
    made = await office.decide(ON_LA, why="a reason")
    context = office.bridge.context

    async def answer(*_: object) -> DecisionSent:
        await context.store.write(lambda uow: uow.decisions.erase(BRAVA, MOBILITY))
        return DecisionSent(("Thank you, Alma Ek.",), ())

    office.partner.decide_learning_agreement = answer  # type: ignore[method-assign,assignment]
    await office.send()
    left = await office.kept(made.decision_id)
    assert (left.why, left.signer, left.messages, left.under_way) == ("", None, (), False)


async def test_the_daemon_sends_what_waits(office: Office) -> None:
    (job,) = [each for each in JOBS if each.name == "decisions"]
    await office.decide()
    assert await run_job(office.bridge.context, job)
    assert await office.outcome() == ("confirmed", "took_effect", 1)
    assert job.about_students
