"""`mobility-bridge mobilities list`."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options
from mobility_bridge.cli.render import SEVERITY_STYLES, print_json, print_table
from mobility_bridge.cli.students import chosen_stays, in_words, stay_data, takes_progress, takes_stays

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.services.student_views import StayView

COMMANDS = {
    "list": (
        "mobility_bridge.cli.mobilities:list_",
        "List every stay with its state in each system. No names.",
    )
}
OF_APPLICATIONS = ("applied", "cancelled", "gone")
SYSTEMS = ("application", "nomination", "learning_agreement", "registry", "arrival", "transcript")


@click.command(cls=LazyGroup, lazy=COMMANDS)
def mobilities() -> None:
    """List stays, out and in, with their state in each system."""


@click.command("list")
@takes_stays
@takes_progress
@takes_language
@takes_options
def list_(invocation: Invocation, lang: str | None, **filters: Any) -> None:
    """List every stay, out and in, with its state in each system; the worst first. No names."""
    from mobility_bridge.services.student_views import list_stays

    async def work(bridge: Any) -> "list[StayView]":
        return await list_stays(bridge.context, await chosen_stays(bridge, **filters))

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json([as_data(each) for each in found])
        return
    say = invocation.speech(lang)
    print_table(
        say("Mobilities ({count})", count=len(found)),
        say.all(
            "Stay",
            "Direction",
            "Partner",
            "Terms",
            "Department",
            "State",
            "Application",
            "Nomination",
            "Agreement",
            "Registry",
            "Arrival",
            "Transcript",
        ),
        [_row(each, say) for each in found],
        styles={
            row: SEVERITY_STYLES[each.discrepancies[0].finding.severity.value]
            for row, each in enumerate(found)
            if each.discrepancies
        },
        speech=say,
    )


def _row(stay: "StayView", say: "Speech") -> tuple[Any, ...]:
    states = stay.states
    return (
        stay.stay_id,
        say(stay.case.direction.value),
        say("(protected)") if stay.case.protected else stay.case.partner_hei_id,
        ", ".join(term.code for term in stay.terms),
        ", ".join(stay.departments[:1]),
        "" if stay.case.protected else say(in_words(stay.progress.value)),
        *(_word(name, states[name], say) if name in states else "" for name in SYSTEMS),
    )


def _word(system: str, state: str, say: "Speech") -> str:
    """A state in words; the steps of an application are the system's own names."""
    named = system == "application" and state not in OF_APPLICATIONS
    return state if named else say(in_words(state))


def as_data(stay: "StayView") -> dict[str, Any]:
    """One stay as JSON with its state in each system, without anything personal."""
    said = stay_data(stay)
    return {
        **said,
        "departments": stay.departments,
        "state": None if stay.case.protected else stay.progress,
        "states": {name: stay.states.get(name) for name in SYSTEMS},
        "decisions": [
            {
                "about": each.on,
                "proposal_id": each.proposal_id,
                "approved": each.approve,
                "state": each.state,
                "decided_at": each.decided_at,
            }
            for each in stay.case.decisions
        ],
    }
