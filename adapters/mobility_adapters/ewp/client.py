"""Asks partners: signs each attempt anew, verifies each answer, repeats only where that can help.

Source: EWP client authentication by HTTP signature 1.0.2, server authentication by HTTP signature 1.1.0,
architecture 1.16.0 on errors.
"""

import asyncio
import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NoReturn, TypeVar

from mobility_adapters.ewp import httpsig, wire
from mobility_adapters.ewp.catalogue import CatalogueCache
from mobility_adapters.ewp.exchanges import Roundtrip, Wire, body_sha256, unreachable
from mobility_adapters.ewp.keys import SigningKey
from mobility_adapters.ewp.quirks import Quirk
from mobility_adapters.ewp.readers import Readers, Work
from mobility_adapters.ewp.reading import expect_root, parse
from mobility_adapters.ewp.registry import Endpoint
from mobility_adapters.ewp.requests import Question, address, build
from mobility_adapters.ewp.signing import Signer
from mobility_adapters.ewp.versions import BY_API
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, Sha256
from mobility_bridge.domain.snapshot import KnownDocument
from mobility_bridge.errors import (
    ExternalError,
    InvalidDocument,
    NotOffered,
    Rejected,
    Unreachable,
    Untrusted,
)
from mobility_bridge.kit import xml
from mobility_bridge.kit.fingerprint import fingerprint
from mobility_bridge.kit.http import Answer, Outgoing
from mobility_bridge.kit.schemas import SchemaProblem, SchemaSet
from mobility_bridge.kit.xml import Element

