"""Calls to Mobility-Online: bounded, retried only because they read, each one kept as evidence.

Source: Mobility-Online: transport; assumed services, rules 3, 4 and 6.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from mobility_adapters.mobility_online.document import SYSTEM
from mobility_adapters.mobility_online.values import Argument, Raw
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.errors import ExternalError, InvalidDocument, Rejected, Unreachable
from mobility_bridge.kit import xml
from mobility_bridge.kit.http import Answer, Limits, call
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.ambient import Clock

if TYPE_CHECKING:
    from mobility_adapters.mobility_online.wire import BoundService

_BLANK: Final = "(authority)"
_SHOWN: Final = 300
_PERSONAL: Final = frozenset({"GetApplicationDataService"})
_KEPT: Final = "its text may be about a person, so it stands in the kept exchange only"
_ENVELOPES: Final = (
    "{http://www.w3.org/2003/05/soap-envelope}",
    "{http://schemas.xmlsoap.org/soap/envelope/}",
)


@dataclass(frozen=True, slots=True)
class Access:
    """Where the services are, how to get in, and what one call may cost."""

    base_url: str
    authority: str
    limits: Limits
    parallel_calls: int
    read_attempts: int

    def __repr__(self) -> str:
        return f"Access({self.base_url!r})"


class SoapClient:
    """Calls operations. Every exchange is added to the list that the caller brings."""

    def __init__(self, access: Access, transport: httpx.AsyncBaseTransport, clock: Clock) -> None:
        self._access = access
        self._transport = transport
        self._clock = clock
        self._slots = asyncio.Semaphore(access.parallel_calls)
        self._services: dict[str, BoundService] = {}
        self._binding = asyncio.Lock()

    async def service(self, name: str, exchanges: list[Exchange]) -> "BoundService":
        """Bind a service by its WSDL, fetched once.

        Raises:  Unreachable, Rejected, InvalidDocument.
        """
        async with self._binding:
            if name not in self._services:
                self._services[name] = await self._bind(name, exchanges)
            return self._services[name]

    async def call(
        self,
        service: str,
        operation: str,
        arguments: Mapping[str, Argument],
        exchanges: list[Exchange],
        *,
        writes: bool = False,
    ) -> list[Raw | str]:
        """Call an operation; the answer's `return` elements, none for nil.

        Shape:   a reading call is tried several times; one that `writes` is made once, whatever comes of it.
        Raises:  Unreachable after the last attempt; Rejected for a SOAP fault; InvalidDocument; NotOffered.
        """
        bound = await self.service(service, exchanges)
        body = bound.envelope(operation, {"authority": self._access.authority, **arguments})
        # Built twice, not searched and replaced: a short authority may occur in other places, too.
        shown = bound.envelope(operation, {"authority": _BLANK, **arguments})
        url = self._address(bound)
        headers = {"Content-Type": bound.content_type(operation), "Accept": "application/soap+xml"}
        mine: list[Exchange] = []
        try:
            async for attempt in self._attempts(1 if writes else self._access.read_attempts):
                with attempt:
                    request = httpx.Request("POST", url, headers=headers, content=body)
                    answer, exchange = await self._exchange(request, operation, shown)
                    mine.append(exchange)
                    return bound.answer(
                        operation, self._soap_body(answer, shows_fault=service not in _PERSONAL)
                    )
        except ExternalError as error:
            error.evidence = tuple(mine)
            raise
        finally:
            exchanges.extend(mine)
        raise AssertionError("tenacity reraises")  # pragma: no cover

    def forget(self) -> None:
        """Bind anew at the next call: another WSDL may have been put in place."""
        self._services.clear()

    async def close(self) -> None:
        await self._transport.aclose()

    async def _bind(self, name: str, exchanges: list[Exchange]) -> "BoundService":
        from mobility_adapters.mobility_online.wire import bind  # noqa: PLC0415 - zeep loads late

        loop = asyncio.get_running_loop()
        base = urlsplit(self._access.base_url)

        def load(url: str) -> bytes:
            """Runs in zeep's thread; fetches on the loop, and only from the host that we were told of."""
            asked = urlsplit(url)
            if (asked.scheme, asked.netloc) != (base.scheme, base.netloc):
                raise InvalidDocument(
                    f"The WSDL of {name} imports from {asked.netloc}.", system=SYSTEM, reason="content"
                )
            return asyncio.run_coroutine_threadsafe(self._fetch(url, exchanges), loop).result()

        return await asyncio.to_thread(bind, name, f"{self._access.base_url.rstrip('/')}/{name}?wsdl", load)

    async def _fetch(self, url: str, exchanges: list[Exchange]) -> bytes:
        headers = {"Accept": "text/xml, application/wsdl+xml"}
        async for attempt in self._attempts(self._access.read_attempts):
            with attempt:
                answer, exchange = await self._exchange(
                    httpx.Request("GET", url, headers=headers), "wsdl", b""
                )
                exchanges.append(exchange)
                try:
                    return _whole(answer)
                except ExternalError as error:
                    error.evidence = (exchange,)
                    raise
        raise AssertionError("tenacity reraises")  # pragma: no cover

    def _attempts(self, most: int) -> AsyncRetrying:
        return AsyncRetrying(
            retry=retry_if_exception_type(Unreachable),
            stop=stop_after_attempt(most),
            wait=wait_exponential(multiplier=0.5, max=8),
            sleep=self._clock.sleep,
            reraise=True,
        )

    def _address(self, bound: "BoundService") -> str:
        """The address in the WSDL, unless it leads to another host: the authority is a secret."""
        base = urlsplit(self._access.base_url)
        stated = urlsplit(bound.address or "")
        if (stated.scheme, stated.netloc) == (base.scheme, base.netloc):
            return stated.geturl()
        return f"{self._access.base_url.rstrip('/')}/{bound.name}.{bound.name}HttpsSoap12Endpoint"

    async def _exchange(self, request: httpx.Request, api: str, shown: bytes) -> tuple[Answer, Exchange]:
        request_id = uuid4().hex
        request.headers["X-Request-Id"] = request_id
        request.headers["Accept-Encoding"] = "gzip"
        async with self._slots:
            started = self._clock.monotonic()
            answer = await call(self._transport, request, self._access.limits)
            duration = self._clock.monotonic() - started
        return answer, Exchange(
            system=SYSTEM,
            hei_id=None,
            api=api,
            method=request.method,
            url=str(request.url),
            received_at=self._clock.now(),
            request_id=request_id,
            request_headers=dict(request.headers),
            request_body=shown,
            status=answer.status,
            response_headers=dict(answer.headers),
            body=answer.body.unpacked,
            packed=answer.body.packed,
            truncated=answer.body.truncated,
            verification=Verification.NO_RESPONSE if answer.status is None else Verification.TLS_ONLY,
            failure=answer.failure,
            duration_s=round(duration, 4),
        )

    def _soap_body(self, answer: Answer, *, shows_fault: bool) -> Element:
        """The SOAP body of an answer that is no fault."""
        self._raise_fault(answer, shown=shows_fault)
        data = _whole(answer)
        root = _parsed(data, self._access.limits.body_bytes)
        body = _body(root)
        if body is None:
            raise InvalidDocument(
                f"The answer is {root.tag.rpartition('}')[2]}, expected a SOAP envelope.",
                system=SYSTEM,
                reason="wrong_root",
                path="/",
                line=cast("int | None", root.sourceline),
            )
        return body

    def _raise_fault(self, answer: Answer, *, shown: bool) -> None:
        """A fault is an answer, whatever the status; Axis2 sends it with 500, as SOAP wants.

        `shown`: its text may be repeated; that of a service about people stays in the exchange.
        """
        if answer.status is None or answer.failure or answer.body.truncated:
            return
        try:
            body = _body(xml.parse(answer.body.data, limit=self._access.limits.body_bytes))
        except xml.XmlRefused:
            return
        fault = None if body is None else next((e for e in body if e.tag.endswith("}Fault")), None)
        if fault is None:
            return
        texts = [e.text for e in fault.iter() if e.tag.endswith(("}Text", "}faultstring", "faultstring"))]
        text = " ".join((texts[0] if texts and texts[0] else "no reason given").split())
        text = text.replace(self._access.authority, _BLANK)[:_SHOWN] if shown else _KEPT
        raise Rejected(
            f"Mobility-Online answered with a fault: {text}",
            system=SYSTEM,
            reason="soap_fault",
            status=answer.status,
            developer_message=text,
        )


