"""The student registry as we ask it: a feed of what happens, reads to make sure, and the one write."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Generic, Literal, Protocol, Self, TypeAlias, TypeVar

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.registration import Participation
from mobility_bridge.ports.sources import Capability

_FORM: Final = 1


@dataclass(frozen=True, slots=True)
class PageGap:
    """A page of the feed that was missing, and when it was last asked for."""

    page: int
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class FeedPosition:
    """Where in a feed we are: the canonical page and the last entry handled on it.

    `entry_id` is None when nothing of the page was handled. `recent` are all entries handled on it while it is
    open, newest last, so that one delivered late among them shows. `gaps` are pages still missing.
    """

    page: int
    entry_id: str | None = None
    recent: tuple[str, ...] = ()
    gaps: tuple[PageGap, ...] = ()

    def cursor(self) -> str:
        """The position as text, to be stored with the effects of what came before it."""
        said: dict[str, object] = {"form": _FORM, "page": self.page, "entry": self.entry_id}
        if self.recent:
            said["recent"] = self.recent
        if self.gaps:
            said["gaps"] = [[gap.page, gap.asked_at.isoformat()] for gap in self.gaps]
        return json.dumps(said, separators=(",", ":"))

    @classmethod
    def parse(cls, cursor: str) -> Self:
        """Read a stored position. Raises ValueError for a text that is none."""
        try:
            said = json.loads(cursor)
            form, page, entry_id = said["form"], int(said["page"]), said["entry"]
            gaps = tuple(PageGap(int(gap), datetime.fromisoformat(at)) for gap, at in said.get("gaps", ()))
            recent = tuple(said.get("recent", ()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError("the stored text is no position in a feed") from error
        if form != _FORM:
            raise ValueError(f"the stored position has the form {form}, expected {_FORM}")
        return cls(page, entry_id, recent, gaps)


class FeedNotice(StrEnum):
    """What is worth saying about a feed itself."""

    POSITION_LOST = "position_lost"
    LATE_ENTRY = "late_entry"
    DUPLICATE = "duplicate"
    PAGE_MISSING = "page_missing"
    PAGE_FOUND = "page_found"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FeedRemark:
    """One notice and where: `entry_id` and `detail` hold ids, names of events and elements, nothing personal."""

    notice: FeedNotice
    page: int
    entry_id: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """One event as facts. `own`: our own certificate caused it. `repair`: a data repair, not an act.

    `problems` are (element, what) pairs about values that could not be read; they hold nothing personal.
    """

    event_uid: LadokUid
    entry_id: str
    page: int
    name: str
    at: datetime
    facts: tuple[Fact, ...]
    student_uid: LadokUid | None = None
    own: bool = False
    repair: bool = False
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FeedBatch:
    """What one page brought, oldest first, and the position that holds once it has taken effect.

    `entries` counts the entries handled; `skipped` those of them that are of no concern or of an unknown kind, by
    the event's name. `more`: further pages are known to follow.
    """

    events: tuple[FeedEvent, ...]
    position: FeedPosition
    page: int
    entries: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    remarks: tuple[FeedRemark, ...] = ()
    exchanges: tuple[Exchange, ...] = ()
    more: bool = False


@dataclass(frozen=True, slots=True)
class RegistryReading:
    """What one question brought. `complete` is False when a part failed: then an absent fact means nothing."""

    facts: tuple[Fact, ...]
    complete: bool = True
    exchanges: tuple[Exchange, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of a write; only a stopping one prevents it. `key` is the registry's own."""

    key: str
    stopping: bool
    texts: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class RegistrationOrder:
    """Register this admission's student for one period (from 1)."""

    student_uid: LadokUid
    admission_uid: LadokUid
    period: int = 1


@dataclass(frozen=True, slots=True)
class AdmissionOrder:
    """Admit a student to an occasion (assumed: A3)."""

    student_uid: LadokUid
    occasion_uid: LadokUid


@dataclass(frozen=True, slots=True)
class WithdrawalOrder:
    """Note that an admitted student withdrew before the start (assumed: A4). `reason` as Ladok's list ends."""

    student_uid: LadokUid
    admission_uid: LadokUid
    reason: Literal["meddelat.av.studenten", "uteblev"] = "meddelat.av.studenten"


@dataclass(frozen=True, slots=True)
class ChangeOrder:
    """Move a student from one occasion to another: an extension or a shortening (assumed: A5)."""

    student_uid: LadokUid
    admission_uid: LadokUid
    occasion_uid: LadokUid


AssumedOrder: TypeAlias = AdmissionOrder | WithdrawalOrder | ChangeOrder
"""Writes by resources that no public source shows: each is off until it is switched on by name."""

Order = TypeVar("Order", bound=RegistrationOrder | AdmissionOrder | WithdrawalOrder | ChangeOrder)


