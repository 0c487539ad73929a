"""The store's shape. Units of work are plain functions: nothing is awaited while a transaction is open."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.discrepancy import Discrepancy, DiscrepancyEvent, DiscrepancyState
from mobility_bridge.domain.evidence import EvidenceRecord, Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.notification import ChangeNotification, CnrKind, CnrState
from mobility_bridge.domain.partner import Health, IndexState
from mobility_bridge.domain.snapshot import AgreementCopy, CopyChange, KnownDocument, StoredCopy
from mobility_bridge.ports.decisions import DecisionRepository
from mobility_bridge.ports.places import PlaceRepository
from mobility_bridge.ports.privacy import PrivacyRepository
from mobility_bridge.ports.students import FactRepository, FeedLog, RecordRepository, StudentRepository
from mobility_bridge.ports.writes import WriteRepository

T = TypeVar("T")


class CopyRepository(Protocol):
    """Copies of agreements: the current one of each, and every earlier text.

    A copy is identified by (holder, other party, its own id): the ids of one holder are unique only there.
    The other party of a partner's copy is us. Ours are those that carry a `LocalRecord`.
    """

    def put_documents(self, documents: Mapping[Sha256, bytes]) -> None:
        """Keep documents by their SHA-256, which is believed; one already kept is not written again."""
        ...

    def document(self, sha256: Sha256) -> bytes | None: ...

    def save(self, copies: Sequence[AgreementCopy], at: datetime) -> Sequence[CopyChange]:
        """Make these the current copies; return those whose stored facts changed (or are new).

        A changed copy's former state goes to the history; a copy that was gone is live again. A copy that says
        the same as before (`AgreementCopy.says_the_same_as`) is only confirmed; when it came in another document,
        it is kept with that one.
        """
        ...

    def confirm(
        self,
        holder: HeiId,
        partner: HeiId,
        ids: Iterable[IiaId],
        at: datetime,
        document: Sha256 | None = None,
    ) -> int:
        """Note that these copies were seen unchanged at `at`; return how many of them that holds for.

        It does for live ones, and where `document` is given, for those that still stand in it.
        """
        ...

    def mark_gone(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId], at: datetime) -> Sequence[IiaId]:
        """Note that the holder no longer serves these; return those that were live before. Ids stay burnt."""
        ...

    def get(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> StoredCopy | None: ...

    def some(self, holder: HeiId, partner: HeiId, ids: Iterable[IiaId]) -> Sequence[StoredCopy]:
        """Those of these copies that there are, live or gone, ordered by id."""
        ...

    def find(self, iia_id: IiaId) -> Sequence[StoredCopy]:
        """All copies, live or gone, with this own id or listing it, ours first."""
        ...

    def of_partner(self, holder: HeiId, partner: HeiId, *, live_only: bool = True) -> Sequence[StoredCopy]:
        """The copies that `holder` holds with `partner`: either of them is us."""
        ...

    def ids_of_partner(self, holder: HeiId, partner: HeiId) -> set[IiaId]:
        """Ids of the live copies, without loading them."""
        ...

    def ids_to_refresh(
        self, holder: HeiId, partner: HeiId, confirmed_before: datetime, limit: int
    ) -> Sequence[IiaId]:
        """Live copies not confirmed since then, longest first."""
        ...

    def holders_to_refresh(
        self, holders: Iterable[HeiId], partner: HeiId, confirmed_before: datetime
    ) -> set[HeiId]:
        """Those of these holders that hold a live copy with `partner` not confirmed since then."""
        ...

    def partners_of(self, holder: HeiId) -> set[HeiId]:
        """The partners with which `holder` holds a live copy."""
        ...

    def listing(self, holder: HeiId, partner: HeiId, listed_id: IiaId) -> Sequence[StoredCopy]:
        """Live copies of the holder that list `listed_id` as the other side's id."""
        ...

    def history(self, holder: HeiId, partner: HeiId, iia_id: IiaId) -> Sequence[StoredCopy]:
        """Earlier texts, newest first."""
        ...

    def local(self, *, live_only: bool = True) -> Sequence[StoredCopy]:
        """All our own copies."""
        ...

    def partner_hei_ids(self) -> set[HeiId]:
        """Every HEI with which any copy exists."""
        ...

    def current_documents(
        self, holder: HeiId, partner: HeiId, batches: Sequence[Collection[IiaId]]
    ) -> Sequence[KnownDocument | None]:
        """The one document that all copies of a batch stand in, batch by batch.

        Shape:   None for a batch whose copies stand in several, for one with a copy that is not live, for none.
        """
        ...


