"""Who the student is: systems that differ, and what is never said of a person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from tests.support.stay_findings import codes, findings
from tests.support.stays import BRAVA, FIRST, PERSON, a_stay, an_incoming_stay, seen

from mobility_bridge.domain.discrepancy import Owner, Severity
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.record import RecordKind
from mobility_bridge.domain.stay import Heard, SaidOfPerson, StayCase
from mobility_bridge.reconcile import registry
from mobility_bridge.reconcile.rules import student
from mobility_bridge.reconcile.stay_person import identifier, named
from mobility_bridge.reconcile.stay_state import wrong_person

RULES = (
    student.outgoing_student_is_unknown_to_the_registry,
    student.systems_name_different_identifiers,
    student.systems_describe_two_people,
    student.identifier_is_malformed,
    student.names_differ,
    student.birth_dates_differ,
    student.citizenships_differ,
    student.addresses_differ,
)
OTHER_ESI = "urn:schac:personalUniqueCode:int:esi:brava.example:4711"
THIRD_ESI = "urn:schac:personalUniqueCode:int:esi:brava.example:4712"
NETWORK = "ewp:brava.example:nomination"
Make = Callable[[], StayCase]


def saying(make: Callable[..., StayCase] = a_stay, **facts: Any) -> StayCase:
    """The network describes the student otherwise than the registry."""
    ladok, mobility_online = SaidOfPerson("ladok", PERSON), SaidOfPerson("mobility_online", PERSON)
    return make(persons=(ladok, mobility_online, SaidOfPerson(NETWORK, replace(PERSON, **facts))))


def names(*written: tuple[str, str]) -> StayCase:
    return saying(names=tuple(PersonName(given, family) for given, family in written))


CASES: tuple[tuple[str, Make], ...] = (
    ("STUDENT_UNKNOWN_IN_SIS", lambda: a_stay(known_to_registry=False)),
    ("ESI_MISMATCH", lambda: saying(global_id=OTHER_ESI)),
    ("ESI_MISMATCH", lambda: saying(global_id=OTHER_ESI, birth_date=date(1999, 1, 1), names=())),
    ("PERSON_MISMATCH", lambda: saying(civic_number="199912319999", global_id=None)),
    ("PERSON_MISMATCH", lambda: saying(civic_number="199912319999")),
    (
        "PERSON_MISMATCH",
        lambda: saying(global_id=None, birth_date=date(1999, 1, 1), names=(PersonName("Bo", "Lind"),)),
    ),
    ("ESI_MALFORMED", lambda: saying(global_id="4711")),
    ("ESI_MALFORMED", lambda: saying(global_id="urn:schac:personalUniqueCode:int:esi:4711")),
    ("NAME_MISMATCH", lambda: names(("Alma", "Lind"))),
    ("NAME_MISMATCH", lambda: names(("Bo", "Ek"))),
    ("NAME_MISMATCH", lambda: names(("ALMA", "EK"))),
    ("BIRTHDATE_MISMATCH", lambda: saying(birth_date=date(2003, 2, 15))),
    ("NATIONALITY_MISMATCH", lambda: saying(citizenship="FI")),
    ("EMAIL_MISMATCH", lambda: saying(email="alma@brava.example")),
)


@pytest.mark.parametrize(("code", "make"), CASES, ids=[f"{code}-{n}" for n, (code, _) in enumerate(CASES)])
def test_each_difference_gives_its_code(code: str, make: Make) -> None:
    assert codes(RULES, make()) == [code]


def test_every_rule_is_shown_to_fire_and_registered() -> None:
    assert [rule.code for rule in RULES] == list(dict.fromkeys(code for code, _ in CASES))
    assert set(RULES) <= set(registry.STAY_RULES)


NEAR_MISSES: dict[str, Make] = {
    "all say the same": a_stay,
    "an incoming student is not expected in the registry": lambda: an_incoming_stay(known_to_registry=False),
    "the registry was not heard": lambda: a_stay(
        known_to_registry=False, heard=frozenset({Heard.APPLICATIONS})
    ),
    "the registry was never asked": lambda: a_stay(known_to_registry=None),
    "the registry gives an incoming student a number of its own": lambda: saying(
        an_incoming_stay, global_id=OTHER_ESI
    ),
    "the identifier differs in the case of its prefix": lambda: saying(
        global_id=PERSON.global_id and PERSON.global_id.replace("personalUniqueCode", "personaluniquecode")
    ),
    "one system says nothing": lambda: saying(
        names=(), birth_date=None, email=None, global_id=None, citizenship=None, civic_number=None
    ),
    "a temporary number": lambda: saying(civic_number="20030214T123"),
    "the address differs in case": lambda: saying(email="Alma@Student.Nordhav.example"),
    "another script beside the same name": lambda: names(("Альма", "Эк"), ("Alma", "Ek")),
    "an ended stay": lambda: replace(
        saying(global_id=OTHER_ESI), application=None, nomination=None, learning_agreement=None, exchange=None
    ),
}


@pytest.mark.parametrize("make", NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_what_differs_in_nothing_is_left_alone(make: Make) -> None:
    assert codes(RULES, make()) == []


def test_a_wrong_person_silences_everything_else_that_is_said_of_the_stay() -> None:
    case = saying(global_id=OTHER_ESI, email="bo@brava.example", citizenship="FI")
    (found,) = findings(RULES, case)
    assert (found.severity, found.place) == (Severity.BLOCKING, NETWORK)
    assert "brava.example (nomination)" in found.text.en
    assert wrong_person(case)
    everything = replace(case, exchange=None, now=case.now.replace(month=11), agreement=None)
    said = {each.code for rule in registry.STAY_RULES for each in rule.findings(everything)}
    assert said - {"COPY_STALE"} == {"ESI_MISMATCH"}  # how fresh a copy is comes before who is in it


def test_an_unknown_student_is_due_on_the_day_of_departure() -> None:
    (found,) = findings(RULES, a_stay(known_to_registry=False))
    assert (found.severity, found.due_on, found.owner) == (Severity.BLOCKING, FIRST, Owner.US)


def test_names_that_differ_in_spelling_alone_are_only_good_to_know() -> None:
    (found,) = findings(RULES, names(("Álma Maria", "EK")))
    assert (found.severity, found.values["hint"]) == (Severity.INFORMATION, "only_spelling")
    (found,) = findings(RULES, names(("Bo", "Lind")))
    assert (found.severity, found.values["parts"]) == (Severity.WARNING, "family-name, given-names")
    assert "family name, given names" in found.text.en


def test_for_an_incoming_student_the_partner_is_believed_first() -> None:
    described = (
        SaidOfPerson("ladok", replace(PERSON, citizenship="FI")),
        SaidOfPerson("mobility_online", PERSON),
        SaidOfPerson(NETWORK, PERSON),
    )
    (found,) = findings(RULES, an_incoming_stay(persons=described, partner_hei_id=BRAVA))
    assert (found.place, found.values["against"]) == ("ladok", "brava.example (nomination)")
    assert found.owner is Owner.BOTH
    foreign = (SaidOfPerson("a", Person(global_id=OTHER_ESI)), SaidOfPerson("b", Person(global_id=THIRD_ESI)))
    assert codes(RULES, an_incoming_stay(persons=foreign)) == ["ESI_MISMATCH"]


def test_the_registrys_national_key_counts_as_an_identifier() -> None:
    uid = "0B82CA40-261B-11F2-AA10-02005E009999"
    known = SaidOfPerson("ladok", replace(PERSON, global_id=None, ladok_external_uid=uid))
    assert codes(RULES, a_stay(persons=(known, SaidOfPerson("ewp", PERSON)))) == []
    other = replace(PERSON, global_id=OTHER_ESI)
    assert codes(RULES, a_stay(persons=(known, SaidOfPerson("ewp", other)))) == ["ESI_MISMATCH"]
    assert identifier(Person()) is None


def test_a_system_of_our_own_is_named_as_configured() -> None:
    assert named("mobility_online") == "mobility_online"


def test_only_a_living_record_makes_an_unknown_student_worth_saying() -> None:
    gone = seen(RecordKind.NOMINATION, None, gone_at=a_stay().now)
    case = a_stay(known_to_registry=False, nomination=gone, application=None, learning_agreement=None)
    assert codes(RULES, case) == []


def test_one_identifier_makes_one_person_of_two_descriptions_that_differ_a_lot() -> None:
    case = saying(birth_date=date(1999, 1, 1), names=(PersonName("Bo", "Lind"),))
    assert codes(RULES, case) == ["NAME_MISMATCH", "BIRTHDATE_MISMATCH"]
