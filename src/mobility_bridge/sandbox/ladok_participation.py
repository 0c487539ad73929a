"""Admission, registration, participation: studiedeltagande.

Source: Ladok: service area 5.4, reports 5.7, assumptions A3, A4, A5 and A9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from mobility_bridge.sandbox import ladok_entities as entities
from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_numbers import term_named
from mobility_bridge.sandbox.ladok_reads import ordered, person_at
from mobility_bridge.sandbox.ladok_report import EXCHANGE, exchange_report
from mobility_bridge.sandbox.ladok_request import (
    Answer,
    Body,
    LadokError,
    Page,
    Request,
    many,
    optional,
    page_in,
    page_of,
    text,
)
from mobility_bridge.sandbox.ladok_rest import Desk, Service, not_found, uid_in
from mobility_bridge.sandbox.ladok_studies import obstacles
from mobility_bridge.sandbox.ladok_tree import Names, Obj
from mobility_bridge.sandbox.ladok_world import Admission, LadokWorld, Person

PARTICIPATION: Final = Service("studiedeltagande")
_EXPECTED: Final = ("EJ_PABORJAD", "FORVANTAD_DELTAGARE")
_LIST: Final = "sd:Tillfallesdeltaganden/Tillfallesdeltagande"


def _participations(ladok: LadokWorld, found: Iterable[Admission]) -> Answer:
    rows = [entities.participation(ladok, each) for each in found]
    return Answer("sd:TillfallesdeltagandeLista", Obj([(_LIST, rows)]))


def _person(desk: Desk, person: Person | None) -> Answer:
    if person is None:
        raise not_found("Studenten")
    entity = Obj(
        [
            *entities.base(desk.ladok.number, person.uid, person.saved_at, person.saved_by),
            ("sd:Efternamn", person.family_name),
            ("sd:Fornamn", person.given_names),
            ("sd:Personnummer", person.number),
        ]
    )
    return Answer("sd:Student", entity)


@PARTICIPATION.route("GET", "student/personnummer/{nr}")
def student_by_number(desk: Desk, _request: Request, number: str) -> Answer:
    return _person(desk, desk.ladok.person_with(number))


@PARTICIPATION.route("GET", "student/{uid}")
def student(desk: Desk, _request: Request, uid: str) -> Answer:
    return _person(desk, person_at(desk, uid))


@PARTICIPATION.route("GET", "tillfallesdeltagande/kommande/student/{uid}")
def expected(desk: Desk, _request: Request, uid: str) -> Answer:
    """Admissions that have not begun."""
    person = person_at(desk, uid)
    found = [each for each in desk.ladok.admissions_of(person.uid) if each.live and not each.begun]
    return _participations(desk.ladok, found)


@PARTICIPATION.route("GET", "tillfallesdeltagande/kurstillfallesdeltagande/student/{uid}")
def course_participations(desk: Desk, _request: Request, uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, uid)
    found = [e for e in ladok.admissions_of(person.uid) if ladok.is_course(ladok.occasion(e.occasion_uid))]
    return _participations(ladok, found)


@PARTICIPATION.route("GET", "tillfallesdeltagande/studiestrukturreferens/{ref}")
def by_structure(desk: Desk, _request: Request, reference: str) -> Answer:
    return Answer("sd:Tillfallesdeltagande", entities.participation(desk.ladok, _at(desk, reference)))


def _at(desk: Desk, reference: str) -> Admission:
    wanted = uid_in(reference)
    for each in desk.ladok.admissions.values():
        if each.structure_uid == wanted:
            return each
    raise not_found("Studiestrukturreferensen")


@PARTICIPATION.route("GET", "paborjadutbilding/kurs/student/{uid}")
def begun_courses(desk: Desk, _request: Request, uid: str) -> Answer:
    return _begun(desk, uid, courses=True)


@PARTICIPATION.route("GET", "paborjadutbilding/kurspaketering/student/{uid}")
def begun_packages(desk: Desk, _request: Request, uid: str) -> Answer:
    return _begun(desk, uid, courses=False)


def _begun(desk: Desk, uid: str, *, courses: bool) -> Answer:
    ladok, person = desk.ladok, person_at(desk, uid)
    rows = [
        entities.begun_education(ladok, each)
        for each in ladok.admissions_of(person.uid)
        if each.begun and ladok.is_course(ladok.occasion(each.occasion_uid)) is courses
    ]
    return Answer("sd:PaborjadeUtbildningar", Obj([("sd:PaborjadUtbildning*", rows)]))


@PARTICIPATION.route("GET", "studiestruktur/student/{uid}")
def structure(desk: Desk, _request: Request, uid: str) -> Answer:
    person = person_at(desk, uid)
    tops = [each for each in desk.ladok.admissions_of(person.uid) if each.within is None]
    return Answer("sd:StudiestrukturLista", entities.structure(desk.ladok, tops))


@PARTICIPATION.route("GET", "studiestruktur/studiestrukturreferens/{ref}")
def structure_at(desk: Desk, _request: Request, reference: str) -> Answer:
    return Answer("sd:StudiestrukturLista", entities.structure(desk.ladok, [_at(desk, reference)]))


@PARTICIPATION.route("GET", "deltagare/kurstillfalle")
def course_participants(desk: Desk, request: Request) -> Answer:
    wanted = request.query.get("kurstillfalleUID", ())
    return _members(desk, wanted, request.query.get("deltagaretillstand", ()), page_of(request))


@PARTICIPATION.route("PUT", "deltagare/kurstillfalle/studentidentiter")
def participant_ids(desk: Desk, request: Request) -> Answer:
    body = request.body
    states = [str(each) for each in many(body, "deltagaretillstand")]
    found = _taking_part(desk, list(map(str, many(body, "utbildningstillfalleUID"))), states)
    ids = [Obj([("base:Uid", each.student_uid)]) for each in found]
    return Answer("sd:Identiteter", Obj([("sd:Identitet*", ids)]))


@PARTICIPATION.route("GET", "deltagare/kurspaketeringstillfalle/{uid}")
def package_participants(desk: Desk, request: Request, uid: str) -> Answer:
    return _members(desk, [uid_in(uid)], request.query.get("deltagaretillstand", ()), page_of(request))


@PARTICIPATION.route("PUT", "deltagare/kurstillfalle")
@PARTICIPATION.route("PUT", "deltagare/kurspaketeringstillfalle")
def search_participants(desk: Desk, request: Request) -> Answer:
    body = request.body
    states = [str(each) for each in many(body, "deltagaretillstand")]
    return _members(desk, [str(e) for e in many(body, "utbildningstillfalleUID")], states, page_in(body))


def _members(desk: Desk, occasions: Sequence[str], states: Sequence[str], page: Page) -> Answer:
    ladok = desk.ladok
    rows = _taking_part(desk, occasions, states)
    keys: Mapping[str, Callable[[Admission], str]] = {
        "PERSONNUMMER": lambda each: ladok.person(each.student_uid).number,
        "EFTERNAMN": lambda each: ladok.person(each.student_uid).family_name,
        "FORNAMN": lambda each: ladok.person(each.student_uid).given_names,
    }
    cut = page.cut(ordered(desk, rows, page, keys))
    found = [entities.participant(ladok, each) for each in cut]
    return Answer("sd:SokresultatDeltagare", entities.search_result("sd", found, len(rows)))


def _taking_part(desk: Desk, occasions: Sequence[str], states: Sequence[str]) -> list[Admission]:
    wanted = {each.lower() for each in occasions}
    return [
        each
        for each in desk.ladok.admissions.values()
        if each.occasion_uid in wanted and (not states or _is_in(each, states))
    ]


def _is_in(each: Admission, states: Sequence[str]) -> bool:
    names = {each.state}
    if each.state == "EJ_PABORJAD":
        names.update(_EXPECTED)
    if each.begun:
        names.add("PABORJAD")
    if each.begun and each.live:
        names.add("REGISTRERAD")
    return bool(names.intersection(states))


@PARTICIPATION.route("GET", "utbildningstillfalle/kurspaketeringstillfalle")
def package_occasions(desk: Desk, request: Request) -> Answer:
    ladok, page, code = desk.ladok, page_of(request), request.one("utbildningskod")
    rows = [
        each
        for each in ladok.occasions.values()
        if not ladok.is_course(each) and (code is None or ladok.education_of(each).code == code)
    ]
    keys = {
        "BENAMNING": lambda each: (ladok.education_of(each).names.sv, each.code),
        "UTBILDNINGSTILLFALLESKOD": lambda each: each.code,
    }
    cut = page.cut(ordered(desk, rows, page, keys))
    found = [entities.education_information(ladok, each) for each in cut]
    return Answer("sd:SokresultatKurspaketeringstillfalle", entities.search_result("sd", found, len(rows)))


def _admission(desk: Desk, uid: str) -> Admission:
    found = desk.ladok.admissions.get(uid_in(uid))
    if found is None:
        raise not_found("Tillfällesantagningen")
    return found


def _period(value: str) -> int:
    if not value.isdigit():
        raise LadokError(400, f"Periodindex: {value}", group="felaktigt_format")
    return int(value)


@PARTICIPATION.route("GET", "registrering/hinder/kurstillfallesantagning/{uid}/periodindex/{n}")
def hindrances(desk: Desk, request: Request, uid: str, period: str) -> Answer:
    scene = Scene(desk.ladok, desk.now, request.who)
    rows = [
        Obj([("base:I18nNyckel", key), ("base:Stoppande", True), ("base:Text", Names(sv, en))])
        for key, sv, en in obstacles(scene, _admission(desk, uid), _period(period))
    ]
    return Answer("base:HinderlistaElement", Obj([("base:Hinder*", rows)]))


@PARTICIPATION.route("GET", "registrering/atgard/kurstillfallesantagning/{uid}/periodindex/{n}")
def remedies(desk: Desk, _request: Request, uid: str, _period_index: str) -> Answer:
    _admission(desk, uid)
    return Answer("sd:Atgardslista", Obj([("sd:Atgard*", [])]))


@PARTICIPATION.route("POST", "registrering/kurstillfallesantagning/{uid}/periodindex/{n}")
def register(desk: Desk, request: Request, uid: str, period: str) -> Answer:
    admission = _admission(desk, uid)
    desk.act(request, "register", admission_uid=admission.uid, period=_period(period))
    return Answer(wrote=True)


@PARTICIPATION.route("DELETE", "registrering/ta_bort/kurstillfallesantagning/{uid}/periodindex/{n}")
def unregister(desk: Desk, request: Request, uid: str, period: str) -> Answer:
    admission = _admission(desk, uid)
    desk.act(request, "unregister", admission_uid=admission.uid, period=_period(period))
    return Answer(status=204, wrote=True)


@PARTICIPATION.route("GET", "behorighetsvillkor/tillfallesantagning/{uid}")
def conditions(desk: Desk, _request: Request, uid: str) -> Answer:
    _admission(desk, uid)
    return Answer("sd:BehorighetsvillkorLista", Obj([("sd:Behorighetsvillkor*", [])]))


@PARTICIPATION.route("GET", "avbrott/student/{uid}/utbildning/{uid}")
def interruptions(desk: Desk, _request: Request, student_uid: str, education_uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, student_uid)
    wanted = uid_in(education_uid)
    rows = [
        Obj([("base:Uid", each.uid), ("sd:StudentUID", person.uid), ("sd:UtbildningUID", wanted)])
        for each in ladok.admissions_of(person.uid)
        if each.interrupted and ladok.occasion(each.occasion_uid).education_uid == wanted
    ]
    return Answer("sd:Avbrottlista", Obj([("sd:Avbrott*", rows)]))


@PARTICIPATION.route("POST", "tillfallesantagning", assumption="A3")
def admit(desk: Desk, request: Request) -> Answer:
    """Body: `ImporteraTillfallesantagning`."""
    body = request.body
    occasion_uid = _occasion(desk, body)
    made = desk.act(
        request,
        "admit",
        student_uid=_student(desk, body),
        occasion_uid=occasion_uid,
        within=_place(desk, body),
    )
    return Answer("sd:Tillfallesdeltagande", entities.participation(desk.ladok, made), 201, wrote=True)


def _student(desk: Desk, body: Body) -> str:
    uid, number = optional(body, "StudentUID"), optional(body, "Personnummer")
    if uid is not None:
        return person_at(desk, uid).uid
    person = desk.ladok.person_with(number or "")
    if person is None:
        raise LadokError(400, "Studenten finns inte.", group="obligatoriskt_varde_saknas")
    return person.uid


def _occasion(desk: Desk, body: Body) -> str:
    uid = optional(body, "UtbildningstillfalleUID")
    if uid is not None:
        if uid_in(uid) not in desk.ladok.occasions:
            raise LadokError(400, "Tillfället finns inte.", group="felaktigt_varde")
        return uid_in(uid)
    term = term_named(optional(body, "Periodkod") or "")
    code = text(body, "Utbildningstillfalleskod")
    found = desk.ladok.occasion_coded(code, term.code if term else None)
    if found is None:
        raise LadokError(400, "Tillfället är inte entydigt.", group="felaktigt_varde")
    return found.uid


def _place(desk: Desk, body: Body) -> str | None:
    place = body.get("PlaceringIPlan")
    if not isinstance(place, dict) or not place.get("Referens"):
        return None
    return _at(desk, str(place["Referens"])).uid


@PARTICIPATION.route("DELETE", "tillfallesantagning/{uid}", assumption="A4")
def remove(desk: Desk, request: Request, uid: str) -> Answer:
    desk.act(request, "remove", admission_uid=_admission(desk, uid).uid)
    return Answer(status=204, wrote=True)


@PARTICIPATION.route("POST", "aterbud/tillfallesantagning/{uid}", assumption="A4")
def withdraw(desk: Desk, request: Request, uid: str) -> Answer:
    reason = optional(request.body, "Aterbudsorsak")
    more = {"reason": reason} if reason else {}
    made = desk.act(request, "withdraw", admission_uid=_admission(desk, uid).uid, **more)
    return Answer("sd:Tillfallesdeltagande", entities.participation(desk.ladok, made), 201, wrote=True)


@PARTICIPATION.route("POST", "avbrott/student/{uid}/utbildning/{uid}", assumption="A4")
def interrupt(desk: Desk, request: Request, student_uid: str, education_uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, student_uid)
    parent, body = ladok.education(uid_in(education_uid)), request.body
    for each in ladok.admissions_of(person.uid):
        if ladok.occasion(each.occasion_uid).education_uid == parent.uid and each.begun and each.live:
            made = desk.act(
                request,
                "interrupt",
                admission_uid=each.uid,
                on=optional(body, "Avbrottsdatum"),
                note=optional(body, "Anteckning"),
            )
            entity = entities.participation(ladok, made)
            return Answer("sd:Tillfallesdeltagande", entity, 201, wrote=True)
    raise LadokError(400, "Utbildningen pågår inte.", group="felaktig_status")


@PARTICIPATION.route("POST", "tillfallesbyte", assumption="A5")
def change_occasion(desk: Desk, request: Request) -> Answer:
    body = request.body
    made = desk.act(
        request,
        "change_occasion",
        admission_uid=_admission(desk, text(body, "TillfallesantagningUID")).uid,
        occasion_uid=_occasion(desk, body),
    )
    return Answer("sd:Tillfallesdeltagande", entities.participation(desk.ladok, made), 201, wrote=True)


@PARTICIPATION.route("PUT", f"utdata/{EXCHANGE}", assumption="A9")
def report(desk: Desk, request: Request) -> Answer:
    entity = exchange_report(desk.ladok, request.body, lambda rows: desk.shuffle(rows, True))  # noqa: FBT003
    return Answer("sd:UtdataResultat", entity)
