"""One stay of one student as every system shows it: all that a rule about students may look at.

No rule reads a clock or a store; what has not been read is None, and `heard` says which systems were read in full,
so that silence of a system that was never asked is not taken for a missing student.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from mobility_bridge.domain.agreement import CooperationCondition
from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.discrepancy import Subject
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.person import Direction, Person
from mobility_bridge.domain.record import StoredRecord
from mobility_bridge.domain.result import CreditTransfer, OtherMerit, StudentResult
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.domain.write import Write

T = TypeVar("T")


class Heard(StrEnum):
    """What was read in full at least once and not too long ago, so that what is absent there is missing there."""

    APPLICATIONS = "applications"
    NOMINATIONS = "nominations"
    LEARNING_AGREEMENTS = "learning_agreements"
    ARRIVALS = "arrivals"
    TRANSCRIPTS = "transcripts"
    REGISTRY = "registry"
    AGREEMENTS = "agreements"


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """A record with its decoded facts. `earlier` are former facts, newest first."""

    said: T = field(repr=False)
    stored: StoredRecord = field(repr=False)
    earlier: tuple[tuple[T, datetime], ...] = field(default=(), repr=False)

    @property
    def live(self) -> bool:
        return self.stored.live


@dataclass(frozen=True, slots=True)
class SaidOfPerson:
    """How one system describes the student; `system` as configured, or the HEI that serves it."""

    system: str
    person: Person = field(repr=False)


@dataclass(frozen=True, slots=True)
class AgreementUse:
    """The agreement that a stay takes its place from.

    `iia_id` is our id, None where we have no copy; `partner_iia_id` the partner's. `condition` is the one that fits
    the stay best, None when none does. `places` are what it offers in the stay's year, `used` how many stays take
    one, this one included, in the order of their nomination: `place` is this stay's number in it.
    """

    iia_id: str | None
    partner_iia_id: str | None
    mutually_approved: bool
    first_academic_year: str | None = None
    last_academic_year: str | None = None
    last_day: date | None = None
    condition: CooperationCondition | None = None
    fits_year: bool = True
    fits_field: bool = True
    fits_level: bool = True
    fits_blended: bool = True
    fits_direction: bool = True
    places: int | None = None
    used: int = 0
    place: int = 0
    months: Decimal | None = None
    months_used: Decimal = Decimal()

    @property
    def name(self) -> str:
        """What people call it by: our id, else the partner's."""
        return self.iia_id or self.partner_iia_id or ""


class DecisionState(StrEnum):
    """What became of a decision of ours on a proposal."""

    QUEUED = "queued"
    SENT = "sent"
    CONFIRMED = "confirmed"
    CONFLICT = "conflict"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OurDecision:
    """A decision of ours: on a nomination or a learning agreement, on which proposal, and what became of it.

    `signed_at` and `signer_digest` tell our signature again in the partner's document without keeping the name here.
    `outcome` says in one word why it ended, empty before.
    """

    on: str
    proposal_id: str
    approve: bool
    state: DecisionState
    decided_at: datetime
    sent_at: datetime | None = None
    signed_at: datetime | None = None
    signer_digest: str | None = None
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class TermDates:
    """One term in our own calendar: its days, and the deadlines of the offices."""

    term: Term
    first_day: date
    last_day: date
    registry_deadline: date | None = None
    housing_deadline: date | None = None
    registration_deadline: date | None = None
    results_by: date | None = None


@dataclass(frozen=True, slots=True)
class StayThresholds:
    """When time alone makes something worth saying; days unless the name says otherwise."""

    heard_days: int = 4
    registration_before_days: int = 14
    admission_before_days: int = 60
    agreement_before_days: int = 90
    la_missing_grave_days: int = 14
    la_pending_days: int = 14
    la_change_weeks: int = 5
    la_decision_weeks: int = 2
    nomination_delivery_days: int = 2
    nomination_decision_days: int = 30
    decision_lost_hours: int = 24
    status_drift_hours: int = 1
    dates_drift_days: int = 7
    arrival_grace_days: int = 14
    arrival_drift_days: int = 14
    departure_grace_days: int = 21
    shortened_days: int = 5
    minimum_long_days: int = 60
    minimum_short_days: int = 5
    transcript_weeks: int = 10
    transcript_grave_weeks: int = 14
    transfer_weeks: int = 5
    insurance_margin_days: int = 14
    term_credits: Decimal = Decimal(30)
    term_credits_high: Decimal = Decimal(40)
    short_credits: Decimal = Decimal(3)
    credit_tolerance: Decimal = Decimal("2.5")
    copy_stale_days: int = 7
    signature_tolerance_s: int = 300


