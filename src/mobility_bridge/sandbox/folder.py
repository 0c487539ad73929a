"""What a sandbox keeps on disk, so that a later start with the same folder goes on where it was."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.keys import write_private
from mobility_bridge.sandbox.world import OWN_HEI_ID

_FILE = "sandbox.json"


@dataclass(slots=True)
class Memory:
    """The content of `sandbox.json`. `journal` and `faults` bring a fresh scenario to where it was."""

    scenario: str
    today: date
    port: int
    authority: str
    ladok_port: int = 0
    act: int = 1
    faults: dict[str, list[str]] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"https://localhost:{self.port}"

    @property
    def registry_url(self) -> str:
        return f"{self.base_url}/registry/catalogue-v1.xml"

    @property
    def mobility_online_url(self) -> str:
        return f"{self.base_url}/mobility-online"

    @property
    def ladok_url(self) -> str:
        return f"https://localhost:{self.ladok_port}"

    @property
    def dashboard_url(self) -> str:
        return f"{self.base_url}/dashboard"


def remember(folder: Path) -> Memory | None:
    """Read what an earlier start left. Raises UsageError when it cannot be read."""
    path = folder / _FILE
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_bytes())
        return Memory(
            scenario=kept["scenario"],
            today=date.fromisoformat(kept["today"]),
            port=kept["port"],
            authority=kept["authority"],
            ladok_port=kept.get("ladok_port", 0),
            act=kept["act"],
            faults=kept["faults"],
            journal=kept["journal"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{path} cannot be read", next_step=f"Delete {path} to start this sandbox anew."
        ) from error


def keep(folder: Path, memory: Memory) -> None:
    """Write `sandbox.json`; the authority is also a file of its own, for a setting to point to."""
    write_private(authority_file(folder), memory.authority.encode())
    content = {
        "scenario": memory.scenario,
        "today": memory.today.isoformat(),
        "port": memory.port,
        "base_url": memory.base_url,
        "own_hei_id": OWN_HEI_ID,
        "registry_url": memory.registry_url,
        "mobility_online_url": memory.mobility_online_url,
        "ladok_url": memory.ladok_url,
        "dashboard_url": memory.dashboard_url,
        "ladok_port": memory.ladok_port,
        "authority": memory.authority,
        "act": memory.act,
        "faults": memory.faults,
        "journal": memory.journal,
    }
    path = folder / _FILE
    fresh = path.with_suffix(".json.new")
    write_private(fresh, json.dumps(content, indent=2, ensure_ascii=False).encode())
    fresh.replace(path)


def authority_file(folder: Path) -> Path:
    return folder / "authority.txt"


def new_authority() -> str:
    """A word that Mobility-Online takes as our login."""
    return f"NORDHAV-{secrets.token_hex(8)}"
