"""One agreement record of Mobility-Online, read strictly: values where there are values, MO's words kept.

A record is one direction of one person type and one programme with one partner. The same record comes out
whether it was read over SOAP or from a report.

Source: Mobility-Online: data model; assumed services (A1, assumed).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Final, TypeVar

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.values import Raw

T = TypeVar("T")

DIRECTIONS: Final = ("IN", "OUT")


@dataclass(frozen=True, slots=True)
class Identity:
    """What says which agreement a record belongs to; texts only, so that it can be told of a damaged record."""

    agreement_id: str | None
    agreement_number: str | None
    hei_id: str | None
    institution_id: str | None
    iia_id: str | None
    in_ewp: bool

    @property
    def group(self) -> tuple[str, str, str]:
        """Records with equal groups are one agreement. Source: reference 6.2, grouping."""
        partner = self.hei_id or f"institution {self.institution_id}"
        if self.iia_id:
            return partner, "iia", self.iia_id
        if self.agreement_number:
            return partner, "number", self.agreement_number
        return partner, "record", self.agreement_id or ""


@dataclass(frozen=True, slots=True)
class Ewp:
    """What Mobility-Online says of an agreement's life in the EWP network."""

    iia_code: str | None
    partner_iia_id: str | None
    iia_hash: str | None
    own_approval: bool
    partner_approval: bool
    last_notified_at: datetime | None


@dataclass(frozen=True, slots=True)
class AgreementRecord:
    """One record. Numbers of look-ups are MO's own codes; nothing is mapped yet."""

    identity: Identity
    agreement_id: int
    agreement_name: str | None
    application_type: str
    person_type: str
    institution_code: str | None
    institution_name: str | None
    country: str | None
    programme: str | None
    programme_text: str | None
    academic_years: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    study_fields: tuple[str, ...]
    study_levels: tuple[str, ...]
    total_number: int | None
    free_places: int | None
    total_months: Decimal | None
    languages: tuple[tuple[str, str | None], ...]
    coordinator: str | None
    comment: str | None
    partner_information: str | None
    status: str
    ewp: Ewp | None
    modified_at: datetime | None
    custom_fields: Mapping[str, str]


class UnreadableRecord(Exception):
    """A record whose texts are not what their fields hold; `problems` are (field, text) pairs."""

    def __init__(self, identity: Identity, problems: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join(f"{field}: {text!r}" for field, text in problems))
        self.identity = identity
        self.problems = tuple(problems)


def identify(raw: Raw) -> Identity:
    """Tell which agreement a record belongs to, however damaged the rest of it is."""
    reader = _Reader(raw)
    ewp = reader.inner("ewp")
    institution = reader.inner("institution")
    return Identity(
        agreement_id=reader.text("agreementID"),
        agreement_number=reader.text("agreementNumber"),
        hei_id=institution.text("heiID"),
        institution_id=institution.text("institutionID"),
        iia_id=ewp.text("iiaID"),
        in_ewp=bool(ewp.raw),
    )


def read_record(raw: Raw, zone: tzinfo) -> AgreementRecord:
    """Read one record; every text that is no value of its field is named, not only the first.

    Raises:  UnreadableRecord.
    """
    identity = identify(raw)
    reader = _Reader(raw)
    record = _record(reader, identity, zone)
    if reader.problems:
        raise UnreadableRecord(identity, reader.problems)
    return record


