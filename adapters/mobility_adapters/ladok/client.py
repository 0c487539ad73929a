"""Calls to Ladok: courteous, bounded, with the session's cookies, each one kept as evidence.

Source: Ladok: transport; errors; known trouble.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode
from uuid import uuid4

import httpx

from mobility_adapters.ladok.courtesy import LONGEST_S, Closure, Courtesy, closed, wait_after_429
from mobility_adapters.ladok.faults import breakdown, is_web_page, refusal
from mobility_adapters.ladok.values import SYSTEM, Node, read_answer
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.errors import ExternalError, InvalidDocument, Unreachable
from mobility_bridge.kit.http import Answer, Limits, call
from mobility_bridge.ports.ambient import Clock

JSON_SERVICES: Final = frozenset({"kataloginformation", "resultat"})
"""Services whose public traffic was seen in JSON; of the others the schema is the contract, so XML is asked for."""

_BLANK: Final = "(session)"
_HIDDEN: Final = "(civic number)"
_SECRET: Final = frozenset({"cookie", "set-cookie"})
_READ_AGAIN: Final = 0.5
_NOT_NOW: Final = frozenset({"maintenance", "http_429"})


@dataclass(frozen=True, slots=True)
class Access:
    """Where Ladok is, what one call may cost, and how often we may ask.

    `untold_wait_s` is how long we wait after "too many calls" when the answer does not say. `certificate` names
    the certificate for messages. `plain_header` replaces it on this machine only.
    """

    base_url: str
    limits: Limits
    read_attempts: int = 3
    untold_wait_s: float = 60.0
    closures: tuple[Closure, ...] = ()
    certificate: str = ""
    plain_header: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `path` is below the service, its parts already quoted; `hidden` is personal and stays out of
    the address that is kept. `accept` overrides the service's own media type.
    """

    service: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    body: bytes = b""
    content_type: str = "application/vnd.ladok+xml"
    accept: str | None = None
    hidden: str = field(default="", repr=False)

    @property
    def wanted(self) -> str:
        """The media type asked for."""
        form = "json" if self.service in JSON_SERVICES else "xml"
        return self.accept or f"application/vnd.ladok-{self.service}+{form}"


def segment(text: str) -> str:
    """One part of a path, quoted whole: what comes from outside never becomes two."""
    return quote(text, safe="")


