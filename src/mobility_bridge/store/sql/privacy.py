"""Letting go of a person in SQL: rows go, digests and keyed fingerprints stay."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, delete, func, insert, select, tuple_, update

from mobility_bridge.domain.discrepancy import Subject, SubjectKind
from mobility_bridge.domain.identifiers import LadokUid, Sha256
from mobility_bridge.domain.personal import Trace, said
from mobility_bridge.domain.record import RecordKey, StudentId
from mobility_bridge.domain.write import WriteState
from mobility_bridge.ports.privacy import Erasure, ToErase
from mobility_bridge.ports.students import MatchState
from mobility_bridge.store.facts import read_fact
from mobility_bridge.store.place_tables import place_claims
from mobility_bridge.store.sealing import Seal, fingerprint, unwrap_text, wrap_text
from mobility_bridge.store.sql.evidence import SqlEvidence
from mobility_bridge.store.sql.statements import in_chunks, upsert
from mobility_bridge.store.sql.students import name_of, number_of
from mobility_bridge.store.student_tables import (
    erased_keys,
    erasures,
    feed_events,
    records,
    records_history,
    registry_facts,
    registry_facts_history,
    stays,
    student_keys,
    student_matches,
    student_traits,
    students,
)
from mobility_bridge.store.tables import discrepancies, discrepancy_events, subjects
from mobility_bridge.store.write_tables import writes

_ERASED = "erased"
_KEY = ("source", "kind", "holder_hei_id", "record_id")


class SqlPrivacy:
    """`PrivacyRepository` on one transaction. `key` makes fingerprints."""

    def __init__(self, connection: Connection, seal: Seal, key: bytes, evidence: SqlEvidence) -> None:
        self._connection = connection
        self._seal = seal
        self._key = key
        self._evidence = evidence
        self._known: bool | None = None

    def erase(self, what: ToErase, by: str, why: str, at: datetime) -> Erasure:
        if self._connection.dialect.name == "sqlite":
            # What is deleted is written over, not only left out.
            self._connection.exec_driver_sql("PRAGMA secure_delete = ON")
        numbers = [number_of(each) for each in what.students]
        counts = {
            **self._records(numbers, at),
            "facts": self._facts(what.uids),
            **self._stays(what.students, numbers),
            "keys": self._gone(student_keys, student_keys.c.student_id.in_(numbers)),
            "traits": self._gone(student_traits, student_traits.c.student_id.in_(numbers)),
            "matches": self._matches(numbers),
        }
        counts["evidence"] += self._evidence.erase(what.evidence, at, what.hidden)
        done = self._connection.execute(
            insert(erasures).values(
                students=json.dumps(list(what.students)),
                erased_at=at,
                erased_by=wrap_text(self._seal, by),
                why=wrap_text(self._seal, why),
                counts=json.dumps(counts),
            )
        )
        assert done.inserted_primary_key is not None
        number = int(done.inserted_primary_key[0])
        chosen = students.c.student_id.in_(numbers)
        self._connection.execute(update(students).where(chosen).values(erasure_id=number))
        rows = [
            {"kind": each.kind, "fingerprint": self._print(each), "erasure_id": number}
            for each in what.traces
        ]
        upsert(self._connection, erased_keys, rows)
        self._known = None
        return Erasure(number, what.students, at, by, why, counts)

    def any(self) -> bool:
        if self._known is None:
            found = self._connection.execute(select(erased_keys.c.erasure_id).limit(1)).first()
            self._known = found is not None
        return self._known

    def forgotten(self, traces: Iterable[Trace]) -> Mapping[Trace, int]:
        if not self.any():
            return {}  # without working out any trace
        found: dict[Trace, int] = {}
        for chunk in in_chunks(traces):
            prints = {(each.kind, self._print(each)): each for each in chunk}
            wanted = select(erased_keys).where(
                tuple_(erased_keys.c.kind, erased_keys.c.fingerprint).in_(list(prints))
            )
            for row in self._connection.execute(wanted):
                found[prints[row.kind, bytes(row.fingerprint)]] = row.erasure_id
        return found

    def erasures(self) -> Sequence[Erasure]:
        return self._select(select(erasures).order_by(erasures.c.erasure_id))

    def erasure_of(self, student_id: StudentId) -> Erasure | None:
        number = (
            select(students.c.erasure_id)
            .where(students.c.student_id == number_of(student_id))
            .scalar_subquery()
        )
        found = self._select(select(erasures).where(erasures.c.erasure_id == number))
        return found[0] if found else None

    def lift(self, erasure_id: int, by: str, why: str, at: datetime) -> Erasure | None:
        chosen = erasures.c.erasure_id == erasure_id
        done = self._connection.execute(
            update(erasures)
            .where(chosen, erasures.c.lifted_at.is_(None))
            .values(lifted_at=at, lifted_by=wrap_text(self._seal, by), lifted_why=wrap_text(self._seal, why))
        )
        if done.rowcount == 0:
            return None
        self._gone(erased_keys, erased_keys.c.erasure_id == erasure_id)
        self._known = None
        return self._select(select(erasures).where(chosen))[0]

    def owners(self, documents: Collection[Sha256]) -> Mapping[Sha256, frozenset[StudentId]]:
        found: dict[Sha256, set[StudentId]] = {}
        for chunk in in_chunks(documents):
            for table in (records, records_history):
                wanted = select(table.c.document_sha256, table.c.student_id).where(
                    table.c.document_sha256.in_(chunk), table.c.student_id.is_not(None)
                )
                for row in self._connection.execute(wanted):
                    found.setdefault(row.document_sha256, set()).add(name_of(row.student_id))
        return {digest: frozenset(owners) for digest, owners in found.items()}

    def withhold(self, discrepancy_id: str) -> None:
        chosen = discrepancy_events.c.discrepancy_id == discrepancy_id
        self._connection.execute(update(discrepancy_events).where(chosen).values({"values": "{}"}))

    def drop_former(self, key: RecordKey, digests: Collection[Sha256], at: datetime, *, dry_run: bool) -> int:
        table = records_history.c
        chosen = and_(
            *(table[name] == value for name, value in zip(_KEY, _values(key), strict=True)),
            table.digest.in_(list(digests)),
        )
        if dry_run or not digests:
            return self._count(records_history, chosen)
        return self._dropped(records_history, chosen, at)

    def drop_records(self, keys: Iterable[RecordKey], at: datetime) -> int:
        dropped = 0
        for chunk in in_chunks(keys):
            listed = list(map(_values, chunk))
            self._remember(chunk)
            self._dropped(
                records_history, tuple_(*(records_history.c[name] for name in _KEY)).in_(listed), at
            )
            dropped += self._dropped(records, tuple_(*(records.c[name] for name in _KEY)).in_(listed), at)
        return dropped

    def _remember(self, keys: Sequence[RecordKey]) -> None:
        rows = []
        for key in keys:
            wanted = select(records.c.digest).where(
                *(records.c[name] == value for name, value in zip(_KEY, _values(key), strict=True))
            )
            for digest in self._connection.execute(wanted).scalars():
                trace = said(key, digest)
                rows.append({"kind": trace.kind, "fingerprint": self._print(trace), "erasure_id": 0})
        upsert(self._connection, erased_keys, rows)
        self._known = None

    def _dropped(self, table: Table, chosen: Any, at: datetime) -> int:
        """Delete rows of records, and the documents that no other row stands on."""
        found = self._connection.execute(select(table.c.document_sha256).where(chosen)).scalars()
        digests = {each for each in found if each is not None}
        dropped = self._gone(table, chosen)
        kept: set[Sha256] = set()
        for chunk in in_chunks(digests):
            for each in (records, records_history):
                wanted = select(each.c.document_sha256).where(each.c.document_sha256.in_(chunk))
                kept.update(self._connection.execute(wanted).scalars())
        self._evidence.erase_documents(digests - kept, at)
        return dropped

    def drop_feed_events(self, handled_before: datetime, *, dry_run: bool) -> int:
        chosen = feed_events.c.handled_on < handled_before.date()
        return self._count(feed_events, chosen) if dry_run else self._gone(feed_events, chosen)

    def drop_discrepancies(
        self, subjects: Collection[str], resolved_before: datetime, *, dry_run: bool
    ) -> int:
        table = discrepancies.c
        chosen = (table.resolved_at < resolved_before) & table.subject_key.in_(list(subjects))
        if dry_run:
            return self._count(discrepancies, chosen)
        return self._discrepancies(chosen)

    def _records(self, numbers: Sequence[int], at: datetime) -> dict[str, int]:
        """Let go of records, their histories wherever these are, and the documents they were read from."""
        mine = [
            tuple(row)
            for row in self._connection.execute(
                select(*(records.c[name] for name in _KEY)).where(records.c.student_id.in_(numbers))
            )
        ]
        digests: set[Sha256] = set()
        dropped = {"records": 0, "former_records": 0}
        for name, table in (("records", records), ("former_records", records_history)):
            conditions = [table.c.student_id.in_(numbers)]
            key = tuple_(*(table.c[each] for each in _KEY))
            conditions += [key.in_(chunk) for chunk in in_chunks(mine)]
            for chosen in conditions:
                found = self._connection.execute(select(table.c.document_sha256).where(chosen)).scalars()
                digests.update(each for each in found if each is not None)
                dropped[name] += self._gone(table, chosen)
        documents, noted = self._evidence.erase_documents(digests, at)
        return {**dropped, "documents": documents, "evidence": noted}

    def _facts(self, uids: Collection[LadokUid]) -> int:
        keys = {
            key
            for chunk in in_chunks(uids)
            for key in self._connection.execute(
                select(registry_facts.c.key).where(registry_facts.c.student_uid.in_(chunk))
            ).scalars()
        }
        keys |= self._former(uids)
        for chunk in in_chunks(keys):
            self._gone(registry_facts_history, registry_facts_history.c.key.in_(chunk))
            self._gone(registry_facts, registry_facts.c.key.in_(chunk))
        return len(keys)

    def _former(self, uids: Collection[LadokUid]) -> set[str]:
        """Keys of facts that no longer say whose they were, because they are no longer so."""
        if not uids:
            return set()
        wanted = (
            select(registry_facts_history.c.key, registry_facts_history.c.facts, registry_facts.c.kind)
            .join(registry_facts, registry_facts.c.key == registry_facts_history.c.key)
            .where(registry_facts.c.student_uid.is_(None), registry_facts.c.removed)
        )
        return {
            row.key
            for row in self._connection.execute(wanted)
            if getattr(read_fact(row.kind, self._seal.open(row.facts)), "student_uid", None) in uids
        }

    def _stays(self, names: Sequence[StudentId], numbers: Sequence[int]) -> dict[str, int]:
        own = stays.c.student_id.in_(numbers)
        mine = list(self._connection.execute(select(stays.c.stay_id).where(own)).scalars())
        about = discrepancies.c.student_id.in_(names) | discrepancies.c.stay_id.in_(mine)
        written = writes.c.student_id.in_(names) | writes.c.stay_id.in_(mine)
        blank = dict.fromkeys(("about", "order_text", "before", "after", "found", "reason"), "")
        self._connection.execute(
            update(writes)
            .where(written, writes.c.state.in_([each.value for each in WriteState if each.open]))
            .values(state=WriteState.MOVED.value)
        )
        blanked = self._connection.execute(
            update(writes)
            .where(written)
            .values(
                key=_ERASED + ":" + func.cast(writes.c.write_id, writes.c.key.type), detail=_ERASED, **blank
            )
        )
        self._gone(place_claims, place_claims.c.stay_id.in_(mine))
        keys = [Subject(SubjectKind.STUDENT, student_id=name).key for name in names]
        self._gone(subjects, subjects.c.key.in_(keys))
        return {
            "discrepancies": self._discrepancies(about),
            "writes": blanked.rowcount,
            "stays": self._gone(stays, own),
        }

    def _discrepancies(self, chosen: Any) -> int:
        ids = select(discrepancies.c.discrepancy_id).where(chosen)
        self._gone(discrepancy_events, discrepancy_events.c.discrepancy_id.in_(ids))
        return self._gone(discrepancies, chosen)

    def _matches(self, numbers: Sequence[int]) -> int:
        table = student_matches.c
        about = table.one.in_(numbers) | table.other.in_(numbers)
        open_ones = about & (table.state == MatchState.PROPOSED)
        self._connection.execute(
            update(student_matches).where(open_ones).values(state=MatchState.REJECTED.value)
        )
        done = self._connection.execute(
            update(student_matches).where(about).values(reasons="[]", reason=None, score=0.0)
        )
        return done.rowcount

    def _gone(self, table: Table, chosen: Any) -> int:
        return self._connection.execute(delete(table).where(chosen)).rowcount

    def _count(self, table: Table, chosen: Any) -> int:
        return int(
            self._connection.execute(select(func.count()).select_from(table).where(chosen)).scalar_one()
        )

    def _print(self, trace: Trace) -> bytes:
        return fingerprint(self._key, f"erased:{trace.kind}", trace.value)

    def _select(self, wanted: Select[Any]) -> list[Erasure]:
        return [self._erasure(row) for row in self._connection.execute(wanted)]

    def _erasure(self, row: Row[Any]) -> Erasure:
        return Erasure(
            row.erasure_id,
            tuple(StudentId(each) for each in json.loads(row.students)),
            row.erased_at,
            unwrap_text(self._seal, row.erased_by) or "",
            unwrap_text(self._seal, row.why) or "",
            json.loads(row.counts),
            row.lifted_at,
            unwrap_text(self._seal, row.lifted_by),
            unwrap_text(self._seal, row.lifted_why),
        )


def _values(key: RecordKey) -> tuple[str, str, str, str]:
    return key.source, key.kind.value, key.holder_hei_id, key.record_id
