"""What every store does with the places that stays take."""

from dataclasses import replace
from decimal import Decimal

import pytest
from tests.support.stores import ALDERTON, BRAVA, NOON, minutes

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Claim, Pool, Tally
from mobility_bridge.domain.record import StayId
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import Store, UnitOfWork

POOL = Pool(ALDERTON, "nh-1", "student-studies|0533|6", 2026)
CLAIM = Claim(
    stay_id=StayId("P1-1"),
    pool=POOL,
    direction=Direction.OUTGOING,
    kind=MobilityKind.STUDENT_STUDIES,
    nominated=True,
    asked_at=NOON,
    months=Decimal("4.6"),
    isced_f_code="0533",
    eqf_level=6,
    places=2,
    months_offered=Decimal("10.0"),
)
BARE = replace(
    CLAIM,
    stay_id=StayId("P2-1"),
    nominated=False,
    asked_at=minutes(3),
    months=Decimal(),
    isced_f_code=None,
    eqf_level=None,
    places=None,
    months_offered=None,
)


@pytest.mark.parametrize("claim", [CLAIM, BARE], ids=["full", "bare"])
async def test_a_claim_comes_back_as_it_was(store: Store, claim: Claim) -> None:
    await store.write(lambda uow: uow.places.put(claim))
    assert await store.read(lambda uow: uow.places.get(claim.stay_id)) == claim
    assert await store.read(lambda uow: uow.places.get(StayId("P9-1"))) is None


async def test_a_stay_has_one_claim_at_a_time(store: Store) -> None:
    other = replace(CLAIM, pool=replace(POOL, start_year=2027))
    await store.write(lambda uow: uow.places.put(CLAIM))
    await store.write(lambda uow: uow.places.put(other))
    assert await store.read(lambda uow: uow.places.tally(POOL)) == Tally()
    assert await store.read(lambda uow: uow.places.tally(other.pool)) == Tally(1, CLAIM.months, CLAIM.stay_id)


async def test_a_pool_is_one_condition_of_one_agreement_in_one_year(store: Store) -> None:
    elsewhere = (
        replace(POOL, partner_hei_id=BRAVA),
        replace(POOL, agreement="nh-2"),
        replace(POOL, condition="student-studies|0541|6"),
        replace(POOL, start_year=2025),
    )
    others = [replace(CLAIM, stay_id=StayId(f"P{n}-1"), pool=pool) for n, pool in enumerate(elsewhere, 3)]

    def work(uow: UnitOfWork) -> None:
        for each in (*others, BARE, CLAIM):
            uow.places.put(each)

    await store.write(work)
    assert await store.read(lambda uow: uow.places.tally(POOL)) == Tally(1, CLAIM.months, CLAIM.stay_id)
    assert await store.read(lambda uow: list(uow.places.select(partner=BRAVA))) == [others[0]]
    assert await store.read(lambda uow: list(uow.places.select(start_year=2025))) == [others[3]]
    assert len(await store.read(lambda uow: list(uow.places.select()))) == len(others) + 2


async def test_the_stays_of_a_pool_stand_in_the_order_in_which_they_asked(store: Store) -> None:
    """Three that asked in turn, two of them at once, and one that only the registry knows."""
    queue = [
        replace(CLAIM, stay_id=StayId("P7-1"), asked_at=minutes(1), months=Decimal("4.5")),
        replace(CLAIM, stay_id=StayId("P3-1"), asked_at=minutes(2)),
        replace(CLAIM, stay_id=StayId("P4-1"), asked_at=minutes(2)),
    ]

    def work(uow: UnitOfWork) -> None:
        for each in (queue[2], BARE, queue[0], queue[1]):
            uow.places.put(each)

    def look(uow: UnitOfWork) -> object:
        places = uow.places
        return (
            places.tally(POOL),
            [places.before(each) for each in queue],
            [list(places.beyond(POOL, place)) for place in range(4)],
        )

    await store.write(work)
    stays = [each.stay_id for each in queue]
    assert await store.read(look) == (
        Tally(3, Decimal("13.7"), stays[2]),
        [0, 1, 2],
        [stays, stays[1:], stays[2:], []],
    )
    assert await store.read(lambda uow: uow.places.before(replace(BARE, asked_at=minutes(9)))) == 3


async def test_a_claim_that_is_dropped_is_gone_and_one_that_never_was_is_no_error(store: Store) -> None:
    await store.write(lambda uow: uow.places.put(CLAIM))
    await store.write(lambda uow: uow.places.drop(CLAIM.stay_id))
    await store.write(lambda uow: uow.places.drop(StayId("P9-1")))
    assert await store.read(lambda uow: list(uow.places.select())) == []


async def test_a_unit_that_fails_leaves_the_claims_as_they_were(store: Store) -> None:
    await store.write(lambda uow: uow.places.put(CLAIM))

    def work(uow: UnitOfWork) -> None:
        uow.places.drop(CLAIM.stay_id)
        uow.places.put(BARE)
        raise StoreError("no")

    with pytest.raises(StoreError):
        await store.write(work)
    assert await store.read(lambda uow: list(uow.places.select())) == [CLAIM]


async def test_the_partners_of_all_stays_are_named_once(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        for partner in (BRAVA, None, ALDERTON, BRAVA):
            student_id = uow.students.create(NOON)
            uow.students.add_stay(student_id, Direction.OUTGOING, partner, NOON)

    await store.write(work)
    assert await store.read(lambda uow: uow.students.partners()) == {ALDERTON, BRAVA}
