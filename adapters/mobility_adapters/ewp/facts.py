"""What an agreement of version 7 says of itself, short of decoding its terms: whose it is, and its digests."""

from hashlib import sha256
from typing import Final, NamedTuple

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.hash_segments import CONDITIONS
from mobility_adapters.ewp.iia_hash import HashText, hash_text, scanned_hash_text
from mobility_adapters.ewp.reading import (
    boolean,
    boolean_attribute,
    boolean_value,
    required_child,
    required_text,
    text,
    wrong_content,
)
from mobility_adapters.ewp.scanning import Found, read_each
from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element


def _tag(name: str) -> str:
    return wire.qname(wire.IIAS_V7_GET, name)


_HEI_ID: Final = _tag("hei-id")
_IIA_ID: Final = _tag("iia-id")
_IIA_CODE: Final = _tag("iia-code")
_IIA_HASH: Final = _tag("iia-hash")
_PARTNER: Final = _tag("partner")
_IN_EFFECT: Final = _tag("in-effect")
_CONDITIONS: Final = _tag(CONDITIONS)


class Party(NamedTuple):
    """One of the two partners; None is an element that is not there."""

    hei_id: str
    iia_id: str | None
    iia_code: str | None


class Facts(NamedTuple):
    """One agreement; `declared` is its own hash as it stands there, `hashed` None where it cannot be computed.

    `text_digest` is the SHA-256 of the whole agreement as libxml2 writes it, the same whether it comes alone or with others.
    """

    parties: tuple[Party, Party]
    in_effect: bool
    terminated: bool | None
    declared: str | None
    hashed: HashText | None
    text_digest: Sha256


def read_facts(tree: Element, document: bytes) -> list[Facts]:
    """Read every agreement of `document`, of which `tree` was parsed.

    Raises:  InvalidDocument (content) where a required part is missing or says nothing.
    """
    return read_each(tree, document, _scanned, walked_facts)


def walked_facts(iia: Element) -> Facts:
    """Read one agreement from its elements. Raises as `read_facts`."""
    partners = list(iia.iterchildren(_PARTNER))
    if len(partners) != 2:
        raise wrong_content(f"an agreement has two partners, not {len(partners)}", iia)
    first, second = map(_party, partners)
    written = etree.tostring(iia, encoding="UTF-8", xml_declaration=False, with_tail=False)
    return Facts(
        parties=(first, second),
        in_effect=boolean(required_child(iia, _IN_EFFECT)),
        terminated=boolean_attribute(required_child(iia, _CONDITIONS), "terminated-as-a-whole"),
        declared=text(iia, _IIA_HASH),
        hashed=_hash_or_none(iia),
        text_digest=Sha256(sha256(written).hexdigest()),
    )


def _party(partner: Element) -> Party:
    return Party(required_text(partner, _HEI_ID), text(partner, _IIA_ID), text(partner, _IIA_CODE))


def _hash_or_none(iia: Element) -> HashText | None:
    try:
        return hash_text(iia)
    except InvalidDocument:
        return None


def _scanned(found: Found) -> Facts | None:
    """The same as the compiled way found it; None for what the walk must explain."""
    terminated = None if found.terminated is None else boolean_value(found.terminated)
    in_effect = boolean_value(found.in_effect or "")
    if (
        found.first_hei_id is None
        or found.second_hei_id is None
        or in_effect is None
        or (terminated is None and found.terminated is not None)
    ):
        return None
    return Facts(
        parties=(
            Party(found.first_hei_id, found.first_iia_id, found.first_iia_code),
            Party(found.second_hei_id, found.second_iia_id, found.second_iia_code),
        ),
        in_effect=in_effect,
        terminated=terminated,
        declared=found.iia_hash,
        hashed=scanned_hash_text(found),
        text_digest=Sha256(sha256(found.written).hexdigest()),
    )
