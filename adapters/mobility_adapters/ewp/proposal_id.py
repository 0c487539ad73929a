"""Ids of proposals: computed once, when the sending HEI signs, and stored from then on.

An id is a digest of the proposal as it will be written. It is never computed from a document that came in: other
prefixes and other white space give another digest and mean nothing. What comes in is compared as it stands.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0 and Outgoing Mobilities API 3.0.0, which leave the
scheme open; Exclusive XML Canonicalization 1.0.
"""

from copy import deepcopy
from hashlib import sha256
from typing import Final

from lxml import etree

from mobility_adapters.ewp.reading import XML_SPACE
from mobility_bridge.kit.xml import Element

CHANGES_PROPOSAL: Final = "id"
NOMINATION: Final = "proposal-id"


def proposal_id(proposal: Element, attribute: str) -> str:
    """Compute the id of a proposal: SHA-256 over its exclusive canonical form, layout and the id itself apart.

    Shape:   `proposal` is a `changes-proposal` or a `nomination`, `attribute` the one that shall hold the id
             (`CHANGES_PROPOSAL`, `NOMINATION`). The element is not changed. 64 lower-case hexadecimal digits.
    """
    detached = deepcopy(proposal)
    detached.tail = None
    detached.attrib.pop(attribute, "")
    for element in detached.iter():
        if element.text is not None and not element.text.strip(XML_SPACE):
            element.text = None
        if element.tail is not None and not element.tail.strip(XML_SPACE):
            element.tail = None
    canonical = etree.tostring(detached, method="c14n", exclusive=True, with_comments=False)
    return sha256(canonical).hexdigest()
