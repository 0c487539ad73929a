"""Responses of the IIAs Approval API, version 2: which of the asker's texts were approved.

Source: EWP IIAs Approval API 2.0.0.
"""

from collections.abc import Iterable
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import open_document, required_text, wrong_content
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.identifiers import IiaHash, IiaId
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.sources import ReadApproval

_APPROVAL: Final = wire.qname(wire.IIAS_APPROVAL_V2, "approval")
_IIA_ID: Final = wire.qname(wire.IIAS_APPROVAL_V2, "iia-id")
_IIA_HASH: Final = wire.qname(wire.IIAS_APPROVAL_V2, "iia-hash")


def decode(document: bytes | Element) -> list[ReadApproval]:
    """Read every approval in document order.

    Raises:  InvalidDocument, also for an approval without an id or a hash: nobody can say what it approves.
    """
    tree = open_document(document, wire.IIAS_APPROVAL_V2_ROOT)
    return [_read(approval) for approval in tree.iterchildren(_APPROVAL)]


def encode(approvals: Iterable[ReadApproval]) -> bytes:
    root = new_document(wire.IIAS_APPROVAL_V2_ROOT)
    for approval in approvals:
        element = etree.SubElement(root, _APPROVAL)
        etree.SubElement(element, _IIA_ID).text = approval.iia_id
        etree.SubElement(element, _IIA_HASH).text = approval.iia_hash
    return finished(root)


def _read(approval: Element) -> ReadApproval:
    iia_id, iia_hash = required_text(approval, _IIA_ID), required_text(approval, _IIA_HASH)
    if not iia_id or not iia_hash:
        raise wrong_content("an approval has an empty iia-id or iia-hash", approval)
    return ReadApproval(IiaId(iia_id), IiaHash(iia_hash))
