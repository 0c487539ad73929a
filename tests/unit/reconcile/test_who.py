"""One student across the systems: what ties, what only proposes, what must stay apart."""

from dataclasses import replace
from datetime import date

import pytest

from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, StudentId
from mobility_bridge.reconcile.who import Known, contradicts, exact_keys, folded, resolve, score, traits

UID = "0b82ca40-261b-11f2-aa10-02005e009999"
ESI = f"urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-{UID}"
ALMA = Person(
    names=(PersonName("Alma Kristina", "Åkerström-Öhman"),),
    birth_date=date(2003, 2, 14),
    gender=2,
    citizenship="SE",
    email="alma@student.nordhav.example",
)
OTHER = Person(names=(PersonName("Bo", "Ek"),), birth_date=date(2001, 1, 2))
P1, P2, P3 = StudentId("P1"), StudentId("P2"), StudentId("P3")


def key(kind: IdentityKeyKind, value: str) -> IdentityKey:
    return IdentityKey(kind, value)


def known(student_id: StudentId, person: Person) -> Known:
    return Known(student_id, frozenset(exact_keys(person)), (person,))


def test_a_european_student_identifier_of_ladok_is_the_national_key_in_another_form() -> None:
    written = replace(ALMA, global_id=ESI.upper().replace("URN:SCHAC", "urn:schac"))
    registry = replace(ALMA, ladok_external_uid=UID.upper())
    assert set(exact_keys(registry)) < set(exact_keys(written))


def test_a_shared_exact_key_ties_whatever_the_name_looks_like() -> None:
    held = known(P1, replace(ALMA, civic_number="200302140000"))
    married = replace(ALMA, civic_number="200302140000", names=(PersonName("Alma", "Berg"),))
    found = resolve(married, exact_keys(married), [held])
    assert (found.student_id, found.contested, found.proposals) == (P1, (), ())


def test_two_students_that_one_record_names_exactly_are_one_person() -> None:
    applied = known(P1, replace(ALMA, civic_number="200302140000"))
    abroad = known(P2, replace(ALMA, global_id=ESI))
    registry = replace(ALMA, civic_number="200302140000", ladok_external_uid=UID)
    found = resolve(registry, exact_keys(registry), [abroad, applied])
    assert (found.student_id, found.tied) == (P1, (P2,))


def test_a_key_that_names_somebody_else_is_contested_and_merges_nobody() -> None:
    held = known(P1, replace(ALMA, global_id=ESI))
    stranger = replace(OTHER, global_id=ESI)
    found = resolve(stranger, exact_keys(stranger), [held])
    assert (found.student_id, found.tied, found.contested) == (None, (), (P1,))


def test_two_students_who_contradict_each_other_are_not_tied_by_a_third_record() -> None:
    one = known(P1, replace(ALMA, civic_number="200302140000"))
    two = Known(P2, frozenset({key(IdentityKeyKind.GLOBAL_ID, "x")}), (OTHER,))
    vague = Person(civic_number="200302140000", global_id="x")
    found = resolve(vague, exact_keys(vague), [one, two])
    assert (found.student_id, found.tied) == (P1, ())


def test_a_temporary_number_that_becomes_a_permanent_one_contradicts_nothing() -> None:
    before = replace(ALMA, civic_number="20030214T101")
    after = replace(ALMA, civic_number="200302140000")
    assert not contradicts(before, after)
    assert contradicts(after, replace(ALMA, civic_number="200302141111"))


def test_a_co_ordination_number_that_becomes_a_permanent_one_contradicts_nothing() -> None:
    before = replace(ALMA, civic_number="200302740009")
    assert not contradicts(before, replace(ALMA, civic_number="200302140000"))
    assert contradicts(before, replace(ALMA, civic_number="200302740017"))


def test_equal_names_and_birth_date_only_propose() -> None:
    found = resolve(ALMA, (), [known(P1, ALMA)])
    assert found.student_id is None
    (proposal,) = found.proposals
    assert (proposal.student_id, proposal.likely) == (P1, True)
    assert set(proposal.reasons) >= {"birth_date", "family_name", "given_name"}


def test_twins_are_two_proposals_of_which_neither_is_likely() -> None:
    twin = replace(ALMA, email=None)
    found = resolve(twin, (), [known(P1, twin), known(P2, twin)])
    assert [proposal.likely for proposal in found.proposals] == [False, False]


def test_a_name_alone_proposes_nothing() -> None:
    alike = Person(names=ALMA.names)
    assert resolve(alike, (), [known(P1, ALMA)]).proposals == ()


def test_the_strongest_key_decides_whose_a_record_is() -> None:
    by_application = Known(P1, frozenset({key(IdentityKeyKind.APPLICATION, "7")}), ())
    by_number = Known(P2, frozenset({key(IdentityKeyKind.CIVIC_NUMBER, "200302140000")}), ())
    both = (*by_application.keys, *by_number.keys)
    found = resolve(ALMA, both, [by_application, by_number])
    assert (found.student_id, found.tied) == (P2, (P1,))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Åkerström-Öhman", "akerstrom ohman"), ("O’Neil", "o'neil"), ("  De  La Cruz ", "de la cruz")],
)
def test_names_are_folded_for_comparison(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_candidates_are_looked_up_by_birth_date_with_name_or_by_address() -> None:
    assert traits(ALMA) == ("born:2003-02-14:akerstrom ohman", "email:alma@student.nordhav.example")
    assert traits(Person()) == ()


def test_a_score_is_at_most_one_and_says_why() -> None:
    value, signals = score(ALMA, ALMA)
    assert value == 1.0
    assert len(signals) == 6


def test_nothing_personal_shows_when_a_description_is_printed() -> None:
    full = replace(ALMA, civic_number="200302140000", global_id=ESI)
    shown = f"{full!r} {known(P1, full)!r} {exact_keys(full)!r}"
    for secret in ("Alma", "kerstr", "2003", "0000", UID, "alma@"):
        assert secret not in shown
