"""Places taken by stays, in memory."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.places import Claim, Pool, Tally
from mobility_bridge.domain.record import StayId
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryPlaces:
    """`PlaceRepository` on a dictionary."""

    def __init__(self, journal: Journal) -> None:
        self._claims: Shelf[StayId, Claim] = Shelf(journal)

    def get(self, stay_id: StayId) -> Claim | None:
        return self._claims.get(stay_id)

    def tally(self, pool: Pool) -> Tally:
        stays = self._queue(pool)
        months = sum((each.months for each in stays), Decimal())
        return Tally(len(stays), months, stays[-1].stay_id if stays else None)

    def before(self, claim: Claim) -> int:
        return sum(each.order < claim.order for each in self._queue(claim.pool))

    def beyond(self, pool: Pool, place: int) -> Sequence[StayId]:
        return [each.stay_id for each in self._queue(pool)[place:]]

    def put(self, claim: Claim) -> None:
        self._claims.put(claim.stay_id, claim)

    def drop(self, stay_id: StayId) -> None:
        self._claims.drop(stay_id)

    def select(self, *, partner: HeiId | None = None, start_year: int | None = None) -> Sequence[Claim]:
        return self._chosen(
            lambda each: (
                partner in (None, each.pool.partner_hei_id) and start_year in (None, each.pool.start_year)
            )
        )

    def _chosen(self, wanted: Callable[[Claim], bool]) -> Sequence[Claim]:
        return sorted((each for each in self._claims if wanted(each)), key=lambda each: each.stay_id)

    def _queue(self, pool: Pool) -> list[Claim]:
        found = (each for each in self._claims if each.pool == pool and each.nominated)
        return sorted(found, key=lambda each: each.order)
