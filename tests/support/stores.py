"""Every implementation of the store, ready to be tried, and small builders for what goes into it.

A folder's `conftest.py` imports the fixtures; a test takes `backend` (one after the other: memory, SQLite, SQLite
with a key, PostgreSQL) or `store`, an opened one.
"""

import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from tests.support import postgres

from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord
from mobility_bridge.ports.store import Store
from mobility_bridge.store import open_store
from mobility_bridge.store.migrate import upgrade
from mobility_bridge.store.tables import metadata

US = HeiId("nordhav.example")
ALDERTON = HeiId("alderton.example")
BRAVA = HeiId("brava.example")
KEY = b"c2VhbGVkLXdpdGgtYS1rZXktb2YtdGhpcnR5LXR3by4="
NOON = datetime(2026, 11, 2, 12, 0, 0, 123456, tzinfo=UTC)


def minutes(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def digest(text: str) -> Sha256:
    return Sha256(hashlib.sha256(text.encode()).hexdigest())


def a_copy(
    iia_id: str = "iia-1", *, of: HeiId = ALDERTON, holder: HeiId | None = None, **facts: Any
) -> AgreementCopy:
    """The copy that partner `of` holds, or ours of the agreement with it (`holder=US`)."""
    holder = of if holder is None else holder
    given: dict[str, Any] = {
        "source": "ewp",
        "holder_hei_id": holder,
        "iia_id": IiaId(iia_id),
        "partner_hei_id": US if holder == of else of,
        "partner_iia_id": None,
        "listed_hei_ids": (holder, US if holder == of else of),
        "iia_code": None,
        "partner_iia_code": None,
        "in_effect": True,
        "terminated": None,
        "iia_hash": IiaHash(digest("hash" + iia_id)),
        "computed_hash": IiaHash(digest("hash" + iia_id)),
        "hash_verdict": HashVerdict.MATCHES,
        "valid_for_approval": True,
        "content_digest": digest("content" + iia_id),
        "document": DocumentRef(digest("document" + iia_id), "ewp.iias.v7"),
        "fetched_at": NOON,
        "record": LocalRecord("ACTIVE") if holder == US else None,
    }
    return AgreementCopy(**(given | facts))


def an_exchange(body: bytes = b"<iias-get-response/>", **facts: Any) -> Exchange:
    given: dict[str, Any] = {
        "system": "ewp",
        "hei_id": ALDERTON,
        "api": "iias",
        "method": "POST",
        "url": "https://alderton.example/ewp/iias/get",
        "received_at": NOON,
        "request_id": "5f0c6a2e-7b1d-4c38-9a55-0d9f3a1c2b44",
        "request_headers": {"accept": "text/xml"},
        "request_body": b"hei_id=nordhav.example&iia_id=iia-1",
        "status": 200,
        "response_headers": {"content-type": "text/xml"},
        "body": body,
        "verification": Verification.VERIFIED,
        "duration_s": 0.412345,
    }
    return Exchange(**(given | facts))


@dataclass
class Backend:
    """One implementation with one empty store behind it."""

    name: str
    url: str
    keys: tuple[bytes, ...] = ()
    _opened: list[Store] = field(default_factory=list)

    def open(self) -> Store:
        """Open it (once more: a second connection to the same content, except in memory)."""
        if self.name == "memory" and self._opened:
            return self._opened[0]
        self._opened.append(open_store(self.url, keys=self.keys))
        return self._opened[-1]

    def execute(self, statement: str, **values: object) -> None:
        """Do something behind the store's back."""
        engine = create_engine(self.url)
        try:
            with engine.begin() as connection:
                connection.execute(text(statement), values)
        finally:
            engine.dispose()

    async def close(self) -> None:
        for store in self._opened:
            await store.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "bridge.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a migrated database; without a server the tests that ask for it are skipped, and say why."""
    try:
        with postgres.server() as url:
            upgrade(url)
            yield url
    except postgres.NoPostgres as reason:
        pytest.skip(str(reason))


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An emptied database."""
    engine = create_engine(postgres_server)
    with engine.begin() as connection:
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables} RESTART IDENTITY"))
    engine.dispose()
    return postgres_server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "bridge.db")
    return f"sqlite:///{tmp_path / 'bridge.db'}"


@pytest.fixture(params=["memory", "sqlite", "sealed", "postgresql"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[Backend]:
    name = request.param
    url = (
        "memory:"
        if name == "memory"
        else request.getfixturevalue("postgres_url" if name == "postgresql" else "sqlite_url")
    )
    backend = Backend(name, url, (KEY,) if name == "sealed" else ())
    yield backend
    await backend.close()


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.open()
