"""The store in SQL: SQLite and PostgreSQL behind one implementation."""

import asyncio
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, bindparam, select
from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from mobility_bridge.errors import StoreBusy, StoreError, StoreOutdated
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.store.revision import REVISION, revision_table
from mobility_bridge.store.sealing import OpenSeal, Seal, new_fingerprint_key
from mobility_bridge.store.sql.agreements import SqlApprovals, SqlLinks
from mobility_bridge.store.sql.copies import SqlCopies
from mobility_bridge.store.sql.decisions import SqlDecisions
from mobility_bridge.store.sql.discrepancies import SqlDiscrepancies
from mobility_bridge.store.sql.documents import SqlDocuments
from mobility_bridge.store.sql.engines import READERS, connect, locate
from mobility_bridge.store.sql.evidence import SqlEvidence
from mobility_bridge.store.sql.failures import UPGRADE, translated
from mobility_bridge.store.sql.outbox import SqlOutbox
from mobility_bridge.store.sql.partners import SqlPartners, SqlWork
from mobility_bridge.store.sql.places import SqlPlaces
from mobility_bridge.store.sql.privacy import SqlPrivacy
from mobility_bridge.store.sql.records import SqlFacts, SqlFeeds, SqlRecords
from mobility_bridge.store.sql.scrub import scrub
from mobility_bridge.store.sql.sealed import FINGERPRINT_KEY
from mobility_bridge.store.sql.statements import upsert
from mobility_bridge.store.sql.students import SqlStudents
from mobility_bridge.store.sql.writes import SqlWrites
from mobility_bridge.store.tables import cursors

T = TypeVar("T")

__all__ = ["SqlStore", "SqlUnitOfWork"]

PATIENCE_S = 9.0
"""Seconds after which a unit of work that finds the store busy is not begun again: a person waits for it."""

_CURSOR = select(cursors.c.value).where(cursors.c.name == bindparam("name"))


class SqlUnitOfWork:
    """`UnitOfWork` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal | None = None, *, writing: bool = True) -> None:
        seal = seal or OpenSeal()
        self._connection = connection
        self._seal = seal
        self._writing = writing
        documents = SqlDocuments(connection, seal)
        self.copies = SqlCopies(connection, documents)
        self.links = SqlLinks(connection)
        self.approvals = SqlApprovals(connection)
        self.discrepancies = SqlDiscrepancies(connection, seal)
        self.outbox = SqlOutbox(connection)
        self.evidence = SqlEvidence(connection, documents, seal)
        self.partners = SqlPartners(connection)
        self.work = SqlWork(connection)
        self.records = SqlRecords(connection, seal)
        self.facts = SqlFacts(connection, seal)
        self.feeds = SqlFeeds(connection)
        self.writes = SqlWrites(connection, seal)
        self.decisions = SqlDecisions(connection, seal)
        self.places = SqlPlaces(connection)

    @cached_property
    def students(self) -> SqlStudents:
        """Made when it is asked for: it needs the store's own key for fingerprints."""
        return SqlStudents(self._connection, self._seal, self._fingerprint_key())

    @cached_property
    def privacy(self) -> SqlPrivacy:
        """Made when it is asked for, like `students`."""
        key = self._fingerprint_key()
        return SqlPrivacy(self._connection, self._seal, key, self.evidence)

    def _fingerprint_key(self) -> bytes:
        """The store's own, made at the first need and kept sealed."""
        held = self.cursor(FINGERPRINT_KEY)
        if held is not None:
            return self._seal.open(b64decode(held))
        made = new_fingerprint_key()
        if self._writing:
            self.set_cursor(FINGERPRINT_KEY, b64encode(self._seal.close(made)).decode())
        return made

    def cursor(self, name: str) -> str | None:
        return self._connection.execute(_CURSOR, {"name": name}).scalar_one_or_none()

    def set_cursor(self, name: str, value: str) -> None:
        upsert(self._connection, cursors, [{"name": name, "value": value}])


class SqlStore:
    """`Store` in SQL.

    Every unit of work runs in a thread: writing ones one after the other in a single thread, reading ones in a
    few others with connections of their own. Another process may write too; the one that comes second waits
    (SQLite) or is tried again (PostgreSQL). A caller that is cancelled may find its work committed.
    """

    def __init__(
        self,
        url: str,
        *,
        read_only: bool = False,
        seal: Seal | None = None,
        busy_timeout_s: float = 5.0,
        attempts: int = 8,
    ) -> None:
        place = locate(url)
        if place.path is not None and not place.path.exists():
            # Only an upgrade makes the file: a command that looks leaves nothing behind.
            raise StoreOutdated(f"there is no store at {place}", next_step=UPGRADE)
        self._read_only = read_only
        self._seal = seal or OpenSeal()
        self._attempts = attempts
        self._engines = connect(place, busy_timeout_s=busy_timeout_s)
        self._place = str(place)
        try:
            self._run(self._engines.reading, _check_revision)
        except BaseException:
            self._engines.dispose()
            raise
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        def unit(connection: Connection) -> T:
            return work(SqlUnitOfWork(connection, self._seal, writing=False))

        return await _within(self._readers, self._run, self._engines.reading, unit)

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        if self._read_only:
            raise StoreError("the store was opened for reading only")

        def unit(connection: Connection) -> T:
            return work(SqlUnitOfWork(connection, self._seal, writing=True))

        async def once() -> T:
            return await _within(self._writer, self._run, self._engines.writing, unit)

        started = time.monotonic()
        try:
            return await once()  # nearly always enough, and the machinery for more is not free
        except StoreBusy:
            if self._attempts <= 1:
                raise
        again = AsyncRetrying(
            retry=retry_if_exception_type(StoreBusy),
            stop=stop_after_attempt(self._attempts - 1)
            | stop_after_delay(max(0.0, PATIENCE_S - (time.monotonic() - started))),
            wait=wait_random_exponential(multiplier=0.02, max=1.0),
            reraise=True,
        )
        return await again(once)

    async def scrub(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, scrub, self._engines)

    async def close(self) -> None:
        await asyncio.to_thread(self._close)

    def _run(self, engine: Engine, unit: Callable[[Connection], T]) -> T:
        with translated(self._place), engine.begin() as connection:
            return unit(connection)

    def _close(self) -> None:
        self._writer.shutdown()
        self._readers.shutdown()
        self._engines.dispose()


async def _within(threads: ThreadPoolExecutor, work: Callable[..., T], *given: Any) -> T:
    """Run in one of these threads, with the caller's context, so that what is logged there is tied to its job."""
    return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work, *given)


def _check_revision(connection: Connection) -> None:
    found = connection.execute(select(revision_table.c.version_num)).scalars().all()
    if found != [REVISION]:
        has = ", ".join(found) or "none"
        raise StoreOutdated(
            f"the store's tables are of revision {has}; this version needs {REVISION}",
            next_step=UPGRADE,
        )
