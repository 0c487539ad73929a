"""Read the registry itself, now and then and slowly: a feed alone cannot prove that nothing was missed.

Code tables, agreements with their occasions, who is on each exchange, and the studies of everybody whom we follow.
What is read is weighed against the feed's facts by its instant; what no event told of is healed and named.

Source: Ladok: consuming the feed right, rule 12; participants; reports.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion
from mobility_bridge.domain.record import IdentityKeyKind, StudentId
from mobility_bridge.domain.registration import Participation
from mobility_bridge.errors import ExternalError, NotOffered, Rejected
from mobility_bridge.ports.registry import RegistryReading, ReportQuestion, StudentRegistry
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.exchange import Offering
from mobility_bridge.reconcile.missed import Missed, missed
from mobility_bridge.services.context import Context
from mobility_bridge.services.feed import mark_students, the_registry
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import loggable, note_failure, note_success
from mobility_bridge.services.registry_state import PROOF_S, REVIEW, ReviewState, review_cursor
from mobility_bridge.services.subjects import source_key, student_key

TABLES = ("land", "period", "utbildningstyp", "externpart", "typavexternpart", "utbytesprogram")
_LONG_OVER_DAYS = 200
_STUDENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class ReviewReport:
    """What one review read. `missed` counts what no event told of, by kind; `error` is set when it broke off."""

    asked: int = 0
    changed: int = 0
    students: int = 0
    missed: tuple[tuple[str, int], ...] = ()
    error: ExternalError | None = None


async def review_registry(context: Context, *, full: bool = False) -> ReviewReport | None:
    """Review the registry if that is due; with `full`, now. None when it is not due or not wanted.

    One that broke off goes on where it was.
    """
    if context.registry is None or not context.settings.students.enabled:
        return None
    review = _Review(context, the_registry(context))
    state = await review.state()
    if not full and not _due(context, state):
        return None
    return await review.run(state)


def _due(context: Context, state: ReviewState) -> bool:
    """A period after the last one; sooner where something has to be looked at again."""
    if state.finished_at is None or state.after:
        return True
    every = context.settings.schedule.registry_review_every_s
    unproven = state.suspects.keys() - state.proven.keys()
    wait = min(PROOF_S, every) if unproven else every
    return context.clock.now() - state.finished_at >= timedelta(seconds=wait)


class _Review:
    """One review in the making; each answer is one unit of work."""

    def __init__(self, context: Context, registry: StudentRegistry) -> None:
        self._context = context
        self._registry = registry
        self._cursor = review_cursor(registry.name)
        self._asked = self._changed = self._students = 0

    async def state(self) -> ReviewState:
        return ReviewState.parse(await self._context.store.read(lambda uow: uow.cursor(self._cursor)))

    async def run(self, state: ReviewState) -> ReviewReport:
        context, started = self._context, self._context.clock.monotonic()
        error: ExternalError | None = None
        try:
            if not state.after:
                await self._offers()
                await self._participants()
            state = (await self._of_students(state)).finished(context.clock.now())
            await context.store.write(partial(self._finish, state))
        except ExternalError as failure:
            error = failure
            await self._failed(failure)
        report = ReviewReport(self._asked, self._changed, self._students, state.counts(), error)
        context.log.event(
            "registry.reviewed",
            source=self._registry.name,
            listed=report.asked,
            changed=report.changed,
            students=report.students,
            missed=sum(count for _, count in report.missed),
            complete=error is None,
            duration_s=round(context.clock.monotonic() - started, 3),
        )
        return report

    async def _offers(self) -> None:
        """Code tables, then every agreement that we know of."""
        for table in TABLES:
            await self._ask(partial(self._registry.code_table, table))
        agreements = await self._context.store.read(lambda uow: uow.facts.of_kind(ExchangeAgreement))
        for code in sorted(
            {each.code for each in agreements if each.exchange and each.code and not each.removed}
        ):
            await self._ask(partial(self._registry.occasions, code))

    async def _participants(self) -> None:
        """Who is on each exchange that is not long over, and the report of all of them where it is switched on."""
        today = self._context.clock.now().date()
        oldest = today - timedelta(days=_LONG_OVER_DAYS)
        for occasion in await self._context.store.read(_exchange_occasions):
            if occasion.ends_on is None or occasion.ends_on >= oldest:
                await self._ask(partial(self._registry.participants, occasion.occasion_uid))
        question = ReportQuestion(oldest, today + timedelta(days=2 * _LONG_OVER_DAYS))
        await self._ask(partial(self._registry.exchange_report, question))

    async def _of_students(self, state: ReviewState) -> ReviewState:
        """The studies of everybody whom we follow, one after the other; the place is kept with each."""
        for student_id in await self._context.store.read(partial(_after, state.after)):
            uids = await self._context.store.read(partial(_uids, student_id))
            for uid in uids:
                state = await self._studies(uid, state)
            if not uids:
                await self._look_for(student_id)
            self._students += 1
            state = replace(state, after=student_id)
            await self._context.store.write(partial(_keep, self._cursor, state.cursor()))
        return state

    async def _studies(self, uid: LadokUid, state: ReviewState) -> ReviewState:
        """Read one student's person, studies and results, and hold the studies against what events told."""
        await self._ask(partial(self._registry.student, uid))
        now = self._context.clock.now()
        found: list[Missed] = []

        def unshown(uow: UnitOfWork, reading: RegistryReading) -> Iterator[Fact]:
            read = [each for each in reading.facts if isinstance(each, Participation)]
            as_of = max((each.as_of for each in read), default=now)
            known = uow.facts.of_student(uid)
            found.extend(missed(known, read, _offering(uow, [*known, *read]), as_of))
            for each in found:
                if each.correction is not None and state.is_proof(each.key, now):
                    yield each.correction

        await self._ask(partial(self._registry.participations, uid), unshown)
        await self._ask(partial(self._registry.results, uid))
        return state.seeing((each.key for each in found), now)

    async def _look_for(self, student_id: StudentId) -> None:
        """Find one in the registry of whom only other systems have told."""
        keys = await self._context.store.read(lambda uow: uow.students.keys_of(student_id))
        by_kind = {key.kind: key.value for key in keys}
        number, external = (
            by_kind.get(IdentityKeyKind.CIVIC_NUMBER),
            by_kind.get(IdentityKeyKind.LADOK_EXTERNAL),
        )
        if number:
            await self._ask(partial(self._registry.find_student, civic_number=number))
        elif external:
            await self._ask(partial(self._registry.find_student, external_uid=LadokUid(external)))

    async def _ask(
        self,
        question: Callable[[], Awaitable[RegistryReading]],
        more: Callable[[UnitOfWork, RegistryReading], Iterable[Fact]] | None = None,
    ) -> None:
        """Ask one thing and keep what it says; what is not offered, or not there for us, is passed over.

        `more` says what a whole answer says by what is not in it.
        """
        try:
            reading = await question()
        except (NotOffered, Rejected) as error:
            exchanges = [each for each in error.evidence if isinstance(each, Exchange)]
            if exchanges:
                await self._context.store.write(partial(self._keep_evidence, exchanges))
            return
        self._asked += 1
        self._changed += await self._context.store.write(partial(self._commit, reading, more))
        for where, what in reading.problems:
            self._context.log.event(
                "registry.remarked", source=self._registry.name, detail=f"{where}: {what}"
            )

    def _commit(
        self,
        reading: RegistryReading,
        more: Callable[[UnitOfWork, RegistryReading], Iterable[Fact]] | None,
        uow: UnitOfWork,
    ) -> int:
        now = self._context.clock.now()
        sieve = Sieve(uow, self._context.own_hei_id)
        facts = list(reading.facts)
        if more is not None and reading.complete:
            facts += more(uow, reading)
        changed = uow.facts.apply(sieve.facts(facts), now)
        sieve.exchanges(reading.exchanges, now)
        sieve.tell(self._context, self._registry.name)
        mark_students(uow, self._context, changed)
        return len(changed)

    def _keep_evidence(self, exchanges: Sequence[Exchange], uow: UnitOfWork) -> None:
        Sieve(uow, self._context.own_hei_id).exchanges(exchanges, self._context.clock.now())

    def _finish(self, state: ReviewState, uow: UnitOfWork) -> None:
        now = self._context.clock.now()
        _keep(self._cursor, state.cursor(), uow)
        note_success(uow, HeiId(self._registry.name), REVIEW, now)
        # What is still missing after a review is missing, and no changed fact says so.
        reviewed = [student_key(each) for each in uow.students.select(limit=_STUDENTS)]
        uow.work.mark_to_compare([source_key(self._registry.name), *reviewed], now)

    async def _failed(self, error: ExternalError) -> None:
        name, at = self._registry.name, self._context.clock.now()
        await self._context.store.write(
            lambda uow: note_failure(uow, HeiId(name), REVIEW, error, key=source_key(name), at=at)
        )
        self._context.log.event(
            "source.failed", source=name, error=error.word, reason=error.reason, detail=loggable(error)
        )


