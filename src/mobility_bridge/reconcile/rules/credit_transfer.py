"""Credit transfer: decided in time, for what was passed, and as the learning agreement promised.

Source: EWP mobilities: reconciliation of transcripts and credit transfer; Ladok: credit transfer.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.la_merge import EffectiveLists, ects, effective, proposed
from mobility_bridge.domain.learning_agreement import ComponentTable, LaComponent
from mobility_bridge.domain.result import CreditTransfer
from mobility_bridge.domain.stay import Heard, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_la import codes_of, listed, named, served
from mobility_bridge.reconcile.stay_results import certified, certified_at, compared, ects_of, passed, results
from mobility_bridge.reconcile.stay_state import in_question
from mobility_bridge.reconcile.stay_terms import exchanges
from mobility_bridge.reconcile.who import folded

_SOURCE = "EWP mobilities: reconciliation of credit transfer; Ladok: credit transfer"


def _transfers(case: StayCase) -> list[CreditTransfer]:
    """The decisions about an outgoing student's exchange; none while the registry was not heard."""
    if not case.outgoing or Heard.REGISTRY not in case.heard or not in_question(case):
        return []
    return [each for exchange in exchanges(case) for each in exchange.transfers if not each.removed]


def _booked(case: StayCase) -> dict[str, str]:
    """The courses that credits were transferred to: their codes as written, by the folded ones."""
    return {
        folded(target.course_code): target.course_code
        for each in _transfers(case)
        for target in each.targets
        if target.course_code
    }


def _binding(case: StayCase) -> EffectiveLists | None:
    la = served(case)
    return effective(la) if la is not None else None


def _promised(case: StayCase) -> tuple[LaComponent, ...]:
    lists = _binding(case)
    return lists.components(ComponentTable.RECOGNIZED) if lists is not None else ()


def _unbooked(case: StayCase) -> list[LaComponent]:
    """Components promised that no decision names. Decisions that name no course at all leave nothing open."""
    booked = _booked(case)
    return [each for each in _promised(case) if codes_of(each).isdisjoint(booked)] if booked else []


def _transferred(case: StayCase) -> Decimal | None:
    """The sum of all decisions; None where there is none, or one does not state credits."""
    stated = [target.credits for each in _transfers(case) for target in each.targets]
    return (
        sum((each for each in stated if each is not None), Decimal())
        if stated and None not in stated
        else None
    )


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


@rule(
    code="TRANSFER_OTHER_STUDENT",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Credits of another student's exchange", "Poäng från en annan students utbyte"),
    text=Text(
        "A credit transfer[ of {decided_on}] is booked on this student for an exchange occasion that the student was "
        "never on.",
        "Ett tillgodoräknande[ från {decided_on}] är bokfört på den här studenten för ett utbytestillfälle som "
        "studenten aldrig varit på.",
    ),
    next_step=advice(
        "Correct the decision in the student registry at once; say nothing to either student before.",
        "Rätta beslutet i studieregistret genast; meddela ingen av studenterna innan dess.",
    ),
    source=_SOURCE,
)
def credits_are_booked_on_another_student(case: StayCase) -> Iterator[Observation]:
    """A decision names an exchange's occasion, and its student is none of those on it.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    for each in case.strayed if in_question(case) else ():
        decided_on = each.decided_on.isoformat() if each.decided_on is not None else ""
        yield Observation(each.credit_transfer_uid, {"decided_on": decided_on})


@rule(
    code="TRANSFER_ON_UNSIGNED_VERSION",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text(
        "Credits rest on an unsigned change",
        "Tillgodoräknandet bygger på en ändring som inte är undertecknad",
    ),
    text=Text(
        "Credits were transferred to {components}, which stand only in a proposal of the learning agreement that not all have signed.",
        "Poäng har tillgodoräknats för {components}, som bara finns i ett förslag till studieavtal som inte alla undertecknat.",
    ),
    next_step=advice(
        "Have the change approved by {partner_hei_id}, or correct the decision.",
        "Få ändringen godkänd av {partner_hei_id}, eller rätta beslutet.",
    ),
    source=_SOURCE,
)
def credits_rest_on_an_unsigned_version(case: StayCase) -> Iterator[Observation]:
    """A decision names a course that is promised in the open proposal only.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    unsigned = _only_proposed(case) & set(_booked(case))
    if unsigned:
        booked = _booked(case)
        yield Observation(values={"components": listed(booked[code] for code in sorted(unsigned))})


