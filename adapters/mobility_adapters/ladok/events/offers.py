"""Events about agreements, occasions and code tables: what tells an exchange from everything else.

Source: Ladok: exchange in Ladok's model; events, `utbildningsinformation` and `kataloginformation`.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from mobility_adapters.ladok.events.said import Part, Said, Unreadable
from mobility_adapters.ladok.exchange import ExchangeRules
from mobility_bridge.domain.fact import Fact
from mobility_bridge.domain.occasion import (
    CodeRow,
    Commitment,
    ExchangeAgreement,
    ExternalParty,
    Occasion,
    OccasionCancelled,
)

Periods = tuple[tuple[date | None, date | None, Decimal | None], ...]
Decoder = Callable[[Said, ExchangeRules], tuple[Fact, ...]]


def agreement(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """A course package: an exchange agreement if it has an external party or is called one."""
    type_id, code = said.text("UtbildningstypID"), said.text("Utbildningskod")
    party = said.text("ExternPartID") or _attribute(said, rules.party_attribute)
    return (
        ExchangeAgreement(
            education_uid=said.need("UtbildningUID"),
            instance_uid=said.uid("UtbildningsinstansUID"),
            code=code,
            names=said.names(),
            status=said.integer("Status"),
            education_type_id=type_id,
            external_party_id=party,
            programme_id=_attribute(said, rules.programme_attribute),
            credits=said.number("Omfattningsvarde"),
            exchange=party is not None or rules.is_agreement(type_id, code),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def occasion(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """A package's occasion: an exchange occasion if its agreement is one."""
    type_id, code = said.text("UtbildningstypID"), said.text("Utbildningstillfalleskod")
    agreement_type = said.text("UtbildningUtbildningstypID")
    known = rules.is_occasion(type_id) or rules.is_agreement(agreement_type, None)
    return (
        Occasion(
            occasion_uid=said.need("UtbildningstillfalleUID"),
            education_uid=said.uid("UtbildningUID"),
            instance_uid=said.uid("UtbildningsinstansUID"),
            code=code,
            status=said.integer("Status"),
            start_period_id=said.text("StartperiodID"),
            occasion_type_id=type_id,
            periods=_periods(said, "Tillfallesperioder"),
            exchange=True if known else None,
            direction=rules.direction(type_id, agreement_type, code),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def commitment(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """A course occasion: of concern only where it was made for one student."""
    del rules
    attributes = said.part("Kurstillfallesattribut")
    student = None if attributes is None else attributes.uid("StudentUID")
    if attributes is None or student is None:
        return ()
    return (
        Commitment(
            occasion_uid=said.need("UtbildningstillfalleUID"),
            student_uid=student,
            package_admission_uid=attributes.uid("KurspaketeringstillfallesantagningUID"),
            reference_uid=attributes.uid("IndividuelltAtagandeReferensUID"),
            status=said.integer("Status"),
            periods=_periods(said, "Kurstillfallesperioder"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def occasion_cancelled(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """Cancelled, or brought back."""
    del rules
    return (
        OccasionCancelled(
            occasion_uid=said.need("UtbildningstillfalleUID"),
            removed=said.name.endswith("AteraktiveratEvent"),
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def occasion_deleted(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    del rules
    return (
        Occasion(
            occasion_uid=said.need("UtbildningstillfalleUID"),
            removed=True,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def external_party(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """A partner in the code table; its domain is in the table only."""
    del rules
    valid = said.part("Giltighetsperiod")
    return (
        ExternalParty(
            external_party_id=_row_id(said),
            code=said.text("Kod"),
            names=said.names(),
            country_id=said.text("LandID"),
            type_id=said.text("TypAvExternPartID"),
            valid_from=None if valid is None else valid.day("Startdatum"),
            valid_to=None if valid is None else valid.day("Slutdatum"),
            removed=said.taken_back,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def code_row(said: Said, rules: ExchangeRules) -> tuple[Fact, ...]:
    """A row of another code table, which is called as its event is."""
    del rules
    valid = said.part("Giltighetsperiod")
    first, last = said.day("FromDatum"), said.day("TomDatum")
    return (
        CodeRow(
            table=said.name.removesuffix("Event").lower(),
            row_id=_row_id(said),
            code=said.text("Kod"),
            names=said.names(),
            starts_on=first or (None if valid is None else valid.day("Startdatum")),
            ends_on=last or (None if valid is None else valid.day("Slutdatum")),
            removed=said.taken_back,
            as_of=said.at,
            event_uid=said.event_uid,
        ),
    )


def _row_id(said: Said) -> str:
    row_id = said.text("Id") or said.text("ID")
    if row_id is None:
        raise Unreadable("Id")
    return row_id


def _periods(said: Said, name: str) -> Periods:
    found = said.parts(name)
    inner: list[Part] = [each for part in found for each in part.parts("Tillfallesperiod")]
    return tuple(
        (
            part.day("ForstaUndervisningsdatum"),
            part.day("SistaUndervisningsdatum"),
            part.number("Omfattningsvarde"),
        )
        for part in inner or found
    )


def _attribute(said: Said, name: str) -> str | None:
    """The value of a named attribute (`Attributvarde` with `Namn` and `Varde`)."""
    for part in said.parts("Attributvarde"):
        if part.text("Namn") == name:
            return part.text("Varde")
    return None


EVENTS: Final[Mapping[str, Decoder]] = {
    "utbildningsinformation/KurspaketeringTillStatusEvent": agreement,
    "utbildningsinformation/KurspaketeringUppdateradEvent": agreement,
    "utbildningsinformation/KurspaketeringstillfalleTillStatusEvent": occasion,
    "utbildningsinformation/KurspaketeringstillfalleUppdateratEvent": occasion,
    "utbildningsinformation/KurstillfalleTillStatusEvent": commitment,
    "utbildningsinformation/KurstillfalleUppdateratEvent": commitment,
    "utbildningsinformation/UtbildningstillfalleInstalltEvent": occasion_cancelled,
    "utbildningsinformation/UtbildningstillfalleAteraktiveratEvent": occasion_cancelled,
    "utbildningsinformation/UtbildningstillfalleBorttagetEvent": occasion_deleted,
    "kataloginformation/ExternPartEvent": external_party,
    "kataloginformation/UtbytesprogramEvent": code_row,
    "kataloginformation/LandEvent": code_row,
    "kataloginformation/PeriodEvent": code_row,
    "kataloginformation/TypAvExternPartEvent": code_row,
}
