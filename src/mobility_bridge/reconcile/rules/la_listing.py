"""A list of learning agreements against the document that the network serves.

Source: EWP mobilities: reconciliation of versions.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.stay import Heard, Seen, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_la import served
from mobility_bridge.reconcile.stay_state import in_question, listed_as_signed

_SIGNED: Final = "signed-by-all"
_UNSIGNED: Final = "not-signed-by-all"


@rule(
    code="LA_LIST_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text(
        "A list and the learning agreement say different things",
        "En lista och studieavtalet säger olika saker",
    ),
    text=Text(
        "The list of learning agreements of {listed_on} and the document differ in {field}: {on_list} and {la}.",
        "Listan över studieavtal från {listed_on} och dokumentet skiljer sig i {field}: {on_list} och {la}.",
    ),
    next_step=advice(
        "Export the list again. If it still differs, ask the provider of the learning agreements which one holds.",
        "Exportera listan på nytt. Om den fortfarande skiljer sig: fråga leverantören vilket som gäller.",
    ),
    source="EWP mobilities: reconciliation of versions",
)
def list_says_otherwise(case: StayCase) -> Iterator[Observation]:
    """What was exported as a list is not what the network serves, although nothing has changed there since.

    Source: EWP mobilities: reconciliation of versions.
    """
    listing = case.listing
    if listing is None or not listing.live or not in_question(case):
        return
    la, day = served(case), listing.stored.record.as_of.date().isoformat()
    found = list(_differences(listing.said, la)) if la is not None and _is_newer(listing, case) else []
    if la is None and listed_as_signed(case) and Heard.LEARNING_AGREEMENTS in case.heard:
        found = [("signatures", _SIGNED, "")]
    for field, on_list, document in found:
        values = {"field": field, "on_list": on_list, "la": document, "listed_on": day}
        yield Observation(field, values, planned_days(case).first)


def _is_newer(listing: Seen[LaListing], case: StayCase) -> bool:
    """Whether the list was exported after the document was last seen to change."""
    la = case.learning_agreement
    return la is not None and listing.stored.record.as_of >= la.stored.changed_at


def _differences(listing: LaListing, la: LearningAgreement) -> Iterator[tuple[str, str, str]]:
    """Yield field, the list's value and the document's; what one of them does not say differs from nothing."""
    if listing.binds is not None and listing.binds is not la.is_approved:
        yield "signatures", _signed(binds=listing.binds), _signed(binds=la.is_approved)
    if listing.receiving_hei_id != la.receiving_hei.hei_id:
        yield "receiving-hei", listing.receiving_hei_id, la.receiving_hei.hei_id
    one, other = listing.receiving_academic_year_id, la.receiving_academic_year_id
    if one and other and one != other:
        yield "receiving-academic-year-id", one, other
    for field, listed_on, planned in (
        ("start-date", listing.starts_on, la.start),
        ("end-date", listing.ends_on, la.end),
    ):
        if listed_on is not None and planned is not None and not _may_be(listed_on, planned):
            yield field, listed_on.isoformat(), str(planned)
    proposal = la.changes_proposal
    if listing.proposal_id and proposal is not None and listing.proposal_id != proposal.proposal_id:
        yield "proposal-id", listing.proposal_id, proposal.proposal_id


def _signed(*, binds: bool) -> str:
    return _SIGNED if binds else _UNSIGNED


def _may_be(day: date, planned: PlannedDay) -> bool:
    return planned.first <= day <= planned.last
