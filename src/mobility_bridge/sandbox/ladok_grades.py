"""Results, merits from elsewhere, credit transfer: resultat.

Source: Ladok: service area 5.5, optimistic locking 4, assumptions A6 and A7.
"""

from typing import Any, Final

from mobility_bridge.sandbox import ladok_result_entities as entities
from mobility_bridge.sandbox.ladok_entities import grading_scale
from mobility_bridge.sandbox.ladok_reads import person_at
from mobility_bridge.sandbox.ladok_request import Answer, Body, LadokError, Request, many, optional, text
from mobility_bridge.sandbox.ladok_rest import Desk, Service, not_found, uid_in
from mobility_bridge.sandbox.ladok_results import study_result_uid
from mobility_bridge.sandbox.ladok_tree import Obj
from mobility_bridge.sandbox.ladok_world import Admission, Result

GRADES: Final = Service("resultat")


@GRADES.route("GET", "studentresultat/attesterade/student/{uid}")
def attested(desk: Desk, _request: Request, uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, uid)
    results = [e for e in ladok.results.values() if e.student_uid == person.uid and e.attested]
    transfers = [e for e in ladok.transfers.values() if e.student_uid == person.uid and e.attested]
    return Answer("rr:StudentresultatLista", entities.attested_results(ladok, results, transfers))


@GRADES.route("GET", "studieresultat/student/{uid}/utbildningstillfalle/{uid}")
def at_occasion(desk: Desk, _request: Request, student_uid: str, occasion_uid: str) -> Answer:
    person, wanted = person_at(desk, student_uid), uid_in(occasion_uid)
    found = [e for e in _drafts(desk, person.uid) if e.occasion_uid == wanted]
    entity = Obj(
        [
            ("base:Uid", study_result_uid(person.uid, wanted)),
            ("rr:StudentUID", person.uid),
            ("rr:Resultat*", [entities.result(desk.ladok, each) for each in found]),
        ]
    )
    return Answer("rr:Studieresultat", entity)


@GRADES.route("GET", "studieresultat/resultat/student/{uid}")
def drafts(desk: Desk, _request: Request, uid: str) -> Answer:
    found = [entities.result(desk.ladok, each) for each in _drafts(desk, person_at(desk, uid).uid)]
    return Answer("rr:Resultatlista", Obj([("rr:Resultat*", found)]))


@GRADES.route("GET", "resultat/student/{uid}/kurs/{uid}")
def on_course(desk: Desk, request: Request, student_uid: str, course_uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, student_uid)
    course = ladok.education(uid_in(course_uid))
    wanted = request.query.get("resultatstatus", ("UTKAST", "KLARMARKERAT"))
    found = [
        entities.result(ladok, each)
        for each in ladok.results.values()
        if each.student_uid == person.uid
        and ladok.occasion(each.occasion_uid).education_uid == course.uid
        and _status(each) in wanted
    ]
    return Answer("rr:Resultatlista", Obj([("rr:Resultat*", found)]))


def _status(each: Result) -> str:
    if each.attested:
        return "ATTESTERAT"
    return "UTKAST" if each.process == 1 else "KLARMARKERAT"


def _drafts(desk: Desk, student_uid: str) -> list[Result]:
    return [e for e in desk.ladok.results.values() if e.student_uid == student_uid and not e.attested]


@GRADES.route("POST", "studieresultat/{uid}/utbildning/{uid}/resultat")
def create(desk: Desk, request: Request, study_uid: str, instance_uid: str) -> Answer:
    body, course = request.body, desk.ladok.education(uid_in(instance_uid))
    for each in desk.ladok.admissions.values():
        if study_result_uid(each.student_uid, each.occasion_uid) != uid_in(study_uid):
            continue
        if each.begun and desk.ladok.occasion(each.occasion_uid).education_uid == course.uid:
            return _result(desk, _report(desk, request, each, body))
    raise LadokError(
        400,
        "Studieresultatet finns inte.",
        group="obligatoriskt_varde_saknas",
        detail="resultat.fel.detaljkod.utbildningstillfalle",
    )


def _report(desk: Desk, request: Request, each: Admission, body: Body) -> Any:
    return desk.act(
        request,
        "report",
        student_uid=each.student_uid,
        occasion_uid=each.occasion_uid,
        grade=_whole(text(body, "Betygsgrad")),
        examined_on=text(body, "Examinationsdatum"),
    )


def _result(desk: Desk, result: Any) -> Answer:
    return Answer("rr:Resultat", entities.result(desk.ladok, result), wrote=True)


def _whole(value: str) -> int:
    if not value.isdigit():
        raise LadokError(400, f"Betygsgrad: {value}", group="felaktigt_format")
    return int(value)


@GRADES.route("PUT", "studieresultat/resultat/{uid}/klarmarkera")
def ready(desk: Desk, request: Request, uid: str) -> Answer:
    lock = text(request.body, "ResultatetsSenastSparad")
    desk.stale(uid_in(uid))
    return _result(desk, desk.act(request, "mark_ready", result_uid=uid_in(uid), lock=lock))


@GRADES.route("PUT", "studieresultat/resultat/{uid}")
def change(desk: Desk, request: Request, uid: str) -> Answer:
    body = request.body
    lock = text(body, "SenasteResultatandring")
    desk.stale(uid_in(uid))
    grade, day = optional(body, "Betygsgrad"), optional(body, "Examinationsdatum")
    return _result(
        desk,
        desk.act(
            request,
            "change_result",
            result_uid=uid_in(uid),
            lock=lock,
            grade=_whole(grade) if grade else None,
            examined_on=day,
        ),
    )


