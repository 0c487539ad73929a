"""What comparing two copies gives: which conditions belong together, and where they differ."""

from dataclasses import dataclass
from enum import StrEnum


class Equality(StrEnum):
    """How equal two copies are. Source: EWP agreements: levels of equality."""

    IDENTICAL = "identical"
    SAME_TERMS = "same_terms"
    COMPATIBLE = "compatible"
    DIFFERENT = "different"


class Weight(StrEnum):
    """What a difference means for an approval."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field that differs between two paired conditions, with both raw values.

    `code` is the discrepancy that it stands for (`NUMBER_DIFFERS`, `DURATION_ROUNDED`, …).
    """

    code: str
    field: str
    local: str
    partner: str
    weight: Weight


@dataclass(frozen=True, slots=True)
class ConditionPair:
    """Two conditions held to be the same one; positions count from 0 in each document."""

    local_position: int
    partner_position: int
    label: str
    differences: tuple[FieldDifference, ...] = ()
    direction_swapped: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """One condition on one side that stands for several on the other."""

    local_positions: tuple[int, ...]
    partner_positions: tuple[int, ...]
    label: str
    split_by: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two copies side by side. `missing` are our conditions that the partner lacks, `extra` the reverse.

    `whole` are differences of the agreement as such (its termination), not of one condition.
    """

    equality: Equality
    pairs: tuple[ConditionPair, ...] = ()
    splits: tuple[Split, ...] = ()
    missing: tuple[tuple[int, str], ...] = ()
    extra: tuple[tuple[int, str], ...] = ()
    condition_order_differs: bool = False
    list_order_differs: bool = False
    whole: tuple[FieldDifference, ...] = ()
