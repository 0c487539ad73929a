"""Before trusting anything: is the registry there, and does this machine know what time it is?"""

from datetime import UTC
from email.utils import parsedate_to_datetime

from mobility_bridge.domain.evidence import Exchange
from mobility_bridge.errors import ExternalError
from mobility_bridge.ports.sources import CatalogueStatus
from mobility_bridge.services.context import Context
from mobility_bridge.services.health import exchanges_of

TOLERANCE_S = 300
"""The network refuses signatures that are further off. Source: EWP HTTP signature, date check."""

Problem = tuple[str, str, str]


async def preflight(context: Context) -> list[Problem]:
    """Ask the registry and each of our systems; report as (path, found, wanted). The store is not written."""
    problems: list[Problem] = []
    if context.network is not None:
        try:
            status = await context.network.refresh_catalogue(force=True)
            exchanges = status.exchanges
            problems.extend(_catalogue_problems(context, status))
        except ExternalError as error:
            exchanges = exchanges_of(error)
            problems.append(("adapters.ewp.registry_url", error.message, "a registry that answers"))
        problems.extend(clock_problems(exchanges))
    for source in context.sources:
        try:
            await source.probe()
        except ExternalError as error:
            problems.append((f"adapters.{source.name}", error.message, "a system that answers"))
    return problems


def _catalogue_problems(context: Context, status: CatalogueStatus) -> list[Problem]:
    """What is wrong with the catalogue; one that was read and does not know us is no fault of its address."""
    if status.stale_since is None and not context.the_network().knows_us():
        wanted = f"the key that the registry lists for {context.own_hei_id}"
        found = status.problem or status.key_problem or "not in the catalogue"
        return [("adapters.ewp.client_key", found, wanted)]
    if status.problem is not None:
        return [("adapters.ewp.registry_url", status.problem, "a catalogue that can be used")]
    return []


def clock_problems(exchanges: tuple[Exchange, ...]) -> list[Problem]:
    """Compare this machine's clock with the `Date` of an answer."""
    for exchange in exchanges:
        headers = {name.lower(): value for name, value in exchange.response_headers.items()}
        if "date" not in headers:
            continue
        try:
            theirs = parsedate_to_datetime(headers["date"]).astimezone(UTC)
        except ValueError:
            continue
        off_s = (exchange.received_at - theirs).total_seconds()
        if abs(off_s) > TOLERANCE_S:
            way = "fast" if off_s > 0 else "slow"
            return [("(this machine's clock)", f"{abs(off_s):.0f} s {way}", "within 300 s: synchronise it")]
    return []
