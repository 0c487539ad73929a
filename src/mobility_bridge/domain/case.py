"""Cases: everything a rule may look at, gathered before it looks. No rule reads a clock or a store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.approval import Approval
from mobility_bridge.domain.comparison import Comparison
from mobility_bridge.domain.discrepancy import Finding, Subject
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId
from mobility_bridge.domain.notification import ChangeNotification
from mobility_bridge.domain.partner import Health, IndexState, Partner
from mobility_bridge.domain.snapshot import AgreementCopy, StoredCopy


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When time alone makes something worth saying; days, and months before an expiry."""

    mapping_grace_days: int = 3
    approval_grace_days: int = 14
    termination_grace_days: int = 14
    answer_grace_days: int = 14
    expiry_warning_months: tuple[int, ...] = (18, 12, 6)
    unreachable_warning_hours: int = 24
    programme_end_year: int = 2028


@dataclass(frozen=True, slots=True)
class CopyView:
    """A stored copy with its terms decoded. `iia` is None when the document cannot be decoded."""

    stored: StoredCopy
    iia: Iia | None

    @property
    def copy(self) -> AgreementCopy:
        return self.stored.copy

    @property
    def live(self) -> bool:
        return self.stored.live


class IdStatus(StrEnum):
    """What we know of an id that the other side lists as ours."""

    ABSENT = "absent"
    LIVE = "live"
    DELETED = "deleted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Concluded:
    """The last pair of texts that both sides had approved at the same time."""

    partner_hei_id: HeiId
    iia_id: IiaId
    partner_iia_id: IiaId
    local_hash: IiaHash
    partner_hash: IiaHash
    concluded_at: datetime


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pairing that a person may confirm; the bridge never makes it by itself.

    `score` is 0 to 1; `reasons` name each signal with its weight; `likely` when it leads the second best
    clearly. `renewal` when the years adjoin: then it is a successor, not a counterpart.
    """

    partner_hei_id: HeiId
    iia_id: IiaId
    partner_iia_id: IiaId
    score: float
    reasons: tuple[tuple[str, float], ...]
    likely: bool = False
    renewal: bool = False


class PartnerApproval(StrEnum):
    """What the partner's answer about our copy means. Source: EWP IIAs Approval API 2.0.0.

    NOT_ASKED: its endpoint never answered, so an absent approval means nothing. CONCLUDED: it names the last
    mutually approved text, not the one that we serve now.
    """

    NOT_ASKED = "not_asked"
    ABSENT = "absent"
    WITHDRAWN = "withdrawn"
    CURRENT = "current"
    CONCLUDED = "concluded"
    UNMAPPED_TEXT = "unmapped_text"
    EARLIER = "earlier"
    WRONG_COPY = "wrong_copy"
    UNKNOWN_HASH = "unknown_hash"


class Pending(StrEnum):
    """Which side serves another text than the concluded one."""

    NONE = "none"
    OURS = "our_change"
    PARTNERS = "partner_change"
    BOTH = "both_changed"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an agreement stands: worked out once by the engine, so that all rules see the same.

    `trouble` is the one identity code that applies, if any; while there is one, rules about what follows
    from the pairing are silent. `comparable`: both copies live, decoded and about the same two HEIs.
    `mapped`: comparable, and each copy names the other. `approvable`: mapped, and the partner's hash may be
    believed. `was_concluded`: both sides had approved at some time. `ended`: all conditions are over.
    """

    trouble: str | None = None
    comparable: bool = False
    mapped: bool = False
    approvable: bool = False
    was_concluded: bool = False
    approved_by_us: bool = False
    partner_approval: PartnerApproval = PartnerApproval.NOT_ASKED
    pending: Pending = Pending.NONE
    first_day: date | None = None
    last_day: date | None = None
    ended: bool = False

    @property
    def mutually_approved(self) -> bool:
        return self.approved_by_us and self.partner_approval is PartnerApproval.CURRENT


@dataclass(frozen=True, slots=True)
class AgreementCase:
    """One agreement as every system shows it.

    `local` or `partner` may be None (no such copy) or not live (it was there once). Histories hold earlier
    texts, newest first. `listed_id_status` says what our id in the partner's copy is worth.
    `competing_partner_copies` are other living copies of the same partner that list the same id of ours;
    `competing_local_copies` are other copies of ours that list the same partner id. `listed_in_index` is
    None until an index was read. `approvals_read_at` is when the partner's approval endpoint last answered
    about our copy; while it is None, an absent approval means nothing. `comparison`, `split_over` (copies
    that together hold our conditions) and `standing` are filled in by the engine.
    """

    own_hei_id: HeiId
    subject: Subject
    now: datetime
    local: CopyView | None = None
    partner: CopyView | None = None
    local_history: tuple[StoredCopy, ...] = ()
    partner_history: tuple[StoredCopy, ...] = ()
    approval_by_partner: Approval | None = None
    approval_by_us: Approval | None = None
    earlier_approvals: tuple[Approval, ...] = ()
    concluded: Concluded | None = None
    listed_id_status: IdStatus = IdStatus.ABSENT
    competing_partner_copies: tuple[CopyView, ...] = ()
    competing_local_copies: tuple[CopyView, ...] = ()
    replaced_partner_copy: StoredCopy | None = None
    listed_in_index: bool | None = None
    last_notification: ChangeNotification | None = None
    proposals: tuple[Proposal, ...] = ()
    successor: StoredCopy | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    approvals_read_at: datetime | None = None
    comparison: Comparison | None = None
    split_over: tuple[CopyView, ...] = ()
    standing: Standing = field(default_factory=Standing)

    @property
    def today(self) -> date:
        return self.now.date()


@dataclass(frozen=True, slots=True)
class PartnerCase:
    """One partner's host: what it offers, how calls to it go, what it did not take.

    `partner` is None when the catalogue no longer lists the HEI although we hold agreements with it.
    `undelivered` are notifications that expired, were refused or have no receiver.
    """

    own_hei_id: HeiId
    subject: Subject
    now: datetime
    partner: Partner | None
    agreements: int
    health: Mapping[str, Health] = field(default_factory=dict)
    index: IndexState | None = None
    undelivered: tuple[ChangeNotification, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(frozen=True, slots=True)
class SourceCase:
    """One of our own systems: how reading it goes. `shrunk_to` as in `IndexState`.

    `missing_pages` are pages of its feed that were not there; `missed_events` how many things of each kind it shows
    that no event of its feed has told. `certificate_ends_at`: until when the certificate holds with which we ask it.
    """

    own_hei_id: HeiId
    subject: Subject
    now: datetime
    health: Health | None = None
    record_count: int = 0
    shrunk_to: int | None = None
    problems: tuple[tuple[str, str], ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
    missing_pages: tuple[int, ...] = ()
    missed_events: tuple[tuple[str, int], ...] = ()
    certificate_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine says of one case: its findings in a stable order, and the day to look again."""

    findings: tuple[Finding, ...]
    revisit_on: date | None = None
