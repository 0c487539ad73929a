"""Rows of a list of learning agreements become records; the row itself is each record's document."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from mobility_adapters.dashboard import values
from mobility_adapters.dashboard.mappings import DashboardMapping
from mobility_bridge.domain.identifiers import HeiId, OmobilityId, Sha256
from mobility_bridge.domain.la_listing import LaListing
from mobility_bridge.domain.person import Person, PersonName
from mobility_bridge.domain.record import Record, RecordKey, RecordKind
from mobility_bridge.domain.snapshot import DocumentRef
from mobility_bridge.domain.term import Term
from mobility_bridge.ports.student_sources import ReadRecord

SYSTEM: Final = "dashboard"
FORMAT: Final = "dashboard.listing"
T = TypeVar("T")


class UnreadableRow(Exception):
    """A row that cannot be told from others, or is not ours; `field` and `code` say why."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(f"{field}: {code}")
        self.field = field
        self.code = code


@dataclass(slots=True)
class Cells:
    """The cells of one row by field. `problems` are (field, code) pairs of those that cannot be read."""

    by_field: Mapping[str, str]
    problems: list[tuple[str, str]]

    def needed(self, field: str, read: Callable[[str], T]) -> T:
        """Read a cell without which the row is nothing. Raises UnreadableRow."""
        text = values.plain(self.by_field.get(field, ""))
        if not text:
            raise UnreadableRow(field, "empty")
        try:
            return read(text)
        except values.Unreadable as error:
            raise UnreadableRow(field, error.code) from None

    def get(self, field: str, read: Callable[[str], T]) -> T | None:
        """Read a cell; None when it is empty, or cannot be read and is reported."""
        text = values.plain(self.by_field.get(field, ""))
        if not text:
            return None
        try:
            return read(text)
        except values.Unreadable as error:
            self.problems.append((field, error.code))
            return None


def listing(cells: Cells, mapping: DashboardMapping, own: HeiId) -> LaListing:
    """Read one row. Raises UnreadableRow for one without ids, or of another sending university."""
    omobility_id = OmobilityId(cells.needed("omobility_id", values.identifier))
    receiving = HeiId(cells.needed("receiving_hei_id", values.hei))
    sending = HeiId(cells.get("sending_hei_id", values.hei) or own)
    if any(field == "sending_hei_id" for field, _ in cells.problems):
        raise UnreadableRow("sending_hei_id", "not_a_schac_id")
    if sending != own:
        raise UnreadableRow("sending_hei_id", "not_ours")
    zone, words = mapping.zone, mapping.words
    starts_on = cells.get("starts_on", lambda text: values.day(text, zone))
    ends_on = cells.get("ends_on", lambda text: values.day(text, zone))
    if starts_on and ends_on and ends_on < starts_on:
        cells.problems.append(("ends_on", "before_start"))
    return LaListing(
        omobility_id,
        sending,
        receiving,
        _person(cells, mapping),
        receiving_academic_year_id=_year(cells, mapping),
        starts_on=starts_on,
        ends_on=ends_on,
        state=cells.get("state", lambda text: values.state(text, words)),
        signed_on=cells.get("signed_on", lambda text: values.day(text, zone)),
        changes_signed_on=cells.get("changes_signed_on", lambda text: values.day(text, zone)),
        proposal_id=cells.get("proposal_id", str),
        credits_abroad=cells.get("credits_abroad", values.decimal),
        credits_recognised=cells.get("credits_recognised", values.decimal),
    )


def record(
    facts: LaListing, said: Mapping[str, str], as_of: datetime, problems: tuple[tuple[str, str], ...]
) -> ReadRecord:
    """Keep a row: all its cells by the names of their columns, those that nobody knows included."""
    document = _canonical({"format": FORMAT, "version": 1, "cells": dict(said)})
    digest = _digest(_canonical({"said": dict(said), "read_as": asdict(facts)}))
    key = RecordKey(SYSTEM, RecordKind.LISTING, facts.sending_hei_id, facts.omobility_id)
    return ReadRecord(
        Record(key, facts, digest, as_of, DocumentRef(_digest(document), FORMAT), problems), document
    )


def _person(cells: Cells, mapping: DashboardMapping) -> Person:
    given, family = cells.get("given_names", str), cells.get("family_name", str)
    return Person(
        names=(PersonName(given or "", family or ""),) if given or family else (),
        birth_date=cells.get("birth_date", lambda text: values.day(text, mapping.zone)),
        citizenship=cells.get("citizenship", values.country),
        email=cells.get("email", values.email),
        global_id=cells.get("global_id", str),
    )


def _year(cells: Cells, mapping: DashboardMapping) -> str | None:
    year = cells.get("academic_year", values.academic_year)
    term = cells.get("term", lambda text: values.term(text, mapping.words))
    if year is not None and term is not None and str(term.academic_year) != year and year[:4] != year[5:]:
        cells.problems.append(("term", "not_in_the_academic_year"))
    return year or (_as_year(term) if term is not None else None)


def _as_year(term: Term) -> str:
    return str(term.academic_year)


def _canonical(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str).encode()


def _digest(data: bytes) -> Sha256:
    return Sha256(hashlib.sha256(data).hexdigest())
