"""An explanation as JSON."""

from typing import Any

from mobility_bridge.cli.discrepancies import as_data as discrepancy_data
from mobility_bridge.domain.approval import ApprovalSide
from mobility_bridge.domain.case import AgreementCase, CopyView
from mobility_bridge.domain.comparison import Comparison
from mobility_bridge.services.explain import Explanation

Json = dict[str, Any]
_PARTS = ("differences", "whole", "direction_swapped", "splits", "missing", "extra")


def as_data(found: Explanation) -> Json:
    """Everything that `explain` prints for a person, and the whole hashes."""
    case = found.case
    return {
        **_identity(case),
        "local": _copy(case.local),
        "partner": _copy(case.partner),
        "approvals": _approvals(case),
        **_comparison(found.comparison),
        "fragments": [
            {"what": each.what.en, "segment": each.position, "first": each.one, "second": each.other}
            for each in found.fragments
        ],
        "discrepancies": [discrepancy_data(each) for each in found.discrepancies],
        **_history(found),
    }


def _identity(case: AgreementCase) -> Json:
    return {
        "subject": str(case.subject),
        "partner_hei_id": case.subject.partner_hei_id,
        "iia_id": case.subject.iia_id,
        "partner_iia_id": case.partner.copy.iia_id if case.partner else case.subject.partner_iia_id,
        "concluded_at": case.concluded.concluded_at if case.concluded else None,
        "proposals": [
            {
                "iia_id": each.iia_id,
                "partner_iia_id": each.partner_iia_id,
                "score": each.score,
                "likely": each.likely,
                "renewal": each.renewal,
                "reasons": dict(each.reasons),
            }
            for each in case.proposals
        ],
    }


def _approvals(case: AgreementCase) -> list[Json]:
    present = {
        ApprovalSide.BY_PARTNER: case.local.copy.iia_hash if case.local else None,
        ApprovalSide.BY_US: case.partner.copy.iia_hash if case.partner else None,
    }
    current = [each for each in (case.approval_by_partner, case.approval_by_us) if each is not None]
    return [
        {
            "side": each.side,
            "iia_id": each.iia_id,
            "iia_hash": each.iia_hash,
            "names_the_present_text": each.current and each.iia_hash == present[each.side],
            "since": each.first_seen_at,
            "last_seen_at": each.last_seen_at,
            "until": each.withdrawn_at,
            "proof_sha256": each.document,
        }
        for each in (*current, *case.earlier_approvals)
    ]


def _comparison(comparison: Comparison | None) -> Json:
    if comparison is None:
        nothing: Json = {name: [] for name in _PARTS}
        return {"equality": None, **nothing}
    return {
        "equality": comparison.equality,
        "differences": [
            {
                "condition": pair.label,
                "field": each.field,
                "local": each.local,
                "partner": each.partner,
                "code": each.code,
            }
            for pair in comparison.pairs
            for each in pair.differences
        ],
        "whole": [
            {"field": each.field, "local": each.local, "partner": each.partner, "code": each.code}
            for each in comparison.whole
        ],
        "direction_swapped": [pair.label for pair in comparison.pairs if pair.direction_swapped],
        "splits": [
            {
                "condition": split.label,
                "split_by": split.split_by,
                "local": len(split.local_positions),
                "partner": len(split.partner_positions),
            }
            for split in comparison.splits
        ],
        "missing": [label for _, label in comparison.missing],
        "extra": [label for _, label in comparison.extra],
    }


def _history(found: Explanation) -> Json:
    return {
        "notifications": [
            {
                "kind": each.kind,
                "iia_id": each.iia_id,
                "state": each.state,
                "attempts": each.attempts,
                "cause": each.cause,
                "created_at": each.created_at,
                "finished_at": each.finished_at,
                "last_error": each.last_error,
            }
            for each in found.notifications
        ],
        "timeline": [
            {"at": each.at, "what": each.what.en, "detail": each.detail.en} for each in found.timeline
        ],
        "evidence": [
            {
                "sequence": each.sequence,
                "received_at": each.exchange.received_at,
                "api": each.exchange.api,
                "status": each.exchange.status,
                "verification": each.exchange.verification,
                "sha256": each.body_sha256,
            }
            for each in found.evidence
        ],
    }


def _copy(view: CopyView | None) -> Json | None:
    if view is None:
        return None
    copy = view.copy
    return {
        "source": copy.source,
        "iia_id": copy.iia_id,
        "lists": copy.partner_iia_id,
        "live": view.live,
        "in_effect": copy.in_effect,
        "iia_hash": copy.iia_hash,
        "computed_hash": copy.computed_hash,
        "hash_verdict": copy.hash_verdict,
        "content_digest": copy.content_digest,
        "document_sha256": copy.document.sha256,
        "fetched_at": copy.fetched_at,
        "first_seen_at": view.stored.first_seen_at,
        "changed_at": view.stored.changed_at,
        "gone_at": view.stored.gone_at,
        "status": copy.record.status if copy.record else None,
        "conditions": len(view.iia.conditions) if view.iia else None,
    }
