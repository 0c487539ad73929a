"""The pieces that an agreement's hashed text is made of.

Two walks give the same pieces. The general one follows the definition literally and copes with any document.
The quick one knows the names that the format defines and gives up (returns None) on everything else; real
documents nearly always take it. Its tables are also what the compiled scanner is given (`scanning`).

Only local names count, in any namespace; nothing is trimmed, converted or validated.

Source: EWP IIAs API 7.0.0, hash text (official stylesheets for versions 7 and 6).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.reading import local_name, string_value, wrong_content
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

CONDITIONS: Final = "cooperation-conditions"
CONTACTS: Final = frozenset({"sending-contact", "receiving-contact"})
FIRST_YEAR: Final = "receiving-first-academic-year-id"
LAST_YEAR: Final = "receiving-last-academic-year-id"
V6_YEAR: Final = "receiving-academic-year-id"

_FLAG: Final = "not-yet-defined"
_OLD_CODE: Final = "v6-value"


class Segment(NamedTuple):
    """One piece of the text. An attribute's name starts with `@` and its text ends with one, too."""

    name: str
    value: str

    @property
    def is_attribute(self) -> bool:
        return self.name.startswith("@")

    def __str__(self) -> str:
        return f"_{self.name}={self.value}@_" if self.is_attribute else f"_{self.name}={self.value}_"


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between the versions.

    `years` are the elements left out of the walk and written last; `reads_attributes` says whether
    attributes are written and `not-yet-defined` and `v6-value` obeyed.
    """

    version: str
    years: frozenset[str]
    reads_attributes: bool


V7: Final = Rules("7", frozenset({FIRST_YEAR, LAST_YEAR}), reads_attributes=True)
V6: Final = Rules("6", frozenset({V6_YEAR}), reads_attributes=False)


def is_true(value: str | None) -> bool:
    """Compare literally, as the stylesheet does: `TRUE` and ` true ` are not true."""
    return value in ("true", "1")


def is_flagged(element: Element) -> bool:
    return is_true(element.get(_FLAG))


def not_computable(element: Element, why: str) -> InvalidDocument:
    return wrong_content(f"no hash can be computed: {why}", element)


def _one_value(parent: Element, name: str) -> str:
    """The value of the only child of this name; two of them stop the official stylesheet."""
    found = list(parent.iterchildren(f"{{*}}{name}"))
    if len(found) > 1:
        raise not_computable(found[1], f"{local_name(parent)} holds {len(found)} {name} elements")
    return string_value(found[0]) if found else ""


def id_values(iia: Element) -> list[str]:
    """The `iia-id` of each partner, empty where there is none.

    Raises:  InvalidDocument when one partner has two.
    """
    return [_one_value(partner, "iia-id") for partner in iia.iterchildren("{*}partner")]


def id_segments(iia: Element) -> list[Segment]:
    return [Segment(f"iia-id_{number}", value) for number, value in enumerate(id_values(iia), start=1)]


# --- the general walk ---------------------------------------------------------------------------------


def general(
    iia: Element, rules: Rules, *, hidden: bool = False, contacts: bool = False, lenient: bool = False
) -> list[Segment]:
    """Walk the conditions of one agreement literally.

    `hidden`: something around the agreement hides all elements, so that only the years remain. `contacts`
    looks into contacts, too (which the definition does not). `lenient` joins doubled years instead of
    refusing them; such a text is good for a digest, never for a hash.

    Raises:  InvalidDocument when the official stylesheet would stop.
    """
    walk = _Walk(rules, contacts=contacts)
    hidden = hidden or (rules.reads_attributes and is_flagged(iia))
    for block in iia.iterchildren(f"{{*}}{CONDITIONS}"):
        block_hidden = hidden or (rules.reads_attributes and is_flagged(block))
        for condition in block.iterchildren("*"):
            if not block_hidden:
                walk.descend(condition, local_name(block))
            walk.segments += _year_segments(condition, rules, lenient=lenient)
    return walk.segments


class _Walk:
    """Elements below one condition, parents before children."""

    def __init__(self, rules: Rules, *, contacts: bool) -> None:
        self.rules = rules
        self.segments: list[Segment] = []
        self._skipped = frozenset[str]() if contacts else CONTACTS

    def descend(self, parent: Element, grandparent: str) -> None:
        name = local_name(parent)
        if name in self._skipped or (self.rules.reads_attributes and is_flagged(parent)):
            return
        for element in parent.iterchildren("*"):
            self._write(element, f"{grandparent}.{name}")
            self.descend(element, name)

    def _write(self, element: Element, where: str) -> None:
        name = local_name(element)
        if name in self.rules.years:
            return
        if self.rules.reads_attributes:
            if is_flagged(element):
                return
            self.segments += _attribute_segments(element, f"{where}.{name}")
        if next(element.iterchildren("*"), None) is None:
            self.segments.append(Segment(f"{where}.{name}", self._leaf_value(element, name)))

    def _leaf_value(self, element: Element, name: str) -> str:
        if name == "isced-f-code" and self.rules.reads_attributes:
            return element.get(_OLD_CODE) or string_value(element)
        return string_value(element)


def _attribute_segments(element: Element, where: str) -> Iterator[Segment]:
    for attribute, value in element.items():
        if attribute not in (_FLAG, _OLD_CODE):
            yield Segment(f"@{where}.{str(attribute).rpartition('}')[2]}", str(value))


def _year_segments(condition: Element, rules: Rules, *, lenient: bool) -> list[Segment]:
    """Both years, always, first and last, wherever they stand in the condition."""
    if rules is V6:
        years = [string_value(year) for year in condition.iterchildren(f"{{*}}{V6_YEAR}")] or [""]
        return [Segment(FIRST_YEAR, years[0]), Segment(LAST_YEAR, years[-1])]
    if lenient:
        return [
            Segment(name, "".join(string_value(year) for year in condition.iterchildren(f"{{*}}{name}")))
            for name in (FIRST_YEAR, LAST_YEAR)
        ]
    return [Segment(name, _one_value(condition, name)) for name in (FIRST_YEAR, LAST_YEAR)]


# --- the quick walk -----------------------------------------------------------------------------------
# Measured: per element, the price is lxml's Python object, its tag and its text. So nothing else is asked
# (no attributes: one XPath has shown that none matter), and names come ready made from tables.


class Known(NamedTuple):
    """An element that the format defines: what to write when it is a leaf, and what may be inside it.

    `closing` elements hold text only, stand once at most, and are written when their parent ends.
    """

    prefix: str
    inside: "dict[str, Known] | None" = None
    closing: bool = False


_CONDITIONS_TAG: Final = wire.qname(wire.IIAS_V7_GET, CONDITIONS)
_CLOSING: Final = {year: f"_{year}=" for year in (FIRST_YEAR, LAST_YEAR)}
_LEAVES: Final = (
    "sending-hei-id sending-ounit-id receiving-hei-id receiving-ounit-id mobilities-per-year"
    " other-info-terms total-months-per-year total-days-per-year blended eqf-level"
)
ANYTHING: Final = dict[str, Known]()
"""What is inside a contact: looked at for nothing but whether it is there."""


def _fields(where: str, names: str, **inside: dict[str, Known]) -> dict[str, Known]:
    """A table by tag: leaves called `names` of an element whose two last names are `where`, and containers."""
    table = {_tag(name): Known(f"_{where}.{name}=") for name in names.split()}
    return table | {_tag(name): Known("", below) for name, below in inside.items()}


def _tag(name: str) -> str:
    return wire.qname(wire.IIAS_V7_GET, name.replace("_", "-"))


def _condition_table(name: str) -> dict[str, Known]:
    areas = "isced-f-code isced-clarification"
    skill = _fields(
        f"{name}.recommended-language-skill",
        "language cefr-level",
        subject_area=_fields("recommended-language-skill.subject-area", areas),
    )
    table = _fields(
        f"{CONDITIONS}.{name}",
        _LEAVES,
        recommended_language_skill=skill,
        subject_area=_fields(f"{name}.subject-area", areas),
    )
    for contact in CONTACTS:
        table[_tag(contact)] = Known(f"_{CONDITIONS}.{name}.{contact}=", ANYTHING)
    years = {_tag(year): Known(prefix, closing=True) for year, prefix in _CLOSING.items()}
    return table | years


TABLES: Final = {
    _tag(name): _condition_table(name)
    for name in (
        "student-studies-mobility-spec",
        "student-traineeship-mobility-spec",
        "staff-teacher-mobility-spec",
        "staff-training-mobility-spec",
    )
}


def quick(iia: Element) -> list[str] | None:
    """Walk the conditions of a version 7 agreement in which no attribute matters; None if it is unusual.

    Unusual is an unknown element, a known one with unexpected content, a comment, or a doubled year.
    """
    written: list[str] = []
    for block in iia.iterchildren(f"{{*}}{CONDITIONS}"):
        if block.tag != _CONDITIONS_TAG:
            return None
        for condition in block:
            table = TABLES.get(condition.tag)
            years: dict[str, str] = {}
            if table is None or not _quick_children(condition, table, written, years):
                return None
            written += [f"{prefix}{years.get(prefix, '')}_" for prefix in _CLOSING.values()]
    return written


def _quick_children(
    parent: Element, table: dict[str, Known], written: list[str], years: dict[str, str]
) -> bool:
    for child in parent:
        known = table.get(child.tag)
        if known is None:
            return False
        prefix, inside, closing = known
        if len(child) == 0:
            if closing and prefix not in years:
                years[prefix] = child.text or ""
            elif prefix and not closing:
                written.append(f"{prefix}{child.text or ''}_")
            else:
                return False
        elif inside is ANYTHING:
            if next(child.iterchildren("*"), None) is None:
                return False  # a contact that holds nothing but a comment is a leaf
        elif inside is None or not _quick_children(child, inside, written, years):
            return False
    return True
