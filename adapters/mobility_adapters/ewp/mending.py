"""Two mistakes that break the schema of a get response and leave every value of it readable.

A hash in upper case, and an id or a year that stands twice, are wrong for certain; refusing the document for
them would hide which agreement is meant and that nothing else is wrong with it. So the mistake is taken out of
a copy of the document, and when that copy is valid there was no other. What is read is the document as it
came: its hash is told apart as upper case or not computable, and no approval rests on it.

Source: EWP agreements: known trouble with hashes, HASH_CASE and HASH_NOT_COMPUTABLE.
"""

import re
from collections.abc import Iterable
from copy import deepcopy
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.hash_segments import CONDITIONS, FIRST_YEAR, LAST_YEAR
from mobility_adapters.ewp.reading import child, string_value, text
from mobility_bridge.kit.xml import Element

_UPPER_CASE: Final = re.compile(r"(?=.*[A-F])[0-9A-Fa-f]{64}")


def _tag(name: str) -> str:
    return wire.qname(wire.IIAS_V7_GET, name)


def mended(tree: Element, holder_hei_id: str) -> Element | None:
    """Copy a get response of `holder_hei_id` without these mistakes; None when it has none of them."""
    copy = deepcopy(tree)
    mistakes = 0
    for iia in copy.iterchildren(_tag("iia")):
        mistakes += _lower_case(iia) + _single_ids(iia, holder_hei_id) + _single_years(iia)
    return copy if mistakes else None


def _lower_case(iia: Element) -> int:
    declared = child(iia, _tag("iia-hash"))
    if declared is None or declared.text is None or not _UPPER_CASE.fullmatch(declared.text):
        return 0
    declared.text = declared.text.lower()
    return 1


def _single_ids(iia: Element, holder_hei_id: str) -> int:
    """Keep the first id on each side; two different ones of the holder say that it is not clear what was asked."""
    mistakes = 0
    for partner in iia.iterchildren(_tag("partner")):
        ids = list(partner.iterchildren(_tag("iia-id")))
        others = ids[1:]
        if text(partner, _tag("hei-id")) == holder_hei_id:
            others = [each for each in others if string_value(each) == string_value(ids[0])]
        mistakes += _removed(partner, others)
    return mistakes


def _single_years(iia: Element) -> int:
    mistakes = 0
    for conditions in iia.iterchildren(_tag(CONDITIONS)):
        for condition in conditions.iterchildren("*"):
            for name in (FIRST_YEAR, LAST_YEAR):
                mistakes += _removed(condition, list(condition.iterchildren(_tag(name)))[1:])
    return mistakes


def _removed(parent: Element, children: Iterable[Element]) -> int:
    count = 0
    for each in children:
        parent.remove(each)
        count += 1
    return count
