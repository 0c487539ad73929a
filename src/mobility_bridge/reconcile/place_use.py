"""How many places are taken, told apart by condition, by field of education or by level.

Source: EWP agreements: balance: used and free places.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from mobility_bridge.domain.agreement import CooperationCondition, Iia, MobilityKind
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Breakdown, Claim, PlaceUse, YearPlaces
from mobility_bridge.reconcile.agreement_use import condition_key, covers, direction_of
from mobility_bridge.reconcile.places import expand

_Condition = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Row:
    """What one row of the answer is about; `condition` keeps two apart that look alike."""

    direction: Direction
    kind: MobilityKind
    start_year: int
    agreement: str | None = None
    isced_f_codes: tuple[str, ...] = ()
    eqf_levels: tuple[int, ...] = ()
    condition: str = ""


@dataclass
class _Sum:
    offered: int | None = 0
    months_offered: Decimal | None = Decimal()
    used: int = 0
    nominated: int = 0
    months_used: Decimal = Decimal()

    def offer(self, places: YearPlaces) -> None:
        if self.offered is not None:
            self.offered = None if places.number is None else self.offered + places.number
        if self.months_offered is not None:
            self.months_offered = None if places.total is None else self.months_offered + places.total

    def use(self, claim: Claim) -> None:
        self.used += 1
        self.nominated += claim.nominated
        self.months_used += claim.months


def place_use(
    own_hei_id: HeiId,
    partner_hei_id: HeiId,
    agreements: Sequence[tuple[str, Iia]],
    claims: Sequence[Claim],
    by: Breakdown,
) -> tuple[PlaceUse, ...]:
    """Lay what stays take beside what agreements in force with one partner offer students.

    Shape:   `agreements` by our id. A claim on something that is not in force has a row with nothing offered.
    """
    sums: dict[_Row, _Sum] = {}
    known: dict[_Condition, CooperationCondition] = {}
    for name, iia in agreements:
        for condition in () if iia.terminated_as_a_whole else iia.conditions:
            way = direction_of(condition, own_hei_id)
            if way is None or not condition.kind.is_student:
                continue
            known.setdefault((name, condition_key(condition)), condition)
            for places in expand(condition):
                for row in _of_condition(name, condition, way, places.start_year, by):
                    sums.setdefault(row, _Sum()).offer(places)
    for claim in claims:
        for row in _of_claim(claim, known, by):
            sums.setdefault(row, _Sum()).use(claim)
    return tuple(
        PlaceUse(
            partner_hei_id,
            row.direction,
            row.kind,
            row.start_year,
            row.agreement,
            row.isced_f_codes,
            row.eqf_levels,
            found.offered,
            found.used,
            found.nominated,
            found.months_offered,
            found.months_used,
        )
        for row, found in sorted(sums.items(), key=lambda item: _order(item[0]))
    )


def _of_condition(
    name: str, condition: CooperationCondition, way: Direction, start_year: int, by: Breakdown
) -> Iterator[_Row]:
    fields = tuple(dict.fromkeys(each.isced_f_code.strip() for each in condition.subject_areas))
    levels = tuple(sorted(set(condition.eqf_levels)))
    if by is Breakdown.CONDITION:
        yield _Row(way, condition.kind, start_year, name, fields, levels, condition_key(condition))
    elif by is Breakdown.FIELD:
        for code in fields or (None,):
            yield _Row(way, condition.kind, start_year, isced_f_codes=() if code is None else (code,))
    else:
        for level in levels or (None,):
            yield _Row(way, condition.kind, start_year, eqf_levels=() if level is None else (level,))


def _of_claim(
    claim: Claim, known: Mapping[_Condition, CooperationCondition], by: Breakdown
) -> Iterator[_Row]:
    pool = claim.pool
    condition = known.get((pool.agreement, pool.condition))
    if condition is None:
        yield _unoffered(claim, by)
        return
    for row in _of_condition(pool.agreement, condition, claim.direction, pool.start_year, by):
        if by is Breakdown.FIELD and not _is_of_field(claim, row, condition):
            continue
        if by is Breakdown.LEVEL and not _is_of_level(claim, row, condition):
            continue
        yield row


def _is_of_field(claim: Claim, row: _Row, condition: CooperationCondition) -> bool:
    """A stay of a field that the condition does not list is shown with each that it does."""
    code = claim.isced_f_code
    if code is None or not row.isced_f_codes:
        return True
    fitting = {each.isced_f_code.strip() for each in condition.subject_areas if covers(each, code)}
    return not fitting or row.isced_f_codes[0] in fitting


def _is_of_level(claim: Claim, row: _Row, condition: CooperationCondition) -> bool:
    """Likewise for its level."""
    level = claim.eqf_level
    if level is None or not row.eqf_levels:
        return True
    return level not in condition.eqf_levels or row.eqf_levels == (level,)


def _unoffered(claim: Claim, by: Breakdown) -> _Row:
    pool = claim.pool
    row = _Row(claim.direction, claim.kind, pool.start_year)
    if by is Breakdown.CONDITION:
        return replace(row, agreement=pool.agreement, condition=pool.condition)
    if by is Breakdown.FIELD:
        return replace(row, isced_f_codes=() if claim.isced_f_code is None else (claim.isced_f_code,))
    return replace(row, eqf_levels=() if claim.eqf_level is None else (claim.eqf_level,))


def _order(row: _Row) -> tuple[object, ...]:
    kinds = tuple(MobilityKind)
    return (
        row.direction is Direction.INCOMING,
        kinds.index(row.kind),
        row.start_year,
        row.agreement or "",
        row.isced_f_codes,
        row.eqf_levels,
        row.condition,
    )
