"""Pairings and approvals: what every store promises about them."""

from dataclasses import replace
from typing import Any

from tests.support.stores import ALDERTON, BRAVA, NOON, digest, minutes

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.identifiers import IiaHash, IiaId
from mobility_bridge.ports.store import Store

BY_PARTNER, BY_US = ApprovalSide.BY_PARTNER, ApprovalSide.BY_US


async def confirm(store: Store, iia_id: str, partner_iia_id: str) -> None:
    await store.write(
        lambda unit: unit.links.confirm(ALDERTON, iia_id, partner_iia_id, "anna", "samma avtal", NOON)
    )


async def reject(store: Store, iia_id: str, partner_iia_id: str) -> None:
    await store.write(
        lambda unit: unit.links.reject(ALDERTON, iia_id, partner_iia_id, "anna", "ett annat ämne", NOON)
    )


async def links(store: Store) -> tuple[dict[str, str], set[tuple[str, str]]]:
    return await store.read(
        lambda unit: (dict(unit.links.confirmed(ALDERTON)), set(unit.links.rejected(ALDERTON)))
    )


def an_approval(text: str = "text", at: float = 0, **facts: Any) -> Approval:
    given: dict[str, Any] = {
        "side": BY_PARTNER,
        "partner_hei_id": ALDERTON,
        "iia_id": IiaId("iia-1"),
        "iia_hash": IiaHash(digest(text)),
        "first_seen_at": minutes(at),
        "last_seen_at": minutes(at),
        "document": digest(f"{text} at {at}"),
    }
    return Approval(**(given | facts))


async def approve(store: Store, approval: Approval) -> bool:
    return await store.write(lambda unit: unit.approvals.save(approval))


async def current(store: Store, side: ApprovalSide = BY_PARTNER) -> Approval | None:
    return await store.read(lambda unit: unit.approvals.current(side, ALDERTON, "iia-1"))


async def former(store: Store) -> list[Approval]:
    return list(await store.read(lambda unit: unit.approvals.history(ALDERTON, "iia-1")))


async def test_a_pairing_stands_until_a_person_decides_otherwise(store: Store):
    await confirm(store, "ours-1", "theirs-1")
    await reject(store, "ours-2", "theirs-1")
    assert await links(store) == ({"ours-1": "theirs-1"}, {("ours-2", "theirs-1")})

    await reject(store, "ours-1", "theirs-1")
    await confirm(store, "ours-2", "theirs-1")
    assert await links(store) == ({"ours-2": "theirs-1"}, {("ours-1", "theirs-1")})


async def test_each_side_of_a_pairing_belongs_to_it_alone(store: Store):
    await confirm(store, "ours-1", "theirs-1")
    await confirm(store, "ours-2", "theirs-2")
    await confirm(store, "ours-1", "theirs-2")

    assert await links(store) == ({"ours-1": "theirs-2"}, set())


async def test_pairings_of_one_partner_are_not_anothers(store: Store):
    await confirm(store, "ours-1", "theirs-1")

    assert await store.read(lambda unit: dict(unit.links.confirmed(BRAVA))) == {}
    assert await store.read(lambda unit: unit.links.rejected(BRAVA)) == set()


async def test_a_new_approval_is_news(store: Store):
    assert await current(store) is None

    assert await approve(store, an_approval()) is True

    assert await current(store) == an_approval()
    assert await current(store, BY_US) is None
    assert await former(store) == []


async def test_the_same_approval_seen_again_is_no_news_and_keeps_its_first_sight(store: Store):
    await approve(store, an_approval())

    assert await approve(store, an_approval(at=60)) is False
    assert await current(store) == an_approval(last_seen_at=minutes(60), document=digest("text at 60"))

    assert await approve(store, an_approval(at=90, document=None)) is False
    assert await current(store) == an_approval(last_seen_at=minutes(90), document=digest("text at 60"))


async def test_an_approval_of_another_text_replaces_the_former(store: Store):
    await approve(store, an_approval("old"))

    assert await approve(store, an_approval("new", at=60)) is True

    assert await current(store) == an_approval("new", at=60)
    assert await former(store) == [an_approval("old", withdrawn_at=minutes(60))]


async def test_a_withdrawn_approval_is_remembered_and_may_come_again(store: Store):
    await approve(store, an_approval())

    async def withdraw(at: float) -> bool:
        return await store.write(
            lambda unit: unit.approvals.withdraw(BY_PARTNER, ALDERTON, "iia-1", minutes(at))
        )

    assert await withdraw(10) is True
    assert await withdraw(11) is False
    assert await current(store) is None
    assert await approve(store, an_approval(at=20)) is True
    assert await withdraw(30) is True
    assert await former(store) == [
        an_approval(at=20, withdrawn_at=minutes(30)),
        an_approval(withdrawn_at=minutes(10)),
    ]


async def test_both_sides_partners_and_agreements_are_apart(store: Store):
    ours = an_approval("theirs", side=BY_US, document=None)
    for approval in (
        an_approval(),
        ours,
        an_approval(partner_hei_id=BRAVA),
        an_approval(iia_id=IiaId("iia-2")),
    ):
        assert await approve(store, approval) is True

    assert await current(store) == an_approval()
    assert await current(store, BY_US) == ours

    await approve(store, an_approval("theirs, later", at=5, side=BY_US))
    await approve(store, an_approval("ours, later", at=6))
    assert [approval.side for approval in await former(store)] == [BY_PARTNER, BY_US]


async def test_the_last_concluded_pair_is_remembered(store: Store):
    first = Concluded(
        ALDERTON, IiaId("iia-1"), IiaId("theirs"), IiaHash(digest("a")), IiaHash(digest("b")), NOON
    )
    second = replace(first, local_hash=IiaHash(digest("c")), concluded_at=minutes(9))
    other = replace(first, iia_id=IiaId("iia-2"))

    async def concluded(pair: Concluded) -> Concluded | None:
        await store.write(lambda unit: unit.approvals.conclude(pair))
        return await store.read(lambda unit: unit.approvals.concluded(ALDERTON, "iia-1"))

    assert await store.read(lambda unit: unit.approvals.concluded(ALDERTON, "iia-1")) is None
    assert await concluded(first) == first
    assert await concluded(replace(first, concluded_at=minutes(5))) == first
    assert await concluded(second) == second
    assert await concluded(other) == second
