"""Raw values as people say them: element names, yes and no, long hashes, and what is missing.

The raw values stay in the finding; only the sentences are made with these words.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from mobility_bridge.domain.discrepancy import Text

NOTHING: Final = Text("nothing", "inget")

_SHOWN_OF_A_HASH: Final = 12
_HASH: Final = re.compile(r"[0-9a-fA-F]{64}")
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_FIELD: Final = re.compile(r"\{(\w+)\}")

_HASHES: Final = frozenset({"approved", "served", "declared", "computed", "now", "before"})
_VERBATIM: Final = frozenset(
    {"id", "place", "due_on", "partner_hei_id", "iia_id", "partner_iia_id", "first", "ids", "detail"}
)
"""What goes into commands, and what others wrote."""

_KINDS: Final = {
    "student-studies": Text("studies", "studier"),
    "student-traineeship": Text("traineeships", "praktik"),
    "staff-teaching": Text("teaching", "undervisning"),
    "staff-training": Text("staff training", "fortbildning"),
}
_YES_NO: Final = {
    "true": Text("yes", "ja"),
    "false": Text("no", "nej"),
    "yes": Text("yes", "ja"),
    "no": Text("no", "nej"),
}
_ELEMENTS: Final = {
    "total-months-per-year": Text("months per year", "månader per år"),
    "total-days-per-year": Text("days per year", "dagar per år"),
    "mobilities-per-year": Text("number of places", "antal platser"),
    "recommended-language-skill": Text("recommended language", "rekommenderat språk"),
    "subject-area": Text("field of education", "ämnesområde"),
    "eqf-level": Text("study level", "utbildningsnivå"),
    "sending-ounit-id": Text("sending unit", "sändande enhet"),
    "receiving-ounit-id": Text("receiving unit", "mottagande enhet"),
}
_REASONS: Final = {
    "timeout": Text("no answer in time", "inget svar i tid"),
    "connection": Text("no connection", "ingen anslutning"),
    "tls": Text("no secure connection", "ingen säker anslutning"),
    "http_5xx": Text("an error on its side", "fel på dess sida"),
    "http_429": Text("too many requests", "för många frågor"),
    "key_unknown": Text("signed with an unknown key", "signerat med en okänd nyckel"),
    "signature_missing": Text("not signed", "inte signerat"),
    "signature_wrong": Text("the signature is wrong", "signaturen är fel"),
}
_WORDS: Final[Mapping[str, Mapping[str, Text]]] = {
    "field": _ELEMENTS,
    "split_by": {**_ELEMENTS, "number": Text("number of places", "antal platser")},
    "reason": _REASONS,
    "kind": {
        "iia": Text("changed agreements", "ändrade avtal"),
        "iia_approval": Text("approvals", "godkännanden"),
    },
    "found_in": {"index": Text("the list", "listan"), "get": Text("the answers", "svaren")},
    "source_name": {"mobility_online": Text("Mobility-Online", "Mobility-Online")},
}
_ANYWHERE: Final = {**_YES_NO, **_ELEMENTS}


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
    words = _KINDS.get(kind)
    return Text(f"{words.en} {rest}", f"{words.sv} {rest}") if words is not None else Text(label, label)


def _each(parts: Sequence[str], table: Mapping[str, Text]) -> Text:
    words = [table.get(part, Text(part, part)) for part in parts]
    return Text(", ".join(word.en for word in words), ", ".join(word.sv for word in words))


def _all_given(part: str, given: Mapping[str, str]) -> bool:
    return all(given.get(name) for name in _FIELD.findall(part))
