"""Each fault of a partner leads to exactly the discrepancy that it should, through the command line and HTTPS."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.played import Played, play

PARTNER = "brava.example"
QUICK = {
    "MOBILITY_BRIDGE__ADAPTERS__EWP__ATTEMPTS": "1",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__CONNECT_S": "2",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__TOTAL_S": "3",
    "MOBILITY_BRIDGE__NOTIFY__FIRST_RETRY_S": "0.2",
    "MOBILITY_BRIDGE__NOTIFY__MAX_RETRY_S": "0.4",
    "MOBILITY_BRIDGE__NOTIFY__EXPIRES_AFTER_S": "1",
    # What time alone would excuse for a few days is said at once.
    "MOBILITY_BRIDGE__RULES__MAPPING_GRACE_DAYS": "0",
}


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with play(tmp_path / "sandbox", "clean", QUICK) as stage:
        first = stage.command("sync")
        assert first.code == 0, first.err
        assert stage.codes() == []
        yield stage


def sync_with(stage: Played, fault: str, *, expected_exit: int = 0, **more: float) -> None:
    stage.fault(PARTNER, fault, **more)
    result = stage.command("sync", "--full")
    assert result.code == expected_exit, result.out + result.err


def recovers(stage: Played, *more: str) -> None:
    """When the partner mends its fault, the discrepancy resolves by itself."""
    stage.control("POST", "repair")
    result = stage.command("sync", "--full", *more)
    assert result.code == 0, result.out + result.err
    assert stage.codes() == []


@pytest.mark.parametrize(
    ("fault", "code", "exit_code"),
    [
        ("serves_stale_hash", "HASH_DECLARED_WRONG", 0),
        ("loses_conditions", "CONDITION_MISSING", 0),
        ("never_maps_id", "NOT_MAPPED_BY_PARTNER", 0),
        ("swaps_partners", "PARTNER_ORDER", 0),
        ("approval_without_id", "ANSWER_INVALID", 3),
        ("signs_with_old_key", "PARTNER_UNTRUSTED", 3),
        ("answers_503", "PARTNER_UNREACHABLE", 3),
        ("answers_garbage", "ANSWER_INVALID", 3),
        ("truncates_body", "ANSWER_DAMAGED", 3),
        ("wrong_namespace", "ANSWER_INVALID", 3),
        ("invalid_error_document", "ERROR_DOCUMENT_INVALID", 3),
        ("forgets_agreement", "DELETED_AFTER_CONCLUSION", 0),
        ("empty_index", "INDEX_SHRUNK", 0),
    ],
)
def test_fault_leads_to_exactly_its_discrepancy(
    played: Played, fault: str, code: str, exit_code: int
) -> None:
    sync_with(played, fault, expected_exit=exit_code)
    found = played.codes()
    assert {name for name, _ in found} == {code}
    assert {partner for _, partner in found} == {PARTNER}
    played.command("sync")
    assert played.codes() == found, "looking again changes nothing"
    recovers(played)


def test_agreement_split_by_the_partner_is_one_discrepancy_and_its_mending_needs_a_persons_word(
    played: Played,
) -> None:
    sync_with(played, "splits_agreement")
    assert {name for name, _ in played.codes()} == {"AGREEMENT_SPLIT"}
    played.control("POST", "repair")
    played.command("sync", "--full")
    assert ("INDEX_SHRUNK", PARTNER) in played.codes(), "half of the ids are gone at once"
    recovers(played, "--accept-shrink")


def test_approval_of_an_earlier_text_of_ours_is_stale(played: Played) -> None:
    agreements = [item for item in played.control("GET", "agreements") if item["partner"] == PARTNER]
    for change in (
        -1,
        +1,
    ):  # away from the present text and back, so that the bridge has seen the earlier one
        for item in agreements:
            number = number_of_places(played, item["iia_id"]) + change
            played.control("POST", "change", iia_id=item["iia_id"], number=str(number))
            played.control("POST", "approve", iia_id=item["iia_id"])
        played.command("sync", "--full")
    assert played.codes() == []
    sync_with(played, "approves_old_hash")
    assert set(played.codes()) == {("APPROVAL_STALE", PARTNER)}
    recovers(played)


def number_of_places(stage: Played, iia_id: str) -> int:
    found = stage.command("agreements", "show", iia_id, "--json").json
    return int(found["local"]["conditions"][0]["mobilities_per_year"])


def test_partner_that_answers_slowly_is_unreachable_and_stops_nobody_else(played: Played) -> None:
    sync_with(played, "answers_slowly", expected_exit=3, slow_s=6.0)
    assert played.codes() == [("PARTNER_UNREACHABLE", PARTNER)]
    status = played.command("status", "--offline", "--json").json
    failing = {item["partner_hei_id"] for item in status["partners"] if item["failing"]}
    assert failing == {PARTNER}
    recovers(played)


def test_partner_that_drops_notifications_becomes_a_discrepancy_when_they_expire(played: Played) -> None:
    played.fault(PARTNER, "drops_cnr")
    agreements = played.control("GET", "agreements")
    ours = next(item["iia_id"] for item in agreements if item["partner"] == PARTNER)
    assert played.command("notify", ours).code == 3
    for _ in range(8):
        played.command("sync")
        if played.codes():
            break
    assert set(played.codes()) == {("NOTIFICATION_UNDELIVERED", PARTNER)}, (
        "one for each kind, and nothing else"
    )
    played.control("POST", "repair")
    again = played.command("notify", ours)
    assert again.code == 0, again.out + again.err
    played.command("sync")
    assert played.codes() == []


def test_unknown_fault_is_refused_with_the_names_that_exist(played: Played) -> None:
    result = played.command("sandbox", "fault", PARTNER, "sulks", "--dir", str(played.folder))
    assert result.code == 2
    assert "sulks" in result.err
