"""What stands in a cell, read strictly: what is not clearly a value is not a value.

Each function raises `Unreadable` with a code; the text itself is never quoted, since it may be anybody's name.
"""

import re
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Final

from mobility_adapters.dashboard.mappings import Words, folded
from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.la_listing import ListedState
from mobility_bridge.domain.term import Term

_ID: Final = re.compile(r"[!-~]{1,64}")
_HEI: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_DAY: Final = re.compile(
    r"([0-9]{1,2})([/.])([0-9]{1,2})\2([0-9]{4})(?:[ T]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?)?"
)
_ISO_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9:.]+(?:Z|[+-][0-9]{2}:?[0-9]{2})?")
_DECIMAL: Final = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,4})?")
_YEAR: Final = re.compile(r"([0-9]{4})\s*[/\u2013-]\s*([0-9]{2}|[0-9]{4})")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_OF_YEAR: Final = re.compile(r"(.*?)\s*(?:20)?([0-9]{2})")
_ESCAPED: Final = re.compile(r"'(?:[\t\r]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")


class Unreadable(Exception):
    """A cell that is not what its column holds; `code` says what it should have been."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def plain(cell: str) -> str:
    """A cell without blanks around it, and without the apostrophe that keeps a spreadsheet from computing."""
    text = cell.strip()
    return text[1:].strip() if _ESCAPED.match(text) else text


def identifier(text: str) -> str:
    """Read an id: 1 to 64 visible ASCII characters."""
    return _matching(_ID, text, "not_an_id")


def hei(text: str) -> str:
    """Read a SCHAC id. Domain names know no case."""
    return _matching(_HEI, text.lower(), "not_a_schac_id")


def iia_hash(text: str) -> str:
    return _matching(_HASH, text.lower(), "not_a_hash")


def email(text: str) -> str:
    return _matching(_EMAIL, text, "not_an_address")


def country(text: str) -> str:
    return _matching(_COUNTRY, text.upper(), "not_a_country_code")


def day(text: str, zone: tzinfo) -> date:
    """Read `dd/mm/yyyy`, `dd.mm.yyyy` or an ISO date, each perhaps with a time; a moment is the day in `zone`.

    A date with an offset and no time is that date.
    """
    try:
        written = _DAY.fullmatch(text)
        if written:
            return date(int(written[4]), int(written[3]), int(written[1]))
        iso = _ISO_DAY.fullmatch(text)
        if iso:
            return date.fromisoformat(iso[1])
        moment = datetime.fromisoformat(_matching(_MOMENT, text, "not_a_date"))
    except ValueError:
        raise Unreadable("not_a_date") from None
    return (moment.astimezone(zone) if moment.tzinfo else moment).date()


def decimal(text: str) -> Decimal:
    """Read a number with a decimal point or comma; with a thousands mark it could mean two numbers."""
    return Decimal(_matching(_DECIMAL, text, "not_a_number").replace(",", "."))


def academic_year(text: str) -> str:
    """Read an academic year as people write it; returns it as the network does."""
    match = _YEAR.fullmatch(text)
    if match is None:
        raise Unreadable("not_an_academic_year")
    first, second = match[1], match[2]
    found = AcademicYear.parse(f"{first}/{second if len(second) == 4 else first[:2] + second}")
    if found is None:
        raise Unreadable("not_an_academic_year")
    return str(found)


def state(text: str, words: Words) -> ListedState | None:
    states = {folded(known): each for known, each in words.states.items()}
    try:
        return states[folded(text)]
    except KeyError:
        raise Unreadable("not_a_known_state") from None


def flag(text: str, words: Words) -> bool:
    for meaning, known in ((True, words.yes), (False, words.no)):
        if folded(text) in {folded(each) for each in known}:
            return meaning
    raise Unreadable("neither_yes_nor_no")


def term(text: str, words: Words) -> Term:
    """Read a term: `HT26`, or a word of the mapping and a year."""
    found = Term.parse(text)
    if found is not None:
        return found
    match = _OF_YEAR.fullmatch(" ".join(text.split()))
    for autumn, known in ((True, words.autumn), (False, words.spring)):
        if match and folded(match[1]) in {folded(each) for each in known}:
            return Term(2000 + int(match[2]), autumn)
    raise Unreadable("not_a_term")


def _matching(form: re.Pattern[str], text: str, code: str) -> str:
    if form.fullmatch(text) is None:
        raise Unreadable(code)
    return text
