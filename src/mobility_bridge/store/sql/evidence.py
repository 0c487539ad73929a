"""Exchanges, chained by hash, in SQL."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select, update
from zstandard import ZstdError

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange, PackedBody, Verification
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.store.chain import START, ChainEnd, as_json, body_sha256_of, seal, sha256_of
from mobility_bridge.store.changes import blanked
from mobility_bridge.store.columns import to_digest, to_micros
from mobility_bridge.store.sealing import OpenSeal, Seal, unwrap_text, wrap_text
from mobility_bridge.store.sql.documents import SqlDocuments, unpacked
from mobility_bridge.store.sql.statements import bytes_contain, in_chunks, insert_raw, text_contains
from mobility_bridge.store.tables import documents, evidence

SCANNED_BYTES = 64 << 20
"""Bytes of bodies after which a scan stops, to be gone on with."""

_WITH_BODY: Select[Any] = select(evidence, documents.c.body, documents.c.length).select_from(
    evidence.outerjoin(documents, documents.c.sha256 == evidence.c.body_sha256)
)

_END = select(evidence.c.sequence, evidence.c.record_hash).order_by(evidence.c.sequence.desc()).limit(1)


class SqlEvidence:
    """`EvidenceLog` on one transaction.

    Two that append at the same time would take the same number; the key lets only one of them commit.
    """

    def __init__(self, connection: Connection, documents: SqlDocuments, seal: Seal | None = None) -> None:
        self._connection = connection
        self._documents = documents
        self._seal = seal or OpenSeal()

    def append(self, exchanges: Iterable[Exchange]) -> Sequence[int]:
        end = self._end()
        first = end.sequence + 1
        for chunk in in_chunks(exchanges):
            bodies: dict[Sha256, bytes | PackedBody] = {}
            rows = []
            for exchange in chunk:
                body_sha256 = body_sha256_of(exchange)
                bodies[body_sha256] = exchange.packed or exchange.body
                row, end = _linked(exchange, body_sha256, end, self._seal)
                rows.append(row)
            self._documents.keep(bodies)
            insert_raw(self._connection, evidence, rows)
        return list(range(first, end.sequence + 1))

    def get(self, sequence: int) -> EvidenceRecord | None:
        row = self._connection.execute(_WITH_BODY.where(evidence.c.sequence == sequence)).one_or_none()
        return None if row is None else self._record(row, self._body(row))

    def select(
        self,
        *,
        partner: HeiId | None = None,
        text: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[EvidenceRecord]:
        wanted = select(evidence).order_by(evidence.c.sequence.desc())
        if partner is not None:
            wanted = wanted.where(evidence.c.hei_id == partner)
        if before is not None:
            wanted = wanted.where(evidence.c.sequence < before)
        if text is not None and self._seal.encrypts:
            return list(islice(self._holding(wanted, text), limit))
        if text is not None:
            wanted = wanted.where(
                or_(
                    text_contains(self._connection, evidence.c.url, text),
                    bytes_contain(self._connection, evidence.c.request_body, text.encode()),
                )
            )
        return [self._record(row, b"") for row in self._connection.execute(wanted.limit(limit))]

    def _holding(self, wanted: Select[Any], text: str) -> Iterator[EvidenceRecord]:
        """Look into what the database cannot read, row by row."""
        for row in self._connection.execute(wanted.execution_options(yield_per=500)):
            record = self._record(row, b"")
            if text in record.exchange.url or text.encode() in record.exchange.request_body:
                yield record

    def scan(self, start: int = 1, limit: int = 500) -> Sequence[EvidenceRecord]:
        wanted = _WITH_BODY.where(evidence.c.sequence >= start).order_by(evidence.c.sequence).limit(limit)
        records: list[EvidenceRecord] = []
        held = 0
        for row in self._connection.execute(wanted):
            records.append(self._record(row, self._body(row)))
            held += row.length or 0
            if held >= SCANNED_BYTES:  # what packs to nothing may unpack to gigabytes
                break
        return records

    def count(self) -> int:
        return self._connection.execute(select(func.count()).select_from(evidence)).scalar_one()

    def erase(self, sequences: Iterable[int], at: datetime, hidden: Collection[str] = ()) -> int:
        erased = 0
        for chunk in in_chunks(sequences):
            wanted = select(evidence).where(evidence.c.sequence.in_(chunk))
            rows = self._connection.execute(wanted).all()
            for row in rows:
                erased += self._erased(row, at, hidden)
            bodies = {row.body_sha256 for row in rows}
            erased += self.erase_documents(bodies, at)[1]
        return erased

    def erase_documents(self, digests: Collection[Sha256], at: datetime) -> tuple[int, int]:
        """Let go of these documents, and note it in every record that has one; return how many of both."""
        documents_gone, noted = self._documents.erase(digests), 0
        for chunk in in_chunks(digests):
            same = (
                evidence.c.body_sha256.in_(chunk)
                & evidence.c.erased_at.is_(None)
                & (evidence.c.body_length > 0)
            )
            noted += self._connection.execute(update(evidence).where(same).values(erased_at=at)).rowcount
        return documents_gone, noted

    def _erased(self, row: Row[Any], at: datetime, hidden: Collection[str]) -> bool:
        changed: dict[str, Any] = {}
        url = unwrap_text(self._seal, row.url) or ""
        shown = blanked(url, hidden)
        if shown != url:
            changed |= {"url": wrap_text(self._seal, shown), "url_erased": True}
        if row.request_body:
            digest = sha256_of(self._seal.unwrap(bytes(row.request_body)))
            changed |= {"request_body": b"", "request_sha256": digest}
        if row.erased_at is None and (changed or row.body_length):
            changed["erased_at"] = at
        if changed:
            chosen = evidence.c.sequence == row.sequence
            self._connection.execute(update(evidence).where(chosen).values(**changed))
        return "erased_at" in changed

    def _body(self, row: Row[Any]) -> bytes:
        """The body; what cannot be unpacked is given as it lies there, so that its digest tells."""
        if row.body is None:
            return b""
        try:
            return unpacked(self._seal.unwrap(row.body), row.length)
        except (ZstdError, TypeError, AttributeError):
            return row.body if isinstance(row.body, bytes) else str(row.body).encode()

    def _record(self, row: Row[Any], body: bytes) -> EvidenceRecord:
        exchange = Exchange(
            system=row.system,
            hei_id=row.hei_id,
            api=row.api,
            method=row.method,
            url=unwrap_text(self._seal, row.url) or "",
            received_at=row.received_at,
            request_id=row.request_id,
            request_headers=_headers(row.request_headers),
            request_body=self._seal.unwrap(bytes(row.request_body)),
            status=row.status,
            response_headers=_headers(row.response_headers),
            body=body,
            truncated=row.truncated,
            verification=Verification(row.verification),
            failure=row.failure,
            duration_s=row.duration_s,
        )
        return EvidenceRecord(
            sequence=row.sequence,
            exchange=exchange,
            body_sha256=row.body_sha256,
            body_length=row.body_length,
            previous_hash=row.previous_hash,
            record_hash=row.record_hash,
            erased_at=row.erased_at,
            request_sha256=row.request_sha256,
            url_erased=bool(row.url_erased),
        )

    def _end(self) -> ChainEnd:
        row = self._connection.execute(_END).one_or_none()
        return START if row is None else ChainEnd(row.sequence, row.record_hash)


def _linked(
    exchange: Exchange, body_sha256: Sha256, after: ChainEnd, sealing: Seal
) -> tuple[tuple[Any, ...], ChainEnd]:
    """Make the record's row, its values encoded and in the order of the table's columns, and the chain's new end."""
    asked, answered = as_json(exchange.request_headers), as_json(exchange.response_headers)
    end = ChainEnd(after.sequence + 1, seal(exchange, after, body_sha256, asked, answered))
    row = (
        end.sequence,
        exchange.system,
        exchange.hei_id,
        exchange.api,
        exchange.method,
        wrap_text(sealing, exchange.url),
        to_micros(exchange.received_at),
        exchange.request_id,
        asked,
        sealing.wrap(exchange.request_body),
        exchange.status,
        answered,
        exchange.truncated,
        exchange.verification.value,
        exchange.failure,
        exchange.duration_s,
        to_digest(body_sha256),
        exchange.body_length,
        bytes.fromhex(after.record_hash),
        bytes.fromhex(end.record_hash),
        None,
        None,
        None,
    )
    return row, end


def _headers(text: str) -> dict[str, str]:
    """The headers; what is not an object of texts any more is given whole, so that the record's hash tells."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict) and all(isinstance(value, str) for value in found.values()):
        return found
    return {"": text}
