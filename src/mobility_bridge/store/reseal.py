"""Seal everything in a store anew with the first key: after a key was added, and after one was exchanged.

Each batch is one transaction, and what bears the first key already is passed over: a run that was stopped is simply
begun again. Nothing else has to stop meanwhile.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Connection, Engine, Table, select, tuple_, update
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mobility_bridge.errors import ConfigError, StoreBusy
from mobility_bridge.store.migrate import check
from mobility_bridge.store.sealing import KeySeal, Seal
from mobility_bridge.store.sql.engines import Engines, connect, locate
from mobility_bridge.store.sql.failures import translated
from mobility_bridge.store.sql.scrub import scrub
from mobility_bridge.store.sql.sealed import FINGERPRINT_KEY, SEALED, How
from mobility_bridge.store.tables import cursors

T = TypeVar("T")

BATCH: Final = 100
_BUSY_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows of a table were looked at, and how many of them were sealed anew."""

    table: str
    rows: int
    sealed: int


def reseal(
    url: str, keys: Sequence[bytes], *, dry_run: bool = False, batch: int = BATCH
) -> Iterator[Resealed]:
    """Seal table by table; yields after each. What was legible before is then gone from a SQLite store's file, too.

    Raises:  ConfigError without a key; StoreError when a key is missing that something was sealed with.
    """
    if not keys:
        raise ConfigError(
            "there is no key to seal with",
            problems=[("store.keys", "none", "at least one key")],
            next_step="Make one: mobility-bridge db keys create FILE",
        )
    check(url)
    seal, engines = KeySeal(keys), connect(locate(url), busy_timeout_s=_BUSY_TIMEOUT_S)
    try:
        yield _attempted(engines, _engine(engines, dry_run), partial(_own_key, seal=seal, dry_run=dry_run))
        for table, columns in SEALED.items():
            yield _table(engines, seal, table, columns, batch, dry_run=dry_run)
        if not dry_run:  # also where nothing was left to seal: the run before may have been stopped just here
            scrub(engines, whole=True)
    finally:
        engines.dispose()


def _table(
    engines: Engines, seal: Seal, table: Table, columns: dict[str, How], batch: int, *, dry_run: bool
) -> Resealed:
    after: tuple[Any, ...] | None = None
    rows = sealed = 0
    engine = _engine(engines, dry_run)
    while True:

        def work(connection: Connection, after: tuple[Any, ...] | None = after) -> tuple[list[Any], int]:
            found = _batch(connection, table, columns, after, batch)
            return found, _sealed(connection, seal, table, columns, found, dry_run=dry_run)

        found, anew = _attempted(engines, engine, work)
        rows, sealed = rows + len(found), sealed + anew
        if len(found) < batch:
            return Resealed(table.name, rows, sealed)
        after = tuple(getattr(found[-1], column.name) for column in table.primary_key)


def _own_key(connection: Connection, *, seal: Seal, dry_run: bool) -> Resealed:
    """The store's own key for fingerprints, kept sealed among the cursors."""
    chosen = cursors.c.name == FINGERPRINT_KEY
    held = connection.execute(select(cursors.c.value).where(chosen)).scalar_one_or_none()
    stored = b"" if held is None else b64decode(held)
    if not stored or seal.is_current(stored):
        return Resealed(cursors.name, int(bool(stored)), 0)
    if not dry_run:
        anew = b64encode(seal.close(seal.open(stored))).decode()
        connection.execute(update(cursors).where(chosen).values(value=anew))
    return Resealed(cursors.name, 1, 1)


def _engine(engines: Engines, dry_run: bool) -> Engine:  # noqa: FBT001 - which of two
    return engines.reading if dry_run else engines.writing


def _attempted(engines: Engines, engine: Engine, work: Callable[[Connection], T]) -> T:
    def once() -> T:
        with translated(str(engines.place)), engine.begin() as connection:
            return work(connection)

    again = Retrying(
        retry=retry_if_exception_type(StoreBusy),
        stop=stop_after_attempt(8),
        wait=wait_random_exponential(multiplier=0.02, max=1.0),
        reraise=True,
    )
    return again(once)


def _batch(
    connection: Connection, table: Table, columns: dict[str, How], after: tuple[Any, ...] | None, batch: int
) -> list[Any]:
    key: list[Column[Any]] = list(table.primary_key)
    wanted = select(*key, *(table.c[name] for name in columns)).order_by(*key).limit(batch)
    if after is not None:
        wanted = wanted.where(tuple_(*key) > tuple_(*after, types=[each.type for each in key]))
    return list(connection.execute(wanted))


def _sealed(
    connection: Connection,
    seal: Seal,
    table: Table,
    columns: dict[str, How],
    rows: Sequence[Any],
    *,
    dry_run: bool,
) -> int:
    number = 0
    for row in rows:
        held = {name: getattr(row, name) for name in columns}
        anew = {
            name: how.anew(seal, held[name])
            for name, how in columns.items()
            if held[name] is not None and not how.is_current(seal, held[name])
        }
        if anew and not dry_run:
            chosen = [column == getattr(row, column.name) for column in table.primary_key]
            connection.execute(update(table).where(*chosen).values(**anew))
        number += bool(anew)
    return number
