"""How often we may ask, how long to wait when told to, and when nobody is to be alarmed.

Source: Ladok: status codes and limits; known trouble, closures.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from email.utils import parsedate_to_datetime
from typing import Final

from mobility_adapters.ladok.values import LOCAL_TIME
from mobility_bridge.ports.ambient import Clock

LONGEST_S: Final = 600.0
"""A longer wait is left to the next run."""


class Courtesy:
    """A bucket of calls: `burst` at once, refilled by `calls_per_s`. Everyone who asks waits in turn."""

    def __init__(self, calls_per_s: float, burst: int, clock: Clock) -> None:
        self._rate = calls_per_s
        self._burst = float(burst)
        self._clock = clock
        self._left = float(burst)
        self._filled_at = clock.monotonic()
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when the next call may be made."""
        async with self._turn:
            self._fill()
            if self._left < 1.0:
                await self._clock.sleep((1.0 - self._left) / self._rate)
                self._fill()
            self._left -= 1.0

    def _fill(self) -> None:
        now = self._clock.monotonic()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._rate)
        self._filled_at = now


@dataclass(frozen=True, slots=True)
class Closure:
    """A weekly time at which Ladok may be closed, in Swedish time. `weekday` counts from 0, Monday."""

    weekday: int
    starts: time
    ends: time

    def holds(self, now: datetime) -> bool:
        local = now.astimezone(LOCAL_TIME)
        if self.starts <= self.ends:
            return local.weekday() == self.weekday and self.starts <= local.time() < self.ends
        night = local.weekday() == self.weekday and local.time() >= self.starts
        return night or (local.weekday() == (self.weekday + 1) % 7 and local.time() < self.ends)


def closed(closures: Sequence[Closure], now: datetime) -> bool:
    """Whether an announced closure holds at this instant."""
    return any(closure.holds(now) for closure in closures)


def wait_after_429(retry_after: str | None, now: datetime, untold_s: float) -> float:
    """Seconds to wait: what the answer says, in seconds or as a date, else `untold_s`."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return max(1.0, float(text))
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return untold_s
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(1.0, (until - now).total_seconds())