class RegistrationState(StrEnum):
    """How a write ended. `refuted`: it was answered as made, and what stands there is not what was to be."""

    DONE = "done"
    ALREADY = "already"
    OBSTACLE = "obstacle"
    REFUSED = "refused"
    REFUTED = "refuted"
    UNKNOWN = "unknown"
    NOT_ADMITTED = "not_admitted"
    FAILED = "failed"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class WriteOutcome(Generic[Order]):
    """What became of one order. `before` and `after` are the participation as read on either side of the write.

    UNKNOWN: the write may or may not have taken effect; the next run looks before it writes again.
    `detail` names codes, never a person.
    """

    order: Order
    state: RegistrationState
    before: Participation | None = None
    after: Participation | None = None
    obstacles: tuple[Obstacle, ...] = ()
    detail: str = ""
    exchanges: tuple[Exchange, ...] = ()

    @property
    def fulfilled(self) -> bool:
        return self.state in (RegistrationState.DONE, RegistrationState.ALREADY)


RegistrationOutcome: TypeAlias = WriteOutcome[RegistrationOrder]


@dataclass(frozen=True, slots=True)
class WritePowers:
    """What the registry's own switches allow to be written, and how many writes one run may make.

    `registration_key` is the switch as an operator finds it in the configuration.
    """

    registration: bool
    registration_key: str
    assumed: frozenset[str] = frozenset()
    per_run: int = 0


class CertificateLevel(StrEnum):
    """How near its end a certificate is: more than 90, 90, 30, 7 days, over."""

    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """The client certificate: whose it is and how long it holds."""

    user: str
    environment: str | None
    expires_at: datetime
    days_left: int
    level: CertificateLevel


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """Which exchanges the report shall list: those that are under way in a span of days."""

    first_day: date
    last_day: date
    directions: tuple[Direction, ...] = (Direction.OUTGOING, Direction.INCOMING)


class StudentRegistry(Protocol):
    """The national student registry at our university.

    Every answer and error carries its exchanges; reads are retried inside where the error class allows, the write
    never without looking first.
    """

    @property
    def name(self) -> str:
        """The system's name in the configuration, such as `ladok`."""
        ...

    @property
    def feed_every_s(self) -> float:
        """Seconds between two looks at the feed."""
        ...

    async def newest_page(self) -> int:
        """Say how far the feed goes: the number of its open page."""
        ...

    def events(self, position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        """Read the feed from a position (None: where the configuration says a new start begins) to its end.

        Shape:   one batch a page; commit its effects and `position` together before asking for the next. Ends
                 when the open page is read; ask again after `feed_every_s`. Events come at least once: a repeated
                 one has the same `event_uid` and facts of the same weight.
        Raises:  Unreachable, Rejected, InvalidDocument; what was yielded before stands.
        Source:  Ladok: consuming the feed right.
        """
        ...

    async def student(self, uid: LadokUid) -> RegistryReading:
        """Read one person by Ladok's key; no facts when unknown."""
        ...

    async def find_student(
        self, *, civic_number: str | None = None, external_uid: LadokUid | None = None
    ) -> RegistryReading:
        """Find one person by civic number or national UID; no facts when unknown."""
        ...

    async def participations(self, student_uid: LadokUid) -> RegistryReading:
        """Read all that a student is admitted to or has begun, as `Participation` facts."""
        ...

    async def participants(self, occasion_uid: LadokUid) -> RegistryReading:
        """Read who is on a package's occasion: on an exchange occasion, who is on exchange."""
        ...

    async def occasions(self, agreement_code: str) -> RegistryReading:
        """Read an agreement and its occasions by the agreement's code."""
        ...

    async def results(self, student_uid: LadokUid) -> RegistryReading:
        """Read a student's attested results, of which a transcript is made."""
        ...

    async def code_table(self, table: str) -> RegistryReading:
        """Read a code table. Partners and exchange programmes are assumed: NotOffered while switched off."""
        ...

    async def exchange_report(self, question: ReportQuestion) -> RegistryReading:
        """Read the registry's own report of exchanges. NotOffered while switched off."""
        ...

    def powers(self) -> WritePowers:
        """Say what may be written, without asking anybody."""
        ...

    async def register(self, orders: Sequence[RegistrationOrder]) -> Sequence[RegistrationOutcome]:
        """Register students, each after asking for obstacles, up to the configured number in one run.

        Shape:   one outcome per order, in order; beyond the limit LIMIT. An order already fulfilled is ALREADY.
        Raises:  NotOffered while the write is switched off. What goes wrong with one order is its outcome.
        Source:  Ladok: adapter rule 3.
        """
        ...

    async def carry_out(self, orders: Sequence[AssumedOrder]) -> Sequence[WriteOutcome[AssumedOrder]]:
        """Carry out assumed writes, each as careful as a registration and under the same limit.

        Raises:  NotOffered when an order of a kind is among them that is not switched on; nothing was written.
        """
        ...

    def certificate(self) -> CertificateStatus | None:
        """Say how long the client certificate holds; None where none is used."""
        ...

    async def probe(self) -> Sequence[Capability]:
        """Say what is offered, allowed and switched on, without changing anything."""
        ...