def _whole(answer: Answer) -> bytes:
    """The body of an answer that arrived whole and with a good status."""
    if answer.status is None or answer.failure:
        raise Unreachable(
            f"Mobility-Online gave no whole answer: {answer.detail or answer.failure}",
            system=SYSTEM,
            reason=answer.failure or "connection",
        )
    if answer.status >= 500 or answer.status == 429:
        raise Unreachable(
            f"Mobility-Online answered {answer.status}.",
            system=SYSTEM,
            reason="http_429" if answer.status == 429 else "http_5xx",
        )
    if answer.status >= 400:
        raise Rejected(
            f"Mobility-Online answered {answer.status}.",
            system=SYSTEM,
            reason="http_4xx",
            status=answer.status,
        )
    if answer.status != 200 or answer.undecodable:
        raise InvalidDocument(
            f"Mobility-Online answered {answer.status}: {answer.undecodable or 'expected 200'}.",
            system=SYSTEM,
            reason="content",
        )
    if answer.body.truncated:
        raise InvalidDocument(
            f"Mobility-Online's answer has more than {len(answer.body.data)} bytes.",
            system=SYSTEM,
            reason="too_large",
            next_step="Raise adapters.mobility_online.max_body_bytes if the university has that much.",
        )
    return answer.body.data


def _parsed(data: bytes, limit: int) -> Element:
    try:
        return xml.parse(data, limit=limit)
    except xml.XmlRefused as refused:
        raise InvalidDocument(
            f"Mobility-Online's answer is not accepted as XML: {refused.message}",
            system=SYSTEM,
            reason=refused.reason,
            line=refused.line,
        ) from refused


def _body(root: Element) -> Element | None:
    for namespace in _ENVELOPES:
        if root.tag == f"{namespace}Envelope":
            return root.find(f"{namespace}Body")
    return None
