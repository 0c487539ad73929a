"""What happens in Mobility-Online, by name: applicants apply, the office ticks its steps, courses are chosen.

Everything takes plain values only, so that a journal can play it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import mobility_online_desk as desk
from mobility_bridge.sandbox.cast import EVERYBODY
from mobility_bridge.sandbox.ladok_numbers import Term, term_named, term_of
from mobility_bridge.sandbox.mobility_online_students import (
    IN,
    OUT,
    PIPELINES,
    MoApplication,
    MoCourse,
    MoCourseRow,
    MoPartner,
    MoStudents,
    academic_year,
    semester_text,
    year_text,
)
from mobility_bridge.sandbox.students import Stay
from mobility_bridge.sandbox.world import OWN_HEI_ID, World

_COUNTRIES: Final = {"SE": "Sweden", "IE": "Ireland", "IT": "Italy", "NL": "Netherlands", "FI": "Finland"}
_COUNTRIES_2: Final = {"NO": "Norway", "UY": "Uruguay", "DE": "Germany", "FR": "France", "ES": "Spain"}
_DATES: Final = ("birth_date", "starts_on", "ends_on")


def apply(  # noqa: PLR0913 - what an application consists of
    world: World,
    now: datetime,
    *,
    direction: str,
    partner: str,
    given_names: str,
    family_name: str,
    born: str,
    woman: bool = True,
    citizenship: str = "SE",
    term: str = "HT2026",
    whole_year: bool = False,
    email: str | None = None,
    courses: Sequence[Sequence[str]] = (),
    **facts: Any,
) -> MoApplication:
    """Somebody applies to go out or to come in, and is registered. `facts` are further fields."""
    if direction not in (OUT, IN):
        raise UsageError(f"{direction!r} is not a direction", next_step="Choose OUT or IN.")
    first = term_named(term)
    if first is None:
        raise UsageError(f"{term!r} is not a term", next_step="Write it as HT2026 or VT2027.")
    hei = EVERYBODY.get(partner)
    if hei is None or partner == OWN_HEI_ID:
        raise UsageError(f"there is no partner {partner!r}")
    last = first.following if whole_year else first
    said: dict[str, Any] = {
        "application_type": direction,
        "first_name": given_names,
        "last_name": family_name,
        "email": email or f"{given_names.split(maxsplit=1)[0].lower()}@students.{OWN_HEI_ID}",
        "birth_date": date.fromisoformat(born),
        "gender": "W" if woman else "M",
        "nationality": _country(citizenship),
        "partner": MoPartner(hei.institution_id, hei.institution_code, hei.name, hei.country),
        "starts_on": first.first_day,
        "ends_on": last.last_day,
        "created_on": now,
        "modified_on": now,
        "done": ("is_mail_best_bew", "is_registriert"),
        **_semester(first, whole_year=whole_year),
        **_plain(facts),
    }
    made = world.mobility_online.add(**said)
    if courses:
        world.mobility_online.agree(made.application_id, courses)
    return made


def apply_for_stay(world: World, now: datetime, *, omobility_id: str, **facts: Any) -> MoApplication:
    """File the application that a known stay began with, its courses included."""
    stay = world.stays.stay(omobility_id)
    outgoing = stay.sending_hei_id == OWN_HEI_ID
    student = stay.student
    first, whole_year = _term_of(stay)
    number = _civic_number(world, stay) if outgoing else None
    made = apply(
        world,
        now,
        direction=OUT if outgoing else IN,
        partner=stay.receiving_hei_id if outgoing else stay.sending_hei_id,
        given_names=student.given_names,
        family_name=student.family_name or "",
        born=student.birth_date.isoformat(),
        woman=student.gender == 2,
        citizenship=student.citizenship,
        term=first.code,
        whole_year=whole_year,
        email=student.email,
        starts_on=stay.starts_on,
        ends_on=stay.ends_on,
        global_id=student.global_id,
        civic_number=number,
        student_number=student.email.partition("@")[0] if outgoing else None,
        study_field=stay.nomination.isced,
        **facts,
    )
    rows = _courses(stay)
    if rows:
        world.mobility_online.agree(made.application_id, rows)
    return made


def change_application(world: World, now: datetime, *, application_id: int, **facts: Any) -> MoApplication:
    """The office corrects fields of an application."""
    known = {each.name for each in fields(MoApplication)} - {"application_id"}
    strange = sorted(set(facts) - known)
    if strange:
        raise UsageError(f"an application has no {strange[0]}")
    return world.mobility_online.change(application_id, now, **_plain(facts))


def tick(world: World, now: datetime, *, application_id: int, step: str) -> MoApplication:
    """The office ticks one of its steps."""
    application = world.mobility_online.application(application_id)
    names = [name for name, _ in PIPELINES[application.application_type]]
    if step not in names:
        raise UsageError(f"there is no step {step!r}", next_step=f"Choose one of: {', '.join(names)}.")
    done = tuple(name for name in names if name in application.done or name == step)
    return world.mobility_online.change(application_id, now, done=done)


def cancel_application(world: World, now: datetime, *, application_id: int) -> MoApplication:
    return world.mobility_online.change(application_id, now, cancelled=True)


def choose_courses(
    world: World, _now: datetime, *, application_id: int, courses: Sequence[Sequence[str]]
) -> tuple[MoCourseRow, ...]:
    """Write the learning agreement's courses: (number, name, credits); rows left out become deleted."""
    return world.mobility_online.agree(application_id, courses)


