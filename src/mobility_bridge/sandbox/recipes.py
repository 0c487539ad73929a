"""How a copy's declared `iia-hash` comes about: the right way, and the wrong ways that are seen in the wild.

Each recipe is named after the discrepancy that it leads to. Source: EWP agreements: known trouble with hashes.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from lxml import etree

from mobility_bridge.sandbox import documents
from mobility_bridge.sandbox.fingerprint import MARKER, fingerprint_of, hash_of
from mobility_bridge.sandbox.world import Condition, Copy

_SEGMENT = re.compile(r"_[^_=]+=(.*?)_(?=_|\Z)", re.DOTALL)


@lru_cache(maxsize=4096)
def declared_hash(copy: Copy) -> str:
    """The hash that the holder declares for its copy."""
    return _RECIPES[copy.hash_recipe](replace(copy, hash_recipe="right"))


def conditions_hash(copy: Copy) -> str:
    """The `conditions-hash` of version 6: exclusive canonical XML of the conditions, contacts taken out."""
    document = documents.get_response([(copy, "0" * 64)])
    root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    conditions = root.find(f".//{{{documents.GET_NS}}}cooperation-conditions")
    assert conditions is not None
    for side in ("sending", "receiving"):
        for contact in conditions.findall(f"*/{{{documents.GET_NS}}}{side}-contact"):
            spec = contact.getparent()
            assert spec is not None
            spec.remove(contact)
    return _sha256(etree.tostring(conditions, method="c14n", exclusive=True, with_comments=False))


def earlier_text(copy: Copy) -> Copy:
    """A text that the holder could have served before: one person fewer, or more, in the first condition."""
    first, *others = copy.conditions
    number = int(first.number)
    before = replace(first, number=str(number - 1 if number > 1 else number + 1))
    return replace(copy, conditions=(before, *others))


def _changed(copy: Copy, change: Callable[[Condition], Condition]) -> str:
    return hash_of(replace(copy, conditions=tuple(map(change, copy.conditions))))


def _lexical(condition: Condition) -> Condition:
    total = condition.total
    return replace(condition, total=total.removesuffix(".0") if total else total)


def _without_empty(condition: Condition) -> Condition:
    fields = tuple(replace(each, clarification=each.clarification or None) for each in condition.fields)
    return replace(condition, fields=fields, terms=condition.terms or None)


def _without_names(copy: Copy) -> str:
    return _sha256("".join(f"_{value}_" for value in _SEGMENT.findall(fingerprint_of(copy).text)).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


_RECIPES: Mapping[str, Callable[[Copy], str]] = {
    "right": hash_of,
    "HASH_DECLARED_WRONG": lambda copy: hash_of(earlier_text(copy)),
    "HASH_DOC_SCOPE": lambda copy: _sha256((MARKER + fingerprint_of(copy).text).encode()),
    "HASH_BEFORE_MAPPING": lambda copy: hash_of(replace(copy, other_iia_id=None)),
    "HASH_SWAPPED_IDS": lambda copy: hash_of(replace(copy, swapped=not copy.swapped)),
    "HASH_LAYOUT": lambda copy: _changed(copy, lambda each: replace(each, number=each.number.strip())),
    "HASH_ENCODING": lambda copy: _sha256(fingerprint_of(copy).text.encode("iso-8859-1")),
    "HASH_LEXICAL": lambda copy: _changed(copy, _lexical),
    "HASH_EMPTY_ELEMENTS": lambda copy: _changed(copy, _without_empty),
    "HASH_CONTACTS": conditions_hash,
    "HASH_OLD_STYLESHEET": _without_names,
    "HASH_NOT_COMPUTABLE": lambda copy: hash_of(replace(copy, extra_iia_id=None)),
    "HASH_CASE": lambda copy: hash_of(copy).upper(),
    "HASH_UNSTABLE": lambda copy: _sha256(b"unstable " + fingerprint_of(copy).text.encode()),
}
