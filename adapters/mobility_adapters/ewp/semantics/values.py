"""Rules about single values that several kinds of documents carry."""

import re
from collections.abc import Iterator
from typing import Final

from mobility_adapters.ewp.semantics import Problem, error, warning
from mobility_bridge.domain.academic_year import AcademicYear

_YEAR_FORM: Final = re.compile(r"[0-9]{4}/[0-9]{4}")
_ESI: Final = re.compile(r"urn:schac:personalUniqueCode:int:esi:[^\s:]+.*", re.IGNORECASE)


def academic_year(path: str, value: str) -> Iterator[Problem]:
    """SEM-21: the second year is the first or the one after it; another form is the schema's affair."""
    if AcademicYear.parse(value) is None and _YEAR_FORM.fullmatch(value):
        yield warning(
            "SEM-21", path, f"{value} fits no calendar: the second year must be the first or the next"
        )


def global_id(path: str, value: str | None) -> Iterator[Problem]:
    """SEM-22: a global id is a European Student Identifier. An absent or empty one is another rule's affair."""
    if value and _ESI.fullmatch(value) is None:
        yield warning(
            "SEM-22", path, "this is no European Student Identifier (urn:schac:personalUniqueCode:int:esi:…)"
        )


def hei_id(path: str, value: str, expected: str | None) -> Iterator[Problem]:
    """SEM-28: a HEI in the document is the one that is expected there; None expects nobody in particular."""
    if expected is not None and value != expected:
        yield error("SEM-28", path, f"the institution is {value[:80]!r} where {expected!r} is expected")
