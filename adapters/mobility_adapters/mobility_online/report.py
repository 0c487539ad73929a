"""A report exported by hand, read as if it had come over SOAP.

Source: Mobility-Online: data model (root, rows and form seen; a report over agreements and its columns assumed).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from mobility_adapters.mobility_online.document import SYSTEM
from mobility_adapters.mobility_online.mappings import ReportMapping
from mobility_adapters.mobility_online.values import Raw
from mobility_bridge.errors import InvalidDocument
from mobility_bridge.kit import xml

_ROOT: Final = "AUSWERTUNG"
_NO: Final = "N"


def read_report(data: bytes, mapping: ReportMapping, *, limit: int) -> list[Raw]:
    """Read the rows of a report over agreements.

    Raises:  InvalidDocument for what is not XML, has another root, or lacks columns that it must have.
    """
    return [_Row(cells, mapping).raw() for cells in read_rows(data, mapping.columns.required(), limit=limit)]


def read_rows(data: bytes, required: Sequence[str], *, limit: int) -> list[Mapping[str, str]]:
    """Read the rows of any report: texts by column. Raises as `read_report`."""
    try:
        root = xml.parse(data, limit=limit)
    except xml.XmlRefused as refused:
        raise InvalidDocument(
            f"The report is not accepted as XML: {refused.message}",
            system=SYSTEM,
            reason=refused.reason,
            line=refused.line,
            next_step="Export the report again; half a file is never read.",
        ) from refused
    if root.tag != _ROOT:
        raise InvalidDocument(
            f"The report's root is {root.tag}, expected {_ROOT}.",
            system=SYSTEM,
            reason="wrong_root",
            path="/",
        )
    rows: list[Mapping[str, str]] = []
    for position, row in enumerate(root, start=1):
        cells = {str(cell.tag): (cell.text or "").strip() for cell in row}
        missing = [column for column in required if column not in cells]
        if missing:
            raise InvalidDocument(
                f"A row of the report lacks {', '.join(missing)}.",
                system=SYSTEM,
                reason="content",
                path=f"/{_ROOT}/row[{position}]",
                line=cast("int | None", row.sourceline),
                next_step="Add the columns to the report, or name yours in the report mapping file.",
            )
        rows.append(cells)
    return rows


class _Row:
    """One row on its way to the form of a SOAP record."""

    def __init__(self, cells: Mapping[str, str], mapping: ReportMapping) -> None:
        self._cells = cells
        self._mapping = mapping

    def raw(self) -> Raw:
        return {
            **{name: self._text(field) for name, field in _PLAIN.items()},
            "institution": {
                "institutionID": self._text("institution_id"),
                "institutionCode": self._text("institution_code"),
                "heiID": self._text("hei_id"),
                "name": self._text("institution_name"),
                "country": {"description": self._text("country")},
            },
            "exchangeProgram": {
                "number": self._text("programme_number"),
                "description": self._text("programme_text"),
            },
            "academicYears": [{"description": text} for text in self._several("academic_years")],
            "studyFields": [{"number": text} for text in self._several("study_fields")],
            "studyLevels": [{"number": text} for text in self._several("study_levels")],
            "languages": list(self._languages()),
            "customFields": list(self._custom_fields()),
            "ewp": self._ewp(),
        }

    def _text(self, field: str) -> str | None:
        column = getattr(self._mapping.columns, field)
        return self._cells.get(column) or None if column else None

    def _several(self, field: str) -> list[str]:
        parts = re.split(rf"[\n{re.escape(self._mapping.separator)}]", self._text(field) or "")
        return [part.strip() for part in parts if part.strip()]

    def _languages(self) -> Iterable[dict[str, Any]]:
        for entry in self._several("languages"):
            number, _, level = entry.partition(self._mapping.level_separator)
            yield {"number": number.strip(), "level": level.strip() or None}

    def _custom_fields(self) -> Iterable[dict[str, Any]]:
        for column, text in self._cells.items():
            if text and column.startswith(self._mapping.custom_fields.prefixes):
                slot = "elementValueBoolean" if column.startswith("BIT_") else "elementValue"
                yield {"elementName": column.lower(), slot: text}

    def _ewp(self) -> dict[str, Any] | None:
        """Nothing where the row says so, or where every column about the network is empty."""
        found = {name: self._text(field) for name, field in _EWP.items()}
        if self._text("in_ewp") == _NO or not any(found.values()):
            return None
        return found


_PLAIN: Final = {
    "agreementID": "agreement_id",
    "agreementNumber": "agreement_number",
    "agreementName": "agreement_name",
    "applicationType": "application_type",
    "personType": "person_type",
    "validFrom": "valid_from",
    "validTo": "valid_to",
    "totalNumber": "total_number",
    "freePlaces": "free_places",
    "totalMonths": "total_months",
    "coordinator": "coordinator",
    "comment": "comment",
    "partnerInformation": "partner_information",
    "status": "status",
    "modifiedOn": "modified_on",
}
_EWP: Final = {
    "iiaID": "iia_id",
    "iiaCode": "iia_code",
    "partnerIiaID": "partner_iia_id",
    "iiaHash": "iia_hash",
    "ownApproval": "own_approval",
    "partnerApproval": "partner_approval",
    "lastNotified": "last_notified",
}
