"""Follow the registry's feed: each page's events take effect together with the position after them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import HeiId, LadokUid
from mobility_bridge.domain.occasion import ExchangeAgreement, Occasion
from mobility_bridge.domain.partner import Health
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StudentId
from mobility_bridge.domain.registration import (
    Admission,
    EducationBegun,
    Participant,
    Participation,
    Registration,
)
from mobility_bridge.domain.registry_student import (
    CivicNumberChanged,
    LadokStudent,
    StudentLink,
    StudentReplaced,
)
from mobility_bridge.domain.result import ResultDecided
from mobility_bridge.errors import ExternalError, NotOffered, StoreError, UsageError
from mobility_bridge.ports.registry import (
    CertificateStatus,
    FeedBatch,
    FeedNotice,
    FeedPosition,
    FeedRemark,
    StudentRegistry,
)
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.exchange import Offering
from mobility_bridge.reconcile.who import exact_keys
from mobility_bridge.services.context import Context
from mobility_bridge.services.forgotten import Sieve
from mobility_bridge.services.health import loggable, note_failure, note_success
from mobility_bridge.services.offered import mark_offered
from mobility_bridge.services.subjects import source_key, student_key
from mobility_bridge.services.whose import settle

FEED = "feed"
"""The call's name in health records, and the last part of the cursor's name."""

_MOST_MOVES = 10
"""How often one run begins again because the position was moved under it."""

_TELLING = (
    LadokStudent,
    StudentLink,
    StudentReplaced,
    CivicNumberChanged,
    Admission,
    Participation,
    Participant,
    Registration,
)
"""What tells of a person whom we do not follow that we might."""

_DESCRIBING = (LadokStudent, StudentReplaced, CivicNumberChanged)
"""What tells who one of ours is."""

_TOGETHER = 20
_LONGEST_S = 5.0
"""Pages, and seconds, after which what was read is committed, while more is known to follow."""


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What following the feed brought; `error` is set when it broke off, and what came before stands."""

    pages: int = 0
    events: int = 0
    changed: int = 0
    remarks: int = 0
    error: ExternalError | None = None

    def __add__(self, other: "FeedReport") -> "FeedReport":
        return FeedReport(
            self.pages + other.pages,
            self.events + other.events,
            self.changed + other.changed,
            self.remarks + other.remarks,
            other.error or self.error,
        )


def cursor_name(registry: StudentRegistry) -> str:
    return f"{registry.name}.{FEED}"


def the_registry(context: Context) -> StudentRegistry:
    """The student registry. Raises NotOffered when none is configured."""
    if context.registry is None:
        raise NotOffered(
            "no student registry is configured",
            system="ladok",
            reason="no_host",
            next_step="Add a section [adapters.ladok] to the configuration.",
        )
    return context.registry


async def follow_feed(context: Context) -> FeedReport:
    """Read the feed from where it was left to its end, one unit of work a page.

    Where somebody sets the position meanwhile (a rewind, or another process), what was read from the former one is
    not kept, and the run goes on from the new one.
    """
    registry = the_registry(context)
    done = FeedReport()
    for _ in range(_MOST_MOVES):
        try:
            done += await _follow(context, registry)
        except _Moved as moved:
            done += moved.report
            context.log.event("feed.moved", source=registry.name)
        else:
            break
    if done.events:
        context.log.event(
            "feed.followed",
            source=registry.name,
            pages=done.pages,
            events=done.events,
            changed=done.changed,
        )
    return done


class _Moved(Exception):
    """The position was set by somebody else; `report` is what was kept before."""

    def __init__(self, report: FeedReport) -> None:
        super().__init__("the position of the feed was moved")
        self.report = report


async def _follow(context: Context, registry: StudentRegistry) -> FeedReport:
    """Read from the position to the end. Pages that follow on each other at once are committed together."""
    held = await context.store.read(lambda uow: uow.cursor(cursor_name(registry)))
    done, waiting, began = FeedReport(), list[FeedBatch](), 0.0

    async def keep() -> None:
        nonlocal held, done
        if waiting:
            took = await context.store.write(partial(_commit, context, registry, tuple(waiting), held))
            if took is None:
                raise _Moved(done)
            held = waiting[-1].position.cursor()
            done += _told(context, registry, waiting, took)
            waiting.clear()

    try:
        async for batch in registry.events(_parsed(held)):
            began = began if waiting else context.clock.monotonic()
            waiting.append(batch)
            long = context.clock.monotonic() - began >= _LONGEST_S
            if not batch.more or long or len(waiting) == _TOGETHER:
                await keep()
    except ExternalError as error:
        await keep()
        await _failed(context, registry, error)
        return replace(done, error=error)
    await keep()
    return done


