"""`mobility-bridge sync`."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli import sync_students
from mobility_bridge.cli.options import WAYS_TO_NAME, Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table, working

if TYPE_CHECKING:
    from mobility_bridge.bootstrap import Bridge
    from mobility_bridge.errors import ExternalError
    from mobility_bridge.services.plan import Step
    from mobility_bridge.services.sync import SyncReport, Wanted


@click.command()
@click.option(
    "--source", "sources", multiple=True, help="Only this source (`ewp` is the network); repeatable."
)
@click.option(
    "--partner",
    "partners",
    multiple=True,
    metavar="HEI",
    help=f"Only this partner: {WAYS_TO_NAME}; repeatable.",
)
@click.option("--full", is_flag=True, help="Ask for everything, not only for what changed.")
@click.option(
    "--accept-shrink", is_flag=True, help="Believe an index or source that is suddenly far smaller."
)
@click.option(
    "--dry-run", is_flag=True, help="Print what would be asked and sent; call nobody, write nothing."
)
@takes_options
def sync(
    invocation: Invocation,
    sources: tuple[str, ...],
    partners: tuple[str, ...],
    *,
    full: bool,
    accept_shrink: bool,
    dry_run: bool,
) -> int:
    """Read everything once, compare, and send what is due.

    Exits 3 when an external system failed; everything else was done all the same.
    """
    from mobility_bridge.cli.filters import hei_to_ask
    from mobility_bridge.services.plan import plan_sync
    from mobility_bridge.services.sync import Wanted
    from mobility_bridge.services.sync import sync as run_sync

    def wanted(bridge: "Bridge") -> "Wanted":
        heis = tuple(hei_to_ask(bridge.context.the_network(), text) for text in partners)
        return Wanted(sources, heis, full, accept_shrink)

    if dry_run:
        plan = invocation.with_bridge(lambda bridge: plan_sync(bridge.context, wanted(bridge)))
        if invocation.as_json:
            print_json([asdict(step) for step in plan])
        else:
            show_plan(plan)
        return 0
    with working("Reading our systems and the partners"):
        report = invocation.with_bridge(lambda bridge: run_sync(bridge.context, wanted(bridge)))
    if invocation.as_json:
        print_json(as_data(report))
    else:
        show(report)
    return 3 if report.errors else 0


def show_plan(plan: "list[Step]") -> None:
    """Print what a round would do; each write beside the value that stands there now."""
    rows = [(step.what, step.whom, step.detail) for step in plan if step.after is None]
    print_table("Plan (nothing was asked, sent or written)", ("What", "Whom", "Detail"), rows)
    writes = [
        (step.what, step.whom, step.detail, step.before, step.after)
        for step in plan
        if step.after is not None
    ]
    if writes:
        print_table("Writes", ("What", "Whom", "Detail", "Stands there now", "Shall stand there"), writes)


def as_data(report: "SyncReport") -> dict[str, Any]:
    """The report as JSON."""
    return {
        "catalogue": {
            "heis": report.catalogue.hei_count,
            "problem": report.catalogue.problem or report.catalogue.key_problem,
        }
        if report.catalogue is not None
        else None,
        "sources": [
            {
                "source": item.source,
                "complete": item.complete,
                "new": item.new,
                "changed": item.changed,
                "unchanged": item.unchanged,
                "gone": item.gone,
                "queued": item.queued,
                "shrunk_to": item.shrunk_to,
                "error": item.error.message if item.error else None,
            }
            for item in report.sources
        ],
        "partners": [
            {
                "partner_hei_id": item.partner_hei_id,
                "listed": item.sweep.listed,
                "fetched": item.refresh.fetched if item.refresh else 0,
                "changed": item.refresh.changed if item.refresh else 0,
                "gone": item.refresh.gone if item.refresh else 0,
                "approvals": item.approvals.approvals if item.approvals else 0,
                "shrunk_to": item.sweep.shrunk_to,
                "error": item.error.message if item.error else None,
            }
            for item in report.partners
        ],
        "students": sync_students.as_data(report.students),
        "decisions": sync_students.decisions_data(report.decisions),
        "writes": sync_students.writes_data(report.writes),
        "compared": report.compared.compared,
        "opened": report.compared.opened,
        "resolved": report.compared.resolved,
        "notifications": {
            "delivered": report.notified.delivered,
            "delayed": report.notified.delayed,
            "given_up": report.notified.given_up,
        },
        "errors": [
            {"system": error.system, "hei_id": error.hei_id, "reason": error.reason, "message": error.message}
            for error in report.errors
        ],
    }


def show(report: "SyncReport") -> None:
    """Print the report as tables."""
    status = report.catalogue
    problem = status.problem or status.key_problem if status is not None else None
    if report.catalogue_error is not None or problem:
        click.echo(f"Catalogue: {report.catalogue_error or problem}")
    print_table(
        "Our systems",
        ("Source", "Complete", "New", "Changed", "Unchanged", "Gone", "Notifications queued", "Problem"),
        [
            (
                i.source,
                i.complete,
                i.new,
                i.changed,
                i.unchanged,
                i.gone,
                i.queued,
                _trouble(i.error, i.shrunk_to),
            )
            for i in report.sources
        ],
    )
    print_table(
        "Partners",
        ("Partner", "Listed", "Fetched", "Changed", "Gone", "Approvals", "Problem"),
        [
            (
                item.partner_hei_id,
                item.sweep.listed,
                item.refresh.fetched if item.refresh else 0,
                item.refresh.changed if item.refresh else 0,
                item.refresh.gone if item.refresh else 0,
                item.approvals.approvals if item.approvals else 0,
                _trouble(item.error, item.sweep.shrunk_to),
            )
            for item in report.partners
        ],
    )
    sync_students.show(report.students)
    sync_students.show_decisions(report.decisions)
    sync_students.show_writes(report.writes)
    compared, notified = report.compared, report.notified
    click.echo(
        f"Compared {compared.compared}: {compared.opened} discrepancies opened, {compared.changed} changed, "
        f"{compared.resolved} resolved. Notifications: {notified.delivered} delivered, "
        f"{notified.delayed} to be tried again, {notified.given_up} given up."
    )


def _trouble(error: "ExternalError | None", shrunk_to: int | None) -> str:
    if error is not None:
        return error.message
    return "" if shrunk_to is None else f"suddenly lists only {shrunk_to}: not believed, nothing deleted"
