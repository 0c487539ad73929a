"""Our copies as Mobility-Online records: one record for each condition.

Source: Mobility-Online: data model; assumed services, A1.
"""

from collections.abc import Iterator
from decimal import Decimal

from mobility_bridge.sandbox.academic_years import first_day, last_day, years
from mobility_bridge.sandbox.cast import EVERYBODY, Hei
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.world import (
    OWN_HEI_ID,
    STUDIES,
    TEACHING,
    TRAINEESHIP,
    TRAINING,
    Condition,
    MoAgreement,
    MoEwp,
    MoInstitution,
    MoLanguage,
    MoLookup,
    OurAgreement,
    World,
)

_PROGRAMS = {
    STUDIES: MoLookup("SMS", "Erasmus SMS"),
    TRAINEESHIP: MoLookup("SMP", "Erasmus SMP"),
    TEACHING: MoLookup("STA", "Erasmus STA"),
    TRAINING: MoLookup("STT", "Erasmus STT"),
}
_LEVELS = {"6": "B", "7": "M", "8": "D"}
ISCED_TITLES = {
    "0111": "Education science",
    "0213": "Fine arts",
    "0215": "Music and performing arts",
    "0222": "History and archaeology",
    "0231": "Language acquisition",
    "0232": "Literature and linguistics",
    "0310": "Social and behavioural sciences, not further defined",
    "0311": "Economics",
    "0312": "Political sciences and civics",
    "0313": "Psychology",
    "0314": "Sociology and cultural studies",
    "0413": "Management and administration",
    "0421": "Law",
    "0511": "Biology",
    "0521": "Environmental sciences",
    "0531": "Chemistry",
    "0532": "Earth sciences",
    "0533": "Physics",
    "0541": "Mathematics",
    "0542": "Statistics",
    "0610": "Information and Communication Technologies (ICTs), not further defined",
    "0611": "Computer use",
    "0613": "Software and applications development and analysis",
    "0711": "Chemical engineering and processes",
    "0712": "Environmental protection technology",
    "0713": "Electricity and energy",
    "0721": "Food processing",
    "0731": "Architecture and town planning",
    "0811": "Crop and livestock production",
    "0812": "Horticulture",
    "0912": "Medicine",
    "0923": "Social work and counselling",
}
"""The official titles of the ISCED-F codes that the scenarios use. Source: UNESCO, ISCED-F 2013."""


def mo_agreements(world: World) -> tuple[MoAgreement, ...]:
    """Everything that Mobility-Online stores, in the order of its ids."""
    records = [record for agreement in world.our_agreements() for record in _records(agreement)]
    return tuple(sorted(records, key=lambda record: record.agreement_id))


def _records(agreement: OurAgreement) -> Iterator[MoAgreement]:
    hei = EVERYBODY[agreement.partner_hei_id]
    ewp = _ewp(agreement) if agreement.in_ewp else None
    for position, condition in enumerate(agreement.copy.conditions):
        yield _record(agreement, hei, ewp, position, condition)


def _record(
    agreement: OurAgreement, hei: Hei, ewp: MoEwp | None, position: int, condition: Condition
) -> MoAgreement:
    number = int(condition.number)
    months = Decimal(condition.total) if condition.total and condition.is_student else None
    return MoAgreement(
        agreement_id=agreement.first_agreement_id + position,
        agreement_number=agreement.copy.iia_code,
        agreement_name=f"{hei.name}: {_PROGRAMS[condition.kind].description}",
        institution=MoInstitution(
            hei.institution_id, hei.institution_code, hei.hei_id, hei.name, hei.country
        ),
        application_type="OUT" if condition.sending_hei_id == OWN_HEI_ID else "IN",
        person_type="S" if condition.is_student else "T",
        exchange_program=_PROGRAMS[condition.kind],
        academic_years=tuple(years(condition.first_year, condition.last_year)),
        valid_from=first_day(condition.first_year),
        valid_to=last_day(condition.last_year),
        study_fields=tuple(MoLookup(each.code, ISCED_TITLES.get(each.code, "")) for each in condition.fields),
        study_levels=tuple(_LEVELS[level] for level in condition.levels) + agreement.odd_levels,
        total_number=number,
        free_places=number - agreement.first_agreement_id % (number + 2),
        total_months=months,
        languages=tuple(MoLanguage(each.code, each.level) for each in condition.languages),
        coordinator=agreement.coordinator,
        comment=condition.terms,
        partner_information=agreement.partner_information,
        status=agreement.status,
        ewp=ewp,
        created_on=agreement.created_on,
        modified_on=agreement.modified_on,
        custom_fields=tuple(_custom_fields(agreement, condition)),
    )


def _ewp(agreement: OurAgreement) -> MoEwp:
    return MoEwp(
        iia_id=agreement.copy.iia_id,
        iia_code=agreement.copy.iia_code,
        partner_iia_id=agreement.copy.other_iia_id,
        iia_hash=hash_of(agreement.copy),
        own_approval=agreement.own_approval,
        partner_approval=agreement.partner_approval,
        last_notified=agreement.last_notified,
    )


def _custom_fields(agreement: OurAgreement, condition: Condition) -> Iterator[tuple[str, str]]:
    if condition.blended is not None:
        yield "blended", condition.blended
    if condition.total is not None and not condition.is_student:
        yield "total_days", condition.total
    if condition.sending_ounit_id is not None:
        yield "sending_ounit_id", condition.sending_ounit_id
    if condition.receiving_ounit_id is not None:
        yield "receiving_ounit_id", condition.receiving_ounit_id
    if agreement.copy.terminated is not None:
        yield "terminated_as_a_whole", agreement.copy.terminated
