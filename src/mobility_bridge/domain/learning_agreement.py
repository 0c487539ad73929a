"""A learning agreement (LA) as the sending HEI's document states it.

What a document must have and this one has not is None: a partner's document is read as far as it goes, and what
it lacks is reported beside it.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, get response.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from mobility_bridge.domain.contact import PhoneNumber
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.planned_day import PlannedDay


class LaMobilityType(StrEnum):
    """What kind of stay an LA is about: the values of the parameter `mobility_type`."""

    SEMESTER = "semester"
    BLENDED = "blended"
    DOCTORAL = "doctoral"

    @property
    def activity_attributes(self) -> str:
        """The value that a nomination of the same stay carries."""
        return "long-term" if self is LaMobilityType.SEMESTER else f"short-term-{self}"


class ComponentStatus(StrEnum):
    """What a change does with a component."""

    INSERTED = "inserted"
    DELETED = "deleted"


class ReasonCode(StrEnum):
    """Why a component is changed; the first three explain a deletion, the others an insertion."""

    NOT_AVAILABLE = "not-available"
    LANGUAGE_MISMATCH = "language-mismatch"
    TIMETABLE_CONFLICT = "timetable-conflict"
    SUBSTITUTING_DELETED = "substituting-deleted"
    EXTENDING_MOBILITY = "extending-mobility"
    ADDING_VIRTUAL_COMPONENT = "adding-virtual-component"

    @property
    def explains(self) -> ComponentStatus:
        return ComponentStatus.DELETED if self in _FOR_DELETING else ComponentStatus.INSERTED


_FOR_DELETING: Final = (
    ReasonCode.NOT_AVAILABLE,
    ReasonCode.LANGUAGE_MISMATCH,
    ReasonCode.TIMETABLE_CONFLICT,
)


class ComponentTable(StrEnum):
    """The lists of an LA in the order of the document, by the names of their elements.

    The first three are the tables A, B and C of the form for long stays.
    """

    STUDIED = "components-studied"
    RECOGNIZED = "components-recognized"
    VIRTUAL = "virtual-components"
    BLENDED = "blended-mobility-components"
    DOCTORAL = "short-term-doctoral-components"


@dataclass(frozen=True, slots=True)
class TermId:
    """A term of the HEI that teaches: number 1 of 2 is its first semester, 1 of 1 its whole year."""

    term_number: int
    total_terms: int


@dataclass(frozen=True, slots=True)
class LaCredit:
    """Credits in one scheme: `ects`, or the name of a local one, as written."""

    scheme: str
    value: Decimal

    @property
    def is_ects(self) -> bool:
        return self.scheme.strip().casefold() == "ects"


@dataclass(frozen=True, slots=True)
class LaComponent:
    """One line of one table.

    `recognition_conditions`, even an empty text, say that recognition is not automatic. `status` and the reasons
    are there on changes only.
    """

    title: str
    los_id: str | None = None
    los_code: str | None = None
    loi_id: str | None = None
    term_id: TermId | None = None
    credits: tuple[LaCredit, ...] = ()
    recognition_conditions: str | None = None
    short_description: str | None = None
    status: ComponentStatus | None = None
    reason_code: ReasonCode | None = None
    reason_text: str | None = None


@dataclass(frozen=True, slots=True)
class LaSignature:
    """Who signed, and when. Personal data of staff; a student's has a time and an application only.

    `timestamp` has an offset; where a document gives none, UTC is meant.
    """

    timestamp: datetime | None
    signer_name: str | None = field(default=None, repr=False)
    signer_position: str | None = field(default=None, repr=False)
    signer_email: str | None = field(default=None, repr=False)
    signer_app: str | None = None


@dataclass(frozen=True, slots=True)
class ComponentLists:
    """The five tables and the signatures under them. None is a table that is not there, () an empty one."""

    components_studied: tuple[LaComponent, ...] | None = None
    components_recognized: tuple[LaComponent, ...] | None = None
    virtual_components: tuple[LaComponent, ...] | None = None
    blended_mobility_components: tuple[LaComponent, ...] | None = None
    short_term_doctoral_components: tuple[LaComponent, ...] | None = None
    student_signature: LaSignature | None = None
    sending_hei_signature: LaSignature | None = None
    receiving_hei_signature: LaSignature | None = None

    @property
    def is_signed_by_all(self) -> bool:
        signatures = (self.student_signature, self.sending_hei_signature, self.receiving_hei_signature)
        return None not in signatures

    def tables(self) -> Iterator[tuple[ComponentTable, tuple[LaComponent, ...]]]:
        """Yield the tables that are there, in the order of the document."""
        if self.components_studied is not None:
            yield ComponentTable.STUDIED, self.components_studied
        if self.components_recognized is not None:
            yield ComponentTable.RECOGNIZED, self.components_recognized
        if self.virtual_components is not None:
            yield ComponentTable.VIRTUAL, self.virtual_components
        if self.blended_mobility_components is not None:
            yield ComponentTable.BLENDED, self.blended_mobility_components
        if self.short_term_doctoral_components is not None:
            yield ComponentTable.DOCTORAL, self.short_term_doctoral_components


@dataclass(frozen=True, slots=True)
class LaStudent:
    """The student of an LA; in a proposal only what changes."""

    given_names: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)
    global_id: str | None = field(default=None, repr=False)
    birth_date: date | None = field(default=None, repr=False)
    citizenship: str | None = field(default=None, repr=False)
    gender: int | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)

    def as_person(self) -> Person:
        named = self.given_names or self.family_name
        return Person(
            names=(PersonName(self.given_names or "", self.family_name or ""),) if named else (),
            birth_date=self.birth_date,
            gender=self.gender,
            citizenship=self.citizenship or None,
            email=self.email or None,
            global_id=self.global_id or None,
        )


@dataclass(frozen=True, slots=True)
class ChangesProposal:
    """What waits for the receiving HEI's answer: the first version itself, or all changes to it.

    `proposal_id` names exactly this text; it is compared as it stands and never computed again. `student` holds
    changed names, identifier or birth date.
    """

    proposal_id: str
    lists: ComponentLists
    student: LaStudent | None = None


@dataclass(frozen=True, slots=True)
class LaContactPerson:
    """Whom to ask at a HEI. Personal data: never in a log line."""

    given_names: str | None = field(default=None, repr=False)
    family_name: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    phone_number: PhoneNumber | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MobilityInstitution:
    """One of the two HEIs, with its unit and its contact."""

    hei_id: HeiId
    ounit_name: str | None = None
    ounit_id: str | None = None
    contact_person: LaContactPerson | None = None


@dataclass(frozen=True, slots=True)
class StudentLanguageSkill:
    """The main language of teaching (BCP 47) and the student's level in it (CEFR, or NS)."""

    language: str | None = None
    cefr_level: str | None = None


