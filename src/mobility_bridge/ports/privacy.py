"""What the store promises about letting go of a person, and about what stays of it.

Every function runs inside one unit of work.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from mobility_bridge.domain.identifiers import LadokUid, Sha256
from mobility_bridge.domain.personal import Trace
from mobility_bridge.domain.record import RecordKey, StudentId


@dataclass(frozen=True, slots=True)
class ToErase:
    """Everything of one person: `students` are all that were taken for one, `uids` their keys in the registry.

    `traces` are exact keys, of which fingerprints stay; `evidence` the records whose bodies name the person,
    `hidden` what is blanked in addresses.
    """

    students: tuple[StudentId, ...]
    uids: frozenset[LadokUid] = field(repr=False)
    traces: frozenset[Trace] = field(repr=False)
    evidence: tuple[int, ...] = ()
    hidden: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased, when, by whom and why; `counts` by kind. It names nobody.

    `lifted_at`: a person said that the student may be followed again.
    """

    erasure_id: int
    students: tuple[StudentId, ...]
    erased_at: datetime
    by: str
    why: str = field(repr=False)
    counts: Mapping[str, int]
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_why: str | None = field(default=None, repr=False)


class PrivacyRepository(Protocol):
    """Erasures, and the fingerprints by which an erased person is known again."""

    def erase(self, what: ToErase, by: str, why: str, at: datetime) -> Erasure:
        """Let go of records, histories, keys, traits, facts, stays, discrepancies, places and texts about a person.

        The bodies of the evidence go and its digests stay; so do the numbers of the students, and keyed
        fingerprints of the traces.
        """
        ...

    def any(self) -> bool:
        """Whether anybody is to be known again at all."""
        ...

    def forgotten(self, traces: Iterable[Trace]) -> Mapping[Trace, int]:
        """Those of these traces that are of an erased person, with the number of the erasure."""
        ...

    def erasures(self) -> Sequence[Erasure]:
        """Oldest first."""
        ...

    def erasure_of(self, student_id: StudentId) -> Erasure | None: ...

    def lift(self, erasure_id: int, by: str, why: str, at: datetime) -> Erasure | None:
        """Let the person be known anew: the fingerprints go. None where there is no such erasure, or it was lifted."""
        ...

    def owners(self, documents: Collection[Sha256]) -> Mapping[Sha256, frozenset[StudentId]]:
        """Whose records were read from each of these documents, earlier states included."""
        ...

    def withhold(self, discrepancy_id: str) -> None:
        """Take the values out of what happened to a discrepancy: its student's identity is protected now."""
        ...

    def drop_former(self, key: RecordKey, digests: Collection[Sha256], at: datetime, *, dry_run: bool) -> int:
        """Let go of earlier states of a record, by digest, and of documents nothing else stands on; how many."""
        ...

    def drop_records(self, keys: Iterable[RecordKey], at: datetime) -> int:
        """Let go of records with their histories, and of documents nothing else stands on; return how many.

        What they said last is remembered by a fingerprint (`domain.personal.said`) as that of no erasure, 0.
        """
        ...

    def drop_feed_events(self, handled_before: datetime, *, dry_run: bool) -> int:
        """Let go of what is noted of events handled before; return of how many."""
        ...

    def drop_discrepancies(
        self, subjects: Collection[str], resolved_before: datetime, *, dry_run: bool
    ) -> int:
        """Let go of discrepancies about these subjects that were resolved before, with what happened to them."""
        ...
