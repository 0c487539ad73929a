"""A partner that means harm, in a sandbox where all others are correct: signed, known, and hostile."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.played import Played

from mobility_bridge.cli.sandbox import write_config
from mobility_bridge.sandbox.faults import Answer
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.partner import PartnerHost
from mobility_bridge.sandbox.signature import Received

Attack = Callable[[str, Answer], Answer]
"""Given the endpoint and the correct answer, the answer that is signed and sent instead."""


class HostileHost(PartnerHost):
    """Signs whatever the test tells it to say; correct while there is no `attack`."""

    attack: Attack | None = None

    def _answer(self, endpoint: str, request: Received) -> Answer:
        correct = super()._answer(endpoint, request)
        return correct if self.attack is None else self.attack(endpoint, correct)


@dataclass
class Stage:
    """A running sandbox, its hostile partner, and the bridge beside it."""

    played: Played
    host: HostileHost
    sandbox: Sandbox


@contextlib.contextmanager
def beside_a_hostile(
    folder: Path, hei_id: str, scenario: str = "clean", environ: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Play a sandbox in a thread of this process, one partner of which the test speaks for."""
    sandbox = Sandbox(folder, Plan(scenario))
    correct = sandbox.application._partners[hei_id]
    host = HostileHost(correct._hei, sandbox.stage, sandbox.ring, correct._client_keys)
    sandbox.application._partners[hei_id] = host
    write_config(folder)
    with sandbox.in_thread():
        yield Stage(Played(folder, environ or {}), host, sandbox)


@dataclass(frozen=True)
class Cost:
    """How a command ended and what it took."""

    code: int
    seconds: float
    memory_mib: float
    out: str
    err: str


def measured(config: Path, *words: str) -> Cost:
    """Run a command in a process of its own and measure it."""
    started = time.monotonic()
    files = [config.parent / name for name in ("measured.out", "measured.err")]
    with files[0].open("wb") as out, files[1].open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "mobility_bridge", *words, "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        highest = 0.0
        while process.poll() is None:
            highest = max(highest, peak_memory_mib(process.pid))
            time.sleep(0.01)
    said = [file.read_text(encoding="utf-8") for file in files]
    return Cost(process.returncode, time.monotonic() - started, highest, said[0], said[1])


def peak_memory_mib(pid: int) -> float:
    """The most that a process has held so far. The kernel's account at its end would include its parent's."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
