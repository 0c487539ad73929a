"""The components of a learning agreement: what is in force, how many credits, and what will be recognised.

Source: EWP mobilities: reconciliation of components, courses and credits.
"""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import EffectiveLists, ects, matches
from mobility_bridge.domain.learning_agreement import (
    ComponentTable,
    LaComponent,
    LaMobilityType,
)
from mobility_bridge.domain.stay import StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day, planned_days
from mobility_bridge.reconcile.stay_la import (
    codes_of,
    in_force,
    named,
    sender,
    served,
    taught_abroad,
)
from mobility_bridge.reconcile.stay_state import in_question
from mobility_bridge.reconcile.stay_terms import stay_terms
from mobility_bridge.reconcile.who import folded

_SOURCE = "EWP mobilities: reconciliation of components, courses and credits"
_TERM_DAYS: Final = 120
"""From how many days on a stay is a whole term's; a shorter one counts in proportion."""
_HALF: Final = Decimal("0.5")


def _lists(case: StayCase) -> EffectiveLists | None:
    la = served(case)
    return in_force(la) if la is not None and in_question(case) else None


@rule(
    code="CREDIT_SUM_LOW",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Too few credits", "För få poäng"),
    text=Text(
        "The learning agreement comes to {credits} ECTS credits abroad; a stay like this should come to {expected}.",
        "Studieavtalet omfattar {credits} ECTS-poäng utomlands; en sådan vistelse bör omfatta {expected}.",
    ),
    next_step=advice(
        "Add courses by a change of the learning agreement, or note why fewer credits are enough.",
        "Lägg till kurser genom en ändring av studieavtalet, eller anteckna varför färre poäng räcker.",
    ),
    source=_SOURCE,
)
def too_few_credits(case: StayCase) -> Iterator[Observation]:
    """The components abroad have fewer credits than the stay's terms, or a blended stay, should have.

    Source: EWP mobilities: reconciliation of credits.
    """
    credits_abroad, lists = _credits_abroad(case), _lists(case)
    if credits_abroad is None or lists is None:
        return
    expected = _expected(case, lists, case.thresholds.term_credits)
    if expected is not None and credits_abroad < expected:
        values = {"credits": _number(credits_abroad), "expected": _number(expected)}
        yield Observation(values=values, due_on=planned_days(case).first)


@rule(
    code="CREDIT_SUM_HIGH",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Unusually many credits", "Ovanligt många poäng"),
    text=Text(
        "The learning agreement comes to {credits} ECTS credits abroad, more than {expected}.",
        "Studieavtalet omfattar {credits} ECTS-poäng utomlands, mer än {expected}.",
    ),
    next_step=advice(
        "Ask the student whether so much is meant, or whether a component stands there twice.",
        "Fråga studenten om det är menat, eller om någon kurs står med två gånger.",
    ),
    source=_SOURCE,
)
def unusually_many_credits(case: StayCase) -> Iterator[Observation]:
    """The components abroad have more credits than anybody takes in the stay's terms.

    Source: EWP mobilities: reconciliation of credits.
    """
    credits_abroad, lists, terms = _credits_abroad(case), _lists(case), len(stay_terms(case))
    if credits_abroad is None or lists is None or not terms:
        return
    limit = case.thresholds.term_credits_high * terms
    if credits_abroad > limit:
        yield Observation(values={"credits": _number(credits_abroad), "expected": _number(limit)})


def _credits_abroad(case: StayCase) -> Decimal | None:
    """The sum of ECTS credits abroad; None where some component is measured in another way only."""
    lists = _lists(case)
    components = taught_abroad(lists) if lists is not None else ()
    if not components or not all(any(credit.is_ects for credit in each.credits) for each in components):
        return None
    return ects(components)


def _expected(case: StayCase, lists: EffectiveLists, term_credits: Decimal) -> Decimal | None:
    """What a stay should come to, in proportion to its days where it is shorter than a term."""
    if lists.mobility_type is LaMobilityType.BLENDED:
        return case.thresholds.short_credits
    days, terms = planned_days(case), len(stay_terms(case))
    if lists.mobility_type is LaMobilityType.DOCTORAL or not terms:
        return None
    whole = term_credits * terms
    if days.first is None or days.last is None:
        return whole
    part = Decimal((days.last - days.first).days + 1) / _TERM_DAYS
    return min(whole, (term_credits * part / _HALF).to_integral_value(ROUND_FLOOR) * _HALF)


