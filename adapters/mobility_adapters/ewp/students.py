"""The student APIs as the services see them: `ports.student_sources.StudentNetwork`.

Documents about students are read leniently: what the schema or the rules say against one is kept beside it, and
only a document that is not the one asked for fails.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.client import EwpClient, Reply
from mobility_adapters.ewp.codecs import (
    imobilities_v2,
    imobility_tors_v3,
    omobilities_update_v3,
    omobilities_v3,
    omobility_las_update_v1,
    omobility_las_v1,
)
from mobility_adapters.ewp.codecs.omobility_las_update_v1 import LaUpdate
from mobility_adapters.ewp.requests import Question
from mobility_adapters.ewp.semantics import UnsoundDocument
from mobility_bridge.domain.identifiers import HeiId, OmobilityId, Sha256
from mobility_bridge.domain.learning_agreement import LaSignature
from mobility_bridge.domain.problem import Problem
from mobility_bridge.domain.record import Record, RecordKey, RecordKind
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.errors import ExternalError, UsageError
from mobility_bridge.kit.schemas import SchemaProblem
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.student_sources import (
    Decision,
    DecisionSent,
    OmobilityIndexAnswer,
    ProposalDecision,
    ReadRecord,
    RecordAnswer,
    Signer,
    StudentApi,
)

SCHEMA_PROBLEM: Final = "XSD"
"""The code under which a record carries what its schema says against it."""
_PLACE: Final = re.compile(r"/[^/]+/[^/\[]+\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class _Object:
    """One object of a response: its id, its digest, where it stands, what it says, and what is odd about it."""

    omobility_id: OmobilityId
    digest: Sha256
    position: int
    said: Any
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Served:
    """How one API's objects are read: by which codec, as which kind of record, from whose side."""

    kind: RecordKind
    format: str
    objects: Callable[[Element], list[_Object]]
    index: Callable[[Element], tuple[OmobilityId, ...]] | None = None


def _of_objects(decode_all: Callable[[Element], Any], tree: Element) -> list[_Object]:
    return [
        _Object(
            each.facts.omobility_id,
            each.facts.text_digest,
            each.facts.position,
            each.content,
            each.problems,
        )
        for each in decode_all(tree).objects
    ]


def _of_agreements(tree: Element) -> list[_Object]:
    digests = {each.position: each.text_digest for each in omobility_las_v1.read_facts(tree)}
    return [
        _Object(each.la.omobility_id, digests[each.position], each.position, each.la, each.problems)
        for each in omobility_las_v1.decode_all(tree).agreements
    ]


_SERVED: Final[Mapping[StudentApi, _Served]] = {
    StudentApi.NOMINATIONS: _Served(
        RecordKind.NOMINATION,
        wire.FORMAT_OMOBILITIES_V3,
        partial(_of_objects, omobilities_v3.decode_all),
        omobilities_v3.decode_index,
    ),
    StudentApi.LEARNING_AGREEMENTS: _Served(
        RecordKind.LEARNING_AGREEMENT,
        wire.FORMAT_OMOBILITY_LAS_V1,
        _of_agreements,
        omobility_las_v1.decode_index,
    ),
    StudentApi.ARRIVALS: _Served(
        RecordKind.ARRIVAL, wire.FORMAT_IMOBILITIES_V2, partial(_of_objects, imobilities_v2.decode_all)
    ),
    StudentApi.TRANSCRIPTS: _Served(
        RecordKind.TRANSCRIPT,
        wire.FORMAT_IMOBILITY_TORS_V3,
        partial(_of_objects, imobility_tors_v3.decode_all),
        imobility_tors_v3.decode_index,
    ),
}


