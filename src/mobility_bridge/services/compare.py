"""Cases go to the engine, findings are folded into discrepancies: only for what changed or came due."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import AgreementCase, Concluded, Verdict
from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    SubjectKind,
)
from mobility_bridge.domain.identifiers import IiaHash
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.engine import evaluate_agreement, evaluate_partner, evaluate_source
from mobility_bridge.reconcile.fold import fold
from mobility_bridge.services.context import Context
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.subjects import parse_key

CHUNK = 50
"""Subjects compared in one unit of work."""

Change = tuple[Discrepancy, DiscrepancyEvent]


@dataclass(frozen=True, slots=True)
class CompareReport:
    """What a comparison found."""

    compared: int = 0
    opened: int = 0
    changed: int = 0
    resolved: int = 0

    def __add__(self, other: "CompareReport") -> "CompareReport":
        return CompareReport(
            self.compared + other.compared,
            self.opened + other.opened,
            self.changed + other.changed,
            self.resolved + other.resolved,
        )


async def compare(context: Context) -> CompareReport:
    """Compare every subject that changed, and those whose day to look again has come."""
    started = context.clock.monotonic()
    compared = 0
    kinds: Counter[DiscrepancyEventKind] = Counter()
    while True:
        keys, changes = await context.store.write(lambda uow: _compare_chunk(uow, context))
        if not keys:
            break
        compared += len(keys)
        kinds.update(event.kind for _, event in changes)
        for discrepancy, event in changes:
            _log(context, discrepancy, event)
    report = CompareReport(
        compared,
        kinds[DiscrepancyEventKind.OPENED] + kinds[DiscrepancyEventKind.REOPENED],
        kinds[DiscrepancyEventKind.CHANGED],
        kinds[DiscrepancyEventKind.RESOLVED],
    )
    if compared:
        context.log.event(
            "comparison.finished",
            compared=compared,
            opened=report.opened,
            changed=report.changed,
            resolved=report.resolved,
            duration_s=round(context.clock.monotonic() - started, 3),
        )
    return report


def _compare_chunk(uow: UnitOfWork, context: Context) -> tuple[Sequence[str], list[Change]]:
    now = context.clock.now()
    keys = uow.work.to_compare(CHUNK) or uow.work.due(now.date(), CHUNK)
    gathering = Gathering(context, uow, now)
    changes: list[Change] = []
    for key in keys:
        verdict = judge(gathering, key)
        existing = uow.discrepancies.of_subject(key)
        for discrepancy, event in fold(existing, verdict.findings, now):
            uow.discrepancies.save(discrepancy, event)
            if event is not None:
                changes.append((discrepancy, event))
        uow.work.compared(key, _later(verdict, now))
    return keys, changes


def _later(verdict: Verdict, now: datetime) -> date | None:
    """The day to look again, never today: what is due today has just been looked at."""
    tomorrow = now.date() + timedelta(days=1)
    return max(verdict.revisit_on, tomorrow) if verdict.revisit_on is not None else None


def judge(gathering: Gathering, key: str) -> Verdict:
    """Gather one subject's case, keep what it settles about approvals, and let the engine speak."""
    subject = parse_key(key)
    if subject.kind is SubjectKind.PARTNER:
        assert subject.partner_hei_id is not None
        return evaluate_partner(gathering.partner(subject.partner_hei_id))
    if subject.kind is SubjectKind.SOURCE:
        return evaluate_source(gathering.source(subject.source or ""))
    case = gathering.agreement(subject)
    if case is None:
        return Verdict(())
    if settle_approvals(gathering.uow, case, gathering.now):
        case = gathering.agreement(subject) or case
    return evaluate_agreement(case)


def settle_approvals(uow: UnitOfWork, case: AgreementCase, now: datetime) -> bool:
    """Bind our approval to the text it was given to, and remember a pair that both sides approved.

    Our own system records only that we approved. The text is the partner's copy as last verified when the
    approval first shows; it stays bound to that text when the copy changes later. True if anything was written.
    """
    bound = _bind_own_approval(uow, case, now)
    pair = _concluded_now(uow, case, now)
    if pair is not None:
        uow.approvals.conclude(pair)
    return bound or pair is not None


def _bind_own_approval(uow: UnitOfWork, case: AgreementCase, now: datetime) -> bool:
    local, partner, held = case.local, case.partner, case.approval_by_us
    if local is None or local.copy.record is None:
        return False
    if not local.copy.record.own_approval or not local.live:
        if held is None:
            return False
        return uow.approvals.withdraw(ApprovalSide.BY_US, held.partner_hei_id, held.iia_id, now)
    if held is not None or partner is None or not partner.live:
        return False
    copy = partner.copy
    if copy.iia_hash is None or not copy.hash_verdict.trusted:
        return False
    approval = Approval(
        ApprovalSide.BY_US, copy.holder_hei_id, copy.iia_id, copy.iia_hash, now, now, copy.document.sha256
    )
    return uow.approvals.save(approval)


def _concluded_now(uow: UnitOfWork, case: AgreementCase, now: datetime) -> Concluded | None:
    """The pair of texts that both sides' current approvals name, if it is not the one already known."""
    local, partner = case.local, case.partner
    if local is None or partner is None or not (local.live and partner.live):
        return None
    ours: IiaHash | None = local.copy.iia_hash
    theirs: IiaHash | None = partner.copy.iia_hash
    by_us = uow.approvals.current(ApprovalSide.BY_US, partner.copy.holder_hei_id, partner.copy.iia_id)
    by_partner = case.approval_by_partner
    if ours is None or theirs is None or by_us is None or by_partner is None:
        return None
    if by_partner.iia_hash != ours or by_us.iia_hash != theirs:
        return None
    known = case.concluded
    if known is not None and (known.local_hash, known.partner_hash) == (ours, theirs):
        return None
    return Concluded(
        partner.copy.holder_hei_id, local.copy.iia_id, partner.copy.iia_id, ours, theirs, concluded_at=now
    )


def _log(context: Context, discrepancy: Discrepancy, event: DiscrepancyEvent) -> None:
    finding = discrepancy.finding
    fields = {
        "discrepancy_id": discrepancy.discrepancy_id,
        "code": finding.code,
        "severity": finding.severity.value,
        "owner": finding.owner.value,
        "subject": str(finding.subject),
        "partner_hei_id": finding.subject.partner_hei_id,
        "iia_id": finding.subject.iia_id,
    }
    if event.kind is not DiscrepancyEventKind.RESOLVED:
        fields["due_on"] = finding.due_on.isoformat() if finding.due_on is not None else None
    context.log.event(f"discrepancy.{event.kind.value}", **fields)
