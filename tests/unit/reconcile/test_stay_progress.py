"""How far a stay has come, in words of lists."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.stays import (
    APPLICATION,
    BRAVA,
    EXCHANGE,
    FIRST_VERSION,
    LA,
    NOMINATION,
    NOW,
    OMOBILITY,
    US,
    a_stay,
    an_incoming_stay,
    arrived,
    seen,
)

from mobility_bridge.domain.la_listing import LaListing, ListedState
from mobility_bridge.domain.learning_agreement import ChangesProposal, LearningAgreement
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.stay_progress import StayProgress, departments, la_state, progress, states

PENDING = replace(NOMINATION, status=NominationStatus.PENDING)
KINDS = {
    "application": RecordKind.APPLICATION,
    "nomination": RecordKind.NOMINATION,
    "learning_agreement": RecordKind.LEARNING_AGREEMENT,
    "transcript": RecordKind.TRANSCRIPT,
}


def at(day: str, **facts: Any) -> StayCase:
    return a_stay(now=NOW.replace(month=int(day[:2]), day=int(day[3:])), **facts)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (at("08-01"), StayProgress.ACCEPTED),
        (at("09-01"), StayProgress.UNDER_WAY),
        (a_stay(now=NOW.replace(year=2027)), StayProgress.ENDED),
        (at("08-01", nomination=seen(RecordKind.NOMINATION, PENDING)), StayProgress.ACCEPTED),
        (at("08-01", nomination=seen(RecordKind.NOMINATION, PENDING), exchange=None), StayProgress.PLANNED),
        (
            at(
                "09-01",
                nomination=seen(
                    RecordKind.NOMINATION, replace(NOMINATION, status=NominationStatus.CANCELLED)
                ),
            ),
            StayProgress.CANCELLED,
        ),
        (at("09-01", exchange=replace(EXCHANGE, withdrawn=True)), StayProgress.CANCELLED),
        (
            a_stay(application=None, nomination=None, learning_agreement=None, exchange=None),
            StayProgress.PLANNED,
        ),
    ],
)
def test_a_stay_is_somewhere_between_planned_and_ended(case: StayCase, expected: StayProgress) -> None:
    assert progress(case) is expected


def test_each_system_says_where_the_stay_stands() -> None:
    assert states(a_stay(arrival=arrived())) == {
        "application": "is_registriert",
        "nomination": "approved",
        "learning_agreement": "approved",
        "registry": "registered",
        "arrival": "arrived",
    }
    nowhere = a_stay(application=None, nomination=None, learning_agreement=None, exchange=None)
    assert states(nowhere) == {}


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("application", replace(APPLICATION, cancelled=True), "cancelled"),
        ("application", replace(APPLICATION, pipeline=()), "applied"),
        ("nomination", replace(NOMINATION, status=None), "unknown"),
        ("transcript", object(), "issued"),
    ],
)
def test_a_word_for_every_record(name: str, said: Any, expected: str) -> None:
    assert states(a_stay(**{name: seen(KINDS[name], said)}))[name] == expected
    assert states(a_stay(**{name: seen(KINDS[name], said, gone_at=NOW)}))[name] == "gone"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (LA, "approved"),
        (replace(LA, approved_changes=FIRST_VERSION), "changes_approved"),
        (replace(LA, changes_proposal=ChangesProposal("p1", FIRST_VERSION)), "changes_proposed"),
        (replace(LA, first_version=None, changes_proposal=ChangesProposal("p1", FIRST_VERSION)), "proposed"),
        (replace(LA, first_version=None), "not_signed_by_all"),
    ],
)
def test_a_word_for_every_state_of_a_learning_agreement(said: LearningAgreement, expected: str) -> None:
    assert la_state(seen(RecordKind.LEARNING_AGREEMENT, said)) == expected
    assert la_state(seen(RecordKind.LEARNING_AGREEMENT, said, gone_at=NOW)) == "gone"


def test_a_list_speaks_where_there_is_no_document() -> None:
    listed = LaListing(OMOBILITY, US, BRAVA, state=ListedState.SIGNED)
    kind = RecordKind.LISTING
    assert states(a_stay(listing=seen(kind, listed)))["learning_agreement"] == "approved"
    alone = a_stay(learning_agreement=None, listing=seen(kind, listed))
    assert states(alone)["learning_agreement"] == "signed"
    silent = a_stay(learning_agreement=None, listing=seen(kind, replace(listed, state=None)))
    assert states(silent)["learning_agreement"] == "unknown"
    gone = a_stay(learning_agreement=None, listing=seen(kind, listed, gone_at=NOW))
    assert states(gone)["learning_agreement"] == "gone"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"registered_terms": (), "registrations": ()}, "admitted"),
        ({"withdrawn": True}, "withdrawn"),
        ({"interrupted": True}, "interrupted"),
        ({"completed": True}, "completed"),
    ],
)
def test_a_word_for_every_state_in_the_registry(facts: dict[str, Any], expected: str) -> None:
    assert states(a_stay(exchange=replace(EXCHANGE, **facts)))["registry"] == expected


def test_arrival_and_departure() -> None:
    assert states(a_stay(arrival=arrived(None)))["arrival"] == "expected"
    assert states(a_stay(arrival=arrived(left=date(2027, 1, 10))))["arrival"] == "departed"
    assert states(a_stay(arrival=arrived(gone_at=NOW)))["arrival"] == "gone"


def test_our_department_is_named_by_any_system_that_does() -> None:
    application = seen(RecordKind.APPLICATION, replace(APPLICATION, department="Physics"))
    assert departments(a_stay(application=application)) == ("Physics", "Department of Physics")
    la = replace(LA, receiving_hei=replace(LA.receiving_hei, ounit_id="u-7"))
    coming = an_incoming_stay(learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la))
    assert departments(coming) == ("u-7",)
    assert departments(a_stay(application=None, nomination=None, learning_agreement=None)) == ()
