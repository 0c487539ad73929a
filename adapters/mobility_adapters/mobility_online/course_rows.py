"""The rows of a course list: what cannot be read is None and named.

Source: Mobility-Online: learning agreement rows (removed rows stay, flagged).
"""

from decimal import Decimal

from mobility_adapters.mobility_online import values
from mobility_adapters.mobility_online.application_document import Stated
from mobility_bridge.domain.application import CourseList, CourseListKind, CourseRow
from mobility_bridge.domain.identifiers import ApplicationId

Problems = tuple[tuple[str, str], ...]


def decode_rows(stated: Stated) -> tuple[CourseList, Problems]:
    """Decode one list; problems name the row by its place, which counts from 1, and its field."""
    problems: list[tuple[str, str]] = []
    rows = tuple(_row(row, position, problems) for position, row in enumerate(stated["rows"], start=1))
    application_id = ApplicationId(stated["application_id"])
    return CourseList(application_id, CourseListKind.LEARNING_AGREEMENT, rows), tuple(problems)


def _row(row: Stated, position: int, problems: list[tuple[str, str]]) -> CourseRow:
    where = f"row {position}"
    row_id = row.get("row_id")
    if row_id is None:
        problems.append((f"{where}: courseID", "missing"))
    deleted = row.get("deleted")
    try:
        removed = False if deleted is None else values.boolean(deleted)
    except ValueError:
        problems.append((f"{where}: deleted", "not_a_flag"))
        removed = False
    return CourseRow(
        row_id=row_id or f"#{position}",
        number=row.get("number"),
        name=row.get("name"),
        credits=_credits(row.get("credits"), where, problems),
        deleted=removed,
        grade=row.get("grade"),
    )


def _credits(text: str | None, where: str, problems: list[tuple[str, str]]) -> Decimal | None:
    if text is None:
        return None
    try:
        found = values.decimal(text)
    except ValueError:
        problems.append((f"{where}: hostCourseECTS", "not_a_number"))
        return None
    if found < 0:
        problems.append((f"{where}: hostCourseECTS", "negative"))
        return None
    return found
