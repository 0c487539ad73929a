"""Two ways of doing the same, measured side by side, and the bar that their ratio must keep.

A shared machine changes its speed from one second to the next, so no figure stands alone: both ways run in
turns in one process, the order reversed every other round, and each round gives one ratio. The median of them
is the result; the quartiles say how far to trust it.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

PAIRS: Final = 15
"""Rounds at least; an odd number, so that the median is one of them."""

SLICE_S: Final = 0.08
"""How long one way runs in one round, roughly: long enough for the clock, short enough for the noise."""

Work = TypeVar("Work")


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times `other` the measured way reaches, with quartiles; more is better unless `at_most`.

    `bar` is what must hold, `aim` what would be good and may be missed.
    """

    name: str
    other: str
    low: float
    median: float
    high: float
    bar: float
    at_most: bool = False
    aim: float | None = None
    note: str = ""

    @property
    def holds(self) -> bool:
        return self._reaches(self.bar)

    @property
    def verdict(self) -> str:
        sign = "<=" if self.at_most else ">="
        words = f"bar {sign} {self.bar:g}: {'holds' if self.holds else 'FAILS'}"
        if self.aim is None:
            return words
        return f"{words}, aim {sign} {self.aim:g}: {'reached' if self._reaches(self.aim) else 'missed'}"

    def _reaches(self, value: float) -> bool:
        return self.median <= value if self.at_most else self.median >= value


def measure(
    way: Callable[[Work], object],
    other: Callable[[Work], object],
    works: Sequence[Work],
    *,
    pairs: int = PAIRS,
    times: tuple[int, int] | None = None,
) -> list[float]:
    """Return one ratio of speeds a pair: above 1, `way` is the faster.

    Round after round takes the next of `works`, so that both ways of one pair did exactly the same. `times` says
    how often each way does it in a round; without it, as often as fills a slice, after calls to find that out.
    """
    ours, theirs = times or (_repetitions(way, works[0]), _repetitions(other, works[0]))
    found = []
    for number in range(pairs):
        work = works[number % len(works)]
        if number % 2:
            theirs_s, ours_s = _seconds(other, work, theirs), _seconds(way, work, ours)
        else:
            ours_s, theirs_s = _seconds(way, work, ours), _seconds(other, work, theirs)
        found.append((theirs_s / theirs) / (ours_s / ours))
    return found


def ratio_of(
    name: str,
    other: str,
    found: list[float],
    *,
    bar: float,
    at_most: bool = False,
    aim: float | None = None,
) -> Ratio:
    low, median, high = statistics.quantiles(found, n=4, method="inclusive")
    return Ratio(name, other, low, median, high, bar, at_most, aim)


def report(title: str, ratios: Iterable[Ratio]) -> None:
    """Print a table and leave with 1 when a bar does not hold."""
    rows = list(ratios)
    width = max(len(row.name) for row in rows)
    other = max(len(row.other) for row in rows)
    print(f"\n{title}")
    for row in rows:
        print(
            f"  {row.name:{width}}  {row.median:7.2f} x {row.other:{other}}  [{row.low:.2f}-{row.high:.2f}]"
            f"  {row.verdict}" + (f"  ({row.note})" if row.note else ""),
            flush=True,
        )
    if not all(row.holds for row in rows):
        sys.exit(1)


def _repetitions(way: Callable[[Work], object], work: Work) -> int:
    """How often to do it in one slice; the calls that find out also warm up."""
    way(work)
    started, count = time.perf_counter(), 0
    while time.perf_counter() - started < SLICE_S:
        way(work)
        count += 1
    return count


def _seconds(way: Callable[[Work], object], work: Work, repetitions: int) -> float:
    started = time.perf_counter()
    for _ in range(repetitions):
        way(work)
    return time.perf_counter() - started
