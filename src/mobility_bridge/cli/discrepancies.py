"""`mobility-bridge discrepancies list|show|ack|history`."""

import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner
from mobility_bridge.cli.render import SEVERITY_STYLES, print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.domain.discrepancy import Discrepancy

STATES = ("open", "acknowledged", "resolved")
OWNERS = ("us", "partner", "partner_provider", "both", "operations")
_HERE = "mobility_bridge.cli.discrepancies"
COMMANDS = {
    "list": (f"{_HERE}:list_", "List what disagrees, worst first."),
    "show": (f"{_HERE}:show", "Show one: values on each side, whose it is, what to do, by when."),
    "ack": (f"{_HERE}:ack", "Acknowledge one, with your name and a reason."),
    "history": (f"{_HERE}:history", "Show what happened to one over time."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def discrepancies() -> None:
    """List what disagrees, and acknowledge it."""


@click.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice((*STATES, "all")),
    multiple=True,
    help="Default: open and acknowledged.",
)
@click.option("--severity", type=click.Choice(tuple(SEVERITY_STYLES)), help="Only this severity.")
@takes_partner
@click.option("--code", help="Only this code.")
@click.option("--owner", type=click.Choice(OWNERS), help="Only what this owner has to settle.")
@click.option(
    "--fail-on",
    type=click.Choice(tuple(SEVERITY_STYLES)),
    help="Exit 4 if any open one is at least this severe.",
)
@takes_language
@takes_options
def list_(invocation: Invocation, lang: str | None, **filters: Any) -> int:
    """List what disagrees, worst first."""
    from mobility_bridge.cli.filters import chosen_code, chosen_partner
    from mobility_bridge.domain.discrepancy import DiscrepancyState

    chosen = filters["states"] or ("open", "acknowledged")
    states = [DiscrepancyState(text) for text in (STATES if "all" in chosen else chosen)]

    async def work(bridge: Any) -> Sequence["Discrepancy"]:
        partner = await chosen_partner(bridge, filters["partner"])
        code = await chosen_code(bridge, filters["code"])
        found: Sequence[Discrepancy] = await bridge.context.store.read(
            lambda uow: uow.discrepancies.select(states=states, partner=partner, code=code)
        )
        return found

    found = [item for item in invocation.with_bridge(work) if _wanted(item, filters)]
    if invocation.as_json:
        print_json([as_data(item) for item in found])
    else:
        print_list(found, invocation.speech(lang))
    return 4 if filters["fail_on"] and any(_at_least(item, filters["fail_on"]) for item in found) else 0


def _wanted(item: "Discrepancy", filters: dict[str, Any]) -> bool:
    severity, owner = filters["severity"], filters["owner"]
    return severity in (None, item.finding.severity.value) and owner in (None, item.finding.owner.value)


def _at_least(item: "Discrepancy", severity: str) -> bool:
    order = tuple(SEVERITY_STYLES)
    return item.state.value == "open" and order.index(item.finding.severity.value) <= order.index(severity)


def print_list(found: Sequence["Discrepancy"], say: "Speech") -> None:
    """Print discrepancies as a table."""
    print_table(
        say("Discrepancies ({count})", count=len(found)),
        say.all("Id", "Severity", "Code", "About", "Owner", "Due", "State", "What"),
        [
            (
                item.discrepancy_id,
                say.word("severity", item.finding.severity),
                item.finding.code,
                say.subject(item.finding.subject),
                say.word("owner", item.finding.owner),
                item.finding.due_on,
                say.word("discrepancy_state", item.state),
                say.text(item.finding.text),
            )
            for item in found
        ],
        styles={n: SEVERITY_STYLES[item.finding.severity.value] for n, item in enumerate(found)},
        speech=say,
    )


def as_data(item: "Discrepancy") -> dict[str, Any]:
    """One discrepancy as JSON."""
    finding = item.finding
    return {
        "id": item.discrepancy_id,
        "code": finding.code,
        "severity": finding.severity,
        "state": item.state,
        "owner": finding.owner,
        "subject": str(finding.subject),
        "subject_kind": finding.subject.kind,
        "partner_hei_id": finding.subject.partner_hei_id,
        "iia_id": finding.subject.iia_id,
        "partner_iia_id": finding.subject.partner_iia_id,
        "source": finding.subject.source,
        "place": finding.place,
        "values": finding.values,
        "text": {"en": finding.text.en, "sv": finding.text.sv},
        "next_step": {"en": finding.next_step.en, "sv": finding.next_step.sv},
        "due_on": finding.due_on,
        "first_seen_at": item.first_seen_at,
        "opened_at": item.opened_at,
        "last_seen_at": item.last_seen_at,
        "changed_at": item.changed_at,
        "resolved_at": item.resolved_at,
        "acknowledged_at": item.acknowledged_at,
        "acknowledged_by": item.acknowledged_by,
        "acknowledged_reason": item.acknowledged_reason,
        "times_reopened": item.times_reopened,
    }


def the_one(found: Sequence["Discrepancy"], text: str) -> "Discrepancy":
    """Pick the discrepancy that a (possibly shortened) id names. Raises UsageError."""
    from mobility_bridge.errors import UsageError

    if not found:
        raise UsageError(
            f"no discrepancy has the id {text}",
            next_step="Run: mobility-bridge discrepancies list --state all",
        )
    if len(found) > 1:
        raise UsageError(f"{len(found)} discrepancies start with {text}", next_step="Give more of the id.")
    return found[0]


@click.command()
@click.argument("discrepancy_id")
@takes_language
@takes_options
def show(invocation: Invocation, discrepancy_id: str, lang: str | None) -> None:
    """Show one: values on each side, whose it is, what to do, by when. The id may be shortened."""

    async def work(bridge: Any) -> "Discrepancy":
        found = await bridge.context.store.read(lambda uow: uow.discrepancies.matching(discrepancy_id))
        return the_one(found, discrepancy_id)

    item = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(as_data(item))
        return
    say, finding = invocation.speech(lang), item.finding
    print_pairs(
        f"{item.discrepancy_id}  {finding.code}",
        [
            (say("what"), say.text(finding.text)),
            (say("next step"), say.text(finding.next_step)),
            (say("about"), say.subject(finding.subject)),
            (say("severity"), say.word("severity", finding.severity)),
            (say("owner"), say.word("owner", finding.owner)),
            (say("due"), finding.due_on),
            (say("state"), say.word("discrepancy_state", item.state)),
            (say("first seen"), item.first_seen_at),
            (say("last seen"), item.last_seen_at),
            *(
                [(say("acknowledged"), f"{item.acknowledged_by}: {item.acknowledged_reason}")]
                if item.acknowledged_by
                else []
            ),
            *((say("value: {name}", name=name), value) for name, value in say.values(finding.values)),
        ],
        speech=say,
    )
    if finding.subject.iia_id or finding.subject.partner_iia_id:
        click.echo(say("Run: {command}", command=f"mobility-bridge explain {item.discrepancy_id}"))


@click.command()
@click.argument("discrepancy_id")
@click.option("--reason", required=True, help="Why it may stand for now.")
@click.option("--by", default=None, help="Who says so; default: your account name.")
@click.option("--dry-run", is_flag=True, help="Say what would be recorded; write nothing.")
@takes_options
def ack(invocation: Invocation, discrepancy_id: str, reason: str, by: str | None, *, dry_run: bool) -> None:
    """Acknowledge one, with your name and a reason. It opens again when its values change."""
    from mobility_bridge.services.acknowledge import acknowledge

    name = by or getpass.getuser()

    async def work(bridge: Any) -> "Discrepancy":
        found = await bridge.context.store.read(lambda uow: uow.discrepancies.matching(discrepancy_id))
        chosen = the_one(found, discrepancy_id).discrepancy_id
        done: Discrepancy = await acknowledge(bridge.context, chosen, by=name, reason=reason, dry_run=dry_run)
        return done

    item = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(as_data(item))
    else:
        verb = "would be acknowledged" if dry_run else "acknowledged"
        click.echo(f"{item.discrepancy_id} {item.finding.code} {verb} by {name}: {reason}")


@click.command()
@click.argument("discrepancy_id")
@takes_language
@takes_options
def history(invocation: Invocation, discrepancy_id: str, lang: str | None) -> None:
    """Show what happened to one over time."""

    async def work(bridge: Any) -> tuple["Discrepancy", Sequence[Any]]:
        found = await bridge.context.store.read(lambda uow: uow.discrepancies.matching(discrepancy_id))
        item = the_one(found, discrepancy_id)
        return item, await bridge.context.store.read(
            lambda uow: uow.discrepancies.history(item.discrepancy_id)
        )

    item, events = invocation.with_bridge(work)
    if invocation.as_json:
        names = ("at", "event", "severity", "values", "by", "reason")
        print_json(
            [
                dict(zip(names, (e.at, e.kind, e.severity, e.values, e.by, e.reason), strict=True))
                for e in events
            ]
        )
    else:
        say = invocation.speech(lang)
        print_table(
            f"{item.discrepancy_id} {item.finding.code}",
            say.all("When", "Event", "Severity", "Values", "By", "Reason"),
            [
                (
                    e.at,
                    say.word("discrepancy_event", e.kind),
                    say.word("severity", e.severity),
                    ", ".join(f"{name}: {value}" for name, value in say.values(e.values)),
                    e.by,
                    e.reason,
                )
                for e in events
            ],
            speech=say,
        )
