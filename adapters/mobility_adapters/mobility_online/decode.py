"""From Mobility-Online's words to the network's: one agreement document becomes one `Iia`.

Nothing is guessed. What stands in no mapping, or cannot be said in the network's terms, is a problem with
the field's name and the value; where a text can be kept, it is.

Source: Mobility-Online: assumed services, A1 (assumed), and EWP IIAs API 7.0.0.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.mappings import CodeMappings
from mobility_bridge.domain.academic_year import AcademicYear
from mobility_bridge.domain.agreement import (
    CooperationCondition,
    Iia,
    IiaPartner,
    LanguageSkill,
    MobilityKind,
    SubjectArea,
)
from mobility_bridge.domain.contact import Contact, LangString
from mobility_bridge.domain.identifiers import HeiId

Problems = list[tuple[str, str]]

_KIND_ORDER: Final = tuple(MobilityKind)
_ISCED_F: Final = re.compile(r"[0-9]{4}")
_CEFR: Final = re.compile(r"[ABC][12]")
_PLAIN_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-zA-Z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The terms, and every (field, value) that could not be said in them."""

    iia: Iia
    problems: tuple[tuple[str, str], ...]


def decode(document: Mapping[str, Any], own_hei_id: HeiId, mappings: CodeMappings) -> Decoded:
    """Decode the terms of one agreement, conditions in the order of the network's documents.

    Source: EWP IIAs API 7.0.0, get response: conditions stand by kind, those of one kind in the holder's order.
    """
    problems: Problems = []
    records: Sequence[Mapping[str, Any]] = document["records"]
    partner = str(document["partner_hei_id"])
    conditions = [_Record(record, own_hei_id, partner, mappings, problems).condition() for record in records]
    known = [condition for condition in conditions if condition is not None]
    iia = Iia(
        partners=(
            IiaPartner(own_hei_id, iia_id=document["iia_id"], iia_code=document["iia_code"]),
            IiaPartner(partner, iia_id=document["partner_iia_id"]),
        ),
        in_effect=_in_effect(records, mappings, problems),
        conditions=tuple(sorted(known, key=lambda condition: _KIND_ORDER.index(condition.kind))),
        terminated_as_a_whole=_terminated(records, mappings, problems),
    )
    return Decoded(iia, tuple(dict.fromkeys(problems)))


def _in_effect(records: Sequence[Mapping[str, Any]], mappings: CodeMappings, problems: Problems) -> bool:
    statuses = list(dict.fromkeys(str(record["status"]) for record in records))
    problems.extend(("status", status) for status in statuses if status not in mappings.statuses)
    if len(statuses) > 1:
        problems.append(("status", " and ".join(sorted(statuses))))
    return all(mappings.statuses.get(status, False) for status in statuses)


def _terminated(
    records: Sequence[Mapping[str, Any]], mappings: CodeMappings, problems: Problems
) -> bool | None:
    """True where every record says so; the network knows only whole agreements that are terminated."""
    name = mappings.custom_fields.terminated_as_a_whole
    if name is None:
        return None
    said = [_flag(record["custom_fields"].get(name), name, problems) or False for record in records]
    if any(said) and not all(said):
        problems.append((name, "true in some records only"))
    return True if any(said) else None


def _flag(text: str | None, name: str, problems: Problems) -> bool | None:
    if text is None:
        return None
    try:
        return values.boolean(text)
    except ValueError:
        problems.append((name, text))
        return None


