"""A report over applications, exported by hand, read as if it had come over SOAP.

Source: Mobility-Online: XML report export: columns are element names in capitals, look-ups hold their texts.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from mobility_adapters.mobility_online.mappings import ApplicationColumns
from mobility_adapters.mobility_online.report import read_rows
from mobility_adapters.mobility_online.values import Raw

_FLAGS: Final = ("is_", "bit_", "kz_sprachkurs")
_TEXTS: Final = (
    "lcd_id_",
    "sem_id",
    "studj_id",
    "aust_prog_id",
    "stud_niveau_id",
    "studr_id",
    "bew_status_id",
)
_NAMES: Final = ("inst_id_heim", "inst_id_gast")


def read_applications(
    data: bytes, columns: ApplicationColumns, person_type: str, *, limit: int
) -> list[tuple[str, Raw]]:
    """Read the rows about persons of this type, each with its direction as written.

    Raises:  InvalidDocument for what is not XML, has another root, or lacks columns that it must have.
    """
    rows = read_rows(data, columns.required(), limit=limit)
    return [
        (cells[columns.direction], _raw(cells, columns))
        for cells in rows
        if columns.person_type is None or cells.get(columns.person_type, person_type) == person_type
    ]


def _raw(cells: Mapping[str, str], columns: ApplicationColumns) -> Raw:
    return {
        "applicationID": cells[columns.application_id],
        "firstName": cells[columns.given_names],
        "lastName": cells[columns.family_name],
        "email": cells.get(columns.email or ""),
        "applicationDataElements": list(_elements(cells, columns)),
        "nonUsedApplicationDataElements": [],
    }


def _elements(cells: Mapping[str, str], columns: ApplicationColumns) -> Iterator[Raw]:
    renamed = {
        columns.term: "sem_id",
        columns.direction: "kz_bew_art",
        columns.student_number: "bew_ber_matr_nr",
        columns.host_institution: "inst_id_gast",
        columns.home_institution: "inst_id_heim",
    }
    for column, text in cells.items():
        name = renamed.get(column, column.lower())
        if text:
            yield {"elementName": name, _slot(name): text}


def _slot(name: str) -> str:
    """Where the same fact stands in an answer of the services."""
    if name.startswith(_FLAGS):
        return "elementValueBoolean"
    if name in _NAMES:
        return "comboboxSecondValue"
    return "comboboxFirstValue" if name.startswith(_TEXTS) else "elementValue"
