"""What plays the outside world touches nothing that it did not make itself."""

from pathlib import Path

import pytest

from mobility_bridge.cli.main import main

THEIRS = ("mobility-bridge.toml", "bridge.sqlite3", "bridge.log.jsonl")


def typed(*words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(words)
    return int(end.value.code or 0)


@pytest.fixture
def somebodys(tmp_path: Path) -> Path:
    for name in THEIRS:
        (tmp_path / name).write_text("somebody's own", encoding="utf-8")
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "kept").write_text("somebody's own", encoding="utf-8")
    return tmp_path


def untouched(folder: Path) -> bool:
    files = [*(folder / name for name in THEIRS), folder / "state" / "kept"]
    return all(file.read_text(encoding="utf-8") == "somebody's own" for file in files)


def test_demo_refuses_a_folder_that_holds_somebody_elses_files(
    somebodys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("demo", "--dir", str(somebodys), "--scenario", "clean") == 2
    assert untouched(somebodys)
    assert "Nothing was touched" in capsys.readouterr().err


def test_demo_refuses_a_store_without_a_configuration_beside_it(tmp_path: Path) -> None:
    (tmp_path / "bridge.sqlite3").write_bytes(b"somebody's own")
    assert typed("demo", "--dir", str(tmp_path), "--scenario", "clean") == 2
    assert (tmp_path / "bridge.sqlite3").read_bytes() == b"somebody's own"
