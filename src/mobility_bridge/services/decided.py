"""What we decided and wrote earlier, as rules and decisions to come look at it."""

from collections.abc import Iterable, Mapping
from typing import Any

from mobility_bridge.domain.record import RecordKey, RecordKind, StayId
from mobility_bridge.domain.stay import OurDecision, Seen
from mobility_bridge.domain.write import Write
from mobility_bridge.ports.decisions import StoredDecision
from mobility_bridge.ports.store import UnitOfWork

DECIDED_ON = (RecordKind.NOMINATION, RecordKind.LEARNING_AGREEMENT)


def earlier_on(uow: UnitOfWork, seen: Seen[Any], on: RecordKind) -> list[StoredDecision]:
    """Our decisions on one object, oldest first."""
    key = seen.stored.record.key
    found = uow.decisions.of_mobility(key.holder_hei_id, seen.said.omobility_id)
    return [each for each in found if each.on is on]


def our_decisions(uow: UnitOfWork, keys: Iterable[RecordKey]) -> Mapping[RecordKey, tuple[OurDecision, ...]]:
    """Our decisions on these objects, oldest first, as rules look at them; objects without any are left out.

    One look for all, and none at all where nobody ever decided.
    """
    by_object = {(key.kind, key.holder_hei_id, key.record_id): key for key in keys if key.kind in DECIDED_ON}
    if not by_object or not uow.decisions.held():
        return {}
    found: dict[RecordKey, list[OurDecision]] = {}
    for each in uow.decisions.of_mobilities({omobility_id for _, _, omobility_id in by_object}):
        key = by_object.get((each.on, each.partner_hei_id, each.omobility_id))
        if key is not None:
            found.setdefault(key, []).append(each.as_ours())
    return {key: tuple(decisions) for key, decisions in found.items()}


def writes_by_stay(uow: UnitOfWork) -> Mapping[StayId | None, tuple[Write, ...]]:
    """Our writes that are not done, by the stay that they are about; one look for all stays."""
    found: dict[StayId | None, tuple[Write, ...]] = {}
    for each in uow.writes.troubled():
        found[each.stay_id] = (*found.get(each.stay_id, ()), each)
    return found
