"""Where an agreement stands, worked out once before any rule is asked.

Source: EWP agreements: what each side stores; which hash an approval carries; states.
"""

from dataclasses import replace
from datetime import date

from mobility_bridge.domain.approval import Approval, ApprovalSide
from mobility_bridge.domain.case import AgreementCase, CopyView, PartnerApproval, Pending, Standing
from mobility_bridge.domain.comparison import Comparison
from mobility_bridge.domain.snapshot import AgreementCopy, HashVerdict
from mobility_bridge.reconcile.calendar import first_day, last_days
from mobility_bridge.reconcile.diff import compare
from mobility_bridge.reconcile.identity import (
    COMPARABLE_DESPITE,
    identity_trouble,
    living,
    unknown_heis,
    was_concluded,
)

_MOST_SPLIT_COPIES = 50


def work_out(case: AgreementCase) -> AgreementCase:
    """Fill in what the rules share: the comparison, a recognised split, and where the agreement stands."""
    case = replace(case, split_over=_split_over(case))
    first, last = _span(case)
    ended = last is not None and last < case.today
    trouble = None if ended else identity_trouble(case)
    comparison = None if ended or case.split_over else _comparison(case)
    comparable = comparison is not None and (trouble is None or trouble in COMPARABLE_DESPITE)
    mapped = comparable and trouble is None
    standing = Standing(
        trouble=trouble,
        comparable=comparable,
        mapped=mapped,
        approvable=mapped and _hash_believed(case),
        was_concluded=was_concluded(case),
        approved_by_us=_approved_by_us(case),
        partner_approval=partner_approval(case),
        pending=_pending(case),
        first_day=first,
        last_day=last,
        ended=ended,
    )
    return replace(case, comparison=comparison if comparable else None, standing=standing)


def partner_approval(case: AgreementCase) -> PartnerApproval:
    """Say what the partner's approval means; each hash is looked for where it would come from."""
    local = case.local.copy if case.local is not None else None
    if local is None or local.iia_hash is None:
        return PartnerApproval.NOT_ASKED
    approval = case.approval_by_partner
    if approval is None or not approval.current:
        return _no_approval(case, local)
    meanings = (
        (PartnerApproval.CURRENT, {local.iia_hash}),
        (PartnerApproval.CONCLUDED, {case.concluded.local_hash} if case.concluded is not None else set()),
        (PartnerApproval.UNMAPPED_TEXT, _local_hashes(case, mapped=False)),
        (PartnerApproval.EARLIER, _local_hashes(case, mapped=True)),
        # Last: a partner that once exchanged the parties served our very text, hash and all.
        (PartnerApproval.WRONG_COPY, _partner_hashes(case)),
    )
    found = (meaning for meaning, hashes in meanings if approval.iia_hash in hashes)
    return next(found, PartnerApproval.UNKNOWN_HASH)


def _no_approval(case: AgreementCase, local: AgreementCopy) -> PartnerApproval:
    """Tell an approval taken away from one never given, and both from a question never answered."""
    last = case.approval_by_partner or _last_approval(case, local)
    if last is None:
        return PartnerApproval.NOT_ASKED if case.approvals_read_at is None else PartnerApproval.ABSENT
    standing_texts = {local.iia_hash}
    if case.concluded is not None:
        standing_texts.add(case.concluded.local_hash)
    return PartnerApproval.WITHDRAWN if last.iia_hash in standing_texts else PartnerApproval.ABSENT


def _last_approval(case: AgreementCase, local: AgreementCopy) -> Approval | None:
    return next(
        (
            each
            for each in case.earlier_approvals
            if each.side is ApprovalSide.BY_PARTNER and each.iia_id == local.iia_id and not each.current
        ),
        None,
    )


def _partner_hashes(case: AgreementCase) -> set[str | None]:
    if case.partner is None:
        return set()
    copies = (case.partner.stored, *case.partner_history)
    return {value for each in copies for value in (each.copy.iia_hash, each.copy.computed_hash) if value}


def _local_hashes(case: AgreementCase, *, mapped: bool) -> set[str | None]:
    return {
        each.copy.iia_hash for each in case.local_history if (each.copy.partner_iia_id is not None) is mapped
    }


def _approved_by_us(case: AgreementCase) -> bool:
    """We approved the partner's text as it is now; our own system may say so without naming the text."""
    partner = living(case.partner)
    if partner is None:
        return False
    approval = case.approval_by_us
    if approval is not None:
        return approval.current and approval.iia_hash == partner.iia_hash
    record = case.local.copy.record if case.local is not None else None
    return record is not None and record.own_approval


def _hash_believed(case: AgreementCase) -> bool:
    partner = living(case.partner)
    return partner is not None and (
        partner.hash_verdict.trusted or partner.hash_verdict is HashVerdict.NOT_CHECKED
    )


def _pending(case: AgreementCase) -> Pending:
    local, partner = living(case.local), living(case.partner)
    if case.concluded is None or local is None or partner is None:
        return Pending.NONE
    ours = local.iia_hash is not None and local.iia_hash != case.concluded.local_hash
    theirs = _hash_believed(case) and partner.iia_hash != case.concluded.partner_hash
    if ours and theirs:
        return Pending.BOTH
    if ours:
        return Pending.OURS
    return Pending.PARTNERS if theirs else Pending.NONE


def _span(case: AgreementCase) -> tuple[date | None, date | None]:
    """The first and last day of the agreement, over all conditions of both copies."""
    conditions = [
        condition
        for view in (case.local, case.partner)
        if view is not None and view.iia is not None
        for condition in view.iia.conditions
    ]
    ends = last_days(conditions)
    return first_day(conditions), ends[-1] if ends else None


def _comparison(case: AgreementCase) -> Comparison | None:
    """Compare the terms, unless a copy is missing, gone, unreadable or about other HEIs."""
    local, partner = case.local, case.partner
    if local is None or partner is None or not (local.live and partner.live):
        return None
    if local.iia is None or partner.iia is None:
        return None
    if not local.iia.conditions or not partner.iia.conditions:
        return None
    if unknown_heis(case, local.iia) or unknown_heis(case, partner.iia):
        return None
    return compare(local.iia, partner.iia)


def _split_over(case: AgreementCase) -> tuple[CopyView, ...]:
    """The partner's copies that each list our id and together hold exactly our conditions."""
    local, partner = case.local, case.partner
    if local is None or local.iia is None or not local.live or partner is None or partner.iia is None:
        return ()
    copies = [
        view
        for view in (partner, *case.competing_partner_copies)
        if view.live and view.iia is not None and view.copy.partner_iia_id == local.copy.iia_id
    ]
    if not 1 < len(copies) <= _MOST_SPLIT_COPIES:
        return ()
    together = tuple(c for view in copies if view.iia is not None for c in view.iia.conditions)
    whole = compare(local.iia, replace(partner.iia, conditions=together))
    complete = not whole.missing and not whole.extra and not whole.splits
    return tuple(copies) if complete and not any(p.direction_swapped for p in whole.pairs) else ()
