"""Students in SQL: who they are by key and trait, who stands for whom, their stays and proposed matches."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select, update

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StayId, StudentId
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.students import Match, MatchState, Stay
from mobility_bridge.store.columns import from_micros
from mobility_bridge.store.sealing import Seal, fingerprint, unwrap_text, wrap_text
from mobility_bridge.store.sql.statements import in_chunks, run_raw, upsert
from mobility_bridge.store.student_tables import (
    stays,
    student_keys,
    student_matches,
    student_traits,
    students,
)

_TRAIT = "trait"
_MOST_MERGES = 100
_OWNERS = "SELECT fingerprint, student_id FROM student_keys WHERE kind = ? AND fingerprint IN (...)"
_MERGED_INTO = "SELECT student_id, merged_into FROM students WHERE merged_into IN (...)"
_STAYS = (
    "SELECT stay_id, student_id, direction, partner_hei_id, created_at FROM stays WHERE student_id IN (...) "
    "ORDER BY student_id, number"
)
_KEYS = "SELECT student_id, kind, value FROM student_keys WHERE student_id IN (...)"
_MERGED = "SELECT student_id, merged_into FROM students WHERE merged_into IS NOT NULL AND student_id IN (...)"


def name_of(number: int) -> StudentId:
    """The name of a student by the number of their row."""
    return StudentId(f"P{number}")


def number_of(student_id: StudentId) -> int:
    """The row of a student. Raises StoreError for what is no student's name."""
    digits = student_id.removeprefix("P")
    if not digits.isdecimal() or digits == student_id:
        raise StoreError(f"{student_id!r} names no student")
    return int(digits)


def family(connection: Connection, student_id: StudentId) -> list[int]:
    """The rows of a student and of all that were merged into it."""
    return list(families(connection, [student_id]))


def families(connection: Connection, student_ids: Iterable[StudentId]) -> dict[int, StudentId]:
    """The rows of students and of all that were merged into them, each with the student that it belongs to."""
    found = {number_of(each): each for each in student_ids}
    new = list(found)
    while new:
        merged = [row for chunk in in_chunks(new) for row in run_raw(connection, _MERGED_INTO, (), chunk)]
        new = [number for number, _ in merged if number not in found]
        found |= {number: found[into] for number, into in merged if number not in found}
    return found


