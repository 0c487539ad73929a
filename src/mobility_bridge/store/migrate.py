"""Brings the tables of a store to the revision that this version needs."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from mobility_bridge.errors import StoreOutdated
from mobility_bridge.store.revision import REVISION
from mobility_bridge.store.sql.engines import connect, locate, make_file
from mobility_bridge.store.sql.failures import UPGRADE, translated

T = TypeVar("T")

SCRIPTS = Path(__file__).with_name("migrations")

_BUSY_TIMEOUT_S = 10.0


def upgrade(url: str) -> tuple[str | None, str]:
    """Make or alter the tables, in one transaction; return the revision before and the one after.

    Raises:  StoreError when the store cannot be reached or written.
    """

    def work(connection: Connection) -> str | None:
        before = _revision(connection)
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before

    place = locate(url)
    if place.path is not None:
        make_file(place.path)
    return _in_transaction(url, work, writing=True), REVISION


def current(url: str) -> str | None:
    """Name the revision of the tables; None when there are none. Raises StoreError."""
    place = locate(url)
    if place.path is not None and not place.path.exists():
        return None
    return _in_transaction(url, _revision, writing=False)


def check(url: str) -> None:
    """Raise StoreOutdated unless the tables are of the revision that this version needs; or StoreError."""
    found = current(url)
    if found is None:
        raise StoreOutdated(f"there are no tables in the store at {locate(url)}", next_step=UPGRADE)
    if found != REVISION:
        raise StoreOutdated(
            f"the tables of the store at {locate(url)} are of revision {found}; this version needs {REVISION}",
            next_step=UPGRADE,
        )


def _in_transaction(url: str, work: Callable[[Connection], T], *, writing: bool) -> T:
    engines = connect(locate(url), busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        engine = engines.writing if writing else engines.reading
        with translated(str(engines.place)), engine.begin() as connection:
            return work(connection)
    finally:
        engines.dispose()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
