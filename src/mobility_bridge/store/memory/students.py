"""Students, their records and the registry's facts, in memory: the same behaviour on dictionaries."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from mobility_bridge.domain.identifiers import HeiId, LadokUid, Sha256
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import (
    IdentityKey,
    Record,
    RecordKey,
    RecordKind,
    StayId,
    StoredRecord,
    StudentId,
)
from mobility_bridge.domain.registration import F, Fact, prevailing
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.students import FormerFact, Match, MatchState, Stay
from mobility_bridge.store.memory.shelf import Journal, Shelf


@dataclass(frozen=True, slots=True)
class _Student:
    merged_into: StudentId | None = None
    erasure: int | None = None


class MemoryStudents:
    """`StudentRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._students: Shelf[StudentId, _Student] = Shelf(journal)
        self._keys: Shelf[IdentityKey, StudentId] = Shelf(journal)
        self._traits: Shelf[tuple[str, StudentId], bool] = Shelf(journal)
        self._stays: Shelf[StayId, Stay] = Shelf(journal)
        self._matches: Shelf[int, Match] = Shelf(journal)

    def create(self, now: datetime) -> StudentId:  # noqa: ARG002 - kept by the other implementation only
        student_id = StudentId(f"P{len(self._students) + 1}")
        self._students.put(student_id, _Student())
        return student_id

    def exists(self, student_id: StudentId) -> bool:
        row = self._students.get(student_id)
        return row is not None and row.erasure is None

    def current(self, student_id: StudentId) -> StudentId:
        row = self._students.get(student_id)
        while row is not None and row.merged_into is not None:
            student_id = row.merged_into
            row = self._students.get(student_id)
        return student_id

    def family(self, student_id: StudentId) -> list[StudentId]:
        """A student and all that were merged into it."""
        number_of(student_id)
        return [each for each, _ in self._students.items() if self._descends(each, student_id)]

    def by_keys(self, keys: Iterable[IdentityKey]) -> Mapping[IdentityKey, StudentId]:
        found = ((key, self._keys.get(key)) for key in keys)
        return {key: self.current(owner) for key, owner in found if owner is not None}

    def keys_of(self, student_id: StudentId) -> frozenset[IdentityKey]:
        members = set(self.family(student_id))
        return frozenset(key for key, owner in self._keys.items() if owner in members)

    def by_traits(self, traits: Iterable[str]) -> Sequence[StudentId]:
        wanted = set(traits)
        found = {self.current(owner) for (trait, owner), _ in self._traits.items() if trait in wanted}
        return sorted(found, key=number_of)

    def learn(
        self, student_id: StudentId, keys: Iterable[IdentityKey], traits: Iterable[str], now: datetime
    ) -> None:
        del now
        for key in keys:
            if key not in self._keys:
                self._keys.put(key, student_id)
        for trait in traits:
            self._traits.put((trait, student_id), row=True)

    def merge(self, kept: StudentId, absorbed: StudentId, now: datetime) -> None:
        del now
        if self.current(kept) != self.current(absorbed):
            self._students.put(absorbed, _Student(self.current(kept)))

    def split(self, absorbed: StudentId, now: datetime) -> StudentId | None:
        del now
        row = self._students.get(absorbed)
        if row is None or row.merged_into is None:
            return None
        former = self.current(absorbed)
        self._students.put(absorbed, _Student())
        return former

    def select(
        self, *, partner: HeiId | None = None, direction: Direction | None = None, limit: int = 1000
    ) -> Sequence[StudentId]:
        found = [
            each for each, row in self._students.items() if row.merged_into is None and row.erasure is None
        ]
        if partner is not None or direction is not None:
            owners = {
                self.current(stay.student_id)
                for stay in self._stays
                if partner in (None, stay.partner_hei_id) and direction in (None, stay.direction)
            }
            found = [each for each in found if each in owners]
        return sorted(found, key=number_of)[:limit]

    def partners(self) -> set[HeiId]:
        return {stay.partner_hei_id for stay in self._stays if stay.partner_hei_id is not None}

    def stays(self, student_id: StudentId) -> Sequence[Stay]:
        members = set(self.family(student_id))
        found = [stay for stay in self._stays if stay.student_id in members]
        return sorted(found, key=lambda each: (number_of(each.student_id), _place(each.stay_id)))

    def stays_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[Stay]]:
        return {each: self.stays(each) for each in student_ids}

    def all_keys_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, frozenset[IdentityKey]]:
        return {each: self.keys_of(each) for each in student_ids}

    def add_stay(
        self, student_id: StudentId, direction: Direction, partner: HeiId | None, now: datetime
    ) -> StayId:
        number = sum(stay.student_id == student_id for stay in self._stays) + 1
        stay_id = StayId(f"{student_id}-{number}")
        self._stays.put(stay_id, Stay(stay_id, student_id, direction, partner, now))
        return stay_id

    def propose(
        self, one: StudentId, other: StudentId, score: float, reasons: Sequence[str], now: datetime
    ) -> int | None:
        first, second = sorted((one, other), key=number_of)
        held = (MatchState.PROPOSED, MatchState.REJECTED)
        known = any(
            (each.one, each.other) == (first, second) and each.state in held for each in self._matches
        )
        if first == second or known:
            return None
        match_id = len(self._matches) + 1
        match = Match(match_id, first, second, score, tuple(reasons), MatchState.PROPOSED, now)
        self._matches.put(match_id, match)
        return match_id

    def matches(
        self, *, state: MatchState | None = None, student_id: StudentId | None = None, limit: int = 1000
    ) -> Sequence[Match]:
        members = None if student_id is None else set(self.family(student_id))
        found = [
            each
            for each in self._matches
            if state in (None, each.state)
            and (members is None or each.one in members or each.other in members)
        ]
        return sorted(found, key=lambda each: each.match_id)[:limit]

    def decide(self, match_id: int, state: MatchState, by: str, reason: str, now: datetime) -> Match | None:
        match = self._matches.get(match_id)
        if match is None:
            return None
        decided = replace(match, state=state, decided_at=now, decided_by=by, reason=reason)
        self._matches.put(match_id, decided)
        return decided

    def erase(self, members: Collection[StudentId], erasure: int) -> dict[str, int]:
        """Let go of everything but the students' numbers; return how much, by kind."""
        keys = [key for key, owner in self._keys.items() if owner in members]
        traits = [key for key, _ in self._traits.items() if key[1] in members]
        stays = [stay.stay_id for stay in self._stays if stay.student_id in members]
        matches = [each for each in self._matches if each.one in members or each.other in members]
        for key in keys:
            self._keys.drop(key)
        for trait in traits:
            self._traits.drop(trait)
        for stay_id in stays:
            self._stays.drop(stay_id)
        for match in matches:
            state = MatchState.REJECTED if match.state is MatchState.PROPOSED else match.state
            self._matches.put(match.match_id, replace(match, score=0.0, reasons=(), state=state, reason=None))
        for member in members:
            row = self._students.get(member)
            if row is not None:
                self._students.put(member, replace(row, erasure=erasure))
        return {"stays": len(stays), "keys": len(keys), "traits": len(traits), "matches": len(matches)}

    def _descends(self, student_id: StudentId, elder: StudentId) -> bool:
        row: _Student | None
        while student_id != elder:
            row = self._students.get(student_id)
            if row is None or row.merged_into is None:
                return False
            student_id = row.merged_into
        return True


class MemoryRecords:
    """`RecordRepository` on dictionaries."""

    def __init__(self, journal: Journal, students: MemoryStudents) -> None:
        self._students = students
        self._records: Shelf[RecordKey, StoredRecord] = Shelf(journal)
        self._history: Shelf[RecordKey, tuple[StoredRecord, ...]] = Shelf(journal)

    def digests(self, source: str, kind: RecordKind, holder: HeiId) -> Mapping[str, Sha256]:
        wanted = (source, kind, holder)
        return {
            key.record_id: row.record.digest
            for key, row in self._records.items()
            if (key.source, key.kind, key.holder_hei_id) == wanted and row.live
        }

    def holders(self, source: str, kind: RecordKind) -> Sequence[HeiId]:
        living = (key for key, row in self._records.items() if row.live)
        return sorted({key.holder_hei_id for key in living if (key.source, key.kind) == (source, kind)})

    def save(self, said: Iterable[Record], now: datetime) -> Sequence[RecordKey]:
        changed = []
        for record in said:
            former = self._records.get(record.key)
            if former is None:
                self._records.put(record.key, StoredRecord(record, None, None, now, now, now))
                changed.append(record.key)
            elif former.record.as_of <= record.as_of:
                same = former.record.digest == record.digest and former.live
                if not same:
                    self._history.put(record.key, (former, *(self._history.get(record.key) or ())))
                    changed.append(record.key)
                kept = replace(record, facts=former.record.facts) if same else record
                changed_at = former.changed_at if same else now
                self._records.put(
                    record.key,
                    replace(former, record=kept, changed_at=changed_at, confirmed_at=now, gone_at=None),
                )
        return changed

    def confirm(self, keys: Iterable[RecordKey], now: datetime) -> None:
        for key in keys:
            row = self._records.get(key)
            if row is not None:
                self._records.put(key, replace(row, confirmed_at=now))

    def gone(self, keys: Iterable[RecordKey], now: datetime) -> Sequence[RecordKey]:
        ended = []
        for key in keys:
            row = self._records.get(key)
            if row is not None and row.live:
                self._records.put(key, replace(row, gone_at=now))
                ended.append(key)
        return ended

    def get(self, key: RecordKey) -> StoredRecord | None:
        return self._records.get(key)

    def history(self, key: RecordKey) -> Sequence[StoredRecord]:
        return self._history.get(key) or ()

    def histories(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, Sequence[StoredRecord]]:
        return {key: self.history(key) for key in keys}

    def of_student(self, student_id: StudentId) -> Sequence[StoredRecord]:
        members = set(self._students.family(student_id))
        found = [row for row in self._records if row.student_id in members]
        return sorted(found, key=_order)

    def every(self) -> Iterator[StoredRecord]:
        """All records, earlier states included."""
        yield from self._records
        for former in self._history:
            yield from former

    def erase(self, members: Collection[StudentId]) -> tuple[int, int, set[Sha256]]:
        """Let go of records and their histories; return how many of each, and what they were read from."""
        mine = [key for key, row in self._records.items() if row.student_id in members]
        mine_too = [
            key
            for key, rows in self._history.items()
            if key in mine or any(row.student_id in members for row in rows)
        ]
        former = {
            key: [row for row in self._history.get(key) or () if key in mine or row.student_id in members]
            for key in mine_too
        }
        gone = [row for key in mine if (row := self._records.get(key)) is not None]
        rows = [*gone, *(row for each in former.values() for row in each)]
        for key in mine:
            self._records.drop(key)
        for key, dropped in former.items():
            self._keep_history(key, [row for row in self._history.get(key) or () if row not in dropped])
        digests = {row.record.document.sha256 for row in rows if row.record.document is not None}
        return len(gone), len(rows) - len(gone), digests

    def drop(self, key: RecordKey) -> list[StoredRecord]:
        """Let go of a record and its history; return all states."""
        row = self._records.get(key)
        gone = [*([row] if row is not None else []), *(self._history.get(key) or ())]
        self._records.drop(key)
        self._history.drop(key)
        return gone

    def drop_former(self, key: RecordKey, gone: Collection[StoredRecord]) -> None:
        """Let go of these earlier states."""
        self._keep_history(key, [row for row in self._history.get(key) or () if row not in gone])

    def _keep_history(self, key: RecordKey, rows: Sequence[StoredRecord]) -> None:
        self._history.drop(key)
        if rows:
            self._history.put(key, tuple(rows))

    def of_students(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[StoredRecord]]:
        return {each: self.of_student(each) for each in student_ids}

    def homeless(self, limit: int = 1000) -> Sequence[StoredRecord]:
        found = [(_words(key), row) for key, row in self._records.items() if row.student_id is None]
        return [row for _, row in sorted(found, key=lambda each: each[0])][:limit]

    def assign(self, keys: Iterable[RecordKey], student_id: StudentId, stay_id: StayId | None = None) -> None:
        for key in keys:
            row = self._records.get(key)
            if row is not None:
                self._records.put(key, replace(row, student_id=student_id, stay_id=stay_id or row.stay_id))


class MemoryFacts:
    """`FactRepository` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._facts: Shelf[tuple[str, ...], Fact] = Shelf(journal)
        self._history: Shelf[tuple[str, ...], tuple[FormerFact, ...]] = Shelf(journal)

    def apply(self, facts: Iterable[Fact], now: datetime) -> Sequence[Fact]:
        changed = []
        for fact in facts:
            known = self._facts.get(fact.key)
            if prevailing(known, fact) is known:
                continue
            self._facts.put(fact.key, fact)
            if known is None:
                changed.append(fact)
            elif replace(fact, as_of=known.as_of, event_uid=known.event_uid) != known:
                changed.append(fact)
                former = self._history.get(fact.key) or ()
                self._history.put(fact.key, (*former, FormerFact(known, now)))
        return changed

    def of_student(self, student_uid: LadokUid) -> Sequence[Fact]:
        found = [fact for fact in self._facts if getattr(fact, "student_uid", None) == student_uid]
        return sorted(found, key=lambda fact: fact.key)

    def erase(self, uids: Collection[LadokUid]) -> int:
        """Let go of all facts of these students, and of what they replaced; return how many keys."""

        def mine(fact: Fact | None) -> bool:
            return getattr(fact, "student_uid", None) in uids

        keys = {key for key, fact in self._facts.items() if mine(fact)}
        keys |= {
            key
            for key, former in self._history.items()
            if getattr(self._facts.get(key), "student_uid", None) is None
            and any(mine(each.fact) for each in former)
        }
        for key in keys:
            self._facts.drop(key)
            self._history.drop(key)
        return len(keys)

    def of_students(self, student_uids: Iterable[LadokUid]) -> Mapping[LadokUid, Sequence[Fact]]:
        return {uid: self.of_student(uid) for uid in student_uids}

    def get(self, key: tuple[str, ...]) -> Fact | None:
        return self._facts.get(key)

    def get_many(self, keys: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], Fact]:
        return {key: fact for key in keys if (fact := self._facts.get(key)) is not None}

    def history_of_student(self, student_uid: LadokUid) -> Sequence[FormerFact]:
        found = [
            former for fact in self.of_student(student_uid) for former in self._history.get(fact.key) or ()
        ]
        return sorted(found, key=lambda each: each.replaced_at)

    def of_kind(self, kind: type[F]) -> Sequence[F]:
        return sorted((fact for fact in self._facts if isinstance(fact, kind)), key=lambda fact: fact.key)


class MemoryFeeds:
    """`FeedLog` on dictionaries."""

    def __init__(self, journal: Journal) -> None:
        self._events: Shelf[tuple[str, str], tuple[int, date]] = Shelf(journal)

    def handled(self, feed: str, event_ids: Iterable[str]) -> frozenset[str]:
        return frozenset(each for each in event_ids if (feed, each) in self._events)

    def mark_handled(self, feed: str, event_ids: Iterable[str], page: int, now: datetime) -> None:
        for each in event_ids:
            at, _ = self._events.get((feed, each)) or (page, None)
            self._events.put((feed, each), (at, now.date()))

    def drop(self, before: date, *, dry_run: bool) -> int:
        """Let go of what was handled before this day; return of how many events."""
        chosen = [key for key, (_, handled_on) in self._events.items() if handled_on < before]
        for key in chosen if not dry_run else ():
            self._events.drop(key)
        return len(chosen)

    def forget_from(self, feed: str, page: int) -> int:
        chosen = [key for key, (at, _) in self._events.items() if key[0] == feed and at >= page]
        for key in chosen:
            self._events.drop(key)
        return len(chosen)


def number_of(student_id: StudentId) -> int:
    """The number in a student's name. Raises StoreError for what is no student's name."""
    digits = student_id.removeprefix("P")
    if not digits.isdecimal() or digits == student_id:
        raise StoreError(f"{student_id!r} names no student")
    return int(digits)


def _place(stay_id: StayId) -> int:
    return int(stay_id.rpartition("-")[2])


def _words(key: RecordKey) -> tuple[str, str, str, str]:
    return key.source, key.kind, key.holder_hei_id, key.record_id


def _order(row: StoredRecord) -> tuple[str, str, str, str]:
    key = row.record.key
    return key.kind, key.source, key.holder_hei_id, key.record_id
