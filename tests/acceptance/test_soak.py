"""An hour of trouble leaves no trace that nobody can explain: the hour is passed by a clock that is moved."""

from pathlib import Path

import pytest
from tests.soak.compressed import hour, soaking
from tests.soak.invariants import broken, differences, wrong_lines


@pytest.mark.parametrize("seed", [1])
async def test_after_an_hour_of_trouble_and_its_end_the_bridge_says_what_a_fresh_one_says(
    tmp_path: Path, seed: int
) -> None:
    async with soaking(tmp_path / "sandbox", "clean") as soak:
        troubles = await hour(soak, seed)
        store = soak.bridge.context.store
        assert sum(troubles.happened.values()) > 50, troubles.happened
        assert wrong_lines(soak.lines) == []
        assert await broken(store) == []
        async with soak.fresh() as fresh:
            found = await differences(store, fresh.context.store)
    assert found == []