_ERROR_LIMIT: Final = 1 << 20
T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """A good answer, not parsed yet. `headers` holds only what the partner signed, where it signs.

    `digest` is the body's SHA-256 where it had to be taken to verify the answer.
    """

    question: Question
    body: bytes
    digest: Sha256 | None
    headers: Mapping[str, str]
    exchanges: tuple[Exchange, ...]

    @cached_property
    def sha256(self) -> Sha256:
        return self.digest or Sha256(hashlib.sha256(self.body).hexdigest())

    def is_known(self, document: KnownDocument) -> bool:
        """Whether the body is this document byte for byte; a fingerprint tells sooner than a digest."""
        if self.digest is None and document.fingerprint is not None:
            return fingerprint(self.body) == document.fingerprint
        return self.sha256 == document.sha256


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard we try and how much at a time; pauses in seconds."""

    attempts: int = 3
    first_retry_s: float = 1.0
    max_retry_s: float = 30.0
    concurrency: int = 32
    concurrency_per_partner: int = 4
    accept_unsigned: bool = True
    quirks: Mapping[str, Quirk] = field(default_factory=dict)


def _as_is(_: Element) -> None:
    """No invalid document is accepted."""


class EwpClient:
    """One HEI's client: its key, the catalogue, and the limits towards partners."""

    def __init__(
        self,
        through: Wire,
        catalogue: CatalogueCache,
        key: SigningKey,
        policy: Policy,
        schemas: SchemaSet,
        log: Any,
    ) -> None:
        self._wire = through
        self._catalogue = catalogue
        self._key = key
        self._policy = policy
        self._schemas = schemas
        self._clock = through.clock
        self._log = log
        self._signer = Signer(key)
        self._readers = Readers()
        self._all = asyncio.Semaphore(policy.concurrency)
        self._partners: dict[HeiId, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(policy.concurrency_per_partner)
        )

    @property
    def key_id(self) -> str:
        """The fingerprint by which partners know us."""
        return self._key.key_id

    def close(self) -> None:
        """Let the threads go."""
        self._signer.close()
        self._readers.close()

    def max_ids(self, hei_id: HeiId, api: str) -> int:
        """How many ids one call to this partner may carry. Raises NotOffered."""
        limit = self._endpoint(Question(hei_id, api, "")).entry.max_ids
        quirk = self._policy.quirks.get(hei_id)
        return min(limit, quirk.ids_per_call) if quirk and quirk.ids_per_call else limit

    async def ask(self, question: Question, *, attempts: int | None = None) -> Reply:
        """Ask until there is an answer, a refusal, or no attempt left.

        Raises:  Unreachable, Rejected, Untrusted, InvalidDocument (content coding, size), NotOffered; each
                 with the exchanges of all attempts.
        """
        exchanges: list[Exchange] = []
        last = attempts or self._policy.attempts
        for number in range(1, last + 1):
            try:
                reply = await self._attempt(question, exchanges, number)
            except ExternalError as error:
                error.evidence = tuple(exchanges)
                if not error.retryable or number == last:
                    raise
                pause_s = self._pause_s(number)
                if isinstance(error, Unreachable) and error.retry_after_s is not None:
                    if error.retry_after_s > self._policy.max_retry_s:
                        raise  # they ask for more patience than one call has: the next round asks again
                    pause_s = max(pause_s, error.retry_after_s)
            else:
                return reply
            await self._clock.sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    def _pause_s(self, number: int) -> float:
        """Seconds before the next attempt: doubled each time, with jitter so that clients do not march in step."""
        first = self._policy.first_retry_s
        pause = first * (2.0 ** (number - 1) + random.random())  # noqa: S311 - no secret
        return float(min(pause, self._policy.max_retry_s))

    async def read(
        self, reply: Reply, decode: Callable[[Element], T], mend: Callable[[Element], Element | None] = _as_is
    ) -> T:
        """Parse, validate and decode a reply. Raises InvalidDocument with the reply's exchanges.

        `mend` may copy an invalid document without mistakes that the decoder copes with; the document is
        accepted if that copy is valid.
        """
        return await self._read(reply, lambda: (self._decoded(reply, decode, mend), True))

    async def _read(self, reply: Reply, work: Work[T]) -> T:
        try:
            return await self._readers.read(len(reply.body), work)
        except InvalidDocument as error:
            error.evidence = reply.exchanges
            error.hei_id = reply.question.hei_id
            raise

    def _decoded(
        self, reply: Reply, decode: Callable[[Element], T], mend: Callable[[Element], Element | None]
    ) -> T:
        question = reply.question
        root = parse(reply.body, limit=self._wire.limits.body_bytes)
        expected = BY_API[question.api].roots[question.endpoint]
        expect_root(root, expected)
        # Minor versions may add optional elements, which clients must ignore. Here the verdict stays strict
        # all the same: hashes and approvals are defined over valid documents only, and a document that our
        # schema does not know may mean what our comparison does not see.
        found = self._schemas.validate(root, expected)
        if found:
            copy = mend(root)
            found = found if copy is None else self._schemas.validate(copy, expected)
        if found:
            raise _invalid("schema", found[0].message, found[0].path, found[0].line)
        return decode(root)

    async def read_leniently(
        self, reply: Reply, decode: Callable[[Element, tuple[SchemaProblem, ...]], T]
    ) -> T:
        """Parse a reply and decode it with what its schema says against it, which here is for the decoder to weigh.

        Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root) with the reply's exchanges.
        """

        def decoded() -> tuple[T, bool]:
            question = reply.question
            root = parse(reply.body, limit=self._wire.limits.body_bytes)
            expected = BY_API[question.api].roots[question.endpoint]
            expect_root(root, expected)
            problems = self._schemas.validate(root, expected)
            return decode(root, problems), not problems

        return await self._read(reply, decoded)

    async def _attempt(self, question: Question, exchanges: list[Exchange], number: int) -> Reply:
        endpoint = self._endpoint(question)
        quirk = self._policy.quirks.get(question.hei_id)
        async with self._partners[question.hei_id], self._all:
            request, sent = await self._signed(question, endpoint, post_only=bool(quirk and quirk.post_only))
            done = await self._wire.send(request, total_s=quirk.total_s if quirk else None)
        verification, headers, problem = self._verified(endpoint, sent, done)
        if problem is not None and problem.reason == "key_unknown":
            newer = await self._newer(question, endpoint, exchanges)
            if newer is not None:
                verification, headers, problem = self._verified(newer, sent, done)
        exchange = done.exchange(
            api=question.name,
            request_id=sent.request_id or "",
            hei_id=question.hei_id,
            verification=verification,
            problem=str(problem) if problem else None,
        )
        exchanges.append(exchange)
        answer = done.answer
        try:
            await self._judge(question, answer, exchange, problem)
        except ExternalError as error:
            self._log_failure(error, exchange, number)
            raise
        self._log.event(
            "request.answered",
            **_logged(exchange),
            status=answer.status,
            bytes=len(answer.body.data),
            verification=verification.value,
            attempt=number,
        )
        return Reply(question, answer.body.data, body_sha256(answer), headers, tuple(exchanges))

    def _endpoint(self, question: Question) -> Endpoint:
        """Find where to ask now; never kept, because the catalogue moves on. Raises NotOffered."""
        hei_id, api = question.hei_id, question.api
        catalogue = self._catalogue.trusted()
        endpoint = catalogue.endpoint(hei_id, api)
        if endpoint is None:
            partner = catalogue.partner(hei_id)
            if partner is None or not catalogue.covers(hei_id):
                _not_offered(hei_id, "no_host", f"the catalogue has no host for {hei_id}")
            olds = [version for name, version in partner.old_versions if name == api]
            if olds:
                _not_offered(hei_id, "old_version", f"{hei_id} offers {api} {', '.join(olds)} only")
            _not_offered(hei_id, "no_api", f"{hei_id} does not offer {api}")
        security = endpoint.entry.security
        if security.unusable_reason is not None:
            _not_offered(
                hei_id, "no_security", f"{api} of {hei_id} cannot be called: {security.unusable_reason}"
            )
        if not security.signs_responses and not self._policy.accept_unsigned:
            _not_offered(hei_id, "no_security", f"{api} of {hei_id} does not sign its answers")
        if question.endpoint and question.endpoint not in endpoint.entry.urls:
            _not_offered(hei_id, "no_api", f"{hei_id} announces no address for {question.name}")
        try:
            if question.endpoint:
                address(endpoint.entry.urls[question.endpoint])
        except ValueError as error:
            _not_offered(hei_id, "no_api", f"{question.name} of {hei_id} cannot be asked: {error}")
        return endpoint

    async def _newer(self, question: Question, asked: Endpoint, exchanges: list[Exchange]) -> Endpoint | None:
        """The same address in a newer catalogue, which may know the key that the one we asked by does not."""
        newer, fetched = await self._catalogue.newer_than(asked.catalogue)
        exchanges.extend(fetched)
        if newer is None:
            return None
        try:
            endpoint = self._endpoint(question)
        except ExternalError:
            return None
        name = question.endpoint
        same = endpoint.entry.urls[name] == asked.entry.urls[name]
        return endpoint if same and endpoint.entry.security.signs_responses else None

    async def _signed(
        self, question: Question, endpoint: Endpoint, *, post_only: bool
    ) -> tuple[Outgoing, httpsig.SentRequest]:
        entry = endpoint.entry
        unsigned = build(
            question,
            entry.urls[question.endpoint],
            entry.row.methods,
            self._clock.now(),
            post_only=post_only,
            wants_signature=entry.security.signs_responses,
        )
        return unsigned.signed(self._key, await self._signer.sign(unsigned.text))

    def _verified(
        self, endpoint: Endpoint, sent: httpsig.SentRequest, done: Roundtrip
    ) -> tuple[Verification, Mapping[str, str], httpsig.SignatureProblem | None]:
        """Check what can be checked; the headers returned are those that may be relied on."""
        answer, headers = done.answer, done.headers
        if answer.status is None:
            return Verification.NO_RESPONSE, {}, None
        expects = endpoint.entry.security.signs_responses
        whole = answer.failure is None and not answer.body.truncated
        if not expects or (answer.status >= 300 and "signature" not in headers):
            # A refusal or redirect may come unsigned: it is then a hint for people, and nothing more.
            if headers.get("x-request-id", sent.request_id) != sent.request_id:
                differs = httpsig.SignatureProblem(
                    "request_id_differs", "X-Request-Id is not that of the request"
                )
                return Verification.FAILED, {}, differs
            return Verification.TLS_ONLY, headers if not expects else {}, None
        if not whole:
            return Verification.FAILED, {}, None
        try:
            signed = httpsig.verify_response(
                sent,
                headers,
                answer.wire_sha256 or b"",
                self._clock.now(),
                endpoint.server_key,
            )
        except httpsig.SignatureProblem as problem:
            return Verification.FAILED, {}, problem
        return Verification.VERIFIED, signed, None

    async def _judge(
        self,
        question: Question,
        answer: Answer,
        exchange: Exchange,
        problem: httpsig.SignatureProblem | None,
    ) -> None:
        """Raise what the answer amounts to; return for a good one."""
        who = f"{question.name} of {question.hei_id}"
        failure = unreachable(answer, who, question.hei_id, exchange)
        if failure is not None:
            raise failure
        if answer.body.truncated:
            raise _invalid(
                "too_large", f"the answer of {who} is larger than {self._wire.limits.body_bytes} bytes"
            )
        if problem is not None:
            raise Untrusted(
                f"the answer of {who} is not believed: {problem}",
                system=wire.SYSTEM,
                reason=problem.reason,
                hei_id=question.hei_id,
            )
        if answer.undecodable is not None:
            raise _invalid("content", f"the answer of {who} cannot be read: {answer.undecodable}")
        assert answer.status is not None
        if answer.status >= 300:
            raise await self._rejected(question, answer, answer.status)

    async def _rejected(self, question: Question, answer: Answer, status: int) -> Rejected:
        body = answer.body.data
        message, valid = None, True
        for_users: tuple[str, ...] = ()
        if status >= 400 and body.strip():
            message, for_users, valid = await self._readers.read(
                len(body), lambda: ((found := error_message(body, self._schemas)), found[2])
            )
        reason = "http_3xx" if status < 400 else "http_4xx" if valid else "error_document_invalid"
        return Rejected(
            f"{question.hei_id} answered {question.name} with status {status}"
            + ("" if valid else " and a body that is no error response"),
            system=wire.SYSTEM,
            reason=reason,
            status=status,
            developer_message=message,
            user_messages=for_users,
            hei_id=question.hei_id,
        )

    def _log_failure(self, error: ExternalError, exchange: Exchange, number: int) -> None:
        error.hei_id = exchange.hei_id
        detail = error.message
        if isinstance(error, Rejected) and error.developer_message:
            detail = f"{detail}: {error.developer_message[:256]}"
        self._log.event(
            "request.failed",
            **_logged(exchange),
            error=error.word,
            reason=error.reason,
            detail=detail,
            status=exchange.status,
            attempt=number,
        )


