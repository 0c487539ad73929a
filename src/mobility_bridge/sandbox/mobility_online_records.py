"""Mobility-Online's agreements: searched, and laid out as the beans of the assumed service.

Source: Mobility-Online: operations (element records and addresses, seen), 6.2 (agreements, assumed).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from mobility_bridge.sandbox.mobility_online_soap import FaultError
from mobility_bridge.sandbox.world import MoAgreement, MoEwp, MoInstitution

CUSTOM_FIELDS: Final = {
    "blended": ("bit_freifeld31", "Blended mobility possible"),
    "terminated_as_a_whole": ("bit_freifeld32", "Terminated as a whole"),
    "total_days": ("int_freifeld31", "Days per year, all persons together"),
    "sending_ounit_id": ("varchar_freifeld31", "Sending unit (EWP)"),
    "receiving_ounit_id": ("varchar_freifeld32", "Receiving unit (EWP)"),
}
"""The custom fields of this tenant, by what the sandbox's world calls the fact."""

_TYPES: Final = {"bit": "boolean", "int": "integer", "varchar": "string"}


@dataclass(frozen=True, slots=True)
class MoAddress:
    """An institution's address; the country is a text."""

    street: str
    post_code: str
    city: str
    country: str
    type_of_address: str = "Hauptadresse"
    active: bool = True


Search = Mapping[str, str | None]


def matching(agreements: Iterable[MoAgreement], search: Search) -> Iterator[MoAgreement]:
    """Yield the agreements that fit every field that is not nil. Raises FaultError for a bad value."""
    tests = [_test(name, text) for name, text in search.items() if text is not None]
    for agreement in agreements:
        if all(test(agreement) for test in tests):
            yield agreement


def _test(name: str, text: str) -> Callable[[MoAgreement], bool]:
    if name == "institutionID":
        number = whole_number(name, text)
        return lambda each: each.institution.institution_id == number
    if name == "modifiedSince":
        since = _instant(name, text)
        return lambda each: each.modified_on >= since
    if name == "academicYearDescription":
        return lambda each: text in each.academic_years
    plain: dict[str, Callable[[MoAgreement], str]] = {
        "institutionCode": lambda each: each.institution.institution_code,
        "applicationType": lambda each: each.application_type,
        "personType": lambda each: each.person_type,
        "exchangeProgramNumber": lambda each: each.exchange_program.number,
        "status": lambda each: each.status,
    }
    pick = plain[name]
    return lambda each: pick(each) == text


def institutions(agreements: Iterable[MoAgreement], search: Search) -> list[MoInstitution]:
    """The institutions of all agreements that fit every field that is not nil, by id."""
    found = {each.institution.institution_id: each.institution for each in agreements}
    facts: dict[str, Callable[[MoInstitution], str | None]] = {
        "institutionCode": lambda each: each.institution_code,
        "heiID": lambda each: each.hei_id,
        "name": lambda each: each.name,
        "countryDescription": lambda each: each.country,
    }
    wanted = {name: text for name, text in search.items() if text is not None}
    return [
        found[number]
        for number in sorted(found)
        if all(facts[name](found[number]) == text for name, text in wanted.items())
    ]


def agreement_bean(agreement: MoAgreement) -> dict[str, Any]:
    return {
        "academicYears": [{"description": year} for year in agreement.academic_years],
        "agreementID": agreement.agreement_id,
        "agreementName": agreement.agreement_name,
        "agreementNumber": agreement.agreement_number or None,
        "applicationType": agreement.application_type,
        "comment": agreement.comment,
        "coordinator": agreement.coordinator or None,
        "createdOn": agreement.created_on,
        "customFields": [_custom_field(name, value) for name, value in agreement.custom_fields],
        "ewp": None if agreement.ewp is None else _ewp_bean(agreement.ewp),
        "exchangeProgram": {
            "number": agreement.exchange_program.number,
            "description": agreement.exchange_program.description,
        },
        "freePlaces": agreement.free_places,
        "institution": institution_bean(agreement.institution),
        "languages": [{"level": each.level, "number": each.number} for each in agreement.languages],
        "modifiedOn": agreement.modified_on,
        "partnerInformation": agreement.partner_information,
        "personType": agreement.person_type,
        "status": agreement.status,
        "studyFields": [
            {"description": each.description, "number": each.number} for each in agreement.study_fields
        ],
        "studyLevels": [{"number": level} for level in agreement.study_levels],
        "totalMonths": agreement.total_months,
        "totalNumber": agreement.total_number,
        "validFrom": agreement.valid_from,
        "validTo": agreement.valid_to,
    }


def institution_bean(institution: MoInstitution) -> dict[str, Any]:
    return {
        "country": {"description": institution.country},
        "heiID": institution.hei_id,
        "institutionCode": institution.institution_code,
        "institutionID": institution.institution_id,
        "name": institution.name,
    }


def address_bean(address: MoAddress) -> dict[str, Any]:
    return {
        "active": address.active,
        "additionalAddressInformation": None,
        "city": address.city,
        "country": {"description": address.country},
        "postCode": address.post_code,
        "street": address.street,
        "typeOfAddress": address.type_of_address,
    }


def whole_number(name: str, text: str | None) -> int:
    """Read an id. Raises FaultError."""
    try:
        return int(text or "")
    except ValueError:
        raise FaultError("Sender", f"SIM-006: {name} is not a number") from None


def _ewp_bean(ewp: MoEwp) -> dict[str, Any]:
    return {
        "iiaCode": ewp.iia_code,
        "iiaHash": ewp.iia_hash,
        "iiaID": ewp.iia_id,
        "lastNotified": ewp.last_notified,
        "ownApproval": ewp.own_approval,
        "partnerApproval": ewp.partner_approval,
        "partnerIiaID": ewp.partner_iia_id,
    }


def _custom_field(fact: str, value: str) -> dict[str, Any]:
    name, label = CUSTOM_FIELDS[fact]
    kind = _TYPES[name.partition("_")[0]]
    return {
        "elementDescription": label,
        "elementName": name,
        "elementType": kind,
        "elementValue": None if kind == "boolean" else value,
        "elementValueBoolean": value if kind == "boolean" else None,
    }


def _instant(name: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FaultError("Sender", f"SIM-006: {name} is not a date-time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
