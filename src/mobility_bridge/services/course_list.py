"""The operator's list of courses for incoming students, as CSV or TOML: read whole, or refused with every reason.

Shape:   a row, or a table `[[courses]]`, for each course and term. `number`, `term` and `name` must be there; what is
         left empty is not said. `withdrawn` takes the course out of the catalogue.
"""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from mobility_bridge.domain.term import Term
from mobility_bridge.errors import UsageError
from mobility_bridge.ports.sinks import CatalogueCourse

NEEDED: Final = ("number", "term", "name")
COLUMNS: Final = (
    *NEEDED,
    "credits",
    "language",
    "eqf_levels",
    "study_field",
    "places",
    "description_url",
    "withdrawn",
)
_YES: Final = ("yes", "true", "ja", "1")
_NO: Final = ("", "no", "false", "nej", "0")
_TAG: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")
_FORMULA: Final = ("=", "+", "@")
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class CourseRows:
    """What the file says: courses that are offered, and those, by number and term, that are not any more."""

    offered: tuple[CatalogueCourse, ...] = ()
    withdrawn: tuple[tuple[str, Term], ...] = ()


def read_course_list(name: str, data: bytes) -> CourseRows:
    """Read a file by its name's ending. Raises UsageError with everything that is wrong with it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8", next_step="Save it as UTF-8.") from error
    problems: list[str] = []
    rows = list(_tables(text, problems) if name.lower().endswith(".toml") else _lines(text, problems))
    offered: list[CatalogueCourse] = []
    withdrawn: list[tuple[str, Term]] = []
    seen: set[tuple[str, Term]] = set()
    for where, row in rows:
        said = _Row(where, row, problems)
        key = said.key()
        if key is None:
            continue
        if key in seen:
            problems.append(f"{where}: {key[0]} in {key[1].code} stands there twice")
        seen.add(key)
        if said.withdrawn():
            withdrawn.append(key)
        else:
            offered.append(said.course(key))
    if problems:
        more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
        raise UsageError(
            f"{name} cannot be used: {'; '.join(problems[:_SHOWN])}{more}",
            next_step=f"Columns: {', '.join(COLUMNS)}.",
        )
    return CourseRows(tuple(offered), tuple(withdrawn))


def _lines(text: str, problems: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter, restkey="", strict=True)
    names = [each.strip().lower() for each in reader.fieldnames or ()]
    _check_names("line 1", names, problems)
    if problems:
        return
    reader.fieldnames = names
    try:
        for row in reader:
            where = f"line {reader.line_num}"
            if "" in row:
                problems.append(f"{where}: more cells than columns")
            elif any(row.values()):
                yield where, {name: (value or "").strip() for name, value in row.items()}
    except csv.Error as error:
        problems.append(f"line {reader.reader.line_num}: {error}")


def _tables(text: str, problems: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    try:
        said: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"not TOML: {error}")
        return
    problems.extend(f"unknown table {each!r}" for each in said if each != "courses")
    found = said.get("courses", [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        problems.append("courses: tables [[courses]] are expected")
        return
    for number, table in enumerate(found, 1):
        _check_names(f"course {number}", table, problems)
        yield f"course {number}", {name: _as_text(value) for name, value in table.items()}


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(map(str, value))
    return str(value).strip()


def _check_names(where: str, names: Iterable[str], problems: list[str]) -> None:
    names = list(names)
    problems.extend(f"{where}: unknown column {each!r}" for each in names if each not in COLUMNS)
    if where == "line 1":
        problems.extend(f"{where}: no column {each}" for each in NEEDED if each not in names)
        problems.extend(
            f"{where}: column {each} stands there twice" for each in COLUMNS if names.count(each) > 1
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """One course as it is written; what cannot be read goes to `problems`."""

    where: str
    cells: Mapping[str, str]
    problems: list[str]

    def key(self) -> tuple[str, Term] | None:
        number, text = self.cells.get("number", ""), self.cells.get("term", "")
        term = Term.parse(text)
        if not number:
            self._wrong("number", "is empty")
        if term is None:
            self._wrong("term", "is no term such as HT26")
        return (number, term) if number and term is not None else None

    def withdrawn(self) -> bool:
        text = self.cells.get("withdrawn", "").lower()
        if text not in (*_YES, *_NO):
            self._wrong("withdrawn", "is neither yes nor no")
        return text in _YES

    def course(self, key: tuple[str, Term]) -> CatalogueCourse:
        name = self.cells.get("name", "")
        if not name or name.startswith(_FORMULA):
            self._wrong("name", "is a formula" if name else "is empty")
        return CatalogueCourse(
            *key,
            name,
            credits=self._read("credits", _credits, "is no number of credits"),
            language=self._read("language", _language, "is no language tag such as en"),
            eqf_levels=self._read("eqf_levels", _levels, "is no list of levels such as 6 7") or (),
            study_field=self.cells.get("study_field") or None,
            places=self._read("places", _places, "is no number of places"),
            description_url=self._read(
                "description_url", _address, "is no address that begins with https://"
            ),
        )

    def _read(self, column: str, read: Callable[[str], Any], wrong: str) -> Any:
        text = self.cells.get(column, "")
        if not text:
            return None
        try:
            return read(text)
        except (ValueError, InvalidOperation):
            self._wrong(column, wrong)
            return None

    def _wrong(self, column: str, what: str) -> None:
        self.problems.append(f"{self.where}: {column} {what}")


def _credits(text: str) -> Decimal:
    found = Decimal(text.replace(",", "."))
    if not (found.is_finite() and 0 <= found <= 1000):
        raise ValueError("out of range")
    return found


def _language(text: str) -> str:
    if not _TAG.fullmatch(text.lower()):
        raise ValueError("no tag")
    return text.lower()


def _levels(text: str) -> tuple[int, ...]:
    found = tuple(sorted({int(each) for each in re.split(r"[\s,/]+", text.strip())}))
    if not all(1 <= each <= 8 for each in found):
        raise ValueError("out of range")
    return found


def _places(text: str) -> int:
    found = int(text)
    if found < 0:
        raise ValueError("negative")
    return found


def _address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s]+", text):
        raise ValueError("no address")
    return text
