"""Get, index and update documents of the Outgoing Mobilities API, version 3.

Reading is lenient: what can be read is, and every oddity is a problem beside it. Writing is strict: `encode`
refuses whatever has a problem. Decoding loses nothing that means anything but the order between given and family
names of several scripts and names that are empty.

Source: EWP Outgoing Mobilities API 3.0.0.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import names
from mobility_adapters.ewp.nomination_reading import NAMES, NominationReader, optional_text
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    ObjectsResponse,
    object_path,
    objects_of,
    read_id,
    read_ids,
    read_object_at,
    read_objects,
    write_ids,
)
from mobility_adapters.ewp.proposal_id import NOMINATION, proposal_id
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics import insist
from mobility_adapters.ewp.semantics.nominations import Circumstances, check
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.nomination import (
    ActivityAttributes,
    ActivityType,
    Nomination,
    NominationSide,
    NominationStatus,
)
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_OMOBILITIES_V3

_NS: Final = wire.OMOBILITIES_V3_GET
_ROOT: Final = wire.OMOBILITIES_V3_GET_ROOT
_MOBILITY: Final = wire.qname(_NS, "student-mobility")
_INDEX_ID: Final = wire.qname(wire.OMOBILITIES_V3_INDEX, "omobility-id")
_LANG: Final = wire.qname(wire.XML, "lang")

_PARTS: Final = names(_NS, "omobility-id", "student", "nomination", "status")
_STUDENT: Final = names(
    _NS, *NAMES, "global-id", "birth-date", "nationality", "gender", "email", several=NAMES
)
_NOMINATION: Final = names(
    _NS,
    *("sending-hei", "receiving-hei", "sending-academic-term-ewp-id", "non-standard-mobility-period"),
    *("receiving-academic-year-id", "activity-type", "activity-attributes", "agreement-isced-f-code"),
    *("eqf-level-studied-at-departure", "nominee-isced-f-code", "comment"),
)
# What a person must have to be recognised, and what the format demands beyond.
_IDENTITY: Final = (*NAMES, "global-id", "birth-date")
_BEYOND: Final = ("nationality", "gender", "email")
_WANTED: Final = (
    *("activity-type", "activity-attributes", "agreement-isced-f-code"),
    *("eqf-level-studied-at-departure", "nominee-isced-f-code"),
)


# --- reading ------------------------------------------------------------------------------------------------


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


def decode_index(document: bytes | Element) -> tuple[OmobilityId, ...]:
    """Read the ids of an index response in its order, repetitions included. Raises InvalidDocument."""
    return read_ids(open_document(document, wire.OMOBILITIES_V3_INDEX_ROOT), _INDEX_ID)


def _reader() -> NominationReader:
    return NominationReader(_NS)


def _read(reader: NominationReader, mobility: Element) -> Nomination | None:
    parts = reader.parts(mobility, _PARTS)
    omobility_id = read_id(reader, mobility, parts)
    if omobility_id is None:
        return None
    student, status = parts.get("student"), parts.get("status")
    for name in ("student", "nomination", "status"):
        if name not in parts:
            reader.missing(mobility, name)
    found = Nomination(
        omobility_id,
        NominationSide(None),
        NominationSide(None),
        student=Person() if student is None else _read_student(reader, student),
        status=_read_status(reader, status),
        written_status=optional_text(status),
    )
    nomination = parts.get("nomination")
    return found if nomination is None else _read_nomination(reader, nomination, found)


def _read_student(reader: NominationReader, student: Element) -> Person:
    parts = reader.parts(student, _STUDENT)
    for name in (*_IDENTITY, *_BEYOND):
        if name not in parts:
            reader.missing(student, name, Severity.WARNING if name in _BEYOND else Severity.BLOCKING)
    return reader.person(student, parts, citizenship="nationality")


def _read_status(reader: NominationReader, status: Element | None) -> NominationStatus | None:
    """The status; an unknown one, which no decision may be based on, is none."""
    written = optional_text(status)
    if status is not None and written not in list(NominationStatus):
        reader.note("UNREADABLE", status, "status is none of pending, approved, rejected, cancelled")
        return None
    return None if written is None else NominationStatus(written)


def _read_nomination(reader: NominationReader, element: Element, found: Nomination) -> Nomination:
    parts = reader.parts(element, _NOMINATION)
    named = element.get(NOMINATION)
    if not named:
        reader.note("MISSING", element, "the nomination has no proposal-id", at=f"/@{NOMINATION}")
    for name in _WANTED:
        if name not in parts:
            reader.missing(element, name, Severity.WARNING)
    non_standard = reader.is_non_standard(parts)
    if not non_standard and "sending-academic-term-ewp-id" not in parts:
        reader.missing(element, "sending-academic-term-ewp-id", Severity.WARNING)
    return replace(
        found,
        sending_hei=reader.side(element, parts, "sending-hei"),
        receiving_hei=reader.side(element, parts, "receiving-hei"),
        proposal_id=named or None,
        sending_academic_term_ewp_id=optional_text(parts.get("sending-academic-term-ewp-id")),
        non_standard_mobility_period=non_standard,
        receiving_academic_year_id=reader.text(element, parts, "receiving-academic-year-id"),
        activity_type=reader.code(ActivityType, parts.get("activity-type")),
        activity_attributes=reader.code(ActivityAttributes, parts.get("activity-attributes")),
        agreement_isced_f_code=optional_text(parts.get("agreement-isced-f-code")),
        eqf_level_studied_at_departure=reader.integer(
            parts.get("eqf-level-studied-at-departure"), Severity.WARNING
        ),
        nominee_isced_f_code=optional_text(parts.get("nominee-isced-f-code")),
        comment=optional_text(parts.get("comment")),
    )


# --- writing ------------------------------------------------------------------------------------------------


def encode(nominations: Sequence[Nomination]) -> bytes:
    """Write a response that holds these nominations, none of which may have any problem.

    Shape:   UTF-8 with a declaration, indented by two blanks. Proposal ids stay as they are.
    Raises:  UnsoundDocument with all problems of all nominations; ValueError for what the format cannot say.
    """
    insist(_problems(nominations))
    return lay_out(nominations)


def lay_out(nominations: Iterable[Nomination]) -> bytes:
    """Write nominations as they are, right or wrong. Raises ValueError for what the format cannot say."""
    root = new_document(_ROOT)
    for nomination in nominations:
        element = etree.SubElement(root, _MOBILITY)
        _need(element, "omobility-id", nomination.omobility_id or None)
        _write_student(element, nomination.student)
        if not nomination.proposal_id:
            raise ValueError("a nomination is served with the proposal id that it got when it was made")
        _write_nomination(element, nomination).set(NOMINATION, nomination.proposal_id)
        _need(element, "status", nomination.status)
    return finished(root)


def with_new_proposal_id(nomination: Nomination) -> Nomination:
    """Give a nomination the id that names what is proposed now; it is stored, and never computed again."""
    element = _write_nomination(new_document(_ROOT), nomination)
    return replace(nomination, proposal_id=proposal_id(element, NOMINATION))


def encode_index(omobility_ids: Iterable[OmobilityId]) -> bytes:
    root = new_document(wire.OMOBILITIES_V3_INDEX_ROOT)
    write_ids(root, _INDEX_ID, omobility_ids)
    return finished(root)


def _problems(nominations: Sequence[Nomination]) -> Iterator[Problem]:
    for position, nomination in enumerate(nominations):
        yield from check(nomination, at=object_path(_ROOT, _MOBILITY, position, len(nominations)))


def _write_student(mobility: Element, person: Person) -> None:
    element = etree.SubElement(mobility, wire.qname(_NS, "student"))
    if not any(name.given_names for name in person.names) or not any(
        name.family_name for name in person.names
    ):
        raise ValueError("a student must have a given name and a family name")
    for tag, attribute in zip(NAMES, ("given_names", "family_name"), strict=True):
        for name in person.names:
            if written := getattr(name, attribute):
                leaf = _need(element, tag, written)
                if name.lang is not None:
                    leaf.set(_LANG, name.lang)
    _need(element, "global-id", person.global_id)
    _need(element, "birth-date", None if person.birth_date is None else person.birth_date.isoformat())
    _need(element, "nationality", person.citizenship)
    _need(element, "gender", None if person.gender is None else str(person.gender))
    _need(element, "email", person.email)


def _write_nomination(mobility: Element, nomination: Nomination) -> Element:
    element = etree.SubElement(mobility, wire.qname(_NS, "nomination"))
    _write_side(element, "sending-hei", nomination.sending_hei)
    _write_side(element, "receiving-hei", nomination.receiving_hei)
    term = nomination.sending_academic_term_ewp_id
    if (term is None) != nomination.non_standard_mobility_period:
        raise ValueError("a nomination names a term, or says that none fits")
    if term is None:
        etree.SubElement(element, wire.qname(_NS, "non-standard-mobility-period"))
    _add(element, "sending-academic-term-ewp-id", term)
    _need(element, "receiving-academic-year-id", nomination.receiving_academic_year_id)
    if nomination.activity_type is not ActivityType.STUDENT_STUDIES:
        raise ValueError("this version knows students who study, and no others")
    _need(element, "activity-type", nomination.activity_type)
    _need(element, "activity-attributes", nomination.activity_attributes)
    _need(element, "agreement-isced-f-code", nomination.agreement_isced_f_code)
    level = nomination.eqf_level_studied_at_departure
    _need(element, "eqf-level-studied-at-departure", None if level is None else str(level))
    _need(element, "nominee-isced-f-code", nomination.nominee_isced_f_code)
    _add(element, "comment", nomination.comment)
    return element


def _write_side(nomination: Element, name: str, side: NominationSide) -> None:
    element = etree.SubElement(nomination, wire.qname(_NS, name))
    _need(element, "hei-id", side.hei_id)
    _add(element, "ounit-id", side.ounit_id)
    _add(element, "iia-id", side.iia_id)


def _add(parent: Element, name: str, value: str | None) -> None:
    """Append a leaf, unless there is nothing to say."""
    if value is not None:
        etree.SubElement(parent, wire.qname(_NS, name)).text = value


def _need(parent: Element, name: str, value: str | None) -> Element:
    if value is None:
        raise ValueError(f"{parent.tag.rpartition('}')[2]} must have {name}")
    leaf = etree.SubElement(parent, wire.qname(_NS, name))
    leaf.text = value
    return leaf