def _told(
    context: Context, registry: StudentRegistry, batches: Sequence[FeedBatch], changed: int
) -> FeedReport:
    """Say what some pages brought, now that it is kept."""
    remarks = [remark for batch in batches for remark in (*batch.remarks, *_unreadable(batch))]
    for remark in remarks:
        context.log.event(
            "feed.remarked",
            source=registry.name,
            notice=remark.notice.value,
            page=remark.page,
            detail=remark.detail,
        )
    return FeedReport(len(batches), sum(len(batch.events) for batch in batches), changed, len(remarks))


def _unreadable(batch: FeedBatch) -> Iterable[FeedRemark]:
    """The values that could not be read in events that were."""
    for event in batch.events:
        for element, what in event.problems:
            detail = f"{event.name} {element}: {what}"
            yield FeedRemark(FeedNotice.UNREADABLE, event.page, event.entry_id, detail)


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """Where we are in the feed. `position` is None before anything was read, `newest_page` where nobody asked."""

    source: str
    position: FeedPosition | None
    health: Health | None
    newest_page: int | None = None
    certificate: CertificateStatus | None = None


async def feed_status(context: Context, *, ask: bool = True) -> FeedStatus:
    """Say where we are in the feed; with `ask`, how far it goes.

    Raises:  NotOffered when there is no registry; Unreachable, Rejected, InvalidDocument when it is asked.
    """
    registry = the_registry(context)
    held, health = await context.store.read(
        lambda uow: (uow.cursor(cursor_name(registry)), uow.partners.health(HeiId(registry.name)).get(FEED))
    )
    newest = await registry.newest_page() if ask else None
    return FeedStatus(registry.name, _parsed(held), health, newest, registry.certificate())


async def rewind_feed(context: Context, page: int) -> int:
    """Have the feed read again from this page on; returns how many events will be handled again.

    Facts weigh the same however often they come, so nothing is doubled.

    Raises:  UsageError when the feed was not read as far as that; NotOffered when there is no registry.
    """
    registry = the_registry(context)
    name = cursor_name(registry)

    def work(uow: UnitOfWork) -> int:
        try:
            position = _parsed(uow.cursor(name))
        except StoreError:
            position = FeedPosition(page)  # to rewind is the way out
        if position is None or page > position.page:
            so_far = "not at all" if position is None else f"only up to page {position.page}"
            raise UsageError(
                f"the feed cannot be rewound to page {page}: it was read {so_far}",
                next_step="Run: mobility-bridge ladok feed status",
            )
        forgotten = uow.feeds.forget_from(registry.name, page)
        uow.set_cursor(name, FeedPosition(page).cursor())
        return forgotten

    forgotten = await context.store.write(work)
    context.log.event("feed.rewound", source=registry.name, page=page, events=forgotten)
    return forgotten


def _parsed(held: str | None) -> FeedPosition | None:
    try:
        return FeedPosition.parse(held) if held else None
    except ValueError as error:
        raise StoreError(str(error), next_step="Run: mobility-bridge ladok feed rewind --to 1") from error


def _commit(
    context: Context,
    registry: StudentRegistry,
    batches: Sequence[FeedBatch],
    held: str | None,
    uow: UnitOfWork,
) -> int | None:
    """Keep what pages brought, and the position after them; None, and nothing is kept, where `held` holds no more."""
    if uow.cursor(cursor_name(registry)) != held:
        return None
    now = context.clock.now()
    events = [event for batch in batches for event in batch.events]
    seen = uow.feeds.handled(registry.name, [each.event_uid for each in events])
    sieve = Sieve(uow, context.own_hei_id)
    told = [fact for each in events if each.event_uid not in seen for fact in each.facts]
    known = _followed(uow, told)
    changed = uow.facts.apply(sieve.facts([each for each in told if _to_keep(each, known)]), now)
    for batch in batches:
        uow.feeds.mark_handled(registry.name, [each.event_uid for each in batch.events], batch.page, now)
    exchanges = [each for batch in batches if batch.entries or batch.remarks for each in batch.exchanges]
    sieve.exchanges(exchanges, now)
    sieve.tell(context, registry.name)
    note_success(uow, HeiId(registry.name), FEED, now)
    mark_students(uow, context, changed, known)
    uow.work.mark_to_compare([source_key(registry.name)], now)
    uow.set_cursor(cursor_name(registry), batches[-1].position.cursor())
    return len(changed)


def _followed(uow: UnitOfWork, facts: Iterable[Fact]) -> Mapping[IdentityKey, StudentId]:
    """The students of ours whom these facts are about, by the registry's key."""
    uids = {uid for fact in facts if (uid := getattr(fact, "student_uid", None))}
    return uow.students.by_keys(map(_ladok_key, uids))


def _to_keep(fact: Fact, known: Mapping[IdentityKey, StudentId]) -> bool:
    """Grades of people who go nowhere are none of our business; of one who comes to be followed they are read."""
    if not isinstance(fact, (ResultDecided, EducationBegun)):
        return True
    return fact.student_uid is not None and _ladok_key(fact.student_uid) in known


