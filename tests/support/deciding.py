"""A bridge whose student was nominated from abroad, and the partner who hears what we decide."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.bridges import Bridge, a_bridge
from tests.support.stays import FIRST_VERSION, LA, NOMINATION
from tests.support.student_world import BRAVA, US, FakeStudents, World

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
from mobility_bridge.errors import Rejected, Unreachable
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.student_sources import (
    Decision,
    DecisionSent,
    ProposalDecision,
    RecordAnswer,
    Signer,
    StudentApi,
)
from mobility_bridge.services.compare import compare
from mobility_bridge.services.decide import Order, decide
from mobility_bridge.services.send_decisions import DecisionsReport, send_decisions
from mobility_bridge.services.students import ask_partners_about_students

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
    context = replace(bridge.context, students=partner, ownership=Ownership.of(WRITES))
    office = Office(World(replace(bridge, context=context), None, None, partner), partner)  # type: ignore[arg-type]
    await office.read()
    bridge.clock.move(60)
    return office
