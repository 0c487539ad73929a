"""What a write makes of what is there: the decisions that every implementation shares.

Facts in, rows out; no implementation decides for itself what merging, confirming or replacing means.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote, quote_plus

from mobility_bridge.domain.approval import Approval
from mobility_bridge.domain.case import Concluded
from mobility_bridge.domain.discrepancy import Discrepancy, Severity
from mobility_bridge.domain.identifiers import HeiId, IiaId
from mobility_bridge.domain.notification import ChangeNotification, CnrState
from mobility_bridge.domain.snapshot import AgreementCopy


def is_local(copy: AgreementCopy) -> bool:
    """Ours: one of our own systems keeps a record of it."""
    return copy.record is not None


def counterparts(pairs: Iterable[tuple[HeiId, HeiId]], own: Collection[HeiId]) -> set[HeiId]:
    """Of each pair of holder and other party, the one that is not us; `own` are the holders of our copies."""
    return {partner if holder in own else holder for holder, partner in pairs}


def blanked(address: str, hidden: Collection[str]) -> str:
    """An address without what is not to be seen in it, written plain or escaped as addresses are."""
    for text in hidden:
        for spelled in {text, quote(text, safe=""), quote_plus(text)}:
            address = address.replace(spelled, "***") if spelled else address
    return address


@dataclass(frozen=True, slots=True)
class LinkDecision:
    """One decision of a person about one pairing."""

    partner_hei_id: HeiId
    iia_id: IiaId
    partner_iia_id: IiaId
    confirmed: bool
    decided_by: str
    reason: str
    decided_at: datetime


def standing_links(
    decisions: Iterable[LinkDecision],
) -> tuple[dict[IiaId, IiaId], set[tuple[IiaId, IiaId]]]:
    """What holds after all decisions about one partner, oldest first: confirmed pairs and rejected ones.

    Both sides of a confirmed pair belong to it alone: a later pair with either id takes its place.
    """
    confirmed: dict[IiaId, IiaId] = {}
    rejected: set[tuple[IiaId, IiaId]] = set()
    for decision in decisions:
        pair = (decision.iia_id, decision.partner_iia_id)
        if decision.confirmed:
            rejected.discard(pair)
            confirmed = {
                ours: theirs for ours, theirs in confirmed.items() if ours != pair[0] and theirs != pair[1]
            }
            confirmed[pair[0]] = pair[1]
        else:
            rejected.add(pair)
            if confirmed.get(pair[0]) == pair[1]:
                del confirmed[pair[0]]
    return confirmed, rejected


def seen_again(current: Approval, approval: Approval) -> Approval | None:
    """The current approval seen once more, or None when `approval` names another text."""
    if current.iia_hash != approval.iia_hash:
        return None
    document = current.document if approval.document is None else approval.document
    return replace(current, last_seen_at=approval.last_seen_at, document=document)


def same_conclusion(last: Concluded | None, pair: Concluded) -> bool:
    """Whether this pair of texts is the one remembered last."""
    return last is not None and replace(last, concluded_at=pair.concluded_at) == pair


def queued_again(pending: ChangeNotification, cause: str, expires_at: datetime) -> ChangeNotification:
    """Merge one more change into a pending notification; it may be tried as long as the newer one."""
    return replace(
        pending,
        merged=pending.merged + 1,
        version=pending.version + 1,
        cause=cause,
        expires_at=max(pending.expires_at, expires_at),
    )


def after_attempt(stored: ChangeNotification, outcome: ChangeNotification) -> tuple[ChangeNotification, bool]:
    """Decide what an attempt's outcome makes of the row, and whether the outcome stands.

    A newer change was merged in when the versions differ. Then the row stays pending: at once when this
    attempt reached a verdict (that was about the older change), after the attempt's own pause when it did not.
    """
    if stored.version == outcome.version:
        return replace(outcome, leased_until=None), True
    row = replace(stored, leased_until=None, attempts=0, last_error=None)
    if outcome.state is CnrState.PENDING:
        row = replace(
            row,
            attempts=outcome.attempts,
            next_attempt_at=outcome.next_attempt_at,
            last_error=outcome.last_error,
        )
    return row, False


_SEVERITIES = {severity: rank for rank, severity in enumerate(Severity)}


def urgency(discrepancy: Discrepancy) -> tuple[int, str, datetime, str]:
    """The sort key of a list of discrepancies: severity, due day (none last), first seen, id."""
    finding = discrepancy.finding
    due = "9999-99-99" if finding.due_on is None else finding.due_on.isoformat()
    return _SEVERITIES[finding.severity], due, discrepancy.first_seen_at, discrepancy.discrepancy_id
