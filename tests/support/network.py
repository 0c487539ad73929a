"""Partners, their network and our own system in memory: every answer settable, every call counted."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.cases import condition, incoming
from tests.support.clock import VirtualClock

from mobility_bridge.domain.agreement import CooperationCondition, Iia, IiaPartner
from mobility_bridge.domain.evidence import Exchange, Verification
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId, Sha256
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.partner import ApiOffer, Partner
from mobility_bridge.domain.snapshot import (
    AgreementCopy,
    DocumentRef,
    HashVerdict,
    KnownDocument,
    LocalRecord,
)
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected, Unreachable
from mobility_bridge.ports.sources import (
    ApprovalAnswer,
    Capability,
    CatalogueStatus,
    EchoAnswer,
    FetchAnswer,
    IndexAnswer,
    ReadApproval,
    ReadCopy,
    SourceReading,
)

US = HeiId("nordhav.example")
ALDERTON = HeiId("alderton.example")
BRAVA = HeiId("brava.example")
APIS = ("iias", "iias-approval", "iia-cnr", "iia-approval-cnr")


def sha(text: str | bytes) -> Sha256:
    return Sha256(hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest())


def hash_of(holder: HeiId, iia_id: str, other_id: str | None, places: int) -> IiaHash:
    """The hash of a text here: over what a real one covers, the ids included."""
    return IiaHash(sha(f"{holder}|{iia_id}|{other_id}|{places}"))


def unreachable(hei_id: str = ALDERTON, reason: str = "timeout") -> Unreachable:
    return Unreachable("no answer within 30 s", system="ewp", reason=reason, hei_id=hei_id)


def rejected(status: int, hei_id: str = ALDERTON) -> Rejected:
    return Rejected("it says no", system="ewp", reason="http_4xx", status=status, hei_id=hei_id)


def invalid(hei_id: str = ALDERTON) -> InvalidDocument:
    return InvalidDocument("not a date", system="ewp", reason="schema", hei_id=hei_id, line=7)


def not_offered(hei_id: str = ALDERTON) -> NotOffered:
    return NotOffered("offers no receiver", system="ewp", reason="no_api", hei_id=hei_id)


TOLD_AT = datetime(2026, 1, 15, 13, 0, tzinfo=UTC)
CHANGED_AT = TOLD_AT + timedelta(days=1)


def exchange(hei_id: HeiId | None, api: str, body: bytes, at: datetime) -> Exchange:
    return Exchange(
        system="ewp",
        hei_id=hei_id,
        api=api,
        method="POST",
        url=f"https://{hei_id}/ewp/{api}",
        received_at=at,
        request_id="5f0c6a2e-7b1d-4c38-9a55-0d9f3a1c2b44",
        status=200,
        body=body,
        verification=Verification.VERIFIED,
    )


def terms(
    holder: HeiId,
    other: HeiId,
    iia_id: str,
    other_id: str | None,
    places: int,
    conditions: tuple[CooperationCondition, ...] = (),
) -> Iia:
    """An agreement with these conditions, or with one in each direction."""
    partner = other if holder == US else holder
    parties = (IiaPartner(holder, iia_id), IiaPartner(other, other_id))
    if conditions:
        return Iia(partners=parties, in_effect=True, conditions=conditions)
    there = condition(sending_hei_id=US, receiving_hei_id=partner, mobilities_per_year=places)
    back = incoming(sending_hei_id=partner, receiving_hei_id=US)
    return Iia(partners=parties, in_effect=True, conditions=(there, back))


class Library:
    """Documents by their digest, and what they say: decoding is looking up."""

    def __init__(self) -> None:
        self._said: dict[Sha256, tuple[Iia, ...]] = {}

    def put(self, document: bytes, said: Sequence[Iia]) -> Sha256:
        digest = sha(document)
        self._said[digest] = tuple(said)
        return digest

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        try:
            return self._said[sha(document)][ref.position]
        except (KeyError, IndexError):
            raise InvalidDocument("no such document", system="ewp", reason="content") from None


@dataclass
class Text:
    """One copy as its holder shows it at the moment."""

    iia_id: str
    other_id: str | None = None
    places: int = 3
    changed_at: datetime | None = None
    lists_us: bool = True
    facts: dict[str, Any] = field(default_factory=dict)
    conditions: tuple[CooperationCondition, ...] = ()


def copy_of(holder: HeiId, other: HeiId, text: Text, ref: DocumentRef, at: datetime) -> AgreementCopy:
    """What reading a text gives."""
    declared = hash_of(holder, text.iia_id, text.other_id, text.places)
    base = AgreementCopy(
        source=ref.format.partition(".")[0],
        holder_hei_id=holder,
        iia_id=IiaId(text.iia_id),
        partner_hei_id=other,
        partner_iia_id=IiaId(text.other_id) if text.other_id is not None else None,
        listed_hei_ids=(holder, other if text.lists_us else "elsewhere.example"),
        iia_code=None,
        partner_iia_code=None,
        in_effect=True,
        terminated=None,
        iia_hash=declared,
        computed_hash=declared,
        hash_verdict=HashVerdict.MATCHES,
        valid_for_approval=True,
        content_digest=sha(f"places {text.places}"),
        document=ref,
        fetched_at=at,
        text_digest=sha(repr(text)),
    )
    return replace(base, **text.facts)


class FakeSource:
    """Implements `AgreementSource`: a Mobility-Online of a dictionary."""

    def __init__(self, clock: VirtualClock, library: Library, name: str = "mobility_online") -> None:
        self.name = name
        self.error: ExternalError | None = None
        self.complete = True
        self.problems: tuple[tuple[str, str], ...] = ()
        self.calls = 0
        self._clock = clock
        self._library = library
        self._held: dict[tuple[HeiId, str], tuple[Text, LocalRecord]] = {}

    def put(
        self,
        iia_id: str,
        hei_id: HeiId = ALDERTON,
        *,
        theirs: str | None = None,
        places: int = 3,
        status: str = "ACTIVE",
        own_approval: bool = False,
        record: dict[str, Any] | None = None,
        conditions: tuple[CooperationCondition, ...] = (),
        **facts: Any,
    ) -> None:
        """Hold an agreement, or hold it otherwise than before."""
        # Changed since the partner was told last, so that the first look at the source has something to tell.
        kept = LocalRecord(
            status, own_approval=own_approval, modified_at=CHANGED_AT, last_notified_at=TOLD_AT
        )
        text = Text(iia_id, theirs, places, facts=facts, conditions=conditions)
        self._held[(hei_id, iia_id)] = (text, replace(kept, **(record or {})))

    def drop(self, iia_id: str, hei_id: HeiId = ALDERTON) -> None:
        del self._held[(hei_id, iia_id)]

    async def read(self) -> SourceReading:
        self.calls += 1
        if self.error is not None:
            raise self.error
        copies = [self._read(hei, text, record) for (hei, _), (text, record) in self._held.items()]
        body = f"{len(copies)} agreements".encode()
        seen = exchange(None, "agreements", body, self._clock.now())
        return SourceReading(tuple(copies), self.complete, (replace(seen, system=self.name),), self.problems)

    def _read(self, hei_id: HeiId, text: Text, record: LocalRecord) -> ReadCopy:
        document = f"ours|{hei_id}|{text!r}".encode()
        said = terms(US, hei_id, text.iia_id, text.other_id, text.places, text.conditions)
        ref = DocumentRef(self._library.put(document, [said]), f"{self.name}.agreement")
        copy = copy_of(US, hei_id, text, ref, self._clock.now())
        return ReadCopy(replace(copy, record=record), document)

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        return self._library.decode(document, ref)

    async def probe(self) -> Sequence[Capability]:
        if self.error is not None:
            raise self.error
        return (Capability("agreements", available=True, assumed=True),)


@dataclass
class FakePartner:
    """One partner's host. `errors` by API (`index`, `get`, `approval`, `iia`, `iia_approval`) stay until removed."""

    hei_id: HeiId
    copies: dict[str, Text] = field(default_factory=dict)
    approvals: dict[str, str] = field(default_factory=dict)
    errors: dict[str, ExternalError] = field(default_factory=dict)
    invalid: set[str] = field(default_factory=set)
    listed: tuple[str, ...] | None = None
    max_ids: int = 10
    apis: tuple[str, ...] = APIS
    ignores_modified_since: bool = False

    def put(self, iia_id: str, *, ours: str | None = None, places: int = 3, **facts: Any) -> None:
        lists_us = facts.pop("lists_us", True)
        at = facts.pop("changed_at", None)
        conditions = facts.pop("conditions", ())
        self.copies[iia_id] = Text(iia_id, ours, places, at, lists_us, facts, conditions)

    def approves(self, iia_id: str, *, theirs: str | None, places: int = 3) -> None:
        """Approve our copy as it is with these facts."""
        self.approvals[iia_id] = hash_of(US, iia_id, theirs, places)

    @property
    def entry(self) -> Partner:
        offers = {
            name: ApiOffer(name, "7.0.0", {"url": f"https://{self.hei_id}/{name}"}, self.max_ids)
            for name in self.apis
        }
        return Partner(self.hei_id, str(self.hei_id), offers=offers)


