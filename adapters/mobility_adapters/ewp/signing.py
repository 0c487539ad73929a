"""Signing in threads beside the event loop: RSA lets go of the interpreter while it computes."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

from mobility_adapters.ewp import httpsig
from mobility_adapters.ewp.keys import SigningKey

THREADS: Final = 2
"""A second thread signs while the first hands over; more have nothing to do."""

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[str]", bytes]


class Signers:
    """Threads that sign with one key, started when needed. They end with `close`, or with the process.

    An executor would do the same, but its futures take a tenth of the time that a signature takes, and all of
    that is time in which the event loop stands still.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key.private_key
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads = 0
        self._under_way = 0

    async def sign(self, text: bytes) -> str:
        """Return the signature over `text` in base64."""
        if self._threads < THREADS and self._threads <= self._under_way:
            self._threads += 1
            threading.Thread(target=self._work, name=f"ewp-sign-{self._threads}", daemon=True).start()
        loop = asyncio.get_running_loop()
        signature: asyncio.Future[str] = loop.create_future()
        self._under_way += 1
        try:
            self._jobs.put((loop, signature, text))
            return await signature
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Let the threads go when they have signed what waits."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            loop, signature, text = job
            try:
                found = httpsig.sign_text(self._key, text)
            except BaseException as error:
                self._threads -= 1
                _hand_over(loop, signature, signature.set_exception, error)
                raise
            _hand_over(loop, signature, signature.set_result, found)


def _hand_over(
    loop: asyncio.AbstractEventLoop, signature: "asyncio.Future[str]", give: Callable[[Any], None], what: Any
) -> None:
    def settle() -> None:
        if not signature.done():  # nobody waits any more when the call was cancelled
            give(what)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
