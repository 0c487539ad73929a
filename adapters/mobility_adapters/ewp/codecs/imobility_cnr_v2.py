"""Answers of the Incoming Mobility CNR API, version 2: an empty root element, and nothing else to read.

Source: EWP Incoming Mobility CNR API 2.0.0.
"""

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.kit.xml import Element


def check(document: bytes | Element) -> None:
    """Make sure that a 200 answer is the receiver's own. Raises InvalidDocument."""
    open_document(document, wire.IMOBILITY_CNR_V2_ROOT)


def encode() -> bytes:
    return finished(new_document(wire.IMOBILITY_CNR_V2_ROOT))
