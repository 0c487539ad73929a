"""`mobility-bridge ewp catalogue|echo|validate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options
from mobility_bridge.cli.render import print_json, print_table

if TYPE_CHECKING:
    from mobility_bridge.domain.partner import Partner
    from mobility_bridge.ports.documents import ValidationReport
    from mobility_bridge.ports.sources import EchoAnswer

_HERE = "mobility_bridge.cli.ewp"
COMMANDS = {
    "catalogue": (f"{_HERE}:catalogue", "Show who offers what, as the registry has it."),
    "echo": (f"{_HERE}:echo", "Call a partner's Echo API: does it know us, do signatures hold?"),
    "validate": (f"{_HERE}:validate", "Validate documents against the network's formats, offline."),
}


@click.command(cls=LazyGroup, lazy=COMMANDS)
def ewp() -> None:
    """Look into the network: catalogue, echo, validation."""


@click.command()
@click.argument("hei", required=False)
@click.option("--refresh", is_flag=True, help="Fetch it now, even if it is not due.")
@takes_options
def catalogue(invocation: Invocation, hei: str | None, *, refresh: bool) -> None:
    """Show who offers what, as the registry has it. HEI: a SCHAC id, an Erasmus code, a PIC or the whole name."""
    from mobility_bridge.cli.filters import hei_to_ask
    from mobility_bridge.errors import UsageError
    from mobility_bridge.services.catalogue import refresh_catalogue

    async def work(bridge: Any) -> "list[Partner]":
        await refresh_catalogue(bridge.context, force=refresh)
        network = bridge.context.the_network()
        if hei is None:
            return list(network.partners())
        partner = network.partner(hei_to_ask(network, hei))
        if partner is None:
            raise UsageError("the catalogue lists nobody", next_step="Check adapters.ewp.registry_url.")
        return [partner]

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json([_partner_data(partner) for partner in found])
        return
    rows = []
    for partner in found:
        offers = [
            f"{offer.name} {offer.version}"
            + ("" if offer.usable else f" (not usable: {offer.unusable_reason})")
            for offer in partner.offers.values()
        ]
        offers.extend(f"{name} only {version}" for name, version in partner.old_versions)
        ids = ", ".join(f"{kind} {value}" for kind, value in partner.other_ids)
        rows.append((partner.hei_id, partner.name, ids, ", ".join(offers), partner.provider))
    print_table(f"Catalogue ({len(found)})", ("HEI", "Name", "Other ids", "Offers", "Provider"), rows)


def _partner_data(partner: "Partner") -> dict[str, Any]:
    return {
        "hei_id": partner.hei_id,
        "name": partner.name,
        "other_ids": [{"type": kind, "value": value} for kind, value in partner.other_ids],
        "provider": partner.provider,
        "offers": [
            {
                "api": offer.name,
                "version": offer.version,
                "urls": offer.urls,
                "max_ids": offer.max_ids,
                "signs_responses": offer.signs_responses,
                "usable": offer.usable,
                "reason": offer.unusable_reason,
            }
            for offer in partner.offers.values()
        ],
        "old_versions": [{"api": name, "version": version} for name, version in partner.old_versions],
    }


@click.command()
@click.argument("partner")
@click.argument("words", nargs=-1)
@takes_options
def echo(invocation: Invocation, partner: str, words: tuple[str, ...]) -> int:
    """Call PARTNER's Echo API with WORDS: does it know us, do both signatures hold?"""
    from mobility_bridge.cli.filters import hei_to_ask
    from mobility_bridge.services.catalogue import refresh_catalogue
    from mobility_bridge.services.evidence import keep

    async def work(bridge: Any) -> "tuple[str, EchoAnswer]":
        await refresh_catalogue(bridge.context)
        network = bridge.context.the_network()
        answer: EchoAnswer = await network.echo(hei_to_ask(network, partner), words)
        await keep(bridge.context, answer.exchanges)
        return bridge.context.own_hei_id, answer

    own, answer = invocation.with_bridge(work)
    known, echoed = own in answer.hei_ids, list(answer.echoes) == list(words)
    verification = answer.exchanges[-1].verification if answer.exchanges else None
    if invocation.as_json:
        print_json(
            {
                "hei_ids": answer.hei_ids,
                "echo": answer.echoes,
                "known": known,
                "echoed": echoed,
                "verification": verification,
            }
        )
    else:
        click.echo(
            f"{partner} takes us for {', '.join(answer.hei_ids) or 'nobody'}; answer {verification.value if verification else ''}."
        )
        click.echo(
            "Our words came back as sent." if echoed else f"Our words came back as {list(answer.echoes)}."
        )
    return 0 if known and echoed else 1


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@takes_options
def validate(invocation: Invocation, files: tuple[Path, ...]) -> int:
    """Validate documents against the network's formats. Needs no configuration.

    Exits 1 if any is invalid, 2 if any cannot be read; the others are looked at all the same.
    """
    from mobility_bridge.bootstrap import inspector
    from mobility_bridge.cli.files import read
    from mobility_bridge.errors import UsageError
    from mobility_bridge.ports.documents import DocumentProblem, ValidationReport

    tools = inspector()
    reports: dict[Path, ValidationReport] = {}
    unreadable: dict[Path, UsageError] = {}
    for file in dict.fromkeys(files):
        try:
            reports[file] = tools.validate(read(file))
        except UsageError as error:
            unreadable[file] = error
            problem = DocumentProblem(None, None, error.message)
            reports[file] = ValidationReport(valid=False, api=None, version=None, problems=(problem,))
    if invocation.as_json:
        print_json([_report_data(file, r) for file, r in reports.items()])
    else:
        for file, r in reports.items():
            if file not in unreadable:
                _print_report(file, r)
    for each in unreadable.values():
        click.echo(each.message, err=True)
    for step in dict.fromkeys(each.next_step for each in unreadable.values()):
        click.echo(step, err=True)
    if unreadable:
        return UsageError.exit_code
    return 0 if all(r.valid for r in reports.values()) else 1


def _report_data(file: Path, report: "ValidationReport") -> dict[str, Any]:
    return {
        "file": str(file),
        "valid": report.valid,
        "api": report.api,
        "version": report.version,
        "problems": [{"line": p.line, "path": p.path, "message": p.message} for p in report.problems],
    }


def _print_report(file: Path, report: "ValidationReport") -> None:
    kind = f"{report.api} {report.version}" if report.api else "no document of the network that we know"
    click.echo(f"{file}: {'valid' if report.valid else 'invalid'}, {kind}")
    for p in report.problems:
        place = ", ".join([*([f"line {p.line}"] if p.line else []), *([p.path] if p.path else [])])
        click.echo(f"  {place}: {p.message}" if place else f"  {p.message}")
