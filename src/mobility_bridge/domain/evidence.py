"""Everything received is evidence: what was asked, what came back, and whether it could be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mobility_bridge.domain.identifiers import HeiId, Sha256


class Verification(StrEnum):
    """What the check of a response's signature gave."""

    VERIFIED = "verified"
    TLS_ONLY = "tls_only"
    FAILED = "failed"
    NO_RESPONSE = "no_response"


class PackedBody(Protocol):
    """A body too long to be held as it is: one frame of zstandard.

    `sha256`, 64 lower-case hexadecimal digits, and `length` are those of the bytes inside.
    """

    @property
    def zstd(self) -> bytes: ...
    @property
    def sha256(self) -> str: ...
    @property
    def length(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    `received_at` is UTC; `url` is the one on the wire; `request_headers` and `request_body` hold no secret
    (an adapter blanks them). `body` is what arrived after content decoding; when it was over the limit it
    holds the first part and `truncated` is true; a long first part is `packed` instead, and `body` is empty.
    `status` is None when nothing came back. `body_sha256` is the digest of `body` where whoever received it has
    it already; it says nothing more than `body`.
    """

    system: str
    hei_id: HeiId | None
    api: str
    method: str
    url: str
    received_at: datetime
    request_id: str
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes = b""
    status: int | None = None
    response_headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    truncated: bool = False
    verification: Verification = Verification.NO_RESPONSE
    failure: str | None = None
    duration_s: float = 0.0
    packed: PackedBody | None = None
    body_sha256: Sha256 | None = field(default=None, compare=False)

    @property
    def body_length(self) -> int:
        """How many bytes of the answer's body are kept here."""
        return len(self.body) if self.packed is None else self.packed.length


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """An exchange as kept: numbered, its bodies by digest, chained to the record before it.

    `record_hash` covers all other fields and `previous_hash`, so that a changed, removed or inserted record
    shows. The bodies may have been erased (personal data); their digests stay, and the chain still verifies:
    `erased_at` says when, `request_sha256` is the digest of an erased question. Where the address itself named a
    person it was blanked (`url_erased`), and the record verifies by its links alone.
    """

    sequence: int
    exchange: Exchange
    body_sha256: Sha256
    body_length: int
    previous_hash: Sha256
    record_hash: Sha256
    erased_at: datetime | None = None
    request_sha256: Sha256 | None = None
    url_erased: bool = False
