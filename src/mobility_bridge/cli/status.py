"""`mobility-bridge status`."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli import decisions
from mobility_bridge.cli.options import Invocation, takes_language, takes_options
from mobility_bridge.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.services.overview import Overview


@click.command()
@click.option("--offline", is_flag=True, help="Do not ask our own systems what they offer.")
@click.option(
    "--active-within",
    "seconds",
    type=click.IntRange(min=1),
    help="Say only whether any system was asked within so many seconds, and exit 1 if not: a health check.",
)
@takes_language
@takes_options
def status(invocation: Invocation, *, offline: bool, seconds: int | None, lang: str | None) -> int:
    """Say how every source, partner and queue is doing, and what rests on an assumption."""
    from mobility_bridge.services.overview import overview

    probe = not offline and seconds is None
    found = invocation.with_bridge(lambda bridge: overview(bridge.context, probe=probe))
    if seconds is not None:
        return _activity(invocation, found, seconds, lang)
    if invocation.as_json:
        print_json(_data(found))
        return 0
    _show(found, invocation.speech(lang), offline=offline)
    return 0


def _show(found: "Overview", say: "Speech", *, offline: bool) -> None:
    """Print the state of the whole bridge for a person."""
    counts = ", ".join(
        f"{count} {say.word('severity', severity)}"
        for severity, count in found.discrepancies.items()
        if count
    )
    outbox = ", ".join(
        f"{count} {say.word('cnr_state', state)}" for state, count in found.outbox.items() if count
    )
    sending = "" if found.sending else f" ({say('sending is switched off')})"
    print_pairs(
        say("Bridge of {hei_id}", hei_id=found.own_hei_id),
        [
            (say("catalogue"), _health(found.catalogue, say)),
            (
                say("discrepancies"),
                say(
                    "{counts} ({acknowledged} acknowledged)",
                    counts=counts or say("none"),
                    acknowledged=found.acknowledged,
                ),
            ),
            (say("notifications"), (outbox or say("none")) + sending),
            *_registry(found, say),
            *_lists(found, say),
            (say("evidence"), say("{count} records", count=found.evidence_records)),
            *(
                [(say("store"), say("not encrypted, although students are followed"))]
                if found.legible
                else []
            ),
            (say("assumed"), _assumed(found, say, offline=offline)),
        ],
    )
    _show_writes(found, say)
    decisions.show_waiting(found.decisions, say)
    print_table(
        say("Our systems"),
        say.all("Source", "Agreements", "State", "Offers"),
        [(s.name, s.agreements, _health(s.health, say), _capabilities(s, say)) for s in found.sources],
        speech=say,
    )
    print_table(
        say("Partners"),
        say.all("Partner", "Ours", "Theirs", "Last contact", "Open", "To send", "Trouble"),
        [
            (
                p.partner_hei_id,
                p.ours,
                p.theirs,
                p.last_contact_at,
                p.open_discrepancies,
                p.pending_notifications,
                "; ".join(f"{h.api}: {say.word('reason', h.failure_reason)}" for h in p.failing),
            )
            for p in found.partners
        ],
        speech=say,
    )


def _show_writes(found: "Overview", say: "Speech") -> None:
    """Print the writes to our own systems that somebody should know of."""
    if found.writes:
        print_table(
            say("Writes to our own systems"),
            say.all("System", "About", "State", "Details"),
            [(w.to.value, w.about, say(w.state.value), w.detail.replace("_", " ")) for w in found.writes],
            speech=say,
        )


def _assumed(found: "Overview", say: "Speech", *, offline: bool) -> str:
    if offline:
        return say("not asked")
    return say("{count} operations, see below", count=len(found.assumed)) if found.assumed else say("nothing")


def _registry(found: "Overview", say: "Speech") -> list[tuple[str, str]]:
    """How far the registry's feed was read, and how long the certificate holds."""
    if found.registry is None:
        return []
    position, certificate = found.registry.position, found.registry.certificate
    parts = [_health(found.registry.health, say)]
    if position is not None:
        parts.append(say("feed up to page {page}", page=position.page))
        if position.gaps:
            parts.append(say("{count} pages missing", count=len(position.gaps)))
    if certificate is not None:
        until = f"{certificate.expires_at:%Y-%m-%d}"
        parts.append(say("certificate until {day}, {days} days left", day=until, days=certificate.days_left))
    return [(say("registry {source}", source=found.registry.source), "; ".join(parts))]


def _lists(found: "Overview", say: "Speech") -> list[tuple[str, str]]:
    """How many learning agreements exported files list, and when those were read."""
    if found.lists is None:
        return []
    count = say("{count} learning agreements", count=found.lists.learning_agreements)
    return [
        (say("files of {source}", source=found.lists.name), f"{count}; {_health(found.lists.health, say)}")
    ]


def _activity(invocation: Invocation, found: "Overview", seconds: int, lang: str | None) -> int:
    """Tell a health check whether the daemon does its work: it asks somebody at least once an interval."""
    last = found.last_activity_at
    active = last is not None and datetime.now(UTC) - last <= timedelta(seconds=seconds)
    if invocation.as_json:
        print_json({"active": active, "last_activity_at": last})
    else:
        say = invocation.speech(lang)
        when = say("never") if last is None else f"{last:%Y-%m-%d %H:%M:%S}"
        click.echo(
            say("Active: a system was last asked {when}.", when=when)
            if active
            else say("Idle: a system was last asked {when}.", when=when)
        )
    return 0 if active else 1


def _capabilities(source: Any, say: "Speech") -> str:
    """What a person should know of what a system offers: what is assumed, and what is missing."""
    if source.probe_problem:
        return say("not known: {why}", why=source.probe_problem)
    offered = [item for item in source.capabilities if item.available]
    assumed = [item.name for item in offered if item.assumed]
    missing = [item.name for item in source.capabilities if not item.available and item.asked]
    unasked = {item.note: None for item in source.capabilities if not item.asked}
    parts = [say("{count} operations", count=len(offered))]
    parts.extend([say("assumed: {names}", names=", ".join(assumed))] if assumed else [])
    parts.extend([say("not there: {names}", names=", ".join(missing))] if missing else [])
    parts.extend(say("not known: {why}", why=why) for why in unasked)
    return "\n".join(parts)


def _health(health: Any, say: "Speech") -> str:
    if health is None:
        return say("never read")
    if health.failing_since is not None:
        since = f"{health.failing_since:%Y-%m-%d %H:%M}"
        return say("failing since {when}: {why}", when=since, why=health.detail)
    if health.last_ok_at is None:
        return say("never read")
    return say("read {when}", when=f"{health.last_ok_at:%Y-%m-%d %H:%M}")


def _data(found: "Overview") -> dict[str, Any]:
    from mobility_bridge.cli.ladok import feed_data

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
                    {
                        "name": c.name,
                        "available": c.available,
                        "assumed": c.assumed,
                        "asked": c.asked,
                        "note": c.note,
                    }
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
        "registry": feed_data(found.registry) if found.registry is not None else None,
        "lists": {
            "name": found.lists.name,
            "learning_agreements": found.lists.learning_agreements,
            "health": _health_data(found.lists.health),
        }
        if found.lists is not None
        else None,
        "discrepancies": dict(found.discrepancies),
        "acknowledged": found.acknowledged,
        "notifications": dict(found.outbox),
        "sending": found.sending,
        "evidence_records": found.evidence_records,
        "legible": found.legible,
        "writes": [
            {"about": each.about, "to": each.to, "state": each.state, "detail": each.detail or None}
            for each in found.writes
        ],
        "decisions": [decisions.as_data(each) for each in found.decisions],
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
