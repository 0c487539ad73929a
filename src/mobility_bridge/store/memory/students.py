"""Students, their stays and who was taken for whom, in memory: the same behaviour on dictionaries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import IdentityKey, StayId, StudentId
from mobility_bridge.errors import StoreError
from mobility_bridge.ports.students import Match, MatchState, Stay
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


def number_of(student_id: StudentId) -> int:
    """The number in a student's name. Raises StoreError for what is no student's name."""
    digits = student_id.removeprefix("P")
    if not digits.isdecimal() or digits == student_id:
        raise StoreError(f"{student_id!r} names no student")
    return int(digits)


def _place(stay_id: StayId) -> int:
    return int(stay_id.rpartition("-")[2])
