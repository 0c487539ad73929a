"""Which records of a student belong to the same stay.

Ids that several systems carry tie records for certain. Without one, records of the same direction and partner
whose periods touch belong together, as long as only one stay comes into question: where two do, the record stays by
itself, and the rules about orphaned objects speak.

Source: EWP mobilities: systems and keys; Ladok: exchange in Ladok's model.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKey, RecordKind, StayId


@dataclass(frozen=True, slots=True)
class Trace:
    """What a record says about the stay that it belongs to.

    `ids` are exact and shared between systems, each prefixed with what it is (`omobility:…`, `application:…`,
    `admission:…`). `stay_id` is the stay it was given before: that stands, since discrepancies
    hang on it.
    """

    key: RecordKey
    direction: Direction | None = None
    partner_hei_id: HeiId | None = None
    first_day: date | None = None
    last_day: date | None = None
    ids: frozenset[str] = frozenset()
    stay_id: StayId | None = None


@dataclass(slots=True)
class Group:
    """The records of one stay; `stay_id` is None while it has no name yet."""

    traces: list[Trace] = field(default_factory=list)

    @property
    def stay_id(self) -> StayId | None:
        """The oldest name that any of the records was given."""
        named = [trace.stay_id for trace in self.traces if trace.stay_id is not None]
        return min(named, key=lambda name: (len(name), name), default=None)

    @property
    def direction(self) -> Direction | None:
        return next((trace.direction for trace in self.traces if trace.direction is not None), None)

    @property
    def partner_hei_id(self) -> HeiId | None:
        return next((trace.partner_hei_id for trace in self.traces if trace.partner_hei_id is not None), None)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset[str]().union(*(trace.ids for trace in self.traces))

    @property
    def in_registry(self) -> bool:
        return any(trace.key.kind is RecordKind.EXCHANGE for trace in self.traces)

    def admits(self, trace: Trace) -> bool:
        """Say whether a record may belong here: same direction and partner, periods that touch.

        A direction or partner that is not stated is no other one, if the days say that the record may belong here.
        What states no days says nothing about them beside others that do.
        """
        pairs = ((trace.direction, self.direction), (trace.partner_hei_id, self.partner_hei_id))
        if any(None not in pair and pair[0] != pair[1] for pair in pairs):
            return False
        stated = all(None not in pair for pair in pairs)
        return any(_touch(trace, other, stated=stated) for other in self.telling)

    @property
    def telling(self) -> list[Trace]:
        """The records that say when the stay is; all of them where none does."""
        return [trace for trace in self.traces if trace.first_day is not None] or self.traces


def group(traces: Iterable[Trace]) -> tuple[Group, ...]:
    """Put the records of one student into stays, in the order of their first day."""
    groups: list[Group] = []
    for trace in sorted(traces, key=_order):
        _tie(groups, trace)
    # What is planned first: two exchanges in the registry leave no doubt that the rest is one stay.
    planned = [each for each in groups if not each.in_registry]
    registered = [each for each in groups if each.in_registry]
    _join_by_period(planned)
    groups = [*planned, *registered]
    _join_by_period(groups)
    groups.sort(key=_first_day)
    return tuple(groups)


def _tie(groups: list[Group], trace: Trace) -> None:
    """Add a record to the stay that shares an exact id or its name; join stays that it connects."""
    sharing = [each for each in groups if _same_stay(each, trace)]
    if not sharing:
        groups.append(Group([trace]))
        return
    first, *others = sharing
    first.traces.append(trace)
    for other in others:
        first.traces += other.traces
        groups.remove(other)


def _same_stay(each: Group, trace: Trace) -> bool:
    if not each.ids.isdisjoint(trace.ids):
        return True
    return trace.stay_id is not None and trace.stay_id in {other.stay_id for other in each.traces}


def _join_by_period(groups: list[Group]) -> None:
    """Join stays that nothing but partner and period ties, where there is no choice.

    Who may join two that may not join each other joins neither: what is left are sets in which each may join
    every other, so the order in which they are joined changes nothing.
    """
    sides = range(len(groups))
    may = {
        here: [there for there in sides if there != here and _may_join(groups[here], groups[there])]
        for here in sides
    }
    certain = {here for here in sides if all(two in may[one] for one, two in combinations(may[here], 2))}
    joined: set[int] = set()
    for here in sorted(certain):
        if here in joined:
            continue
        for there in certain.intersection(may[here]):
            groups[here].traces += groups[there].traces
            joined.add(there)
    groups[:] = [each for place, each in enumerate(groups) if place not in joined]


def _may_join(one: Group, other: Group) -> bool:
    """Two stays may be one if they admit each other and no system speaks for both.

    Two applications, or two nominations, of one student at one partner are two stays or a mistake to be shown,
    never silently one.
    """
    if one.stay_id is not None and other.stay_id is not None:
        return False
    mine = {(trace.key.source, trace.key.kind) for trace in one.traces}
    if any((trace.key.source, trace.key.kind) in mine for trace in other.traces):
        return False
    return any(other.admits(trace) for trace in one.telling)


def _touch(one: Trace, other: Trace, *, stated: bool) -> bool:
    """Say whether two periods share a day; one that is not stated touches every other if the rest is `stated`."""
    if one.first_day is None or other.first_day is None:
        return stated
    one_last = one.last_day or one.first_day
    other_last = other.last_day or other.first_day
    return one.first_day <= other_last and other.first_day <= one_last


def _order(trace: Trace) -> tuple[date, str]:
    return trace.first_day or date.max, str(trace.key)


def _first_day(each: Group) -> tuple[date, Sequence[str]]:
    days = [trace.first_day for trace in each.traces if trace.first_day is not None]
    return min(days, default=date.max), sorted(str(trace.key) for trace in each.traces)
