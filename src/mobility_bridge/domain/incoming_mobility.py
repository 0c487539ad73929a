"""The receiving HEI's part of a stay: when the student came and went.

Source: EWP Incoming Mobilities API 2.0.0 and 1.0.0, get response.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from mobility_bridge.domain.identifiers import OmobilityId


class ReceiverVerdict(StrEnum):
    """What the receiving HEI makes of a nomination. Version 1 only: later it decides at the sending HEI."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class ActualDates:
    """Arrival and departure of one student; None is not yet, or not known.

    `verdict` and its `comment`, which is from office to office, exist in version 1 only.
    """

    omobility_id: OmobilityId
    actual_arrival_date: date | None = None
    actual_departure_date: date | None = None
    verdict: ReceiverVerdict | None = None
    comment: str | None = field(default=None, repr=False)
