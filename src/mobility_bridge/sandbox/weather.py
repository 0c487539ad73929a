"""Faults that come and go by chance, for a long run. The same seed makes the same weather."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.faults import FAULTS

HARMLESS_FOR_LONG_RUNS = tuple(name for name in FAULTS if name != "answers_slowly")
"""All but the fault that only costs time."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One fault of one partner that came or went."""

    partner: str
    fault: str
    on: bool


@dataclass(slots=True)
class Weather:
    """What the weather is like now. `onset` and `relief` are chances per step, 0 to 1.

    `switch` is told of every shift: `Stage.switch`, or a call to the control.
    """

    switch: Callable[[Shift], None]
    partners: Sequence[str] = tuple(hei.hei_id for hei in PARTNERS)
    faults: Sequence[str] = HARMLESS_FOR_LONG_RUNS
    onset: float = 0.15
    relief: float = 0.5
    _present: set[tuple[str, str]] = field(default_factory=set)

    def step(self, rng: Random) -> list[Shift]:
        """Let a while pass: some faults go, some come."""
        shifts = [Shift(*each, on=False) for each in sorted(self._present) if rng.random() < self.relief]
        for partner in self.partners:
            if rng.random() < self.onset:
                fault = rng.choice(self.faults)
                if (partner, fault) not in self._present:
                    shifts.append(Shift(partner, fault, on=True))
        for shift in shifts:
            self._apply(shift)
        return shifts

    def clear(self) -> list[Shift]:
        """Let every fault go."""
        shifts = [Shift(*each, on=False) for each in sorted(self._present)]
        for shift in shifts:
            self._apply(shift)
        return shifts

    def _apply(self, shift: Shift) -> None:
        change = self._present.add if shift.on else self._present.discard
        change((shift.partner, shift.fault))
        self.switch(shift)
