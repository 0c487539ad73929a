"""Applications searched, and laid out as lists of elements with all their value slots.

Source: Mobility-Online: application search arguments, application, element names; rules S5 to S9, S11, S12.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from mobility_bridge.sandbox.mobility_online_soap import FaultError
from mobility_bridge.sandbox.mobility_online_students import (
    IN,
    PIPELINES,
    MoApplication,
    MoCourseRow,
    MoStudents,
)

Bean = Mapping[str, Any]
PROGRAMMES: Final = {
    "SMS": ("412", "Erasmus SMS"),
    "SMP": ("413", "Erasmus SMP"),
    "BILATERAL": ("830", "Bilateral exchange"),
    "CIVIS": ("841", "Erasmus CIVIS Student"),
}
LEVELS: Final = {"B": ("1", "Bachelor"), "M": ("2", "Master"), "D": ("3", "Doctorate")}
GLOBAL_ID: Final = "varchar_freifeld33"
DEPARTMENT: Final = "org_id"
_STUDENT: Final = "S"


@dataclass(frozen=True, slots=True)
class Element:
    """One element; which slot holds what is the element's own habit."""

    name: str
    label: str
    value: str | None = None
    first: str | None = None
    second: str | None = None
    flag: bool | None = None

    def bean(self) -> dict[str, Any]:
        return {
            "comboboxFirstValue": self.first,
            "comboboxSecondValue": self.second,
            "elementDescription": self.label,
            "elementName": self.name,
            "elementType": None if self.flag is None else "boolean",
            "elementValue": self.value,
            "elementValueBoolean": self.flag,
        }


@dataclass(frozen=True, slots=True)
class Search:
    """One search: plain fields, restrictions (None for an empty list) and wanted elements (None for all)."""

    fields: Mapping[str, str]
    restrictions: Sequence[Bean] | None = ()
    elements: frozenset[str] | None = None


