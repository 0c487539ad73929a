"""Students and their stays as people look at them: nothing here writes, and a list names nobody."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from mobility_bridge.domain.discrepancy import (
    Discrepancy,
    DiscrepancyState,
    Severity,
    SubjectKind,
)
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StayId, StudentId
from mobility_bridge.domain.registry_student import StudentProtected
from mobility_bridge.domain.stay import SaidOfPerson, Seen, StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import UsageError
from mobility_bridge.kit.batches import batched
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.ports.students import Match
from mobility_bridge.reconcile.protection import any_protected, bare, shown
from mobility_bridge.reconcile.stay_progress import StayProgress, departments, progress, states
from mobility_bridge.reconcile.stay_terms import admitted_terms, exchanges, planned_terms
from mobility_bridge.reconcile.traces import REGISTRY
from mobility_bridge.services.context import Context
from mobility_bridge.services.stays import StayGathering
from mobility_bridge.services.subjects import parse_key

_STUDENT = re.compile(r"P[0-9]+")
_STAY = re.compile(r"(P[0-9]+)-[0-9]+")
_ALL = 1_000_000
_TOGETHER = 200
_UNSETTLED = (DiscrepancyState.OPEN, DiscrepancyState.ACKNOWLEDGED)
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which stays to show; None chooses all. `department` is one of ours, by any name that a system has for it."""

    term: Term | None = None
    partner: HeiId | None = None
    direction: Direction | None = None
    department: str | None = None
    progress: StayProgress | None = None

    def takes(self, stay: "StayView") -> bool:
        """Whether a stay is chosen."""
        case = stay.case
        if self.partner not in (None, case.partner_hei_id) or self.direction not in (None, case.direction):
            return False
        if self.term is not None and self.term not in stay.terms:
            return False
        if self.progress is not None and (case.protected or self.progress is not stay.progress):
            return False
        wanted = self.department.strip().casefold() if self.department is not None else None
        return wanted is None or wanted in (each.casefold() for each in stay.departments)


@dataclass(frozen=True, slots=True)
class StayView:
    """One stay: where it is, which systems show it (`ladok exchange`), and what is unsettled, worst first."""

    case: StayCase = field(repr=False)
    terms: tuple[Term, ...]
    shown_by: tuple[str, ...]
    discrepancies: tuple[Discrepancy, ...]

    @property
    def stay_id(self) -> StayId:
        return self.case.subject.stay_id or StayId("")

    @property
    def student_id(self) -> StudentId:
        return self.case.subject.student_id or StudentId("")

    @property
    def progress(self) -> StayProgress:
        """How far the stay has come today."""
        return progress(self.case)

    @property
    def states(self) -> Mapping[str, str]:
        """Its state in each system that knows of it."""
        return states(self.case)

    @property
    def departments(self) -> tuple[str, ...]:
        """Our department, in the words of each system that names one."""
        return departments(self.case)


