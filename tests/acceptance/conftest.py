"""The demo, run once for all tests that look at what it leaves."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Demo:
    """What `mobility-bridge demo --json` said and left."""

    folder: Path
    data: Any
    seconds: float
    stderr: str

    @property
    def config(self) -> Path:
        return Path(self.data["config"])

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Its log."""
        return [json.loads(line) for line in Path(self.data["log"]).read_text("utf-8").splitlines()]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    folder = tmp_path_factory.mktemp("demo")
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "mobility_bridge", "demo", "--dir", str(folder), "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "MOBILITY_BRIDGE__LOG__LEVEL": "debug"},
    )
    assert done.returncode == 0, done.stderr
    return Demo(folder, json.loads(done.stdout), time.monotonic() - started, done.stderr)
