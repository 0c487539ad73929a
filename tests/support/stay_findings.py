"""What some rules about stays say of a case, and whether they say it well."""

from collections.abc import Iterable

from tests.support.stays import PERSON

from mobility_bridge.domain.discrepancy import Finding
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Rule

_SECRETS = (
    *(name.given_names for name in PERSON.names),
    str(PERSON.birth_date),
    PERSON.email or "",
    PERSON.civic_number or "",
    PERSON.global_id or "",
)


def findings(rules: Iterable[Rule[StayCase]], case: StayCase) -> list[Finding]:
    """All findings, each of which must be sayable in both languages and hold nothing personal."""
    unique: dict[str, Finding] = {}
    for rule in rules:
        for finding in rule.findings(case):
            unique.setdefault(finding.discrepancy_id, finding)
    found = list(unique.values())
    for each in found:
        texts = (each.text.en, each.text.sv, each.next_step.en, each.next_step.sv)
        assert all(texts)
        assert not any(mark in text for text in texts for mark in "{}[]–")
        assert each.next_step.en.endswith(f"mobility-bridge students explain {case.subject.student_id}")
        said = " ".join((*texts, each.place, *each.values.values()))
        assert not any(secret in said for secret in _SECRETS)
    return found


def codes(rules: Iterable[Rule[StayCase]], case: StayCase) -> list[str]:
    return [each.code for each in findings(rules, case)]
