"""Sealing anew: after a key was added and after one was exchanged, in batches, and nothing legible stays behind."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary
from tests.support.stays import NOMINATION
from tests.support.stores import KEY, NOON, an_exchange, digest

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, Record, RecordKey, RecordKind
from mobility_bridge.domain.write import Write
from mobility_bridge.errors import ConfigError, StoreError
from mobility_bridge.kit.secrets import new_key
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.students import MatchState
from mobility_bridge.store import open_store
from mobility_bridge.store.chain import verify
from mobility_bridge.store.reseal import reseal
from mobility_bridge.store.sql.sealed import SEALED
from mobility_bridge.store.tables import metadata

ESI = "urn:schac:personaluniquecode:int:esi:nordhav.example:20030214"
ESI_KEY = IdentityKey(IdentityKeyKind.GLOBAL_ID, ESI)
SECRET = ("Hemlig", "20030214", "told on the phone")
RECORD = RecordKey("ewp", RecordKind.NOMINATION, HeiId("brava.example"), "OM-1")


WRITE = Write(
    write_id=0,
    key="registration:ladok:adm:1",
    kind="registration",
    field="term",
    to=System.LADOK,
    about="P1-1 HT26",
    order="[]",
    before="ej_paborjad",
    after="registrerad",
    asked_by="kim",
    reason="Hemlig, born 20030214, asked on the phone",
    asked_at=NOON,
)


def fill(uow: UnitOfWork) -> None:
    said = Record(RECORD, NOMINATION, digest("one"), NOON)
    uow.records.save([said], NOON)
    uow.records.save([replace(said, digest=digest("two"))], NOON)
    one, other = uow.students.create(NOON), uow.students.create(NOON)
    uow.students.learn(one, [ESI_KEY], (), NOON)
    match = uow.students.propose(one, other, 0.9, ("email",), NOON)
    assert match is not None
    uow.students.decide(match, MatchState.REJECTED, "karin", "told on the phone", NOON)
    uow.writes.ask(WRITE)
    body = b"<student>Hemlig 20030214</student>" * 50
    url = f"https://brava.example/get?global_id={ESI}"
    uow.evidence.append([an_exchange(body, url=url, request_body=b"global_id=" + ESI.encode())])


def raw(url: str) -> bytes:
    path = Path(url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))


async def filled(url: str, keys: Sequence[bytes] = ()) -> None:
    store = open_store(url, keys=keys)
    await store.write(fill)
    await store.close()


async def look(url: str, *keys: bytes) -> None:
    """Everything is there, and the chain holds."""
    store = open_store(url, keys=keys)
    assert await store.read(lambda uow: uow.students.by_keys([ESI_KEY])) == {ESI_KEY: "P1"}
    assert await store.read(lambda uow: uow.students.keys_of(uow.students.select()[0])) == {ESI_KEY}
    assert await store.read(lambda uow: [each.record.facts for each in uow.records.history(RECORD)]) == [
        NOMINATION
    ]
    assert (await store.read(lambda uow: uow.students.matches()))[0].reason == "told on the phone"
    assert (await store.read(lambda uow: uow.writes.get(1))) == replace(WRITE, write_id=1)
    found = await store.read(lambda uow: uow.evidence.select(text=ESI))
    assert [each.sequence for each in found] == [1]
    _, breaks = verify(await store.read(lambda uow: uow.evidence.scan()))
    assert breaks == []
    await store.close()


async def test_what_is_written_with_a_key_is_not_legible_in_the_file(sqlite_url: str) -> None:
    await filled(sqlite_url, [KEY])
    written = raw(sqlite_url)
    assert not [secret for secret in (*SECRET, ESI) if secret.encode() in written]
    await look(sqlite_url, KEY)


async def test_what_was_written_before_there_was_a_key_is_sealed_and_gone_from_the_file(
    sqlite_url: str,
) -> None:
    # given
    await filled(sqlite_url)
    assert b"20030214" in raw(sqlite_url)
    await look(sqlite_url, KEY)

    # when
    planned = list(reseal(sqlite_url, [KEY], dry_run=True))
    assert b"20030214" in raw(sqlite_url)
    done = list(reseal(sqlite_url, [KEY], batch=1))

    # then
    assert planned == done
    assert {each.table for each in done if each.sealed} == {
        "cursors",
        "records",
        "records_history",
        "student_keys",
        "student_matches",
        "writes",
        "documents",
        "evidence",
    }
    assert not [secret for secret in (*SECRET, ESI) if secret.encode() in raw(sqlite_url)]
    await look(sqlite_url, KEY)
    assert sum(each.sealed for each in reseal(sqlite_url, [KEY])) == 0


async def test_a_run_that_was_stopped_goes_on_and_the_former_key_can_then_be_let_go(sqlite_url: str) -> None:
    # given
    await filled(sqlite_url, [KEY])
    new = new_key().encode()

    # when
    stopped = reseal(sqlite_url, [new, KEY])
    for _ in range(2):
        next(stopped)
    stopped.close()
    await look(sqlite_url, new, KEY)
    list(reseal(sqlite_url, [new, KEY]))

    # then
    await look(sqlite_url, new)
    with pytest.raises(StoreError, match="none of the configured keys"):
        await look(sqlite_url, KEY)
    with pytest.raises(StoreError, match="no key is configured"):
        await look(sqlite_url)


async def test_without_a_key_or_without_the_key_that_was_used_nothing_is_sealed(sqlite_url: str) -> None:
    await filled(sqlite_url, [KEY])
    with pytest.raises(ConfigError):
        list(reseal(sqlite_url, []))
    with pytest.raises(StoreError, match="none of the configured keys"):
        list(reseal(sqlite_url, [new_key().encode()]))
    await look(sqlite_url, KEY)


async def test_a_server_is_sealed_as_well(postgres_url: str) -> None:
    await filled(postgres_url)
    assert sum(each.sealed for each in reseal(postgres_url, [KEY], batch=1)) > 0
    await look(postgres_url, KEY)
    assert sum(each.sealed for each in reseal(postgres_url, [KEY])) == 0


async def test_a_key_that_is_none_is_refused_when_the_store_is_opened(sqlite_url: str) -> None:
    with pytest.raises(ConfigError):
        open_store(sqlite_url, keys=[b"short"])


def test_every_column_that_holds_bytes_and_no_fingerprint_is_sealed_anew() -> None:
    there = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and column.name != "fingerprint"
    }
    listed = {(table.name, name) for table, columns in SEALED.items() for name in columns}
    assert len(there) > 7
    assert there <= listed
