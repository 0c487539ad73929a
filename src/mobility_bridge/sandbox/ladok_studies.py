"""Admission to studies, and everything that can become of it: the state machine of participation.

Exchange occasions are packages. Who goes out gets an individual commitment for each term, a course occasion
of his or her own inside the exchange occasion, and that is what is registered. Who comes in is admitted to
ordinary courses inside the exchange occasion. The package has begun as soon as a course inside it has.

Source: Ladok: exchange in Ladok's model, sequences 8.3, state machine, assumptions A3 to A5 and A20.
"""

from datetime import date
from typing import Final

from mobility_bridge.sandbox.ladok_events import Scene
from mobility_bridge.sandbox.ladok_numbers import local_date, term_of
from mobility_bridge.sandbox.ladok_offers import occasion_event
from mobility_bridge.sandbox.ladok_study_events import (
    NO_FEE,
    REMOVED_REGISTRATION,
    begin,
    ids,
    offer,
    registration,
    unbegin,
)
from mobility_bridge.sandbox.ladok_tree import Member
from mobility_bridge.sandbox.ladok_world import (
    COURSE,
    OUTGOING,
    USABLE,
    Admission,
    Education,
    Occasion,
    Period,
    RefusalError,
)

SAID_SO: Final = "studiedeltagande.domain.aterbudsorsak.meddelat.av.studenten"
COMMITMENT: Final = "UTBYTESATAGANDE"
"""The code of the course whose occasions are individual commitments."""


def admit(
    scene: Scene,
    *,
    student_uid: str,
    occasion_uid: str,
    within: str | None = None,
    previous_uid: str | None = None,
) -> Admission:
    """Admit a student to an occasion, perhaps inside a package that he or she is already admitted to.

    Raises:  RefusalError for an occasion that is not usable and for a second live admission to the same one.
    """
    ladok = scene.ladok
    ladok.person(student_uid)
    occasion = ladok.occasion(occasion_uid)
    if occasion.status != USABLE or occasion.cancelled:
        raise RefusalError("felaktig_status", "Tillfället är inte komplett eller är inställt.")
    if any(each.occasion_uid == occasion_uid and each.live for each in ladok.admissions_of(student_uid)):
        raise RefusalError("domanregel", "Studenten är redan antagen till tillfället.")
    commits = ladok.is_exchange(occasion) and occasion.direction == OUTGOING and ladok.assumed["A20"]
    if commits:
        _commitment_course(scene)
    admission = _admitted(scene, student_uid, occasion, within, previous_uid)
    if commits:
        for span in occasion.spans:
            _commit(scene, admission, occasion, span)
    return admission


def remove(scene: Scene, *, admission_uid: str) -> None:
    """Take an admission back as if it had never been. Raises RefusalError when the studies have begun."""
    admission = _not_begun(scene, admission_uid)
    for each in [*scene.ladok.inside(admission), admission]:
        del scene.ladok.admissions[each.uid]
        scene.happens("sd:ForvantatDeltagandeBorttagetEvent", ids(each), each.student_uid)


def withdraw(
    scene: Scene, *, admission_uid: str, reason: str = SAID_SO, on: str | None = None, automatic: bool = False
) -> Admission:
    """The student withdraws before the start; commitments inside fall away with it."""
    admission = _not_begun(scene, admission_uid)
    for each in [admission, *scene.ladok.inside(admission)]:
        if each.withdrawn:
            continue
        _save(scene, each)
        each.withdrawn = True
        members: list[Member] = [
            ("sd:AutomatisktAterbud", automatic or each is not admission),
            *ids(each),
            ("sd:Aterbudsdatum", on or local_date(scene.at)),
            ("sd:Aterbudsorsak", reason),
        ]
        scene.happens("sd:AterbudEvent", members, each.student_uid)
    return admission


def register(scene: Scene, *, admission_uid: str, period: int = 1) -> Admission:
    """Register a student on a course for one of its periods.

    Raises:  RefusalError when something stops it; see `obstacles`.
    """
    ladok = scene.ladok
    admission = ladok.admission(admission_uid)
    stopping = obstacles(scene, admission, period)
    if stopping:
        raise RefusalError("domanregel", stopping[0][1])
    term = admission.periods[period - 1]
    _save(scene, admission)
    term.state, term.registration_uid = "registrerad", scene.uid()
    scene.happens("sd:RegistreringEvent", registration(scene, admission, term), admission.student_uid)
    for each in [admission, *ladok.around(admission)]:
        if not each.begun:
            begin(scene, each)
    return admission


