"""A list of learning agreements beside the document."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.stay_rules import said, speaks_well
from tests.support.stays import BRAVA, FIRST, LA, LAST, LONG_AGO, NOW, OMOBILITY, US, a_stay, seen

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.la_listing import LaListing, ListedState
from mobility_bridge.domain.learning_agreement import ChangesProposal, ComponentLists
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Heard, Seen, StayCase
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_state import active

SIGNED = LaListing(
    OMOBILITY,
    US,
    BRAVA,
    receiving_academic_year_id=LA.receiving_academic_year_id,
    starts_on=FIRST,
    ends_on=LAST,
    state=ListedState.SIGNED,
    signed_on=date(2026, 6, 3),
)
LATER = datetime(2026, 7, 20, tzinfo=UTC)


def on_list(as_of: datetime = LATER, *, gone: bool = False, **facts: Any) -> Seen[LaListing]:
    found = seen(
        RecordKind.LISTING,
        replace(SIGNED, **facts),
        source="dashboard",
        gone_at=NOW if gone else None,
    )
    stored = replace(found.stored, record=replace(found.stored.record, as_of=as_of))
    return replace(found, stored=stored)


def test_a_list_that_agrees_says_nothing():
    assert said(a_stay(listing=on_list()), "LA_LIST_DRIFT") == []


@pytest.mark.parametrize(
    ("facts", "field", "on_the_list"),
    [
        ({"state": ListedState.PROPOSED, "signed_on": None}, "signatures", "not-signed-by-all"),
        ({"receiving_hei_id": HeiId("alderton.example")}, "receiving-hei", "alderton.example"),
        ({"receiving_academic_year_id": "2027/2028"}, "receiving-academic-year-id", "2027/2028"),
        ({"starts_on": FIRST - timedelta(days=1)}, "start-date", "2026-08-30"),
        ({"ends_on": LAST + timedelta(days=1)}, "end-date", "2027-01-18"),
    ],
)
def test_each_thing_that_differs_is_said(facts: dict[str, Any], field: str, on_the_list: str):
    (found,) = said(a_stay(listing=on_list(**facts)), "LA_LIST_DRIFT")

    assert (found.place, found.values["on_list"], found.values["listed_on"]) == (
        field,
        on_the_list,
        "2026-07-20",
    )
    assert found.due_on == FIRST
    assert speaks_well(found)


@pytest.mark.parametrize(
    "facts",
    [
        {"state": None, "signed_on": None},
        {"receiving_academic_year_id": None, "starts_on": None, "ends_on": None},
        {"state": ListedState.CHANGES_PROPOSED, "signed_on": None},
    ],
)
def test_what_a_list_does_not_say_differs_from_nothing(facts: dict[str, Any]):
    assert said(a_stay(listing=on_list(**facts)), "LA_LIST_DRIFT") == []


def test_a_month_is_not_another_day():
    la = replace(LA, start=PlannedDay(FIRST.year, FIRST.month))
    case = a_stay(learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la), listing=on_list())

    assert said(case, "LA_LIST_DRIFT") == []


def test_a_list_older_than_the_documents_last_change_is_not_compared():
    case = a_stay(listing=on_list(LONG_AGO - timedelta(days=1), starts_on=date(2026, 9, 9)))

    assert said(case, "LA_LIST_DRIFT") == []


def test_a_line_that_is_no_longer_listed_says_nothing():
    case = a_stay(learning_agreement=None, listing=on_list(gone=True))

    assert said(case, "LA_LIST_DRIFT") == []
    assert said(case, "LA_MISSING")


def test_a_proposal_of_another_id_is_said():
    la = replace(LA, changes_proposal=_proposal())
    seen_la = seen(RecordKind.LEARNING_AGREEMENT, la)
    differs = a_stay(learning_agreement=seen_la, listing=on_list(proposal_id="other"))
    agrees = a_stay(learning_agreement=seen_la, listing=on_list(proposal_id="this"))

    assert [each.place for each in said(differs, "LA_LIST_DRIFT")] == ["proposal-id"]
    assert said(agrees, "LA_LIST_DRIFT") == []


def _proposal() -> Any:
    return ChangesProposal("this", ComponentLists())


def test_a_signed_line_without_a_document_is_said_and_no_agreement_is_missed():
    case = a_stay(learning_agreement=None, listing=on_list())

    (found,) = said(case, "LA_LIST_DRIFT")
    assert (found.place, found.values["la"]) == ("signatures", "")
    assert said(case, "LA_MISSING") == []
    assert said(replace(case, now=NOW + timedelta(days=60)), "LA_NOT_APPROVED_AT_START") == []


def test_a_draft_on_a_list_is_no_agreement():
    case = a_stay(learning_agreement=None, listing=on_list(state=ListedState.DRAFT, signed_on=None))

    assert said(case, "LA_MISSING")
    assert said(case, "LA_LIST_DRIFT") == []


def test_where_the_network_was_not_asked_a_list_speaks_alone():
    silent = a_stay(learning_agreement=None)
    heard = silent.heard - {Heard.LEARNING_AGREEMENTS}
    waiting = on_list(state=ListedState.PROPOSED, signed_on=None)
    begun = replace(silent, heard=heard, now=NOW + timedelta(days=60))

    assert said(begun, "LA_NOT_APPROVED_AT_START") == []
    assert said(replace(begun, listing=waiting), "LA_NOT_APPROVED_AT_START")
    assert said(replace(begun, listing=on_list()), "LA_NOT_APPROVED_AT_START") == []
    assert said(replace(begun, listing=on_list()), "LA_LIST_DRIFT") == []


def _listed_only(listing: Seen[LaListing] | None) -> StayCase:
    return a_stay(
        application=None,
        nomination=None,
        learning_agreement=None,
        arrival=None,
        exchange=None,
        courses=None,
        listing=listing,
    )


def test_a_stay_that_only_a_list_knows_is_one_once_the_agreement_is_under_way():
    assert not active(_listed_only(None))
    assert not active(_listed_only(on_list(state=ListedState.DRAFT, signed_on=None)))
    assert not active(_listed_only(on_list(gone=True)))
    assert active(_listed_only(on_list(state=ListedState.PROPOSED, signed_on=None)))
    assert planned_days(_listed_only(on_list())).first == FIRST
