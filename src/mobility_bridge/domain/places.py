"""Places under agreements: how many per academic year, in which direction, and until when.

Source: EWP agreements: places, balance, expiry.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from mobility_bridge.domain.agreement import MobilityKind
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import StayId


@dataclass(frozen=True, slots=True)
class YearPlaces:
    """What one condition offers in one academic year; `number` is None while it is not defined."""

    start_year: int
    northern: bool
    number: int | None
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Agreed places with one partner, for one kind of mobility and one academic year.

    `start_year` aligns northern and southern years; `approximate` says that both occur. `incomplete` says
    that a number is not defined and left out. Totals are months (students) or days (staff) of all persons;
    `total_incomplete` that a condition states none. `used` counts the stays that take a place; it is None where
    stays are not known: of staff, and while students are not followed.
    """

    partner_hei_id: HeiId
    kind: MobilityKind
    start_year: int
    outgoing: int
    incoming: int
    total_outgoing: Decimal
    total_incoming: Decimal
    incomplete: bool = False
    total_incomplete: bool = False
    approximate: bool = False
    used_outgoing: int | None = None
    used_incoming: int | None = None

    @property
    def realised(self) -> int | None:
        """Incoming less outgoing students, as it came about; None where stays are not known."""
        if self.used_outgoing is None or self.used_incoming is None:
            return None
        return self.used_incoming - self.used_outgoing

    @property
    def agreed(self) -> int:
        """Incoming less outgoing: positive when we receive more than we send."""
        return self.incoming - self.outgoing

    @property
    def agreed_total(self) -> Decimal:
        """The same in months or days."""
        return self.total_incoming - self.total_outgoing


@dataclass(frozen=True, slots=True)
class Pool:
    """The places that stays share: one condition of one agreement in one academic year.

    `agreement` is our id of it, or `partner:` with the partner's where we have no copy. `condition` tells the
    conditions of an agreement apart by what they are for, so that it stays the same when only numbers change.
    """

    partner_hei_id: HeiId
    agreement: str
    condition: str
    start_year: int


@dataclass(frozen=True, slots=True)
class Claim:
    """One stay's place in a pool.

    `nominated`: a nomination that is pending or approved takes it; else the stay is known from elsewhere only.
    `asked_at` orders the stays of a pool, then their names. `places` and `months_offered` are what the pool offers,
    as far as it is known; `months` is how long the stay is planned, in tenths. Field and level are the stay's own,
    where it states them.
    """

    stay_id: StayId
    pool: Pool
    direction: Direction
    kind: MobilityKind
    nominated: bool
    asked_at: datetime
    months: Decimal = Decimal()
    isced_f_code: str | None = None
    eqf_level: int | None = None
    places: int | None = None
    months_offered: Decimal | None = None

    @property
    def order(self) -> tuple[datetime, str]:
        """Where the stay stands among those that ask for the same places."""
        return self.asked_at, self.stay_id


@dataclass(frozen=True, slots=True)
class Tally:
    """What the nominated stays of a pool take together, and which of them asked last."""

    used: int = 0
    months: Decimal = Decimal()
    last: StayId | None = None


class Breakdown(StrEnum):
    """By what places are told apart, beside partner, direction, kind and year."""

    CONDITION = "condition"
    FIELD = "field"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """How many of some places are taken.

    `agreement` is named where the places are of one condition; `isced_f_codes` and `eqf_levels` are those that the
    places are for, none for all. `offered` is None while a number is not defined; `nominated` of those `used` have
    a nomination. A place for several fields or levels is counted with each of them.
    """

    partner_hei_id: HeiId
    direction: Direction
    kind: MobilityKind
    start_year: int
    agreement: str | None
    isced_f_codes: tuple[str, ...]
    eqf_levels: tuple[int, ...]
    offered: int | None
    used: int
    nominated: int
    months_offered: Decimal | None
    months_used: Decimal

    @property
    def left(self) -> int | None:
        """Places that nobody takes; None while their number is not defined."""
        return None if self.offered is None else max(self.offered - self.used, 0)

    @property
    def over(self) -> int:
        """Stays beyond the last place."""
        return 0 if self.offered is None else max(self.used - self.offered, 0)


class ExpiryState(StrEnum):
    """Where an agreement stands in time. UNKNOWN when no year can be read."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PARTLY_EXPIRED = "partly_expired"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Expiry:
    """When an agreement starts and ends; `decide_by` is the next 31 January at which a change can be agreed."""

    state: ExpiryState
    starts_on: date | None = None
    first_end_on: date | None = None
    last_end_on: date | None = None
    decide_by: date | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Two agreements, by position, whose places may be counted twice, from which to which start year."""

    one: int
    other: int
    kind: MobilityKind
    sending_hei_id: str
    receiving_hei_id: str
    first_start_year: int
    last_start_year: int
