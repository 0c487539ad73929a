"""What a person decides is kept before it is sent, sent once, and looked after until the partner shows it."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.support.bridges import Bridge, a_bridge
from tests.support.stays import FIRST_VERSION, LA, NOMINATION
from tests.unit.services.test_students import BRAVA, US, FakeStudents, World

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import (
    ChangesProposal,
    LaSignature,
    LearningAgreement,
    MobilityInstitution,
)
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.ownership import Ownership
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.errors import NotOffered, Rejected, Unreachable, UsageError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.student_sources import (
    Decision,
    DecisionSent,
    ProposalDecision,
    RecordAnswer,
    Signer,
    StudentApi,
)
from mobility_bridge.scheduler import JOBS, run_job
from mobility_bridge.services.compare import compare
from mobility_bridge.services.decide import Order, decide, plan_decision
from mobility_bridge.services.plan import plan_sync
from mobility_bridge.services.send_decisions import DecisionsReport, send_decisions
from mobility_bridge.services.students import ask_partners_about_students
from mobility_bridge.services.sync import Wanted

ON_NOMINATION, ON_LA = RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT
MOBILITY = OmobilityId("BR-OM-1")
WRITES = {
    "nomination": {"decision": {"write_to": ["partner"]}},
    "learning_agreement": {"decision": {"write_to": ["partner"]}},
}
SIGNER = {"name": "Kim Berg", "position": "Coordinator", "email": "kim.berg@nordhav.example"}
COMING = replace(
    NOMINATION,
    omobility_id=MOBILITY,
    sending_hei=NOMINATION.receiving_hei,
    receiving_hei=NOMINATION.sending_hei,
    status=NominationStatus.PENDING,
)
PROPOSED = replace(
    LA,
    omobility_id=MOBILITY,
    sending_hei=MobilityInstitution(BRAVA, "Physics"),
    receiving_hei=MobilityInstitution(US),
    first_version=None,
    changes_proposal=ChangesProposal("p1", replace(FIRST_VERSION, receiving_hei_signature=None)),
)


def unreachable(reason: str = "timeout") -> Unreachable:
    return Unreachable("no answer", system="ewp", reason=reason, hei_id=BRAVA)


def rejected(status: int) -> Rejected:
    return Rejected(
        "no", system="ewp", reason="http_4xx", status=status, user_messages=("There is a newer one.",)
    )


@dataclass
class Partner(FakeStudents):
    """A partner that holds one mobility.

    `plan` is what it does with the decisions to come: `take` them, `ignore` them with a friendly answer, or raise;
    (`take`, error) takes it all the same. `deaf` raises whenever it is asked for objects.
    """

    plan: list[Any] = field(default_factory=list)
    sent: list[ProposalDecision] = field(default_factory=list)
    signed: list[tuple[Signer, Any]] = field(default_factory=list)
    deaf: Unreachable | None = None
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def nomination(self) -> Nomination:
        found: Nomination = self.objects[BRAVA, StudentApi.NOMINATIONS][MOBILITY]
        return found

    @property
    def la(self) -> LearningAgreement | None:
        found: LearningAgreement | None = self.objects[BRAVA, StudentApi.LEARNING_AGREEMENTS].get(MOBILITY)
        return found

    def hold(self, said: Nomination | LearningAgreement | None) -> None:
        is_nomination = isinstance(said, Nomination)
        api = StudentApi.NOMINATIONS if is_nomination else StudentApi.LEARNING_AGREEMENTS
        self.objects[BRAVA, api] = {} if said is None else {MOBILITY: said}

    async def fetch_records(
        self, hei_id: HeiId, api: StudentApi, ids: Sequence[OmobilityId], known: object = None
    ) -> RecordAnswer:
        if self.deaf is not None:
            raise self.deaf
        return await super().fetch_records(hei_id, api, ids, known)

    async def decide_nomination(self, decision: ProposalDecision) -> DecisionSent:
        status = (
            NominationStatus.APPROVED if decision.decision is Decision.APPROVE else NominationStatus.REJECTED
        )
        return await self._answer(decision, replace(self.nomination, status=status))

    async def decide_learning_agreement(
        self, decision: ProposalDecision, signer: Signer, signed_at: Any
    ) -> DecisionSent:
        self.signed.append((signer, signed_at))
        if decision.decision is Decision.REFUSE or self.la is None or self.la.changes_proposal is None:
            return await self._answer(decision, None)
        ours = LaSignature(signed_at, signer.name, signer.position, signer.email)
        version = replace(self.la.changes_proposal.lists, receiving_hei_signature=ours)
        return await self._answer(decision, replace(self.la, first_version=version, changes_proposal=None))

    async def _answer(
        self, decision: ProposalDecision, after: Nomination | LearningAgreement | None
    ) -> DecisionSent:
        self.sent.append(decision)
        self.asked.set()
        step = self.plan.pop(0) if self.plan else "take"
        first, second = step if isinstance(step, tuple) else (step, None)
        if first == "take":
            self.hold(after)
        error = second or (first if isinstance(first, Exception) else None)
        if error is not None:
            raise error
        if first == "dawdle":
            await asyncio.sleep(60)
        return DecisionSent(("Thank you.",), ())


@dataclass
class Office:
    """A bridge, the partner, and whoever decides."""

    world: World
    partner: Partner

    @property
    def bridge(self) -> Bridge:
        return self.world.bridge

    async def read(self) -> None:
        await ask_partners_about_students(self.bridge.context, [BRAVA])
        await compare(self.bridge.context)

    async def decide(self, on: RecordKind = ON_NOMINATION, **facts: Any) -> StoredDecision:
        return await decide(self.bridge.context, an_order(on, **facts))

    async def send(self, after_s: float = 0, **more: Any) -> DecisionsReport:
        self.bridge.clock.move(after_s)
        return await send_decisions(self.bridge.context, rng=random.Random(1), **more)

    async def kept(self, number: int = 1) -> StoredDecision:
        found = await self.bridge.store.read(lambda uow: uow.decisions.get(number))
        assert found is not None
        return found

    async def outcome(self) -> tuple[str, str, int]:
        found = await self.kept()
        return found.state.value, found.outcome, found.attempts


def an_order(on: RecordKind = ON_NOMINATION, **facts: Any) -> Order:
    usual: dict[str, Any] = {
        "mobility": MOBILITY,
        "approve": True,
        "by": "kim",
        "why": "fits",
        "partner": BRAVA,
    }
    return Order(on, **{**usual, **facts})


async def an_office(nomination: Nomination | None = COMING, **sections: Any) -> Office:
    students = {"enabled": True, "signer": SIGNER}
    bridge = a_bridge(None, **{"students": students, **sections})
    partner = Partner({(BRAVA, StudentApi.NOMINATIONS): {}, (BRAVA, StudentApi.LEARNING_AGREEMENTS): {}})
    if nomination is not None:
        partner.hold(nomination)
    partner.hold(PROPOSED)
    context = replace(bridge.context, students=partner, ownership=Ownership.of(WRITES))  # type: ignore[arg-type]
    office = Office(World(replace(bridge, context=context), None, None, partner), partner)  # type: ignore[arg-type]
    await office.read()
    bridge.clock.move(60)
    return office


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
