"""Transcripts after they came: what was decided by them, and what our own registry holds.

Source: EWP mobilities: reconciliation of transcripts; from arrival to recognition.
"""

from collections.abc import Iterable, Iterator

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import effective
from mobility_bridge.domain.result import StudentResult
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.domain.transcript import ResultStatus, Tor, TorCourse
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_la import codes_of, listed, named, served, taught_abroad
from mobility_bridge.reconcile.stay_results import certified, course_called, course_codes, ects_of, results
from mobility_bridge.reconcile.stay_terms import living_exchanges
from mobility_bridge.reconcile.who import folded

_SOURCE = "EWP mobilities: reconciliation of transcripts"


@rule(
    code="TOR_REISSUED_AFTER_DECISION",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The transcript changed after the decision", "Resultatintyget ändrades efter beslutet"),
    text=Text(
        "The transcript changed on {changed_on}, after credits were transferred on {decided_on}. Other results: {components}.",
        "Resultatintyget ändrades {changed_on}, efter att tillgodoräknandet beslutades {decided_on}. Ändrade resultat: {components}.",
    ),
    next_step=advice(
        "Compare the decision with the new transcript and decide anew where it no longer holds.",
        "Jämför beslutet med det nya resultatintyget och fatta nytt beslut där det inte längre stämmer.",
    ),
    source=_SOURCE,
)
def transcript_changed_after_the_decision(case: StayCase) -> Iterator[Observation]:
    """Results differ from those of the transcript that was there when the credits were decided on.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, transcript = certified(case), case.transcript
    decided = [
        each.decided_on
        for exchange in living_exchanges(case)
        for each in exchange.transfers
        if each.decided_on is not None
    ]
    if not case.outgoing or tor is None or transcript is None or not decided:
        return
    decided_on = max(decided)
    before = next((said for said, since in transcript.earlier if since.date() <= decided_on), None)
    changed_on = transcript.stored.changed_at.date()
    if before is None or changed_on <= decided_on:
        return
    differing = _differing(before, tor)
    if differing:
        values = {
            "changed_on": changed_on.isoformat(),
            "decided_on": decided_on.isoformat(),
            "components": listed(differing),
        }
        yield Observation(values=values)


def _differing(before: Tor, now: Tor) -> list[str]:
    old, new = _by_name(before), _by_name(now)
    return [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]


def _by_name(tor: Tor) -> dict[str, tuple[object, ...]]:
    return {
        course_called(each): (each.outcome, each.result_label, ects_of(each))
        for each in tor.walk()
        if not each.parts
    }


@rule(
    code="TOR_VS_SIS_RESULT",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text(
        "Our transcript is not what the registry holds", "Vårt resultatintyg stämmer inte med studieregistret"
    ),
    text=Text(
        "The transcript that we serve differs from the results in the student registry: {components}.",
        "Resultatintyget som vi lämnar ut skiljer sig från resultaten i studieregistret: {components}.",
    ),
    next_step=advice(
        "Issue the transcript again from the registry, and tell {partner_hei_id}.",
        "Utfärda resultatintyget på nytt ur registret och meddela {partner_hei_id}.",
    ),
    source=_SOURCE,
)
def our_transcript_differs_from_the_registry(case: StayCase) -> Iterator[Observation]:
    """A passed course of an incoming student's transcript is not in the registry, or has other credits there.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    if case.outgoing or tor is None or not _results_are_known(case):
        return
    held = _held(case.results)
    wrong = [each for each in results(tor) if _contradicts(each, held)]
    if wrong:
        yield Observation(values={"components": _called(wrong)})


def _results_are_known(case: StayCase) -> bool:
    """Whether results were read since the transcript came; before that, none may be called missing."""
    read_at, transcript = case.results_read_at, case.transcript
    if Heard.REGISTRY not in case.heard or read_at is None or transcript is None:
        return False
    return transcript.stored.changed_at <= read_at


def _contradicts(course: TorCourse, held: dict[str, StudentResult]) -> bool:
    """Whether the registry has no such result, or one with other credits. What has no code is compared to nothing."""
    codes = course_codes(course)
    if course.outcome is not ResultStatus.PASSED or not codes:
        return False
    result = next((held[code] for code in codes if code in held), None)
    if result is None:
        return True
    given = ects_of(course)
    return given is not None and result.credits is not None and given != result.credits


def _held(found: Iterable[StudentResult]) -> dict[str, StudentResult]:
    return {folded(each.course_code): each for each in found if each.course_code}


@rule(
    code="TOR_RELEASED_WITHOUT_RESULTS",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Our transcript came before the results", "Vårt resultatintyg kom före resultaten"),
    text=Text(
        "We serve a transcript, while the student registry has no result yet for these components: {components}.",
        "Vi lämnar ut ett resultatintyg, men studieregistret har ännu inget resultat för dessa kurser: {components}.",
    ),
    next_step=advice(
        "Have the results reported, then issue the transcript again.",
        "Se till att resultaten rapporteras och utfärda sedan intyget på nytt.",
    ),
    source=_SOURCE,
)
def our_transcript_came_before_the_results(case: StayCase) -> Iterator[Observation]:
    """A component of an incoming student's agreement is neither in the transcript nor in the registry.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, la = certified(case), served(case)
    lists = effective(la) if la is not None else None
    if case.outgoing or tor is None or lists is None or not _results_are_known(case):
        return
    known = {code for each in tor.walk() for code in course_codes(each)} | set(_held(case.results))
    waiting = [each for each in taught_abroad(lists) if codes_of(each) and codes_of(each).isdisjoint(known)]
    if waiting:
        yield Observation(values={"components": named(waiting)})


@rule(
    code="TOR_GRADE_NOT_CONVERTIBLE",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("A grade cannot be converted", "Ett betyg kan inte omvandlas"),
    text=Text(
        "The grades of these courses cannot be converted with the transcript's own table: {components}.",
        "Betygen på dessa kurser kan inte omvandlas med resultatintygets egen tabell: {components}.",
    ),
    next_step=advice(
        "Convert them by hand, or ask {receiving} for the table of the field.",
        "Omvandla dem för hand, eller be {receiving} om tabellen för ämnet.",
    ),
    source=_SOURCE,
)
def grade_cannot_be_converted(case: StayCase) -> Iterator[Observation]:
    """The table has no such grade in the course's field, or the course names no field. Without a table nothing is said.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    if not case.outgoing or tor is None or not tor.grade_conversion_table:
        return
    grades = {
        each.isced_code: {one.label.strip() for one in each.frequencies}
        for each in tor.grade_conversion_table
    }
    odd = [
        each
        for each in tor.walk()
        if each.result_label and each.result_label.strip() not in _grades_of(each, grades)
    ]
    if odd:
        yield Observation(values={"components": _called(odd), "receiving": case.receiving_hei_id or ""})


def _grades_of(course: TorCourse, grades: dict[str, set[str]]) -> set[str]:
    """The grades of the course's field, or of the nearest broader one."""
    code = course.isced_code or ""
    while code and code not in grades:
        code = code[:-1]
    return grades.get(code, set())


def _called(courses: Iterable[TorCourse]) -> str:
    return listed(course_called(each) for each in courses)
