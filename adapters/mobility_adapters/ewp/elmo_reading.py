"""Transcripts out of ELMO, as far as they can be read and as far as transcripts of records go.

Not taken: enrolment, levels, engagement hours, shortened gradings, groupings, descriptions and addresses of courses,
extensions, diploma supplements, results of recognition, signatures; of learners, where they were born and live.

Read in spite of its form, each time with a problem: ELMO of the other version, what ELMO demands and often is
forgotten, course ids without a prefix (kept as course codes), codes newer than we are (left out).

Source: ELMO 2.1.1 and 1.6.0; EWP Incoming Mobility ToRs API 3.0.0; known trouble of the network.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeVar

from mobility_adapters.ewp import wire
from mobility_adapters.ewp.course_ids import is_loi_id, is_los_id, may_be_newer
from mobility_adapters.ewp.elmo_names import ESI, LOCAL, LOI_ID, LOS_ID, SCHAC, VOCABULARIES, Vocabulary
from mobility_adapters.ewp.lenient import LenientReader
from mobility_adapters.ewp.reading import child, local_name, string_value
from mobility_bridge.domain.contact import LangString
from mobility_bridge.domain.discrepancy import Severity
from mobility_bridge.domain.identifiers import HeiId
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.transcript import (
    GradeFrequency,
    GradingScheme,
    IscedTable,
    ReportStatus,
    ResultCategory,
    ResultDistribution,
    ResultStatus,
    Tor,
    TorAttachment,
    TorCourse,
    TorCredit,
    TorIssuer,
    TorLearner,
    TorReport,
    TorTerm,
    TypedIdentifier,
)
from mobility_bridge.kit.xml import Element

_RESULTS: Final = frozenset(ResultStatus) - {ResultStatus.UNKNOWN}
_LANG: Final = wire.qname(wire.XML, "lang")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_Code = TypeVar("_Code", bound=StrEnum)


class ElmoReader(LenientReader):
    """Reads the transcripts of one version of the network's API, whose ELMO is in the name space `expected`."""

    def __init__(self, expected: str) -> None:
        super().__init__()
        self._expected = expected
        self._namespace = expected

    @property
    def _known(self) -> Vocabulary:
        return VOCABULARIES[self._namespace]

    def elmo_in(self, tor: Element) -> Element | None:
        """Find the transcript inside a `tor`, also one of the other version of ELMO."""
        for namespace in (self._expected, *VOCABULARIES):
            found = child(tor, wire.qname(namespace, "elmo"))
            if found is None:
                continue
            self._namespace = namespace
            if namespace != self._expected:
                self.note("XML-15", found, "this ELMO is of another version and was read", Severity.WARNING)
            return found
        self.missing(tor, "elmo")
        return None

    def transcript(self, elmo: Element, tor: Tor) -> Tor:
        """Read a transcript into `tor`, which has its id already."""
        parts = self.parts(elmo, self._known.elmo)
        generated, learner = parts.get("generatedDate"), parts.get("learner")
        for name in ("generatedDate", "learner", "report"):
            if name not in parts:
                self.missing(elmo, name, Severity.WARNING if name == "generatedDate" else Severity.BLOCKING)
        return Tor(
            omobility_id=tor.omobility_id,
            receiving_academic_year_id=tor.receiving_academic_year_id,
            generated_date=None if generated is None else self.instant(generated),
            learner=TorLearner() if learner is None else self._learner(learner),
            reports=tuple(map(self._report, self._all(elmo, "report"))),
            attachments=tuple(map(self._attachment, self._all(elmo, "attachment"))),
            grade_conversion_table=tor.grade_conversion_table,
        )

    # --- who ------------------------------------------------------------------------------------------------

    def _learner(self, element: Element) -> TorLearner:
        parts = self.parts(element, self._known.learner)
        identifiers = self._identifiers(element)
        given, family = (_token(parts.get(name)) for name in ("givenNames", "familyName"))
        for name in ("givenNames", "familyName"):
            if name not in parts:
                self.missing(element, name)
        alternative, citizenship = parts.get("alternativeName"), parts.get("citizenship")
        if alternative is None and self._namespace == wire.ELMO_V2:
            self.note(
                "XML-14", element, "the learner has no alternativeName, which ELMO demands", Severity.WARNING
            )
        self._typed_country(citizenship)
        return TorLearner(
            person=Person(
                names=(PersonName(given or "", family or ""),) if given or family else (),
                birth_date=self._birth_date(parts),
                gender=self.integer(parts.get("gender"), Severity.WARNING),
                citizenship=_token(citizenship),
                global_id=_of_type(identifiers, ESI),
            ),
            identifiers=_without_first(identifiers, ESI),
            alternative_name=None if alternative is None else _lang_string(alternative),
            citizenship_type=None if citizenship is None else citizenship.get("type"),
        )

    def _birth_date(self, parts: Mapping[str, Element]) -> date | None:
        written, old = parts.get("dateOfBirth"), parts.get("bday")
        if written is None and old is not None and self._namespace == wire.ELMO_V2:
            self.note("SEM-30", old, "the birth date stands in bday only and was read", Severity.WARNING)
        return self.day(old if written is None else written)

    def _issuer(self, element: Element) -> TorIssuer:
        parts = self.parts(element, self._known.issuer)
        identifiers = self._identifiers(element)
        if "url" not in parts:
            self.note("XML-14", element, "the issuer has no url, which ELMO demands", Severity.WARNING)
        self._typed_country(parts.get("country"))
        hei_id = _of_type(identifiers, SCHAC)
        return TorIssuer(
            hei_id=HeiId(hei_id) if hei_id else None,
            identifiers=_without_first(identifiers, SCHAC),
            titles=self._titles(element),
            country=_token(parts.get("country")),
            url=_token(parts.get("url")),
        )

    def _typed_country(self, element: Element | None) -> None:
        if element is not None and element.get("type") is None and self._namespace == wire.ELMO_V2:
            message = f"{local_name(element)} does not say what kind of code it is (type)"
            self.note("XML-14", element, message, Severity.WARNING)

    # --- what one issuer reports ------------------------------------------------------------------------------

    def _report(self, element: Element) -> TorReport:
        parts = self.parts(element, self._known.report)
        issuer, issued, status = (parts.get(name) for name in ("issuer", "issueDate", "status"))
        if issuer is None:
            self.missing(element, "issuer")
        if issued is None:
            self.missing(element, "issueDate", Severity.WARNING)
        said = {} if status is None else self.parts(status, self._known.status)
        return TorReport(
            issuer=TorIssuer(None) if issuer is None else self._issuer(issuer),
            courses=tuple(map(self._course, self._all(element, "learningOpportunitySpecification"))),
            issue_date=None if issued is None else self.instant(issued),
            grading_schemes=tuple(map(self._scheme, self._all(element, "gradingScheme"))),
            status=self._code(ReportStatus, said.get("code")),
            status_messages=() if status is None else self._texts(status, "message"),
            attachments=tuple(map(self._attachment, self._all(element, "attachment"))),
        )

    def _scheme(self, element: Element) -> GradingScheme:
        self.parts(element, self._known.scheme)
        return GradingScheme(element.get("localId", ""), self._texts(element, "description"))

    def _attachment(self, element: Element) -> TorAttachment:
        parts = self.parts(element, self._known.attachment)
        return TorAttachment(
            type=_token(parts.get("type")),
            identifiers=self._identifiers(element),
            titles=self._titles(element),
            descriptions=self._texts(element, "description"),
            contents=self._texts(element, "content"),
        )

    # --- courses --------------------------------------------------------------------------------------------

    def _course(self, element: Element) -> TorCourse:
        parts = self.parts(element, self._known.course)
        if "title" not in parts:
            self.missing(element, "title", Severity.WARNING)
        identifiers = self._course_ids(element, LOS_ID)
        los_id = _of_type(identifiers, LOS_ID)
        los_code = _of_type(identifiers, LOCAL)
        specifies = parts.get("specifies")
        within = {} if specifies is None else self.parts(specifies, self._known.specifies)
        instance = within.get("learningOpportunityInstance")
        if instance is None:
            self.missing(specifies if specifies is not None else element, "learningOpportunityInstance")
        found = TorCourse(
            titles=self._titles(element),
            los_id=los_id,
            los_code=los_code,
            los_identifiers=_without_first(_without_first(identifiers, LOS_ID), LOCAL),
            type=_token(parts.get("type")),
            isced_code=_token(parts.get("iscedCode")),
            parts=tuple(
                self._course(part)
                for holder in self._all(element, "hasPart")
                for part in self.parts(holder, self._known.part).values()
            ),
        )
        return found if instance is None else self._instance(instance, found)

    def _instance(self, element: Element, course: TorCourse) -> TorCourse:
        parts = self.parts(element, self._known.instance)
        identifiers = self._course_ids(element, LOI_ID)
        term, distribution = parts.get("academicTerm"), parts.get("resultDistribution")
        return replace(
            course,
            loi_id=_of_type(identifiers, LOI_ID),
            loi_identifiers=_without_first(identifiers, LOI_ID),
            start=self.day(parts.get("start")),
            completed_on=self.day(parts.get("date")),
            term=None if term is None else self._term(term),
            status=self._result_status(parts.get("status")),
            grading_scheme_local_id=_token(parts.get("gradingSchemeLocalId")),
            result_label=_token(parts.get("resultLabel")),
            result_distribution=None if distribution is None else self._distribution(distribution),
            credits=tuple(map(self._credit, self._all(element, "credit"))),
            language_of_instruction=_token(parts.get("languageOfInstruction")),
        )

    def _result_status(self, element: Element | None) -> ResultStatus | None:
        """Absence means passed; what is there and unknown must not, so it does not count as absent."""
        if element is None:
            return None
        written = _token(element)
        if written in _RESULTS:
            return ResultStatus(written)
        self.note("UNREADABLE", element, "status is none of passed, failed, in-progress")
        return ResultStatus.UNKNOWN

    def _term(self, element: Element) -> TorTerm:
        parts = self.parts(element, self._known.term)
        for name in ("start", "end"):
            if name not in parts:
                self.missing(element, name, Severity.WARNING)
        return TorTerm(self._titles(element), self.day(parts.get("start")), self.day(parts.get("end")))

    def _distribution(self, element: Element) -> ResultDistribution:
        self.parts(element, self._known.distribution)
        categories = []
        for each in self._all(element, "category"):
            count = self._number(each, "count")
            whole = None if count is None or count != count.to_integral_value() else int(count)
            categories.append(ResultCategory(collapsed(each.get("label", "")), whole))
        return ResultDistribution(tuple(categories), self._texts(element, "description"))

    def _credit(self, element: Element) -> TorCredit:
        parts = self.parts(element, self._known.credit)
        value = parts.get("value")
        if "scheme" not in parts:
            self.missing(element, "scheme", Severity.WARNING)
        number = None if value is None else self.decimal(value)
        return TorCredit(_token(parts.get("scheme")) or "", number, _token(parts.get("level")))

    def _course_ids(self, element: Element, kind: str) -> tuple[TypedIdentifier, ...]:
        """Read identifiers; an id of the network that is none becomes the course code, where there is no other."""
        fits, found = (is_los_id if kind == LOS_ID else is_loi_id), []
        has_code = any(collapsed(each.get("type", "")) == LOCAL for each in self._all(element, "identifier"))
        for each, identifier in zip(
            self._all(element, "identifier"), self._identifiers(element), strict=True
        ):
            if identifier.type != kind or fits(identifier.value):
                found.append(identifier)
            elif may_be_newer(identifier.value):
                self.unknown_code(each, "the prefix")
            else:
                message = "this is no course id, which starts with a prefix such as CR/"
                self.note("XML-13", each, message, Severity.WARNING)
                if kind == LOS_ID and not has_code and identifier.value:
                    found.append(TypedIdentifier(LOCAL, identifier.value))
                    has_code = True
        return tuple(found)

    # --- grade conversion, which is no part of ELMO -----------------------------------------------------------

    def conversion_table(self, element: Element, namespace: str) -> tuple[IscedTable, ...]:
        """Read a `gradeConversionTable`, whose elements are in the name space of the API."""
        tables = []
        for table in element.iterchildren(wire.qname(namespace, "iscedTable")):
            frequencies = tuple(
                GradeFrequency(collapsed(each.get("label", "")), self._number(each, "percentage"))
                for each in table.iterchildren(wire.qname(namespace, "gradeFrequency"))
            )
            tables.append(IscedTable(collapsed(table.get("iscedCode", "")), frequencies))
        return tuple(tables)

    # --- values ---------------------------------------------------------------------------------------------

    def _all(self, element: Element, name: str) -> list[Element]:
        return list(element.iterchildren(wire.qname(self._namespace, name)))

    def _identifiers(self, element: Element) -> tuple[TypedIdentifier, ...]:
        return tuple(
            TypedIdentifier(collapsed(each.get("type", "")), _token(each) or "")
            for each in self._all(element, "identifier")
        )

    def _titles(self, element: Element) -> tuple[LangString, ...]:
        return tuple(LangString(_token(each) or "", each.get(_LANG)) for each in self._all(element, "title"))

    def _texts(self, element: Element, name: str) -> tuple[LangString, ...]:
        return tuple(map(_lang_string, self._all(element, name)))

    def _code(self, kind: type[_Code], element: Element | None) -> _Code | None:
        if element is None:
            return None
        try:
            return kind(_token(element) or "")
        except ValueError:
            self.unknown_code(element, local_name(element))
            return None

    def _number(self, element: Element, name: str) -> Decimal | None:
        """A number in an attribute; a comma in it, or anything else, is a problem."""
        written = collapsed(element.get(name, ""))
        if _NUMBER.fullmatch(written):
            return Decimal(written)
        code = "XML-12" if "," in written else "UNREADABLE"
        self.note(code, element, f"{name} is no number", Severity.WARNING, at=f"/@{name}")
        return None


def collapsed(text: str) -> str:
    """The text with white space collapsed as XML Schema does it: blanks of other scripts stay."""
    return _SPACE.sub(" ", text).strip(" ")


def _token(element: Element | None) -> str | None:
    """Text whose white space XML Schema collapses."""
    return None if element is None else collapsed(string_value(element))


def _lang_string(element: Element) -> LangString:
    return LangString(string_value(element), element.get(_LANG))


def _of_type(identifiers: tuple[TypedIdentifier, ...], kind: str) -> str | None:
    return next((each.value for each in identifiers if each.type == kind), None)


def _without_first(identifiers: tuple[TypedIdentifier, ...], kind: str) -> tuple[TypedIdentifier, ...]:
    """All identifiers but the one that `_of_type` takes."""
    place = next((place for place, each in enumerate(identifiers) if each.type == kind), None)
    return identifiers if place is None else identifiers[:place] + identifiers[place + 1 :]
