"""The seam to the wire: one call, bounded in time and memory, on any `httpx.AsyncBaseTransport`.

`WireTransport` is the real one. It drives aiohttp directly: httpx's own pool scans all its connections for
every event, and the published bridge between the two hands URLs over for re-quoting, which would send
another request target than the one that was signed.
"""

import asyncio
import hashlib
import ssl
import tempfile
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Final, NamedTuple

import aiohttp
import httpx
from yarl import URL

SPOOL_BYTES: Final = 1 << 20
"""Bodies beyond this go to a temporary file while they arrive."""

_STEP: Final = 1 << 16
_ANY_ZLIB: Final = 47  # 32 + 15: gzip or zlib, told apart by the header
_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
_GZIP_START: Final = b"\x1f"
_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
# Servers commonly drop idle connections after five seconds; reusing one at that moment loses a request.
_IDLE_S: Final = 4.0


class TlsFailed(httpx.ConnectError):
    """The server's certificate or the TLS handshake does not hold."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes on the wire: address, header names and values, and body are sent as they stand.

    `url` is absolute, percent-encoded where it must be, and without user information.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class ReceivedBody:
    """A body after content decoding; its first part when it was over the limit (`truncated`)."""

    data: bytes
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, however little.

    `status` is None when nothing did. `headers` are as on the wire. `wire_sha256` covers the body before
    content decoding and means nothing unless the body is whole. `failure` is a reason in the words of
    `errors.Unreachable` (timeout, connection, tls, incomplete), `undecodable` says why the content coding
    could not be undone; `detail` is for people.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: ReceivedBody
    wire_sha256: bytes
    failure: str | None = None
    detail: str = ""
    undecodable: str | None = None

    def header(self, name: str) -> str | None:
        """Return the last header of that lower-case name."""
        found = None
        for key, value in self.headers:
            if key.lower() == name:
                found = value
        return found


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call: seconds to connect, seconds in all, bytes of body after content decoding."""

    connect_s: float = 10.0
    total_s: float = 60.0
    body_bytes: int = 32 << 20


def tls_context(ca_file: Path | None = None, *, system: bool = True) -> ssl.SSLContext:
    """Make a verifying TLS context: the system's authorities, `ca_file`'s, or both.

    Reading the system's authorities takes tens of milliseconds: once per process. Nothing switches
    verification off.
    Raises:  OSError or ssl.SSLError for an unreadable file.
    """
    context = ssl.create_default_context() if system else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class WireTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 through aiohttp, byte for byte as asked: no redirects, cookies, decoding or added headers."""

    def __init__(self, context: ssl.SSLContext, *, connections: int = 100) -> None:
        self._context = context
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout", {})
        try:
            response = await self.open(_as_outgoing(request), connect_s=limits.get("connect"))
        except httpx.TransportError as error:
            error.request = request
            raise
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_WireBody(response),
            request=request,
        )

    async def open(self, request: Outgoing, *, connect_s: float | None) -> aiohttp.ClientResponse:
        """Send a request and return when the answer's head is there. Raises httpx.TransportError."""
        try:
            return await self._open().request(
                request.method,
                URL(request.url, encoded=True),
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=_connecting_within(connect_s),
            )
        except _FAILURES as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        """Open the session late: it belongs to the running event loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    ssl=self._context, limit=self._connections, keepalive_timeout=_IDLE_S, ttl_dns_cache=60
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_AUTOMATIC,
                auto_decompress=False,
                timeout=aiohttp.ClientTimeout(),
            )
            # aiohttp would silently repeat a GET on a connection that turned out dead: the same signature
            # and request id twice. Repeating is the caller's decision, with a new signature.
            self._session._retry_connection = False  # noqa: SLF001 - there is no public switch
        return self._session


class _WireBody(httpx.AsyncByteStream):
    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except _FAILURES as error:
            raise _translated(error) from error

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


@lru_cache(maxsize=64)
def _connecting_within(connect_s: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect_s)


def _translated(error: Exception) -> httpx.TransportError:
    """Say an aiohttp error in httpx's words, so that every transport fails alike."""
    text = str(error) or type(error).__name__
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return TlsFailed(text)
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return httpx.ConnectTimeout(text)
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(text)
    if isinstance(error, aiohttp.ClientPayloadError):
        return httpx.ReadError(text)
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return httpx.NetworkError(text)
    return httpx.RemoteProtocolError(text)


