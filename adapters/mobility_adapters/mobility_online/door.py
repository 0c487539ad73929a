"""How the Mobility-Online adapter introduces itself. Heavy imports wait until something is built."""

from pathlib import Path
from typing import Any

from mobility_bridge.ports.adapter import Capabilities, Surroundings
from mobility_bridge.ports.documents import DocumentInspector


class MobilityOnlineAdapter:
    """Implements `ports.adapter.Adapter`."""

    @property
    def name(self) -> str:
        return "mobility_online"

    @property
    def settings_model(self) -> type[Any]:
        from mobility_adapters.mobility_online.settings import (  # noqa: PLC0415 - pydantic loads late
            MobilityOnlineSettings,
        )

        return MobilityOnlineSettings

    def check(self, settings: Any, base: Path) -> list[tuple[str, str, str]]:
        """Name every problem with the files and the secret that the settings point at. No network."""
        from mobility_adapters.mobility_online.settings import problems  # noqa: PLC0415 - pydantic loads late

        return problems(settings, base)

    def build(self, settings: Any, surroundings: Surroundings) -> Capabilities:
        """Build what the settings allow. Raises ConfigError for a mapping, secret or file that does not load."""
        from mobility_adapters.mobility_online.assembly import build  # noqa: PLC0415 - lxml and httptools load late

        return build(settings, surroundings)

    def inspector(self) -> DocumentInspector | None:
        """Mobility-Online has no documents that anybody else could bring."""
        return None
