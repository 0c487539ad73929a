"""A copy as a row, and back."""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from mobility_bridge.domain.identifiers import IiaHash, Sha256
from mobility_bridge.domain.snapshot import AgreementCopy, DocumentRef, HashVerdict, LocalRecord, StoredCopy
from mobility_bridge.store.columns import from_micros, to_digest, to_micros
from mobility_bridge.store.tables import copies

T = TypeVar("T")

Raw = str | bytes | int | bool | None
"""A value as the driver takes it and gives it back."""

COLUMNS = tuple(column.name for column in copies.columns)
"""Key (3), facts, then times (5: fetched, first seen, changed, confirmed, gone)."""

FACTS = slice(3, COLUMNS.index("fetched_at"))
GONE_AT = COLUMNS.index("gone_at")
WRITTEN = (*COLUMNS[FACTS], "fetched_at", "changed_at", "confirmed_at", "gone_at")
"""What of a copy that is there a changed one replaces."""

DOCUMENT = slice(COLUMNS.index("document_sha256") - FACTS.start, COLUMNS.index("text_digest") - FACTS.start)
"""Of the facts those that say where the copy stands."""


def facts_of(copy: AgreementCopy) -> tuple[Raw, ...]:
    """All of a copy but its key and times, encoded. Two copies state the same when these are equal."""
    return (
        copy.source,
        copy.partner_iia_id,
        _listed(copy.listed_hei_ids),
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
    if held == facts:
        return True
    return (
        facts[DOCUMENT.stop] is not None
        and held[: DOCUMENT.start] == facts[: DOCUMENT.start]
        and held[DOCUMENT.stop :] == facts[DOCUMENT.stop :]
    )


def stored_copy(row: Sequence[Any]) -> StoredCopy:
    """Decode a row of `COLUMNS`, of `copies` or `copies_history`, as the driver gives it."""
    found = dict(zip(COLUMNS, row, strict=True))
    terminated, gone_at = found["terminated"], found["gone_at"]
    copy = AgreementCopy(
        source=found["source"],
        holder_hei_id=found["holder_hei_id"],
        iia_id=found["iia_id"],
        partner_hei_id=found["partner_hei_id"],
        partner_iia_id=found["partner_iia_id"],
        listed_hei_ids=tuple(json.loads(found["listed_hei_ids"])),
        iia_code=found["iia_code"],
        partner_iia_code=found["partner_iia_code"],
        in_effect=bool(found["in_effect"]),
        terminated=None if terminated is None else bool(terminated),
        iia_hash=found["iia_hash"],
        computed_hash=_hex(found["computed_hash"], IiaHash),
        hash_verdict=HashVerdict(found["hash_verdict"]),
        valid_for_approval=bool(found["valid_for_approval"]),
        content_digest=Sha256(found["content_digest"].hex()),
        document=DocumentRef(
            Sha256(found["document_sha256"].hex()), found["document_format"], found["document_position"]
        ),
        fetched_at=from_micros(found["fetched_at"]),
        stray_attributes=bool(found["stray_attributes"]),
        record=None if found["record"] is None else _record(found["record"]),
        text_digest=_hex(found["text_digest"], Sha256),
    )
    return StoredCopy(
        copy,
        from_micros(found["first_seen_at"]),
        from_micros(found["changed_at"]),
        from_micros(found["confirmed_at"]),
        None if gone_at is None else from_micros(gone_at),
    )


def _hex(digest: bytes | None, named: Callable[[str], T]) -> T | None:
    return None if digest is None else named(digest.hex())


compact = json.JSONEncoder(separators=(",", ":")).encode
"""JSON without white space."""


@lru_cache(maxsize=4096)
def _listed(hei_ids: tuple[str, ...]) -> str:
    """Every copy of a partner lists the same two."""
    return compact(hei_ids)


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