class LinkRepository(Protocol):
    """Pairings of copies that a person confirmed or rejected. Exchanged ids need no row here."""

    def confirm(
        self, partner: HeiId, iia_id: IiaId, partner_iia_id: IiaId, by: str, reason: str, at: datetime
    ) -> None: ...

    def reject(
        self, partner: HeiId, iia_id: IiaId, partner_iia_id: IiaId, by: str, reason: str, at: datetime
    ) -> None: ...

    def confirmed(self, partner: HeiId) -> Mapping[IiaId, IiaId]:
        """Our id to the partner's."""
        ...

    def rejected(self, partner: HeiId) -> set[tuple[IiaId, IiaId]]: ...


class ApprovalRepository(Protocol):
    """Approvals of both sides, current and former."""

    def current(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId) -> Approval | None: ...

    def history(self, partner: HeiId, iia_id: IiaId) -> Sequence[Approval]:
        """Replaced and withdrawn ones of both sides for this id, newest first."""
        ...

    def save(self, approval: Approval) -> bool:
        """Record an approval as current; true if it is new or names another text than before."""
        ...

    def withdraw(self, side: ApprovalSide, partner: HeiId, iia_id: IiaId, at: datetime) -> bool:
        """Note that it is no longer named; true if one was current."""
        ...

    def conclude(self, pair: Concluded) -> None:
        """Remember a mutually approved pair of texts."""
        ...

    def concluded(self, partner: HeiId, iia_id: IiaId) -> Concluded | None:
        """The last one for our id."""
        ...


class DiscrepancyRepository(Protocol):
    """Discrepancies and what happened to them."""

    def get(self, discrepancy_id: str) -> Discrepancy | None: ...

    def matching(self, prefix: str) -> Sequence[Discrepancy]:
        """Those whose id starts with `prefix`."""
        ...

    def of_subject(self, subject_key: str) -> Sequence[Discrepancy]: ...

    def select(
        self,
        *,
        states: Sequence[DiscrepancyState] = (),
        partner: HeiId | None = None,
        code: str | None = None,
        iia_id: IiaId | None = None,
    ) -> Sequence[Discrepancy]:
        """Ordered by severity (blocking first), due date, first_seen_at, id."""
        ...

    def save(self, discrepancy: Discrepancy, event: DiscrepancyEvent | None) -> None: ...

    def save_all(self, said: Sequence[tuple[Discrepancy, DiscrepancyEvent | None]]) -> None:
        """As `save`, for many at once; none of them twice."""
        ...

    def history(self, discrepancy_id: str) -> Sequence[DiscrepancyEvent]:
        """Oldest first."""
        ...


class Outbox(Protocol):
    """Notifications waiting for their partners."""

    def queue(
        self, kind: CnrKind, partner: HeiId, iia_id: IiaId, *, cause: str, at: datetime, expires_at: datetime
    ) -> ChangeNotification:
        """Queue one, or merge it into the pending one for the same kind, partner and id."""
        ...

    def claim(self, now: datetime, lease_until: datetime, limit: int) -> Sequence[ChangeNotification]:
        """Take due pending ones that nobody holds, oldest first."""
        ...

    def save(self, notification: ChangeNotification) -> bool:
        """Write the outcome of an attempt.

        False, with the row left pending, when it was merged with a newer change since it was claimed
        (its `version` differs): then it must be sent again.
        """
        ...

    def release(self, notification_ids: Iterable[int]) -> None:
        """Hand back leases unused."""
        ...

    def select(
        self,
        *,
        states: Sequence[CnrState] = (),
        partner: HeiId | None = None,
        iia_id: IiaId | None = None,
        limit: int = 1000,
    ) -> Sequence[ChangeNotification]:
        """Newest first."""
        ...

    def counts(self) -> Mapping[CnrState, int]: ...


