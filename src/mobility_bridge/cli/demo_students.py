"""The students of the demo: one who goes and one who comes, told across all systems."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from mobility_bridge.cli.render import print_table

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
    """The stays that are followed, and the two that are told; None in a scenario without such."""

    going: int = 0
    coming: int = 0
    told: list["Told"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Told:
    """One stay that is told: `about` says what there is to see."""

    about: str
    stay: "StayView"
    explained: "StudentExplanation"


async def look(context: "Context", resolved: "Sequence[Discrepancy]") -> Students:
    """Choose whom to tell: who was found unregistered in time, and somebody who is here in good order."""
    from mobility_bridge.services.student_timeline import explain_student
    from mobility_bridge.services.student_views import Chosen, list_stays

    stays = await list_stays(context, Chosen())
    found = Students(sum(each.case.outgoing for each in stays), sum(not each.case.outgoing for each in stays))
    saved = {each.finding.subject.stay_id for each in resolved if each.finding.code == UNREGISTERED}
    going = next((each for each in stays if each.stay_id in saved and not each.discrepancies), None)
    coming = next((each for each in stays if _is_here(each)), None)
    for about, stay in (
        ("was to leave without insurance and student finance: found in time, and registered", going),
        ("is here, and every system says so", coming),
    ):
        if stay is not None:
            explained = await explain_student(context, stay.student_id)
            found.told.append(Told(about, stay, explained))
    return found


def _is_here(stay: "StayView") -> bool:
    case = stay.case
    return (
        not case.outgoing
        and not stay.discrepancies
        and len(stay.shown_by) >= _EVERYWHERE
        and case.arrival is not None
        and case.arrival.said.actual_departure_date is None
    )


def tell(found: Students) -> None:
    """Print the stories; nothing in a scenario without students."""
    if not found.going and not found.coming:
        return
    click.echo(f"\nStudents followed: {found.going} stays of ours abroad, {found.coming} of others with us.")
    for each in found.told:
        stay = each.stay
        way = "to" if stay.case.outgoing else "from"
        click.echo()
        print_table(
            f"{stay.stay_id}, {way} {stay.case.partner_hei_id}: {each.about}",
            ("When", "System", "About", "What", "Details"),
            [(one.at, one.system, one.about, one.what.value, one.detail) for one in each.explained.timeline],
        )


def as_data(found: Students) -> dict[str, Any]:
    """The stories as JSON, without anything personal."""
    from mobility_bridge.cli.students_explain import explanation_data

    return {
        "going": found.going,
        "coming": found.coming,
        "told": [
            {"about": each.about, "stay_id": each.stay.stay_id, **explanation_data(each.explained)}
            for each in found.told
        ],
    }
