"""`mobility-bridge students explain`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from mobility_bridge.cli.options import Invocation, takes_language, takes_options, takes_partner
from mobility_bridge.cli.render import print_json, print_table
from mobility_bridge.cli.students import (
    open_ones,
    partner_of_stays,
    print_open,
    print_stays,
    print_student,
    student_data,
)

if TYPE_CHECKING:
    from mobility_bridge.cli.speech import Speech
    from mobility_bridge.services.student_timeline import Difference, StudentExplanation


@click.command()
@click.argument("student")
@takes_partner
@click.option(
    "--personal", is_flag=True, help="Show the personal values, too; never of a protected identity."
)
@takes_language
@takes_options
def explain(
    invocation: Invocation, student: str, partner: str | None, lang: str | None, *, personal: bool
) -> None:
    """Tell everything about one student across all systems.

    Where they say different things, side by side, and what each said when. STUDENT is our id (P1042) or a stay's,
    an application's, a mobility's or a discrepancy's. Personal values are masked: the same letter means the same
    value.
    """
    from mobility_bridge.services.student_timeline import explain_student

    async def work(bridge: Any) -> "StudentExplanation":
        return await explain_student(bridge.context, student, await partner_of_stays(bridge, partner))

    found = invocation.with_bridge(work)
    if invocation.as_json:
        print_json(explanation_data(found, personal=personal))
    else:
        show(found, invocation.speech(lang), personal=personal)


def show(found: "StudentExplanation", say: "Speech", *, personal: bool = False) -> None:
    """Print an explanation for a person."""
    print_student(found.view, say, named=personal)
    print_stays(found.view.stays, say)
    differing = [each for each in found.facts if each.differs]
    print_table(
        say("Differences"),
        (*say.all("Stay", "Field", "System", "Says"), ""),
        [
            (each.stay_id or "", say(each.name), system, said, letter)
            for each in differing
            for system, said, letter in masked(each, personal=personal)
        ],
        speech=say,
    )
    agreeing = [say(each.name) for each in found.facts if not each.differs and len(each.sides) > 1]
    if agreeing:
        click.echo(say("The systems agree on: {fields}.", fields=", ".join(dict.fromkeys(agreeing))))
    if not personal and any(each.personal for each in differing):
        click.echo(say("Personal values are masked; --personal shows them."))
    print_open(open_ones(found.view), say)
    print_table(
        say("Timeline"),
        say.all("When", "System", "About", "What", "Details"),
        [(each.at, each.system, each.about, say(each.what.value), each.detail) for each in found.timeline],
        speech=say,
    )


def masked(each: "Difference", *, personal: bool) -> Iterable[tuple[str, str, str]]:
    """What each system says: system, value, letter."""
    hidden = each.personal and not personal
    return [(system, "•••" if hidden else said, letter) for system, said, letter in each.sides]


def explanation_data(found: "StudentExplanation", *, personal: bool = False) -> dict[str, Any]:
    """An explanation as JSON; without `personal`, values that are personal are None."""
    return {
        **student_data(found.view, named=personal),
        "facts": [
            {
                "stay_id": each.stay_id,
                "field": each.name,
                "personal": each.personal,
                "differs": each.differs,
                "sides": [
                    {
                        "system": system,
                        "value": None if each.personal and not personal else said,
                        "same": letter,
                    }
                    for system, said, letter in each.sides
                ],
            }
            for each in found.facts
        ],
        "timeline": [
            {
                "at": each.at,
                "system": each.system,
                "about": each.about,
                "what": each.what,
                "detail": each.detail,
                "stay_id": each.stay_id,
            }
            for each in found.timeline
        ],
    }
