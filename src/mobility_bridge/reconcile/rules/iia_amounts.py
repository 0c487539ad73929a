"""Numbers and durations differ between the copies.

Source: EWP agreements: terms; which fields must agree.
"""

from collections.abc import Iterator
from dataclasses import replace

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import CooperationCondition
from mobility_bridge.domain.case import AgreementCase
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import TALK, difference, differences

_SOURCE = "EWP agreements: known trouble with terms; comparing two copies"


@rule(
    code="NUMBER_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Number of places differs", "Antalet platser skiljer sig"),
    text=Text(
        "{condition}: the number of places per academic year is {local} with us and {partner} with the partner[ {hint}].",
        "{condition}: antalet platser per läsår är {local} hos oss och {partner} hos partnern[ {hint}].",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def number_of_mobilities_differs(case: AgreementCase) -> Iterator[Observation]:
    """The number per academic year differs; `hint` says so when one side states the total of all years.

    Source: EWP agreements: known trouble with terms.
    """
    comparison, local = case.comparison, case.local
    if comparison is None or local is None or local.iia is None:
        return
    for pair in comparison.pairs:
        for each in pair.differences:
            if each.code == "NUMBER_DIFFERS":
                years = _years(local.iia.conditions[pair.local_position])
                found = difference(case, pair, each)
                hint = _hint(int(each.local), int(each.partner), years)
                yield replace(found, values={**found.values, "hint": hint})


def _years(condition: CooperationCondition) -> int:
    first = AcademicYear.parse(condition.receiving_first_academic_year_id)
    last = AcademicYear.parse(condition.receiving_last_academic_year_id)
    return 0 if first is None or last is None else last.start - first.start + 1


def _hint(ours: int, theirs: int, years: int) -> str:
    """Recognise a total of all years written where the number per year belongs."""
    if years > 1 and max(ours, theirs) == years * min(ours, theirs):
        return f"({years} × {min(ours, theirs)} = {max(ours, theirs)})"
    return ""


@rule(
    code="DURATION_DIFFERS",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Total duration differs", "Den sammanlagda tiden skiljer sig"),
    text=Text(
        "{condition}: the time of all persons together ({field}) is {local} with us and "
        "{partner} with the partner.",
        "{condition}: tiden för alla personer tillsammans ({field}) är {local} hos oss och "
        "{partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def duration_differs(case: AgreementCase) -> Iterator[Observation]:
    """Both copies state a total of months or days, and not the same.

    Source: EWP agreements: comparing two copies.
    """
    yield from differences(case, "DURATION_DIFFERS")


@rule(
    code="DURATION_ROUNDED",
    severity=Severity.WARNING,
    owner=Owner.PARTNER_PROVIDER,
    title=Text("Total duration is rounded", "Den sammanlagda tiden är avrundad"),
    text=Text(
        "{condition}: the time of all persons together ({field}) is {local} with us and "
        "{partner} with the partner; one is rounded.",
        "{condition}: tiden för alla personer tillsammans ({field}) är {local} hos oss och "
        "{partner} hos partnern; det ena är avrundat.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def duration_is_rounded(case: AgreementCase) -> Iterator[Observation]:
    """One side cut or rounded a total with a fraction to a whole number.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "DURATION_ROUNDED")


@rule(
    code="DURATION_PER_PERSON",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Duration per person instead of total", "Tid per person i stället för sammanlagt"),
    text=Text(
        "{condition}: the time ({field}) is {local} with us and {partner} with the partner. One of them looks like the time of one person instead of the total.",
        "{condition}: tiden ({field}) är {local} hos oss och {partner} hos partnern. Ett av värdena ser ut att gälla en person i stället för alla.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def duration_is_per_person(case: AgreementCase) -> Iterator[Observation]:
    """One side states the duration of one person where the total of all belongs.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "DURATION_PER_PERSON")


@rule(
    code="DURATION_MISSING",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Total duration only on one side", "Den sammanlagda tiden anges bara på ena sidan"),
    text=Text(
        "{condition}: only one side states the time of all persons together ({field}): {local} "
        "with us, {partner} with the partner.",
        "{condition}: bara ena sidan anger tiden för alla personer tillsammans ({field}): "
        "{local} hos oss, {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def duration_is_one_sided(case: AgreementCase) -> Iterator[Observation]:
    """Only one copy states the total of months or days.

    Source: EWP agreements: known trouble with terms.
    """
    yield from differences(case, "DURATION_MISSING")