class _Incoming(NamedTuple):
    """An answer whose head is there, whichever transport brought it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: httpx.AsyncByteStream
    close: Callable[[], Awaitable[None]]


async def _send(
    transport: httpx.AsyncBaseTransport, request: httpx.Request | Outgoing, connect_s: float
) -> _Incoming:
    """Send a request. On the real wire an `Outgoing` takes the short way: httpx's own objects for a request
    and its answer take as long to make as everything else here.
    """
    if isinstance(transport, WireTransport) and isinstance(request, Outgoing):
        answer = await transport.open(request, connect_s=connect_s)
        body = _WireBody(answer)
        return _Incoming(answer.status, _text(answer.raw_headers), body, body.aclose)
    asked = _as_httpx(request) if isinstance(request, Outgoing) else request
    asked.extensions = {**asked.extensions, "timeout": {"connect": connect_s}}
    response = await transport.handle_async_request(asked)
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    return _Incoming(response.status_code, _text(response.headers.raw), stream, response.aclose)


def _text(headers: Sequence[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers])


def _as_httpx(request: Outgoing) -> httpx.Request:
    return httpx.Request(
        request.method, request.url, headers=list(request.headers), content=request.body or None
    )


def _as_outgoing(request: httpx.Request) -> Outgoing:
    return Outgoing(request.method, str(request.url), _text(request.headers.raw), request.content)


async def call(
    transport: httpx.AsyncBaseTransport, request: httpx.Request | Outgoing, limits: Limits
) -> Answer:
    """Send a request and read the answer within the limits. Failures of the network are answers too."""
    body = _Body(limits.body_bytes)
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    failure, detail = None, ""
    try:
        async with asyncio.timeout(limits.total_s):
            incoming = await _send(transport, request, limits.connect_s)
            try:
                status, headers = incoming.status, incoming.headers
                await body.read(incoming)
            finally:
                await incoming.close()
    except (httpx.TransportError, TimeoutError) as error:
        failure, detail = _reason(error, started=status is not None), str(error)
    received, undecodable = body.finish()
    return Answer(status, headers, received, body.wire_sha256, failure, detail, undecodable)


def _reason(error: Exception, *, started: bool) -> str:
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return "timeout"
    if isinstance(error, TlsFailed):
        return "tls"
    return "incomplete" if started else "connection"


class _Body:
    """A body on its way in: hashed as it comes, decoded step by step, spooled, and cut at the limit."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._length = 0
        self._truncated = False
        self._undecodable: str | None = None
        self._digest = hashlib.sha256()
        self._first = b""
        self._spool: IO[bytes] | None = None

    @property
    def wire_sha256(self) -> bytes:
        return self._digest.digest()

    async def read(self, incoming: _Incoming) -> None:
        inflater = self._inflater(incoming.headers)
        async for chunk in incoming.chunks:
            self._digest.update(chunk)
            if inflater is None:
                self._keep(chunk)
            else:
                self._inflate(inflater, chunk)
            if self._truncated:
                return
        if inflater is not None and self._undecodable is None and not inflater.ended:
            self._undecodable = "the compressed body ends early"

    def finish(self) -> tuple[ReceivedBody, str | None]:
        """Return what was kept: all of it, or the first part of a body over the limit.

        Of such a body little is needed as proof; the rest would only fill memory and the store.
        """
        if self._spool is None:
            return ReceivedBody(
                self._first[:SPOOL_BYTES] if self._truncated else self._first, self._truncated
            ), self._undecodable
        with self._spool as spool:
            spool.seek(0)
            data = spool.read(SPOOL_BYTES) if self._truncated else spool.read()
        return ReceivedBody(data, self._truncated), self._undecodable

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
            self._undecodable = f"content coding {', '.join(codings)[:60]} was not asked for"
            return None
        return _Inflater()

    def _inflate(self, inflater: "_Inflater", chunk: bytes) -> None:
        if self._undecodable is not None:
            return
        try:
            for part in inflater.parts(chunk):
                self._keep(part)
                if self._truncated:
                    return
        except zlib.error as error:
            self._undecodable = f"the compressed body is damaged: {error}"

    def _keep(self, part: bytes) -> None:
        room = self._limit - self._length
        if len(part) > room:
            self._truncated = True
            part = part[:room]
        if self._length == 0:
            self._first = part  # most answers arrive in one piece: they need no spool
        else:
            if self._spool is None:
                self._spool = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by finish
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
