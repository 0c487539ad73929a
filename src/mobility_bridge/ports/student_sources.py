"""What we ask about students: our mobility system, the network's student APIs, and whom we tell a decision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, OmobilityId, Sha256
from mobility_bridge.domain.record import Record
from mobility_bridge.domain.term import Term


class StudentApi(StrEnum):
    """The network's student APIs that hold objects, by the name of their manifest entry.

    Nominations and learning agreements are served by the sending HEI, arrivals and transcripts by the receiving
    one; all are named by the sending HEI's `omobility_id`.
    """

    NOMINATIONS = "omobilities"
    LEARNING_AGREEMENTS = "omobility-las"
    ARRIVALS = "imobilities"
    TRANSCRIPTS = "imobility-tors"

    @property
    def has_index(self) -> bool:
        """Arrivals are asked for by id only."""
        return self is not StudentApi.ARRIVALS


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record just read, with the bytes of the document that its `DocumentRef` names."""

    record: Record
    document: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RecordReading:
    """One reading of one of our own systems.

    `complete` is False when any part failed: then an absent record means nothing. `problems` are (where, what)
    pairs about records that could not be read; they never hide the others and hold nothing personal.
    """

    records: tuple[ReadRecord, ...]
    complete: bool
    exchanges: tuple[Exchange, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class ApplicationSource(Protocol):
    """Our mobility system, which holds applications, out and in, with their course lists."""

    @property
    def name(self) -> str: ...

    async def read_applications(self, terms: Sequence[Term]) -> RecordReading:
        """Read every application of these terms, both directions, full-year stays included once.

        Shape:   records of kind APPLICATION; those that cannot be read are named in `problems`.
        Raises:  Unreachable, Rejected, Untrusted, InvalidDocument when nothing could be read.
        Source:  Mobility-Online: application search arguments, terms and academic years.
        """
        ...

    async def read_courses(self, application_ids: Sequence[ApplicationId]) -> RecordReading:
        """Read the course rows of these applications' learning agreements, removed rows included.

        Shape:   records of kind COURSE_LIST; one failing application makes the reading incomplete.
        """
        ...


@dataclass(frozen=True, slots=True)
class OmobilityIndexAnswer:
    """Ids that a host lists, in its order, and the exchange that shows it."""

    ids: tuple[OmobilityId, ...]
    exchanges: tuple[Exchange, ...]


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """Objects that a host serves, by the id asked.

    `absent` ids were asked and not answered. `unchanged`: the whole answer is byte for byte a stored one.
    """

    records: tuple[ReadRecord, ...]
    absent: tuple[OmobilityId, ...]
    exchanges: tuple[Exchange, ...]
    unchanged: bool = False


class Decision(StrEnum):
    """What a receiving HEI may say of a proposal."""

    APPROVE = "approve"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class ProposalDecision:
    """A decision on exactly one proposal that the sending HEI holds; refusing needs a comment."""

    sending_hei_id: HeiId
    omobility_id: OmobilityId
    proposal_id: str
    decision: Decision
    comment: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who decides for us. Personal data: goes into the update and the evidence, never into a log."""

    name: str = field(repr=False)
    position: str = field(repr=False)
    email: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DecisionSent:
    """A decision that the sending HEI answered 200; `messages` are its words to the user who acted."""

    messages: tuple[str, ...]
    exchanges: tuple[Exchange, ...]


class StudentNetwork(Protocol):
    """The network's student APIs as a client sees them, on whichever host of a HEI serves each.

    `hei_id` is the HEI that is asked; it may be our own, where another host serves something of ours.
    Every error carries its exchanges as `evidence`.
    """

    def offers(self, hei_id: HeiId, api: StudentApi) -> bool:
        """Whether a host of this HEI offers the API in a version that we speak and can call."""
        ...

    def max_ids(self, hei_id: HeiId, api: StudentApi) -> int:
        """How many ids one call may carry. Raises NotOffered."""
        ...

    async def omobility_index(
        self, hei_id: HeiId, api: StudentApi, modified_since: datetime | None = None
    ) -> OmobilityIndexAnswer:
        """List the ids of one kind of object that we may read.

        Raises:  Unreachable, Rejected, Untrusted, InvalidDocument, NotOffered.
        Source:  EWP OMobilities 3.0.0, OMobility LAs 1.2.0, IMobility ToRs 3.0.0: index endpoints.
        """
        ...

    async def fetch_records(
        self,
        hei_id: HeiId,
        api: StudentApi,
        ids: Sequence[OmobilityId],
        known: Callable[[Sha256], bool] | None = None,
    ) -> RecordAnswer:
        """Read the objects named by these ids in one request.

        Shape:   at most `max_ids`; records decoded as far as they can be read, with their problems. A document
                 that is not the one asked for, or no XML, fails the batch (InvalidDocument).
        Raises:  as `omobility_index`.
        """
        ...

    async def decide_nomination(self, decision: ProposalDecision) -> DecisionSent:
        """Approve or reject one proposal of a nomination, once; nothing is repeated here.

        Raises:  Rejected with `status` 409 when the proposal is not the current one; Unreachable when the outcome
                 is not known: then look before deciding again.
        Source:  EWP OMobilities 3.0.0, update endpoint.
        """
        ...

    async def decide_learning_agreement(
        self, decision: ProposalDecision, signer: Signer, signed_at: datetime
    ) -> DecisionSent:
        """Approve or comment one proposal of a learning agreement, once. Raises as `decide_nomination`.

        Source:  EWP OMobility LAs 1.2.0, update endpoint.
        """
        ...
