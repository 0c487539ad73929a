"""The place that a nomination takes: whether there is an agreement for it, which fits, with a place left.

Source: EWP mobilities: reconciliation of agreement and places.
"""

from collections.abc import Callable, Iterator
from typing import Final

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.nomination import Nomination
from mobility_bridge.domain.stay import AgreementUse, Heard, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day
from mobility_bridge.reconcile.stay_state import in_question, nominated, year_is_outside

_SOURCE = "EWP mobilities: reconciliation of agreement and places"
_CEFR: Final = ("A1", "A2", "B1", "B2", "C1", "C2")
_CORRECT = advice(
    "Correct the nomination, or have the agreement with {partner_hei_id} changed.",
    "Rätta nomineringen eller låt ändra avtalet med {partner_hei_id}.",
)
_NAME_IT = advice(
    "Name both ids of the agreement in the nomination.",
    "Ange båda id:na för avtalet i nomineringen.",
)


def _counted(case: StayCase) -> Nomination | None:
    """The nomination of an active stay, if it takes a place."""
    nomination = nominated(case)
    if nomination is None or nomination.status is None or not nomination.status.is_counted:
        return None
    return nomination if in_question(case) else None


def _ids(case: StayCase, nomination: Nomination) -> tuple[str | None, str | None]:
    """The agreement's ids in the nomination: ours and the partner's."""
    ids = nomination.sending_hei.iia_id, nomination.receiving_hei.iia_id
    return ids if case.outgoing else (ids[1], ids[0])


def _sender(case: StayCase) -> Owner:
    return Owner.US if case.outgoing else Owner.PARTNER


@rule(
    code="IIA_MISSING_FOR_NOMINATION",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The nomination names no agreement", "Nomineringen anger inget avtal"),
    text=Text(
        "The nomination names no agreement, though there is an approved one with {partner_hei_id} for it.",
        "Nomineringen anger inget avtal, fast det finns ett godkänt avtal med {partner_hei_id} för den.",
    ),
    next_step=_NAME_IT,
    source=_SOURCE,
)
def nomination_names_no_agreement(case: StayCase) -> Iterator[Observation]:
    """Neither id is given, and a mutually approved agreement would fit.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = _counted(case)
    if nomination is not None and not any(_ids(case, nomination)) and case.agreement_exists:
        yield Observation("", {}, first_day(case), owner=_sender(case))


@rule(
    code="NO_AGREEMENT_FOR_NOMINATION",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Nominated without an agreement", "Nominerad utan avtal"),
    text=Text(
        "The nomination names no agreement, and there is no approved one with {partner_hei_id} that fits: the stay "
        "has no Erasmus basis.",
        "Nomineringen anger inget avtal, och det finns inget godkänt avtal med {partner_hei_id} som passar: "
        "vistelsen saknar Erasmusgrund.",
    ),
    next_step=advice(
        "Conclude an agreement with {partner_hei_id} before the stay begins, or cancel the nomination.",
        "Slut ett avtal med {partner_hei_id} innan vistelsen börjar eller dra tillbaka nomineringen.",
    ),
    source="EWP mobilities: reconciliation of agreement and places; agreements in effect",
)
def there_is_no_agreement_for_the_nomination(case: StayCase) -> Iterator[Observation]:
    """Neither id is given, and no mutually approved agreement with the partner fits.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = _counted(case)
    if nomination is None or Heard.AGREEMENTS not in case.heard or case.agreement is not None:
        return
    if not any(_ids(case, nomination)) and not case.agreement_exists:
        yield Observation("", {}, first_day(case))


@rule(
    code="IIA_ID_HALF",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("Only one id of the agreement", "Bara ett av avtalets id:n"),
    text=Text(
        "The nomination names one id of the agreement ({given}); the id of {holder} is missing.",
        "Nomineringen anger ett av avtalets id:n ({given}); det hos {holder} saknas.",
    ),
    next_step=_NAME_IT,
    source=_SOURCE,
)
def nomination_names_half_the_agreement(case: StayCase) -> Iterator[Observation]:
    """Exactly one of the two ids is there.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = _counted(case)
    if nomination is None:
        return
    ours, theirs = _ids(case, nomination)
    if bool(ours) != bool(theirs):
        holder = (case.partner_hei_id or "") if ours else case.own_hei_id
        yield Observation("", {"given": ours or theirs or "", "holder": holder}, owner=_sender(case))


@rule(
    code="IIA_ID_UNKNOWN",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The agreement's id is unknown", "Avtalets id är okänt"),
    text=Text(
        "The nomination names {given} as the id of the agreement at {holder}, and there is no such agreement between "
        "us and {partner_hei_id}.",
        "Nomineringen anger {given} som avtalets id hos {holder}, men det finns inget sådant avtal mellan oss och "
        "{partner_hei_id}.",
    ),
    next_step=_NAME_IT,
    source=_SOURCE,
)
def nomination_names_an_unknown_agreement(case: StayCase) -> Iterator[Observation]:
    """An id in the nomination is neither of those of the agreement that it could mean.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination, use = _counted(case), case.agreement
    if nomination is None or Heard.AGREEMENTS not in case.heard:
        return
    known = (use.iia_id, use.partner_iia_id) if use is not None else (None, None)
    holders = case.own_hei_id, case.partner_hei_id
    for given, there, holder in zip(_ids(case, nomination), known, holders, strict=True):
        if given and given != there:
            yield Observation(given, {"given": given, "holder": holder or ""}, owner=_sender(case))


