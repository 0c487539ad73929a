"""Nominations against applications, their own past, and our decisions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.support.stay_findings import codes, findings
from tests.support.stays import (
    APPLICATION,
    AUTUMN,
    BRAVA,
    FIRST,
    FIRST_VERSION,
    LA,
    LAST,
    LONG_AGO,
    NOMINATION,
    NOW,
    PERSON,
    US,
    a_stay,
    an_incoming_stay,
    component,
    seen,
)

from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import ChangesProposal
from mobility_bridge.domain.nomination import ActivityAttributes, Nomination, NominationSide, NominationStatus
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import DecisionState, OtherStay, OurDecision, Seen, StayCase
from mobility_bridge.reconcile import registry
from mobility_bridge.reconcile.nominations import pending_since, term_days, terms_of
from mobility_bridge.reconcile.rules import nomination as rules
from mobility_bridge.reconcile.rules import nomination_changes as changes

RULES = (
    rules.nominated_level_differs,
    rules.nominated_field_differs,
    rules.student_is_nominated_twice,
    rules.nomination_status_differs,
    rules.our_decision_is_lost,
    rules.our_decision_is_on_an_earlier_proposal,
    rules.nomination_waits_too_long,
    rules.term_and_year_do_not_overlap,
    rules.kind_of_stay_differs,
    changes.approved_nomination_was_changed,
    changes.nomination_became_another,
    changes.proposal_id_does_not_follow_the_text,
)
CALA = HeiId("cala.example")
PENDING = NominationStatus.PENDING
THEIRS = replace(NOMINATION, sending_hei=NOMINATION.receiving_hei, receiving_hei=NOMINATION.sending_hei)
EARLIER = LONG_AGO - timedelta(days=10)
OTHER = OmobilityId("NH-OM-2")
Make = Callable[[], StayCase]


def nominated(said: Nomination = NOMINATION, *earlier: Nomination, **times: Any) -> Seen[Any]:
    former = [(each, EARLIER - timedelta(days=at)) for at, each in enumerate(earlier)]
    return seen(RecordKind.NOMINATION, said, *former, **times)


def ours(**facts: Any) -> StayCase:
    return a_stay(nomination=nominated(replace(NOMINATION, **facts)))


def theirs(*earlier: Nomination, **facts: Any) -> StayCase:
    """A partner's nomination, behind its former texts, the newest of them first."""
    return an_incoming_stay(nomination=nominated(replace(THEIRS, **facts), *earlier))


def waiting(**facts: Any) -> Nomination:
    return replace(THEIRS, status=PENDING, **facts)


def decided(proposal_id: str = "p1", **facts: Any) -> StayCase:
    at = NOW - timedelta(days=2)
    decision = OurDecision(
        "nomination", proposal_id, approve=True, state=DecisionState.SENT, decided_at=at, sent_at=at
    )
    present = nominated(waiting(), changed_at=NOW - timedelta(days=3))
    return an_incoming_stay(nomination=present, decisions=(replace(decision, **facts),))


def applied(**facts: Any) -> Seen[Any]:
    return seen(RecordKind.APPLICATION, replace(APPLICATION, **facts), source="mobility_online")


def another(**facts: Any) -> OtherStay:
    stay = OtherStay("P1-0", Direction.OUTGOING, CALA, FIRST, LAST, active=True, nominated=True)
    return replace(stay, **facts)


def blended() -> Seen[Any]:
    lists = replace(
        FIRST_VERSION, components_studied=None, blended_mobility_components=(component("Week", "BR9", "3"),)
    )
    return seen(RecordKind.LEARNING_AGREEMENT, replace(LA, first_version=lists))


