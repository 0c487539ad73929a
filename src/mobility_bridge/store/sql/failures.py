"""What the database's errors mean to us; translated here and nowhere else."""

import shlex
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError

from mobility_bridge.errors import StoreBusy, StoreError, StoreOutdated

UPGRADE = "Run: mobility-bridge db upgrade"

_ROOM = 64 << 10

_WAIT = "Wait for it to end, or see which: fuser {place}"
_AGAIN = "Run the command again; if it goes on, see who is connected in the server's pg_stat_activity."
_DISK_FULL = "Free some space on the disk that holds the store; nothing was lost."
_READ_ONLY = "Give the bridge's user write access to the store's file and its folder."
_BROKEN_FILE = "Stop the bridge, check the disk, and restore the store's file from a backup."
_NO_FILE = "Check that the store's folder exists and that the bridge's user may enter and write it."
_NO_SERVER = (
    "Check that the database server runs and that the address, user and password in store.url are right."
)

_SQLITE: tuple[tuple[int, type[StoreError], str, str | None], ...] = (
    (sqlite3.SQLITE_BUSY, StoreBusy, "another process is writing to the store", _WAIT),
    (sqlite3.SQLITE_LOCKED, StoreBusy, "another connection is writing to the store", _WAIT),
    (sqlite3.SQLITE_FULL, StoreError, "the disk that holds the store is full", _DISK_FULL),
    (sqlite3.SQLITE_READONLY, StoreError, "the store may only be read", _READ_ONLY),
    (sqlite3.SQLITE_CANTOPEN, StoreError, "the store's file cannot be opened", _NO_FILE),
    (sqlite3.SQLITE_IOERR, StoreError, "the store's file cannot be read or written", _BROKEN_FILE),
    (sqlite3.SQLITE_CORRUPT, StoreError, "the store's file is damaged", _BROKEN_FILE),
    (sqlite3.SQLITE_NOTADB, StoreError, "the store's file is not a SQLite database", _BROKEN_FILE),
)

_POSTGRESQL: tuple[tuple[str, type[StoreError], str, str | None], ...] = (
    # Longest prefix first; PostgreSQL 17 manual, appendix A.
    ("40", StoreBusy, "another transaction was first", _AGAIN),
    ("55P03", StoreBusy, "another transaction holds a lock", _AGAIN),
    ("23505", StoreBusy, "another transaction wrote the same row first", _AGAIN),
    ("42P01", StoreOutdated, "the store's tables are missing or of another version", UPGRADE),
    ("42703", StoreOutdated, "the store's tables are of another version", UPGRADE),
    ("53100", StoreError, "the database server's disk is full", _DISK_FULL),
    ("53", StoreError, "the database server is short of resources", "Look at the database server's log."),
    ("25006", StoreError, "the store may only be read", "Name a server in store.url that may be written."),
    ("28", StoreError, "the database server does not let us in", _NO_SERVER),
    ("3D000", StoreError, "there is no such database", _NO_SERVER),
    ("42501", StoreError, "the database user lacks a right", "Make that user the owner of the tables."),
    ("08", StoreError, "the connection to the database server broke", _NO_SERVER),
    ("57P", StoreError, "the database server went away", _NO_SERVER),
)


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise the house's errors for the library's; `place` says which store, without a password."""
    try:
        yield
    except StatementError as error:
        if isinstance(error, DBAPIError):
            raise _translate(error, place) from error
        if isinstance(error.orig, ValueError):  # our own column types refused a value
            raise error.orig from error
        raise StoreError(f"the store at {place} refused a statement: {error.orig}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the store at {place} failed: {error}") from error


def _translate(error: DBAPIError, place: str) -> StoreError:
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, place)
    state = getattr(cause, "sqlstate", None) or ""
    for prefix, kind, what, next_step in _POSTGRESQL:
        if state.startswith(prefix):
            return kind(f"{what} ({place})", next_step=next_step)
    if error.connection_invalidated or (isinstance(error, OperationalError) and not state):
        return StoreError(f"the database server cannot be reached ({place})", next_step=_NO_SERVER)
    return StoreError(f"the store at {place} failed ({state or 'no code'}): {cause}")


def _from_sqlite(cause: sqlite3.Error, place: str) -> StoreError:
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF  # the upper bits only refine
    if code == sqlite3.SQLITE_IOERR and _is_full(place):
        code = sqlite3.SQLITE_FULL  # its index of the log lies in memory of its own and fails in its own way
    for primary, kind, what, next_step in _SQLITE:
        if code == primary:
            step = next_step.format(place=shlex.quote(place)) if next_step is not None else None
            return kind(f"{what} ({place})", next_step=step)
    if str(cause).startswith(("no such table", "no such column")) or "has no column" in str(cause):
        return StoreOutdated(
            f"the store's tables are missing or of another version ({place})", next_step=UPGRADE
        )
    return StoreError(f"the store at {place} failed: {cause}")


def _is_full(place: str) -> bool:
    """Whether the disk that holds a file has no room left for another page or two."""
    try:
        return shutil.disk_usage(Path(place).parent).free < _ROOM
    except OSError:
        return False
