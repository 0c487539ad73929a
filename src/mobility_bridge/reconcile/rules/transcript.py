"""Transcripts: there in time, of the right student, complete, and as the learning agreement promised.

Source: EWP mobilities: reconciliation of transcripts; from arrival to recognition.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import ects
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.domain.transcript import ReportStatus, ResultStatus, Tor, TorCourse
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import last_day
from mobility_bridge.reconcile.stay_la import listed, named, receiver
from mobility_bridge.reconcile.stay_results import (
    certified,
    certified_at,
    compared,
    course_called,
    ects_of,
    foreign_issuers,
    learner_differences,
    shown,
)
from mobility_bridge.reconcile.stay_state import accepted, active, in_question
from mobility_bridge.reconcile.stay_terms import living_exchanges

_SOURCE = "EWP mobilities: reconciliation of transcripts"


@rule(
    code="TOR_STUDENT_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("The transcript is of another student", "Resultatintyget gäller en annan student"),
    text=Text(
        "The transcript's learner is not the student of this stay: {field} differs. Nothing in it is used.",
        "Resultatintyget gäller inte vistelsens student: {field} skiljer sig. Inget i det används.",
    ),
    next_step=advice(
        "Do not open it further. Ask {receiving} to withdraw it and to send the right one.",
        "Öppna det inte mer än så. Be {receiving} dra tillbaka det och skicka det rätta.",
    ),
    source=_SOURCE,
)
def transcript_is_of_another_student(case: StayCase) -> Iterator[Observation]:
    """Identifier or birth date of the learner differ from those of the nominated student.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    fields = learner_differences(case)
    if fields and active(case):
        values = {"field": ", ".join(fields), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, owner=receiver(case))


@rule(
    code="TOR_ISSUER_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Another university issued the transcript", "Ett annat lärosäte har utfärdat resultatintyget"),
    text=Text(
        "The transcript was issued by {issuer} and not by {receiving}. Nothing in it is used.",
        "Resultatintyget är utfärdat av {issuer} och inte av {receiving}. Inget i det används.",
    ),
    next_step=advice(
        "Ask {receiving} for a transcript of its own.",
        "Be {receiving} om ett eget resultatintyg.",
    ),
    source=_SOURCE,
)
def transcript_has_another_issuer(case: StayCase) -> Iterator[Observation]:
    """The issuer is not the receiving HEI.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    issuers = foreign_issuers(case)
    if issuers and in_question(case):
        values = {"issuer": ", ".join(issuers), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, owner=receiver(case))


@rule(
    code="LA_COURSE_NOT_IN_TOR",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("Courses of the agreement have no result", "Kurser i studieavtalet saknar resultat"),
    text=Text(
        "The transcript is complete and has no result for these components of the learning agreement: {components}.",
        "Resultatintyget är fullständigt men saknar resultat för dessa kurser i studieavtalet: {components}.",
    ),
    next_step=advice(
        "Ask {receiving} for the results, or whether the student took the courses.",
        "Fråga {receiving} efter resultaten, eller om studenten läste kurserna.",
    ),
    source=_SOURCE,
)
def course_of_the_agreement_has_no_result(case: StayCase) -> Iterator[Observation]:
    """A component that binds is missing in a transcript that does not call itself incomplete.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    comparison = compared(case, tor) if tor is not None and not _unfinished(tor) else None
    if case.outgoing and comparison is not None and comparison.components:
        values = {"components": named(comparison.components), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values)


