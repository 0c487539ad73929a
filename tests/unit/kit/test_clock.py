from datetime import UTC, datetime

from mobility_bridge.kit.clock import SystemClock


async def test_the_system_clock_tells_utc_and_moves_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()

    await clock.sleep(0.001)

    assert clock.now().tzinfo is UTC
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.monotonic() > before
