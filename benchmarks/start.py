"""How long the program takes to say `--help`, against an interpreter that does nothing.

python -m benchmarks.start [pairs]
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.pairs import PAIRS, measure, ratio_of, report

NOTHING = [sys.executable, "-c", "pass"]
HELP = [str(Path(sys.executable).with_name("mobility-bridge")), "--help"]


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main(pairs: int = 2 * PAIRS + 1) -> None:
    # How many times faster nothing is than help: the ratio of their times.
    found = measure(lambda _: run(NOTHING), lambda _: run(HELP), [None], pairs=pairs, times=(2, 2))
    report("Start", [ratio_of("mobility-bridge --help", "python -c pass", found, bar=6, at_most=True)])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
