"""Records about students, and the facts of the registry, in SQL."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, tuple_, update

from mobility_bridge.domain.fact import F, Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid, Sha256
from mobility_bridge.domain.record import Record, RecordKey, RecordKind, StayId, StoredRecord, StudentId
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.ports.students import FormerFact
from mobility_bridge.store.columns import from_micros, to_micros
from mobility_bridge.store.facts import read_fact, read_facts, write_fact, write_facts
from mobility_bridge.store.sealing import Seal
from mobility_bridge.store.sql.statements import CHUNK, in_chunks, run_raw, upsert, upsert_raw, write_raw
from mobility_bridge.store.sql.students import families, name_of, number_of
from mobility_bridge.store.student_tables import (
    ABOUT_NOBODY,
    feed_events,
    records,
    records_history,
    registry_facts,
)

_KEY = (records.c.source, records.c.kind, records.c.holder_hei_id, records.c.record_id)
_OF_OWNERS = (
    select(records)
    .where(records.c.student_id.in_(bindparam("owners", expanding=True)))
    .order_by(records.c.kind, records.c.source, records.c.holder_hei_id, records.c.record_id)
)
_JOINT = "\x1f"
_WEIGHTS = "SELECT key, as_of, event_uid, removed, facts FROM registry_facts WHERE key IN (...)"
_BY_KEY = "SELECT key, kind, facts FROM registry_facts WHERE key IN (...)"
_OF_STUDENTS = (
    "SELECT student_uid, kind, facts FROM registry_facts WHERE student_uid IN (...) ORDER BY student_uid, key"
)
_INTO_HISTORY = "INSERT INTO registry_facts_history (key, as_of, facts, replaced_at) VALUES (?, ?, ?, ?)"
_TO_HISTORY = (
    "INSERT INTO registry_facts_history (key, as_of, facts, replaced_at) "
    "SELECT key, as_of, facts, ? FROM registry_facts WHERE key IN (...)"
)
_HISTORY = (
    "SELECT now.kind, former.facts, former.replaced_at FROM registry_facts now "
    "JOIN registry_facts_history former ON former.key = now.key WHERE now.student_uid = ? "
    "ORDER BY former.history_id"
)
_HANDLED = "SELECT event_id FROM feed_events WHERE feed = ? AND event_id IN (...)"
_MARK_HANDLED = (
    "INSERT INTO feed_events (feed, event_id, page, handled_on) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)


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

    def holders(self, source: str, kind: RecordKind) -> Sequence[HeiId]:
        wanted = (
            select(records.c.holder_hei_id)
            .distinct()
            .where(records.c.source == source, records.c.kind == kind, records.c.gone_at.is_(None))
            .order_by(records.c.holder_hei_id)
        )
        return [HeiId(each) for each in self._connection.execute(wanted).scalars()]

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
        return self.histories([key])[key]

    def histories(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, Sequence[StoredRecord]]:
        found: dict[RecordKey, list[StoredRecord]] = {key: [] for key in keys}
        for chunk in in_chunks(list(found)):
            among = tuple_(*(records_history.c[each.name] for each in _KEY)).in_(
                bindparam("keys", expanding=True)
            )
            wanted = select(records_history).where(among).order_by(records_history.c.history_id.desc())
            for row in self._connection.execute(wanted, {"keys": [_words(key) for key in chunk]}):
                stored = self._stored(row)
                found[stored.record.key].append(stored)
        return found

    def of_student(self, student_id: StudentId) -> Sequence[StoredRecord]:
        return self.of_students([student_id])[student_id]

    def of_students(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[StoredRecord]]:
        found: dict[StudentId, list[StoredRecord]] = {each: [] for each in student_ids}
        owners = families(self._connection, found)
        for chunk in in_chunks(owners):
            for row in self._connection.execute(_OF_OWNERS, {"owners": chunk}):
                found[owners[row.student_id]].append(self._stored(row))
        for some in found.values() if len(owners) > len(found) or len(owners) > CHUNK else ():
            some.sort(key=lambda each: _order(each.record.key))
        return found

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
        """Decide by the weights, which have columns of their own: nothing is opened unless the weight grew."""
        said = [(_JOINT.join(each.key), each) for each in facts]
        held = {row[0]: _Held.of(row) for row in self._weights({key for key, _ in said})}
        latest: dict[str, Fact] = {}
        changed, replaced, passing = [], [], []
        for key, fact in said:
            known = held.get(key)
            if known is not None and fact.weight <= known.weight:
                continue
            if known is None:
                changed.append(fact)
            elif not _says_the_same(self._known(key, known, latest), fact):
                changed.append(fact)
                if key in latest:
                    passing.append(self._passing(key, latest[key], now))
                else:
                    replaced.append(key)
            held[key] = _Held(fact.weight, known.stored if known is not None else b"")
            latest[key] = fact
        for some in in_chunks(replaced):
            run_raw(self._connection, _TO_HISTORY, (to_micros(now),), some)
        write_raw(self._connection, _INTO_HISTORY, passing)
        upsert_raw(self._connection, registry_facts, [self._row(*each, now) for each in latest.items()])
        return changed

    def _passing(self, key: str, fact: Fact, now: datetime) -> tuple[Any, ...]:
        """One that was said and replaced within one call."""
        return key, to_micros(fact.as_of), self._seal.close(write_fact(fact)), to_micros(now)

    def _weights(self, keys: Iterable[str]) -> Iterable[Sequence[Any]]:
        for chunk in in_chunks(keys):
            yield from run_raw(self._connection, _WEIGHTS, (), chunk)

    def _known(self, key: str, known: "_Held", latest: Mapping[str, Fact]) -> Fact:
        if key in latest:
            return latest[key]
        return read_fact(key.partition(_JOINT)[0], self._seal.open(known.stored))

    def of_student(self, student_uid: LadokUid) -> Sequence[Fact]:
        wanted = select(registry_facts).where(registry_facts.c.student_uid == student_uid)
        return [self._fact(row) for row in self._connection.execute(wanted.order_by(registry_facts.c.key))]

    def of_students(self, student_uids: Iterable[LadokUid]) -> Mapping[LadokUid, Sequence[Fact]]:
        found: dict[LadokUid, list[Fact]] = {uid: [] for uid in student_uids}
        for chunk in in_chunks(list(found)):
            for uid, kind, stored in run_raw(self._connection, _OF_STUDENTS, (), chunk):
                found[uid].append(read_fact(kind, self._seal.open(stored)))
        return found

    def get(self, key: tuple[str, ...]) -> Fact | None:
        return self.get_many([key]).get(key)

    def get_many(self, keys: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], Fact]:
        wanted = {_JOINT.join(key): key for key in keys}
        found = {}
        for chunk in in_chunks(wanted):
            for key, kind, stored in run_raw(self._connection, _BY_KEY, (), chunk):
                found[wanted[key]] = read_fact(kind, self._seal.open(stored))
        return found

    def history_of_student(self, student_uid: LadokUid) -> Sequence[FormerFact]:
        rows = run_raw(self._connection, _HISTORY, (student_uid,))
        return [
            FormerFact(read_fact(kind, self._seal.open(stored)), from_micros(at)) for kind, stored, at in rows
        ]

    def of_kind(self, kind: type[F]) -> Sequence[F]:
        wanted = select(registry_facts).where(registry_facts.c.kind == kind.kind)
        if "student_uid" not in {each.name for each in fields(kind)}:
            wanted = wanted.where(ABOUT_NOBODY)
        rows = self._connection.execute(wanted.order_by(registry_facts.c.key))
        return [fact for fact in map(self._fact, rows) if isinstance(fact, kind)]

    def _row(self, key: str, fact: Fact, now: datetime) -> tuple[Any, ...]:
        return (
            key,
            fact.kind,
            getattr(fact, "student_uid", None),
            to_micros(fact.as_of),
            fact.event_uid or "",
            fact.removed,
            self._seal.close(write_fact(fact)),
            to_micros(now),
        )

    def _fact(self, row: Row[Any]) -> Fact:
        return read_fact(row.kind, self._seal.open(row.facts))


class _Held(NamedTuple):
    """The weight of a fact that is held, and how it is stored, where it is."""

    weight: tuple[datetime, str, bool]
    stored: bytes

    @classmethod
    def of(cls, row: Sequence[Any]) -> "_Held":
        _, as_of, event_uid, removed, stored = row
        return cls((from_micros(as_of), event_uid, bool(removed)), stored)


def _says_the_same(known: Fact, said: Fact) -> bool:
    """Whether a later fact adds nothing but that it is still so."""
    return replace(said, as_of=known.as_of, event_uid=known.event_uid) == known


class SqlFeeds:
    """`FeedLog` on one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def handled(self, feed: str, event_ids: Iterable[str]) -> frozenset[str]:
        found: set[str] = set()
        for chunk in in_chunks(event_ids):
            found.update(each for (each,) in run_raw(self._connection, _HANDLED, (feed,), chunk))
        return frozenset(found)

    def mark_handled(self, feed: str, event_ids: Iterable[str], page: int, now: datetime) -> None:
        day = now.date().isoformat()
        rows = [(feed, event_id, page, day) for event_id in dict.fromkeys(event_ids)]
        write_raw(self._connection, _MARK_HANDLED, rows)

    def forget_from(self, feed: str, page: int) -> int:
        chosen = and_(feed_events.c.feed == feed, feed_events.c.page >= page)
        number = self._connection.execute(
            select(func.count()).select_from(feed_events).where(chosen)
        ).scalar_one()
        self._connection.execute(delete(feed_events).where(chosen))
        return int(number)


def _among(keys: Sequence[RecordKey]) -> Any:
    return tuple_(*_KEY).in_([_words(each) for each in keys])


def _order(key: RecordKey) -> tuple[str, str, str, str]:
    return key.kind.value, key.source, key.holder_hei_id, key.record_id


def _words(key: RecordKey) -> tuple[str, str, str, str]:
    return key.source, key.kind.value, key.holder_hei_id, key.record_id


def _key(row: Row[Any]) -> RecordKey:
    return RecordKey(row.source, RecordKind(row.kind), HeiId(row.holder_hei_id), row.record_id)
