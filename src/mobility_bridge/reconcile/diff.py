"""Two copies of one agreement side by side: which conditions belong together, and where they differ.

Source: EWP agreements: levels of equality; pairing of conditions.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mobility_bridge.domain.agreement import Iia, MobilityKind
from mobility_bridge.domain.comparison import (
    Comparison,
    ConditionPair,
    Equality,
    FieldDifference,
    Split,
    Weight,
)
from mobility_bridge.reconcile.assignment import assign
from mobility_bridge.reconcile.canonical import Canonical, canonical, labels, literal
from mobility_bridge.reconcile.fields import Side, exchanged, field_differences, lists_ordered_differently
from mobility_bridge.reconcile.splits import find_split

_ENOUGH = 0.5  # conditions less alike than this are not the same one
_NOTHING_BLOCKS = 1000.0  # outweighs any sum of similarities: a pair that can be approved comes first
_COMPARE_ALL_UP_TO = 60  # per side and group; beyond, conditions are taken in the order of the document
_SPELLING = frozenset({"LANGUAGE_VARIANT", "LANGUAGE_REPEATED"})

Group = tuple[MobilityKind, str, str]


def compare(local: Iia, partner: Iia) -> Comparison:
    """Compare the terms of two copies.

    Shape:   every condition of either copy is in exactly one of `pairs`, `splits`, `missing` and `extra`.
             Which copy is whose does not change the level of equality; neither does any order.
    Source:  EWP agreements: section on reconciling two copies. One-to-many is tried before pairing
             by similarity, which would otherwise take one part for the whole.
    """
    whole = _whole(local, partner)
    ours, theirs = list(map(literal, local.conditions)), list(map(literal, partner.conditions))
    if not whole and ours == theirs:
        names = labels(local.conditions)
        return Comparison(
            Equality.IDENTICAL, tuple(ConditionPair(n, n, name) for n, name in enumerate(names))
        )
    same = [one == other for one, other in zip(ours, theirs, strict=False)]
    return _Pairing.of(local, partner, same).result(whole)


def similarity(one: Canonical, other: Canonical) -> float:
    """Measure how alike two conditions are, 0 to 1: the weighted share of equal fields."""
    equal = (
        (3, one.codes == other.codes),
        (3, one.period[:2] == other.period[:2]),
        (2, _alike(one.number, other.number)),
        (2, one.levels == other.levels),
        (
            2,
            _alike(one.sending_unit, other.sending_unit) and _alike(one.receiving_unit, other.receiving_unit),
        ),
        (1, one.languages == other.languages),
        (1, _alike(one.duration, other.duration)),
        (1, one.text == other.text),
    )
    return sum(weight for weight, holds in equal if holds) / sum(weight for weight, _ in equal)


def _alike(one: object, other: object) -> bool:
    """Say whether two values agree; one that is not stated contradicts nothing."""
    return one is None or other is None or one == other


def _whole(local: Iia, partner: Iia) -> tuple[FieldDifference, ...]:
    ours, theirs = bool(local.terminated_as_a_whole), bool(partner.terminated_as_a_whole)
    if ours == theirs:
        return ()
    values = str(ours).lower(), str(theirs).lower()
    return (FieldDifference("TERMINATED_ONE_SIDED", "terminated-as-a-whole", *values, Weight.MUST),)


@dataclass
class _Pairing:
    """The conditions of both copies; `local_left` and `partner_left` shrink as they find their places."""

    local: list[Side]
    partner: list[Side]
    local_names: tuple[str, ...]
    local_left: set[int]
    partner_left: set[int]
    pairs: list[ConditionPair] = field(default_factory=list)
    splits: list[Split] = field(default_factory=list)

    @classmethod
    def of(cls, local: Iia, partner: Iia, same: Sequence[bool]) -> "_Pairing":
        """Take all conditions; where those in one place are literally the `same`, they share one form."""
        ours = [(each, canonical(each)) for each in local.conditions]
        shared = [form if alike else None for (_, form), alike in zip(ours, same, strict=False)]
        shared += [None] * (len(partner.conditions) - len(shared))
        theirs = [
            (each, form or canonical(each)) for each, form in zip(partner.conditions, shared, strict=True)
        ]
        return cls(
            ours,
            theirs,
            labels(local.conditions),
            set(range(len(ours))),
            set(range(len(theirs))),
        )

    def result(self, whole: tuple[FieldDifference, ...]) -> Comparison:
        self._pair_equal()
        for ours, theirs in self._groups():
            self._recognise_splits(ours, theirs)
        for ours, theirs in self._groups():
            self._pair_similar(ours, theirs)
        for ours, theirs in self._groups(turned=True):
            self._pair_similar(ours, theirs, turned=True)
        self.pairs.sort(key=lambda pair: pair.local_position)
        return Comparison(
            equality=self._equality(whole),
            pairs=tuple(self.pairs),
            splits=tuple(self.splits),
            missing=tuple((n, self.local_names[n]) for n in sorted(self.local_left)),
            extra=self._extra(),
            condition_order_differs=self._condition_order_differs(),
            list_order_differs=self._list_order_differs(),
            whole=whole,
        )

    def _extra(self) -> tuple[tuple[int, str], ...]:
        if not self.partner_left:
            return ()
        names = labels([raw for raw, _ in self.partner])
        return tuple((n, names[n]) for n in sorted(self.partner_left))

    def _pair_equal(self) -> None:
        waiting: defaultdict[Canonical, list[int]] = defaultdict(list)
        for n in sorted(self.partner_left, reverse=True):
            waiting[self.partner[n][1]].append(n)
        for n in sorted(self.local_left):
            if candidates := waiting.get(self.local[n][1]):
                self._pair(n, candidates.pop())

    def _groups(self, *, turned: bool = False) -> Iterator[tuple[list[int], list[int]]]:
        """Yield what is left of each type and direction, on both sides."""
        ours: defaultdict[Group, list[int]] = defaultdict(list)
        theirs: defaultdict[Group, list[int]] = defaultdict(list)
        for n in sorted(self.local_left):
            ours[self.local[n][1].group].append(n)
        for n in sorted(self.partner_left):
            kind, sending, receiving = self.partner[n][1].group
            theirs[(kind, receiving, sending) if turned else (kind, sending, receiving)].append(n)
        for group in sorted(ours.keys() & theirs.keys()):
            yield ours[group], theirs[group]

    def _recognise_splits(self, ours: list[int], theirs: list[int]) -> None:
        if len(ours) == len(theirs):
            return
        fewer, more = (self.local, self.partner) if len(ours) < len(theirs) else (self.partner, self.local)
        wholes, parts = (ours, theirs) if len(ours) < len(theirs) else (theirs, ours)
        free = list(parts)
        for whole in wholes:
            found = find_split(fewer[whole][1], [more[n][1] for n in free])
            if found is None:
                continue
            chosen = tuple(free[n] for n in found.parts)
            free = [n for n in free if n not in chosen]
            mine, other = ((whole,), chosen) if wholes is ours else (chosen, (whole,))
            self.splits.append(Split(mine, other, self.local_names[mine[0]], found.split_by))
            self.local_left.difference_update(mine)
            self.partner_left.difference_update(other)

    def _pair_similar(self, ours: list[int], theirs: list[int], *, turned: bool = False) -> None:
        if max(len(ours), len(theirs)) > _COMPARE_ALL_UP_TO:
            candidates = list(zip(ours, theirs, strict=False))
        else:
            weights = [[self._weight(a, b, turned=turned) for b in theirs] for a in ours]
            candidates = [(ours[row], theirs[column]) for row, column in assign(weights)]
        for a, b in candidates:
            if self._weight(a, b, turned=turned) > 0:
                self._pair(a, b, turned=turned)

    def _weight(self, a: int, b: int, *, turned: bool) -> float:
        theirs = exchanged(self.partner[b]) if turned else self.partner[b]
        alike = similarity(self.local[a][1], theirs[1])
        if alike < _ENOUGH:
            return 0.0
        return alike + (0.0 if _blocks(field_differences(self.local[a], theirs)) else _NOTHING_BLOCKS)

    def _pair(self, a: int, b: int, *, turned: bool = False) -> None:
        theirs = exchanged(self.partner[b]) if turned else self.partner[b]
        differences = field_differences(self.local[a], theirs)
        self.pairs.append(ConditionPair(a, b, self.local_names[a], differences, turned))
        self.local_left.discard(a)
        self.partner_left.discard(b)

    def _equality(self, whole: tuple[FieldDifference, ...]) -> Equality:
        differences = [*whole, *(each for pair in self.pairs for each in pair.differences)]
        swapped = any(pair.direction_swapped for pair in self.pairs)
        if self.splits or self.local_left or self.partner_left or swapped or _blocks(differences):
            return Equality.DIFFERENT
        if all(each.code in _SPELLING for each in differences):
            return Equality.SAME_TERMS
        return Equality.COMPATIBLE

    def _condition_order_differs(self) -> bool:
        """Say whether paired conditions stand in another order; a document groups them by type itself."""
        last: dict[MobilityKind, int] = {}
        for pair in self.pairs:
            kind = self.local[pair.local_position][1].kind
            if pair.partner_position < last.get(kind, -1):
                return True
            last[kind] = pair.partner_position
        return False

    def _list_order_differs(self) -> bool:
        for pair in self.pairs:
            ours, theirs = self.local[pair.local_position], self.partner[pair.partner_position]
            if (
                not pair.differences
                and ours[1] is not theirs[1]
                and lists_ordered_differently(ours[0], theirs[0])
            ):
                return True
        return False


def _blocks(differences: Sequence[FieldDifference]) -> bool:
    return any(each.weight is Weight.MUST for each in differences)
