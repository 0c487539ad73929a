"""What may go when: drafts before signed versions, refused before agreed, nothing of what is living."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from tests.support.stays import LA, NOMINATION
from tests.support.stores import digest

from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.learning_agreement import ComponentLists, LaSignature
from mobility_bridge.domain.nomination import NominationStatus
from mobility_bridge.domain.record import Record, RecordKey, RecordKind, StoredRecord
from mobility_bridge.reconcile.retention import all_ended_on, drafts, is_over, last_said, refused

AT = datetime(2026, 5, 18, 10, tzinfo=UTC)
KEY = RecordKey("ewp", RecordKind.LEARNING_AGREEMENT, HeiId("brava.example"), "OM-1")


def state(facts: Any, name: str, gone_at: datetime | None = None) -> StoredRecord:
    return StoredRecord(Record(KEY, facts, digest(name), AT), None, None, AT, AT, AT, gone_at)


def signed(url: str) -> Any:
    """A learning agreement whose first version the receiver has signed."""
    assert LA.first_version is not None
    signature = LaSignature("Re Ceiver", "Officer", "in@brava.example", AT)
    return replace(
        LA,
        first_version=replace(LA.first_version, receiving_hei_signature=signature),
        learning_outcomes_url=url,
    )


def changed(la: Any) -> Any:
    signature = LaSignature("Re Ceiver", "Officer", "in@brava.example", AT)
    return replace(la, approved_changes=ComponentLists(receiving_hei_signature=signature))


def unsigned(url: str) -> Any:
    assert LA.first_version is not None
    bare = replace(LA.first_version, receiving_hei_signature=None)
    return replace(LA, first_version=bare, approved_changes=None, learning_outcomes_url=url)


def test_what_nobody_has_signed_is_a_draft_and_so_is_a_signed_text_that_lives_on() -> None:
    states = [
        state(changed(signed("d")), "now"),
        state(changed(signed("c")), "same signatures"),
        state(signed("b"), "former version"),
        state(signed("a"), "former version again"),
        state(unsigned("x"), "draft"),
    ]
    assert drafts(states) == [digest("same signatures"), digest("former version again"), digest("draft")]
    assert drafts([]) == []


def test_former_states_of_anything_else_are_drafts() -> None:
    assert drafts([state(NOMINATION, "now"), state(NOMINATION, "before")]) == [digest("before")]


def test_what_is_gone_or_refused_is_over_and_what_was_signed_is_kept() -> None:
    rejected = replace(NOMINATION, status=NominationStatus.REJECTED)
    assert is_over(state(rejected, "a"))
    assert not is_over(state(NOMINATION, "a"))
    assert is_over(state(NOMINATION, "a", AT))
    assert refused([state(rejected, "a"), state(NOMINATION, "b"), state(signed("x"), "c", AT)]) == [KEY]


def test_of_whom_every_system_has_let_go_the_last_word_counts() -> None:
    later = datetime(2026, 6, 1, tzinfo=UTC)
    assert last_said([state(NOMINATION, "a", AT), state(NOMINATION, "b", later)]) == date(2026, 6, 1)
    assert last_said([state(NOMINATION, "a", AT), state(NOMINATION, "b")]) is None
    assert last_said([]) is None
    assert all_ended_on([]) is None
