"""What the institution's numbers and texts about applications mean, and how it words its terms.

Source: Mobility-Online: element names; terms and academic years; exchange programmes; assumed services, rule 5.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, field_validator

from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.person import Direction
from mobility_bridge.domain.term import Term

_ELEMENT: Final = r"^[a-z][a-z0-9_]*$"
_YEAR: Final = re.compile(r"[0-9]{4}")
_PLACES: Final = re.compile(r"\{(year|next_year|previous_year)\}")
_ISCED_F: Final = re.compile(r"[0-9]{2,4}")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TermTexts(_Table):
    """Terms in the tenant's language. In each form `{year}`, `{next_year}` and `{previous_year}` stand for years.

    `{year}` is the calendar year of the term, of a full year the one in which it begins. The first form is how
    new texts are written; all of them are asked for and understood.
    """

    autumn: tuple[str, ...] = Field(min_length=1)
    spring: tuple[str, ...] = Field(min_length=1)
    full_year: tuple[str, ...] = Field(min_length=1)
    exceptions: dict[str, tuple[str, ...]] = {}

    @field_validator("autumn", "spring", "full_year")
    @classmethod
    def _forms(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for form in value:
            if not _PLACES.search(form) or re.search(r"[{}]", _PLACES.sub("", form)):
                raise ValueError("texts with {year}, {next_year} or {previous_year} in them")
        return value

    @field_validator("exceptions")
    @classmethod
    def _terms(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        if not all(codes and all(Term.parse(code) for code in codes) for codes in value.values()):
            raise ValueError("one or two terms, such as HT26")
        return value

    def asked(self, terms: Iterable[Term]) -> tuple[str, ...]:
        """Every text under which applications of these terms may stand, each once, full years included."""
        found: list[str] = []
        for term in terms:
            forms = self.autumn if term.autumn else self.spring
            found += [_written(form, term.year) for form in forms]
            found += [_written(form, term.academic_year.start) for form in self.full_year]
            found += [text for text in self.exceptions if term in self._exception(text)]
        return tuple(dict.fromkeys(found))

    def text(self, term: Term) -> str:
        """The term as it is written today."""
        return _written((self.autumn if term.autumn else self.spring)[0], term.year)

    def read(self, text: str, year: AcademicYear | None = None) -> tuple[Term, ...] | None:
        """The terms that a text means, two for a full year; None for a text that stands nowhere.

        `year` helps where a report writes the year into a column of its own.
        """
        if text in self.exceptions:
            return self._exception(text)
        for start in _candidates(text):
            if any(_written(form, start) == text for form in self.autumn):
                return (Term(start, autumn=True),)
            if any(_written(form, start) == text for form in self.spring):
                return (Term(start, autumn=False),)
            if any(_written(form, start) == text for form in self.full_year):
                return _whole_year(start)
        return None if year is None else self._without_year(text, year)

    def _without_year(self, text: str, year: AcademicYear) -> tuple[Term, ...] | None:
        if any(_bare(form) == text for form in self.autumn):
            return (Term(year.start, autumn=True),)
        if any(_bare(form) == text for form in self.spring):
            return (Term(year.start + 1, autumn=False),)
        return _whole_year(year.start) if any(_bare(form) == text for form in self.full_year) else None

    def _exception(self, text: str) -> tuple[Term, ...]:
        return tuple(term for code in self.exceptions[text] if (term := Term.parse(code)) is not None)


class Pipelines(_Table):
    """The office's steps in their order: names of flags."""

    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]

    def of(self, direction: Direction) -> tuple[str, ...]:
        return self.outgoing if direction is Direction.OUTGOING else self.incoming


class FurtherElements(_Table):
    """Custom elements that hold what has no element of its own; None where the institution has none."""

    global_id: str | None = Field(None, pattern=_ELEMENT)
    omobility_id: str | None = Field(None, pattern=_ELEMENT)
    department: str | None = Field(None, pattern=_ELEMENT)

    def names(self) -> tuple[str, ...]:
        return tuple(name for name in self.model_dump().values() if name)


class ApplicationMappings(_Table):
    """The table `[applications]`. Look-ups go by number; by text only where there is no number (reports)."""

    civic_number: bool = False
    person_type: str = Field("S", min_length=1)
    terms: TermTexts
    pipeline: Pipelines
    elements: FurtherElements = FurtherElements.model_construct()
    genders: dict[str, int] = {"M": 1, "W": 2}
    institutions: dict[str, str] = {}
    programmes: dict[str, str] = {}
    study_levels: dict[str, str] = {}
    study_fields: dict[str, str] = {}

    @field_validator("genders")
    @classmethod
    def _genders(cls, value: dict[str, int]) -> dict[str, int]:
        if not set(value.values()) <= {0, 1, 2, 9}:
            raise ValueError("0 unknown, 1 man, 2 woman or 9 not applicable")
        return {text.upper(): number for text, number in value.items()}

    @field_validator("study_fields")
    @classmethod
    def _isced(cls, value: dict[str, str]) -> dict[str, str]:
        if not all(_ISCED_F.fullmatch(code) for code in value.values()):
            raise ValueError("ISCED-F codes of two to four digits")
        return value

    def wanted(self) -> tuple[str, ...]:
        """The elements that are asked for: nothing that no comparison needs."""
        further = (*self.pipeline.outgoing, *self.pipeline.incoming, *self.elements.names())
        civic = (CIVIC_NUMBER,) if self.civic_number else ()
        return tuple(dict.fromkeys((*ELEMENTS, *civic, *further)))


class CatalogueMappings(_Table):
    """The table `[catalogue]`: what every course gets that we add, as numbers of look-ups."""

    course_type: str | None = None
    study_area: str | None = None


CIVIC_NUMBER: Final = "p_sozial_ver_nr"
ELEMENTS: Final = (
    "kz_bew_art",
    "p_id",
    "bew_nachname_2",
    "bew_ber_matr_nr",
    "bew_matr_nr",
    "bew_geschlecht",
    "bew_geb_datum",
    "lcd_id_nat",
    "lcd_id_heim",
    "lcd_id_gast",
    "inst_id_heim",
    "inst_id_heim_name",
    "inst_id_gast",
    "inst_id_gast_name",
    "sem_id",
    "studj_id",
    "aust_prog_id",
    "stud_niveau_id",
    "studr_id",
    "bew_status_id",
    "bew_dat_von",
    "bew_dat_bis",
    "bew_anz_ects2",
    "bew_anz_ects",
    "is_praktikum",
    "is_storniert",
    "is_verlaengerung_vorh",
    "moddat",
)
"""Names of elements that we understand. Source: Mobility-Online: element names."""


def _written(form: str, year: int) -> str:
    years = {"year": year, "next_year": year + 1, "previous_year": year - 1}
    return _PLACES.sub(lambda place: str(years[place[1]]), form)


def _candidates(text: str) -> Sequence[int]:
    """The years that a text may mean: those in it and their neighbours, since forms name either."""
    years = {int(each) + step for each in _YEAR.findall(text) for step in (-1, 0, 1)}
    return sorted(years)


def _bare(form: str) -> str:
    return _PLACES.sub("", form).strip(" /-")


def _whole_year(start: int) -> tuple[Term, ...]:
    return Term(start, autumn=True), Term(start + 1, autumn=False)
