"""What may go when: decided from dates and states alone. Nothing of a living stay ever may.

Source: EWP mobilities: personal data, how long what is kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.record import RecordKey, StoredRecord
from mobility_bridge.domain.stay import Seen, StayCase
from mobility_bridge.reconcile.stay_days import last_day
from mobility_bridge.reconcile.stay_terms import living_exchanges


def ended_on(case: StayCase) -> date | None:
    """The day on which a stay was over; None while it is not, or where nothing says when it ends.

    A stay of which every system has let go, or that was refused, ended when that was last said.
    """
    found = list(seen(case))
    if all(map(is_over, found)) and not living_exchanges(case):
        return max(map(_last_said, found), default=None)
    day = last_day(case)
    return day if day is not None and day < case.today else None


def has_ended(case: StayCase, today: date) -> bool:
    """Whether the stay is over."""
    day = ended_on(case)
    return day is not None and day < today


def all_ended_on(cases: Iterable[StayCase]) -> date | None:
    """The day on which the last of a student's stays was over; None while any is not, and where there is none."""
    days = [ended_on(case) for case in cases]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None


def last_said(records: Sequence[StoredRecord]) -> date | None:
    """When the last word was said of a student of whom nothing makes a stay; None while a system says anything."""
    if not all(map(is_over, records)):
        return None
    return max(map(_last_said, records), default=None)


def is_over(stored: StoredRecord) -> bool:
    """Whether a record says nothing any more: it is gone, or a nomination that was refused or called off."""
    facts = stored.record.facts
    if not stored.live:
        return True
    return isinstance(facts, Nomination) and facts.status is not None and not facts.status.is_counted


def refused(records: Iterable[StoredRecord]) -> list[RecordKey]:
    """The records that came to nothing: refused nominations, and what a system no longer serves unsigned."""
    return [each.record.key for each in records if is_over(each) and not _signed(each)]


def drafts(states: Sequence[StoredRecord]) -> list[Sha256]:
    """Of a record's earlier states, newest first, those that nobody has signed, or whose signed text lives on.

    Shape:   the first is the present state, which is never among them.
    """
    found = []
    later = _signed_text(states[0]) if states else None
    for state in states[1:]:
        text = _signed_text(state)
        if text is None or text == later:
            found.append(state.record.digest)
        else:
            later = text
    return found


def seen(case: StayCase) -> Iterator[StoredRecord]:
    """Every record that shows the stay."""
    every: tuple[Seen[Any] | None, ...] = (
        case.application,
        case.courses,
        case.nomination,
        case.learning_agreement,
        case.listing,
        case.arrival,
        case.transcript,
        *case.application_others,
        *case.nomination_others,
        *case.learning_agreement_others,
    )
    yield from (each.stored for each in every if each is not None)


def _last_said(stored: StoredRecord) -> date:
    return (stored.gone_at or stored.changed_at).date()


def _signed(stored: StoredRecord) -> bool:
    return _signed_text(stored) is not None


def _signed_text(stored: StoredRecord) -> object:
    """What both sides have signed of a learning agreement; None for anything else."""
    facts = stored.record.facts
    if not isinstance(facts, LearningAgreement):
        return None
    versions = (facts.first_version, facts.approved_changes)
    signed = tuple(each for each in versions if each is not None and each.receiving_hei_signature is not None)
    return signed or None
