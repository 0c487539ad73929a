"""The network as the services see it: `ports.sources.PartnerNetwork` and `ports.sinks.NotificationSender`."""

import ssl
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.catalogue import CatalogueCache, Rules
from mobility_adapters.ewp.client import EwpClient, Policy
from mobility_adapters.ewp.codecs import echo_v2, iia_index_v7, iias_approval_v2, iias_v7
from mobility_adapters.ewp.exchanges import Wire
from mobility_adapters.ewp.keys import SigningKey
from mobility_adapters.ewp.mending import mended
from mobility_adapters.ewp.quirks import Quirk, by_hei
from mobility_adapters.ewp.registry import Catalogue
from mobility_adapters.ewp.requests import Question, address
from mobility_adapters.ewp.settings import EwpSettings, resolve, signing_key
from mobility_adapters.ewp.students import EwpStudents
from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaId, Sha256
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.domain.partner import Partner
from mobility_bridge.domain.snapshot import DocumentRef, KnownDocument
from mobility_bridge.errors import ConfigError, InvalidDocument
from mobility_bridge.kit.http import Answer, Limits, Outgoing, WireTransport, tls_context
from mobility_bridge.kit.schemas import SchemaSet
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.adapter import Surroundings
from mobility_bridge.ports.sources import (
    ApprovalAnswer,
    CatalogueStatus,
    EchoAnswer,
    FetchAnswer,
    IndexAnswer,
    ReadCopy,
)

_RECEIVERS: Final[Mapping[CnrKind, str]] = {
    CnrKind.IIA: "iia-cnr",
    CnrKind.IIA_APPROVAL: "iia-approval-cnr",
}


class EwpNetwork:
    """Implements both ports on one client."""

    def __init__(
        self,
        own_hei_id: HeiId,
        client: EwpClient,
        catalogue: CatalogueCache,
        quirks: Mapping[str, Quirk],
        transports: Sequence[httpx.AsyncBaseTransport] = (),
    ) -> None:
        self._own = own_hei_id
        self._client = client
        self._catalogue = catalogue
        self._quirks = quirks
        self._transports = transports
        self._listed: tuple[Catalogue, tuple[Partner, ...]] | None = None
        self._described: tuple[Catalogue, dict[HeiId, Partner]] | None = None

    @property
    def students(self) -> EwpStudents:
        """The student APIs, asked by the same client."""
        return EwpStudents(self._own, self._client)

    async def refresh_catalogue(self, *, force: bool = False) -> CatalogueStatus:
        return await self._catalogue.refresh(force=force)

    def partners(self) -> Sequence[Partner]:
        catalogue = self._catalogue.catalogue
        if catalogue is None:
            return ()
        if self._listed is None or self._listed[0] is not catalogue:
            others = (p for p in catalogue.agreement_partners if p.hei_id != self._own)
            self._listed = catalogue, tuple(self._adjusted(partner) for partner in others)
        return self._listed[1]

    def partner(self, hei_id: HeiId) -> Partner | None:
        catalogue = self._catalogue.catalogue
        if catalogue is None:
            return None
        if self._described is None or self._described[0] is not catalogue:
            self._described = catalogue, {partner.hei_id: partner for partner in self.partners()}
        described = self._described[1].get(hei_id)
        if described is not None:
            return described
        found = catalogue.partner(hei_id)
        return self._adjusted(found) if found else None

    def knows_us(self) -> bool:
        catalogue = self._catalogue.catalogue
        return catalogue is not None and self._own in catalogue.client_heis(self._client.key_id)

    def find_hei(self, text: str) -> HeiId | None:
        catalogue = self._catalogue.catalogue
        return catalogue.find(text) if catalogue else None

    async def index(self, hei_id: HeiId, modified_since: datetime | None = None) -> IndexAnswer:
        params = () if modified_since is None else (("modified_since", _instant(modified_since)),)
        reply = await self._client.ask(Question(hei_id, "iias", "index", params))
        ids = await self._client.read(reply, iia_index_v7.decode_index)
        return IndexAnswer(tuple(dict.fromkeys(ids)), reply.exchanges)

    async def fetch(
        self,
        hei_id: HeiId,
        iia_ids: Sequence[IiaId],
        known: KnownDocument | None = None,
        own_iia_ids: Collection[IiaId] = (),
    ) -> FetchAnswer:
        reply = await self._client.ask(self._about(hei_id, "iias", "get", iia_ids))
        if known is not None and reply.is_known(known):
            return FetchAnswer((), (), _with_digest(reply.exchanges, known.sha256), unchanged=True)
        received_at = reply.exchanges[-1].received_at

        def read(root: Element) -> list[ReadCopy]:
            return iias_v7.read_copies(
                reply.body,
                called_hei_id=hei_id,
                own_hei_id=self._own,
                fetched_at=received_at,
                source=wire.SYSTEM,
                tree=root,
                own_iia_ids=own_iia_ids,
                digest=reply.sha256,
            )

        copies = tuple(await self._client.read(reply, read, partial(mended, holder_hei_id=hei_id)))
        served = {item.copy.iia_id for item in copies}
        absent = tuple(iia_id for iia_id in dict.fromkeys(iia_ids) if iia_id not in served)
        return FetchAnswer(copies, absent, _with_digest(reply.exchanges, reply.sha256))

    async def approvals(self, hei_id: HeiId, iia_ids: Sequence[IiaId]) -> ApprovalAnswer:
        reply = await self._client.ask(self._about(hei_id, "iias-approval", "url", iia_ids))
        approvals = await self._client.read(reply, iias_approval_v2.decode)
        return ApprovalAnswer(tuple(approvals), reply.exchanges)

    async def echo(self, hei_id: HeiId, echo: Sequence[str] = ()) -> EchoAnswer:
        params = tuple(("echo", word) for word in echo)
        reply = await self._client.ask(Question(hei_id, "echo", "url", params))
        heard = await self._client.read(reply, echo_v2.decode)
        return EchoAnswer(heard.hei_ids, heard.echoes, reply.exchanges)

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        if ref.format != wire.FORMAT_IIAS_V7:
            raise InvalidDocument(
                f"documents of the format {ref.format} are not decoded",
                system=wire.SYSTEM,
                reason="content",
            )
        return iias_v7.decode_at(document, ref.position)

    async def notify(self, kind: CnrKind, hei_id: HeiId, iia_id: IiaId) -> Sequence[Exchange]:
        question = Question(hei_id, _RECEIVERS[kind], "url", (("iia_id", iia_id),))
        try:
            reply = await self._client.ask(question, attempts=1)
        except InvalidDocument as error:
            # The answer to a notification is its status; a strange body cannot undo a 200.
            return tuple(item for item in error.evidence if isinstance(item, Exchange))
        return reply.exchanges

    async def close(self) -> None:
        """Close the connections and threads that this network opened itself."""
        self._client.close()
        for transport in self._transports:
            await transport.aclose()

    def _about(self, hei_id: HeiId, api: str, endpoint: str, iia_ids: Sequence[IiaId]) -> Question:
        limit = self._client.max_ids(hei_id, api)
        if not 0 < len(iia_ids) <= limit:
            raise ValueError(f"{len(iia_ids)} ids for {hei_id}, which takes 1 to {limit}")
        return Question(hei_id, api, endpoint, tuple(("iia_id", iia_id) for iia_id in iia_ids))

    def _adjusted(self, partner: Partner) -> Partner:
        """Lower the announced limits where this partner is known to need it."""
        quirk = self._quirks.get(partner.hei_id)
        if quirk is None or quirk.ids_per_call is None:
            return partner
        offers = {
            name: replace(offer, max_ids=min(offer.max_ids, quirk.ids_per_call))
            for name, offer in partner.offers.items()
        }
        return replace(partner, offers=offers)


