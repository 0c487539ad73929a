"""Results of a transcript, put beside what the learning agreement promised.

Source: EWP mobilities: transcripts, the part of ELMO that a transcript needs; reconciliation of transcripts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from mobility_bridge.domain.la_merge import effective
from mobility_bridge.domain.learning_agreement import LaComponent
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.domain.transcript import ResultStatus, Tor, TorCourse
from mobility_bridge.reconcile.stay_la import codes_of, served, taught_abroad
from mobility_bridge.reconcile.stay_state import in_question
from mobility_bridge.reconcile.who import folded, normalised_esi


@dataclass(frozen=True, slots=True)
class Comparison:
    """Which result belongs to which component; what is left stands on its own."""

    pairs: tuple[tuple[LaComponent, TorCourse], ...]
    components: tuple[LaComponent, ...]
    courses: tuple[TorCourse, ...]


def certified(case: StayCase) -> Tor | None:
    """The transcript, unless it is not shown any more, is of somebody else, or certified by somebody else."""
    tor = shown(case)
    return tor if tor is not None and in_question(case) and not quarantined(case) else None


def shown(case: StayCase) -> Tor | None:
    """The transcript, unless its system stopped showing it."""
    return case.transcript.said if case.transcript is not None and case.transcript.live else None


def quarantined(case: StayCase) -> bool:
    """Whether nothing in the transcript may be used: another learner, or another issuer."""
    return bool(foreign_issuers(case)) or bool(learner_differences(case))


def foreign_issuers(case: StayCase) -> tuple[str, ...]:
    """Issuers that are not the receiving HEI."""
    tor, expected = shown(case), case.receiving_hei_id
    if tor is None or expected is None:
        return ()
    issuers = (each.issuer.hei_id for each in tor.reports)
    return tuple(dict.fromkeys(each for each in issuers if each is not None and each != expected))


def learner_differences(case: StayCase) -> tuple[str, ...]:
    """Fields in which the learner is not the student who was nominated, else of the learning agreement."""
    tor, la, nomination = shown(case), case.learning_agreement, case.nomination
    if tor is None or (nomination is None and la is None):
        return ()
    learner = tor.learner.person
    student = nomination.said.student if nomination is not None else None
    if student is None and la is not None:
        student = la.said.student.as_person()
    assert student is not None
    fields = []
    esis = [normalised_esi(each.global_id) for each in (learner, student) if each.global_id]
    if len(set(esis)) > 1:
        fields.append("global-id")
    if learner.birth_date and student.birth_date and learner.birth_date != student.birth_date:
        fields.append("birth-date")
    return tuple(fields)


def compared(case: StayCase, tor: Tor) -> Comparison | None:
    """Put the results beside the components that bind; None while nothing does."""
    la = served(case)
    lists = effective(la) if la is not None else None
    if lists is None:
        return None
    components, nodes = list(taught_abroad(lists)), list(tor.walk())
    pairs = []
    for likeness in (_same_id, _same_code, _same_title):
        for component in list(components):
            course = next((each for each in nodes if likeness(component, each)), None)
            if course is not None:
                pairs.append((component, course))
                components.remove(component)
                nodes.remove(course)
    inside = {id(part) for _, course in pairs for part in course.walk()}
    around = {id(each) for each in nodes if any(id(part) in inside for part in each.walk())}
    left = [each for each in nodes if not each.parts and id(each) not in inside | around]
    return Comparison(tuple(pairs), tuple(components), tuple(left))


def ects_of(course: TorCourse) -> Decimal | None:
    """The credits of a course: its own, else those of its parts; None where there are none."""
    if course.ects is not None:
        return course.ects
    parts = [value for part in course.parts if (value := ects_of(part)) is not None]
    return sum(parts, Decimal()) if parts else None


def passed(courses: Iterable[TorCourse]) -> list[TorCourse]:
    return [each for each in courses if each.outcome is ResultStatus.PASSED]


def results(tor: Tor) -> list[TorCourse]:
    """The courses that results are of, each once: the outermost ones that carry credits, else those without parts."""
    found: list[TorCourse] = []

    def take(courses: Sequence[TorCourse]) -> None:
        for each in courses:
            if each.ects is not None or not each.parts:
                found.append(each)
            else:
                take(each.parts)

    for report in tor.reports:
        take(report.courses)
    return found


def course_codes(course: TorCourse) -> set[str]:
    """The codes by which a course may be called elsewhere, folded."""
    said = [course.los_code, (course.los_id or "").rpartition("/")[2]]
    said += [each.value for each in course.los_identifiers]
    return {folded(each) for each in said if each and each.strip()}


def course_called(course: TorCourse) -> str:
    """A course's code, or its title where it has none."""
    return course.los_code or course.title or course.los_id or "?"


def certified_at(tor: Tor) -> datetime | None:
    """When the transcript was certified last; where no report says, when it was made."""
    issued = [each.issue_date for each in tor.reports if each.issue_date is not None]
    moment = max(map(_utc, issued), default=None)
    return moment or (None if tor.generated_date is None else _utc(tor.generated_date))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _same_id(component: LaComponent, course: TorCourse) -> bool:
    if component.loi_id and course.loi_id:
        return component.loi_id == course.loi_id
    return component.los_id is not None and component.los_id == course.los_id


def _same_code(component: LaComponent, course: TorCourse) -> bool:
    return not codes_of(component).isdisjoint(course_codes(course))


def _same_title(component: LaComponent, course: TorCourse) -> bool:
    return folded(component.title) in {folded(each.text) for each in course.titles}
