"""Whether all systems mean the same student, and whether the registry knows them.

No value here says anything of a person: only which systems differ, and in which field.

Source: EWP mobilities: reconciliation of nominations, identity; Ladok: identifiers of a person.
"""

from collections.abc import Callable, Iterator

from mobility_bridge.domain.discrepancy import Owner, Severity, Text
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.stay import Heard, SaidOfPerson, StayCase
from mobility_bridge.reconcile.rule import Observation, rule
from mobility_bridge.reconcile.stay_advice import advice
from mobility_bridge.reconcile.stay_days import first_day
from mobility_bridge.reconcile.stay_person import (
    by_authority,
    differing_names,
    is_well_formed,
    named,
    of_two_people,
    with_other_identifier,
)
from mobility_bridge.reconcile.stay_state import active, in_question, known_elsewhere

_SOURCE = "EWP mobilities: reconciliation of nominations"
_CORRECT = advice(
    "Find out which is right, and correct it where it is wrong; the sending university's registry decides.",
    "Ta reda på vilken som är rätt och rätta den andra; det sändande lärosätets studieregister avgör.",
)
_WHO_IS_IT = advice(
    "Find out who the student is, and correct the identifier or take the records apart. Until then nothing else is "
    "said of this stay.",
    "Ta reda på vem studenten är och rätta identifieraren eller skilj posterna åt. Tills dess sägs inget annat om "
    "vistelsen.",
)


def _between(one: SaidOfPerson, other: SaidOfPerson, **values: str) -> Observation:
    return Observation(other.system, {"system": named(other.system), "against": named(one.system), **values})


def _owner(case: StayCase) -> Owner:
    """The sending HEI's registry decides, so the sending HEI corrects."""
    return Owner.US if case.outgoing else Owner.BOTH


@rule(
    code="STUDENT_UNKNOWN_IN_SIS",
    severity=Severity.BLOCKING,
    owner=Owner.US,
    title=Text("Not found in the student registry", "Finns inte i studieregistret"),
    text=Text(
        "The outgoing student was not found in the student registry, so neither admission nor registration can be "
        "checked. Departure: {due_on}.",
        "Den utresande studenten hittades inte i studieregistret, så varken antagning eller registrering kan "
        "kontrolleras. Avresa: {due_on}.",
    ),
    next_step=advice(
        "Confirm which student in the registry this is, or correct the civic number in the application.",
        "Bekräfta vilken student i registret det är, eller rätta personnumret i ansökan.",
    ),
    source=_SOURCE,
)
def outgoing_student_is_unknown_to_the_registry(case: StayCase) -> Iterator[Observation]:
    """Our own student is not in our registry. One who comes to us is not expected there before acceptance.

    Source: EWP mobilities: reconciliation of nominations.
    """
    unknown = case.known_to_registry is False and Heard.REGISTRY in case.heard
    if case.outgoing and unknown and known_elsewhere(case) and in_question(case):
        yield Observation(due_on=first_day(case))


@rule(
    code="ESI_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Different student identifiers", "Olika studentidentifierare"),
    text=Text(
        "{system} names another European Student Identifier than {against}: they may mean two people.",
        "{system} anger en annan europeisk studentidentifierare än {against}: det kan vara två personer.",
    ),
    next_step=_WHO_IS_IT,
    source=_SOURCE,
)
def systems_name_different_identifiers(case: StayCase) -> Iterator[Observation]:
    """Two well-formed identifiers differ; what our registry gives to students who come to us does not count.

    Source: EWP mobilities: reconciliation of nominations; systems and keys.
    """
    if active(case):
        for one, other in with_other_identifier(case):
            yield _between(one, other)


@rule(
    code="PERSON_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Two people in one stay", "Två personer i en vistelse"),
    text=Text(
        "{system} and {against} cannot mean the same person: their civic numbers, or birth date and family name, "
        "differ.",
        "{system} och {against} kan inte avse samma person: personnummer, eller både födelsedatum och efternamn, "
        "skiljer sig.",
    ),
    next_step=_WHO_IS_IT,
    source="EWP mobilities: systems and keys; Ladok: identifiers of a person",
)
def systems_describe_two_people(case: StayCase) -> Iterator[Observation]:
    """Two permanent civic numbers differ, or birth date and family name both. Different identifiers tell it first.

    Source: EWP mobilities: systems and keys; Ladok: identifiers of a person.
    """
    if active(case) and not any(True for _ in with_other_identifier(case)):
        for one, other in of_two_people(case):
            yield _between(one, other)


