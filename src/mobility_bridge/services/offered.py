"""What the registry offers changed: the students who may be on it are looked at again.

An admission may come before its occasion, and an occasion before its agreement: what was said of a student then
rests on what was not known yet.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import (
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
    PartyDomain,
)
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.services.subjects import student_key

_ALL: Final = 1_000_000


def mark_offered(uow: UnitOfWork, changed: Sequence[Fact], now: datetime) -> None:
    """Mark the students at the partners whose occasions changed.

    All students, where it is not known whose an occasion is, or where an agreement or its party is new: a stay may
    have had no partner without it.
    """
    partners: set[HeiId | None] = set()
    for fact in changed:
        partners |= _partners(uow, fact)
    for partner in [None] if None in partners else sorted(filter(None, partners)):
        students = uow.students.select(partner=partner, limit=_ALL)
        uow.work.mark_to_compare(map(student_key, students), now)


def _partners(uow: UnitOfWork, fact: Fact) -> set[HeiId | None]:
    """Whose students a fact may concern: a partner's, everybody's (None), or nobody's."""
    if isinstance(fact, ExchangeAgreement):
        return {None} if fact.exchange else set()
    if isinstance(fact, (ExternalParty, PartyDomain)):
        return {None}
    if isinstance(fact, OccasionCancelled):
        held = uow.facts.get((Occasion.kind, fact.occasion_uid))
        return _of_occasion(uow, held) if isinstance(held, Occasion) else set()
    return _of_occasion(uow, fact) if isinstance(fact, Occasion) else set()


def _of_occasion(uow: UnitOfWork, occasion: Occasion) -> set[HeiId | None]:
    agreement = _agreement(uow, occasion.education_uid)
    if agreement is None or not agreement.exchange:
        return {None} if occasion.exchange else set()
    party = agreement.external_party_id
    domain = uow.facts.get((PartyDomain.kind, party)) if party is not None else None
    known = isinstance(domain, PartyDomain) and not domain.removed and domain.schac
    return {HeiId(known) if known else None}


def _agreement(uow: UnitOfWork, education_uid: LadokUid | None) -> ExchangeAgreement | None:
    found = uow.facts.get((ExchangeAgreement.kind, education_uid)) if education_uid is not None else None
    return found if isinstance(found, ExchangeAgreement) and not found.removed else None
