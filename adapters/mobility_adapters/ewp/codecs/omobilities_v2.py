"""Get responses of the Outgoing Mobilities API, version 2: read only.

They become nominations of version 3, as far as they say the same. Photos, addresses, telephone numbers, language
skills and additional requirements are not taken: nobody here may need them.

Source: EWP Outgoing Mobilities API 2.0.0, get response.
"""

from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import names
from mobility_adapters.ewp.nomination_reading import NAMES, NominationReader, optional_text
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    ObjectsResponse,
    objects_of,
    read_id,
    read_object_at,
    read_objects,
)
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics.nominations import Circumstances, check
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.nomination import (
    V2_STATUSES,
    ActivityAttributes,
    ActivityType,
    Nomination,
    NominationStatus,
)
from mobility_bridge.domain.person import Person
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_OMOBILITIES_V2

_NS: Final = wire.OMOBILITIES_V2_GET
_ROOT: Final = wire.OMOBILITIES_V2_GET_ROOT
_MOBILITY: Final = wire.qname(_NS, "student-mobility")

_PARTS: Final = names(
    _NS,
    *("omobility-id", "sending-hei", "receiving-hei"),
    *("sending-academic-term-ewp-id", "non-standard-mobility-period", "receiving-academic-year-id"),
    *("student", "status", "activity-type", "activity-attributes"),
    *("planned-arrival-date", "planned-departure-date"),
    *("eqf-level-studied-at-nomination", "eqf-level-studied-at-departure", "nominee-isced-f-code"),
    *("nominee-language-skill", "additional-requirement"),
    several=("nominee-language-skill", "additional-requirement"),
)
_STUDENT_PARTS: Final = names(
    _NS,
    *(*NAMES, "global-id", "birth-date", "citizenship", "gender", "email", "photo-url"),
    several=(*NAMES, "photo-url", "phone-number"),
)
_STUDENT: Final = _STUDENT_PARTS._replace(
    known={
        **_STUDENT_PARTS.known,
        wire.qname(wire.ADDRESS, "street-address"): "street-address",
        wire.qname(wire.ADDRESS, "mailing-address"): "mailing-address",
        wire.qname(wire.PHONE, "phone-number"): "phone-number",
    }
)


def read_facts(document: bytes | Element) -> list[ObjectFacts]:
    """Say which nominations a response holds, and a digest of each, without decoding any. Raises InvalidDocument."""
    return [facts for _, facts in objects_of(open_document(document, _ROOT), _MOBILITY)]


def decode_all(
    document: bytes | Element, *, about: Circumstances | None = None
) -> ObjectsResponse[Nomination]:
    """Read every nomination of a response as far as it can be read, and judge it by the rules.

    Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root).
    """
    tree = open_document(document, _ROOT)
    return read_objects(tree, _MOBILITY, _reader, _read, lambda found, at: check(found, at=at, about=about))


def decode_at(document: bytes, position: int) -> Nomination:
    """Decode the nomination at `position` (from 0) of a stored response. Raises InvalidDocument."""
    return read_object_at(open_document(document, _ROOT), _MOBILITY, position, _reader, _read)


def _reader() -> NominationReader:
    return NominationReader(_NS)


def _read(reader: NominationReader, mobility: Element) -> Nomination | None:
    parts = reader.parts(mobility, _PARTS)
    omobility_id = read_id(reader, mobility, parts)
    if omobility_id is None:
        return None
    student = parts.get("student")
    if student is None:
        reader.missing(mobility, "student")
    departure, nomination = (
        reader.integer(parts.get(f"eqf-level-studied-at-{when}"), Severity.WARNING)
        for when in ("departure", "nomination")
    )
    return Nomination(
        omobility_id,
        sending_hei=reader.side(mobility, parts, "sending-hei"),
        receiving_hei=reader.side(mobility, parts, "receiving-hei"),
        student=Person() if student is None else _read_student(reader, student),
        sending_academic_term_ewp_id=optional_text(parts.get("sending-academic-term-ewp-id")),
        non_standard_mobility_period=reader.is_non_standard(parts),
        receiving_academic_year_id=reader.text(mobility, parts, "receiving-academic-year-id"),
        activity_type=reader.code(ActivityType, parts.get("activity-type")),
        activity_attributes=reader.code(ActivityAttributes, parts.get("activity-attributes")),
        eqf_level_studied_at_departure=departure,
        nominee_isced_f_code=optional_text(parts.get("nominee-isced-f-code")),
        status=_read_status(reader, mobility, parts.get("status")),
        written_status=optional_text(parts.get("status")),
        planned_arrival_date=reader.day(parts.get("planned-arrival-date")),
        planned_departure_date=reader.day(parts.get("planned-departure-date")),
        eqf_level_studied_at_nomination=nomination,
    )


def _read_student(reader: NominationReader, student: Element) -> Person:
    parts = reader.parts(student, _STUDENT)
    for name in (*NAMES, "global-id"):
        if name not in parts:
            reader.missing(student, name)
    return reader.person(student, parts, citizenship="citizenship")


def _read_status(
    reader: NominationReader, mobility: Element, status: Element | None
) -> NominationStatus | None:
    if status is None:
        reader.missing(mobility, "status")
        return None
    meant = V2_STATUSES.get(optional_text(status) or "")
    if meant is None:
        reader.note("UNREADABLE", status, "status is none of nomination, live, recognized, cancelled")
    return meant
