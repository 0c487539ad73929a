"""Get and index responses of the Incoming Mobility ToRs API, version 3, with transcripts in ELMO 2.

Reading is lenient: what can be read is, and every oddity is a problem beside it. Writing is strict: `encode`
refuses whatever has a problem. What transcripts of records do not use is not decoded; the document is kept.

Source: EWP Incoming Mobility ToRs API 3.0.0; ELMO 2.1.1.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.elmo_reading import ElmoReader
from mobility_adapters.ewp.elmo_writing import decimal_text, write_elmo
from mobility_adapters.ewp.lenient import names
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
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics import insist
from mobility_adapters.ewp.semantics.transcripts import Circumstances, check
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.identifiers import OmobilityId
from mobility_bridge.domain.problem import Problem
from mobility_bridge.domain.transcript import IscedTable, Tor
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_IMOBILITY_TORS_V3

_NS: Final = wire.IMOBILITY_TORS_V3_GET
_ROOT: Final = wire.IMOBILITY_TORS_V3_GET_ROOT
_TOR: Final = wire.qname(_NS, "tor")
_INDEX_ID: Final = wire.qname(wire.IMOBILITY_TORS_V3_INDEX, "omobility-id")
_NAMES: Final = names(_NS, "omobility-id", "receiving-academic-year-id", "gradeConversionTable")
_ELMO: Final = {wire.qname(each, "elmo"): "elmo" for each in (wire.ELMO_V2, wire.ELMO_V1)}
_PARTS: Final = _NAMES._replace(known={**_NAMES.known, **_ELMO})


# --- reading ------------------------------------------------------------------------------------------------


def read_facts(document: bytes | Element) -> list[ObjectFacts]:
    """Say which transcripts a response holds, and a digest of each, without decoding any. Raises InvalidDocument."""
    return [facts for _, facts in objects_of(open_document(document, _ROOT), _TOR)]


def decode_all(document: bytes | Element, *, about: Circumstances | None = None) -> ObjectsResponse[Tor]:
    """Read every transcript of a response as far as it can be read, and judge it by the rules.

    Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root).
    """
    tree = open_document(document, _ROOT)
    return read_objects(tree, _TOR, _reader, _read, lambda found, at: check(found, at=at, about=about))


def decode_at(document: bytes, position: int) -> Tor:
    """Decode the transcript at `position` (from 0) of a stored response. Raises InvalidDocument."""
    return read_object_at(open_document(document, _ROOT), _TOR, position, _reader, _read)


def decode_index(document: bytes | Element) -> tuple[OmobilityId, ...]:
    """Read the ids of an index response in its order, repetitions included. Raises InvalidDocument."""
    return read_ids(open_document(document, wire.IMOBILITY_TORS_V3_INDEX_ROOT), _INDEX_ID)


def _reader() -> ElmoReader:
    return ElmoReader(wire.ELMO_V2)


def _read(reader: ElmoReader, element: Element) -> Tor | None:
    parts = reader.parts(element, _PARTS)
    omobility_id = read_id(reader, element, parts)
    if omobility_id is None:
        return None
    table = parts.get("gradeConversionTable")
    tor = Tor(
        omobility_id,
        receiving_academic_year_id=reader.text(element, parts, "receiving-academic-year-id"),
        grade_conversion_table=() if table is None else reader.conversion_table(table, _NS),
    )
    elmo = reader.elmo_in(element)
    return tor if elmo is None else reader.transcript(elmo, tor)


# --- writing ------------------------------------------------------------------------------------------------


def encode(tors: Sequence[Tor]) -> bytes:
    """Write a response that holds these transcripts, none of which may have any problem.

    Shape:   UTF-8 with a declaration, indented by two blanks.
    Raises:  UnsoundDocument with all problems of all transcripts; ValueError for what the format cannot say.
    """
    insist(_problems(tors))
    return lay_out(tors)


def lay_out(tors: Iterable[Tor]) -> bytes:
    """Write transcripts as they are, right or wrong. Raises ValueError for what the format cannot say."""
    root = new_document(_ROOT)
    for tor in tors:
        element = etree.SubElement(root, _TOR)
        etree.SubElement(element, wire.qname(_NS, "omobility-id")).text = tor.omobility_id
        if tor.receiving_academic_year_id is None:
            raise ValueError("a transcript must say for which academic year it is")
        year = etree.SubElement(element, wire.qname(_NS, "receiving-academic-year-id"))
        year.text = tor.receiving_academic_year_id
        write_elmo(element, tor)
        if tor.grade_conversion_table:
            _write_conversion(element, tor.grade_conversion_table)
    return finished(root)


def encode_index(omobility_ids: Iterable[OmobilityId]) -> bytes:
    root = new_document(wire.IMOBILITY_TORS_V3_INDEX_ROOT)
    write_ids(root, _INDEX_ID, omobility_ids)
    return finished(root)


def _problems(tors: Sequence[Tor]) -> Iterator[Problem]:
    for position, tor in enumerate(tors):
        yield from check(tor, at=object_path(_ROOT, _TOR, position, len(tors)))


def _write_conversion(tor: Element, tables: Iterable[IscedTable]) -> None:
    element = etree.SubElement(tor, wire.qname(_NS, "gradeConversionTable"))
    for table in tables:
        rows = etree.SubElement(element, wire.qname(_NS, "iscedTable"))
        rows.set("iscedCode", table.isced_code)
        for frequency in table.frequencies:
            if frequency.percentage is None:
                raise ValueError("a grade must have a percentage")
            row = etree.SubElement(rows, wire.qname(_NS, "gradeFrequency"))
            row.set("label", frequency.label)
            row.set("percentage", decimal_text(frequency.percentage))
