"""Ladok as the services see it: `ports.registry.StudentRegistry`.

Source: Ladok: service areas; adapter rules.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from mobility_adapters.ladok import decode, selftest, utdata
from mobility_adapters.ladok.certificate import ClientCertificate
from mobility_adapters.ladok.client import LadokClient, Question, segment
from mobility_adapters.ladok.events import EventDecoder
from mobility_adapters.ladok.mappings import LadokMappings
from mobility_adapters.ladok.reader import FeedOptions, FeedReader
from mobility_adapters.ladok.registration import Look, Writer, assumed, capability_of, registering
from mobility_adapters.ladok.search import LIMIT, Found, all_rows
from mobility_adapters.ladok.settings import LadokSettings
from mobility_adapters.ladok.values import SYSTEM, Node, child, uid
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement
from mobility_bridge.domain.registration import Participation
from mobility_bridge.errors import ExternalError, InvalidDocument, NotOffered, Rejected
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.registry import (
    AssumedOrder,
    CertificateStatus,
    FeedBatch,
    FeedPosition,
    RegistrationOrder,
    RegistrationOutcome,
    RegistryReading,
    ReportQuestion,
    WriteOutcome,
    WritePowers,
)
from mobility_bridge.ports.sources import Capability

STUDENTS: Final = "studentinformation"
STUDIES: Final = "studiedeltagande"
RESULTS: Final = "resultat"
CATALOGUE: Final = "kataloginformation"
EDUCATIONS: Final = "utbildningsinformation"
_ASSUMED_TABLES: Final = ("externpart", "typavexternpart", "utbytesprogram")
_PARTICIPATIONS: Final = (
    "tillfallesdeltagande/kommande/student",
    "tillfallesdeltagande/kurstillfallesdeltagande/student",
    "paborjadutbilding/kurspaketering/student",
)
_COURSES_ONLY: Final = 2


@dataclass(slots=True)
class _Asking:
    """One question of a service in the making: its exchanges, facts and problems."""

    exchanges: list[Exchange]
    problems: list[tuple[str, str]]
    facts: list[Fact]
    complete: bool = True

    @property
    def as_of(self) -> datetime:
        """When what was just read was true."""
        return self.exchanges[-1].received_at

    def reading(self) -> RegistryReading:
        problems = tuple(dict.fromkeys(self.problems))
        return RegistryReading(tuple(self.facts), self.complete, tuple(self.exchanges), problems)


class LadokRegistry:
    """Implements `ports.registry.StudentRegistry`."""

    def __init__(
        self,
        client: LadokClient,
        settings: LadokSettings,
        mappings: LadokMappings,
        clock: Clock,
        certificate: ClientCertificate | None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._mappings = mappings
        self._clock = clock
        self._certificate = certificate
        self._rules = mappings.rules()
        self._types_known = all(each.isdigit() for each in self._rules.named_types)
        own_user = certificate.user if certificate else settings.plain_user
        self._reader = FeedReader(
            client,
            EventDecoder(self._rules, own_user),
            clock,
            FeedOptions(
                settings.feed_prefix,
                settings.feed_start,
                settings.feed_gaps_every_s,
                settings.max_body_bytes,
            ),
        )

    @property
    def name(self) -> str:
        return SYSTEM

    @property
    def feed_every_s(self) -> float:
        return self._settings.feed_every_s

    async def events(self, position: FeedPosition | None) -> AsyncIterator[FeedBatch]:
        learned = await self._learn_types()
        async for batch in self._reader.read(position):
            yield replace(batch, exchanges=(*learned, *batch.exchanges)) if learned else batch
            learned = ()

    async def newest_page(self) -> int:
        return await self._reader.newest_page()

    async def student(self, uid: LadokUid) -> RegistryReading:
        return await self._student(Question(STUDENTS, f"student/{segment(uid)}"))

    async def find_student(
        self, *, civic_number: str | None = None, external_uid: LadokUid | None = None
    ) -> RegistryReading:
        if civic_number is not None:
            path = f"student/personnummer/{segment(civic_number)}"
            return await self._student(Question(STUDENTS, path, hidden=civic_number))
        if external_uid is None:
            raise ValueError("a civic number or a national UID")
        # The client that was seen writes two u; the other spelling is asked for where that one is not known.
        return await self._student(
            Question(STUDENTS, f"student/externtuuid/{segment(external_uid)}"),
            Question(STUDENTS, f"student/externtuid/{segment(external_uid)}"),
        )

    async def participations(self, student_uid: LadokUid) -> RegistryReading:
        asking = _new()
        found: dict[LadokUid, Participation] = {}
        for path in _PARTICIPATIONS:
            for each in await self._participations(path, student_uid, asking):
                known = found.get(each.admission_uid)
                if known is None or (each.begun and not known.begun):
                    found[each.admission_uid] = each
        asking.facts.extend(found.values())
        return asking.reading()

    async def participants(self, occasion_uid: LadokUid) -> RegistryReading:
        asking = _new()
        path = f"deltagare/kurspaketeringstillfalle/{segment(occasion_uid)}"

        def student(row: Node) -> str | None:
            return uid(child(row, "Student"), "Uid")

        found = await self._all(Question(STUDIES, path), "PERSONNUMMER_ASC", student, asking, "Deltagare")
        facts = (decode.participant(row, occasion_uid, asking.as_of) for row in found.rows)
        asking.facts.extend(each for each in facts if each is not None)
        return asking.reading()

    async def occasions(self, agreement_code: str) -> RegistryReading:
        asking = _new()
        known = await self._agreement(agreement_code, asking)
        if known is None:
            return asking.reading()
        asking.facts.append(known)
        question = Question(
            STUDIES,
            "utbildningstillfalle/kurspaketeringstillfalle",
            (("utbildningskod", agreement_code),),
        )

        def occasion(row: Node) -> str | None:
            return uid(row, "UtbildningstillfalleUID")

        listed = await self._all(question, "BENAMNING_ASC", occasion, asking, "Utbildningstillfalle")
        for row in listed.rows:
            occasion_uid = occasion(row) or ""
            node = await self._ask(
                Question(EDUCATIONS, f"utbildningstillfalle/{segment(occasion_uid)}"), asking
            )
            if node is None:
                asking.problems.append(("utbildningstillfalle", f"{occasion_uid} is listed and not found"))
                continue
            asking.facts.extend(decode.occasion(node, known, self._rules, asking.as_of))
        return asking.reading()

    async def results(self, student_uid: LadokUid) -> RegistryReading:
        """Attested results; with A6 and A7 switched on also credit transfers and merits from elsewhere."""
        asking = _new()
        path = f"studentresultat/attesterade/student/{segment(student_uid)}"
        node = await self._ask(Question(RESULTS, path), asking)
        if node is not None:
            asking.facts.extend(decode.results(node, student_uid, asking.as_of, asking.problems))
        for name, read in (("A6", decode.credit_transfers), ("A7", decode.other_merits)):
            if name in self._settings.assumed:
                found = await self._ask(self._mappings.assumed[name].question(uid=student_uid), asking)
                asking.facts.extend(() if found is None else read(found, student_uid, asking.as_of))
        return asking.reading()

    async def code_table(self, table: str) -> RegistryReading:
        asking = _new()
        if table in _ASSUMED_TABLES:
            self._insist("A2")
            question = self._mappings.assumed[f"A2_{table}"].question()
        elif table == "organisation":
            question = Question(CATALOGUE, table)
        else:
            question = Question(CATALOGUE, f"grunddata/{segment(table)}")
        node = await self._ask(question, asking)
        if node is None:
            raise NotOffered(f"Ladok has no code table {table}.", system=SYSTEM, reason="no_api")
        asking.facts.extend(decode.code_rows(table, node, asking.as_of))
        return asking.reading()

    async def exchange_report(self, question: ReportQuestion) -> RegistryReading:
        self._insist("A9")
        asking = _new()
        call = self._mappings.assumed["A9"]
        for page in range(1, 1000):
            ask = call.question(utdata.question_body(question, page))
            node = await self._ask(ask, asking) or {}
            columns = self._mappings.exchange_report.columns
            asking.facts.extend(utdata.report_rows(node, columns, asking.as_of, asking.problems))
            if utdata.row_count(node) < utdata.PAGE_SIZE:
                break
        return asking.reading()

    def powers(self) -> WritePowers:
        settings = self._settings
        return WritePowers(
            settings.registration,
            f"adapters.{SYSTEM}.registration",
            frozenset(settings.assumed),
            settings.registrations_per_run,
        )

    async def register(self, orders: Sequence[RegistrationOrder]) -> Sequence[RegistrationOutcome]:
        if not self._settings.registration:
            raise NotOffered(
                "Registering students in Ladok is switched off.",
                system=SYSTEM,
                reason="switched_off",
                next_step="Set registration = true in [adapters.ladok].",
            )
        return await self._writer(self._course_participations).carry_out(map(registering, orders))

    async def carry_out(self, orders: Sequence[AssumedOrder]) -> Sequence[WriteOutcome[AssumedOrder]]:
        for order in orders:
            self._insist(capability_of(order))
        writes = (assumed(order, self._mappings.assumed) for order in orders)
        return await self._writer(self._all_participations).carry_out(writes)

    def certificate(self) -> CertificateStatus | None:
        return None if self._certificate is None else self._certificate.status(self._clock.now())

    async def probe(self) -> Sequence[Capability]:
        found = selftest.certificate_capability(self.certificate())
        found += await selftest.rights(self._client)
        found += await selftest.feeds(self._reader, self._settings.feed_prefix)
        found.append(
            Capability(
                "registration",
                available=self._settings.registration,
                note="" if self._settings.registration else "switched off",
            )
        )
        return (*found, *selftest.assumptions(self._settings.assumed))

    async def close(self) -> None:
        await self._client.close()

    async def _student(self, *questions: Question) -> RegistryReading:
        asking = _new()
        for question in questions:
            node = await self._ask(question, asking)
            if node:
                asking.facts.extend(decode.student(node, asking.as_of, asking.problems))
                break
        return asking.reading()

    async def _participations(self, path: str, student_uid: LadokUid, asking: _Asking) -> list[Participation]:
        node = await self._ask(Question(STUDIES, f"{path}/{segment(student_uid)}"), asking)
        if node is None:
            return []
        found = decode.participations(node, student_uid, asking.as_of, asking.problems)
        # What is listed as begun does not say so once more of each.
        return [replace(each, begun=True) if path.startswith("paborjadutbilding") else each for each in found]

    def _writer(self, look: Look) -> Writer:
        return Writer(self._client, look, self._settings.registrations_per_run)

    async def _all_participations(
        self, student_uid: LadokUid, exchanges: list[Exchange]
    ) -> Sequence[Participation]:
        asking = _Asking(exchanges, [], [])
        found = [await self._participations(path, student_uid, asking) for path in _PARTICIPATIONS]
        return [each for some in found for each in some]

    async def _course_participations(
        self, student_uid: LadokUid, exchanges: list[Exchange]
    ) -> Sequence[Participation]:
        """What a registration shows in: course participations, begun or still to come."""
        asking = _Asking(exchanges, [], [])
        found = []
        for path in reversed(_PARTICIPATIONS[:_COURSES_ONLY]):
            found += await self._participations(path, student_uid, asking)
        return found

    async def _agreement(self, code: str, asking: _Asking) -> ExchangeAgreement | None:
        question = Question(EDUCATIONS, "utbildningsinstans", (("kod", code),))
        found = await self._all(
            question, "BENAMNING_ASC", lambda row: uid(row, "Uid"), asking, "Utbildningsinstans"
        )
        read = (decode.agreement(row, self._rules, asking.as_of, asking.problems) for row in found.rows)
        agreements = [each for each in read if each is not None and each.code in (code, None)]
        return max(agreements, key=lambda each: (each.status == 3, each.instance_uid or ""), default=None)

    async def _ask(self, question: Question, asking: _Asking) -> Node | None:
        """Read, and let an error carry all exchanges of the whole question."""
        try:
            return await self._client.read(question, asking.exchanges)
        except ExternalError as error:
            error.evidence = tuple(asking.exchanges)
            raise

    async def _all(
        self,
        question: Question,
        order: str,
        uid_of: Callable[[Node], str | None],
        asking: _Asking,
        item: str,
    ) -> Found:
        """Read all pages of a search, always in an order."""

        async def fetch(page: int) -> Node:
            params = (("page", str(page)), ("limit", str(LIMIT)), ("orderby", order))
            paged = Question(question.service, question.path, (*question.params, *params))
            return await self._ask(paged, asking) or {}

        found = await all_rows(fetch, uid_of, item)
        if found.missing:
            asking.complete = False
            asking.problems.append(
                (question.path.partition("/")[0], f"{found.missing} more rows are counted than shown")
            )
        return found

    def _insist(self, name: str) -> None:
        if name not in self._settings.assumed:
            raise NotOffered(
                f"This uses a resource of Ladok that no public source shows ({name}); it is switched off.",
                system=SYSTEM,
                reason="switched_off",
                next_step=f'Add "{name}" to assumed in [adapters.ladok] once it is confirmed.',
            )

    async def _learn_types(self) -> tuple[Exchange, ...]:
        """Events name types by number, the configuration may by code: read the table once."""
        if self._types_known:
            return ()
        try:
            reading = await self.code_table("utbildningstyp")
        except (Rejected, NotOffered, InvalidDocument):
            # Without the right, or the table, the numbers in the configuration have to do.
            self._types_known = True
            return ()
        self._rules.learn_types(reading.facts)
        self._types_known = True
        return reading.exchanges


def _new() -> _Asking:
    return _Asking([], [], [])
