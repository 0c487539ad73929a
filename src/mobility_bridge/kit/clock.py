"""The machine's clock, also set back. The only place that asks the operating system for the time."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Implements `ports.ambient.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class ShiftedClock(SystemClock):
    """The machine's clock set back, so that weeks of a story pass in seconds. Sleeping stays real."""

    def __init__(self, behind: timedelta = timedelta()) -> None:
        self.behind = behind

    def now(self) -> datetime:
        return super().now() - self.behind
