"""Records: one thing that one system says about a student, as last read.

What a copy is for agreements, a record is for students: an application, a nomination, a learning agreement, a
transcript. Each keeps the bytes it was read from, and knows whose it is once the student is known. What the
registry says comes in smaller pieces: `domain.registration`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.domain.snapshot import DocumentRef

StudentId = NewType("StudentId", str)
"""Our own name for a student across the systems, such as `P1042`; it says nothing about the person."""

StayId = NewType("StayId", str)
"""Our own name for one stay of a student, such as `P1042-1`."""


class RecordKind(StrEnum):
    """What a record is about.

    A LISTING is a line of a list of learning agreements, which says less than the document. An EXCHANGE is put
    together from facts of the registry and never stored as one.
    """

    APPLICATION = "application"
    COURSE_LIST = "course_list"
    NOMINATION = "nomination"
    LEARNING_AGREEMENT = "learning_agreement"
    LISTING = "listing"
    ARRIVAL = "arrival"
    TRANSCRIPT = "transcript"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class RecordKey:
    """What names a record: the system that says it, what it is, who holds it, and its id there."""

    source: str
    kind: RecordKind
    holder_hei_id: HeiId
    record_id: str

    def __str__(self) -> str:
        return f"{self.source}:{self.kind}:{self.holder_hei_id}:{self.record_id}"


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read.

    `facts` is the domain object of its kind (`Application`, `Nomination`, …). `digest` covers all that the source
    said about it and nothing of its neighbours: equal digests mean that nothing has changed and nothing need be
    decoded. `as_of` is when it was true: the event's time, else when it was read. `problems` are (where, code)
    pairs of what could not be read or breaks a rule of its format; they never hold personal data.
    """

    key: RecordKey
    facts: Any = field(repr=False)
    digest: Sha256
    as_of: datetime
    document: DocumentRef | None = None
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record in the store, and what time did to it. `gone_at`: the system stopped saying it."""

    record: Record
    student_id: StudentId | None
    stay_id: StayId | None
    first_seen_at: datetime
    changed_at: datetime
    confirmed_at: datetime
    gone_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.gone_at is None


class IdentityKeyKind(StrEnum):
    """What names a person exactly, strongest first. A name, a birth date or an e-mail address does not."""

    CIVIC_NUMBER = "civic_number"
    LADOK_STUDENT = "ladok_student"
    LADOK_EXTERNAL = "ladok_external"
    GLOBAL_ID = "global_id"
    APPLICATION = "application"
    SOURCE_PERSON = "source_person"
    OMOBILITY = "omobility"


@dataclass(frozen=True, slots=True)
class IdentityKey:
    """One exact key of a person, normalised so that equal text means the same person."""

    kind: IdentityKeyKind
    value: str = field(repr=False)