@dataclass(frozen=True, slots=True)
class LearningAgreement:
    """One LA.

    `receiving_academic_year_id` counts years as the receiving HEI does. `first_version` never changes once all
    three have signed; `approved_changes` are all differences from it that are in force; `changes_proposal` is
    what the receiving HEI has to decide on.
    """

    omobility_id: OmobilityId
    sending_hei: MobilityInstitution
    receiving_hei: MobilityInstitution
    receiving_academic_year_id: str | None = None
    student: LaStudent = LaStudent()
    start: PlannedDay | None = None
    end: PlannedDay | None = None
    eqf_level_studied_at_departure: int | None = None
    isced_f_code: str | None = None
    isced_clarification: str | None = None
    student_language_skill: StudentLanguageSkill | None = None
    first_version: ComponentLists | None = None
    approved_changes: ComponentLists | None = None
    changes_proposal: ChangesProposal | None = None
    learning_outcomes_url: str | None = None
    provisions_url: str | None = None

    @property
    def is_approved(self) -> bool:
        """Whether any version binds all three: the first one with three signatures."""
        return self.first_version is not None and self.first_version.is_signed_by_all

    @property
    def awaits_receiver(self) -> bool:
        """Whether the receiving HEI has to answer a proposal."""
        return self.changes_proposal is not None

    @property
    def approved_at(self) -> datetime | None:
        """When the receiving HEI signed what binds now; None while nothing does."""
        if self.first_version is None or not self.is_approved:
            return None
        latest = self.approved_changes or self.first_version
        signature = latest.receiving_hei_signature or self.first_version.receiving_hei_signature
        return None if signature is None else signature.timestamp
