"""CSV as the Dashboard takes and gives it: a header row, dates as dd/mm/yyyy, e-mail addresses in lower case.

A pre-filled learning agreement is one row for each component: rows with the same `Omobility ID` belong
together, and what concerns the whole stands in each of them.

Source: The work: systems (dates, addresses and header row); the columns are this sandbox's own.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from mobility_bridge.errors import UsageError
from mobility_bridge.sandbox import learning_agreements as las
from mobility_bridge.sandbox.fingerprint import hash_of
from mobility_bridge.sandbox.learning_agreements import Component, LearningAgreement
from mobility_bridge.sandbox.stage import Stage
from mobility_bridge.sandbox.students import Stay
from mobility_bridge.sandbox.world import OWN_HEI_ID, World

UPLOAD_COLUMNS: Final = (
    "Omobility ID",
    "Given names",
    "Family name",
    "Date of birth",
    "Email",
    "Receiving HEI ID",
    "Receiving academic year",
    "Start date",
    "End date",
    "Table",
    "Code",
    "Title",
    "Credits",
)
"""Table is A (studied at the partner) or B (recognised here)."""
LA_COLUMNS: Final = (
    "Omobility ID",
    "Given names",
    "Family name",
    "Date of birth",
    "Email",
    "ESI",
    "Sending HEI ID",
    "Receiving HEI ID",
    "Receiving academic year",
    "Start date",
    "End date",
    "Status",
    "First version signed",
    "Changes signed",
    "Credits abroad",
    "Credits recognised",
)
AGREEMENT_COLUMNS: Final = (
    "IIA ID",
    "IIA code",
    "Partner HEI ID",
    "Partner IIA ID",
    "In effect",
    "Conditions",
    "First academic year",
    "Last academic year",
    "IIA hash",
)
VERDICT_COLUMNS: Final = ("Row", "Omobility ID", "Verdict", "Message")
ACCEPTED, REFUSED = "accepted", "refused"
_STATES: Final = {
    "L2": "waiting for receiving HEI",
    "L4": "signed",
    "L5": "signed, changes being drafted",
    "L6": "changes waiting for receiving HEI",
    "L7": "changes signed",
    "L8": "changes refused",
    "L9": "closed",
    "L3": "refused",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one row; the header is row 1."""

    row: int
    omobility_id: str
    verdict: str
    message: str = ""


def learning_agreements(world: World) -> str:
    """Our outgoing students' learning agreements, one row each."""
    rows = [_la_row(each, each.la) for each in world.stays.sent_by(OWN_HEI_ID) if each.la is not None]
    return _written(LA_COLUMNS, rows)


def agreements(world: World) -> str:
    """Our agreements as the network has them, one row each."""
    rows = []
    for each in world.our_agreements():
        conditions = each.copy.conditions
        if not each.in_ewp:
            continue
        rows.append(
            (
                each.iia_id,
                each.copy.iia_code,
                each.partner_hei_id,
                each.copy.other_iia_id or "",
                "yes" if each.copy.in_effect else "no",
                str(len(conditions)),
                min((one.first_year for one in conditions), default=""),
                max((one.last_year for one in conditions), default=""),
                hash_of(each.copy),
            )
        )
    return _written(AGREEMENT_COLUMNS, rows)


def answer(verdicts: Iterable[Verdict]) -> str:
    """The verdicts as CSV."""
    rows = [(str(each.row), each.omobility_id, each.verdict, each.message) for each in verdicts]
    return _written(VERDICT_COLUMNS, rows)


def take(stage: Stage, body: bytes) -> list[Verdict]:
    """Take pre-filled learning agreements in; those without a fault become proposals, whole or not at all."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Verdict(1, "", REFUSED, "The file is not UTF-8.")]
    reader = csv.DictReader(io.StringIO(text))
    missing = [each for each in UPLOAD_COLUMNS if each not in (reader.fieldnames or ())]
    if missing:
        return [Verdict(1, "", REFUSED, f"Columns are missing: {', '.join(missing)}.")]
    rows = list(enumerate(reader, start=2))
    faults = {number: _fault(stage, row) for number, row in rows}
    groups: dict[str, list[int]] = {}
    for number, row in rows:
        groups.setdefault(row["Omobility ID"], []).append(number)
    content = dict(rows)
    for omobility_id, numbers in groups.items():
        if any(faults[each] for each in numbers):
            for each in numbers:
                faults[each] = faults[each] or "Another row of this agreement is refused."
            continue
        problem = _propose(stage, omobility_id, [content[each] for each in numbers])
        if problem:
            faults.update(dict.fromkeys(numbers, problem))
    return [
        Verdict(number, row["Omobility ID"], REFUSED if faults[number] else ACCEPTED, faults[number] or "")
        for number, row in rows
    ]


def _fault(stage: Stage, row: Mapping[str, str]) -> str:
    """What is wrong with a row; empty when nothing is."""
    for check in _CHECKS:
        problem = check(row)
        if problem:
            return problem
    stay = stage.world.stays.by_id.get(row["Omobility ID"])
    if stay is None or stay.sending_hei_id != OWN_HEI_ID:
        return "The mobility is not known."
    if stay.receiving_hei_id != row["Receiving HEI ID"]:
        return "The receiving HEI is another one."
    return ""


def _dates(row: Mapping[str, str]) -> str:
    for name in ("Date of birth", "Start date", "End date"):
        if _day(row[name]) is None:
            return f"{name} is not a date written as dd/mm/yyyy."
    start, end = _day(row["Start date"]), _day(row["End date"])
    return "" if start and end and start <= end else "The end lies before the start."


def _address(row: Mapping[str, str]) -> str:
    email = row["Email"]
    if email != email.lower():
        return "Email has capital letters."
    return "" if "@" in email else "Email is not an address."


def _component(row: Mapping[str, str]) -> str:
    if row["Table"] not in ("A", "B"):
        return "Table is neither A nor B."
    if not row["Title"]:
        return "Title is missing."
    return "" if row["Credits"].replace(".", "", 1).isdigit() else "Credits is not a number."


_CHECKS: Final[tuple[Callable[[Mapping[str, str]], str], ...]] = (_dates, _address, _component)


def _propose(stage: Stage, omobility_id: str, rows: list[dict[str, str]]) -> str:
    tables = {
        name: [(row["Code"], row["Title"], row["Credits"]) for row in rows if row["Table"] == name]
        for name in ("A", "B")
    }
    try:
        stage.about_students(
            "propose_la", omobility_id=omobility_id, courses=tables["A"], recognized=tables["B"]
        )
    except UsageError as error:
        return f"{error.message}."
    return ""


def _la_row(stay: Stay, la: LearningAgreement) -> tuple[str, ...]:
    agreed = las.effective(la)
    return (
        stay.omobility_id,
        stay.student.given_names,
        stay.student.family_name or "",
        _shown(stay.student.birth_date),
        stay.student.email.lower(),
        stay.student.global_id,
        stay.sending_hei_id,
        stay.receiving_hei_id,
        stay.nomination.receiving_year,
        _shown(stay.starts_on),
        _shown(stay.ends_on),
        _STATES.get(la.state, "draft"),
        _shown(la.first.receiving.at) if la.first and la.first.receiving else "",
        _shown(la.changes.receiving.at) if la.changes and la.changes.receiving else "",
        _sum(agreed.studied),
        _sum(agreed.recognized),
    )


def _sum(components: tuple[Component, ...] | None) -> str:
    return f"{sum(float(each.credits or 0) for each in components or ()):g}"


def _shown(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def _written(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()
