"""What an operator sets about the Dashboard's files: the section `adapters.dashboard`."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mobility_adapters.dashboard.mappings import DashboardMapping
from mobility_bridge.errors import ConfigError

Problem = tuple[str, str, str]


class DashboardSettings(BaseModel):
    """The EWP Dashboard's CSV files. Its learning agreements come over the network, by `adapters.ewp`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    exports: tuple[Path, ...] = Field(
        (),
        description="Files that were exported from the Dashboard, or folders whose `*.csv` were: lists of learning "
        "agreements and of agreements, told apart by their columns. Relative to the configuration file; read anew "
        "each time.",
    )
    exports_are_whole: bool = Field(
        default=False,
        description="Whether the exported lists of learning agreements together leave none out, so that what they "
        "no longer name is gone. Leave it off where lists are filtered, by year for example, or imported one by one.",
    )
    max_file_bytes: int = Field(
        32 << 20, ge=1 << 10, description="Bytes of one file; a longer one is not read."
    )
    mappings: str = Field(
        "dashboard.toml",
        pattern=r"^[^/\\]+\.toml$",
        description="File in `paths.mappings_dir` that says which column holds what.",
    )


def problems(settings: DashboardSettings, base: Path) -> list[Problem]:
    """Name every export that does not exist, as (path, found, wanted)."""
    return [
        (f"exports[{place}]", f"{each}: no such file or folder", "a file or folder that exists")
        for place, each in enumerate(settings.exports)
        if not (base / each).exists()
    ]


def load_mapping(settings: DashboardSettings, folder: Path) -> DashboardMapping:
    """Read the mapping file. Raises ConfigError with every problem of it."""
    file = folder / settings.mappings
    try:
        with file.open("rb") as stream:
            return DashboardMapping.model_validate(tomllib.load(stream))
    except OSError as error:
        found = [(str(file), error.strerror or "cannot be read", "the institution's mapping file")]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = [(str(file), f"not TOML: {error}", "a TOML file")]
    except ValidationError as error:
        found = [
            (
                f"{file.name}: {'.'.join(map(str, each['loc']))}",
                repr(each["input"]) if each["type"] != "missing" else "missing",
                each["msg"].removeprefix("Value error, "),
            )
            for each in error.errors()
        ]
    raise ConfigError(
        f"{file}: {len(found)} problem{'s' if len(found) != 1 else ''}",
        problems=found,
        next_step="Mend the mapping file and run: mobility-bridge config check",
    )
