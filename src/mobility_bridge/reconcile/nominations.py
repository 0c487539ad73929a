"""What a nomination says apart from the person, over time, and which term it means.

Source: EWP Outgoing Mobilities API 3.0.0: the proposal id names the text without the student's data.
"""

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Final

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.nomination import Nomination, NominationStatus
from mobility_bridge.domain.stay import OurDecision, Seen, StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.reconcile.stay_terms import day_terms

ON_NOMINATION: Final = "nomination"
_NO_CONTENT: Final = frozenset({"student", "status", "written_status", "proposal_id", "omobility_id"})
_CONTENT: Final = tuple(each.name for each in fields(Nomination) if each.name not in _NO_CONTENT)
_TERM: Final = re.compile(r"(?P<year>[0-9]{4}/[0-9]{4})-(?P<number>[1-9])/(?P<total>[1-9])")


def versions(seen: Seen[Nomination]) -> tuple[tuple[Nomination, datetime], ...]:
    """All versions that were read, newest first, each with the time from which it held."""
    return (seen.said, seen.stored.changed_at), *seen.earlier


def changed_fields(one: Nomination, other: Nomination) -> tuple[str, ...]:
    """Name the fields that differ and are not about the person, as the documents name them."""
    return tuple(name.replace("_", "-") for name in _CONTENT if getattr(one, name) != getattr(other, name))


def approved_version(seen: Seen[Nomination]) -> Nomination | None:
    """The version that was approved: the oldest of those that read so without a break until now."""
    found = None
    for said, _ in versions(seen):
        if said.status is not NominationStatus.APPROVED:
            break
        found = said
    return found


def pending_since(seen: Seen[Nomination]) -> datetime:
    """When the present proposal began to wait, as far as we saw it."""
    since = seen.stored.changed_at
    for said, at in seen.earlier:
        if said.status is not NominationStatus.PENDING or said.proposal_id != seen.said.proposal_id:
            break
        since = at
    return since


def last_decision(case: StayCase) -> OurDecision | None:
    """The latest decision of ours on the nomination."""
    decisions = [each for each in case.decisions if each.on == ON_NOMINATION]
    return max(decisions, key=lambda each: each.decided_at, default=None)


def term_days(text: str) -> tuple[date, date] | None:
    """The days that a term of the network means: its part of its academic year; None if it is no term.

    Shape:   `2026/2027-1/2`, the first of two terms of that year.
    """
    match = _TERM.fullmatch(text.strip())
    year = AcademicYear.parse(match["year"]) if match is not None else None
    if match is None or year is None or int(match["number"]) > int(match["total"]):
        return None
    days = (year.last_day - year.first_day).days + 1
    number, total = int(match["number"]), int(match["total"])
    first = year.first_day + timedelta(days=days * (number - 1) // total)
    last = year.first_day + timedelta(days=days * number // total - 1)
    return first, last


def terms_of(text: str) -> tuple[Term, ...]:
    """The terms of ours that a term of the network takes; none if it is no term.

    Shape:   `2026/2027-2/2`, the spring of 2027; in the south `2026/2026-2/2` is the autumn of 2026.
    """
    match = _TERM.fullmatch(text.strip())
    year = AcademicYear.parse(match["year"]) if match is not None else None
    if match is None or year is None or int(match["number"]) > int(match["total"]):
        return ()
    autumn, number, total = Term(year.start, autumn=True), int(match["number"]), int(match["total"])
    halves = (autumn, autumn.following) if year.northern else (autumn.preceding, autumn)
    taken = 2 * (number - 1) < total, 2 * number > total
    return tuple(term for term, is_taken in zip(halves, taken, strict=True) if is_taken)


def nominated_terms(case: StayCase) -> tuple[Term, ...]:
    """The terms of a stay by its planned days, else by the term that it is nominated for."""
    nomination = case.nomination
    term = nomination.said.sending_academic_term_ewp_id if nomination is not None else None
    return day_terms(case) or terms_of(term or "")


def nominations(case: StayCase) -> Iterator[Seen[Nomination]]:
    """Every nomination of this stay that is still shown."""
    for each in (case.nomination, *case.nomination_others):
        if each is not None and each.live:
            yield each
