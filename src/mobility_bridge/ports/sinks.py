"""What we tell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.term import Term


class NotificationSender(Protocol):
    """Delivers one change notification, once."""

    async def notify(self, kind: CnrKind, hei_id: HeiId, iia_id: IiaId) -> Sequence[Exchange]:
        """Post one CNR to the partner's receiver; one attempt, no retry inside.

        Raises:  Unreachable (try again later), Rejected (do not), Untrusted, NotOffered (no receiver).
        Source:  EWP IIA CNR API 3.0.0, IIA Approval CNR API 2.0.0; architecture 1.16.0 on CNRs.
        """
        ...


@dataclass(frozen=True, slots=True)
class CatalogueCourse:
    """A course that incoming students may choose in one term. None: nothing is said about that.

    `number` names it there as here. `language` is a BCP 47 tag, `eqf_levels` are the levels it is open to,
    `study_field` the mobility system's own number of its field, `places` how many are left.
    """

    number: str
    term: Term
    name: str
    credits: Decimal | None = None
    language: str | None = None
    eqf_levels: tuple[int, ...] = ()
    study_field: str | None = None
    places: int | None = None
    description_url: str | None = None


class CatalogueAct(StrEnum):
    """What is to be done to one course of the catalogue."""

    ADD = "add"
    UPDATE = "update"
    REMOVE = "remove"


CatalogueFacts = Mapping[str, str]
"""A course as it stands in the mobility system: its field names and texts, fields without a value left out."""


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """One write, planned: what stands there now (`before`, None for nothing) and what shall (`after`)."""

    act: CatalogueAct
    number: str
    term: Term
    before: CatalogueFacts | None
    after: CatalogueFacts | None


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """Everything that would have to be written. `problems` are (course number, code): these are left alone."""

    changes: tuple[CatalogueChange, ...]
    unchanged: int
    exchanges: tuple[Exchange, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


class CatalogueOutcome(StrEnum):
    """How a write ended. `moved`: what stands there is no longer what was planned for, so nothing was written.

    `refuted`: it was written, or may have been, and what stands there is not what was to be.
    """

    DONE = "done"
    DONE_BEFORE = "done_before"
    MOVED = "moved"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class CatalogueWritten:
    """The end of one write: what stood there right before, and what stands there now, both as read."""

    outcome: CatalogueOutcome
    before: CatalogueFacts | None
    now: CatalogueFacts | None
    exchanges: tuple[Exchange, ...] = ()


class CatalogueSink(Protocol):
    """The catalogue of courses for incoming students in our mobility system."""

    @property
    def name(self) -> str: ...

    async def plan(
        self, offered: Sequence[CatalogueCourse], withdrawn: Sequence[tuple[str, Term]] = ()
    ) -> CataloguePlan:
        """Compare with what stands there; writes nothing.

        Shape:   only numbers that are named here are touched; a course that somebody added by hand stays.
        Raises:  NotOffered(switched_off); Unreachable, Rejected, InvalidDocument when a term cannot be read.
        """
        ...

    async def carry_out(self, change: CatalogueChange) -> CatalogueWritten:
        """Make one planned write: look it up before, write once, verify after.

        Raises:  NotOffered(switched_off); Rejected when it was refused; Unreachable when not even the look-up
                 could tell how it ended: then plan again. Every error carries its exchanges as `evidence`.
        Source:  Mobility-Online: catalogue operations; a write is never believed without looking.
        """
        ...