CASES: tuple[tuple[str, Make], ...] = (
    ("PROGRAMME_LEVEL_MISMATCH", lambda: ours(eqf_level_studied_at_departure=7)),
    ("PROGRAMME_FIELD_MISMATCH", lambda: ours(nominee_isced_f_code="0313")),
    (
        "DUPLICATE_NOMINATION",
        lambda: a_stay(nomination_others=(nominated(replace(NOMINATION, omobility_id=OTHER)),)),
    ),
    ("DUPLICATE_NOMINATION", lambda: a_stay(other_stays=(another(),))),
    ("DUPLICATE_NOMINATION", lambda: a_stay(other_stays=(another(last_day=None),))),
    ("DUPLICATE_NOMINATION", lambda: a_stay(other_stays=(another(first_day=None, terms=(AUTUMN,)),))),
    (
        "DUPLICATE_NOMINATION",
        lambda: a_stay(
            application=None, learning_agreement=None, exchange=None, other_stays=(another(terms=(AUTUMN,)),)
        ),
    ),
    ("NOMINATION_STATUS_DRIFT", lambda: ours(status=NominationStatus.REJECTED)),
    ("NOMINATION_STATUS_DRIFT", lambda: ours(status=NominationStatus.CANCELLED)),
    ("NOMINATION_STATUS_DRIFT", lambda: a_stay(application=applied(cancelled=True))),
    (
        "NOMINATION_STATUS_DRIFT",
        lambda: a_stay(nomination_others=(nominated(replace(NOMINATION, status=PENDING)),)),
    ),
    ("NOMINATION_DECISION_LOST", decided),
    ("NOMINATION_PROPOSAL_STALE", lambda: decided("p0")),
    ("NOMINATION_DECISION_OVERDUE", lambda: ours(status=PENDING)),
    ("TERM_YEAR_MISMATCH", lambda: ours(receiving_academic_year_id="2025/2026")),
    ("TERM_YEAR_MISMATCH", lambda: ours(receiving_academic_year_id="2028/2028")),
    ("ACTIVITY_TYPE_MISMATCH", lambda: a_stay(learning_agreement=blended())),
    (
        "NOMINATION_CHANGED_AFTER_APPROVAL",
        lambda: theirs(THEIRS, eqf_level_studied_at_departure=7),
    ),
    (
        "IMMUTABLE_CHANGED",
        lambda: theirs(replace(THEIRS, student=replace(PERSON, civic_number="199912319999"))),
    ),
    ("PROPOSAL_ID_INCONSISTENT", lambda: theirs(waiting(comment="Please."))),
    ("PROPOSAL_ID_INCONSISTENT", lambda: theirs(waiting(proposal_id="p0"))),
)


@pytest.mark.parametrize(("code", "make"), CASES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(CASES)])
def test_each_fact_out_of_order_gives_its_code(code: str, make: Make) -> None:
    assert codes(RULES, make()) == [code]


def test_every_rule_is_shown_to_fire_and_registered() -> None:
    assert [rule.code for rule in RULES] == list(dict.fromkeys(code for code, _ in CASES))
    assert set(RULES) <= set(registry.STAY_RULES)


