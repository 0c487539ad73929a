"""Answers to change notifications: an empty root element, and nothing else to read.

Source: EWP IIA CNR API 3.0.0, IIA Approval CNR API 2.0.0.
"""

from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.kit.xml import Element

ROOTS: Final = {
    CnrKind.IIA: wire.IIA_CNR_V3_ROOT,
    CnrKind.IIA_APPROVAL: wire.IIA_APPROVAL_CNR_V2_ROOT,
}


def check(document: bytes | Element, kind: CnrKind) -> None:
    """Make sure that a 200 answer is the receiver's own. Raises InvalidDocument."""
    open_document(document, ROOTS[kind])


def encode(kind: CnrKind) -> bytes:
    return finished(new_document(ROOTS[kind]))
