"""The `iia-hash` of version 7, computed a second time, independently of the bridge.

Slow and literal on purpose: every step of the procedure is one visible line here.

Source: EWP IIAs API 7.0.0, resources/xsltKit, transform_version_7; EWP agreements: iia-hash.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree import ElementTree as ET

from mobility_bridge.sandbox import documents
from mobility_bridge.sandbox.world import Copy

MARKER = "_@terminated-as-a-whole@_"
_CONTACTS = ("sending-contact", "receiving-contact")
_FIRST_YEAR = "receiving-first-academic-year-id"
_LAST_YEAR = "receiving-last-academic-year-id"
_FLAG = "not-yet-defined"
_OLD_CODE = "v6-value"
_PLACEHOLDER = "0" * 64

_Parents = Mapping[ET.Element, ET.Element]


class NotComputableError(ValueError):
    """The document has no hash: something that may stand once stands twice."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What the procedure gives for one agreement of a document."""

    iia_id: str
    text: str
    approvable: bool

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def fingerprints(document: bytes) -> list[Fingerprint]:
    """Compute the hash text of every agreement in a get response. Raises NotComputableError."""
    root = ET.fromstring(document)  # noqa: S314 - only the sandbox's own documents come here
    parents = {child: parent for parent in root.iter() for child in parent}
    everything = list(root.iter())
    marker = MARKER if any(map(_terminated, everything)) else ""
    blocked = any(_true(each.get(_FLAG)) or each.get(_OLD_CODE) for each in everything)
    return [
        Fingerprint(_own_id(iia), marker + "".join(_segments(iia, parents)), not blocked)
        for iia in everything
        if _local(iia.tag) == "iia"
    ]


@lru_cache(maxsize=4096)
def fingerprint_of(copy: Copy) -> Fingerprint:
    """The fingerprint of one copy, alone in a document."""
    return fingerprints(documents.get_response([(copy, _PLACEHOLDER)]))[0]


def hash_of(copy: Copy) -> str:
    """The right `iia-hash` of one copy."""
    return fingerprint_of(copy).sha256


def _segments(iia: ET.Element, parents: _Parents) -> Iterator[str]:
    for number, partner in enumerate(_children(iia, "partner"), start=1):
        yield f"_iia-id_{number}={_only(partner, 'iia-id')}_"
    for conditions in _children(iia, "cooperation-conditions"):
        for spec in conditions:
            for element in list(spec.iter())[1:]:
                yield from _element(element, parents)
            yield f"_{_FIRST_YEAR}={_only(spec, _FIRST_YEAR)}_"
            yield f"_{_LAST_YEAR}={_only(spec, _LAST_YEAR)}_"


def _element(element: ET.Element, parents: _Parents) -> Iterator[str]:
    name = _local(element.tag)
    above = list(_ancestors(element, parents))
    if any(_local(each.tag) in _CONTACTS for each in above) or name in (_FIRST_YEAR, _LAST_YEAR):
        return
    if any(_true(each.get(_FLAG)) for each in (element, *above)):
        return
    path = f"{_local(above[1].tag)}.{_local(above[0].tag)}.{name}"
    for key, value in element.attrib.items():
        if key not in (_FLAG, _OLD_CODE):
            yield f"_@{path}.{_local(key)}={value}@_"
    if len(element) == 0:
        old_code = element.get(_OLD_CODE) if name == "isced-f-code" else None
        yield f"_{path}={old_code or _text(element)}_"


def _ancestors(element: ET.Element, parents: _Parents) -> Iterator[ET.Element]:
    while element in parents:
        element = parents[element]
        yield element


def _children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if _local(child.tag) == name]


def _only(element: ET.Element, name: str) -> str:
    found = _children(element, name)
    if len(found) > 1:
        raise NotComputableError(f"{name} stands {len(found)} times in one {_local(element.tag)}")
    return _text(found[0]) if found else ""


def _own_id(iia: ET.Element) -> str:
    partners = _children(iia, "partner")
    return "".join(_text(each) for each in _children(partners[0], "iia-id")) if partners else ""


def _terminated(element: ET.Element) -> bool:
    return _local(element.tag) == "cooperation-conditions" and any(
        _local(key) == "terminated-as-a-whole" and _true(value) for key, value in element.attrib.items()
    )


def _text(element: ET.Element) -> str:
    return "".join(element.itertext())


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _true(value: str | None) -> bool:
    return value in ("true", "1")
