"""Contacts as the EWP types state them (contact 1.1.0, phone number 1.0.1, address 1.0.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LangString:
    """Text with an optional BCP 47 tag, as written (`xml:lang` may be in any case)."""

    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A phone or fax number. `e164` looks like `+46812345678`; all parts are optional."""

    e164: str | None = None
    ext: str | None = None
    other_format: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """A flexible address: either `address_lines` or the structured parts, then the place."""

    recipient_names: tuple[str, ...] = ()
    address_lines: tuple[str, ...] = ()
    building_number: str | None = None
    building_name: str | None = None
    street_name: str | None = None
    unit: str | None = None
    floor: str | None = None
    post_office_box: str | None = None
    delivery_point_codes: tuple[str, ...] = ()
    postal_code: str | None = None
    locality: str | None = None
    region: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A person or office to turn to. Personal data: never in a log line."""

    contact_names: tuple[LangString, ...]
    person_given_names: tuple[LangString, ...] = ()
    person_family_names: tuple[LangString, ...] = ()
    person_gender: int | None = None
    phone_numbers: tuple[PhoneNumber, ...] = ()
    fax_numbers: tuple[PhoneNumber, ...] = ()
    emails: tuple[str, ...] = ()
    street_address: Address | None = None
    mailing_address: Address | None = None
    role_descriptions: tuple[LangString, ...] = ()
