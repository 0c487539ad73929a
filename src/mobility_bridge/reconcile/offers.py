"""What the registry offers for a stay, and how one stay looks to the student's others.

Source: Ladok: exchange in Ladok's model, rules of the house.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.occasion import COMPLETE, Occasion
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.stay import Heard, OtherStay, StayCase
from mobility_bridge.domain.term import Term, terms_between
from mobility_bridge.reconcile.exchange import Offering
from mobility_bridge.reconcile.nominations import nominated_terms
from mobility_bridge.reconcile.stay_days import first_day, last_day
from mobility_bridge.reconcile.stay_state import active, known_elsewhere, nominated
from mobility_bridge.reconcile.stay_terms import (
    admitted_terms,
    living_exchanges,
    registered_terms,
    stay_terms,
)


@dataclass(frozen=True, slots=True)
class Offers:
    """Usable exchange agreements by partner: the terms of each one's occasions; a direction of None is both."""

    by_partner: Mapping[HeiId, tuple[tuple[Direction | None, Term], ...]]

    @classmethod
    def of(cls, offering: Offering) -> "Offers":
        """Sort what the registry offers, once for all students."""
        found: dict[HeiId, list[tuple[Direction | None, Term]]] = {}
        occasions = defaultdict(list)
        for occasion in offering.occasions.values():
            if _is_open(occasion, offering):
                occasions[occasion.education_uid].append(occasion)
        for agreement in offering.agreements.values():
            partner = offering.partners.get(agreement.external_party_id or "")
            if partner is None or not agreement.exchange or not agreement.usable:
                continue
            terms = found.setdefault(partner, [])
            for occasion in occasions[agreement.education_uid]:
                terms += [(occasion.direction, term) for term in _terms(occasion)]
        return cls({partner: tuple(terms) for partner, terms in found.items()})

    def terms(self, partner: HeiId, direction: Direction) -> frozenset[Term]:
        """The terms with an occasion that students of this direction may be admitted to."""
        offered = self.by_partner.get(partner, ())
        return frozenset(term for goes, term in offered if goes in (None, direction))


def with_offer(case: StayCase, offers: Offers) -> StayCase:
    """Say in the case whether its agreement and occasions are there; unknown while the registry was not read."""
    partner, terms = case.partner_hei_id, stay_terms(case)
    if Heard.REGISTRY not in case.heard or partner is None or not terms:
        return case
    offered = offers.terms(partner, case.direction)
    return replace(
        case,
        registry_agreement_exists=partner in offers.by_partner,
        occasion_exists=offered.issuperset(terms),
        occasion_terms=tuple(term for term in terms if term in offered),
    )


def as_other(case: StayCase) -> OtherStay:
    """Tell of a stay what the student's other stays need."""
    nomination = nominated(case)
    status = nomination.status if nomination is not None else None
    return OtherStay(
        str(case.subject.stay_id),
        case.direction,
        case.partner_hei_id,
        first_day(case),
        last_day(case),
        active(case),
        nominated=status is not None and status.is_counted,
        in_registry=bool(living_exchanges(case)),
        elsewhere=known_elsewhere(case),
        admitted_terms=admitted_terms(case),
        registered_terms=registered_terms(case),
        terms=nominated_terms(case),
    )


def _is_open(occasion: Occasion, offering: Offering) -> bool:
    return occasion.status in (None, COMPLETE) and occasion.occasion_uid not in offering.cancelled


def _terms(occasion: Occasion) -> tuple[Term, ...]:
    """By its days, never by its code.

    Source: Ladok: adapter rules.
    """
    first = occasion.starts_on
    return () if first is None else terms_between(first, occasion.ends_on or first)
