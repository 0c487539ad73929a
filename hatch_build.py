"""Builds the compiled way to read agreements where there is a C compiler, and goes without where there is none.

The extension uses Python's stable interface only, so one build serves every version from 3.11 on. An editable
install puts it next to its source, a wheel holds it. `CC` and `CFLAGS` are obeyed; `CC=false` builds without.
"""

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = Path("adapters/mobility_adapters/ewp/_scanning.c")
PLACE = "mobility_adapters/ewp/_scanning.abi3.so"


class ScanningHook(BuildHookInterface):  # type: ignore[misc]  # hatchling's plug-ins are found without a name
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="scanning-"))
        built = self._folder / "_scanning.abi3.so"
        problem = compiled(Path(self.root) / SOURCE, built)
        beside = Path(self.root) / SOURCE.with_name(built.name)
        if problem:
            if version == "editable":
                beside.unlink(missing_ok=True)  # of an older source
            self.app.display_warning(f"Agreements will be read in Python, which takes longer: {problem}")
        elif version == "editable":
            shutil.move(built, beside.with_suffix(".new"))
            beside.with_suffix(".new").replace(beside)  # at once: a running program keeps the old one
        else:
            build_data["force_include"][str(built)] = PLACE
            build_data["pure_python"] = False
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"cp311-abi3-{platform}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        shutil.rmtree(self._folder, ignore_errors=True)


def compiled(source: Path, built: Path) -> str:
    """Compile; say what is missing if that cannot be done."""
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "")
    if not compiler or sys.platform == "win32":
        return "no C compiler is known here"
    shared = ["-bundle", "-undefined", "dynamic_lookup"] if sys.platform == "darwin" else ["-shared"]
    flags = ["-O2", "-fPIC", *shared, *shlex.split(os.environ.get("CFLAGS", ""))]
    headers = f"-I{sysconfig.get_path('include')}"
    try:
        subprocess.run(  # noqa: S603 - the compiler that this Python names, or the builder
            [*compiler, *flags, headers, str(source), "-o", str(built)],
            check=True,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        return f"{compiler[0]}: {error.strerror}"
    except subprocess.CalledProcessError as error:
        said = [line for line in error.stderr.splitlines() if "error" in line]
        return said[0] if said else f"{compiler[0]} failed"
    return ""
