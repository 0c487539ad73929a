"""Exchange agreements and their occasions, as the student registry holds them.

No object of the registry is named after exchange: an agreement is a course package with an external party, its
occasion is that package offered in one term. What happens to a student is an exchange when it happens on such an
occasion, so these facts are kept to tell the exchanges from all the rest.

Source: Ladok: exchange in Ladok's model.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Direction

COMPLETE: Final = 3
"""The status in which an agreement or occasion may be used: 1 draft, 2 begun, 3 complete, 4 closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalParty(Fact):
    """A partner university in the code table. Only the table says `schac`; the events do not.

    `code` is by custom the Erasmus code without country letters and padding.
    """

    kind: ClassVar[str] = "external_party"

    external_party_id: str
    code: str | None = None
    names: tuple[tuple[str, str], ...] = ()
    country_id: str | None = None
    type_id: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.external_party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyDomain(Fact):
    """The SCHAC domain of an external party: the best key to the EWP network."""

    kind: ClassVar[str] = "party_domain"

    external_party_id: str
    schac: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.external_party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow(Fact):
    """A row of another code table: `land`, `period`, `utbytesprogram`, `typavexternpart`, `utbildningstyp`."""

    kind: ClassVar[str] = "code_row"

    table: str
    row_id: str
    code: str | None = None
    names: tuple[tuple[str, str], ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.table, self.row_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeAgreement(Fact):
    """A package of courses that is, or may be, an exchange agreement.

    `exchange`: it has an external party, or a type or code that the configuration calls exchange.
    """

    kind: ClassVar[str] = "exchange_agreement"

    education_uid: LadokUid
    instance_uid: LadokUid | None = None
    code: str | None = None
    names: tuple[tuple[str, str], ...] = ()
    status: int | None = None
    education_type_id: str | None = None
    external_party_id: str | None = None
    programme_id: str | None = None
    credits: Decimal | None = None
    exchange: bool = False

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.education_uid

    @property
    def usable(self) -> bool:
        return self.status == COMPLETE and not self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion(Fact):
    """An agreement's, or another package's, offering in one term; `removed` when it was deleted.

    `periods` are (first day, last day, credits). `exchange` is None where only the agreement can tell;
    `direction` where neither type nor code says which way the students go.
    """

    kind: ClassVar[str] = "occasion"

    occasion_uid: LadokUid
    education_uid: LadokUid | None = None
    instance_uid: LadokUid | None = None
    code: str | None = None
    status: int | None = None
    start_period_id: str | None = None
    occasion_type_id: str | None = None
    periods: tuple[tuple[date | None, date | None, Decimal | None], ...] = ()
    exchange: bool | None = None
    direction: Direction | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.occasion_uid

    @property
    def starts_on(self) -> date | None:
        return min((first for first, _, _ in self.periods if first is not None), default=None)

    @property
    def ends_on(self) -> date | None:
        return max((last for _, last, _ in self.periods if last is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OccasionCancelled(Fact):
    """An occasion was cancelled; `removed` when it was brought back."""

    kind: ClassVar[str] = "occasion_cancelled"

    occasion_uid: LadokUid

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.occasion_uid


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment(Fact):
    """A course occasion made for one student: how an outgoing student's term abroad is registered."""

    kind: ClassVar[str] = "commitment"

    occasion_uid: LadokUid
    student_uid: LadokUid
    package_admission_uid: LadokUid | None = None
    reference_uid: LadokUid | None = None
    status: int | None = None
    periods: tuple[tuple[date | None, date | None, Decimal | None], ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.kind, self.occasion_uid