class FakeNetwork:
    """Implements `PartnerNetwork` and `NotificationSender`.

    `calls` counts by (hei, api); `asked` remembers each call with what it asked; `received` are the
    notifications that a partner took, in order. `while_sending` runs within a notification, before its end,
    and `while_fetching` after a `get` was asked, before its answer. `told_ids` are the ids of ours that came
    with each `get`.
    """

    def __init__(self, clock: VirtualClock, library: Library, *partners: HeiId) -> None:
        self.hosts = {hei_id: FakePartner(hei_id) for hei_id in partners or (ALDERTON, BRAVA)}
        self.calls: Counter[tuple[HeiId, str]] = Counter()
        self.asked: list[tuple[HeiId, str, object]] = []
        self.received: list[tuple[CnrKind, HeiId, IiaId]] = []
        self.catalogue = CatalogueStatus(len(self.hosts), clock.now())
        self.catalogue_error: ExternalError | None = None
        self.known = True
        self.told_ids: list[tuple[IiaId, ...]] = []
        self.while_sending: Callable[[], Any] | None = None
        self.while_fetching: Callable[[], Any] | None = None
        self.at_once: dict[HeiId, int] = {}
        self.most_at_once: Counter[HeiId] = Counter()
        self._clock = clock
        self._library = library

    def __getitem__(self, hei_id: HeiId) -> FakePartner:
        return self.hosts[hei_id]

    async def refresh_catalogue(self, *, force: bool = False) -> CatalogueStatus:
        self.asked.append((HeiId("registry"), "catalogue", force))
        if self.catalogue_error is not None:
            raise self.catalogue_error
        return self.catalogue

    def knows_us(self) -> bool:
        return self.known

    def partners(self) -> Sequence[Partner]:
        return [host.entry for _, host in sorted(self.hosts.items()) if host.apis]

    def partner(self, hei_id: HeiId) -> Partner | None:
        return self.hosts[hei_id].entry if hei_id in self.hosts else None

    def find_hei(self, text: str) -> HeiId | None:
        return HeiId(text) if text in self.hosts else None

    async def index(self, hei_id: HeiId, modified_since: datetime | None = None) -> IndexAnswer:
        host = await self._call(hei_id, "index", modified_since)
        ids = list(host.listed) if host.listed is not None else list(host.copies)
        if modified_since is not None and not host.ignores_modified_since:
            ids = [name for name in ids if self._changed_after(host, name, modified_since)]
        return IndexAnswer(tuple(map(IiaId, ids)), (self._seen(hei_id, "iias.index", repr(ids)),))

    async def fetch(
        self,
        hei_id: HeiId,
        iia_ids: Sequence[IiaId],
        known: KnownDocument | None = None,
        own_iia_ids: Collection[IiaId] = (),
    ) -> FetchAnswer:
        self.told_ids.append(tuple(own_iia_ids))
        host = await self._call(hei_id, "get", tuple(iia_ids))
        if len(iia_ids) > host.max_ids:
            raise rejected(400, hei_id)
        if host.invalid.intersection(iia_ids):
            raise invalid(hei_id)
        if self.while_fetching is not None:
            await self.while_fetching()
        texts = [host.copies[name] for name in iia_ids if name in host.copies]
        document = f"theirs|{hei_id}|{texts!r}".encode()
        seen = (self._seen(hei_id, "iias.get", document.decode()),)
        if known is not None and known.sha256 == sha(document):
            return FetchAnswer((), (), seen, unchanged=True)
        said = [terms(hei_id, US, text.iia_id, text.other_id, text.places, text.conditions) for text in texts]
        digest = self._library.put(document, said)
        copies = tuple(
            ReadCopy(
                copy_of(hei_id, US, text, DocumentRef(digest, "ewp.iias.v7", at), self._clock.now()), document
            )
            for at, text in enumerate(texts)
        )
        return FetchAnswer(copies, tuple(name for name in iia_ids if name not in host.copies), seen)

    async def approvals(self, hei_id: HeiId, iia_ids: Sequence[IiaId]) -> ApprovalAnswer:
        host = await self._call(hei_id, "approval", tuple(iia_ids))
        named = [name for name in iia_ids if name in host.approvals]
        found = tuple(ReadApproval(name, IiaHash(host.approvals[name])) for name in named)
        return ApprovalAnswer(found, (self._seen(hei_id, "iias-approval", repr(found)),))

    async def echo(self, hei_id: HeiId, echo: Sequence[str] = ()) -> EchoAnswer:
        await self._call(hei_id, "echo", tuple(echo))
        return EchoAnswer((US,), tuple(echo), ())

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        return self._library.decode(document, ref)

    async def notify(self, kind: CnrKind, hei_id: HeiId, iia_id: IiaId) -> Sequence[Exchange]:
        self.at_once[hei_id] = self.at_once.get(hei_id, 0) + 1
        self.most_at_once[hei_id] = max(self.most_at_once[hei_id], self.at_once[hei_id])
        try:
            await asyncio.sleep(0)
            if self.while_sending is not None:
                await self.while_sending()
            await self._call(hei_id, kind.value, iia_id)
        finally:
            self.at_once[hei_id] -= 1
        self.received.append((kind, hei_id, iia_id))
        return (self._seen(hei_id, kind.value, ""),)

    async def _call(self, hei_id: HeiId, api: str, what: object) -> FakePartner:
        self.calls[(hei_id, api)] += 1
        self.asked.append((hei_id, api, what))
        host = self.hosts[hei_id]
        if api in host.errors:
            raise host.errors[api]
        return host

    def _seen(self, hei_id: HeiId, api: str, body: str) -> Exchange:
        return exchange(hei_id, api, body.encode(), self._clock.now())

    @staticmethod
    def _changed_after(host: FakePartner, name: str, since: datetime) -> bool:
        text = host.copies.get(name)
        return text is not None and text.changed_at is not None and text.changed_at > since
