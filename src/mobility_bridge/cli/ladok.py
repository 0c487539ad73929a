"""`mobility-bridge ladok feed status|rewind` and `ladok probe`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_language, takes_options
from mobility_bridge.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.ports.registry import CertificateStatus
    from mobility_bridge.ports.sources import Capability
    from mobility_bridge.services.feed import FeedStatus

_HERE = "mobility_bridge.cli.ladok"
COMMANDS = {
    "feed": (f"{_HERE}:feed", "Say where we are in the feed, and have it read again."),
    "probe": (f"{_HERE}:probe", "Ask what the registry offers, allows and has switched on."),
}
FEED = {
    "status": (f"{_HERE}:feed_status", "Say where we are in the feed, how far it goes, what is missing."),
    "rewind": (f"{_HERE}:feed_rewind", "Have the feed read again from a page on; nothing is doubled."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def ladok() -> None:
    """Look into the student registry: its feed, what it offers."""


@click.command(cls=LazyGroup, lazy=FEED)
def feed() -> None:
    """Say where we are in the feed, and have it read again."""


@click.command("status")
@click.option("--offline", is_flag=True, help="Do not ask the registry how far its feed goes.")
@takes_language
@takes_options
def feed_status(invocation: Invocation, lang: str | None, *, offline: bool) -> None:
    """Say where we are in the feed, how far it goes, what is missing."""
    from mobility_bridge.services.feed import feed_status as run

    found = invocation.with_bridge(lambda bridge: run(bridge.context, ask=not offline))
    if invocation.as_json:
        print_json(feed_data(found))
        return
    say = invocation.speech(lang)
    position, health = found.position, found.health
    gaps = ", ".join(str(gap.page) for gap in position.gaps) if position is not None else ""
    print_pairs(
        say("Feed of {source}", source=found.source),
        [
            (say("read up to page"), position.page if position is not None else say("never read")),
            (say("last entry"), position.entry_id if position is not None else None),
            (say("newest page"), say("not asked") if offline else found.newest_page),
            (say("missing pages"), gaps or say("none")),
            (say("last read"), health.last_ok_at if health is not None else None),
            *(
                [(say("failing since"), f"{health.failing_since:%Y-%m-%d %H:%M} ({health.detail})")]
                if health is not None and health.failing_since is not None
                else []
            ),
            (say("certificate"), certificate_words(found.certificate)),
        ],
        speech=say,
    )


def feed_data(found: "FeedStatus") -> dict[str, Any]:
    """Where we are in the feed, as JSON."""
    position, health = found.position, found.health
    return {
        "source": found.source,
        "page": position.page if position is not None else None,
        "entry_id": position.entry_id if position is not None else None,
        "newest_page": found.newest_page,
        "gaps": [{"page": gap.page, "asked_at": gap.asked_at} for gap in position.gaps] if position else [],
        "last_ok_at": health.last_ok_at if health is not None else None,
        "failing_since": health.failing_since if health is not None else None,
        "reason": health.failure_reason if health is not None else None,
        "certificate": certificate_data(found.certificate),
    }


def certificate_words(found: "CertificateStatus | None") -> str | None:
    """How long the certificate holds, for a person."""
    if found is None:
        return None
    return f"{found.expires_at:%Y-%m-%d} ({found.days_left} d, {found.level.value})"


def certificate_data(found: "CertificateStatus | None") -> dict[str, Any] | None:
    """The certificate as JSON."""
    if found is None:
        return None
    return {
        "user": found.user,
        "environment": found.environment,
        "expires_at": found.expires_at,
        "days_left": found.days_left,
        "level": found.level,
    }


@click.command("rewind")
@click.option(
    "--to", "page", type=click.IntRange(min=1), required=True, help="The page to read again first, from 1."
)
@takes_options
def feed_rewind(invocation: Invocation, page: int) -> None:
    """Have the feed read again from a page on; nothing is doubled.

    The next `sync`, or the daemon's next look, reads it. What was read stays until then and after.
    """
    from mobility_bridge.services.feed import rewind_feed

    forgotten = invocation.with_bridge(lambda bridge: rewind_feed(bridge.context, page))
    if invocation.as_json:
        print_json({"page": page, "events": forgotten})
    else:
        click.echo(
            f"The feed will be read again from page {page}: {forgotten} events. Run: mobility-bridge sync"
        )


@click.command()
@takes_language
@takes_options
def probe(invocation: Invocation, lang: str | None) -> int:
    """Ask what the registry offers, allows and has switched on. Changes nothing.

    Exits 3 when it offers nothing at all: then it did not let us in.
    """
    from mobility_bridge.services.feed import the_registry

    async def work(bridge: Any) -> "tuple[Sequence[Capability], CertificateStatus | None]":
        registry = the_registry(bridge.context)
        return await registry.probe(), registry.certificate()

    found, certificate = invocation.with_bridge(work)
    code = 0 if any(each.available for each in found) else 3
    if invocation.as_json:
        print_json(
            {
                "capabilities": [
                    {"name": c.name, "available": c.available, "assumed": c.assumed, "note": c.note}
                    for c in found
                ],
                "certificate": certificate_data(certificate),
            }
        )
        return code
    say = invocation.speech(lang)
    print_table(
        say("What the registry offers"),
        say.all("Operation", "There", "Assumed", "Remark"),
        [(c.name, c.available, c.assumed, c.note) for c in found],
        speech=say,
    )
    print_pairs("", [(say("certificate"), certificate_words(certificate))], speech=say)
    return code
