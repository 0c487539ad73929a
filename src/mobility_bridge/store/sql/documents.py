"""Documents by their digest: each kept once, compressed."""

import threading
from collections.abc import Collection, Mapping

from sqlalchemy import Connection, update
from zstandard import ZstdCompressor, ZstdDecompressor

from mobility_bridge.domain.evidence import PackedBody
from mobility_bridge.domain.identifiers import Fingerprint, Sha256
from mobility_bridge.domain.snapshot import KnownDocument
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.store.columns import to_digest
from mobility_bridge.store.sealing import OpenSeal, Seal
from mobility_bridge.store.sql.statements import in_chunks, run_raw, upsert_raw
from mobility_bridge.store.tables import documents

_LEVEL = 1

_KEPT = "SELECT sha256 FROM documents WHERE body IS NOT NULL AND sha256 IN (...)"
_FINGERPRINTS = "SELECT sha256, fingerprint FROM documents WHERE sha256 IN (...)"
_BODY = "SELECT body, length FROM documents WHERE sha256 = ?"


class _Tools(threading.local):
    """A compressor may serve one thread at a time, and is dear to make."""

    def __init__(self) -> None:
        self.compressor = ZstdCompressor(level=_LEVEL)
        self.decompressor = ZstdDecompressor()


_tools = _Tools()


def packed(body: bytes) -> bytes:
    """Compress, into a block of memory no larger than the result."""
    return bytes(memoryview(_tools.compressor.compress(body)))


def unpacked(body: bytes, length: int) -> bytes:
    return _tools.decompressor.decompress(body, max_output_size=length)


class SqlDocuments:
    """The documents of one transaction, sealed where there is a key.

    What it kept or found there once it does not look for again.
    """

    def __init__(self, connection: Connection, seal: Seal | None = None) -> None:
        self._connection = connection
        self._seal = seal or OpenSeal()
        self._there: set[Sha256] = set()

    def keep(self, bodies: Mapping[Sha256, bytes | PackedBody]) -> None:
        """Write those that are not there, or were erased."""
        wanted = [sha256 for sha256, body in bodies.items() if body and sha256 not in self._there]
        for chunk in in_chunks(wanted):
            missing = {to_digest(sha256): bodies[sha256] for sha256 in chunk}
            for (digest,) in run_raw(self._connection, _KEPT, (), list(missing)):
                del missing[digest]
            upsert_raw(
                self._connection, documents, [self._row(digest, body) for digest, body in missing.items()]
            )
            self._there.update(chunk)

    def known(self, digests: Collection[bytes]) -> dict[bytes, KnownDocument]:
        """Name documents by their digests, with the fingerprints of those that are kept."""
        found: dict[bytes, bytes | None] = dict.fromkeys(digests)
        for chunk in in_chunks(digests):
            found.update(map(tuple, run_raw(self._connection, _FINGERPRINTS, (), chunk)))
        return {
            sha256: KnownDocument(Sha256(sha256.hex()), None if taken is None else Fingerprint(taken.hex()))
            for sha256, taken in found.items()
        }

    def load(self, sha256: Sha256) -> bytes | None:
        """The document, or None when it was never kept or was erased."""
        row = run_raw(self._connection, _BODY, (to_digest(sha256),)).one_or_none()
        return None if row is None or row[0] is None else unpacked(self._seal.unwrap(row[0]), row[1])

    def erase(self, digests: Collection[Sha256]) -> int:
        """Let go of these bodies; return of how many there was one."""
        erased = 0
        for chunk in in_chunks(digests):
            kept = documents.c.sha256.in_(chunk) & documents.c.body.is_not(None)
            erased += self._connection.execute(
                update(documents).where(kept).values(body=None, fingerprint=None)
            ).rowcount
            self._there.difference_update(chunk)
        return erased

    def _row(self, digest: bytes, body: bytes | PackedBody) -> tuple[bytes, bytes, int, bytes | None]:
        if not isinstance(body, bytes):
            return digest, self._seal.wrap(body.zstd), body.length, None
        return digest, self._seal.wrap(packed(body)), len(body), bytes.fromhex(fingerprint(body))