class EvidenceLog(Protocol):
    """Exchanges, chained by hash."""

    def append(self, exchanges: Iterable[Exchange]) -> Sequence[int]:
        """Append in order; return their sequence numbers. Bodies are kept once per digest, compressed."""
        ...

    def get(self, sequence: int) -> EvidenceRecord | None:
        """The record with its bodies (an erased body is empty)."""
        ...

    def select(
        self,
        *,
        partner: HeiId | None = None,
        text: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[EvidenceRecord]:
        """Newest first, bodies left out; `text` is looked for in the URL and the request body.

        `before` leaves out the record with this number and later ones.
        """
        ...

    def scan(self, start: int = 1, limit: int = 500) -> Sequence[EvidenceRecord]:
        """Oldest first from `start`, with bodies, for verification and export.

        Shape:   at most `limit` records, fewer when their bodies are large, none only at the end.
        """
        ...

    def erase(self, sequences: Iterable[int], at: datetime, hidden: Collection[str] = ()) -> int:
        """Let go of the bodies of these records, asked and answered; return how many records lost something.

        Digests stay, so that the chain verifies. What is among `hidden` is blanked in their addresses, too: such
        a record verifies by its links alone. A body that other records have as well goes for all of them.
        """
        ...

    def count(self) -> int: ...


class PartnerRepository(Protocol):
    """What we remember of each partner's host and each of our own systems."""

    def health(self, partner: HeiId) -> Mapping[str, Health]:
        """By API. Our own systems are kept under their source name as `partner`."""
        ...

    def health_of(self, api: str, partners: Iterable[HeiId]) -> Mapping[HeiId, Health]:
        """The records of one API, of those of these partners that have one."""
        ...

    def all_health(self) -> Sequence[Health]: ...

    def save_health(self, *health: Health) -> None: ...

    def index(self, partner: HeiId) -> IndexState | None: ...

    def indexes(self, partners: Iterable[HeiId]) -> Mapping[HeiId, IndexState]:
        """The states of those of these partners that have one."""
        ...

    def save_index(self, *states: IndexState) -> None: ...


class WorkList(Protocol):
    """What has to be looked at again: refetched from a partner, or compared anew."""

    def mark_dirty(self, partner: HeiId, ids: Iterable[IiaId], at: datetime, cause: str) -> None:
        """These partner copies must be fetched again; of one marked several times the last instant counts."""
        ...

    def dirty(self, partner: HeiId | None = None, limit: int = 10_000) -> Sequence[tuple[HeiId, IiaId]]: ...

    def dirty_partners(self) -> set[HeiId]:
        """The partners of which any copy must be fetched again."""
        ...

    def clear_dirty(self, partner: HeiId, ids: Iterable[IiaId], asked_at: datetime) -> None:
        """They were fetched with a request that began at `asked_at`: what was marked later stays marked."""
        ...

    def mark_to_compare(self, keys: Iterable[str], at: datetime) -> None:
        """These subjects (`Subject.key`) must be compared anew."""
        ...

    def to_compare(self, limit: int = 1000) -> Sequence[str]: ...

    def compared(self, key: str, revisit_on: date | None) -> None:
        """Done; look again when `revisit_on` has come."""
        ...

    def due(self, today: date, limit: int = 1000) -> Sequence[str]:
        """Subjects whose day to look again has come."""
        ...


class UnitOfWork(Protocol):
    """Everything that one transaction may touch."""

    @property
    def copies(self) -> CopyRepository: ...
    @property
    def links(self) -> LinkRepository: ...
    @property
    def approvals(self) -> ApprovalRepository: ...
    @property
    def discrepancies(self) -> DiscrepancyRepository: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def evidence(self) -> EvidenceLog: ...
    @property
    def partners(self) -> PartnerRepository: ...
    @property
    def work(self) -> WorkList: ...
    @property
    def records(self) -> RecordRepository: ...
    @property
    def students(self) -> StudentRepository: ...
    @property
    def facts(self) -> FactRepository: ...
    @property
    def feeds(self) -> FeedLog: ...
    @property
    def writes(self) -> WriteRepository: ...
    @property
    def decisions(self) -> DecisionRepository: ...
    @property
    def places(self) -> PlaceRepository: ...

    @property
    def privacy(self) -> PrivacyRepository: ...

    def cursor(self, name: str) -> str | None: ...

    def set_cursor(self, name: str, value: str) -> None: ...


class Store(Protocol):
    """Runs units of work. `write` commits all of it or nothing; `read` sees one consistent state."""

    async def read(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` without writing. Raises StoreError."""
        ...

    async def write(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run `work` in one transaction.

        `work` may run more than once when another writer was first, so it must decide and write, nothing else.
        Raises:  StoreError; whatever `work` raises rolls everything back.
        """
        ...

    async def scrub(self) -> None:
        """Leave nothing legible of what was deleted, as far as the database lets us. Raises StoreBusy."""
        ...

    async def close(self) -> None: ...
