"""Statements that both dialects know under different names, and rows in pieces."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, func, literal
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

CHUNK = 500
"""Ids in one IN list: few enough for every database, many enough to hide the round trip."""


def upsert(
    connection: Connection, table: Table, rows: Sequence[dict[str, Any]], keep: Collection[str] = ()
) -> None:
    """Insert rows, or write over those with the same primary key except for the columns in `keep`."""
    if rows:
        connection.execute(_upsert(table, connection.dialect.name, frozenset(keep)), rows)


@cache
def _upsert(table: Table, dialect: str, keep: frozenset[str]) -> Any:
    """Make the statement once: making one takes longer than running it."""
    insert: Any = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    written = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in keep
    }
    return insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=written)


def run_raw(connection: Connection, sql: str, values: Sequence[Any], listed: Sequence[Any] = ()) -> Any:
    """Run a statement past the library's binding: `?` is a value, and `(...)` in it the list of `listed`.

    Shape:   values go in and come out as the driver takes and gives them (`store.columns` says how they are
             kept). Made for statements about many rows: binding and decoding each value through the library
             costs more than reading or writing the row.
    """
    return connection.exec_driver_sql(_spelled(sql, connection.dialect.name, len(listed)), (*values, *listed))


@cache
def _spelled(sql: str, dialect: str, listed: int) -> str:
    sql = sql.replace("(...)", f"({', '.join('?' * listed)})")
    return sql if dialect == "sqlite" else sql.replace("?", "%s")


def upsert_raw(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """As `upsert`, for many rows whose values are what the driver takes, in the order of the table's columns."""
    write_raw(connection, _raw_upsert(table), rows)


def insert_raw(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert new rows, values as for `upsert_raw`; a key that is there already is an error."""
    write_raw(connection, _raw_insert(table), rows)


def write_raw(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement once for each of `rows`, values as for `run_raw`."""
    if rows:
        connection.exec_driver_sql(_spelled(sql, connection.dialect.name, 0), list(rows))


@cache
def _raw_insert(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    values = ", ".join("?" for _ in table.columns)
    return f"INSERT INTO {table.name} ({names}) VALUES ({values})"  # noqa: S608 - our own names


@cache
def _raw_upsert(table: Table) -> str:
    key = ", ".join(column.name for column in table.primary_key)
    written = ", ".join(
        f"{column.name} = excluded.{column.name}" for column in table.columns if not column.primary_key
    )
    return f"{_raw_insert(table)} ON CONFLICT ({key}) DO UPDATE SET {written}"


def text_contains(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether the column holds `text`, letter for letter (LIKE would ignore case in SQLite)."""
    if connection.dialect.name == "sqlite":
        return func.instr(column, text) > 0
    return func.strpos(column, text) > 0


def bytes_contain(connection: Connection, column: ColumnElement[bytes], part: bytes) -> ColumnElement[bool]:
    """Whether the column holds `part`, byte for byte."""
    if connection.dialect.name == "sqlite":
        return func.instr(column, part) > 0
    return func.position(literal(part).op("IN")(column)) > 0


def in_chunks(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut `items` into lists of at most `size`."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
