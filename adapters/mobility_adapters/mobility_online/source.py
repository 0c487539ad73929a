"""Our copies of agreements, as Mobility-Online holds them.

Source: Mobility-Online: assumed services (A1, assumed) and 6.4.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mobility_adapters.mobility_online import document as documents
from mobility_adapters.mobility_online.client import SoapClient
from mobility_adapters.mobility_online.copies import Gathered, gather
from mobility_adapters.mobility_online.decode import decode
from mobility_adapters.mobility_online.document import FORMAT, SYSTEM
from mobility_adapters.mobility_online.mappings import CodeMappings, ReportMapping
from mobility_adapters.mobility_online.offer import OPERATIONS, capability
from mobility_adapters.mobility_online.records import DIRECTIONS, identify
from mobility_adapters.mobility_online.report import read_report
from mobility_adapters.mobility_online.values import Raw
from mobility_bridge.domain.agreement import Iia
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.sources import Capability, SourceReading

SERVICE: Final = "GetAgreementDataService"
_IDS: Final = "getAgreementIdsBySearchParameters"
_SEARCH: Final = "getAgreementsBySearchParameters"
_BY_ID: Final = "getAgreementByID"

Arguments = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Route:
    """Which way agreements are read: over the assumed services, from a report, or not at all."""

    assumed_services: bool = False
    report_file: Path | None = None
    max_body_bytes: int = 64 << 20


@dataclass(slots=True)
class _Reading:
    """What one reading has brought so far."""

    raws: dict[str, Raw] = field(default_factory=dict)
    nameless: list[Raw] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    failures: list[ExternalError] = field(default_factory=list)
    withheld: set[str] = field(default_factory=set)

    def add(self, found: Iterable[Raw | str]) -> None:
        for raw in found:
            if isinstance(raw, str):
                continue
            agreement_id = identify(raw).agreement_id
            if agreement_id is None or self.raws.get(agreement_id, raw) != raw:
                self.nameless.append(raw)
            else:
                self.raws[agreement_id] = raw

    def fail(self, where: str, error: ExternalError) -> None:
        self.failures.append(error)
        self.problems.append((where, error.message))

    def institutions(self) -> list[str]:
        found = {identify(raw).institution_id for raw in (*self.raws.values(), *self.nameless)}
        return sorted(each for each in found if each)


class MobilityOnlineSource:
    """Implements `ports.sources.AgreementSource`.

    Two ways lead to the same copies: the assumed agreement service, or a report that a person exported.
    """

    def __init__(
        self,
        *,
        own_hei_id: HeiId,
        client: SoapClient | None,
        codes: CodeMappings,
        report: ReportMapping,
        clock: Clock,
        route: Route,
    ) -> None:
        self._own = own_hei_id
        self._client = client
        self._codes = codes
        self._report = report
        self._clock = clock
        self._route = route

    @property
    def name(self) -> str:
        return SYSTEM

    async def read(self) -> SourceReading:
        """Read every agreement, over SOAP or from the report, whichever is configured.

        Shape:   one question for each person type and direction, then the list of all ids as a check: what it
                 names beyond that is asked for one by one. Any failed call makes the reading incomplete.
        Raises:  NotOffered(switched_off) when neither way is configured; Unreachable, Rejected or
                 InvalidDocument when nothing could be read.
        """
        if self._route.report_file is not None:
            return await self._read_file(self._route.report_file)
        if not self._route.assumed_services:
            raise NotOffered(
                "Reading agreements from Mobility-Online uses services that no public source shows; they are switched off.",
                system=SYSTEM,
                reason="switched_off",
                next_step="Set assumed_services = true or report_file in [adapters.mobility_online].",
            )
        return await self._read_services()

    def import_report(self, data: bytes) -> SourceReading:
        """Read an exported report over agreements; the whole of it is the source's state.

        Raises:  InvalidDocument for what is no such report.
        """
        raws = read_report(data, self._report, limit=self._route.max_body_bytes)
        gathered = self._gather(raws)
        return SourceReading(gathered.copies, complete=not gathered.unreadable, problems=gathered.problems)

    def decode(self, document: bytes, ref: DocumentRef) -> Iia:
        """Decode a stored document with today's mappings. Raises InvalidDocument."""
        if ref.format != FORMAT:
            raise InvalidDocument(
                f"{ref.format} is not a format of Mobility-Online.", system=SYSTEM, reason="content"
            )
        return decode(documents.read(document), self._own, self._codes).iia

    async def probe(self) -> Sequence[Capability]:
        """Compare the operations in the WSDLs with those that we use or could use. Changes nothing."""
        found: list[Capability] = []
        if self._client is None:
            return (self._report_capability(),)
        for service, assumed in dict.fromkeys((each.service, each.assumed) for each in OPERATIONS):
            if assumed and not self._route.assumed_services:
                found += [
                    capability(each, None, "switched off") for each in OPERATIONS if each.service == service
                ]
                continue
            offered, note = await self._offered(service)
            found += [
                capability(each, offered, note, asked=offered is not None)
                for each in OPERATIONS
                if each.service == service
            ]
        return (*found, self._report_capability())

    def _report_capability(self) -> Capability:
        there = self._route.report_file is not None
        return Capability("report file", available=there, note="agreements as exported by hand")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()

    @property
    def _services(self) -> SoapClient:
        if self._client is None:
            raise NotOffered(
                "No address of Mobility-Online's services is set.",
                system=SYSTEM,
                reason="switched_off",
                next_step="Set adapters.mobility_online.base_url, or report_file.",
            )
        return self._client

    async def _offered(self, service: str) -> tuple[frozenset[str] | None, str]:
        try:
            bound = await self._services.service(service, [])
        except ExternalError as error:
            return None, error.message
        return bound.operations, ""

    async def _read_file(self, file: Path) -> SourceReading:
        try:
            data = await asyncio.to_thread(file.read_bytes)
        except OSError as error:
            raise InvalidDocument(
                f"The report {file.name} cannot be read: {error.strerror}.", system=SYSTEM, reason="content"
            ) from error
        return await asyncio.to_thread(self.import_report, data)

    async def _read_services(self) -> SourceReading:
        reading = _Reading()
        await self._search(reading)
        if not reading.raws and reading.failures:
            self._services.forget()
            raise _with_evidence(reading.failures[0], reading.exchanges)
        await self._check_against_ids(reading)
        if reading.failures:
            self._services.forget()
        gathered = await asyncio.to_thread(
            self._gather, (*reading.raws.values(), *reading.nameless), reading.withheld
        )
        return SourceReading(
            gathered.copies,
            complete=not (reading.failures or gathered.unreadable),
            exchanges=tuple(reading.exchanges),
            problems=tuple(dict.fromkeys((*reading.problems, *gathered.problems))),
        )

    def _gather(self, raws: Iterable[Raw], withheld: Iterable[str] = ()) -> Gathered:
        return gather(
            raws,
            own_hei_id=self._own,
            mappings=self._codes,
            fetched_at=self._clock.now(),
            withheld_institutions=frozenset(withheld),
        )

    async def _search(self, reading: _Reading) -> None:
        questions = [(person, direction) for person in self._codes.person_types for direction in DIRECTIONS]

        async def ask(person: str, direction: str) -> None:
            try:
                found = await self._call(
                    _SEARCH, {"personType": person, "applicationType": direction}, reading
                )
                reading.add(found)
            except ExternalError as error:
                reading.fail(f"agreements {person} {direction}", error)

        await _all(ask(person, direction) for person, direction in questions)

    async def _check_against_ids(self, reading: _Reading) -> None:
        """Compare with the list of all ids, and fetch one by one what it names beyond what was found.

        A search that failed, a record of an unknown person type and an answer that was cut are all made good
        here. What cannot be had leaves its partner's agreements in doubt: they are held back, because without
        one record an agreement looks as if a condition had been dropped.
        """
        try:
            named = _ids(await self._call(_IDS, {}, reading))
        except ExternalError as error:
            reading.fail("list of agreement ids", error)
            if len(reading.failures) > 1:
                reading.withheld.update(reading.institutions())
            return
        missing = sorted(named - reading.raws.keys())
        unknown: set[str] = set()

        async def fetch(agreement_id: str) -> None:
            try:
                reading.add(await self._call(_BY_ID, {"agreementID": int(agreement_id)}, reading))
            except ExternalError as error:
                reading.fail(f"agreement record {agreement_id}", error)
                unknown.add(agreement_id)

        await _all(fetch(each) for each in missing)
        if unknown:
            await self._withhold(unknown, reading)

    async def _withhold(self, unknown: set[str], reading: _Reading) -> None:
        """Find out whose the unreadable records are, by asking for the ids of each partner that we know of."""

        async def ask(institution: str) -> None:
            try:
                ids = _ids(await self._call(_IDS, {"institutionID": int(institution)}, reading))
            except ExternalError as error:
                reading.fail(f"agreement ids of institution {institution}", error)
                reading.withheld.add(institution)
                return
            if ids & unknown:
                reading.withheld.add(institution)

        await _all(ask(each) for each in reading.institutions() if each.isdecimal())

    async def _call(self, operation: str, arguments: Arguments, reading: _Reading) -> list[Raw | str]:
        return await self._services.call(SERVICE, operation, arguments, reading.exchanges)


async def _all(calls: Iterable[Awaitable[None]]) -> None:
    """Run them together; the client bounds how many are on the wire."""
    async with asyncio.TaskGroup() as group:
        for each in calls:
            group.create_task(_awaited(each))


async def _awaited(call: Awaitable[None]) -> None:
    await call


def _ids(found: Iterable[Raw | str]) -> set[str]:
    ids = {each.strip() if isinstance(each, str) else "" for each in found}
    strange = sorted(each for each in ids if not each.isdecimal())
    if strange:
        raise InvalidDocument(
            f"The list of agreement ids holds {strange[0]!r}, expected numbers.",
            system=SYSTEM,
            reason="content",
        )
    return ids


def _with_evidence(error: ExternalError, exchanges: Sequence[Exchange]) -> ExternalError:
    error.evidence = tuple(exchanges)
    if isinstance(error, Rejected) and error.next_step is None:
        error.next_step = "Check adapters.mobility_online.authority, then run: mobility-bridge status"
    return error
