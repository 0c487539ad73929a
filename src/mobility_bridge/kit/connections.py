"""Kept connections that speak HTTP/1.1 and send what they are given, byte for byte.

What goes out is signed, so nothing may be added, re-quoted or sent twice: no redirects, cookies, decoding or
silent repetition. llhttp reads what comes back; this module only keeps the connections and hands the parts on.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, Protocol
from urllib.parse import urlsplit

import httptools
import httpx

IDLE_S: Final = 4.0
"""Servers commonly drop idle connections after five seconds; reusing one at that moment loses a request."""

HEAD_BYTES: Final = 64 << 10
"""More than this before the first byte of a body is no answer."""

HELD_BYTES: Final = 256 << 10
"""Parts of a body that wait to be taken; beyond this the sender has to wait."""

_PORTS: Final = {"https": 443, "http": 80}


class TlsFailed(httpx.ConnectError):
    """The server's certificate or the TLS handshake does not hold."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request as it goes on the wire: address, header names and values, and body are sent as they stand.

    `url` is absolute, percent-encoded where it must be, and without user information and fragment. A body's
    length is the only header that is added.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""


class Place(NamedTuple):
    """Where a connection leads."""

    host: str
    port: int
    tls: bool


class Connections:
    """Connections to any number of hosts; each serves one question at a time and is kept for a few seconds.

    Of questions, `limit` are under way at once and the others wait. Belongs to one event loop.
    """

    def __init__(self, context: ssl.SSLContext, *, limit: int = 100, idle_s: float = IDLE_S) -> None:
        self._context = context
        self._idle_s = idle_s
        self._slots = asyncio.Semaphore(limit)
        self._open: set[Connection] = set()
        self._idle: dict[Place, list[Connection]] = {}
        self._looks_again: asyncio.TimerHandle | None = None

    async def ask(self, request: Outgoing, *, connect_s: float | None) -> "Connection":
        """Send a request; the connection is returned when the answer's head is there, and must be closed.

        Raises:  httpx.TransportError.
        """
        origin, target = _divided(request.url)
        place = _place(origin)
        data = _as_bytes(request, target)
        await self._slots.acquire()
        try:
            connection = self._kept(place) or await self._connected(place, connect_s)
        except BaseException:
            self._slots.release()
            raise
        try:
            connection.send(data)
            await connection.head()
        except BaseException:
            connection.abort()
            raise
        return connection

    def close(self) -> None:
        """Let go of everything."""
        if self._looks_again is not None:
            self._looks_again.cancel()
            self._looks_again = None
        for connection in tuple(self._open):
            connection.abort()
        self._idle.clear()

    def _kept(self, place: Place) -> "Connection | None":
        waiting = self._idle.get(place)
        while waiting:
            connection = waiting.pop()
            if connection.usable(asyncio.get_running_loop().time() - self._idle_s):
                return connection
            connection.abort()
        return None

    async def _connected(self, place: Place, connect_s: float | None) -> "Connection":
        def connection() -> Connection:
            return Connection(place, self._answered, self._open.discard)

        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(connect_s):
                _, opened = await loop.create_connection(
                    connection,
                    place.host,
                    place.port,
                    ssl=self._context if place.tls else None,
                    happy_eyeballs_delay=0.25,
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"no connection within {connect_s} s") from error
        except (OSError, ValueError) as error:  # ValueError: a name that no host can have
            raise _translated(error, httpx.ConnectError) from error
        if opened.usable(0.0):  # it may have ended by now
            self._open.add(opened)
        return opened

    def _answered(self, connection: "Connection", *, kept: bool) -> None:
        self._slots.release()
        if not kept:
            return
        self._idle.setdefault(connection.place, []).append(connection)
        if self._looks_again is None:
            self._looks_again = asyncio.get_running_loop().call_later(self._idle_s, self._drop_idle)

    def _drop_idle(self) -> None:
        """Close what nobody took again; without this, every host ever asked would keep its connection."""
        loop = asyncio.get_running_loop()
        since = loop.time() - self._idle_s
        for place, waiting in tuple(self._idle.items()):
            for connection in waiting:
                if not connection.usable(since):
                    connection.abort()
            self._idle[place] = [each for each in waiting if each.usable(since)]
            if not self._idle[place]:
                del self._idle[place]
        self._looks_again = loop.call_later(self._idle_s, self._drop_idle) if self._idle else None


class Answered(Protocol):
    """Hears that a connection's answer was read or given up, and whether the connection can be kept."""

    def __call__(self, connection: "Connection", *, kept: bool) -> None: ...


