"""Events about results, credit transfer and merits from elsewhere.

Source: Ladok: events that matter for exchange, `resultat`; credit transfer.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from mobility_adapters.ladok.events.said import Part, Said, Unreadable
from mobility_adapters.ladok.values import number_in
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.domain.result import (
    CreditGround,
    CreditTarget,
    CreditTransfer,
    OtherMerit,
    ResultDecided,
)


def result_decided(said: Said) -> tuple[Fact, ...]:
    """A grade was decided."""
    result = said.part("Resultat") or said
    return (
        ResultDecided(
            result_uid=_result_uid(result, said),
            student_uid=said.student,
            course_uid=said.uid("KursUID"),
            occasion_uid=said.uid("KurstillfalleUID"),
            grade_id=result.text("BetygsgradID"),
            credits=result.number("OmfattningsPoang"),
            examined_on=result.day("Examinationsdatum"),
            decided_on=_decided_on(said),
            final=result.flag("GiltigSomSlutbetyg"),
            module="PaModul" in said.name,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def result_annulled(said: Said) -> tuple[Fact, ...]:
    return (
        ResultDecided(
            result_uid=_result_uid(said, said),
            student_uid=said.student,
            decided_on=_decided_on(said),
            removed=True,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _result_uid(part: Part, said: Said) -> LadokUid:
    uid = part.uid("ResultatUID") or said.uid("ResultatUID")
    if uid is None:
        raise Unreadable("ResultatUID")
    return uid


def credit_transfer(said: Said) -> tuple[Fact, ...]:
    """A credit transfer was decided, corrected or removed."""
    return (
        CreditTransfer(
            credit_transfer_uid=said.need("TillgodoraknandeUID"),
            student_uid=said.student,
            occasion_uid=said.uid("KopplatKurspaketeringstillfalleUID"),
            programme_uid=said.uid("KoppladKurspaketeringUID"),
            grounds=tuple(_ground(part) for part in said.parts("Grunder")),
            targets=tuple(_target(part) for part in said.parts("MalLista")),
            decided_on=_decided_on(said),
            removed=said.name.endswith("BorttagetEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _ground(part: Part) -> CreditGround:
    return CreditGround(
        kind=(part.text("Typ") or part.xsi_type.removeprefix("Grund")).lower(),
        other_merit_uid=part.uid("AnnanMeritUID"),
        result_uid=part.uid("ResultatUID"),
        course_uid=part.uid("KursUID"),
    )


def _target(part: Part) -> CreditTarget:
    return CreditTarget(
        kind=(part.text("Typ") or part.xsi_type).lower(),
        course_uid=part.uid("KursUID"),
        course_code=part.text("Utbildningskod"),
        credits=part.number("TillgodoOmfattning") or part.number("Omfattning"),
    )


def other_merit(said: Said) -> tuple[Fact, ...]:
    """A merit from elsewhere was attested, corrected or annulled."""
    extent = said.text("Omfattning")
    return (
        OtherMerit(
            other_merit_uid=said.need("AnnanMeritUID"),
            student_uid=said.student,
            name=said.text("Benamning"),
            name_en=said.text("EngelskBenamning"),
            course_code=said.text("Utbildningskod"),
            extent=extent,
            credits=number_in(extent),
            result=said.text("Resultat"),
            grading_scale=said.text("Betygsskala"),
            examined_on=said.day("Examinationsdatum"),
            external_party_id=said.text("ExternpartID") or said.text("ExternPartID"),
            origin=said.text("Ursprung"),
            decided_on=_decided_on(said),
            removed=said.name.endswith("MakuleradEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _decided_on(said: Said) -> date | None:
    decision = said.part("Beslut")
    return None if decision is None else decision.day("Beslutsdatum")


EVENTS: Final[Mapping[str, Callable[[Said], tuple[Fact, ...]]]] = {
    f"resultat/{name}": decode
    for name, decode in {
        "ResultatPaHelKursAttesteratEvent": result_decided,
        "ResultatPaModulAttesteratEvent": result_decided,
        "AttesteratResultatMakuleratEvent": result_annulled,
        "TillgodoraknandeAttesteratEvent": credit_transfer,
        "TillgodoraknandeRattattEvent": credit_transfer,
        "TillgodoraknandeBorttagetEvent": credit_transfer,
        "AnnanMeritAttesteratEvent": other_merit,
        "AnnanMeritRattadEvent": other_merit,
        "AnnanMeritMakuleradEvent": other_merit,
    }.items()
}
