"""Update requests and responses of the Outgoing Mobility Learning Agreements API, version 1.

The receiving HEI approves or comments one proposal. The children of its signature are elements of the get response,
not of the request: the type comes from there. Some writers miss that; a request is read all the same.

Source: EWP Outgoing Mobility Learning Agreements API 1.2.0, update endpoint.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.la_reading import LaReader
from mobility_adapters.ewp.la_writing import write_signature
from mobility_adapters.ewp.lenient import names
from mobility_adapters.ewp.reading import open_document, wrong_content
from mobility_adapters.ewp.semantics import Problem, insist, warning
from mobility_adapters.ewp.semantics.learning_agreements import check_signature
from mobility_adapters.ewp.updates import mandatory, mandatory_text, read_messages, write_messages
from mobility_adapters.ewp.writing import finished, new_document
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.identifiers import HeiId, OmobilityId
from mobility_bridge.domain.learning_agreement import LaSignature
from mobility_bridge.kit.xml import Element

APPROVE: Final = "approve-proposal-v1"
COMMENT: Final = "comment-proposal-v1"

_ROOT: Final = wire.OMOBILITY_LAS_V1_UPDATE_REQUEST_ROOT
_NS: Final = wire.OMOBILITY_LAS_V1_UPDATE_REQUEST
_REQUEST: Final = names(_NS, "sending-hei-id", APPROVE, COMMENT)
_DECISION: Final = names(_NS, "omobility-id", "changes-proposal-id", "comment", "signature")


@dataclass(frozen=True, slots=True)
class LaUpdate:
    """A receiving HEI's decision on exactly the proposal called `changes_proposal_id`.

    Without a comment it is an approval, and the signature becomes part of the agreement; with one, a refusal.
    """

    sending_hei_id: HeiId
    omobility_id: OmobilityId
    changes_proposal_id: str
    signature: LaSignature
    comment: str | None = field(default=None, repr=False)

    @property
    def approves(self) -> bool:
        return self.comment is None


def encode_update(update: LaUpdate) -> bytes:
    """Write an update request.

    Raises:  UnsoundDocument where the signature does not say who signs, or a refusal not why; ValueError for what
             the format cannot say.
    """
    insist(_problems(update))
    root = new_document(_ROOT, la=wire.OMOBILITY_LAS_V1_GET)
    _add(root, "sending-hei-id", update.sending_hei_id)
    decision = etree.SubElement(root, wire.qname(_NS, APPROVE if update.approves else COMMENT))
    _add(decision, "omobility-id", update.omobility_id)
    _add(decision, "changes-proposal-id", update.changes_proposal_id)
    if update.comment is not None:
        _add(decision, "comment", update.comment)
    write_signature(decision, wire.qname(_NS, "signature"), update.signature)
    return finished(root)


def decode_update(document: bytes | Element) -> tuple[LaUpdate, tuple[Problem, ...]]:
    """Read an update request, unknown elements left out.

    Raises:  InvalidDocument where it cannot be said what is decided: another root, no kind of update that is known,
             or two, a mandatory part missing or empty.
    Source:  the same, update endpoint: answered with HTTP 400.
    """
    tree = open_document(document, _ROOT)
    reader = LaReader()
    parts = reader.parts(tree, _REQUEST)
    kinds = [kind for kind in (APPROVE, COMMENT) if kind in parts]
    if len(kinds) != 1:
        raise wrong_content("an update holds one decision: an approval or a comment", tree)
    decision = parts[kinds[0]]
    said = reader.parts(decision, _DECISION)
    update = LaUpdate(
        HeiId(mandatory_text(parts, "sending-hei-id", tree)),
        OmobilityId(mandatory_text(said, "omobility-id", decision)),
        mandatory_text(said, "changes-proposal-id", decision),
        reader.signature(mandatory(said, "signature", decision)),
        mandatory_text(said, "comment", decision) if kinds == [COMMENT] else None,
    )
    if update.signature.timestamp is None:
        raise wrong_content("the signature does not say when it was given", said["signature"])
    at = f"/omobility-las-update-request/{kinds[0]}/signature"
    return update, (*reader.problems, *check_signature(update.signature, at=at))


def encode_update_response(messages: Iterable[LangString] = ()) -> bytes:
    return write_messages(wire.OMOBILITY_LAS_V1_UPDATE_RESPONSE_ROOT, messages)


def decode_update_response(document: bytes | Element) -> tuple[LangString, ...]:
    """Read what the sending HEI tells the user who decided. Raises InvalidDocument."""
    return read_messages(document, wire.OMOBILITY_LAS_V1_UPDATE_RESPONSE_ROOT)


def _problems(update: LaUpdate) -> Iterator[Problem]:
    at = f"/omobility-las-update-request/{APPROVE if update.approves else COMMENT}"
    for name, value in (
        ("omobility-id", update.omobility_id),
        ("changes-proposal-id", update.changes_proposal_id),
        ("comment", "given" if update.comment is None else update.comment),
    ):
        if not value.strip():
            yield warning("MISSING", f"{at}/{name}", f"{name} is empty")
    yield from check_signature(update.signature, at=f"{at}/signature")


def _add(parent: Element, name: str, value: str) -> None:
    etree.SubElement(parent, wire.qname(_NS, name)).text = value