@rule(
    code="IIA_NOT_APPROVED",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("The agreement is not approved", "Avtalet är inte godkänt"),
    text=Text(
        "The nomination takes its place from agreement {agreement}, which is not approved by both sides.",
        "Nomineringen tar sin plats ur avtal {agreement}, som inte är godkänt av båda.",
    ),
    next_step=advice(
        "Settle the approval with {partner_hei_id} before the stay begins.",
        "Klara ut godkännandet med {partner_hei_id} innan vistelsen börjar.",
    ),
    source=_SOURCE,
)
def agreement_of_the_nomination_is_not_approved(case: StayCase) -> Iterator[Observation]:
    """The agreement that the nomination names is not mutually approved.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    use = case.agreement
    if _counted(case) is not None and use is not None and not use.mutually_approved:
        yield Observation("", {"agreement": use.name}, first_day(case))


@rule(
    code="IIA_YEAR_OUT_OF_RANGE",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("The agreement does not cover the year", "Avtalet omfattar inte läsåret"),
    text=Text(
        "The nomination is for {year}; agreement {agreement} holds from {first_year} to {last_year}.",
        "Nomineringen gäller {year}; avtal {agreement} gäller från {first_year} till {last_year}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def year_lies_outside_of_the_agreement(case: StayCase) -> Iterator[Observation]:
    """The receiving academic year is none of the agreement's.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination, use = _counted(case), case.agreement
    if nomination is not None and use is not None and use.fits_direction and year_is_outside(case):
        values = {
            "year": nomination.receiving_academic_year_id or "",
            "agreement": use.name,
            "first_year": use.first_academic_year or "",
            "last_year": use.last_academic_year or "",
        }
        yield Observation("", values, first_day(case))


@rule(
    code="IIA_PLACES_EXCEEDED",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("More nominated than there are places", "Fler nominerade än platser"),
    text=Text(
        "This is nomination {place_number} of the year under agreement {agreement}, which offers {places} places.",
        "Det här är årets nominering nummer {place_number} på avtal {agreement}, som ger {places} platser.",
    ),
    next_step=advice(
        "Agree with {partner_hei_id} on more places, or cancel a nomination.",
        "Kom överens med {partner_hei_id} om fler platser eller dra tillbaka en nominering.",
    ),
    source=_SOURCE,
)
def there_is_no_place_left(case: StayCase) -> Iterator[Observation]:
    """The stay's number among those of its condition and year is beyond the places; a comment makes it milder.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination, use = _counted(case), case.agreement
    if nomination is None or use is None or use.places is None or use.place <= use.places:
        return
    values = {"place_number": str(use.place), "places": str(use.places), "agreement": use.name}
    milder = Severity.WARNING if nomination.comment else None
    yield Observation("", values, first_day(case), at_most=milder)


@rule(
    code="IIA_MONTHS_EXCEEDED",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("More months than agreed", "Fler månader än avtalat"),
    text=Text(
        "With this stay {used} months are planned for the year under agreement {agreement}, which offers {months}.",
        "Med den här vistelsen är {used} månader planerade för året på avtal {agreement}, som ger {months}.",
    ),
    next_step=advice(
        "Agree with {partner_hei_id} on more months, or on a shorter stay.",
        "Kom överens med {partner_hei_id} om fler månader eller en kortare vistelse.",
    ),
    source=_SOURCE,
)
def there_are_no_months_left(case: StayCase) -> Iterator[Observation]:
    """The planned months of a condition and year exceed what it offers; the stay nominated last tells.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    use = case.agreement
    if _counted(case) is None or use is None or use.months is None or use.months_used <= use.months:
        return
    if use.place == use.used:
        values = {"used": f"{use.months_used:f}", "months": f"{use.months:f}", "agreement": use.name}
        yield Observation("", values)


