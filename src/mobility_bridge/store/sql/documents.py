"""Documents by their digest: each kept once, compressed."""

import threading
from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select
from zstandard import ZstdCompressor, ZstdDecompressor

from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.store.columns import to_digest
from mobility_bridge.store.sql.statements import in_chunks, upsert_raw
from mobility_bridge.store.tables import documents

_LEVEL = 3

_KEPT = select(documents.c.sha256).where(
    documents.c.sha256.in_(bindparam("digests", expanding=True)), documents.c.body.is_not(None)
)

_KEPT_ONE = select(documents.c.sha256).where(
    documents.c.sha256 == bindparam("digest"), documents.c.body.is_not(None)
)


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


def keep_documents(connection: Connection, bodies: Mapping[Sha256, bytes]) -> None:
    """Write those that are not there, or were erased."""
    for chunk in in_chunks((sha256, body) for sha256, body in bodies.items() if body):
        if len(chunk) == 1:
            found = connection.execute(_KEPT_ONE, {"digest": chunk[0][0]})
        else:
            found = connection.execute(_KEPT, {"digests": [sha256 for sha256, _ in chunk]})
        kept = set(found.scalars())
        upsert_raw(
            connection,
            documents,
            [(to_digest(sha256), packed(body), len(body)) for sha256, body in chunk if sha256 not in kept],
        )


def load_document(connection: Connection, sha256: Sha256) -> bytes | None:
    """The document, or None when it was never kept or was erased."""
    row = connection.execute(
        select(documents.c.body, documents.c.length).where(documents.c.sha256 == sha256)
    ).one_or_none()
    return None if row is None or row.body is None else unpacked(row.body, row.length)
