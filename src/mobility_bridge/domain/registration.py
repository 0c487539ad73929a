"""What the student registry says of taking part: admissions, registrations, and how they end.

Source: Ladok: studiedeltagande.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Direction, PersonName

REGISTERED: Final = frozenset({"registrerad", "omregistrerad"})
"""States of a period in which the student is registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPeriod:
    """One period of an admission, counted from 1. `state` is the last word of Ladok's own key."""

    index: int
    starts_on: date | None = None
    ends_on: date | None = None
    credits: Decimal | None = None
    state: str | None = None

    @property
    def registered(self) -> bool:
        return self.state in REGISTERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(Fact):
    """A student is admitted to an occasion (expected to take part), within others or on its own.

    `earlier_admission_uid` is set when the student changed from another occasion: an extension or a shortening.
    """

    kind: ClassVar[str] = "admission"

    admission_uid: LadokUid
    student_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    within_occasion_uids: tuple[LadokUid, ...] = ()
    earlier_admission_uid: LadokUid | None = None
    periods: tuple[StudyPeriod, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.admission_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOccasion:
    """A package's occasion that surrounds a course's, and the student's admission to it."""

    occasion_uid: LadokUid
    education_uid: LadokUid | None = None
    admission_uid: LadokUid | None = None
    education_type_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement(Fact):
    """Where in the study plan an admission lies, after it was moved."""

    kind: ClassVar[str] = "placement"

    admission_uid: LadokUid
    student_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    within: tuple[PackageOccasion, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.admission_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration(Fact):
    """A student is registered for one period of an occasion; `removed` when it was recalled, with the reason.

    This is what the insurance and the state's student finance hang on.
    """

    kind: ClassVar[str] = "registration"

    registration_uid: LadokUid
    student_uid: LadokUid | None = None
    admission_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    course_uid: LadokUid | None = None
    period: int | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    credits: Decimal | None = None
    within: tuple[PackageOccasion, ...] = ()
    again: bool = False
    recalled_on: date | None = None
    reason: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.registration_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation(Fact):
    """How a student stands on an occasion, as read. For a package this is where an exchange shows."""

    kind: ClassVar[str] = "participation"

    admission_uid: LadokUid
    student_uid: LadokUid
    occasion_uid: LadokUid | None = None
    education_uid: LadokUid | None = None
    education_code: str | None = None
    occasion_code: str | None = None
    begun: bool = False
    completed: bool = False
    withdrawn: bool = False
    on_leave: bool = False
    current: bool = True
    periods: tuple[StudyPeriod, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.admission_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant(Fact):
    """A student found in the list of an occasion's participants. `state` as the list says it."""

    kind: ClassVar[str] = "participant"

    occasion_uid: LadokUid
    student_uid: LadokUid
    name: PersonName | None = field(default=None, repr=False)
    civic_number: str | None = field(default=None, repr=False)
    state: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.occasion_uid, self.student_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionBegun(Fact):
    """A student began an occasion: for a package the sign that the exchange has started."""

    kind: ClassVar[str] = "occasion_begun"

    student_uid: LadokUid
    occasion_uid: LadokUid
    admission_uid: LadokUid | None = None
    education_uid: LadokUid | None = None
    begun_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.occasion_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class EducationBegun(Fact):
    """A student began an education."""

    kind: ClassVar[str] = "education_begun"

    student_uid: LadokUid
    education_uid: LadokUid
    occasion_uid: LadokUid | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.education_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Fact):
    """Withdrew before the start. `reason` is the last words of Ladok's own key."""

    kind: ClassVar[str] = "withdrawal"

    admission_uid: LadokUid
    student_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    withdrawn_on: date | None = None
    reason: str | None = None
    automatic: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.admission_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Interruption(Fact):
    """Stopped after the start; `removed` when that was undone. Names no admission: joins by student and occasion."""

    kind: ClassVar[str] = "interruption"

    student_uid: LadokUid
    occasion_uid: LadokUid
    education_uid: LadokUid | None = None
    interrupted_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.occasion_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Fact):
    """Completed an occasion; `removed` when that was undone."""

    kind: ClassVar[str] = "completion"

    student_uid: LadokUid
    occasion_uid: LadokUid
    education_uid: LadokUid | None = None
    completed_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.occasion_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Fact):
    """Leave from studies. It may start in the future: then it holds from that day."""

    kind: ClassVar[str] = "leave"

    leave_uid: LadokUid
    student_uid: LadokUid | None = None
    starts_on: date | None = None
    planned_end_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.leave_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeStay(Fact):
    """One row of the exchange report: who goes where, in and out, in the report's own words."""

    kind: ClassVar[str] = "exchange_stay"

    student_uid: LadokUid
    direction: Direction | None = None
    name: str | None = field(default=None, repr=False)
    civic_number: str | None = field(default=None, repr=False)
    agreement_code: str | None = None
    agreement_name: str | None = None
    occasion_code: str | None = None
    partner_code: str | None = None
    country_code: str | None = None
    programme_code: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    state: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.student_uid, self.agreement_code or "", self.occasion_code or ""
