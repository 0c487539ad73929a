"""What `mobility-bridge sync` says of students."""

from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli import dashboard
from mobility_bridge.cli.render import print_table

if TYPE_CHECKING:
    from mobility_bridge.domain.write import Write
    from mobility_bridge.services.apply import WritesReport
    from mobility_bridge.services.ask_students import AskReport
    from mobility_bridge.services.send_decisions import DecisionsReport
    from mobility_bridge.services.students import StudentsReport


def as_data(report: "StudentsReport") -> dict[str, Any]:
    """The round about students as JSON; empty lists and null where students are not followed."""
    feed = report.feed
    return {
        "applications": [
            {
                "source": item.source,
                "listed": item.read,
                "changed": item.changed,
                "gone": item.gone,
                "complete": item.complete,
                "error": item.error.message if item.error else None,
            }
            for item in report.applications
        ],
        "feed": {
            "pages": feed.pages,
            "events": feed.events,
            "changed": feed.changed,
            "remarks": feed.remarks,
            "error": feed.error.message if feed.error else None,
        }
        if feed is not None
        else None,
        "review": {
            "asked": report.review.asked,
            "changed": report.review.changed,
            "students": report.review.students,
            "missed": dict(report.review.missed),
            "error": report.review.error.message if report.review.error else None,
        }
        if report.review is not None
        else None,
        "asked": [
            {
                "hei_id": item.hei_id,
                "api": item.api,
                "asked": item.asked,
                "changed": item.changed,
                "gone": item.gone,
                "error": item.error.message if item.error else None,
            }
            for item in report.asked
        ],
        "lists": dashboard.report_data(report.lists) if report.lists is not None else None,
    }


def show(report: "StudentsReport") -> None:
    """Print the round about students; nothing where they are not followed."""
    rows: list[tuple[Any, ...]] = [
        (
            item.source,
            "applications",
            item.read,
            item.changed,
            item.gone,
            item.error.message if item.error else "" if item.complete else "not read in full",
        )
        for item in report.applications
    ]
    feed = report.feed
    if feed is not None:
        remarks = f"{feed.remarks} remarks, see the log" if feed.remarks else ""
        trouble = feed.error.message if feed.error else remarks
        rows.append(("registry", f"feed, {feed.pages} pages", feed.events, feed.changed, "", trouble))
    if report.lists is not None:
        found = report.lists
        unread = f"{len(found.problems)} left out: see mobility-bridge discrepancies list" * bool(
            found.problems
        )
        trouble = found.error.message if found.error else unread
        rows.append(
            (found.source, f"lists, {len(found.files)} files", found.read, found.changed, found.gone, trouble)
        )
    rows += _asked(report)
    if rows:
        print_table("Students", ("System", "What", "Read", "Changed", "Gone", "Problem"), rows)
    if report.lists is not None:
        dashboard.show_agreements(report.lists)


def _asked(report: "StudentsReport") -> list[tuple[Any, ...]]:
    """A row for each university, its interfaces together."""
    by_hei: dict[str, list[AskReport]] = {}
    for item in report.asked:
        by_hei.setdefault(item.hei_id, []).append(item)
    return [
        (
            hei_id,
            ", ".join(item.api.value for item in items),
            sum(item.asked for item in items),
            sum(item.changed for item in items),
            sum(item.gone for item in items),
            "; ".join(dict.fromkeys(item.error.message for item in items if item.error)),
        )
        for hei_id, items in by_hei.items()
    ]


def decisions_data(report: "DecisionsReport") -> dict[str, Any]:
    """What was done about our decisions as JSON."""
    from mobility_bridge.cli.decisions import as_data as decision_data

    return {"looked_at": [decision_data(each) for each in report.looked_at], "held": report.held}


def show_decisions(report: "DecisionsReport") -> None:
    """Print what was done about our decisions; nothing where there are none."""
    if report.looked_at:
        print_table(
            "Decisions",
            ("Partner", "About", "Mobility", "Decision", "State", "Outcome"),
            [
                (
                    each.partner_hei_id,
                    each.on.value.replace("_", " "),
                    each.omobility_id,
                    each.verb,
                    each.state.value,
                    each.outcome.replace("_", " "),
                )
                for each in report.looked_at
            ],
        )
    if report.held:
        click.echo(f"{report.held} decisions wait: sending them is switched off in the ownership file.")


def write_data(each: "Write") -> dict[str, Any]:
    """One write as JSON, without why it was asked for."""
    return {
        "write_id": each.write_id or None,
        "kind": each.kind,
        "field": each.field,
        "to": each.to,
        "about": each.about,
        "stay_id": each.stay_id,
        "before": each.before,
        "after": each.after,
        "found": each.found or None,
        "state": each.state,
        "detail": each.detail or None,
        "asked_by": each.asked_by,
        "asked_at": each.asked_at,
        "attempts": each.attempts,
        "sent_at": each.sent_at,
        "ended_at": each.ended_at,
        "evidence": each.evidence,
    }


def writes_data(report: "WritesReport") -> dict[str, Any]:
    """What was written to our own systems as JSON."""
    return {
        "looked_at": [write_data(each) for each in report.looked_at],
        "held": report.held,
        "left": report.left,
        "off": report.off,
    }


def show_writes(report: "WritesReport") -> None:
    """Print what was written to our own systems; nothing where nothing was to be."""
    if report.looked_at:
        print_table(
            "Writes",
            ("System", "About", "Stood there", "Shall stand there", "Found", "State", "Detail", "Evidence"),
            [
                (
                    each.to.value,
                    each.about,
                    each.before,
                    each.after,
                    each.found,
                    each.state.value,
                    each.detail.replace("_", " "),
                    ", ".join(map(str, each.evidence)),
                )
                for each in report.looked_at
            ],
        )
    if report.held:
        click.echo(f"{report.held} writes wait: switched off by {' and '.join(report.off)}.")
    if report.left:
        click.echo(f"{report.left} writes wait for the next run: this one made as many as it may.")
