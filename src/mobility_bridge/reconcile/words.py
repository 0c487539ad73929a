"""Raw values as people say them: element names, yes and no, long hashes, and what is missing.

The raw values stay in the finding; only the sentences are made with these words.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mobility_bridge.domain.discrepancy import Text
from mobility_bridge.reconcile.lexicon import ELEMENTS, KINDS, REASONS, STATES, YES_NO

NOTHING: Final = Text("nothing", "inget")

_SHOWN_OF_A_HASH: Final = 12
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_FIELD: Final = re.compile(r"\{(\w+)\}")

_HASHES: Final = frozenset({"approved", "served", "declared", "computed", "now", "before"})
_VERBATIM: Final = frozenset(
    {
        "id",
        "place",
        "due_on",
        "partner_hei_id",
        "iia_id",
        "partner_iia_id",
        "stay_id",
        "student_id",
        "first",
        "ids",
        "detail",
        "command",
    }
)
"""What goes into commands, and what others wrote."""

_WORDS: Final[Mapping[str, Mapping[str, Text]]] = {
    "field": ELEMENTS,
    "split_by": {**ELEMENTS, "number": Text("number of places", "antal platser")},
    "reason": REASONS,
    "kind": {
        "iia": Text("changed agreements", "ändrade avtal"),
        "iia_approval": Text("approvals", "godkännanden"),
    },
    "found_in": {"index": Text("the list", "listan"), "get": Text("the answers", "svaren")},
    "source_name": {"mobility_online": Text("Mobility-Online", "Mobility-Online"), "ewp": Text("EWP", "EWP")},
    **STATES,
}
_ANYWHERE: Final = {**YES_NO, **ELEMENTS}


def said(name: str, value: str) -> Text:
    """Say the value of this name in both languages."""
    if not value:
        return NOTHING
    if name in _VERBATIM:
        return Text(value, value)
    if name == "condition":
        return _condition(value)
    if name in _HASHES and _HASH.fullmatch(value):
        return Text(f"{value[:_SHOWN_OF_A_HASH]}…", f"{value[:_SHOWN_OF_A_HASH]}…")
    table = _WORDS.get(name, _ANYWHERE)
    return _each(value.split(", "), table)


def filled(template: str, values: Mapping[str, str], given: Mapping[str, str]) -> str:
    """Fill a template; a part in square brackets is left out when a value in it is not given.

    `values` are the words for all names, `given` the raw values. A sentence that begins with a condition
    begins with a capital.
    """
    template = _OPTIONAL.sub(lambda part: part[1] if _all_given(part[1], given) else "", template)
    text = template.format_map(values)
    return text[:1].upper() + text[1:] if template.startswith("{condition}") else text


def _condition(label: str) -> Text:
    kind, _, rest = label.partition(" ")
    words = KINDS.get(kind)
    return Text(f"{words.en} {rest}", f"{words.sv} {rest}") if words is not None else Text(label, label)


def _each(parts: Sequence[str], table: Mapping[str, Text]) -> Text:
    words = [table.get(part, Text(part, part)) for part in parts]
    return Text(", ".join(word.en for word in words), ", ".join(word.sv for word in words))


def _all_given(part: str, given: Mapping[str, str]) -> bool:
    return all(given.get(name) for name in _FIELD.findall(part))
