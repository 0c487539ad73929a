"""`mobility-bridge status`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.services.overview import Overview


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask our own systems what they offer.")
@click.option(
    "--active-within",
    "seconds",
    type=int,
    help="Say only whether any system was asked within so many seconds, and exit 1 if not: a health check.",
)
@takes_options
def status(invocation: Invocation, *, offline: bool, seconds: int | None) -> int:
    """Say how every source, partner and queue is doing, and what rests on an assumption."""
    from mobility_bridge.services.overview import overview

    probe = not offline and seconds is None
    found = invocation.with_bridge(lambda bridge: overview(bridge.context, probe=probe))
    if seconds is not None:
        return _activity(invocation, found, seconds)
    if invocation.as_json:
        print_json(_data(found))
        return 0
    _show(found, offline=offline)
    return 0


def _show(found: "Overview", *, offline: bool) -> None:
    """Print the state of the whole bridge for a person."""
    counts = ", ".join(
        f"{count} {severity.value}" for severity, count in found.discrepancies.items() if count
    )
    outbox = ", ".join(f"{count} {state.value}" for state, count in found.outbox.items() if count)
    print_pairs(
        f"Bridge of {found.own_hei_id}",
        [
            ("catalogue", _health(found.catalogue)),
            ("discrepancies", f"{counts or 'none'} ({found.acknowledged} acknowledged)"),
            ("notifications", f"{outbox or 'none'}{'' if found.sending else ' (sending is switched off)'}"),
            ("evidence", f"{found.evidence_records} records"),
            ("assumed", _assumed(found, offline=offline)),
        ],
    )
    print_table(
        "Our systems",
        ("Source", "Agreements", "State", "Offers"),
        [(s.name, s.agreements, _health(s.health), _capabilities(s)) for s in found.sources],
    )
    print_table(
        "Partners",
        ("Partner", "Ours", "Theirs", "Last contact", "Open", "To send", "Trouble"),
        [
            (
                p.partner_hei_id,
                p.ours,
                p.theirs,
                p.last_contact_at,
                p.open_discrepancies,
                p.pending_notifications,
                "; ".join(f"{h.api}: {h.failure_reason}" for h in p.failing),
            )
            for p in found.partners
        ],
    )


def _assumed(found: "Overview", *, offline: bool) -> str:
    if offline:
        return "not asked"
    return f"{len(found.assumed)} operations, see below" if found.assumed else "nothing"


def _activity(invocation: Invocation, found: "Overview", seconds: int) -> int:
    """Tell a health check whether the daemon does its work: it asks somebody at least once an interval."""
    last = found.last_activity_at
    active = last is not None and datetime.now(UTC) - last <= timedelta(seconds=seconds)
    if invocation.as_json:
        print_json({"active": active, "last_activity_at": last})
    else:
        click.echo(f"{'Active' if active else 'Idle'}: a system was last asked {last or 'never'}.")
    return 0 if active else 1


def _capabilities(source: Any) -> str:
    """What a person should know of what a system offers: what is assumed, and what is missing."""
    if source.probe_problem:
        return f"not known: {source.probe_problem}"
    offered = [item for item in source.capabilities if item.available]
    assumed = [item.name for item in offered if item.assumed]
    missing = [item.name for item in source.capabilities if not item.available]
    parts = [f"{len(offered)} operations"]
    parts.extend([f"assumed: {', '.join(assumed)}"] if assumed else [])
    parts.extend([f"not there: {', '.join(missing)}"] if missing else [])
    return "\n".join(parts)


def _health(health: Any) -> str:
    if health is None:
        return "never read"
    if health.failing_since is not None:
        return f"failing since {health.failing_since:%Y-%m-%d %H:%M}: {health.detail}"
    return f"read {health.last_ok_at:%Y-%m-%d %H:%M}" if health.last_ok_at is not None else "never read"


def _data(found: "Overview") -> dict[str, Any]:
    return {
        "own_hei_id": found.own_hei_id,
        "catalogue": _health_data(found.catalogue),
        "sources": [
            {
                "name": source.name,
                "agreements": source.agreements,
                "health": _health_data(source.health),
                "problem": source.probe_problem,
                "capabilities": [
                    {"name": c.name, "available": c.available, "assumed": c.assumed, "note": c.note}
                    for c in source.capabilities
                ],
            }
            for source in found.sources
        ],
        "partners": [
            {
                "partner_hei_id": partner.partner_hei_id,
                "ours": partner.ours,
                "theirs": partner.theirs,
                "last_contact_at": partner.last_contact_at,
                "open_discrepancies": partner.open_discrepancies,
                "pending_notifications": partner.pending_notifications,
                "failing": [_health_data(health) for health in partner.failing],
            }
            for partner in found.partners
        ],
        "discrepancies": dict(found.discrepancies),
        "acknowledged": found.acknowledged,
        "notifications": dict(found.outbox),
        "sending": found.sending,
        "evidence_records": found.evidence_records,
        "assumed": found.assumed,
    }


def _health_data(health: Any) -> dict[str, Any] | None:
    if health is None:
        return None
    return {
        "api": health.api,
        "last_ok_at": health.last_ok_at,
        "failing_since": health.failing_since,
        "failures": health.failures,
        "code": health.failure_code,
        "reason": health.failure_reason,
        "detail": health.detail,
        "evidence": health.evidence,
    }
