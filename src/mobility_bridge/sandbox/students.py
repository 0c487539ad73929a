"""A student's stay as the two universities know it: the nomination, the agreement, the dates, the transcript.

Source: EWP mobilities: element tables 2.1, 2.6, 2.9 to 2.11, mobility lifecycle 4.1 to 4.5.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.learning_agreements import LearningAgreement

Status: TypeAlias = Literal["pending", "approved", "rejected", "cancelled"]
ESI: Final = "urn:schac:personalUniqueCode:int:esi:"


@dataclass(frozen=True, slots=True)
class Student:
    """A person as documents describe one. `gender`: 0 unknown, 1 man, 2 woman, 9 not applicable.

    `family_name` is None only where a fault leaves it out. `scripts` are further ways to write the name:
    (given names, family name, language tag).
    """

    given_names: str
    family_name: str | None
    global_id: str
    birth_date: date
    citizenship: str
    gender: int
    email: str
    scripts: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Office:
    """The part of a university that looks after a student."""

    unit_name: str
    given_names: str
    family_name: str
    email: str
    unit_id: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Nomination:
    """What the receiving university decides on. `term` is None for a stay that fits none."""

    receiving_year: str
    term: str | None = None
    isced: str = "0311"
    nominee_isced: str = "0311"
    eqf_level: int = 6
    activity: str = "long-term"
    sending_iia_id: str | None = None
    receiving_iia_id: str | None = None
    sending_unit_id: str | None = None
    receiving_unit_id: str | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Grade:
    """One course of a transcript. `status`: passed, failed or in-progress; `label` is the grade."""

    title: str
    code: str
    credits: str
    label: str
    status: str = "passed"
    isced: str | None = "0311"
    los_id: str | None = None
    loi_id: str | None = None
    parts: tuple["Grade", ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript of records. `identified`: it carries the identifiers that the network asks for.

    `learner`, `issuer` and `year` stand in it where it is another student's, university's or year's.
    """

    issued_at: datetime
    grades: tuple[Grade, ...]
    complete: bool = True
    identified: bool = True
    learner: Student | None = None
    issuer: str | None = None
    year: str | None = None


@dataclass(frozen=True, slots=True)
class Stay:
    """One mobility. The sending university holds nomination and agreement, the receiving one the rest.

    `language` is (tag, level). `modified_at` is when the sending side changed last, `received_at` when the
    receiving side did. `ladok_uid` is the student's key in our Ladok, if there.
    """

    omobility_id: str
    sending_hei_id: str
    receiving_hei_id: str
    student: Student
    nomination: Nomination
    starts_on: date
    ends_on: date
    sending_office: Office
    receiving_office: Office
    modified_at: datetime
    received_at: datetime
    status: Status = "pending"
    la: LearningAgreement | None = None
    language: tuple[str, str] = ("en", "B2")
    arrived_on: date | None = None
    departed_on: date | None = None
    transcript: Transcript | None = None
    rejection: str | None = None
    ladok_uid: str | None = None
    agreement_in_ladok: str | None = None
    proposal_salt: str = ""

    @property
    def proposal_id(self) -> str:
        """It changes exactly when the nomination does, unless somebody changes the salt."""
        told = (self.sending_hei_id, self.receiving_hei_id, self.nomination, self.proposal_salt)
        return hashlib.sha256(repr(told).encode()).hexdigest()[:40]


@dataclass(slots=True)
class StudentNotice:
    """A notification about students that a partner took: how often, and when last."""

    partner: str
    kind: str
    omobility_id: str
    count: int
    at: datetime


@dataclass(slots=True)
class Stays:
    """Every mobility, by the id that the sending university gave it."""

    by_id: dict[str, Stay] = field(default_factory=dict)

    def sent_by(self, hei_id: str) -> list[Stay]:
        return [each for each in self.by_id.values() if each.sending_hei_id == hei_id]

    def received_by(self, hei_id: str) -> list[Stay]:
        return [each for each in self.by_id.values() if each.receiving_hei_id == hei_id]

    def stay(self, omobility_id: str) -> Stay:
        if omobility_id not in self.by_id:
            raise UsageError(f"there is no mobility {omobility_id!r}")
        return self.by_id[omobility_id]

    def change(self, omobility_id: str, now: datetime, **changes: object) -> Stay:
        """The sending side changes something of its own."""
        stay = self.stay(omobility_id)
        changed = replace(stay, modified_at=now, **changes)  # type: ignore[arg-type]  # fields of Stay
        self.by_id[omobility_id] = changed
        return changed

    def receive(self, omobility_id: str, now: datetime, **changes: object) -> Stay:
        """The receiving side changes something of its own: dates, the transcript."""
        stay = self.stay(omobility_id)
        changed = replace(stay, received_at=now, **changes)  # type: ignore[arg-type]  # fields of Stay
        self.by_id[omobility_id] = changed
        return changed


def decide(stay: Stay, proposal_id: str, *, approve: bool, comment: str | None = None) -> Stay | None:
    """The receiving university's decision; None when it is refused as a conflict.

    The same decision again is taken without effect.
    """
    wanted: Status = "approved" if approve else "rejected"
    if stay.proposal_id != proposal_id or stay.status == "cancelled":
        return None
    if stay.status == wanted:
        return stay
    if stay.status != "pending":
        return None
    return replace(stay, status=wanted, rejection=comment)
