"""Rows in memory that can be put back as they were."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from mobility_bridge.errors import StoreError

K = TypeVar("K")
V = TypeVar("V")


class Journal:
    """Remembers how to undo what one unit of work has written."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []
        self.writing = False

    def note(self, undo: Callable[[], object]) -> None:
        """Remember one step. Raises StoreError while only reading is allowed."""
        if not self.writing:
            raise StoreError("a unit of work that only reads tried to write")
        self._undo.append(undo)

    def forget(self) -> None:
        self._undo.clear()

    def roll_back(self) -> None:
        while self._undo:
            self._undo.pop()()


class Shelf(Generic[K, V]):
    """One table: rows by key."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._rows: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[V]:
        return iter(self._rows.values())

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def items(self) -> list[tuple[K, V]]:
        return list(self._rows.items())

    def put(self, key: K, row: V) -> None:
        former = self._rows.get(key)
        if former is None:
            self._journal.note(lambda: self._rows.pop(key))
        else:
            self._journal.note(lambda: self._rows.update({key: former}))
        self._rows[key] = row

    def drop(self, key: K) -> None:
        former = self._rows.get(key)
        if former is not None:
            self._journal.note(lambda: self._rows.update({key: former}))
            del self._rows[key]
