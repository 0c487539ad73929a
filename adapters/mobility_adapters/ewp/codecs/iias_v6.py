"""Get responses of the IIAs API, version 6: who, and the two hashes that an old approval can carry.

Terms of version 6 are not decoded. What an approval brought over from version 6 was given to is all that
anybody still asks.

Source: EWP IIAs API 6.3.0, get response; IIAs API 7.0.0, hash text for version 6.
"""

from dataclasses import dataclass
from typing import Final

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.hash_segments import V6
from mobility_adapters.ewp.iia_hash import HashText, conditions_hash, hash_text
from mobility_adapters.ewp.reading import agreement_elements, open_document, text
from mobility_bridge.domain.identifiers import IiaHash
from mobility_bridge.kit.xml import Element

FORMAT: Final = wire.FORMAT_IIAS_V6


@dataclass(frozen=True, slots=True)
class V6Agreement:
    """One agreement: parties and their ids in the order of the document, and its hashes.

    `declared` is the `conditions-hash` that the document states, `conditions_hash` the one that its bytes
    give, and `hash_text` the text of the newer hash that version 7 approvals use.
    """

    hei_ids: tuple[str, ...]
    iia_ids: tuple[str | None, ...]
    declared: str | None
    conditions_hash: IiaHash | None
    hash_text: HashText


def decode(document: bytes | Element) -> list[V6Agreement]:
    """Read every agreement of a response, in document order. Raises InvalidDocument."""
    tree = open_document(document, wire.IIAS_V6_GET_ROOT)
    return [_read(iia) for iia in agreement_elements(tree)]


def _read(iia: Element) -> V6Agreement:
    partners = list(iia.iterchildren(_tag("partner")))
    return V6Agreement(
        hei_ids=tuple(text(partner, _tag("hei-id")) or "" for partner in partners),
        iia_ids=tuple(text(partner, _tag("iia-id")) for partner in partners),
        declared=text(iia, _tag("conditions-hash")),
        conditions_hash=conditions_hash(iia),
        hash_text=hash_text(iia, V6),
    )


def _tag(name: str) -> str:
    return wire.qname(wire.IIAS_V6_GET, name)
