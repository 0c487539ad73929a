"""Where answers are read: on the spot, or in a thread that is thrown away when it has seen too much nonsense.

libxml2 keeps every element and attribute name that it has ever met, and gives them back only with the thread that
met them. Valid documents share a few hundred names; one made up for the purpose brings a million, and a partner that
sends one every hour would fill memory within days.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mobility_bridge.errors import InvalidDocument

ON_THE_SPOT_BYTES: Final = 256 * 1024
"""Answers from this size on are read in a thread, so that the others are not kept waiting."""

PATIENCE_BYTES: Final = 4 << 20
"""So much nonsense is read on the spot in all, and by one thread; memory grows by a few times as much."""

T = TypeVar("T")
Work = Callable[[], tuple[T, bool]]
"""Reads a document; says whether it was as it should be. May raise InvalidDocument."""


class Readers:
    """Reads answers for one client. Long ones are read one at a time: a tree takes several times its document."""

    def __init__(self) -> None:
        self._patience_here = PATIENCE_BYTES
        self._patience_there = PATIENCE_BYTES
        self._thread: ThreadPoolExecutor | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, size: int, work: Work[T]) -> T:
        """Have a document of so many bytes read. Raises what `work` raises."""
        if size < ON_THE_SPOT_BYTES and self._patience_here > 0:
            found, nonsense = _tried(work)
            self._patience_here -= size if nonsense else 0
            return found()
        async with self._one_at_a_time:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="ewp-read")
            found, nonsense = await asyncio.get_running_loop().run_in_executor(self._thread, _tried, work)
            self._patience_there -= size if nonsense else 0
            if self._patience_there <= 0:
                self.close()
        return found()

    def close(self) -> None:
        """Let the thread go, and with it what it holds."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)
        self._thread, self._patience_there = None, PATIENCE_BYTES


def _tried(work: Work[T]) -> tuple[Callable[[], T], bool]:
    """Do it; return how to get what came of it, and whether it was nonsense."""
    try:
        found, good = work()
    except InvalidDocument as error:
        refusal = error.alone()  # its frames hold the tree

        def refuse() -> T:
            raise refusal

        return refuse, True
    return lambda: found, not good
