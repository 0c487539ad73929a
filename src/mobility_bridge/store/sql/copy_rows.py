"""A copy as a row, and back."""

import json
from typing import Any

from sqlalchemy import Row

from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord, StoredCopy
from mobility_bridge.store.columns import from_micros, to_micros


def row_of(stored: StoredCopy) -> dict[str, Any]:
    """Values by column name, for `copies` and `copies_history` alike."""
    copy = stored.copy
    return {
        "holder_hei_id": copy.holder_hei_id,
        "partner_hei_id": copy.partner_hei_id,
        "iia_id": copy.iia_id,
        "source": copy.source,
        "partner_iia_id": copy.partner_iia_id,
        "listed_hei_ids": compact(copy.listed_hei_ids),
        "iia_code": copy.iia_code,
        "partner_iia_code": copy.partner_iia_code,
        "in_effect": copy.in_effect,
        "terminated": copy.terminated,
        "iia_hash": copy.iia_hash,
        "computed_hash": copy.computed_hash,
        "hash_verdict": copy.hash_verdict.value,
        "valid_for_approval": copy.valid_for_approval,
        "content_digest": copy.content_digest,
        "document_sha256": copy.document.sha256,
        "document_format": copy.document.format,
        "document_position": copy.document.position,
        "fetched_at": copy.fetched_at,
        "stray_attributes": copy.stray_attributes,
        "record": None if copy.record is None else _record_text(copy.record),
        "first_seen_at": stored.first_seen_at,
        "changed_at": stored.changed_at,
        "confirmed_at": stored.confirmed_at,
        "gone_at": stored.gone_at,
    }


def stored_copy(row: Row[Any]) -> StoredCopy:
    """Read a row of `copies` or `copies_history` with all its columns."""
    copy = AgreementCopy(
        source=row.source,
        holder_hei_id=row.holder_hei_id,
        iia_id=row.iia_id,
        partner_hei_id=row.partner_hei_id,
        partner_iia_id=row.partner_iia_id,
        listed_hei_ids=tuple(json.loads(row.listed_hei_ids)),
        iia_code=row.iia_code,
        partner_iia_code=row.partner_iia_code,
        in_effect=row.in_effect,
        terminated=row.terminated,
        iia_hash=row.iia_hash,
        computed_hash=row.computed_hash,
        hash_verdict=HashVerdict(row.hash_verdict),
        valid_for_approval=row.valid_for_approval,
        content_digest=row.content_digest,
        document=DocumentRef(row.document_sha256, row.document_format, row.document_position),
        fetched_at=row.fetched_at,
        stray_attributes=row.stray_attributes,
        record=None if row.record is None else _record(row.record),
    )
    return StoredCopy(copy, row.first_seen_at, row.changed_at, row.confirmed_at, row.gone_at)


def compact(value: object) -> str:
    """JSON without white space."""
    return json.dumps(value, separators=(",", ":"))


def _record_text(record: LocalRecord) -> str:
    return compact(
        {
            "status": record.status,
            "own_approval": record.own_approval,
            "partner_approval": record.partner_approval,
            "record_ids": record.record_ids,
            "modified_at": None if record.modified_at is None else to_micros(record.modified_at),
            "last_notified_at": None
            if record.last_notified_at is None
            else to_micros(record.last_notified_at),
            "problems": record.problems,
        }
    )


def _record(text: str) -> LocalRecord:
    value = json.loads(text)
    modified_at, last_notified_at = value["modified_at"], value["last_notified_at"]
    return LocalRecord(
        status=value["status"],
        own_approval=value["own_approval"],
        partner_approval=value["partner_approval"],
        record_ids=tuple(value["record_ids"]),
        modified_at=None if modified_at is None else from_micros(modified_at),
        last_notified_at=None if last_notified_at is None else from_micros(last_notified_at),
        problems=tuple((field, found) for field, found in value["problems"]),
    )
