"""Learning agreements to be: what we know of our students who leave, for the system in which they write them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.application import CourseListKind
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Direction, Person
from mobility_bridge.domain.stay import SaidOfPerson, StayCase
from mobility_bridge.domain.term import Term
from mobility_bridge.ports.lists import PrefilledAgreement, PrefilledCourse, Refused, WrittenList
from mobility_bridge.ports.store import UnitOfWork
from mobility_bridge.reconcile.protection import any_protected
from mobility_bridge.reconcile.stay_state import active, nominated, wrong_person
from mobility_bridge.reconcile.stay_terms import admitted_terms, planned_terms
from mobility_bridge.services.context import Context
from mobility_bridge.services.lists import the_lists
from mobility_bridge.services.stays import StayGathering

_ALL = 1_000_000
_PROTECTED = "the identity is protected: by hand, as your university does"
_TWO_PEOPLE = "the systems describe two people: see mobility-bridge students match list"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prefilled:
    """A file ready to be written. `existing` counts students left out since they have a learning agreement.

    `refused` are all that are not in the file: those whom nobody may put there come first.
    """

    file: WrittenList
    refused: tuple[Refused, ...] = ()
    existing: int = 0


async def prefill(
    context: Context, term: Term, template: bytes | None = None, partner: HeiId | None = None
) -> Prefilled:
    """Fill in what is known of every outgoing student of a term who has no learning agreement yet.

    Raises:  NotOffered, UsageError as `the_lists`; InvalidDocument for a template that does not do.
    """
    lists = the_lists(context)
    found = await context.store.read(lambda uow: _gather(uow, context, term, partner))
    written = lists.write(found.agreements, template)
    refused = (*found.refused, *written.refused)
    context.log.event(
        "lists.written",
        source=lists.name,
        agreements=len(written.written),
        refused=len(refused),
        rows=written.rows,
    )
    return Prefilled(written, refused, found.existing)


@dataclass(slots=True)
class _Found:
    agreements: list[PrefilledAgreement]
    refused: list[Refused]
    existing: int = 0


def _gather(uow: UnitOfWork, context: Context, term: Term, partner: HeiId | None) -> _Found:
    gathering = StayGathering(context, uow, context.clock.now(), names=False)
    found = _Found([], [])
    for student_id in uow.students.select(partner=partner, limit=_ALL):
        cases = gathering.cases(student_id)
        protected = any_protected(cases)
        for case in cases:
            if not _is_chosen(case, term, partner):
                continue
            if protected:
                found.refused.append(Refused(f"stay {case.subject.stay_id}", (_PROTECTED,)))
            elif wrong_person(case):
                found.refused.append(Refused(_name(case), (_TWO_PEOPLE,)))
            elif _has_agreement(case):
                found.existing += 1
            else:
                found.agreements.append(_prefilled(case))
    found.agreements.sort(key=lambda each: (len(each.name), each.name))
    found.refused.sort(key=lambda each: (len(each.name), each.name))
    return found


def _is_chosen(case: StayCase, term: Term, partner: HeiId | None) -> bool:
    if case.direction is not Direction.OUTGOING or partner not in (None, case.partner_hei_id):
        return False
    return active(case) and term in {*planned_terms(case), *admitted_terms(case), *_nominated_terms(case)}


def _nominated_terms(case: StayCase) -> tuple[Term, ...]:
    """The terms for which the student is nominated: one, or both of a year."""
    nomination = nominated(case)
    named = (nomination.sending_academic_term_ewp_id if nomination is not None else None) or ""
    year = AcademicYear.parse(named.partition("-")[0])
    if year is None:
        return ()
    autumn, spring = Term(year.start, autumn=True), Term(year.start + 1, autumn=False)
    return {"1/2": (autumn,), "2/2": (spring,)}.get(named.partition("-")[2], (autumn, spring))


def _has_agreement(case: StayCase) -> bool:
    """Whether the network serves one, or a list names one, be it a draft."""
    return any(each is not None and each.live for each in (case.learning_agreement, case.listing))


def _name(case: StayCase) -> str:
    """How a stay is told to a person: by its application, else by the mobility, else by our own name for it."""
    if case.application is not None:
        return f"application {case.application.said.application_id}"
    nomination = nominated(case)
    return f"mobility {nomination.omobility_id}" if nomination is not None else f"stay {case.subject.stay_id}"


def _prefilled(case: StayCase) -> PrefilledAgreement:
    application = case.application.said if case.application is not None and case.application.live else None
    nomination = nominated(case)
    first, last = _days(case)
    values: dict[str, str | date | int | None] = {
        "sending_hei_id": case.own_hei_id,
        "receiving_hei_id": case.partner_hei_id,
        "starts_on": first,
        "ends_on": last,
        "omobility_id": application.omobility_id if application is not None else None,
        "isced_f_code": application.isced_f_code if application is not None else None,
    }
    if nomination is not None:
        values |= {
            "omobility_id": nomination.omobility_id,
            "academic_year": nomination.receiving_academic_year_id,
            "eqf_level": nomination.eqf_level_studied_at_departure,
            "isced_f_code": nomination.nominee_isced_f_code or values["isced_f_code"],
            "sending_iia_id": nomination.sending_hei.iia_id,
            "receiving_iia_id": nomination.receiving_hei.iia_id,
            "sending_ounit_id": nomination.sending_hei.ounit_id,
            "receiving_ounit_id": nomination.receiving_hei.ounit_id,
        }
    return PrefilledAgreement(_name(case), _person(case.persons), values, tuple(_courses(case)))


def _days(case: StayCase) -> tuple[date | None, date | None]:
    """The days that a system says; those of our own calendar are not the partner's."""
    application, exchange, nomination = case.application, case.exchange, nominated(case)
    if application is not None and application.live and application.said.starts_on is not None:
        return application.said.starts_on, application.said.ends_on
    if exchange is not None and exchange.first_day is not None:
        return exchange.first_day, exchange.last_day
    if nomination is not None:
        return nomination.planned_arrival_date, nomination.planned_departure_date
    return None, None


def _person(said: Sequence[SaidOfPerson]) -> Person:
    """One description of several that do not contradict each other: our mobility system's word goes first."""
    ours = [each.person for each in said if not each.system.startswith("ewp")]
    persons = [*reversed(ours), *(each.person for each in said if each.person not in ours)]

    def first(read: Callable[[Person], T | None]) -> T | None:
        return next((found for each in persons if (found := read(each))), None)

    return Person(
        names=first(lambda each: each.names) or (),
        birth_date=first(lambda each: each.birth_date),
        gender=first(lambda each: each.gender),
        citizenship=first(lambda each: each.citizenship),
        email=first(lambda each: each.email),
        global_id=first(lambda each: each.global_id),
    )


def _courses(case: StayCase) -> Iterator[PrefilledCourse]:
    """The courses abroad: our mobility system shows no others."""
    courses = case.courses
    if courses is None or not courses.live or courses.said.kind is not CourseListKind.LEARNING_AGREEMENT:
        return
    for row in courses.said.living:
        yield PrefilledCourse("A", row.name or "", row.number, row.credits)
