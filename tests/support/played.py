"""A sandbox in a process of its own, and the commands that a user would type against it."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobility_bridge.cli.main import main
from mobility_bridge.cli.sandbox import ask

START_S = 30.0


@dataclass(frozen=True)
class Result:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Played:
    """A running sandbox with a bridge beside it; `environ` overrides settings for every command."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def config(self) -> Path:
        return self.folder / "mobility-bridge.toml"

    def command(self, *words: str) -> Result:
        """Type a command; in this process, so that a test of many commands stays quick."""
        out, err = io.StringIO(), io.StringIO()
        before = {name: os.environ.get(name) for name in self.environ}
        os.environ.update(self.environ)
        code = 0
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                main([*words, "--config", str(self.config)])
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        return Result(code, out.getvalue(), err.getvalue())

    def control(self, method: str, path: str, **body: Any) -> Any:
        """Call the sandbox's stage hands."""
        return ask(self.folder, method, path, body or None)

    def fault(self, partner: str, name: str, *, on: bool = True, **more: Any) -> None:
        self.control("POST", "faults", partner=partner, fault=name, on=on, **more)

    def codes(self, *, state: str = "open") -> list[tuple[str, str | None]]:
        """The discrepancies of that state, as (code, partner)."""
        found = self.command("discrepancies", "list", "--state", state, "--json").json
        return sorted((item["code"], item["partner_hei_id"]) for item in found)


@contextlib.contextmanager
def play(folder: Path, scenario: str, environ: Mapping[str, str] | None = None) -> Iterator[Played]:
    """Run a sandbox in a process of its own while the block runs."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mobility_bridge",
            "sandbox",
            "run",
            "--dir",
            str(folder),
            "--scenario",
            scenario,
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait(process, folder)
        yield Played(folder, environ or {})
    finally:
        process.terminate()
        process.communicate(timeout=20)


def _wait(process: "subprocess.Popen[str]", folder: Path) -> None:
    """Wait until the sandbox has written the bridge's configuration and answers."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            assert process.stderr is not None
            raise RuntimeError(f"the sandbox ended: {process.stderr.read()}")
        if (folder / "mobility-bridge.toml").exists():
            with contextlib.suppress(Exception):
                ask(folder, "GET", "state")
                return
        time.sleep(0.05)
    raise RuntimeError("the sandbox does not come up")
