"""What the student registry says of results, merits from elsewhere, and the transfer of credits.

Source: Ladok: resultat.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid


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
