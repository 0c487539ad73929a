"""The machine's clock. The only place that asks the operating system for the time."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Implements `ports.ambient.Clock`."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
