"""What the student registry says of who its students are.

Source: Ladok: studentinformation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Person, PersonName


@dataclass(frozen=True, slots=True, kw_only=True)
class LadokStudent(Fact):
    """A person at our university, as the registry describes them."""

    kind: ClassVar[str] = "ladok_student"

    student_uid: LadokUid
    person: Person | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentReplaced(Fact):
    """Two entries were one person: `replaced_by` stands for this one. May lead on to a third."""

    kind: ClassVar[str] = "student_replaced"

    student_uid: LadokUid
    replaced_by: LadokUid

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid


def stands_for(student_uid: LadokUid, replaced_by: Mapping[LadokUid, LadokUid]) -> LadokUid:
    """Follow replacements to the entry that stands for this one; of a ring the entry asked for."""
    seen = {student_uid}
    current = student_uid
    while (following := replaced_by.get(current)) is not None:
        if following in seen:
            return student_uid
        seen.add(following)
        current = following
    return current


@dataclass(frozen=True, slots=True, kw_only=True)
class CivicNumberChanged(Fact):
    """A student's number changed, as when an interim one became permanent."""

    kind: ClassVar[str] = "civic_number_changed"

    student_uid: LadokUid
    earlier: str = field(repr=False)
    present: str | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.event_uid or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLink(Fact):
    """A person known nationally is one of our students; `removed` when the link was taken away."""

    kind: ClassVar[str] = "student_link"

    student_uid: LadokUid
    called: PersonName | None = field(default=None, repr=False)
    civic_number: str | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentContact(Fact):
    """A student's e-mail address in the registry."""

    kind: ClassVar[str] = "student_contact"

    student_uid: LadokUid
    email: str | None = field(default=None, repr=False)

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentProtected(Fact):
    """A protected identity: nothing of the person leaves the store. `removed`: no longer protected."""

    kind: ClassVar[str] = "student_protected"

    student_uid: LadokUid

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentDeceased(Fact):
    """Marked as deceased: no message goes out. `removed`: the mark was a mistake."""

    kind: ClassVar[str] = "student_deceased"

    student_uid: LadokUid

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid
