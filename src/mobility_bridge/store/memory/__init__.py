"""The store's twin in memory: the same behaviour on dictionaries, for tests and for trying things out."""

import threading
from collections.abc import Callable
from typing import TypeVar

from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.store.memory.agreements import MemoryApprovals, MemoryLinks
from mobility_bridge.store.memory.copies import MemoryCopies
from mobility_bridge.store.memory.decisions import MemoryDecisions
from mobility_bridge.store.memory.discrepancies import MemoryDiscrepancies
from mobility_bridge.store.memory.evidence import MemoryEvidence
from mobility_bridge.store.memory.facts import MemoryFacts, MemoryFeeds
from mobility_bridge.store.memory.outbox import MemoryOutbox
from mobility_bridge.store.memory.partners import MemoryPartners, MemoryWork
from mobility_bridge.store.memory.places import MemoryPlaces
from mobility_bridge.store.memory.privacy import Beside, MemoryPrivacy
from mobility_bridge.store.memory.records import MemoryRecords
from mobility_bridge.store.memory.shelf import Journal, Shelf
from mobility_bridge.store.memory.students import MemoryStudents
from mobility_bridge.store.memory.writes import MemoryWrites

T = TypeVar("T")

__all__ = ["MemoryStore", "MemoryUnitOfWork"]


class MemoryUnitOfWork:
    """`UnitOfWork` on dictionaries; one for the whole life of the store."""

    def __init__(self, journal: Journal) -> None:
        documents: Shelf[Sha256, bytes] = Shelf(journal)
        self._cursors: Shelf[str, str] = Shelf(journal)
        self.copies = MemoryCopies(journal, documents)
        self.links = MemoryLinks(journal)
        self.approvals = MemoryApprovals(journal)
        self.discrepancies = MemoryDiscrepancies(journal)
        self.outbox = MemoryOutbox(journal)
        self.evidence = MemoryEvidence(journal, documents)
        self.partners = MemoryPartners(journal)
        self.work = MemoryWork(journal)
        self.students = MemoryStudents(journal)
        self.records = MemoryRecords(journal, self.students)
        self.facts = MemoryFacts(journal)
        self.feeds = MemoryFeeds(journal)
        self.writes = MemoryWrites(journal)
        self.decisions = MemoryDecisions(journal)
        self.places = MemoryPlaces(journal)
        self.privacy = MemoryPrivacy(
            journal,
            Beside(
                self.students,
                self.records,
                self.facts,
                self.feeds,
                self.discrepancies,
                self.evidence,
                self.places,
                self.writes,
                self.work,
            ),
        )

    def cursor(self, name: str) -> str | None:
        return self._cursors.get(name)

    def set_cursor(self, name: str, value: str) -> None:
        self._cursors.put(name, value)


class MemoryStore:
    """`Store` on dictionaries. One unit of work runs at a time, in the caller's thread."""

    def __init__(self, *, read_only: bool = False) -> None:
        self._read_only = read_only
        self._turn = threading.Lock()
        self._journal = Journal()
        self._unit = MemoryUnitOfWork(self._journal)

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        with self._turn:
            return work(self._unit)

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        if self._read_only:
            raise StoreError("the store was opened for reading only")
        with self._turn:
            self._journal.writing = True
            try:
                result = work(self._unit)
            except BaseException:
                self._journal.roll_back()
                raise
            finally:
                self._journal.forget()
                self._journal.writing = False
            return result

    async def scrub(self) -> None:
        """What was dropped is gone."""

    async def close(self) -> None:
        """Nothing is held."""
