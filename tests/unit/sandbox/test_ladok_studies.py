"""Participation in studies: which act is allowed when, and which events it makes in which order."""

import json
from datetime import date
from typing import Any

import pytest
from tests.support.ladok import PlayedLadok

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox.cast import PARTNERS
from mobility_bridge.sandbox.ladok_numbers import (
    check_digit,
    civic_number,
    term_named,
    terms_between,
    time_in,
)
from mobility_bridge.sandbox.ladok_seed import agreement_with, course, occasion_of

AUTUMN = ("2026-08-31", "2027-01-17")
WHOLE_YEAR = ("2026-08-31", "2027-06-06")


@pytest.fixture
def ladok() -> PlayedLadok:
    return PlayedLadok()


def somebody(ladok: PlayedLadok, name: str = "Ana") -> Any:
    return ladok.do("establish", given_names=name, family_name="Ficticia", born="2003-02-14", sex=1)


def occasion(ladok: PlayedLadok, direction: str, span: tuple[str, str] = AUTUMN) -> Any:
    agreement = agreement_with(ladok.world, PARTNERS[0], ladok.now)
    return occasion_of(ladok.world, agreement, direction, span, ladok.now)


def outgoing(ladok: PlayedLadok, span: tuple[str, str] = AUTUMN) -> tuple[Any, list[Any]]:
    admitted = ladok.do(
        "admit", student_uid=somebody(ladok).uid, occasion_uid=occasion(ladok, "outgoing", span).uid
    )
    return admitted, list(ladok.world.inside(admitted))


def happened(ladok: PlayedLadok, act: str, **arguments: Any) -> list[str]:
    before = len(ladok.world.entries)
    ladok.do(act, **arguments)
    return ladok.events()[before:]


def test_a_person_who_is_established_is_announced_as_local_first(ladok: PlayedLadok):
    made = happened(ladok, "establish", given_names="Bo", family_name="Ny", born="2001-01-01", sex=2)

    assert made == ["LokalStudentEvent", "StudentTillLarosateEvent"]


def test_without_a_number_ladok_issues_an_interim_one(ladok: PlayedLadok):
    assert somebody(ladok).number == "20030214T101"


def test_the_same_names_birth_date_and_sex_may_be_the_same_person(ladok: PlayedLadok):
    somebody(ladok)

    with pytest.raises(UsageError, match="dubblett"):
        somebody(ladok)


def test_an_admission_to_go_out_brings_a_commitment_for_each_term(ladok: PlayedLadok):
    student = somebody(ladok)
    goal = occasion(ladok, "outgoing", WHOLE_YEAR)

    made = happened(ladok, "admit", student_uid=student.uid, occasion_uid=goal.uid)

    assert made == [
        "ForvantatDeltagandeSkapadEvent",
        "KurstillfalleTillStatusEvent",
        "ForvantatDeltagandeSkapadEvent",
        "KurstillfalleTillStatusEvent",
        "ForvantatDeltagandeSkapadEvent",
    ]
    individual = [each for each in ladok.world.occasions.values() if each.student_uid == student.uid]
    assert [(each.first_day.isoformat(), each.package_uid) for each in individual] == [
        ("2026-08-31", goal.uid),
        ("2027-01-18", goal.uid),
    ]


def test_a_commitment_is_told_with_whose_it_is(ladok: PlayedLadok):
    admitted, _ = outgoing(ladok)

    event = next(
        e for e in ladok.world.entries if "KurstillfalleTillStatus" in e.kind and "StudentUID" in e.rest
    )

    assert f"<ui:KurspaketeringstillfallesantagningUID>{admitted.uid}<" in event.rest
    assert f"<ui:StudentUID>{admitted.student_uid}<" in event.rest


def test_nobody_is_admitted_twice_or_to_what_is_cancelled(ladok: PlayedLadok):
    student, goal = somebody(ladok), occasion(ladok, "incoming")
    ladok.do("admit", student_uid=student.uid, occasion_uid=goal.uid)

    with pytest.raises(UsageError, match="redan antagen"):
        ladok.do("admit", student_uid=student.uid, occasion_uid=goal.uid)
    ladok.do("cancel_occasion", uid=goal.uid)
    with pytest.raises(UsageError, match="inställt"):
        ladok.do("admit", student_uid=somebody(ladok, "Bea").uid, occasion_uid=goal.uid)


