"""A transcript of records (ToR): what the receiving HEI certifies that a student achieved there.

Grades and credits are personal data, so no `repr` shows them.

Source: EWP Incoming Mobility ToRs API 3.0.0 and 2.0.0, get response; ELMO 2.1.1 and 1.6.0.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.person import Person


class ResultStatus(StrEnum):
    """How a course ended; a document that does not say means PASSED.

    UNKNOWN is no word of the format: something is written there that nobody understands.
    """

    PASSED = "passed"
    FAILED = "failed"
    IN_PROGRESS = "in-progress"
    UNKNOWN = "unknown"


class ReportStatus(StrEnum):
    """Whether a report holds all results. FULL is the nearest thing to "final" that there is."""

    FULL = "FULL"
    SELECTION = "SELECTION"
    PARTIAL_TEMPORARY = "PARTIAL_TEMPORARY"
    PARTIAL_PERMANENT = "PARTIAL_PERMANENT"
    ERROR_TEMPORARY = "ERROR_TEMPORARY"
    ERROR_PERMANENT = "ERROR_PERMANENT"


@dataclass(frozen=True, slots=True)
class TypedIdentifier:
    """An identifier and what kind it is, such as `esi`, `schac`, `ewp-los-id` or `local`."""

    type: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TorCredit:
    """Credits in one scheme: `ects`, or the name of another, as written. `level` exists in ELMO 1 only."""

    scheme: str
    value: Decimal | None = field(default=None, repr=False)
    level: str | None = None

    @property
    def is_ects(self) -> bool:
        return self.scheme.strip().casefold() == "ects"


@dataclass(frozen=True, slots=True)
class ResultCategory:
    """How many got one result."""

    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class ResultDistribution:
    """How the results of a course are spread, in the order of the document."""

    categories: tuple[ResultCategory, ...]
    descriptions: tuple[LangString, ...] = ()


@dataclass(frozen=True, slots=True)
class TorTerm:
    """The term of the receiving HEI in which a course was taken."""

    titles: tuple[LangString, ...]
    start: date | None
    end: date | None


@dataclass(frozen=True, slots=True)
class TorCourse:
    """A course or programme, its one instance, and its parts.

    `los_id` and `loi_id` are the network's ids of course and instance, `los_code` the local course code;
    `los_identifiers` and `loi_identifiers` are all others. `start` is the instance's first day, `completed_on` the day
    of completion. `status` is None where the document says nothing, which means passed.
    """

    titles: tuple[LangString, ...]
    los_id: str | None = None
    los_code: str | None = None
    los_identifiers: tuple[TypedIdentifier, ...] = ()
    type: str | None = None
    isced_code: str | None = None
    loi_id: str | None = None
    loi_identifiers: tuple[TypedIdentifier, ...] = ()
    start: date | None = None
    completed_on: date | None = None
    term: TorTerm | None = None
    status: ResultStatus | None = field(default=None, repr=False)
    grading_scheme_local_id: str | None = None
    result_label: str | None = field(default=None, repr=False)
    result_distribution: ResultDistribution | None = field(default=None, repr=False)
    credits: tuple[TorCredit, ...] = field(default=(), repr=False)
    language_of_instruction: str | None = None
    parts: tuple["TorCourse", ...] = ()

    @property
    def title(self) -> str | None:
        return self.titles[0].text if self.titles else None

    @property
    def outcome(self) -> ResultStatus:
        """The status, with the meaning of silence."""
        return self.status or ResultStatus.PASSED

    @property
    def ects(self) -> Decimal | None:
        """The ECTS credits of this node itself; None where it carries none."""
        return next((each.value for each in self.credits if each.is_ects), None)

    def walk(self) -> Iterator["TorCourse"]:
        """Yield this course and all that is below it, in the order of the document."""
        yield self
        for part in self.parts:
            yield from part.walk()


@dataclass(frozen=True, slots=True)
class TorIssuer:
    """Who certifies: `hei_id` is the identifier of type `schac`, `identifiers` are the others."""

    hei_id: HeiId | None
    identifiers: tuple[TypedIdentifier, ...] = ()
    titles: tuple[LangString, ...] = ()
    country: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class GradingScheme:
    """A scale that results refer to by `local_id`."""

    local_id: str
    descriptions: tuple[LangString, ...] = ()


@dataclass(frozen=True, slots=True)
class TorAttachment:
    """A file: the transcript on paper, say. `contents` are data URIs."""

    type: str | None = None
    identifiers: tuple[TypedIdentifier, ...] = ()
    titles: tuple[LangString, ...] = ()
    descriptions: tuple[LangString, ...] = ()
    contents: tuple[LangString, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class TorReport:
    """What one issuer reports. `issue_date` has an offset; where a document gives none, UTC is meant."""

    issuer: TorIssuer
    courses: tuple[TorCourse, ...] = ()
    issue_date: datetime | None = None
    grading_schemes: tuple[GradingScheme, ...] = ()
    status: ReportStatus | None = None
    status_messages: tuple[LangString, ...] = field(default=(), repr=False)
    attachments: tuple[TorAttachment, ...] = ()

    def walk(self) -> Iterator[TorCourse]:
        """Yield all courses and their parts, in the order of the document."""
        for course in self.courses:
            yield from course.walk()


@dataclass(frozen=True, slots=True)
class TorLearner:
    """The student as the transcript names them.

    `person.global_id` is the identifier of type `esi`; `identifiers` are all others. `citizenship` of the person
    is what is written, in whatever code `citizenship_type` says.
    """

    person: Person = field(default_factory=Person)
    identifiers: tuple[TypedIdentifier, ...] = field(default=(), repr=False)
    alternative_name: LangString | None = field(default=None, repr=False)
    citizenship_type: str | None = None


@dataclass(frozen=True, slots=True)
class GradeFrequency:
    """The share of students, in per cent, who get one grade."""

    label: str
    percentage: Decimal | None


@dataclass(frozen=True, slots=True)
class IscedTable:
    """How often each grade is given in one field."""

    isced_code: str
    frequencies: tuple[GradeFrequency, ...]


@dataclass(frozen=True, slots=True)
class Tor:
    """One transcript.

    `receiving_academic_year_id` is None in version 2. `generated_date` is when the document was made, each
    report's `issue_date` when it was certified; a corrected transcript is later in both.
    """

    omobility_id: OmobilityId
    receiving_academic_year_id: str | None = None
    generated_date: datetime | None = None
    learner: TorLearner = field(default_factory=TorLearner)
    reports: tuple[TorReport, ...] = ()
    attachments: tuple[TorAttachment, ...] = ()
    grade_conversion_table: tuple[IscedTable, ...] = ()

    def walk(self) -> Iterator[TorCourse]:
        """Yield all courses of all reports with their parts, in the order of the document."""
        for report in self.reports:
            yield from report.walk()

    @property
    def seems_complete(self) -> bool:
        """Whether every report says that it is full and nothing is in progress; a person decides."""
        return bool(self.reports) and all(
            report.status is ReportStatus.FULL
            and all(course.outcome in (ResultStatus.PASSED, ResultStatus.FAILED) for course in report.walk())
            for report in self.reports
        )


@dataclass(frozen=True, slots=True)
class TorCounts:
    """How many transcripts a HEI issued for one of its academic years."""

    receiving_academic_year_id: str
    imobility_tor_total: int
