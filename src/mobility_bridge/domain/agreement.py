"""An interinstitutional agreement (IIA) as its documents state it.

Source: EWP IIAs API 7.0.0, get response.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from mobility_bridge.domain.contact import Contact


class MobilityKind(StrEnum):
    """What a condition is about, in the order in which a document groups conditions."""

    STUDENT_STUDIES = "student-studies"
    STUDENT_TRAINEESHIP = "student-traineeship"
    STAFF_TEACHING = "staff-teaching"
    STAFF_TRAINING = "staff-training"

    @property
    def is_student(self) -> bool:
        return self in (MobilityKind.STUDENT_STUDIES, MobilityKind.STUDENT_TRAINEESHIP)


@dataclass(frozen=True, slots=True)
class SubjectArea:
    """A field of education: four ISCED-F 2013 digits; `v6_value` is the shorter code approved in version 6."""

    isced_f_code: str
    isced_clarification: str | None = None
    v6_value: str | None = None


@dataclass(frozen=True, slots=True)
class LanguageSkill:
    """A recommended language, with an optional CEFR level (`A1` to `C2`) and field."""

    language: str
    cefr_level: str | None = None
    subject_area: SubjectArea | None = None
    not_yet_defined: bool = False


@dataclass(frozen=True, slots=True)
class CooperationCondition:
    """One direction of one kind of mobility.

    `mobilities_per_year` counts persons per academic year of the receiving HEI (a placeholder when
    `mobilities_not_yet_defined`); `total_per_year` is months (students) or days (staff) of all persons
    together; `blended` is None for staff.
    """

    kind: MobilityKind
    sending_hei_id: str
    receiving_hei_id: str
    receiving_first_academic_year_id: str
    receiving_last_academic_year_id: str
    mobilities_per_year: int
    mobilities_not_yet_defined: bool = False
    sending_ounit_id: str | None = None
    receiving_ounit_id: str | None = None
    sending_contacts: tuple[Contact, ...] = ()
    receiving_contacts: tuple[Contact, ...] = ()
    language_skills: tuple[LanguageSkill, ...] = ()
    subject_areas: tuple[SubjectArea, ...] = ()
    other_info_terms: str | None = None
    total_per_year: Decimal | None = None
    blended: bool | None = None
    eqf_levels: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class IiaPartner:
    """One of the two parties as the holder of the copy names it."""

    hei_id: str
    iia_id: str | None = None
    iia_code: str | None = None
    ounit_id: str | None = None
    signing_contact: Contact | None = None
    signing_date: date | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Iia:
    """One copy of one agreement; the HEI that serves it comes first in `partners`.

    `terminated_as_a_whole` is None when the attribute is absent; false is legal XML but must not be sent.
    """

    partners: tuple[IiaPartner, IiaPartner]
    in_effect: bool
    conditions: tuple[CooperationCondition, ...]
    iia_hash: str | None = None
    terminated_as_a_whole: bool | None = None
    pdf_file: str | None = None