def test_a_first_registration_begins_the_course_and_then_the_exchange(ladok: PlayedLadok):
    admitted, (commitment,) = outgoing(ladok)

    made = happened(ladok, "register", admission_uid=commitment.uid)

    assert made == [
        "RegistreringEvent",
        "PaborjatUtbildningstillfalleEvent",
        "PaborjadUtbildningEvent",
        "PaborjatUtbildningstillfalleEvent",
        "PaborjadUtbildningEvent",
    ]
    assert (admitted.state, commitment.state) == ("PAGAENDE", "PAGAENDE")


def test_the_second_term_only_makes_its_registration(ladok: PlayedLadok):
    _, (first, second) = outgoing(ladok, WHOLE_YEAR)
    ladok.do("register", admission_uid=first.uid)

    made = happened(ladok, "register", admission_uid=second.uid)

    assert made == ["RegistreringEvent", "PaborjatUtbildningstillfalleEvent", "PaborjadUtbildningEvent"]


def test_a_removed_registration_takes_everything_back(ladok: PlayedLadok):
    admitted, (commitment,) = outgoing(ladok)
    ladok.do("register", admission_uid=commitment.uid)

    made = happened(ladok, "unregister", admission_uid=commitment.uid)

    assert made == [
        "AterkalladregistreringEvent",
        *("AterkallatPaborjatUtbildningstillfalleEvent", "AterkalladPaborjadUtbildningEvent") * 2,
    ]
    assert (admitted.state, commitment.periods[0].state) == ("EJ_PABORJAD", "ej_paborjad")


def test_a_package_cannot_be_registered(ladok: PlayedLadok):
    admitted, _ = outgoing(ladok)

    with pytest.raises(UsageError, match="inte en kurs"):
        ladok.do("register", admission_uid=admitted.uid)


def test_who_withdraws_has_not_begun(ladok: PlayedLadok):
    admitted, (commitment,) = outgoing(ladok)

    assert happened(ladok, "withdraw", admission_uid=admitted.uid) == ["AterbudEvent"] * 2
    assert admitted.state == commitment.state == "ATERBUD"

    begun, (other,) = outgoing_of(ladok, "Bea")
    ladok.do("register", admission_uid=other.uid)
    with pytest.raises(UsageError):
        ladok.do("withdraw", admission_uid=begun.uid)


def outgoing_of(ladok: PlayedLadok, name: str) -> tuple[Any, list[Any]]:
    admitted = ladok.do(
        "admit", student_uid=somebody(ladok, name).uid, occasion_uid=occasion(ladok, "outgoing").uid
    )
    return admitted, list(ladok.world.inside(admitted))


def test_who_interrupts_has_begun_and_can_come_back(ladok: PlayedLadok):
    admitted, (commitment,) = outgoing(ladok)
    with pytest.raises(UsageError):
        ladok.do("interrupt", admission_uid=admitted.uid)
    ladok.do("register", admission_uid=commitment.uid)

    assert happened(ladok, "interrupt", admission_uid=admitted.uid) == ["AvbrottEvent"] * 2
    assert happened(ladok, "resume", admission_uid=admitted.uid) == ["AvbrottBorttagetEvent"]
    assert admitted.state == "PAGAENDE"


def test_an_extended_stay_keeps_the_registered_term_and_gets_another(ladok: PlayedLadok):
    admitted, (commitment,) = outgoing(ladok)
    ladok.do("register", admission_uid=commitment.uid)
    longer = occasion(ladok, "outgoing", WHOLE_YEAR)

    made = happened(ladok, "change_occasion", admission_uid=admitted.uid, occasion_uid=longer.uid)

    new = next(each for each in ladok.world.admissions.values() if each.previous_uid == admitted.uid)
    assert made == [
        "ForvantatDeltagandeSkapadEvent",
        "KurstillfalleTillStatusEvent",
        "ForvantatDeltagandeSkapadEvent",
        "PaborjatUtbildningstillfalleEvent",
    ]
    assert (admitted.state, new.state) == ("EJ_PAGAENDE_TILLFALLESBYTE", "PAGAENDE")
    assert [each.begun for each in ladok.world.inside(new)] == [True, False]


