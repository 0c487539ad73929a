"""The `iia-hash`: SHA-256 of the text that a copy's ids and conditions give.

It is computed from the XML as served, never from decoded values: `5` and `5.0` are the same number and two
hashes. The official stylesheet looks at the whole document for two things (a terminated agreement marks its
neighbours, a legacy flag blocks them); so each agreement has a hash alone and one in its document, which
nearly always agree.

Source: EWP IIAs API 7.0.0, hash text (official stylesheets for versions 7 and 6); conditions-hash of 6.3.0.
"""

import hashlib
from copy import deepcopy
from typing import Final, NamedTuple

from lxml import etree

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.hash_segments import (
    CONDITIONS,
    CONTACTS,
    V7,
    Rules,
    general,
    id_segments,
    id_values,
    is_flagged,
    is_true,
    quick,
)
from mobility_adapters.ewp.reading import agreement_elements, local_name
from mobility_adapters.ewp.scanning import Found, read_each
from mobility_bridge.domain.identifiers import IiaHash, Sha256
from mobility_bridge.kit.xml import Element

MARKER: Final = "_@terminated-as-a-whole@_"

# Each starts at the attributes, of which there are few, and looks around from there: several times faster than
# asking every element.
_CONTACT_TEST = " or ".join(f"local-name()='{name}'" for name in sorted(CONTACTS))
# What has no such attribute is neither terminated nor flagged, and its quick walk has no attribute to write: that
# walk meets elements of the format's own name space only. A language on a contact's name is the usual exception.
_has_telling_attributes = etree.XPath(
    "boolean(descendant-or-self::*/@*[parent::g:* or name()!='xml:lang'])", namespaces={"g": wire.IIAS_V7_GET}
)
_is_terminated = etree.XPath(
    "boolean(descendant-or-self::*/@*[local-name()='terminated-as-a-whole'][.='true' or .='1']"
    f"[local-name(..)='{CONDITIONS}'])"
)
_is_blocked = etree.XPath(
    "boolean(descendant-or-self::*/@not-yet-defined[.='true' or .='1'])"
    " or boolean(descendant-or-self::*/@v6-value[.!=''])"
)
_may_write_attributes = etree.XPath(
    f"boolean(*[local-name()='{CONDITIONS}']/*/descendant::*/@*[not(../ancestor::*[{_CONTACT_TEST}])])"
)


class HashText(NamedTuple):
    """The hashed text of one agreement in its parts, in UTF-8 as it is hashed, and what follows from it.

    `iia_id` is the id of the partner that comes first, empty when it has none. `stray_attributes`: the text
    holds attributes that the format does not define (their order depends on the XML library).
    """

    iia_id: str
    marker: str
    ids: bytes
    terms: bytes
    valid_for_approval: bool = True
    stray_attributes: bool = False

    @property
    def text(self) -> str:
        return self.marker + (self.ids + self.terms).decode()

    @property
    def sha256(self) -> IiaHash:
        return IiaHash(hashlib.sha256(self.marker.encode() + self.ids + self.terms).hexdigest())

    @property
    def content_digest(self) -> Sha256:
        """Equal on two copies that state literally the same terms, whoever holds them."""
        return Sha256(hashlib.sha256(self.marker.encode() + self.terms).hexdigest())


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hash_texts(tree: Element, document: bytes) -> list[HashText]:
    """Hash each agreement of version 7 as if it stood alone; `tree` is what `document` was parsed to.

    Shape:   document order. Usual agreements are read the compiled way where there is one.
    Raises:  as `hash_text`.
    """
    return read_each(tree, document, scanned_hash_text, hash_text)


def scanned_hash_text(found: Found) -> HashText:
    """The hashed text of an agreement as the compiled way found it, alone in its document."""
    first, second = found.first_iia_id or "", found.second_iia_id or ""
    return HashText(
        iia_id=first,
        marker=MARKER if is_true(found.terminated) else "",
        ids=f"_iia-id_1={first}__iia-id_2={second}_".encode(),
        terms=found.terms,
    )


