"""Change notifications (CNRs) to partners, and what became of them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mobility_bridge.domain.identifiers import HeiId, IiaId


class CnrKind(StrEnum):
    """Which notification. IIA carries our own id, IIA_APPROVAL the receiver's."""

    IIA = "iia"
    IIA_APPROVAL = "iia_approval"


class CnrState(StrEnum):
    """Where a notification stands.

    PENDING waits for its next attempt, DELIVERED was answered 200, REFUSED got a 4xx and is not repeated,
    EXPIRED was tried for too long, NO_RECEIVER waits for the partner to offer the API.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"
    NO_RECEIVER = "no_receiver"


SWITCHED_OFF = "not_offered.switched_off"
"""How the `last_error` of a notification begins that expired because we send none."""


@dataclass(frozen=True, slots=True)
class ChangeNotification:
    """One notification in the outbox.

    A pending one for the same kind, partner and agreement is merged, not doubled: `merged` counts the
    changes in it beyond the first. `leased_until` is set while a sender works on it; a lease that has run
    out is nobody's. `version` rises with each merge, so that a change that comes while it is being sent is
    not swallowed by its delivery.
    """

    notification_id: int
    kind: CnrKind
    partner_hei_id: HeiId
    iia_id: IiaId
    state: CnrState
    created_at: datetime
    next_attempt_at: datetime
    expires_at: datetime
    attempts: int = 0
    merged: int = 0
    version: int = 0
    leased_until: datetime | None = None
    finished_at: datetime | None = None
    last_error: str | None = None
    cause: str = ""

    @property
    def held_back(self) -> bool:
        """Whether it expired because sending is switched off on our side: then the partner omitted nothing."""
        return self.state is CnrState.EXPIRED and (self.last_error or "").startswith(SWITCHED_OFF)
