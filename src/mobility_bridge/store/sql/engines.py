"""Connections: how each dialect is spoken to, and which file or server an URL names."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from mobility_bridge.errors import StoreError

READERS = 3
"""Connections, and threads, that read at the same time."""

_WANTED = "Write it as sqlite:///path/to/file.db, postgresql+psycopg://user@host/name or memory:"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: `path` is the file of a SQLite store and None for a server's."""

    url: URL
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path is not None else self.url.render_as_string(hide_password=True)


@dataclass(frozen=True, slots=True)
class Engines:
    """The two ways into one store: many readers, and the writer."""

    place: Place
    reading: Engine
    writing: Engine

    def dispose(self) -> None:
        self.reading.dispose()
        self.writing.dispose()


def locate(url: str) -> Place:
    """Read a store's URL. Raises StoreError for one that names no store of ours."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError("store.url is not a database URL", next_step=_WANTED) from error
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return Place(parsed.set(drivername="postgresql+psycopg"), None)
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return Place(parsed, Path(str(parsed.database)).absolute())
    raise StoreError(f"store.url names no store that we can use: {parsed.drivername}", next_step=_WANTED)


def make_file(path: Path) -> None:
    """Make a store's file and the folders above it, for its owner's eyes only.

    Raises:  StoreError when the file system refuses.
    """
    try:
        for folder in (*reversed(path.parent.parents), path.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the file itself.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"the store's file cannot be made: {path}: {error.strerror}",
            next_step="Check that the bridge's user may write there.",
        ) from error


def connect(place: Place, *, busy_timeout_s: float) -> Engines:
    """Make the engines; nothing is opened yet. `busy_timeout_s` is how long a lock is waited for."""
    try:
        if place.path is not None:
            return Engines(
                place,
                reading=_sqlite(place.path, busy_timeout_s, writing=False),
                writing=_sqlite(place.path, busy_timeout_s, writing=True),
            )
        return _postgresql(place, busy_timeout_s)
    except (ImportError, NoSuchModuleError) as error:
        raise StoreError(
            "the driver for PostgreSQL is not installed",
            next_step="Install it: pip install 'mobility-bridge[postgresql]'",
        ) from error


def _sqlite(path: Path, busy_timeout_s: float, *, writing: bool) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=1 if writing else READERS,
        max_overflow=0,
        # A connection is used by one thread at a time, but closed by whichever closes the store.
        connect_args={"check_same_thread": False, "timeout": busy_timeout_s},
    )

    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute("PRAGMA synchronous = NORMAL")
        if writing:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA foreign_keys = ON")
            # Pages that many units of work change, as those of indexes, are carried over once for all of them.
            connection.execute("PRAGMA wal_autocheckpoint = 8000")
            connection.execute("PRAGMA cache_size = -8000")  # KiB: a million copies have wide indexes
        else:
            connection.execute("PRAGMA query_only = ON")

    def begin(connection: Connection) -> None:
        if writing:
            # A deferred BEGIN that reads and then writes fails at once when another writes: no time-out helps it.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Takes no lock yet, so nothing can fail that the library would have to translate.
            connection.connection.cursor().execute("BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _postgresql(place: Place, busy_timeout_s: float) -> Engines:
    engine = create_engine(
        place.url,
        pool_size=READERS + 1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": 10,
            "application_name": "mobility-bridge",
            "options": f"-c lock_timeout={int(busy_timeout_s * 1000)}",
        },
    )
    return Engines(
        place,
        reading=engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True),
        # The server compares row versions: of two that touch the same rows, the later must start again.
        writing=engine.execution_options(isolation_level="SERIALIZABLE"),
    )
