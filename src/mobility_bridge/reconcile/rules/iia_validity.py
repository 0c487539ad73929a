"""Academic years of an agreement: differing, badly written, too long, running out.

Source: EWP agreements: terms; expiry; renewal.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import CooperationCondition, MobilityKind
from mobility_bridge.domain.case import AgreementCase, CopyView
from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.reconcile.calendar import months_before
from mobility_bridge.reconcile.canonical import hei, labels
from mobility_bridge.reconcile.identity import living
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.seen import (
    CORRECT_TOGETHER,
    GOOD_TO_KNOW,
    TALK,
    about_terms,
    difference,
    differences,
    terms_due,
)

_SOURCE = "EWP agreements: known trouble with terms; places, balance, expiry, renewal"
_IN_USE = ("ACTIVE", "EXPIRED")
_REMEMBERED_MONTHS = 12  # an agreement longer over than this needs no successor any more


def _years(condition: CooperationCondition) -> str:
    return f"{condition.receiving_first_academic_year_id} – {condition.receiving_last_academic_year_id}"


def _reversed(condition: CooperationCondition) -> bool:
    first = AcademicYear.parse(condition.receiving_first_academic_year_id)
    last = AcademicYear.parse(condition.receiving_last_academic_year_id)
    return first is not None and last is not None and last.start < first.start


def _badly_written(condition: CooperationCondition) -> bool:
    first = AcademicYear.parse(condition.receiving_first_academic_year_id)
    last = AcademicYear.parse(condition.receiving_last_academic_year_id)
    return first is None or last is None or first.northern != last.northern


def _views(case: AgreementCase) -> Iterator[tuple[str, CopyView, Owner | None]]:
    """Yield the living copies whose conditions may be looked at one by one."""
    if case.standing.ended or case.split_over:
        return
    for name, view, owner in (("partner", case.partner, None), ("local", case.local, Owner.US)):
        if view is not None and view.live:
            yield name, view, owner


@rule(
    code="YEARS_DIFFER",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Academic years differ", "Läsåren skiljer sig"),
    text=Text(
        "{condition}: valid {local} with us and {partner} with the partner.",
        "{condition}: gäller {local} hos oss och {partner} hos partnern.",
    ),
    next_step=TALK,
    source=_SOURCE,
)
def academic_years_differ(case: AgreementCase) -> Iterator[Observation]:
    """The first or last academic year differs; silent where a reversed period explains it.

    Source: EWP agreements: known trouble with terms.
    """
    comparison, local, partner = case.comparison, case.local, case.partner
    if comparison is None or local is None or partner is None or local.iia is None or partner.iia is None:
        return
    for pair in comparison.pairs:
        ours = local.iia.conditions[pair.local_position]
        theirs = partner.iia.conditions[pair.partner_position]
        if _reversed(ours) or _reversed(theirs):
            continue
        for each in pair.differences:
            if each.code == "YEARS_DIFFER":
                yield difference(case, pair, each)


@rule(
    code="YEARS_REVERSED",
    severity=Severity.BLOCKING,
    owner=Owner.PARTNER,
    title=Text("The last year lies before the first", "Sista läsåret ligger före det första"),
    text=Text(
        "{condition} in copy {copy}: valid {years}, which ends before it starts.",
        "{condition} i exemplaret {copy}: gäller {years}, som slutar innan det börjar.",
    ),
    next_step=CORRECT_TOGETHER,
    source=_SOURCE,
)
def last_year_lies_before_the_first(case: AgreementCase) -> Iterator[Observation]:
    """A condition ends before it starts.

    Source: EWP agreements: known trouble with terms; documents.
    """
    yield from _conditions_that_are(case, _reversed)


@rule(
    code="YEAR_CALENDAR",
    severity=Severity.WARNING,
    owner=Owner.PARTNER,
    title=Text("Academic years in an unfitting form", "Läsår skrivna på fel sätt"),
    text=Text(
        "{condition}: the academic years mix two calendars or fit none: {years}.",
        "{condition}: läsåren blandar två kalendrar eller passar ingen: {years}.",
    ),
    next_step=CORRECT_TOGETHER,
    source=_SOURCE,
)
def academic_years_mix_two_calendars(case: AgreementCase) -> Iterator[Observation]:
    """Northern and southern years are mixed, in one condition or between the copies, or a year is none.

    Silent where the years differ anyway.

    Source: EWP agreements: known trouble with terms; places, balance, expiry, renewal.
    """
    for each in differences(case, "YEAR_CALENDAR"):
        years = f"{each.values['local']}; {each.values['partner']}"
        yield replace(each, values={**each.values, "years": years})
    if case.comparison is not None and any(
        each.code in ("YEARS_DIFFER", "YEAR_CALENDAR")
        for pair in case.comparison.pairs
        for each in pair.differences
    ):
        return
    yield from _conditions_that_are(case, _badly_written)


def _conditions_that_are(
    case: AgreementCase, wrong: Callable[[CooperationCondition], bool]
) -> Iterator[Observation]:
    for name, view, owner in _views(case):
        conditions = view.iia.conditions if view.iia is not None else ()
        for label, condition in zip(labels(conditions), conditions, strict=True):
            if wrong(condition):
                values = {"condition": label, "copy": view.copy.iia_id, "years": _years(condition)}
                yield Observation(f"{name}: {label}", values, terms_due(case), owner=owner)


@rule(
    code="PERIOD_BEYOND_PROGRAMME",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Runs beyond the programme period", "Löper längre än programperioden"),
    text=Text(
        "The agreement runs until {last_year}; mobilities of this programme period end with {limit}.",
        "Avtalet löper till och med {last_year}; mobiliteter i programperioden slutar med {limit}.",
    ),
    next_step=CORRECT_TOGETHER,
    source="EWP agreements: places, balance, expiry, renewal",
)
def agreement_runs_beyond_the_programme(case: AgreementCase) -> Iterator[Observation]:
    """The last academic year lies after those of the programme period.

    Source: EWP agreements: places, balance, expiry, renewal, last permissible year.
    """
    view = case.local if living(case.local) is not None else case.partner
    if living(view) is None or view is None or view.iia is None or case.standing.ended:
        return
    ends = (AcademicYear.parse(each.receiving_last_academic_year_id) for each in view.iia.conditions)
    last = max((year for year in ends if year is not None), default=None)
    limit = case.thresholds.programme_end_year
    if last is not None and last.start > limit:
        yield about_terms(case, "", {"last_year": str(last), "limit": str(AcademicYear(limit))})


def _in_use(case: AgreementCase) -> bool:
    """Only what was approved, or what our own system holds active, can run out."""
    local = living(case.local)
    if local is None or local.terminated:
        return False
    return case.standing.was_concluded or (local.record is not None and local.record.status in _IN_USE)


@rule(
    code="EXPIRING",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Agreement runs out", "Avtalet löper ut"),
    text=Text(
        "The agreement ends on {last_day}, in less than {months} months, and nothing follows it.",
        "Avtalet slutar {last_day}, om mindre än {months} månader, och inget följer på det.",
    ),
    next_step=Text(
        "Decide whether to extend it, replace it by a new one from the following academic year, or let it end. "
        "Details: mobility-bridge explain {id}",
        "Bestäm om det ska förlängas, ersättas av ett nytt från nästa läsår eller löpa ut. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source="EWP agreements: places, balance, expiry, renewal",
)
def agreement_runs_out(case: AgreementCase) -> Iterator[Observation]:
    """The last condition ends within one of the warning times (18, 12 and 6 months); the first is only news.

    Source: EWP agreements: places, balance, expiry, renewal.
    """
    last = case.standing.last_day
    if last is None or case.standing.ended or case.successor is not None or not _in_use(case):
        return
    stages = sorted(case.thresholds.expiry_warning_months, reverse=True)
    reached = [months for months in stages if case.today >= months_before(last, months)]
    if reached:
        first_notice = len(reached) == 1 and len(stages) > 1
        values = {"last_day": last.isoformat(), "months": str(reached[-1])}
        yield Observation("", values, last, severity=Severity.INFORMATION if first_notice else None)


@rule(
    code="EXPIRED_WITHOUT_SUCCESSOR",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Agreement has run out", "Avtalet har löpt ut"),
    text=Text(
        "The agreement ended on {last_day} and nothing follows it. No mobility may rest on it any more.",
        "Avtalet slutade {last_day} och inget följer på det. Inga nya mobiliteter kan grundas på det.",
    ),
    next_step=Text(
        "Start a new agreement with {partner_hei_id}, or close this one in our own system. "
        "Details: mobility-bridge explain {id}",
        "Påbörja ett nytt avtal med {partner_hei_id} eller avsluta detta i vårt eget system. "
        "Detaljer: mobility-bridge explain {id}",
    ),
    source="EWP agreements: places, balance, expiry, renewal",
)
def agreement_has_run_out(case: AgreementCase) -> Iterator[Observation]:
    """All conditions are over, for less than a year, and no agreement goes on where this one ended.

    Source: EWP agreements: places, balance, expiry, renewal, consistency checks.
    """
    last = case.standing.last_day
    if last is None or not case.standing.ended or case.successor is not None or not _in_use(case):
        return
    if last >= months_before(case.today, _REMEMBERED_MONTHS):
        yield Observation(values={"last_day": last.isoformat()})


@rule(
    code="ONE_DIRECTION_ONLY",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("Students go only one way", "Studentutbyte bara åt ena hållet"),
    text=Text(
        "The agreement lets students of {sending} study at {receiving}, but not the other way round.",
        "Avtalet låter studenter vid {sending} studera vid {receiving}, men inte tvärtom.",
    ),
    next_step=GOOD_TO_KNOW,
    source="EWP agreements: places, balance, expiry, renewal",
)
def students_go_only_one_way(case: AgreementCase) -> Iterator[Observation]:
    """All study conditions of our copy go in one direction, so that no balance can come about.

    Source: EWP agreements: places, balance, expiry, renewal, consistency checks.
    """
    if living(case.local) is None or case.local is None or case.local.iia is None or case.standing.ended:
        return
    directions = {
        (hei(each.sending_hei_id), hei(each.receiving_hei_id))
        for each in case.local.iia.conditions
        if each.kind is MobilityKind.STUDENT_STUDIES
    }
    if len(directions) == 1:
        sending, receiving = directions.pop()
        yield Observation(values={"sending": sending, "receiving": receiving})
