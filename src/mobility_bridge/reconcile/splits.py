"""One condition that another system holds as several: the parts add up to the whole."""

from collections.abc import Sequence
from dataclasses import dataclass

from mobility_bridge.reconcile.canonical import Canonical

_MOST_PARTS = 12  # tried in all combinations; a larger set is only tried as a whole


@dataclass(frozen=True, slots=True)
class FoundSplit:
    """Which parts make up the whole, and what they were split by: `subject-area`, `eqf-level` or `number`."""

    parts: tuple[int, ...]
    split_by: str


def find_split(whole: Canonical, parts: Sequence[Canonical]) -> FoundSplit | None:
    """Find parts whose numbers add up to that of the whole and whose fields and levels together are its own.

    The fewest parts that fit are taken, the first in document order among several.
    """
    possible = [n for n, part in enumerate(parts) if _may_be_part(whole, part)]
    if whole.number is None or len(possible) < 2:
        return None
    if _fits(whole, [parts[n] for n in possible]):
        return _found(whole, parts, possible)
    if len(possible) > _MOST_PARTS:
        return None
    for mask in sorted(range(1 << len(possible)), key=lambda bits: (bits.bit_count(), bits)):
        chosen = [n for place, n in enumerate(possible) if mask >> place & 1]
        if len(chosen) > 1 and _fits(whole, [parts[n] for n in chosen]):
            return _found(whole, parts, chosen)
    return None


def _may_be_part(whole: Canonical, part: Canonical) -> bool:
    return (
        part.number is not None
        and whole.number is not None
        and part.number < whole.number
        and part.period == whole.period
        and part.codes <= whole.codes
        and part.levels <= whole.levels
    )


def _fits(whole: Canonical, parts: Sequence[Canonical]) -> bool:
    return (
        sum(part.number or 0 for part in parts) == whole.number
        and frozenset().union(*(part.codes for part in parts)) == whole.codes
        and frozenset().union(*(part.levels for part in parts)) == whole.levels
    )


def _found(whole: Canonical, parts: Sequence[Canonical], chosen: Sequence[int]) -> FoundSplit:
    if any(parts[n].codes != whole.codes for n in chosen):
        split_by = "subject-area"
    elif any(parts[n].levels != whole.levels for n in chosen):
        split_by = "eqf-level"
    else:
        split_by = "number"
    return FoundSplit(tuple(chosen), split_by)
