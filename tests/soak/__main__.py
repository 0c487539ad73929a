"""A long run in real time: a sandbox and a daemon in processes of their own, and an hour of trouble.

python -m tests.soak --minutes 60 [--seed N] [--scenario clean]

Exits 0 if the daemon lived, its log stayed readable, its memory bounded, and if, when everything was mended,
it says what a bridge says that starts today. Leaves everything in the folder that it names.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random, SystemRandom

from tests.soak.invariants import broken, differences, wrong_lines
from tests.soak.troubles import Troubles
from tests.support.daemon import Daemon, running
from tests.support.played import Played, play

from mobility_bridge.store import open_store

SETTINGS = {
    "MOBILITY_BRIDGE__LOG__LEVEL": "info",
    # What time alone would excuse for a few days is said at once.
    "MOBILITY_BRIDGE__RULES__MAPPING_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__APPROVAL_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__ANSWER_GRACE_DAYS": "0",
    "MOBILITY_BRIDGE__RULES__TERMINATION_GRACE_DAYS": "0",
}
FRESH = {
    "MOBILITY_BRIDGE__NOTIFY__ENABLED": "false",  # lest partners follow what it tells them
    "MOBILITY_BRIDGE__STORE__URL": "sqlite:///fresh.sqlite3",
    "MOBILITY_BRIDGE__LOG__FILE": "fresh.log.jsonl",
    "MOBILITY_BRIDGE__PATHS__STATE_DIR": "state-fresh",
}
SILENCE_S = 60
"""The daemon of a sandbox has something to say far more often."""
MOST_MIB = 400
SETTLES_WITHIN_S = 600


@dataclass
class Controlled:
    """The sandbox of another process as the troubles see it."""

    played: Played

    def switch(self, partner: str, fault: str, *, on: bool) -> None:
        self.played.fault(partner, fault, on=on)

    def change(self, iia_id: str) -> None:
        self.played.control("POST", "change", iia_id=iia_id)

    def approve(self, iia_id: str) -> None:
        self.played.control("POST", "approve", iia_id=iia_id)

    def agreements(self) -> list[str]:
        return [item["iia_id"] for item in self.played.control("GET", "agreements")]

    def advance(self) -> None:
        self.played.control("POST", "advance")

    def repair(self) -> None:
        self.played.control("POST", "repair")


@dataclass
class Watch:
    """Looks at a daemon again and again; `problems` are what it did not like."""

    daemon: Daemon
    problems: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    lines: int = 0
    _offset: int = 0
    _heard_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        if self.daemon.process.poll() is not None:
            self.problems.append(
                f"the daemon ended with {self.daemon.process.returncode}: {self.daemon.end()}"
            )
            return
        self._read()
        if time.monotonic() - self._heard_at > SILENCE_S:
            self.problems.append(f"the log has been silent for {SILENCE_S} s")
        self.memory.append(resident_mib(self.daemon.process.pid))
        if self.memory[-1] > MOST_MIB:
            self.problems.append(f"the daemon holds {self.memory[-1]:.0f} MiB")

    def _read(self) -> None:
        with self.daemon.log.open("rb") as stream:
            stream.seek(self._offset)
            whole, end, _ = stream.read().rpartition(b"\n")
        if not end:
            return
        self._offset += len(whole) + 1
        self._heard_at = time.monotonic()
        lines = [json.loads(line) for line in whole.splitlines()]
        self.lines += len(lines)
        self.problems += wrong_lines(lines)

    def growth_mib(self) -> float:
        """How much more is held at the end than after the first tenth, when everything was read once."""
        tenth = max(1, len(self.memory) // 10)
        return max(self.memory[-tenth:]) - max(self.memory[: 2 * tenth])


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def trouble(watch: Watch, troubles: Troubles, minutes: float) -> None:
    """Let things go wrong for so long, watching."""
    started = told = time.monotonic()
    while time.monotonic() - started < minutes * 60 and not watch.problems:
        troubles.step()
        time.sleep(troubles.rng.uniform(2, 5))
        watch.look()
        if time.monotonic() - told > 60:
            told = time.monotonic()
            say(f"{(told - started) / 60:.0f} min, {watch.lines} lines, {watch.memory[-1]:.0f} MiB")


def settle(watch: Watch, played: Played) -> list[str]:
    """Wait until the bridge says what a fresh one says; return what is left to say when time is up."""
    deadline = time.monotonic() + SETTLES_WITHIN_S
    fresh = Played(played.folder, {**SETTINGS, **FRESH})
    said = fresh.command("db", "upgrade")
    assert said.code == 0, said.err
    while True:
        until = time.monotonic() + 90  # longer than a full sweep and the longest pause of a notification
        while time.monotonic() < until and not watch.problems:
            time.sleep(2)
            watch.look()
        operate(played)
        fresh.command("sync", "--full")
        fresh.command("sync", "--full")
        left = quiet(played.folder)
        if not left or watch.problems or time.monotonic() > deadline:
            return left
        say(f"not settled yet: {len(left)} differences, such as {left[0]}")


def operate(played: Played) -> None:
    """Say what only a person can: that an index which has become smaller is right."""
    listed = played.command("discrepancies", "list", "--code", "INDEX_SHRUNK", "--json")
    for item in listed.json:
        played.command("sync", "--partner", item["partner_hei_id"], "--full", "--accept-shrink")


def quiet(folder: Path) -> list[str]:
    """Compare at a moment when the daemon has nothing in its hands; it never rests for long."""
    left: list[str] = []
    for _ in range(10):
        left = asyncio.run(compared(folder))
        if not left:
            break
        time.sleep(1.3)
    return left


async def compared(folder: Path) -> list[str]:
    stores = [
        open_store(f"sqlite:///{folder / name}", read_only=True)
        for name in ("bridge.sqlite3", "fresh.sqlite3")
    ]
    try:
        return [*await broken(stores[0]), *await differences(stores[0], stores[1])]
    finally:
        for store in stores:
            await store.close()


def soak(folder: Path, minutes: float, seed: int, scenario: str) -> list[str]:
    """Run the whole; return what was wrong."""
    with (
        play(folder / "sandbox", scenario, SETTINGS) as played,
        running(played.config, SETTINGS) as daemon,
    ):
        daemon.wait_for_event("comparison.finished", 120)
        acts = int(played.control("GET", "state")["acts"])
        troubles = Troubles(Controlled(played), Random(seed), acts_left=acts - 1)
        watch = Watch(daemon)
        trouble(watch, troubles, minutes)
        troubles.end()
        say(f"mended; happened: {dict(troubles.happened.most_common())}")
        left = [] if watch.problems else settle(watch, played)
        growth = watch.growth_mib() if watch.memory else 0.0
        say(
            f"{watch.lines} lines, at most {max(watch.memory, default=0):.0f} MiB, {growth:+.0f} MiB at the end"
        )
        problems = [*watch.problems, *left]
        if growth > 100:
            problems.append(f"the daemon holds {growth:.0f} MiB more than at the start")
        if daemon.process.poll() is None:
            took_s = daemon.stop()
            if daemon.process.returncode != 0 or took_s > 10:
                problems.append(f"stopped with {daemon.process.returncode} after {took_s:.1f} s")
        return problems


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - this program talks to a terminal


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--scenario", default="clean")
    parser.add_argument("--dir", type=Path, default=None)
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else SystemRandom().randrange(1_000_000)
    folder = given.dir or Path(tempfile.mkdtemp(prefix="soak-"))
    say(f"seed {seed}, {given.minutes:g} min of {given.scenario!r} in {folder}")
    problems = soak(folder, given.minutes, seed, given.scenario)
    for problem in problems:
        say(f"WRONG: {problem}")
    say(f"{'failed' if problems else 'passed'}; again with: python -m tests.soak --seed {seed}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
