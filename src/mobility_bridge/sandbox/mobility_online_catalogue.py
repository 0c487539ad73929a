"""The catalogue of courses for incoming students: searched, added to, changed, removed from.

Source: Mobility-Online: catalogue of courses; rules S14 to S17.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from mobility_bridge.sandbox.mobility_online_soap import FaultError
from mobility_bridge.sandbox.mobility_online_students import MoCourse, MoStudents

Bean = Mapping[str, Any]
COURSE_TYPES: Final = {"LV": "Course", "SE": "Seminar", "VO": "Lecture"}
LANGUAGES: Final = {"EN": "English", "DE": "German", "SV": "Swedish", "FR": "French"}
LEVELS: Final = {"B": "Bachelor", "M": "Master", "D": "Doctorate"}
STUDY_AREAS: Final = {"NAT": "Natural sciences", "HUM": "Humanities", "SOC": "Social sciences", "ALL": "All"}
STUDY_FIELDS: Final = {
    "CS": "Computer science",
    "GEO": "Geosciences",
    "LANG": "Languages",
    "ECON": "Economics",
}


def search(students: MoStudents, arguments: Mapping[str, str | None], beans: Mapping[str, Any]) -> list[Any]:
    """The courses that fit every argument that is not nil, by number."""
    tests = [
        _test(name, text)
        for name, text in arguments.items()
        if text is not None and name in _PLAIN and name not in beans
    ]
    tests += [_look_up_test(name, bean) for name, given in beans.items() for bean in given]
    courses = sorted(students.catalogue.values(), key=lambda each: each.course_id)
    return [course_bean(each) for each in courses if all(test(each) for test in tests)]


def add(students: MoStudents, bean: Bean) -> int:
    """Add a course and give its number; nobody looks for another one like it."""
    return students.offer(_facts(bean)).course_id


def update(students: MoStudents, bean: Bean, unknown: Literal["false", "fault"]) -> bool:
    """Write the whole record: what the caller leaves out is empty afterwards."""
    course_id = _whole(bean.get("courseID"), "courseID")
    if course_id is None or course_id not in students.catalogue:
        return _not_there(unknown)
    students.catalogue[course_id] = MoCourse(course_id=course_id, **_facts(bean))
    return True


def remove(students: MoStudents, course_id: int, unknown: Literal["false", "fault"]) -> bool:
    if students.catalogue.pop(course_id, None) is None:
        return _not_there(unknown)
    return True


def remove_all(students: MoStudents, semester: str | None, year: Bean | None) -> bool:
    """Remove every course of a term, those that somebody added by hand, too."""
    wanted = (year or {}).get("description") or (year or {}).get("number")
    gone = [
        each.course_id
        for each in students.catalogue.values()
        if each.semester == semester and (wanted is None or each.academic_year == wanted)
    ]
    for course_id in gone:
        del students.catalogue[course_id]
    return bool(gone)


def course_bean(course: MoCourse) -> dict[str, Any]:
    return {
        "academicYear": _shown({}, course.academic_year),
        "applicationType": course.application_type,
        "courseID": course.course_id,
        "courseName": course.name,
        "courseNumber": course.number,
        "courseType": _shown(COURSE_TYPES, course.course_type),
        "ectsCredits": course.credits,
        "freePlaces": course.places,
        "language": _shown(LANGUAGES, course.language),
        "linkEctsDescription": course.url,
        "maxParticipants": course.max_participants,
        "numberOfLessons": course.lessons,
        "semester": course.semester,
        "semesterNr": course.semester_number,
        "studyArea": _shown(STUDY_AREAS, course.study_area),
        "studyField": _shown(STUDY_FIELDS, course.study_field),
        "studyLevels": [_shown(LEVELS, level) for level in course.levels],
    }


def _shown(table: Mapping[str, str], number: str | None) -> dict[str, str | None] | None:
    if number is None:
        return None
    return {"number": number if table else None, "description": table.get(number, number)}


def _facts(bean: Bean) -> dict[str, Any]:
    year = bean.get("academicYear") or {}
    levels = bean.get("studyLevels") or []
    levels = levels if isinstance(levels, list) else [levels]
    return {
        "number": bean.get("courseNumber"),
        "name": bean.get("courseName"),
        "semester": bean.get("semester"),
        "academic_year": year.get("description") or year.get("number"),
        "application_type": bean.get("applicationType"),
        "course_type": _look_up(COURSE_TYPES, bean.get("courseType"), "courseType"),
        "language": _look_up(LANGUAGES, bean.get("language"), "language"),
        "credits": _decimal(bean.get("ectsCredits"), "ectsCredits"),
        "lessons": _decimal(bean.get("numberOfLessons"), "numberOfLessons"),
        "places": _whole(bean.get("freePlaces"), "freePlaces"),
        "max_participants": _whole(bean.get("maxParticipants"), "maxParticipants"),
        "semester_number": _whole(bean.get("semesterNr"), "semesterNr"),
        "study_area": _look_up(STUDY_AREAS, bean.get("studyArea"), "studyArea"),
        "study_field": _look_up(STUDY_FIELDS, bean.get("studyField"), "studyField"),
        "levels": tuple(
            level for each in levels if (level := _look_up(LEVELS, each, "studyLevels")) is not None
        ),
        "url": bean.get("linkEctsDescription"),
    }


def _look_up(table: Mapping[str, str], bean: Any, name: str) -> str | None:
    """A look-up addressed by number or by description. Raises FaultError for one that does not exist."""
    if not isinstance(bean, Mapping) or not any(bean.values()):
        return None
    number, text = bean.get("number"), bean.get("description")
    for known, described in table.items():
        if (number or "").lower() == known.lower() or (number is None and text == described):
            return known
    raise FaultError("Sender", f"SIM-008: there is no {name} of this number or description")


def _decimal(text: str | None, name: str) -> Decimal | None:
    try:
        return None if text is None else Decimal(text)
    except InvalidOperation:
        raise FaultError("Sender", f"SIM-006: {name} is not a number") from None


def _whole(text: str | None, name: str) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        raise FaultError("Sender", f"SIM-006: {name} is not a number") from None


def _not_there(unknown: str) -> bool:
    if unknown == "fault":
        raise FaultError("Sender", "SIM-009: there is no course of this courseID")
    return False


_PLAIN: Final[Mapping[str, Callable[[MoCourse], str | None]]] = {
    "semesterDescription": lambda each: each.semester,
    "applicationType": lambda each: each.application_type,
    "courseNumber": lambda each: each.number,
    "courseName": lambda each: each.name,
}


def _test(name: str, text: str) -> Callable[[MoCourse], bool]:
    return lambda each: _PLAIN[name](each) == text


def _look_up_test(name: str, bean: Bean) -> Callable[[MoCourse], bool]:
    if name == "studyLevels":
        level = _look_up(LEVELS, bean, name)
        return lambda each: level in each.levels
    tables: dict[str, tuple[Mapping[str, str], Callable[[MoCourse], str | None]]] = {
        "studyArea": (STUDY_AREAS, lambda each: each.study_area),
        "studyField": (STUDY_FIELDS, lambda each: each.study_field),
        "courseType": (COURSE_TYPES, lambda each: each.course_type),
        "language": (LANGUAGES, lambda each: each.language),
    }
    if name not in tables:
        return lambda _each: False
    table, pick = tables[name]
    wanted = _look_up(table, bean, name)
    return lambda each: pick(each) == wanted
