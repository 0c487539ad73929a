"""The only place where things meet: settings, store, adapters and services become one bridge."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel

from mobility_bridge.domain.case import Thresholds
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.ownership import Ownership, mistakes
from mobility_bridge.errors import ConfigError
from mobility_bridge.kit.clock import SystemClock
from mobility_bridge.kit.logs import BridgeLog, Log, open_log
from mobility_bridge.kit.memory import share_arenas
from mobility_bridge.ports.adapter import Adapter, Adapters, Capabilities, Surroundings
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.documents import DocumentInspector
from mobility_bridge.ports.store import Store
from mobility_bridge.services.context import Context
from mobility_bridge.settings.load import Loaded, Problem, load
from mobility_bridge.settings.store_keys import store_keys
from mobility_bridge.store import open_store

ENTRY_POINTS = "mobility_bridge.adapters"


def installed_adapters() -> Adapters:
    """Load every adapter that the installation offers, by name."""
    found: dict[str, Adapter] = {}
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        found[point.name] = point.load()
    return found


def inspector() -> DocumentInspector:
    """The tools for documents in hand. Raises ConfigError when no installed adapter has any."""
    for tools in _inspectors(installed_adapters()):
        return tools
    raise ConfigError(
        "no installed adapter can read documents", next_step="Install the package with its adapters."
    )


def _inspectors(adapters: Adapters) -> Iterator[DocumentInspector]:
    for adapter in adapters.values():
        tools = adapter.inspector()
        if tools is not None:
            yield tools


def load_settings(file: Path, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read the configuration and let each adapter look at its own section; all problems at once.

    Raises:  ConfigError with every problem of the model and of the adapters (key files, certificates).
    """
    adapters = installed_adapters()

    def check(name: str, section: BaseModel, base: Path) -> list[Problem]:
        found = adapters[name].check(section, base)
        return [(f"adapters.{name}.{path}", what, wanted) for path, what, wanted in found]

    models = {name: adapter.settings_model for name, adapter in adapters.items()}
    return load(file, models, environ, check, mistakes)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A built bridge. `close` ends what it opened, in the reverse order."""

    loaded: Loaded
    context: Context
    capabilities: Mapping[str, Capabilities]
    adapters: Adapters
    own_log: BridgeLog | None = None

    async def close(self) -> None:
        for capability in self.capabilities.values():
            if capability.close is not None:
                await capability.close()
        await self.context.store.close()
        if self.own_log is not None:
            self.own_log.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.shield(self.close())


def build(
    loaded: Loaded,
    *,
    clock: Clock | None = None,
    log: Log | None = None,
    store: Store | None = None,
    transport: Any = None,
) -> Bridge:
    """Put a bridge together. Nothing is called on the network; the store is opened, not changed.

    Raises:  ConfigError, StoreOutdated.
    """
    share_arenas()
    settings = loaded.settings
    clock = clock or SystemClock()
    keys = store_keys(settings.store.keys, loaded.base)
    secret = keys[0] if keys else None
    own_log = open_log(settings.log.file, level=settings.log.level, secret=secret) if log is None else None
    log = log or own_log
    assert log is not None
    adapters = installed_adapters()
    capabilities = {
        name: adapters[name].build(section, _surroundings(loaded, name, clock, log, transport))
        for name, section in loaded.adapters.items()
    }
    context = Context(
        settings=settings,
        store=store or open_store(settings.store.url, keys=keys),
        clock=clock,
        log=log,
        sources=tuple(item.agreements for item in capabilities.values() if item.agreements is not None),
        network=next((item.network for item in capabilities.values() if item.network is not None), None),
        sender=next(
            (item.notifications for item in capabilities.values() if item.notifications is not None), None
        ),
        students=next((item.students for item in capabilities.values() if item.students is not None), None),
        registry=next((item.registry for item in capabilities.values() if item.registry is not None), None),
        applications=tuple(
            item.applications for item in capabilities.values() if item.applications is not None
        ),
        catalogue=next(
            (item.catalogue for item in capabilities.values() if item.catalogue is not None), None
        ),
        lists=next((item.lists for item in capabilities.values() if item.lists is not None), None),
        inspector=next(iter(_inspectors(adapters)), None),
        thresholds=Thresholds(**settings.rules.model_dump()),
        ownership=Ownership.of(loaded.ownership),
    )
    return Bridge(loaded, context, capabilities, adapters, own_log)


def _surroundings(loaded: Loaded, name: str, clock: Clock, log: Log, transport: Any) -> Surroundings:
    paths = loaded.settings.paths
    return Surroundings(
        own_hei_id=HeiId(loaded.settings.own_hei_id),
        clock=clock,
        base_dir=loaded.base,
        state_dir=paths.state_dir / name,
        mappings_dir=paths.mappings_dir or packaged_mappings(),
        log=log,
        transport=transport,
    )


def packaged_mappings() -> Path:
    """The mappings that come with the program: in the wheel, else in the checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "_config" / "mappings"
    return packaged if packaged.is_dir() else here.parents[1] / "config" / "mappings"


@contextmanager
def holding(loaded: Loaded) -> Iterator[None]:
    """Own the store as its only daemon. Raises StoreHeld when another one does."""
    from mobility_bridge.store.lock import hold  # noqa: PLC0415 - only the daemon needs it

    with hold(loaded.settings.store.url):
        yield
