"""Our decisions on what partners propose: who took which and why, and what became of it.

A decision and its place in the queue are one row, so that neither can be lost without the other. What a person
wrote in it is sealed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from mobility_bridge.domain.identifiers import HeiId, OmobilityId, Sha256
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OurDecision
from mobility_bridge.ports.student_sources import Signer


@dataclass(frozen=True, slots=True)
class StoredDecision:
    """A decision of ours on one proposal of a partner, and where it stands.

    `on` is NOMINATION or LEARNING_AGREEMENT. `text_digest` and `document` name what stood there when it was taken.
    `signed_at` and `signer` go into the update of a learning agreement; every attempt carries the same signature.
    `attempts` counts how often it was sent; `sent_at` is the latest, `answered` its HTTP status, None when no answer
    came. `next_attempt_at` is None once nothing more will be done about it. `outcome` says in one word why it ended,
    `present_proposal_id` what waits in its place. `messages` are the partner's words to whoever decided.
    """

    decision_id: int
    on: RecordKind
    partner_hei_id: HeiId
    omobility_id: OmobilityId
    proposal_id: str
    approve: bool
    text_digest: Sha256
    by: str
    decided_at: datetime
    state: DecisionState = DecisionState.QUEUED
    document: Sha256 | None = None
    why: str = field(default="", repr=False)
    comment: str | None = field(default=None, repr=False)
    signer: Signer | None = field(default=None, repr=False)
    signed_at: datetime | None = None
    signer_digest: str | None = None
    attempts: int = 0
    next_attempt_at: datetime | None = None
    sent_at: datetime | None = None
    answered: int | None = None
    finished_at: datetime | None = None
    outcome: str = ""
    present_proposal_id: str | None = None
    messages: tuple[str, ...] = field(default=(), repr=False)

    @property
    def under_way(self) -> bool:
        """Whether something will still be done about it."""
        return self.next_attempt_at is not None

    @property
    def under_way_key(self) -> str | None:
        """The object that it is about, while something will still be done about it: only one such may be."""
        return f"{self.on}:{self.partner_hei_id}:{self.omobility_id}" if self.under_way else None

    @property
    def is_erased(self) -> bool:
        """Whether it was left off, and what people wrote in it forgotten, before it came to an end."""
        return not self.under_way and self.finished_at is None

    @property
    def verb(self) -> str:
        """What was decided, as the commands call it."""
        if self.approve:
            return "approve"
        return "reject" if self.on is RecordKind.NOMINATION else "comment"

    def erased(self) -> "StoredDecision":
        """Without what people wrote; nothing more is done about it."""
        return replace(
            self,
            why="",
            comment=None,
            signer=None,
            signer_digest=None,
            messages=(),
            next_attempt_at=None,
        )

    def as_ours(self) -> OurDecision:
        """As rules look at it."""
        return OurDecision(
            on=self.on.value,
            proposal_id=self.proposal_id,
            approve=self.approve,
            state=self.state,
            decided_at=self.decided_at,
            sent_at=self.sent_at,
            signed_at=self.signed_at,
            signer_digest=self.signer_digest,
            outcome=self.outcome,
        )


class DecisionRepository(Protocol):
    """Decisions of ours; every function runs inside one unit of work."""

    def add(self, decision: StoredDecision) -> StoredDecision:
        """Keep a new decision, which is given its number.

        Raises:  StoreBusy or StoreError when another one on the same mobility's object is under way.
        """
        ...

    def get(self, decision_id: int) -> StoredDecision | None: ...

    def of_mobility(self, partner: HeiId, omobility_id: OmobilityId) -> Sequence[StoredDecision]:
        """All decisions on objects with this id, oldest first."""
        ...

    def of_mobilities(self, omobility_ids: Collection[str]) -> Sequence[StoredDecision]:
        """All decisions on objects with one of these ids, whoever holds them, oldest first."""
        ...

    def held(self) -> bool:
        """Whether there is any decision at all."""
        ...

    def under_way(self) -> Sequence[StoredDecision]:
        """Those about which something will still be done, oldest first."""
        ...

    def due(self, now: datetime) -> Sequence[StoredDecision]:
        """Those of them whose time has come."""
        ...

    def take(self, decision: StoredDecision, now: datetime, until: datetime) -> StoredDecision | None:
        """Note before sending that it is being sent: UNKNOWN, one attempt more, nobody else's before `until`.

        None when somebody else took it, or it ended, since it was read.
        """
        ...

    def erase(self, partner: HeiId, omobility_id: OmobilityId) -> int:
        """Forget what people wrote in decisions on objects with this id, and leave off; return how many there are."""
        ...

    def save(self, decision: StoredDecision) -> bool:
        """Write what became of it; False, and nothing written, when another attempt has begun since."""
        ...