@dataclass(frozen=True, slots=True)
class StayStanding:
    """What nearly every rule asks first, worked out once per case."""

    active: bool
    wrong_person: bool


@dataclass(frozen=True, slots=True)
class StayCase:
    """One stay.

    `persons` are all descriptions of the student, the registry's first where it has one. `known_to_registry` is
    None while the registry was never asked about this student. Objects beyond the first of a kind (a second
    nomination, say) stand in the fields that end in `others`. `our_la` is the copy that our own system or the
    Dashboard serves for an outgoing student; for an incoming one `learning_agreement` is the partner's.
    `listing` is what a list of learning agreements says of it, beside the document and never in its place.
    `calendar` maps terms to their days.

    `agreement_exists`: a mutually approved agreement with the partner would fit. `registry_agreement_exists`: the
    registry has a usable exchange agreement with the partner; `occasion_exists`: it has an occasion of it for every
    term of the stay, and where it has not, `occasion_terms` are those with one. Both are None while unknown.
    `writes` are those of ours about this stay that are not done: what still waits, too.
    `results` are as they were at `results_read_at`: no event tells all of them, so they are read now and then.
    `standing` is put in when the case is judged; whoever makes a case leaves it out.
    """

    own_hei_id: HeiId
    subject: Subject
    now: datetime
    direction: Direction
    partner_hei_id: HeiId | None
    heard: frozenset[Heard] = frozenset()
    persons: tuple[SaidOfPerson, ...] = ()
    known_to_registry: bool | None = None
    protected: bool = False
    deceased: bool = False
    application: Seen[Application] | None = None
    courses: Seen[CourseList] | None = None
    nomination: Seen[Nomination] | None = None
    learning_agreement: Seen[LearningAgreement] | None = None
    listing: Seen[LaListing] | None = None
    arrival: Seen[ActualDates] | None = None
    transcript: Seen[Tor] | None = None
    exchange: ExchangeParticipation | None = None
    application_others: tuple[Seen[Application], ...] = ()
    nomination_others: tuple[Seen[Nomination], ...] = ()
    learning_agreement_others: tuple[Seen[LearningAgreement], ...] = ()
    exchange_others: tuple[ExchangeParticipation, ...] = ()
    other_stays: tuple["OtherStay", ...] = ()
    results: tuple[StudentResult, ...] = ()
    results_read_at: datetime | None = None
    merits: tuple[OtherMerit, ...] = ()
    strayed: tuple[CreditTransfer, ...] = ()
    agreement: AgreementUse | None = None
    agreement_exists: bool = False
    registry_agreement_exists: bool | None = None
    occasion_exists: bool | None = None
    occasion_terms: tuple[Term, ...] = ()
    decisions: tuple[OurDecision, ...] = ()
    writes: tuple[Write, ...] = ()
    calendar: Mapping[Term, TermDates] = field(default_factory=dict)
    problems: tuple[tuple[str, str, str], ...] = ()
    thresholds: StayThresholds = field(default_factory=StayThresholds)
    standing: StayStanding | None = None

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def outgoing(self) -> bool:
        return self.direction is Direction.OUTGOING

    @property
    def sending_hei_id(self) -> HeiId | None:
        return self.own_hei_id if self.outgoing else self.partner_hei_id

    @property
    def receiving_hei_id(self) -> HeiId | None:
        return self.partner_hei_id if self.outgoing else self.own_hei_id


@dataclass(frozen=True, slots=True)
class OtherStay:
    """Another stay of the same student, as far as rules about overlaps and doubles need it.

    `nominated`: it has a pending or approved nomination; `in_registry`: a living exchange in the registry;
    `elsewhere`: an application, a nomination or a learning agreement. `terms` are those of its days, or those that
    it is nominated for where no system states days.
    """

    stay_id: str
    direction: Direction
    partner_hei_id: HeiId | None
    first_day: date | None
    last_day: date | None
    active: bool
    nominated: bool = False
    in_registry: bool = False
    elsewhere: bool = True
    admitted_terms: tuple[Term, ...] = ()
    registered_terms: tuple[Term, ...] = ()
    terms: tuple[Term, ...] = ()