def test_a_shortened_stay_loses_the_term_that_has_not_begun(ladok: PlayedLadok):
    admitted, (first, _) = outgoing(ladok, WHOLE_YEAR)
    ladok.do("register", admission_uid=first.uid)

    ladok.do("change_occasion", admission_uid=admitted.uid, occasion_uid=occasion(ladok, "outgoing").uid)

    new = next(each for each in ladok.world.admissions.values() if each.previous_uid == admitted.uid)
    assert [each.uid for each in ladok.world.inside(new)] == [first.uid]
    assert ladok.events().count("ForvantatDeltagandeBorttagetEvent") == 1


def test_a_passing_grade_completes_the_course(ladok: PlayedLadok):
    student, package = somebody(ladok), occasion(ladok, "incoming")
    inside = ladok.do("admit", student_uid=student.uid, occasion_uid=package.uid)
    taught = occasion_of(ladok.world, course(ladok.world, "NH1101"), None, AUTUMN, ladok.now)
    taken = ladok.do("admit", student_uid=student.uid, occasion_uid=taught.uid, within=inside.uid)
    ladok.do("register", admission_uid=taken.uid)

    made = happened(ladok, "attest_result", student_uid=student.uid, occasion_uid=taught.uid, grade="C")

    assert made == ["ResultatPaHelKursAttesteratEvent", "AvklaradEvent"]
    assert (taken.state, inside.state) == ("AVKLARAD", "PAGAENDE")


def test_a_failing_grade_does_not(ladok: PlayedLadok):
    student = somebody(ladok)
    taught = occasion_of(ladok.world, course(ladok.world, "NH1101"), None, AUTUMN, ladok.now)
    taken = ladok.do("admit", student_uid=student.uid, occasion_uid=taught.uid)
    ladok.do("register", admission_uid=taken.uid)

    ladok.do("attest_result", student_uid=student.uid, occasion_uid=taught.uid, grade="F")

    assert taken.state == "PAGAENDE"


def test_a_merged_person_points_to_the_one_who_stays(ladok: PlayedLadok):
    admitted, _ = outgoing(ladok)
    other = somebody(ladok, "Ana Maria")

    ladok.do("merge_persons", student_uid=admitted.student_uid, into=other.uid)

    event = ladok.world.entries[-1]
    assert f"<si:ErsattAvStudentUID>{other.uid}<" in event.rest
    assert admitted.student_uid == other.uid


def test_a_number_that_takes_the_place_of_another_names_it(ladok: PlayedLadok):
    student = somebody(ladok)

    ladok.do("replace_number", student_uid=student.uid, number="200302140008")

    assert "<si:TidigarePersonnummer>20030214T101<" in ladok.world.entries[-1].rest
    assert ladok.world.person_with("20030214T101") is None


def test_a_protected_person_is_announced_without_a_name(ladok: PlayedLadok):
    student = somebody(ladok)

    assert happened(ladok, "protect_person", student_uid=student.uid) == ["SkyddadePersonuppgifterEvent"]
    assert "Ficticia" not in ladok.world.entries[-1].rest


def test_a_changed_name_and_a_death_are_announced(ladok: PlayedLadok):
    student = somebody(ladok)

    assert happened(ladok, "change_person", student_uid=student.uid, family_name="Nova") == [
        "LokalStudentEvent"
    ]
    assert happened(ladok, "change_person", student_uid=student.uid, email="a@b.example") == [
        "KontaktuppgifterEvent"
    ]
    assert happened(ladok, "mark_deceased", student_uid=student.uid) == ["StudentAvlidenmarkeringEvent"]
    assert student.earlier == [("20030214T101", "Ana", "Ficticia")]


def test_an_admission_that_is_removed_leaves_nothing(ladok: PlayedLadok):
    admitted, _ = outgoing(ladok)

    made = happened(ladok, "remove", admission_uid=admitted.uid)

    assert made == ["ForvantatDeltagandeBorttagetEvent"] * 2
    assert ladok.world.admissions == {}


