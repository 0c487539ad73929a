"""Answers to change notifications: an empty root element, and nothing else to read.

Source: EWP IIA CNR API 3.0.0, IIA Approval CNR API 2.0.0, Outgoing Mobility CNR API 2.0.0, Outgoing Mobility LA CNR
API 1.1.0, Incoming Mobility CNR API 2.0.0, Incoming Mobility ToR CNR API 2.0.0.
"""

from enum import StrEnum
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.notification import CnrKind
from mobility_bridge.kit.xml import Element


class StudentCnr(StrEnum):
    """Which notification about students, by the name of its API."""

    OMOBILITY = "omobility-cnr"
    OMOBILITY_LA = "omobility-la-cnr"
    IMOBILITY = "imobility-cnr"
    IMOBILITY_TOR = "imobility-tor-cnr"


ROOTS: Final[dict[CnrKind | StudentCnr, str]] = {
    CnrKind.IIA: wire.IIA_CNR_V3_ROOT,
    CnrKind.IIA_APPROVAL: wire.IIA_APPROVAL_CNR_V2_ROOT,
    StudentCnr.OMOBILITY: wire.OMOBILITY_CNR_V2_ROOT,
    StudentCnr.OMOBILITY_LA: wire.OMOBILITY_LA_CNR_V1_ROOT,
    StudentCnr.IMOBILITY: wire.IMOBILITY_CNR_V2_ROOT,
    StudentCnr.IMOBILITY_TOR: wire.IMOBILITY_TOR_CNR_V2_ROOT,
}


def check(document: bytes | Element, kind: CnrKind | StudentCnr) -> None:
    """Make sure that a 200 answer is the receiver's own. Raises InvalidDocument."""
    open_document(document, ROOTS[kind])


def encode(kind: CnrKind | StudentCnr) -> bytes:
    return finished(new_document(ROOTS[kind]))
