"""Statistics: a row of counts for each academic year of the receiving institutions."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import integer, open_document, required_child, required_text
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.kit.xml import Element

Row = TypeVar("Row")

_YEAR_ID = "receiving-academic-year-id"


def read_years(
    document: bytes | Element, root: str, year: str, counts: Sequence[str], row: Callable[..., Row]
) -> list[Row]:
    """Read a response, a row a year: the year, then the counts in the order of `counts`. Raises InvalidDocument.

    Shape:   `root` and `year` are the names of elements, `counts` are local names in the namespace of `root`.
    """
    namespace = etree.QName(root).namespace
    return [
        row(
            required_text(element, wire.qname(namespace, _YEAR_ID)),
            *(integer(required_child(element, wire.qname(namespace, name))) for name in counts),
        )
        for element in open_document(document, root).iterchildren(wire.qname(namespace, year))
    ]


def write_years(
    root: str, year: str, counts: Sequence[str], rows: Iterable[tuple[str, Sequence[int]]]
) -> bytes:
    """Write a response of these rows: each a year, and its counts in the order of `counts`."""
    namespace = etree.QName(root).namespace
    document = new_document(root)
    for year_id, numbers in rows:
        element = etree.SubElement(document, wire.qname(namespace, year))
        etree.SubElement(element, wire.qname(namespace, _YEAR_ID)).text = year_id
        for name, number in zip(counts, numbers, strict=True):
            etree.SubElement(element, wire.qname(namespace, name)).text = str(number)
    return finished(document)