@dataclass(frozen=True, slots=True)
class StudentView:
    """One student. `persons` are the descriptions, none of a protected identity; `keys` say what kinds of exact
    keys are known; `matches` are the proposals to take them for another student, settled ones included.
    """

    student_id: StudentId
    protected: bool
    deceased: bool
    stays: tuple[StayView, ...]
    discrepancies: tuple[Discrepancy, ...]
    matches: tuple[Match, ...]
    keys: tuple[IdentityKeyKind, ...]
    persons: tuple[SaidOfPerson, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class NominationView:
    """One nomination, and whether the other side or we have to decide."""

    stay: StayView
    seen: Seen[Nomination] = field(repr=False)

    @property
    def awaits(self) -> HeiId | None:
        """The HEI that has to decide; None when nobody has."""
        said = self.seen.said
        return said.receiving_hei.hei_id if self.seen.live and said.awaits_receiver else None


async def list_stays(context: Context, chosen: Chosen) -> list[StayView]:
    """Every stay that is chosen: the worst first, then by the stay's name."""
    found = await context.store.read(lambda uow: list(_stays(context, uow, chosen)))
    return sorted(found, key=lambda each: (_worst(each.discrepancies), _by_number(each.stay_id)))


async def list_nominations(context: Context, chosen: Chosen) -> list[NominationView]:
    """Every nomination of the stays that are chosen, by stay."""
    found = await context.store.read(lambda uow: list(_stays(context, uow, chosen)))
    return [
        NominationView(stay, seen)
        for stay in sorted(found, key=lambda each: _by_number(each.stay_id))
        for seen in (stay.case.nomination, *stay.case.nomination_others)
        if seen is not None
    ]


async def show_student(context: Context, text: str, partner: HeiId | None = None) -> StudentView:
    """One student, found as `the_student` says."""

    def work(uow: UnitOfWork) -> StudentView:
        return view_student(context, uow, the_student(context, uow, text, partner))

    return await context.store.read(work)


def view_student(context: Context, uow: UnitOfWork, student_id: StudentId) -> StudentView:
    """Everything that is known of one student now."""
    gathering = StayGathering(context, uow, context.clock.now(), names=False)
    cases = gathering.cases(student_id)
    facts = gathering.facts(student_id)
    persons = _once(each for case in cases for each in case.persons)
    protected = any_protected(cases) or any(
        isinstance(fact, StudentProtected) and not fact.removed for fact in facts
    )
    if protected:
        cases = list(map(bare, cases))
    found = _of_student(uow, student_id, cases)
    return StudentView(
        student_id,
        protected,
        any(case.deceased for case in cases),
        tuple(view_stay(case, found) for case in cases),
        found.get(f"{SubjectKind.STUDENT}:{student_id}", ()),
        tuple(uow.students.matches(student_id=student_id)),
        tuple(
            kind for kind in IdentityKeyKind if kind in {key.kind for key in uow.students.keys_of(student_id)}
        ),
        () if protected else persons,
    )


def the_student(context: Context, uow: UnitOfWork, text: str, partner: HeiId | None = None) -> StudentId:
    """The student that an id names: ours, a stay's, an application's, a mobility's or a discrepancy's.

    A mobility's id belongs to the sending HEI: ours, else `partner`'s, or written as `university.example/ID`.

    Raises:  UsageError when nothing has that id.
    """
    name = text.strip()
    ours = _STUDENT.fullmatch(name.upper()) or _STAY.fullmatch(name.upper())
    if ours is not None:
        student_id = StudentId(ours[0].partition("-")[0])
        if uow.students.exists(student_id) and _has_stay(uow, student_id, ours[0]):
            return uow.students.current(student_id)
    for key in _keys(context, name, partner):
        owner = uow.students.by_keys([key]).get(key)
        if owner is not None:
            return uow.students.current(owner)
    if name.startswith("D-"):
        about = {each.finding.subject.student_id for each in uow.discrepancies.matching(name)}
        stays = {each.finding.subject.stay_id for each in uow.discrepancies.matching(name)}
        about |= {StudentId(each.partition("-")[0]) for each in stays if each is not None}
        named = [each for each in about if each is not None]
        if len(named) == 1:
            return uow.students.current(named[0])
    raise UsageError(f"no student or stay has the id {text}", next_step="Run: mobility-bridge students list")


def the_cases(context: Context, uow: UnitOfWork, text: str, partner: HeiId | None = None) -> list[StayCase]:
    """The stays that an id names: one where it is a stay's or a mobility's id, else all of the student."""
    student_id = the_student(context, uow, text, partner)
    cases = StayGathering(context, uow, context.clock.now(), names=False).cases(student_id)
    name = text.strip()
    bare = name.rpartition("/")[2]
    exact = [
        case
        for case in cases
        if case.subject.stay_id == name.upper()
        or any(str(seen.said.omobility_id) == bare for seen in _with_mobility(case))
    ]
    return exact or cases


def view_stay(case: StayCase, discrepancies: Mapping[str, Sequence[Discrepancy]]) -> StayView:
    """One stay beside what is unsettled about it, given by subject."""
    terms = tuple(sorted({*planned_terms(case), *admitted_terms(case)}))
    mine = sorted(discrepancies.get(case.subject.key, ()), key=_severity)
    return StayView(case, terms, tuple(_shown_by(case)), tuple(mine))


def _stays(context: Context, uow: UnitOfWork, chosen: Chosen) -> Iterator[StayView]:
    gathering = StayGathering(context, uow, context.clock.now(), names=False)
    found = _by_subject(uow.discrepancies.select(states=_UNSETTLED, partner=chosen.partner))
    for students in batched(_candidates(uow, chosen), _TOGETHER):
        gathering.ahead(students, former=False)
        for case in chain.from_iterable(shown(gathering.cases(each)) for each in students):
            stay = view_stay(case, found)
            if chosen.takes(stay):
                yield stay


def _candidates(uow: UnitOfWork, chosen: Chosen) -> list[StudentId]:
    """Who may have such a stay: by the stays that were named, and whoever waits to be compared.

    Of those the stays are not known, or not as they are now; only the cases can tell.
    """
    named = uow.students.select(partner=chosen.partner, direction=chosen.direction, limit=_ALL)
    if (chosen.partner, chosen.direction) == (None, None):
        return list(named)
    waiting = (parse_key(key).student_id for key in uow.work.to_compare(_ALL))
    current = [uow.students.current(each) for each in waiting if each is not None]
    return list(dict.fromkeys([*named, *current]))


def _of_student(
    uow: UnitOfWork, student_id: StudentId, cases: Iterable[StayCase]
) -> dict[str, tuple[Discrepancy, ...]]:
    keys = [f"{SubjectKind.STUDENT}:{student_id}", *(case.subject.key for case in cases)]
    return {
        key: tuple(
            sorted(
                (each for each in uow.discrepancies.of_subject(key) if each.state in _UNSETTLED),
                key=_severity,
            )
        )
        for key in keys
    }


def _by_subject(found: Iterable[Discrepancy]) -> dict[str, list[Discrepancy]]:
    subjects: dict[str, list[Discrepancy]] = {}
    for each in found:
        subjects.setdefault(each.finding.subject.key, []).append(each)
    return subjects


def _shown_by(case: StayCase) -> Iterator[str]:
    """The systems that show the stay today, our own first."""
    every = (
        case.application,
        case.nomination,
        case.learning_agreement,
        case.listing,
        case.arrival,
        case.transcript,
        *case.application_others,
        *case.nomination_others,
        *case.learning_agreement_others,
    )
    names = [
        f"{s.stored.record.key.source} {s.stored.record.key.kind}" for s in every if s is not None and s.live
    ]
    yield from dict.fromkeys(names)
    if any(each.living for each in exchanges(case)):
        yield f"{REGISTRY} exchange"


def _with_mobility(case: StayCase) -> Iterator[Seen[Any]]:
    every = (
        case.nomination,
        *case.nomination_others,
        case.learning_agreement,
        *case.learning_agreement_others,
        case.listing,
        case.arrival,
        case.transcript,
    )
    yield from (each for each in every if each is not None)


def _keys(context: Context, text: str, partner: HeiId | None) -> Iterator[IdentityKey]:
    head, _, rest = text.partition("/")
    if rest:
        yield IdentityKey(IdentityKeyKind.OMOBILITY, f"{head.lower()}/{rest}")
    for sending in (partner, context.own_hei_id):
        if sending is not None:
            yield IdentityKey(IdentityKeyKind.OMOBILITY, f"{sending}/{text}")
    for source in context.applications:
        yield IdentityKey(IdentityKeyKind.APPLICATION, f"{source.name}:{text}")


def _has_stay(uow: UnitOfWork, student_id: StudentId, text: str) -> bool:
    if "-" not in text:
        return True
    return any(stay.stay_id == text for stay in uow.students.stays(uow.students.current(student_id)))


def _once(persons: Iterable[SaidOfPerson]) -> tuple[SaidOfPerson, ...]:
    return tuple(dict.fromkeys(persons))


def _severity(each: Discrepancy) -> tuple[int, str]:
    return _SEVERITIES.index(each.finding.severity), each.finding.code


def _worst(found: Sequence[Discrepancy]) -> int:
    return min((_severity(each)[0] for each in found), default=len(_SEVERITIES))


def _by_number(stay_id: StayId) -> tuple[int, str]:
    return len(stay_id), stay_id
