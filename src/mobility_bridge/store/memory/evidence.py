"""Exchanges, chained by hash, in memory."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange, PackedBody
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.store.chain import START, ChainEnd, link, sha256_of
from mobility_bridge.store.changes import blanked
from mobility_bridge.store.memory.shelf import Journal, Shelf


class MemoryEvidence:
    """`EvidenceLog` on dictionaries."""

    def __init__(self, journal: Journal, documents: Shelf[Sha256, bytes]) -> None:
        self._documents = documents
        self._rows: Shelf[int, EvidenceRecord] = Shelf(journal)

    def append(self, exchanges: Iterable[Exchange]) -> Sequence[int]:
        sequences = []
        for exchange in exchanges:
            last = self._rows.get(len(self._rows))
            record = link(exchange, START if last is None else ChainEnd(last.sequence, last.record_hash))
            body = exchange.body if exchange.packed is None else unpacked(exchange.packed)
            if body:
                self._documents.put(record.body_sha256, body)
            shown = replace(exchange, body=b"", packed=None)
            self._rows.put(record.sequence, replace(record, exchange=shown))
            sequences.append(record.sequence)
        return sequences

    def get(self, sequence: int) -> EvidenceRecord | None:
        record = self._rows.get(sequence)
        return None if record is None else self._with_body(record)

    def select(
        self,
        *,
        partner: HeiId | None = None,
        text: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[EvidenceRecord]:
        found = [
            record
            for record in self._rows
            if (partner is None or record.exchange.hei_id == partner)
            and (before is None or record.sequence < before)
            and (text is None or text in record.exchange.url or text.encode() in record.exchange.request_body)
        ]
        return sorted(found, key=lambda record: record.sequence, reverse=True)[:limit]

    def scan(self, start: int = 1, limit: int = 500) -> Sequence[EvidenceRecord]:
        rows = [record for record in self._rows if record.sequence >= start]
        return [self._with_body(record) for record in rows[:limit]]

    def count(self) -> int:
        return len(self._rows)

    def erase(self, sequences: Iterable[int], at: datetime, hidden: Collection[str] = ()) -> int:
        wanted = {row.sequence: row for each in sequences if (row := self._rows.get(each)) is not None}
        erased, bodies = 0, set[Sha256]()
        for row in wanted.values():
            left = _without(row, at, hidden)
            self._rows.put(row.sequence, left)
            erased += left.erased_at != row.erased_at
            bodies.add(row.body_sha256)
        erased += self.erase_documents(bodies, at)[1]
        return erased

    def erase_documents(self, digests: Collection[Sha256], at: datetime) -> tuple[int, int]:
        """Let go of these documents, and note it in every record that has one; return how many of both."""
        there = [each for each in digests if each in self._documents]
        for each in there:
            self._documents.drop(each)
        noted = [
            row
            for row in self._rows
            if row.body_sha256 in digests and row.erased_at is None and row.body_length
        ]
        for row in noted:
            self._rows.put(row.sequence, replace(row, erased_at=at))
        return len(there), len(noted)

    def _with_body(self, record: EvidenceRecord) -> EvidenceRecord:
        body = self._documents.get(record.body_sha256) or b""
        return replace(record, exchange=replace(record.exchange, body=body))


def _without(record: EvidenceRecord, at: datetime, hidden: Collection[str]) -> EvidenceRecord:
    exchange = record.exchange
    left = replace(exchange, url=blanked(exchange.url, hidden), request_body=b"")
    asked = sha256_of(exchange.request_body) if exchange.request_body else record.request_sha256
    changed = left != exchange or record.body_length
    return replace(
        record,
        exchange=left,
        request_sha256=asked,
        url_erased=record.url_erased or left.url != exchange.url,
        erased_at=record.erased_at or (at if changed else None),
    )


def unpacked(body: PackedBody) -> bytes:
    from zstandard import ZstdDecompressor  # noqa: PLC0415 - few bodies are that long

    return ZstdDecompressor().decompress(body.zstd, max_output_size=body.length)