def test_a_removed_credit_transfer_is_announced_without_its_grounds(ladok: PlayedLadok):
    student = somebody(ladok)
    made = ladok.do(
        "propose_transfer", student_uid=student.uid, targets=[[course(ladok.world, "NH1101").uid, "7.5"]]
    )
    ladok.do("attest_transfer", transfer_uid=made.uid, decided_on="2027-02-12")

    assert happened(ladok, "remove_transfer", transfer_uid=made.uid) == ["TillgodoraknandeBorttagetEvent"]
    assert "Grunder" not in ladok.world.entries[-1].rest


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("replace_number", {"student_uid": "{ana}", "number": "20030214T101"}),
        ("merge_persons", {"student_uid": "{ana}", "into": "{ana}"}),
        ("establish", {"given_names": "A", "family_name": "B", "born": "soon", "sex": 1}),
        ("create_education", {"kind": "dance", "code": "X", "sv": "x", "en": "x"}),
        ("create_education", {"kind": "course", "code": "NH1101", "sv": "x", "en": "x"}),
        ("create_education", {"kind": "agreement", "code": "X", "sv": "x", "en": "x", "extern_part_id": 1}),
        ("create_education", {"kind": "course", "code": "X", "sv": "x", "en": "x", "first_term": "soon"}),
        ("assume", {"group": "A99", "on": True}),
        ("page_of", {"size": 5}),
        ("attest_transfer", {"transfer_uid": "unknown"}),
        ("attest_merit", {"merit_uid": "unknown"}),
        ("set_status", {"uid": "unknown", "status": 3}),
        ("withdraw", {"admission_uid": "unknown"}),
    ],
)
def test_an_act_that_makes_no_sense_is_refused_and_not_kept(
    ladok: PlayedLadok, act: str, arguments: dict[str, Any]
):
    ana = somebody(ladok)
    before = len(ladok.stage.journal), len(ladok.world.entries)
    given = {name: ana.uid if value == "{ana}" else value for name, value in arguments.items()}

    with pytest.raises(UsageError):
        ladok.do(act, **given)

    assert (len(ladok.stage.journal), len(ladok.world.entries)) == before


def test_ids_carry_the_time_of_the_event(ladok: PlayedLadok):
    student = somebody(ladok)

    assert time_in(student.uid) == ladok.now
    assert len({each.entry_uid for each in ladok.world.entries}) == len(ladok.world.entries)


def test_the_journal_plays_the_same_ladok_again(ladok: PlayedLadok):
    student = somebody(ladok)
    span = {"first_day": AUTUMN[0], "last_day": AUTUMN[1]}
    agreement = ladok.do("create_education", kind="agreement", code="UAX", sv="Avtal", en="Agreement")
    goal = ladok.do("create_occasion", education_uid=agreement.uid, direction="outgoing", **span)
    admitted = ladok.do("admit", student_uid=student.uid, occasion_uid=goal.uid)
    ladok.do("register", admission_uid=next(ladok.world.inside(admitted)).uid)

    again = PlayedLadok()
    again.stage.replay(json.loads(json.dumps(ladok.stage.journal)), {})

    assert again.world == ladok.world


@pytest.mark.parametrize(("nine", "last"), [("811218987", 6), ("121212121", 2), ("670919953", 0)])
def test_check_digits_are_those_of_well_known_examples(nine: str, last: int):
    assert check_digit(nine) == last


def test_a_civic_number_has_twelve_digits_and_a_valid_check_digit():
    number = civic_number(date(2002, 3, 4), 238)

    assert (len(number), number[:8]) == (12, "20020304")
    assert int(number[-1]) == check_digit(number[2:-1])


def test_terms_follow_each_other_and_are_read_in_both_notations():
    codes = [each.code for each in terms_between(date(2026, 8, 31), date(2027, 6, 6))]

    assert codes == ["HT2026", "VT2027"]
    assert term_named("HT26") == term_named("HT2026")
    assert term_named("sommar") is None
