"""The students of the demo: one who goes and one who comes, told across all systems."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from mobility_bridge.cli.render import SEVERITY_STYLES, print_table

if TYPE_CHECKING:
    from mobility_bridge.domain.discrepancy import Discrepancy
    from mobility_bridge.services.context import Context
    from mobility_bridge.services.student_timeline import StudentExplanation
    from mobility_bridge.services.student_views import StayView

UNREGISTERED: Final = "REGISTRATION_MISSING"
_EVERYWHERE: Final = 5
"""How many systems and interfaces show a stay that is told: application, nomination, agreement, arrival, registry."""


@dataclass(slots=True)
class Students:
    """The stays that are followed, what stands about them by its code, and the two that are told."""

    going: int = 0
    coming: int = 0
    wrong: dict[str, list["Discrepancy"]] = field(default_factory=dict)
    told: list["Told"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """One stay that is told: `about` says what there is to see."""

    about: str
    stay: "StayView"
    explained: "StudentExplanation"


async def look(
    context: "Context", standing: "Sequence[Discrepancy]", resolved: "Sequence[Discrepancy]"
) -> Students:
    """Choose whom to tell: who was found unregistered in time, and somebody who is here in good order."""
    from mobility_bridge.domain.discrepancy import SubjectKind
    from mobility_bridge.services.student_timeline import explain_student
    from mobility_bridge.services.student_views import Chosen, list_stays

    stays = await list_stays(context, Chosen())
    found = Students(sum(each.case.outgoing for each in stays), sum(not each.case.outgoing for each in stays))
    for each in standing:
        if each.finding.subject.kind is SubjectKind.STAY:
            found.wrong.setdefault(each.finding.code, []).append(each)
    saved = {each.finding.subject.stay_id for each in resolved if each.finding.code == UNREGISTERED}
    going = next((each for each in stays if each.stay_id in saved and not each.discrepancies), None)
    guests = [each for each in stays if _is_told_everywhere(each)]
    coming = min(guests, key=_has_left, default=None)
    whether = "was" if coming is not None and _has_left(coming) else "is"
    for about, stay in (
        ("was to leave without insurance and student finance: found in time, and registered", going),
        (f"{whether} here, and every system says so", coming),
    ):
        if stay is not None:
            explained = await explain_student(context, stay.student_id)
            found.told.append(Told(about, stay, explained))
    return found


def _is_told_everywhere(stay: "StayView") -> bool:
    """A guest with whom everything is in order, and whom every system shows."""
    case, shown = stay.case, len(stay.shown_by) >= _EVERYWHERE
    return shown and not case.outgoing and not stay.discrepancies and case.arrival is not None


def _has_left(stay: "StayView") -> bool:
    arrival = stay.case.arrival
    return arrival is not None and arrival.said.actual_departure_date is not None


def tell(found: Students) -> None:
    """Print the stories; nothing in a scenario without students."""
    if not found.going and not found.coming:
        return
    click.echo(f"\nStudents followed: {found.going} stays of ours abroad, {found.coming} of others with us.")
    rows = [_row(code, every) for code, every in found.wrong.items()]
    if rows:
        print_table(
            "What stands about them",
            ("Severity", "Code", "Stays", "For example", "Command"),
            rows,
            styles={n: SEVERITY_STYLES[row[0].value] for n, row in enumerate(rows)},
        )
    for each in found.told:
        stay = each.stay
        way = "to" if stay.case.outgoing else "from"
        click.echo()
        print_table(
            f"{stay.stay_id}, {way} {stay.case.partner_hei_id}: {each.about}",
            ("When", "System", "About", "What", "Details"),
            [(one.at, one.system, one.about, one.what.value, one.detail) for one in each.explained.timeline],
        )
        click.echo(f"More about it: students explain {stay.student_id}")


def _row(code: str, every: "Sequence[Discrepancy]") -> tuple[Any, ...]:
    finding = every[0].finding
    student = finding.subject.student_id
    return finding.severity, code, len(every), finding.subject.stay_id, f"students explain {student}"


def as_data(found: Students) -> dict[str, Any]:
    """The stories as JSON, without anything personal."""
    from mobility_bridge.cli.students_explain import explanation_data

    return {
        "going": found.going,
        "coming": found.coming,
        "wrong": {code: len(every) for code, every in found.wrong.items()},
        "told": [
            {"about": each.about, "stay_id": each.stay.stay_id, **explanation_data(each.explained)}
            for each in found.told
        ],
    }