@rule(
    code="CREDIT_IMBALANCE",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Recognition and courses do not weigh the same", "Tillgodoräknande och kurser väger olika"),
    text=Text(
        "Abroad the student takes {abroad} ECTS credits, and {home} are to be recognised, without any condition that "
        "explains it.",
        "Studenten läser {abroad} ECTS-poäng utomlands, och {home} ska tillgodoräknas, utan något villkor som "
        "förklarar det.",
    ),
    next_step=advice(
        "Have the two tables made equal by a change of the learning agreement, or write the condition into it.",
        "Låt göra tabellerna lika genom en ändring av studieavtalet, eller skriv in villkoret i det.",
    ),
    source=_SOURCE,
)
def recognition_does_not_weigh_the_same(case: StayCase) -> Iterator[Observation]:
    """The credits to be recognised at home differ from those abroad.

    Source: EWP mobilities: reconciliation of credits.
    """
    lists, abroad = _lists(case), _credits_abroad(case)
    if not case.outgoing or lists is None or abroad is None:
        return
    recognised = lists.components(ComponentTable.RECOGNIZED)
    if not recognised or any(each.recognition_conditions is not None for each in recognised):
        return
    home = ects(recognised)
    if abs(home - abroad) > case.thresholds.credit_tolerance:
        values = {"abroad": _number(abroad), "home": _number(home)}
        yield Observation(values=values, due_on=planned_days(case).last)


@rule(
    code="COMP_ALREADY_PASSED",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text(
        "A course to be recognised is passed already", "En kurs som ska tillgodoräknas är redan godkänd"
    ),
    text=Text(
        "These courses are to be recognised, and the student passed them here before the stay: {components}.",
        "De här kurserna ska tillgodoräknas, men studenten har redan läst dem här före vistelsen: {components}.",
    ),
    next_step=advice(
        "Choose other courses to recognise and have the change of the learning agreement signed.",
        "Välj andra kurser att tillgodoräkna och låt underteckna ändringen av studieavtalet.",
    ),
    source=_SOURCE,
)
def course_is_passed_already(case: StayCase) -> Iterator[Observation]:
    """A component to be recognised has a result of our own from before the stay.

    Source: EWP mobilities: reconciliation of components.
    """
    lists, start = _lists(case), first_day(case)
    if not case.outgoing or lists is None:
        return
    passed = {
        folded(each.course_code)
        for each in case.results
        if each.course_code and not each.by_credit_transfer and _before(each.examined_on, start)
    }
    again = [each for each in lists.components(ComponentTable.RECOGNIZED) if codes_of(each) & passed]
    if again:
        yield Observation(values={"components": named(again)}, due_on=start)


def _before(day: date | None, start: date | None) -> bool:
    return day is not None and start is not None and day < start


@rule(
    code="COMP_TERM_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("A course is in another term than the stay", "En kurs ligger i en annan termin än vistelsen"),
    text=Text(
        "These components are in a term of {receiving} in which the student is not there: {components}.",
        "De här kurserna ligger i en termin vid {receiving} då studenten inte är där: {components}.",
    ),
    next_step=advice(
        "Correct the term of the components, or the days of the stay, by a change of the learning agreement.",
        "Rätta kursernas termin eller vistelsens dagar genom en ändring av studieavtalet.",
    ),
    source=_SOURCE,
)
def course_is_in_another_term(case: StayCase) -> Iterator[Observation]:
    """A component abroad is in the first of two terms, and the stay begins after it; or in the second, and it ends before.

    Source: EWP mobilities: reconciliation of components.
    """
    la, lists, days = served(case), _lists(case), planned_days(case)
    year = AcademicYear.parse(la.receiving_academic_year_id or "") if la is not None else None
    if lists is None or year is None or days.first is None or days.last is None:
        return
    outside = []
    if days.first >= _well_after_the_first_half(year):
        outside = [each for each in taught_abroad(lists) if _in_half(each, 1)]
    elif days.last < _begin_of_the_second_half(year):
        outside = [each for each in taught_abroad(lists) if _in_half(each, 2)]
    if outside:
        values = {"components": named(outside), "receiving": case.receiving_hei_id or ""}
        yield Observation(values=values, due_on=days.first, owner=sender(case))


def _in_half(component: LaComponent, number: int) -> bool:
    term = component.term_id
    return term is not None and term.total_terms == 2 and term.term_number == number


def _begin_of_the_second_half(year: AcademicYear) -> date:
    return date(year.start + 1, 1, 1) if year.northern else date(year.start, 6, 1)


def _well_after_the_first_half(year: AcademicYear) -> date:
    return date(year.start + 1, 3, 1) if year.northern else date(year.start, 8, 1)


