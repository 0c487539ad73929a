"""A write to one of our own systems: who asked for it, what stood there, what was to stand there, how it ended."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mobility_bridge.domain.ownership import System
from mobility_bridge.domain.record import StayId, StudentId

BRIDGE = "mobility-bridge"
"""Who asked for a write that nobody asked for by hand."""


class WriteState(StrEnum):
    """Where a write stands.

    `queued`: to be made; nothing was sent. `sent`: it may have taken effect; it is looked for before anything else.
    `done`: what stands there is what was to be. `refused`: the system said no. `refuted`: it was sent, and what
    stands there is not what was to be. `moved`: what it was meant for no longer holds, so it was not made.
    """

    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    REFUTED = "refuted"
    MOVED = "moved"

    @property
    def open(self) -> bool:
        """Whether it is still to be settled."""
        return self in (WriteState.QUEUED, WriteState.SENT)


@dataclass(frozen=True, slots=True)
class Write:
    """One write.

    `key` says what would be written where: of one key only one write is open at a time. `kind` and `field` are
    those of `domain.ownership`. `about` is what people call it and `order` what to send, as JSON; like `before`
    (what stood there), `after` (what shall), `found` (as last read) and `detail` (reasons, codes) they hold ids,
    codes and days, nothing personal. `evidence` are the numbers of the exchanges in the evidence log: the old
    value as it was read is among them.
    """

    write_id: int
    key: str
    kind: str
    field: str
    to: System
    about: str
    order: str
    before: str
    after: str
    asked_by: str
    reason: str = dataclasses.field(repr=False)
    asked_at: datetime
    state: WriteState = WriteState.QUEUED
    student_id: StudentId | None = None
    stay_id: StayId | None = None
    attempts: int = 0
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    found: str = ""
    detail: str = ""
    evidence: tuple[int, ...] = ()

    @property
    def by_hand(self) -> bool:
        return self.asked_by != BRIDGE
