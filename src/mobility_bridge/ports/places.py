"""What the store keeps about places under agreements: which stay takes one, so that each is judged by itself."""

from collections.abc import Sequence
from typing import Protocol

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.places import Claim, Pool, Tally
from mobility_bridge.domain.record import StayId


class PlaceRepository(Protocol):
    """The claims of stays on places, one per stay at most. They say nothing of a person but the stay's name."""

    def get(self, stay_id: StayId) -> Claim | None: ...

    def tally(self, pool: Pool) -> Tally:
        """What the nominated stays of a pool take together."""
        ...

    def before(self, claim: Claim) -> int:
        """How many nominated stays of the claim's pool stand before it (`Claim.order`)."""
        ...

    def beyond(self, pool: Pool, place: int) -> Sequence[StayId]:
        """The nominated stays of a pool after so many places, in their order."""
        ...

    def put(self, claim: Claim) -> None:
        """Keep a stay's claim in place of the one that it had."""
        ...

    def drop(self, stay_id: StayId) -> None:
        """The stay takes no place; nothing happens where it took none."""
        ...

    def select(self, *, partner: HeiId | None = None, start_year: int | None = None) -> Sequence[Claim]:
        """Claims with a partner, or in an academic year, by the name of the stay."""
        ...
