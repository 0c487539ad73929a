"""`mobility-bridge agreements list|show|balance|expiring|pair`."""

import getpass
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.lazy import LazyGroup
from mobility_bridge.cli.options import Invocation, takes_options, takes_partner, takes_partner_of_agreement
from mobility_bridge.cli.render import print_json, print_pairs, print_table

if TYPE_CHECKING:
    from mobility_bridge.domain.agreement import Iia
    from mobility_bridge.services.listing import Listed

_HERE = "mobility_bridge.cli.agreements"
COMMANDS = {
    "list": (f"{_HERE}:list_", "List every agreement with both ids, its state and what is open."),
    "show": (f"{_HERE}:show", "Show the terms of both copies of one agreement."),
    "balance": (
        "mobility_bridge.cli.balance:balance",
        "Show agreed places in and out, how many are taken, and the balance.",
    ),
    "expiring": (f"{_HERE}:expiring", "List agreements by their end, with what follows them."),
    "pair": (f"{_HERE}:pair", "Confirm or reject that two copies belong together."),
}
STATES = (
    "mutually approved",
    "approved by us",
    "approved by the partner",
    "not approved",
    "terminated",
    "ours alone",
    "theirs alone",
)


@click.command(cls=LazyGroup, lazy=COMMANDS)
def agreements() -> None:
    """List agreements, their places and their ends."""


def _listed(invocation: Invocation, partner: str | None) -> "list[Listed]":
    from mobility_bridge.services.listing import agreements as run

    return invocation.with_partner(partner, run)


