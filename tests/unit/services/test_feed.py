"""Reading on while pages are committed: in their order, one unit of work at a time, nothing left under way."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.support.student_world import ADMITTED, KNOWN, World, a_world

from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.errors import StoreError, Unreachable
from mobility_bridge.ports.registry import FeedBatch, FeedEvent, FeedPosition
from mobility_bridge.services.feed import follow_feed

PAGES = 45
"""Twice as many as are committed together, and some."""


class SlowStore:
    """A store in which each commit takes until it is let go."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.under_way = self.most = self.begun = 0
        self.may_go = asyncio.Event()
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        self.begun += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await self.may_go.wait()
            if self.broken:
                raise StoreError("the disk is full")
            return await self._store.write(work)
        finally:
            self.under_way -= 1


@pytest.fixture
def world() -> World:
    return a_world()


def slowly(world: World, pages: AsyncIterator[FeedBatch]) -> tuple[Any, SlowStore]:
    """The context of a run that reads these pages into a slow store."""
    world.registry.events = lambda _: pages  # type: ignore[method-assign]
    store = SlowStore(world.bridge.store)
    return replace(world.bridge.context, store=store), store


async def paged(
    read: list[int], *, error: Exception | None = None, never: bool = False
) -> AsyncIterator[FeedBatch]:
    """Pages of one event each, as far as there are any."""
    for page in range(1, PAGES + 1):
        fact = (KNOWN, ADMITTED)[page % 2]
        event = FeedEvent(LadokUid(f"event-{page}"), f"entry-{page}", page, "E", fact.as_of, (fact,))
        read.append(page)
        more = page < PAGES or error is not None or never
        yield FeedBatch((event,), FeedPosition(page, f"entry-{page}"), page, 1, more=more)
        await asyncio.sleep(0)
    if error is not None:
        raise error
    if never:
        await asyncio.Event().wait()


async def until(there: Callable[[], bool]) -> None:
    for _ in range(1000):
        if there():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


async def held(world: World) -> FeedPosition:
    cursor = await world.bridge.store.read(lambda uow: uow.cursor("ladok.feed"))
    assert cursor is not None
    return FeedPosition.parse(cursor)


async def test_the_next_pages_are_read_while_those_before_are_committed(world: World) -> None:
    read: list[int] = []
    context, store = slowly(world, paged(read))
    run = asyncio.create_task(follow_feed(context))
    await until(lambda: len(read) == 40)
    assert (store.begun, store.under_way) == (1, 1), "no second one begins before the first is kept"
    await asyncio.sleep(0.01)
    assert len(read) == 40, "and no more is read than one commit's worth ahead"
    store.may_go.set()
    report = await run
    assert (report.pages, report.events, store.most) == (PAGES, PAGES, 1)
    assert await held(world) == FeedPosition(PAGES, f"entry-{PAGES}")


async def test_what_was_read_before_the_registry_failed_is_kept(world: World) -> None:
    context, store = slowly(world, paged([], error=Unreachable("gone", system="ladok", reason="timeout")))
    store.may_go.set()
    report = await follow_feed(context)
    assert (report.pages, report.error is not None) == (PAGES, True)
    assert (await held(world)).page == PAGES


async def test_a_store_that_fails_ends_the_run_and_the_position_stays(world: World) -> None:
    context, store = slowly(world, paged([]))
    store.broken = True
    store.may_go.set()
    with pytest.raises(StoreError, match="the disk is full"):
        await follow_feed(context)
    assert (store.begun, store.under_way) == (1, 0), "pages after those that are lost are not kept"
    assert await world.bridge.store.read(lambda uow: uow.cursor("ladok.feed")) is None


async def test_a_run_that_is_cancelled_leaves_no_commit_under_way(world: World) -> None:
    read: list[int] = []
    context, store = slowly(world, paged(read, never=True))
    run = asyncio.create_task(follow_feed(context))
    await until(lambda: len(read) == 40 and store.under_way == 1)
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert store.under_way == 0
    assert await world.bridge.store.read(lambda uow: uow.cursor("ladok.feed")) is None
