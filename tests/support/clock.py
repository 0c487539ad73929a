"""A clock that tests move: hours pass in milliseconds."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Implements `ports.ambient.Clock`. Sleeping moves it on at once, or when `advance` says so."""

    def __init__(self, start: datetime | None = None, *, manual: bool = False) -> None:
        self._now = start or datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self._monotonic = 1000.0
        self._manual = manual
        self._moved = asyncio.Condition()
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if not self._manual:
            self.move(seconds)
            await asyncio.sleep(0)
            return
        until = self._monotonic + seconds
        async with self._moved:
            await self._moved.wait_for(lambda: self._monotonic >= until)

    def move(self, seconds: float) -> None:
        """Move on without waking sleepers."""
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds

    async def advance(self, seconds: float) -> None:
        """Move on and wake the sleepers whose time has come (a manual clock)."""
        self.move(seconds)
        async with self._moved:
            self._moved.notify_all()
        await asyncio.sleep(0)


class HurriedClock:
    """Implements `ports.ambient.Clock`: `pace` of its seconds pass in one of the machine's."""

    def __init__(self, pace: float, start: datetime | None = None) -> None:
        self.pace = pace
        self._start = start or datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self.pace

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.pace)
