"""Ask the rules about stays, all of them or under one code."""

from typing import Any

from tests.support.stays import a_stay, an_incoming_stay, seen

from mobility_bridge.domain.discrepancy import Finding
from mobility_bridge.domain.learning_agreement import LearningAgreement
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.registry import STAY_RULES

_TIMES = ("gone_at", "confirmed_at", "changed_at", "first_seen_at")


def found(case: StayCase) -> list[Finding]:
    """All that the rules say."""
    return [finding for rule in STAY_RULES for finding in rule.findings(case)]


def said(case: StayCase, code: str) -> list[Finding]:
    """What the rules say under one code."""
    return [finding for rule in STAY_RULES if rule.code == code for finding in rule.findings(case)]


def speaks_well(finding: Finding) -> bool:
    """Whether it leads on to a command, and no value that its sentences need is missing."""
    sentences = (finding.text.en, finding.text.sv, finding.next_step.en, finding.next_step.sv)
    leads_on = "students explain P1" in finding.next_step.en
    return leads_on and not any("–" in each or "{" in each for each in sentences)


def outgoing(la: LearningAgreement, *earlier: Any, **facts: Any) -> StayCase:
    """Our student with this learning agreement; times of its record may be given."""
    times = {name: facts.pop(name) for name in _TIMES if name in facts}
    return a_stay(learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la, *earlier, **times), **facts)


def incoming(la: LearningAgreement, *earlier: Any, **facts: Any) -> StayCase:
    """A partner's student with this learning agreement."""
    times = {name: facts.pop(name) for name in _TIMES if name in facts}
    return an_incoming_stay(
        learning_agreement=seen(RecordKind.LEARNING_AGREEMENT, la, *earlier, **times), **facts
    )