@rule(
    code="VIRTUAL_PART_MISSING",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("The virtual part is not described", "Den virtuella delen är inte beskriven"),
    text=Text(
        "The stay is blended, and no component of the learning agreement describes its virtual part.",
        "Vistelsen är en blandad mobilitet, men ingen kurs i studieavtalet beskriver den virtuella delen.",
    ),
    next_step=advice(
        "Ask {sending} to describe the virtual part in the learning agreement; without it the stay is no blended one.",
        "Be {sending} beskriva den virtuella delen i studieavtalet; utan den är vistelsen ingen blandad mobilitet.",
    ),
    source=_SOURCE,
)
def virtual_part_is_missing(case: StayCase) -> Iterator[Observation]:
    """No component of a blended stay has a short description, which is where the virtual part is told.

    Source: EWP mobilities: learning agreement, get response.
    """
    lists = _lists(case)
    if lists is None or lists.mobility_type is not LaMobilityType.BLENDED:
        return
    if not any(each.short_description for each in lists.components(ComponentTable.BLENDED)):
        values = {"sending": case.sending_hei_id or ""}
        yield Observation(values=values, due_on=planned_days(case).first, owner=sender(case))


@rule(
    code="COMP_DUPLICATE",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("A course stands twice", "En kurs står två gånger"),
    text=Text(
        "In {table} of the learning agreement these stand more than once: {components}.",
        "I studieavtalet ({table}) står dessa mer än en gång: {components}.",
    ),
    next_step=advice(
        "Have it taken out by a change of the learning agreement.",
        "Låt ta bort dubbletten genom en ändring av studieavtalet.",
    ),
    source=_SOURCE,
)
def course_stands_twice(case: StayCase) -> Iterator[Observation]:
    """Two components of one table are the same course.

    Source: EWP mobilities: merging, the same component.
    """
    lists = _lists(case)
    for table, components in lists.tables.items() if lists is not None else ():
        twice = [each for at, each in enumerate(components) if matches([each], components[:at]) != [None]]
        if twice:
            yield Observation(table.value, {"table": table.value, "components": named(twice)})


@rule(
    code="CREDIT_SCHEME_UNKNOWN",
    severity=Severity.INFORMATION,
    owner=Owner.PARTNER,
    title=Text("Credits are not in ECTS", "Poäng anges inte i ECTS"),
    text=Text(
        "In {table} of the learning agreement, these have credits in a local scheme only: {components}.",
        "I studieavtalet ({table}) anges poäng bara i en lokal skala för: {components}.",
    ),
    next_step=advice(
        "Ask {holder} how many ECTS credits they are.",
        "Fråga {holder} hur många ECTS-poäng det är.",
    ),
    source=_SOURCE,
)
def credits_are_in_a_local_scheme(case: StayCase) -> Iterator[Observation]:
    """A component has credits, and none in ECTS.

    Source: EWP mobilities: reconciliation of credits.
    """
    lists = _lists(case)
    for table, components in lists.tables.items() if lists is not None else ():
        local = [each for each in components if each.credits and not any(one.is_ects for one in each.credits)]
        if local:
            at_home = table is ComponentTable.RECOGNIZED
            holder = case.sending_hei_id if at_home else case.receiving_hei_id
            values = {"table": table.value, "components": named(local), "holder": holder or ""}
            yield Observation(
                table.value, values, owner=Owner.US if at_home is case.outgoing else Owner.PARTNER
            )


@rule(
    code="RECOGNITION_CONDITION_SET",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("Recognition is not automatic", "Tillgodoräknandet är inte automatiskt"),
    text=Text(
        "For these, the learning agreement makes recognition depend on a condition: {components}.",
        "För dessa gör studieavtalet tillgodoräknandet beroende av ett villkor: {components}.",
    ),
    next_step=advice(
        "Look up the condition when the transcript has come, before deciding.",
        "Läs villkoret när resultatintyget har kommit, innan beslut fattas.",
    ),
    source=_SOURCE,
)
def recognition_depends_on_a_condition(case: StayCase) -> Iterator[Observation]:
    """Some component to be recognised is not recognised automatically.

    Source: EWP mobilities: learning agreement, get response.
    """
    lists = _lists(case)
    if not case.outgoing or lists is None:
        return
    recognised = lists.components(ComponentTable.RECOGNIZED)
    conditional = [each for each in recognised if each.recognition_conditions is not None]
    if conditional:
        yield Observation(values={"components": named(conditional)})


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
