"""How many places the agreements give, until when, and what follows them.

Callers pass the texts in force (the concluded ones), not pending proposals.

Source: EWP agreements: places, balance, expiry, renewal.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import CooperationCondition, Iia, MobilityKind
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.places import Balance, Claim, Coverage, Expiry, ExpiryState, YearPlaces
from mobility_bridge.reconcile.calendar import decision_day, first_day, last_days
from mobility_bridge.reconcile.canonical import hei

_LONGEST = 100  # years; a longer range is a mistake in writing


def expand(condition: CooperationCondition) -> Iterator[YearPlaces]:
    """Yield what a condition offers in each academic year, first and last included.

    Nothing is yielded for years that are none, mix two calendars, run backwards or run for over a century.
    """
    first = AcademicYear.parse(condition.receiving_first_academic_year_id)
    last = AcademicYear.parse(condition.receiving_last_academic_year_id)
    if first is None or last is None or first.northern != last.northern:
        return
    if not 0 <= last.start - first.start < _LONGEST:
        return
    number = None if condition.mobilities_not_yet_defined else condition.mobilities_per_year
    for start in range(first.start, last.start + 1):
        yield YearPlaces(start, first.northern, number, condition.total_per_year)


@dataclass
class _Sum:
    """Places of one kind and year while they are added up."""

    outgoing: int = 0
    incoming: int = 0
    total_outgoing: Decimal = Decimal()
    total_incoming: Decimal = Decimal()
    incomplete: bool = False
    total_incomplete: bool = False
    calendars: set[bool] = field(default_factory=set)
    used_outgoing: int = 0
    used_incoming: int = 0

    def add(self, places: YearPlaces, *, outgoing: bool) -> None:
        self.calendars.add(places.northern)
        self.incomplete |= places.number is None
        self.total_incomplete |= places.total is None
        if outgoing:
            self.outgoing += places.number or 0
            self.total_outgoing += places.total or 0
        else:
            self.incoming += places.number or 0
            self.total_incoming += places.total or 0


def balance(
    own_hei_id: HeiId,
    partner_hei_id: HeiId,
    agreements: Sequence[Iia],
    claims: Sequence[Claim] | None = None,
) -> tuple[Balance, ...]:
    """Add up the places of all agreements in force with one partner, per kind of mobility and year.

    A terminated agreement counts nothing. Several fields and levels of a condition share its places. `claims` are
    those of stays with this partner, None while stays are not known.
    """
    sums: defaultdict[tuple[MobilityKind, int], _Sum] = defaultdict(_Sum)
    parties = {(hei(own_hei_id), hei(partner_hei_id)): True, (hei(partner_hei_id), hei(own_hei_id)): False}
    for iia in agreements:
        for condition in () if iia.terminated_as_a_whole else iia.conditions:
            outgoing = parties.get((hei(condition.sending_hei_id), hei(condition.receiving_hei_id)))
            if outgoing is not None:
                for places in expand(condition):
                    sums[condition.kind, places.start_year].add(places, outgoing=outgoing)
    for claim in claims or ():
        found = sums[claim.kind, claim.pool.start_year]
        found.used_outgoing += claim.direction is Direction.OUTGOING
        found.used_incoming += claim.direction is Direction.INCOMING
    kinds = tuple(MobilityKind)
    return tuple(
        Balance(
            partner_hei_id,
            kind,
            year,
            found.outgoing,
            found.incoming,
            found.total_outgoing,
            found.total_incoming,
            found.incomplete,
            found.total_incomplete,
            len(found.calendars) > 1,
            found.used_outgoing if claims is not None and kind.is_student else None,
            found.used_incoming if claims is not None and kind.is_student else None,
        )
        for (kind, year), found in sorted(
            sums.items(), key=lambda item: (kinds.index(item[0][0]), item[0][1])
        )
    )


def expiry(iia: Iia, today: date) -> Expiry:
    """Say when an agreement ends, and how near that is.

    Expiring: the last end falls into the current or the next academic year. In effect or not does not matter:
    the element stays true after the end.
    """
    starts_on, ends = first_day(iia.conditions), last_days(iia.conditions)
    if starts_on is None or not ends:
        return Expiry(ExpiryState.UNKNOWN)
    decision = decision_day(today)
    return Expiry(
        _state(today, starts_on, ends),
        starts_on,
        ends[0],
        ends[-1],
        decision if decision <= ends[-1] else None,
    )


def _state(today: date, starts_on: date, ends: Sequence[date]) -> ExpiryState:
    if ends[-1] < today:
        return ExpiryState.EXPIRED
    if starts_on > today:
        return ExpiryState.NOT_STARTED
    if ends[-1] <= AcademicYear.containing(today).shifted(1).last_day:
        return ExpiryState.EXPIRING
    return ExpiryState.PARTLY_EXPIRED if ends[0] < today else ExpiryState.RUNNING


def continues(former: Iia, later: Iia) -> bool:
    """Say whether `later` goes on where `former` ends: a condition of the same kind and direction follows.

    It starts at the latest in the year after the former's last, ends later, and shares a field of education
    where both name any.
    """
    return any(_follows(old, new) for old in former.conditions for new in later.conditions)


def _follows(old: CooperationCondition, new: CooperationCondition) -> bool:
    ended = AcademicYear.parse(old.receiving_last_academic_year_id)
    starts = AcademicYear.parse(new.receiving_first_academic_year_id)
    ends = AcademicYear.parse(new.receiving_last_academic_year_id)
    if ended is None or starts is None or ends is None or not _alike(old, new):
        return False
    return starts.start <= ended.start + 1 and ends.start > ended.start


def _alike(one: CooperationCondition, other: CooperationCondition) -> bool:
    """Say whether two conditions are of one kind and direction, and share a field where both name any."""
    fields, other_fields = (
        {area.isced_f_code.strip() for area in each.subject_areas} for each in (one, other)
    )
    return (
        one.kind is other.kind
        and hei(one.sending_hei_id) == hei(other.sending_hei_id)
        and hei(one.receiving_hei_id) == hei(other.receiving_hei_id)
        and (not fields or not other_fields or bool(fields & other_fields))
    )


def covered_twice(agreements: Sequence[Iia]) -> tuple[Coverage, ...]:
    """Find conditions of different agreements that offer the same for overlapping years."""
    return tuple(
        Coverage(one, other, a.kind, hei(a.sending_hei_id), hei(a.receiving_hei_id), common[0], common[-1])
        for (one, first), (other, second) in combinations(enumerate(agreements), 2)
        if not (first.terminated_as_a_whole or second.terminated_as_a_whole)
        for a in first.conditions
        for b in second.conditions
        if _alike(a, b) and (common := _common_years(a, b))
    )


def _common_years(one: CooperationCondition, other: CooperationCondition) -> list[int]:
    return sorted({each.start_year for each in expand(one)} & {each.start_year for each in expand(other)})


def one_direction_only(iia: Iia) -> tuple[MobilityKind, ...]:
    """Name the kinds of mobility that go only one way in this agreement."""
    directions: defaultdict[MobilityKind, set[tuple[str, str]]] = defaultdict(set)
    for each in iia.conditions:
        directions[each.kind].add((hei(each.sending_hei_id), hei(each.receiving_hei_id)))
    return tuple(kind for kind in MobilityKind if len(directions[kind]) == 1)


def offered(conditions: Sequence[CooperationCondition], start_year: int) -> tuple[int | None, Decimal | None]:
    """What conditions offer together in one academic year: places, and months or days of all persons.

    Shape:   None for a number that one of them leaves open, and where none of them covers the year.
    """
    found = [each for one in conditions for each in expand(one) if each.start_year == start_year]
    numbers = [each.number for each in found]
    totals = [each.total for each in found]
    return (
        None if not found else _sum_of(numbers),
        None if not found else _total_of(totals),
    )


def _sum_of(numbers: Sequence[int | None]) -> int | None:
    return None if None in numbers else sum(each for each in numbers if each is not None)


def _total_of(totals: Sequence[Decimal | None]) -> Decimal | None:
    return None if None in totals else sum((each for each in totals if each is not None), Decimal())