@rule(
    code="TOR_COMPONENT_FAILED",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("A course was not passed", "En kurs är inte godkänd"),
    text=Text(
        "By the transcript these courses were not passed: {components}.",
        "Enligt resultatintyget är dessa kurser inte godkända: {components}.",
    ),
    next_step=advice(
        "Decide with the student what replaces them; they cannot be recognised.",
        "Bestäm med studenten vad som ersätter dem; de kan inte tillgodoräknas.",
    ),
    source=_SOURCE,
)
def course_was_not_passed(case: StayCase) -> Iterator[Observation]:
    """A result is a failure, or gives no credits for a component that has some.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    if not case.outgoing or tor is None:
        return
    comparison = compared(case, tor)
    empty = [
        course
        for component, course in (comparison.pairs if comparison is not None else ())
        if course.outcome is ResultStatus.PASSED and ects_of(course) == 0 and ects([component]) > 0
    ]
    failed = [each for each in tor.walk() if each.outcome is ResultStatus.FAILED]
    if failed or empty:
        yield Observation(values={"components": _called(failed + empty)})


@rule(
    code="TOR_MISSING",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("No transcript has come", "Inget resultatintyg har kommit"),
    text=Text(
        "The stay ended on {ended_on}, and there is no transcript of {receiving}. It was due on {due_on}.",
        "Vistelsen slutade {ended_on}, men det finns inget resultatintyg från {receiving}. Det skulle ha kommit {due_on}.",
    ),
    next_step=advice(
        "Remind {receiving}; without a transcript nothing can be recognised.",
        "Påminn {receiving}; utan resultatintyg kan inget tillgodoräknas.",
    ),
    source=_SOURCE,
)
def transcript_is_missing(case: StayCase) -> Iterator[Observation]:
    """Weeks after the student left there is no transcript; after some more it is grave.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    end, limits = last_day(case), case.thresholds
    if end is None or shown(case) is not None or Heard.TRANSCRIPTS not in case.heard:
        return
    left = case.exchange is not None and not living_exchanges(case)
    due_on = end + timedelta(weeks=limits.transcript_weeks)
    if left or case.today <= due_on or not in_question(case) or not accepted(case):
        return
    grave = case.today > end + timedelta(weeks=limits.transcript_grave_weeks)
    values = {"ended_on": end.isoformat(), "receiving": case.receiving_hei_id or ""}
    yield Observation(
        values=values, due_on=due_on, severity=Severity.BLOCKING if grave else None, owner=receiver(case)
    )


@rule(
    code="TOR_INCOMPLETE",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("The transcript is not complete", "Resultatintyget är inte fullständigt"),
    text=Text(
        "The transcript of {receiving} is not complete[: the report says {report}][; still in progress: {components}].",
        "Resultatintyget från {receiving} är inte fullständigt[: intyget anger {report}][; ännu inte klara: {components}].",
    ),
    next_step=advice(
        "Ask {receiving} when the complete transcript comes; decide on the credits then.",
        "Fråga {receiving} när det fullständiga resultatintyget kommer; besluta om poängen då.",
    ),
    source=_SOURCE,
)
def transcript_is_not_complete(case: StayCase) -> Iterator[Observation]:
    """After the stay results are in progress, or a report says that it is not full.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, end = certified(case), last_day(case)
    if not case.outgoing or tor is None or not _unfinished(tor) or (end is not None and case.today <= end):
        return
    reports = [each.status for each in tor.reports if each.status not in (None, ReportStatus.FULL)]
    values = {
        "report": listed(str(each) for each in reports),
        "components": _called(_in_progress(tor)),
        "receiving": case.receiving_hei_id or "",
    }
    yield Observation(values=values)


@rule(
    code="TOR_CREDIT_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Credits differ from the agreement", "Poängen skiljer sig från studieavtalet"),
    text=Text(
        "The transcript gives other credits than the learning agreement promised for: {components}.",
        "Resultatintyget ger andra poäng än studieavtalet lovade för: {components}.",
    ),
    next_step=advice(
        "Recognise by the transcript, and see whether the sum still suffices.",
        "Tillgodoräkna efter resultatintyget, och se om summan fortfarande räcker.",
    ),
    source=_SOURCE,
)
def credits_differ_from_the_agreement(case: StayCase) -> Iterator[Observation]:
    """The ECTS credits of a passed result are not those of its component.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    comparison = compared(case, tor) if tor is not None and case.outgoing else None
    differing = []
    for component, course in comparison.pairs if comparison is not None else ():
        given, promised = ects_of(course), ects([component])
        if course.outcome is ResultStatus.PASSED and given and promised and given != promised:
            differing.append(component)
    if differing:
        yield Observation(values={"components": named(differing)})


