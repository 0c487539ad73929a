"""Reading a document that may be wrong: take what can be taken, and say what could not.

Nothing is guessed in silence. Whatever is read in another way than the specification says, and whatever is left
out, becomes a problem with the path of its element; messages quote no text, because a document about a student is
full of personal data. The order of elements is the schema's affair, not the reader's.

Codes: `XML-nn` known trouble of the network, `SEM-33` a code that may be newer than we are, `SEM-34` a time without
offset, `MISSING` and `REPEATED` an element that must be there once, `UNREADABLE` a value of another kind,
`UNKNOWN` an element that was passed over.
"""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from mobility_adapters.ewp.reading import local_name, path_of, string_value, token
from mobility_adapters.ewp.wire import qname
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.planned_day import PlannedDay
from mobility_bridge.domain.problem import Problem
from mobility_bridge.kit.xml import Element

_ZONE: Final = r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
_DAY: Final = re.compile(rf"(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){_ZONE}")
_MONTH: Final = re.compile(rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}}){_ZONE}")
_INSTANT: Final = re.compile(
    rf"(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(?P<fraction>\.[0-9]+)?{_ZONE}"
)
_MIDNIGHT: Final = "T24:00:00"
_DIGITS: Final = 18
_LONGEST: Final = 2 * _DIGITS + 2
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")


class Names(NamedTuple):
    """What may stand inside an element: tags to names, and tags that mean the same although they should not.

    `strays` maps a tag in a wrong name space to its name; meeting one is a problem called `stray_code`. `several`
    are the names that may stand there more than once.
    """

    known: Mapping[str, str]
    several: frozenset[str] = frozenset()
    strays: Mapping[str, str] = MappingProxyType({})
    stray_code: str = ""

    def with_tag(self, tag: str, name: str) -> "Names":
        """The same, and last an element of another name space."""
        return self._replace(known={**self.known, tag: name})

    def taking(self, *namespaces: str, code: str) -> "Names":
        """The same, with the names of these name spaces read as well, as a problem called `code`."""
        local = self.known.values()
        strays = {qname(namespace, name): name for namespace in namespaces for name in local}
        return self._replace(strays=strays, stray_code=code)


def names(namespace: str, *known: str, several: Collection[str] = ()) -> Names:
    """Expect elements of one name space called `known`, each at most once unless it is one of `several`."""
    tags = {qname(namespace, name): name for name in known}
    return Names(tags, frozenset(several))


