"""The wheel alone is the program: built and installed offline, used from an empty folder."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.fixtures import FIXTURES, REPOSITORY
from tests.support.played import play

from mobility_adapters.ewp.scanning import WAY

OFFLINE = {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_CACHE_DIR": "1"}
DOCUMENT = FIXTURES / "ewp/iias/v7/mutually-approved.xml"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=REPOSITORY)
    (built,) = folder.glob("*.whl")
    return built


@dataclass(frozen=True)
class Installed:
    """A virtual environment with the wheel, and an empty folder to work in."""

    program: Path
    empty: Path

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return run([str(self.program), *words], cwd=self.empty, env=clean_environment(), check=False)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Install the wheel without an index; what it depends on is borrowed from the environment of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    site = Path(
        sysconfig.get_path("purelib", vars={"base": str(folder / "venv"), "platbase": str(folder / "venv")})
    )
    run(
        [sys.executable, "-m", "pip", "--python", str(folder / "venv/bin/python"), "install", "--no-deps",
         "--no-index", "--quiet", str(wheel)],
    )  # fmt: skip
    borrowed = folder / "borrowed"
    borrowed.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if "mobility" not in entry.name and entry.suffix != ".pth":  # not the checkout itself
            (borrowed / entry.name).symlink_to(entry)
    (site / "borrowed.pth").write_text(f"{borrowed}\n", encoding="utf-8")
    empty = folder / "empty"
    empty.mkdir()
    return Installed(folder / "venv/bin/mobility-bridge", empty)


def run(
    words: list[str], *, cwd: Path | None = None, env: dict[str, str] | None = None, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        words,
        cwd=cwd,
        env=env or {**os.environ, **OFFLINE},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def clean_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


@pytest.fixture(scope="module")
def names(wheel: Path) -> Iterator[list[str]]:
    with zipfile.ZipFile(wheel) as archive:
        yield archive.namelist()


def test_both_packages_are_in_the_wheel_and_say_that_they_are_typed(names: list[str]) -> None:
    for package in ("mobility_bridge", "mobility_adapters"):
        assert f"{package}/py.typed" in names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {
        "mobility_bridge",
        "mobility_adapters",
    }


def test_schemas_mappings_and_migrations_are_in_the_wheel(names: list[str]) -> None:
    for folder, place in (("schemas", "_schemas"), ("config/mappings", "_config/mappings")):
        kept = run(["git", "ls-files", folder], cwd=REPOSITORY).stdout.split()
        assert kept
        for path in kept:
            assert f"mobility_bridge/{place}/{Path(path).relative_to(folder)}" in names
    migrations = [name for name in names if name.startswith("mobility_bridge/store/migrations/")]
    assert any(name.endswith("env.py") for name in migrations)
    assert any("/versions/r0001" in name for name in migrations)


def test_neither_samples_nor_tests_nor_keys_are_in_the_wheel(names: list[str]) -> None:
    for name in names:
        assert not name.endswith((".pem", ".key", ".sqlite3", ".pyc"))
        assert not any(part in ("tests", "fixtures", "benchmarks", "docs") for part in name.split("/"))


def test_entry_points_are_declared(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (file,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        text = archive.read(file).decode()
    assert "mobility-bridge = mobility_bridge.cli.main:main" in text
    assert "ewp = mobility_adapters.ewp:adapter" in text
    assert "mobility_online = mobility_adapters.mobility_online:adapter" in text


def test_help_and_version_work_from_the_wheel_alone(installed: Installed) -> None:
    assert "sync" in installed("--help").stdout
    assert installed("--version").stdout.startswith("mobility-bridge")
    where = run(
        [
            str(installed.program.parent / "python"),
            "-c",
            "import mobility_bridge; print(mobility_bridge.__file__)",
        ],
        cwd=installed.empty,
        env=clean_environment(),
    ).stdout
    assert str(REPOSITORY) not in where


def test_documents_are_validated_and_hashed_from_the_wheel_alone(installed: Installed) -> None:
    validated = installed("ewp", "validate", str(DOCUMENT))
    assert validated.returncode == 0, validated.stdout + validated.stderr
    hashed = installed("iia", "hash", str(DOCUMENT), "--json")
    assert hashed.returncode == 0, hashed.stderr
    assert json.loads(hashed.stdout)


@pytest.fixture(scope="module")
def plain_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as a machine without a C compiler builds it."""
    folder = tmp_path_factory.mktemp("plain")
    run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, **OFFLINE, "CC": "false"},
    )
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_built_without_a_compiler_is_for_every_machine(plain_wheel: Path) -> None:
    assert plain_wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(plain_wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith((".so", ".c"))]


def test_a_wheel_built_with_a_compiler_holds_what_was_compiled(names: list[str], wheel: Path) -> None:
    built = "mobility_adapters/ewp/_scanning.abi3.so"
    if WAY == "python":
        pytest.skip("there is no C compiler here")
    assert built in names
    assert "-cp311-abi3-" in wheel.name
    assert not [name for name in names if name.endswith(".c")]


def test_hashes_are_the_same_with_and_without_the_compiled_part(
    installed: Installed, plain_wheel: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(plain_wheel) as archive:
        archive.extractall(tmp_path)
    documents = [str(path) for path in sorted((FIXTURES / "ewp/iias/v7/hash-vectors").glob("*.xml"))]
    python = installed.program.parent / "python"
    found = {}
    for name, environment in (("built", {}), ("plain", {"PYTHONPATH": str(tmp_path)})):
        done = run(
            [str(python), "-m", "mobility_bridge", "iia", "hash", "--json", *documents],
            cwd=installed.empty,
            env={**clean_environment(), **environment},
            check=False,
        )
        found[name] = json.loads(done.stdout)

    assert {row["way"] for row in found["plain"]} == {"python"}
    assert {row["way"] for row in found["built"]} == (
        {"python", "compiled"} if WAY == "compiled" else {"python"}
    )
    for rows in found.values():
        for row in rows:
            del row["way"]
    assert found["built"] == found["plain"]
    assert len(found["plain"]) > 70


def test_configuration_of_a_sandbox_holds_and_a_plan_is_made_from_the_wheel_alone(
    installed: Installed, tmp_path: Path
) -> None:
    with play(tmp_path / "sandbox", "clean") as stage:
        config = ("--config", str(stage.config))
        for words in (
            ("config", "check"),
            ("db", "check"),
            ("sync", "--dry-run"),
            ("sync", "--json"),
            ("discrepancies", "list", "--json"),
        ):
            done = installed(*words, *config)
            assert done.returncode == 0, (words, done.stdout, done.stderr)
        assert json.loads(done.stdout) == []


def test_a_store_is_made_from_the_wheel_alone(installed: Installed, tmp_path: Path) -> None:
    with play(tmp_path / "sandbox", "clean") as stage:
        (stage.folder / "bridge.sqlite3").unlink()
        upgraded = installed("db", "upgrade", "--json", "--config", str(stage.config))
        assert upgraded.returncode == 0, upgraded.stderr
        assert json.loads(upgraded.stdout)["changed"]


def test_nothing_is_written_where_a_command_is_typed(installed: Installed) -> None:
    assert list(installed.empty.iterdir()) == []
