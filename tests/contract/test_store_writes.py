"""Writes to our own systems: what every store promises about them."""

from dataclasses import replace
from typing import Any

import pytest
from tests.support.stores import minutes

from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.write import Write, WriteState
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import Store


def a_write(key: str = "registration:ladok:adm:1", **facts: Any) -> Write:
    return replace(
        Write(
            write_id=0,
            key=key,
            kind="registration",
            field="term",
            to=System.LADOK,
            about="P1-1 HT26",
            order='{"period":1}',
            before="ej_paborjad",
            after="registrerad",
            asked_by="mobility-bridge",
            reason="REGISTRATION_MISSING",
            asked_at=minutes(0),
            student_id=StudentId("P1"),
            stay_id=StayId("P1-1"),
        ),
        **facts,
    )


async def ask(store: Store, key: str = "registration:ladok:adm:1", **facts: Any) -> Write:
    return await store.write(lambda uow: uow.writes.ask(a_write(key, **facts)))


async def save(store: Store, write: Write, **facts: Any) -> Write:
    changed = replace(write, **facts)
    await store.write(lambda uow: uow.writes.save(changed))
    return changed


async def test_a_write_is_kept_as_it_was_asked_for(store: Store):
    asked = await ask(store)
    assert asked == a_write(write_id=asked.write_id)
    assert await store.read(lambda uow: uow.writes.get(asked.write_id)) == asked
    assert await store.read(lambda uow: uow.writes.get(asked.write_id + 1)) is None


async def test_what_became_of_a_write_is_kept(store: Store):
    done = await save(
        store,
        await ask(store),
        state=WriteState.DONE,
        attempts=2,
        sent_at=minutes(1),
        ended_at=minutes(2),
        found="registrerad",
        detail="found done",
        evidence=(3, 4),
    )
    assert await store.read(lambda uow: uow.writes.get(done.write_id)) == done


async def test_a_write_about_no_student_is_kept(store: Store):
    asked = await ask(store, "course:NH1", to=System.MOBILITY_ONLINE, student_id=None, stay_id=None)
    assert await store.read(lambda uow: uow.writes.get(asked.write_id)) == asked


@pytest.mark.parametrize("state", [WriteState.QUEUED, WriteState.SENT])
async def test_of_one_key_only_one_write_is_open(store: Store, state: WriteState):
    first = await save(store, await ask(store), state=state)
    assert await ask(store, asked_by="kim", asked_at=minutes(5)) == first


@pytest.mark.parametrize("state", [state for state in WriteState if not state.open])
async def test_after_a_write_is_settled_another_may_be_asked_for(store: Store, state: WriteState):
    first = await save(store, await ask(store), state=state)
    second = await ask(store, asked_by="kim")
    assert second.write_id > first.write_id
    assert (second.asked_by, second.state) == ("kim", WriteState.QUEUED)


async def test_nothing_becomes_of_a_write_that_was_never_asked_for(store: Store):
    with pytest.raises(StoreError):
        await store.write(lambda uow: uow.writes.save(a_write(write_id=7)))


async def test_the_latest_of_each_key_is_told(store: Store):
    await save(store, await ask(store), state=WriteState.REFUSED)
    second = await ask(store)
    other = await ask(store, "other")
    found = await store.read(lambda uow: uow.writes.latest([second.key, "other", "none"]))
    assert found == {second.key: second, "other": other}


async def test_writes_are_selected_newest_first(store: Store):
    first = await save(store, await ask(store, "a"), state=WriteState.DONE)
    second = await ask(store, "b", kind="course", stay_id=None)
    third = await ask(store, "c", stay_id=StayId("P2-1"))

    async def select(**wanted: Any) -> list[Write]:
        return list(await store.read(lambda uow: uow.writes.select(**wanted)))

    assert await select() == [third, second, first]
    assert await select(limit=1) == [third]
    assert await select(states=[WriteState.QUEUED]) == [third, second]
    assert await select(kind="registration") == [third, first]
    assert await select(stay_id=StayId("P1-1")) == [first]


async def test_what_is_troubled_is_the_newest_of_a_key_that_is_neither_done_nor_moved(store: Store):
    await save(store, await ask(store, "refused, then done"), state=WriteState.REFUSED)
    await save(store, await ask(store, "refused, then done"), state=WriteState.DONE)
    await save(store, await ask(store, "moved"), state=WriteState.MOVED)
    refused = await save(store, await ask(store, "refused"), state=WriteState.REFUSED)
    refuted = await save(store, await ask(store, "refuted"), state=WriteState.REFUTED)
    waiting = await ask(store, "waiting")
    assert await store.read(lambda uow: list(uow.writes.troubled())) == [refused, refuted, waiting]


async def test_a_write_that_was_asked_for_in_a_failed_unit_of_work_is_not_there(store: Store):
    def fails(uow: Any) -> None:
        uow.writes.ask(a_write())
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError):
        await store.write(fails)
    assert await store.read(lambda uow: list(uow.writes.select())) == []
