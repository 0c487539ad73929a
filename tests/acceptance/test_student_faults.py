"""Each fault of Ladok, a partner, the Dashboard or Mobility-Online leads to exactly the discrepancy that it should
about students, or to none where the bridge has to cope; mended, everything is as if it had never been.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.followed import Followed, followed

QUICK = {
    "MOBILITY_BRIDGE__ADAPTERS__EWP__ATTEMPTS": "1",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__CONNECT_S": "2",
    "MOBILITY_BRIDGE__ADAPTERS__EWP__TOTAL_S": "3",
    "MOBILITY_BRIDGE__ADAPTERS__LADOK__READ_ATTEMPTS": "2",
    "MOBILITY_BRIDGE__ADAPTERS__LADOK__READ_TIMEOUT_S": "3",
}


Codes = set[tuple[str, str | None]]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Followed]:
    with followed(tmp_path, QUICK) as found:
        yield found


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Followed, Codes]]:
    """A student of ours at Brava and one of theirs with us, and what is said of them while nothing is wrong.

    One stage for many faults: each test mends its own, and shows that all is as before.
    """
    with followed(tmp_path_factory.mktemp("both"), QUICK) as found:
        found.leave()
        found.come()
        yield found, settled(found)


def settled(stage: Followed) -> Codes:
    stage.sync("--full")
    return set(stage.played.codes())


@pytest.mark.parametrize(
    "fault",
    [
        "feed_late_entry",
        "feed_page_gap",
        "feed_duplicates",
        "throttles",
        "unstable_order",
        "internal_host_in_links",
        "unknown_event_types",
        "event_context_first",
    ],
)
def test_what_ladok_does_wrong_in_passing_is_coped_with(stage: Followed, tmp_path: Path, fault: str) -> None:
    """The same student, told by a feed in order and by one out of order, is judged alike."""
    stage.sync()
    stage.switch("ladok", fault)
    stage.leave()
    stage.sync()
    found = stage.codes()
    assert "REGISTRATION_MISSING" in found
    assert "SOURCE_UNREACHABLE" not in found
    assert len(stage.stays()) == 1
    stage.register()
    stage.sync()
    assert stage.codes() == found - {"REGISTRATION_MISSING"}


@pytest.mark.parametrize(
    "fault",
    ["expired_certificate", "wrong_environment", "maintenance_window", "answers_html", "answers_500"],
)
def test_ladok_that_cannot_be_read_is_said_and_nothing_is_called_missing(stage: Followed, fault: str) -> None:
    stage.leave()
    before = settled(stage)
    stage.switch("ladok", fault)
    stage.register()
    stage.sync(expected_exit=3)
    assert set(stage.played.codes()) - before == {("SOURCE_UNREACHABLE", None)}
    assert before <= set(stage.played.codes()), "what was known before stands"
    stage.switch("ladok", fault, on=False)
    stage.sync()
    assert set(stage.played.codes()) == before - {("REGISTRATION_MISSING", "brava.example")}


def test_a_student_whom_ladok_could_not_be_asked_about_is_not_called_unknown_there(stage: Followed) -> None:
    stage.sync()
    stage.switch("ladok", "maintenance_window")
    stage.leave()
    stage.sync(expected_exit=3)
    assert "STUDENT_UNKNOWN_IN_SIS" not in stage.codes()


@pytest.mark.parametrize(
    ("fault", "code", "exit_code"),
    [
        ("answers_503", "PARTNER_UNREACHABLE", 3),
        ("answers_garbage", "ANSWER_INVALID", 3),
        ("truncates_body", "ANSWER_DAMAGED", 3),
        ("invalid_error_document", "ERROR_DOCUMENT_INVALID", 3),
        ("signs_with_old_key", "PARTNER_UNTRUSTED", 3),
    ],
)
@pytest.mark.parametrize("who", ["dashboard", "brava.example"])
def test_fault_of_a_host_is_one_discrepancy_and_takes_nothing_away(
    both: tuple[Followed, Codes], who: str, fault: str, code: str, exit_code: int
) -> None:
    stage, before = both
    stage.switch(who, fault)
    stage.sync("--full", expected_exit=exit_code)
    hei_id = "nordhav.example" if who == "dashboard" else who
    assert set(stage.played.codes()) - before == {(code, hei_id)}
    assert before <= set(stage.played.codes()), "what was known before stands"
    stage.switch(who, fault, on=False)
    assert settled(stage) == before


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("missing_family_name", {"DOCUMENT_INVALID"}),
        ("unknown_reason_code", {"DOCUMENT_INVALID", "LA_REASON_INVALID"}),
        ("changes_do_not_apply", {"LA_DIFF_ORPHAN_DELETE"}),
    ],
)
def test_fault_in_a_partners_documents_is_named_on_the_stay(
    both: tuple[Followed, Codes], fault: str, codes: set[str]
) -> None:
    stage, before = both
    stage.switch("brava.example", fault)
    stage.sync("--full")
    found = {code for code, _ in set(stage.played.codes()) - before}
    assert codes <= found
    stage.switch("brava.example", fault, on=False)
    assert settled(stage) == before


def test_transcript_that_names_nobody_is_an_invalid_document(stage: Followed) -> None:
    stage.leave(in_ladok="registered")
    stage.sandbox.stage.about_students("issue_transcript", omobility_id="NH-OM-1")
    before = settled(stage)
    stage.switch("brava.example", "transcript_without_identifiers")
    stage.sync("--full")
    assert {code for code, _ in set(stage.played.codes()) - before} == {"DOCUMENT_INVALID"}
    stage.switch("brava.example", "transcript_without_identifiers", on=False)
    assert settled(stage) == before


@pytest.mark.parametrize(
    ("fault", "codes", "exit_code"),
    [
        ("mo_soap_fault", {"SOURCE_UNREACHABLE"}, 3),
        ("mo_503", {"SOURCE_UNREACHABLE"}, 3),
        ("mo_html_page", {"SOURCE_UNREACHABLE"}, 3),
        ("mo_half_answer", {"SOURCE_UNREACHABLE"}, 3),
        ("mo_damaged_application", {"SOURCE_INCOMPLETE", "SOURCE_RECORD_UNREADABLE"}, 0),
        ("mo_no_applications", set(), 0),
    ],
)
def test_fault_of_mobility_online_deletes_no_application(
    both: tuple[Followed, Codes], fault: str, codes: set[str], exit_code: int
) -> None:
    stage, before = both
    stage.switch("mobility_online", fault)
    stage.sync("--full", expected_exit=exit_code)
    assert {code for code, _ in set(stage.played.codes()) - before} == codes
    assert before <= set(stage.played.codes()), "what was known before stands"
    stage.switch("mobility_online", fault, on=False)
    assert settled(stage) == before