def build_network(
    settings: EwpSettings, surroundings: Surroundings, *, quirks: Mapping[str, Quirk] | None = None
) -> EwpNetwork:
    """Put the client together; reads the key and the authorities, nothing else. Raises ConfigError."""
    quirks = by_hei() if quirks is None else quirks
    base = surroundings.base_dir
    key = signing_key(settings.client_key, base)
    opened: list[httpx.AsyncBaseTransport] = []
    partners = registry = surroundings.transport
    if partners is None:
        partners = registry = WireTransport(
            _context("ca_file", settings.ca_file, base), connections=settings.concurrency
        )
        opened.append(partners)
        if settings.registry_ca_file is not None:
            registry = WireTransport(
                _context("registry_ca_file", settings.registry_ca_file, base, system=False), connections=2
            )
            opened.append(registry)
    limits = Limits(settings.connect_s, settings.total_s, settings.max_body_bytes)
    schemas = SchemaSet()
    catalogue = _catalogue(settings, surroundings, Wire(registry, limits, surroundings.clock), key, schemas)
    policy = Policy(
        attempts=settings.attempts,
        first_retry_s=settings.first_retry_s,
        max_retry_s=settings.max_retry_s,
        concurrency=settings.concurrency,
        concurrency_per_partner=settings.concurrency_per_partner,
        accept_unsigned=settings.accept_unsigned,
        quirks=quirks,
    )
    through = Wire(partners, limits, surroundings.clock)
    client = EwpClient(through, catalogue, key, policy, schemas, surroundings.log)
    return EwpNetwork(surroundings.own_hei_id, client, catalogue, quirks, opened)


def _catalogue(
    settings: EwpSettings, surroundings: Surroundings, through: Wire, key: SigningKey, schemas: SchemaSet
) -> CatalogueCache:
    async def fetch(headers: Mapping[str, str]) -> tuple[Answer, Exchange]:
        place = address(settings.registry_url)
        shown = {"host": place.host, "accept-encoding": "gzip", "user-agent": "mobility-bridge", **headers}
        request = Outgoing("GET", place.origin + place.target, tuple(shown.items()))
        done = await through.send(request)
        return done.answer, done.exchange(api="registry")

    rules = Rules(
        own_hei_id=surroundings.own_hei_id,
        own_key_id=key.key_id,
        min_s=settings.catalogue_min_s,
        max_s=settings.catalogue_max_s,
        max_stale_s=settings.max_stale_days * 86_400,
        max_bytes=settings.max_body_bytes,
        accept_shrink=settings.accept_shrink,
    )
    return CatalogueCache(fetch, surroundings.state_dir, rules, schemas, surroundings.clock, surroundings.log)


def _context(name: str, path: Path | None, base: Path, *, system: bool = True) -> ssl.SSLContext:
    try:
        return tls_context(resolve(path, base) if path else None, system=system)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(
            f"the certificate authorities in {path} cannot be read",
            problems=[(f"adapters.ewp.{name}", str(error), "a PEM file of certificate authorities")],
            next_step="mobility-bridge config check",
        ) from error


def _with_digest(exchanges: Sequence[Exchange], sha256: Sha256) -> tuple[Exchange, ...]:
    """Say which body the last exchange brought, so that who keeps it need not digest it again."""
    return (*exchanges[:-1], replace(exchanges[-1], body_sha256=sha256))


def _instant(moment: datetime) -> str:
    """Write an instant as servers read it without doubt: UTC, with `Z`, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
