"""Findings (what a rule sees now) and discrepancies (what people follow over time)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.record import StayId, StudentId


class Severity(StrEnum):
    """How bad: blocks an approval or a stay, should be looked at, or is good to know."""

    BLOCKING = "blocking"
    WARNING = "warning"
    INFORMATION = "information"


class Owner(StrEnum):
    """Who has to act, because the wrong fact is theirs."""

    US = "us"
    PARTNER = "partner"
    PARTNER_PROVIDER = "partner_provider"
    BOTH = "both"
    OPERATIONS = "operations"


class SubjectKind(StrEnum):
    """What a discrepancy is about."""

    AGREEMENT = "agreement"
    PARTNER = "partner"
    SOURCE = "source"
    STAY = "stay"
    STUDENT = "student"


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing a discrepancy is about.

    An agreement is named by our id, or, while we have no copy, by the partner's id. A source is one of our
    own systems, by its configured name. A stay and a student are named by our own ids, which say nothing of the
    person.
    """

    kind: SubjectKind
    partner_hei_id: HeiId | None = None
    iia_id: IiaId | None = None
    partner_iia_id: IiaId | None = None
    source: str | None = None
    stay_id: StayId | None = None
    student_id: StudentId | None = None

    @property
    def key(self) -> str:
        """A stable text for identity and look-ups.

        The partner's id is part of it only while we have no copy of our own, so that learning it does not
        make a new thing of an old one.
        """
        if self.kind is SubjectKind.SOURCE:
            return f"source:{self.source}"
        if self.kind is SubjectKind.PARTNER:
            return f"partner:{self.partner_hei_id}"
        if self.kind is SubjectKind.STAY:
            return f"stay:{self.stay_id}"
        if self.kind is SubjectKind.STUDENT:
            return f"student:{self.student_id}"
        if self.iia_id is not None:
            return f"agreement:{self.partner_hei_id}:ours:{self.iia_id}"
        return f"agreement:{self.partner_hei_id}:theirs:{self.partner_iia_id}"

    def __str__(self) -> str:
        if self.kind is SubjectKind.SOURCE:
            return self.source or ""
        if self.kind is SubjectKind.STUDENT:
            return str(self.student_id)
        if self.kind is SubjectKind.STAY:
            return " ".join(part for part in (self.stay_id, self.partner_hei_id) if part)
        parts = [str(self.partner_hei_id)]
        if self.iia_id is not None:
            parts.append(str(self.iia_id))
        elif self.partner_iia_id is not None:
            parts.append(f"their {self.partner_iia_id}")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in English and Swedish."""

    en: str
    sv: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule sees now.

    `place` tells several findings of one code on one subject apart (a condition, a field); `values` are the
    raw values on each side (`local`, `partner`, …). `due_on` is the day by which it must be settled, where
    such a day exists.
    """

    code: str
    severity: Severity
    owner: Owner
    subject: Subject
    text: Text
    next_step: Text
    place: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    due_on: date | None = None

    @property
    def discrepancy_id(self) -> str:
        """The identity of the discrepancy that this finding opens or continues."""
        identity = f"{self.code}\x1f{self.subject.key}\x1f{self.place}"
        return "D-" + hashlib.sha256(identity.encode()).hexdigest()[:12]


class DiscrepancyState(StrEnum):
    """Where a discrepancy stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A finding over time: opened, seen again, changed, acknowledged, resolved, reopened.

    `first_seen_at` never changes; `opened_at` is when it was last opened or reopened; `changed_at` when its
    values, severity or due date last changed.
    """

    discrepancy_id: str
    finding: Finding
    state: DiscrepancyState
    first_seen_at: datetime
    opened_at: datetime
    last_seen_at: datetime
    changed_at: datetime
    resolved_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_reason: str | None = None
    times_reopened: int = 0


class DiscrepancyEventKind(StrEnum):
    """What happened to a discrepancy."""

    OPENED = "opened"
    CHANGED = "changed"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class DiscrepancyEvent:
    """One line of a discrepancy's history; `values` are those that held from then on."""

    discrepancy_id: str
    at: datetime
    kind: DiscrepancyEventKind
    severity: Severity
    values: Mapping[str, str] = field(default_factory=dict)
    by: str | None = None
    reason: str | None = None
