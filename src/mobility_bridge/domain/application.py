"""An application as our mobility system holds it: one student, one stay, out or in.

Source: Mobility-Online: application, element names; learning agreement rows.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from mobility_bridge.domain.identifiers import ApplicationId, HeiId, OmobilityId
from mobility_bridge.domain.person import Direction, Person
from mobility_bridge.domain.term import Term


@dataclass(frozen=True, slots=True)
class PipelineStep:
    """One step of the office's list, in its order; `label` is the tenant's text for it."""

    name: str
    done: bool
    label: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """One application, read without guessing: what could not be read is None and named in `problems`.

    `terms` are the terms that the term text means (two for a full year). `partner_hei_id` comes from the
    institution table, `partner_name` from the record. `full_year`: the text names an academic year.
    `omobility_id` is known only where an assumed service shows it. `problems` are (field, value) pairs whose
    values are safe to show: names of fields and codes, nothing personal.
    """

    application_id: ApplicationId
    direction: Direction
    person: Person
    person_id: str | None
    partner_hei_id: HeiId | None
    partner_institution_id: str | None
    partner_name: str | None
    terms: tuple[Term, ...]
    full_year: bool
    starts_on: date | None
    ends_on: date | None
    programme: str | None
    study_level: str | None
    isced_f_code: str | None
    pipeline: tuple[PipelineStep, ...]
    cancelled: bool
    extended: bool = False
    traineeship: bool = False
    credits_earned: Decimal | None = None
    credits_recognised: Decimal | None = None
    omobility_id: OmobilityId | None = None
    department: str | None = None
    modified_at: datetime | None = None
    problems: tuple[tuple[str, str], ...] = ()

    @property
    def step(self) -> str | None:
        """The last step done: the present status."""
        done = [step.name for step in self.pipeline if step.done]
        return done[-1] if done else None


class CourseListKind(StrEnum):
    """What a course list of an application is."""

    LEARNING_AGREEMENT = "learning_agreement"
    TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One row. A removed row stays, flagged `deleted`. `grade` is personal."""

    row_id: str
    number: str | None
    name: str | None
    credits: Decimal | None
    deleted: bool = False
    grade: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CourseList:
    """The rows of one application's learning agreement or transcript, in the system's order."""

    application_id: ApplicationId
    kind: CourseListKind
    rows: tuple[CourseRow, ...]

    @property
    def living(self) -> tuple[CourseRow, ...]:
        return tuple(row for row in self.rows if not row.deleted)
