"""What an agreement says of itself: approved, waiting, whose."""

from datetime import date

from tests.support.learning_agreements import (
    SIGNED,
    a_proposal,
    a_signature,
    a_student,
    an_la,
    some_changes,
    some_lists,
)

from mobility_bridge.domain.learning_agreement import (
    ComponentLists,
    ComponentStatus,
    ComponentTable,
    LaMobilityType,
    LaStudent,
    ReasonCode,
)
from mobility_bridge.domain.person import Person, PersonName


def test_an_agreement_is_approved_once_three_have_signed_its_first_version() -> None:
    assert an_la().is_approved
    assert not an_la(first_version=some_lists(receiving_hei_signature=None)).is_approved
    assert not an_la(first_version=None, changes_proposal=a_proposal(some_lists())).is_approved


def test_the_receiver_is_asked_while_there_is_a_proposal() -> None:
    assert not an_la().awaits_receiver
    assert an_la(changes_proposal=a_proposal()).awaits_receiver


def test_what_binds_was_approved_when_the_receiver_signed_it_last() -> None:
    changes = some_changes(receiving_hei_signature=a_signature(1000))

    assert an_la(first_version=None).approved_at is None
    assert an_la(first_version=some_lists(receiving_hei_signature=None)).approved_at is None
    assert an_la().approved_at == a_signature(20).timestamp
    assert an_la(approved_changes=changes).approved_at == a_signature(1000).timestamp


def test_unsigned_changes_do_not_hide_when_the_first_version_was_approved() -> None:
    unsigned = some_changes(receiving_hei_signature=None)

    assert an_la(approved_changes=unsigned).approved_at == a_signature(20).timestamp


def test_a_student_is_a_person_with_one_name() -> None:
    person = a_student().as_person()

    assert person == Person(
        names=(PersonName("Alva Prov", "Exempelsson"),),
        birth_date=date(2004, 2, 29),
        gender=2,
        citizenship="SE",
        email="alva.exempelsson@student.nordhav.example",
        global_id="urn:schac:personalUniqueCode:int:esi:nordhav.example:700100",
    )


def test_a_student_of_whom_nothing_is_known_is_a_person_of_whom_nothing_is_known() -> None:
    assert LaStudent(email="", global_id="").as_person() == Person()


def test_nothing_about_people_shows_in_a_representation() -> None:
    shown = repr(an_la(changes_proposal=a_proposal(student=a_student())))

    for secret in ("Alva", "Exempelsson", "700100", "2004", "Kajsa", "Signe", "@"):
        assert secret not in shown


def test_tables_come_in_the_order_of_the_document_and_absent_ones_not_at_all() -> None:
    lists = ComponentLists(virtual_components=(), components_studied=())

    assert [table for table, _ in lists.tables()] == [ComponentTable.STUDIED, ComponentTable.VIRTUAL]


def test_reasons_know_what_they_explain() -> None:
    inserting = [code for code in ReasonCode if code.explains is ComponentStatus.INSERTED]

    assert inserting == ["substituting-deleted", "extending-mobility", "adding-virtual-component"]


def test_a_type_of_mobility_knows_its_name_in_nominations() -> None:
    assert [each.activity_attributes for each in LaMobilityType] == [
        "long-term",
        "short-term-blended",
        "short-term-doctoral",
    ]


def test_signatures_have_the_moment_they_were_given() -> None:
    assert a_signature(0).timestamp == SIGNED
