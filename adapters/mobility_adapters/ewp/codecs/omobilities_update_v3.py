"""Update requests and responses of the Outgoing Mobilities API, version 3.

The receiving HEI approves or rejects one proposal at the sending HEI. Who decides is known from the request's key:
the document names no institution and carries no signature.

Source: EWP Outgoing Mobilities API 3.0.0, update endpoint.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.reading import open_document, wrong_content
from mobility_adapters.ewp.semantics import Problem, insist, warning
from mobility_adapters.ewp.updates import mandatory_text, read_messages, write_messages
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.kit.xml import Element
from mobility_bridge.ports.student_sources import Decision, ProposalDecision

_ROOT: Final = wire.OMOBILITIES_V3_UPDATE_REQUEST_ROOT
_NS: Final = wire.OMOBILITIES_V3_UPDATE_REQUEST
_KINDS: Final = {"approve-proposal-v1": Decision.APPROVE, "reject-proposal-v1": Decision.REFUSE}
_TAGS: Final = {decision: kind for kind, decision in _KINDS.items()}
_REQUEST: Final = names(_NS, *_KINDS)
_DECISION: Final = names(_NS, "omobility-id", "proposal-id", "comment")


def encode_update(decision: ProposalDecision) -> bytes:
    """Write an update request; the HEI in `decision` is the one it is sent to.

    Raises:  UnsoundDocument where it does not say on what is decided, or a rejection not why; ValueError for a
             comment on an approval, which the format cannot carry, and for what no XML can say.
    """
    insist(_problems(decision))
    root = new_document(_ROOT)
    element = etree.SubElement(root, wire.qname(_NS, _TAGS[decision.decision]))
    _add(element, "omobility-id", decision.omobility_id)
    _add(element, "proposal-id", decision.proposal_id)
    if decision.decision is Decision.REFUSE:
        _add(element, "comment", decision.comment or "")
    elif decision.comment is not None:
        raise ValueError("an approval carries no comment")
    return finished(root)


def decode_update(
    document: bytes | Element, *, sending_hei_id: HeiId
) -> tuple[ProposalDecision, tuple[Problem, ...]]:
    """Read an update request that came to `sending_hei_id`, unknown elements left out.

    Raises:  InvalidDocument where it cannot be said what is decided: another root, no kind of update that is known,
             or two, a mandatory part missing or empty. Such a request is answered with HTTP 400.
    """
    tree = open_document(document, _ROOT)
    reader = LenientReader()
    parts = reader.parts(tree, _REQUEST)
    if len(parts) != 1:
        raise wrong_content("an update holds one decision: an approval or a rejection", tree)
    ((kind, element),) = parts.items()
    said = reader.parts(element, _DECISION)
    decision = ProposalDecision(
        sending_hei_id,
        OmobilityId(mandatory_text(said, "omobility-id", element)),
        mandatory_text(said, "proposal-id", element),
        _KINDS[kind],
        mandatory_text(said, "comment", element) if _KINDS[kind] is Decision.REFUSE else None,
    )
    return decision, tuple(reader.problems)


def encode_update_response(messages: Iterable[LangString] = ()) -> bytes:
    return write_messages(wire.OMOBILITIES_V3_UPDATE_RESPONSE_ROOT, messages)


def decode_update_response(document: bytes | Element) -> tuple[LangString, ...]:
    """Read what the sending HEI tells the user who decided. Raises InvalidDocument."""
    return read_messages(document, wire.OMOBILITIES_V3_UPDATE_RESPONSE_ROOT)


def _problems(decision: ProposalDecision) -> Iterator[Problem]:
    at = f"/omobilities-update-request/{_TAGS[decision.decision]}"
    wanted = [("omobility-id", decision.omobility_id), ("proposal-id", decision.proposal_id)]
    if decision.decision is Decision.REFUSE:
        wanted.append(("comment", decision.comment or ""))
    for name, value in wanted:
        if not value.strip():
            yield warning("MISSING", f"{at}/{name}", f"{name} is empty")


def _add(parent: Element, name: str, value: str) -> None:
    etree.SubElement(parent, wire.qname(_NS, name)).text = value