class Connection(asyncio.Protocol):
    """One connection, and the answer that is on its way: `status`, `headers`, and the body by iteration.

    `headers` are names and values as they came; what follows a chunked body is no header. `held` counts the bytes
    of the body that are here and not taken.
    """

    def __init__(
        self,
        place: Place,
        answered: Answered,
        gone: Callable[["Connection"], None],
    ) -> None:
        self.place = place
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.held = 0
        self._answered = answered
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._parts: deque[bytes] = deque()
        self._paused = False
        self._head_bytes = 0
        self._asked = False
        self._complete = True
        self._kept = True
        self._error: Exception | None = None
        self._idle_since = 0.0

    # --- what the one who asks does ---

    def usable(self, since: float) -> bool:
        """Say whether a kept connection may be used again, if it was put back after that time of the loop."""
        return self._kept and self._idle_since >= since

    def send(self, data: bytes) -> None:
        """Send a request; a former answer must have been read or given up. Raises httpx.NetworkError."""
        if self._transport is None or not self._kept:
            raise httpx.NetworkError("the connection ended before anything was asked")
        self.status, self.headers = 0, []
        self._head_bytes = 0
        self._asked, self._complete = True, False
        self._transport.write(data)

    async def head(self) -> None:
        """Wait for status and headers. Raises httpx.TransportError."""
        while self.status == 0:
            if self._error is not None:
                raise self._error
            await self._more()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._parts:
                part = self._parts.popleft()
                self.held -= len(part)
                if self._paused and self.held < HELD_BYTES:
                    self._paused = False
                    self._reading().resume_reading()
                yield part
            if self._complete:
                return
            if self._error is not None:
                raise self._error
            await self._more()

    async def aclose(self) -> None:
        """Put the connection back when its answer was read to the end, and drop it otherwise."""
        if not self._asked:
            return
        if not self._complete or not self._kept or self._parts or self._error is not None:
            self.abort()
            return
        self._asked = False
        self._idle_since = asyncio.get_running_loop().time()
        self._answered(self, kept=True)

    def abort(self) -> None:
        """Drop the connection at once."""
        self._kept = False
        self._parts.clear()
        if self._transport is not None:
            self._transport.abort()
        if self._asked:
            self._asked = False
            self._answered(self, kept=False)

    async def _more(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _reading(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- what the event loop says ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(httpx.RemoteProtocolError(f"what came is not HTTP: {error}"))
            return
        if self.status == 0:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self._fail(httpx.RemoteProtocolError(f"the head is longer than {HEAD_BYTES} bytes"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._parser = None  # it knows us, and would keep us until the next collection
        self._kept = False
        self._gone(self)
        if not self._complete and self._error is None:
            if self.status and exc is None and not self._has_length():
                self._complete = True
            elif exc is not None:
                self._error = _translated(exc, httpx.NetworkError)
            else:
                self._error = httpx.ReadError("the connection ended before the answer did")
        self._wake()

    def _fail(self, error: httpx.TransportError) -> None:
        self._kept = False
        if not self._complete:
            self._error = error
        if self._transport is not None:
            self._transport.abort()
        self._wake()

    def _has_length(self) -> bool:
        """Say whether the answer tells its own end; another one ends with the connection."""
        for name, value in self.headers:
            lower = name.lower()
            if lower == b"content-length" or (
                lower == b"transfer-encoding" and value.lower().rstrip().endswith(b"chunked")
            ):
                return True
        return False

    # --- what the parser finds ---

    def on_message_begin(self) -> None:
        if self._complete:
            raise ValueError("nobody asked for this answer")
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status == 0:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status >= 200:  # before it, any number of interim answers may come
            self.status = status
            self._kept = self._parser.should_keep_alive()
            self._wake()

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)
        self.held += len(part)
        if self.held > HELD_BYTES and not self._paused:
            self._paused = True
            self._reading().pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if self.status:
            self._complete = True
            self._wake()


def _divided(url: str) -> tuple[str, str]:
    """Divide an address into what names the host and the target as it goes on the wire."""
    path = url.find("/", url.find("://") + len("://"))
    return (url, "/") if path < 0 else (url[:path], url[path:])


@lru_cache(maxsize=8192)
def _place(origin: str) -> Place:
    try:
        parts = urlsplit(origin)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise httpx.UnsupportedProtocol(f"{origin[:200]} is no address that can be asked") from error
    if not parts.hostname or parts.path or parts.query or parts.fragment:
        raise httpx.UnsupportedProtocol(f"{origin[:200]} names no host")
    return Place(parts.hostname, port, parts.scheme == "https")


def _as_bytes(request: Outgoing, target: str) -> bytes:
    lines = [f"{request.method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in request.headers]]
    if (request.body or request.method == "POST") and not any(
        name.lower() == "content-length" for name, _ in request.headers
    ):
        lines.append(f"Content-Length: {len(request.body)}")
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or " " in target:
        raise httpx.LocalProtocolError("an address or header holds a line break or a space")
    try:
        return text.encode("latin-1") + b"\r\n\r\n" + request.body
    except UnicodeEncodeError as error:
        raise httpx.LocalProtocolError("an address or header is not ISO-8859-1") from error


def _translated(error: Exception, otherwise: type[httpx.TransportError]) -> httpx.TransportError:
    """Say what a connection failed at in httpx's words, so that every transport fails alike."""
    text = str(error) or type(error).__name__
    return TlsFailed(text) if isinstance(error, ssl.SSLError) else otherwise(text)
