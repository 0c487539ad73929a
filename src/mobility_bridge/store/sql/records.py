"""Records about students, and the facts of the registry, in SQL."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, select, tuple_, update

from mobility_bridge.domain.identifiers import HeiId, LadokUid, Sha256
from mobility_bridge.domain.record import Record, RecordKey, RecordKind, StayId, StoredRecord, StudentId
from mobility_bridge.domain.registration import F, Fact, prevailing
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.store.facts import read_fact, read_facts, write_fact, write_facts
from mobility_bridge.store.sealing import Seal
from mobility_bridge.store.sql.statements import in_chunks, upsert
from mobility_bridge.store.sql.students import family, name_of, number_of
from mobility_bridge.store.student_tables import (
    feed_events,
    records,
    records_history,
    registry_facts,
    registry_facts_history,
)

_KEY = (records.c.source, records.c.kind, records.c.holder_hei_id, records.c.record_id)
_JOINT = "\x1f"


class SqlRecords:
    """`RecordRepository` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def digests(self, source: str, kind: RecordKind, holder: HeiId) -> Mapping[str, Sha256]:
        wanted = select(records.c.record_id, records.c.digest).where(
            records.c.source == source,
            records.c.kind == kind,
            records.c.holder_hei_id == holder,
            records.c.gone_at.is_(None),
        )
        return {row.record_id: row.digest for row in self._connection.execute(wanted)}

    def save(self, said: Iterable[Record], now: datetime) -> Sequence[RecordKey]:
        changed: list[RecordKey] = []
        for chunk in in_chunks(said):
            held = {_key(row): row for row in self._rows([each.key for each in chunk])}
            rows = []
            for record in chunk:
                former = held.get(record.key)
                if former is not None and former.as_of > record.as_of:
                    continue
                same = former is not None and former.digest == record.digest and former.gone_at is None
                if not same:
                    changed.append(record.key)
                    if former is not None:
                        self._connection.execute(insert(records_history), [dict(former._mapping)])  # noqa: SLF001 - public
                rows.append(self._row(record, former, now, same=same))
            upsert(self._connection, records, rows)
        return changed

    def confirm(self, keys: Iterable[RecordKey], now: datetime) -> None:
        for chunk in in_chunks(keys):
            self._connection.execute(update(records).where(_among(chunk)).values(confirmed_at=now))

    def gone(self, keys: Iterable[RecordKey], now: datetime) -> Sequence[RecordKey]:
        ended: list[RecordKey] = []
        for chunk in in_chunks(keys):
            living = [_key(row) for row in self._rows(chunk) if row.gone_at is None]
            if living:
                self._connection.execute(update(records).where(_among(living)).values(gone_at=now))
            ended += living
        return ended

    def get(self, key: RecordKey) -> StoredRecord | None:
        found = self._rows([key])
        return self._stored(found[0]) if found else None

    def history(self, key: RecordKey) -> Sequence[StoredRecord]:
        table = records_history.c
        wanted = (
            select(records_history)
            .where(
                table.source == key.source,
                table.kind == key.kind,
                table.holder_hei_id == key.holder_hei_id,
                table.record_id == key.record_id,
            )
            .order_by(table.history_id.desc())
        )
        return [self._stored(row) for row in self._connection.execute(wanted)]

    def of_student(self, student_id: StudentId) -> Sequence[StoredRecord]:
        wanted = (
            select(records)
            .where(records.c.student_id.in_(family(self._connection, student_id)))
            .order_by(records.c.kind, records.c.source, records.c.holder_hei_id, records.c.record_id)
        )
        return [self._stored(row) for row in self._connection.execute(wanted)]

    def homeless(self, limit: int = 1000) -> Sequence[StoredRecord]:
        wanted = select(records).where(records.c.student_id.is_(None)).order_by(*_KEY).limit(limit)
        return [self._stored(row) for row in self._connection.execute(wanted)]

    def assign(self, keys: Iterable[RecordKey], student_id: StudentId, stay_id: StayId | None = None) -> None:
        values: dict[str, Any] = {"student_id": number_of(student_id)}
        if stay_id is not None:
            values["stay_id"] = stay_id
        for chunk in in_chunks(keys):
            self._connection.execute(update(records).where(_among(chunk)).values(**values))

    def _rows(self, keys: Sequence[RecordKey]) -> Sequence[Row[Any]]:
        return self._connection.execute(select(records).where(_among(keys))).all()

    def _row(self, record: Record, former: Row[Any] | None, now: datetime, *, same: bool) -> dict[str, Any]:
        document = record.document
        return {
            "source": record.key.source,
            "kind": record.key.kind,
            "holder_hei_id": record.key.holder_hei_id,
            "record_id": record.key.record_id,
            "student_id": None if former is None else former.student_id,
            "stay_id": None if former is None else former.stay_id,
            "digest": record.digest,
            "facts": former.facts
            if same and former is not None
            else self._seal.close(write_facts(record.key.kind, record.facts)),
            "as_of": record.as_of,
            "document_sha256": None if document is None else document.sha256,
            "document_format": None if document is None else document.format,
            "document_position": None if document is None else document.position,
            "problems": json.dumps(record.problems, separators=(",", ":")),
            "first_seen_at": now if former is None else former.first_seen_at,
            "changed_at": former.changed_at if same and former is not None else now,
            "confirmed_at": now,
            "gone_at": None,
        }

    def _stored(self, row: Row[Any]) -> StoredRecord:
        key = _key(row)
        document = None
        if row.document_sha256 is not None:
            document = DocumentRef(row.document_sha256, row.document_format, row.document_position)
        record = Record(
            key,
            read_facts(key.kind, self._seal.open(row.facts)),
            row.digest,
            row.as_of,
            document,
            tuple((where, code) for where, code in json.loads(row.problems)),
        )
        return StoredRecord(
            record,
            None if row.student_id is None else name_of(row.student_id),
            None if row.stay_id is None else StayId(row.stay_id),
            row.first_seen_at,
            row.changed_at,
            row.confirmed_at,
            row.gone_at,
        )


