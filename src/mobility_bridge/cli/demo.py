"""`mobility-bridge demo`: everything at once, on this machine alone."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli import demo_students
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import SEVERITY_STYLES, print_json, print_table, working

if TYPE_CHECKING:
    from mobility_bridge.domain.discrepancy import Discrepancy
    from mobility_bridge.kit.clock import ShiftedClock
    from mobility_bridge.sandbox.host import Sandbox
    from mobility_bridge.services.sync import SyncReport

LEFT_BY_AN_EARLIER_DEMO = (
    "bridge.sqlite3",
    "bridge.sqlite3-wal",
    "bridge.sqlite3-shm",
    "bridge.log.jsonl",
    "mobility-bridge.toml",
    "sandbox/sandbox.json",
)


@click.command()
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the configuration, the database and the log are left.",
)
@click.option("--scenario", default="default", show_default=True, help="What the sandbox plays.")
@takes_options
def demo(invocation: Invocation, folder: Path, scenario: str) -> None:
    """Start the sandbox, run the bridge against it, show what it found.

    Reads every source, lets the outside world move on, reads again. The story starts weeks ago and ends today.
    Leaves a configuration with which every other command goes on. Needs no network and no server but its own.
    """
    import shutil

    from mobility_bridge.cli.sandbox import insist_on_a_place_of_our_own

    insist_on_a_place_of_our_own(folder, [*LEFT_BY_AN_EARLIER_DEMO, "state"])
    for name in LEFT_BY_AN_EARLIER_DEMO:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "state", ignore_errors=True)
    with working("Setting up the outside world"):
        played, clock, file = _set_up(folder, scenario)
    with played.in_thread(), working("Playing"):
        story = asyncio.run(_play(played, clock, file))
    if invocation.as_json:
        print_json(_data(story, file))
    else:
        _tell(story, file)


def _set_up(folder: Path, scenario: str) -> "tuple[Sandbox, ShiftedClock, Path]":
    from mobility_bridge.cli.sandbox import write_config
    from mobility_bridge.kit.clock import ShiftedClock
    from mobility_bridge.sandbox.host import Plan, Sandbox

    clock = ShiftedClock()
    played = Sandbox(folder / "sandbox", Plan(scenario, today=clock.now().date()), clock.now)
    return played, clock, write_config(folder / "sandbox", beside=folder)


@dataclass(frozen=True, slots=True)
class PlayedAct:
    """One act as it was played: its title, its moment, and what the round of it did."""

    title: str
    at: datetime
    report: "SyncReport"


class Story:
    """What happened in the demo: its acts, and the discrepancies at its end."""

    def __init__(self) -> None:
        self.acts: list[PlayedAct] = []
        self.discrepancies: list[Discrepancy] = []
        self.resolved = 0
        self.students = demo_students.Students()


async def _play(played: "Sandbox", clock: "ShiftedClock", file: Path) -> Story:
    """Play the acts, each on its day; sandbox and bridge go by the same clock."""
    from mobility_bridge.bootstrap import build, load_settings
    from mobility_bridge.domain.discrepancy import DiscrepancyState
    from mobility_bridge.services.sync import Wanted, sync

    story = Story()
    async with build(load_settings(file), clock=clock) as bridge:
        for number, act in enumerate(played.stage.scenario.plot, start=1):
            clock.behind = act.ago
            if number > 1:
                await asyncio.to_thread(_advance, file)
            at = clock.now()
            with bridge.context.log.job(f"act-{number}"):
                report = await sync(bridge.context, Wanted(full=number > 1))
            story.acts.append(PlayedAct(act.title, at, report))
        store = bridge.context.store
        unresolved = [DiscrepancyState.OPEN, DiscrepancyState.ACKNOWLEDGED]
        story.discrepancies = list(await store.read(lambda uow: uow.discrepancies.select(states=unresolved)))
        resolved = await store.read(lambda uow: uow.discrepancies.select(states=[DiscrepancyState.RESOLVED]))
        story.resolved = len(resolved)
        story.students = await demo_students.look(bridge.context, story.discrepancies, resolved)
    return story


def _advance(file: Path) -> None:
    from mobility_bridge.cli.sandbox import ask

    ask(file.parent / "sandbox", "POST", "advance")


def _tell(story: Story, file: Path) -> None:
    from mobility_bridge.cli.sync import show

    for number, act in enumerate(story.acts, start=1):
        click.secho(f"\nAct {number}, {act.at:%Y-%m-%d}: {act.title}", bold=True)
        show(act.report)
    click.echo()
    print_table(
        f"Discrepancies ({len(story.discrepancies)} stand, {story.resolved} resolved by themselves)",
        ("Severity", "Code", "About", "What", "Command"),
        [
            (d.finding.severity, d.finding.code, d.finding.subject, d.finding.text.en, command(d))
            for d in story.discrepancies
        ],
        styles={n: SEVERITY_STYLES[d.finding.severity.value] for n, d in enumerate(story.discrepancies)},
    )
    demo_students.tell(story.students)
    click.echo("\nThe commands above are words for mobility-bridge, for example:")
    if story.discrepancies:
        click.echo(f"  .venv/bin/mobility-bridge {command(story.discrepancies[0])} --config {file}")
    click.echo("\nTo go on, start the sandbox again in another terminal, then run the daemon against it:")
    click.echo(f"  .venv/bin/mobility-bridge sandbox run --dir {file.parent / 'sandbox'}")
    click.echo(f"  .venv/bin/mobility-bridge run --config {file}")
    click.echo(f"\nLog:           {file.parent / 'bridge.log.jsonl'}")
    click.echo(f"Database:      {file.parent / 'bridge.sqlite3'}")
    click.echo(f"Configuration: {file}")


def command(item: "Discrepancy") -> str:
    """The words after `mobility-bridge` that tell more about a discrepancy."""
    from mobility_bridge.domain.discrepancy import SubjectKind

    explains = {SubjectKind.AGREEMENT: "explain", SubjectKind.STAY: "students explain"}
    return f"{explains.get(item.finding.subject.kind, 'discrepancies show')} {item.discrepancy_id}"


def _data(story: Story, file: Path) -> dict[str, Any]:
    from mobility_bridge.cli.discrepancies import as_data as discrepancy
    from mobility_bridge.cli.sync import as_data

    return {
        "acts": [{"title": act.title, "at": act.at.isoformat(), **as_data(act.report)} for act in story.acts],
        "discrepancies": [
            {**discrepancy(d), "command": f"mobility-bridge {command(d)}"} for d in story.discrepancies
        ],
        "resolved": story.resolved,
        "students": demo_students.as_data(story.students),
        "config": str(file),
        "log": str(file.parent / "bridge.log.jsonl"),
        "database": str(file.parent / "bridge.sqlite3"),
    }
