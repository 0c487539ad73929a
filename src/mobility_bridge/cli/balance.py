"""`mobility-bridge agreements balance`: places offered and taken."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.agreements import academic_year
from mobility_bridge.cli.options import Invocation, takes_options, takes_partner
from mobility_bridge.cli.render import print_json, print_table
from mobility_bridge.cli.students import a_term

if TYPE_CHECKING:
    from mobility_bridge.domain.places import Balance, PlaceUse
    from mobility_bridge.domain.term import Term


@click.command()
@takes_partner
@click.option("--year", metavar="YYYY/YYYY", callback=academic_year, help="Only this academic year.")
@click.option("--term", metavar="HT26", callback=a_term, help="Only the academic year of this term.")
@click.option(
    "--by",
    type=click.Choice(("partner", "condition", "field", "level")),
    default="partner",
    show_default=True,
    help="One row per what: all of a partner, each condition, each ISCED-F field or each EQF level.",
)
@click.option("--planned", is_flag=True, help="Count what is not in force yet, too.")
@takes_options
def balance(
    invocation: Invocation,
    partner: str | None,
    year: str | None,
    term: "Term | None",
    by: str,
    *,
    planned: bool,
) -> None:
    """Show agreed places in and out, how many are taken, and the balance.

    Counts our copies of agreements in force: mutually approved and not terminated. Positive balance: we
    receive more than we send. Taken is a place by a nomination that is pending or approved, by an accepted
    application, or by an exchange in the student registry; only where students are followed, and never by staff.
    """
    from mobility_bridge.domain.academic_year import AcademicYear
    from mobility_bridge.domain.places import Breakdown
    from mobility_bridge.services.places import balances, places

    named = AcademicYear.parse(year) if year else None
    years = {each.start for each in (named, term.academic_year if term else None) if each is not None}
    if len(years) > 1:
        raise click.UsageError(f"{term} is not in {year}.")

    def chosen(start_year: int) -> bool:
        return not years or start_year in years

    if by == "partner":
        found = invocation.with_partner(
            partner, lambda context, hei_id: balances(context, hei_id, planned=planned)
        )
        _show_balances(invocation, [each for each in found if chosen(each.start_year)])
        return
    used = invocation.with_partner(
        partner, lambda context, hei_id: places(context, Breakdown(by), hei_id, planned=planned)
    )
    _show_places(invocation, [each for each in used if chosen(each.start_year)])


def _show_balances(invocation: Invocation, rows: "list[Balance]") -> None:
    if invocation.as_json:
        print_json(
            [
                {
                    **asdict(each),
                    "agreed": each.agreed,
                    "agreed_total": str(each.agreed_total),
                    "realised": each.realised,
                }
                for each in rows
            ]
        )
        return
    heads = ("Partner", "Kind", "Year", "Out", "taken", "In", "taken", "Balance", "realised")
    print_table(
        "Agreed places",
        (*heads, "Months or days out", "in", "Remark"),
        [
            (
                each.partner_hei_id,
                each.kind,
                _year(each.start_year),
                each.outgoing,
                _known(each.used_outgoing),
                each.incoming,
                _known(each.used_incoming),
                f"{each.agreed:+}",
                "–" if each.realised is None else f"{each.realised:+}",
                each.total_outgoing,
                each.total_incoming,
                _remarks(each),
            )
            for each in rows
        ],
    )


def _show_places(invocation: Invocation, rows: "list[PlaceUse]") -> None:
    if invocation.as_json:
        print_json([{**asdict(each), "left": each.left, "over": each.over} for each in rows])
        return
    heads = ("Partner", "Agreement", "Direction", "Kind", "Fields", "Levels", "Year")
    print_table(
        "Places of students",
        (*heads, "Offered", "Taken", "Left", "Over", "Months offered", "planned"),
        [
            (
                each.partner_hei_id,
                each.agreement or "",
                each.direction,
                each.kind,
                ", ".join(each.isced_f_codes) or "all",
                ", ".join(map(str, each.eqf_levels)) or "all",
                _year(each.start_year),
                "not defined" if each.offered is None else each.offered,
                each.used,
                "" if each.left is None else each.left,
                each.over or "",
                "not defined" if each.months_offered is None else each.months_offered,
                each.months_used,
            )
            for each in rows
        ],
    )


def _year(start_year: int) -> str:
    from mobility_bridge.domain.academic_year import AcademicYear

    return str(AcademicYear(start_year))


def _known(number: int | None) -> Any:
    return "–" if number is None else number


def _remarks(item: "Balance") -> str:
    taken = ((item.used_outgoing, item.outgoing), (item.used_incoming, item.incoming))
    remarks = (
        (not item.incomplete and any((used or 0) > there for used, there in taken), "more taken than agreed"),
        (item.incomplete, "a number is not defined"),
        (item.total_incomplete, "not every condition states a total"),
        (item.approximate, "northern and southern years aligned"),
    )
    return "; ".join(text for holds, text in remarks if holds)
