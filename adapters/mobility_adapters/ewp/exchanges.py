"""One request on the wire, kept as evidence whatever comes of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import httpx

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.httpsig import joined, parse_http_date
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.errors import Unreachable
from mobility_bridge.kit.http import Answer, Limits, Outgoing, call
from mobility_bridge.ports.ambient import Clock

_SECONDS: Final = re.compile(r"[0-9]{1,9}")


class Wire:
    """A transport with its limits and the clock: what every call goes through."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits, clock: Clock) -> None:
        self._transport = transport
        self.limits = limits
        self.clock = clock

    async def send(self, request: Outgoing, *, total_s: float | None = None) -> "Roundtrip":
        """Send once, for `total_s` seconds at most where the partner needs its own limit."""
        limits = self.limits if total_s is None else replace(self.limits, total_s=total_s)
        started = self.clock.monotonic()
        answer = await call(self._transport, request, limits)
        duration_s = self.clock.monotonic() - started
        return Roundtrip(request, answer, joined(answer.headers), self.clock.now(), duration_s)


@dataclass(frozen=True, slots=True)
class Roundtrip:
    """A request and what came of it; `headers` are the answer's as `httpsig.joined` makes them."""

    request: Outgoing
    answer: Answer
    headers: Mapping[str, str]
    received_at: datetime
    duration_s: float

    def exchange(
        self,
        *,
        api: str,
        request_id: str = "",
        hei_id: HeiId | None = None,
        verification: Verification = Verification.TLS_ONLY,
        problem: str | None = None,
    ) -> Exchange:
        """Make the evidence. Without an answer there is nothing that `verification` could speak of."""
        request, answer = self.request, self.answer
        return Exchange(
            system=wire.SYSTEM,
            hei_id=hei_id,
            api=api,
            method=request.method,
            url=request.url,
            received_at=self.received_at,
            request_id=request_id,
            request_headers=dict(request.headers),
            request_body=request.body,
            status=answer.status,
            response_headers=self.headers,
            body=answer.body.unpacked,
            packed=answer.body.packed,
            truncated=answer.body.truncated or answer.failure is not None,
            verification=verification if answer.status is not None else Verification.NO_RESPONSE,
            failure=answer.failure or answer.undecodable or problem,
            duration_s=self.duration_s,
            body_sha256=body_sha256(answer) if answer.body.packed is None else None,
        )


def body_sha256(answer: Answer) -> Sha256 | None:
    """The digest of what is kept of the body, where it was taken on the way in."""
    whole = not answer.body.truncated and answer.failure is None
    if answer.wire_sha256 is None or not whole or answer.header("content-encoding") is not None:
        return None
    return Sha256(answer.wire_sha256.hex())


def unreachable(answer: Answer, what: str, hei_id: HeiId | None, *evidence: Exchange) -> Unreachable | None:
    """Say why there is no usable answer, or None when there is one."""
    reason, detail = answer.failure, answer.detail
    if (
        answer.status is not None
        and answer.failure is None
        and (answer.status >= 500 or answer.status == 429)
    ):
        reason, detail = ("http_429" if answer.status == 429 else "http_5xx"), f"status {answer.status}"
    if reason is None:
        return None
    return Unreachable(
        f"{what} gave no usable answer: {reason}{f' ({detail})' if detail else ''}",
        system=wire.SYSTEM,
        reason=reason,
        retry_after_s=retry_after_s(answer),
        hei_id=hei_id,
        evidence=evidence,
    )


def retry_after_s(answer: Answer) -> float | None:
    """How long the other side asks us to wait, by `Retry-After` with 429 or 503; None when it does not say.

    A date is read against the answer's own, so that a wrong clock on either side does no harm.
    Source:  RFC 9110, Retry-After.
    """
    text = (answer.header("retry-after") or "").strip()
    if answer.status not in (429, 503) or not text:
        return None
    if _SECONDS.fullmatch(text):
        return float(text)
    until, date = parse_http_date(text), parse_http_date(answer.header("date") or "")
    return max(0.0, (until - date).total_seconds()) if until is not None and date is not None else None
