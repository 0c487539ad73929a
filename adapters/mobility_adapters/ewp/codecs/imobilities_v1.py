"""Get responses of the Incoming Mobilities API, version 1: read only.

Here the receiving HEI also says what it makes of a nomination; later versions decide at the sending HEI.

Source: EWP Incoming Mobilities API 1.0.0, get response.
"""

from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    ObjectsResponse,
    objects_of,
    read_id,
    read_object_at,
    read_objects,
)
from mobility_adapters.ewp.reading import open_document, string_value
from mobility_adapters.ewp.semantics.incoming import check
from mobility_bridge.domain.incoming_mobility import ActualDates, ReceiverVerdict
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_IMOBILITIES_V1

_NS: Final = wire.IMOBILITIES_V1_GET
_ROOT: Final = wire.IMOBILITIES_V1_GET_ROOT
_MOBILITY: Final = wire.qname(_NS, "student-mobility-for-studies")
_PARTS: Final = names(
    _NS, "omobility-id", "status", "comment", "actual-arrival-date", "actual-departure-date"
)


def read_facts(document: bytes | Element) -> list[ObjectFacts]:
    """Say which stays a response holds, and a digest of each, without decoding any. Raises InvalidDocument."""
    return [facts for _, facts in objects_of(open_document(document, _ROOT), _MOBILITY)]


def decode_all(document: bytes | Element) -> ObjectsResponse[ActualDates]:
    """Read every stay of a response as far as it can be read, and judge it by the rules.

    Raises:  InvalidDocument (not_xml, doctype, too_large, wrong_root).
    """
    tree = open_document(document, _ROOT)
    return read_objects(tree, _MOBILITY, LenientReader, _read, lambda found, at: check(found, at=at))


def decode_at(document: bytes, position: int) -> ActualDates:
    """Decode the stay at `position` (from 0) of a stored response. Raises InvalidDocument."""
    return read_object_at(open_document(document, _ROOT), _MOBILITY, position, LenientReader, _read)


def _read(reader: LenientReader, mobility: Element) -> ActualDates | None:
    parts = reader.parts(mobility, _PARTS)
    omobility_id = read_id(reader, mobility, parts)
    if omobility_id is None:
        return None
    comment = parts.get("comment")
    return ActualDates(
        omobility_id,
        reader.day(parts.get("actual-arrival-date")),
        reader.day(parts.get("actual-departure-date")),
        _read_verdict(reader, mobility, parts.get("status")),
        None if comment is None else string_value(comment),
    )


def _read_verdict(reader: LenientReader, mobility: Element, status: Element | None) -> ReceiverVerdict | None:
    if status is None:
        reader.missing(mobility, "status")
        return None
    try:
        return ReceiverVerdict(string_value(status))
    except ValueError:
        reader.note("UNREADABLE", status, "status is none of pending, verified, rejected")
        return None
