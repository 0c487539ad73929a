"""Results, merits from elsewhere, and credit transfer.

Source: Ladok: resultat, events (ResultatPaHelKursAttesteratEvent, AnnanMerit…, Tillgodoraknande…), sequences 8.3,
optimistic locking, assumptions A6 to A8 and A13.
"""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Final

from mobility_bridge.sandbox import ladok_studies
from mobility_bridge.sandbox.ladok_events import Scene, user_uid
from mobility_bridge.sandbox.ladok_numbers import local_date, local_time
from mobility_bridge.sandbox.ladok_offers import DECIDER
from mobility_bridge.sandbox.ladok_tree import Member, Names, Obj
from mobility_bridge.sandbox.ladok_world import Merit, RefusalError, Result, Transfer

DRAFT, READY = 1, 2
SCALE: Final = 990_200
GRADES: Final = {
    990_201: "A",
    990_202: "B",
    990_203: "C",
    990_204: "D",
    990_205: "E",
    990_206: "Fx",
    990_207: "F",
}
PASSING: Final = frozenset(range(990_201, 990_206))
STALE: Final = "mock.samtidighet"


def report(
    scene: Scene, *, student_uid: str, occasion_uid: str, grade: int | str, examined_on: str
) -> Result:
    """Enter a draft of a result. Raises RefusalError for a grade that is none, or an early examination."""
    ladok = scene.ladok
    occasion = ladok.occasion(occasion_uid)
    day = date.fromisoformat(examined_on)
    if day < occasion.first_day:
        raise RefusalError("felaktigt_varde", "Examinationsdatum ligger före kursens start.")
    result = Result(
        uid=scene.uid(),
        study_result_uid=study_result_uid(student_uid, occasion_uid),
        student_uid=student_uid,
        occasion_uid=occasion_uid,
        grade_id=_grade(grade),
        examined_on=day,
        saved_at=scene.at,
        saved_by=scene.who,
    )
    ladok.results[result.uid] = result
    return result


def change_result(
    scene: Scene,
    *,
    result_uid: str,
    lock: str,
    grade: int | str | None = None,
    examined_on: str | None = None,
) -> Result:
    """Change a draft. Raises RefusalError when `lock` is not the time it was saved last."""
    result = _locked(scene, result_uid, lock)
    result.grade_id = _grade(grade) if grade is not None else result.grade_id
    result.examined_on = date.fromisoformat(examined_on) if examined_on else result.examined_on
    return result


def mark_ready(scene: Scene, *, result_uid: str, lock: str) -> Result:
    """Mark a draft as ready for the examiner."""
    result = _locked(scene, result_uid, lock)
    result.process = READY
    return result


def attest_result(
    scene: Scene,
    *,
    student_uid: str,
    occasion_uid: str,
    grade: int | str | None = None,
    examined_on: str | None = None,
) -> Result:
    """Decide a grade, entering it first if need be; with a passing one the course is completed."""
    ladok = scene.ladok
    result = next(
        (
            each
            for each in ladok.results.values()
            if (each.student_uid, each.occasion_uid) == (student_uid, occasion_uid) and not each.attested
        ),
        None,
    )
    if result is None or grade is not None:
        earliest = max(local_date(scene.at), ladok.occasion(occasion_uid).first_day)
        day = examined_on or earliest.isoformat()
        result = report(
            scene, student_uid=student_uid, occasion_uid=occasion_uid, grade=grade or "B", examined_on=day
        )
    result.process, result.attested, result.saved_at, result.saved_by = READY, True, scene.at, scene.who
    scene.happens("rr:ResultatPaHelKursAttesteratEvent", _attested(scene, result), student_uid)
    passed = result.grade_id in PASSING
    for admission in list(ladok.admissions_of(student_uid)):
        if passed and admission.occasion_uid == occasion_uid and admission.begun and admission.live:
            ladok_studies.complete(scene, admission_uid=admission.uid)
    return result


