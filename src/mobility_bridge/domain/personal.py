"""What says something of a person, and how a person is recognised in a text: by rule, never by guess.

Source: EWP mobilities: personal data; what is logged of it.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import quote, quote_plus

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.person import Person
from mobility_bridge.domain.record import IdentityKey, IdentityKeyKind, RecordKey

_AGREEMENT_APIS: Final = (
    "registry",
    "echo",
    "iia",
    "institutions",
    "organizational-units",
    "discovery",
    "catalogue",
)
_AGREEMENT_OPERATIONS: Final = re.compile(
    r"(get|find|search)\w*(Agreement|CoursesOfSemester)\w*|wsdl|report|probe"
)
_STUDENT_OPERATIONS: Final = re.compile(r"\w*(LearningAgreement|Application|Person)\w*")
_SHORTEST: Final = 4
"""A shorter id stands for too many things to be looked for in a text."""

RECORD: Final = "record"
"""The kind of trace that is a record's own key."""

SAID: Final = "said"
"""The kind of trace that is what a record said, word for word; it is followed again as soon as it says anything else."""


def said(key: RecordKey, digest: str) -> "Trace":
    """The trace of a record that came to nothing and was let go of, as it was."""
    return Trace(SAID, f"{key} {digest}")


@dataclass(frozen=True, slots=True)
class Trace:
    """Something that singles out a person: an exact key, or the key of a record about them."""

    kind: str
    value: str = field(repr=False)

    @classmethod
    def of(cls, key: IdentityKey) -> "Trace":
        """The trace that an exact key leaves; Ladok's keys are the same in capitals and without."""
        same = key.kind in (IdentityKeyKind.LADOK_STUDENT, IdentityKeyKind.LADOK_EXTERNAL)
        return cls(key.kind.value, key.value.lower() if same else key.value)


def about_students(exchange: Exchange) -> bool:
    """Whether an exchange was about students: everything is but what is known not to be."""
    if exchange.system == "ewp":
        return not exchange.api.startswith(_AGREEMENT_APIS)
    if exchange.system == "mobility_online":
        return (
            _AGREEMENT_OPERATIONS.fullmatch(exchange.api) is None
            or _STUDENT_OPERATIONS.fullmatch(exchange.api) is not None
        )
    return True


@dataclass(frozen=True, slots=True)
class Marks:
    """What gives one person away in a text: any of `exact`, or one of each of `together`."""

    exact: re.Pattern[bytes] | None = field(repr=False)
    together: tuple[re.Pattern[bytes], ...] = field(default=(), repr=False)

    def are_in(self, text: bytes) -> bool:
        """Whether the text tells of the person."""
        text = legible(text)
        if self.exact is not None and self.exact.search(text):
            return True
        return bool(self.together) and all(pattern.search(text) for pattern in self.together)

    def are_in_exchange(self, exchange: Exchange) -> bool:
        """Whether the question or the answer tells of the person."""
        parts = (exchange.url.encode(), exchange.request_body, exchange.body)
        return any(self.are_in(part) for part in parts if part)


def legible(text: bytes) -> bytes:
    """A text in UTF-8, as all patterns here read it; files that people carry come in UTF-16 and Windows-1252, too."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\0" in text[:2]:
        encoding = "utf-16-be" if text.startswith(b"\0") else "utf-16-le"
    else:
        try:
            text.decode()
        except UnicodeDecodeError:
            encoding = "windows-1252"
        else:
            return text
    return text.decode(encoding, "replace").encode()


def marks_of(keys: Iterable[IdentityKey], persons: Iterable[Person]) -> Marks:
    """The marks of a person: exact keys and addresses by themselves, names only beside the day of birth."""
    described = list(persons)
    texts = {text for key in keys for text in _texts(key) if len(text) >= _SHORTEST}
    texts |= {person.email.strip() for person in described if person.email}
    names = {name.family_name for person in described for name in person.names if name.family_name}
    firsts = {name.given_names.split()[0] for p in described for name in p.names if name.given_names.split()}
    days = {spelled for person in described if person.birth_date for spelled in _days(person.birth_date)}
    together = tuple(map(_any_of, (names, firsts, days))) if names and firsts and days else ()
    return Marks(_any_of(texts) if texts else None, together)


def hidden_of(keys: Iterable[IdentityKey]) -> frozenset[str]:
    """What is blanked in addresses: numbers and ids that name the person, in every way they are written."""
    return frozenset(text for key in keys for text in _texts(key) if len(text) >= _SHORTEST)


def _texts(key: IdentityKey) -> frozenset[str]:
    if key.kind is IdentityKeyKind.OMOBILITY:
        return frozenset({key.value.partition("/")[2]})
    if key.kind in (IdentityKeyKind.APPLICATION, IdentityKeyKind.SOURCE_PERSON):
        return frozenset({key.value.partition(":")[2]})
    if key.kind is IdentityKeyKind.CIVIC_NUMBER and len(key.value) == 12:
        number = key.value
        return frozenset({number, f"{number[:8]}-{number[8:]}", f"{number[2:8]}-{number[8:]}", number[2:]})
    return frozenset({key.value})


def _days(day: date) -> tuple[str, ...]:
    return day.isoformat(), f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}"


def _any_of(texts: Iterable[str]) -> re.Pattern[bytes]:
    """Any of these, standing alone, plain or as addresses and XML write it."""
    spelled = {
        way.encode()
        for text in texts
        for way in (text, quote(text, safe=""), quote_plus(text), text.replace("&", "&amp;"))
    }
    parts = b"|".join(re.escape(each) for each in sorted(spelled, key=len, reverse=True))
    return re.compile(rb"(?<![0-9A-Za-z])(?:" + parts + rb")(?![0-9A-Za-z])", re.IGNORECASE)


_ESI: Final = re.compile(
    rb"urn(?::|%3A)schac(?::|%3A)personalUniqueCode(?::|%3A)int(?::|%3A)esi(?::|%3A)[^<>\"'&\s]+",
    re.IGNORECASE,
)
_CIVIC: Final = re.compile(rb"(?<![0-9A-Za-z-])(?:19|20)[0-9]{6}-?[0-9A-Z][0-9]{3}(?![0-9A-Za-z-])")
_UID: Final = re.compile(
    rb"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])"
)
_MOST: Final = 5000


def named_in(text: bytes) -> frozenset[IdentityKey]:
    """The exact keys that stand in a text by their form alone, whoever they belong to."""
    text, found = legible(text), set()
    for match in _CIVIC.findall(text)[:_MOST]:
        found.add(IdentityKey(IdentityKeyKind.CIVIC_NUMBER, match.decode().replace("-", "")))
    for match in _UID.findall(text)[:_MOST]:
        uid = match.decode().lower()
        found.add(IdentityKey(IdentityKeyKind.LADOK_STUDENT, uid))
        found.add(IdentityKey(IdentityKeyKind.LADOK_EXTERNAL, uid))
    for match in _ESI.findall(text)[:_MOST]:
        plain = re.sub("%3a", ":", match.decode("utf-8", "replace").lower())
        found.add(IdentityKey(IdentityKeyKind.GLOBAL_ID, plain))
    return frozenset(found)
