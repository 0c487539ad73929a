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

Both bodies enter by their digests alone, so a record whose bodies were erased still verifies. One whose address
had to be erased as well verifies by its links: its own hash stays, and nothing can be recomputed from what is left.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from mobility_bridge.domain.evidence import EvidenceRecord, Exchange
from mobility_bridge.domain.identifiers import Sha256

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_quoted = json.encoder.encode_basestring_ascii
"""One string as JSON. A whole object from the library's encoder takes twice as long as the record's row."""


class ChainEnd(NamedTuple):
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
    asked, answered = as_json(exchange.request_headers), as_json(exchange.response_headers)
    body_sha256 = body_sha256_of(exchange)
    return EvidenceRecord(
        sequence=after.sequence + 1,
        exchange=exchange,
        body_sha256=body_sha256,
        body_length=exchange.body_length,
        previous_hash=after.record_hash,
        record_hash=seal(exchange, after, body_sha256, asked, answered),
    )


def body_sha256_of(exchange: Exchange) -> Sha256:
    """The digest of the answer's body: the one that it came with, where whoever received it knew it."""
    if exchange.packed is not None:
        return Sha256(exchange.packed.sha256)
    return exchange.body_sha256 or sha256_of(exchange.body)


def seal(exchange: Exchange, after: ChainEnd, body_sha256: Sha256, asked: str, answered: str) -> Sha256:
    """The hash of the record that keeps `exchange` behind `after`; the headers as `as_json` writes them."""
    return sha256_of(
        _written(
            exchange,
            after,
            (body_sha256, exchange.body_length),
            sha256_of(exchange.request_body),
            (asked, answered),
        )
    )


def as_json(headers: Mapping[str, str]) -> str:
    """Write headers as a JSON object, ordered by name."""
    return "{" + ",".join([f"{_quoted(name)}:{_quoted(headers[name])}" for name in sorted(headers)]) + "}"


def hash_of(record: EvidenceRecord) -> Sha256:
    """The hash that the record's fields give, whatever it claims."""
    return sha256_of(canonical(record))


def canonical(record: EvidenceRecord) -> bytes:
    """The bytes that are hashed, as the module's docstring states them."""
    exchange = record.exchange
    asked, answered = as_json(exchange.request_headers), as_json(exchange.response_headers)
    after = ChainEnd(record.sequence - 1, record.previous_hash)
    body = record.body_sha256, record.body_length
    request_sha256 = record.request_sha256 or sha256_of(exchange.request_body)
    return _written(exchange, after, body, request_sha256, (asked, answered))


def _written(
    exchange: Exchange,
    after: ChainEnd,
    body: tuple[Sha256, int],
    request_sha256: Sha256,
    headers: tuple[str, str],
) -> bytes:
    """Write the JSON object member by member; `body` by digest and length, `headers` as `as_json` writes them.

    Numbers are written by `repr`: a text that someone put in the place of one comes out as no number would.
    """
    body_sha256, body_length = body
    asked, answered = headers
    received_at_us = (exchange.received_at - _EPOCH) // _MICROSECOND
    return (
        f'{{"api":{_quoted(exchange.api)},"body_length":{body_length!r},"body_sha256":"{body_sha256}",'
        f'"duration_us":{round(exchange.duration_s * 1_000_000)},"failure":{_or_null(exchange.failure)},'
        f'"hei_id":{_or_null(exchange.hei_id)},"method":{_quoted(exchange.method)},'
        f'"previous_hash":"{after.record_hash}","received_at_us":{received_at_us},'
        f'"request_body_sha256":"{request_sha256}","request_headers":{asked},'
        f'"request_id":{_quoted(exchange.request_id)},"response_headers":{answered},"sequence":{after.sequence + 1},'
        f'"status":{"null" if exchange.status is None else repr(exchange.status)},'
        f'"system":{_quoted(exchange.system)},"truncated":{"true" if exchange.truncated else "false"},'
        f'"url":{_quoted(exchange.url)},"verification":"{exchange.verification.value}"}}'
    ).encode()


def _or_null(text: str | None) -> str:
    return "null" if text is None else _quoted(text)


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
    if not record.url_erased and hash_of(record) != record.record_hash:
        yield ChainFault.CHANGED
    body = record.exchange.body
    if body and (len(body) != record.body_length or sha256_of(body) != record.body_sha256):
        yield ChainFault.BODY_CHANGED
