"""Rules about transcripts: SEM-20 to SEM-22, SEM-30 to SEM-32.

SEM-33 and SEM-34 are found while reading. SEM-28 is SEM-31 here: a transcript names the receiving HEI and no other.
What SEM-30 wants is wanted by version 3; version 2 recommends most of it.

Source: EWP Incoming Mobility ToRs API 3.0.0, annotations; ELMO 2.1.1, credits.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from mobility_adapters.ewp.semantics import Problem, error, values, warning
from mobility_bridge.domain.transcript import Tor, TorCourse, TorReport

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a document alone does not tell: who issued it, and about whom. None expects nobody in particular."""

    receiving_hei_id: str | None = None
    global_id: str | None = None


def check(tor: Tor, *, at: str = "/tor", about: Circumstances | None = None) -> Iterator[Problem]:
    """Find what is wrong with a transcript; `at` is the path that leads to it."""
    about = about or Circumstances()
    if tor.receiving_academic_year_id is not None:
        yield from values.academic_year(f"{at}/receiving-academic-year-id", tor.receiving_academic_year_id)
    yield from _learner(tor, f"{at}/elmo/learner", about)
    for path, report in _numbered(f"{at}/elmo/report", tor.reports):
        yield from _issuer(report, f"{path}/issuer", about)
        for way, course in _numbered(f"{path}/learningOpportunitySpecification", report.courses):
            yield from _course(course, way, ects_above=False)


def _learner(tor: Tor, path: str, about: Circumstances) -> Iterator[Problem]:
    """SEM-22, SEM-30, SEM-31: the learner is identified, and is the one who was nominated."""
    person = tor.learner.person
    yield from values.global_id(f"{path}/identifier", person.global_id)
    if not person.global_id:
        yield error("SEM-30", path, "the learner has no identifier of type esi")
    elif about.global_id is not None and person.global_id != about.global_id:
        yield error("SEM-31", f"{path}/identifier", "the learner is not the student who was nominated")
    if person.birth_date is None:
        yield error("SEM-30", path, "the learner has no dateOfBirth")


def _issuer(report: TorReport, path: str, about: Circumstances) -> Iterator[Problem]:
    """SEM-30, SEM-31: the issuer is identified, and is the receiving HEI."""
    hei_id = report.issuer.hei_id
    if not hei_id:
        yield error("SEM-30", path, "the issuer has no identifier of type schac")
    elif about.receiving_hei_id is not None and hei_id != about.receiving_hei_id:
        yield error("SEM-31", f"{path}/identifier", "the issuer is not the receiving institution")


def _course(course: TorCourse, path: str, *, ects_above: bool) -> Iterator[Problem]:
    instance = f"{path}/specifies/learningOpportunityInstance"
    yield from _wanted(course, path, instance, ects_elsewhere=ects_above or _has_ects_below(course))
    term = course.term
    if term is not None and term.start is not None and term.end is not None and term.end < term.start:
        yield warning("SEM-20", f"{instance}/academicTerm/end", "the term ends before it starts")
    ects = any(each.is_ects for each in course.credits)
    if ects and ects_above:
        yield warning("SEM-32", f"{instance}/credit", "the node above has ECTS credits too: they count twice")
    for number, part in enumerate(course.parts, start=1):
        position = "" if len(course.parts) == 1 else f"[{number}]"
        below = f"{path}/hasPart{position}/learningOpportunitySpecification"
        yield from _course(part, below, ects_above=ects_above or ects)


def _wanted(course: TorCourse, path: str, instance: str, *, ects_elsewhere: bool) -> Iterator[Problem]:
    """SEM-30: ids, term, result and credits of a course; the credits may stand above or below, never twice."""
    if not course.los_id:
        yield warning("SEM-30", path, "the course has no identifier of type ewp-los-id")
    if not course.loi_id:
        yield warning("SEM-30", instance, "the course has no identifier of type ewp-loi-id")
    has_ects = any(each.is_ects and each.value is not None for each in course.credits)
    for name, is_there in (
        ("academicTerm", course.term is not None),
        ("credit of scheme ects", has_ects or ects_elsewhere),
        ("resultLabel", bool(course.result_label)),
        ("resultDistribution", course.result_distribution is not None),
    ):
        if not is_there:
            yield warning("SEM-30", instance, f"the course has no {name}")


def _has_ects_below(course: TorCourse) -> bool:
    return any(each.is_ects for part in course.parts for node in part.walk() for each in node.credits)


def _numbered(path: str, items: tuple[_Item, ...]) -> Iterator[tuple[str, _Item]]:
    for number, item in enumerate(items, start=1):
        yield path if len(items) == 1 else f"{path}[{number}]", item
