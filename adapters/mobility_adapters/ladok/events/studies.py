"""Events about admission, registration and participation.

Source: Ladok: events that matter for exchange, `studiedeltagande`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from mobility_adapters.ladok.events.said import Said
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.registration import (
    Admission,
    Completion,
    EducationBegun,
    Interruption,
    Leave,
    OccasionBegun,
    PackageOccasion,
    Placement,
    Registration,
    StudyPeriod,
    Withdrawal,
)


def admission(said: Said) -> tuple[Fact, ...]:
    """Admitted, or the admission changed."""
    within = tuple(
        LadokUid(text.strip().lower())
        for part in said.parts("PaketerandeUtbildningstillfalleUID")
        if (text := part.element.text)
    )
    return (
        Admission(
            admission_uid=said.need("TillfallesantagningUID"),
            student_uid=said.student,
            occasion_uid=said.uid("UtbildningstillfalleUID"),
            within_occasion_uids=within,
            earlier_admission_uid=said.uid("TidigareTillfallesantagningUID"),
            periods=_periods(said),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def admission_removed(said: Said) -> tuple[Fact, ...]:
    return (
        Admission(
            admission_uid=said.need("TillfallesantagningUID"),
            student_uid=said.student,
            occasion_uid=said.uid("UtbildningstillfalleUID"),
            removed=True,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _periods(said: Said) -> tuple[StudyPeriod, ...]:
    """Periods of an expected participation, whose wrapper may hold them or be repeated itself."""
    found = said.parts("Perioddeltaganden")
    inner = [each for part in found for each in part.parts("Perioddeltagande")]
    return tuple(
        StudyPeriod(
            index=each.integer("Periodindex") or place,
            starts_on=each.day("UtbildningsPeriodFran"),
            ends_on=each.day("UtbildningsPeriodTill"),
            credits=each.number("Omfattningsvarde"),
            state=each.word("Tillstand"),
        )
        for place, each in enumerate(inner or found, start=1)
    )


def _within(said: Said) -> tuple[PackageOccasion, ...]:
    return tuple(
        PackageOccasion(
            occasion_uid=uid,
            education_uid=part.uid("KurspaketeringUID"),
            admission_uid=part.uid("TillfallesantagningUID"),
            education_type_id=part.text("UtbildningstypID"),
        )
        for part in said.parts("InomKurspaketeringstillfalle")
        if (uid := part.uid("KurspaketeringstillfalleUID")) is not None
    )


def registration(said: Said) -> tuple[Fact, ...]:
    """Registered, or registered again, for one period."""
    return (_registration(said, removed=False),)


def registration_recalled(said: Said) -> tuple[Fact, ...]:
    return (_registration(said, removed=True),)


def _registration(said: Said, *, removed: bool) -> Registration:
    return Registration(
        registration_uid=said.need("RegistreringUID"),
        student_uid=said.student,
        admission_uid=said.uid("TillfallesantagningUID"),
        occasion_uid=said.uid("KurstillfalleUID"),
        course_uid=said.uid("KursUID"),
        period=said.integer("Period"),
        starts_on=said.day("StudieperiodStart"),
        ends_on=said.day("StudieperiodSlut"),
        credits=said.number("Omfattningsvarde"),
        within=_within(said),
        again=said.name.startswith("Omregistrering"),
        recalled_on=said.day("Aterkallandedatum") if removed else None,
        reason=said.word("Orsak") if removed else None,
        removed=removed,
        as_of=said.at,
        event_uid=said.event_uid,
    )


def occasion_begun(said: Said) -> tuple[Fact, ...]:
    """Began an occasion, or that was recalled."""
    return (
        OccasionBegun(
            student_uid=said.need_student(),
            occasion_uid=said.need("UtbildningstillfalleUID"),
            admission_uid=said.uid("TillfallesantagningUID"),
            education_uid=said.uid("UtbildningUID"),
            begun_on=said.day("PaborjandeDatum"),
            removed=said.name.startswith("Aterkall"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def education_begun(said: Said) -> tuple[Fact, ...]:
    """Began an education, or that was recalled."""
    return (
        EducationBegun(
            student_uid=said.need_student(),
            education_uid=said.need("UtbildningUID"),
            occasion_uid=said.uid("UtbildningstillfalleUID"),
            removed=said.name.startswith("Aterkall"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def withdrawal(said: Said) -> tuple[Fact, ...]:
    return (
        Withdrawal(
            admission_uid=said.need("TillfallesantagningUID"),
            student_uid=said.student,
            occasion_uid=said.uid("UtbildningstillfalleUID"),
            withdrawn_on=said.day("Aterbudsdatum"),
            reason=_withdrawal_reason(said.text("Aterbudsorsak")),
            automatic=said.flag("AutomatisktAterbud"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _withdrawal_reason(key: str | None) -> str | None:
    """`…aterbudsorsak.meddelat.av.studenten`: everything after the list's name."""
    return key.rpartition("aterbudsorsak.")[2] if key else None


