"""Pre-filled learning agreements as the Dashboard takes them: checked first, then written.

Dates are `dd/mm/yyyy`, e-mail addresses in lower case, and the header row is the template's, letter by letter. An
agreement is in the file with all its rows or not at all.

Source: The work: systems (pre-filled learning agreements). That a text which a spreadsheet would compute is kept
from it by an apostrophe is the spreadsheets' own custom.
"""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from mobility_adapters.dashboard import values
from mobility_adapters.dashboard.las import SYSTEM
from mobility_adapters.dashboard.mappings import DashboardMapping, Prefill, folded
from mobility_adapters.dashboard.table import DELIMITERS, Unreadable, read_table
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.lists import PrefilledAgreement, PrefilledCourse, Refused, WrittenList

_COMPUTED: Final = tuple("=+-@\uff1d\uff0b\uff0d\uff20")  # and the wide ones of East Asian keyboards
_CONTROLS: Final = ("\t", "\r")
_TABLES: Final = ("A", "B")
_OF_COURSES: Final = ("table", "code", "title", "credits")

Said = Mapping[str, str | date | Decimal | int | None]


@dataclass(frozen=True, slots=True)
class _Form:
    """What a file looks like: its header row, `head` as it stands, and the field of each column."""

    head: str
    header: tuple[str, ...]
    fields: tuple[str | None, ...]
    delimiter: str
    encoding: str

    @property
    def of_courses(self) -> bool:
        return "title" in self.fields

    @property
    def unfilled(self) -> tuple[str, ...]:
        pairs = zip(self.header, self.fields, strict=True)
        return tuple(name for name, field in pairs if field is None)


def write(
    agreements: Sequence[PrefilledAgreement], mapping: DashboardMapping, template: bytes | None = None
) -> WrittenList:
    """Check every agreement and write those without a fault.

    Raises:  InvalidDocument for a template that cannot be read, or lacks a column that has to be filled.
    """
    form = _own_form(mapping.prefill) if template is None else _form_of(template, mapping)
    rows: list[list[str]] = []
    written, refused = [], []
    doubled = _doubled(agreements)
    for each in agreements:
        said = _said(each)
        reasons = [*_wrong(said, mapping.prefill, form), *_wrong_courses(each.courses, form)]
        if said.get("omobility_id") in doubled:
            reasons.append("omobility_id: stands for several students")
        more = [] if reasons else list(_rows(said, each.courses, form))
        reasons += _not_writable(more, form)
        if reasons:
            refused.append(Refused(each.name, tuple(reasons)))
        else:
            rows += more
            written.append(each.name)
    content = _written(form, rows)
    return WrittenList(content, tuple(written), len(rows), tuple(refused), form.unfilled)


def escaped(text: str) -> str:
    """Keep a spreadsheet from computing what a cell says."""
    computed = text.startswith(_CONTROLS) or text.lstrip().startswith(_COMPUTED)
    return f"'{text}" if computed else text


def _own_form(prefill: Prefill) -> _Form:
    fields = {field: name for name, field in _firsts(prefill).items()}
    header = tuple(fields.values())
    return _Form(
        _lines(prefill.delimiter, [header]), header, tuple(fields), prefill.delimiter, prefill.encoding
    )


def _firsts(prefill: Prefill) -> dict[str, str]:
    """Fields by the first name of their columns."""
    columns = prefill.columns
    return {
        getattr(columns, field)[0]: field for field in type(columns).model_fields if getattr(columns, field)
    }


def _form_of(template: bytes, mapping: DashboardMapping) -> _Form:
    """Read the form of a template: its first row is kept as it is. Raises InvalidDocument."""
    by_name = mapping.prefill.columns.by_name()
    try:
        table = read_table(template, frozenset(by_name))
    except Unreadable as error:
        raise _no_template(f"{error.where}: {error.why}") from error
    fields = tuple(by_name.get(folded(name)) for name in table.header)
    missing = sorted(mapping.prefill.needed.difference(each for each in fields if each is not None))
    twice = sorted({each for each in fields if each is not None and fields.count(each) > 1})
    if missing or twice:
        columns = mapping.prefill.columns
        names = ", ".join(repr((getattr(columns, each) or (each,))[0]) for each in (*missing, *twice))
        raise _no_template(f"line 1: {'lacks' if missing else 'has more than once'} {names}")
    if "title" in fields and "table" not in fields:
        raise _no_template("line 1: has a column for courses and none for the table they belong to")
    if table.delimiter not in DELIMITERS:
        raise _no_template("line 1: another delimiter than comma, semicolon or tab")
    head = table.head if table.head.endswith(("\r", "\n")) else f"{table.head}\r\n"
    return _Form(head, table.header, fields, table.delimiter, table.encoding)


