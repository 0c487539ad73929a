"""What happens to a bridge in a long run: faults that come and go, people who change things. Seeded."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from mobility_bridge.sandbox.faults import FAULTS, MOBILITY_ONLINE
from mobility_bridge.sandbox.weather import Shift, Weather

OUR_SYSTEMS_FAULTS = (
    "mo_soap_fault",
    "mo_503",
    "mo_html_page",
    "mo_half_answer",
    "mo_wrong_authority",
    "mo_missing_return",
)


class World(Protocol):
    """The outside world, in this process or behind its control."""

    def switch(self, partner: str, fault: str, *, on: bool) -> None: ...
    def change(self, iia_id: str) -> None: ...
    def approve(self, iia_id: str) -> None: ...
    def agreements(self) -> list[str]: ...
    def advance(self) -> None: ...
    def repair(self) -> None: ...


@dataclass
class Troubles:
    """One seed's story. `step` lets a while pass; `happened` counts what came of it.

    `faults` are those of the partners that may come.
    """

    world: World
    rng: Random
    acts_left: int = 0
    faults: Sequence[str] = tuple(FAULTS)
    happened: Counter[str] = field(default_factory=Counter)
    _weather: Weather = field(init=False)

    def __post_init__(self) -> None:
        self._weather = Weather(self._shift, faults=self.faults)

    def step(self) -> None:
        self._weather.step(self.rng)
        self._perhaps(0.10, self._our_system)
        self._perhaps(0.35, lambda: self.world.change(self._any()))
        self._perhaps(0.25, lambda: self.world.approve(self._any()))
        if self.acts_left:
            self._perhaps(0.04, self._advance)

    def end(self) -> None:
        """All faults go; the changes stay."""
        self._weather.clear()
        self.world.repair()

    def _perhaps(self, chance: float, happen: Callable[[], Any]) -> None:
        if self.rng.random() < chance:
            happen()
            self.happened["changes"] += 1

    def _shift(self, shift: Shift) -> None:
        self.world.switch(shift.partner, shift.fault, on=shift.on)
        if shift.on:
            self.happened[shift.fault] += 1

    def _our_system(self) -> None:
        name = self.rng.choice(OUR_SYSTEMS_FAULTS)
        for each in OUR_SYSTEMS_FAULTS:
            self.world.switch(MOBILITY_ONLINE, each, on=False)
        if self.rng.random() < 0.5:
            self.world.switch(MOBILITY_ONLINE, name, on=True)
            self.happened[name] += 1

    def _any(self) -> str:
        return self.rng.choice(sorted(self.world.agreements()))

    def _advance(self) -> None:
        self.acts_left -= 1
        self.world.advance()