class SqlStudents:
    """`StudentRepository` on one transaction. `key` fingerprints what is looked up."""

    def __init__(self, connection: Connection, seal: Seal, key: bytes) -> None:
        self._connection = connection
        self._seal = seal
        self._key = key

    def create(self, now: datetime) -> StudentId:
        done = self._connection.execute(insert(students).values(created_at=now))
        assert done.inserted_primary_key is not None
        return name_of(done.inserted_primary_key[0])

    def exists(self, student_id: StudentId) -> bool:
        wanted = select(students.c.student_id).where(
            students.c.student_id == number_of(student_id), students.c.erasure_id.is_(None)
        )
        return self._connection.execute(wanted).one_or_none() is not None

    def current(self, student_id: StudentId) -> StudentId:
        return name_of(self._standing(number_of(student_id)))

    def family(self, student_id: StudentId) -> Sequence[StudentId]:
        return [name_of(number) for number in family(self._connection, student_id)]

    def by_keys(self, keys: Iterable[IdentityKey]) -> Mapping[IdentityKey, StudentId]:
        by_kind: dict[str, dict[bytes, IdentityKey]] = {}
        for key in keys:
            by_kind.setdefault(key.kind.value, {})[self._print(key)] = key
        owners: dict[IdentityKey, int] = {}
        for kind, prints in by_kind.items():
            for chunk in in_chunks(prints):
                for taken, owner in run_raw(self._connection, _OWNERS, (kind,), chunk):
                    owners[prints[bytes(taken)]] = owner
        standing = self._all_standing(set(owners.values()))
        return {key: name_of(standing[owner]) for key, owner in owners.items()}

    def keys_of(self, student_id: StudentId) -> frozenset[IdentityKey]:
        return self.all_keys_of([student_id])[student_id]

    def all_keys_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, frozenset[IdentityKey]]:
        found: dict[StudentId, set[IdentityKey]] = {each: set() for each in student_ids}
        owners = families(self._connection, found)
        for chunk in in_chunks(owners):
            for number, kind, value in run_raw(self._connection, _KEYS, (), chunk):
                key = IdentityKey(IdentityKeyKind(kind), self._seal.open(value).decode())
                found[owners[number]].add(key)
        return {each: frozenset(keys) for each, keys in found.items()}

    def by_traits(self, traits: Iterable[str]) -> Sequence[StudentId]:
        prints = [fingerprint(self._key, _TRAIT, trait) for trait in traits]
        wanted = select(student_traits.c.student_id).where(student_traits.c.fingerprint.in_(prints))
        found = set(self._connection.execute(wanted).scalars())
        return [name_of(number) for number in sorted(set(self._all_standing(found).values()))]

    def learn(
        self, student_id: StudentId, keys: Iterable[IdentityKey], traits: Iterable[str], now: datetime
    ) -> None:
        number = number_of(student_id)
        new = list(dict.fromkeys(keys))
        taken = self.by_keys(new)
        rows = [
            {
                "kind": key.kind,
                "fingerprint": self._print(key),
                "value": self._seal.close(key.value.encode()),
                "student_id": number,
                "first_seen_at": now,
            }
            for key in new
            if key not in taken
        ]
        upsert(self._connection, student_keys, rows)
        prints = {fingerprint(self._key, _TRAIT, trait) for trait in traits}
        held = select(student_traits.c.fingerprint).where(
            student_traits.c.student_id == number, student_traits.c.fingerprint.in_(prints)
        )
        missing = prints - {bytes(each) for each in self._connection.execute(held).scalars()}
        if missing:
            self._connection.execute(
                insert(student_traits),
                [{"fingerprint": each, "student_id": number} for each in sorted(missing)],
            )

    def merge(self, kept: StudentId, absorbed: StudentId, now: datetime) -> None:
        if self.current(kept) == self.current(absorbed):
            return
        chosen = students.c.student_id == number_of(absorbed)
        into = number_of(self.current(kept))
        self._connection.execute(update(students).where(chosen).values(merged_into=into, merged_at=now))

    def split(self, absorbed: StudentId, now: datetime) -> StudentId | None:  # noqa: ARG002 - the port's shape
        row = self._connection.execute(
            select(students.c.merged_into).where(students.c.student_id == number_of(absorbed))
        ).one_or_none()
        if row is None or row.merged_into is None:
            return None
        former = self.current(absorbed)
        chosen = students.c.student_id == number_of(absorbed)
        self._connection.execute(update(students).where(chosen).values(merged_into=None, merged_at=None))
        return former

    def select(
        self, *, partner: HeiId | None = None, direction: Direction | None = None, limit: int = 1000
    ) -> Sequence[StudentId]:
        wanted = select(students.c.student_id).where(
            students.c.merged_into.is_(None), students.c.erasure_id.is_(None)
        )
        if partner is not None or direction is not None:
            chosen = select(stays.c.student_id)
            if partner is not None:
                chosen = chosen.where(stays.c.partner_hei_id == partner)
            if direction is not None:
                chosen = chosen.where(stays.c.direction == direction)
            owners = set(self._all_standing(set(self._connection.execute(chosen).scalars())).values())
            wanted = wanted.where(students.c.student_id.in_(owners))
        found = self._connection.execute(wanted.order_by(students.c.student_id).limit(limit))
        return [name_of(number) for number in found.scalars()]

    def partners(self) -> set[HeiId]:
        wanted = select(stays.c.partner_hei_id).where(stays.c.partner_hei_id.is_not(None)).distinct()
        return {HeiId(each) for each in self._connection.execute(wanted).scalars()}

    def stays(self, student_id: StudentId) -> Sequence[Stay]:
        return self.stays_of([student_id])[student_id]

    def stays_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[Stay]]:
        found: dict[StudentId, list[Stay]] = {each: [] for each in student_ids}
        owners = families(self._connection, found)
        for chunk in in_chunks(sorted(owners)):
            for stay_id, number, direction, partner, created_at in run_raw(
                self._connection, _STAYS, (), chunk
            ):
                found[owners[number]].append(
                    Stay(
                        StayId(stay_id),
                        name_of(number),
                        Direction(direction),
                        None if partner is None else HeiId(partner),
                        from_micros(created_at),
                    )
                )
        return found

    def add_stay(
        self, student_id: StudentId, direction: Direction, partner: HeiId | None, now: datetime
    ) -> StayId:
        number = number_of(student_id)
        last = self._connection.execute(
            select(func.max(stays.c.number)).where(stays.c.student_id == number)
        ).scalar_one()
        next_number = (last or 0) + 1
        stay_id = StayId(f"{student_id}-{next_number}")
        self._connection.execute(
            insert(stays).values(
                stay_id=stay_id,
                student_id=number,
                number=next_number,
                direction=direction,
                partner_hei_id=partner,
                created_at=now,
            )
        )
        return stay_id

    def propose(
        self, one: StudentId, other: StudentId, score: float, reasons: Sequence[str], now: datetime
    ) -> int | None:
        first, second = sorted((number_of(one), number_of(other)))
        table = student_matches.c
        known = select(table.match_id).where(
            table.one == first,
            table.other == second,
            table.state.in_((MatchState.PROPOSED, MatchState.REJECTED)),
        )
        if first == second or self._connection.execute(known).first() is not None:
            return None
        done = self._connection.execute(
            insert(student_matches).values(
                one=first,
                other=second,
                score=score,
                reasons=json.dumps(list(reasons)),
                state=MatchState.PROPOSED,
                proposed_at=now,
            )
        )
        assert done.inserted_primary_key is not None
        return int(done.inserted_primary_key[0])

    def matches(
        self, *, state: MatchState | None = None, student_id: StudentId | None = None, limit: int = 1000
    ) -> Sequence[Match]:
        table = student_matches.c
        wanted = select(student_matches).order_by(table.match_id).limit(limit)
        if state is not None:
            wanted = wanted.where(table.state == state)
        if student_id is not None:
            rows = family(self._connection, student_id)
            wanted = wanted.where(or_(table.one.in_(rows), table.other.in_(rows)))
        return [_match(row, self._seal) for row in self._connection.execute(wanted)]

    def decide(self, match_id: int, state: MatchState, by: str, reason: str, now: datetime) -> Match | None:
        chosen = student_matches.c.match_id == match_id
        done = self._connection.execute(
            update(student_matches)
            .where(chosen)
            .values(state=state, decided_at=now, decided_by=by, reason=wrap_text(self._seal, reason))
        )
        if done.rowcount == 0:
            return None
        return _match(self._connection.execute(select(student_matches).where(chosen)).one(), self._seal)

    def _print(self, key: IdentityKey) -> bytes:
        return fingerprint(self._key, key.kind, key.value)

    def _standing(self, number: int) -> int:
        return self._all_standing({number})[number]

    def _all_standing(self, numbers: Collection[int]) -> dict[int, int]:
        """Follow merges; there are few, and never a circle."""
        standing = {number: number for number in numbers}
        new = set(numbers)
        for _ in range(_MOST_MERGES):
            merged = {
                number: into
                for chunk in in_chunks(new)
                for number, into in run_raw(self._connection, _MERGED, (), chunk)
            }
            if not merged:
                return standing
            standing = {number: merged.get(at, at) for number, at in standing.items()}
            new = set(merged.values())
        raise StoreError(f"the merges of {name_of(min(new))} go round in a circle")


def _match(row: Row[Any], seal: Seal) -> Match:
    return Match(
        row.match_id,
        name_of(row.one),
        name_of(row.other),
        row.score,
        tuple(json.loads(row.reasons)),
        MatchState(row.state),
        row.proposed_at,
        row.decided_at,
        row.decided_by,
        unwrap_text(seal, row.reason),
    )
