"""What the store keeps about students: records of each system, facts of the registry, whose they are, and what
people decided.

Every function here runs inside one unit of work, like those of `ports.store`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mobility_bridge.domain.fact import F, Fact
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


class MatchState(StrEnum):
    """Where a proposed match stands."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Match:
    """Two students that may be one person, and what a person said of it. `reasons` name signals."""

    match_id: int
    one: StudentId
    other: StudentId
    score: float
    reasons: tuple[str, ...]
    state: MatchState
    proposed_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of a student: the thing that discrepancies about a student's exchange are about."""

    stay_id: StayId
    student_id: StudentId
    direction: Direction
    partner_hei_id: HeiId | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FormerFact:
    """What the registry said before it said something else, and when we were told otherwise."""

    fact: Fact
    replaced_at: datetime


class RecordRepository(Protocol):
    """Records of every system, current and earlier, with the bytes they were read from."""

    def digests(self, source: str, kind: RecordKind, holder: HeiId) -> Mapping[str, Sha256]:
        """What is held of one kind, by record id: enough to see what changed without decoding anything."""
        ...

    def holders(self, source: str, kind: RecordKind) -> Sequence[HeiId]:
        """The universities of which living records of one kind are held, in their order."""
        ...

    def save(self, records: Iterable[Record], now: datetime) -> Sequence[RecordKey]:
        """Keep records; return those that are new, changed or back again.

        The earlier state of a changed record goes to its history. A record whose `as_of` is older than what is
        held changes nothing.
        """
        ...

    def confirm(self, keys: Iterable[RecordKey], now: datetime) -> None:
        """These were read and say what they said before."""
        ...

    def gone(self, keys: Iterable[RecordKey], now: datetime) -> Sequence[RecordKey]:
        """These are no longer said; return those that were living."""
        ...

    def get(self, key: RecordKey) -> StoredRecord | None: ...

    def history(self, key: RecordKey) -> Sequence[StoredRecord]:
        """Earlier states, newest first."""
        ...

    def histories(self, keys: Iterable[RecordKey]) -> Mapping[RecordKey, Sequence[StoredRecord]]:
        """As `history`, for many at once; every key asked for is in the answer."""
        ...

    def of_student(self, student_id: StudentId) -> Sequence[StoredRecord]:
        """All records of a student, living or gone, ordered by kind, source and id."""
        ...

    def of_students(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[StoredRecord]]:
        """As `of_student`, for many at once; every one asked for is in the answer."""
        ...

    def homeless(self, limit: int = 1000) -> Sequence[StoredRecord]:
        """Records whose student is not known yet."""
        ...

    def assign(self, keys: Iterable[RecordKey], student_id: StudentId, stay_id: StayId | None = None) -> None:
        """Say whose records these are, and of which stay where that is known."""
        ...


class StudentRepository(Protocol):
    """Students, by exact keys and by fingerprints of what people have in common."""

    def create(self, now: datetime) -> StudentId: ...

    def exists(self, student_id: StudentId) -> bool:
        """Whether there is such a student, not erased."""
        ...

    def current(self, student_id: StudentId) -> StudentId:
        """Follow merges to the student that stands for this one today."""
        ...

    def family(self, student_id: StudentId) -> Sequence[StudentId]:
        """A student and all that were merged into it."""
        ...

    def by_keys(self, keys: Iterable[IdentityKey]) -> Mapping[IdentityKey, StudentId]:
        """Students that own these exact keys."""
        ...

    def keys_of(self, student_id: StudentId) -> frozenset[IdentityKey]:
        """The exact keys of a student, values included."""
        ...

    def by_traits(self, traits: Iterable[str]) -> Sequence[StudentId]:
        """Students with any of these traits (`reconcile.who.traits`), kept as keyed fingerprints."""
        ...

    def learn(
        self, student_id: StudentId, keys: Iterable[IdentityKey], traits: Iterable[str], now: datetime
    ) -> None:
        """Give a student keys and traits. A key that another student owns stays with that student."""
        ...

    def merge(self, kept: StudentId, absorbed: StudentId, now: datetime) -> None:
        """Two students are one person: records, keys, stays and discrepancies go to `kept`; undoable."""
        ...

    def split(self, absorbed: StudentId, now: datetime) -> StudentId | None:
        """Undo a merge: what came with `absorbed` goes back to it. None when there was no merge."""
        ...

    def select(
        self, *, partner: HeiId | None = None, direction: Direction | None = None, limit: int = 1000
    ) -> Sequence[StudentId]: ...

    def partners(self) -> set[HeiId]:
        """Every university with which any student has a stay."""
        ...

    def stays(self, student_id: StudentId) -> Sequence[Stay]: ...

    def stays_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, Sequence[Stay]]:
        """As `stays`, for many at once; every one asked for is in the answer."""
        ...

    def all_keys_of(self, student_ids: Iterable[StudentId]) -> Mapping[StudentId, frozenset[IdentityKey]]:
        """As `keys_of`, for many at once; every one asked for is in the answer."""
        ...

    def add_stay(
        self, student_id: StudentId, direction: Direction, partner: HeiId | None, now: datetime
    ) -> StayId:
        """Name a new stay: the student's id, a hyphen and the next number."""
        ...

    def propose(
        self, one: StudentId, other: StudentId, score: float, reasons: Sequence[str], now: datetime
    ) -> int | None:
        """Keep a proposed match unless it is open or was rejected before; return its number."""
        ...

    def matches(
        self, *, state: MatchState | None = None, student_id: StudentId | None = None, limit: int = 1000
    ) -> Sequence[Match]: ...

    def decide(self, match_id: int, state: MatchState, by: str, reason: str, now: datetime) -> Match | None:
        """Record what a person said of a proposed match; None when there is no such match."""
        ...


class FactRepository(Protocol):
    """What the registry said (`domain.registration`, `domain.occasion`), the prevailing fact per key."""

    def apply(self, facts: Iterable[Fact], now: datetime) -> Sequence[Fact]:
        """Keep what prevails (`domain.fact.prevailing`); return the facts that changed anything.

        The former fact goes to the history. Applying twice, or in another order, ends in the same state. A later
        fact that says the same makes what is held as recent as itself, and counts as no change.
        """
        ...

    def of_student(self, student_uid: LadokUid) -> Sequence[Fact]:
        """Prevailing facts about one student, removed ones included, ordered by key."""
        ...

    def of_students(self, student_uids: Iterable[LadokUid]) -> Mapping[LadokUid, Sequence[Fact]]:
        """As `of_student`, for many at once; every one asked for is in the answer."""
        ...

    def get(self, key: tuple[str, ...]) -> Fact | None: ...

    def get_many(self, keys: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], Fact]:
        """The prevailing facts of those of these keys that have one."""
        ...

    def history_of_student(self, student_uid: LadokUid) -> Sequence[FormerFact]:
        """What was said of one student before, in the order in which it was replaced."""
        ...

    def of_kind(self, kind: type[F]) -> Sequence[F]:
        """All prevailing facts of a kind that is about no student: agreements, occasions, partners."""
        ...


class FeedLog(Protocol):
    """Which events of a feed were handled, so that each has its effect once."""

    def handled(self, feed: str, event_ids: Iterable[str]) -> frozenset[str]:
        """Those of these events that were handled before."""
        ...

    def mark_handled(self, feed: str, event_ids: Iterable[str], page: int, now: datetime) -> None: ...

    def forget_from(self, feed: str, page: int) -> int:
        """Forget what was handled from this page on, so that it is replayed; return how many events."""
        ...