def add_merit(  # noqa: PLR0913 - the columns of the form
    scene: Scene,
    *,
    student_uid: str,
    title: str,
    extent: str,
    grade: str,
    examined_on: str,
    origin: str,
    title_en: str | None = None,
    scale: str = "",
    extern_part_id: int | None = None,
    attested: bool = False,
) -> Merit:
    """Enter one course from elsewhere, and decide it at once if `attested`."""
    scene.ladok.person(student_uid)
    merit = Merit(
        uid=scene.uid(),
        student_uid=student_uid,
        names=Names(title, title_en or title),
        extent=extent,
        grade=grade,
        scale=scale,
        examined_on=date.fromisoformat(examined_on),
        origin=origin,
        saved_at=scene.at,
        saved_by=scene.who,
        extern_part_id=extern_part_id,
    )
    scene.ladok.merits[merit.uid] = merit
    return attest_merit(scene, merit_uid=merit.uid) if attested else merit


def attest_merit(scene: Scene, *, merit_uid: str, lock: str | None = None) -> Merit:
    """Decide a merit from elsewhere."""
    merit = scene.ladok.merits.get(merit_uid)
    if merit is None:
        raise RefusalError("felaktigt_varde", f"Annan merit {merit_uid} finns inte.")
    _check(lock, local_time(merit.saved_at))
    merit.attested, merit.saved_at, merit.saved_by = True, scene.at, scene.who
    members: list[Member] = [
        ("rr:AnnanMeritUID", merit.uid),
        ("rr:Benamning", merit.names.sv),
        ("rr:Beslut", _decision(scene, None)),
        ("rr:Betygsskala", merit.scale or None),
        ("rr:EngelskBenamning", merit.names.en),
        ("rr:Examinationsdatum", merit.examined_on),
        ("rr:ExternpartID", merit.extern_part_id),
        ("rr:Omfattning", merit.extent),
        ("rr:Resultat", merit.grade),
        ("rr:StudentUID", merit.student_uid),
        ("rr:Ursprung", merit.origin),
    ]
    scene.happens("rr:AnnanMeritAttesteratEvent", members, merit.student_uid)
    return merit


def propose_transfer(  # noqa: PLR0913 - the columns of the form
    scene: Scene,
    *,
    student_uid: str,
    merit_uids: Sequence[str] = (),
    targets: Sequence[Sequence[str]] = (),
    occasion_uid: str | None = None,
    programme_uid: str | None = None,
    note: str | None = None,
    case_number: str | None = None,
) -> Transfer:
    """Enter a credit transfer that nobody has decided. A target is (education, credits)."""
    ladok = scene.ladok
    ladok.person(student_uid)
    for uid in merit_uids:
        if uid not in ladok.merits:
            raise RefusalError("felaktigt_varde", f"Annan merit {uid} finns inte.")
    transfer = Transfer(
        uid=scene.uid(),
        student_uid=student_uid,
        merit_uids=list(merit_uids),
        targets=[(ladok.education(uid).uid, points) for uid, points in targets],
        saved_at=scene.at,
        saved_by=scene.who,
        note=note,
        programme_uid=programme_uid,
        occasion_uid=occasion_uid,
        case_number=case_number or f"TG-{local_date(scene.at).year}-{len(ladok.transfers) + 1:04d}",
    )
    ladok.transfers[transfer.uid] = transfer
    return transfer


def attest_transfer(
    scene: Scene, *, transfer_uid: str, decided_on: str | None = None, lock: str | None = None
) -> Transfer:
    """Decide a credit transfer; merits that it rests on must be decided."""
    ladok = scene.ladok
    transfer = ladok.transfers.get(transfer_uid)
    if transfer is None:
        raise RefusalError("felaktigt_varde", f"Tillgodoräknandet {transfer_uid} finns inte.")
    _check(lock, local_time(transfer.saved_at))
    if transfer.attested:
        raise RefusalError("felaktig_status", "Tillgodoräknandet är redan attesterat.")
    for uid in transfer.merit_uids:
        if not ladok.merits[uid].attested:
            attest_merit(scene, merit_uid=uid)
        ladok.merits[uid].used = True
    transfer.attested, transfer.saved_at, transfer.saved_by = True, scene.at, scene.who
    transfer.decided_by = DECIDER
    transfer.decided_on = date.fromisoformat(decided_on) if decided_on else local_date(scene.at)
    scene.happens("rr:TillgodoraknandeAttesteratEvent", _transferred(scene, transfer), transfer.student_uid)
    return transfer


