"""What Ladok holds: people, code tables, educations, occasions, admissions, results, and what happened.

Everything is plain data that one act after another changes (`ladok_acts`); the same acts in the same order
give the same ids.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, TypeAlias, TypeVar

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.ladok_numbers import term_of, time_id
from mobility_bridge.sandbox.ladok_tree import Names

INCOMING: Final = "incoming"
OUTGOING: Final = "outgoing"
Direction: TypeAlias = Literal["incoming", "outgoing"]

AGREEMENT: Final = 9901
AGREEMENT_OCCASION: Final = 9902
COURSE: Final = 9903
COURSE_OCCASION: Final = 9904
PROGRAMME: Final = 9905
PROGRAMME_OCCASION: Final = 9906
TYPES: Final = {
    AGREEMENT: ("MOCKUAVT", Names("Utbytesavtal", "Exchange agreement")),
    AGREEMENT_OCCASION: ("MOCKUTTF", Names("Utbytestillfälle", "Exchange occasion")),
    COURSE: ("2007GKURS", Names("Kurs, grundnivå", "Course, first cycle")),
    COURSE_OCCASION: ("2007KTF", Names("Kurstillfälle", "Course occasion")),
    PROGRAMME: ("2007PRG", Names("Program", "Programme")),
    PROGRAMME_OCCASION: ("2007PRGTF", Names("Programtillfälle", "Programme occasion")),
}
"""Types of education; the two of exchange are assumed (A10)."""
OCCASION_TYPES: Final = {
    AGREEMENT: AGREEMENT_OCCASION,
    COURSE: COURSE_OCCASION,
    PROGRAMME: PROGRAMME_OCCASION,
}

DRAFT, BEGUN, USABLE, CLOSED = 1, 2, 3, 4
"""Status of educations and occasions."""

ASSUMPTIONS: Final = ("A1", "A2", "A3", "A4", "A5", "A6", "A7", "A9", "A11", "A20")
"""The groups of resources that no public source shows."""

_T = TypeVar("_T")


class UnknownError(UsageError):
    """There is no such thing in Ladok."""


class RefusalError(UsageError):
    """Ladok refuses an act. `group` and `detail` are the last words of Felgrupp and the Detaljkod."""

    def __init__(self, group: str, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.group = group
        self.detail = detail


@dataclass(slots=True)
class Person:
    """A student in Ladok. `sex` is 1 for women, 2 for men; `number` has 12 characters."""

    uid: str
    external_uid: str
    given_names: str
    family_name: str
    born: date
    sex: int
    number: str
    saved_at: datetime
    saved_by: str
    email: str | None = None
    phone: str | None = None
    address: tuple[str, str, str, str] | None = None
    deceased: bool = False
    protected: bool = False
    replaced_by: str | None = None
    earlier: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """A row of a code table. `land_id`, `type_id` and `schac` are those of an external party."""

    number: int
    code: str
    names: Names
    national: bool = False
    land_id: int | None = None
    type_id: int | None = None
    schac: str | None = None
    first_day: date | None = None
    last_day: date | None = None


@dataclass(slots=True)
class Education:
    """A course, a programme or an exchange agreement, in its only version."""

    uid: str
    instance_uid: str
    code: str
    names: Names
    credits: str
    type_id: int
    first_period: int
    saved_at: datetime
    saved_by: str
    status: int = USABLE
    extern_part_id: int | None = None
    exchange_programme_id: int | None = None
    decided_by: str = ""
    decided_on: date | None = None


@dataclass(slots=True)
class Occasion:
    """An occasion of an education. `spans` are its terms: first day, last day, credits.

    The last four belong to an individual commitment: whose it is, under which admission and occasion.
    """

    uid: str
    education_uid: str
    code: str
    spans: list[tuple[date, date, str]]
    saved_at: datetime
    saved_by: str
    status: int = USABLE
    cancelled: bool = False
    direction: Direction | None = None
    student_uid: str | None = None
    admission_uid: str | None = None
    package_uid: str | None = None
    reference_uid: str | None = None

    @property
    def first_day(self) -> date:
        return self.spans[0][0]

    @property
    def last_day(self) -> date:
        return self.spans[-1][1]


@dataclass(slots=True)
class Period:
    """One term of an admission. `state` is the last word of the state's key."""

    uid: str
    number: int
    first_day: date
    last_day: date
    credits: str
    state: str = "ej_paborjad"
    registration_uid: str | None = None


@dataclass(slots=True)
class Admission:
    """A student's admission to an occasion. `within` is the admission of the package around it."""

    uid: str
    student_uid: str
    occasion_uid: str
    structure_uid: str
    periods: list[Period]
    saved_at: datetime
    saved_by: str
    within: str | None = None
    previous_uid: str | None = None
    begun: bool = False
    completed: bool = False
    withdrawn: bool = False
    interrupted: bool = False
    replaced: bool = False

    @property
    def live(self) -> bool:
        return not (self.completed or self.withdrawn or self.interrupted or self.replaced)

    @property
    def state(self) -> str:
        """The participant's state as filters name it."""
        if self.replaced:
            return "EJ_PAGAENDE_TILLFALLESBYTE"
        for flag, name in (("completed", "AVKLARAD"), ("withdrawn", "ATERBUD"), ("interrupted", "AVBROTT")):
            if getattr(self, flag):
                return name
        return "PAGAENDE" if self.begun else "EJ_PABORJAD"


