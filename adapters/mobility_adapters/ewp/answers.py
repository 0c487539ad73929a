"""The small answers: lists of ids, approvals, echoes. Their trees have been validated.

Source: EWP IIAs API 7.0.0, index; IIAs Approval API 2.0.0; Echo API 2.0.1.
"""

from typing import Final

from mobility_adapters.ewp import wire
from mobility_bridge.domain.identifiers import IiaHash, IiaId
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.sources import ReadApproval

_INDEX_ID: Final = wire.qname(wire.IIAS_V7_INDEX, "iia-id")
_APPROVAL: Final = wire.qname(wire.IIAS_APPROVAL_V2, "approval")
_APPROVED_ID: Final = wire.qname(wire.IIAS_APPROVAL_V2, "iia-id")
_APPROVED_HASH: Final = wire.qname(wire.IIAS_APPROVAL_V2, "iia-hash")
_ECHO_HEI: Final = wire.qname(wire.ECHO_V2, "hei-id")
_ECHO: Final = wire.qname(wire.ECHO_V2, "echo")


def index_ids(root: Element) -> tuple[IiaId, ...]:
    """The ids of an index in its order, each once."""
    return tuple(dict.fromkeys(IiaId(item.text or "") for item in root.iterchildren(_INDEX_ID)))


def approvals(root: Element) -> tuple[ReadApproval, ...]:
    """The approvals in the answer's order."""
    return tuple(
        ReadApproval(IiaId(item.findtext(_APPROVED_ID) or ""), IiaHash(item.findtext(_APPROVED_HASH) or ""))
        for item in root.iterchildren(_APPROVAL)
    )


def echoes(root: Element) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Whom the partner takes us for, and our words back in their order, repeated ones too."""
    return (
        tuple(item.text or "" for item in root.iterchildren(_ECHO_HEI)),
        tuple(item.text or "" for item in root.iterchildren(_ECHO)),
    )
