"""A nomination: the sending HEI offers a student to the receiving one.

What a document must have and this one has not is None: a partner's document is read as far as it goes, and what
it lacks is reported beside it.

Source: EWP Outgoing Mobilities API 3.0.0 and 2.0.0, get response; status enumerations of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.person import Person


class NominationStatus(StrEnum):
    """Where a nomination stands, in the words of version 3.

    PENDING waits for the receiving HEI, which makes it APPROVED or REJECTED; CANCELLED, by the student or the
    sending HEI, is final.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"

    @property
    def is_counted(self) -> bool:
        """Whether the statistics count it, and whether it takes a place."""
        return self in (NominationStatus.PENDING, NominationStatus.APPROVED)


V2_STATUSES: Final[Mapping[str, NominationStatus]] = MappingProxyType(
    {
        "nomination": NominationStatus.PENDING,
        "live": NominationStatus.APPROVED,
        "recognized": NominationStatus.APPROVED,
        "cancelled": NominationStatus.CANCELLED,
    }
)
"""What the sending HEI's statuses of version 2 mean in version 3.

They say less: the receiving HEI may have accepted, or refused, what still reads `nomination`.
"""


class ActivityType(StrEnum):
    """What the student does abroad. Version 3 knows studies only."""

    STUDENT_STUDIES = "student-studies"
    STUDENT_TRAINEESHIPS = "student-traineeships"


class ActivityAttributes(StrEnum):
    """How long, and how."""

    LONG_TERM = "long-term"
    SHORT_TERM_BLENDED = "short-term-blended"
    SHORT_TERM_DOCTORAL = "short-term-doctoral"


@dataclass(frozen=True, slots=True)
class NominationSide:
    """One of the two HEIs, with its own unit and its own id of the agreement that the place is taken from."""

    hei_id: HeiId | None
    ounit_id: str | None = None
    iia_id: str | None = None


@dataclass(frozen=True, slots=True)
class Nomination:
    """One nomination.

    The receiving HEI decides on everything but `student` and `status`: `proposal_id` names exactly that text, is
    compared as it stands and never computed again. A stay that fits no term of the sending HEI has
    `non_standard_mobility_period` instead of a term. `receiving_academic_year_id` counts years as the receiving
    HEI does. `comment` is from office to office and not for students. `written_status` is what the document
    says, in whatever version. The planned days and the level at nomination exist in version 2 only; there,
    proposal id, agreement's field and comment do not.
    """

    omobility_id: OmobilityId
    sending_hei: NominationSide
    receiving_hei: NominationSide
    student: Person = field(default_factory=Person)
    proposal_id: str | None = None
    sending_academic_term_ewp_id: str | None = None
    non_standard_mobility_period: bool = False
    receiving_academic_year_id: str | None = None
    activity_type: ActivityType | None = None
    activity_attributes: ActivityAttributes | None = None
    agreement_isced_f_code: str | None = None
    eqf_level_studied_at_departure: int | None = None
    nominee_isced_f_code: str | None = None
    comment: str | None = field(default=None, repr=False)
    status: NominationStatus | None = None
    written_status: str | None = None
    planned_arrival_date: date | None = None
    planned_departure_date: date | None = None
    eqf_level_studied_at_nomination: int | None = None

    @property
    def awaits_receiver(self) -> bool:
        """Whether the receiving HEI has to decide."""
        return self.status is NominationStatus.PENDING


@dataclass(frozen=True, slots=True)
class NominationCounts:
    """How many nominations a HEI has for one academic year of the receiving side."""

    receiving_academic_year_id: str
    omobility_pending: int
    omobility_approved: int