@rule(
    code="ESI_MALFORMED",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Student identifier in a wrong form", "Studentidentifierare i fel form"),
    text=Text(
        "{system}: the European Student Identifier has not the form prefix, scope, identifier, so no system can find "
        "the student by it.",
        "{system}: den europeiska studentidentifieraren har inte formen prefix, utgivare, nummer, så inget system "
        "kan hitta studenten med den.",
    ),
    next_step=advice(
        "Correct the identifier at the sending university.",
        "Rätta identifieraren vid det sändande lärosätet.",
    ),
    source=_SOURCE,
)
def identifier_is_malformed(case: StayCase) -> Iterator[Observation]:
    """A text stands where the identifier belongs that is none.

    Source: EWP mobilities: reconciliation of nominations; semantic rules.
    """
    if not in_question(case):
        return
    for each in case.persons:
        if each.person.global_id and not is_well_formed(each.person.global_id):
            yield Observation(each.system, {"system": named(each.system)}, owner=_owner(case))


@rule(
    code="NAME_MISMATCH",
    severity=Severity.WARNING,
    owner=Owner.BOTH,
    title=Text("Different names", "Olika namn"),
    text=Text(
        "{system} writes the student's name otherwise than {against}: {parts}[; {hint}].",
        "{system} skriver studentens namn på annat sätt än {against}: {parts}[; {hint}].",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def names_differ(case: StayCase) -> Iterator[Observation]:
    """Family or first given name differ; only good to know when it is in case, marks or further given names.

    Source: EWP mobilities: reconciliation of nominations; normalisation before comparison.
    """
    for one, other in _against_the_first(case, lambda person: bool(person.names)):
        parts, slight = differing_names(one.person, other.person)
        if parts:
            hint = "only_spelling" if slight else ""
            seen = _between(one, other, parts=", ".join(parts), hint=hint)
            severity = Severity.INFORMATION if slight else None
            yield Observation(seen.place, seen.values, severity=severity, owner=_owner(case))


@rule(
    code="BIRTHDATE_MISMATCH",
    severity=Severity.BLOCKING,
    owner=Owner.BOTH,
    title=Text("Different birth dates", "Olika födelsedatum"),
    text=Text(
        "{system} states another birth date than {against}.",
        "{system} anger ett annat födelsedatum än {against}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def birth_dates_differ(case: StayCase) -> Iterator[Observation]:
    """The birth dates differ, while the name or the identifier says that it is one person.

    Source: EWP mobilities: reconciliation of nominations.
    """
    yield from _differences(case, lambda person: person.birth_date)


@rule(
    code="NATIONALITY_MISMATCH",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Different citizenships", "Olika medborgarskap"),
    text=Text(
        "{system} states another citizenship than {against}.",
        "{system} anger ett annat medborgarskap än {against}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def citizenships_differ(case: StayCase) -> Iterator[Observation]:
    """The country codes differ.

    Source: EWP mobilities: reconciliation of nominations.
    """
    yield from _differences(case, lambda person: _folded(person.citizenship))


@rule(
    code="EMAIL_MISMATCH",
    severity=Severity.INFORMATION,
    owner=Owner.BOTH,
    title=Text("Different e-mail addresses", "Olika e-postadresser"),
    text=Text(
        "{system} has another e-mail address of the student than {against}.",
        "{system} har en annan e-postadress till studenten än {against}.",
    ),
    next_step=_CORRECT,
    source=_SOURCE,
)
def addresses_differ(case: StayCase) -> Iterator[Observation]:
    """The e-mail addresses differ in more than case.

    Source: EWP mobilities: reconciliation of nominations; normalisation before comparison.
    """
    yield from _differences(case, lambda person: _folded(person.email))


def _differences(case: StayCase, value: Callable[[Person], object]) -> Iterator[Observation]:
    for one, other in _against_the_first(case, lambda person: value(person) is not None):
        if value(one.person) != value(other.person):
            seen = _between(one, other)
            yield Observation(seen.place, seen.values, owner=_owner(case))


def _against_the_first(
    case: StayCase, states: Callable[[Person], bool]
) -> Iterator[tuple[SaidOfPerson, SaidOfPerson]]:
    """Each description that states a thing, behind the one to believe about it."""
    if not in_question(case):
        return
    stating = [each for each in by_authority(case) if states(each.person)]
    for each in stating[1:]:
        yield stating[0], each


def _folded(text: str | None) -> str | None:
    return " ".join(text.split()).casefold() or None if text else None
