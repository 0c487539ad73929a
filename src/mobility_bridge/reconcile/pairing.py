"""Which unbound copies of ours and of a partner may belong together; a person decides.

Exchanged ids bind copies by themselves and are not looked at here; neither are the names of units nor the
bytes of PDF files, which are not at hand.

Source: EWP agreements: matching copies that are not mapped.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date, timedelta

from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.case import CopyView, Proposal
from mobility_bridge.domain.contact import Contact
from mobility_bridge.domain.identifiers import IiaId
from mobility_bridge.domain.snapshot import AgreementCopy
from mobility_bridge.reconcile.assignment import assign
from mobility_bridge.reconcile.canonical import Canonical, canonical
from mobility_bridge.reconcile.diff import similarity

SUGGEST = 0.60
LIKELY = 0.85
LEAD = 0.15

_SOON = timedelta(days=7)
_MOST_PAIRS = 40_000  # scored in about three seconds
_NOT_IN_CODES = re.compile(r"[^0-9a-z]")
_SHORTEST_CODE = 4  # a shorter code occurs in other texts by chance

Signal = tuple[str, float]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A copy with what the signals need, worked out once."""

    view: CopyView
    forms: tuple[Canonical, ...]
    counted: frozenset[tuple[Canonical, int]]
    first: int | None
    last: int | None

    @classmethod
    def of(cls, view: CopyView, iia: Iia) -> "_Candidate":
        forms = tuple(map(canonical, iia.conditions))
        starts = [form.period.first for form in forms if isinstance(form.period.first, int)]
        ends = [form.period.last for form in forms if isinstance(form.period.last, int)]
        counted = frozenset(Counter(forms).items())
        return cls(view, forms, counted, min(starts, default=None), max(ends, default=None))

    @property
    def copy(self) -> AgreementCopy:
        return self.view.copy


def propose(
    local: Sequence[CopyView],
    partner: Sequence[CopyView],
    rejected: AbstractSet[tuple[IiaId, IiaId]] = frozenset(),
) -> tuple[Proposal, ...]:
    """Propose pairs among the unbound copies of ours and of one partner, best first.

    Shape:   one-to-one: each copy is in at most one proposal for a counterpart. A copy whose years adjoin is
             proposed as a renewal instead, which binds nothing. `rejected` pairs (our id, theirs) are never
             proposed; copies that are gone, cannot be decoded or have no conditions take no part.
    Units:   scores are 0 to 1, suggested from 0.60; likely from 0.85 with a lead of 0.15 over every rival.
    """
    ours, theirs = _candidates(local), _candidates(partner)
    if not ours or not theirs or len(ours) * len(theirs) > _MOST_PAIRS:
        return ()
    matrix = [[_score(a, b, rejected) for b in theirs] for a in ours]
    direct = [[0.0 if each is None or each.renewal else each.score for each in row] for row in matrix]
    chosen = []
    for row, column in assign([[each if each >= SUGGEST else 0.0 for each in line] for line in direct]):
        proposal = matrix[row][column]
        assert proposal is not None
        rivals = [*direct[row][:column], *direct[row][column + 1 :]]
        rivals.extend(line[column] for n, line in enumerate(direct) if n != row)
        leads = proposal.score - max(rivals, default=0.0) >= LEAD
        chosen.append(replace(proposal, likely=leads and proposal.score >= LIKELY))
    chosen.extend(_renewals(matrix, {each.partner_iia_id for each in chosen}))
    return tuple(sorted(chosen, key=lambda each: (-each.score, each.iia_id, each.partner_iia_id)))


def _candidates(views: Sequence[CopyView]) -> list[_Candidate]:
    return [_Candidate.of(view, view.iia) for view in views if view.live and view.iia and view.iia.conditions]


def _renewals(matrix: Sequence[Sequence[Proposal | None]], paired: AbstractSet[IiaId]) -> Iterator[Proposal]:
    """Yield the best renewal for each partner copy that has found no counterpart."""
    for column in zip(*matrix, strict=True):
        renewals = [each for each in column if each is not None and each.renewal and each.score >= SUGGEST]
        if renewals and renewals[0].partner_iia_id not in paired:
            yield max(renewals, key=lambda each: each.score)


def _score(
    ours: _Candidate, theirs: _Candidate, rejected: AbstractSet[tuple[IiaId, IiaId]]
) -> Proposal | None:
    if (ours.copy.iia_id, theirs.copy.iia_id) in rejected:
        return None
    renewal = _adjoin(ours, theirs)
    reasons = list(_cheap_signals(ours, theirs))
    if sum(weight for _, weight in reasons) < 0:
        return None  # the likeness of conditions alone cannot lift it to a suggestion
    alike = _likeness(ours.forms, theirs.forms, ignore_years=renewal)
    reasons.append(("conditions_alike", round(0.60 * alike, 3)))
    told = tuple(signal for signal in reasons if signal[1])
    score = min(1.0, max(0.0, sum(weight for _, weight in told)))
    return Proposal(
        theirs.copy.holder_hei_id,
        ours.copy.iia_id,
        theirs.copy.iia_id,
        round(score, 3),
        told,
        renewal=renewal,
    )


