"""Results, merits from elsewhere and credit transfers as Ladok's services show them.

Source: Ladok: resultat 5.5, assumptions A6 and A7.
"""

from collections.abc import Iterable

from mobility_bridge.sandbox.ladok_entities import base
from mobility_bridge.sandbox.ladok_numbers import local_time
from mobility_bridge.sandbox.ladok_results import GRADES, PASSING, SCALE
from mobility_bridge.sandbox.ladok_tree import Member, Obj
from mobility_bridge.sandbox.ladok_world import Education, LadokWorld, Merit, Result, Transfer


def result(ladok: LadokWorld, each: Result) -> Obj:
    given = ladok.occasion(each.occasion_uid)
    course = ladok.education_of(given)
    grade = Obj(
        [
            ("rr:ID", each.grade_id),
            ("rr:Kod", GRADES[each.grade_id]),
            ("rr:GiltigSomSlutbetyg", each.grade_id in PASSING),
        ]
    )
    return Obj(
        [
            *base(ladok.number, each.uid, each.saved_at, each.saved_by),
            ("rr:Betygsgrad", each.grade_id),
            ("rr:Betygsgradsobjekt", grade),
            ("rr:BetygsskalaID", SCALE),
            ("rr:Examinationsdatum", each.examined_on),
            ("rr:KursinstansUID", course.instance_uid),
            ("rr:KurstillfalleUID", given.uid),
            ("rr:Noteringar*", []),
            ("rr:ProcessStatus", 3 if each.attested else each.process),
            ("rr:ResultatUID", each.uid),
            ("rr:SenasteResultatandring", local_time(each.saved_at)),
            ("rr:StudentUID", each.student_uid),
            ("rr:StudieresultatUID", each.study_result_uid),
            ("rr:UtbildningsinstansUID", course.instance_uid),
        ]
    )


def attested_results(ladok: LadokWorld, results: Iterable[Result], transfers: Iterable[Transfer]) -> Obj:
    """What a transcript is made of: by course, with what was credited."""
    courses = []
    for each in results:
        course = ladok.education_of(ladok.occasion(each.occasion_uid))
        row: list[Member] = [
            ("rr:Benamningar", course.names, "Benamning"),
            ("rr:Betygsgradskod", GRADES[each.grade_id]),
            ("rr:BetygsskalaID", SCALE),
            ("rr:Enhetskod", "HP"),
            ("rr:Examinationsdatum", each.examined_on),
            ("rr:Omfattningsvarde", course.credits),
            ("rr:ResultatUID", each.uid),
            ("rr:Utbildningskod", course.code),
        ]
        courses.append(Obj([("rr:KursUID", course.uid), ("rr:Studentresultat*", [Obj(row)])]))
    courses += [_credited(ladok, each, uid, points) for each in transfers for uid, points in each.targets]
    return Obj([("rr:StudentresultatPerKurs*", courses)])


def _credited(ladok: LadokWorld, transfer: Transfer, uid: str, points: str) -> Obj:
    """A credited course has neither grade nor code of its own."""
    info = Obj([("rr:TillgodoraknandeUID", transfer.uid), ("rr:Beslutsdatum", transfer.decided_on)])
    row: list[Member] = [
        ("rr:Benamningar", ladok.educations[uid].names, "Benamning"),
        ("rr:Enhetskod", "HP"),
        ("rr:Omfattningsvarde", points),
        ("rr:Tillgodoinformation", info),
    ]
    return Obj([("rr:KursUID", uid), ("rr:Studentresultat*", [Obj(row)])])


def merit(each: Merit) -> Obj:
    return Obj(_merit(each))


def _merit(each: Merit) -> list[Member]:
    return [
        ("base:Uid", each.uid),
        ("base:SenastSparad", local_time(each.saved_at)),
        ("rr:AlternativBenamning", each.names.en),
        ("rr:AnvandsITillgodoraknande", each.used),
        ("rr:AnvandsIUtfardatBevis", False),
        ("rr:Attesterad", each.attested),
        ("rr:Benamning", each.names.sv),
        ("rr:Betygsskala", each.scale or None),
        ("rr:Examinationsdatum", each.examined_on),
        ("rr:ExternPartID", each.extern_part_id),
        ("rr:MeritViaEmrex", False),
        ("rr:Omfattning", each.extent),
        ("rr:Resultat", each.grade),
        ("rr:TillatenIBevis", True),
        ("rr:TillatenIGemensamExamen", False),
        ("rr:Ursprung", each.origin),
    ]


def transfer(ladok: LadokWorld, each: Transfer) -> Obj:
    grounds = [
        Obj([("rr:AnnanMerit", _ground(ladok.merits[uid]))], xsi_type="rr:TillgodoraknandegrundAnnanMerit")
        for uid in each.merit_uids
    ]
    targets = [_target(ladok.educations[uid], points) for uid, points in each.targets]
    return Obj(
        [
            *base(ladok.number, each.uid, each.saved_at, each.saved_by),
            ("rr:Anteckning", each.note),
            ("rr:AnvandsIUtfardatBevis", False),
            ("rr:Beslutsdatum", each.decided_on),
            ("rr:Beslutsfattare", each.decided_by),
            ("rr:Grunder*", grounds),
            ("rr:KoppladKurspaketeringUID", each.programme_uid),
            ("rr:KopplatKurspaketeringstillfalleUID", each.occasion_uid),
            ("rr:Mal*", targets),
            ("rr:Arendenummer", each.case_number),
        ]
    )


def _ground(each: Merit) -> Obj:
    return Obj([member for member in _merit(each) if member[0] != "base:SenastSparad"])


def _target(course: Education, points: str) -> Obj:
    return Obj(
        [
            ("rr:Typ", "HEL_KURS"),
            ("rr:Benamningar", course.names, "Benamning"),
            ("rr:Enhetskod", "HP"),
            ("rr:Omfattning", course.credits),
            ("rr:TillgodoOmfattning", points),
            ("rr:UtbildningsinstansUID", course.instance_uid),
            ("rr:Utbildningskod", course.code),
        ],
        xsi_type="rr:TillgodoraknandemalHelKurs",
    )
