"""Ladok, played: one host behind client certificates with its services and its feed.

An ASGI application. Over TLS the client's certificate says who calls and for which environment; over plain
HTTP, for tests without a network, the header `x-mock-ladok-client` names the certificate's common name.

Source: Ladok: transport 1, errors 4, simulator contract 12, assumptions A12 to A14, A18.
"""

import ssl
from collections import Counter, deque
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from cryptography import x509
from cryptography.x509.oid import NameOID

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.ladok_educations import EDUCATIONS
from mobility_bridge.sandbox.ladok_feed import ATOM_TYPE, PREFIXES, Feed
from mobility_bridge.sandbox.ladok_grades import GRADES
from mobility_bridge.sandbox.ladok_numbers import time_id
from mobility_bridge.sandbox.ladok_participation import PARTICIPATION
from mobility_bridge.sandbox.ladok_reads import CATALOGUE, STUDENTS
from mobility_bridge.sandbox.ladok_request import (
    Answer,
    LadokError,
    Request,
    error_answer,
    wants_json,
    written,
)
from mobility_bridge.sandbox.ladok_rest import Desk, Stagehand
from mobility_bridge.sandbox.ladok_tree import Link, Obj
from mobility_bridge.sandbox.ladok_world import LadokWorld, RefusalError, UnknownError

Scope = MutableMapping[str, Any]
CERTIFICATE: Final = "mobility_bridge.certificate"
"""Where the server leaves the client's certificate (DER) among the extensions of a call."""
ABORT: Final = "mobility_bridge.abort"
CLIENT_HEADER: Final = "x-mock-ladok-client"
ASSUMPTION_HEADER: Final = "X-Mock-Ladok-Assumption"
ENVIRONMENT: Final = "Int-test-API"

FAULTS: Final = {
    "feed_late_entry": "publishes every second new event only after the next one, below it, into the open page",
    "feed_page_gap": "numbers the pages of the feed 1, 3, 4, …: page 2 is not there (404), links leave it out",
    "feed_duplicates": "publishes every new event twice, the second time under another entry id",
    "expired_certificate": "ends the handshake with the alert that the client's certificate has expired",
    "wrong_environment": "belongs to another environment than the certificate and answers everything with 401",
    "throttles": "answers every second call 429 with an empty text, in half of the cases with Retry-After",
    "stale_lock": "lets somebody else save an object just before its first write that carries a lock value",
    "maintenance_window": "answers everything, the feed too, 503 with a page for people",
    "unstable_order": "orders a search anew for each call even when an order was asked for",
    "internal_host_in_links": "writes links of payloads and feed with an internal host, without TLS",
    "unknown_event_types": "publishes an event of an unknown type with each new event, and an unknown element in it",
    "event_context_first": "writes EventContext before HandelseUID in every event",
    "times_out_after_write": "does what a write asks for, then says nothing until the caller leaves",
    "answers_html": "answers every call 200 with a login page",
    "answers_500": "answers every call 500 with the text of a Java exception",
    "right_removed": "answers every call of a service 403: the certificate's user has lost its right",
}
"""What can be switched on, and what it does."""
WHILE_IT_HAPPENS: Final = frozenset({"feed_late_entry", "feed_duplicates", "unknown_event_types"})
"""The faults that befall events when they happen; the others befall what is shown."""

