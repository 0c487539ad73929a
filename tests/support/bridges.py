"""A whole bridge for tests: real services on a real store, with fakes where the outside world would be."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tests.support.clock import VirtualClock
from tests.support.network import FakeNetwork, FakeSource, Library

from mobility_bridge.domain.discrepancy import DiscrepancyState
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.notification import ChangeNotification
from mobility_bridge.kit.logs import BridgeLog
from mobility_bridge.ports.store import Store, UnitOfWork
from mobility_bridge.services.context import Context
from mobility_bridge.services.sync import SyncReport, Wanted, sync
from mobility_bridge.settings.model import Settings
from mobility_bridge.store.memory import MemoryStore

WRITTEN: list[io.StringIO] = []
"""The logs of every bridge that was built here."""


@dataclass
class Bridge:
    """The context of the services, and the fakes behind it."""

    clock: VirtualClock
    network: FakeNetwork
    source: FakeSource
    store: Store
    context: Context
    written: io.StringIO = field(default_factory=io.StringIO)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == name]

    async def sync(self, **wanted: Any) -> SyncReport:
        return await sync(self.context, Wanted(**wanted))

    async def outbox(self, **wanted: Any) -> list[ChangeNotification]:
        """Notifications, oldest first."""
        found = await self.store.read(lambda uow: uow.outbox.select(**wanted))
        return sorted(found, key=lambda item: item.notification_id)

    async def open_codes(self) -> list[str]:
        found = await self.store.read(lambda uow: uow.discrepancies.select(states=[DiscrepancyState.OPEN]))
        return sorted(item.finding.code for item in found)


def a_bridge(store: Store | None = None, *partners: HeiId, **sections: Any) -> Bridge:
    """Build one; `sections` are tables of the configuration, such as `notify={"enabled": False}`."""
    clock, library = VirtualClock(), Library()
    network = FakeNetwork(clock, library, *partners)
    source = FakeSource(clock, library)
    written = io.StringIO()
    WRITTEN.append(written)
    settings = Settings.model_validate({"own_hei_id": "nordhav.example", **sections})
    context = Context(
        settings=settings,
        store=store if store is not None else MemoryStore(),
        clock=clock,
        log=BridgeLog(written, level="debug"),
        sources=(source,),
        network=network,
        sender=network,
    )
    return Bridge(clock, network, source, context.store, context, written)


def with_store(bridge: Bridge, store: Store) -> Bridge:
    """The same bridge on another store, such as one that fails."""
    return replace(bridge, store=store, context=replace(bridge.context, store=store))


class FailingStore:
    """A store whose unit of work is interrupted when it touches `place` (such as `outbox.queue`)."""

    def __init__(self, store: Store, place: str, error: Exception) -> None:
        self._store = store
        self._place = place
        self._error = error

    async def read(self, work: Any) -> Any:
        return await self._store.read(work)

    async def write(self, work: Any) -> Any:
        return await self._store.write(lambda uow: work(_Tripwire(uow, self._place, self._error)))

    async def close(self) -> None:
        await self._store.close()


class _Tripwire:
    """Passes everything on until the named method is called."""

    def __init__(self, inner: Any, place: str, error: Exception) -> None:
        self._inner = inner
        self._place = place
        self._error = error

    def __getattr__(self, name: str) -> Any:
        head, _, rest = self._place.partition(".")
        if name != head:
            return getattr(self._inner, name)
        if not rest:
            raise self._error
        return _Tripwire(getattr(self._inner, name), rest, self._error)


async def dump(store: Store) -> Mapping[str, Any]:
    """Everything that the store says of agreements, approvals, discrepancies and notifications.

    Times of looking (`confirmed_at`, `last_seen_at`, `fetched_at`) are left out: they move when nothing else does.
    """

    def work(uow: UnitOfWork) -> Mapping[str, Any]:
        heis = sorted(uow.copies.partner_hei_ids())
        own = HeiId("nordhav.example")
        copies = [
            *uow.copies.local(live_only=False),
            *(held for hei in heis for held in uow.copies.of_partner(hei, own, live_only=False)),
        ]
        return {
            "copies": [_without_looking(held) for held in copies],
            "history": [
                _without_looking(former) for held in copies for former in uow.copies.history(*_key(held))
            ],
            "approvals": [
                replace(item, last_seen_at=item.first_seen_at)
                for held in copies
                for item in _approvals(uow, held)
            ],
            "discrepancies": [
                (
                    replace(item, last_seen_at=item.first_seen_at),
                    tuple(uow.discrepancies.history(item.discrepancy_id)),
                )
                for item in uow.discrepancies.select()
            ],
            "outbox": sorted(uow.outbox.select(limit=100_000), key=lambda item: item.notification_id),
            "dirty": sorted(uow.work.dirty()),
            "to_compare": sorted(uow.work.to_compare()),
        }

    return await store.read(work)


def _key(held: Any) -> tuple[Any, Any, Any]:
    copy = held.copy
    return copy.holder_hei_id, copy.partner_hei_id, copy.iia_id


def _without_looking(held: Any) -> Any:
    return replace(
        held, confirmed_at=held.first_seen_at, copy=replace(held.copy, fetched_at=held.first_seen_at)
    )


def _approvals(uow: UnitOfWork, held: Any) -> list[Any]:
    from mobility_bridge.domain.approval import ApprovalSide  # noqa: PLC0415

    copy = held.copy
    hei = copy.partner_hei_id if copy.holder_hei_id == "nordhav.example" else copy.holder_hei_id
    found = [uow.approvals.current(side, hei, copy.iia_id) for side in ApprovalSide]
    return [*(item for item in found if item is not None), *uow.approvals.history(hei, copy.iia_id)]
