"""The evidence log: what every store promises about exchanges."""

import asyncio
from typing import Any

import pytest
from tests.support.stores import ALDERTON, BRAVA, Backend, an_exchange, minutes
from zstandard import ZstdCompressor

from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.kit.bodies import Packed
from mobility_bridge.ports.store import Store
from mobility_bridge.store.chain import START, ChainEnd, ChainFault, sha256_of, verify
from mobility_bridge.store.memory import MemoryStore


async def append(store: Store, *exchanges: Exchange) -> list[int]:
    return list(await store.write(lambda unit: unit.evidence.append(exchanges)))


async def faults(store: Store) -> list[tuple[int, ChainFault]]:
    records = await store.read(lambda unit: unit.evidence.scan())
    return [(found.sequence, found.fault) for found in verify(records)[1]]


async def test_exchanges_are_numbered_from_one_in_order(store: Store):
    assert await append(store) == []
    assert await append(store, an_exchange(), an_exchange()) == [1, 2]
    assert await append(store, an_exchange()) == [3]
    assert await store.read(lambda unit: unit.evidence.count()) == 3


async def test_every_fact_of_an_exchange_comes_back_as_it_was(store: Store):
    exchange = an_exchange(
        body="<svar>åäö 𝄞</svar>".encode() * 500,
        url="https://alderton.example/ewp?a=%C3%A5&b=1",
        request_body=bytes(range(256)),
        request_headers={"x-b": "2", "x-a": "å", "accept": ""},
        response_headers={"signature": 'keyId="abc",algorithm="rsa-sha256"'},
        status=502,
        truncated=True,
        verification=Verification.FAILED,
        failure="digest_wrong",
        duration_s=0.1 + 0.2,
    )
    bare = an_exchange(b"", hei_id=None, status=None, verification=Verification.NO_RESPONSE, request_body=b"")

    await append(store, exchange, bare)

    first = await store.read(lambda unit: unit.evidence.get(1))
    second = await store.read(lambda unit: unit.evidence.get(2))
    assert first is not None
    assert second is not None
    assert first.exchange == exchange
    assert (first.body_sha256, first.body_length) == (sha256_of(exchange.body), len(exchange.body))
    assert second.exchange == bare
    assert (second.body_sha256, second.body_length) == (sha256_of(b""), 0)
    assert await store.read(lambda unit: unit.evidence.get(3)) is None


async def test_a_long_body_that_comes_packed_is_kept_as_any_other(store: Store):
    body = b"<long>" + bytes(range(256)) * 20_000
    packer = ZstdCompressor().compressobj()
    packed = Packed(packer.compress(body) + packer.flush(), sha256_of(body), len(body))

    await append(store, an_exchange(b"", packed=packed, truncated=True), an_exchange(body))

    for sequence in (1, 2):
        found = await store.read(lambda unit, it=sequence: unit.evidence.get(it))
        assert found is not None
        assert (found.exchange.body, found.exchange.packed) == (body, None)
        assert (found.body_sha256, found.body_length) == (sha256_of(body), len(body))
    assert await faults(store) == []


async def test_the_same_body_is_kept_once_and_shared_with_the_copies(store: Store):
    await append(store, an_exchange(b"<same/>"), an_exchange(b"<same/>"))

    assert await store.read(lambda unit: unit.copies.document(sha256_of(b"<same/>"))) == b"<same/>"


async def test_the_chain_verifies_and_continues_across_pieces(store: Store):
    await append(store, *(an_exchange(b"<a/>", received_at=minutes(n)) for n in range(7)))
    await append(store, an_exchange(b"<b/>"))

    end = START
    for start in (1, 4, 7):
        records = await store.read(lambda unit, start=start: unit.evidence.scan(start, 3))
        end, breaks = verify(records, end)
        assert breaks == []

    last = await store.read(lambda unit: unit.evidence.get(8))
    assert last is not None
    assert end == ChainEnd(8, last.record_hash)


async def test_select_gives_the_newest_first_without_bodies(store: Store):
    await append(store, an_exchange(), an_exchange(hei_id=BRAVA), an_exchange())

    async def found(**chosen: Any) -> list[int]:
        records = await store.read(lambda unit: unit.evidence.select(**chosen))
        assert all(record.exchange.body == b"" for record in records)
        return [record.sequence for record in records]

    assert await found() == [3, 2, 1]
    assert await found(limit=2) == [3, 2]
    assert await found(partner=ALDERTON) == [3, 1]
    assert await found(partner=BRAVA) == [2]
    assert await found(before=3) == [2, 1]
    assert await found(before=3, partner=ALDERTON, limit=1) == [1]
    assert await found(before=1) == []


