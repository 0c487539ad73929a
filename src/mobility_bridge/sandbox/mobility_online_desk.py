"""The operations about students and the catalogue: from a call to what is returned.

Source: Mobility-Online: operations; rules S4 to S17.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from mobility_bridge.sandbox import mobility_online_catalogue as catalogue
from mobility_bridge.sandbox.mobility_online_applications import (
    Search,
    application_bean,
    found,
    row_bean,
)
from mobility_bridge.sandbox.mobility_online_soap import Call, FaultError
from mobility_bridge.sandbox.mobility_online_students import MoStudents

LISTS: Final = frozenset(
    {
        "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions",
        "getApplicationDataBySearchParameters",
        "getApplicationIdsBySearchParameters",
        "getApplicationIdsBySearchParametersWithFurtherSearchRestrictions",
        "getCoursesOfLearningAgreement",
        "getCoursesOfTranscript",
        "getCoursesOfSemesterBySearchParameters",
    }
)
"""Operations whose answer is a list, so that nothing may look in several ways."""

APPLICATIONS: Final = frozenset(
    {
        "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions",
        "getApplicationDataBySearchParameters",
    }
)
WRITES: Final = frozenset(
    {
        "addCoursePerSemester",
        "updateCoursePerSemester",
        "removeCoursePerSemesterByCourseID",
        "removeCoursesPerSemesterBySearchParameters",
    }
)


@dataclass(frozen=True, slots=True)
class Habits:
    """What the real system's habits may be, where nobody knows."""

    empty_restrictions: Literal["all", "truncated"] = "truncated"
    unknown_courses: Literal["false", "fault"] = "false"


def answer(students: MoStudents, call: Call, habits: Habits) -> list[Any] | None:
    """What the operation returns; None for one that is not played. Raises FaultError."""
    handler = _HANDLERS.get(call.operation)
    return None if handler is None else handler(students, call, habits)


def written(call: Call) -> dict[str, Any]:
    """What a write says, as plain values for a journal."""
    return {
        "arguments": {name: text for name, text in call.arguments.items() if name != "authority"},
        "beans": {name: [dict(each) for each in given] for name, given in call.beans.items()},
    }


def write(students: MoStudents, operation: str, said: Mapping[str, Any]) -> list[Any] | None:
    """Do a write that a journal tells of. Raises FaultError."""
    beans = {name: tuple(given) for name, given in said["beans"].items()}
    return answer(students, Call(operation, said["arguments"], beans), Habits())


def _applications(students: MoStudents, call: Call, habits: Habits) -> list[Any]:
    search = _search(call)
    return [
        application_bean(each, search.elements) for each in found(students, search, habits.empty_restrictions)
    ]


def _application_ids(students: MoStudents, call: Call, habits: Habits) -> list[Any]:
    return [each.application_id for each in found(students, _search(call), habits.empty_restrictions)]


def _search(call: Call) -> Search:
    restricted = "furtherSearchRestrictions" in call.arguments
    names = call.beans.get("specifiedElementsForReturn", ())
    return Search(
        fields={
            name: text
            for name, text in call.arguments.items()
            if text is not None and name not in _NOT_A_FIELD
        },
        restrictions=(call.beans.get("furtherSearchRestrictions") or None) if restricted else (),
        elements=frozenset(str(each.get("elementName")) for each in names) or None,
    )


def _by_id(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    application = students.applications.get(_number(call, "applicationID"))
    return [] if application is None else [application_bean(application)]


def _agreed(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    return [row_bean(row) for row in students.agreed.get(_number(call, "applicationID"), ())]


def _transcript(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    return [row_bean(row) for row in students.transcripts.get(_number(call, "applicationID"), ())]


def _courses(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    return catalogue.search(students, call.arguments, call.beans)


def _add(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    return [catalogue.add(students, _bean(call, "course"))]


def _update(students: MoStudents, call: Call, habits: Habits) -> list[Any]:
    return [catalogue.update(students, _bean(call, "course"), habits.unknown_courses)]


def _remove(students: MoStudents, call: Call, habits: Habits) -> list[Any]:
    return [catalogue.remove(students, _number(call, "courseID"), habits.unknown_courses)]


def _remove_all(students: MoStudents, call: Call, _habits: Habits) -> list[Any]:
    year = next(iter(call.beans.get("academicYear", ())), None)
    return [catalogue.remove_all(students, call.arguments.get("semester"), year)]


def _bean(call: Call, name: str) -> Mapping[str, Any]:
    given = call.beans.get(name, ())
    if not given:
        raise FaultError("Sender", f"SIM-006: {name} is nil")
    return given[0]


def _number(call: Call, name: str) -> int:
    try:
        return int(call.arguments.get(name) or "")
    except ValueError:
        raise FaultError("Sender", f"SIM-006: {name} is not a number") from None


_NOT_A_FIELD: Final = frozenset({"authority", "furtherSearchRestrictions", "specifiedElementsForReturn"})
_HANDLERS: Final[Mapping[str, Callable[[MoStudents, Call, Habits], list[Any]]]] = {
    "getSpecifiedApplicationDataBySearchParametersWithFurtherSearchRestrictions": _applications,
    "getApplicationDataBySearchParameters": _applications,
    "getApplicationIdsBySearchParameters": _application_ids,
    "getApplicationIdsBySearchParametersWithFurtherSearchRestrictions": _application_ids,
    "getApplicationDataByID": _by_id,
    "getCoursesOfLearningAgreement": _agreed,
    "getCoursesOfTranscript": _transcript,
    "getCoursesOfSemesterBySearchParameters": _courses,
    "addCoursePerSemester": _add,
    "updateCoursePerSemester": _update,
    "removeCoursePerSemesterByCourseID": _remove,
    "removeCoursesPerSemesterBySearchParameters": _remove_all,
}
