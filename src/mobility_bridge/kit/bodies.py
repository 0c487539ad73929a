"""A body on its way in: hashed as it comes, decoded step by step, spooled, and cut at the limit."""

import hashlib
import tempfile
import zlib
from collections.abc import AsyncIterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Final, Self

SPOOL_BYTES: Final = 1 << 20
"""Bodies beyond this go to a temporary file while they arrive."""

PACKED_BYTES: Final = 8 << 20
"""How much is kept of a body over the limit, compressed: nearly always all of it, since XML shrinks to a quarter."""

_STEP: Final = 1 << 16
_ANY_ZLIB: Final = 47  # 32 + 15: gzip or zlib, told apart by the header
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
_GZIP_START: Final = b"\x1f"


@dataclass(frozen=True, slots=True)
class Packed:
    """The beginning of a long body as one frame of zstandard; digest (hexadecimal) and length are of what is inside."""

    zstd: bytes
    sha256: str
    length: int


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A body after content decoding.

    When it was over the limit (`truncated`), `data` is its first part: all that was let in, or, of what would
    fill memory, the first `SPOOL_BYTES`; then `packed` holds what was let in, or as much as fits in `PACKED_BYTES`.
    """

    data: bytes
    truncated: bool = False
    packed: Packed | None = None

    @property
    def unpacked(self) -> bytes:
        """What is kept and not `packed`: `data`, or nothing."""
        return self.data if self.packed is None else b""


class Body:
    """Takes a body of at most `limit` bytes after content decoding. Use it as a context: it may hold a file."""

    def __init__(self, limit: int) -> None:
        self.undecodable: str | None = None
        self._limit = limit
        self._length = 0
        self._truncated = False
        self._digest: hashlib._Hash | None = None
        self._first = b""
        self._spool: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._spool is not None:
            self._spool.close()

    @property
    def wire_sha256(self) -> bytes | None:
        """The digest of what came, before content decoding; None where the answer names none to hold it against."""
        return None if self._digest is None else self._digest.digest()

    @property
    def is_long(self) -> bool:
        """Whether `received` has to read a file."""
        return self._length > SPOOL_BYTES

    async def read(self, headers: Sequence[tuple[str, str]], chunks: AsyncIterable[bytes]) -> None:
        """Take the body until it ends or is over the limit."""
        inflater = self._inflater(headers)
        if any(name.lower() == "digest" for name, _ in headers):
            self._digest = hashlib.sha256()
        async for chunk in chunks:
            if self._digest is not None:
                self._digest.update(chunk)
            if inflater is None:
                self._keep(chunk)
            else:
                self._inflate(inflater, chunk)
            if self._truncated:
                return
        if inflater is not None and self.undecodable is None and not inflater.ended:
            self.undecodable = "the compressed body ends early"

    def received(self) -> ReceivedBody:
        """Return what was kept."""
        if self._spool is None:
            return ReceivedBody(self._first, self._truncated)
        self._spool.seek(0)
        if not self._truncated:
            return ReceivedBody(self._spool.read())
        data = self._spool.read(SPOOL_BYTES)
        return ReceivedBody(data, truncated=True, packed=self._packed() if self.is_long else None)

    def _packed(self) -> Packed:
        from zstandard import ZstdCompressor  # noqa: PLC0415 - few bodies are that long

        assert self._spool is not None
        self._spool.seek(0)
        packer = ZstdCompressor(level=3).compressobj()
        digest, length = hashlib.sha256(), 0
        found = bytearray()
        while len(found) < PACKED_BYTES and (step := self._spool.read(_STEP)):
            digest.update(step)
            length += len(step)
            found += packer.compress(step)
        found += packer.flush()
        return Packed(bytes(found), digest.hexdigest(), length)

    def _inflater(self, headers: Sequence[tuple[str, str]]) -> "_Inflater | None":
        named = [value for name, value in headers if name.lower() == "content-encoding"]
        if not named:
            return None
        codings = [
            c for c in ",".join(named).lower().replace(" ", "").split(",") if c not in ("", "identity")
        ]
        if not codings:
            return None
        if len(codings) > 1 or codings[0] not in _CODINGS:
            self.undecodable = f"content coding {', '.join(codings)[:60]} was not asked for"
            return None
        return _Inflater()

    def _inflate(self, inflater: "_Inflater", chunk: bytes) -> None:
        if self.undecodable is not None:
            return
        try:
            for part in inflater.parts(chunk):
                self._keep(part)
                if self._truncated:
                    return
        except zlib.error as error:
            self.undecodable = f"the compressed body is damaged: {error}"

    def _keep(self, part: bytes) -> None:
        room = self._limit - self._length
        if len(part) > room:
            self._truncated = True
            part = part[:room]
        if self._length == 0 and len(part) <= SPOOL_BYTES:
            self._first = part  # most answers arrive in one piece: they need no spool
        else:
            if self._spool is None:
                self._spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by __exit__
                self._spool.write(self._first)
            self._spool.write(part)
        self._length += len(part)


class _Inflater:
    """Gzip or deflate in steps of bounded size, so that a small bomb cannot fill memory."""

    def __init__(self) -> None:
        self._object = zlib.decompressobj(_ANY_ZLIB)
        self._fed = False

    @property
    def ended(self) -> bool:
        """Whether the compressed body is whole (nothing at all counts as whole)."""
        return self._object.eof or not self._fed

    def parts(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what `chunk` decodes to. Raises zlib.error."""
        data, full = chunk, False
        while data or full:
            if self._object.eof:
                if not data.startswith(_GZIP_START):
                    return  # padding after the last member
                self._object = zlib.decompressobj(_ANY_ZLIB)
            self._fed = True
            part = self._object.decompress(data, _STEP)
            # Output may still be held back when all input is consumed: a full step asks again.
            full = len(part) == _STEP and not self._object.eof
            data = self._object.unused_data if self._object.eof else self._object.unconsumed_tail
            if part:
                yield part