class SqlFacts:
    """`FactRepository` on one transaction."""

    def __init__(self, connection: Connection, seal: Seal) -> None:
        self._connection = connection
        self._seal = seal

    def apply(self, facts: Iterable[Fact], now: datetime) -> Sequence[Fact]:
        changed: list[Fact] = []
        for chunk in in_chunks(facts):
            changed += self._apply(chunk, now)
        return changed

    def _apply(self, facts: Sequence[Fact], now: datetime) -> list[Fact]:
        keys = {_JOINT.join(each.key) for each in facts}
        rows = {
            row.key: row
            for row in self._connection.execute(select(registry_facts).where(registry_facts.c.key.in_(keys)))
        }
        held: dict[str, Fact] = {}
        changed, former = [], []
        for fact in facts:
            key = _JOINT.join(fact.key)
            if key not in held and key in rows:
                held[key] = self._fact(rows[key])
            known = held.get(key)
            if prevailing(known, fact) is known:
                continue
            if key in rows and known is not None:
                former.append(
                    {"key": key, "as_of": known.as_of, "facts": rows[key].facts, "replaced_at": now}
                )
            held[key] = fact
            changed.append(fact)
        if former:
            self._connection.execute(insert(registry_facts_history), former)
        last = {_JOINT.join(fact.key): fact for fact in changed}
        upsert(self._connection, registry_facts, [self._row(key, fact, now) for key, fact in last.items()])
        return changed

    def of_student(self, student_uid: LadokUid) -> Sequence[Fact]:
        wanted = select(registry_facts).where(registry_facts.c.student_uid == student_uid)
        return [self._fact(row) for row in self._connection.execute(wanted.order_by(registry_facts.c.key))]

    def get(self, key: tuple[str, ...]) -> Fact | None:
        wanted = select(registry_facts).where(registry_facts.c.key == _JOINT.join(key))
        row = self._connection.execute(wanted).one_or_none()
        return None if row is None else self._fact(row)

    def of_kind(self, kind: type[F]) -> Sequence[F]:
        wanted = select(registry_facts).where(registry_facts.c.kind == kind.kind)
        rows = self._connection.execute(wanted.order_by(registry_facts.c.key))
        return [fact for fact in map(self._fact, rows) if isinstance(fact, kind)]

    def _row(self, key: str, fact: Fact, now: datetime) -> dict[str, Any]:
        return {
            "key": key,
            "kind": fact.kind,
            "student_uid": getattr(fact, "student_uid", None),
            "as_of": fact.as_of,
            "event_uid": fact.event_uid or "",
            "removed": fact.removed,
            "facts": self._seal.close(write_fact(fact)),
            "changed_at": now,
        }

    def _fact(self, row: Row[Any]) -> Fact:
        return read_fact(row.kind, self._seal.open(row.facts))


class SqlFeeds:
    """`FeedLog` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def handled(self, feed: str, event_ids: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        for chunk in in_chunks(event_ids):
            wanted = select(feed_events.c.event_id).where(
                feed_events.c.feed == feed, feed_events.c.event_id.in_(chunk)
            )
            found.update(self._connection.execute(wanted).scalars())
        return frozenset(found)

    def mark_handled(self, feed: str, event_ids: Iterable[str], page: int, now: datetime) -> None:
        rows = [
            {"feed": feed, "event_id": event_id, "page": page, "handled_on": now.date()}
            for event_id in dict.fromkeys(event_ids)
        ]
        upsert(self._connection, feed_events, rows, keep={"page"})

    def forget_from(self, feed: str, page: int) -> int:
        chosen = and_(feed_events.c.feed == feed, feed_events.c.page >= page)
        number = self._connection.execute(
            select(func.count()).select_from(feed_events).where(chosen)
        ).scalar_one()
        self._connection.execute(delete(feed_events).where(chosen))
        return int(number)


def _among(keys: Sequence[RecordKey]) -> Any:
    return tuple_(*_KEY).in_(
        [(each.source, each.kind.value, each.holder_hei_id, each.record_id) for each in keys]
    )


def _key(row: Row[Any]) -> RecordKey:
    return RecordKey(row.source, RecordKind(row.kind), HeiId(row.holder_hei_id), row.record_id)