NEAR_MISSES: dict[str, Make] = {
    "the outgoing stay in order": a_stay,
    "the incoming stay in order": an_incoming_stay,
    "no nomination at all": lambda: a_stay(nomination=None),
    "no application at all": lambda: a_stay(application=None),
    "a partner's student studies as the partner says": lambda: theirs(
        eqf_level_studied_at_departure=7, nominee_isced_f_code="0313"
    ),
    "a level of the application that is none": lambda: a_stay(application=applied(study_level="X")),
    "no level at all": lambda: a_stay(application=applied(study_level=None)),
    "another detailed field of the same broad field": lambda: ours(nominee_isced_f_code="0541"),
    "no field at all": lambda: ours(nominee_isced_f_code=None),
    "an application that is gone": lambda: a_stay(
        nomination=nominated(
            replace(NOMINATION, eqf_level_studied_at_departure=7, nominee_isced_f_code="0313")
        ),
        application=seen(RecordKind.APPLICATION, APPLICATION, gone_at=LONG_AGO),
    ),
    "the other nomination was cancelled": lambda: a_stay(
        nomination_others=(
            nominated(replace(NOMINATION, omobility_id=OTHER, status=NominationStatus.CANCELLED)),
        )
    ),
    "the other nomination is gone": lambda: a_stay(
        nomination_others=(nominated(replace(NOMINATION, omobility_id=OTHER), gone_at=LONG_AGO),)
    ),
    "the other stays are at other times, not nominated, over, or tell it themselves": lambda: a_stay(
        other_stays=(
            another(first_day=date(2026, 1, 18), last_day=date(2026, 6, 6)),
            another(nominated=False),
            another(active=False),
            another(stay_id="P1-2"),
            another(first_day=None),
            another(first_day=None, terms=(AUTUMN.following,)),
        )
    ),
    "two nominations of a person who is two": lambda: replace(
        a_stay(other_stays=(another(),)),
        persons=tuple(
            replace(each, person=replace(PERSON, civic_number=f"19991231999{at}"))
            for at, each in enumerate(a_stay().persons)
        ),
    ),
    "cancelled on both sides": lambda: a_stay(
        nomination=nominated(replace(NOMINATION, status=NominationStatus.CANCELLED)),
        application=applied(cancelled=True),
    ),
    "cancelled a moment ago": lambda: a_stay(
        nomination=nominated(replace(NOMINATION, status=NominationStatus.CANCELLED), changed_at=NOW)
    ),
    "cancelled without an application": lambda: a_stay(
        nomination=nominated(replace(NOMINATION, status=NominationStatus.CANCELLED)), application=None
    ),
    "a second copy with the same status": lambda: a_stay(nomination_others=(nominated(),)),
    "a decision sent an hour ago": lambda: decided(sent_at=NOW - timedelta(hours=1)),
    "a decision not yet sent": lambda: decided(sent_at=None),
    "a decision on an earlier proposal that was taken": lambda: decided("p0", state=DecisionState.CONFIRMED),
    "a decision on a proposal of version 2": lambda: replace(
        decided("p0"), nomination=nominated(waiting(proposal_id=None), changed_at=NOW)
    ),
    "a decision that shows": lambda: replace(decided(), nomination=nominated(THEIRS)),
    "a decision on something else": lambda: decided(on="learning_agreement"),
    "a student of ours, whose nomination the partner decides on": lambda: a_stay(
        decisions=decided().decisions
    ),
    "waiting for a week": lambda: a_stay(
        nomination=nominated(replace(NOMINATION, status=PENDING), changed_at=NOW - timedelta(days=7))
    ),
    "a stay outside of terms": lambda: ours(
        sending_academic_term_ewp_id=None, non_standard_mobility_period=True
    ),
    "a term that is none": lambda: ours(sending_academic_term_ewp_id="2026/2027-3/2"),
    "a southern year that meets the term": lambda: ours(receiving_academic_year_id="2026/2026"),
    "a learning agreement without a table": lambda: a_stay(
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, replace(LA, first_version=None))
    ),
    "no learning agreement": lambda: a_stay(learning_agreement=None),
    "a nomination that states no kind": lambda: ours(activity_attributes=None),
    "the student's address changed after the approval": lambda: theirs(
        replace(THEIRS, student=replace(PERSON, email="old@brava.example"))
    ),
    "changed before the approval, under a new id": lambda: theirs(
        waiting(proposal_id="p0", eqf_level_studied_at_departure=7)
    ),
    "changed in version 2": lambda: theirs(
        waiting(proposal_id=None, eqf_level_studied_at_departure=7), proposal_id=None
    ),
    "the nomination is gone": lambda: an_incoming_stay(nomination=nominated(THEIRS, waiting(), gone_at=NOW)),
    "one person beside a bad identifier": lambda: theirs(
        replace(THEIRS, student=replace(PERSON, global_id="4711")), comment=None
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_is_nearly_out_of_order_is_left_alone(make: Make) -> None:
    assert codes(RULES, make()) == []


def test_a_rejected_stay_that_ended_long_ago_is_left_alone() -> None:
    assert (
        codes(RULES, replace(ours(status=NominationStatus.REJECTED), now=datetime(2029, 1, 1, tzinfo=UTC)))
        == []
    )
    assert codes(RULES, ours(status=None)) == []


def test_universities_and_person_may_not_change_under_one_id() -> None:
    esi = "urn:schac:personalUniqueCode:int:esi:brava.example:1"
    former = replace(
        THEIRS,
        sending_hei=NominationSide(CALA),
        receiving_hei=NominationSide(BRAVA),
        student=replace(PERSON, global_id=esi),
        proposal_id="p0",
        status=PENDING,
    )
    found = findings(RULES, theirs(former))
    assert [(each.code, each.place, each.due_on) for each in found] == [
        ("IMMUTABLE_CHANGED", "receiving-hei", FIRST),
        ("IMMUTABLE_CHANGED", "sending-hei", FIRST),
        ("IMMUTABLE_CHANGED", "student", FIRST),
    ]


def test_a_long_wait_is_graver_when_the_stay_begins_soon() -> None:
    case = ours(status=PENDING)
    (found,) = findings(RULES, case)
    assert (found.severity, found.owner, found.values["receiver"]) == (Severity.WARNING, Owner.PARTNER, BRAVA)
    early = replace(case, now=datetime(2026, 5, 10, 12, tzinfo=UTC))
    (found,) = findings(RULES, early)
    assert (found.severity, found.values["since"]) == (Severity.INFORMATION, "2026-04-01")
    waits = an_incoming_stay(nomination=nominated(waiting()), now=datetime(2026, 5, 10, 12, tzinfo=UTC))
    (found,) = findings(RULES, waits)
    assert (found.owner, found.values["receiver"]) == (Owner.US, US)
    dateless = replace(early, learning_agreement=None, application=None, exchange=None)
    (found,) = findings(RULES, dateless)
    assert found.due_on is None


def test_a_wait_goes_on_through_corrections_of_the_students_data() -> None:
    corrected = nominated(waiting(), waiting(student=replace(PERSON, email=None)), waiting(proposal_id="p0"))
    assert pending_since(corrected) == EARLIER


def test_a_rejected_nomination_tells_both_statuses() -> None:
    (found,) = findings(RULES, ours(status=NominationStatus.REJECTED))
    assert found.text.en == "The nomination is rejected; our mobility system says active."


def test_a_term_is_its_part_of_the_year() -> None:
    assert term_days("2026/2027-1/1") == (date(2026, 9, 1), date(2027, 8, 31))
    assert term_days("2026/2027-2/2") == (date(2027, 3, 2), date(2027, 8, 31))
    assert term_days("2026/2029-1/2") is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("2026/2027-1/2", ["HT26"]),
        ("2026/2027-2/2", ["VT27"]),
        ("2026/2027-1/1", ["HT26", "VT27"]),
        ("2026/2027-2/3", ["HT26", "VT27"]),
        ("2026/2027-3/3", ["VT27"]),
        ("2026/2026-1/2", ["VT26"]),
        ("2026/2026-2/2", ["HT26"]),
        ("2026/2027-3/2", []),
        ("2026/2029-1/2", []),
        ("autumn", []),
    ],
)
def test_a_term_of_the_network_takes_terms_of_ours(text: str, codes: list[str]) -> None:
    assert [each.code for each in terms_of(text)] == codes
    assert term_days("autumn") is None


def test_a_proposal_of_changes_tells_the_kind_of_stay_too() -> None:
    lists = replace(FIRST_VERSION, blended_mobility_components=(component("Week", "BR9", "3"),))
    proposed = replace(LA, first_version=None, changes_proposal=ChangesProposal("c1", lists))
    case = a_stay(
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, proposed),
        nomination=nominated(replace(NOMINATION, activity_attributes=ActivityAttributes.SHORT_TERM_DOCTORAL)),
    )
    (found,) = findings(RULES, case)
    assert found.values == {"nominated": "short-term-doctoral", "agreed": "short-term-blended"}
