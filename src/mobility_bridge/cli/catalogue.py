"""`mobility-bridge catalogue plan|apply`."""

import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table
from mobility_bridge.cli.sync_students import write_data

if TYPE_CHECKING:
    from mobility_bridge.services.course_list import CourseRows
    from mobility_bridge.services.write_courses import CoursesPlan, CoursesReport

_HERE = "mobility_bridge.cli.catalogue"
COMMANDS = {
    "plan": (f"{_HERE}:plan", "Say what the catalogue would have to change; write nothing."),
    "apply": (f"{_HERE}:apply", "Have the catalogue say what the list says."),
}
_FILE = click.Path(path_type=Path)
_LIMIT = 100


@click.command(cls=LazyGroup, lazy=COMMANDS)
def catalogue() -> None:
    """Have the catalogue of courses for incoming students in Mobility-Online say what a list says."""


@click.command()
@click.argument("file", type=_FILE)
@takes_options
def plan(invocation: Invocation, file: Path) -> int:
    """Say what the catalogue would have to change, each value beside the one that stands there now.

    FILE is the list of courses, as CSV or TOML. Mobility-Online is asked, nothing is written anywhere.
    """
    return _plan(invocation, file)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--by", default=None, help="Who asks for it; default: your account name.")
@click.option("--why", required=True, help="Why; kept with each write.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=_LIMIT, show_default=True, help="Writes in one run."
)
@click.option("--dry-run", is_flag=True, help="The same as `catalogue plan`.")
@takes_options
def apply(invocation: Invocation, file: Path, by: str | None, why: str, limit: int, *, dry_run: bool) -> int:
    """Have the catalogue say what the list says; courses that the list does not name stay as they are.

    Each course is looked up before it is written and looked at again after. Exits 3 when a course could not be
    written.
    """
    if dry_run:
        return _plan(invocation, file)
    from mobility_bridge.services.write_courses import write_courses

    rows = _read(file)

    async def work(bridge: Any) -> "CoursesReport":
        name = by or getpass.getuser()
        return await write_courses(bridge.context, rows, by=name, why=why, limit=limit)

    report = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(_report_data(report))
    else:
        _show_report(report)
    fine = all(each.state == "done" for each in report.looked_at)
    return 0 if fine and not report.problems else 3


def _read(file: Path) -> "CourseRows":
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services.course_list import read_course_list

    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", next_step="Name a file that can be read.") from error
    return read_course_list(file.name, data)


def _plan(invocation: Invocation, file: Path) -> int:
    from mobility_bridge.services.write_courses import plan_courses

    rows = _read(file)
    found = invocation.with_bridge(lambda bridge: plan_courses(bridge.context, rows))
    if invocation.as_json:
        print_json(_plan_data(found))
    else:
        _show_plan(found)
    return 0


def _differing(
    before: Mapping[str, str] | None, after: Mapping[str, str] | None
) -> list[tuple[str, str, str]]:
    """The fields that differ: name, what stands there, what shall."""
    one, other = before or {}, after or {}
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return [(name, one.get(name, ""), other.get(name, "")) for name in names]


def _show_plan(found: "CoursesPlan") -> None:
    print_table(
        "Courses (nothing was written)",
        ("What", "Course", "Term", "Field", "Stands there now", "Shall stand there"),
        [
            (each.act.value, each.number, each.term.code, *field)
            for each in found.plan.changes
            for field in _differing(each.before, each.after)
        ],
    )
    click.echo(f"{found.plan.unchanged} courses stand as they should.")
    _show_problems(found.plan.problems, found.left_out)
    if found.off:
        click.echo(f"Nothing is written: switched off by {' and '.join(found.off)}.")


def _show_report(report: "CoursesReport") -> None:
    print_table(
        "Courses",
        ("Write", "State", "Detail", "Evidence"),
        [
            (each.about, each.state.value, each.detail.replace("_", " "), ", ".join(map(str, each.evidence)))
            for each in report.looked_at
        ],
    )
    click.echo(f"{report.unchanged} courses stood as they should.")
    _show_problems(report.problems, report.left_out)
    if report.left:
        click.echo(f"{report.left} writes wait for the next run.")


def _show_problems(problems: tuple[tuple[str, str], ...], left_out: tuple[str, ...]) -> None:
    for number, code in problems:
        click.echo(f"{number} is left alone: {code.replace('_', ' ')}.", err=True)
    if left_out:
        click.echo(
            f"Not written, because the ownership file does not allow it: {', '.join(left_out)}.", err=True
        )


def _plan_data(found: "CoursesPlan") -> dict[str, Any]:
    return {
        "changes": [
            {
                "act": each.act,
                "number": each.number,
                "term": each.term.code,
                "before": each.before,
                "after": each.after,
            }
            for each in found.plan.changes
        ],
        "unchanged": found.plan.unchanged,
        "problems": dict(found.plan.problems),
        "left_out": found.left_out,
        "off": found.off,
    }


def _report_data(report: "CoursesReport") -> dict[str, Any]:
    return {
        "looked_at": [write_data(each) for each in report.looked_at],
        "unchanged": report.unchanged,
        "left": report.left,
        "problems": dict(report.problems),
        "left_out": report.left_out,
    }