def _keep(name: str, text: str, uow: UnitOfWork) -> None:
    uow.set_cursor(name, text)


def _exchange_occasions(uow: UnitOfWork) -> list[Occasion]:
    occasions = [each for each in uow.facts.of_kind(Occasion) if not each.removed]
    offering = Offering.of([*uow.facts.of_kind(ExchangeAgreement), *occasions], {})
    return [each for each in occasions if offering.is_exchange(each.occasion_uid)]


def _offering(uow: UnitOfWork, facts: Iterable[Fact]) -> Offering:
    """As much of the offering as these facts are about."""
    uids = {uid for fact in facts if (uid := getattr(fact, "occasion_uid", None))}
    occasions = uow.facts.get_many((Occasion.kind, uid) for uid in uids)
    educations = {
        (ExchangeAgreement.kind, str(each.education_uid))
        for each in occasions.values()
        if isinstance(each, Occasion) and each.education_uid
    }
    return Offering.of([*occasions.values(), *uow.facts.get_many(educations).values()], {})


def _after(name: str, uow: UnitOfWork) -> list[StudentId]:
    """Students in the order of their names, from the one after this."""
    found = uow.students.select(limit=_STUDENTS)
    at = found.index(StudentId(name)) + 1 if name in found else 0
    return list(found[at:])


def _uids(student_id: StudentId, uow: UnitOfWork) -> list[LadokUid]:
    keys = uow.students.keys_of(student_id)
    return sorted(LadokUid(key.value) for key in keys if key.kind is IdentityKeyKind.LADOK_STUDENT)
