"""Get responses of the Incoming Mobilities API, version 2. There is no index.

Reading is lenient: what can be read is, and every oddity is a problem beside it. Writing is strict.

Source: EWP Incoming Mobilities API 2.0.0.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.objects import (
    ObjectFacts,
    ObjectsResponse,
    object_path,
    objects_of,
    read_id,
    read_object_at,
    read_objects,
)
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.semantics import insist
from mobility_adapters.ewp.semantics.incoming import check
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.incoming_mobility import ActualDates
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_IMOBILITIES_V2

_NS: Final = wire.IMOBILITIES_V2_GET
_ROOT: Final = wire.IMOBILITIES_V2_GET_ROOT
_MOBILITY: Final = wire.qname(_NS, "student-mobility")
_PARTS: Final = names(_NS, "omobility-id", "actual-arrival-date", "actual-departure-date")


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


def encode(stays: Sequence[ActualDates]) -> bytes:
    """Write a response that holds these stays, none of which may have any problem.

    Raises:  UnsoundDocument with all problems of all stays; ValueError for what only version 1 can say.
    """
    insist(_problems(stays))
    return lay_out(stays)


def lay_out(stays: Iterable[ActualDates]) -> bytes:
    """Write stays as they are, right or wrong. Raises ValueError for what the format cannot say."""
    root = new_document(_ROOT)
    for stay in stays:
        if stay.verdict is not None or stay.comment is not None:
            raise ValueError("this version says nothing of verdicts and comments")
        element = etree.SubElement(root, _MOBILITY)
        etree.SubElement(element, wire.qname(_NS, "omobility-id")).text = stay.omobility_id
        for name, day in (
            ("actual-arrival-date", stay.actual_arrival_date),
            ("actual-departure-date", stay.actual_departure_date),
        ):
            if day is not None:
                etree.SubElement(element, wire.qname(_NS, name)).text = day.isoformat()
    return finished(root)


def _read(reader: LenientReader, mobility: Element) -> ActualDates | None:
    parts = reader.parts(mobility, _PARTS)
    omobility_id = read_id(reader, mobility, parts)
    if omobility_id is None:
        return None
    return ActualDates(
        omobility_id,
        reader.day(parts.get("actual-arrival-date")),
        reader.day(parts.get("actual-departure-date")),
    )


def _problems(stays: Sequence[ActualDates]) -> Iterator[Problem]:
    for position, stay in enumerate(stays):
        yield from check(stay, at=object_path(_ROOT, _MOBILITY, position, len(stays)))
