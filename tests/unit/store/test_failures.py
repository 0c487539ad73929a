import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from tests.support.stores import NOON, a_copy, digest

from mobility_bridge.errors import StoreBusy, StoreError, StoreOutdated
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.store import sql
from mobility_bridge.store.sql import SqlStore


@contextmanager
def writing_elsewhere(url: str) -> Iterator[None]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


def damage(path: Path) -> None:
    """Write over all but the first page."""
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xa5" * (len(content) - 4096))


async def test_a_store_that_stays_busy_is_tried_again_and_then_says_so(sqlite_url: str):
    store = SqlStore(sqlite_url, busy_timeout_s=0.01, attempts=3)
    runs = []

    with writing_elsewhere(sqlite_url), pytest.raises(StoreBusy):
        await store.write(runs.append)

    assert runs == []  # the lock comes first: a unit of work never starts in vain
    await store.write(lambda unit: unit.set_cursor("a", "b"))
    await store.close()


async def test_a_store_that_stays_busy_is_given_up_in_time(sqlite_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sql, "PATIENCE_S", 0.2)
    store = SqlStore(sqlite_url, busy_timeout_s=0.05, attempts=1000)
    started = time.monotonic()

    with (
        writing_elsewhere(sqlite_url),
        pytest.raises(StoreBusy, match="another process is writing") as caught,
    ):
        await store.write(lambda unit: unit.set_cursor("a", "b"))

    assert time.monotonic() - started < 3
    assert caught.value.next_step is not None
    assert caught.value.next_step.startswith("Wait for it to end, or see which: fuser /")
    await store.close()


async def test_reading_goes_on_while_another_process_writes(sqlite_url: str):
    store = SqlStore(sqlite_url, busy_timeout_s=0.01)

    with writing_elsewhere(sqlite_url):
        assert await store.read(lambda unit: unit.cursor("a")) is None

    await store.close()


async def test_a_unit_of_work_that_meets_a_busy_store_runs_again_from_the_start(sqlite_url: str):
    store = SqlStore(sqlite_url)
    runs = []

    def work(unit: UnitOfWork) -> int:
        runs.append(unit.cursor("a"))
        unit.set_cursor("a", "half")
        if len(runs) < 3:
            raise StoreBusy("another writer was first")
        return len(runs)

    assert await store.write(work) == 3
    assert runs == [None, None, None]
    await store.close()


async def test_a_full_disk_is_named(sqlite_url: str):
    store = SqlStore(sqlite_url)

    def fill(unit: UnitOfWork) -> None:
        # The database's own limit on pages is how a disk fills up on demand.
        unit._connection.exec_driver_sql("PRAGMA max_page_count = 1")
        bodies = [str(number) * 5000 for number in range(500)]
        unit.copies.put_documents({digest(body): body.encode() for body in bodies})

    with pytest.raises(StoreError, match="disk that holds the store is full") as caught:
        await store.write(fill)

    assert caught.value.next_step is not None
    await store.close()


async def test_a_table_that_vanished_is_outdated(sqlite_url: str):
    store = SqlStore(sqlite_url)
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    connection.execute("DROP TABLE cursors")
    connection.close()

    with pytest.raises(StoreOutdated) as caught:
        await store.read(lambda unit: unit.cursor("a"))

    assert caught.value.next_step == "Run: mobility-bridge db upgrade"
    await store.close()


async def test_a_damaged_file_is_named(sqlite_url: str):
    store = SqlStore(sqlite_url)
    await store.write(lambda unit: unit.copies.save([a_copy(f"iia-{n}") for n in range(300)], NOON))
    await store.close()
    damage(Path(sqlite_url.removeprefix("sqlite:///")))

    with pytest.raises(StoreError, match="damaged") as caught:
        SqlStore(sqlite_url)

    assert "backup" in (caught.value.next_step or "")


async def test_an_instant_without_a_zone_is_refused_as_the_mistake_it_is(sqlite_url: str):
    store = SqlStore(sqlite_url)

    with pytest.raises(ValueError, match="without a time zone"):
        await store.write(lambda unit: unit.copies.save([a_copy()], datetime(2026, 11, 2)))  # noqa: DTZ001

    await store.close()


async def test_a_server_that_went_away_is_named_and_found_again(postgres_url: str):
    store = SqlStore(postgres_url, attempts=1)

    def kill(unit: UnitOfWork) -> None:
        unit._connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreError, match="went away") as caught:
        await store.write(kill)

    assert not isinstance(caught.value, StoreBusy)
    await store.write(lambda unit: unit.set_cursor("a", "b"))
    assert await store.read(lambda unit: unit.cursor("a")) == "b"
    await store.close()
