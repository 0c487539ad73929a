"""The canonical form of a condition: what it says, whatever way it is written.

Source: EWP agreements: canonical form.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import (
    CooperationCondition,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.reconcile.isced import is_official_title


class Language(NamedTuple):
    """A language skill without subtags; level and field are None when not stated."""

    primary: str
    level: str | None
    field: str | None


class Area(NamedTuple):
    """A field of education; `clarification` is None when empty or merely the code's official title."""

    code: str
    v6_value: str | None
    clarification: str | None


class Period(NamedTuple):
    """Start years and calendars of the first and last academic year; the raw text where one is unreadable."""

    first: int | str
    last: int | str
    first_northern: bool
    last_northern: bool


@dataclass(frozen=True, slots=True)
class Canonical:
    """One condition in canonical form; None stands for not stated, or for a placeholder in `number`."""

    kind: MobilityKind
    sending: str
    receiving: str
    sending_unit: str | None
    receiving_unit: str | None
    period: Period
    number: int | None
    languages: frozenset[Language]
    languages_known: bool
    areas: frozenset[Area]
    duration: Decimal | None
    blended: bool | None
    levels: frozenset[int]
    text: str | None

    @property
    def group(self) -> tuple[MobilityKind, str, str]:
        """Type and direction: only conditions of one group can be the same one."""
        return self.kind, self.sending, self.receiving

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(area.code for area in self.areas)


def hei(text: str) -> str:
    """Normalise a HEI id: trimmed, in lower case."""
    return text.strip().lower()


def plain(text: str | None) -> str | None:
    """Normalise free text: NFC, runs of blanks and line ends as one blank, trimmed; empty is None."""
    if text is None:
        return None
    return " ".join(unicodedata.normalize("NFC", text).split()) or None


def area(written: SubjectArea) -> Area:
    code = written.isced_f_code.strip()
    clarification = plain(written.isced_clarification)
    if clarification is not None and is_official_title(code, clarification):
        clarification = None
    return Area(code, plain(written.v6_value), clarification)


def language(written: LanguageSkill) -> Language:
    primary = written.language.strip().lower().split("-")[0]
    level = (plain(written.cefr_level) or "").upper() or None
    field = None if written.subject_area is None else written.subject_area.isced_f_code.strip()
    return Language(primary, level, field)


_year = lru_cache(maxsize=256)(AcademicYear.parse)
"""There are many conditions and few years."""


def period(condition: CooperationCondition) -> Period:
    first = _year(condition.receiving_first_academic_year_id)
    last = _year(condition.receiving_last_academic_year_id)
    return Period(
        condition.receiving_first_academic_year_id.strip() if first is None else first.start,
        condition.receiving_last_academic_year_id.strip() if last is None else last.start,
        first is None or first.northern,
        last is None or last.northern,
    )


def canonical(condition: CooperationCondition) -> Canonical:
    """Bring one condition into canonical form; contacts are left out."""
    return Canonical(
        kind=condition.kind,
        sending=hei(condition.sending_hei_id),
        receiving=hei(condition.receiving_hei_id),
        sending_unit=(condition.sending_ounit_id or "").strip() or None,
        receiving_unit=(condition.receiving_ounit_id or "").strip() or None,
        period=period(condition),
        number=None if condition.mobilities_not_yet_defined else condition.mobilities_per_year,
        languages=frozenset(
            language(skill) for skill in condition.language_skills if not skill.not_yet_defined
        ),
        languages_known=not any(skill.not_yet_defined for skill in condition.language_skills),
        areas=frozenset(map(area, condition.subject_areas)),
        duration=condition.total_per_year,
        blended=condition.blended,
        levels=frozenset(condition.eqf_levels),
        text=plain(condition.other_info_terms),
    )


literal = attrgetter(
    "kind",
    "sending_hei_id",
    "receiving_hei_id",
    "sending_ounit_id",
    "receiving_ounit_id",
    "receiving_first_academic_year_id",
    "receiving_last_academic_year_id",
    "mobilities_per_year",
    "mobilities_not_yet_defined",
    "language_skills",
    "subject_areas",
    "other_info_terms",
    "total_per_year",
    "blended",
    "eqf_levels",
)
"""What two conditions must share to be the same text: all that the canonical form is made of, and no contacts."""


def labels(conditions: Sequence[CooperationCondition]) -> tuple[str, ...]:
    """Name each condition for people and for identity: type and direction, fields and a number if needed.

    The name leaves out what is likely to be corrected (numbers, years, languages), so that a correction
    does not make a new discrepancy of an old one.
    """
    short = [f"{c.kind} {hei(c.sending_hei_id)} → {hei(c.receiving_hei_id)}" for c in conditions]
    counts = Counter(short)
    longer = [
        name if counts[name] == 1 else f"{name} {_fields(condition)}".rstrip()
        for name, condition in zip(short, conditions, strict=True)
    ]
    counts = Counter(longer)
    met: Counter[str] = Counter()
    named = []
    for name in longer:
        met[name] += 1
        named.append(name if counts[name] == 1 else f"{name} #{met[name]}")
    return tuple(named)


def _fields(condition: CooperationCondition) -> str:
    return ",".join(sorted({each.isced_f_code.strip() for each in condition.subject_areas}))