def obstacles(scene: Scene, admission: Admission, period: int) -> list[tuple[str, str, str]]:
    """What stops a registration: key, Swedish and English text."""
    occasion = scene.ladok.occasion(admission.occasion_uid)
    if not 1 <= period <= len(admission.periods):
        return [("ingen_period", "Perioden finns inte.", "There is no such period.")]
    checks = (
        (not scene.ladok.is_course(occasion), "ej_kurs", "Antagningen gäller inte en kurs.", "Not a course."),
        (not admission.live, "ej_aktuell", "Deltagandet pågår inte.", "The participation is not current."),
        (
            admission.periods[period - 1].state == "registrerad",
            "redan_registrerad",
            "Studenten är redan registrerad.",
            "The student is registered already.",
        ),
        (
            any(each.state != "registrerad" for each in admission.periods[: period - 1]),
            "tidigare_period",
            "En tidigare period är inte registrerad.",
            "An earlier period is not registered.",
        ),
        (occasion.cancelled, "installt", "Tillfället är inställt.", "The occasion is cancelled."),
    )
    return [(f"mock.registrering.hinder.{key}", sv, en) for holds, key, sv, en in checks if holds]


def unregister(scene: Scene, *, admission_uid: str, period: int = 1) -> Admission:
    """Remove a registration; a package that nothing else has begun has not begun any more."""
    ladok = scene.ladok
    admission = ladok.admission(admission_uid)
    if not 1 <= period <= len(admission.periods) or not admission.periods[period - 1].registration_uid:
        raise RefusalError("felaktig_status", "Studenten är inte registrerad.")
    term = admission.periods[period - 1]
    _save(scene, admission)
    recalled: list[Member] = [
        *registration(scene, admission, term),
        ("sd:Orsak", REMOVED_REGISTRATION),
        ("sd:Aterkallandedatum", local_date(scene.at)),
    ]
    scene.happens("sd:AterkalladregistreringEvent", recalled, admission.student_uid)
    term.state, term.registration_uid = "ej_paborjad", None
    if any(each.registration_uid for each in admission.periods):
        return admission
    unbegin(scene, admission)
    for package in ladok.around(admission):
        if package.begun and not any(each.begun for each in ladok.inside(package)):
            unbegin(scene, package)
    return admission


def interrupt(
    scene: Scene, *, admission_uid: str, on: str | None = None, note: str | None = None
) -> Admission:
    """The studies end after they began; what is inside a package ends with it, and before it.

    Raises:  RefusalError before the studies have begun.
    """
    ladok = scene.ladok
    admission = ladok.admission(admission_uid)
    if not admission.begun or not admission.live:
        raise RefusalError("felaktig_status", "Utbildningen pågår inte.")
    day = on or local_date(scene.at).isoformat()
    for each in [*(inner for inner in ladok.inside(admission) if inner.live), admission]:
        if not each.begun:
            withdraw(scene, admission_uid=each.uid, automatic=True)
            continue
        _save(scene, each)
        each.interrupted = True
        occasion, education = offer(scene, each)
        members: list[Member] = [
            ("sd:Anteckning", note),
            ("sd:Avbrottsdatum", day),
            ("sd:StudentUID", each.student_uid),
            ("sd:UtbildningUID", education.uid),
            ("sd:UtbildningstillfalleUID", occasion.uid),
            ("sd:UtbildningstypID", education.type_id),
        ]
        scene.happens("sd:AvbrottEvent", members, each.student_uid)
    return admission


def resume(scene: Scene, *, admission_uid: str) -> Admission:
    """Undo an interruption."""
    admission = scene.ladok.admission(admission_uid)
    if not admission.interrupted:
        raise RefusalError("felaktig_status", "Det finns inget avbrott.")
    _save(scene, admission)
    admission.interrupted = False
    occasion, education = offer(scene, admission)
    members: list[Member] = [
        ("sd:StudentUID", admission.student_uid),
        ("sd:UtbildningUID", education.uid),
        ("sd:UtbildningstillfalleUID", occasion.uid),
        ("sd:UtbildningstypID", education.type_id),
    ]
    scene.happens("sd:AvbrottBorttagetEvent", members, admission.student_uid)
    return admission


def change_occasion(scene: Scene, *, admission_uid: str, occasion_uid: str) -> Admission:
    """Exchange an admission for one to a longer or shorter occasion of the same education.

    Commitments for terms that both occasions have move over as they are; the others come and go.
    """
    ladok = scene.ladok
    old = ladok.admission(admission_uid)
    new_occasion = ladok.occasion(occasion_uid)
    if not old.live:
        raise RefusalError("felaktig_status", "Deltagandet pågår inte.")
    if new_occasion.direction == OUTGOING and ladok.assumed["A20"]:
        _commitment_course(scene)
    if ladok.occasion(old.occasion_uid).education_uid != new_occasion.education_uid:
        raise RefusalError("domanregel", "Tillfällena hör inte till samma utbildning.")
    if old.occasion_uid == occasion_uid:
        raise RefusalError("domanregel", "Studenten är redan antagen till tillfället.")
    _save(scene, old)
    old.replaced = True
    new = _admitted(scene, old.student_uid, new_occasion, old.within, old.uid)
    _move_commitments(scene, old, new, new_occasion)
    if old.begun:
        begin(scene, new)
    return new


