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
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import aiohttp
import httpx
from yarl import URL

SPOOL_BYTES: Final = 1 << 20
"""Bodies beyond this go to a temporary file while they arrive."""

_STEP: Final = 1 << 16
_ANY_ZLIB: Final = 47  # 32 + 15: gzip or zlib, told apart by the header
_CODINGS: Final = ("gzip", "x-gzip", "deflate")
_GZIP_START: Final = b"\x1f"
_AUTOMATIC: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
# Servers commonly drop idle connections after five seconds; reusing one at that moment loses a request.
_IDLE_S: Final = 4.0


class TlsFailed(httpx.ConnectError):
    """The server's certificate or the TLS handshake does not hold."""


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
            response = await self._open().request(
                request.method,
                URL(str(request.url), encoded=True),
                headers=[(k.decode("latin-1"), v.decode("latin-1")) for k, v in request.headers.raw],
                data=request.content or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(sock_connect=limits.get("connect")),
            )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error, request) from error
        return httpx.Response(
            response.status,
            headers=response.raw_headers,
            stream=_WireBody(response, request),
            request=request,
        )

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
    def __init__(self, response: aiohttp.ClientResponse, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translated(error, self._request) from error

    async def aclose(self) -> None:
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


def _translated(error: Exception, request: httpx.Request) -> httpx.TransportError:
    """Say an aiohttp error in httpx's words, so that every transport fails alike."""
    text = str(error) or type(error).__name__
    if isinstance(error, (aiohttp.ClientSSLError, ssl.SSLError)):
        return TlsFailed(text, request=request)
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return httpx.ConnectTimeout(text, request=request)
    if isinstance(error, aiohttp.ClientConnectorError):
        return httpx.ConnectError(text, request=request)
    if isinstance(error, aiohttp.ClientPayloadError):
        return httpx.ReadError(text, request=request)
    if isinstance(error, (aiohttp.ClientConnectionError, OSError)):
        return httpx.NetworkError(text, request=request)
    return httpx.RemoteProtocolError(text, request=request)


async def call(transport: httpx.AsyncBaseTransport, request: httpx.Request, limits: Limits) -> Answer:
    """Send a request and read the answer within the limits. Failures of the network are answers too."""
    request.extensions = {**request.extensions, "timeout": {"connect": limits.connect_s}}
    body = _Body(limits.body_bytes)
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    failure, detail = None, ""
    try:
        async with asyncio.timeout(limits.total_s):
            response = await transport.handle_async_request(request)
            try:
                status = response.status_code
                headers = tuple((k.decode("latin-1"), v.decode("latin-1")) for k, v in response.headers.raw)
                await body.read(response)
            finally:
                await response.aclose()
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
        self._spool: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by finish

    @property
    def wire_sha256(self) -> bytes:
        return self._digest.digest()

    async def read(self, response: httpx.Response) -> None:
        inflater = self._inflater(response.headers)
        stream = response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        async for chunk in stream:
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
        with self._spool as spool:
            spool.seek(0)
            data = spool.read(SPOOL_BYTES) if self._truncated else spool.read()
        return ReceivedBody(data, self._truncated), self._undecodable

    def _inflater(self, headers: Mapping[str, str]) -> "_Inflater | None":
        codings = [c for c in headers.get("content-encoding", "").lower().replace(" ", "").split(",") if c]
        codings = [c for c in codings if c != "identity"]
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
        self._length += len(part)
        self._spool.write(part)


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