def _only_proposed(case: StayCase) -> set[str]:
    la = served(case)
    lists = proposed(la) if la is not None else None
    wanted = lists.components(ComponentTable.RECOGNIZED) if lists is not None else ()
    codes = {code for each in wanted for code in codes_of(each)}
    return codes - {code for each in _promised(case) for code in codes_of(each)}


@rule(
    code="TRANSFER_SUM_LOW",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Fewer credits were transferred than promised", "Färre poäng har tillgodoräknats än utlovat"),
    text=Text(
        "{transferred} credits were transferred, and the student passed {passed} of the learning agreement; no condition explains it.",
        "{transferred} poäng har tillgodoräknats, men studenten klarade {passed} enligt studieavtalet; inget villkor förklarar det.",
    ),
    next_step=advice(
        "Transfer the rest: the learning agreement is a commitment.",
        "Tillgodoräkna resten: studieavtalet är ett åtagande.",
    ),
    source=_SOURCE,
)
def fewer_credits_were_transferred(case: StayCase) -> Iterator[Observation]:
    """The decisions come to less than the passed components, and components still open do not explain it.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, total = certified(case), _transferred(case)
    comparison = compared(case, tor) if tor is not None else None
    if (
        total is None
        or comparison is None
        or any(each.recognition_conditions is not None for each in _promised(case))
    ):
        return
    earned = sum(
        (ects_of(each) or Decimal() for each in passed(course for _, course in comparison.pairs)), Decimal()
    )
    if total + ects(_unbooked(case)) < earned:
        yield Observation(values={"transferred": _number(total), "passed": _number(earned)})


@rule(
    code="TRANSFER_SUM_HIGH",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("More credits were transferred than passed", "Fler poäng har tillgodoräknats än som klarats"),
    text=Text(
        "{transferred} credits were transferred, and the transcript shows {passed} passed.",
        "{transferred} poäng har tillgodoräknats, men resultatintyget visar {passed} godkända.",
    ),
    next_step=advice(
        "Correct the decision, or find the transcript that it rests on.",
        "Rätta beslutet, eller ta fram det resultatintyg som det bygger på.",
    ),
    source=_SOURCE,
)
def more_credits_were_transferred(case: StayCase) -> Iterator[Observation]:
    """The decisions come to more than all passed results of the transcript.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, total = certified(case), _transferred(case)
    if tor is None or total is None:
        return
    credits_of = [ects_of(each) for each in passed(results(tor))]
    earned = sum((each for each in credits_of if each is not None), Decimal())
    if None not in credits_of and total > earned:
        yield Observation(values={"transferred": _number(total), "passed": _number(earned)})