async def test_select_looks_for_text_in_the_url_and_the_request_body(store: Store):
    await append(
        store,
        an_exchange(request_body=b"iia_id=Needle-1&x=100%"),
        an_exchange(url="https://alderton.example/?iia_id=Needle-1", request_body=b""),
        an_exchange(b"Needle-1 in the answer does not count", request_body=b"iia_id=needle-1"),
    )

    async def found(text: str) -> list[int]:
        return [record.sequence for record in await store.read(lambda unit: unit.evidence.select(text=text))]

    assert await found("Needle-1") == [2, 1]
    assert await found("100%") == [1]
    assert await found("ee_le") == []


async def test_what_is_rolled_back_leaves_no_gap(store: Store):
    def fail(unit: Any) -> None:
        unit.evidence.append([an_exchange(b"lost")])
        raise LookupError

    await append(store, an_exchange())
    with pytest.raises(LookupError):
        await store.write(fail)

    assert await append(store, an_exchange()) == [2]
    assert await faults(store) == []


async def test_concurrent_appends_make_one_chain(backend: Backend):
    stores = [backend.open(), backend.open()]

    numbers = await asyncio.gather(
        *(append(store, an_exchange(), an_exchange()) for store in stores for _ in range(10))
    )

    assert sorted(number for pair in numbers for number in pair) == list(range(1, 41))
    assert await faults(stores[0]) == []


@pytest.mark.parametrize(
    ("statement", "shows"),
    [
        (
            "UPDATE evidence SET url = 'https://elsewhere.example/' WHERE sequence = 2",
            [(2, ChainFault.CHANGED)],
        ),
        ("UPDATE evidence SET status = 404 WHERE sequence = 2", [(2, ChainFault.CHANGED)]),
        ("UPDATE evidence SET received_at = received_at + 1 WHERE sequence = 3", [(3, ChainFault.CHANGED)]),
        ("DELETE FROM evidence WHERE sequence = 2", [(3, ChainFault.MISSING)]),
        ("DELETE FROM evidence WHERE sequence = 1", [(2, ChainFault.MISSING)]),
        ("UPDATE evidence SET body_sha256 = previous_hash WHERE sequence = 2", [(2, ChainFault.CHANGED)]),
        (
            "UPDATE documents SET body = sha256 WHERE length = 4",
            [(n, ChainFault.BODY_CHANGED) for n in (1, 2, 3)],
        ),
        ("UPDATE evidence SET response_headers = 'x' WHERE sequence = 1", [(1, ChainFault.CHANGED)]),
        ("UPDATE documents SET body = NULL, length = 0", []),
        ("DELETE FROM documents", []),
    ],
    ids=[
        "url",
        "status",
        "time",
        "removed",
        "first-removed",
        "other-body",
        "damaged-body",
        "damaged-headers",
        "erased",
        "erased-row",
    ],
)
async def test_tampering_shows_and_erasing_does_not(
    backend: Backend, statement: str, shows: list[tuple[int, ChainFault]]
):
    if backend.name == "memory":
        pytest.skip("memory has no back door")
    store = backend.open()
    await append(store, an_exchange(b"<a/>"), an_exchange(b"<b/>"), an_exchange(b"<c/>"))

    backend.execute(statement)

    assert await faults(store) == shows


async def test_a_body_that_was_erased_is_kept_again_when_it_is_received_again(backend: Backend):
    if backend.name == "memory":
        pytest.skip("memory has no back door")
    store = backend.open()
    await append(store, an_exchange(b"<a/>"))
    backend.execute("UPDATE documents SET body = NULL")
    erased = await store.read(lambda unit: unit.evidence.get(1))

    await append(store, an_exchange(b"<a/>"))

    again = await store.read(lambda unit: unit.evidence.get(2))
    assert erased is not None
    assert erased.exchange.body == b""
    assert again is not None
    assert again.exchange.body == b"<a/>"


async def test_a_scan_of_large_bodies_stops_early_and_can_be_gone_on_with(store: Store):
    await append(store, *(an_exchange(bytes([n]) * (24 << 20)) for n in range(4)))

    seen: list[int] = []
    pages = []
    while page := await store.read(lambda unit: unit.evidence.scan(len(seen) + 1)):
        seen.extend(record.sequence for record in page)
        pages.append(sum(record.body_length for record in page))

    assert seen == [1, 2, 3, 4]
    if not isinstance(store, MemoryStore):  # which holds them anyhow
        assert max(pages) < 96 << 20