def error_message(body: bytes, schemas: SchemaSet) -> tuple[str | None, tuple[str, ...], bool]:
    """Read an EWP error document: what it says to developers and to users, and whether it is one at all."""
    try:
        root = xml.parse(body, limit=_ERROR_LIMIT)
    except xml.XmlRefused:
        return None, (), False
    if schemas.validate(root, wire.ERROR_ROOT):
        return None, (), False
    said = (each.text for each in root.iterfind(wire.qname(wire.COMMON, "user-message")))
    developers = root.findtext(wire.qname(wire.COMMON, "developer-message")) or ""
    return developers.strip() or None, tuple(each.strip() for each in said if each and each.strip()), True


def _invalid(reason: str, message: str, path: str | None = None, line: int | None = None) -> InvalidDocument:
    return InvalidDocument(message, system=wire.SYSTEM, reason=reason, path=path, line=line)


def _not_offered(hei_id: HeiId, reason: str, message: str) -> NoReturn:
    raise NotOffered(message, system=wire.SYSTEM, reason=reason, hei_id=hei_id)


def _logged(exchange: Exchange) -> dict[str, Any]:
    return {
        "partner_hei_id": exchange.hei_id,
        "api": exchange.api,
        "request_id": exchange.request_id,
        "duration_s": round(exchange.duration_s, 3),
    }