def interruption(said: Said) -> tuple[Fact, ...]:
    """Interrupted, or that was undone."""
    return (
        Interruption(
            student_uid=said.need_student(),
            occasion_uid=said.need("UtbildningstillfalleUID"),
            education_uid=said.uid("UtbildningUID"),
            interrupted_on=said.day("Avbrottsdatum"),
            removed=said.name.endswith("BorttagetEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def completion(said: Said) -> tuple[Fact, ...]:
    """Completed, or that was undone."""
    return (
        Completion(
            student_uid=said.need_student(),
            occasion_uid=said.need("UtbildningstillfalleVidAvklarandeUID"),
            education_uid=said.uid("UtbildningUID"),
            completed_on=said.day("AvklaradDatum"),
            removed=said.name.endswith("BorttagetEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def leave(said: Said) -> tuple[Fact, ...]:
    """On leave from a day that may lie ahead; or the leave was taken back."""
    start = next((name for name in said.found if name.endswith("tartdatum")), "Startdatum")
    return (
        Leave(
            leave_uid=said.need("UppehallUID"),
            student_uid=said.student,
            starts_on=said.day(start),
            planned_end_on=said.day("PlaneratSlutdatum"),
            removed=said.name.endswith("BorttagetEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def placement(said: Said) -> tuple[Fact, ...]:
    """Moved within the study plan."""
    return (
        Placement(
            admission_uid=said.need("TillfallesantagningUID"),
            student_uid=said.student,
            occasion_uid=said.uid("UtbildningstillfalleUID"),
            within=_within(said),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


EVENTS: Final[Mapping[str, Callable[[Said], tuple[Fact, ...]]]] = {
    f"studiedeltagande/{name}": decode
    for name, decode in {
        "ForvantatDeltagandeSkapadEvent": admission,
        "ForvantatDeltagandeUppdateradEvent": admission,
        "ForvantatDeltagandeBorttagetEvent": admission_removed,
        "RegistreringEvent": registration,
        "OmregistreringEvent": registration,
        "AterkalladregistreringEvent": registration_recalled,
        "PaborjatUtbildningstillfalleEvent": occasion_begun,
        "AterkallatPaborjatUtbildningstillfalleEvent": occasion_begun,
        "PaborjadUtbildningEvent": education_begun,
        "AterkalladPaborjadUtbildningEvent": education_begun,
        "AterbudEvent": withdrawal,
        "AvbrottEvent": interruption,
        "AvbrottBorttagetEvent": interruption,
        "AvklaradEvent": completion,
        "AvklaradBorttagetEvent": completion,
        "UppehallEvent": leave,
        "UppehallUppdateratEvent": leave,
        "UppehallBorttagetEvent": leave,
        "AndradPlaceringIPlan2Event": placement,
        "AndradPlaceringIPlanEvent": placement,
    }.items()
}
