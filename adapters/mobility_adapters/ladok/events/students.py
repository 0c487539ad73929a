"""Events about persons.

Source: Ladok: events that matter for exchange, `studentinformation`; identifiers of a person.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from mobility_adapters.ladok.events.said import Said
from mobility_bridge.domain.civic_number import (
    CivicNumber,
    european_student_identifier,
    read_civic_number,
)
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.registry_student import (
    CivicNumberChanged,
    LadokStudent,
    StudentContact,
    StudentDeceased,
    StudentLink,
    StudentProtected,
    StudentReplaced,
)

GENDERS: Final[Mapping[str | None, int]] = {"1": 2, "2": 1}
"""Ladok's code by ISO/IEC 5218: 1 is a woman there and 2 here."""


def local_student(said: Said) -> tuple[Fact, ...]:
    """A person created, changed, merged or newly linked to us."""
    student = said.need_student()
    facts: list[Fact] = [
        LadokStudent(
            student_uid=student,
            person=None if said.taken_back else _person(said, student),
            removed=said.taken_back,
            as_of=said.at,
            event_uid=said.event_uid,
        )
    ]
    replaced_by = said.uid("ErsattAvStudentUID") or said.uid("HanvisningNuGallandeStudentUID")
    if replaced_by is not None and replaced_by != student:
        facts.append(
            StudentReplaced(
                student_uid=student, replaced_by=replaced_by, as_of=said.at, event_uid=said.event_uid
            )
        )
    earlier = said.text("TidigarePersonnummer")
    if earlier is not None:
        facts.append(
            CivicNumberChanged(
                student_uid=student,
                earlier=earlier,
                present=said.text("Personnummer"),
                as_of=said.at,
                event_uid=said.event_uid,
            )
        )
    return tuple(facts)


def _person(said: Said, student: LadokUid) -> Person:
    external = said.uid("ExterntStudentUID")
    family, given = said.text("Efternamn"), said.text("Fornamn")
    return Person(
        names=(PersonName(given or "", family or ""),) if family or given else (),
        birth_date=said.day("Fodelsedata"),
        gender=GENDERS.get(said.text("Kon"), 0),
        global_id=None if external is None else european_student_identifier(external),
        civic_number=civic_number(said.text("Personnummer"), said.at.date(), said.problems),
        ladok_student_uid=student,
        ladok_external_uid=external,
    )


def civic_number(text: str | None, today: date, problems: list[tuple[str, str]]) -> str | None:
    """Normalise a number. One that fails its check is kept as written, and noted without being shown."""
    if text is None:
        return None
    read = read_civic_number(text, today=today)
    if isinstance(read, CivicNumber):
        return read.text
    problems.append(("Personnummer", f"fails its test of {read.value}"))
    return text


def student_linked(said: Said) -> tuple[Fact, ...]:
    """A person known nationally is now ours."""
    family, called = said.text("Efternamn"), said.text("Tilltalsnamn")
    return (
        StudentLink(
            student_uid=said.need_student(),
            called=PersonName(called or "", family or "") if family or called else None,
            civic_number=civic_number(said.text("Personnummer"), said.at.date(), said.problems),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def student_unlinked(said: Said) -> tuple[Fact, ...]:
    return (
        StudentLink(student_uid=said.need_student(), removed=True, as_of=said.at, event_uid=said.event_uid),
    )


def contact(said: Said) -> tuple[Fact, ...]:
    return (
        StudentContact(
            student_uid=said.need_student(),
            email=said.text("Epostadress"),
            removed=said.taken_back,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def deceased(said: Said) -> tuple[Fact, ...]:
    return (
        StudentDeceased(
            student_uid=said.need_student(),
            removed=said.text("avliden") in ("false", "0"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def protected(said: Said) -> tuple[Fact, ...]:
    return (
        StudentProtected(
            student_uid=said.need_student(),
            removed=said.taken_back,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


EVENTS: Final[Mapping[str, Callable[[Said], tuple[Fact, ...]]]] = {
    "studentinformation/LokalStudentEvent": local_student,
    "studentinformation/KontaktuppgifterEvent": contact,
    "studentinformation/StudentAvlidenmarkeringEvent": deceased,
    "studentinformation/SkyddadePersonuppgifterEvent": protected,
    "studentinformation/StudentBortkoppladFranLarosateEvent": student_unlinked,
    "studiedeltagande/StudentTillLarosateEvent": student_linked,
}
