"""What an event says, by the names of its elements: looked up by name, never by position.

Source: Ladok: events, common part; consuming the feed right, rules 9 and 10.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeVar

from mobility_adapters.ladok.values import as_day, as_number
from mobility_bridge.domain.identifiers import LadokUid
from mobility_bridge.kit.xml import Element

_TYPE: Final = "{http://www.w3.org/2001/XMLSchema-instance}type"
_REMOVED: Final = "BORTTAGEN"
T = TypeVar("T")


class Unreadable(Exception):
    """An event lacks what makes it a fact; the message names the element."""


class _Locals(dict[str, str]):
    """Local names by full ones. Splitting the same few hundred names a million times would cost more than the rest."""

    def __missing__(self, tag: str) -> str:
        local = tag.rpartition("}")[2]
        if len(self) < 4096:
            self[tag] = local
        return local


LOCAL: Final = _Locals()


def by_name(element: Element) -> dict[str, Element]:
    """The children by local name; of a repeated one the last."""
    local = LOCAL
    return {local[child.tag]: child for child in element}


class Part:
    """An element's children by name, read as what they are. Values that cannot be read are noted and None."""

    __slots__ = ("element", "found", "problems")

    def __init__(self, element: Element, problems: list[tuple[str, str]]) -> None:
        self.element = element
        self.found = by_name(element)
        self.problems = problems

    def text(self, name: str) -> str | None:
        found = self.found.get(name)
        if found is None or not (text := found.text):
            return None
        return text.strip() or None

    def uid(self, name: str) -> LadokUid | None:
        text = self.text(name)
        return None if text is None else LadokUid(text.lower())

    def need(self, name: str) -> LadokUid:
        """A UID that must be there. Raises Unreadable."""
        uid = self.uid(name)
        if uid is None:
            raise Unreadable(name)
        return uid

    def day(self, name: str) -> date | None:
        text = self.text(name)
        return None if text is None else self._noted(name, "no date", as_day(text))

    def number(self, name: str) -> Decimal | None:
        text = self.text(name)
        return None if text is None else self._noted(name, "no number", as_number(text))

    def integer(self, name: str) -> int | None:
        text = self.text(name)
        if text is None:
            return None
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
        return self._noted(name, "no whole number", value)

    def flag(self, name: str) -> bool:
        return self.text(name) in ("true", "1")

    def word(self, name: str) -> str | None:
        """The last part of one of Ladok's dotted keys: `…aterbudsorsak.uteblev` is `uteblev`."""
        text = self.text(name)
        return None if text is None else text.rpartition(".")[2]

    def part(self, name: str) -> "Part | None":
        found = self.found.get(name)
        return None if found is None else Part(found, self.problems)

    def parts(self, name: str) -> list["Part"]:
        """All children of that name; a wrapper of the same name as its items is opened."""
        if name not in self.found:
            return []
        local = LOCAL
        children = [child for child in self.element if local[child.tag] == name]
        if len(children) == 1 and len(children[0]) and all(local[each.tag] == name for each in children[0]):
            children = list(children[0])
        return [Part(child, self.problems) for child in children]

    def names(self, name: str = "Benamningar") -> tuple[tuple[str, str], ...]:
        """Names by language code, in the order written."""
        found = self.found.get(name)
        if found is None:
            return ()
        pairs = []
        for each in found:
            said = by_name(each)
            if "Sprakkod" in said and "Text" in said:
                pairs.append(((said["Sprakkod"].text or "").strip(), (said["Text"].text or "").strip()))
        return tuple(pairs)

    @property
    def xsi_type(self) -> str:
        return (self.element.get(_TYPE) or "").rpartition(":")[2]

    def _noted(self, name: str, what: str, value: T | None) -> T | None:
        if value is None:
            self.problems.append((name, what))
        return value


class Said(Part):
    """One event: its elements, its instant, and what its context says."""

    __slots__ = ("at", "by", "event_uid", "name", "student_in_context")

    def __init__(self, event: Element, name: str, at: datetime) -> None:
        super().__init__(event, [])
        self.name = name
        self.at = at
        self.event_uid = self.need("HandelseUID")
        self.by: str | None = None
        self.student_in_context: LadokUid | None = None
        context = self.found.get("EventContext")
        for child in () if context is None else context:
            local = LOCAL[child.tag]
            if local == "Anvandarnamn":
                self.by = child.text
            elif local == "StudentUID" and child.text:
                self.student_in_context = LadokUid(child.text.strip().lower())

    @property
    def student(self) -> LadokUid | None:
        """Whom the event is about: its own element, else what the context names."""
        return self.uid("StudentUID") or self.student_in_context

    def need_student(self) -> LadokUid:
        student = self.student
        if student is None:
            raise Unreadable("StudentUID")
        return student

    @property
    def taken_back(self) -> bool:
        """Whether an event with a type says that the thing was removed."""
        return (self.text("Handelsetyp") or self.text("EventTyp")) == _REMOVED
