"""Applications, out and in, and their course lists, as Mobility-Online holds them.

Source: Mobility-Online: application search (every field always sent, an exact term text, a restriction always
there), a full-year stay is found under its year's text only; learning agreement rows.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mobility_adapters.mobility_online import application_document as documents
from mobility_adapters.mobility_online.application_decode import decode
from mobility_adapters.mobility_online.application_document import (
    APPLICATION_FORMAT,
    COURSES_FORMAT,
    Stated,
    UnreadableApplication,
    number_of,
)
from mobility_adapters.mobility_online.application_mappings import ApplicationMappings
from mobility_adapters.mobility_online.application_report import read_applications
from mobility_adapters.mobility_online.client import SoapClient
from mobility_adapters.mobility_online.course_rows import decode_rows
from mobility_adapters.mobility_online.document import SYSTEM, digest
from mobility_adapters.mobility_online.mappings import CodeMappings, ReportMapping
from mobility_adapters.mobility_online.records import DIRECTIONS
from mobility_adapters.mobility_online.values import Raw
from mobility_bridge.domain.application import Application, CourseList
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import ApplicationId, HeiId
from mobility_bridge.domain.record import Record, RecordKey, RecordKind
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.student_sources import ReadRecord, RecordReading

SERVICE: Final = "GetApplicationDataService"
_SEARCH: Final = "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions"
_BY_ID: Final = "getApplicationDataByID"
_COURSES: Final = "getCoursesOfLearningAgreement"
_CANCELLED: Final = "is_storniert"


@dataclass(frozen=True, slots=True)
class Found:
    """One raw application and the question that it answered."""

    raw: Raw
    direction: str
    cancelled: bool = False


@dataclass(slots=True)
class _Reading:
    """What one reading has brought so far."""

    found: dict[str, Found] = field(default_factory=dict)
    contradicted: set[str] = field(default_factory=set)
    nameless: list[Found] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    failures: list[ExternalError] = field(default_factory=list)
    answers: int = 0

    def add(self, raws: Iterable[Raw | str], direction: str, *, cancelled: bool) -> None:
        self.answers += 1
        for raw in raws:
            if isinstance(raw, str):
                continue
            found, number = Found(raw, direction, cancelled), number_of(raw)
            if number is None:
                self.nameless.append(found)
            elif self.found.setdefault(number, found) != found:
                self.contradicted.add(number)

    def fail(self, where: str, error: ExternalError) -> None:
        self.failures.append(error)
        self.problems.append((where, error.message))


class MobilityOnlineApplications:
    """Implements `ports.student_sources.ApplicationSource`: over the services, or from an exported report."""

    def __init__(  # noqa: PLR0913 - what a source is put together from, keyword only
        self,
        *,
        own_hei_id: HeiId,
        client: SoapClient | None,
        codes: CodeMappings,
        applications: ApplicationMappings,
        report: ReportMapping,
        clock: Clock,
        report_file: Path | None = None,
        max_body_bytes: int = 64 << 20,
    ) -> None:
        self._own = own_hei_id
        self._client = client
        self._codes = codes
        self._mappings = applications
        self._report = report
        self._clock = clock
        self._report_file = report_file
        self._limit = max_body_bytes
        self._wanted = applications.wanted()
        self._labelled = frozenset((*applications.pipeline.outgoing, *applications.pipeline.incoming))

    @property
    def name(self) -> str:
        return SYSTEM

    async def read_applications(self, terms: Sequence[Term]) -> RecordReading:
        """Read every application of these terms, both directions, cancelled ones and full years included.

        Shape:   one question for each direction, term text and state of cancellation; what is found twice is
                 joined. Any failed question makes the reading incomplete.
        Raises:  Unreachable, Rejected or InvalidDocument when nothing could be read.
        """
        if self._report_file is not None:
            return await self._read_file(self._report_file, frozenset(terms))
        reading = _Reading()
        await self._ask(self._mappings.terms.asked(terms), reading)
        if reading.failures:
            self._services.forget()
            if not reading.answers:
                raise _with_evidence(reading.failures[0], reading.exchanges)
        await self._settle(reading)
        return await asyncio.to_thread(self._gathered, reading)

    async def read_courses(self, application_ids: Sequence[ApplicationId]) -> RecordReading:
        """Read the rows of these applications' learning agreements, removed ones included; one call for each."""
        reading = _Reading()
        stated: dict[str, tuple[Stated, datetime]] = {}

        async def ask(application_id: str) -> None:
            if not (application_id.isdecimal() and application_id.isascii()):
                reading.failures.append(_no_number())
                reading.problems.append(("course list", "not a number"))
                return
            try:
                rows = await self._call(_COURSES, {"applicationID": int(application_id)}, reading)
            except ExternalError as error:
                reading.fail(f"course list of application {application_id}", error)
                return
            stated[application_id] = documents.state_rows(application_id, rows), self._clock.now()

        asked = dict.fromkeys(application_ids)
        await _all(ask(each) for each in asked)
        records = [self._course_record(*stated[each]) for each in asked if each in stated]
        return RecordReading(
            tuple(records),
            complete=not reading.failures,
            exchanges=tuple(reading.exchanges),
            problems=tuple(reading.problems),
        )

    def import_report(self, data: bytes, terms: Iterable[Term] = ()) -> RecordReading:
        """Read an exported report over applications; `terms` leaves out those that certainly lie in others.

        Raises:  InvalidDocument for what is no such report.
        """
        rows = read_applications(
            data, self._report.applications, self._mappings.person_type, limit=self._limit
        )
        reading = _Reading()
        for direction, raw in rows:
            reading.add((raw,), direction, cancelled=False)
        for number in sorted(reading.contradicted):
            del reading.found[number]
            reading.failures.append(_no_number())
            reading.problems.append((f"application {number}", "two different rows have this number"))
        return self._gathered(reading, frozenset(terms))

    def decode(self, document: bytes, ref: DocumentRef, as_of: datetime) -> Application | CourseList:
        """Decode a stored document with today's mappings. Raises InvalidDocument."""
        if ref.format == COURSES_FORMAT:
            return decode_rows(documents.read(document, COURSES_FORMAT))[0]
        if ref.format == APPLICATION_FORMAT:
            return self._decode(documents.read(document, APPLICATION_FORMAT), as_of)
        raise InvalidDocument(
            f"{ref.format} is not a format of applications.", system=SYSTEM, reason="content"
        )

    @property
    def _services(self) -> SoapClient:
        if self._client is None:
            raise NotOffered(
                "No address of Mobility-Online's services is set.",
                system=SYSTEM,
                reason="switched_off",
                next_step="Set base_url and authority in [adapters.mobility_online].",
            )
        return self._client

    async def _ask(self, texts: Sequence[str], reading: _Reading) -> None:
        async def ask(direction: str, text: str, *, cancelled: bool) -> None:
            try:
                found = await self._call(
                    _SEARCH, self._question(direction, text, cancelled=cancelled), reading
                )
                reading.add(found, direction, cancelled=cancelled)
            except ExternalError as error:
                what = "cancelled applications" if cancelled else "applications"
                reading.fail(f"{what} {direction} {text}", error)

        await _all(
            ask(direction, text, cancelled=cancelled)
            for direction in DIRECTIONS
            for text in texts
            for cancelled in (False, True)
        )

    def _question(self, direction: str, text: str, *, cancelled: bool) -> Mapping[str, Any]:
        """One search. Without a restriction the list would come shortened, so there always is one."""
        return {
            "applicationType": direction,
            "personType": self._mappings.person_type,
            "semesterDescription": text,
            "furtherSearchRestrictions": [
                {
                    "elementName": _CANCELLED,
                    "elementType": "boolean",
                    "elementValue": None,
                    "elementValueBoolean": cancelled,
                }
            ],
            "specifiedElementsForReturn": [{"elementName": name} for name in self._wanted],
        }

    async def _settle(self, reading: _Reading) -> None:
        """Two questions told of one application differently, so it changed meanwhile: ask for it alone."""

        async def ask(number: str) -> None:
            before = reading.found.pop(number)
            try:
                found = await self._call(_BY_ID, {"applicationID": int(number)}, reading)
            except ExternalError as error:
                reading.fail(f"application {number}", error)
                return
            for raw in found:
                if not isinstance(raw, str) and number_of(raw) == number:
                    reading.found[number] = Found(raw, before.direction)
            if number not in reading.found:
                reading.fail(f"application {number}", _gone())

        await _all(ask(each) for each in sorted(reading.contradicted))

    async def _call(self, operation: str, arguments: Mapping[str, Any], reading: _Reading) -> list[Raw | str]:
        return await self._services.call(SERVICE, operation, arguments, reading.exchanges)

    async def _read_file(self, file: Path, terms: frozenset[Term]) -> RecordReading:
        try:
            data = await asyncio.to_thread(file.read_bytes)
        except OSError as error:
            raise InvalidDocument(
                f"The report {file.name} cannot be read: {error.strerror}.", system=SYSTEM, reason="content"
            ) from error
        return await asyncio.to_thread(self.import_report, data, terms)

    def _gathered(self, reading: _Reading, terms: frozenset[Term] = frozenset()) -> RecordReading:
        now = self._clock.now()
        records: list[ReadRecord] = []
        problems = list(reading.problems)
        unreadable = bool(reading.failures)
        everything = (*(reading.found[each] for each in sorted(reading.found, key=int)), *reading.nameless)
        for found in everything:
            try:
                read = self._record(found, now)
            except UnreadableApplication as error:
                unreadable = True
                problems.append((f"application {error.application_id or 'without number'}", error.code))
                continue
            if not terms or not read.record.facts.terms or terms.intersection(read.record.facts.terms):
                records.append(read)
        return RecordReading(
            tuple(records),
            complete=not unreadable,
            exchanges=tuple(reading.exchanges),
            problems=tuple(dict.fromkeys(problems)),
        )

    def _record(self, found: Found, now: datetime) -> ReadRecord:
        stated = documents.state(
            found.raw, self._wanted, self._labelled, asked=found.direction, cancelled=found.cancelled
        )
        application = self._decode(stated, now)
        read_as = {name: each for name, each in asdict(application).items() if name != "modified_at"}
        return self._kept(RecordKind.APPLICATION, application, stated, read_as, (now, application.problems))

    def _course_record(self, stated: Stated, at: datetime) -> ReadRecord:
        courses, problems = decode_rows(stated)
        return self._kept(RecordKind.COURSE_LIST, courses, stated, asdict(courses), (at, problems))

    def _kept(
        self,
        kind: RecordKind,
        facts: Application | CourseList,
        stated: Stated,
        read_as: Mapping[str, Any],
        seen: tuple[datetime, tuple[tuple[str, str], ...]],
    ) -> ReadRecord:
        document = documents.write(stated)
        record = Record(
            key=RecordKey(SYSTEM, kind, self._own, facts.application_id),
            facts=facts,
            digest=documents.content_digest(stated, read_as),
            as_of=seen[0],
            document=DocumentRef(digest(document), str(stated["format"])),
            problems=seen[1],
        )
        return ReadRecord(record, document)

    def _decode(self, stated: Stated, as_of: datetime) -> Application:
        return decode(stated, self._mappings, self._codes.countries, zone=self._codes.zone, as_of=as_of)


async def _all(calls: Iterable[Awaitable[None]]) -> None:
    """Run them together; the client bounds how many are on the wire."""
    async with asyncio.TaskGroup() as group:
        for each in calls:
            group.create_task(_awaited(each))


async def _awaited(call: Awaitable[None]) -> None:
    await call


def _no_number() -> ExternalError:
    return InvalidDocument("An application has no usable number.", system=SYSTEM, reason="content")


def _gone() -> ExternalError:
    return InvalidDocument("It was found and is no longer there.", system=SYSTEM, reason="content")


def _with_evidence(error: ExternalError, exchanges: Sequence[Exchange]) -> ExternalError:
    error.evidence = tuple(exchanges)
    if isinstance(error, Rejected) and error.next_step is None:
        error.next_step = "Check adapters.mobility_online.authority, then run: mobility-bridge status"
    return error
