import asyncio
from collections.abc import Sequence

import pytest

from mobility_bridge.kit.together import MOST, Together


class Work:
    """Doubles numbers, a while each time; refuses a batch with a negative one."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []

    async def __call__(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        await asyncio.sleep(0.01)
        if any(item < 0 for item in items):
            raise ValueError(f"{min(items)} is negative")
        return [2 * item for item in items]


async def test_what_comes_in_meanwhile_is_done_together_and_everyone_gets_its_own() -> None:
    work = Work()
    together = Together(work)

    assert await asyncio.gather(*(together.put(number) for number in range(5))) == [0, 2, 4, 6, 8]
    assert work.batches == [[0, 1, 2, 3, 4]]


async def test_one_call_is_under_way_at_a_time_with_so_many_items_at_most() -> None:
    work = Work()
    together = Together(work)
    first = asyncio.create_task(together.put(-0))
    await asyncio.sleep(0.005)

    await asyncio.gather(*(together.put(number) for number in range(MOST + 1)))
    await first

    assert [len(batch) for batch in work.batches] == [1, MOST, 1]


async def test_what_fails_fails_alone() -> None:
    work = Work()
    together = Together(work)

    found = await asyncio.gather(*(together.put(number) for number in (1, -2, 3)), return_exceptions=True)

    assert [found[0], found[2]] == [2, 6]
    assert str(found[1]) == "-2 is negative"
    assert work.batches == [[1, -2, 3], [1], [-2], [3]]
    assert await together.put(4) == 8


async def test_who_gave_up_waiting_holds_up_nobody() -> None:
    work = Work()
    together = Together(work)
    given_up = asyncio.create_task(together.put(1))
    await asyncio.sleep(0.005)
    given_up.cancel()

    assert await together.put(2) == 4
    with pytest.raises(asyncio.CancelledError):
        await given_up