def remove_transfer(scene: Scene, *, transfer_uid: str) -> Transfer:
    """Take a decided credit transfer back."""
    transfer = scene.ladok.transfers.pop(transfer_uid, None)
    if transfer is None:
        raise RefusalError("felaktigt_varde", f"Tillgodoräknandet {transfer_uid} finns inte.")
    members = [each for each in _transferred(scene, transfer) if each[0] != "rr:Grunder/Grunder"]
    scene.happens("rr:TillgodoraknandeBorttagetEvent", members, transfer.student_uid)
    return transfer


def study_result_uid(student_uid: str, occasion_uid: str) -> str:
    """The study result is there as soon as somebody takes part, so its id follows from who and where."""
    return str(uuid.uuid5(uuid.UUID(student_uid), occasion_uid))


def touch(scene: Scene, *, uid: str) -> None:
    """Somebody else saves a result, a merit or a credit transfer in between."""
    ladok = scene.ladok
    found = ladok.results.get(uid) or ladok.merits.get(uid) or ladok.transfers.get(uid)
    if found is not None:
        found.saved_at, found.saved_by = scene.at, scene.who


def _locked(scene: Scene, result_uid: str, lock: str) -> Result:
    result = scene.ladok.results.get(result_uid)
    if result is None:
        raise RefusalError("felaktigt_varde", f"Resultatet {result_uid} finns inte.")
    if result.attested:
        raise RefusalError("felaktig_status", "Resultatet är redan attesterat.")
    _check(lock, local_time(result.saved_at))
    result.saved_at, result.saved_by = scene.at, scene.who
    return result


def _check(lock: str | None, current: str) -> None:
    if lock is not None and lock != current:
        raise RefusalError("felaktig_status", "Objektet har ändrats av någon annan.", STALE)


def _grade(grade: int | str) -> int:
    for number, code in GRADES.items():
        if grade in (number, code):
            return number
    raise RefusalError("felaktigt_varde", f"Betygsgraden {grade} finns inte.")


def _decision(scene: Scene, day: date | None) -> Obj:
    return Obj(
        [
            ("rr:BeslutUID", scene.uid()),
            ("rr:Beslutsdatum", day or local_date(scene.at)),
            ("rr:Beslutsfattare", DECIDER),
            ("rr:BeslutsfattareUID", user_uid(DECIDER)),
        ]
    )


def _attested(scene: Scene, result: Result) -> list[Member]:
    occasion = scene.ladok.occasion(result.occasion_uid)
    course = scene.ladok.education_of(occasion)
    final = result.grade_id in PASSING
    return [
        ("rr:Beslut", _decision(scene, None)),
        ("rr:KursUID", course.uid),
        ("rr:KursinstansUID", course.instance_uid),
        ("rr:KurstillfalleUID", occasion.uid),
        (
            "rr:Resultat",
            Obj(
                [
                    ("rr:BetygsgradID", result.grade_id),
                    ("rr:BetygsskalaID", SCALE),
                    ("rr:Examinationsdatum", result.examined_on),
                    ("rr:GiltigSomSlutbetyg", final),
                    ("rr:OmfattningsPoang", course.credits),
                    ("rr:PrestationsPoang", course.credits if final else "0"),
                    ("rr:ResultatUID", result.uid),
                ]
            ),
        ),
        ("rr:StudentUID", result.student_uid),
        ("rr:UtbildningsinstansUID", course.instance_uid),
    ]


def _transferred(scene: Scene, transfer: Transfer) -> list[Member]:
    targets = []
    for uid, _ in transfer.targets:
        course = scene.ladok.educations[uid]
        ids: list[Member] = [
            ("rr:Typ", "HEL_KURS"),
            ("rr:KursUID", course.uid),
            ("rr:KursinstansUID", course.instance_uid),
        ]
        targets.append(Obj(ids, xsi_type="rr:HelKurs"))
    grounds = [
        Obj([("rr:Typ", "ANNAN_MERIT"), ("rr:AnnanMeritUID", uid)], xsi_type="rr:GrundMerit")
        for uid in transfer.merit_uids
    ]
    return [
        ("rr:Beslut", _decision(scene, transfer.decided_on)),
        ("rr:MalLista/MalLista", targets),
        ("rr:StudentUID", transfer.student_uid),
        ("rr:TillgodoraknandeUID", transfer.uid),
        ("rr:Grunder/Grunder", grounds),
        ("rr:KoppladKurspaketeringUID", transfer.programme_uid),
        ("rr:KopplatKurspaketeringstillfalleUID", transfer.occasion_uid),
    ]
