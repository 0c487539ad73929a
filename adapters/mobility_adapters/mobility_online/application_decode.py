"""From an application's elements to an `Application`: nothing is guessed, what cannot be read is a problem.

Problems name an element and a code (`missing`, `not_a_date`, …), a number of a look-up, or the text of a term or
a host country. Texts about the person never leave the document.

Source: Mobility-Online: application (value slots), element names, terms and academic years, status pipeline.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Final, TypeVar

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.application_document import Stated
from mobility_adapters.mobility_online.application_mappings import CIVIC_NUMBER, ApplicationMappings
from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.application import Application, PipelineStep
from mobility_bridge.domain.civic_number import CivicNumber, read_civic_number
from mobility_bridge.domain.identifiers import ApplicationId, HeiId, OmobilityId
from mobility_bridge.domain.person import Direction, Person, PersonName
from mobility_bridge.domain.term import Term

T = TypeVar("T")
_STATUS: Final = "bew_status_id"
_CODE: Final = re.compile(r"[0-9]{1,9}")
_OMOBILITY: Final = re.compile(r"[!-~]{1,64}")


def decode(
    stated: Stated,
    mappings: ApplicationMappings,
    countries: Mapping[str, str],
    *,
    zone: tzinfo,
    as_of: datetime,
) -> Application:
    """Decode one application. `zone` is that of times without one; `as_of` settles the century of short numbers."""
    return _Decoder(stated, mappings, countries, zone, as_of).application()


class _Decoder:
    def __init__(
        self,
        stated: Stated,
        mappings: ApplicationMappings,
        countries: Mapping[str, str],
        zone: tzinfo,
        as_of: datetime,
    ) -> None:
        self._stated = stated
        self._elements: Mapping[str, Mapping[str, str]] = stated["elements"]
        self._mappings = mappings
        self._countries = countries
        self._zone = zone
        self._as_of = as_of
        self._problems: list[tuple[str, str]] = [(name, "doubled") for name in stated["doubled"]]
        self._direction = Direction.OUTGOING if stated["direction"] == "OUT" else Direction.INCOMING

    def application(self) -> Application:
        terms = self._terms()
        side = "gast" if self._direction is Direction.OUTGOING else "heim"
        further = self._mappings.elements
        self._country(f"lcd_id_{side}", shown=True)
        return Application(
            application_id=ApplicationId(self._stated["application_id"]),
            direction=self._direction,
            person=self._person(),
            person_id=self._slot("p_id", "value"),
            partner_hei_id=self._partner(f"inst_id_{side}"),
            partner_institution_id=self._slot(f"inst_id_{side}", "value"),
            partner_name=self._partner_name(f"inst_id_{side}"),
            terms=terms,
            full_year=len(terms) > 1,
            starts_on=self._value("bew_dat_von", values.day, "not_a_date"),
            ends_on=self._value("bew_dat_bis", values.day, "not_a_date"),
            programme=self._look_up("aust_prog_id", self._mappings.programmes),
            study_level=self._look_up("stud_niveau_id", self._mappings.study_levels),
            isced_f_code=self._look_up("studr_id", self._mappings.study_fields),
            pipeline=self._pipeline(),
            cancelled=self._flag("is_storniert", required=True),
            extended=self._flag("is_verlaengerung_vorh"),
            traineeship=self._flag("is_praktikum"),
            credits_earned=self._credits("bew_anz_ects2"),
            credits_recognised=self._credits("bew_anz_ects"),
            omobility_id=self._omobility_id(),
            department=self._text_of(further.department),
            modified_at=self._value("moddat", lambda text: values.instant(text, self._zone), "not_a_time"),
            problems=tuple(dict.fromkeys(self._problems)),
        )

    def _problem(self, element: str, code: str) -> None:
        self._problems.append((element, code))

    def _slot(self, element: str, slot: str) -> str | None:
        return self._elements.get(element, {}).get(slot)

    def _value(self, element: str, read: Callable[[str], T], otherwise: str) -> T | None:
        text = self._slot(element, "value")
        if text is None:
            return None
        try:
            return read(text)
        except ValueError:
            self._problem(element, otherwise)
            return None

    def _credits(self, element: str) -> Decimal | None:
        found = self._value(element, values.decimal, "not_a_number")
        if found is not None and found < 0:
            self._problem(element, "negative")
            return None
        return found

    def _flag(self, element: str, *, required: bool = False) -> bool:
        text = self._slot(element, "flag")
        if text not in ("true", "false"):
            if text is not None or required:
                self._problem(element, "missing" if text is None else "not_a_flag")
            return False
        return text == "true"

    def _look_up(self, element: str, table: Mapping[str, str]) -> str | None:
        """By number; by text only where no number came, as in reports."""
        key = self._slot(element, "value") or self._slot(element, "first")
        if key is None:
            return None
        if key not in table:
            self._problem(element, self._shown(element, key))
        return table.get(key)

    def _shown(self, element: str, key: str) -> str:
        """A look-up's number, or its display text where there is no number: somebody chose it from a list."""
        return key if self._slot(element, "value") is None else _code(key)

    def _country(self, element: str, *, shown: bool = False) -> str | None:
        """A country by its text. A citizenship is personal: then the look-up's number is named instead."""
        text = self._slot(element, "first")
        if text is None:
            return None
        if text not in self._countries:
            self._problem(element, text if shown else _code(self._slot(element, "value")))
        return self._countries.get(text)

    def _terms(self) -> tuple[Term, ...]:
        text = self._slot("sem_id", "first")
        if text is None:
            self._problem("sem_id", "missing")
            return ()
        year = self._slot("studj_id", "first") or self._slot("studj_id", "value")
        found = self._mappings.terms.read(text, AcademicYear.parse(year) if year else None)
        if found is None:
            self._problem("sem_id", text)
        return found or ()

    def _partner(self, element: str) -> HeiId | None:
        """By number, never by name where there is one."""
        key = self._slot(element, "value") or self._slot(element, "second")
        if key is None:
            self._problem(element, "missing")
            return None
        found = self._mappings.institutions.get(key)
        if found is None:
            self._problem(element, self._shown(element, key))
        return None if found is None else HeiId(found)

    def _partner_name(self, element: str) -> str | None:
        return self._slot(element, "second") or self._slot(f"{element}_name", "value")

    def _pipeline(self) -> tuple[PipelineStep, ...]:
        names = self._mappings.pipeline.of(self._direction)
        status = self._slot(_STATUS, "first")
        if status is not None and not any(name in self._elements for name in names):
            return (PipelineStep(_STATUS, done=True, label=status),)
        steps = []
        for name in names:
            text = self._slot(name, "flag")
            if text in ("true", "false"):
                steps.append(PipelineStep(name, text == "true", self._slot(name, "label") or ""))
            else:
                self._problem(name, "missing" if text is None else "not_a_flag")
        return tuple(steps)

    def _person(self) -> Person:
        further = self._mappings.elements
        number = self._slot("bew_ber_matr_nr", "value") or self._slot("bew_matr_nr", "value")
        if number is None and self._direction is Direction.OUTGOING:
            self._problem("bew_ber_matr_nr", "missing")
        return Person(
            names=self._names(),
            birth_date=self._birth_date(),
            gender=self._gender(),
            citizenship=self._country("lcd_id_nat"),
            email=self._stated["email"],
            global_id=self._text_of(further.global_id),
            civic_number=self._civic_number(),
            home_student_number=number,
        )

    def _names(self) -> tuple[PersonName, ...]:
        """A second family name belongs to the name; without it the name is kept, too, as others may write it."""
        given, family = self._stated["first_name"], self._stated["last_name"]
        second = self._slot("bew_nachname_2", "value")
        if not given or not family:
            self._problem("lastName" if given else "firstName", "missing")
        if not given and not family:
            return ()
        plain = PersonName(given or "", family or "")
        return (PersonName(given or "", f"{family or ''} {second}".strip()), plain) if second else (plain,)

    def _birth_date(self) -> date | None:
        found = self._value("bew_geb_datum", values.day, "not_a_date")
        if found is not None and found > self._as_of.date():
            self._problem("bew_geb_datum", "in_the_future")
            return None
        return found

    def _gender(self) -> int | None:
        text = self._slot("bew_geschlecht", "value") or self._slot("bew_geschlecht", "first")
        if text is None:
            return None
        found = self._mappings.genders.get(text.upper())
        if found is None:
            self._problem("bew_geschlecht", "unknown")
        return found

    def _civic_number(self) -> str | None:
        text = self._slot(CIVIC_NUMBER, "value")
        if text is None or not self._mappings.civic_number:
            return None
        found = read_civic_number(text, today=self._as_of.date())
        if isinstance(found, CivicNumber):
            return found.text
        self._problem(CIVIC_NUMBER, found.value)
        return None

    def _omobility_id(self) -> OmobilityId | None:
        text = self._text_of(self._mappings.elements.omobility_id)
        if text is not None and not _OMOBILITY.fullmatch(text):
            self._problem("omobility_id", "form")
            return None
        return None if text is None else OmobilityId(text)

    def _text_of(self, element: str | None) -> str | None:
        if element is None:
            return None
        return self._slot(element, "first") or self._slot(element, "value")


def _code(text: str | None) -> str:
    """The number of a look-up; anything else may be somebody's words."""
    return text if text is not None and _CODE.fullmatch(text) else "unknown"