@dataclass(slots=True)
class Result:
    """A result on a whole course. `process`: 1 draft, 2 ready; `attested` is decided."""

    uid: str
    study_result_uid: str
    student_uid: str
    occasion_uid: str
    grade_id: int
    examined_on: date
    saved_at: datetime
    saved_by: str
    process: int = 1
    attested: bool = False


@dataclass(slots=True)
class Merit:
    """One course from elsewhere, as its own transcript writes it."""

    uid: str
    student_uid: str
    names: Names
    extent: str
    grade: str
    scale: str
    examined_on: date
    origin: str
    saved_at: datetime
    saved_by: str
    extern_part_id: int | None = None
    attested: bool = False
    used: bool = False


@dataclass(slots=True)
class Transfer:
    """A credit transfer. `merit_uids` are its grounds, `targets` (course, credits) what it gives."""

    uid: str
    student_uid: str
    merit_uids: list[str]
    targets: list[tuple[str, str]]
    saved_at: datetime
    saved_by: str
    note: str | None = None
    programme_uid: str | None = None
    occasion_uid: str | None = None
    case_number: str | None = None
    attested: bool = False
    decided_on: date | None = None
    decided_by: str | None = None


@dataclass(slots=True)
class Entry:
    """One event as the feed has it: kind is `sd:RegistreringEvent`, `xml` the event without EventContext first.

    `late`: it is delivered only after the one that follows it. `context` and `head` are kept apart from the
    rest, because a fault exchanges them.
    """

    entry_uid: str
    kind: str
    at: datetime
    published_at: datetime
    head: str
    context: str
    rest: str
    late: bool = False


@dataclass(slots=True)
class LadokWorld:
    """Everything in one university's Ladok. Keys of the mappings are UUIDs, or numbers of code tables.

    `collector_s` is how often events reach the feed (0: at once); `page_size` is 100 in the real system.
    `assumed` says which groups of assumed resources are offered.
    """

    number: int = 99
    code: str = "NHU"
    collector_s: float = 60.0
    page_size: int = 100
    assumed: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(ASSUMPTIONS, True))
    people: dict[str, Person] = field(default_factory=dict)
    countries: dict[int, Row] = field(default_factory=dict)
    extern_parts: dict[int, Row] = field(default_factory=dict)
    exchange_programmes: dict[int, Row] = field(default_factory=dict)
    educations: dict[str, Education] = field(default_factory=dict)
    occasions: dict[str, Occasion] = field(default_factory=dict)
    admissions: dict[str, Admission] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    merits: dict[str, Merit] = field(default_factory=dict)
    transfers: dict[str, Transfer] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    issued: int = 0

    def new_uid(self, at: datetime) -> str:
        self.issued += 1
        return time_id(at, self.issued)

    @property
    def organisation_uid(self) -> str:
        """The one department there is."""
        return "675d6710-d07e-11e6-aa10-02c0ffee0099"

    def person(self, uid: str) -> Person:
        return _found(self.people, uid, "student")

    def person_with(self, number: str) -> Person | None:
        return next((each for each in self.people.values() if each.number == number), None)

    def education(self, uid: str) -> Education:
        """By the UUID of the education or of its version."""
        for each in self.educations.values():
            if uid in (each.uid, each.instance_uid):
                return each
        raise UnknownError(f"Ladok has no education {uid!r}")

    def education_of(self, occasion: Occasion) -> Education:
        return self.educations[occasion.education_uid]

    def occasion(self, uid: str) -> Occasion:
        return _found(self.occasions, uid, "occasion")

    def admission(self, uid: str) -> Admission:
        return _found(self.admissions, uid, "admission")

    def admissions_of(self, student_uid: str) -> Iterator[Admission]:
        return (each for each in self.admissions.values() if each.student_uid == student_uid)

    def inside(self, admission: Admission) -> Iterator[Admission]:
        """The admissions inside a package's."""
        return (each for each in list(self.admissions.values()) if each.within == admission.uid)

    def around(self, admission: Admission) -> Iterator[Admission]:
        """The packages around an admission, nearest first."""
        while admission.within is not None and admission.within in self.admissions:
            admission = self.admissions[admission.within]
            yield admission

    def is_exchange(self, occasion: Occasion) -> bool:
        return self.education_of(occasion).type_id == AGREEMENT

    def is_course(self, occasion: Occasion) -> bool:
        return self.education_of(occasion).type_id == COURSE

    def occasion_coded(self, code: str, period: str | None) -> Occasion | None:
        """By its code, and the code of its first term if more than one has it."""
        found = [each for each in self.occasions.values() if each.code == code]
        if period is not None:
            found = [each for each in found if term_of(each.first_day).code == period]
        return found[0] if len(found) == 1 else None


def _found(everything: dict[str, _T], uid: str, what: str) -> _T:
    if uid not in everything:
        raise UnknownError(f"Ladok has no {what} {uid!r}")
    return everything[uid]
