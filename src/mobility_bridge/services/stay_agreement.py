"""The agreements that stays take their places from, and the claims on those places.

Judging a student reads the claims of others, never their records; and a claim that appears, goes or changes has
exactly those judged again whose verdict it changes.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from mobility_bridge.domain.agreement import CooperationCondition
from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.discrepancy import Subject
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.places import Claim, Tally
from mobility_bridge.domain.record import StayId, StudentId
from mobility_bridge.domain.snapshot import StoredCopy
from mobility_bridge.domain.stay import AgreementUse, StayCase
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.agreement_use import (
    Choice,
    KnownAgreement,
    choose,
    fitting,
    use_of,
    wish_of,
)
from mobility_bridge.reconcile.place_claims import claim_of, shifted, told_by, with_others
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.in_force import text_in_force
from mobility_bridge.services.subjects import student_key

_MOST_PARTNERS = 256
_ALL = 1_000_000


class KnownAgreements:
    """The agreements with each partner, decoded once for many students; those of the partners asked for last.

    What is kept is thrown away when an agreement of that partner is compared: each change leads to that.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[HeiId, tuple[KnownAgreement, ...]] = OrderedDict()

    def with_partner(self, gathering: Gathering, hei_id: HeiId) -> tuple[KnownAgreement, ...]:
        """All living agreements with a partner, ours first."""
        held = self._held.get(hei_id)
        if held is None:
            held = self._held[hei_id] = _read(gathering, hei_id)
            if len(self._held) > _MOST_PARTNERS:
                self._held.popitem(last=False)
        self._held.move_to_end(hei_id)
        return held

    def forget(self, hei_id: HeiId) -> None:
        self._held.pop(hei_id, None)


class StayPlaces:
    """Says of stays which place they take; `keep` writes the claims, else everything is only looked at."""

    def __init__(self, gathering: Gathering, known: KnownAgreements, *, keep: bool) -> None:
        self._gathering = gathering
        self._known = known
        self._keep = keep

    def settle(self, stays: Sequence[StayId], cases: Sequence[StayCase]) -> list[StayCase]:
        """Put into each case of a student which agreement the stay draws on, with how much of it is taken.

        `stays` are all that the student ever had: one that nobody shows any more takes no place.
        """
        chosen = [self._chosen(case) for case in cases]
        claims = [claim_of(case, choice, use) for case, (choice, use, _) in zip(cases, chosen, strict=True)]
        if self._keep:
            self._write(stays, {each.stay_id: each for each in claims if each is not None})
        own = {each.stay_id: each for each in claims if each is not None}
        return [
            replace(case, agreement=self._counted(use, claim, own), agreement_exists=exists)
            for case, (_, use, exists), claim in zip(cases, chosen, claims, strict=True)
        ]

    def _chosen(self, case: StayCase) -> tuple[Choice | None, AgreementUse | None, bool]:
        if case.partner_hei_id is None:
            return None, None, False
        known = self._known.with_partner(self._gathering, case.partner_hei_id)
        choice = choose(case, known)
        exists = fitting(wish_of(case), known) is not None
        return choice, use_of(choice) if choice is not None else None, exists

    def _counted(
        self, use: AgreementUse | None, claim: Claim | None, own: dict[StayId, Claim]
    ) -> AgreementUse | None:
        """Count the pool as it is with the claims of this student, kept or not."""
        if use is None or claim is None:
            return use
        places = self._gathering.uow.places
        tally, before = places.tally(claim.pool), places.before(claim)
        if not self._keep:  # count as if they had been kept
            held = [each for each in map(places.get, own) if each is not None]
            for sign, claims in ((-1, held), (1, list(own.values()))):
                mine = [each for each in claims if each.pool == claim.pool and each.nominated]
                months = sum((each.months for each in mine), Decimal())
                tally = Tally(tally.used + sign * len(mine), tally.months + sign * months, tally.last)
                before += sign * sum(each.order < claim.order for each in mine)
        return with_others(use, claim, tally, before)

    def _write(self, stays: Sequence[StayId], claims: dict[StayId, Claim]) -> None:
        for stay_id in dict.fromkeys([*stays, *claims]):
            keep_claim(self._gathering.uow, stay_id, claims.get(stay_id), self._gathering.now)


def keep_claim(uow: UnitOfWork, stay_id: StayId, claim: Claim | None, now: datetime) -> None:
    """Keep a stay's claim, or that it has none, and mark the students whose verdict that changes."""
    held = uow.places.get(stay_id)
    if held == claim:
        return
    others: set[StayId] = set()
    months = [_told_by(uow, each) for each in (held, claim)]
    if held is not None and not (claim is not None and _same_place(held, claim)):
        others |= _moved(uow, held)
    if claim is None:
        uow.places.drop(stay_id)
    else:
        uow.places.put(claim)
    if claim is not None and not (held is not None and _same_place(held, claim)):
        others |= _moved(uow, claim)
    for before, each in zip(months, (held, claim), strict=True):
        after = _told_by(uow, each)
        if before != after:
            others |= {told[0] for told in (before, after) if told is not None}
    others.discard(stay_id)
    students = {uow.students.current(StudentId(each.rpartition("-")[0])) for each in others}
    uow.work.mark_to_compare(map(student_key, sorted(students)), now)