_SERVICES: Final = {each.name: each for each in (STUDENTS, CATALOGUE, EDUCATIONS, PARTICIPATION, GRADES)}
_LINK_HOST: Final = "https://api.ladok.example:443"
_INTERNAL_HOST: Final = "http://ladok3-app2.internal.example:8080"
_LOGIN_PAGE: Final = b"<!DOCTYPE html><html><head><title>Ladok</title></head><body>Logga in</body></html>"
_CLOSED_PAGE: Final = b"<!DOCTYPE html><html><body><h1>Ladok is closed for maintenance</h1></body></html>"
_JAVA: Final = "java.lang.NullPointerException: Cannot invoke method getUid() on null object"
_COOKIE: Final = "JSESSIONID"
_KEPT_CALLS: Final = 1000


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it was received."""

    at: datetime
    who: str
    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class _Sent:
    status: int
    content_type: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    wrote: bool = False


@dataclass(slots=True)
class Ladok:
    """The application. `calls` are the last calls received."""

    world: Callable[[], LadokWorld]
    hands: Stagehand
    clock: Callable[[], datetime]
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_KEPT_CALLS))
    received: Counter[str] = field(default_factory=Counter)
    _on: set[str] = field(default_factory=set)
    _sessions: set[str] = field(default_factory=set)
    _touched: set[str] = field(default_factory=set)
    _searches: int = 0
    _errors: int = 0

    @property
    def faults(self) -> list[str]:
        """Names of the faults that are on."""
        return sorted(self._on)

    def switch(self, name: str, *, on: bool) -> None:
        """Switch one fault on or off. Raises UsageError for a name that is none."""
        if name not in FAULTS:
            raise UsageError(f"Ladok has no fault {name!r}", next_step=f"Choose one of: {', '.join(FAULTS)}.")
        (self._on.add if on else self._on.discard)(name)
        self._touched.clear()

    def repair(self) -> None:
        """Switch every fault off."""
        self._on.clear()
        self._touched.clear()

    def tls_context(self, _config: Any, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """The server's TLS: like any other, but it can find that a client's certificate has expired."""
        context = default()

        def look(_socket: object, _name: str | None, _context: ssl.SSLContext) -> int | None:
            if "expired_certificate" in self._on:
                return int(ssl.AlertDescription.ALERT_DESCRIPTION_CERTIFICATE_EXPIRED)
            return None

        context.sni_callback = look
        context.sslobject_class = _Outspoken
        return context

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if "expired_certificate" in self._on and ABORT in scope.get("extensions", {}):
            scope["extensions"][ABORT]["abort"]()  # a connection from before
            await receive()
            return
        sent = self._respond(scope, await _body(receive))
        if sent.wrote and "times_out_after_write" in self._on:
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        await _send(send, sent)

    def _respond(self, scope: Scope, raw: bytes) -> _Sent:
        who, environment = _caller(scope)
        path = unquote(scope["path"]).lstrip("/")
        sent = self._in_the_way() or self._admitted(scope, path, raw, who, environment)
        self.calls.append(Call(self.clock(), who, scope["method"], f"/{path}", sent.status))
        self.received[path.partition("/")[0]] += 1
        return sent

    def _in_the_way(self) -> _Sent | None:
        """What keeps a call from being looked at."""
        self.received["calls"] += 1
        if "maintenance_window" in self._on:
            return _Sent(503, "text/html;charset=UTF-8", _CLOSED_PAGE)
        if "answers_html" in self._on:
            return _Sent(200, "text/html;charset=UTF-8", _LOGIN_PAGE)
        if "throttles" in self._on:
            self.received["throttled"] += 1
            turn = self.received["throttled"] % 4
            if turn % 2 == 1:
                headers = (("retry-after", "1"),) if turn == 1 else ()
                return _Sent(429, "text/plain", headers=headers)
        return None

    def _admitted(self, scope: Scope, path: str, raw: bytes, who: str, environment: str) -> _Sent:
        service, _, rest = path.partition("/")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        session = self._session(headers)
        cookie = () if session else (("set-cookie", self._login(who)),)
        try:
            self._check(who, environment, may_write=session or scope["method"] == "GET")
            if service in PREFIXES:
                return self._feed(service, rest, cookie)
            self._check_service()
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            request = Request(scope["method"], service, rest.rstrip("/"), query, headers, raw, who)
            return self._served(request, cookie)
        except LadokError as error:
            return self._failed(service, headers, error, cookie)

    def _check(self, who: str, environment: str, *, may_write: bool) -> None:
        here = "Prod-API" if "wrong_environment" in self._on else ENVIRONMENT
        if not who or environment != here:
            raise _forbidden(401, "Certifikatet gäller inte i den här miljön.")
        if not may_write:
            raise _forbidden(401, "Inloggningen saknas eller har gått ut.")

    def _check_service(self) -> None:
        if "answers_500" in self._on:
            raise LadokError(500, _JAVA, category="applikationsfel")
        if "right_removed" in self._on:
            raise _forbidden(403, "Behörighet saknas.")

    def _served(self, request: Request, cookie: tuple[tuple[str, str], ...]) -> _Sent:
        if request.service not in _SERVICES:
            raise LadokError(404, f"Tjänsten finns inte: {request.service}")
        as_json = wants_json(request.headers.get("accept", ""), request.service)
        try:
            answer = self._answer(request)
        except UnknownError as error:
            raise LadokError(404, error.message) from error
        except RefusalError as error:
            raise LadokError(400, error.message, group=error.group, detail=error.detail) from error
        except UsageError as error:
            raise LadokError(400, error.message, group="felaktigt_varde") from error
        content_type, body = written(answer, request.service, as_json=as_json)
        headers = cookie
        if answer.assumption is not None:
            headers = (*cookie, (ASSUMPTION_HEADER.lower(), answer.assumption))
        return _Sent(answer.status, content_type, body, headers, answer.wrote)

    def _answer(self, request: Request) -> Answer:
        if request.path == "service/index" and request.method == "GET":
            return self._index(request.service)
        desk = Desk(self.world(), self.clock(), self.hands, self._shuffled, self._stale, self._base_url)
        return _SERVICES[request.service].answer(desk, request)

    def _index(self, service: str) -> Answer:
        paths = sorted({r.pattern.pattern for r in _SERVICES[service].routes if "(" not in r.pattern.pattern})
        links = tuple(
            Link(
                "GET",
                f"{self._base_url}/{service}/{path}",
                f"application/vnd.ladok+xml,application/vnd.ladok-{service}+xml,application/vnd.ladok-{service}+json",
                f"http://relations.ladok.se/{service}/{path}",
            )
            for path in paths
        )
        return Answer("base:ServiceIndex", Obj([]), links=links)

    @property
    def _base_url(self) -> str:
        return _INTERNAL_HOST if "internal_host_in_links" in self._on else _LINK_HOST

    def _shuffled(self, rows: Sequence[Any], had_order: bool) -> list[Any]:  # noqa: FBT001 - a callback
        if not rows or (had_order and "unstable_order" not in self._on):
            return list(rows)
        self._searches += 1
        start = self._searches % len(rows)
        return [*rows[start:], *rows[:start]]

    def _stale(self, uid: str) -> None:
        if "stale_lock" in self._on and uid not in self._touched:
            self._touched.add(uid)
            self.hands.act("touch", f"larare@{self.world().code}", uid=uid)

    def _feed(self, prefix: str, rest: str, cookie: tuple[tuple[str, str], ...]) -> _Sent:
        folder, _, name = rest.rstrip("/").partition("/")
        feed = Feed(self.world(), self.clock(), self._base_url, self._on)
        page = feed.page(prefix, name) if folder == "feed" else None
        if page is None:
            raise LadokError(404, f"Sidan finns inte: {rest}")
        return _Sent(200, f"{ATOM_TYPE};charset=UTF-8", page, cookie)

    def _session(self, headers: dict[str, str]) -> bool:
        try:
            cookies = SimpleCookie(headers.get("cookie", ""))
        except CookieError:
            return False
        return _COOKIE in cookies and cookies[_COOKIE].value in self._sessions

    def _login(self, who: str) -> str:
        session = time_id(self.clock(), len(self._sessions)).replace("-", "")
        if who:
            self._sessions.add(session)
        return f"{_COOKIE}={session}; Path=/; HttpOnly"

    def _failed(
        self, service: str, headers: dict[str, str], error: LadokError, cookie: tuple[tuple[str, str], ...]
    ) -> _Sent:
        self._errors += 1
        answer = error_answer(error, time_id(self.clock(), self._errors))
        try:
            as_json = wants_json(headers.get("accept", ""), service)
        except LadokError:
            as_json = False
        content_type, body = written(answer, service, as_json=as_json)
        return _Sent(error.status, content_type, body, cookie)


class _Outspoken(ssl.SSLObject):
    """Lets its alert out before it gives up; asyncio would close the connection without a word."""

    _failure: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        if self._failure is not None:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failure = error
            # To asyncio this means: send what there is, then wait for the other side, which will leave.
            raise ssl.SSLWantReadError from error


def _forbidden(status: int, message: str) -> LadokError:
    return LadokError(status, message, group="auktorisering", category="sakerhetsovertradelse")


def _caller(scope: Scope) -> tuple[str, str]:
    """The common name and the environment of the certificate; empty without one."""
    certificate = scope.get("extensions", {}).get(CERTIFICATE)
    if certificate is not None:
        return _subject(certificate)
    named = dict(scope["headers"]).get(CLIENT_HEADER.encode(), b"").decode("latin-1")
    return (named, ENVIRONMENT) if scope.get("scheme") == "http" else ("", "")


@lru_cache(maxsize=64)
def _subject(certificate: bytes) -> tuple[str, str]:
    subject = x509.load_der_x509_certificate(certificate).subject
    names = [str(each.value) for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    units = [str(each.value) for each in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    environment = next((each for each in units if each.endswith("-API")), "")
    return (names[0] if names else "", environment)


async def _body(receive: Any) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _send(send: Any, sent: _Sent) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in sent.headers]
    if sent.content_type:
        headers.append((b"content-type", sent.content_type.encode()))
    if sent.status != 204:
        headers.append((b"content-length", str(len(sent.body)).encode()))
    await send({"type": "http.response.start", "status": sent.status, "headers": headers})
    await send({"type": "http.response.body", "body": sent.body})
