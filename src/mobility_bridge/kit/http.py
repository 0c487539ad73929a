"""The seam to the wire: one call, bounded in time and memory, on any `httpx.AsyncBaseTransport`.

`WireTransport` is the real one. It takes the connections of `kit.connections` instead of httpx's own pool, which
scans all its connections for every event.
"""

import asyncio
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from mobility_bridge.kit.bodies import Body, ReceivedBody
from mobility_bridge.kit.connections import Connection, Connections, Outgoing, TlsFailed

__all__ = [
    "Answer",
    "Limits",
    "Outgoing",
    "ReceivedBody",
    "TlsFailed",
    "WireTransport",
    "call",
    "tls_context",
]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, however little.

    `status` is None when nothing did. `headers` are as on the wire. `wire_sha256` covers the body before
    content decoding and means nothing unless the body is whole; it is None where no `Digest` header came that it
    could be held against. `failure` is a reason in the words of
    `errors.Unreachable` (timeout, connection, tls, incomplete), `undecodable` says why the content coding
    could not be undone; `detail` is for people.
    """

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: ReceivedBody
    wire_sha256: bytes | None
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
    """HTTP/1.1, byte for byte as asked: no redirects, cookies, decoding or added headers."""

    def __init__(self, context: ssl.SSLContext, *, connections: int = 100) -> None:
        self._connections = Connections(context, limit=connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limits = request.extensions.get("timeout", {})
        try:
            answer = await self.open(_as_outgoing(request), connect_s=limits.get("connect"))
        except httpx.TransportError as error:
            error.request = request
            raise
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_WireBody(answer), request=request
        )

    async def open(self, request: Outgoing, *, connect_s: float | None) -> Connection:
        """Send a request and return when the answer's head is there; to be closed. Raises httpx.TransportError."""
        return await self._connections.ask(request, connect_s=connect_s)

    async def aclose(self) -> None:
        self._connections.close()


class _WireBody(httpx.AsyncByteStream):
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._connection.__aiter__()

    async def aclose(self) -> None:
        await self._connection.aclose()


class _Incoming(NamedTuple):
    """An answer whose head is there, whichever transport brought it."""

    status: int
    headers: tuple[tuple[str, str], ...]
    chunks: AsyncIterable[bytes]
    close: Callable[[], Awaitable[None]]


async def _send(
    transport: httpx.AsyncBaseTransport, request: httpx.Request | Outgoing, connect_s: float
) -> _Incoming:
    """Send a request. On the real wire an `Outgoing` takes the short way: httpx's own objects for a request
    and its answer take as long to make as everything else here.
    """
    if isinstance(transport, WireTransport) and isinstance(request, Outgoing):
        answer = await transport.open(request, connect_s=connect_s)
        return _Incoming(answer.status, _text(answer.headers), answer, answer.aclose)
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
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    failure, detail = None, ""
    with Body(limits.body_bytes) as body:
        try:
            async with asyncio.timeout(limits.total_s):
                incoming = await _send(transport, request, limits.connect_s)
                try:
                    status, headers = incoming.status, incoming.headers
                    await body.read(headers, incoming.chunks)
                finally:
                    await incoming.close()
        except (httpx.TransportError, TimeoutError) as error:
            failure, detail = _reason(error, started=status is not None), str(error)
        received = await asyncio.to_thread(body.received) if body.is_long else body.received()
        return Answer(status, headers, received, body.wire_sha256, failure, detail, body.undecodable)


def _reason(error: Exception, *, started: bool) -> str:
    if isinstance(error, (httpx.TimeoutException, TimeoutError)):
        return "timeout"
    if isinstance(error, TlsFailed):
        return "tls"
    return "incomplete" if started else "connection"
