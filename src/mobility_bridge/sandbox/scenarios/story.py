"""A scenario when it is written: a world, what each part of it is meant to show, and what changes later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from mobility_bridge.sandbox.world import World

Shows = Mapping[int, tuple[str, ...]]
"""Codes by the act from which they hold."""


def codes_in(shows: Shows, act: int) -> tuple[str, ...]:
    """The codes that hold in one act."""
    current = max((each for each in shows if each <= act), default=None)
    return () if current is None else shows[current]


@dataclass(frozen=True, slots=True)
class Entry:
    """One situation: which agreement it is about and which discrepancies it is meant to show.

    `shows` gives the codes by the act from which they hold, if the acts are played on their days. `unseen` are
    codes of the reference that hold and that the bridge does not report, because they trouble nobody or cannot
    be known. `invalid`: the partner's document breaks its schema.
    """

    name: str
    partner: str
    iia_id: str | None
    partner_iia_ids: tuple[str, ...]
    shows: Shows
    unseen: tuple[str, ...] = ()
    invalid: bool = False

    def codes(self, act: int) -> tuple[str, ...]:
        """The codes that hold in one act."""
        return codes_in(self.shows, act)

    @property
    def all_codes(self) -> set[str]:
        return {code for codes in self.shows.values() for code in codes} | {*self.unseen}


@dataclass(frozen=True, slots=True)
class Act:
    """One act: what it is called, how long before the last one it plays, and what the weather is like.

    `weather` names the faults that are on during the act, as (who, fault).
    """

    title: str
    ago: timedelta = timedelta()
    weather: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens when an act begins."""

    act: int
    what: str
    happen: Callable[[World, datetime], None]


@dataclass(slots=True)
class Scenario:
    """A world with a story: `play` brings it to the next act.

    `partner_shows` and `source_shows` say what hosts and systems show of their own, by name.
    """

    name: str
    world: World
    entries: tuple[Entry, ...]
    changes: tuple[Change, ...] = ()
    plot: tuple[Act, ...] = (Act("the first reading"),)
    partner_shows: Mapping[str, Shows] = field(default_factory=dict)
    source_shows: Mapping[str, Shows] = field(default_factory=dict)

    @property
    def acts(self) -> int:
        return len(self.plot)

    def act(self, number: int) -> Act:
        return self.plot[number - 1]

    def day(self, number: int) -> date:
        """The day of one act, when the last one plays on the scenario's day."""
        return self.world.today - timedelta(days=self.act(number).ago.days)

    def play(self, act: int, now: datetime) -> None:
        for change in self.changes:
            if change.act == act:
                change.happen(self.world, now)