class _Record:
    """One record on its way to a condition."""

    def __init__(
        self,
        record: Mapping[str, Any],
        own_hei_id: str,
        partner_hei_id: str,
        mappings: CodeMappings,
        problems: Problems,
    ) -> None:
        self._record = record
        self._own = own_hei_id
        self._partner = partner_hei_id
        self._mappings = mappings
        self._problems = problems

    def condition(self) -> CooperationCondition | None:
        """The condition; None where not even its kind is known."""
        record = self._record
        self._check_country()
        kind = self._mappings.kind(record["person_type"], record["programme"])
        if kind is None:
            self._problem("exchangeProgram", f"{record['person_type']} {record['programme'] or ''}".strip())
            return None
        outgoing = record["application_type"] == "OUT"
        first, last = self._years()
        number = record["total_number"]
        if number is None:
            self._problem("totalNumber", "")
        contacts = _contacts(record["coordinator"])
        fields = self._mappings.custom_fields
        return CooperationCondition(
            kind=kind,
            sending_hei_id=self._own if outgoing else self._partner,
            receiving_hei_id=self._partner if outgoing else self._own,
            receiving_first_academic_year_id=first,
            receiving_last_academic_year_id=last,
            mobilities_per_year=number or 0,
            mobilities_not_yet_defined=number is None,
            sending_ounit_id=self._custom(fields.sending_ounit_id),
            receiving_ounit_id=self._custom(fields.receiving_ounit_id),
            sending_contacts=contacts if outgoing else (),
            receiving_contacts=() if outgoing else contacts,
            language_skills=tuple(self._language(number, level) for number, level in record["languages"]),
            subject_areas=tuple(self._subject_area(code) for code in record["study_fields"]),
            other_info_terms=record["comment"],
            total_per_year=self._total(kind),
            blended=self._blended(kind),
            eqf_levels=self._levels(),
        )

    def _problem(self, field: str, value: str) -> None:
        self._problems.append((field, value))

    def _custom(self, name: str | None) -> str | None:
        return self._record["custom_fields"].get(name) if name else None

    def _check_country(self) -> None:
        country = self._record["country"]
        if country is not None and country not in self._mappings.countries:
            self._problem("institution.country", country)

    def _years(self) -> tuple[str, str]:
        """First and last year; the network states an unbroken period, so a gap is a problem."""
        texts: list[str] = self._record["academic_years"]
        years = []
        for text in texts:
            year = AcademicYear.parse(text)
            if year is None:
                self._problem("academicYears", text)
            else:
                years.append(year)
        if not years:
            if not texts:
                self._problem("academicYears", "")
            return (texts[0], texts[-1]) if texts else ("", "")
        years.sort()
        if years[-1].start - years[0].start + 1 != len({year.start for year in years}):
            self._problem("academicYears", ", ".join(texts))
        return str(years[0]), str(years[-1])

    def _language(self, number: str, level: str | None) -> LanguageSkill:
        language = self._mappings.languages.get(number, number)
        if not _PLAIN_TAG.fullmatch(language):
            self._problem("languages", number)
        if level is not None and not _CEFR.fullmatch(level):
            self._problem("languages.level", level)
        return LanguageSkill(language, level)

    def _subject_area(self, code: str) -> SubjectArea:
        if not _ISCED_F.fullmatch(code):
            self._problem("studyFields", code)
        return SubjectArea(code)

    def _levels(self) -> tuple[int, ...]:
        known = set()
        for text in self._record["study_levels"]:
            level = self._mappings.study_levels.get(text)
            if level is None:
                self._problem("studyLevels", text)
            else:
                known.add(level)
        return tuple(sorted(known))

    def _total(self, kind: MobilityKind) -> Decimal | None:
        if kind.is_student:
            months = self._record["total_months"]
            return None if months is None else Decimal(months)
        name = self._mappings.custom_fields.total_days
        text = self._custom(name)
        if name is None or text is None:
            return None
        try:
            return values.decimal(text)
        except ValueError:
            self._problem(name, text)
            return None

    def _blended(self, kind: MobilityKind) -> bool | None:
        name = self._mappings.custom_fields.blended
        if not kind.is_student or name is None:
            return None
        text = self._custom(name)
        if text is None:
            self._problem(name, "")
        return _flag(text, name, self._problems)


def _contacts(coordinator: str | None) -> tuple[Contact, ...]:
    return (Contact((LangString(coordinator),)),) if coordinator else ()
