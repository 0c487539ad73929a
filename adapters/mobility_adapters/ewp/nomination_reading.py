"""Nominations out of XML, as far as they can be read: what both versions write alike.

Source: EWP Outgoing Mobilities API 3.0.0 and 2.0.0, get response; known trouble of the network.
"""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, TypeVar

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.lenient import LenientReader, names
from mobility_adapters.ewp.reading import string_value
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.nomination import NominationSide
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.kit.xml import Element

NAMES: Final = ("given-names", "family-name")

_LANG: Final = wire.qname(wire.XML, "lang")
_Code = TypeVar("_Code", bound=StrEnum)


class NominationReader(LenientReader):
    """Reads nominations of one version and collects what is odd about them."""

    def __init__(self, namespace: str) -> None:
        super().__init__()
        self._namespace = namespace
        self._side = names(namespace, "hei-id", "ounit-id", "iia-id")

    def side(self, parent: Element, parts: Mapping[str, Element], name: str) -> NominationSide:
        element = parts.get(name)
        if element is None:
            self.missing(parent, name)
            return NominationSide(None)
        within = self.parts(element, self._side)
        hei_id = self.text(element, within, "hei-id")
        return NominationSide(
            HeiId(hei_id) if hei_id else None,
            optional_text(within.get("ounit-id")),
            optional_text(within.get("iia-id")),
        )

    def person(self, student: Element, parts: Mapping[str, Element], *, citizenship: str) -> Person:
        """Read the student, whose country is called `citizenship` in this version."""
        return Person(
            names=self._names(student),
            birth_date=self.day(parts.get("birth-date")),
            gender=self.integer(parts.get("gender"), Severity.WARNING),
            citizenship=optional_text(parts.get(citizenship)),
            email=optional_text(parts.get("email")),
            global_id=optional_text(parts.get("global-id")),
        )

    def code(self, kind: type[_Code], element: Element | None) -> _Code | None:
        """A value out of a list; one that we do not know counts as absent."""
        if element is None:
            return None
        try:
            return kind(string_value(element))
        except ValueError:
            self.unknown_code(element, element.tag.rpartition("}")[2])
            return None

    def is_non_standard(self, parts: Mapping[str, Element]) -> bool:
        """Whether the stay fits no term; where a term is named as well, both are kept."""
        element = parts.get("non-standard-mobility-period")
        if element is not None and "sending-academic-term-ewp-id" in parts:
            self.note("REPEATED", element, "a term is named and said not to fit; both were read")
        return element is not None

    def _names(self, student: Element) -> tuple[PersonName, ...]:
        """Put given and family names of one language together; the n-th with the n-th, where one repeats."""
        found: dict[tuple[str | None, int], list[str]] = {}
        for place, name in enumerate(NAMES):
            before: Counter[str | None] = Counter()
            for element in student.iterchildren(wire.qname(self._namespace, name)):
                lang = element.get(_LANG)
                pair = found.setdefault((lang, before[lang]), ["", ""])
                pair[place] = string_value(element)
                before[lang] += 1
        return tuple(PersonName(given, family, lang) for (lang, _), (given, family) in found.items())


def optional_text(element: Element | None) -> str | None:
    return None if element is None else string_value(element)
