"""The catalogue of courses for incoming students: compared, and written one course at a time.

The server does not look whether a number is there already, and an update empties what it does not name. So a
course is looked up by its number right before and right after each write, and an update sends back everything
that stood there beside what changes. The operation that removes a whole term is never used.

Source: Mobility-Online: catalogue operations, course record; rules S15 to S17.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.application_mappings import TermTexts
from mobility_adapters.mobility_online.client import SoapClient
from mobility_adapters.mobility_online.document import SYSTEM
from mobility_adapters.mobility_online.mappings import CodeMappings
from mobility_adapters.mobility_online.values import Argument, Raw
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.term import Term
from mobility_bridge.errors import ExternalError, InvalidDocument, Unreachable
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.sinks import (
    CatalogueAct,
    CatalogueChange,
    CatalogueCourse,
    CatalogueFacts,
    CatalogueOutcome,
    CataloguePlan,
    CatalogueWritten,
)

_READ: Final = "GetMasterDataService"
_WRITE: Final = "SetMasterDataService"
_SEARCH: Final = "getCoursesOfSemesterBySearchParameters"
_INCOMING: Final = "IN"
_ID: Final = "courseID"
_LOOK_UPS: Final = ("academicYear", "courseType", "language", "studyArea", "studyField")
_LEVELS: Final = "studyLevels"
_NUMBERS: Final = ("ectsCredits", "numberOfLessons", "freePlaces", "maxParticipants", "semesterNr")
_BY_TEXT: Final = frozenset({"academicYear"})
_SEPARATOR: Final = " "
_DESCRIBED: Final = ".description"


class MobilityOnlineCatalogue:
    """Implements `ports.sinks.CatalogueSink`. It exists only where the switch is on."""

    def __init__(self, client: SoapClient, codes: CodeMappings, terms: TermTexts, clock: Clock) -> None:
        self._client = client
        self._codes = codes
        self._terms = terms
        self._clock = clock

    @property
    def name(self) -> str:
        return SYSTEM

    async def plan(
        self, offered: Sequence[CatalogueCourse], withdrawn: Sequence[tuple[str, Term]] = ()
    ) -> CataloguePlan:
        """Compare each named course with what stands there; one question for each term. Writes nothing."""
        exchanges: list[Exchange] = []
        problems: list[tuple[str, str]] = []
        changes: list[CatalogueChange] = []
        asked = dict.fromkeys([*((each.number, each.term) for each in offered), *withdrawn])
        standing = {
            term: await self._standing(term, None, exchanges)
            for term in dict.fromkeys(term for _, term in asked)
        }
        wanted = {(each.number, each.term): each for each in offered}
        unchanged = 0
        for number, term in asked:
            found = standing[term].get(number, [])
            code = self._refusal(found, wanted.get((number, term)))
            if code is not None:
                problems.append((number, code))
                continue
            change = self._change(number, term, found, wanted.get((number, term)))
            if change is None:
                unchanged += 1
            else:
                changes.append(change)
        return CataloguePlan(tuple(changes), unchanged, tuple(exchanges), tuple(problems))

    async def carry_out(self, change: CatalogueChange) -> CatalogueWritten:
        """Look up, write once, look up again. A write whose answer is lost is settled by the second look.

        Raises:  Rejected when it was refused; Unreachable when no look-up could tell how it ended.
        """
        exchanges: list[Exchange] = []
        try:
            before = await self._one(change, exchanges)
            if _fulfilled(change, before):
                return CatalogueWritten(CatalogueOutcome.DONE_BEFORE, before, before, tuple(exchanges))
            if before != change.before:
                return CatalogueWritten(CatalogueOutcome.MOVED, before, before, tuple(exchanges))
            # Where the answer does not say whether it was written, the look below does.
            with contextlib.suppress(Unreachable, InvalidDocument):
                await self._write(change, exchanges)
            now = await self._one(change, exchanges)
        except ExternalError as error:
            error.evidence = tuple(exchanges)
            raise
        outcome = CatalogueOutcome.DONE if _fulfilled(change, now) else CatalogueOutcome.REFUTED
        return CatalogueWritten(outcome, before, now, tuple(exchanges))

    async def _standing(
        self, term: Term, number: str | None, exchanges: list[Exchange]
    ) -> dict[str, list[CatalogueFacts]]:
        """The courses of a term by their number; several where somebody added one twice."""
        arguments: dict[str, Argument] = {
            "semesterDescription": self._terms.text(term),
            "applicationType": _INCOMING,
            "courseNumber": number,
        }
        found: dict[str, list[CatalogueFacts]] = {}
        for raw in await self._client.call(_READ, _SEARCH, arguments, exchanges):
            if isinstance(raw, str):
                continue
            facts = _facts(raw)
            found.setdefault(facts.get("courseNumber", ""), []).append(facts)
        return found

    async def _one(self, change: CatalogueChange, exchanges: list[Exchange]) -> CatalogueFacts | None:
        found = (await self._standing(change.term, change.number, exchanges)).get(change.number, [])
        if len(found) > 1:
            raise InvalidDocument(
                f"The course {change.number} stands {len(found)} times in {self._terms.text(change.term)}.",
                system=SYSTEM,
                reason="content",
                next_step="Remove all but one of them in Mobility-Online.",
            )
        return found[0] if found else None

    def _refusal(self, found: Sequence[CatalogueFacts], wanted: CatalogueCourse | None) -> str | None:
        if len(found) > 1:
            return "doubled"
        if wanted is None:
            return None
        if not set(wanted.eqf_levels) <= set(self._codes.study_levels.values()):
            return "level_not_mapped"
        return None

    def _change(
        self, number: str, term: Term, found: Sequence[CatalogueFacts], wanted: CatalogueCourse | None
    ) -> CatalogueChange | None:
        before = found[0] if found else None
        if wanted is None:
            return (
                None if before is None else CatalogueChange(CatalogueAct.REMOVE, number, term, before, None)
            )
        after = {**(before or self._beginning()), **self._stated(wanted)}
        if before == after:
            return None
        act = CatalogueAct.ADD if before is None else CatalogueAct.UPDATE
        return CatalogueChange(act, number, term, before, after)

    def _beginning(self) -> dict[str, str]:
        """What a new course gets beside what is known of it."""
        fixed = {
            "courseType": self._codes.catalogue.course_type,
            "studyArea": self._codes.catalogue.study_area,
        }
        return {name: text for name, text in fixed.items() if text is not None}

    def _stated(self, course: CatalogueCourse) -> dict[str, str]:
        """A course as Mobility-Online would show it; only what is known of it."""
        levels = {level: number for number, level in reversed(self._codes.study_levels.items())}
        language = course.language
        numbers = {tag: number for number, tag in reversed(self._codes.languages.items())}
        facts = {
            "courseNumber": course.number,
            "courseName": course.name,
            "semester": self._terms.text(course.term),
            f"academicYear{_DESCRIBED}": str(course.term.academic_year),
            "applicationType": _INCOMING,
            "ectsCredits": None if course.credits is None else values.plain(course.credits),
            "language": None if language is None else numbers.get(language, language),
            _LEVELS: _SEPARATOR.join(sorted(levels[each] for each in course.eqf_levels)) or None,
            "studyField": course.study_field,
            "freePlaces": None if course.places is None else str(course.places),
            "linkEctsDescription": course.description_url,
        }
        return {name: text for name, text in facts.items() if text is not None}

    async def _write(self, change: CatalogueChange, exchanges: list[Exchange]) -> None:
        if change.act is CatalogueAct.REMOVE:
            arguments: Mapping[str, Argument] = {_ID: int((change.before or {})[_ID])}
            await self._client.call(
                _WRITE, "removeCoursePerSemesterByCourseID", arguments, exchanges, writes=True
            )
            return
        operation = "addCoursePerSemester" if change.act is CatalogueAct.ADD else "updateCoursePerSemester"
        course = _course(change.after or {})
        await self._client.call(_WRITE, operation, {"course": course}, exchanges, writes=True)


def _fulfilled(change: CatalogueChange, standing: CatalogueFacts | None) -> bool:
    """Whether what stands there is what was to be; the number that the server gives to a new one apart."""
    if change.after is None or standing is None:
        return change.after is None and standing is None
    return all(standing.get(name) == text for name, text in change.after.items() if name != _ID)


def _facts(raw: Raw) -> dict[str, str]:
    """A course as texts: a look-up by its number, else by its display text, which its name then says.

    Numbers come in one spelling.
    """
    found: dict[str, str] = {}
    for name, value in raw.items():
        if name == _LEVELS:
            levels = [_part(each, "number") for each in value] if isinstance(value, list) else []
            text: str | None = _SEPARATOR.join(sorted(each for each in levels if each)) or None
        elif name in _LOOK_UPS:
            text = None if name in _BY_TEXT else _part(value, "number")
            described = None if text is not None else _part(value, "description")
            if described is not None:
                found[f"{name}{_DESCRIBED}"] = described
        else:
            text = value.strip() or None if isinstance(value, str) else None
        if text is not None:
            found[name] = _spelt(text) if name in _NUMBERS else text
    return found


def _part(look_up: Any, name: str) -> str | None:
    text = look_up.get(name) if isinstance(look_up, Mapping) else None
    return text.strip() or None if isinstance(text, str) else None


def _spelt(text: str) -> str:
    """A number as we write it; what is none stays as it is, and so differs from every number."""
    try:
        return values.plain(values.decimal(text))
    except ValueError:
        return text


def _course(facts: CatalogueFacts) -> dict[str, Argument]:
    """The record to send, with everything that is to stand there."""
    course: dict[str, Argument] = {}
    for name, text in facts.items():
        if name == _LEVELS:
            course[name] = [{"number": level} for level in text.split(_SEPARATOR)]
        elif name.endswith(_DESCRIBED):
            course[name.removesuffix(_DESCRIBED)] = {"description": text}
        elif name in _LOOK_UPS:
            course[name] = {"number": text}
        else:
            course[name] = text
    return course
