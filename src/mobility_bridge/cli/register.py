"""`mobility-bridge students register`."""

import getpass
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table
from mobility_bridge.cli.sync_students import show_writes, writes_data

if TYPE_CHECKING:
    from mobility_bridge.services.apply import WritesReport
    from mobility_bridge.services.plan_writes import PlannedWrite


_NOTHING: Final = (
    "Nothing is to be registered: the stay is not one of ours abroad, or no term of it is missing."
)


@dataclass(frozen=True, slots=True)
class _Looked:
    """A dry run: what would be written, and what the registry says now, by the write's key."""

    planned: "list[PlannedWrite]"
    now: dict[str, str]
    off: tuple[str, ...]


@click.command()
@click.argument("stay")
@click.option("--by", default=None, help="Who asks for it; default: your account name.")
@click.option("--why", required=True, help="Why; kept with the write.")
@click.option(
    "--dry-run", is_flag=True, help="Look in the registry and say what would be written; write nothing."
)
@takes_options
def register(invocation: Invocation, stay: str, by: str | None, why: str, *, dry_run: bool) -> int:
    """Register an outgoing student in the registry for the terms of a stay.

    STAY is a stay's id (P1042-1), or a mobility's. The registry is looked at before and after; a term that is too
    far ahead for the bridge to register by itself is registered all the same, anything else that forbids a
    registration holds for people, too. Exits 3 when the registry did not do it.
    """
    from mobility_bridge.services.apply import register_by_hand

    if dry_run:
        looked = invocation.with_bridge(lambda bridge: _look(bridge, stay))
        if invocation.as_json:
            print_json(_plan_data(looked))
        else:
            _show_plan(looked)
        return 0

    async def work(bridge: Any) -> "WritesReport":
        return await register_by_hand(bridge.context, stay, by=by or getpass.getuser(), why=why)

    report = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(writes_data(report))
    else:
        show_writes(report)
        if not report.looked_at:
            click.echo(_NOTHING)
    return 0 if all(each.state == "done" for each in report.looked_at) else 3


async def _look(bridge: Any, stay: str) -> _Looked:
    from mobility_bridge.services.apply import plan_by_hand, standing
    from mobility_bridge.services.plan_writes import switched_off

    planned = await plan_by_hand(bridge.context, stay)
    now = await standing(bridge.context, [each for each in planned if each.ready])
    return _Looked(planned, now, switched_off(bridge.context))


def _show_plan(looked: _Looked) -> None:
    print_table(
        "Writes (nothing was written)",
        ("About", "Stands there now", "Shall stand there", "Not made because of"),
        [
            (
                each.intended.about,
                looked.now.get(each.intended.key, each.before),
                each.after,
                ", ".join(bar.replace("_", " ") for bar in each.bars),
            )
            for each in looked.planned
        ],
    )
    if not looked.planned:
        click.echo(_NOTHING)
    if looked.off:
        click.echo(f"Nothing is written: switched off by {' and '.join(looked.off)}.")


def _plan_data(looked: _Looked) -> dict[str, Any]:
    return {
        "dry_run": True,
        "off": looked.off,
        "writes": [
            {
                "about": each.intended.about,
                "stay_id": each.intended.case.subject.stay_id,
                "due_on": each.intended.due_on,
                "before": looked.now.get(each.intended.key, each.before),
                "after": each.after,
                "bars": each.bars,
            }
            for each in looked.planned
        ],
    }
