"""What we tell."""

from collections.abc import Sequence
from typing import Protocol

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind


class NotificationSender(Protocol):
    """Delivers one change notification, once."""

    async def notify(self, kind: CnrKind, hei_id: HeiId, iia_id: IiaId) -> Sequence[Exchange]:
        """Post one CNR to the partner's receiver; one attempt, no retry inside.

        Raises:  Unreachable (try again later), Rejected (do not), Untrusted, NotOffered (no receiver).
        Source:  EWP IIA CNR API 3.0.0, IIA Approval CNR API 2.0.0; architecture 1.16.0 on CNRs.
        """
        ...
