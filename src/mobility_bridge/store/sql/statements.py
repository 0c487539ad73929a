"""Statements that both dialects know under different names, and rows in pieces."""

from collections.abc import Collection, Iterable, Iterator, Sequence
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
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        insert: Any = sqlite.insert(table)
    else:
        insert = postgresql.insert(table)
    written = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if not column.primary_key and column.name not in keep
    }
    connection.execute(
        insert.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=written), rows
    )


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
