"""Get responses of the Incoming Mobility ToRs API, version 2, with transcripts in ELMO 1: read only.

What version 3 wants of a transcript is recommended here, so its absence is reported as well.

Source: EWP Incoming Mobility ToRs API 2.0.0, get response; ELMO 1.6.0.
"""

from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.elmo_reading import ElmoReader
from mobility_adapters.ewp.lenient import names
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    ObjectsResponse,
    objects_of,
    read_id,
    read_object_at,
    read_objects,
)
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics.transcripts import Circumstances, check
from mobility_bridge.domain.transcript import Tor
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_IMOBILITY_TORS_V2

_NS: Final = wire.IMOBILITY_TORS_V2_GET
_ROOT: Final = wire.IMOBILITY_TORS_V2_GET_ROOT
_TOR: Final = wire.qname(_NS, "tor")
_NAMES: Final = names(_NS, "omobility-id", "gradeConversionTable")
_ELMO: Final = {wire.qname(each, "elmo"): "elmo" for each in (wire.ELMO_V2, wire.ELMO_V1)}
_PARTS: Final = _NAMES._replace(known={**_NAMES.known, **_ELMO})


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


def _reader() -> ElmoReader:
    return ElmoReader(wire.ELMO_V1)


def _read(reader: ElmoReader, element: Element) -> Tor | None:
    parts = reader.parts(element, _PARTS)
    omobility_id = read_id(reader, element, parts)
    if omobility_id is None:
        return None
    table = parts.get("gradeConversionTable")
    tor = Tor(
        omobility_id,
        grade_conversion_table=() if table is None else reader.conversion_table(table, _NS),
    )
    elmo = reader.elmo_in(element)
    return tor if elmo is None else reader.transcript(elmo, tor)