def found(
    students: MoStudents, search: Search, empty_restrictions: Literal["all", "truncated"]
) -> list[MoApplication]:
    """The applications that fit, by number. Raises FaultError for a restriction of an unknown type.

    An empty list of restrictions loses some: seen by others, the extent is assumed.
    """
    tests = [_field_test(name, text) for name, text in search.fields.items()]
    tests += [_restriction(each) for each in search.restrictions or ()]
    fitting = [each for each in students if all(test(each) for test in tests)]
    if search.restrictions is None and empty_restrictions == "truncated":
        return fitting[: len(fitting) * 2 // 3]
    return fitting


def application_bean(application: MoApplication, wanted: frozenset[str] | None = None) -> dict[str, Any]:
    """One application with the wanted elements; unknown names are no trouble."""
    overrides = dict(application.overrides)
    return {
        "applicationDataElements": [
            each.bean() for each in used(application) if wanted is None or each.name in wanted
        ],
        "applicationID": overrides.get("applicationID", application.application_id),
        "email": application.email,
        "firstName": application.first_name,
        "lastName": application.last_name,
        "nonUsedApplicationDataElements": [
            each.bean() for each in unused(application) if wanted is None or each.name in wanted
        ],
    }


def row_bean(row: MoCourseRow) -> dict[str, Any]:
    return {
        "courseID": row.row_id,
        "deleted": row.deleted,
        "hostCourseECTS": row.credits,
        "hostCourseLessonNumbers": row.lessons,
        "hostCourseName": row.name,
        "hostCourseNumber": row.number,
        "hostGrade": row.grade,
        "studyFieldDescription": row.study_field,
    }


def used(application: MoApplication) -> list[Element]:
    """What is on the form; damage put in."""
    overrides = dict(application.overrides)
    return [_damaged(each, overrides) for each in _form(application)]


def unused(application: MoApplication) -> Iterator[Element]:
    """What exists beside the form: the office's steps, and whether it was cancelled."""
    for name, label in PIPELINES[application.application_type]:
        yield Element(name, label, flag=name in application.done)
    yield Element("is_storniert", "Cancelled", flag=application.cancelled)
    yield Element("is_verlaengerung_vorh", "Extension exists", flag=application.extended)


def _form(application: MoApplication) -> Iterator[Element]:
    partner = application.partner
    yield Element("kz_bew_art", "Type of application", application.application_type)
    yield Element("kz_bew_pers", "Type of person", _STUDENT)
    yield Element("p_id", "Person id", str(application.person_id))
    yield Element("bew_nachname_2", "Second last name", application.second_last_name)
    yield Element("bew_ber_matr_nr", "Student number", application.student_number)
    yield Element("p_sozial_ver_nr", "National identity number", application.civic_number)
    yield Element("bew_geschlecht", "Gender", application.gender)
    yield Element("bew_geb_datum", "Date of birth", dotted(application.birth_date))
    yield Element("bew_geb_ort", "Place of birth", "Exampleby")
    yield Element("bew_tel_nr_kontakt", "Emergency phone", "+46 8 000 00 00")
    yield _country("lcd_id_nat", "Nationality", application.nationality)
    if application.second_nationality:
        yield _country("lcd_id_nat_2", "Second nationality", application.second_nationality)
    if application.application_type == IN:
        yield _country("lcd_id_heim", "Home country", partner.country)
        yield Element("inst_id_heim_name", "Home institution", partner.name)
        yield Element(
            "inst_id_heim", "Home institution", str(partner.institution_id), partner.code, partner.name
        )
    else:
        yield _country("lcd_id_gast", "Host country", partner.country)
        yield Element(
            "inst_id_gast", "Host institution", str(partner.institution_id), partner.code, partner.name
        )
    yield Element("sem_id", "Semester", semester_id(application.semester), application.semester)
    yield Element("studj_id", "Academic year", None, application.academic_year)
    yield _look_up("aust_prog_id", "Exchange programme", PROGRAMMES, application.programme)
    yield _look_up("stud_niveau_id", "Study level", LEVELS, application.level)
    yield Element(
        "studr_id", "Study field", f"5{application.study_field}", f"Field {application.study_field}"
    )
    yield Element("bew_dat_von", "Stay from", dotted(application.starts_on))
    yield Element("bew_dat_bis", "Stay to", dotted(application.ends_on))
    yield Element("bew_anz_ects2", "ECTS credits earned", application.credits_earned)
    yield Element("bew_anz_ects", "ECTS credits recognised", application.credits_recognised)
    yield Element("is_praktikum", "Includes a traineeship", flag=application.traineeship)
    yield Element("is_beihilfe", "State aid", flag=False)
    yield Element("bit_freifeld24", "Double degree", flag=application.double_degree)
    yield Element(GLOBAL_ID, "European Student Identifier", application.global_id)
    yield Element(DEPARTMENT, "Department", application.department)


def _damaged(element: Element, overrides: Mapping[str, str]) -> Element:
    """Put another text where people would read this element."""
    text = overrides.get(element.name)
    if text is None:
        return element
    if element.name in _READ_FIRST:
        return Element(element.name, element.label, "9999", text, element.second, element.flag)
    return Element(element.name, element.label, text, element.first, element.second, element.flag)


_READ_FIRST: Final = frozenset({"lcd_id_nat", "lcd_id_gast", "lcd_id_heim", "sem_id"})


def _country(name: str, label: str, text: str) -> Element:
    number = sum(ord(letter) * (position + 1) for position, letter in enumerate(text)) % 900 + 100
    return Element(name, label, str(number), text)


def _look_up(name: str, label: str, table: Mapping[str, tuple[str, str]], word: str) -> Element:
    number, text = table.get(word, (word, f"Entry {word}"))
    return Element(name, label, number, text)


def semester_id(text: str) -> str:
    years = [int(part) for part in text.replace("/", " ").split() if part.isdecimal()]
    year = years[0] if years else 0
    return str(year % 100 * 10 + {"A": 4, "S": 1}.get(text[:1], 0) + (2 if "year" in text else 0))


def dotted(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def credits_text(number: Decimal) -> str:
    """A number as the form shows it: decimal comma, two places."""
    return f"{number:.2f}".replace(".", ",")


def _field_test(name: str, text: str) -> Callable[[MoApplication], bool]:
    picks: dict[str, Callable[[MoApplication], str | None]] = {
        "firstName": lambda each: each.first_name,
        "lastName": lambda each: each.last_name,
        "secondLastName": lambda each: each.second_last_name,
        "birthday": lambda each: dotted(each.birth_date),
        "matriculationNumber": lambda each: each.student_number,
        "email": lambda each: each.email,
        "applicationType": lambda each: each.application_type,
        "personType": lambda _each: _STUDENT,
        "exchangeProgramNumber": lambda each: PROGRAMMES.get(each.programme, (each.programme, ""))[0],
        "academicYearDescription": lambda each: each.academic_year,
        # The whole text: a stay of a year is found under its year's text only.
        "semesterDescription": lambda each: each.semester,
        "studyFieldDescription": lambda each: f"Field {each.study_field}",
        "login": lambda each: each.student_number,
    }
    pick = picks[name]
    return lambda each: pick(each) == text


def _restriction(bean: Bean) -> Callable[[MoApplication], bool]:
    name, kind = bean.get("elementName"), bean.get("elementType")
    if kind == "boolean":
        flag = bean.get("elementValueBoolean") in ("true", "1")
        return lambda each: any(e.name == name and e.flag is flag for e in (*used(each), *unused(each)))
    if kind == "integer":
        text = bean.get("elementValue")
        return lambda each: any(e.name == name and e.value == text for e in (*used(each), *unused(each)))
    raise FaultError("Sender", "SIM-007: a restriction is neither boolean nor integer")