@rule(
    code="TOR_COURSE_NOT_IN_LA",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text(
        "A result is of a course outside the agreement", "Ett resultat gäller en kurs utanför studieavtalet"
    ),
    text=Text(
        "The transcript has results that no component of the learning agreement stands for: {components}.",
        "Resultatintyget har resultat som ingen kurs i studieavtalet motsvarar: {components}.",
    ),
    next_step=advice(
        "Decide whether they replace a course of the agreement or are extra.",
        "Avgör om de ersätter en kurs i avtalet eller är extra.",
    ),
    source=_SOURCE,
)
def result_is_outside_of_the_agreement(case: StayCase) -> Iterator[Observation]:
    """A result matches no component by id, code or title.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    comparison = compared(case, tor) if tor is not None and case.outgoing else None
    if comparison is not None and comparison.courses:
        yield Observation(values={"components": _called(comparison.courses)})


@rule(
    code="TOR_DOUBLE_CREDIT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Credits stand twice in the transcript", "Poäng står två gånger i resultatintyget"),
    text=Text(
        "In the transcript, these have ECTS credits of their own although their parts have some too: {components}.",
        "I resultatintyget har dessa egna ECTS-poäng fast även deras delar har det: {components}.",
    ),
    next_step=advice(
        "Do not add them up. Ask {receiving} to state the credits on one level.",
        "Lägg inte ihop dem. Be {receiving} ange poängen på en nivå.",
    ),
    source=_SOURCE,
)
def credits_stand_twice(case: StayCase) -> Iterator[Observation]:
    """A course and something below it both carry ECTS credits.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    if not case.outgoing or tor is None:
        return
    twice = [each for each in tor.walk() if each.ects and any(part.ects for part in list(each.walk())[1:])]
    if twice:
        yield Observation(values={"components": _called(twice), "receiving": case.receiving_hei_id or ""})


@rule(
    code="TOR_YEAR_MISMATCH",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER,
    title=Text("The transcript names another academic year", "Resultatintyget anger ett annat läsår"),
    text=Text(
        "The transcript is for {year}, the nomination for {nominated}.",
        "Resultatintyget gäller {year}, nomineringen {nominated}.",
    ),
    next_step=advice(
        "Ask {receiving} whether it is the right transcript.",
        "Fråga {receiving} om det är rätt resultatintyg.",
    ),
    source=_SOURCE,
)
def transcript_names_another_year(case: StayCase) -> Iterator[Observation]:
    """The academic year is not the one of the nomination.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor = certified(case)
    nomination = case.nomination.said if case.nomination is not None else None
    year, expected = (each.receiving_academic_year_id if each else None for each in (tor, nomination))
    if year and expected and year != expected:
        values = {"year": year, "nominated": expected, "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, owner=receiver(case))


@rule(
    code="TOR_TOO_EARLY",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER,
    title=Text("The transcript came before the end", "Resultatintyget kom före slutet"),
    text=Text(
        "The transcript came before the stay ended on {ended_on}, with courses in progress: {components}.",
        "Resultatintyget kom innan vistelsen slutade {ended_on}, med kurser som inte är klara: {components}.",
    ),
    next_step=advice(
        "Wait for the complete one.",
        "Vänta på det fullständiga.",
    ),
    source=_SOURCE,
)
def transcript_came_before_the_end(case: StayCase) -> Iterator[Observation]:
    """It was certified before the student left, and courses are in progress; once the stay is over it is incomplete.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, end = certified(case), last_day(case)
    running = _in_progress(tor) if tor is not None and case.outgoing else []
    if tor is None or not running or end is None or case.today > end:
        return
    moment = certified_at(tor)
    if moment is not None and moment.date() < end:
        yield Observation(values={"ended_on": end.isoformat(), "components": _called(running)})


def _unfinished(tor: Tor) -> bool:
    """Whether the transcript says of itself that more will come."""
    return bool(_in_progress(tor)) or any(
        each.status not in (None, ReportStatus.FULL) for each in tor.reports
    )


def _in_progress(tor: Tor) -> list[TorCourse]:
    return [each for each in tor.walk() if each.outcome is ResultStatus.IN_PROGRESS]


def _called(courses: Iterable[TorCourse]) -> str:
    return listed(course_called(each) for each in courses)
