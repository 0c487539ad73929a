"""A scenario when it is written: a world, what each part of it is meant to show, and what changes later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mobility_bridge.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Entry:
    """One situation: which agreement it is about and which discrepancies it is meant to show.

    `shows` gives the codes by the act from which they hold. `later` are codes that only time brings: a
    grace period counted from the first reading. `unseen` are codes that hold and that nobody can see who
    reads Mobility-Online's records and believes only valid documents. `invalid`: the partner's document
    breaks its schema.
    """

    name: str
    partner: str
    iia_id: str | None
    partner_iia_ids: tuple[str, ...]
    shows: Mapping[int, tuple[str, ...]]
    later: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    invalid: bool = False

    def codes(self, act: int) -> tuple[str, ...]:
        """The codes that hold in one act."""
        current = max((each for each in self.shows if each <= act), default=None)
        return () if current is None else self.shows[current]

    @property
    def all_codes(self) -> set[str]:
        return {code for codes in self.shows.values() for code in codes} | {*self.later, *self.unseen}


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens when an act begins."""

    act: int
    what: str
    happen: Callable[[World, datetime], None]


@dataclass(slots=True)
class Scenario:
    """A world with a story: `play` brings it to the next act."""

    name: str
    world: World
    entries: tuple[Entry, ...]
    changes: tuple[Change, ...] = ()
    partner_codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def acts(self) -> int:
        return max((change.act for change in self.changes), default=1)

    def play(self, act: int, now: datetime) -> None:
        for change in self.changes:
            if change.act == act:
                change.happen(self.world, now)
