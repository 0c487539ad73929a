"""Named misbehaviours of one partner. A correct partner comes first; each fault changes one thing about it.

A fault acts at one point of an answer's way: on the copies before they are written, on the approvals, on the
finished answer before it is signed, on the key, on the bytes after signing, or before anything is read.
"""
# ruff: noqa: ARG002 - a hook is given what its point knows, whether or not this fault needs it

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.documents import APPROVAL_NS, GET_NS, INDEX_NS, approval_response, error_response
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.keys import RETIRED
from mobility_bridge.sandbox.learning_agreements import Component, Lists
from mobility_bridge.sandbox.recipes import earlier_text
from mobility_bridge.sandbox.students import Stay
from mobility_bridge.sandbox.world import PartnerApproval, PartnerCopy, World

MOBILITY_ONLINE = "mobility_online"
"""Stands for our own system where somebody who misbehaves is named."""
REGISTRY = "registry"
"""Stands for the registry likewise."""
LADOK = "ladok"
"""Stands for our Ladok likewise."""
DASHBOARD = "dashboard"
"""Stands for the EWP Dashboard likewise."""


class DroppedError(Exception):
    """The partner closes the connection without an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is signed. `approvals` are those that an approval answer was made of."""

    status: int
    body: bytes
    content_type: str = "application/xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    approvals: tuple[PartnerApproval, ...] = ()


class Fault:
    """One misbehaviour; the base class misbehaves in nothing. `leads_to` is the code that shows it."""

    name: ClassVar[str]
    leads_to: ClassVar[str]

    async def arrives(self, endpoint: str, slow_s: float) -> None:
        """A request is here, unread."""

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return copies

    def index(self, ids: list[str]) -> list[str]:
        return ids

    def approvals(self, approvals: list[PartnerApproval], world: World) -> list[PartnerApproval]:
        return approvals

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        return answer

    def key(self, name: str) -> str:
        return name

    def sent(self, endpoint: str, body: bytes) -> bytes:
        return body

    def stays(self, stays: list[Stay]) -> list[Stay]:
        return stays

    conflicts_on_updates: ClassVar[bool] = False
    """It answers a decision about a student with 409, because there is a newer proposal."""
    swallows_updates: ClassVar[bool] = False
    """It takes a decision about a student and closes the connection without an answer."""


_NOTIFIED = (
    "iia-cnr",
    "iia-approval-cnr",
    "omobility-cnr",
    "omobility-la-cnr",
    "imobility-cnr",
    "imobility-tor-cnr",
)
_READ = (
    "iias/index",
    "iias/get",
    "iias-approval",
    "omobilities/index",
    "omobilities/get",
    "omobility-las/index",
    "omobility-las/get",
    "imobilities/get",
    "imobility-tors/index",
    "imobility-tors/get",
)


class DropsCnr(Fault):
    name = "drops_cnr"
    leads_to = "NOTIFICATION_UNDELIVERED"

    async def arrives(self, endpoint: str, slow_s: float) -> None:
        if endpoint in _NOTIFIED:
            raise DroppedError


class ServesStaleHash(Fault):
    name = "serves_stale_hash"
    leads_to = "HASH_DECLARED_WRONG"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return [
            _with(each, hash_recipe="HASH_DECLARED_WRONG") if _had_text(each) else each for each in copies
        ]


class LosesConditions(Fault):
    name = "loses_conditions"
    leads_to = "CONDITION_MISSING"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return [_with(each, conditions=each.copy.conditions[:1]) for each in copies]


class SplitsAgreement(Fault):
    name = "splits_agreement"
    leads_to = "AGREEMENT_SPLIT"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return [
            _with(each, iia_id=f"{each.copy.iia_id}.{number}", conditions=(condition,))
            for each in copies
            for number, condition in enumerate(each.copy.conditions, start=1)
        ]


class NeverMapsId(Fault):
    name = "never_maps_id"
    leads_to = "NOT_MAPPED_BY_PARTNER"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return [_with(each, other_iia_id=None, other_iia_code=None) for each in copies]


class SwapsPartners(Fault):
    name = "swaps_partners"
    leads_to = "PARTNER_ORDER"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        return [_with(each, swapped=True) for each in copies]


