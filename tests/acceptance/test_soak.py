"""An hour of trouble leaves no trace that nobody can explain: the daemon lives it by a clock that runs faster."""

from pathlib import Path

import pytest
from tests.soak.compressed import hour, settled, soaking
from tests.soak.invariants import wrong_lines

from mobility_bridge.sandbox.faults import FAULTS


@pytest.mark.parametrize("seed", [1])
async def test_after_an_hour_of_trouble_and_its_end_the_bridge_says_what_a_fresh_one_says(
    tmp_path: Path, seed: int
) -> None:
    async with soaking(tmp_path / "sandbox", "clean") as soak:
        troubles = await hour(soak, seed)
        left = await settled(soak, within_s=60)
    assert left == []
    assert set(FAULTS) <= set(troubles.happened), "every fault came at least once"
    assert any(line.get("reason") == "timeout" for line in soak.lines), "slow answers were cut short"
    assert wrong_lines(soak.lines) == []
    ended = [line for line in soak.lines if line["event"] in ("job.finished", "job.failed")]
    assert {line["job"] for line in ended} == {job.name for job in soak.daemon._jobs()}
    assert [line for line in ended if line.get("error") == "mistake"] == []
    assert soak.lines[-1]["event"] == "daemon.stopped"