@rule(
    code="TRANSFER_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("No credits have been transferred", "Inget har tillgodoräknats"),
    text=Text(
        "A complete transcript came on {came_on}, and the student registry has no credit transfer for the exchange.",
        "Ett fullständigt resultatintyg kom {came_on}, men studieregistret har inget tillgodoräknande för utbytet.",
    ),
    next_step=advice(
        "Decide on the credit transfer in the student registry by {due_on}.",
        "Besluta om tillgodoräknandet i studieregistret senast {due_on}.",
    ),
    source=_SOURCE,
)
def no_credits_have_been_transferred(case: StayCase) -> Iterator[Observation]:
    """Nothing was decided although the transcript is complete; after some weeks that is grave.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    tor, transcript = certified(case), case.transcript
    if tor is None or transcript is None or not case.outgoing or Heard.REGISTRY not in case.heard:
        return
    if _transfers(case) or not tor.seems_complete or not passed(results(tor)):
        return
    came_on = transcript.stored.changed_at.date()
    due_on = came_on + timedelta(weeks=case.thresholds.transfer_weeks)
    severity = Severity.BLOCKING if case.today > due_on else None
    yield Observation(values={"came_on": came_on.isoformat()}, due_on=due_on, severity=severity)


@rule(
    code="TRANSFER_COMPONENT_MISSING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Promised courses are not decided on", "Utlovade kurser är inte beslutade"),
    text=Text(
        "Credits were transferred, but not for these components of the learning agreement: {components}.",
        "Poäng har tillgodoräknats, men inte för dessa kurser i studieavtalet: {components}.",
    ),
    next_step=advice(
        "Decide on them, or note in the registry why they are refused.",
        "Besluta om dem, eller anteckna i registret varför de avslås.",
    ),
    source=_SOURCE,
)
def promised_course_is_not_decided_on(case: StayCase) -> Iterator[Observation]:
    """A component to be recognised is named by no decision, while others are.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    open_ones = _unbooked(case)
    if open_ones:
        yield Observation(values={"components": named(open_ones)})


@rule(
    code="TRANSFER_NOT_IN_LA",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Credits for a course outside the agreement", "Poäng för en kurs utanför studieavtalet"),
    text=Text(
        "Credits were transferred to {components}, which the learning agreement does not promise.",
        "Poäng har tillgodoräknats för {components}, som studieavtalet inte utlovar.",
    ),
    next_step=advice(
        "Check that this is meant.",
        "Kontrollera att det är menat.",
    ),
    source=_SOURCE,
)
def credits_are_outside_of_the_agreement(case: StayCase) -> Iterator[Observation]:
    """A decision names a course that is no component to be recognised, not even a proposed one.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    lists = _binding(case)
    if lists is None or not _promised(case):
        return
    promised = {code for each in _promised(case) for code in codes_of(each)} | _only_proposed(case)
    other = [written for code, written in _booked(case).items() if code not in promised]
    if other:
        yield Observation(values={"components": listed(other)})


@rule(
    code="TRANSFER_BEFORE_TOR",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Credits were transferred before the transcript", "Tillgodoräknat före resultatintyget"),
    text=Text(
        "Credits were transferred on {decided_on}[; the transcript is of {certified_on}].",
        "Tillgodoräknandet beslutades {decided_on}[; resultatintyget är från {certified_on}].",
    ),
    next_step=advice(
        "Find out what the decision rests on, and check it against the transcript.",
        "Ta reda på vad beslutet bygger på och jämför med resultatintyget.",
    ),
    source=_SOURCE,
)
def credits_were_transferred_before_the_transcript(case: StayCase) -> Iterator[Observation]:
    """The first decision is earlier than the first transcript, or there is none.

    Source: EWP mobilities: reconciliation of transcripts.
    """
    decided = [each.decided_on for each in _transfers(case) if each.decided_on is not None]
    if not decided or (case.transcript is None and Heard.TRANSCRIPTS not in case.heard):
        return
    certified_on = _first_certified(case)
    if case.transcript is None or (certified_on is not None and min(decided) < certified_on):
        values = {
            "decided_on": min(decided).isoformat(),
            "certified_on": certified_on.isoformat() if certified_on is not None else "",
        }
        yield Observation(values=values)


def _first_certified(case: StayCase) -> date | None:
    if case.transcript is None:
        return None
    said = [case.transcript.said, *(former for former, _ in case.transcript.earlier)]
    moments = [moment for each in said if (moment := certified_at(each)) is not None]
    return min(moments).date() if moments else None
