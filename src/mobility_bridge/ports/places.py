"""What the store keeps about places under agreements: which stay takes one, so that each is judged by itself."""

from collections.abc import Sequence
from typing import Protocol

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.places import Claim, Pool
from mobility_bridge.domain.record import StayId


class PlaceRepository(Protocol):
    """The claims of stays on places, one per stay at most. They say nothing of a person but the stay's name."""

    def get(self, stay_id: StayId) -> Claim | None: ...

    def of_pool(self, pool: Pool) -> Sequence[Claim]:
        """All claims on the places of one condition and year, by the name of the stay."""
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