class EwpStudents:
    """Implements `StudentNetwork` on one client."""

    def __init__(self, own_hei_id: HeiId, client: EwpClient) -> None:
        self._own = own_hei_id
        self._client = client

    def offers(self, hei_id: HeiId, api: StudentApi) -> bool:
        try:
            self._client.max_ids(hei_id, api)
        except ExternalError:
            return False
        return True

    def max_ids(self, hei_id: HeiId, api: StudentApi) -> int:
        return self._client.max_ids(hei_id, api)

    async def omobility_index(
        self, hei_id: HeiId, api: StudentApi, modified_since: datetime | None = None
    ) -> OmobilityIndexAnswer:
        read = _SERVED[api].index
        if read is None:
            raise UsageError(f"{api} has no index")
        params = self._addressee(hei_id, api)
        if api is StudentApi.LEARNING_AGREEMENTS and hei_id != self._own:
            params.append(("receiving_hei_id", self._own))
        if modified_since is not None:
            params.append(("modified_since", modified_since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
        reply = await self._client.ask(Question(hei_id, api, "index", tuple(params)))
        ids = await self._client.read(reply, read)
        return OmobilityIndexAnswer(tuple(dict.fromkeys(ids)), reply.exchanges)

    async def fetch_records(
        self,
        hei_id: HeiId,
        api: StudentApi,
        ids: Sequence[OmobilityId],
        known: Callable[[Sha256], bool] | None = None,
    ) -> RecordAnswer:
        limit = self._client.max_ids(hei_id, api)
        if not 0 < len(ids) <= limit:
            raise ValueError(f"{len(ids)} ids for {hei_id}, which takes 1 to {limit}")
        params = [*self._addressee(hei_id, api), *(("omobility_id", each) for each in ids)]
        reply = await self._client.ask(Question(hei_id, api, "get", tuple(params)))
        if known is not None and known(reply.sha256):
            return RecordAnswer((), (), reply.exchanges, unchanged=True)
        served = _SERVED[api]
        records = await self._client.read_leniently(reply, partial(_records, served, reply, hei_id))
        there = {each.record.key.record_id for each in records}
        absent = tuple(each for each in dict.fromkeys(ids) if each not in there)
        return RecordAnswer(tuple(records), absent, reply.exchanges)

    async def decide_nomination(self, decision: ProposalDecision) -> DecisionSent:
        try:
            document = omobilities_update_v3.encode_update(decision)
        except (UnsoundDocument, ValueError) as error:
            raise UsageError(f"the decision cannot be sent: {error}") from error
        question = Question(decision.sending_hei_id, StudentApi.NOMINATIONS, "update", document=document)
        return await self._sent(question, omobilities_update_v3.decode_update_response)

    async def decide_learning_agreement(
        self, decision: ProposalDecision, signer: Signer, signed_at: datetime
    ) -> DecisionSent:
        signature = LaSignature(signed_at, signer.name, signer.position, signer.email, "mobility-bridge")
        comment = decision.comment if decision.decision is Decision.REFUSE else None
        if decision.decision is Decision.REFUSE and not comment:
            raise UsageError("refusing a learning agreement needs a comment")
        update = LaUpdate(
            decision.sending_hei_id, decision.omobility_id, decision.proposal_id, signature, comment
        )
        try:
            document = omobility_las_update_v1.encode_update(update)
        except (UnsoundDocument, ValueError) as error:
            raise UsageError(f"the decision cannot be sent: {error}") from error
        question = Question(
            decision.sending_hei_id, StudentApi.LEARNING_AGREEMENTS, "update", document=document
        )
        return await self._sent(question, omobility_las_update_v1.decode_update_response)

    async def _sent(self, question: Question, read: Callable[[Element], Sequence[Any]]) -> DecisionSent:
        """Post once: after a failure nobody knows what the other side did, so it has to be looked at first."""
        reply = await self._client.ask(question, attempts=1)
        messages = await self._client.read_leniently(reply, lambda root, _: read(root))
        return DecisionSent(tuple(each.text for each in messages), reply.exchanges)

    @staticmethod
    def _addressee(hei_id: HeiId, api: StudentApi) -> list[tuple[str, str]]:
        """Only the LA API names the HEI that is asked; the others are addressed by their URL."""
        return [("sending_hei_id", hei_id)] if api is StudentApi.LEARNING_AGREEMENTS else []


def _records(
    served: _Served, reply: Reply, hei_id: HeiId, tree: Element, against: tuple[SchemaProblem, ...]
) -> list[ReadRecord]:
    received_at = reply.exchanges[-1].received_at
    objects = served.objects(tree)
    return [
        ReadRecord(
            Record(
                RecordKey(wire.SYSTEM, served.kind, hei_id, each.omobility_id),
                each.said,
                each.digest,
                received_at,
                DocumentRef(reply.sha256, served.format, each.position),
                (
                    *((problem.path, problem.code) for problem in each.problems),
                    *_schema_problems(each.position, len(objects), against),
                ),
            ),
            reply.body,
        )
        for each in objects
    ]


def _schema_problems(position: int, count: int, against: tuple[SchemaProblem, ...]) -> list[tuple[str, str]]:
    """What the schema says against this object: problems on its path, and those whose place is not known."""
    found = []
    for problem in against:
        place = _PLACE.match(problem.path or "")
        if count == 1 or place is None or int(place[1]) == position + 1:
            found.append((problem.path or "/", SCHEMA_PROBLEM))
    return found
