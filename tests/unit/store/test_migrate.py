import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from tests.support.stores import ALDERTON, NOON, US, a_copy

from mobility_bridge.domain.snapshot import DocumentRef, KnownDocument, StoredCopy
from mobility_bridge.errors import StoreOutdated
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.store.chain import sha256_of
from mobility_bridge.store.migrate import SCRIPTS, check, current, upgrade
from mobility_bridge.store.revision import REVISION
from mobility_bridge.store.sql import SqlUnitOfWork
from mobility_bridge.store.sql.documents import packed
from mobility_bridge.store.tables import metadata


def statements(url: str) -> set[str]:
    """The SQL of every table and index, without what differs in spelling alone."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")).scalars().all()
    engine.dispose()
    return {re.sub(r"\s+", " ", sql) for sql in rows if "alembic_version" not in sql}


@contextmanager
def an_empty_database(name: str, request: pytest.FixtureRequest) -> Iterator[Connection]:
    """One connection, in one transaction, to a place that has no tables."""
    if name == "sqlite":
        engine = create_engine(f"sqlite:///{request.getfixturevalue('tmp_path') / 'older.db'}")
    else:
        url = request.getfixturevalue("postgres_url")
        engine = create_engine(url, connect_args={"options": "-c search_path=older"})
    with engine.connect() as connection:
        if name == "postgresql":
            connection.execute(text("CREATE SCHEMA older"))
        yield connection
        connection.rollback()
    engine.dispose()


def migrate_to(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_what_was_kept_in_the_first_tables_is_there_after_the_upgrade(
    name: str, request: pytest.FixtureRequest
):
    body, newer = b"<kept-before/>", b"<kept-after/>"
    copy = a_copy(document=DocumentRef(sha256_of(body), "ewp.iias.v7"))
    with an_empty_database(name, request) as connection:
        migrate_to(connection, "0001")
        connection.execute(
            text("INSERT INTO documents (sha256, body, length) VALUES (:sha256, :body, :length)"),
            {"sha256": bytes.fromhex(sha256_of(body)), "body": packed(body), "length": len(body)},
        )
        SqlUnitOfWork(connection).copies.save([copy], NOON)

        migrate_to(connection, "head")
        copies = SqlUnitOfWork(connection).copies
        copies.put_documents({sha256_of(body): body, sha256_of(newer): newer})
        kept = connection.execute(text("SELECT fingerprint FROM documents ORDER BY length")).scalars().all()

        assert copies.document(sha256_of(body)) == body
        assert copies.get(ALDERTON, US, copy.iia_id) == StoredCopy(copy, NOON, NOON, NOON)
        assert copies.current_documents(ALDERTON, US, [[copy.iia_id]]) == [KnownDocument(sha256_of(body))]
        assert kept == [bytes.fromhex(fingerprint(newer)), None]


def test_the_migrated_tables_are_letter_for_letter_the_stated_ones(tmp_path: Path):
    migrated, stated = f"sqlite:///{tmp_path / 'migrated.db'}", f"sqlite:///{tmp_path / 'stated.db'}"
    upgrade(migrated)
    engine = create_engine(stated)
    metadata.create_all(engine)
    engine.dispose()

    assert statements(migrated) == statements(stated)


@pytest.mark.parametrize("url", ["sqlite_url", "postgres_url"])
def test_alembic_sees_no_difference_between_the_migrated_tables_and_the_stated_ones(
    url: str, request: pytest.FixtureRequest
):
    engine = create_engine(request.getfixturevalue(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, metadata)
    engine.dispose()

    assert differences == []


def test_the_newest_revision_is_the_one_that_the_program_needs():
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))

    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_names_are_compared_by_code_point_on_postgresql(postgres_url: str):
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        collated = connection.execute(
            text(
                "SELECT collation_name FROM information_schema.columns"
                " WHERE table_name = 'copies' AND column_name = 'iia_id'"
            )
        ).scalar_one()
        storage = connection.execute(
            text(
                "SELECT attstorage FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attname = 'body'"
            )
        ).scalar_one()
    engine.dispose()

    assert (collated, storage) == ("C", "e")


def test_upgrading_tells_the_revisions_before_and_after_and_may_be_repeated(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'a % b' / 'bridge.db'}"

    assert current(url) is None
    assert upgrade(url) == (None, REVISION)
    assert upgrade(url) == (REVISION, REVISION)
    assert current(url) == REVISION
    check(url)


def test_asking_for_the_revision_makes_no_file(tmp_path: Path):
    assert current(f"sqlite:///{tmp_path / 'none.db'}") is None
    assert list(tmp_path.iterdir()) == []


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'bridge.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE subjects (something_else TEXT)"))

    with pytest.raises(Exception, match="subjects"):
        upgrade(url)

    with engine.connect() as connection:
        tables = (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        )
    engine.dispose()
    assert tables == ["subjects"]


@pytest.mark.parametrize("revision", [None, "9999"])
def test_missing_tables_and_another_revision_are_outdated(tmp_path: Path, revision: str | None):
    url = f"sqlite:///{tmp_path / 'bridge.db'}"
    if revision is not None:
        upgrade(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
        engine.dispose()

    with pytest.raises(StoreOutdated) as caught:
        check(url)

    assert caught.value.next_step == "Run: mobility-bridge db upgrade"
