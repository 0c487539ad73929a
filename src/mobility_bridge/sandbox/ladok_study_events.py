"""What the feed tells about participation: begun, no longer begun, registered.

Source: Ladok: events (RegistreringEvent, Paborjat…, Aterkallat…), sequences 8.3.
"""

from collections.abc import Iterator
from typing import Final

from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_numbers import local_date
from mobility_bridge.sandbox.ladok_tree import Member, Obj
from mobility_bridge.sandbox.ladok_world import OCCASION_TYPES, Admission, Education, Occasion, Period

NO_FEE: Final = "studiedeltagande.domain.studieavgiftsbetalningsvarde.ej_aktuell"
REMOVED_REGISTRATION: Final = "studiedeltagande.domain.aterkalla.orsak.borttagen_registrering"


def begin(scene: Scene, admission: Admission) -> None:
    occasion, education = offer(scene, admission)
    admission.begun = True
    at_occasion: list[Member] = [
        ("sd:PaborjandeDatum", local_date(scene.at)),
        ("sd:StudentUID", admission.student_uid),
        ("sd:TidigareTillfallesantagningUID", admission.previous_uid),
        ("sd:TillfallesantagningUID", admission.uid),
        *_education_ids(occasion, education),
        ("sd:UtbildningstillfallestypID", OCCASION_TYPES[education.type_id]),
    ]
    scene.happens("sd:PaborjatUtbildningstillfalleEvent", at_occasion, admission.student_uid)
    if admission.previous_uid is not None:
        return
    at_education: list[Member] = [
        ("sd:StudentUID", admission.student_uid),
        *_education_ids(occasion, education),
        ("sd:UtbildningstypID", education.type_id),
    ]
    scene.happens("sd:PaborjadUtbildningEvent", at_education, admission.student_uid)


def unbegin(scene: Scene, admission: Admission) -> None:
    occasion, education = offer(scene, admission)
    admission.begun = False
    common: list[Member] = [
        ("sd:Orsak", REMOVED_REGISTRATION),
        ("sd:StudentUID", admission.student_uid),
        *_education_ids(occasion, education),
    ]
    kind = ("sd:UtbildningstillfallestypID", OCCASION_TYPES[education.type_id])
    scene.happens("sd:AterkallatPaborjatUtbildningstillfalleEvent", [*common, kind], admission.student_uid)
    kind = ("sd:UtbildningstypID", education.type_id)
    scene.happens("sd:AterkalladPaborjadUtbildningEvent", [*common, kind], admission.student_uid)


def _education_ids(occasion: Occasion, education: Education) -> Iterator[Member]:
    yield "sd:UtbildningUID", education.uid
    yield "sd:UtbildningsinstansUID", education.instance_uid
    yield "sd:UtbildningstillfalleUID", occasion.uid


def registration(scene: Scene, admission: Admission, term: Period) -> list[Member]:
    ladok = scene.ladok
    occasion, course = offer(scene, admission)
    packages = []
    for each in ladok.around(admission):
        _, package = offer(scene, each)
        packages.append(
            Obj(
                [
                    ("sd:KurspaketeringUID", package.uid),
                    ("sd:KurspaketeringstillfalleUID", each.occasion_uid),
                    ("sd:TillfallesantagningUID", each.uid),
                    ("sd:UtbildningstypID", package.type_id),
                ]
            )
        )
    return [
        ("sd:InomKurspaketeringstillfalle*", packages),
        ("sd:KursUID", course.uid),
        ("sd:KurstillfalleUID", occasion.uid),
        ("sd:Period", term.number),
        ("sd:RegistreringUID", term.registration_uid),
        ("sd:StudentUID", admission.student_uid),
        ("sd:TillfallesantagningUID", admission.uid),
        ("sd:UtbildningsinstansUID", course.instance_uid),
        ("sd:Omfattningsvarde", term.credits),
        ("sd:Studieavgiftsbetalning", NO_FEE),
        ("sd:StudieperiodSlut", term.last_day),
        ("sd:StudieperiodStart", term.first_day),
        ("sd:ArAnpassad", False),
    ]


def offer(scene: Scene, admission: Admission) -> tuple[Occasion, Education]:
    occasion = scene.ladok.occasion(admission.occasion_uid)
    return occasion, scene.ladok.education_of(occasion)


def ids(admission: Admission) -> list[Member]:
    return [
        ("sd:StudentUID", admission.student_uid),
        ("sd:TillfallesantagningUID", admission.uid),
        ("sd:UtbildningstillfalleUID", admission.occasion_uid),
    ]
