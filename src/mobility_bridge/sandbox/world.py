"""What everybody in the sandbox holds: our agreements as Mobility-Online stores them, and the partners' own.

Values are the texts that a document shows, not numbers, because a hash depends on how they are written.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from mobility_bridge.sandbox.ladok_world import LadokWorld
from mobility_bridge.sandbox.mobility_online_students import MoStudents
from mobility_bridge.sandbox.students import Stays

OWN_HEI_ID = "nordhav.example"

STUDIES = "student-studies"
TRAINEESHIP = "student-traineeship"
TEACHING = "staff-teacher"
TRAINING = "staff-training"
KINDS = (STUDIES, TRAINEESHIP, TEACHING, TRAINING)
"""In the order in which a document groups its conditions; the words are those of the element names."""


@dataclass(frozen=True, slots=True)
class Language:
    """A recommended language; `undefined` marks the legacy placeholder."""

    code: str
    level: str | None = None
    undefined: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A field of education: ISCED-F code, clarification (empty is not absent), code approved in version 6."""

    code: str
    clarification: str | None = None
    v6_value: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """An office to turn to; nobody real."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One direction of one kind of mobility, as written.

    `total` is months for students and days for staff; `blended` is None for staff; `stray_type` is the value
    of an `xsi:type` attribute that has no business there.
    """

    kind: str
    sending_hei_id: str
    receiving_hei_id: str
    first_year: str
    last_year: str
    number: str
    number_undefined: bool = False
    languages: tuple[Language, ...] = ()
    fields: tuple[Field, ...] = ()
    levels: tuple[str, ...] = ()
    total: str | None = None
    blended: str | None = None
    terms: str | None = None
    sending_ounit_id: str | None = None
    receiving_ounit_id: str | None = None
    sending_contact: Contact | None = None
    receiving_contact: Contact | None = None
    stray_type: str | None = None

    @property
    def is_student(self) -> bool:
        return self.kind in (STUDIES, TRAINEESHIP)


@dataclass(frozen=True, slots=True)
class Copy:
    """One HEI's copy of an agreement, as it serves it.

    `terminated` is the text of the attribute, or None when it is left out. `hash_recipe` names how the
    declared hash is computed (see `recipes`). `swapped` puts the partners in the wrong order, `first_hei_id`
    writes another HEI for the holder, `extra_iia_id` adds a second `iia-id` to the second partner.
    """

    holder_hei_id: str
    other_hei_id: str
    iia_id: str
    iia_code: str
    conditions: tuple[Condition, ...]
    other_iia_id: str | None = None
    other_iia_code: str | None = None
    in_effect: bool = False
    terminated: str | None = None
    contact: Contact | None = None
    signing_date: date | None = None
    hash_recipe: str = "right"
    swapped: bool = False
    first_hei_id: str | None = None
    extra_iia_id: str | None = None


@dataclass(frozen=True, slots=True)
class OurAgreement:
    """Our copy, with what Mobility-Online stores beside its terms.

    `first_agreement_id` numbers the record of the first condition, the others follow. `earlier_hashes` are
    those of texts served before, newest first. `odd_levels` are study levels that nobody else knows.
    `in_ewp` is False for a draft that the network has never seen; then the record's `ewp` is None.
    """

    copy: Copy
    first_agreement_id: int
    status: str
    created_on: datetime
    modified_on: datetime
    last_notified: datetime | None = None
    own_approval: bool = False
    partner_approval: bool = False
    coordinator: str = ""
    partner_information: str | None = None
    odd_levels: tuple[str, ...] = ()
    in_ewp: bool = True
    earlier_hashes: tuple[str, ...] = ()

    @property
    def iia_id(self) -> str:
        return self.copy.iia_id

    @property
    def partner_hei_id(self) -> str:
        return self.copy.other_hei_id


@dataclass(frozen=True, slots=True)
class PartnerCopy:
    """A partner's copy, with how its system treats it.

    `unlisted` keeps it out of the index, `unreadable` out of the get answer. `mirrors`: the partner's system
    overwrites it with ours on every notification.
    """

    copy: Copy
    modified_at: datetime
    unlisted: bool = False
    unreadable: bool = False
    mirrors: bool = False


@dataclass(frozen=True, slots=True)
class PartnerApproval:
    """A partner's approval of our copy: the hash that it names, or whatever our copy has now (`follows`)."""

    iia_id: str
    iia_hash: str
    follows: bool = False


@dataclass(slots=True)
class World:
    """Everything at one moment. Keys of the inner mappings are agreement ids."""

    today: date
    ours: dict[str, OurAgreement] = field(default_factory=dict)
    theirs: dict[str, dict[str, PartnerCopy]] = field(default_factory=dict)
    approvals: dict[str, dict[str, PartnerApproval]] = field(default_factory=dict)
    ladok: LadokWorld = field(default_factory=LadokWorld)
    stays: Stays = field(default_factory=Stays)
    mobility_online: MoStudents = field(default_factory=MoStudents)

    def our_agreements(self, partner_hei_id: str | None = None) -> Iterator[OurAgreement]:
        for agreement in self.ours.values():
            if partner_hei_id is None or agreement.partner_hei_id == partner_hei_id:
                yield agreement

    def partner_copies(self, hei_id: str) -> dict[str, PartnerCopy]:
        return self.theirs.setdefault(hei_id, {})

    def partner_approvals(self, hei_id: str) -> dict[str, PartnerApproval]:
        return self.approvals.setdefault(hei_id, {})


@dataclass(frozen=True, slots=True)
class MoLookup:
    """A look-up value of Mobility-Online: its number, and the text that people see."""

    number: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class MoLanguage:
    """A language with its level."""

    number: str
    level: str | None = None


@dataclass(frozen=True, slots=True)
class MoInstitution:
    """A partner institution; `hei_id` is None for one outside EWP."""

    institution_id: int
    institution_code: str
    hei_id: str | None
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class MoEwp:
    """What Mobility-Online, as the EWP node for agreements, keeps about the copy that it serves for us."""

    iia_id: str
    iia_code: str
    partner_iia_id: str | None
    iia_hash: str
    own_approval: bool
    partner_approval: bool
    last_notified: datetime | None


@dataclass(frozen=True, slots=True)
class MoAgreement:
    """One agreement record: one direction of one kind of mobility with one partner.

    An IIA with several conditions is several records with the same `ewp.iia_id`. `custom_fields` are
    (fact, value) pairs for what the record has no field for: `blended` (`true`/`false`, students),
    `total_days` (staff), `sending_ounit_id`, `receiving_ounit_id`, `terminated_as_a_whole` (`true`); each only
    where there is something to say.

    Source: Mobility-Online: assumed services, A1; the custom fields are this sandbox's own.
    """

    agreement_id: int
    agreement_number: str
    agreement_name: str
    institution: MoInstitution
    application_type: str
    person_type: str
    exchange_program: MoLookup
    academic_years: tuple[str, ...]
    valid_from: date
    valid_to: date
    study_fields: tuple[MoLookup, ...]
    study_levels: tuple[str, ...]
    total_number: int
    free_places: int
    total_months: Decimal | None
    languages: tuple[MoLanguage, ...]
    coordinator: str
    comment: str | None
    partner_information: str | None
    status: str
    ewp: MoEwp | None
    created_on: datetime
    modified_on: datetime
    custom_fields: tuple[tuple[str, str], ...] = ()
