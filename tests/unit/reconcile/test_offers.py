"""What the registry offers for a stay."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.stays import (
    AUTUMN,
    BRAVA,
    EXCHANGE,
    FIRST,
    LAST,
    LONG_AGO,
    NOMINATION,
    SPRING,
    STAY,
    a_stay,
    an_incoming_stay,
    seen,
)

from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import OtherStay, StayCase
from mobility_bridge.reconcile.exchange import Offering
from mobility_bridge.reconcile.offers import Offers, as_other, with_offer

AGREEMENT = ExchangeAgreement(
    as_of=LONG_AGO, education_uid=LadokUid("edu"), status=3, external_party_id="7", exchange=True
)
OCCASION = Occasion(
    as_of=LONG_AGO,
    occasion_uid=LadokUid("occ"),
    education_uid=LadokUid("edu"),
    status=3,
    periods=((FIRST, LAST, Decimal(30)),),
    direction=Direction.OUTGOING,
)
PARTNERS: Mapping[str, HeiId] = {"7": BRAVA}


def offering(
    *occasions: Occasion, agreement: ExchangeAgreement = AGREEMENT, partners: Mapping[str, HeiId] = PARTNERS
) -> Offering:
    return Offering(
        {agreement.education_uid: agreement},
        {each.occasion_uid: each for each in occasions},
        partners=partners,
    )


def told(given: Offering, case: StayCase | None = None) -> tuple[bool | None, bool | None, tuple[Any, ...]]:
    bare = replace(case or a_stay(), registry_agreement_exists=None, occasion_exists=None, occasion_terms=())
    known = with_offer(bare, Offers.of(given))
    return known.registry_agreement_exists, known.occasion_exists, known.occasion_terms


def test_an_occasion_of_the_term_is_there() -> None:
    assert told(offering(OCCASION)) == (True, True, (AUTUMN,))
    assert told(offering(replace(OCCASION, direction=None)), an_incoming_stay()) == (True, True, (AUTUMN,))


def test_an_occasion_that_cannot_be_used_is_missing() -> None:
    missing = (True, False, ())
    assert told(offering()) == missing
    assert told(offering(OCCASION), an_incoming_stay()) == missing
    assert told(offering(replace(OCCASION, status=4))) == missing
    assert told(offering(replace(OCCASION, periods=()))) == missing
    spring = replace(OCCASION, periods=((date(2027, 1, 18), None, None),))
    assert told(offering(spring)) == missing
    cancelled = replace(offering(OCCASION), cancelled=frozenset({OCCASION.occasion_uid}))
    assert told(cancelled) == missing


def test_a_year_needs_an_occasion_of_each_term() -> None:
    application = a_stay().application
    assert application is not None
    year = replace(application, said=replace(application.said, terms=(AUTUMN, SPRING)))
    assert told(offering(OCCASION), a_stay(application=year)) == (True, False, (AUTUMN,))


def test_an_agreement_that_cannot_be_used_is_missing() -> None:
    missing = (False, False, ())
    assert told(offering(OCCASION, agreement=replace(AGREEMENT, status=1))) == missing
    assert told(offering(OCCASION, agreement=replace(AGREEMENT, exchange=False))) == missing
    assert told(offering(OCCASION, agreement=replace(AGREEMENT, external_party_id=None))) == missing
    assert told(offering(OCCASION, partners={})) == missing


def test_nothing_is_said_while_the_registry_was_not_read() -> None:
    assert told(offering(OCCASION), a_stay(heard=frozenset())) == (None, None, ())


def test_a_stay_as_the_others_see_it() -> None:
    assert as_other(a_stay()) == OtherStay(
        STAY,
        Direction.OUTGOING,
        BRAVA,
        FIRST,
        LAST,
        active=True,
        nominated=True,
        in_registry=True,
        elsewhere=True,
        admitted_terms=(AUTUMN,),
        registered_terms=(AUTUMN,),
        terms=(AUTUMN,),
    )
    withdrawn: ExchangeParticipation = replace(EXCHANGE, withdrawn=True)
    rejected = replace(NOMINATION, status=NominationStatus.REJECTED)
    other = as_other(a_stay(exchange=withdrawn, nomination=seen(RecordKind.NOMINATION, rejected)))
    assert (other.active, other.nominated, other.in_registry) == (False, False, False)
    alone = as_other(a_stay(application=None, nomination=None, learning_agreement=None))
    assert (alone.nominated, alone.in_registry, alone.elsewhere) == (False, True, False)
