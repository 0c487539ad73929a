"""`mobility-bridge nominations list|approve|reject`."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.decisions import run as run_decision
from mobility_bridge.cli.decisions import takes_decision
from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options
from mobility_bridge.cli.render import print_json, print_table
from mobility_bridge.cli.students import chosen_stays, takes_stays

if TYPE_CHECKING:
    from mobility_bridge.services.student_views import NominationView

STATES = ("pending", "approved", "rejected", "cancelled", "gone")
_HERE = "mobility_bridge.cli.nominations"
COMMANDS = {
    "list": (f"{_HERE}:list_", "List nominations, and who has to decide."),
    "approve": (f"{_HERE}:approve", "Take a student whom a partner nominates, and tell the partner."),
    "reject": (f"{_HERE}:reject", "Reject a student whom a partner nominates, and tell the partner why."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def nominations() -> None:
    """List nominations, and decide on those of students who want to come."""


@click.command("list")
@takes_stays
@click.option(
    "--state", type=click.Choice(STATES), help="Only this state; `gone` is one that is not shown any more."
)
@takes_language
@takes_options
def list_(invocation: Invocation, state: str | None, lang: str | None, **filters: Any) -> None:
    """List nominations, and who has to decide. No names."""
    from mobility_bridge.services.student_views import list_nominations

    async def work(bridge: Any) -> "list[NominationView]":
        return await list_nominations(bridge.context, await chosen_stays(bridge, **filters))

    found = [each for each in invocation.with_bridge(work) if state in (None, state_of(each))]
    if invocation.as_json:
        print_json([as_data(each) for each in found])
        return
    say = invocation.speech(lang)
    print_table(
        say("Nominations ({count})", count=len(found)),
        say.all(
            "Mobility", "Stay", "Direction", "Partner", "Terms", "Agreement", "State", "Waits for", "Changed"
        ),
        [
            (
                each.seen.said.omobility_id,
                each.stay.stay_id,
                say(each.stay.case.direction.value),
                each.stay.case.partner_hei_id,
                ", ".join(one.code for one in each.stay.terms),
                each.seen.said.sending_hei.iia_id or each.seen.said.receiving_hei.iia_id,
                say(state_of(each)),
                each.awaits,
                each.seen.stored.changed_at,
            )
            for each in found
        ],
        speech=say,
    )


@click.command()
@takes_decision()
def approve(invocation: Invocation, mobility: str, **given: Any) -> int:
    """Take a student whom a partner nominates, and tell the partner.

    MOBILITY is a stay's id or the sending university's id of the mobility. Exits 3 when the partner did not take
    it, or nobody knows yet.
    """
    from mobility_bridge.domain.record import RecordKind

    return run_decision(invocation, RecordKind.NOMINATION, mobility, approve=True, **given)


@click.command()
@takes_decision(text="Why not: the partner's office reads it.")
def reject(invocation: Invocation, mobility: str, **given: Any) -> int:
    """Reject a student whom a partner nominates, and tell the partner why. Not possible once it is approved.

    MOBILITY is a stay's id or the sending university's id of the mobility. Exits 3 when the partner did not take
    it, or nobody knows yet.
    """
    from mobility_bridge.domain.record import RecordKind

    return run_decision(invocation, RecordKind.NOMINATION, mobility, approve=False, **given)


def state_of(each: "NominationView") -> str:
    """The state in the words of version 3, `gone` for one that is not shown any more."""
    if not each.seen.live:
        return "gone"
    status = each.seen.said.status
    return "unknown" if status is None else status.value


def as_data(each: "NominationView") -> dict[str, Any]:
    """One nomination as JSON, without anything personal."""
    said, stored = each.seen.said, each.seen.stored
    return {
        "omobility_id": said.omobility_id,
        "stay_id": each.stay.stay_id,
        "student_id": each.stay.student_id,
        "direction": each.stay.case.direction,
        "partner_hei_id": each.stay.case.partner_hei_id,
        "terms": [term.code for term in each.stay.terms],
        "receiving_academic_year_id": said.receiving_academic_year_id,
        "sending_iia_id": said.sending_hei.iia_id,
        "receiving_iia_id": said.receiving_hei.iia_id,
        "state": state_of(each),
        "written_status": said.written_status,
        "proposal_id": said.proposal_id,
        "awaits": each.awaits,
        "first_seen_at": stored.first_seen_at,
        "changed_at": stored.changed_at,
        "gone_at": stored.gone_at,
        "problems": [list(problem) for problem in stored.record.problems],
    }