class ForgetsAgreement(Fault):
    name = "forgets_agreement"
    leads_to = "DELETED_AFTER_CONCLUSION"

    def copies(self, copies: list[PartnerCopy], world: World) -> list[PartnerCopy]:
        concluded = [each for each in copies if _concluded(each, world)]
        return [each for each in copies if each not in concluded[:1]]


class EmptyIndex(Fault):
    name = "empty_index"
    leads_to = "INDEX_SHRUNK"

    def index(self, ids: list[str]) -> list[str]:
        return []


class ApprovesOldHash(Fault):
    name = "approves_old_hash"
    leads_to = "APPROVAL_STALE"

    def approvals(self, approvals: list[PartnerApproval], world: World) -> list[PartnerApproval]:
        return [replace(each, iia_hash=_old_hash(each.iia_id, world)) for each in approvals]


class ApprovalWithoutId(Fault):
    name = "approval_without_id"
    leads_to = "ANSWER_INVALID"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        if endpoint != "iias-approval" or answer.status != 200:
            return answer
        return replace(answer, body=approval_response(answer.approvals, with_ids=False))


class SignsWithOldKey(Fault):
    name = "signs_with_old_key"
    leads_to = "PARTNER_UNTRUSTED"

    def key(self, name: str) -> str:
        return RETIRED


class Answers503(Fault):
    name = "answers_503"
    leads_to = "PARTNER_UNREACHABLE"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        return Answer(503, b"<html><body>Down for maintenance</body></html>", "text/html")


class AnswersSlowly(Fault):
    name = "answers_slowly"
    leads_to = "PARTNER_UNREACHABLE"

    async def arrives(self, endpoint: str, slow_s: float) -> None:
        await asyncio.sleep(slow_s)


class AnswersGarbage(Fault):
    name = "answers_garbage"
    leads_to = "ANSWER_INVALID"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        if endpoint not in _READ:
            return answer
        return Answer(200, b"<html><body><p>Welcome, please log in<br></body>\x00\xff", "text/html")


class TruncatesBody(Fault):
    name = "truncates_body"
    leads_to = "ANSWER_DAMAGED"

    def sent(self, endpoint: str, body: bytes) -> bytes:
        return body[: len(body) * 2 // 3] if endpoint in _READ else body


class WrongNamespace(Fault):
    name = "wrong_namespace"
    leads_to = "ANSWER_INVALID"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        body = answer.body
        for namespace, other in _OTHER_VERSIONS.items():
            body = body.replace(namespace.encode(), other.encode())
        return replace(answer, body=body)


class RefusesUs(Fault):
    name = "refuses_us"
    leads_to = "PARTNER_REFUSES"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        if endpoint not in _READ:
            return answer
        return Answer(403, error_response("Your institution is not among our partners."))


class InvalidErrorDocument(Fault):
    name = "invalid_error_document"
    leads_to = "ERROR_DOCUMENT_INVALID"

    def answer(self, endpoint: str, answer: Answer) -> Answer:
        if endpoint not in _READ:
            return answer
        return Answer(400, b"<error><code>17</code><text>NullPointerException</text></error>")


class MissingFamilyName(Fault):
    """Leaves the student's family name out of nominations and learning agreements."""

    name = "missing_family_name"
    leads_to = "ANSWER_INVALID"

    def stays(self, stays: list[Stay]) -> list[Stay]:
        return [replace(each, student=replace(each.student, family_name=None)) for each in stays]


class UnknownReasonCode(Fault):
    """Gives changes of signed learning agreements a reason code that no schema knows."""

    name = "unknown_reason_code"
    leads_to = "ANSWER_INVALID"

    def stays(self, stays: list[Stay]) -> list[Stay]:
        odd = Component("Moved course", "ODD101", status="inserted", reason_code="moved-online")
        return [_with_change(each, odd) for each in stays]


class ChangesDoNotApply(Fault):
    """Lets the approved changes delete a component that the first version never had."""

    name = "changes_do_not_apply"
    leads_to = "LA_DIFF_ORPHAN_DELETE"

    def stays(self, stays: list[Stay]) -> list[Stay]:
        ghost = Component("Never chosen", "GHOST999", status="deleted", reason_code="not-available")
        return [_with_change(each, ghost) for each in stays]


class TranscriptWithoutIdentifiers(Fault):
    """Writes transcripts without the student's identifier and birth date, the HEI id and the course ids."""

    name = "transcript_without_identifiers"
    leads_to = "DOCUMENT_INVALID"

    def stays(self, stays: list[Stay]) -> list[Stay]:
        return [
            replace(each, transcript=replace(each.transcript, identified=False)) if each.transcript else each
            for each in stays
        ]


class ConflictOnUpdate(Fault):
    """Answers every decision with 409: its proposal was replaced by a newer one just before."""

    name = "conflict_on_update"
    leads_to = "NOMINATION_PROPOSAL_STALE"
    conflicts_on_updates = True


class SwallowsUpdateAnswer(Fault):
    """Takes a decision, then closes the connection without an answer."""

    name = "swallows_update_answer"
    leads_to = "PARTNER_UNREACHABLE"
    swallows_updates = True


_ALL: tuple[Fault, ...] = (
    DropsCnr(),
    ServesStaleHash(),
    LosesConditions(),
    SplitsAgreement(),
    NeverMapsId(),
    SwapsPartners(),
    ApprovalWithoutId(),
    ApprovesOldHash(),
    SignsWithOldKey(),
    Answers503(),
    AnswersSlowly(),
    AnswersGarbage(),
    TruncatesBody(),
    WrongNamespace(),
    InvalidErrorDocument(),
    RefusesUs(),
    ForgetsAgreement(),
    EmptyIndex(),
)
FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ALL}
_ABOUT_STUDENTS: tuple[Fault, ...] = (
    MissingFamilyName(),
    UnknownReasonCode(),
    ChangesDoNotApply(),
    TranscriptWithoutIdentifiers(),
    ConflictOnUpdate(),
    SwallowsUpdateAnswer(),
)
STUDENT_FAULTS: Mapping[str, Fault] = {fault.name: fault for fault in _ABOUT_STUDENTS}
"""The faults that only show where students are."""

