"""Why a declared `iia-hash` is not the one that its text gives.

"You hash before you store our id" helps a partner's programmers; "wrong hash" does not. So the mistakes that
were seen in the wild are made on purpose, one after the other, and the first that gives the declared hash is
named. All of this runs on a mismatch only.

Source: EWP agreements: hash trouble; EWP IIAs API 7.0.0, hash text.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import partial
from typing import Final, TypeAlias

from mobility_adapters.ewp.hash_segments import (
    CONDITIONS,
    FIRST_YEAR,
    V7,
    Segment,
    general,
    id_segments,
)
from mobility_adapters.ewp.iia_hash import (
    MARKER,
    HashText,
    conditions_hash,
    exclusive_canonical_hash,
    hash_text,
    sha256_hex,
)
from mobility_adapters.ewp.reading import XML_SPACE
from mobility_bridge.domain.snapshot import HashVerdict
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit.xml import Element

_SECOND_ID: Final = "iia-id_2"
_NUMBERS: Final = ("mobilities-per-year", "eqf-level")
_DURATIONS: Final = ("total-months-per-year", "total-days-per-year")
_AFTER_TERMS: Final = (*_DURATIONS, "blended", "eqf-level", FIRST_YEAR)
_PLAIN_NUMBER: Final = re.compile(r"[ \t\r\n]*[+-]?(?:[0-9]{1,12}(?:\.[0-9]{0,12})?|\.[0-9]{1,12})[ \t\r\n]*")
_CODE_PAGES: Final = ("iso-8859-1", "windows-1252", "ascii")

Segments: TypeAlias = Sequence[Segment]


def diagnose(
    iia: Element,
    declared: str | None,
    *,
    alone: HashText | None = None,
    own_iia_ids: Iterable[str] = (),
) -> HashVerdict:
    """Compare an agreement's declared hash with its text, and name the first cause that explains a mismatch.

    Shape:   `alone` is the agreement's `hash_text`, if already there. `own_iia_ids` are ids of ours that the
             partner may have hashed without serving them.
    Source:  EWP agreements: known trouble with hashes, in its order; upper-case digits, its last, exclude all the others.
    """
    if not declared:
        return HashVerdict.NOT_DECLARED
    if alone is None:
        try:
            alone = hash_text(iia)
        except InvalidDocument:
            return HashVerdict.NOT_COMPUTABLE
    if declared == alone.sha256:
        return HashVerdict.MATCHES
    wanted = declared.strip(XML_SPACE).lower()
    if wanted == alone.sha256:
        return HashVerdict.CASE
    return next(
        (verdict for verdict, fits in _causes(iia, alone, wanted, own_iia_ids) if fits()),
        HashVerdict.DECLARED_WRONG,
    )


def _causes(
    iia: Element, alone: HashText, wanted: str, own_iia_ids: Iterable[str]
) -> Iterator[tuple[HashVerdict, Callable[[], bool]]]:
    """Each cause with its test, in the order of the reference."""
    segments = [*id_segments(iia), *general(iia, V7)]
    marker = alone.marker

    def any_of(variants: Iterable[Segments]) -> bool:
        return any(sha256_hex(marker + _text(variant)) == wanted for variant in variants)

    def spoilt() -> bool:
        return any(hashlib.sha256(data).hexdigest() == wanted for data in _spoilt_encodings(alone.text))

    # All that a document adds to an agreement's text is the marker of a terminated neighbour.
    yield HashVerdict.DOC_SCOPE, lambda: not marker and sha256_hex(MARKER + alone.text) == wanted
    yield HashVerdict.BEFORE_MAPPING, lambda: any_of(_other_second_ids(segments, own_iia_ids))
    yield HashVerdict.SWAPPED_IDS, lambda: any_of(_swapped(segments))
    yield HashVerdict.LAYOUT, lambda: any_of(_tidied(segments))
    yield HashVerdict.ENCODING, spoilt
    yield HashVerdict.LEXICAL, lambda: any_of(_reformatted(segments))
    yield HashVerdict.EMPTY_ELEMENTS, lambda: any_of(_emptied(segments))
    yield HashVerdict.CONTACTS, lambda: wanted in _with_contacts(iia, marker)
    yield HashVerdict.OLD_STYLESHEET, lambda: wanted in set(_without_names(iia))


def _text(segments: Segments) -> str:
    return "".join(map(str, segments))


def _other_second_ids(segments: Segments, own_iia_ids: Iterable[str]) -> Iterator[Segments]:
    for value in ("", *own_iia_ids):
        yield [Segment(s.name, value) if s.name == _SECOND_ID else s for s in segments]


def _swapped(segments: Segments) -> Iterator[Segments]:
    ids = [s.value for s in segments if s.name.startswith("iia-id_")]
    turned = [Segment(f"iia-id_{number}", value) for number, value in enumerate(reversed(ids), start=1)]
    yield [*turned, *segments[len(ids) :]]


def _tidied(segments: Segments) -> Iterator[Segments]:
    yield [Segment(s.name, s.value.strip(XML_SPACE)) for s in segments]
    yield [Segment(s.name, re.sub(r"[ \t\r\n]+", " ", s.value).strip(" ")) for s in segments]
    yield [Segment(s.name, s.value.strip()) for s in segments]  # a language's own idea of white space
    yield [Segment(s.name, s.value.replace("\n", "\r\n")) for s in segments]


def _spoilt_encodings(text: str) -> Iterator[bytes]:
    if not text.isascii():
        for page in _CODE_PAGES:
            yield text.encode(page, "replace")
            yield text.encode(page, "xmlcharrefreplace")
            yield text.encode().decode(page, "replace").encode()
        yield text.encode("utf-16")
        yield text.encode("utf-16-be")
        yield text.encode("utf-16-le")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    for variant in (escaped, escaped.replace(">", "&gt;"), _quotes_escaped(escaped.replace(">", "&gt;"))):
        if variant != text:
            yield variant.encode()
    yield b"\xef\xbb\xbf" + text.encode()


def _quotes_escaped(text: str) -> str:
    return text.replace('"', "&quot;").replace("'", "&apos;")


# --- reformatted values -------------------------------------------------------------------------------


def _reformatted(segments: Segments) -> Iterator[Segments]:
    for duration in (_same, _shortest, _one_decimal, _two_decimals):
        for boolean in (_same, _as_word, _as_digit):
            for number in (_same, _integer):
                yield [
                    Segment(s.name, _formatter(s.name, duration, boolean, number)(s.value)) for s in segments
                ]


Format: TypeAlias = Callable[[str], str]


def _formatter(name: str, duration: Format, boolean: Format, number: Format) -> Format:
    field = name.rpartition(".")[2]
    if field in _DURATIONS:
        return duration
    if field == "blended":
        return boolean
    return number if field in _NUMBERS else _same


def _same(value: str) -> str:
    return value


def _shortest(value: str) -> str:
    return _decimal(value, lambda number: f"{number.normalize():f}")


def _one_decimal(value: str) -> str:
    return _decimal(value, lambda number: str(float(number)))


def _two_decimals(value: str) -> str:
    return _decimal(value, lambda number: f"{number:.2f}")


def _integer(value: str) -> str:
    return _decimal(value, lambda number: str(int(number)))


def _decimal(value: str, write: Callable[[Decimal], str]) -> str:
    return write(Decimal(value.strip(XML_SPACE))) if _PLAIN_NUMBER.fullmatch(value) else value


def _as_word(value: str) -> str:
    return {"1": "true", "0": "false"}.get(value.strip(XML_SPACE), value)


def _as_digit(value: str) -> str:
    return {"true": "1", "false": "0"}.get(value.strip(XML_SPACE), value)


# --- empty elements -----------------------------------------------------------------------------------

Change: TypeAlias = Callable[[Segments], Segments]


def _emptied(segments: Segments) -> Iterator[Segments]:
    """Both optional texts, each as it is, dropped where empty, or added empty where absent."""
    changes: list[list[Change]] = [
        [list, partial(_without_empty, field="isced-clarification"), _with_empty_clarifications],
        [list, partial(_without_empty, field="other-info-terms"), _with_empty_terms],
    ]
    for clarifications in changes[0]:
        for terms in changes[1]:
            yield terms(clarifications(segments))


def _without_empty(segments: Segments, *, field: str) -> Segments:
    return [s for s in segments if s.value.strip(XML_SPACE) or not s.name.endswith("." + field)]


def _with_empty_clarifications(segments: Segments) -> Segments:
    result: list[Segment] = []
    for position, segment in enumerate(segments):
        result.append(segment)
        area, _, field = segment.name.rpartition(".")
        following = segments[position + 1].name if position + 1 < len(segments) else ""
        if field == "isced-f-code" and following != f"{area}.isced-clarification":
            result.append(Segment(f"{area}.isced-clarification", ""))
    return result


def _with_empty_terms(segments: Segments) -> Segments:
    """Put `other-info-terms` where the schema wants it, in each condition that has none."""
    result: list[Segment] = []
    condition, has_terms = "", False
    for segment in segments:
        where, _, field = segment.name.rpartition(".")
        if where.startswith(CONDITIONS):
            condition = where
        has_terms = has_terms or field == "other-info-terms"
        if field in _AFTER_TERMS and condition and not has_terms:
            result.append(Segment(f"{condition}.other-info-terms", ""))
            has_terms = True
        if field == FIRST_YEAR:
            condition, has_terms = "", False
        result.append(segment)
    return result


# --- contacts and older methods -----------------------------------------------------------------------


def _with_contacts(iia: Element, marker: str) -> set[str]:
    """Hashes of the conditions as canonical XML, with and without contacts, and of the text with contacts."""
    text = marker + _text([*id_segments(iia), *general(iia, V7, contacts=True)])
    conditions = iia.iterchildren(f"{{*}}{CONDITIONS}")
    return {
        sha256_hex(text),
        conditions_hash(iia) or "",
        *(exclusive_canonical_hash(element) for element in conditions),
    }


def _without_names(iia: Element) -> Iterator[str]:
    for contacts in (True, False):
        values = [s.value for s in (*id_segments(iia), *general(iia, V7, contacts=contacts))]
        for form in ("{}", "_{}", "{}_", "_{}_"):
            yield sha256_hex("".join(form.format(value) for value in values))
