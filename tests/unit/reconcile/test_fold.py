"""Findings of now become discrepancies over time."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.support.cases import LOCAL_ID, NOW, THEIRS

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    DiscrepancyState,
    Finding,
    Owner,
    Severity,
    Subject,
    SubjectKind,
    Text,
)
from mobility_bridge.errors import UsageError
from mobility_bridge.reconcile.fold import acknowledge, fold

LATER = NOW + timedelta(hours=1)


def finding(**changes: object) -> Finding:
    base = Finding(
        code="NUMBER_DIFFERS",
        severity=Severity.BLOCKING,
        owner=Owner.BOTH,
        subject=Subject(SubjectKind.AGREEMENT, THEIRS, LOCAL_ID),
        text=Text("Numbers differ.", "Antalen skiljer sig."),
        next_step=Text("Talk.", "Prata."),
        values={"local": "2", "partner": "3"},
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def opened() -> Discrepancy:
    ((discrepancy, _),) = fold((), (finding(),), NOW)
    return discrepancy


def only(
    changes: tuple[tuple[Discrepancy, DiscrepancyEvent | None], ...],
) -> tuple[Discrepancy, DiscrepancyEvent]:
    ((discrepancy, event),) = changes
    assert event is not None
    return discrepancy, event


def test_a_new_finding_opens_a_discrepancy() -> None:
    discrepancy, event = only(fold((), (finding(),), NOW))
    assert discrepancy.state is DiscrepancyState.OPEN
    assert discrepancy.first_seen_at == discrepancy.opened_at == discrepancy.changed_at == NOW
    assert (event.kind, event.values) == (DiscrepancyEventKind.OPENED, {"local": "2", "partner": "3"})


def test_one_seen_again_is_only_seen_again() -> None:
    ((again, event),) = fold((opened(),), (finding(),), LATER)
    assert event is None
    assert again == replace(opened(), last_seen_at=LATER)


def test_a_better_wording_is_taken_over_without_an_event() -> None:
    better = finding(text=Text("The numbers differ.", "Antalen är olika."))
    ((again, event),) = fold((opened(),), (better,), LATER)
    assert event is None
    assert again.finding.text == better.text


@pytest.mark.parametrize(
    "changes",
    [
        {"values": {"local": "2", "partner": "4"}},
        {"severity": Severity.WARNING},
        {"due_on": date(2027, 1, 31)},
    ],
)
def test_other_values_severity_or_due_date_are_a_change(changes: dict[str, object]) -> None:
    discrepancy, event = only(fold((opened(),), (finding(**changes),), LATER))
    assert event.kind is DiscrepancyEventKind.CHANGED
    assert discrepancy.changed_at == LATER
    assert discrepancy.opened_at == NOW


def test_an_absent_finding_resolves_and_a_new_one_reopens() -> None:
    resolved, event = only(fold((opened(),), (), LATER))
    assert (resolved.state, resolved.resolved_at) == (DiscrepancyState.RESOLVED, LATER)
    assert event.kind is DiscrepancyEventKind.RESOLVED
    reopened, event = only(fold((resolved,), (finding(),), LATER + timedelta(days=1)))
    assert reopened.state is DiscrepancyState.OPEN
    assert (reopened.resolved_at, reopened.times_reopened) == (None, 1)
    assert (reopened.first_seen_at, reopened.opened_at) == (NOW, LATER + timedelta(days=1))
    assert event.kind is DiscrepancyEventKind.REOPENED


def test_what_is_resolved_and_absent_stays_untouched() -> None:
    resolved, _ = only(fold((opened(),), (), LATER))
    assert fold((resolved,), (), LATER) == ()


def test_an_acknowledged_one_stays_so_until_its_values_change() -> None:
    acknowledged, event = acknowledge(opened(), " Kim ", " agreed by phone ", LATER)
    assert acknowledged.state is DiscrepancyState.ACKNOWLEDGED
    assert (event.kind, event.by, event.reason) == (
        DiscrepancyEventKind.ACKNOWLEDGED,
        "Kim",
        "agreed by phone",
    )
    ((same, nothing),) = fold((acknowledged,), (finding(),), LATER)
    assert (same.state, nothing) == (DiscrepancyState.ACKNOWLEDGED, None)
    due, _ = only(fold((acknowledged,), (finding(due_on=date(2027, 1, 31)),), LATER))
    assert due.state is DiscrepancyState.ACKNOWLEDGED
    other, _ = only(fold((acknowledged,), (finding(values={"local": "2"}),), LATER))
    assert (other.state, other.acknowledged_by) == (DiscrepancyState.OPEN, None)


def test_a_resolved_one_cannot_be_acknowledged() -> None:
    resolved, _ = only(fold((opened(),), (), LATER))
    with pytest.raises(UsageError):
        acknowledge(resolved, "Kim", "late", LATER)


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Kim", " ")])
def test_an_acknowledgement_needs_a_person_and_a_reason(by: str, reason: str) -> None:
    with pytest.raises(UsageError):
        acknowledge(opened(), by, reason, LATER)
