"""What is in a Ladok before any student: code tables, courses, a programme, and agreements with partners.

All acts are done by the Ladok group, well before the play begins.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from mobility_bridge.sandbox.cast import Hei
from mobility_bridge.sandbox.ladok_acts import PERSON_IN_CHARGE, perform
from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_studies import COMMITMENT
from mobility_bridge.sandbox.ladok_world import AGREEMENT, COURSE, Education, LadokWorld, Occasion

ERASMUS: Final = 990_101
_COUNTRIES: Final = {
    "Ireland": ("IE", "Irland"),
    "Uruguay": ("UY", "Uruguay"),
    "Italy": ("IT", "Italien"),
    "Netherlands": ("NL", "Nederländerna"),
    "Finland": ("FI", "Finland"),
    "Norway": ("NO", "Norge"),
    "Denmark": ("DK", "Danmark"),
    "Estonia": ("EE", "Estland"),
    "Latvia": ("LV", "Lettland"),
    "Sweden": ("SE", "Sverige"),
}
_COURSES: Final = (
    (COMMITMENT, "Utbytesåtagande", "Exchange commitment", "30"),
    ("NH1101", "Havets geologi", "Geology of the sea", "7.5"),
    ("NH1102", "Nordisk språkhistoria", "History of Nordic languages", "7.5"),
    ("NH1103", "Hållbar ekonomi", "Sustainable economics", "15"),
    ("NH1104", "Nordisk litteratur", "Nordic literature", "15"),
    ("NH1105", "Fältkurs i limnologi", "Field course in limnology", "15"),
    ("NH1106", "Östersjöns arkeologi", "Baltic archaeology", "15"),
    ("NH2101", "Valbara kurser utomlands", "Electives abroad", "30"),
    ("NH2102", "Fler valbara kurser utomlands", "Further electives abroad", "30"),
)
PROGRAMME_CODE: Final = "NHKAN"


def extern_code(hei: Hei) -> str:
    """How Ladok writes a partner's Erasmus code: without the country and without blanks."""
    return hei.institution_code[3:].replace("-", "").strip()


def seed(ladok: LadokWorld, at: datetime, partners: Iterable[Hei]) -> None:
    """Fill an empty Ladok with everything that is there before agreements and students."""
    do = doer(ladok, at, f"grunddata@{ladok.code}")
    partners = list(partners)
    countries = sorted({each.country for each in partners} | {"Sweden"})
    for number, country in enumerate(countries, start=991):
        code, swedish = _COUNTRIES[country]
        do("add_country", number=number, code=code, sv=swedish, en=country)
    do("add_exchange_programme", number=ERASMUS, code="ERASMUS", sv="Erasmus+", en="Erasmus+")
    for each in partners:
        do(
            "add_extern_part",
            number=990_000 + each.institution_id,
            code=extern_code(each),
            sv=each.name,
            en=dict(each.names).get("en", each.name),
            country=_COUNTRIES[each.country][0],
            schac=each.hei_id,
        )
    for code, swedish, english, points in _COURSES:
        do("create_education", kind="course", code=code, sv=swedish, en=english, credits=points)
    do(
        "create_education",
        kind="programme",
        code=PROGRAMME_CODE,
        sv="Kandidatprogrammet i nordiska studier",
        en="Bachelor's programme in Nordic studies",
        credits="180",
    )


def doer(ladok: LadokWorld, at: datetime, who: str | None = None) -> Callable[..., Any]:
    """Somebody who does acts at one moment."""

    def do(act: str, **arguments: Any) -> Any:
        return perform(Scene(ladok, at, who or f"{PERSON_IN_CHARGE}@{ladok.code}"), act, arguments)

    return do


def agreement_with(ladok: LadokWorld, hei: Hei, at: datetime) -> Education:
    """The exchange agreement with a partner, made when there is none."""
    number = 990_000 + hei.institution_id
    for each in ladok.educations.values():
        if each.type_id == AGREEMENT and each.extern_part_id == number:
            return each
    names: Mapping[str, str] = dict(hei.names)
    made: Education = doer(ladok, at)(
        "create_education",
        kind="agreement",
        code=f"UA{extern_code(hei)[:6]}",
        sv=f"Utbytesavtal: {hei.name}",
        en=f"Exchange agreement: {names.get('en', hei.name)}",
        extern_part_id=number,
        exchange_programme_id=ERASMUS,
    )
    return made


def occasion_of(
    ladok: LadokWorld, education: Education, direction: str | None, span: tuple[str, str], at: datetime
) -> Occasion:
    """The occasion of an education for a span of days (ISO), made when there is none."""
    for each in ladok.occasions.values():
        days = each.first_day.isoformat(), each.last_day.isoformat()
        same = (each.education_uid, each.direction, days) == (education.uid, direction, span)
        if same and each.student_uid is None:
            return each
    more = {} if direction is None else {"direction": direction}
    made: Occasion = doer(ladok, at)(
        "create_occasion", education_uid=education.uid, first_day=span[0], last_day=span[1], **more
    )
    return made


def course(ladok: LadokWorld, code: str) -> Education:
    return next(each for each in ladok.educations.values() if (each.code, each.type_id) == (code, COURSE))