def _same_place(one: Claim, other: Claim) -> bool:
    """Whether two claims of a stay stand at the same place of the same queue."""
    return (one.pool, one.nominated, one.order) == (other.pool, other.nominated, other.order)


def _moved(uow: UnitOfWork, claim: Claim) -> set[StayId]:
    """Those of whom something else is said since, or when, this claim is there; it is while this is asked."""
    after = shifted(claim, uow.places.before(claim))
    return set() if after is None else set(uow.places.beyond(claim.pool, after))


def _told_by(uow: UnitOfWork, claim: Claim | None) -> tuple[StayId, Decimal] | None:
    if claim is None or claim.months_offered is None:
        return None
    return told_by(uow.places.tally(claim.pool), claim.months_offered)


def offer_changed(gathering: Gathering, known: KnownAgreements, subject: Subject) -> bool:
    """Look at an agreement that is being compared; when it offers stays something else than before, mark them.

    True if it does. All stays with the partner may draw on another agreement then.
    """
    uow, hei_id = gathering.uow, subject.partner_hei_id
    assert hei_id is not None
    name = f"offer.{subject.key}"
    digest = _digest(_of_subject(gathering, subject))
    if (uow.cursor(name) or "") == digest:
        return False
    uow.set_cursor(name, digest)
    known.forget(hei_id)
    students = uow.students.select(partner=hei_id, limit=_ALL)
    uow.work.mark_to_compare(map(student_key, students), gathering.now)
    return True


def _of_subject(gathering: Gathering, subject: Subject) -> KnownAgreement | None:
    copies, own, hei_id = gathering.uow.copies, gathering.own, subject.partner_hei_id
    assert hei_id is not None
    if subject.iia_id is not None:
        local = copies.get(own, hei_id, subject.iia_id)
        return _ours(gathering, local) if local is not None and local.live else None
    assert subject.partner_iia_id is not None
    held = copies.get(hei_id, own, subject.partner_iia_id)
    return _theirs(gathering, held) if held is not None and held.live else None


def _read(gathering: Gathering, hei_id: HeiId) -> tuple[KnownAgreement, ...]:
    ours = [_ours(gathering, held) for held in gathering.uow.copies.of_partner(gathering.own, hei_id)]
    paired = {each.partner_iia_id for each in ours}
    theirs = [
        _theirs(gathering, held)
        for held in gathering.uow.copies.of_partner(hei_id, gathering.own)
        if held.copy.iia_id not in paired
    ]
    return (*ours, *theirs)


def _ours(gathering: Gathering, local: StoredCopy) -> KnownAgreement:
    uow, copy = gathering.uow, local.copy
    hei_id = copy.partner_hei_id
    partner = gathering.counterpart(hei_id, local)
    theirs = partner.copy if partner is not None and partner.live else None
    by_us = uow.approvals.current(ApprovalSide.BY_US, hei_id, theirs.iia_id) if theirs is not None else None
    by_partner = uow.approvals.current(ApprovalSide.BY_PARTNER, hei_id, copy.iia_id)
    current = (
        theirs is not None
        and by_us is not None
        and by_partner is not None
        and (by_us.iia_hash, by_partner.iia_hash) == (theirs.iia_hash, copy.iia_hash)
    )
    approved = None if current else text_in_force(gathering, local)
    view = gathering.view(local)
    now = view.iia if view is not None else None
    text = approved or now
    codes = (copy.iia_code, theirs.iia_code if theirs is not None else None)
    return KnownAgreement(
        hei_id,
        copy.iia_id,
        theirs.iia_id if theirs is not None else copy.partner_iia_id,
        tuple(code for code in codes if code),
        mutually_approved=current or uow.approvals.concluded(hei_id, copy.iia_id) is not None,
        terminated=bool(copy.terminated or (theirs is not None and theirs.terminated)),
        conditions=_bare(text.conditions) if text is not None else (),
    )


def _theirs(gathering: Gathering, held: StoredCopy) -> KnownAgreement:
    """A copy that the partner alone has; both sides' approval needs both copies."""
    view = gathering.view(held)
    copy = held.copy
    return KnownAgreement(
        copy.holder_hei_id,
        None,
        copy.iia_id,
        (copy.iia_code,) if copy.iia_code else (),
        terminated=bool(copy.terminated),
        conditions=_bare(view.iia.conditions) if view is not None and view.iia is not None else (),
    )


def _bare(conditions: Sequence[CooperationCondition]) -> tuple[CooperationCondition, ...]:
    """Conditions without contacts, which may be persons and are not needed here."""
    return tuple(replace(each, sending_contacts=(), receiving_contacts=()) for each in conditions)


def _digest(known: KnownAgreement | None) -> str:
    return "" if known is None else hashlib.sha256(repr(known).encode()).hexdigest()
