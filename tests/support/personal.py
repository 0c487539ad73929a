"""Everything personal in the fixtures and in the sandbox's cast, to be looked for where it must not be."""

import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from lxml import etree
from tests.support.fixtures import FIXTURES

from mobility_bridge.sandbox.scenarios.student_cast import person
from mobility_bridge.sandbox.scenarios.student_life import number_of

_NAMES = frozenset(
    {
        "given-names", "family-name", "givenNames", "familyName", "birthName", "alternativeName", "signer-name",
        "Fornamn", "Efternamn", "firstName", "lastName", "person-name",
    }
)  # fmt: skip
_DAYS = frozenset({"birth-date", "dateOfBirth", "bday", "Fodelsedata"})
_NUMBERS = frozenset({"Personnummer", "global-id", "placeOfBirth"})
_STREETS = frozenset({"addressLine", "street", "Utdelningsadress", "Postadress", "postOfficeBox"})
_CAST = range(1, 400)
_SHORTEST = 4

SHAPES = {
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "a European Student Identifier": re.compile(r"urn:schac:personalUniqueCode"),
    "a civic number": re.compile(r"(?<![\w.-])(?:19|20)\d\d(?:0[1-9]|1[0-2])[0-9]\d-?[\dT]\d{3}(?![\w.-])"),
    "a phone number": re.compile(r"\+\d[\d ()-]{6,}"),
}
"""What no line may hold whoever it is of."""


def texts() -> frozenset[str]:
    """Names, days of birth, numbers and addresses of everybody invented here; too short ones left out."""
    return frozenset(each for each in (*_of_fixtures(), *_of_cast()) if len(each) >= _SHORTEST)


def found_in(line: str, personal: re.Pattern[str]) -> Iterator[str]:
    """What of a line is personal."""
    yield from (match.group() for match in personal.finditer(line))
    yield from (match.group() for shape in SHAPES.values() for match in shape.finditer(line))


def pattern(words: Iterable[str]) -> re.Pattern[str]:
    """One pattern for all of them, each as whole words."""
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)")


def _of_fixtures() -> Iterator[str]:
    for file in sorted(FIXTURES.rglob("*.xml")):
        yield from _of_document(file)


def _of_document(file: Path) -> Iterator[str]:
    try:
        tree = etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True, recover=True))
    except etree.XMLSyntaxError:
        return
    for node in tree.iter(etree.Element):
        name, text = etree.QName(node).localname, (node.text or "").strip()
        if not text:
            continue
        if name in _NAMES or name in _STREETS:
            yield from (text, *text.split())
        elif name in _DAYS:
            yield from (text, text.replace("-", ""))
        elif name in _NUMBERS:
            yield text


def _of_cast() -> Iterator[str]:
    for number in _CAST:
        who = person(number)
        yield from (who.given_names, who.family_name, *_days(who.born), number_of(who))


def _days(born: date) -> tuple[str, str]:
    return born.isoformat(), f"{born:%Y%m%d}"
