"""What can be out of order with who somebody is: numbers, names, days of birth, addresses.

Source: EWP mobilities: systems and keys; reconciliation of nominations; normalisation before comparison.
"""

from datetime import timedelta

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Life
from mobility_bridge.sandbox.scenarios.student_steps import applies
from mobility_bridge.sandbox.student_stays import ABSENT
from mobility_bridge.sandbox.students import ESI


@instance("STUDENT_UNKNOWN_IN_SIS")
def outgoing_student_is_not_in_ladok(cast: Cast) -> Life:
    life = cast.outgoing(cast.now).skip("admitted", "registered", "credited")
    return life.instead("applied", lambda m: applies(m, in_ladok=ABSENT))


@instance("ESI_MISMATCH")
def nomination_has_another_students_identifier(cast: Cast) -> Life:
    other = f"{ESI}ladok.se:externtstudentuid-0a0a0a0a-0b0b-4c0c-8d0d-0e0e0e0e0e0e"
    life = cast.outgoing(cast.now)
    return life.add("mistyped", life.ago(40), lambda m: m.student("change_student", global_id=other))


@instance("PERSON_MISMATCH", "IMMUTABLE_CHANGED")
def nomination_describes_somebody_else(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    born = (life.person.born - timedelta(days=300)).isoformat()
    return life.add(
        "mixed up",
        life.ago(40),
        lambda m: m.student("change_student", family_name="Kvarnängsby", birth_date=born),
    )


@instance("ESI_MALFORMED")
def identifier_is_no_identifier(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("mistyped", life.ago(40), lambda m: m.student("change_student", global_id="12345"))


@instance("NAME_MISMATCH")
def student_married_and_one_system_knows(cast: Cast) -> Life:
    life = cast.outgoing(cast.now)
    return life.add("married", life.ago(40), lambda m: m.student("change_student", family_name="Kvarnängsby"))


@instance("BIRTHDATE_MISMATCH")
def one_day_of_birth_is_mistyped(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    born = (life.person.born - timedelta(days=9)).isoformat()
    return life.add("mistyped", life.ago(40), lambda m: m.student("change_student", birth_date=born))


@instance("NATIONALITY_MISMATCH")
def one_system_has_another_citizenship(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    return life.add("mistyped", life.ago(40), lambda m: m.student("change_student", citizenship="PT"))


@instance("EMAIL_MISMATCH")
def one_system_has_another_address(cast: Cast) -> Life:
    life = cast.incoming(cast.after)
    address = f"private.{life.person.serial}@mail.example"
    return life.add("moved", life.ago(40), lambda m: m.student("change_student", email=address))