def _no_template(why: str) -> InvalidDocument:
    return InvalidDocument(
        f"The template cannot be filled: {why}.",
        system=SYSTEM,
        reason="content",
        next_step="Correct [prefill.columns] in the mapping file, or take another template.",
    )


def _said(agreement: PrefilledAgreement) -> Said:
    """Everything that may stand in a row, by field."""
    person = agreement.student
    name = person.names[0] if person.names else None
    return {
        **agreement.values,
        "given_names": name.given_names if name else None,
        "family_name": name.family_name if name else None,
        "birth_date": person.birth_date,
        "email": (person.email or "").strip().lower() or None,
        "global_id": person.global_id,
        "citizenship": person.citizenship,
        "gender": person.gender,
    }


def _wrong(said: Said, prefill: Prefill, form: _Form) -> Iterator[str]:
    """What keeps an agreement out of the file; never a value, since it may be personal."""
    there = {each for each in form.fields if each is not None}
    for field in sorted(prefill.needed | (there & {"omobility_id", "email"})):
        if field not in _OF_COURSES and said.get(field) in (None, ""):
            yield f"{field}: not known"
    email, omobility_id = said.get("email"), said.get("omobility_id")
    if isinstance(email, str) and not _reads(values.email, email):
        yield "email: not an address"
    if isinstance(omobility_id, str) and not _reads(values.identifier, omobility_id):
        yield "omobility_id: not an id"
    year = said.get("academic_year")
    if isinstance(year, str) and not _reads(values.academic_year, year):
        yield "academic_year: not an academic year"
    start, end = said.get("starts_on"), said.get("ends_on")
    if isinstance(start, date) and isinstance(end, date) and end < start:
        yield "ends_on: lies before the start"


def _wrong_courses(courses: Sequence[PrefilledCourse], form: _Form) -> Iterator[str]:
    """What is wrong with the courses, where the file has columns for them."""
    if not form.of_courses:
        return
    if not courses:
        yield "courses: none is known"
    for place, each in enumerate(courses, start=1):
        if each.table not in _TABLES:
            yield f"course {place}: neither of table A nor B"
        if not each.title.strip():
            yield f"course {place}: no title"
        if "credits" in form.fields and each.credits is None:
            yield f"course {place}: no credits"
        elif each.credits is not None and each.credits < 0:
            yield f"course {place}: less than no credits"


def _rows(said: Said, courses: Sequence[PrefilledCourse], form: _Form) -> Iterator[list[str]]:
    for course in courses if form.of_courses else (None,):
        more: Said = (
            {}
            if course is None
            else {
                "table": course.table,
                "title": course.title,
                "code": course.code,
                "credits": course.credits,
            }
        )
        whole = {**said, **more}
        yield [_cell(whole.get(field)) if field is not None else "" for field in form.fields]


def _cell(value: str | date | Decimal | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value:%d/%m}/{value.year:04}"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return escaped(value.strip(" ")) if isinstance(value, str) else str(value)


def _not_writable(rows: Sequence[Sequence[str]], form: _Form) -> list[str]:
    """Name the fields whose text the file's encoding cannot hold: nobody's name is bent to fit."""
    found = {}
    for row in rows:
        for field, cell in zip(form.fields, row, strict=True):
            try:
                cell.encode(form.encoding)
            except UnicodeEncodeError:
                found[field] = f"{field}: has a letter that {form.encoding} cannot write"
    return list(found.values())


def _doubled(agreements: Sequence[PrefilledAgreement]) -> set[str]:
    ids = Counter(str(each.values.get("omobility_id") or "") for each in agreements)
    return {each for each, count in ids.items() if each and count > 1}


def _written(form: _Form, rows: Sequence[Sequence[str]]) -> bytes:
    return f"{form.head}{_lines(form.delimiter, rows)}".encode(form.encoding)


def _lines(delimiter: str, rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def _reads(read: Callable[[str], str], text: str) -> bool:
    try:
        read(text)
    except values.Unreadable:
        return False
    return True
