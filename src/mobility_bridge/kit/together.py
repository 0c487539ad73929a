"""Doing together what comes in while something is being done: many small units of work become a few larger ones."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST: Final = 64
"""Items done together: their results wait for the slowest, and what fails is done again one by one."""


class Together(Generic[Item, Result]):
    """Gives what is put in to `work`, one call at a time, in the order in which it came.

    Nothing waits for company: what comes in while `work` is busy goes together when it is done. `work` returns a
    result for each item. If it raises for several, each of them is tried alone, so that no item has another's error.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._worker: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Result:
        """Have an item done; returns or raises what came of it."""
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, result))
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())
        return await result

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                if not await self._done(batch) and len(batch) > 1:
                    for one in batch:
                        await self._done([one])
        finally:
            self._worker = None

    async def _done(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> bool:
        """Do a batch and tell those who wait; of an error only one who is alone is told."""
        (outcome,) = await asyncio.gather(self._work([item for item, _ in batch]), return_exceptions=True)
        if isinstance(outcome, BaseException):
            if len(batch) == 1 and not batch[0][1].done():
                batch[0][1].set_exception(outcome)
            return False
        for (_, waiting), result in zip(batch, outcome, strict=True):
            if not waiting.done():  # nobody waits any more when the one who put it in was cancelled
                waiting.set_result(result)
        return True
