"""Copies of agreements: what every store promises about them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.support.stores import ALDERTON, BRAVA, NOON, US, Backend, a_copy, digest, minutes

from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.domain.snapshot import (
    AgreementCopy,
    DocumentRef,
    HashVerdict,
    KnownDocument,
    LocalRecord,
    StoredCopy,
)
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.ports.store import Store
from mobility_bridge.store.chain import sha256_of


async def save(store: Store, *copies: AgreementCopy, at: datetime = NOON) -> list[str]:
    changes = await store.write(lambda unit: unit.copies.save(copies, at))
    return [change.copy.iia_id for change in changes]


def documents(*bodies: bytes) -> dict[Sha256, bytes]:
    return {sha256_of(body): body for body in bodies}


async def get(store: Store, iia_id: str = "iia-1") -> StoredCopy:
    stored = await store.read(lambda unit: unit.copies.get(ALDERTON, US, iia_id))
    assert stored is not None
    return stored


async def test_a_new_copy_is_kept_with_its_times(store: Store):
    changed = await save(store, a_copy())

    assert changed == ["iia-1"]
    assert await get(store) == StoredCopy(a_copy(), NOON, NOON, NOON, None)


async def test_every_fact_of_a_copy_comes_back_as_it_was(store: Store):
    copy = a_copy(
        "iia-ö-1",
        of=ALDERTON,
        holder=US,
        source="mobility_online",
        partner_iia_id="their-1",
        listed_hei_ids=(US, ALDERTON, "a third, by mistake"),
        iia_code="KOD/2026 – åäö",
        partner_iia_code="𝄞",
        in_effect=False,
        terminated=False,
        iia_hash="NOT-EVEN-A-HASH",
        computed_hash=None,
        hash_verdict=HashVerdict.CASE,
        valid_for_approval=False,
        document=DocumentRef(digest("mo"), "mobility_online.agreement", 7),
        stray_attributes=True,
        record=LocalRecord(
            status="ACTIVE",
            own_approval=True,
            partner_approval=True,
            record_ids=("17", "18"),
            modified_at=minutes(-3),
            last_notified_at=None,
            problems=(("isced", "O31"), ("språk", "klingonska")),
        ),
    )

    await save(store, copy)

    stored = await store.read(lambda unit: unit.copies.get(US, ALDERTON, "iia-ö-1"))
    assert stored is not None
    assert stored.copy == copy


async def test_an_instant_in_another_zone_is_the_same_instant(store: Store):
    stockholm = datetime(2026, 7, 1, 14, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))

    await save(store, a_copy(fetched_at=stockholm))

    assert (await get(store)).copy.fetched_at == datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC)


async def test_an_equal_copy_is_only_confirmed(store: Store):
    await save(store, a_copy())

    changed = await save(store, a_copy(fetched_at=minutes(5)), at=minutes(5))

    assert changed == []
    assert await get(store) == StoredCopy(a_copy(), NOON, NOON, minutes(5), None)
    assert await store.read(lambda unit: unit.copies.history(ALDERTON, US, "iia-1")) == []


async def test_what_changed_is_told_with_what_was_there_before(store: Store):
    await save(store, a_copy("same"), a_copy("other"), a_copy("back"))
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["back"], minutes(1)))
    news = [a_copy("same"), a_copy("other", in_effect=False), a_copy("new"), a_copy("back")]

    changes = await store.write(lambda unit: unit.copies.save(news, minutes(2)))

    formers = {change.copy.iia_id: (change.copy, change.former) for change in changes}
    assert formers == {
        "other": (news[1], StoredCopy(a_copy("other"), NOON, NOON, NOON)),
        "new": (news[2], None),
        "back": (news[3], StoredCopy(a_copy("back"), NOON, NOON, NOON, minutes(1))),
    }


async def test_a_changed_copy_takes_the_place_of_the_former_which_goes_to_the_history(store: Store):
    first, second, third = a_copy(), a_copy(in_effect=False), a_copy(partner_iia_id="ours-1")
    await save(store, first)
    assert await save(store, second, at=minutes(1)) == ["iia-1"]
    await save(store, second, at=minutes(2))
    assert await save(store, third, at=minutes(3)) == ["iia-1"]

    history = await store.read(lambda unit: unit.copies.history(ALDERTON, US, "iia-1"))

    assert await get(store) == StoredCopy(third, NOON, minutes(3), minutes(3), None)
    assert history == [
        StoredCopy(second, NOON, minutes(1), minutes(2), None),
        StoredCopy(first, NOON, NOON, NOON, None),
    ]


async def test_one_batch_may_hold_new_changed_and_equal_copies_of_several_partners(store: Store):
    await save(store, a_copy("a"), a_copy("b"), a_copy("a", of=BRAVA))

    changed = await save(
        store,
        a_copy("a"),
        a_copy("b", in_effect=False),
        a_copy("c"),
        a_copy("a", of=BRAVA, terminated=True),
        a_copy("a", of=ALDERTON, holder=US),
        at=minutes(1),
    )

    assert sorted(changed) == ["a", "a", "b", "c"]
    assert await store.read(lambda unit: unit.copies.ids_of_partner(ALDERTON, US)) == {"a", "b", "c"}
    assert await store.read(lambda unit: unit.copies.ids_of_partner(BRAVA, US)) == {"a"}
    assert await store.read(lambda unit: unit.copies.ids_of_partner(US, ALDERTON)) == {"a"}


async def test_of_two_copies_with_one_key_in_a_batch_the_last_counts(store: Store):
    await save(store, a_copy(iia_code="first"), a_copy(iia_code="last"))

    assert (await get(store)).copy.iia_code == "last"


async def test_a_thousand_copies_are_saved_at_once(store: Store):
    ids = [f"iia-{number}" for number in range(1200)]

    assert set(await save(store, *map(a_copy, ids))) == set(ids)
    assert await save(store, *map(a_copy, ids), at=minutes(1)) == []
    assert await store.read(lambda unit: unit.copies.ids_of_partner(ALDERTON, US)) == set(ids)


async def test_saving_nothing_is_harmless(store: Store):
    assert await save(store) == []
    await store.write(lambda unit: unit.copies.confirm(ALDERTON, US, [], NOON))
    assert await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, [], NOON)) == []


async def test_ids_that_differ_in_case_alone_are_two_copies(store: Store):
    await save(store, a_copy("Iia"), a_copy("iia"))

    assert await store.read(lambda unit: unit.copies.ids_of_partner(ALDERTON, US)) == {"Iia", "iia"}
    assert len(await store.read(lambda unit: unit.copies.find("iia"))) == 1


async def test_confirming_moves_confirmed_at_of_live_copies_alone(store: Store):
    await save(store, a_copy("a"), a_copy("b"), a_copy("gone"), a_copy("a", of=BRAVA))
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["gone"], minutes(1)))

    confirmed = await store.write(
        lambda unit: unit.copies.confirm(ALDERTON, US, ["a", "gone", "never-there", "a"], minutes(2))
    )

    assert confirmed == 1
    assert (await get(store, "a")).confirmed_at == minutes(2)
    assert (await get(store, "a")).changed_at == NOON
    assert (await get(store, "b")).confirmed_at == NOON
    assert (await get(store, "gone")).confirmed_at == NOON
    other = await store.read(lambda unit: unit.copies.get(BRAVA, US, "a"))
    assert other is not None
    assert other.confirmed_at == NOON


async def test_gone_ids_stay_burnt(store: Store):
    await save(store, a_copy("a"), a_copy("b"))

    gone = await store.write(
        lambda unit: unit.copies.mark_gone(ALDERTON, US, ["b", "a", "never-there"], minutes(1))
    )
    again = await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["a"], minutes(2)))

    assert gone == ["a", "b"]
    assert again == []
    stored = await get(store, "a")
    assert stored.gone_at == minutes(1)
    assert not stored.live
    assert await store.read(lambda unit: unit.copies.of_partner(ALDERTON, US)) == []
    assert len(await store.read(lambda unit: unit.copies.of_partner(ALDERTON, US, live_only=False))) == 2
    assert await store.read(lambda unit: unit.copies.ids_of_partner(ALDERTON, US)) == set()


async def test_a_gone_copy_that_comes_back_unchanged_is_live_again_and_counts_as_changed(store: Store):
    await save(store, a_copy())
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["iia-1"], minutes(1)))

    changed = await save(store, a_copy(), at=minutes(2))

    assert changed == ["iia-1"]
    assert await get(store) == StoredCopy(a_copy(), NOON, NOON, minutes(2), None)


async def test_a_gone_copy_that_comes_back_with_another_text_keeps_its_absence_in_the_history(store: Store):
    await save(store, a_copy())
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["iia-1"], minutes(1)))

    await save(store, a_copy(in_effect=False), at=minutes(2))

    history = await store.read(lambda unit: unit.copies.history(ALDERTON, US, "iia-1"))
    assert (await get(store)).live
    assert [row.gone_at for row in history] == [minutes(1)]


async def test_histories_of_the_same_id_at_two_partners_are_apart(store: Store):
    await save(store, a_copy(), a_copy(of=BRAVA))
    await save(store, a_copy(of=BRAVA, in_effect=False), at=minutes(1))

    assert await store.read(lambda unit: unit.copies.history(ALDERTON, US, "iia-1")) == []
    assert len(await store.read(lambda unit: unit.copies.history(BRAVA, US, "iia-1"))) == 1


async def test_find_gives_every_copy_with_the_id_or_listing_it_ours_first(store: Store):
    await save(
        store,
        a_copy("theirs", partner_iia_id="x-1"),
        a_copy("x-1", of=BRAVA),
        a_copy("x-1", of=BRAVA, holder=US),
        a_copy("other"),
    )
    await store.write(lambda unit: unit.copies.mark_gone(BRAVA, US, ["x-1"], minutes(1)))

    found = await store.read(lambda unit: unit.copies.find("x-1"))

    assert [(row.copy.holder_hei_id, row.copy.iia_id, row.live) for row in found] == [
        (US, "x-1", True),
        (ALDERTON, "theirs", True),
        (BRAVA, "x-1", False),
    ]


async def test_copies_of_a_partner_come_in_the_order_of_their_ids(store: Store):
    await save(store, a_copy("b"), a_copy("B"), a_copy("a-1"), a_copy("a_1"), a_copy("ä"))

    found = await store.read(lambda unit: unit.copies.of_partner(ALDERTON, US))

    assert [row.copy.iia_id for row in found] == ["B", "a-1", "a_1", "b", "ä"]


async def test_confirming_by_document_leaves_out_what_stands_elsewhere_by_now(store: Store):
    known = DocumentRef(digest("known"), "ewp.iias.v7")
    await save(store, a_copy("a", document=known), a_copy("b"))

    confirmed = await store.write(
        lambda unit: unit.copies.confirm(ALDERTON, US, ["a", "b"], minutes(2), known.sha256)
    )

    assert confirmed == 1
    assert (await get(store, "a")).confirmed_at == minutes(2)
    assert (await get(store, "b")).confirmed_at == NOON


async def test_copies_to_refresh_are_those_not_confirmed_since_longest_first(store: Store):
    await save(store, a_copy("new"), at=minutes(9))
    await save(store, a_copy("old"), a_copy("gone"), at=minutes(1))
    await save(store, a_copy("older"), at=minutes(0))
    await save(store, a_copy("older", of=BRAVA), at=minutes(0))
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["gone"], minutes(2)))

    def stale(limit: int) -> object:
        return lambda unit: unit.copies.ids_to_refresh(ALDERTON, US, minutes(5), limit)

    assert await store.read(stale(10)) == ["older", "old"]
    assert await store.read(stale(1)) == ["older"]


async def test_holders_with_a_copy_to_refresh_are_named_once(store: Store):
    await save(store, a_copy("old"), a_copy("older"), at=minutes(1))
    await save(store, a_copy("new", of=BRAVA), at=minutes(9))
    await save(store, a_copy("gone", of=BRAVA), at=minutes(1))
    await store.write(lambda unit: unit.copies.mark_gone(BRAVA, US, ["gone"], minutes(2)))

    def among(*holders: str) -> object:
        return lambda unit: unit.copies.holders_to_refresh(holders, US, minutes(5))

    assert await store.read(among(ALDERTON, BRAVA, US)) == {ALDERTON}
    assert await store.read(among(BRAVA)) == set()
    assert await store.read(among()) == set()


async def test_the_partners_of_a_holder_are_those_of_its_live_copies(store: Store):
    await save(store, a_copy("a"), a_copy("b"), a_copy("a", of=BRAVA))
    await store.write(lambda unit: unit.copies.mark_gone(BRAVA, US, ["a"], minutes(2)))

    assert await store.read(lambda unit: unit.copies.partners_of(ALDERTON)) == {US}
    assert await store.read(lambda unit: unit.copies.partners_of(BRAVA)) == set()


async def test_listing_gives_the_live_copies_that_list_an_id(store: Store):
    await save(
        store,
        a_copy("split-1", partner_iia_id="ours"),
        a_copy("split-2", partner_iia_id="ours"),
        a_copy("gone", partner_iia_id="ours"),
        a_copy("other", partner_iia_id="ours-2"),
        a_copy("elsewhere", of=BRAVA, partner_iia_id="ours"),
    )
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["gone"], minutes(1)))

    found = await store.read(lambda unit: unit.copies.listing(ALDERTON, US, "ours"))

    assert [row.copy.iia_id for row in found] == ["split-1", "split-2"]


async def test_local_copies_are_those_that_we_hold(store: Store):
    await save(store, a_copy("a", holder=US), a_copy("b", of=BRAVA, holder=US), a_copy("theirs"))
    await store.write(lambda unit: unit.copies.mark_gone(US, BRAVA, ["b"], minutes(1)))

    live = await store.read(lambda unit: unit.copies.local())
    every = await store.read(lambda unit: unit.copies.local(live_only=False))

    assert [row.copy.iia_id for row in live] == ["a"]
    assert [row.copy.iia_id for row in every] == ["a", "b"]


async def test_partners_are_every_hei_with_which_a_copy_exists(store: Store):
    await save(store, a_copy("a", holder=US), a_copy("b", of=BRAVA))
    await store.write(lambda unit: unit.copies.mark_gone(BRAVA, US, ["b"], minutes(1)))

    assert await store.read(lambda unit: unit.copies.partner_hei_ids()) == {ALDERTON, BRAVA}


async def test_the_current_document_is_the_one_that_all_copies_asked_for_stand_in(store: Store):
    old = digest("old")
    both = [a_copy(iia_id, document=DocumentRef(old, "ewp.iias.v7", i)) for i, iia_id in enumerate("ab")]
    await save(store, *both, a_copy("c"))

    async def current(*ids: str, of: HeiId = ALDERTON) -> str | None:
        [known] = await store.read(lambda unit: unit.copies.current_documents(of, US, [ids]))
        return None if known is None else known.sha256

    assert await current("b", "a") == await current("a") == await current("a", "a") == old
    assert await current("c") == digest("documentc")
    assert await current("a", "b", "c") is None
    assert await current("a", "never-there") is None
    assert await current() is None

    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["a"], minutes(1)))

    assert await current("a", "b") is None
    assert await current("b") == old
    assert await current("b", of=BRAVA) is None


async def test_a_document_that_is_kept_is_known_by_its_fingerprint(store: Store):
    body = b"<kept/>"
    kept, lost = DocumentRef(sha256_of(body), "ewp.iias.v7"), DocumentRef(digest("lost"), "ewp.iias.v7")
    await store.write(lambda unit: unit.copies.put_documents(documents(body)))
    await save(store, a_copy("a", document=kept), a_copy("b", document=lost))

    async def known(iia_id: str) -> KnownDocument | None:
        [found] = await store.read(lambda unit: unit.copies.current_documents(ALDERTON, US, [[iia_id]]))
        return found

    assert await known("a") == KnownDocument(kept.sha256, fingerprint(body))
    assert await known("b") == KnownDocument(lost.sha256, None)


async def test_more_ids_than_one_statement_takes_are_looked_up_in_several(store: Store):
    ids = [f"iia-{number:04}" for number in range(1100)]
    together = DocumentRef(digest("together"), "ewp.iias.v7")
    await save(store, *(a_copy(iia_id, document=together) for iia_id in ids))

    half, ends = ids[::2], [ids[0], ids[-1]]

    known = await store.read(
        lambda unit: unit.copies.current_documents(ALDERTON, US, [ids, half, [], ids[:3]])
    )
    far = await store.read(lambda unit: unit.copies.current_documents(ALDERTON, US, [ends, [*ends, "x"]]))
    found = await store.read(lambda unit: unit.copies.some(ALDERTON, US, [*reversed(ids), "not-there"]))

    one = KnownDocument(together.sha256)
    assert known == [one, one, None, one]
    assert far == [one, None]
    assert [row.copy.iia_id for row in found] == ids


async def test_several_copies_are_found_at_once_live_or_gone(store: Store):
    await save(store, a_copy("a"), a_copy("b"), a_copy("c"), a_copy("b", of=BRAVA))
    await store.write(lambda unit: unit.copies.mark_gone(ALDERTON, US, ["b"], minutes(1)))

    found = await store.read(lambda unit: unit.copies.some(ALDERTON, US, ["c", "b", "x", "c"]))

    assert [(row.copy.iia_id, row.live) for row in found] == [("b", False), ("c", True)]
    assert await store.read(lambda unit: unit.copies.some(ALDERTON, US, [])) == []


@pytest.mark.parametrize("body", [b"<a/>", bytes(range(256)) * 3, "<å>𝄞</å>".encode() * 100_000], ids=len)
async def test_a_document_is_kept_byte_for_byte(store: Store, body: bytes):
    await store.write(lambda unit: unit.copies.put_documents(documents(body, b"another")))

    sha256 = sha256_of(body)
    assert await store.read(lambda unit: unit.copies.document(sha256)) == body


async def test_a_document_kept_already_may_be_put_again(store: Store):
    await store.write(lambda unit: unit.copies.put_documents(documents(b"one")))
    await store.write(lambda unit: unit.copies.put_documents(documents(b"one", b"two")))

    assert await store.read(lambda unit: unit.copies.document(sha256_of(b"one"))) == b"one"
    assert await store.read(lambda unit: unit.copies.document(sha256_of(b"two"))) == b"two"
    assert await store.read(lambda unit: unit.copies.document(sha256_of(b"three"))) is None


async def test_documents_are_kept_compressed(backend: Backend):
    if backend.name == "memory":
        pytest.skip("in memory documents are kept as they are")
    body = b"<cooperation-conditions>" * 1000
    await backend.open().write(lambda unit: unit.copies.put_documents(documents(body)))

    backend.execute("DELETE FROM documents WHERE length(body) < 1000 AND length = 24000")

    assert await backend.open().read(lambda unit: unit.copies.document(sha256_of(body))) is None
