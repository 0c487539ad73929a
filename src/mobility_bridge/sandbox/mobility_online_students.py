"""Applications, course lists and the catalogue, as Mobility-Online stores them.

Source: Mobility-Online: application, element names, terms and academic years, learning agreement rows, catalogue
(seen); the numbers of look-ups are this tenant's own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from mobility_bridge.errors import UsageError

OUT, IN = "OUT", "IN"
PIPELINES: Final = {
    IN: (
        ("is_mail_best_bew", "Application confirmed by e-mail"),
        ("is_registriert", "Registered"),
        ("is_mail_best_reg", "Registration confirmed by e-mail"),
        ("is_pers_daten_erf", "Personal data entered"),
        ("is_abgeschlossen", "Complete"),
    ),
    OUT: (
        ("is_mail_best_bew", "Application confirmed by e-mail"),
        ("is_registriert", "Registered"),
        ("is_nominiert", "Nominated"),
        ("is_zusage_gast", "Accepted by host university"),
        ("is_abgeschlossen", "Complete"),
    ),
}
"""The office's steps in their order, with the tenant's texts. Those of outgoing students are this sandbox's own."""


@dataclass(frozen=True, slots=True)
class MoPartner:
    """The institution at the other end of an application."""

    institution_id: int
    code: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class MoApplication:
    """One application: one student, one stay.

    `semester` is the tenant's whole text, `gender` is `M` or `W` (either case is met). `done` are the steps that
    the office has ticked. `overrides` put another text into the main value of an element, or into
    `applicationID`: damage, as it happens. `unknown` elements are there in the form but mean nothing to anybody.
    """

    application_id: int
    person_id: int
    application_type: str
    first_name: str
    last_name: str
    email: str
    birth_date: date
    gender: str
    nationality: str
    partner: MoPartner
    semester: str
    academic_year: str
    starts_on: date
    ends_on: date
    created_on: datetime
    modified_on: datetime
    second_last_name: str | None = None
    second_nationality: str | None = None
    student_number: str | None = None
    civic_number: str | None = None
    global_id: str | None = None
    programme: str = "SMS"
    level: str = "B"
    study_field: str = "0311"
    department: str | None = None
    done: tuple[str, ...] = ()
    cancelled: bool = False
    traineeship: bool = False
    extended: bool = False
    double_degree: bool = False
    credits_earned: str | None = None
    credits_recognised: str | None = None
    overrides: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MoCourseRow:
    """One row of a learning agreement or a transcript; a removed row stays, flagged."""

    row_id: int
    number: str | None
    name: str | None
    credits: Decimal | None
    deleted: bool = False
    grade: str | None = None
    lessons: Decimal | None = None
    study_field: str | None = None


@dataclass(frozen=True, slots=True)
class MoCourse:
    """One course of the catalogue in one term. Look-ups are the tenant's numbers."""

    course_id: int
    number: str | None
    name: str | None
    semester: str | None
    academic_year: str | None
    application_type: str | None = IN
    course_type: str | None = None
    language: str | None = None
    credits: Decimal | None = None
    lessons: Decimal | None = None
    places: int | None = None
    max_participants: int | None = None
    semester_number: int | None = None
    study_area: str | None = None
    study_field: str | None = None
    levels: tuple[str, ...] = ()
    url: str | None = None


@dataclass(slots=True)
class MoStudents:
    """Everything about students, and the numbers given out so far: each kind its own range, none twice."""

    applications: dict[int, MoApplication] = field(default_factory=dict)
    agreed: dict[int, tuple[MoCourseRow, ...]] = field(default_factory=dict)
    transcripts: dict[int, tuple[MoCourseRow, ...]] = field(default_factory=dict)
    catalogue: dict[int, MoCourse] = field(default_factory=dict)
    next_application: int = 700_101
    next_person: int = 90_301
    next_row: int = 331_001
    next_course: int = 41_001

    def __iter__(self) -> Iterator[MoApplication]:
        return iter([self.applications[number] for number in sorted(self.applications)])

    def application(self, application_id: int) -> MoApplication:
        if application_id not in self.applications:
            raise UsageError(f"there is no application {application_id}")
        return self.applications[application_id]

    def add(self, **facts: Any) -> MoApplication:
        """File an application under a new number; a person who applies again is given as `person_id`."""
        person = facts.pop("person_id", None)
        if person is None:
            person, self.next_person = self.next_person, self.next_person + 1
        made = MoApplication(application_id=self.next_application, person_id=person, **facts)
        self.next_application += 1
        self.applications[made.application_id] = made
        return made

    def change(self, application_id: int, now: datetime, **facts: Any) -> MoApplication:
        changed = replace(self.application(application_id), modified_on=now, **facts)
        self.applications[application_id] = changed
        return changed

    def agree(self, application_id: int, courses: Sequence[Sequence[str]]) -> tuple[MoCourseRow, ...]:
        """Write the learning agreement's courses (number, name, credits); rows left out become deleted."""
        self.application(application_id)
        kept = self.agreed.get(application_id, ())
        wanted = {number for number, *_ in courses}
        rows = [replace(row, deleted=row.deleted or row.number not in wanted) for row in kept]
        living = {row.number for row in rows if not row.deleted}
        for number, name, points in courses:
            if number not in living:
                rows.append(MoCourseRow(self._row(), number, name, Decimal(points)))
        self.agreed[application_id] = tuple(rows)
        return self.agreed[application_id]

    def grade(self, application_id: int, courses: Sequence[Sequence[str]]) -> tuple[MoCourseRow, ...]:
        """Write the transcript: number, name, credits, grade."""
        self.application(application_id)
        self.transcripts[application_id] = tuple(
            MoCourseRow(self._row(), number, name, Decimal(points), grade=grade)
            for number, name, points, grade in courses
        )
        return self.transcripts[application_id]

    def offer(self, facts: Mapping[str, Any]) -> MoCourse:
        """Add a course to the catalogue. Nobody looks whether its number is there already."""
        made = MoCourse(course_id=self.next_course, **facts)
        self.next_course += 1
        self.catalogue[made.course_id] = made
        return made

    def _row(self) -> int:
        self.next_row += 1
        return self.next_row - 1


def semester_text(year: int, *, autumn: bool) -> str:
    """A term in the tenant's words."""
    return f"{'Autumn' if autumn else 'Spring'} semester {year}"


def year_text(first_year: int) -> str:
    """A stay of a whole academic year in the tenant's words."""
    return f"Academic year {academic_year(first_year)}"


def academic_year(first_year: int) -> str:
    return f"{first_year}/{first_year + 1}"
