"""How the Ladok adapter introduces itself. Heavy imports wait until something is built."""

from pathlib import Path
from typing import Any

from mobility_bridge.ports.adapter import Capabilities, Surroundings
from mobility_bridge.ports.documents import DocumentInspector


class LadokAdapter:
    """Implements `ports.adapter.Adapter`."""

    @property
    def name(self) -> str:
        return "ladok"

    @property
    def settings_model(self) -> type[Any]:
        from mobility_adapters.ladok.settings import LadokSettings  # noqa: PLC0415 - pydantic loads late

        return LadokSettings

    def check(self, settings: Any, base: Path) -> list[tuple[str, str, str]]:
        """Name every problem with the files, the certificate and its environment. No network."""
        from mobility_adapters.ladok.settings import problems  # noqa: PLC0415 - pydantic loads late

        return problems(settings, base)

    def build(self, settings: Any, surroundings: Surroundings) -> Capabilities:
        """Build the registry. Raises ConfigError for a certificate, mapping or file that does not load."""
        from mobility_adapters.ladok.assembly import build_registry  # noqa: PLC0415 - lxml loads late

        registry = build_registry(settings, surroundings)
        return Capabilities(registry=registry, close=registry.close)

    def inspector(self) -> DocumentInspector | None:
        """Ladok has no documents that anybody else could bring."""
        return None
