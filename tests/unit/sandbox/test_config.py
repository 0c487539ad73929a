"""The configuration that a sandbox writes for the bridge."""

import shutil
import tomllib
from pathlib import Path

import pytest
from tests.support.sandbox import TODAY

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.config import render_config
from mobility_bridge.sandbox.host import Plan, Sandbox
from mobility_bridge.sandbox.keys import KeyRing
from mobility_bridge.settings.load import load


@pytest.fixture
async def folder(keys: KeyRing, tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(keys.folder, tmp_path / "sandbox"))
    await Sandbox(folder, Plan("clean", today=TODAY)).stop()
    return folder


def test_the_house_accepts_every_key_of_it(folder: Path):
    file = folder / "mobility-bridge.toml"
    text = render_config(folder)
    file.write_text(text[: text.index("[adapters.ewp]")], encoding="utf-8")

    loaded = load(file, {}, environ={})

    assert loaded.settings.own_hei_id == "nordhav.example"
    assert loaded.settings.store.url == f"sqlite:///{folder}/bridge.sqlite3"


@pytest.mark.parametrize("above", [False, True])
def test_its_paths_count_from_where_it_lies(folder: Path, above: bool):  # noqa: FBT001 - a table
    beside = folder.parent if above else folder
    adapters = tomllib.loads(render_config(folder, beside))["adapters"]

    named = [
        adapters["ewp"]["ca_file"],
        adapters["ewp"]["client_key"]["file"],
        adapters["mobility_online"]["authority"]["file"],
    ]

    assert all((beside / path).is_file() for path in named)


def test_without_a_sandbox_there_is_no_configuration(tmp_path: Path):
    with pytest.raises(UsageError, match="no sandbox"):
        render_config(tmp_path)
