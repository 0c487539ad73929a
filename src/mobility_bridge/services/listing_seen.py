"""What a partner's index listed last, so that its list can be held against its answers."""

import json
from collections.abc import Iterable

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.ports.store import UnitOfWork


def last_listing(uow: UnitOfWork, hei_id: HeiId) -> frozenset[IiaId] | None:
    """The ids of the last index that was believed; None until one was read whole."""
    kept = uow.cursor(_name(hei_id))
    if kept is None:
        return None
    ids: list[IiaId] = json.loads(kept)
    return frozenset(ids)


def keep_listing(uow: UnitOfWork, hei_id: HeiId, ids: Iterable[IiaId]) -> None:
    """Remember what a believed index listed."""
    uow.set_cursor(_name(hei_id), json.dumps(sorted(set(ids))))


def _name(hei_id: HeiId) -> str:
    return f"iias.index:{hei_id}"
