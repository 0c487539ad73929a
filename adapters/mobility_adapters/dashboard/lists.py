"""The Dashboard's files, read and written: `ports.lists.StudentLists`."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mobility_adapters.dashboard import values
from mobility_adapters.dashboard.las import SYSTEM, Cells, UnreadableRow, listing, record
from mobility_adapters.dashboard.mappings import DashboardMapping, folded
from mobility_adapters.dashboard.prefill import write
from mobility_adapters.dashboard.table import Row, Table, Unreadable, read_table
from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.ports.ambient import Clock
from mobility_bridge.ports.lists import (
    ListedAgreement,
    ListKind,
    ListReading,
    PrefilledAgreement,
    ReadList,
    WrittenList,
)
from mobility_bridge.ports.student_sources import ReadRecord

_LONGEST_NAME = 80
_WAYS = {"\t": "tab", ";": "semicolon", ",": "comma"}


@dataclass(slots=True)
class _Gathered:
    """What the files have brought so far; later files are newer."""

    files: list[ReadList] = field(default_factory=list)
    records: dict[str, ReadRecord] = field(default_factory=dict)
    agreements: dict[IiaId, ListedAgreement] | None = None
    exchanges: list[Exchange] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    complete: bool = True

    def trouble(self, where: str, what: str) -> None:
        """Something was not read."""
        self.problems.append((where, what))
        self.complete = False


class DashboardLists:
    """Implements `ports.lists.StudentLists`."""

    def __init__(
        self,
        *,
        own_hei_id: HeiId,
        mapping: DashboardMapping,
        clock: Clock,
        exports: Sequence[Path] = (),
        whole: bool = False,
        limit: int = 32 << 20,
    ) -> None:
        self._own = own_hei_id
        self.mapping = mapping
        self._clock = clock
        self._exports = tuple(exports)
        self._whole = whole
        self._limit = limit

    @property
    def name(self) -> str:
        return SYSTEM

    @property
    def configured(self) -> bool:
        return bool(self._exports)

    @property
    def whole(self) -> bool:
        return self._whole

    async def read(self, files: Sequence[Path] | None = None) -> ListReading:
        """Read these files, or those that are configured, oldest first: of one id the newest file holds.

        A configured folder without any is waiting for its first export.
        Raises:  InvalidDocument when there is no file.
        """
        waiting = files is None and self.configured
        return await asyncio.to_thread(
            self._read, self._exports if files is None else tuple(files), waiting=waiting
        )

    def write(self, agreements: Sequence[PrefilledAgreement], template: bytes | None = None) -> WrittenList:
        """Write pre-filled learning agreements. Raises InvalidDocument for a template that does not do."""
        return write(agreements, self.mapping, template)

    def _read(self, files: Iterable[Path], *, waiting: bool) -> ListReading:
        gathered, found = _Gathered(), []
        for each in _files(files):
            try:
                with each.open("rb") as stream:
                    data = stream.read(self._limit + 1)
                    found.append((each.stat().st_mtime, each, data))
            except OSError as error:
                gathered.trouble(each.name, error.strerror or "cannot be read")
        if not found and not gathered.problems and not waiting:
            raise InvalidDocument(
                "There is no exported file to read.",
                system=SYSTEM,
                reason="no_file",
                next_step="Name files, or set adapters.dashboard.exports.",
            )
        for modified, file, data in sorted(found, key=lambda one: (one[0], str(one[1]))):
            exported_at = min(datetime.fromtimestamp(modified, UTC), self._clock.now())
            self._add(gathered, file.name, data, exported_at)
        agreements = gathered.agreements
        return ListReading(
            tuple(gathered.files),
            tuple(gathered.records.values()),
            tuple(agreements.values()) if agreements is not None else None,
            tuple(gathered.exchanges),
            tuple(dict.fromkeys(gathered.problems)),
            tuple(dict.fromkeys(gathered.remarks)),
            gathered.complete,
        )

    def _add(self, gathered: _Gathered, name: str, data: bytes, exported_at: datetime) -> None:
        """Read one file; whatever comes of it, its bytes are evidence."""
        failure = None
        try:
            table = read_table(data, frozenset(self.mapping.names()), self._limit)
            gathered.problems += [(f"{name}, {where}", what) for where, what in table.problems]
            gathered.complete = gathered.complete and not table.problems
            gathered.files.append(self._add_table(gathered, name, table, exported_at))
        except Unreadable as error:
            failure = f"{error.where}: {error.why}"
            gathered.files.append(ReadList(name, None))
            gathered.trouble(f"{name}, {error.where}", error.why)
        gathered.exchanges.append(self._evidence(name, data, failure))

    def _add_table(self, gathered: _Gathered, name: str, table: Table, exported_at: datetime) -> ReadList:
        kind = self._kind(table)
        las, agreements = self.mapping.learning_agreements, self.mapping.agreements
        described = las if kind is ListKind.LEARNING_AGREEMENTS else agreements
        fields = _Fields(table.header, described.columns.by_name(), described.ignored)
        gathered.remarks += [(f"{name}, line 1", each) for each in fields.unknown()]
        if kind is ListKind.LEARNING_AGREEMENTS:
            read = self._add_las(gathered, name, table, fields, exported_at)
        else:
            read = self._add_agreements(gathered, name, table, fields)
        lines = len(table.rows) + len(table.problems)
        return ReadList(name, kind, lines, read, table.encoding, _WAYS.get(table.delimiter, "another"))

    def _kind(self, table: Table) -> ListKind:
        """What the file lists. Raises Unreadable, naming what each kind of list would need."""
        there = Counter(map(folded, table.header))
        fitting, lacking = [], []
        for kind, columns in (
            (ListKind.LEARNING_AGREEMENTS, self.mapping.learning_agreements.columns),
            (ListKind.AGREEMENTS, self.mapping.agreements.columns),
        ):
            missing = [
                getattr(columns, each)[0]
                for each in columns.required
                if not any(folded(name) in there for name in getattr(columns, each))
            ]
            if missing:
                what = kind.value.replace("_", " ")
                lacking.append(f"a list of {what} would need {', '.join(map(repr, missing))}")
            else:
                fitting.append(kind)
        if len(fitting) != 1:
            why = "; ".join(lacking) or "its columns are those of both kinds of list"
            raise Unreadable("line 1", why)
        return fitting[0]

    def _add_las(
        self, gathered: _Gathered, name: str, table: Table, fields: "_Fields", exported_at: datetime
    ) -> int:
        read: dict[str, ReadRecord] = {}
        doubled: set[str] = set()
        for row in table.rows:
            where = f"{name}, line {row.line}"
            cells = Cells(fields.cells(row), [])
            try:
                facts = listing(cells, self.mapping, self._own)
            except UnreadableRow as error:
                gathered.trouble(
                    f"{where}, {fields.column(error.field)}", f"{error.code}; the row is not read"
                )
                continue
            gathered.remarks += [(f"{where}, {fields.column(what)}", code) for what, code in cells.problems]
            found = record(facts, fields.said(row), exported_at, tuple(cells.problems))
            before = read.setdefault(facts.omobility_id, found)
            if before.record.digest != found.record.digest:
                doubled.add(facts.omobility_id)
                gathered.trouble(
                    where, f"another row says otherwise of {facts.omobility_id}; neither is read"
                )
        for each in doubled:
            del read[each]
        gathered.records.update(read)
        return len(read)

    def _add_agreements(self, gathered: _Gathered, name: str, table: Table, fields: "_Fields") -> int:
        if gathered.agreements is None:
            gathered.agreements = {}
        read: dict[IiaId, ListedAgreement] = {}
        for row in table.rows:
            where = f"{name}, line {row.line}"
            cells = Cells(fields.cells(row), [])
            try:
                found = self._agreement(cells)
            except UnreadableRow as error:
                gathered.trouble(
                    f"{where}, {fields.column(error.field)}", f"{error.code}; the row is not read"
                )
                continue
            gathered.remarks += [(f"{where}, {fields.column(what)}", code) for what, code in cells.problems]
            if read.setdefault(found.iia_id, found) != found:
                gathered.trouble(where, f"another row says otherwise of {found.iia_id}; the first is read")
        gathered.agreements.update(read)
        return len(read)

    def _agreement(self, cells: Cells) -> ListedAgreement:
        iia_id = IiaId(cells.needed("iia_id", values.identifier))
        partner = HeiId(cells.needed("partner_hei_id", values.hei))
        theirs = cells.get("partner_iia_id", values.identifier)
        digest = cells.get("iia_hash", values.iia_hash)
        return ListedAgreement(
            iia_id,
            partner,
            cells.get("iia_code", str),
            IiaId(theirs) if theirs else None,
            cells.get("in_effect", lambda text: values.flag(text, self.mapping.words)),
            IiaHash(digest) if digest else None,
        )

    def _evidence(self, name: str, data: bytes, failure: str | None) -> Exchange:
        return Exchange(
            system=SYSTEM,
            hei_id=self._own,
            api="csv",
            method="READ",
            url=f"file:{name}",
            received_at=self._clock.now(),
            request_id=str(uuid.uuid4()),
            body=data[: self._limit],
            truncated=len(data) > self._limit,
            failure=failure,
        )


class _Fields:
    """Which column of a file holds which field."""

    def __init__(self, header: Sequence[str], by_name: Mapping[str, str], ignored: Iterable[str]) -> None:
        self._ignored = frozenset(map(folded, ignored))
        self._header = [" ".join(name.split()) for name in header]
        self._fields = [by_name.get(folded(name)) for name in header]
        known = Counter(each for each in self._fields if each is not None)
        twice = [each for each, count in known.items() if count > 1]
        if twice:
            columns = ", ".join(repr(name) for name, each in self._named() if each in twice)
            raise Unreadable("line 1", f"several columns hold the same: {columns}")

    def cells(self, row: Row) -> dict[str, str]:
        """The cells of a row by field."""
        pairs = zip(self._fields, row.cells, strict=True)
        return {name: cell for name, cell in pairs if name is not None}

    def said(self, row: Row) -> dict[str, str]:
        """All cells of a row that are not empty, by the column's name, or its place where that is no name."""
        there = Counter(self._header)
        return {
            (name if name and there[name] == 1 else f"{place}: {name}"): cell.strip()
            for place, (name, cell) in enumerate(zip(self._header, row.cells, strict=True), start=1)
            if cell.strip()
        }

    def column(self, name: str) -> str:
        """How a field's column is called in this file."""
        return next((f"column {column!r}" for column, each in self._named() if each == name), f"field {name}")

    def unknown(self) -> Iterator[str]:
        """Say of each column that nobody knows that it is not used."""
        for place, (column, each) in enumerate(self._named(), start=1):
            if each is None and folded(column) not in self._ignored:
                shown = repr(column) if len(column) <= _LONGEST_NAME else f"a name of {len(column)} letters"
                yield f"column {place}, {shown}, is not in the mapping: kept, and not used"

    def _named(self) -> Iterable[tuple[str, str | None]]:
        return zip(self._header, self._fields, strict=True)


def _files(named: Iterable[Path]) -> Iterator[Path]:
    for each in named:
        if each.is_dir():
            yield from sorted(each.glob("*.[cC][sS][vV]"))
        else:
            yield each
