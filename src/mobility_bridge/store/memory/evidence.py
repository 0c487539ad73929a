"""Exchanges, chained by hash, in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange, PackedBody
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.store.chain import START, ChainEnd, link
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

    def _with_body(self, record: EvidenceRecord) -> EvidenceRecord:
        body = self._documents.get(record.body_sha256) or b""
        return replace(record, exchange=replace(record.exchange, body=body))


def unpacked(body: PackedBody) -> bytes:
    from zstandard import ZstdDecompressor  # noqa: PLC0415 - few bodies are that long

    return ZstdDecompressor().decompress(body.zstd, max_output_size=body.length)
