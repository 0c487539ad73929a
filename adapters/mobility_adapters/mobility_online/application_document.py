"""The document of one application or course list: what Mobility-Online says, as canonical JSON.

It holds the elements that were asked for and nothing else, even where more was sent. Their texts stay as they
came; a slot without a value is left out, so that nil and absent give the same bytes.

Source: Mobility-Online: application, element record; learning agreement rows.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.document import SYSTEM, digest
from mobility_adapters.mobility_online.values import Raw
from mobility_bridge.domain.identifiers import Sha256
from mobility_bridge.errors import InvalidDocument

APPLICATION_FORMAT: Final = "mobility_online.application"
COURSES_FORMAT: Final = "mobility_online.courses"
_VERSION: Final = 1
_LISTS: Final = ("applicationDataElements", "nonUsedApplicationDataElements")
_SLOTS: Final = {
    "value": "elementValue",
    "first": "comboboxFirstValue",
    "second": "comboboxSecondValue",
    "flag": "elementValueBoolean",
}
_ROW: Final = {
    "row_id": "courseID",
    "number": "hostCourseNumber",
    "name": "hostCourseName",
    "credits": "hostCourseECTS",
    "deleted": "deleted",
    "grade": "hostGrade",
}
_PASSING: Final = "moddat"

Stated = Mapping[str, Any]


class UnreadableApplication(Exception):
    """An application that cannot be told from others, or of which nobody knows the direction; `code` says which."""

    def __init__(self, application_id: str | None, code: str) -> None:
        super().__init__(code)
        self.application_id = application_id
        self.code = code


def number_of(raw: Raw) -> str | None:
    """The application's number; None for what is none."""
    text = _text(raw, "applicationID")
    return text if text is not None and text.isdecimal() and text.isascii() else None


def state(raw: Raw, wanted: Iterable[str], labelled: Iterable[str], *, asked: str, cancelled: bool) -> Stated:
    """Take what we need out of a raw application.

    `asked` is the direction that was searched for and `cancelled` whether cancelled ones were: they stand in for
    elements that the answer lacks. Raises UnreadableApplication.
    """
    application_id = number_of(raw)
    if application_id is None:
        raise UnreadableApplication(None, "no_number")
    elements, doubled = _elements(raw, frozenset(wanted), frozenset(labelled))
    direction = elements.pop("kz_bew_art", {}).get("value") or asked
    if direction not in ("IN", "OUT"):
        raise UnreadableApplication(application_id, "direction")
    if cancelled and "flag" not in elements.get("is_storniert", {}):
        elements["is_storniert"] = {"flag": "true"}
    return {
        "format": APPLICATION_FORMAT,
        "version": _VERSION,
        "application_id": application_id,
        "direction": direction,
        "first_name": _text(raw, "firstName"),
        "last_name": _text(raw, "lastName"),
        "email": _text(raw, "email"),
        "elements": elements,
        "doubled": sorted(doubled),
    }


def state_rows(application_id: str, raws: Iterable[Raw | str]) -> Stated:
    """Take the rows of a course list, in the system's order."""
    return {
        "format": COURSES_FORMAT,
        "version": _VERSION,
        "application_id": application_id,
        "rows": [
            {name: text for name, field in _ROW.items() if (text := _text(raw, field)) is not None}
            for raw in raws
            if not isinstance(raw, str)
        ],
    }


def write(stated: Stated) -> bytes:
    return json.dumps(stated, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(document: bytes, kind: str) -> Stated:
    """Read a document back. Raises InvalidDocument for what `write` has not written."""
    try:
        found = json.loads(document)
    except ValueError:
        found = None
    if not isinstance(found, dict) or (found.get("format"), found.get("version")) != (kind, _VERSION):
        raise InvalidDocument(
            f"The stored document is not one of the format {kind}, version {_VERSION}.",
            system=SYSTEM,
            reason="content",
            next_step="Read the source again.",
        )
    return found


def content_digest(stated: Stated, read_as: object) -> Sha256:
    """Digest what was said and how it was read: equal while neither the record nor its mappings have changed.

    The time of the last change is not in it, since a new time alone says nothing new.
    """
    said = dict(stated)
    if "elements" in said:
        said["elements"] = {name: each for name, each in said["elements"].items() if name != _PASSING}
    both = {"said": said, "read_as": read_as}
    return digest(json.dumps(both, ensure_ascii=False, sort_keys=True, default=str).encode())


def _elements(
    raw: Raw, wanted: frozenset[str], labelled: frozenset[str]
) -> tuple[dict[str, dict[str, str]], set[str]]:
    """Elements by name, from the form first. `doubled` stand twice in one list and contradict themselves."""
    found: dict[str, dict[str, str]] = {}
    doubled: set[str] = set()
    for name_of_list in _LISTS:
        here: dict[str, dict[str, str]] = {}
        parts = raw.get(name_of_list)
        for part in parts if isinstance(parts, list) else []:
            if isinstance(part, str) or (name := _text(part, "elementName")) not in wanted or name is None:
                continue
            slots = _slots(part, labelled=name in labelled)
            if slots and here.setdefault(name, slots) != slots:
                doubled.add(name)
        found = {**here, **found}
    for name in doubled:
        del found[name]
    return found, doubled


def _slots(part: Raw, *, labelled: bool) -> dict[str, str]:
    slots = {slot: text for slot, field in _SLOTS.items() if (text := _text(part, field)) is not None}
    if "flag" in slots:
        slots["flag"] = _flag(slots["flag"])
    label = _text(part, "elementDescription") if labelled else None
    return slots if label is None else {**slots, "label": label}


def _flag(text: str) -> str:
    """One spelling for what is a flag; anything else stays as it is, to be refused later."""
    try:
        return "true" if values.boolean(text) else "false"
    except ValueError:
        return text


def _text(raw: Raw, name: str) -> str | None:
    found = raw.get(name)
    return found.strip() or None if isinstance(found, str) else None