def mark_students(
    uow: UnitOfWork,
    context: Context,
    changed: Sequence[Fact],
    known: Mapping[IdentityKey, StudentId] | None = None,
) -> None:
    """Mark whom these facts are about, as far as we follow them; an exchange makes us follow a student.

    The registry tells of every student at the university. Only those of whom another system has told, or who
    are admitted to an exchange, become students of ours. `known` are those among them, where that was looked up.
    """
    now = context.clock.now()
    mark_offered(uow, changed, now)
    about: dict[LadokUid, list[Fact]] = {}
    for fact in changed:
        student_uid = getattr(fact, "student_uid", None)
        if student_uid:
            about.setdefault(student_uid, []).append(fact)
    if not about:
        return
    if known is None:
        known = _followed(uow, changed)
    persons = _persons(
        uow, [uid for uid, said in about.items() if _to_settle(said, known=_ladok_key(uid) in known)]
    )
    keys = {
        uid: (_ladok_key(uid), *exact_keys(person), *_other_keys(uow, about[uid]))
        for uid, person in persons.items()
    }
    named = uow.students.by_keys({key for some in keys.values() for key in some[1:]})
    exchanging = _exchanging(uow, (fact for facts in about.values() for fact in facts))
    marked = []
    for uid in about:
        student_id = known.get(_ladok_key(uid))
        if uid in persons and (
            student_id is not None or uid in exchanging or not named.keys().isdisjoint(keys[uid])
        ):
            student_id = settle(uow, persons[uid], list(dict.fromkeys(keys[uid])), now)
        if student_id is None:
            continue
        marked.append(student_key(uow.students.current(student_id)))
    uow.work.mark_to_compare(marked, now)


def _ladok_key(uid: LadokUid) -> IdentityKey:
    return IdentityKey(IdentityKeyKind.LADOK_STUDENT, uid)


def _other_keys(uow: UnitOfWork, said: Iterable[Fact]) -> list[IdentityKey]:
    """What the registry says is the same person: entries that stand for this one now, numbers of before."""
    found: dict[IdentityKey, None] = {}
    for fact in said:
        if isinstance(fact, CivicNumberChanged) and not fact.removed:
            found[IdentityKey(IdentityKeyKind.CIVIC_NUMBER, fact.earlier)] = None
        following: Fact | None = fact
        while isinstance(following, StudentReplaced) and not following.removed:
            key = _ladok_key(following.replaced_by)
            if key in found:
                break
            found[key] = None
            following = uow.facts.get((StudentReplaced.kind, following.replaced_by))
    return list(found)


def _to_settle(said: Iterable[Fact], *, known: bool) -> bool:
    """Whether it has to be found out who this is: one of ours who is newly described, or another of whom is told what
    makes one ours. A stranger's results do not.
    """
    return any(isinstance(fact, _DESCRIBING if known else _TELLING) for fact in said)


def _persons(uow: UnitOfWork, uids: Sequence[LadokUid]) -> dict[LadokUid, Person]:
    """How the registry describes students; next to nothing of one of whom it has not told."""
    told = uow.facts.get_many((LadokStudent.kind, uid) for uid in uids)
    found = {}
    for uid in uids:
        fact = told.get((LadokStudent.kind, uid))
        person = fact.person if isinstance(fact, LadokStudent) and not fact.removed else None
        found[uid] = person or Person(ladok_student_uid=uid)
    return found


def _exchanging(uow: UnitOfWork, changed: Iterable[Fact]) -> set[LadokUid]:
    """The students whom these facts put on an exchange."""
    admitted = [
        fact
        for fact in changed
        if isinstance(fact, (Admission, Participation, Participant))
        and fact.occasion_uid
        and fact.student_uid
    ]
    occasions = uow.facts.get_many({(Occasion.kind, str(fact.occasion_uid)) for fact in admitted})
    educations = {
        (ExchangeAgreement.kind, str(each.education_uid))
        for each in occasions.values()
        if isinstance(each, Occasion) and each.education_uid
    }
    offering = Offering.of([*occasions.values(), *uow.facts.get_many(educations).values()], {})
    return {
        fact.student_uid
        for fact in admitted
        if fact.student_uid is not None and offering.is_exchange(fact.occasion_uid)
    }


async def _failed(context: Context, registry: StudentRegistry, error: ExternalError) -> None:
    key, at = source_key(registry.name), context.clock.now()
    await context.store.write(
        lambda uow: note_failure(uow, HeiId(registry.name), FEED, error, key=key, at=at)
    )
    context.log.event(
        "source.failed",
        source=registry.name,
        error=error.word,
        reason=error.reason,
        detail=loggable(error),
    )
