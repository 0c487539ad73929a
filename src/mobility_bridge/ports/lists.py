"""Lists that people carry between systems as files: what comes out of the Dashboard, and what goes into it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.domain.identifiers import HeiId, IiaHash, IiaId
from mobility_bridge.domain.person import Person
from mobility_bridge.ports.student_sources import ReadRecord


class ListKind(StrEnum):
    """What a file lists; recognised by its columns."""

    LEARNING_AGREEMENTS = "learning_agreements"
    AGREEMENTS = "agreements"


@dataclass(frozen=True, slots=True)
class ListedAgreement:
    """One of our agreements as a list names it; what the list does not say is None."""

    iia_id: IiaId
    partner_hei_id: HeiId
    iia_code: str | None = None
    partner_iia_id: IiaId | None = None
    in_effect: bool | None = None
    iia_hash: IiaHash | None = None


@dataclass(frozen=True, slots=True)
class ReadList:
    """One file as far as it could be read.

    `kind` is None for a file that could not be recognised. `rows` are those below the header, `read` those of
    which something is known now. `encoding` and `delimiter` are those found.
    """

    file: str
    kind: ListKind | None
    rows: int = 0
    read: int = 0
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class ListReading:
    """Files just read.

    `records` are of kind LISTING. `agreements` is None where no file lists agreements. `problems` say what was left
    out, a row or a file, and `remarks` what of the rest nobody understood, a cell or a column: (where, what) pairs of
    file, line and column, never what stands in a cell. `complete` is False when any row, or a whole file, could not
    be read.
    """

    files: tuple[ReadList, ...]
    records: tuple[ReadRecord, ...] = ()
    agreements: tuple[ListedAgreement, ...] | None = None
    exchanges: tuple[Exchange, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    complete: bool = True


@dataclass(frozen=True, slots=True)
class PrefilledCourse:
    """One course of a learning agreement to be: `table` is A (studied at the partner) or B (recognised here)."""

    table: str
    title: str
    code: str | None = None
    credits: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PrefilledAgreement:
    """What is known of a learning agreement that does not exist yet. `name` is how it is told to a person."""

    name: str
    student: Person = field(repr=False)
    values: Mapping[str, str | date | Decimal | int | None] = field(repr=False)
    courses: tuple[PrefilledCourse, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A learning agreement that was left out, by its name, and each reason: a field, and what is wrong with it."""

    name: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrittenList:
    """A file ready to be handed in.

    `written` are the names of those that are in it. `unfilled` are columns of the template that nobody here knows
    how to fill. Personal data: the bytes go into a file that only its owner may read, and nowhere else.
    """

    content: bytes = field(repr=False)
    written: tuple[str, ...] = ()
    rows: int = 0
    refused: tuple[Refused, ...] = ()
    unfilled: tuple[str, ...] = ()


class StudentLists(Protocol):
    """A system that trades in files."""

    @property
    def name(self) -> str: ...

    @property
    def configured(self) -> bool:
        """Whether there are files to read each time, without anybody naming them."""
        ...

    @property
    def whole(self) -> bool:
        """Whether the configured files together list everything, so that what they leave out is gone."""
        ...

    async def read(self, files: Sequence[Path] | None = None) -> ListReading:
        """Read these files, or those that are configured.

        Shape:   a file, or a row, that cannot be read never hides the others; `problems` says where it is.
        Raises:  InvalidDocument when there is nothing to read at all.
        """
        ...

    def write(self, agreements: Sequence[PrefilledAgreement], template: bytes | None = None) -> WrittenList:
        """Write pre-filled learning agreements; each is in it whole or refused with its reasons.

        Shape:   columns, delimiter and encoding are the template's where there is one.
        Raises:  InvalidDocument for a template that lacks a column without which no agreement can be handed in.
        """
        ...
