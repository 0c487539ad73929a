r"""The chain over the evidence: how a record's hash is made, and how a run of records is verified.

Anyone with the records can check them without this program. The hash of a record is the SHA-256, as 64
lower-case hexadecimal digits, of one JSON object in UTF-8 with these members, ordered by name, no white space,
every character outside ASCII written as `\uXXXX` (surrogate pairs above U+FFFF), control characters as JSON's
short escapes where there is one:

api, hei_id, method, request_id, system, url, verification: strings (`hei_id` may be null);
body_length, sequence, status: integers (`status` may be null); truncated: true or false;
body_sha256, request_body_sha256: SHA-256 of the answer's and the request's body, hexadecimal;
duration_us: whole microseconds, halves rounded to even; received_at_us: microseconds since 1970 in UTC;
failure: string or null; request_headers, response_headers: objects of strings, ordered by name;
previous_hash: the hash of the record before, or 64 zeros for the record with sequence 1.

The answer's body enters by its digest alone, so a record whose body was erased still verifies.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange
from mobility_bridge.domain.identifiers import Sha256

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """The last record of a run: what the next one must continue."""

    sequence: int
    record_hash: Sha256


START = ChainEnd(0, Sha256("0" * 64))
"""What the first record continues."""


class ChainFault(StrEnum):
    """How a record breaks the chain.

    CHANGED: its own hash does not fit its fields. MISSING: records before it are not there. OUT_OF_PLACE: it
    does not continue the record before it, or its number was there already. BODY_CHANGED: its body is not the
    one that its digest names.
    """

    CHANGED = "changed"
    MISSING = "missing"
    OUT_OF_PLACE = "out_of_place"
    BODY_CHANGED = "body_changed"


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """One fault at one record."""

    sequence: int
    fault: ChainFault


def sha256_of(body: bytes) -> Sha256:
    """SHA-256 in hexadecimal."""
    return Sha256(hashlib.sha256(body).hexdigest())


def link(exchange: Exchange, after: ChainEnd) -> EvidenceRecord:
    """Make the record that keeps `exchange` behind `after`."""
    unsealed = EvidenceRecord(
        sequence=after.sequence + 1,
        exchange=exchange,
        body_sha256=sha256_of(exchange.body),
        body_length=len(exchange.body),
        previous_hash=after.record_hash,
        record_hash=Sha256(""),
    )
    return replace(unsealed, record_hash=hash_of(unsealed))


def hash_of(record: EvidenceRecord) -> Sha256:
    """The hash that the record's fields give, whatever it claims."""
    return sha256_of(canonical(record))


def canonical(record: EvidenceRecord) -> bytes:
    """The bytes that are hashed, as the module's docstring states them."""
    exchange = record.exchange
    members = {
        "api": exchange.api,
        "body_length": record.body_length,
        "body_sha256": record.body_sha256,
        "duration_us": round(exchange.duration_s * 1_000_000),
        "failure": exchange.failure,
        "hei_id": exchange.hei_id,
        "method": exchange.method,
        "previous_hash": record.previous_hash,
        "received_at_us": (exchange.received_at - _EPOCH) // timedelta(microseconds=1),
        "request_body_sha256": sha256_of(exchange.request_body),
        "request_headers": dict(exchange.request_headers),
        "request_id": exchange.request_id,
        "response_headers": dict(exchange.response_headers),
        "sequence": record.sequence,
        "status": exchange.status,
        "system": exchange.system,
        "truncated": exchange.truncated,
        "url": exchange.url,
        "verification": exchange.verification.value,
    }
    return _encode(members).encode()


def verify(
    records: Iterable[EvidenceRecord], after: ChainEnd = START
) -> tuple[ChainEnd, Sequence[ChainBreak]]:
    """Check that `records` continue `after` without a gap, a change or a stranger.

    Shape:   returns the end to continue from and every break found; feed a long log in pieces. A log cut off
             at its end verifies: compare the returned end with one noted elsewhere.
    """
    breaks: list[ChainBreak] = []
    for record in records:
        breaks += [ChainBreak(record.sequence, fault) for fault in _faults(record, after)]
        after = ChainEnd(record.sequence, record.record_hash)
    return after, breaks


def _faults(record: EvidenceRecord, after: ChainEnd) -> Iterable[ChainFault]:
    if record.sequence > after.sequence + 1:
        yield ChainFault.MISSING
    elif record.sequence <= after.sequence or record.previous_hash != after.record_hash:
        yield ChainFault.OUT_OF_PLACE
    if hash_of(record) != record.record_hash:
        yield ChainFault.CHANGED
    body = record.exchange.body
    if body and (len(body) != record.body_length or sha256_of(body) != record.body_sha256):
        yield ChainFault.BODY_CHANGED
