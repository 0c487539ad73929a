"""Units of work: what every store promises about writing, reading and failing."""

import asyncio

import pytest
from tests.support.stores import ALDERTON, BRAVA, NOON, US, Backend, a_copy, an_exchange, digest, minutes

from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import Store, UnitOfWork


def count(unit: UnitOfWork) -> int:
    return int(unit.cursor("count") or 0)


def add_one(unit: UnitOfWork) -> None:
    unit.set_cursor("count", str(count(unit) + 1))


async def test_a_cursor_is_kept_and_written_over(store: Store):
    assert await store.read(lambda unit: unit.cursor("mobility_online")) is None

    await store.write(lambda unit: unit.set_cursor("mobility_online", "17"))
    await store.write(lambda unit: unit.set_cursor("mobility_online", "18 åäö 𝄞"))

    assert await store.read(lambda unit: unit.cursor("mobility_online")) == "18 åäö 𝄞"


async def test_a_unit_of_work_returns_what_its_function_returns(store: Store):
    assert await store.write(lambda _: 42) == 42
    assert await store.read(lambda _: "read") == "read"


async def test_an_exception_rolls_everything_back(store: Store):
    await store.write(lambda unit: unit.copies.save([a_copy("before")], NOON))

    def half(unit: UnitOfWork) -> None:
        unit.copies.put_documents({digest("<document/>"): b"<document/>"})
        unit.copies.save([a_copy("before", in_effect=False), a_copy("new")], minutes(1))
        unit.copies.mark_gone(ALDERTON, US, ["before"], minutes(1))
        unit.evidence.append([an_exchange()])
        unit.work.mark_dirty(ALDERTON, ["before"], minutes(1), "test")
        unit.set_cursor("count", "1")
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await store.write(half)

    def look(unit: UnitOfWork) -> None:
        stored = unit.copies.get(ALDERTON, US, "before")
        assert stored is not None
        assert stored.copy == a_copy("before")
        assert stored.live
        assert unit.copies.history(ALDERTON, US, "before") == []
        assert unit.copies.get(ALDERTON, US, "new") is None
        assert unit.evidence.count() == 0
        assert unit.work.dirty() == []
        assert unit.cursor("count") is None

    await store.read(look)


async def test_a_store_goes_on_after_units_of_work_that_failed(store: Store):
    def interrupted(unit: UnitOfWork) -> None:
        add_one(unit)
        raise KeyError

    for _ in range(3):
        with pytest.raises(KeyError):
            await store.write(interrupted)
    await store.write(add_one)

    assert await store.read(count) == 1


async def test_a_unit_of_work_sees_what_it_has_written_itself(store: Store):
    def work(unit: UnitOfWork) -> set[str]:
        unit.copies.save([a_copy("a"), a_copy("b")], NOON)
        unit.copies.mark_gone(ALDERTON, US, ["a"], minutes(1))
        return unit.copies.ids_of_partner(ALDERTON, US)

    assert await store.write(work) == {"b"}


async def test_a_read_may_not_write(store: Store):
    with pytest.raises(StoreError):
        await store.read(lambda unit: unit.set_cursor("count", "1"))

    assert await store.read(lambda unit: unit.cursor("count")) is None


async def test_a_read_sees_one_state_while_another_writes(backend: Backend):
    if backend.name == "memory":
        pytest.skip("in memory a unit of work has the store to itself")
    reader, writer = backend.open(), backend.open()
    loop = asyncio.get_running_loop()

    def look_twice(unit: UnitOfWork) -> tuple[int, int]:
        before = count(unit)
        asyncio.run_coroutine_threadsafe(writer.write(add_one), loop).result(timeout=10)
        return before, count(unit)

    assert await reader.read(look_twice) == (0, 0)
    assert await reader.read(count) == 1


async def test_concurrent_tasks_never_lose_an_update(store: Store):
    await asyncio.gather(*(store.write(add_one) for _ in range(40)))

    assert await store.read(count) == 40


async def test_two_writers_on_one_store_never_lose_an_update(backend: Backend):
    first, second = backend.open(), backend.open()

    async def many(store: Store) -> None:
        for _ in range(20):
            await store.write(add_one)

    await asyncio.gather(many(first), many(second))

    assert await first.read(count) == 40


async def test_readers_and_a_writer_work_at_the_same_time(store: Store):
    async def read_often() -> list[int]:
        return [await store.read(count) for _ in range(20)]

    async def write_often() -> None:
        for _ in range(20):
            await store.write(add_one)

    *seen, _ = await asyncio.gather(*(read_often() for _ in range(4)), write_often())

    assert all(numbers == sorted(numbers) for numbers in seen)
    assert await store.read(count) == 20


async def test_what_was_written_is_there_after_opening_again(backend: Backend):
    first = backend.open()
    await first.write(lambda unit: unit.copies.save([a_copy(of=BRAVA)], NOON))
    if backend.name != "memory":
        await first.close()

    stored = await backend.open().read(lambda unit: unit.copies.get(BRAVA, US, "iia-1"))

    assert stored is not None
    assert stored.copy == a_copy(of=BRAVA)


async def test_closing_twice_is_harmless(store: Store):
    await store.close()
    await store.close()