def hash_text(iia: Element, rules: Rules = V7) -> HashText:
    """Hash one agreement as if it stood alone in its document, walking over its elements.

    Raises:  InvalidDocument (content) where the official stylesheet would stop: two `iia-id` or two years of
             one kind in one place. Nothing else is refused; validate before.
    """
    unmarked = not rules.reads_attributes or not _has_telling_attributes(iia)
    blocked = not unmarked and bool(_is_blocked(iia))
    marker = MARKER if not unmarked and _is_terminated(iia) else ""
    plain = rules is V7 and (unmarked or not (blocked or _may_write_attributes(iia)))
    return _assemble(iia, rules, marker, blocked=blocked, terms=quick(iia) if plain else None)


def document_hash_texts(tree: Element, rules: Rules = V7) -> list[HashText]:
    """Hash every agreement as the official stylesheet does when it is given the whole document.

    Raises:  InvalidDocument (content) if any one of them cannot be computed: the stylesheet then gives none.
    """
    agreements = agreement_elements(tree)
    if not rules.reads_attributes:
        return [hash_text(iia, rules) for iia in agreements]
    marker = MARKER if _is_terminated(tree) else ""
    blocked = bool(_is_blocked(tree))
    return [
        _assemble(iia, rules, marker, blocked=blocked, hidden=blocked and _is_hidden(iia))
        for iia in agreements
    ]


def text_segments(iia: Element, rules: Rules = V7) -> list[str]:
    """The hashed text of one agreement, alone in its document, piece by piece. Raises as `hash_text`."""
    marker = [MARKER] if rules.reads_attributes and _is_terminated(iia) else []
    return [*marker, *map(str, id_segments(iia)), *map(str, general(iia, rules))]


def lenient_content_digest(iia: Element, rules: Rules = V7) -> Sha256:
    """Digest the terms of an agreement whose hash cannot be computed, so that a change of them still shows."""
    marker = MARKER if rules.reads_attributes and _is_terminated(iia) else ""
    return Sha256(sha256_hex(marker + "".join(map(str, general(iia, rules, lenient=True)))))


def conditions_hash(iia: Element) -> IiaHash | None:
    """Compute the `conditions-hash` of a version 6 agreement; None when it has no conditions.

    Contacts are taken out but the white space around them stays. Prefixes and layout count.
    """
    original = next(iia.iterchildren(f"{{*}}{CONDITIONS}"), None)
    if original is None:
        return None
    conditions = deepcopy(original)
    for condition in conditions.iterchildren("*"):
        for contact in [child for child in condition.iterchildren("*") if local_name(child) in CONTACTS]:
            _remove_keeping_tail(condition, contact)
    return exclusive_canonical_hash(conditions)


def exclusive_canonical_hash(element: Element) -> IiaHash:
    canonical = etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)
    return IiaHash(hashlib.sha256(canonical).hexdigest())


def _assemble(
    iia: Element,
    rules: Rules,
    marker: str,
    *,
    blocked: bool,
    hidden: bool = False,
    terms: list[str] | None = None,
) -> HashText:
    stray = False
    if terms is None:
        segments = general(iia, rules, hidden=hidden)
        stray = any(segment.is_attribute for segment in segments)
        terms = [str(segment) for segment in segments]
    ids = id_values(iia)
    return HashText(
        iia_id=ids[0] if ids else "",
        marker=marker,
        ids="".join([f"_iia-id_{number}={value}_" for number, value in enumerate(ids, start=1)]).encode(),
        terms="".join(terms).encode(),
        valid_for_approval=not blocked,
        stray_attributes=stray,
    )


def _is_hidden(iia: Element) -> bool:
    return any(is_flagged(outer) or local_name(outer) in CONTACTS for outer in iia.iterancestors("*"))


def _remove_keeping_tail(parent: Element, child: Element) -> None:
    previous = child.getprevious()
    if previous is None:
        parent.text = (parent.text or "") + (child.tail or "") or None
    else:
        previous.tail = (previous.tail or "") + (child.tail or "") or None
    parent.remove(child)