@GRADES.route("GET", "studieresultat/attestera/utbildningsinstans/{uid}")
def awaiting(desk: Desk, _request: Request, uid: str) -> Answer:
    ladok = desk.ladok
    course = ladok.education(uid_in(uid))
    found = [
        entities.result(ladok, each)
        for each in ladok.results.values()
        if each.process == 2
        and not each.attested
        and ladok.occasion(each.occasion_uid).education_uid == course.uid
    ]
    return Answer("rr:Resultatlista", Obj([("rr:Resultat*", found)]))


@GRADES.route("GET", "grunddata/betygsskala")
def scales(_desk: Desk, _request: Request) -> Answer:
    return Answer("ki:Betygsskalor", grading_scale())


@GRADES.route("GET", "kurstillfalle/filtrera")
def occasions(desk: Desk, request: Request) -> Answer:
    ladok, code = desk.ladok, request.one("kurskod")
    rows = [
        Obj([("base:Uid", each.uid), ("rr:Kurskod", ladok.education_of(each).code), ("rr:Kod", each.code)])
        for each in ladok.occasions.values()
        if ladok.is_course(each) and ladok.education_of(each).code == code
    ]
    members = desk.shuffle(rows, False)  # noqa: FBT003 - there is no order here
    return Answer(
        "rr:SokresultatKurstillfalle",
        Obj([("base:TotaltAntalPoster", len(rows)), ("rr:Resultat*", members)]),
    )


@GRADES.route("GET", "annanmerit/student/{uid}", assumption="A7")
def merits(desk: Desk, _request: Request, uid: str) -> Answer:
    person = person_at(desk, uid)
    rows = [entities.merit(each) for each in desk.ladok.merits.values() if each.student_uid == person.uid]
    return Answer("rr:AnnanMeritLista", Obj([("rr:AnnanMerit*", rows)]))


@GRADES.route("POST", "annanmerit/student/{uid}", assumption="A7")
def add_merit(desk: Desk, request: Request, uid: str) -> Answer:
    body = request.body
    party = optional(body, "ExternPartID")
    made = desk.act(
        request,
        "add_merit",
        student_uid=person_at(desk, uid).uid,
        title=text(body, "Benamning"),
        title_en=optional(body, "AlternativBenamning"),
        extent=text(body, "Omfattning"),
        grade=text(body, "Resultat"),
        scale=optional(body, "Betygsskala") or "",
        examined_on=text(body, "Examinationsdatum"),
        origin=optional(body, "Ursprung") or "",
        extern_part_id=int(party) if party and party.isdigit() else None,
    )
    return Answer("rr:AnnanMerit", entities.merit(made), 201, wrote=True)


@GRADES.route("PUT", "annanmerit/{uid}/attestera", assumption="A7")
def attest_merit(desk: Desk, request: Request, uid: str) -> Answer:
    if uid_in(uid) not in desk.ladok.merits:
        raise not_found("Annan merit")
    desk.stale(uid_in(uid))
    lock = optional(request.body, "SenasteSenastSparad")
    made = desk.act(request, "attest_merit", merit_uid=uid_in(uid), lock=lock)
    return Answer("rr:AnnanMerit", entities.merit(made), wrote=True)


@GRADES.route("GET", "tillgodoraknande/student/{uid}", assumption="A6")
def transfers(desk: Desk, _request: Request, uid: str) -> Answer:
    ladok, person = desk.ladok, person_at(desk, uid)
    rows = [entities.transfer(ladok, e) for e in ladok.transfers.values() if e.student_uid == person.uid]
    return Answer("rr:Tillgodoraknanden", Obj([("rr:Tillgodoraknande*", rows)]))


@GRADES.route("POST", "tillgodoraknande/student/{uid}", assumption="A6")
def propose_transfer(desk: Desk, request: Request, uid: str) -> Answer:
    body = request.body
    grounds = [optional(each, "AnnanMeritUID") for each in many(body, "Grunder") if isinstance(each, dict)]
    targets = [each for each in many(body, "Mal") if isinstance(each, dict)]
    made = desk.act(
        request,
        "propose_transfer",
        student_uid=person_at(desk, uid).uid,
        merit_uids=[uid_in(each) for each in grounds if each],
        targets=[_target(desk, each) for each in targets],
        occasion_uid=optional(body, "KopplatKurspaketeringstillfalleUID"),
        programme_uid=optional(body, "KoppladKurspaketeringUID"),
        note=optional(body, "Anteckning"),
        case_number=optional(body, "Arendenummer"),
    )
    return Answer("rr:Tillgodoraknande", entities.transfer(desk.ladok, made), 201, wrote=True)


def _target(desk: Desk, body: Body) -> list[str]:
    uid = optional(body, "kursinstansUID") or text(body, "UtbildningsinstansUID")
    course = desk.ladok.education(uid_in(uid))
    return [course.uid, optional(body, "Omfattning") or course.credits]


@GRADES.route("PUT", "tillgodoraknande/{uid}/attestera", assumption="A6")
def attest_transfer(desk: Desk, request: Request, uid: str) -> Answer:
    if uid_in(uid) not in desk.ladok.transfers:
        raise not_found("Tillgodoräknandet")
    desk.stale(uid_in(uid))
    body = request.body
    made = desk.act(
        request,
        "attest_transfer",
        transfer_uid=uid_in(uid),
        decided_on=optional(body, "Beslutsdatum"),
        lock=optional(body, "SenasteSenastSparad"),
    )
    return Answer("rr:Tillgodoraknande", entities.transfer(desk.ladok, made), wrote=True)
