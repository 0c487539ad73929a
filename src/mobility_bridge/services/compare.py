"""Cases go to the engine, findings are folded into discrepancies: only for what changed or came due."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import AgreementCase, Concluded, Verdict
from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyEvent,
    DiscrepancyEventKind,
    Subject,
    SubjectKind,
)
from mobility_bridge.domain.identifiers import IiaHash
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.record import StudentId
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.engine import (
    evaluate_agreement,
    evaluate_partner,
    evaluate_source,
    evaluate_stay,
)
from mobility_bridge.reconcile.fold import fold
from mobility_bridge.reconcile.protection import any_protected, withheld
from mobility_bridge.services import outbox
from mobility_bridge.services.context import Context
from mobility_bridge.services.gather import Gathering
from mobility_bridge.services.hearing import look_again, newly_heard
from mobility_bridge.services.stay_agreement import KnownAgreements, offer_changed
from mobility_bridge.services.stays import StayGathering
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
    agreements = KnownAgreements()
    await _listen(context)
    while True:
        keys, changes = await context.store.write(lambda uow: _compare_chunk(uow, context, agreements))
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


async def _listen(context: Context) -> None:
    """Have students looked at again of whom a system tells since the last time, or tells no more."""
    if not context.settings.students.enabled:
        return
    now = context.clock.now()
    if await context.store.read(lambda uow: newly_heard(context, uow, now)):
        await context.store.write(lambda uow: look_again(context, uow, now))


def _compare_chunk(
    uow: UnitOfWork, context: Context, agreements: KnownAgreements
) -> tuple[Sequence[str], list[Change]]:
    now = context.clock.now()
    keys = uow.work.to_compare(CHUNK) or uow.work.due(now.date(), CHUNK)
    gathering = Gathering(context, uow, now)
    stays = StayGathering(context, uow, now, agreements=agreements)
    stays.ahead(_students_in(keys))
    changes: list[Change] = []
    for key in keys:
        verdicts = _verdicts(gathering, stays, key)
        _tell_stays(gathering, agreements, key)
        for about, verdict in verdicts.items():
            existing = uow.discrepancies.of_subject(about)
            said = fold(existing, verdict.findings, now)
            uow.discrepancies.save_all(said)
            changes += [(discrepancy, event) for discrepancy, event in said if event is not None]
        days = [day for verdict in verdicts.values() if (day := _later(verdict, now)) is not None]
        uow.work.compared(key, min(days, default=None))
    return keys, changes


def _students_in(keys: Iterable[str]) -> list[StudentId]:
    subjects = map(parse_key, keys)
    return [each.student_id for each in subjects if each.kind is SubjectKind.STUDENT and each.student_id]


def _verdicts(gathering: Gathering, stays: StayGathering, key: str) -> Mapping[str, Verdict]:
    """What is to be said, by whom it is about: a student is looked at whole, and each stay judged."""
    subject = parse_key(key)
    if subject.kind is SubjectKind.STUDENT and subject.student_id is not None:
        return judge_student(stays, subject.student_id)
    verdict = judge(gathering, key)
    return {} if verdict is None else {key: verdict}


def _tell_stays(gathering: Gathering, agreements: KnownAgreements, key: str) -> None:
    """An agreement that was just compared may offer students something else than before."""
    subject = parse_key(key)
    if subject.kind is SubjectKind.AGREEMENT and gathering.context.settings.students.enabled:
        offer_changed(gathering, agreements, subject)


def judge_student(stays: StayGathering, student_id: StudentId) -> dict[str, Verdict]:
    """Judge every stay of a student; of one that no system shows any more nothing is said."""
    students = stays.uow.students
    if students.current(student_id) != student_id:
        return {}
    cases = stays.cases(student_id)
    judged = {case.subject.key: evaluate_stay(case) for case in cases}
    if any_protected(cases):
        judged = {
            key: replace(each, findings=tuple(map(withheld, each.findings))) for key, each in judged.items()
        }
        _withhold(stays.uow, judged)
    for stay in students.stays(student_id):
        key = Subject(SubjectKind.STAY, stay.partner_hei_id, stay_id=stay.stay_id).key
        judged.setdefault(key, Verdict(()))
    return judged


def _withhold(uow: UnitOfWork, keys: Iterable[str]) -> None:
    """Take out of what was said before what may not be told any more."""
    for key in keys:
        for former in uow.discrepancies.of_subject(key):
            left = withheld(former.finding)
            if left != former.finding:
                uow.discrepancies.save(replace(former, finding=left), None)
                uow.privacy.withhold(former.discrepancy_id)


def _later(verdict: Verdict, now: datetime) -> date | None:
    """The day to look again, never today: what is due today has just been looked at."""
    tomorrow = now.date() + timedelta(days=1)
    return max(verdict.revisit_on, tomorrow) if verdict.revisit_on is not None else None


def judge(gathering: Gathering, key: str) -> Verdict | None:
    """Gather one subject's case, keep what it settles about approvals, and let the engine speak.

    None when nothing can be said of it now: what was said before stands.
    """
    subject = parse_key(key)
    if subject.kind is SubjectKind.PARTNER:
        assert subject.partner_hei_id is not None
        if not gathering.knows_partners:
            return None
        return evaluate_partner(gathering.partner(subject.partner_hei_id))
    if subject.kind is SubjectKind.SOURCE:
        return evaluate_source(gathering.source(subject.source or ""))
    case = gathering.agreement(subject)
    if case is None:
        return Verdict(())
    if settle_approvals(gathering, case):
        case = gathering.agreement(subject) or case
    return evaluate_agreement(case)


def settle_approvals(gathering: Gathering, case: AgreementCase) -> bool:
    """Bind our approval to the text it was given to, and remember a pair that both sides approved.

    Our own system records only that we approved, not what. The text is the partner's copy as last verified
    when the approval first shows, and it stays bound to that text when the copy changes later, until our system
    shows that we approved again (`_approved_again`). True if anything was written.
    """
    uow, now = gathering.uow, gathering.now
    bound = _bind_own_approval(gathering, case)
    pair = _concluded_now(uow, case, now)
    if pair is not None:
        uow.approvals.conclude(pair)
    return bound or pair is not None


def _bind_own_approval(gathering: Gathering, case: AgreementCase) -> bool:
    uow, now = gathering.uow, gathering.now
    local, partner, held = case.local, case.partner, case.approval_by_us
    if local is None or local.copy.record is None:
        return False
    if not local.copy.record.own_approval or not local.live:
        if held is None:
            return False
        return uow.approvals.withdraw(ApprovalSide.BY_US, held.partner_hei_id, held.iia_id, now)
    if partner is None or not partner.live or (held is not None and not _approved_again(case, held)):
        return False
    copy = partner.copy
    if copy.iia_hash is None or not copy.hash_verdict.trusted:
        return False
    approval = Approval(
        ApprovalSide.BY_US, copy.holder_hei_id, copy.iia_id, copy.iia_hash, now, now, copy.document.sha256
    )
    if held is not None:  # a first approval is told of when our system is read
        kind, hei_id = CnrKind.IIA_APPROVAL, copy.holder_hei_id
        outbox.queue(uow, gathering.context, kind, hei_id, copy.iia_id, cause="approved again")
    return uow.approvals.save(approval)


def _approved_again(case: AgreementCase, held: Approval) -> bool:
    """Say whether our own system shows that we approved the partner's present text after an earlier one.

    An approval taken off and given again needs no more than that: the first is withdrawn when it is seen off.
    One that stays on says nothing by itself, and a record changes for many reasons. It counts as given again
    only when our system, knowing the partner's present text, has put the agreement in force again: its status
    counts as in force, did not in the text before, and the record changed after we first saw the partner's.
    A second approval that shows in neither way is missed, and the discrepancy stays until a person takes the
    approval off and on: better than to take an edited remark for an approval.

    Source: Mobility-Online: assumed services: `ownApproval` is a flag without a date or a hash.
    """
    local, partner = case.local, case.partner
    if local is None or partner is None or local.copy.record is None or not case.local_history:
        return False
    before = case.local_history[0].copy
    modified_at = local.copy.record.modified_at
    return (
        partner.copy.iia_hash != held.iia_hash
        and local.copy.in_effect
        and not before.in_effect
        and modified_at is not None
        and modified_at > partner.stored.changed_at
    )


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
