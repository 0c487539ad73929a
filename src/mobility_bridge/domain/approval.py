"""Approvals: one HEI approved one text, named by its hash, of the other HEI's copy."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256


class ApprovalSide(StrEnum):
    """Who approved: the partner our copy, or we the partner's."""

    BY_PARTNER = "by_partner"
    BY_US = "by_us"


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval as last read.

    `iia_id` is the id of the approved copy (ours when `side` is BY_PARTNER, theirs when BY_US). `document`
    is the SHA-256 of the bytes that prove it: the approval answer, or the text that we approved. `withdrawn_at`
    is set when the approver no longer names it.

    Source: EWP IIAs Approval API 2.0.0.
    """

    side: ApprovalSide
    partner_hei_id: HeiId
    iia_id: IiaId
    iia_hash: IiaHash
    first_seen_at: datetime
    last_seen_at: datetime
    document: Sha256 | None = None
    withdrawn_at: datetime | None = None

    @property
    def current(self) -> bool:
        return self.withdrawn_at is None
