"""How the Dashboard adapter introduces itself. Heavy imports wait until something is built."""

from pathlib import Path
from typing import Any

from mobility_bridge.ports.adapter import Capabilities, Surroundings
from mobility_bridge.ports.documents import DocumentInspector


class DashboardAdapter:
    """Implements `ports.adapter.Adapter`."""

    @property
    def name(self) -> str:
        return "dashboard"

    @property
    def settings_model(self) -> type[Any]:
        from mobility_adapters.dashboard.settings import DashboardSettings  # noqa: PLC0415 - pydantic loads late

        return DashboardSettings

    def check(self, settings: Any, base: Path) -> list[tuple[str, str, str]]:
        """Name every export that does not exist. No network."""
        from mobility_adapters.dashboard.settings import problems  # noqa: PLC0415 - pydantic loads late

        return problems(settings, base)

    def build(self, settings: Any, surroundings: Surroundings) -> Capabilities:
        """Build the reader and writer of files. Raises ConfigError for a mapping file that does not load."""
        from mobility_adapters.dashboard.lists import DashboardLists  # noqa: PLC0415 - csv and pydantic load late
        from mobility_adapters.dashboard.settings import load_mapping  # noqa: PLC0415 - pydantic loads late

        lists = DashboardLists(
            own_hei_id=surroundings.own_hei_id,
            mapping=load_mapping(settings, surroundings.mappings_dir),
            clock=surroundings.clock,
            exports=tuple(surroundings.base_dir / each for each in settings.exports),
            whole=settings.exports_are_whole,
            limit=settings.max_file_bytes,
        )
        return Capabilities(lists=lists)

    def inspector(self) -> DocumentInspector | None:
        """The Dashboard has no documents of its own: those that it serves are the network's."""
        return None
