"""What we ask: our own systems for our copies, the network for the partners'."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId
from mobility_bridge.domain.partner import Partner
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, KnownDocument


@dataclass(frozen=True, slots=True)
class ReadCopy:
    """A copy just read, with the bytes of the document that its `DocumentRef` names."""

    copy: AgreementCopy
    document: bytes


@dataclass(frozen=True, slots=True)
class SourceReading:
    """One whole reading of one of our systems.

    `complete` is False when any part failed: then an absent agreement means nothing. `problems` are
    (where, what) pairs about records that could not be read; they never hide the others.
    """

    copies: tuple[ReadCopy, ...]
    complete: bool
    exchanges: tuple[Exchange, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class AgreementSource(Protocol):
    """One of our own systems that holds our copies of agreements."""

    @property
    def name(self) -> str:
        """The system's name in the configuration, such as `mobility_online`."""
        ...

    async def read(self) -> SourceReading:
        """Read every agreement that the system holds.

        Shape:   all copies, each with a `LocalRecord`; partial failures make the reading incomplete.
        Units:   times are UTC; bounded by the adapter's own time-outs.
        Raises:  Unreachable, Rejected, Untrusted, InvalidDocument when nothing could be read.
        Source:  Mobility-Online: operations; assumed services.
        """
        ...

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        """Decode the terms of one agreement from a stored document of this source."""
        ...

    async def probe(self) -> Sequence["Capability"]:
        """Say what the system offers of what we use, without changing anything."""
        ...


@dataclass(frozen=True, slots=True)
class Capability:
    """One operation or service of an external system.

    `assumed` marks what no public source shows: it works against the sandbox and may not against the real one.
    `asked` is False where the system could not be asked: then it is not known whether it is `available`.
    """

    name: str
    available: bool
    assumed: bool = False
    note: str = ""
    asked: bool = True


@dataclass(frozen=True, slots=True)
class CatalogueStatus:
    """How old the network's catalogue is and what the last refresh gave.

    `problem` says why there is no newer one, `key_problem` what a good one says of our client key, if not that it
    is ours.
    """

    hei_count: int
    fetched_at: datetime | None
    changed: bool = False
    from_disk: bool = False
    stale_since: datetime | None = None
    problem: str | None = None
    key_problem: str | None = None
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """Ids that a partner lists for us, in its order, and the exchange that shows it."""

    ids: tuple[IiaId, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class FetchAnswer:
    """Copies that a partner serves, by the id asked.

    `absent` ids were asked and not answered: deleted, hidden or never there. `unchanged` is true when the
    whole answer is byte for byte the one already stored; then `copies` is empty and nothing was parsed.
    """

    copies: tuple[ReadCopy, ...]
    absent: tuple[IiaId, ...]
    exchanges: tuple[Exchange, ...]
    unchanged: bool = False


@dataclass(frozen=True, slots=True)
class ReadApproval:
    """One entry of a partner's approval answer: our id and the hash of ours that it approved."""

    iia_id: IiaId
    iia_hash: IiaHash


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """The partner's approvals of the copies asked about; an id without an entry is not approved."""

    approvals: tuple[ReadApproval, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class EchoAnswer:
    """What a partner's Echo API says: whom it takes us for, and our own words back."""

    hei_ids: tuple[str, ...]
    echoes: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


class PartnerNetwork(Protocol):
    """The EWP network as a client sees it.

    Every call signs, verifies and respects the partner's limits; every error carries its exchanges as
    `evidence`. Retries happen inside, only where the error class allows, and each attempt is an exchange.
    """

    async def refresh_catalogue(self, *, force: bool = False) -> CatalogueStatus:
        """Fetch the catalogue if it is due (or `force`), keeping the last good copy on any failure.

        Raises:  Untrusted for a shrunken one (unless forced by `accept_shrink` in the settings);
                 Unreachable or InvalidDocument only when there never was a good copy.
        Source:  EWP Registry API 1.5, section on caching.
        """
        ...

    def partners(self) -> Sequence[Partner]:
        """All HEIs of the catalogue except ours that offer any agreement API, ordered by id."""
        ...

    def partner(self, hei_id: HeiId) -> Partner | None:
        """One HEI of the catalogue, or None."""
        ...

    def knows_us(self) -> bool:
        """Whether the catalogue lists our client key for our HEI, so that partners can tell who calls."""
        ...

    def find_hei(self, text: str) -> HeiId | None:
        """Resolve a SCHAC id, a former one, an Erasmus code or a PIC (trimmed, any case) to a HEI id."""
        ...

    async def index(self, hei_id: HeiId, modified_since: datetime | None = None) -> IndexAnswer:
        """List the ids of the partner's copies that we may read.

        Raises:  Unreachable, Rejected, Untrusted, InvalidDocument, NotOffered.
        Source:  EWP IIAs API 7.0.0, index endpoint.
        """
        ...

    async def fetch(
        self,
        hei_id: HeiId,
        iia_ids: Sequence[IiaId],
        known: KnownDocument | None = None,
        own_iia_ids: Collection[IiaId] = (),
    ) -> FetchAnswer:
        """Read the partner's current copies of the agreements named by its own ids.

        Shape:   at most `max_ids` of the partner's `iias` offer; one request. An absent id is not an error.
                 `known` is the document that all these copies stand in now, if there is one: of an answer
                 that is the same byte for byte only that is told. `own_iia_ids` are ids of ours that the
                 partner may have hashed without serving them: they explain wrong hashes.
        Raises:  Unreachable, Rejected, Untrusted, NotOffered; InvalidDocument for the batch as a whole: the
                 valid part of a broken answer says nothing about what is missing from it.
        Source:  EWP IIAs API 7.0.0, get endpoint.
        """
        ...

    async def approvals(self, hei_id: HeiId, iia_ids: Sequence[IiaId]) -> ApprovalAnswer:
        """Ask which of our copies (our ids) the partner has approved, and which text of each.

        Shape:   at most `max_ids` of the partner's `iias-approval` offer.
        Raises:  as `fetch`.
        Source:  EWP IIAs Approval API 2.0.0.
        """
        ...

    async def echo(self, hei_id: HeiId, echo: Sequence[str] = ()) -> EchoAnswer:
        """Call the partner's Echo API 2. Raises as `index`."""
        ...

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        """Decode the terms of one agreement from a stored get response. Raises InvalidDocument."""
        ...