def _record(reader: "_Reader", identity: Identity, zone: tzinfo) -> AgreementRecord:
    institution = reader.inner("institution")
    programme = reader.inner("exchangeProgram")
    return AgreementRecord(
        identity=identity,
        agreement_id=reader.required("agreementID", values.integer, 0),
        agreement_name=reader.text("agreementName"),
        application_type=reader.required("applicationType", _direction, ""),
        person_type=reader.required("personType", str, ""),
        institution_code=institution.text("institutionCode"),
        institution_name=institution.text("name"),
        country=institution.inner("country").text("description"),
        programme=programme.text("number"),
        programme_text=programme.text("description"),
        academic_years=tuple(sorted(_texts(reader.each("academicYears"), "description"))),
        valid_from=reader.value("validFrom", values.day),
        valid_to=reader.value("validTo", values.day),
        study_fields=_texts(reader.each("studyFields"), "number", "description"),
        study_levels=tuple(sorted(_texts(reader.each("studyLevels"), "number", "description"))),
        total_number=reader.value("totalNumber", _count),
        free_places=reader.value("freePlaces", values.integer),
        total_months=reader.value("totalMonths", values.decimal),
        languages=_languages(reader.each("languages")),
        coordinator=reader.text("coordinator"),
        comment=reader.text("comment"),
        partner_information=reader.text("partnerInformation"),
        status=reader.required("status", str, ""),
        ewp=_ewp(reader.inner("ewp"), zone),
        modified_at=reader.value("modifiedOn", lambda text: values.instant(text, zone)),
        custom_fields=_custom_fields(reader.each("customFields")),
    )


def _ewp(reader: "_Reader", zone: tzinfo) -> Ewp | None:
    if not reader.raw:
        return None
    return Ewp(
        iia_code=reader.text("iiaCode"),
        partner_iia_id=reader.text("partnerIiaID"),
        iia_hash=reader.text("iiaHash"),
        own_approval=reader.value("ownApproval", values.boolean) or False,
        partner_approval=reader.value("partnerApproval", values.boolean) or False,
        last_notified_at=reader.value("lastNotified", lambda text: values.instant(text, zone)),
    )


def _direction(text: str) -> str:
    if text not in DIRECTIONS:
        raise ValueError(text)
    return text


def _count(text: str) -> int:
    number = values.integer(text)
    if number < 0:
        raise ValueError(text)
    return number


def _texts(parts: Sequence["_Reader"], *names: str) -> tuple[str, ...]:
    """Take the first text present in each part: its code, else its display text, so that neither is lost."""
    found = (next((text for name in names if (text := part.text(name))), None) for part in parts)
    return tuple(text for text in found if text)


def _languages(parts: Sequence["_Reader"]) -> tuple[tuple[str, str | None], ...]:
    pairs = ((part.text("number"), part.text("level")) for part in parts)
    return tuple((number or "", level) for number, level in pairs if number or level)


def _custom_fields(parts: Sequence["_Reader"]) -> dict[str, str]:
    """Custom fields by name; a flag as `true` or `false`, else its value, else its display text."""
    found: dict[str, str] = {}
    for part in parts:
        name = part.text("elementName")
        flag = part.value("elementValueBoolean", values.boolean)
        value = part.text("elementValue") or part.text("comboboxFirstValue")
        if flag is not None:
            value = "true" if flag else "false"
        if name and value is not None:
            found[name] = value
    return dict(sorted(found.items()))


class _Reader:
    """Reads fields of one raw object and collects what it cannot read, with the path to it."""

    def __init__(self, raw: Any, path: str = "", problems: list[tuple[str, str]] | None = None) -> None:
        self.raw: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
        self.path = path
        self.problems: list[tuple[str, str]] = [] if problems is None else problems

    def inner(self, name: str) -> "_Reader":
        return _Reader(self.raw.get(name), f"{self.path}{name}.", self.problems)

    def each(self, name: str) -> list["_Reader"]:
        found = self.raw.get(name)
        parts = found if isinstance(found, list) else [found] if found else []
        return [_Reader(part, f"{self.path}{name}.", self.problems) for part in parts]

    def text(self, name: str) -> str | None:
        """Trimmed text; None for nil, absent or blank, which the wire does not tell apart reliably."""
        found = self.raw.get(name)
        return found.strip() or None if isinstance(found, str) else None

    def value(self, name: str, read: Callable[[str], T]) -> T | None:
        text = self.text(name)
        if text is None:
            return None
        try:
            return read(text)
        except ValueError:
            self.problems.append((f"{self.path}{name}", text))
            return None

    def required(self, name: str, read: Callable[[str], T], otherwise: T) -> T:
        if self.text(name) is None:
            self.problems.append((f"{self.path}{name}", ""))
        found = self.value(name, read)
        return otherwise if found is None else found