def grade_courses(
    world: World, _now: datetime, *, application_id: int, courses: Sequence[Sequence[str]]
) -> tuple[MoCourseRow, ...]:
    """Write the transcript's courses: (number, name, credits, grade)."""
    return world.mobility_online.grade(application_id, courses)


def offer_course(  # noqa: PLR0913 - what a course consists of
    world: World,
    _now: datetime,
    *,
    number: str,
    name: str,
    points: str,
    term: str = "HT2026",
    places: int | None = None,
    levels: Sequence[str] = ("B",),
    **facts: Any,
) -> MoCourse:
    """Somebody adds a course to the catalogue by hand."""
    first = term_named(term)
    if first is None:
        raise UsageError(f"{term!r} is not a term", next_step="Write it as HT2026 or VT2027.")
    said = {
        "number": number,
        "name": name,
        "credits": Decimal(points),
        "places": places,
        "levels": tuple(levels),
        "course_type": "LV",
        "language": "EN",
        **_semester(first, whole_year=False),
        **facts,
    }
    return world.mobility_online.offer(said)


def change_course(world: World, _now: datetime, *, course_id: int, **facts: Any) -> MoCourse:
    """Somebody edits a course of the catalogue by hand."""
    courses = world.mobility_online.catalogue
    if course_id not in courses:
        raise UsageError(f"there is no course {course_id}")
    courses[course_id] = replace(courses[course_id], **facts)
    return courses[course_id]


def withdraw_course(world: World, _now: datetime, *, course_id: int) -> MoCourse:
    """Somebody takes a course out of the catalogue by hand."""
    if course_id not in world.mobility_online.catalogue:
        raise UsageError(f"there is no course {course_id}")
    return world.mobility_online.catalogue.pop(course_id)


def file_oddities(world: World, now: datetime) -> dict[str, int]:
    """File one application of each kind that has broken a synchronisation somewhere; their numbers by kind.

    Source: Mobility-Online: seed data of a simulator (rule S21), as far as applications go.
    """
    made: dict[str, int] = {}
    for serial, (kind, said) in enumerate(_ODDITIES.items()):
        known: dict[str, Any] = {
            "direction": OUT,
            "partner": "brava.example",
            "given_names": f"Odd{serial}",
            "family_name": "Case",
            "born": f"2003-02-{serial + 1:02}",
            "student_number": f"odd{serial:04}",
        }
        application = apply(world, now, **{**known, **said})
        made[kind] = application.application_id
    stranger = MoPartner(2955, "AU-000-9001", "Overseas College", "Korea")
    world.mobility_online.change(made["unknown_institution"], now, partner=stranger)
    courses = [("GEO210", "Coastal Geodynamics", "15"), ("XX9999", "In no catalogue", "15")]
    world.mobility_online.agree(made["removed_row"], [("LAN110", "Regional Language", "15"), *courses])
    world.mobility_online.agree(made["removed_row"], courses)
    offer_course(world, now, number="NH1101", name="Geology of the sea", points="7.5", places=-2)
    return made


_ODDITIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "full_year": {"whole_year": True},
    "cancelled": {"cancelled": True},
    "double_degree": {"double_degree": True},
    "no_student_number": {"student_number": None},
    "unknown_country": {"citizenship": "Südkorea"},
    "second_nationality": {"second_nationality": "Italy"},
    "lower_case_gender": {"gender": "w"},
    "removed_row": {},
    "unknown_institution": {},
    "two_family_names": {"second_last_name": "Ejemplo"},
    "damaged_date": {"overrides": [["bew_dat_bis", "31.02.2027"]]},
    "damaged_credits": {"credits_earned": "30 or so"},
    "incoming": {"direction": IN, "student_number": None},
}


ACTS: Final[Mapping[str, Callable[..., Any]]] = {
    each.__name__: each
    for each in (
        apply,
        apply_for_stay,
        change_application,
        tick,
        cancel_application,
        choose_courses,
        grade_courses,
        offer_course,
        change_course,
        withdraw_course,
        file_oddities,
    )
}


def write(world: World, _now: datetime, *, operation: str, bean: Mapping[str, Any]) -> Any:
    """A program writes to the catalogue over SOAP."""
    return desk.write(world.mobility_online, operation, bean)


def perform(world: World, now: datetime, act: str, arguments: Mapping[str, Any]) -> Any:
    """Do one act by its name. Raises UsageError for one that does not exist or cannot be done."""
    if act == write.__name__:
        return write(world, now, **arguments)
    if act not in ACTS:
        raise UsageError(
            f"nothing in Mobility-Online is called {act!r}", next_step=f"Choose one of: {', '.join(ACTS)}."
        )
    try:
        return ACTS[act](world, now, **arguments)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{act} cannot be done: {error}") from None


def told(world: World) -> list[dict[str, Any]]:
    """Where each application is; without the person."""
    students: MoStudents = world.mobility_online
    return [
        {
            "application_id": each.application_id,
            "direction": each.application_type,
            "institution_id": each.partner.institution_id,
            "semester": each.semester,
            "done": list(each.done),
            "cancelled": each.cancelled,
            "rows": len(students.agreed.get(each.application_id, ())),
        }
        for each in students
    ]


def _semester(first: Term, *, whole_year: bool) -> dict[str, str]:
    start = first.year if first.autumn else first.year - 1
    text = year_text(start) if whole_year else semester_text(first.year, autumn=first.autumn)
    return {"semester": text, "academic_year": academic_year(start)}


def _term_of(stay: Stay) -> tuple[Term, bool]:
    first = term_of(stay.starts_on)
    return first, stay.ends_on > first.following.first_day


def _civic_number(world: World, stay: Stay) -> str | None:
    person = world.ladok.people.get(stay.ladok_uid or "")
    return person.number if person is not None else None


def _courses(stay: Stay) -> list[tuple[str, str, str]]:
    la = stay.la
    version = None if la is None else la.first or (la.proposal.version if la.proposal else None)
    studied = (version.lists.studied or ()) if version else ()
    return [(each.code or "?", each.title, each.credits or "0") for each in studied]


def _country(code: str) -> str:
    return {**_COUNTRIES, **_COUNTRIES_2}.get(code, code)


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Dates may come as texts, lists as what JSON makes of tuples."""
    plain: dict[str, Any] = dict(facts)
    for name in _DATES:
        if isinstance(plain.get(name), str):
            plain[name] = date.fromisoformat(plain[name])
    if "done" in plain:
        plain["done"] = tuple(plain["done"])
    if "overrides" in plain:
        plain["overrides"] = tuple((name, text) for name, text in plain["overrides"])
    return plain