_OTHER_VERSIONS = {
    GET_NS: GET_NS.replace("stable-v7", "stable-v8"),
    INDEX_NS: INDEX_NS.replace("stable-v7", "stable-v8"),
    APPROVAL_NS: APPROVAL_NS.replace("stable-v2", "stable-v3"),
}


def fault_named(name: str) -> Fault:
    """Look a fault up. Raises UsageError, with the nearest names, for one that does not exist."""
    known = {**FAULTS, **STUDENT_FAULTS}
    if name not in known:
        raise UsageError(f"there is no fault {name!r}", next_step=f"Choose one of: {', '.join(known)}.")
    return known[name]


def in_order(names: Iterable[str]) -> list[Fault]:
    """The faults of these names in the order in which they act together."""
    wanted = set(names)
    return [fault for fault in (*_ALL, *_ABOUT_STUDENTS) if fault.name in wanted]


def _with(copy: PartnerCopy, **changes: object) -> PartnerCopy:
    return replace(copy, copy=replace(copy.copy, **changes))  # type: ignore[arg-type]  # fields of Copy


def _with_change(stay: Stay, component: Component) -> Stay:
    """A stay whose signed agreement has one approved change more; one without is left as it is."""
    la = stay.la
    if la is None or la.first is None:
        return stay
    changes = la.changes or replace(la.first, lists=Lists())
    lists = replace(changes.lists, studied=(*(changes.lists.studied or ()), component))
    return replace(stay, la=replace(la, changes=replace(changes, lists=lists)))


def _had_text(copy: PartnerCopy) -> bool:
    """Whether a copy has an earlier text with a hash: not one without conditions or with two ids on one side."""
    return bool(copy.copy.conditions) and copy.copy.extra_iia_id is None


def _concluded(copy: PartnerCopy, world: World) -> bool:
    ours = world.ours.get(copy.copy.other_iia_id or "")
    if ours is None or not ours.own_approval:
        return False
    approval = world.partner_approvals(copy.copy.holder_hei_id).get(ours.iia_id)
    return approval is not None and approval.iia_hash == hash_of(ours.copy)


def _old_hash(iia_id: str, world: World) -> str:
    ours = world.ours[iia_id]
    current = hash_of(ours.copy)
    earlier = [each for each in ours.earlier_hashes if each != current]
    return earlier[0] if earlier else hash_of(earlier_text(ours.copy))
