"""The two perfect lives: of a student whom we send, and of one who comes to us."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from mobility_bridge.sandbox.cast import NORDHAV, Hei
from mobility_bridge.sandbox.ladok_numbers import Term
from mobility_bridge.sandbox.ladok_seed import course, occasion_of
from mobility_bridge.sandbox.scenarios.student_life import Life, Moment, Person
from mobility_bridge.sandbox.student_stays import ABSENT, KNOWN, NO_LA, Course, term_part
from mobility_bridge.sandbox.world import Copy, World

STUDENT_FIELD: Final = "0311"
"""The field of education of everybody who goes or comes, and of the agreements that they go under."""
ABROAD: Final[tuple[Course, ...]] = (
    ("GEO210", "Coastal Geodynamics", "15"),
    ("LAN110", "Regional Language", "15"),
)
ABROAD_LATER: Final[tuple[Course, ...]] = (
    ("GEO220", "Sediments of Shallow Seas", "15"),
    ("HIS130", "Harbour Towns in History", "15"),
)
AT_HOME: Final[tuple[Course, ...]] = (("NH2101", "Electives abroad", "30"),)
AT_HOME_LATER: Final[tuple[Course, ...]] = (("NH2102", "Further electives abroad", "30"),)
HERE: Final[tuple[Course, ...]] = (
    ("NH1103", "Sustainable economics", "15"),
    ("NH1106", "Baltic archaeology", "15"),
)
HERE_LATER: Final[tuple[Course, ...]] = (
    ("NH1104", "Nordic literature", "15"),
    ("NH1105", "Field course in limnology", "15"),
)
ELECTIVES: Final[tuple[Course, ...]] = (("HOME-30", "Electives abroad", "30"),)
ELECTIVES_LATER: Final[tuple[Course, ...]] = (("HOME-31", "Further electives abroad", "30"),)


def outgoing(  # noqa: PLR0913 - what a stay consists of
    omobility_id: str,
    person: Person,
    partner: str,
    term: Term,
    today: date,
    *,
    whole_year: bool = False,
    early: int = 0,
    leaves_on: date | None = None,
) -> Life:
    """Write the life of a student of ours, in perfect order."""
    courses = ABROAD + ABROAD_LATER if whole_year else ABROAD
    recognized = AT_HOME + AT_HOME_LATER if whole_year else AT_HOME
    life = Life(omobility_id, person, partner, term, today, whole_year=whole_year, early=early)
    life.leaves_on = leaves_on
    life.courses, life.recognized = courses, recognized
    life.add("applied", life.starting(-160), applies)
    life.add("nominated", life.starting(-150), lambda m: m.office("tick", step="is_nominiert"))
    life.add("accepted", life.starting(-142), _accepted_there)
    life.add("proposed", life.starting(-142), proposes)
    life.add("signed", life.starting(-132), lambda m: m.student("approve_la"))
    life.add("admitted", life.starting(-137), admitted)
    life.add("registered", life.starting(-30), registered)
    if whole_year:
        life.add("registered again", life.term.following.first_day.replace(day=1), registered_again)
    life.add("arrived", life.starting(2), lambda m: m.student("arrive", on=life.first_day.isoformat()))
    life.add("departed", life.ending(3), _left)
    life.add("transcript", life.ending(21), lambda m: m.student("issue_transcript"))
    life.add("credited", life.ending(21), credited)
    return life


def incoming(  # noqa: PLR0913 - what a stay consists of
    omobility_id: str,
    person: Person,
    partner: str,
    term: Term,
    today: date,
    *,
    whole_year: bool = False,
    early: int = 0,
) -> Life:
    """Write the life of a student who comes to us, in perfect order."""
    courses = HERE + HERE_LATER if whole_year else HERE
    recognized = ELECTIVES + ELECTIVES_LATER if whole_year else ELECTIVES
    life = Life(
        omobility_id, person, partner, term, today, outgoing=False, whole_year=whole_year, early=early
    )
    life.courses, life.recognized = courses, recognized
    life.add("applied", life.starting(-160), applies)
    life.add("accepted", life.starting(-140), _accepted_here)
    life.add("proposed", life.starting(-140), proposes)
    life.add("signed", life.starting(-130), lambda m: m.student("approve_la"))
    life.add("established", life.starting(-139), established)
    life.add("admitted", life.starting(-138), admitted)
    life.add("chosen", life.starting(-60), admitted_to_courses)
    life.add("registered", life.starting(0), registered)
    life.add("arrived", life.starting(2), lambda m: m.student("arrive", on=life.first_day.isoformat()))
    life.add("examined", life.ending(-1), examined)
    life.add("departed", life.ending(3), _left)
    life.add("transcript", life.ending(21), transcribed)
    return life


def applies(moment: Moment, **said: Any) -> None:
    """The student applies, and the sending university nominates; a student of ours is in Ladok already."""
    life, who = moment.life, moment.life.person
    facts: dict[str, Any] = {
        "partner": life.partner,
        "given_names": who.given_names,
        "family_name": who.family_name,
        "born": who.born.isoformat(),
        "serial": who.serial,
        "woman": who.woman,
        "term": life.term.code,
        "whole_year": life.whole_year,
        "status": "pending",
        "la": NO_LA,
        "in_mobility_online": False,
        **said,
    }
    if life.outgoing:
        moment.student("add_outgoing", **{"in_ladok": KNOWN, **facts})
    else:
        moment.student("add_incoming", **{"in_ladok": ABSENT, "citizenship": who.citizenship, **facts})
    if life.leaves_on is not None:
        moment.student("change_dates", starts_on=life.leaves_on.isoformat())
    moment.student("change_nomination", keep_status=True, **agreement_ids(moment.world, life))
    life.application_id = moment.office("apply_for_stay", omobility_id=life.omobility_id).application_id


def agreement_ids(world: World, life: Life) -> dict[str, str | None]:
    """Both ids of the agreement with the partner that students go under: the one with the most places."""
    offering = [each for each in world.our_agreements(life.partner) if each.in_ewp and _places(each.copy)]
    if not offering:
        return {}
    most = max(offering, key=lambda each: _places(each.copy))
    ours, theirs = most.iia_id, most.copy.other_iia_id
    sides = (ours, theirs) if life.outgoing else (theirs, ours)
    return dict(zip(("sending_iia_id", "receiving_iia_id"), sides, strict=True))


def _places(copy: Copy) -> int:
    """How many places an agreement in effect has for this field."""
    return sum(
        int(each.number)
        for each in copy.conditions
        if copy.in_effect and STUDENT_FIELD in {field.code for field in each.fields}
    )


def _accepted_there(moment: Moment) -> None:
    moment.student("decide_nomination", approve=True)
    moment.office("tick", step="is_zusage_gast")


def _accepted_here(moment: Moment) -> None:
    moment.student("decide_nomination", approve=True)
    moment.office("tick", step="is_mail_best_reg")
    moment.office("tick", step="is_pers_daten_erf")


def proposes(moment: Moment, **said: Any) -> None:
    """Student and sending university sign; the courses stand in our Mobility-Online from now on."""
    life = moment.life
    heis = (life.hei, NORDHAV) if life.outgoing else (NORDHAV, life.hei)
    courses, recognized = (
        in_terms(life, rows, hei) for rows, hei in zip((life.courses, life.recognized), heis, strict=True)
    )
    moment.student("propose_la", **{"courses": courses, "recognized": recognized, **said})
    moment.office("choose_courses", courses=[each[:3] for each in life.courses])


def in_terms(life: Life, courses: Sequence[Course], hei: Hei) -> list[Course]:
    """Courses with their terms as a university counts them: those of a year are divided between two."""
    half = -(-len(courses) // len(life.terms))
    return [(*each[:3], term_part(life.terms[at // half], hei)) for at, each in enumerate(courses)]


def established(moment: Moment) -> None:
    """Ladok gives an interim number, which our office notes."""
    who = moment.life.person
    made = moment.ladok(
        "establish",
        given_names=who.given_names,
        family_name=who.family_name,
        born=who.born.isoformat(),
        sex=1 if who.woman else 2,
        email=moment.stay.student.email,
    )
    moment.world.stays.by_id[moment.life.omobility_id] = replace(moment.stay, ladok_uid=made.uid)
    moment.office("change_application", civic_number=made.number)


def admitted(moment: Moment) -> None:
    """Admitted to the exchange occasion of the stay."""
    moment.ladok("admit", student_uid=moment.ladok_uid, occasion_uid=moment.occasion().uid)


def admitted_to_courses(moment: Moment) -> None:
    """An incoming student is admitted to the courses of the agreement, inside the exchange occasion."""
    life, ladok = moment.life, moment.world.ladok
    for term, chosen in zip(life.terms, (HERE, HERE_LATER), strict=False):
        days = term.first_day.isoformat(), term.last_day.isoformat()
        for code, *_ in chosen:
            taught = occasion_of(ladok, course(ladok, code), None, days, moment.at)
            moment.ladok(
                "admit", student_uid=moment.ladok_uid, occasion_uid=taught.uid, within=moment.exchange.uid
            )


def registered(moment: Moment) -> None:
    """Registered for the first term: on the commitment of who goes out, on the courses of who comes in."""
    _register(moment, moment.life.term)


def registered_again(moment: Moment) -> None:
    _register(moment, moment.life.term.following)


def _register(moment: Moment, term: Term) -> None:
    ladok = moment.world.ladok
    for each in moment.inside:
        if term.first_day <= ladok.occasion(each.occasion_uid).first_day <= term.last_day:
            moment.ladok("register", admission_uid=each.uid)


def _left(moment: Moment) -> None:
    moment.student("depart", on=moment.life.last_day.isoformat())
    moment.office("tick", step="is_abgeschlossen")


def credited(moment: Moment, targets: Sequence[tuple[str, str]] | None = None) -> None:
    """Our faculty enters what the transcript says, and transfers it to what the agreement promised.

    `targets` are (code, credits) where it transfers it to something else.
    """
    life, ladok = moment.life, moment.world.ladok
    merits = [
        moment.ladok(
            "add_merit",
            student_uid=moment.ladok_uid,
            title=title,
            extent=points,
            grade="B",
            examined_on=life.last_day.isoformat(),
            origin=life.hei.name,
            attested=True,
        )
        for _, title, points in life.courses
    ]
    if targets is None:
        targets = [(code, points) for code, _, points in life.recognized]
    transfer = moment.ladok(
        "propose_transfer",
        student_uid=moment.ladok_uid,
        merit_uids=[each.uid for each in merits],
        targets=[(course(ladok, code).uid, points) for code, points in targets],
        occasion_uid=moment.exchange.occasion_uid,
    )
    moment.ladok("attest_transfer", transfer_uid=transfer.uid)


def examined(moment: Moment) -> None:
    """All courses of an incoming student are passed with B."""
    for each in moment.inside:
        moment.ladok("attest_result", student_uid=moment.ladok_uid, occasion_uid=each.occasion_uid, grade="B")


def transcribed(moment: Moment) -> None:
    """We issue the transcript, in Mobility-Online too."""
    moment.student("issue_transcript")
    rows = [(code, title, points, "B") for code, title, points in moment.life.courses]
    moment.office("grade_courses", courses=rows)
