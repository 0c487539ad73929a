"""What every store does with our decisions on what partners propose."""

from dataclasses import replace

import pytest
from tests.support.stores import ALDERTON, BRAVA, NOON, Backend, digest, minutes

from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import Store
from mobility_bridge.ports.student_sources import Signer

MOBILITY = OmobilityId("BR-OM-1")
DECISION = StoredDecision(
    decision_id=0,
    on=RecordKind.LEARNING_AGREEMENT,
    partner_hei_id=BRAVA,
    omobility_id=MOBILITY,
    proposal_id="p1",
    approve=False,
    text_digest=digest("text"),
    by="kim",
    decided_at=NOON,
    document=digest("document"),
    why="the course is full",
    comment="Please choose another course.",
    signer=Signer("Kim Berg", "Coordinator", "kim.berg@nordhav.example"),
    signed_at=NOON,
    signer_digest="0" * 64,
    next_attempt_at=NOON,
)


async def kept(store: Store, **facts: object) -> StoredDecision:
    return await store.write(lambda uow: uow.decisions.add(replace(DECISION, **facts)))


async def test_a_decision_comes_back_as_it_was(store: Store) -> None:
    assert not await store.read(lambda uow: uow.decisions.held())
    made = await kept(store)
    assert made == replace(DECISION, decision_id=1)
    ended = replace(
        made,
        state=DecisionState.CONFLICT,
        next_attempt_at=None,
        sent_at=minutes(1),
        answered=409,
        finished_at=minutes(2),
        outcome="replaced",
        present_proposal_id="p2",
        messages=("There is a newer proposal.",),
    )
    assert await store.write(lambda uow: uow.decisions.save(ended))
    assert await store.read(lambda uow: uow.decisions.get(1)) == ended
    assert await store.read(lambda uow: uow.decisions.get(2)) is None
    assert await store.read(lambda uow: uow.decisions.held())


async def test_decisions_are_found_by_mobility_oldest_first(store: Store) -> None:
    later = await kept(store, decided_at=minutes(5), next_attempt_at=None, signer=None, comment=None)
    earlier = await kept(store)
    await kept(store, partner_hei_id=ALDERTON)
    await kept(store, omobility_id=OmobilityId("BR-OM-2"))
    found = await store.read(lambda uow: uow.decisions.of_mobility(BRAVA, MOBILITY))
    assert list(found) == [earlier, later]
    assert len(await store.read(lambda uow: uow.decisions.under_way())) == 3


async def test_decisions_on_many_mobilities_are_read_at_once_and_in_order(store: Store) -> None:
    first = await kept(store)
    other = await kept(store, partner_hei_id=ALDERTON)
    await kept(store, omobility_id=OmobilityId("BR-OM-9"))
    ids = {MOBILITY, *(f"BR-OM-{number}" for number in range(100, 700))}
    assert list(await store.read(lambda uow: uow.decisions.of_mobilities(ids))) == [first, other]
    assert list(await store.read(lambda uow: uow.decisions.of_mobilities(set()))) == []


async def test_only_one_decision_on_an_object_is_under_way(store: Store) -> None:
    first = await kept(store)
    await kept(store, on=RecordKind.NOMINATION)
    with pytest.raises(StoreError):
        await kept(store, proposal_id="p2")
    await store.write(lambda uow: uow.decisions.save(replace(first, next_attempt_at=None)))
    await kept(store, proposal_id="p2")


async def test_what_is_due_is_taken_by_one_only(store: Store) -> None:
    made = await kept(store, next_attempt_at=minutes(1))
    assert await store.read(lambda uow: uow.decisions.due(NOON)) == []
    assert await store.write(lambda uow: uow.decisions.take(made, NOON, minutes(9))) is None
    assert list(await store.read(lambda uow: uow.decisions.due(minutes(1)))) == [made]
    taken = await store.write(lambda uow: uow.decisions.take(made, minutes(1), minutes(3)))
    assert taken == replace(
        made,
        state=DecisionState.UNKNOWN,
        attempts=1,
        next_attempt_at=minutes(3),
        sent_at=minutes(1),
    )
    assert await store.write(lambda uow: uow.decisions.take(made, minutes(4), minutes(9))) is None
    assert await store.write(lambda uow: uow.decisions.take(taken, minutes(2), minutes(9))) is None
    missing = replace(made, decision_id=77)
    assert await store.write(lambda uow: uow.decisions.take(missing, minutes(4), minutes(9))) is None


async def test_who_comes_late_writes_nothing(store: Store) -> None:
    made = await kept(store)
    taken = await store.write(lambda uow: uow.decisions.take(made, NOON, minutes(3)))
    assert taken is not None
    late = replace(made, state=DecisionState.FAILED)
    assert not await store.write(lambda uow: uow.decisions.save(late))
    assert not await store.write(lambda uow: uow.decisions.save(replace(late, decision_id=77)))
    assert await store.read(lambda uow: uow.decisions.get(made.decision_id)) == taken


async def test_what_people_wrote_can_be_forgotten(store: Store) -> None:
    await kept(store)
    assert await store.write(lambda uow: uow.decisions.erase(BRAVA, MOBILITY)) == 1
    assert await store.write(lambda uow: uow.decisions.erase(ALDERTON, MOBILITY)) == 0
    (left,) = await store.read(lambda uow: uow.decisions.of_mobility(BRAVA, MOBILITY))
    assert (left.why, left.comment, left.signer, left.signer_digest, left.messages) == (
        "",
        None,
        None,
        None,
        (),
    )
    assert (left.by, left.state, left.under_way) == ("kim", DecisionState.QUEUED, False)


async def test_what_people_wrote_is_not_legible_in_the_table(backend: Backend) -> None:
    if backend.name == "memory":
        pytest.skip("nothing is written in memory")
    await kept(backend.open())
    assert DECISION.verb == "comment"
    for secret in ("Kim Berg", "the course is full", "Please choose"):
        assert secret not in repr(await backend.open().read(lambda uow: uow.decisions.get(1)))
