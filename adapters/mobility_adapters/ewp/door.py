"""How the EWP adapter introduces itself. Heavy imports wait until something is built."""

from pathlib import Path
from typing import Any

from mobility_bridge.ports.adapter import Capabilities, Surroundings
from mobility_bridge.ports.documents import DocumentInspector


class EwpAdapter:
    """Implements `ports.adapter.Adapter`."""

    @property
    def name(self) -> str:
        return "ewp"

    @property
    def settings_model(self) -> type[Any]:
        from mobility_adapters.ewp.settings import EwpSettings  # noqa: PLC0415 - pydantic loads late

        return EwpSettings

    def check(self, settings: Any, base: Path) -> list[tuple[str, str, str]]:
        """Name every problem with the files that the settings point at. No network."""
        from mobility_adapters.ewp.settings import problems  # noqa: PLC0415 - cryptography loads late

        return problems(settings, base)

    def build(self, settings: Any, surroundings: Surroundings) -> Capabilities:
        """Build the network client. Raises ConfigError for a key or certificate that does not load."""
        from mobility_adapters.ewp.network import build_network  # noqa: PLC0415 - the heavy libraries load late

        network = build_network(settings, surroundings)
        return Capabilities(
            network=network, notifications=network, students=network.students, close=network.close
        )

    def inspector(self) -> DocumentInspector | None:
        from mobility_adapters.ewp.inspector import Inspector  # noqa: PLC0415 - lxml loads late

        return Inspector()
