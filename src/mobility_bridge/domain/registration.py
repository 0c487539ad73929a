"""What the student registry says about students, their studies and their results, one small fact at a time.

Every fact has a key and the instant for which it was said. Facts of one key are weighed by that instant alone: a
later one replaces an earlier one whatever the order in which they arrive, applying one twice changes nothing, and
a removal stays behind as a fact with `removed`, so that an older notice cannot bring the thing back.

A class holds what one kind of notice or answer says in full, so that a later fact never wipes what it did not say.

Source: Ladok: events that matter for exchange; studiedeltagande; resultat.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, Final, TypeVar

from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Direction, Person, PersonName

REGISTERED: Final = frozenset({"registrerad", "omregistrerad"})
"""States of a period in which the student is registered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that the registry said.

    `as_of` is UTC: the event's own time, or the time of the answer that was read. `event_uid` is None for what
    was read. `removed`: it is no longer so, and fields beyond the key may be None.
    """

    kind: ClassVar[str] = ""

    as_of: datetime
    event_uid: LadokUid | None = None
    removed: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        """What the fact is about: its kind first."""
        raise NotImplementedError

    @property
    def weight(self) -> tuple[datetime, str, bool]:
        """What decides between two facts of one key."""
        return self.as_of, self.event_uid or "", self.removed


F = TypeVar("F", bound=Fact)


def prevailing(known: F | None, said: F) -> F:
    """Return the fact that holds when `said` arrives; `known` itself where nothing changes."""
    return said if known is None or said.weight > known.weight else known


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
class ResultDecided(Fact):
    """A grade was decided, for a course or (`module`) a part of one; `removed` when it was annulled."""

    kind: ClassVar[str] = "result_decided"

    result_uid: LadokUid
    student_uid: LadokUid | None = None
    course_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    grade_id: str | None = field(default=None, repr=False)
    credits: Decimal | None = None
    examined_on: date | None = None
    decided_on: date | None = None
    final: bool = False
    module: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.result_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentResult(Fact):
    """One line of a student's attested results, as read: what a transcript is made of.

    A line that rests on credit transfer may lack grade and course code.
    """

    kind: ClassVar[str] = "result"

    result_uid: LadokUid
    student_uid: LadokUid
    course_uid: LadokUid | None = None
    course_code: str | None = None
    name: str | None = None
    name_en: str | None = None
    credits: Decimal | None = None
    grade: str | None = field(default=None, repr=False)
    grading_scale_id: str | None = None
    examined_on: date | None = None
    by_credit_transfer: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.result_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditGround:
    """What a credit transfer rests on. `kind` as Ladok names it, in lower case."""

    kind: str
    other_merit_uid: LadokUid | None = None
    result_uid: LadokUid | None = None
    course_uid: LadokUid | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTarget:
    """What a credit transfer counts as. `kind` as Ladok names it, in lower case."""

    kind: str
    course_uid: LadokUid | None = None
    course_code: str | None = None
    credits: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer(Fact):
    """A decision to recognise studies, tied to the exchange's occasion where somebody tied it."""

    kind: ClassVar[str] = "credit_transfer"

    credit_transfer_uid: LadokUid
    student_uid: LadokUid | None = None
    occasion_uid: LadokUid | None = None
    programme_uid: LadokUid | None = None
    grounds: tuple[CreditGround, ...] = ()
    targets: tuple[CreditTarget, ...] = ()
    decided_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.credit_transfer_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherMerit(Fact):
    """A merit from elsewhere, such as one line of a partner's transcript; `removed` when it was annulled.

    `extent` is the text as written, `credits` the number in it where there is exactly one.
    """

    kind: ClassVar[str] = "other_merit"

    other_merit_uid: LadokUid
    student_uid: LadokUid | None = None
    name: str | None = None
    name_en: str | None = None
    course_code: str | None = None
    extent: str | None = None
    credits: Decimal | None = None
    result: str | None = field(default=None, repr=False)
    grading_scale: str | None = None
    examined_on: date | None = None
    external_party_id: str | None = None
    origin: str | None = None
    decided_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.other_merit_uid


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
