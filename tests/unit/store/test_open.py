import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mobility_bridge.errors import StoreError, StoreOutdated
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade
from mobility_bridge.store.revision import REVISION

NEXT_STEP = "Run: mobility-bridge db upgrade"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_importing_the_store_imports_no_database_library():
    code = (
        "import sys, mobility_bridge.store, mobility_bridge.store.lock, mobility_bridge.store.memory;"
        "print(sorted({'sqlalchemy', 'alembic', 'psycopg', 'zstandard', 'sqlite3'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


async def test_the_file_and_the_folders_made_for_it_are_for_their_owner_alone(tmp_path: Path):
    path = tmp_path / "var" / "lib" / "bridge.db"
    upgrade(f"sqlite:///{path}")

    store = open_store(f"sqlite:///{path}")
    await store.write(lambda unit: unit.set_cursor("a", "b"))

    files = list(path.parent.iterdir())
    assert {file.name for file in files} == {"bridge.db", "bridge.db-wal", "bridge.db-shm"}
    assert {mode(file) for file in files} == {0o600}
    assert mode(path.parent) == mode(path.parent.parent) == 0o700
    await store.close()


async def test_a_sqlite_store_is_in_wal_mode(sqlite_url: str):
    store = open_store(sqlite_url)
    await store.write(lambda unit: unit.set_cursor("a", "b"))
    await store.close()

    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_store_without_tables_says_how_to_make_them(tmp_path: Path):
    with pytest.raises(StoreOutdated) as caught:
        open_store(f"sqlite:///{tmp_path / 'new.db'}")

    assert caught.value.next_step == NEXT_STEP


def test_a_store_of_another_revision_says_which(sqlite_url: str):
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute("UPDATE alembic_version SET version_num = '0000'")
    connection.commit()
    connection.close()

    with pytest.raises(StoreOutdated, match=f"revision 0000; this version needs {REVISION}") as caught:
        open_store(sqlite_url)

    assert caught.value.next_step == NEXT_STEP


@pytest.mark.parametrize("read_only", [True, False])
def test_opening_makes_no_file(tmp_path: Path, *, read_only: bool):
    with pytest.raises(StoreOutdated, match="no store at"):
        open_store(f"sqlite:///{tmp_path / 'x' / 'new.db'}", read_only=read_only)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["sqlite_url", "memory:"])
async def test_a_store_opened_for_reading_refuses_to_write(url: str, request: pytest.FixtureRequest):
    store = open_store(url if ":" in url else request.getfixturevalue(url), read_only=True)

    assert await store.read(lambda unit: unit.cursor("a")) is None
    with pytest.raises(StoreError, match="for reading only"):
        await store.write(lambda unit: unit.set_cursor("a", "b"))

    await store.close()


@pytest.mark.parametrize(
    "url", ["", "bridge.db", "sqlite://", "sqlite:///:memory:", "mysql://localhost/bridge", "nonsense://x"]
)
def test_a_url_that_names_no_store_is_refused_with_examples(url: str):
    with pytest.raises(StoreError) as caught:
        open_store(url)

    assert "sqlite:///" in (caught.value.next_step or "")


def test_a_file_that_is_no_database_is_named(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to look at\n" * 100)

    with pytest.raises(StoreError, match=r"not a SQLite database .*notes\.txt") as caught:
        open_store(f"sqlite:///{path}")

    assert caught.value.next_step is not None


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match=r"cannot be made: .*bridge\.db") as caught:
        upgrade(f"sqlite:///{tmp_path / 'file' / 'bridge.db'}")

    assert caught.value.next_step is not None


def test_an_unreachable_server_is_named_without_its_password():
    pytest.importorskip("psycopg")

    with pytest.raises(StoreError) as caught:
        open_store("postgresql+psycopg://bridge:secret@127.0.0.1:1/bridge")

    assert "127.0.0.1:1/bridge" in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.next_step is not None
