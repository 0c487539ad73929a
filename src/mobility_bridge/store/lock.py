"""One daemon per store: two would send every notification twice as often and trust each other's leases."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mobility_bridge.errors import StoreError, StoreHeld

_NEXT_STEP = "Stop the other one first, or give this one a store.url of its own."

_ADVISORY_KEY = 0x6D6F_6269_6C69_7479
"""Names our lock among those of a PostgreSQL database: "mobility" in ASCII."""


@contextmanager
def hold(url: str) -> Iterator[None]:
    """Own the store as its daemon for as long as the context lasts.

    The kernel (SQLite) or the server (PostgreSQL) lets go when the process dies, however it dies. A store in
    memory has no other owner.

    Raises:  StoreHeld when another daemon owns the store; StoreError when that cannot be found out.
    """
    if url == "memory:":
        yield
        return
    from mobility_bridge.store.sql.engines import locate  # noqa: PLC0415 - SQLAlchemy is slow to import

    place = locate(url)
    with _file_lock(place.path) if place.path is not None else _server_lock(url):
        yield


@contextmanager
def _file_lock(store: Path) -> Iterator[None]:
    path = store.with_name(store.name + ".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(
            f"the lock file cannot be made: {path}: {error.strerror}",
            next_step="Check that the bridge's user may write there.",
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreHeld(
                f"another daemon (process {owner}) owns the store {store}", next_step=_NEXT_STEP
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)  # and never unlink: a third could then lock a file that has no name


@contextmanager
def _server_lock(url: str) -> Iterator[None]:
    from sqlalchemy import func, select  # noqa: PLC0415 - as above

    from mobility_bridge.store.sql.engines import connect, locate  # noqa: PLC0415
    from mobility_bridge.store.sql.failures import translated  # noqa: PLC0415

    place = locate(url)
    engines = connect(place, busy_timeout_s=5.0)
    try:
        with (
            translated(str(place)),
            engines.reading.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
        ):
            taken = connection.execute(select(func.pg_try_advisory_lock(_ADVISORY_KEY))).scalar_one()
            if not taken:
                raise StoreHeld(f"another daemon owns the store {place}", next_step=_NEXT_STEP)
            yield
    finally:
        engines.dispose()