def complete(scene: Scene, *, admission_uid: str) -> Admission:
    """The studies are completed. Raises RefusalError unless they are under way."""
    admission = scene.ladok.admission(admission_uid)
    if not admission.begun or not admission.live:
        raise RefusalError("felaktig_status", "Utbildningen pågår inte.")
    _save(scene, admission)
    admission.completed = True
    occasion, education = offer(scene, admission)
    members: list[Member] = [
        ("sd:AvklaradDatum", local_date(scene.at)),
        ("sd:StudentUID", admission.student_uid),
        ("sd:UtbildningUID", education.uid),
        ("sd:UtbildningstillfalleVidAvklarandeUID", occasion.uid),
        ("sd:UtbildningstypID", education.type_id),
    ]
    scene.happens("sd:AvklaradEvent", members, admission.student_uid)
    return admission


def _admitted(
    scene: Scene, student_uid: str, occasion: Occasion, within: str | None, previous_uid: str | None
) -> Admission:
    ladok = scene.ladok
    admission = Admission(
        uid=scene.uid(),
        student_uid=student_uid,
        occasion_uid=occasion.uid,
        structure_uid=scene.uid(),
        periods=[
            Period(scene.uid(), number, first, last, points)
            for number, (first, last, points) in enumerate(occasion.spans, start=1)
        ],
        saved_at=scene.at,
        saved_by=scene.who,
        within=within,
        previous_uid=previous_uid,
    )
    packages = [each.occasion_uid for each in ladok.around(admission)]
    ladok.admissions[admission.uid] = admission
    members: list[Member] = [
        ("sd:PaketerandeUtbildningstillfalleUID*", packages),
        ("sd:Senaredelmarkering", False),
        ("sd:StudentUID", student_uid),
        ("sd:Studieavgiftsbetalning", NO_FEE),
        ("sd:TidigareTillfallesantagningUID", previous_uid),
        ("sd:TillfallesantagningUID", admission.uid),
        ("sd:UtbildningstillfalleUID", occasion.uid),
    ]
    scene.happens("sd:ForvantatDeltagandeSkapadEvent", members, student_uid)
    return admission


def _commit(scene: Scene, package: Admission, occasion: Occasion, span: tuple[date, date, str]) -> None:
    """One individual commitment for a term: a course occasion for this one student, and the admission to it."""
    course, term = _commitment_course(scene), term_of(span[0])
    first_day = max(span[0], term.first_day)
    individual = Occasion(
        uid=scene.uid(),
        education_uid=course.uid,
        code=f"I{scene.ladok.issued:05d}",
        spans=[(first_day, *span[1:])],
        saved_at=scene.at,
        saved_by=scene.who,
        student_uid=package.student_uid,
        admission_uid=package.uid,
        package_uid=occasion.uid,
        reference_uid=scene.uid(),
    )
    scene.ladok.occasions[individual.uid] = individual
    occasion_event(scene, individual)
    _admitted(scene, package.student_uid, individual, package.uid, None)


def _commitment_course(scene: Scene) -> Education:
    for each in scene.ladok.educations.values():
        if each.code == COMMITMENT and each.type_id == COURSE:
            return each
    raise RefusalError("domanregel", f"Kursen {COMMITMENT} finns inte.")


def _move_commitments(scene: Scene, old: Admission, new: Admission, occasion: Occasion) -> None:
    ladok = scene.ladok
    wanted = {term_of(span[0]): span for span in occasion.spans}
    for each in ladok.inside(old):
        if not each.live:
            continue
        individual = ladok.occasion(each.occasion_uid)
        term = term_of(individual.first_day)
        if term in wanted or individual.student_uid is None:
            wanted.pop(term, None)
            each.within = new.uid
            individual.admission_uid, individual.package_uid = new.uid, occasion.uid
        elif each.begun:
            interrupt(scene, admission_uid=each.uid)
        else:
            remove(scene, admission_uid=each.uid)
    if occasion.direction == OUTGOING and ladok.is_exchange(occasion) and ladok.assumed["A20"]:
        for span in wanted.values():
            _commit(scene, new, occasion, span)


def _not_begun(scene: Scene, admission_uid: str) -> Admission:
    admission = scene.ladok.admission(admission_uid)
    if admission.begun or not admission.live:
        raise RefusalError("felaktig_status", "Studierna har påbörjats eller gäller inte längre.")
    return admission


def _save(scene: Scene, admission: Admission) -> None:
    admission.saved_at, admission.saved_by = scene.at, scene.who
