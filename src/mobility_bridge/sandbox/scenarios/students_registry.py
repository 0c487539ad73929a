"""What can be out of order in the registry: admission, registration, agreement, occasion.

Source: Ladok: exchange in Ladok's model; adapter rules.
"""

from mobility_bridge.sandbox.scenarios.student_cast import Cast
from mobility_bridge.sandbox.scenarios.student_instances import instance
from mobility_bridge.sandbox.scenarios.student_life import Life


@instance("REGISTRATION_MISSING")
def nobody_registered_the_student(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("registered")


@instance("ADMISSION_MISSING", "REGISTRATION_MISSING")
def nobody_admitted_the_student(cast: Cast) -> Life:
    return cast.outgoing(cast.now).skip("admitted", "registered", "credited")


@instance("NOT_ESTABLISHED")
def incoming_student_is_not_in_ladok(cast: Cast) -> Life:
    return cast.incoming(cast.after).stop_before("established")


@instance("NOT_LINKED_OR_ADMITTED")
def incoming_student_is_on_no_occasion(cast: Cast) -> Life:
    return cast.incoming(cast.after).stop_before("admitted")
