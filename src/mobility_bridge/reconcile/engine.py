"""Cases in, verdicts out: the rules over a case, in a stable order."""

from collections.abc import Iterable, Sequence

from mobility_bridge.domain.case import AgreementCase, PartnerCase, SourceCase, Verdict
from mobility_bridge.domain.discrepancy import Finding, Severity
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.registry import AGREEMENT_RULES, PARTNER_RULES, SOURCE_RULES, STAY_RULES
from mobility_bridge.reconcile.revisit import agreement_revisit, partner_revisit, source_revisit
from mobility_bridge.reconcile.rule import CaseT, Rule
from mobility_bridge.reconcile.standing import work_out
from mobility_bridge.reconcile.stay_days import stay_revisit
from mobility_bridge.reconcile.stay_state import work_out_stay

_WORST_FIRST = tuple(Severity)


def evaluate_agreement(case: AgreementCase) -> Verdict:
    """Judge one agreement: compare the copies, work out where it stands, ask every rule."""
    known = work_out(case)
    return Verdict(_ask(AGREEMENT_RULES, known), agreement_revisit(known))


def evaluate_partner(case: PartnerCase) -> Verdict:
    """Judge one partner's host."""
    return Verdict(_ask(PARTNER_RULES, case), partner_revisit(case))


def evaluate_source(case: SourceCase) -> Verdict:
    """Judge one of our own systems, or the network's catalogue."""
    return Verdict(_ask(SOURCE_RULES, case), source_revisit(case))


def evaluate_stay(case: StayCase) -> Verdict:
    """Judge one stay of one student."""
    known = work_out_stay(case)
    return Verdict(_ask(STAY_RULES, known), stay_revisit(known))


def _ask(rules: Sequence[Rule[CaseT]], case: CaseT) -> tuple[Finding, ...]:
    return _ordered(finding for each in rules for finding in each.findings(case))


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort worst first, then by code and place; of two with one identity the first stays."""
    unique: dict[str, Finding] = {}
    for finding in findings:
        unique.setdefault(finding.discrepancy_id, finding)
    return tuple(
        sorted(unique.values(), key=lambda each: (_WORST_FIRST.index(each.severity), each.code, each.place))
    )
