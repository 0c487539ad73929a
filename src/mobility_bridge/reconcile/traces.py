"""What each kind of record says about the stay that it belongs to."""

from datetime import date

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.exchange import ExchangeParticipation
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKey, RecordKind, StoredRecord
from mobility_bridge.domain.term import Term
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.reconcile.nominations import terms_of
from mobility_bridge.reconcile.stays import Trace

REGISTRY = "ladok"


def trace(stored: StoredRecord, own: HeiId) -> Trace:
    """Read the trace of a record; what it does not say stays open."""
    facts, key = stored.record.facts, stored.record.key
    if isinstance(facts, Application):
        return _application(facts, stored)
    if isinstance(facts, CourseList):
        ids = frozenset({f"application:{facts.application_id}"})
        return Trace(key, ids=ids, stay_id=stored.stay_id)
    if isinstance(facts, (Nomination, LearningAgreement)):
        return _between(facts, stored, own)
    if isinstance(facts, LaListing):
        return _listed(facts, stored)
    if isinstance(facts, (ActualDates, Tor)):
        sending = sender_of(key, own)
        ids = frozenset({f"omobility:{mobility_name(sending, facts.omobility_id)}"})
        outgoing = sending == own
        way, partner = (Direction.OUTGOING, key.holder_hei_id) if outgoing else (Direction.INCOMING, sending)
        return Trace(key, way, partner, ids=ids, stay_id=stored.stay_id)
    return Trace(key, stay_id=stored.stay_id)


def mobility_name(sending: str, omobility_id: str) -> str:
    """A mobility's name in the whole network: its id is unique at the sending university only."""
    return f"{sending}/{omobility_id}"


def sender_of(key: RecordKey, own: str) -> HeiId:
    """Who sends the student of an arrival or a transcript.

    Partners are asked about ours only. What our own host serves is of those who come, named with their sender.
    """
    if key.holder_hei_id != own:
        return HeiId(own)
    return HeiId(key.record_id.partition("/")[0])


def exchange_trace(exchange: ExchangeParticipation, own: HeiId) -> Trace:
    """The trace of an exchange in the registry, which is no stored record of its own."""
    key = RecordKey(REGISTRY, RecordKind.EXCHANGE, own, exchange.admission_uid)
    ids = {f"admission:{exchange.admission_uid}"}
    if exchange.earlier_admission_uid:
        ids.add(f"admission:{exchange.earlier_admission_uid}")
    return Trace(
        key,
        exchange.direction,
        exchange.partner_hei_id,
        exchange.first_day,
        exchange.last_day,
        frozenset(ids),
    )


def _application(facts: Application, stored: StoredRecord) -> Trace:
    ids = {f"application:{facts.application_id}"}
    if facts.omobility_id and facts.direction is Direction.OUTGOING:
        ids.add(f"omobility:{stored.record.key.holder_hei_id}/{facts.omobility_id}")
    first, last = facts.starts_on, facts.ends_on
    if first is None and facts.terms:
        first, last = _days_of(facts.terms[0])[0], _days_of(facts.terms[-1])[1]
    return Trace(
        stored.record.key,
        facts.direction,
        facts.partner_hei_id,
        first,
        last,
        frozenset(ids),
        stored.stay_id,
    )


def _between(facts: Nomination | LearningAgreement, stored: StoredRecord, own: HeiId) -> Trace:
    sending, receiving = facts.sending_hei.hei_id, facts.receiving_hei.hei_id
    outgoing = sending == own
    first, last = _planned(facts)
    return Trace(
        stored.record.key,
        Direction.OUTGOING if outgoing else Direction.INCOMING,
        receiving if outgoing else sending,
        first,
        last,
        frozenset({f"omobility:{sending}/{facts.omobility_id}"}),
        stored.stay_id,
    )


def _listed(facts: LaListing, stored: StoredRecord) -> Trace:
    return Trace(
        stored.record.key,
        Direction.OUTGOING,
        facts.receiving_hei_id,
        facts.starts_on,
        facts.ends_on,
        frozenset({f"omobility:{facts.sending_hei_id}/{facts.omobility_id}"}),
        stored.stay_id,
    )


def _planned(facts: Nomination | LearningAgreement) -> tuple[date | None, date | None]:
    if isinstance(facts, LearningAgreement):
        return (facts.start.first if facts.start else None), (facts.end.last if facts.end else None)
    text = facts.sending_academic_term_ewp_id or ""
    terms = terms_of(text)
    if len(terms) == 1:
        return _days_of(terms[0])
    year = AcademicYear.parse(text.partition("-")[0]) or AcademicYear.parse(
        facts.receiving_academic_year_id or ""
    )
    return (None, None) if year is None else (year.first_day, year.last_day)


def _days_of(term: Term) -> tuple[date, date]:
    """The widest days of a term: systems count its first and last weeks differently."""
    if term.autumn:
        return date(term.year, 8, 1), date(term.year + 1, 1, 31)
    return date(term.year, 1, 1), date(term.year, 8, 31)