class LenientReader:
    """Reads values and collects problems, one document long."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def note(
        self,
        code: str,
        element: Element,
        message: str,
        severity: Severity = Severity.BLOCKING,
        *,
        at: str = "",
    ) -> None:
        """Write a problem down; `at` leads from the element to an attribute of it."""
        self.problems.append(Problem(code, severity, path_of(element) + at, message))

    # --- structure ----------------------------------------------------------------------------------------

    def parts(self, element: Element, expected: Names) -> dict[str, Element]:
        """Take the children by name, the first of each; the others are problems."""
        found: dict[str, Element] = {}
        for each in element:
            name = expected.known.get(each.tag)
            if name is None:
                name = self._stray(each, expected)
                if name is None:
                    continue
            if name not in found:
                found[name] = each
            elif name not in expected.several:
                self.note("REPEATED", each, f"{name} stands here once more; the first one is taken")
        return found

    def in_order(self, element: Element, expected: Names) -> list[Element | None]:
        """Take the children as `parts` does, in the order in which their names were given; None is not there.

        One walk is enough for a document that keeps the order; any other is read by `parts`.
        """
        taken: list[Element | None] = []
        tags = iter(expected.known)
        # The quickest way to the children; the published stubs forget that an element can be sliced.
        for each in element[:]:  # type: ignore[index]
            for tag in tags:
                if each.tag == tag:
                    taken.append(each)
                    break
                taken.append(None)
            else:
                parts = self.parts(element, expected)
                return list(map(parts.get, expected.known.values()))
        taken.extend([None] * (len(expected.known) - len(taken)))
        return taken

    def _stray(self, element: Element, expected: Names) -> str | None:
        name = expected.strays.get(element.tag)
        if name is None:
            self.passed_over(element)
            return None
        self.note(
            expected.stray_code,
            element,
            "the element is in a wrong name space and was read",
            Severity.WARNING,
        )
        return name

    def passed_over(self, element: Element) -> None:
        self.note(
            "UNKNOWN", element, "an element that is not known here was passed over", Severity.INFORMATION
        )

    def missing(self, parent: Element, name: str, severity: Severity = Severity.BLOCKING) -> None:
        self.note("MISSING", parent, f"{local_name(parent)} has no {name}", severity)

    # --- values -------------------------------------------------------------------------------------------

    def text(self, parent: Element, parts: Mapping[str, Element], name: str) -> str | None:
        """The text of a part that must be there."""
        element = parts.get(name)
        if element is None:
            self.missing(parent, name)
            return None
        return string_value(element)

    def integer(self, element: Element | None, severity: Severity = Severity.BLOCKING) -> int | None:
        if element is None:
            return None
        written = element.text or ""
        if written.isdecimal() and written.isascii() and len(written) < _DIGITS and not len(element):
            return int(written)
        written = token(element)
        if _INTEGER.fullmatch(written) is None:
            self._unreadable(element, "whole number", severity)
            return None
        return int(written)

    def decimal(self, element: Element) -> Decimal | None:
        written = token(element)
        number = _exact(written) if len(written) <= _LONGEST else None
        if number is None:
            if "," in written and _DECIMAL.fullmatch(written.replace(",", ".", 1)):
                self.note("XML-12", element, f"{local_name(element)} has a decimal comma and was not read")
            else:
                self._unreadable(element, "decimal number")
        return number

    def day(self, element: Element | None) -> date | None:
        """A day; a time zone, which `xs:date` allows, says nothing here and is dropped."""
        if element is None:
            return None
        match = _DAY.fullmatch(token(element))
        try:
            return date.fromisoformat(match["day"] if match else "")
        except ValueError:
            self._unreadable(element, "day")
            return None

    def month(self, element: Element) -> PlannedDay | None:
        """A month; a time zone, which `xs:gYearMonth` allows, is dropped as well."""
        match = _MONTH.fullmatch(token(element))
        try:
            return PlannedDay(*map(int, match.group("year", "month") if match else (0, 0)))
        except ValueError:
            self._unreadable(element, "month")
            return None

    def instant(self, element: Element) -> datetime | None:
        """A moment with the offset that it was written with, to the microsecond; without one, in UTC."""
        try:
            moment = _moment(token(element))
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            self._unreadable(element, "moment")
            return None
        if moment.tzinfo is None:
            self.note("SEM-34", element, "the time has no offset and was read as UTC", Severity.WARNING)
            return moment.replace(tzinfo=UTC)
        return moment

    def unknown_code(self, element: Element, name: str, *, at: str = "") -> None:
        """A value out of a list that may have grown since; it counts as absent."""
        self.note("SEM-33", element, f"{name} has an unknown value and was left out", Severity.WARNING, at=at)

    def _unreadable(self, element: Element, kind: str, severity: Severity = Severity.BLOCKING) -> None:
        self.note("UNREADABLE", element, f"{local_name(element)} is no {kind}", severity)


@lru_cache(maxsize=1000)
def _exact(written: str) -> Decimal | None:
    """There are few numbers and many of each."""
    return Decimal(written) if _DECIMAL.fullmatch(written) else None


def _moment(written: str) -> datetime | None:
    """Read what `xs:dateTime` allows, of which Python knows more and, at midnight, less. Raises ValueError."""
    match = _INSTANT.fullmatch(written)
    if match is None:
        return None
    if _MIDNIGHT not in written:
        return datetime.fromisoformat(written)
    if match["fraction"] and match["fraction"].strip(".0"):
        return None
    return datetime.fromisoformat(f"{match['day']}T00:00:00{match['zone'] or ''}") + timedelta(days=1)
