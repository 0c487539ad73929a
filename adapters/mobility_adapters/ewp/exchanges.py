"""One request on the wire, kept as evidence whatever comes of it."""

import re
from dataclasses import replace
from hashlib import sha256

import httpx

from mobility_adapters.ewp import wire
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.errors import ExternalError, Unreachable
from mobility_bridge.kit.http import Answer, Limits, call
from mobility_bridge.ports.ambient import Clock


class Wire:
    """A transport with its limits and the clock: what every call goes through."""

    def __init__(self, transport: httpx.AsyncBaseTransport, limits: Limits, clock: Clock) -> None:
        self._transport = transport
        self.limits = limits
        self.clock = clock

    async def exchange(
        self,
        request: httpx.Request,
        *,
        api: str,
        request_id: str,
        hei_id: HeiId | None = None,
        total_s: float | None = None,
    ) -> tuple[Answer, Exchange]:
        """Send once. The exchange's verification is TLS_ONLY until somebody checks more."""
        limits = self.limits if total_s is None else replace(self.limits, total_s=total_s)
        started = self.clock.monotonic()
        answer = await call(self._transport, request, limits)
        return answer, Exchange(
            system=wire.SYSTEM,
            hei_id=hei_id,
            api=api,
            method=request.method,
            url=str(request.url),
            received_at=self.clock.now(),
            request_id=request_id,
            request_headers={
                k.decode("latin-1").lower(): v.decode("latin-1") for k, v in request.headers.raw
            },
            request_body=request.content,
            status=answer.status,
            response_headers=_shown(answer),
            body=answer.body.data,
            truncated=answer.body.truncated or answer.failure is not None,
            verification=Verification.TLS_ONLY if answer.status is not None else Verification.NO_RESPONSE,
            failure=answer.failure or answer.undecodable,
            duration_s=self.clock.monotonic() - started,
        )


def body_sha256(answer: Answer) -> Sha256:
    """The digest of the body as decoded; hashed again only where a content coding was undone."""
    if answer.header("content-encoding") is None:
        return Sha256(answer.wire_sha256.hex())
    return Sha256(sha256(answer.body.data).hexdigest())


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
        hei_id=hei_id,
        evidence=evidence,
    )


def error_word(error: ExternalError) -> str:
    """The error's class as the log writes it: `invalid_document` for InvalidDocument."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def _shown(answer: Answer) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in answer.headers:
        lower = name.lower()
        shown[lower] = f"{shown[lower]}, {value}" if lower in shown else value
    return shown
