"""A copy as a row, and back."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row

from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord, StoredCopy
from mobility_bridge.store.columns import from_micros, to_digest, to_micros
from mobility_bridge.store.tables import copies

Raw = str | bytes | int | bool | None
"""A value as the driver takes it and gives it back."""

COLUMNS = tuple(column.name for column in copies.columns)
"""Key (3), facts, then times (5: fetched, first seen, changed, confirmed, gone)."""

_FACTS = COLUMNS[3 : COLUMNS.index("fetched_at")]
DOCUMENT = slice(_FACTS.index("document_sha256"), _FACTS.index("text_digest"))
"""Of the facts those that say where the copy stands."""

HELD = ("iia_id", *_FACTS, "first_seen_at", "gone_at")
"""What a copy that comes in is held against."""


class Held(NamedTuple):
    """A stored copy as the driver gives it: what is only compared need not be decoded."""

    facts: tuple[Raw, ...]
    first_seen_at: int
    gone_at: int | None


def held(row: Sequence[Any]) -> Held:
    """Read a row of the columns `HELD`."""
    _, *facts, first_seen_at, gone_at = row
    return Held(tuple(facts), first_seen_at, gone_at)


def facts_of(copy: AgreementCopy) -> tuple[Raw, ...]:
    """All of a copy but its key and times, encoded. Two copies state the same when these are equal."""
    return (
        copy.source,
        copy.partner_iia_id,
        compact(copy.listed_hei_ids),
        copy.iia_code,
        copy.partner_iia_code,
        copy.in_effect,
        copy.terminated,
        copy.iia_hash,
        None if copy.computed_hash is None else to_digest(copy.computed_hash),
        copy.hash_verdict.value,
        copy.valid_for_approval,
        to_digest(copy.content_digest),
        to_digest(copy.document.sha256),
        copy.document.format,
        copy.document.position,
        None if copy.text_digest is None else to_digest(copy.text_digest),
        copy.stray_attributes,
        None if copy.record is None else _record_text(copy.record),
    )


def says_the_same(held: tuple[Raw, ...], facts: tuple[Raw, ...]) -> bool:
    """`AgreementCopy.says_the_same_as`, on encoded facts: the document counts only where there is no text digest."""
    if facts[DOCUMENT.stop] is None:
        return held == facts
    return (
        held[: DOCUMENT.start] == facts[: DOCUMENT.start] and held[DOCUMENT.stop :] == facts[DOCUMENT.stop :]
    )


def in_same_document(held: tuple[Raw, ...], facts: tuple[Raw, ...]) -> bool:
    """Whether the copy still stands at its place in its document."""
    return held[DOCUMENT] == facts[DOCUMENT]


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
        text_digest=row.text_digest,
    )
    return StoredCopy(copy, row.first_seen_at, row.changed_at, row.confirmed_at, row.gone_at)


compact = json.JSONEncoder(separators=(",", ":")).encode
"""JSON without white space."""


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
