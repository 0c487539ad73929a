"""The command line as a person types it, in this process: exit code, stdout, stderr."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.stores import sqlite_template

from mobility_bridge.cli.main import main

__all__ = ["sqlite_template"]


@dataclass(frozen=True)
class Result:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Result]


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Type a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOBILITY_BRIDGE_CONFIG", raising=False)

    def type_it(*words: object) -> Result:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return Result(int(end.value.code or 0), printed.out, printed.err)

    return type_it


@pytest.fixture
def config(tmp_path: Path, sqlite_template: Path) -> Path:
    """A configuration without any outside system, and its store."""
    shutil.copy(sqlite_template, tmp_path / "bridge.sqlite3")
    file = tmp_path / "bridge.toml"
    file.write_text(
        'own_hei_id = "nordhav.example"\n[store]\nurl = "sqlite:///bridge.sqlite3"\n[log]\nfile = "bridge.log"\n'
    )
    return file
