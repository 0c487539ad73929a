"""Contacts with their phone numbers and addresses, in and out of XML.

Source: EWP types contact 1.1.0, phone number 1.0.1, address 1.0.2.
"""

from collections.abc import Iterable
from typing import Any, Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import Parts, children, integer, string_value
from mobility_adapters.ewp.wire import qname
from mobility_bridge.domain.contact import Address, Contact, LangString, PhoneNumber
from mobility_bridge.kit.xml import Element

CONTACT: Final = qname(wire.CONTACT, "contact")

_LANG: Final = qname(wire.XML, "lang")
_NAME: Final = qname(wire.CONTACT, "contact-name")
_GIVEN: Final = qname(wire.CONTACT, "person-given-names")
_FAMILY: Final = qname(wire.CONTACT, "person-family-name")
_GENDER: Final = qname(wire.CONTACT, "person-gender")
_EMAIL: Final = qname(wire.CONTACT, "email")
_ROLE: Final = qname(wire.CONTACT, "role-description")
_PHONE: Final = qname(wire.PHONE, "phone-number")
_FAX: Final = qname(wire.PHONE, "fax-number")
_E164: Final = qname(wire.PHONE, "e164")
_EXT: Final = qname(wire.PHONE, "ext")
_OTHER_FORMAT: Final = qname(wire.PHONE, "other-format")
_STREET: Final = qname(wire.ADDRESS, "street-address")
_MAILING: Final = qname(wire.ADDRESS, "mailing-address")

# Address elements in the order of the schema, with the attribute of `Address` and whether they repeat.
_ADDRESS_PARTS: Final = (
    ("recipientName", "recipient_names", True),
    ("addressLine", "address_lines", True),
    ("buildingNumber", "building_number", False),
    ("buildingName", "building_name", False),
    ("streetName", "street_name", False),
    ("unit", "unit", False),
    ("floor", "floor", False),
    ("postOfficeBox", "post_office_box", False),
    ("deliveryPointCode", "delivery_point_codes", True),
    ("postalCode", "postal_code", False),
    ("locality", "locality", False),
    ("region", "region", False),
    ("country", "country", False),
)

_ADDRESS_ATTRIBUTES: Final = {
    qname(wire.ADDRESS, name): (attribute, repeats) for name, attribute, repeats in _ADDRESS_PARTS
}


def read_contact(element: Element) -> Contact:
    """Read a contact from an element of any name that has the contact type."""
    parts = Parts(element)
    gender = parts.one(_GENDER)
    return Contact(
        contact_names=_lang_strings(parts.all(_NAME)),
        person_given_names=_lang_strings(parts.all(_GIVEN)),
        person_family_names=_lang_strings(parts.all(_FAMILY)),
        person_gender=None if gender is None else integer(gender),
        phone_numbers=tuple(map(_read_phone, parts.all(_PHONE))),
        fax_numbers=tuple(map(_read_phone, parts.all(_FAX))),
        emails=tuple(map(string_value, parts.all(_EMAIL))),
        street_address=_read_address(parts.one(_STREET)),
        mailing_address=_read_address(parts.one(_MAILING)),
        role_descriptions=_lang_strings(parts.all(_ROLE)),
    )


def write_contact(parent: Element, tag: str, contact: Contact) -> None:
    """Append a contact to `parent` as an element called `tag`."""
    element = etree.SubElement(parent, tag)
    _write_lang_strings(element, _NAME, contact.contact_names)
    _write_lang_strings(element, _GIVEN, contact.person_given_names)
    _write_lang_strings(element, _FAMILY, contact.person_family_names)
    if contact.person_gender is not None:
        etree.SubElement(element, _GENDER).text = str(contact.person_gender)
    for number in contact.phone_numbers:
        _write_phone(element, _PHONE, number)
    for number in contact.fax_numbers:
        _write_phone(element, _FAX, number)
    for email in contact.emails:
        etree.SubElement(element, _EMAIL).text = email
    _write_address(element, _STREET, contact.street_address)
    _write_address(element, _MAILING, contact.mailing_address)
    _write_lang_strings(element, _ROLE, contact.role_descriptions)


def _lang_strings(elements: Iterable[Element]) -> tuple[LangString, ...]:
    return tuple([LangString(string_value(each), each.get(_LANG)) for each in elements])


def _write_lang_strings(parent: Element, tag: str, values: Iterable[LangString]) -> None:
    for value in values:
        element = etree.SubElement(parent, tag)
        element.text = value.text
        if value.lang is not None:
            element.set(_LANG, value.lang)


def _read_phone(element: Element) -> PhoneNumber:
    parts = Parts(element)
    return PhoneNumber(e164=parts.text(_E164), ext=parts.text(_EXT), other_format=parts.text(_OTHER_FORMAT))


def _write_phone(parent: Element, tag: str, number: PhoneNumber) -> None:
    element = etree.SubElement(parent, tag)
    for name, value in (("e164", number.e164), ("ext", number.ext), ("other-format", number.other_format)):
        if value is not None:
            etree.SubElement(element, qname(wire.PHONE, name)).text = value


def _read_address(element: Element | None) -> Address | None:
    if element is None:
        return None
    values: dict[str, Any] = {}
    for each in children(element):
        attribute, repeats = _ADDRESS_ATTRIBUTES.get(each.tag, (None, False))
        if attribute is None:
            continue
        if repeats:
            values[attribute] = (*values.get(attribute, ()), string_value(each))
        else:
            values.setdefault(attribute, string_value(each))
    return Address(**values)


def _write_address(parent: Element, tag: str, address: Address | None) -> None:
    if address is None:
        return
    element = etree.SubElement(parent, tag)
    for name, attribute, repeats in _ADDRESS_PARTS:
        value = getattr(address, attribute)
        for each in value if repeats else () if value is None else (value,):
            etree.SubElement(element, qname(wire.ADDRESS, name)).text = each
