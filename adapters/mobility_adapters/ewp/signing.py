"""Signing in a thread beside the event loop: RSA lets go of the interpreter while it computes."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final

from mobility_adapters.ewp import httpsig
from mobility_adapters.ewp.keys import SigningKey

ENOUGH: Final = 2
"""What the thread has to do at most: one signature under way and one behind it. What comes on top, the loop signs
itself. It would only wait, and with a second core taken by those who answer, waiting costs more than signing."""

_Job = tuple["asyncio.Future[str]", bytes]


class Signer:
    """Signs with one key for one event loop, with a thread's help. The thread ends with `close`, or with the process.

    An executor would do the same, but its futures take a tenth of the time that a signature takes, and all of
    that is time in which the event loop stands still. For the same reason the loop is told once of all that is
    done, not of each.
    """

    def __init__(self, key: SigningKey) -> None:
        self._key = key.private_key
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._done: deque[tuple[Callable[[Any], None], asyncio.Future[str], Any]] = deque()
        self._told = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._helped = False
        self._under_way = 0

    async def sign(self, text: bytes) -> str:
        """Return the signature over `text` in base64."""
        if self._under_way >= ENOUGH:
            return httpsig.sign_text(self._key, text)
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._told = loop, False
        if not self._helped:
            self._helped = True
            self._start()
        signature: asyncio.Future[str] = loop.create_future()
        self._under_way += 1
        try:
            self._jobs.put((signature, text))
            return await signature
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Let the thread go when it has signed what waits."""
        if self._helped:
            self._helped = False
            self._jobs.put(None)

    def _start(self) -> None:
        threading.Thread(target=self._help, name="ewp-sign", daemon=True).start()

    def _help(self) -> None:
        while (job := self._jobs.get()) is not None:
            signature, text = job
            try:
                found = httpsig.sign_text(self._key, text)
            except BaseException as error:
                self._hand_over(signature.set_exception, signature, error)
                self._start()  # another goes on with what waits
                raise
            self._hand_over(signature.set_result, signature, found)

    def _hand_over(self, give: Callable[[Any], None], signature: "asyncio.Future[str]", what: Any) -> None:
        self._done.append((give, signature, what))
        loop = self._loop
        if not self._told and loop is not None and not loop.is_closed():
            self._told = True
            loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._told = False  # first: what comes from now on tells anew
        while self._done:
            give, signature, what = self._done.popleft()
            if not signature.done():  # nobody waits any more when the call was cancelled
                give(what)