def academic_year(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Read an option that names an academic year."""
    from mobility_bridge.domain.academic_year import AcademicYear

    if value is not None and AcademicYear.parse(value) is None:
        raise click.BadParameter(f"{value!r} is no academic year; write it like 2026/2027.")
    return value


@click.command("list")
@takes_partner
@click.option("--state", type=click.Choice(STATES), help="Only this state.")
@click.option("--open", "only_open", is_flag=True, help="Only those with open discrepancies.")
@click.option(
    "--year",
    metavar="YYYY/YYYY",
    callback=academic_year,
    help="Only those with places in this academic year.",
)
@click.option("--isced", metavar="CODE", help="Only those for this ISCED-F code or one that starts with it.")
@takes_options
def list_(
    invocation: Invocation, partner: str | None, state: str | None, *, only_open: bool, **filters: str | None
) -> None:
    """List every agreement with both ids, its state and what is open."""
    found = [
        item
        for item in _listed(invocation, partner)
        if state in (None, item.state)
        and (item.open_discrepancies or not only_open)
        and _has(item, **filters)
    ]
    if invocation.as_json:
        print_json([_listed_data(item) for item in found])
        return
    print_table(
        f"Agreements ({len(found)})",
        ("Partner", "Our id", "Partner's id", "Code", "Years", "Conditions", "State", "Open"),
        [
            (
                item.partner_hei_id,
                item.iia_id,
                item.partner_iia_id,
                _code(item),
                _years(_terms(item)),
                len(_conditions(item)),
                item.state,
                item.open_discrepancies or "",
            )
            for item in found
        ],
    )


def _has(item: "Listed", year: str | None, isced: str | None) -> bool:
    conditions = _conditions(item)
    in_year = year is None or any(
        c.receiving_first_academic_year_id <= year <= c.receiving_last_academic_year_id for c in conditions
    )
    in_field = isced is None or any(
        area.isced_f_code.startswith(isced) for c in conditions for area in c.subject_areas
    )
    return in_year and in_field


def _terms(item: "Listed") -> "Iia | None":
    view = item.local or item.partner
    return view.iia if view is not None else None


def _conditions(item: "Listed") -> tuple[Any, ...]:
    terms = _terms(item)
    return terms.conditions if terms is not None else ()


def _code(item: "Listed") -> str | None:
    view = item.local or item.partner
    return view.copy.iia_code if view is not None else None


def _years(terms: "Iia | None") -> str:
    if terms is None or not terms.conditions:
        return ""
    first = min(c.receiving_first_academic_year_id for c in terms.conditions)
    last = max(c.receiving_last_academic_year_id for c in terms.conditions)
    return f"{first} – {last}"


def _listed_data(item: "Listed") -> dict[str, Any]:
    return {
        "partner_hei_id": item.partner_hei_id,
        "iia_id": item.iia_id,
        "partner_iia_id": item.partner_iia_id,
        "iia_code": _code(item),
        "state": item.state,
        "approved_by_us": item.approved_by_us,
        "approved_by_partner": item.approved_by_partner,
        "conditions": len(_conditions(item)),
        "years": _years(_terms(item)),
        "open_discrepancies": item.open_discrepancies,
    }


@click.command()
@click.argument("agreement")
@takes_partner_of_agreement
@takes_options
def show(invocation: Invocation, agreement: str, partner: str | None) -> None:
    """Show the terms of both copies of one agreement, by our id or the partner's."""
    from mobility_bridge.services.explain import explain

    found = invocation.with_partner(partner, lambda context, hei_id: explain(context, agreement, hei_id))
    case = found.case
    sides = {"local": case.local, "partner": case.partner}
    if invocation.as_json:
        terms = {side: _terms_data(view.iia) if view and view.iia else None for side, view in sides.items()}
        print_json({"subject": str(case.subject), "partner_hei_id": case.subject.partner_hei_id, **terms})
        return
    for side, view in sides.items():
        title = "Our copy" if side == "local" else "The partner's copy"
        if view is None or view.iia is None:
            click.echo(f"{title}: none that can be read.")
            continue
        pairs = [("id", view.copy.iia_id), ("code", view.copy.iia_code), ("in effect", view.iia.in_effect)]
        print_pairs(title, pairs)
        print_table(
            "Conditions",
            ("Kind", "From", "To", "Years", "Per year", "Total", "Languages", "Fields", "Levels", "Blended"),
            [_condition_row(condition) for condition in view.iia.conditions],
        )


def _condition_row(c: Any) -> tuple[Any, ...]:
    languages = ", ".join(f"{s.language} {s.cefr_level or ''}".strip() for s in c.language_skills)
    return (
        c.kind,
        c.sending_hei_id,
        c.receiving_hei_id,
        f"{c.receiving_first_academic_year_id} – {c.receiving_last_academic_year_id}",
        "not defined" if c.mobilities_not_yet_defined else c.mobilities_per_year,
        c.total_per_year,
        languages,
        ", ".join(a.isced_f_code for a in c.subject_areas),
        ", ".join(str(level) for level in c.eqf_levels),
        c.blended,
    )


def _terms_data(terms: "Iia") -> dict[str, Any]:
    """The terms without contacts: these may be persons."""
    conditions = []
    for condition in terms.conditions:
        data = asdict(condition)
        for name in ("sending_contacts", "receiving_contacts"):
            del data[name]
        conditions.append(data)
    return {
        "in_effect": terms.in_effect,
        "terminated_as_a_whole": terms.terminated_as_a_whole,
        "iia_hash": terms.iia_hash,
        "partners": [
            {"hei_id": p.hei_id, "iia_id": p.iia_id, "iia_code": p.iia_code, "ounit_id": p.ounit_id}
            for p in terms.partners
        ],
        "conditions": conditions,
    }


@click.command()
@takes_partner
@click.option(
    "--within",
    "months",
    type=click.IntRange(min=0),
    default=18,
    show_default=True,
    help="Only ends within so many months.",
)
@click.option("--all", "everything", is_flag=True, help="Every agreement, whenever it ends.")
@takes_options
def expiring(invocation: Invocation, partner: str | None, months: int, *, everything: bool) -> None:
    """List agreements by their end, with what follows them."""
    from mobility_bridge.services.places import ends

    limit = None if everything else months
    found = invocation.with_partner(
        partner, lambda context, hei_id: ends(context, hei_id, within_months=limit)
    )
    if invocation.as_json:
        print_json([asdict(item) for item in found])
        return
    print_table(
        f"Agreements by their end ({len(found)})",
        ("Partner", "Our id", "Code", "State", "Starts", "Ends", "Change by", "Followed by"),
        [
            (
                i.partner_hei_id,
                i.iia_id,
                i.iia_code,
                i.expiry.state,
                i.expiry.starts_on,
                i.expiry.last_end_on,
                i.expiry.decide_by,
                i.successor_iia_id or "nothing",
            )
            for i in found
        ],
    )


@click.command()
@click.argument("iia_id")
@click.argument("partner_iia_id")
@click.option("--partner", metavar="HEI", required=True, help="The partner whose copy it is.")
@click.option("--reject", is_flag=True, help="They do not belong together: do not propose it again.")
@click.option("--reason", required=True, help="Why you are sure.")
@click.option("--by", default=None, help="Who says so; default: your account name.")
@click.option("--dry-run", is_flag=True, help="Check both ids; write nothing.")
@takes_options
def pair(  # noqa: PLR0913 - one parameter per option
    invocation: Invocation,
    iia_id: str,
    partner_iia_id: str,
    partner: str,
    *,
    reject: bool,
    reason: str,
    by: str | None,
    dry_run: bool,
) -> None:
    """Confirm, or with --reject deny, that our IIA_ID and the partner's PARTNER_IIA_ID are one agreement.

    The bridge proposes pairings but never makes one. A confirmed one lets it compare both copies; the ids
    themselves are exchanged in the system that holds our agreements.
    """
    from mobility_bridge.cli.filters import the_partner
    from mobility_bridge.domain.identifiers import HeiId, IiaId
    from mobility_bridge.services.pair import Pairing
    from mobility_bridge.services.pair import pair as run

    name = by or getpass.getuser()

    async def work(bridge: Any) -> HeiId:
        hei_id = await the_partner(bridge, partner)
        ours, theirs = IiaId(iia_id), IiaId(partner_iia_id)
        pairing = Pairing(hei_id, ours, theirs, name, reason, confirmed=not reject)
        await run(bridge.context, pairing, dry_run=dry_run)
        return hei_id

    hei_id = invocation.with_bridge(work)
    verb = ("would be " if dry_run else "") + ("rejected" if reject else "confirmed")
    if invocation.as_json:
        print_json(
            {"iia_id": iia_id, "partner_iia_id": partner_iia_id, "partner_hei_id": hei_id, "result": verb}
        )
    else:
        click.echo(f"{iia_id} and {partner_iia_id} of {hei_id}: {verb} by {name}.")