class LadokClient:
    """Asks, and keeps every exchange in the list that the caller brings."""

    def __init__(
        self, access: Access, transport: httpx.AsyncBaseTransport, courtesy: Courtesy, clock: Clock
    ) -> None:
        self._access = access
        self._transport = transport
        self._courtesy = courtesy
        self._clock = clock
        self._cookies = httpx.Cookies()

    async def read(self, question: Question, exchanges: list[Exchange]) -> Node | None:
        """Ask for an object; None when there is none such (404). Tried again where that may help.

        Raises:  Unreachable, Rejected, InvalidDocument, each with the exchanges of this question.
        """
        answer = await self.fetch(question, exchanges)
        return None if answer is None else self._node(answer, exchanges)

    async def fetch(self, question: Question, exchanges: list[Exchange]) -> Answer | None:
        """Ask for a document as it is. As `read`."""
        mine: list[Exchange] = []
        try:
            return await self._patiently(question, mine)
        except ExternalError as error:
            error.evidence = tuple(mine)
            raise
        finally:
            exchanges.extend(mine)

    async def write(self, question: Question, exchanges: list[Exchange]) -> Node:
        """Send a write, once. Only "too many calls" is tried again: nothing was done then.

        Raises:  Unreachable when nobody knows whether it took effect; Rejected; InvalidDocument.
        """
        mine: list[Exchange] = []
        try:
            answer = await self._unthrottled(question, mine)
            whole = self._whole(question, answer)
            return {} if whole is None or not whole.body.data else self._node(whole, mine)
        except ExternalError as error:
            error.evidence = tuple(mine)
            raise
        finally:
            exchanges.extend(mine)

    async def close(self) -> None:
        await self._transport.aclose()

    async def _patiently(self, question: Question, mine: list[Exchange]) -> Answer | None:
        """Ask until it is answered or the attempts are used up."""
        for attempt in range(1, self._access.read_attempts + 1):
            last = attempt == self._access.read_attempts
            answer = await self._unthrottled(question, mine)
            try:
                return self._whole(question, answer)
            except Unreachable as error:
                if last or error.reason in _NOT_NOW:
                    raise
            except InvalidDocument:
                # A login page in place of an answer: the session is gone, and a new one may be had.
                if last or not is_web_page(answer):
                    raise
            await self._clock.sleep(_READ_AGAIN * 2 ** (attempt - 1))
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    async def _unthrottled(self, question: Question, mine: list[Exchange]) -> Answer:
        """Ask, waiting as often as told "too many calls", up to the attempts and a bearable time."""
        for attempt in range(1, self._access.read_attempts + 1):
            answer = await self._signed_in(question, mine)
            if answer.status != 429 or attempt == self._access.read_attempts:
                break
            pause = wait_after_429(
                answer.header("retry-after"), self._clock.now(), self._access.untold_wait_s
            )
            if pause > LONGEST_S:
                break
            await self._clock.sleep(pause)
        return answer

    async def _signed_in(self, question: Question, mine: list[Exchange]) -> Answer:
        """Ask once more where the session was gone and the answer begins a new one: nothing was done then."""
        answer = await self._exchange(question, mine)
        if answer.status == 401 and answer.header("set-cookie") is not None:
            answer = await self._exchange(question, mine)
        return answer

    def _whole(self, question: Question, answer: Answer) -> Answer | None:
        """The answer if it is one, None for 404. Raises what it means otherwise."""
        try:
            return self._judged(question, answer)
        except Unreachable as error:
            if not closed(self._access.closures, self._clock.now()):
                raise
            raise Unreachable(
                "Ladok is closed, as announced.", system=SYSTEM, reason="maintenance"
            ) from error

    def _judged(self, question: Question, answer: Answer) -> Answer | None:
        status = answer.status
        if status is None or answer.failure:
            raise self._silent(answer)
        if status >= 500 or status == 429:
            raise breakdown(answer, question.service)
        if is_web_page(answer):
            self._cookies.clear()
            raise InvalidDocument(
                f"Ladok answered {status} in {question.service} with a web page.",
                system=SYSTEM,
                reason="content",
                next_step="The session, a gateway or the address is wrong: check adapters.ladok.base_url.",
            )
        if status == 404 and question.method == "GET":
            return None
        if status >= 300:
            if status < 400:
                self._cookies.clear()
            raise refusal(answer, question.service)
        if answer.body.truncated or answer.undecodable:
            what = answer.undecodable or f"more than {len(answer.body.data)} bytes"
            reason = "too_large" if answer.body.truncated else "content"
            raise InvalidDocument(f"Ladok's answer: {what}.", system=SYSTEM, reason=reason)
        return answer

    def _silent(self, answer: Answer) -> Unreachable:
        """No answer. Without HTTP the certificate is the first thing to look at."""
        reason = answer.failure or "connection"
        who = (
            f" (certificate {self._access.certificate})"
            if reason in ("tls", "connection") and self._access.certificate
            else ""
        )
        return Unreachable(
            f"Ladok gave no whole answer{who}: {answer.detail or reason}", system=SYSTEM, reason=reason
        )

    def _node(self, answer: Answer, exchanges: Sequence[Exchange]) -> Node:
        if not answer.body.data:
            return {}
        try:
            return read_answer(
                answer.body.data,
                answer.header("content-type") or "",
                limit=self._access.limits.body_bytes,
            )
        except InvalidDocument as error:
            error.evidence = tuple(exchanges[-1:])
            raise

    async def _exchange(self, question: Question, mine: list[Exchange]) -> Answer:
        await self._courtesy.wait()
        request_id = uuid4().hex
        request = self._request(question, request_id)
        url = str(request.url)
        started = self._clock.monotonic()
        answer = await call(self._transport, request, self._access.limits)
        self._keep_cookies(answer, url)
        mine.append(
            Exchange(
                system=SYSTEM,
                hei_id=None,
                api=question.service,
                method=question.method,
                url=url.replace(segment(question.hidden), _HIDDEN) if question.hidden else url,
                received_at=self._clock.now(),
                request_id=request_id,
                request_headers=_shown(tuple(request.headers.items())),
                request_body=question.body,
                status=answer.status,
                response_headers=_shown(answer.headers),
                body=answer.body.unpacked,
                packed=answer.body.packed,
                truncated=answer.body.truncated,
                verification=Verification.NO_RESPONSE if answer.status is None else Verification.TLS_ONLY,
                failure=answer.failure,
                duration_s=round(self._clock.monotonic() - started, 4),
            )
        )
        return answer

    def _url(self, question: Question) -> str:
        query = f"?{urlencode(question.params)}" if question.params else ""
        return f"{self._access.base_url.rstrip('/')}/{question.service}/{question.path}{query}"

    def _request(self, question: Question, request_id: str) -> httpx.Request:
        headers = {
            "Accept": question.wanted,
            "Accept-Encoding": "gzip",
            "X-Request-Id": request_id,
        }
        if question.method in ("POST", "PUT"):
            headers["Content-Type"] = question.content_type
        if self._access.plain_header is not None:
            name, value = self._access.plain_header
            headers[name] = value
        request = httpx.Request(
            question.method, self._url(question), headers=headers, content=question.body or None
        )
        self._cookies.set_cookie_header(request)
        return request

    def _keep_cookies(self, answer: Answer, url: str) -> None:
        if answer.status is None or answer.header("set-cookie") is None:
            return
        request = httpx.Request("GET", url)
        self._cookies.extract_cookies(
            httpx.Response(answer.status, headers=list(answer.headers), request=request)
        )


def _shown(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers for evidence: a session is a secret while it lasts."""
    return {name: _BLANK if name.lower() in _SECRET else value for name, value in headers}
