"""How a door introduces itself: its name, its settings, and what it can do once built."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.documents import DocumentInspector
from mobility_bridge.ports.lists import StudentLists
from mobility_bridge.ports.registry import StudentRegistry
from mobility_bridge.ports.sinks import CatalogueSink, NotificationSender
from mobility_bridge.ports.sources import AgreementSource, PartnerNetwork
from mobility_bridge.ports.student_sources import ApplicationSource, StudentNetwork


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every adapter is given.

    `base_dir` is the configuration file's folder: relative paths in an adapter's settings count from it.
    `state_dir` is a folder of its own for caches; `log` takes events (`kit.logs.Log`).
    `transport` replaces the network in tests (an `httpx.AsyncBaseTransport`); None means the real one.
    """

    own_hei_id: HeiId
    clock: Clock
    base_dir: Path
    state_dir: Path
    mappings_dir: Path
    log: Any
    transport: Any = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a built adapter offers; None where it does not."""

    agreements: AgreementSource | None = None
    network: PartnerNetwork | None = None
    notifications: NotificationSender | None = None
    registry: StudentRegistry | None = None
    applications: ApplicationSource | None = None
    catalogue: CatalogueSink | None = None
    students: StudentNetwork | None = None
    lists: StudentLists | None = None
    close: Any = None


class Adapter(Protocol):
    """The object behind an entry point in the group `mobility_bridge.adapters`."""

    @property
    def name(self) -> str: ...

    @property
    def settings_model(self) -> type[Any]:
        """The pydantic model of the section `adapters.<name>`; unknown keys are errors."""
        ...

    def check(self, settings: Any, base: Path) -> list[tuple[str, str, str]]:
        """Problems that only the adapter can see (a key file, a clock, a certificate), each as
        (path below the section, found, wanted). No network.
        """
        ...

    def build(self, settings: Any, surroundings: Surroundings) -> Capabilities:
        """Build the adapter. No network, no waiting; raises ConfigError."""
        ...

    def inspector(self) -> DocumentInspector | None:
        """Tools for documents in hand, available without any settings."""
        ...


Adapters = Mapping[str, Adapter]
