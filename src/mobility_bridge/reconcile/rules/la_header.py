"""Whether a learning agreement says the same as our own course list, the nomination and the student's other data.

Source: EWP mobilities: reconciliation of versions.
"""

from collections.abc import Iterable, Iterator, Sequence

from mobility_bridge.domain.application import CourseListKind, CourseRow
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import ects, effective, proposed
from mobility_bridge.domain.learning_agreement import LaComponent, LearningAgreement
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import planned_days
from mobility_bridge.reconcile.stay_la import called, codes_of, listed, named, sender, served, taught_abroad
from mobility_bridge.reconcile.stay_state import in_question, nominated
from mobility_bridge.reconcile.who import folded

_SOURCE = "EWP mobilities: reconciliation of versions"


@rule(
    code="LA_VERSION_DRIFT",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Our course list is not the agreed one", "Vår kurslista är inte den överenskomna"),
    text=Text(
        "Our own system and the signed learning agreement list different courses.[ Only with us: {local}.]"
        "[ Only in the agreement: {partner}.][ Other credits: {credits}.]",
        "Vårt eget system och det undertecknade studieavtalet anger olika kurser.[ Bara hos oss: {local}.]"
        "[ Bara i avtalet: {partner}.][ Andra poäng: {credits}.]",
    ),
    next_step=advice(
        "Correct our list after the agreement that all three signed, or have a change of the agreement signed.",
        "Rätta vår lista efter det avtal som alla tre undertecknat, eller låt underteckna en ändring av avtalet.",
    ),
    source=_SOURCE,
)
def our_course_list_differs(case: StayCase) -> Iterator[Observation]:
    """The rows of our own system are not the components that bind. A list of ours without rows says nothing,
    and one that is what is proposed now is ahead of it.

    Source: EWP mobilities: reconciliation of versions.
    """
    la, courses = served(case), case.courses
    if la is None or courses is None or not courses.live or not in_question(case):
        return
    binding = effective(la)
    rows = courses.said.living if courses.said.kind is CourseListKind.LEARNING_AGREEMENT else ()
    if binding is None or not rows:
        return
    values = _difference(rows, taught_abroad(binding))
    draft = proposed(la) if la.changes_proposal is not None else None
    ahead = draft is not None and not any(_difference(rows, taught_abroad(draft)).values())
    if any(values.values()) and not ahead:
        yield Observation(values=values, due_on=planned_days(case).first)


def _difference(rows: Sequence[CourseRow], components: Sequence[LaComponent]) -> dict[str, str]:
    left, only_ours, other_credits = list(components), [], []
    for row in rows:
        component = _same_course(row, left)
        if component is None:
            only_ours.append(row.number or row.name or row.row_id)
            continue
        left.remove(component)
        if row.credits is not None and component.credits and row.credits != ects([component]):
            other_credits.append(called(component))
    return {
        "local": listed(only_ours),
        "partner": named(left),
        "credits": listed(other_credits),
    }


def _same_course(row: CourseRow, components: Iterable[LaComponent]) -> LaComponent | None:
    """The component with the row's code, else with its name."""
    known = list(components)
    number, name = folded(row.number or ""), folded(row.name or "")
    for each in known:
        if number and number in codes_of(each):
            return each
    return next((each for each in known if name and folded(each.title) == name), None)


@rule(
    code="LA_HEADER_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Learning agreement and nomination differ", "Studieavtal och nominering skiljer sig"),
    text=Text(
        "The learning agreement and the nomination differ in {field}: {la} and {nomination}.",
        "Studieavtalet och nomineringen skiljer sig i {field}: {la} och {nomination}.",
    ),
    next_step=advice(
        "Ask {sending} which one is right; such data are corrected without new signatures.",
        "Fråga {sending} vilket som är rätt; sådana uppgifter rättas utan nya underskrifter.",
    ),
    source=_SOURCE,
)
def agreement_and_nomination_differ(case: StayCase) -> Iterator[Observation]:
    """University, unit, academic year, field or level differ. What one of them does not say differs from nothing.

    Source: EWP mobilities: reconciliation of versions.
    """
    la, nomination = served(case), nominated(case)
    if la is None or nomination is None or not in_question(case):
        return
    for field, one, other in _headers(la, nomination):
        if one and other and one != other and not _broader(field, one, other):
            values = {"field": field, "la": one, "nomination": other, "sending": case.sending_hei_id or ""}
            yield Observation(field, values, owner=sender(case))


def _headers(la: LearningAgreement, nomination: Nomination) -> Iterator[tuple[str, str, str]]:
    yield "sending-hei", la.sending_hei.hei_id, nomination.sending_hei.hei_id or ""
    yield "receiving-hei", la.receiving_hei.hei_id, nomination.receiving_hei.hei_id or ""
    yield "sending-ounit-id", la.sending_hei.ounit_id or "", nomination.sending_hei.ounit_id or ""
    yield "receiving-ounit-id", la.receiving_hei.ounit_id or "", nomination.receiving_hei.ounit_id or ""
    year = nomination.receiving_academic_year_id or ""
    yield "receiving-academic-year-id", la.receiving_academic_year_id or "", year
    yield "isced-f-code", la.isced_f_code or "", nomination.nominee_isced_f_code or ""
    levels = la.eqf_level_studied_at_departure, nomination.eqf_level_studied_at_departure
    yield "eqf-level-studied-at-departure", str(levels[0] or ""), str(levels[1] or "")


def _broader(field: str, one: str, other: str) -> bool:
    """Whether one code of a field of education is the other's beginning."""
    return field == "isced-f-code" and (one.startswith(other) or other.startswith(one))


@rule(
    code="LA_STUDENT_DRIFT",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text(
        "The student's data in the learning agreement differ",
        "Studentens uppgifter i studieavtalet skiljer sig",
    ),
    text=Text(
        "In the learning agreement, {field} of the student is not what {document} says.",
        "I studieavtalet är studentens {field} inte det som {document} säger.",
    ),
    next_step=advice(
        "Ask {sending} to correct it from the student registry; a changed name or birth date needs new signatures.",
        "Be {sending} rätta det efter studieregistret; ändrat namn eller födelsedatum kräver nya underskrifter.",
    ),
    source=_SOURCE,
)
def students_data_in_the_agreement_differ(case: StayCase) -> Iterator[Observation]:
    """The gender differs from the nomination's, or a proposal announces data that the agreement does not carry.

    Names, identifiers, birth dates, nationality and e-mail are compared between all systems by rules of their own.

    Source: EWP mobilities: what is a minor change.
    """
    la, nomination = served(case), nominated(case)
    if la is None or not in_question(case):
        return
    for field, where in _student_differences(la, nomination):
        values = {"field": field, "document": where, "sending": case.sending_hei_id or ""}
        yield Observation(f"{where}/{field}", values, planned_days(case).first, owner=sender(case))


def _student_differences(la: LearningAgreement, nomination: Nomination | None) -> Iterator[tuple[str, str]]:
    told = nomination.student.gender if nomination is not None else None
    if la.student.gender in (1, 2) and told in (1, 2) and la.student.gender != told:
        yield "gender", "nomination"
    announced = la.changes_proposal.student if la.changes_proposal is not None else None
    if announced is None:
        return
    for name in ("given_names", "family_name", "global_id", "birth_date"):
        value = getattr(announced, name)
        if value is not None and value != getattr(la.student, name):
            yield name.replace("_", "-"), "changes-proposal"