def _cheap_signals(ours: _Candidate, theirs: _Candidate) -> Iterator[Signal]:
    if ours.copy.content_digest == theirs.copy.content_digest:
        yield "same_text", 0.95
    if ours.counted == theirs.counted:
        yield "same_terms", 0.90
    yield from _code_signals(ours, theirs)
    yield "units", _units(ours.forms, theirs.forms)
    yield "fields", _fields(ours.forms, theirs.forms)
    yield "years", _years(ours, theirs)
    if {form.group for form in ours.forms} == {form.group for form in theirs.forms}:
        yield "same_kinds_and_directions", 0.10
    if _came_soon(ours, theirs):
        yield "soon_after_our_notification", 0.10
    if _emails(ours.view.iia) & _emails(theirs.view.iia):
        yield "same_contacts", 0.05
    if _signing_dates(ours.view.iia) & _signing_dates(theirs.view.iia):
        yield "same_signing_date", 0.05
    if len(ours.forms) == len(theirs.forms):
        yield "same_number_of_conditions", 0.05


def _code_signals(ours: _Candidate, theirs: _Candidate) -> Iterator[Signal]:
    """Agreement numbers: one that the other side prints for us, or one that occurs in the other's text."""
    a, b = ours.copy, theirs.copy
    printed = ((a.partner_iia_code, b.iia_code), (b.partner_iia_code, a.iia_code))
    if any(one and _code(one) == _code(other) for one, other in printed):
        yield "agreement_number_of_the_other", 0.90
    elif _occurs(a.iia_code, theirs) or _occurs(b.iia_code, ours):
        yield "agreement_number_occurs", 0.30


def _code(text: str | None) -> str:
    return _NOT_IN_CODES.sub("", (text or "").lower())


def _occurs(code: str | None, candidate: _Candidate) -> bool:
    wanted = _code(code)
    if len(wanted) < _SHORTEST_CODE:
        return False
    texts = [candidate.copy.iia_code, *(form.text for form in candidate.forms)]
    return any(wanted in _code(text) for text in texts)


def _units(ours: Sequence[Canonical], theirs: Sequence[Canonical]) -> float:
    """Units of one HEI that both copies name: equal speaks for, different speaks against."""
    mine, other = _units_by_hei(ours), _units_by_hei(theirs)
    common = mine.keys() & other.keys()
    if not common:
        return 0.0
    return 0.25 if all(mine[each] & other[each] for each in common) else -0.40


def _units_by_hei(forms: Sequence[Canonical]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for form in forms:
        for hei_id, unit in ((form.sending, form.sending_unit), (form.receiving, form.receiving_unit)):
            if unit is not None:
                found.setdefault(hei_id, set()).add(unit)
    return found


def _fields(ours: Sequence[Canonical], theirs: Sequence[Canonical]) -> float:
    mine = {code for form in ours for code in form.codes}
    other = {code for form in theirs for code in form.codes}
    if not mine or not other:
        return 0.0
    for digits, weight in ((4, 0.20), (3, 0.12), (2, 0.06)):
        if {code[:digits] for code in mine} & {code[:digits] for code in other}:
            return weight
    return -0.30


def _years(ours: _Candidate, theirs: _Candidate) -> float:
    if ours.first is None or ours.last is None or theirs.first is None or theirs.last is None:
        return 0.0
    if (ours.first, ours.last) == (theirs.first, theirs.last):
        return 0.15
    if ours.first <= theirs.last and theirs.first <= ours.last:
        return 0.08
    return 0.0 if _adjoin(ours, theirs) else -0.30


def _adjoin(ours: _Candidate, theirs: _Candidate) -> bool:
    return (ours.last is not None and theirs.first == ours.last + 1) or (
        theirs.last is not None and ours.first == theirs.last + 1
    )


def _came_soon(ours: _Candidate, theirs: _Candidate) -> bool:
    record = ours.copy.record
    if record is None or record.last_notified_at is None:
        return False
    return timedelta() <= theirs.view.stored.changed_at - record.last_notified_at <= _SOON


def _contacts(iia: Iia | None) -> Iterator[Contact]:
    for party in iia.partners if iia is not None else ():
        yield from party.contacts
        if party.signing_contact is not None:
            yield party.signing_contact
    for condition in iia.conditions if iia is not None else ():
        yield from condition.sending_contacts
        yield from condition.receiving_contacts


def _emails(iia: Iia | None) -> set[str]:
    """Addresses, compared and not kept."""
    return {email.strip().lower() for contact in _contacts(iia) for email in contact.emails}


def _signing_dates(iia: Iia | None) -> set[tuple[str, date]]:
    parties = iia.partners if iia is not None else ()
    return {(each.hei_id, each.signing_date) for each in parties if each.signing_date is not None}


def _likeness(ours: Sequence[Canonical], theirs: Sequence[Canonical], *, ignore_years: bool) -> float:
    """Measure the best one-to-one pairing of conditions of one kind and direction, 0 to 1."""
    weights = [[_pair_likeness(a, b, ignore_years=ignore_years) for b in theirs] for a in ours]
    total = sum(weights[row][column] for row, column in assign(weights))
    return total / max(len(ours), len(theirs))


def _pair_likeness(one: Canonical, other: Canonical, *, ignore_years: bool) -> float:
    if one.group != other.group:
        return 0.0
    return similarity(one, replace(other, period=one.period) if ignore_years else other)
