"""Bytes to rows: which encoding, which delimiter, where a cell stands. Nothing here knows what a column means.

Encodings are tried strictly in an order in which a wrong one fails: a byte order mark, UTF-16 by its zeros, UTF-8,
Windows-1252 last, since it accepts nearly everything.
"""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from mobility_adapters.dashboard.mappings import folded

DELIMITERS: Final = (",", ";", "\t")
LIMIT: Final = 32 << 20
"""Bytes of one file."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_ARCHIVE: Final = b"PK\x03\x04"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NO_NAME: Final = re.compile(r"\S@\S|[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}")
_SEPARATOR: Final = re.compile(r"sep=(.)\r?\n")


class Unreadable(Exception):
    """A file that cannot be read at all, and where and why."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the lines on which it begins and ends, counted from 1, and its cells as they stand there."""

    line: int
    cells: tuple[str, ...]
    last_line: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A file as rows. `head` is its text to the end of the header row; `problems` are (where, what) pairs about
    rows that are left out.
    """

    encoding: str
    delimiter: str
    head: str
    header: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


def read_table(data: bytes, known: Collection[str], limit: int = LIMIT) -> Table:
    """Read a file; `known` are folded names of columns, by which the delimiter is recognised.

    A row of data taken for the header would be quoted as names of columns, so that it is refused.
    Raises:  Unreadable for what is no text, has no header, or could be split in two ways.
    """
    if len(data) > limit:
        raise Unreadable(f"byte {limit}", f"longer than the {limit} bytes that are read")
    text, encoding = decode(data)
    named, start, whole = _SEPARATOR.match(text), 1, text
    if named:
        text, start = text[named.end() :], 2
    delimiter = named[1] if named else _delimiter(text, known)
    problems: list[tuple[str, str]] = []
    found = list(_rows(text, delimiter, start, problems))
    if not found:
        raise Unreadable(*(problems[0] if problems else ("line 1", "the file has no header row")))
    header, *rows = found
    for place, name in enumerate(header.cells, start=1):
        if folded(name) not in known and _NO_NAME.search(name):
            where, why = f"line {header.line}, column {place}", "a date or an address, where a name should be"
            raise Unreadable(where, why)
    width, kept = len(header.cells), []
    for row in rows:
        cells = row.cells[:width] if not any(map(str.strip, row.cells[width:])) else row.cells
        if len(cells) == width:
            kept.append(replace(row, cells=cells))
        else:
            problems.append(
                (f"line {row.line}", f"{len(cells)} cells, where the header has {width}; not read")
            )
    return Table(
        encoding, delimiter, _head(whole, header.last_line), header.cells, tuple(kept), tuple(problems)
    )


def _head(text: str, lines: int) -> str:
    """The first lines as they stand."""
    stream = io.StringIO(text, newline="")
    return "".join(stream.readline() for _ in range(lines))


def decode(data: bytes) -> tuple[str, str]:
    """Decode a file; returns the text and the encoding's name. Raises Unreadable."""
    if data.startswith(_ARCHIVE):
        raise Unreadable("byte 1", "a spreadsheet or another archive; save it as CSV")
    text, encoding = _decoded(data)
    text = text.removeprefix("\ufeff")
    control = _CONTROL.search(text)
    if control is not None:
        raise Unreadable(_place(text[: control.start()]), "a control character, as no text has")
    return text, encoding


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding), encoding
    if b"\0" in data[:2]:
        encoding = "utf-16-be" if data[:1] == b"\0" else "utf-16-le"
        return _strictly(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        wrong = error
    loose = data.decode("utf-8", "surrogateescape")
    if any(each > "\x7f" and not "\udc80" <= each <= "\udcff" for each in loose):
        # Letters of UTF-8 among others: read as Windows-1252, every one of them would be wrong.
        raise Unreadable(
            _place(data[: wrong.start].decode("utf-8")), "a byte that is not UTF-8, among text that is"
        )
    return _strictly(data, "windows-1252"), "windows-1252"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "ignore")
        raise Unreadable(_place(before), f"a byte that no text in {encoding} has") from None


def _place(before: str) -> str:
    """Where a text goes on: its line and the character in it."""
    line = before.count("\n") + 1
    return f"line {line}, character {len(before) - before.rfind(chr(10))}"


def _delimiter(text: str, known: Collection[str]) -> str:
    """The delimiter with which most columns of the header are known; with none known, that of most cells.

    Raises Unreadable where two do equally well.
    """
    scores: dict[str, tuple[int, int]] = {}
    for each in DELIMITERS:
        first = next(_rows(text, each, 1, []), Row(1, ()))
        scores[each] = (sum(folded(cell) in known for cell in first.cells), len(first.cells))
    best = max(scores.values())
    fitting = [each for each, score in scores.items() if score == best]
    if len(fitting) > 1 and best[1] > 1:
        raise Unreadable("line 1", "the delimiter cannot be told: comma, semicolon and tab fit equally well")
    return fitting[0]


def _rows(text: str, delimiter: str, start: int, problems: list[tuple[str, str]]) -> Iterator[Row]:
    """Yield the rows that are not empty; what comes after broken quotes is left out and reported."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + start
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append((f"line {line}", f"not CSV from here on ({error}); the rest is not read"))
            return
        if any(map(str.strip, cells)):
            yield Row(line, tuple(cells), reader.line_num + start - 1)