def _misfit(case: StayCase, fits: Callable[[AgreementUse], bool], value: str | None) -> Iterator[Observation]:
    """Where the direction is wrong, nothing else can fit."""
    use = case.agreement
    if _counted(case) is not None and use is not None and use.fits_direction and not fits(use):
        yield Observation("", {"nominated": value or "", "agreement": use.name}, owner=_sender(case))


@rule(
    code="IIA_FIELD_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The agreement does not cover the field", "Avtalet omfattar inte ämnet"),
    text=Text(
        "The nomination is for field {nominated}, which agreement {agreement} does not list.",
        "Nomineringen gäller ämnesområde {nominated}, som inte finns i avtal {agreement}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def field_is_not_in_the_agreement(case: StayCase) -> Iterator[Observation]:
    """The agreement's field by the nomination is none of the agreement's.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = nominated(case)
    field = nomination.agreement_isced_f_code if nomination is not None else None
    yield from _misfit(case, lambda use: use.fits_field, field)


@rule(
    code="IIA_LEVEL_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The agreement does not cover the level", "Avtalet omfattar inte nivån"),
    text=Text(
        "The student leaves on EQF level {nominated}, which agreement {agreement} does not list.",
        "Studenten reser på EQF-nivå {nominated}, som inte finns i avtal {agreement}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def level_is_not_in_the_agreement(case: StayCase) -> Iterator[Observation]:
    """The level at departure is none of the condition's, which lists some.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = nominated(case)
    level = nomination.eqf_level_studied_at_departure if nomination is not None else None
    yield from _misfit(case, lambda use: use.fits_level, None if level is None else str(level))


@rule(
    code="IIA_BLENDED_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.US,
    title=Text("The agreement excludes blended stays", "Avtalet utesluter blandad mobilitet"),
    text=Text(
        "The nomination is for a stay of kind {nominated}, and agreement {agreement} excludes blended mobility.",
        "Nomineringen gäller en vistelse av typen {nominated}, och avtal {agreement} utesluter blandad mobilitet.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def blended_stay_is_not_in_the_agreement(case: StayCase) -> Iterator[Observation]:
    """A short blended stay under a condition without them.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    nomination = nominated(case)
    kind = nomination.activity_attributes if nomination is not None else None
    yield from _misfit(case, lambda use: use.fits_blended, None if kind is None else str(kind))


@rule(
    code="IIA_DIRECTION_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("The agreement goes only the other way", "Avtalet gäller bara åt andra hållet"),
    text=Text(
        "Agreement {agreement} has no condition by which {sending} sends students to {receiving} for such a stay.",
        "Avtal {agreement} har inget villkor som låter {sending} sända studenter till {receiving} för en sådan vistelse.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def agreement_goes_only_the_other_way(case: StayCase) -> Iterator[Observation]:
    """Sending and receiving HEI of the nomination are those of none of the agreement's conditions.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    use = case.agreement
    if _counted(case) is None or use is None or use.fits_direction:
        return
    values = {
        "agreement": use.name,
        "sending": case.sending_hei_id or "",
        "receiving": case.receiving_hei_id or "",
    }
    yield Observation("", values, first_day(case), owner=_sender(case))


@rule(
    code="IIA_LANGUAGE_BELOW",
    severity=Severity.INFORMATION,
    owner=Owner.US,
    title=Text("Language below what is recommended", "Språknivå under det rekommenderade"),
    text=Text(
        "The learning agreement states {stated} in {language}; agreement {agreement} recommends {recommended}.",
        "Studieavtalet anger {stated} i {language}; avtal {agreement} rekommenderar {recommended}.",
    ),
    next_step=advice(
        "Talk to the student about a language course, or have the stated level corrected.",
        "Tala med studenten om en språkkurs eller låt rätta den angivna nivån.",
    ),
    source=_SOURCE,
)
def language_is_below_the_recommended_level(case: StayCase) -> Iterator[Observation]:
    """The stated level of a language that the condition recommends is lower than the lowest recommended one.

    Source: EWP mobilities: reconciliation of agreement and places.
    """
    use, la = case.agreement, case.learning_agreement
    if use is None or use.condition is None or la is None or not la.live or not in_question(case):
        return
    skill = la.said.student_language_skill
    language, stated = (skill.language, skill.cefr_level) if skill is not None else (None, None)
    if not language or stated not in _CEFR:
        return
    levels = [
        each.cefr_level
        for each in use.condition.language_skills
        if _primary(each.language) == _primary(language) and each.cefr_level in _CEFR
    ]
    recommended = min((level for level in levels if level), default="")
    if stated < recommended:
        values = {"language": language, "stated": stated, "recommended": recommended}
        yield Observation("", {**values, "agreement": use.name}, first_day(case))


def _primary(language: str) -> str:
    """`en` for `en-GB`."""
    return language.partition("-")[0].casefold()
