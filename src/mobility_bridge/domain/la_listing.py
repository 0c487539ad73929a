"""One line of a list of learning agreements: that there is one, where it stands, and for whom.

A list knows less than the document: no courses, no signatures, only days. It is kept beside the document and never
in its place.

Source: The work: systems (the Dashboard's lists of learning agreements).
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.person import Person


class ListedState(StrEnum):
    """Where a list says that an agreement stands.

    DRAFT is not yet shown to the receiving HEI; PROPOSED waits for its first answer; REFUSED was answered with a
    comment; SIGNED binds all three, whatever was changed since; CHANGES_PROPOSED binds, and a change waits.
    """

    DRAFT = "draft"
    PROPOSED = "proposed"
    REFUSED = "refused"
    SIGNED = "signed"
    CHANGES_PROPOSED = "changes_proposed"

    @property
    def binds(self) -> bool:
        """Whether all three have signed a version."""
        return self in (ListedState.SIGNED, ListedState.CHANGES_PROPOSED)

    @property
    def waits(self) -> bool:
        """Whether the receiving HEI has to answer."""
        return self in (ListedState.PROPOSED, ListedState.CHANGES_PROPOSED)


@dataclass(frozen=True, slots=True)
class LaListing:
    """What one line says; what it does not say, or cannot be read, is None.

    `signed_on` is the day from which a first version binds all three, `changes_signed_on` that of the latest
    changes. Credits are sums, ECTS.
    """

    omobility_id: OmobilityId
    sending_hei_id: HeiId
    receiving_hei_id: HeiId
    student: Person = field(default_factory=Person)
    receiving_academic_year_id: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    state: ListedState | None = None
    signed_on: date | None = None
    changes_signed_on: date | None = None
    proposal_id: str | None = None
    credits_abroad: Decimal | None = None
    credits_recognised: Decimal | None = None

    @property
    def binds(self) -> bool | None:
        """Whether the list says that all three have signed; None where it does not say."""
        if self.signed_on is not None or self.changes_signed_on is not None:
            return True
        return None if self.state is None else self.state.binds
